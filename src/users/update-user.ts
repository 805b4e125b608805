import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { rotateSessionsOf } from '../database/rotate-sessions.js';
import { brokenConstraint, stateOf, transact } from '../database/transact.js';
import { EmailAddress } from '../entities/email-address.js';
import { User } from '../entities/user.js';
import type { Fact, FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { checkText, checkVersion, fault, Faults, refuseFaults, UserErrorCode } from '../faults.js';
import { isLastTenantAdministrator, lockTenantAdministrators } from '../memberships/tenant-administrators.js';

/** Changes of a user: what is absent stays, null clears. `id` is the uuid. */
export interface UpdateUser {
  id: string;
  expectedVersion?: number | null;
  givenName?: string | null;
  familyName?: string | null;
  email?: string | null;
  isEmailVerified?: boolean | null;
  isTenantAdministrator?: boolean | null;
}

/** Edits a user. Throws Faults: NOT_FOUND, STALE_VERSION, TOO_LONG, INVALID, TAKEN, LAST_TENANT_ADMINISTRATOR. */
export async function updateUser(context: OperationContext, input: UpdateUser): Promise<void> {
  const writer = writerOf(context, 'userUpdate');
  const { tenantId, at } = writer;
  const email = typeof input.email === 'string' ? EmailAddress.parse(input.email) : null;
  await transact(context.database, tenantId, async (manager) => {
    if (input.isTenantAdministrator === false) await lockTenantAdministrators(manager, tenantId);
    const user = await lockUser(manager, input.id);
    refuseFaults([
      checkVersion(input.expectedVersion, user.version),
      checkText(input.givenName, { longest: 256 }, 'givenName'),
      checkText(input.familyName, { longest: 256 }, 'familyName'),
      typeof input.email === 'string' && !email && fault(UserErrorCode.INVALID, 'email is not an address.', 'email'),
      input.isTenantAdministrator === false && (await refuseLastTenantAdministrator(manager, tenantId, user)),
    ]);
    const wanted: Partial<User> = {
      ...(input.givenName === undefined ? {} : { givenName: input.givenName?.trim() || null }),
      ...(input.familyName === undefined ? {} : { familyName: input.familyName?.trim() || null }),
      // A new address is unproven until somebody vouches for it.
      ...(input.email === undefined
        ? {}
        : {
            email: email?.value ?? null,
            emailNormalized: email?.normalized ?? null,
            isEmailVerified: false,
            hasEmailConflict: false,
          }),
      ...(typeof input.isEmailVerified === 'boolean' ? { isEmailVerified: input.isEmailVerified } : {}),
      ...(typeof input.isTenantAdministrator === 'boolean'
        ? { isTenantAdministrator: input.isTenantAdministrator }
        : {}),
    };
    const changed = Object.keys(wanted).filter(
      (key) => wanted[key as keyof User] !== user[key as keyof User],
    ) as (keyof User)[];
    if (!changed.length) return;
    // The normalized address says nothing that the address does not.
    const told = changed.filter((property) => property !== 'emailNormalized');
    const pick = (from: Partial<User>): FactOf<'user.updated'>['after'] =>
      Object.fromEntries(told.map((property) => [property, from[property]]));
    const about = { userId: user.id, objectId: user.id };
    const facts: Fact[] = [{ type: 'user.updated', ...about, before: pick(user), after: pick(wanted) }];
    Object.assign(user, wanted);
    await manager.flush().catch(refuseTakenEmail);
    if (changed.includes('isTenantAdministrator')) {
      const change = user.isTenantAdministrator ? 'granted' : 'revoked';
      facts.push({ type: `user.tenant_administrator_${change}`, ...about });
      await rotateSessionsOf(manager, tenantId, at, user.id);
    }
    await recordEvents(manager, writer, facts);
  });
}

/** The user, locked until the transaction ends; Faults NOT_FOUND when there is none. */
export async function lockUser(manager: EntityManager, id: string): Promise<User> {
  const user = await manager.findOne(User, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!user && fault(UserErrorCode.NOT_FOUND, 'There is no such user.', 'id')]);
  return user!;
}

export async function refuseLastTenantAdministrator(manager: EntityManager, tenantId: string, user: User) {
  return (await isLastTenantAdministrator(manager, tenantId, user))
    ? fault(
        UserErrorCode.LAST_TENANT_ADMINISTRATOR,
        'The tenant needs an active administrator: make another one first.',
        'id',
      )
    : null;
}

function refuseTakenEmail(error: unknown): never {
  if (stateOf(error) === '23505' && brokenConstraint(error)?.includes('email_normalized')) {
    throw new Faults([fault(UserErrorCode.TAKEN, 'Another user has this address.', 'email')]);
  }
  throw error as Error;
}
