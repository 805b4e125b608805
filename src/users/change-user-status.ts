import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { transact } from '../database/transact.js';
import { UserStatus } from '../entities/enums.js';
import type { EventType, Fact } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { endAccess } from '../memberships/end-access.js';
import { lockAdministered } from '../memberships/lock-administered.js';
import { settleAdministrators } from '../memberships/settle-administrators.js';
import { lockTenantAdministrators } from '../memberships/tenant-administrators.js';
import { lockUser, refuseLastTenantAdministrator } from './update-user.js';

/** What an administrator of the tenant does to an account: what it must be, what it becomes, what is written down. */
export const STATUS_CHANGES = {
  userSuspend: { from: [UserStatus.ACTIVE, UserStatus.PENDING], to: UserStatus.SUSPENDED, type: 'user.suspended' },
  userResume: { from: [UserStatus.SUSPENDED], to: UserStatus.ACTIVE, type: 'user.resumed' },
  userApprove: { from: [UserStatus.PENDING], to: UserStatus.ACTIVE, type: 'user.approved' },
} as const satisfies Record<string, { from: UserStatus[]; to: UserStatus; type: EventType }>;

/**
 * Suspends, resumes or approves a user. Suspending ends all of their sessions, and what applications hold of them:
 * it is not there again when they are resumed. Organizations that have lost, or have again, an active administrator by
 * it say so. Repeating it changes nothing.
 * Throws Faults: NOT_FOUND, WRONG_STATUS, LAST_TENANT_ADMINISTRATOR.
 */
export async function changeUserStatus(
  context: OperationContext,
  change: keyof typeof STATUS_CHANGES,
  input: { id: string },
): Promise<void> {
  const { from, to, type } = STATUS_CHANGES[change];
  const writer = writerOf(context, change);
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    if (to === UserStatus.SUSPENDED) await lockTenantAdministrators(manager, tenantId);
    const user = await lockUser(manager, input.id);
    if (user.status === to) return;
    refuseFaults([
      !(from as readonly UserStatus[]).includes(user.status) &&
        fault(UserErrorCode.WRONG_STATUS, `The user is ${user.status}: ${change} is for ${from.join(' or ')}.`, 'id'),
      to === UserStatus.SUSPENDED && (await refuseLastTenantAdministrator(manager, tenantId, user)),
    ]);
    const before = { status: user.status };
    user.status = to;
    await manager.flush();
    const facts: Fact[] = [{ type, userId: user.id, objectId: user.id, before, after: { status: to } }];
    if (to === UserStatus.SUSPENDED) facts.push(...(await endAccess(manager, tenantId, user.id)));
    const administered = await lockAdministered(manager, tenantId, [user.id]);
    facts.push(...(await settleAdministrators(manager, writer, administered)));
    await recordEvents(manager, writer, facts);
  });
}
