import { v7 } from 'uuid';
import type { Database } from '../../database/database.js';
import { SourceHealth } from '../../entities/source-enums.js';
import type { SourceCallReport } from './client.js';

/** A call that went as the one before is noted this often at most. */
const NOTE_EVERY_MILLISECONDS = 60_000;

const WRITE = `insert into source_states
    (id, tenant_id, source_id, health, error_code, error_message, failures, succeeded_at, failed_at)
  select $9, $1, s.id, $3, $4, $5, $6, $7::timestamptz, $8::timestamptz from sources s where s.tenant_id = $1 and s.id = $2
  on conflict (tenant_id, source_id) do update set health = excluded.health, error_code = excluded.error_code,
    error_message = excluded.error_message, failures = excluded.failures,
    succeeded_at = coalesce(excluded.succeeded_at, source_states.succeeded_at),
    failed_at = coalesce(excluded.failed_at, source_states.failed_at)`;

/** Which calls of one source are worth a note: those that change its health, and others once a minute. */
export class HealthNotes {
  #noted: { health: SourceHealth; code: string | null; at: number } | null = null;
  #failures = 0;

  constructor(private readonly clock: () => Date) {}

  /** How a call went; null when that is known already. */
  take(error: SourceCallReport['error']): SourceCallReport['health'] | null {
    this.#failures = error ? this.#failures + 1 : 0;
    const health = !error ? SourceHealth.HEALTHY : error.isPaused ? SourceHealth.PAUSED : SourceHealth.FAILING;
    const code = error?.code ?? null;
    const at = this.clock();
    const isKnown = this.#noted?.health === health && this.#noted.code === code;
    if (isKnown && at.getTime() - this.#noted!.at < NOTE_EVERY_MILLISECONDS) return null;
    this.#noted = { health, code, at: at.getTime() };
    return { health, failures: this.#failures, at };
  }
}

/** Writes the health of sources for administrators to read: each note is a statement of its own. */
export function createHealthWriter(database: Database): (report: SourceCallReport) => Promise<void> {
  return async ({ tenantId, sourceId, error, health: { health, failures, at } }) => {
    const [succeededAt, failedAt] = error ? [null, at] : [at, null];
    const message = error?.message.slice(0, 500) ?? null;
    await database.read(tenantId, WRITE, [
      tenantId, sourceId, health, error?.code ?? null, message, failures, succeededAt, failedAt, v7(),
    ]); // prettier-ignore
  };
}
