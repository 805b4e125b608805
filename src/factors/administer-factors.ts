import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { FactorKind } from '../entities/enums.js';
import { noticeUser } from '../events/notices.js';
import { recordEvents } from '../events/record.js';
import { refuseFaults } from '../faults.js';
import { endProofs, lockPerson, refuseDisabled, tellAdded } from './own-factors.js';

/**
 * Says that a user has a second factor that Vestibule does not see: a directory's, a badge. It counts as configured, and
 * cannot be shown. Repeating it changes nothing. Throws Faults: NOT_FOUND, FACTOR_NOT_ENABLED.
 */
export async function assertFactor(context: OperationContext, { userId }: { userId: string }): Promise<void> {
  const writer = writerOf(context, 'userFactorAssert');
  const { tenantId, at, actor } = writer;
  await transact(context.database, tenantId, async (manager) => {
    await lockPerson(manager, tenantId, userId);
    const [tenant] = await runSql<{ takesAsserted: boolean }>(
      manager,
      `select '${FactorKind.ASSERTED}' = any(mfa_factors) as "takesAsserted" from tenants where id = $1`,
      [tenantId],
    );
    refuseFaults([!tenant?.takesAsserted && refuseDisabled(FactorKind.ASSERTED)]);
    const [made] = await runSql<{ id: string }>(
      manager,
      `insert into user_factors (id, tenant_id, user_id, kind, asserted_by_user_id, created_at, confirmed_at)
       values ($1, $2, $3, '${FactorKind.ASSERTED}', $4, $5, $5) on conflict do nothing returning id`,
      [v7(), tenantId, userId, actor.userId, at],
    );
    if (made) await tellAdded(manager, writer, { id: made.id, userId, kind: FactorKind.ASSERTED, name: null });
  });
}

/** Takes back what {@link assertFactor} said; what a directory says stays. Repeating it changes nothing. Throws Faults: NOT_FOUND. */
export async function retractFactor(context: OperationContext, { userId }: { userId: string }): Promise<void> {
  const writer = writerOf(context, 'userFactorRetract');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    await lockPerson(manager, tenantId, userId);
    const [gone] = await runSql<{ id: string; name: string | null }>(
      manager,
      `delete from user_factors where tenant_id = $1 and user_id = $2 and kind = '${FactorKind.ASSERTED}'
         and connection_id is null
       returning id, name`,
      [tenantId, userId],
    );
    if (!gone) return;
    const before = { kind: FactorKind.ASSERTED, name: gone.name };
    await recordEvents(manager, writer, [{ type: 'factor.removed', userId, objectId: gone.id, before }]);
    await noticeUser(manager, tenantId, at, userId, 'FACTOR_REMOVED', before);
  });
}

/**
 * Takes all second factors from a user who has lost theirs, and what is half set up. No session of theirs has shown one
 * any more, and the tokens that applications hold for them are void. Repeating it changes nothing. Throws Faults: NOT_FOUND.
 */
export async function resetFactors(context: OperationContext, { userId }: { userId: string }): Promise<void> {
  const writer = writerOf(context, 'userFactorsReset');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    await lockPerson(manager, tenantId, userId);
    await runSql(manager, 'delete from factor_challenges where tenant_id = $1 and user_id = $2', [tenantId, userId]);
    const gone = await runSql<{ id: string; kind: FactorKind }>(
      manager,
      'delete from user_factors where tenant_id = $1 and user_id = $2 returning id, kind',
      [tenantId, userId],
    );
    if (!gone.length) return;
    await endProofs(
      manager,
      tenantId,
      gone.map(({ id }) => id),
    );
    // What applications hold may say that a factor was shown.
    await runSql(manager, 'delete from oidc_records where tenant_id = $1 and user_id = $2', [tenantId, userId]);
    const kinds = [...new Set(gone.map(({ kind }) => kind))].sort();
    await recordEvents(manager, writer, [{ type: 'user.factors_reset', userId, objectId: userId, before: { kinds } }]);
    await noticeUser(manager, tenantId, at, userId, 'FACTORS_RESET', {});
  });
}
