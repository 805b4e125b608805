import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { PersonRecord } from '../../entities/person-record.js';
import { verifiedAddresses } from '../pipelines/match.js';
import { storable, storedBytes } from '../sources/storable.js';

const LONGEST_KEY = 512;
/** The most bytes of JSON that the database keeps of a record. */
const MOST_BYTES = 262_144;

/** What is kept of a record: all of it, or its hash alone. */
export interface StoredRecord {
  record: PersonRecord;
  /** Of the canonical JSON: equal where nothing changed. */
  hash: string;
  /** What is written into the row; null where nothing is kept. */
  kept: PersonRecord | null;
  verifiedEmails: string[];
}

/**
 * A record as it is stored; or why it cannot be. What the source answered is left out where it makes the record larger
 * than can be kept.
 */
export function toStored(given: PersonRecord, keepsRaw: boolean): StoredRecord | { message: string } {
  const length = typeof given.key === 'string' ? [...given.key].length : 0;
  if (!length || length > LONGEST_KEY) return { message: `The key of a record is 1 to ${LONGEST_KEY} characters.` };
  if (given.key.includes('\0') || !given.key.isWellFormed()) return { message: 'The key of the record is no text.' };
  const read = readStorable(given);
  if (!read) return { message: 'The record nests too deep.' };
  const normalized: PersonRecord = { ...read, key: given.key, raw: null };
  if (storedBytes(normalized) > MOST_BYTES) return { message: `The record is more than ${MOST_BYTES} bytes.` };
  const whole: PersonRecord = { ...normalized, raw: keepsRaw ? (read.raw ?? null) : null };
  const record = storedBytes(whole) > MOST_BYTES ? normalized : whole;
  const hash = createHash('sha256')
    .update(canonicalize({ ...record, keepsRaw })!)
    .digest('base64url');
  return { record, hash, kept: keepsRaw ? record : null, verifiedEmails: keepsRaw ? verifiedAddresses(record) : [] };
}

function readStorable(given: PersonRecord): PersonRecord | null {
  try {
    return storable(given) as PersonRecord;
  } catch {
    return null;
  }
}
