import { writerOf } from '../../../actor.js';
import { runSql, transact } from '../../../database/transact.js';
import { recordEvents } from '../../../events/record.js';
import { checkVersion, refuseFaults } from '../../../faults.js';
import type { AskingContext } from './find-client.js';
import { refuseWhileUsed } from './find-use.js';
import { lockSource } from './store.js';

/**
 * Deletes a source with its records; what its pipeline had copied and given stays, and petitions that wait for it go on
 * as if it were suspended. Throws Faults: NOT_FOUND, STALE_VERSION, IN_USE.
 */
export async function deleteSource(
  context: AskingContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'sourceDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    // Whoever saves a flow or pipeline that names it holds it: the lock waits for them, and they are found then.
    const { id, name, kind, status, version } = await lockSource(manager, tenantId, input.id);
    refuseFaults([checkVersion(input.expectedVersion, version), await refuseWhileUsed(manager, tenantId, id)]);
    await runSql(manager, 'delete from sources where tenant_id = $1 and id = $2', [tenantId, id]);
    const before = { name, kind, status };
    await recordEvents(manager, writer, [{ type: 'source.deleted', objectId: id, before }]);
  });
  // What cannot be removed now is nobody's any more: nothing names it.
  await context.sources.forget(tenantId, input.id).catch((error: unknown) => {
    context.log.warn({ error: (error as Error).message }, 'the file of a deleted source was left');
  });
}
