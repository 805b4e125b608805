import { v7 } from 'uuid';
import { brokenConstraint, runSql, stateOf } from '../database/transact.js';
import { UserStatus } from '../entities/enums.js';
import type { User } from '../entities/user.js';
import type { Fact, FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { lockTenantAdministrators } from '../memberships/tenant-administrators.js';
import { assertFactor, createAccount, followProfile, lockAccount, resumeAccount, suspendAccount } from './account.js';
import { type Change, changeDirectory, isAddressTrusted, scimUrl, type ScimContext } from './context.js';
import { decideAccount, type Departure, type KnownAccount } from './decide-account.js';
import { followGroups } from './follow-groups.js';
import { type Operation, patchResource } from './patch.js';
import { type Person, readPerson } from './person.js';
import { type GroupOfUser, type Shown, showUser, type StoredUser, USER_COLUMNS, userVersion } from './present.js';
import { readResource, type Resource } from './read-resource.js';
import { USER } from './schemas.js';
import { notFound, ScimError, uniqueness } from './scim-error.js';

/** `If-Match`: whether a version is the one that the caller has seen. */
export type Precondition = (version: string) => boolean;

/** Adds somebody to the directory's people, with a new account or one that is there already: see decide-account.ts. */
export function createUser(context: ScimContext, body: unknown): Promise<Shown> {
  const person = readPerson(readResource(USER, body));
  return changeDirectory(context, async (change) => {
    const { manager, writer, tenantId, connection, at } = change;
    const taken = await runSql(
      manager,
      'select 1 from scim_users where tenant_id = $1 and connection_id = $2 and user_name_normalized = $3',
      [tenantId, connection.id, person.userNameNormalized],
    );
    if (taken.length) throw takenName();
    const isActive = person.isActive ?? true;
    if (!isActive) await lockTenantAdministrators(manager, tenantId);
    const { user, isProvisioned, hasSuspended, facts } = await findAccount(change, person);
    const stored: StoredUser = {
      id: v7(),
      userId: user.id,
      userName: person.userName,
      userNameNormalized: person.userNameNormalized,
      externalId: person.externalId,
      isActive,
      isProvisioned,
      hasSuspended,
      attributes: person.attributes,
      createdAt: at,
      updatedAt: at,
      version: 1,
    };
    facts.push(...(await followActivity(change, user, stored)));
    facts.push(...(await followFactor(change, user.id, undefined, person.isMfaConfigured)));
    await insertUser(change, stored);
    const after = { ...toldOf(change, stored), isProvisioned };
    await recordEvents(manager, writer, [
      ...facts,
      { type: 'scim_user.created', userId: user.id, objectId: user.id, after },
    ]);
    return showUser(stored, [], scimUrl(context.tenant));
  });
}

/** Puts a user in the place of what is there. Without `active`, that stays. */
export function replaceUser(context: ScimContext, id: string, body: unknown, isExpected?: Precondition) {
  const resource = readResource(USER, body);
  return changeUser(context, id, ({ active }) => ({ active, ...resource }), isExpected);
}

export function patchUser(
  context: ScimContext,
  id: string,
  operations: readonly Operation[],
  isExpected?: Precondition,
) {
  return changeUser(
    context,
    id,
    (known) => {
      const patched = patchResource(USER, known, operations);
      return { ...patched, active: patched.active ?? known.active };
    },
    isExpected,
  );
}

/** Takes somebody from the directory's people. An account that the directory made is suspended, and remembered. */
export function deleteUser(context: ScimContext, id: string, isExpected?: Precondition): Promise<void> {
  return changeDirectory(context, async (change) => {
    const { manager, writer, tenantId, connection, at } = change;
    await lockTenantAdministrators(manager, tenantId);
    const { stored } = await findUser(change, id, isExpected);
    const user = await lockAccount(manager, stored.userId);
    const facts = await followActivity(change, user, { ...stored, isActive: false }, stored);
    facts.push(...(await followFactor(change, user.id, true, false)));
    await runSql(manager, 'delete from scim_users where tenant_id = $1 and id = $2', [tenantId, id]);
    facts.push(...(await followGroups(change, [user.id])));
    if (stored.isProvisioned) {
      await runSql(
        manager,
        `insert into scim_departures
           (id, tenant_id, connection_id, user_id, user_name_normalized, external_id, has_suspended, departed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          v7(),
          tenantId,
          connection.id,
          user.id,
          stored.userNameNormalized,
          stored.externalId,
          stored.hasSuspended || facts.some(({ type }) => type === 'user.suspended'),
          at,
        ],
      );
    }
    const before = toldOf(change, stored);
    await recordEvents(manager, writer, [
      ...facts,
      { type: 'scim_user.deleted', userId: user.id, objectId: user.id, before },
    ]);
  });
}

function changeUser(
  context: ScimContext,
  id: string,
  make: (known: Resource) => Resource,
  isExpected?: Precondition,
): Promise<Shown> {
  return changeDirectory(context, async (change) => {
    const { manager, writer, tenantId, at } = change;
    const { stored, groups } = await findUser(change, id, isExpected);
    const known = resourceOf(stored);
    const person = readPerson(make(known));
    const next: StoredUser = {
      ...stored,
      userName: person.userName,
      userNameNormalized: person.userNameNormalized,
      externalId: person.externalId,
      isActive: person.isActive ?? stored.isActive,
      attributes: person.attributes,
    };
    const changed = changedNames(known, resourceOf(next));
    const shown = (user: StoredUser) => showUser(user, groups, scimUrl(context.tenant));
    if (!changed.length) return shown(stored);
    if (stored.isActive && !next.isActive) await lockTenantAdministrators(manager, tenantId);
    const user = await lockAccount(manager, stored.userId);
    const said = readPerson(known);
    const facts = stored.isProvisioned ? await followProfile(change, user, said, person) : [];
    facts.push(...(await followActivity(change, user, next, stored)));
    facts.push(...(await followFactor(change, user.id, said.isMfaConfigured, person.isMfaConfigured)));
    Object.assign(next, { updatedAt: at, version: stored.version + 1 });
    await updateUser(change, next);
    if (stored.isActive !== next.isActive) facts.push(...(await followGroups(change, [user.id])));
    const about = { userId: user.id, objectId: user.id };
    const [before, after] = [toldOf(change, stored), { ...toldOf(change, next), changed }];
    await recordEvents(manager, writer, [...facts, { type: 'scim_user.updated', ...about, before, after }]);
    return shown(next);
  });
}

/** The account of somebody new: theirs from before, that of a trusted address, or one that is made now. */
async function findAccount(
  change: Change,
  person: Person,
): Promise<{ user: User; isProvisioned: boolean; hasSuspended: boolean; facts: Fact[] }> {
  const { manager, tenantId, connection } = change;
  const { email, externalId, userNameNormalized } = person;
  const [owner] = await runSql<KnownAccount>(
    manager,
    `select u.id as "userId", u.is_email_verified as "isEmailVerified", exists (select 1 from scim_users s
       where s.tenant_id = $1 and s.connection_id = $3 and s.user_id = u.id) as "isTied"
     from users u where u.tenant_id = $1 and u.email_normalized = $2`,
    [tenantId, email?.normalized ?? null, connection.id],
  );
  const departures = await runSql<Departure & { hasSuspended: boolean }>(
    manager,
    `select d.user_id as "userId", d.external_id as "externalId", d.user_name_normalized as "userNameNormalized",
       u.email_normalized as "emailNormalized", d.has_suspended as "hasSuspended"
     from scim_departures d join users u on u.tenant_id = $1 and u.id = d.user_id
     where d.tenant_id = $1 and d.connection_id = $2
       and (d.external_id = $3 or d.user_name_normalized = $4 or d.user_id = $5)
     order by d.departed_at desc`,
    [tenantId, connection.id, externalId, userNameNormalized, owner?.userId ?? null],
  );
  const arrival = {
    externalId,
    userNameNormalized,
    emailNormalized: email?.normalized ?? null,
    isAddressTrusted: email !== null && isAddressTrusted(connection, email),
  };
  const decision = decideAccount(arrival, owner ?? null, departures);
  if (decision.action === 'REFUSE') throw uniqueness(decision.detail);
  if (decision.action === 'CREATE') {
    const hasSuspended = person.isActive === false;
    return { ...(await createAccount(change, person)), isProvisioned: true, hasSuspended };
  }
  const user = await lockAccount(manager, decision.userId);
  const departure = departures.find(({ userId }) => userId === user.id);
  if (!departure) return { user, isProvisioned: false, hasSuspended: false, facts: [] };
  await runSql(manager, 'delete from scim_departures where tenant_id = $1 and connection_id = $2 and user_id = $3', [
    tenantId,
    connection.id,
    user.id,
  ]);
  const facts = await followProfile(change, user, null, person);
  return { user, isProvisioned: true, hasSuspended: departure.hasSuspended, facts };
}

/**
 * Suspends and resumes the account with the directory's user, where the directory made it; it lets in again whom it had
 * suspended itself. An account that it was only tied to stays as it is.
 */
async function followActivity(change: Change, user: User, next: StoredUser, known?: StoredUser): Promise<Fact[]> {
  if (!next.isProvisioned || known?.isActive === next.isActive) return [];
  if (!next.isActive) {
    const facts = await suspendAccount(change, user);
    next.hasSuspended ||= facts.length > 0;
    return facts;
  }
  const facts = next.hasSuspended && user.status === UserStatus.SUSPENDED ? await resumeAccount(change, user) : [];
  next.hasSuspended = false;
  return facts;
}

/** What the directory changed about a second factor. */
async function followFactor(change: Change, userId: string, known: boolean | undefined, said: boolean | undefined) {
  if ((known ?? false) === (said ?? false)) return [];
  return assertFactor(change, userId, said ?? false);
}

async function findUser(
  { manager, tenantId, connection }: Change,
  id: string,
  isExpected: Precondition | undefined,
): Promise<{ stored: StoredUser; groups: GroupOfUser[] }> {
  const [stored] = await runSql<StoredUser>(
    manager,
    `select ${USER_COLUMNS} from scim_users s where s.tenant_id = $1 and s.connection_id = $2 and s.id = $3`,
    [tenantId, connection.id, id],
  );
  if (!stored) throw notFound('user');
  const groups = await runSql<GroupOfUser>(
    manager,
    `select g.id, g.display_name as "displayName" from scim_group_members gm
     join scim_groups g on g.tenant_id = $1 and g.id = gm.group_id
     where gm.tenant_id = $1 and gm.scim_user_id = $2 order by g.id`,
    [tenantId, id],
  );
  if (isExpected && !isExpected(userVersion(stored, groups)))
    throw new ScimError(412, null, 'The user was changed since you read it.');
  return { stored, groups };
}

async function insertUser({ manager, tenantId, connection, at }: Change, user: StoredUser): Promise<void> {
  await runSql(
    manager,
    `insert into scim_users (id, tenant_id, connection_id, user_id, user_name, user_name_normalized, external_id,
       is_active, is_provisioned, has_suspended, attributes, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $12)`,
    [user.id, tenantId, connection.id, user.userId, ...columnsOf(user), at],
  );
}

async function updateUser({ manager, tenantId }: Change, user: StoredUser): Promise<void> {
  await runSql(
    manager,
    `update scim_users set user_name = $3, user_name_normalized = $4, external_id = $5, is_active = $6,
       is_provisioned = $7, has_suspended = $8, attributes = $9::jsonb, updated_at = $10, version = $11
     where tenant_id = $1 and id = $2`,
    [tenantId, user.id, ...columnsOf(user), user.updatedAt, user.version],
  ).catch((error: unknown) => {
    const isName = stateOf(error) === '23505' && brokenConstraint(error)?.includes('user_name');
    throw isName ? takenName() : error;
  });
}

const columnsOf = (user: StoredUser) => [
  user.userName,
  user.userNameNormalized,
  user.externalId,
  user.isActive,
  user.isProvisioned,
  user.hasSuspended,
  JSON.stringify(user.attributes),
];

/** A stored user as it would be sent. */
function resourceOf({ userName, externalId, isActive, attributes }: StoredUser): Resource {
  return { userName, ...(externalId === null ? {} : { externalId }), active: isActive, ...attributes };
}

function changedNames(before: Resource, after: Resource): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => canonical(before[name]) !== canonical(after[name])).sort();
}

/** JSON with its keys in one order: the database keeps none. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)))
        : item,
    ) ?? ''
  );
}

function toldOf({ connection }: Change, user: StoredUser): FactOf<'scim_user.deleted'>['before'] {
  const { userName, externalId, isActive } = user;
  return { connection: connection.slug, userName, externalId, isActive };
}

const takenName = () => uniqueness('Another user of this directory has this userName.');
