import type { EntityManager } from '@mikro-orm/postgresql';
import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind } from '../../entities/enums.js';
import { PipelineAction } from '../../entities/source-enums.js';
import { recordEvents } from '../../events/record.js';
import { runPipeline } from '../pipelines/run-pipeline.js';
import { lockByIds } from './record-rows.js';

/** How many records one transaction takes. */
const BATCH = 500;

const DUE = `select id from source_records where tenant_id = $1 and grace_ends_at <= $2
  order by source_id, key limit ${BATCH} for no key update skip locked`;

/**
 * Ends what pipelines gave for records that their sources have had no more for as many days as the pipeline waits. What
 * is locked is passed over, so any number of processes may call this. Gives how many records were due.
 */
export async function endGracePeriods(
  { database, clock }: Pick<OperationContext, 'database' | 'clock'>,
  tenantId: string,
): Promise<number> {
  let total = 0;
  for (let count = BATCH; count === BATCH; total += count)
    count = await transact(database, tenantId, (manager) => endSome(manager, tenantId, clock()));
  return total;
}

async function endSome(manager: EntityManager, tenantId: string, at: Date): Promise<number> {
  const due = await runSql<{ id: string }>(manager, DUE, [tenantId, at]);
  if (!due.length) return 0;
  const writer = { tenantId, at, actor: { kind: ActorKind.SYSTEM, userId: null, via: 'endGracePeriods' } };
  const rows = await lockByIds(
    manager,
    tenantId,
    due.map(({ id }) => id),
  );
  const tasks = rows.map((before) => ({
    ...{ before, now: { ...before, graceEndsAt: null }, action: PipelineAction.DELETE, record: null },
    ...{ chosenUserId: null, reference: null, opensNoPetition: true, endsGrace: true },
  }));
  await runPipeline(manager, writer, null, tasks, { isSynced: false });
  const facts = rows.map(({ id, sourceId, key, userId }) => ({
    ...{ type: 'source_record.grace_ended' as const, objectId: id, userId },
    after: { sourceId: toGlobalId('Source', sourceId), key },
  }));
  await recordEvents(manager, writer, facts);
  return rows.length;
}
