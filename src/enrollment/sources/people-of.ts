import type { PersonRecord } from '../../entities/person-record.js';
import { SourceErrorCode } from '../../entities/source-enums.js';
import { MOST_HITS, type RecordPage } from './adapter.js';
import type { Mapped } from './mapping.js';
import { SourceError } from './source-error.js';

/** Records, and what is wrong with the rows that are none. */
export function sortMapped(mapped: readonly Mapped[]): Pick<RecordPage, 'records' | 'faults'> {
  const records = mapped.flatMap(({ record }) => record ?? []);
  return { records, faults: mapped.flatMap(({ fault }) => fault ?? []) };
}

/**
 * Whom a search found. Throws TOO_MANY_RECORDS for more than {@link MOST_HITS}, and BAD_ANSWER where all that was found
 * is no record: the person may be among it, so this is no "nobody".
 */
export function hitsOf(mapped: readonly Mapped[]): PersonRecord[] {
  if (mapped.length > MOST_HITS) throw tooMany();
  const { records, faults } = sortMapped(mapped);
  const [fault] = faults;
  if (fault && !records.length)
    throw new SourceError(SourceErrorCode.BAD_ANSWER, `What was found is no record: ${fault.message}`);
  return records;
}

export function tooMany(): SourceError {
  return new SourceError(SourceErrorCode.TOO_MANY_RECORDS, `The search found more than ${MOST_HITS} people.`);
}

/**
 * Notices a reading that goes in a circle, in constant memory (Brent's algorithm): of the cursors that it is shown it
 * keeps one, each time for twice as long.
 */
export class CircleWatch {
  private kept: string | null = null;
  private steps = 0;
  private limit = 1;

  /** Throws BAD_ANSWER when the source gave this cursor before. */
  see(cursor: string): void {
    if (cursor === this.kept)
      throw new SourceError(SourceErrorCode.BAD_ANSWER, 'The source gives the same page again and again.');
    if (++this.steps < this.limit) return;
    this.kept = cursor;
    this.steps = 0;
    this.limit *= 2;
  }
}
