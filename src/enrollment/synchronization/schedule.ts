import { v7 } from 'uuid';
import { ActorKind } from '../../entities/enums.js';
import type { OperationContext } from '../../context.js';
import { sendJobs, SOURCE_SYNC_QUEUE } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import { type SourceSyncMode, SyncRunTrigger } from '../../entities/source-enums.js';
import { insertRun } from './runs.js';

/** How many sources one sweep starts, at most. */
const MOST = 100;

/**
 * The sources whose time has come: also those that got an interval since, or a shorter one. The state is locked and has
 * its next time in the same transaction, so that of several processes one starts each sync.
 */
const DUE = `
select s.id, s.sync_mode as mode, s.sync_interval_minutes as minutes
from sources s
where s.tenant_id = $1 and s.status = 'ACTIVE' and s.sync_mode <> 'MANUAL' and s.sync_interval_minutes is not null
  and exists (select 1 from tenants t where t.id = $1 and t.runs_scheduled_syncs)
  and not exists (
    select 1 from source_states t where t.tenant_id = $1 and t.source_id = s.id
      and t.next_sync_at > $2 and t.next_sync_at <= $2::timestamptz + (s.sync_interval_minutes + 1) * interval '1 minute')
order by s.id limit ${MOST} for no key update of s skip locked`;

const PUT_OFF = `
insert into source_states (id, tenant_id, source_id, health, next_sync_at)
values ($4, $1, $2, 'UNKNOWN', $3)
on conflict (tenant_id, source_id) do update set next_sync_at = excluded.next_sync_at
where source_states.next_sync_at is null or source_states.next_sync_at <= $5
  or source_states.next_sync_at > $3::timestamptz + interval '1 minute'
returning 1`;

/** Starts the syncs of a tenant that are due, each once, however many processes call this. */
export async function startDueSyncs(
  { database, clock }: Pick<OperationContext, 'database' | 'clock'>,
  tenantId: string,
): Promise<void> {
  await transact(database, tenantId, async (manager) => {
    const at = clock();
    const writer = { tenantId, at, actor: { kind: ActorKind.SYSTEM, userId: null, via: 'startDueSyncs' } };
    const due = await runSql<{ id: string; mode: SourceSyncMode; minutes: number }>(manager, DUE, [tenantId, at]);
    for (const { id, mode, minutes } of due) {
      const next = new Date(at.getTime() + minutes * 60_000);
      // Another process may have started it between the reading and the lock.
      if (!(await runSql(manager, PUT_OFF, [tenantId, id, next, v7(), at])).length) continue;
      const run = { id: v7(), sourceId: id, mode, isForced: false, trigger: SyncRunTrigger.SCHEDULE };
      await insertRun(manager, writer, run);
    }
  });
}

/** Those that nobody has worked on for a while, although they are not put off. */
const LEFT = `
select source_id as id from source_sync_runs
where tenant_id = $1 and status in ('WAITING', 'RUNNING')
  and coalesce(next_attempt_at, updated_at) < $2::timestamptz - interval '2 minutes'`;

/** Sends a job for each sync that is left where it was, in case one was lost. */
export async function callLeftSyncs(
  { database, clock }: Pick<OperationContext, 'database' | 'clock'>,
  tenantId: string,
): Promise<void> {
  const left = await database.read<{ id: string }>(tenantId, LEFT, [tenantId, clock()]);
  if (!left.length) return;
  await transact(database, tenantId, (manager) =>
    sendJobs(
      manager,
      SOURCE_SYNC_QUEUE,
      left.map(({ id }) => ({ data: { tenantId, sourceId: id }, key: id })),
    ),
  );
}
