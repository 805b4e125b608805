import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { PipelineAction } from '../../entities/source-enums.js';
import { findPipeline } from '../pipelines/pipeline.js';
import { type PipelineTask, runPipeline } from '../pipelines/run-pipeline.js';
import { lockByIds, type RecordRow } from './record-rows.js';

/** Records that sources gave for the petition and that are nobody's; of each, the pipeline of its source. */
const FIND = `
select distinct r.id, s.pipeline_id as "pipelineId" from petition_source_checks c
join source_records r on r.tenant_id = $1 and r.id = any(c.record_ids)
join sources s on s.tenant_id = $1 and s.id = r.source_id
where c.tenant_id = $1 and c.petition_id = $2 and r.user_id is null and not r.is_unlinked
union
select r.id, s.pipeline_id from source_records r
join sources s on s.tenant_id = $1 and s.id = r.source_id
where r.tenant_id = $1 and r.petition_id = $2 and r.user_id is null and not r.is_unlinked`;

/**
 * Links what sources said for a petition to whom it has enrolled, in the transaction that finalizes it, and lets their
 * pipelines act as if the records were new. What has become somebody else's in the meantime stays theirs.
 */
export async function linkPetitionRecords(
  manager: EntityManager,
  writer: Writer,
  petitionId: string,
  userId: string,
): Promise<void> {
  const { tenantId } = writer;
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  const found = await read<{ id: string; pipelineId: string | null }>(FIND, [tenantId, petitionId]);
  if (!found.length) return;
  const ids = found.map(({ id }) => id);
  const locked = await lockByIds(manager, tenantId, ids);
  const rows = locked.filter((row) => row.userId === null && !row.isUnlinked);
  const pipelines = new Map(found.map(({ id, pipelineId }) => [id, pipelineId]));
  for (const pipelineId of new Set(rows.map(({ id }) => pipelines.get(id)!))) {
    const tasks = rows.filter(({ id }) => pipelines.get(id) === pipelineId).map((row) => toTask(row, userId));
    const pipeline = await findPipeline(read, tenantId, pipelineId);
    await runPipeline(manager, writer, pipeline, tasks, { isSynced: false });
  }
}

function toTask(row: RecordRow, userId: string): PipelineTask {
  return {
    before: row,
    now: row,
    action: PipelineAction.ADD,
    record: row.record,
    chosenUserId: userId,
    reference: null,
    opensNoPetition: true,
  };
}
