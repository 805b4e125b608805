import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { brokenConstraint, runSql, stateOf } from '../database/transact.js';
import type { EmailAddress } from '../entities/email-address.js';
import { FactorKind, UserStatus } from '../entities/enums.js';
import { User } from '../entities/user.js';
import type { Fact, FactOf } from '../events/catalogue.js';
import { endAccess } from '../memberships/end-access.js';
import { lockAdministered } from '../memberships/lock-administered.js';
import { settleAdministrators } from '../memberships/settle-administrators.js';
import { isLastTenantAdministrator } from '../memberships/tenant-administrators.js';
import { type Change, isAddressTrusted } from './context.js';
import type { Person } from './person.js';
import { ScimError, uniqueness } from './scim-error.js';

/*
 * What a directory does to accounts, each step giving the facts to record.
 */

export async function lockAccount(manager: EntityManager, id: string): Promise<User> {
  return manager.findOneOrFail(User, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

/** Makes an account. An address that another one has is a conflict. */
export async function createAccount(
  { manager, tenantId, connection }: Change,
  { email, givenName, familyName, isActive }: Person,
): Promise<{ user: User; facts: Fact[] }> {
  const user = manager.create(User, {
    id: v7(),
    tenantId,
    status: isActive === false ? UserStatus.SUSPENDED : UserStatus.ACTIVE,
    email: email?.value ?? null,
    emailNormalized: email?.normalized ?? null,
    isEmailVerified: email !== null && isAddressTrusted(connection, email),
    givenName,
    familyName,
  });
  await manager.flush().catch(refuseTakenEmail);
  const { status, isEmailVerified } = user;
  const after = { status, email: email?.value ?? null, isEmailVerified, givenName, familyName };
  return { user, facts: [{ type: 'user.created', userId: user.id, objectId: user.id, after }] };
}

/** What the directory says now and said before; absent: it said nothing. */
type Profile = Pick<Person, 'givenName' | 'familyName' | 'email'>;

/**
 * Has the profile of an account follow what the directory changed. What it did not change stays as it is, whoever
 * changed it since.
 */
export async function followProfile(
  { manager, connection }: Change,
  user: User,
  known: Profile | null,
  said: Profile,
): Promise<Fact[]> {
  const changes: Partial<Record<(typeof TOLD)[number] | 'emailNormalized', string | boolean | null>> = {};
  for (const name of ['givenName', 'familyName'] as const) {
    if (said[name] !== (known?.[name] ?? null)) changes[name] = said[name];
  }
  if (said.email?.value !== known?.email?.value) Object.assign(changes, addressChanges(connection, said.email));
  const told = TOLD.filter((name) => name in changes && changes[name] !== (user[name] ?? null));
  if (!told.length) return [];
  const pick = (from: object) =>
    Object.fromEntries(
      told.map((name) => [name, (from as Record<string, unknown>)[name] ?? null]),
    ) as FactOf<'user.updated'>['after'];
  const fact: Fact = {
    type: 'user.updated',
    userId: user.id,
    objectId: user.id,
    before: pick(user),
    after: pick(changes),
  };
  Object.assign(user, changes);
  await manager.flush().catch(refuseTakenEmail);
  return [fact];
}

const TOLD = ['givenName', 'familyName', 'email', 'isEmailVerified', 'hasEmailConflict'] as const;

function addressChanges(connection: Change['connection'], email: EmailAddress | null) {
  return {
    email: email?.value ?? null,
    emailNormalized: email?.normalized ?? null,
    isEmailVerified: email !== null && isAddressTrusted(connection, email),
    hasEmailConflict: false,
  };
}

/**
 * Suspends an account: its sessions end, applications' tokens of it are void, and organizations that lose their last
 * administrator say so. Refuses the last administrator of the tenant.
 */
export async function suspendAccount({ manager, writer, tenantId }: Change, user: User): Promise<Fact[]> {
  if (user.status === UserStatus.SUSPENDED) return [];
  if (await isLastTenantAdministrator(manager, tenantId, user))
    throw new ScimError(409, null, 'This is the last administrator of the tenant: make another one first.');
  const before = { status: user.status };
  user.status = UserStatus.SUSPENDED;
  await manager.flush();
  const ended = await endAccess(manager, tenantId, user.id);
  const about = { userId: user.id, objectId: user.id };
  return [
    { type: 'user.suspended', ...about, before, after: { status: UserStatus.SUSPENDED } },
    ...ended,
    ...(await settleAdministrators(manager, writer, await lockAdministered(manager, tenantId, [user.id]))),
  ];
}

/** Lets an account in again that its directory had suspended. */
export async function resumeAccount({ manager, writer, tenantId }: Change, user: User): Promise<Fact[]> {
  if (user.status !== UserStatus.SUSPENDED) return [];
  const before = { status: user.status };
  user.status = UserStatus.ACTIVE;
  await manager.flush();
  const after = { status: UserStatus.ACTIVE };
  return [
    { type: 'user.resumed', userId: user.id, objectId: user.id, before, after },
    ...(await settleAdministrators(manager, writer, await lockAdministered(manager, tenantId, [user.id]))),
  ];
}

/** What the directory says of a second factor: it counts as configured, and cannot be shown here. */
export async function assertFactor(
  { manager, tenantId, at, connection }: Change,
  userId: string,
  isConfigured: boolean,
): Promise<Fact[]> {
  if (!isConfigured) {
    const gone = await runSql<{ id: string; name: string | null }>(
      manager,
      `delete from user_factors
       where tenant_id = $1 and user_id = $2 and kind = '${FactorKind.ASSERTED}' and connection_id = $3
       returning id, name`,
      [tenantId, userId, connection.id],
    );
    return gone.map(({ id, name }) => ({
      type: 'factor.removed',
      userId,
      objectId: id,
      before: { kind: FactorKind.ASSERTED, name },
    }));
  }
  const made = await runSql<{ id: string }>(
    manager,
    `insert into user_factors (id, tenant_id, user_id, kind, connection_id, created_at, confirmed_at)
     values ($1, $2, $3, '${FactorKind.ASSERTED}', $4, $5, $5) on conflict do nothing returning id`,
    [v7(), tenantId, userId, connection.id, at],
  );
  return made.map(({ id }) => ({
    type: 'factor.added',
    userId,
    objectId: id,
    after: { kind: FactorKind.ASSERTED, name: null, connection: connection.slug },
  }));
}

function refuseTakenEmail(error: unknown): never {
  if (stateOf(error) === '23505' && brokenConstraint(error)?.includes('email_normalized'))
    throw uniqueness('The primary e-mail address is that of another account.');
  throw error as Error;
}
