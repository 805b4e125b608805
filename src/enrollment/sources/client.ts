import type { SourceCapability, SourceHealth } from '../../entities/source-enums.js';
import type { SourceAdapter } from './adapter.js';

/** How a call to a source went: for its health. */
export interface SourceCallReport {
  tenantId: string;
  sourceId: string;
  error: { code: string; message: string; isPaused: boolean } | null;
  /** `failures`: how many calls failed running. */
  health: { health: SourceHealth; failures: number; at: Date };
}

/**
 * A source that is asked through its guard: time limit, retries with backoff, circuit breaker, and few calls at a time.
 * Every call rejects with SourceError alone, and may not be made inside a transaction.
 */
export interface SourceClient {
  capabilities: ReadonlySet<SourceCapability>;
  search: NonNullable<SourceAdapter['search']>;
  retrieve: NonNullable<SourceAdapter['retrieve']>;
  /** Null also where the source cannot count. */
  count: NonNullable<SourceAdapter['count']>;
  /** The time limit holds for each page, and so for `changedSince`. */
  inventory: NonNullable<SourceAdapter['inventory']>;
  changedSince: NonNullable<SourceAdapter['changedSince']>;
  authenticate: NonNullable<SourceAdapter['authenticate']>;
  match: NonNullable<SourceAdapter['match']>;
}
