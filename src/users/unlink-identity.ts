import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';

/**
 * Takes a provider account from its user and ends the sessions that were opened with it. The last one stays: the user
 * could not come back. Throws Faults: NOT_FOUND, LAST_IDENTITY.
 */
export async function unlinkIdentity(context: OperationContext, input: { id: string; userId: string }): Promise<void> {
  const writer = writerOf(context, 'identityUnlink');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    await runSql(manager, 'select id from users where tenant_id = $1 and id = $2 for update', [tenantId, input.userId]);
    const identities = await runSql<{ id: string; issuer: string; subject: string }>(
      manager,
      'select id, issuer, subject from identities where tenant_id = $1 and user_id = $2',
      [tenantId, input.userId],
    );
    const identity = identities.find(({ id }) => id === input.id);
    refuseFaults([
      !identity && fault(UserErrorCode.NOT_FOUND, 'There is no such identity.', 'id'),
      identities.length === 1 &&
        fault(UserErrorCode.LAST_IDENTITY, 'This is the only way into the account: link another provider first.', 'id'),
    ]);
    const ended = await runSql<{ id: string }>(
      manager,
      'select id from sessions where tenant_id = $1 and identity_id = $2',
      [tenantId, input.id],
    );
    await runSql(manager, 'delete from identities where tenant_id = $1 and id = $2', [tenantId, input.id]);
    const { issuer, subject } = identity!;
    await recordEvents(manager, writer, [
      { type: 'identity.unlinked', userId: input.userId, objectId: input.id, before: { issuer, subject } },
      ...ended.map(({ id }) => ({ type: 'session.ended' as const, userId: input.userId, objectId: id })),
    ]);
  });
}
