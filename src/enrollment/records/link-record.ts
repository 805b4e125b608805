import type { EntityManager } from '@mikro-orm/postgresql';
import { type Writer, writerOf } from '../../actor.js';
import { runSql, transact } from '../../database/transact.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { PipelineAction, SourceRecordStatus } from '../../entities/source-enums.js';
import { fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { opener } from '../pipelines/open-petitions.js';
import { findPipeline } from '../pipelines/pipeline.js';
import { type PipelineDone, type PipelineTask, runPipeline } from '../pipelines/run-pipeline.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import { findSource, type Source } from '../sources/source.js';
import { lockByIds, type RecordRow } from './record-rows.js';

/**
 * Takes a record from its user: what was copied from it and given for it goes with it, and no sync links it again. One
 * that is nobody's stays as it is. Throws Faults: NOT_FOUND.
 */
export async function unlinkRecord(context: PetitionContext, input: { id: string }): Promise<void> {
  const writer = writerOf(context, 'sourceRecordUnlink');
  await transact(context.database, writer.tenantId, async (manager) => {
    const { row, source } = await lockRecord(manager, writer.tenantId, input.id);
    if (row.userId) await act(manager, context, writer, source, row, PipelineAction.UNLINK);
  });
}

/** A record, and whose it is from now on. Ids are uuids. */
export interface RelinkRecord {
  id: string;
  userId: string;
}

/**
 * Gives a record to a user, whoever has had it: it is unlinked from them first, and then the pipeline acts as if it were
 * new, also where it is not to act on new ones. Gives what could not be done; null: nothing. Throws Faults: NOT_FOUND,
 * WRONG_STATUS for a record that its source has no more.
 */
export async function relinkRecord(context: PetitionContext, input: RelinkRecord): Promise<string | null> {
  const writer = writerOf(context, 'sourceRecordRelink');
  const { tenantId } = writer;
  return transact(context.database, tenantId, async (manager) => {
    const { row, source } = await lockRecord(manager, tenantId, input.id);
    const [user] = await runSql(manager, 'select id from users where tenant_id = $1 and id = $2 for key share', [
      tenantId,
      input.userId,
    ]);
    refuseFaults([
      !user && fault(UserErrorCode.NOT_FOUND, 'There is no such user.', 'userId'),
      row.status === SourceRecordStatus.REMOVED &&
        fault(UserErrorCode.WRONG_STATUS, 'The source has this record no more: nobody can be given it.', 'id'),
    ]);
    if (row.userId === input.userId) return null;
    const free = row.userId ? (await act(manager, context, writer, source, row, PipelineAction.UNLINK, true)).row : row;
    const done = await act(manager, context, writer, source, free, PipelineAction.RELINK, false, input.userId, row);
    return done.message;
  });
}

async function lockRecord(
  manager: EntityManager,
  tenantId: string,
  id: string,
): Promise<{ row: RecordRow; source: Source }> {
  const [row] = await lockByIds(manager, tenantId, [id]);
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  const source = row && (await findSource(read, tenantId, row.sourceId));
  if (!row || !source) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such record.', 'id')]);
  return { row, source };
}

/**
 * Lets the pipeline act on one record. `isSilent`: the change of whose it is, is told by what follows; `told` is the row
 * that the event compares with.
 */
async function act(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  { pipelineId }: Source,
  row: RecordRow,
  action: PipelineAction,
  isSilent = false,
  chosenUserId: string | null = null,
  told: RecordRow = row,
): Promise<PipelineDone> {
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  const pipeline = await findPipeline(read, writer.tenantId, pipelineId);
  const record: PersonRecord | null = row.record;
  const now = action === PipelineAction.UNLINK ? { ...row, petitionId: null, graceEndsAt: null } : row;
  const task: PipelineTask = {
    ...{ before: row, now, action, record, chosenUserId, told: isSilent ? null : told },
    ...{ reference: null, opensNoPetition: action === PipelineAction.UNLINK },
  };
  const [done] = await runPipeline(manager, writer, pipeline, [task], { open: opener(context), isSynced: false });
  return done!;
}
