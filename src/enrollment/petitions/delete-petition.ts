import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { recordEvents } from '../../events/record.js';
import { checkVersion, refuseFaults } from '../../faults.js';
import { dropPetitionRecords } from '../records/drop-petition-records.js';
import { requirePetition } from './run-command.js';

/**
 * Deletes a petition, wherever it stands, with all that belongs to it: what was given, its history, comments, agreements
 * and links. Whom it has enrolled stays, and the events stay. For administrators of the tenant (section 3 of the rules of
 * enrollment). Throws Faults: NOT_FOUND, STALE_VERSION.
 */
export async function deletePetition(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'petitionDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const { id, version, state, flowId, flowVersion } = await requirePetition(manager, tenantId, input.id);
    refuseFaults([checkVersion(input.expectedVersion, version)]);
    await dropPetitionRecords(manager, tenantId, id);
    await runSql(manager, 'delete from petitions where tenant_id = $1 and id = $2', [tenantId, id]);
    const { status, organizationId, enrolleeUserId, petitionerUserId } = state;
    const before = { status, flowId: flowId && toGlobalId('EnrollmentFlow', flowId), flowVersion };
    await recordEvents(manager, writer, [
      { type: 'petition.deleted', organizationId, userId: enrolleeUserId ?? petitionerUserId, objectId: id, before },
    ]);
  });
}
