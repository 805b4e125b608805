import { SourceSyncMode } from '../../entities/source-enums.js';

/**
 * What a sync goes through, one part after another.
 * - INVENTORY reads all records; GONE removes those that were not among them.
 * - CHANGES reads what changed in the source; KNOWN reads each record that is known again.
 * - USERS and RECORDS search for the addresses of users, and of records of other sources.
 */
export type Part = 'INVENTORY' | 'GONE' | 'CHANGES' | 'KNOWN' | 'USERS' | 'RECORDS';

/** Where a sync stands: kept with it, so that any process goes on from there. */
export interface Position {
  part: Part;
  /** After which place of the part: a cursor of the source, or the id of a row. Null: from its beginning. */
  at: string | null;
  /** A digest of the settings with which the source is read: a cursor means nothing under others. */
  settings: string;
  /** The source's cursor of changes at the beginning of the sync, to be kept at its end; null: it gives none. */
  changes: string | null;
}

/** What a sync goes through after a part; null: it is done. */
export function partAfter(mode: SourceSyncMode, part: Part): Part | null {
  if (mode === SourceSyncMode.FULL) return part === 'INVENTORY' ? 'GONE' : null;
  if (mode === SourceSyncMode.QUERY) return part === 'KNOWN' ? 'USERS' : part === 'USERS' ? 'RECORDS' : null;
  return null;
}

export function readPosition(cursor: string): Position {
  return JSON.parse(cursor) as Position;
}
