import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { sendJobs, SOURCE_SYNC_QUEUE } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import { SourceStatus, type SourceSyncMode, SyncRunStatus, SyncRunTrigger } from '../../entities/source-enums.js';
import { recordEvents } from '../../events/record.js';
import { fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { capabilitiesOf } from '../sources/capabilities.js';
import { findSource } from '../sources/source.js';
import { endRun } from './finish-run.js';
import { missingCapability } from './run-sync.js';

/** Ids are uuids. */
export interface StartRun {
  idempotencyKey?: string | null;
  sourceId: string;
  /** Absent: the source's own. */
  mode?: SourceSyncMode | null;
  isForced?: boolean | null;
}

/** A source is synced already: by this run. */
export class SyncRunning extends Faults {
  constructor(readonly runId: string) {
    super([
      fault(UserErrorCode.SYNC_RUNNING, 'This source is being synced: wait for the run, or cancel it.', 'sourceId'),
    ]);
  }
}

/**
 * Has a source synced. Gives the id of the run, which a job does. Throws Faults: NOT_FOUND, WRONG_STATUS, INVALID,
 * IDEMPOTENCY_KEY_REUSED, and {@link SyncRunning}.
 */
export async function startRun(
  context: OperationContext,
  { idempotencyKey: key, ...input }: StartRun,
): Promise<string> {
  const writer = writerOf(context, 'sourceSyncStart');
  const { tenantId, at } = writer;
  const id = v7();
  const outcome = await transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'sourceSyncStart', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return { id: made };
    const source = await findSource((text, values) => runSql(manager, text, values), tenantId, input.sourceId);
    if (!source) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such source.', 'sourceId')]);
    const mode = input.mode ?? source.syncMode;
    const missing = missingCapability(mode, new Set(await capabilitiesOf(source)));
    refuseFaults([
      source.status !== SourceStatus.ACTIVE &&
        fault(UserErrorCode.WRONG_STATUS, 'The source is suspended: activate it first.', 'sourceId'),
      missing !== null && fault(UserErrorCode.INVALID, missing, 'mode'),
    ]);
    const run = { id, sourceId: source.id, mode, isForced: input.isForced ?? false };
    const isMade = await insertRun(manager, writer, { ...run, trigger: SyncRunTrigger.ADMINISTRATOR });
    // The key stays free: the same request is good for a run once this one is over.
    if (!isMade) throw new SyncRunning(await findRunning(manager, tenantId, source.id));
    return { id };
  });
  return outcome.id;
}

interface NewRun {
  id: string;
  sourceId: string;
  mode: SourceSyncMode;
  isForced: boolean;
  trigger: SyncRunTrigger;
}

const INSERT = `
insert into source_sync_runs
  (id, tenant_id, source_id, mode, trigger, is_forced, status, requested_by_user_id, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, 'WAITING', $7, $8, $8)
on conflict (tenant_id, source_id) where status in ('WAITING', 'RUNNING') do nothing
returning id`;

/** Writes a run with its event and its job; false when the source is being synced already. */
export async function insertRun(manager: EntityManager, writer: Writer, run: NewRun): Promise<boolean> {
  const { tenantId, at, actor } = writer;
  const { id, sourceId, mode, isForced, trigger } = run;
  const made = await runSql(manager, INSERT, [id, tenantId, sourceId, mode, trigger, isForced, actor.userId, at]);
  if (!made.length) return false;
  const after = { sourceId: toGlobalId('Source', sourceId), mode, trigger, isForced };
  await recordEvents(manager, writer, [{ type: 'source_sync.started', objectId: id, after }]);
  await sendJobs(manager, SOURCE_SYNC_QUEUE, [{ data: { tenantId, sourceId }, key: sourceId }]);
  return true;
}

async function findRunning(manager: EntityManager, tenantId: string, sourceId: string): Promise<string> {
  const [running] = await runSql<{ id: string }>(
    manager,
    `select id from source_sync_runs where tenant_id = $1 and source_id = $2 order by id desc limit 1`,
    [tenantId, sourceId],
  );
  return running!.id;
}

/** Ends a run before its time: no batch begins any more. Throws Faults: NOT_FOUND, WRONG_STATUS. */
export async function cancelRun(context: OperationContext, { id }: { id: string }): Promise<void> {
  const writer = writerOf(context, 'sourceSyncCancel');
  await transact(context.database, writer.tenantId, async (manager) => {
    const [run] = await runSql<{ status: SyncRunStatus }>(
      manager,
      'select status from source_sync_runs where tenant_id = $1 and id = $2 for no key update',
      [writer.tenantId, id],
    );
    refuseFaults([
      !run && fault(UserErrorCode.NOT_FOUND, 'There is no such sync.', 'id'),
      run &&
        ![SyncRunStatus.WAITING, SyncRunStatus.RUNNING].includes(run.status) &&
        fault(UserErrorCode.WRONG_STATUS, 'This sync is over.', 'id'),
    ]);
    await endRun(manager, writer, id, { status: SyncRunStatus.CANCELED });
  });
}
