import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { PipelineAction, SourceRecordStatus } from '../../entities/source-enums.js';
import { findPipeline } from '../pipelines/pipeline.js';
import { runPipeline } from '../pipelines/run-pipeline.js';
import type { Source } from '../sources/source.js';
import { lockByIds } from './record-rows.js';
import type { TakenRecord } from './take-records.js';

/**
 * The source has these records no more, at most 1,000: REMOVED, and the pipeline's DELETE, in the transaction of the
 * caller and by a number of statements that does not depend on theirs. Records are never deleted. Gives what became of
 * each; one that was removed before is UNCHANGED.
 */
export async function removeRecords(
  manager: EntityManager,
  writer: Writer,
  source: Source,
  recordIds: readonly string[],
): Promise<TakenRecord[]> {
  if (!recordIds.length) return [];
  const { tenantId } = writer;
  const rows = (await lockByIds(manager, tenantId, recordIds)).filter(({ sourceId }) => sourceId === source.id);
  const tasks = rows
    .filter(({ status }) => status === SourceRecordStatus.SYNCED)
    .map((before) => ({
      before,
      now: { ...before, status: SourceRecordStatus.REMOVED },
      action: PipelineAction.DELETE,
      record: before.record,
      chosenUserId: null,
      reference: null,
      opensNoPetition: true,
    }));
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  const pipeline = await findPipeline(read, tenantId, source.pipelineId);
  const done = await runPipeline(manager, writer, pipeline, tasks, { isSynced: true });
  const byId = new Map(done.map((one) => [one.row.id, one]));
  return rows.map((row) => {
    const one = byId.get(row.id);
    return {
      key: row.key,
      recordId: row.id,
      change: one ? 'REMOVED' : 'UNCHANGED',
      userId: (one?.row ?? row).userId,
      outcome: one?.outcome ?? null,
      message: one?.message ?? null,
    };
  });
}
