import type { EntityManager } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import { runSql, transact } from '../database/transact.js';
import type { FactorKind } from '../entities/enums.js';
import { noticeUser } from '../events/notices.js';
import { recordEvents } from '../events/record.js';
import { checkText, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { endProofs, lockPerson, type OwnContext, readStanding, refuseUnproven } from './own-factors.js';

/** `name`: at most 128 characters; null clears. */
export interface RenameFactor {
  id: string;
  name: string | null;
}

/** Gives a factor of one's own another name. Throws Faults: NOT_FOUND, TOO_LONG, INVALID. */
export async function renameFactor(context: OwnContext, input: RenameFactor): Promise<void> {
  refuseFaults([checkText(input.name, { longest: 128 }, 'name')]);
  const writer = writerOf(context, 'factorRename');
  const { tenantId } = writer;
  const { userId } = context.session;
  const name = input.name?.trim() || null;
  await transact(context.database, tenantId, async (manager) => {
    const known = await lockFactor(manager, tenantId, userId, input.id);
    if (known.name === name) return;
    await runSql(manager, 'update user_factors set name = $3 where tenant_id = $1 and id = $2', [
      tenantId,
      input.id,
      name,
    ]);
    const about = { userId, objectId: input.id };
    await recordEvents(manager, writer, [
      { type: 'factor.renamed', ...about, before: { name: known.name }, after: { name } },
    ]);
  });
}

/**
 * Takes a factor from oneself, of whatever kind. Who has one must have shown one in this session. Throws Faults:
 * NOT_FOUND, REAUTHENTICATION_REQUIRED, FACTOR_PROOF_REQUIRED.
 */
export async function removeFactor(context: OwnContext, input: { id: string }): Promise<void> {
  const { session } = context;
  const { userId } = session;
  const writer = writerOf(context, 'factorRemove');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    await lockPerson(manager, tenantId, userId);
    const { kind, name } = await lockFactor(manager, tenantId, userId, input.id);
    refuseFaults([refuseUnproven(context, await readStanding(manager, tenantId, session))]);
    await runSql(manager, 'delete from user_factors where tenant_id = $1 and id = $2', [tenantId, input.id]);
    await endProofs(manager, tenantId, [input.id]);
    await recordEvents(manager, writer, [
      { type: 'factor.removed', userId, objectId: input.id, before: { kind, name } },
    ]);
    await noticeUser(manager, tenantId, at, userId, 'FACTOR_REMOVED', { kind, name });
  });
}

async function lockFactor(manager: EntityManager, tenantId: string, userId: string, id: string) {
  const [row] = await runSql<{ kind: FactorKind; name: string | null }>(
    manager,
    'select kind, name from user_factors where tenant_id = $1 and id = $2 and user_id = $3 for update',
    [tenantId, id, userId],
  );
  refuseFaults([!row && fault(UserErrorCode.NOT_FOUND, 'You have no such second factor.', 'id')]);
  return row!;
}
