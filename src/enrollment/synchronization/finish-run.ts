import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql } from '../../database/transact.js';
import { SourceHealth, type SourceSyncMode, type SyncErrorCode, SyncRunStatus } from '../../entities/source-enums.js';
import { recordEvents } from '../../events/record.js';

/** What a run came to, as it is told. */
interface Ended {
  sourceId: string;
  mode: SourceSyncMode;
  done: number;
  created: number;
  updated: number;
  unchanged: number;
  removed: number;
  failed: number;
}

const END = `
with forgotten as (
  delete from source_sync_batches where tenant_id = $1 and run_id = $2
)
update source_sync_runs
set status = $3, finished_at = $4, updated_at = $4, error_code = $5, error_message = $6, next_attempt_at = null
where tenant_id = $1 and id = $2 and status in ('WAITING', 'RUNNING')
returning source_id as "sourceId", mode, done::float8 as done, created::float8 as created, updated::float8 as updated,
  unchanged::float8 as unchanged, removed::float8 as removed, failed::float8 as failed`;

type End =
  | { status: SyncRunStatus.COMPLETED | SyncRunStatus.CANCELED }
  | { status: SyncRunStatus.FAILED; code: SyncErrorCode; message: string };

/**
 * Ends a run that is not over yet, with its event. What it would need to be taken up again is forgotten. Gives whether it
 * was there to end. The caller has seen to it that nobody else works on it.
 */
export async function endRun(manager: EntityManager, writer: Writer, runId: string, end: End): Promise<boolean> {
  const { tenantId, at } = writer;
  const error = end.status === SyncRunStatus.FAILED ? { code: end.code, message: end.message.slice(0, 500) } : null;
  const [ended] = await runSql<Ended>(manager, END, [
    tenantId,
    runId,
    end.status,
    at,
    error?.code ?? null,
    error?.message ?? null,
  ]);
  if (!ended) return false;
  const { sourceId, ...counts } = ended;
  const after = { sourceId: toGlobalId('Source', sourceId), ...counts };
  const about = { objectId: runId };
  await recordEvents(manager, writer, [
    error
      ? { ...about, type: 'source_sync.failed', after: { ...after, ...error } }
      : {
          ...about,
          type: end.status === SyncRunStatus.COMPLETED ? 'source_sync.completed' : 'source_sync.canceled',
          after,
        },
  ]);
  return true;
}

const KEEP_CURSOR = `
insert into source_states (id, tenant_id, source_id, health, change_cursor)
values ($4, $1, $2, '${SourceHealth.UNKNOWN}', $3)
on conflict (tenant_id, source_id) do update set change_cursor = excluded.change_cursor
where source_states.change_cursor is distinct from excluded.change_cursor`;

/** Keeps up to where the changes of a source were read; null: it is to be read as a whole the next time. */
export async function keepChanges(
  manager: EntityManager,
  tenantId: string,
  sourceId: string,
  cursor: string | null,
): Promise<void> {
  await runSql(manager, KEEP_CURSOR, [tenantId, sourceId, cursor, v7()]);
}
