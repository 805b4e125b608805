import { LockMode } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { rotateSessionsOf } from '../database/rotate-sessions.js';
import { RetryTransaction, stateOf, transact } from '../database/transact.js';
import { EmailAddress } from '../entities/email-address.js';
import { UserStatus } from '../entities/enums.js';
import { User } from '../entities/user.js';
import type { Fact } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';

export interface AppointedAdministrator {
  userId: string;
  outcome: 'CREATED' | 'APPOINTED' | 'UNCHANGED';
}

/**
 * Makes the user with this address an administrator of the tenant; where there is none, makes an active user whose
 * address counts as verified, because the operator vouches for it. Repeating it changes nothing.
 * Throws Faults: INVALID, WRONG_STATUS.
 */
export async function appointTenantAdministrator(
  context: OperationContext,
  input: { email: string },
): Promise<AppointedAdministrator> {
  const email = EmailAddress.parse(input.email);
  refuseFaults([!email && fault(UserErrorCode.INVALID, `${input.email} is not an email address.`, 'email')]);
  const { value, normalized } = email!;
  const writer = writerOf(context, 'tenant administrator');
  const { tenantId, at } = writer;
  return transact(context.database, tenantId, async (manager) => {
    const known = await manager.findOne(
      User,
      { emailNormalized: normalized },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    refuseFaults([
      known &&
        known.status !== UserStatus.ACTIVE &&
        fault(
          UserErrorCode.WRONG_STATUS,
          `The user ${value} is ${known.status}: only an active user can be an administrator.`,
          'email',
        ),
    ]);
    if (known?.isTenantAdministrator) return { userId: known.id, outcome: 'UNCHANGED' };
    const user =
      known ??
      manager.create(User, {
        tenantId,
        email: value,
        emailNormalized: normalized,
        isEmailVerified: true,
        status: UserStatus.ACTIVE,
      });
    user.isTenantAdministrator = true;
    await manager.flush().catch((error: unknown) => {
      // A sign-in has just made the user.
      throw !known && stateOf(error) === '23505' ? new RetryTransaction() : error;
    });
    const about = { userId: user.id, objectId: user.id };
    const facts: Fact[] = [];
    if (!known)
      facts.push({
        type: 'user.created',
        ...about,
        after: { status: user.status, email: value, isEmailVerified: true, givenName: null, familyName: null },
      });
    facts.push({ type: 'user.tenant_administrator_granted', ...about });
    await rotateSessionsOf(manager, tenantId, at, user.id);
    await recordEvents(manager, writer, facts);
    return { userId: user.id, outcome: known ? 'APPOINTED' : 'CREATED' };
  });
}
