import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { RetryTransaction, runSql } from '../database/transact.js';
import { foldText } from '../entities/fold-text.js';
import { uniqueSlug } from '../entities/slug.js';
import type { IdentifierScheme, NameSource, NameStatus, UserStatus } from '../entities/enums.js';
import type { SignInClaims } from './claims.js';
import type { NewProfile, ProfileChanges } from './decide.js';

/*
 * The statements of a sign-in, each one step of the decision. Uniqueness is the database's: a step that finds that
 * another sign-in was first asks for the transaction to be run again on what is there now.
 */

/** Locks the user, then the organizations by id: the order that every operation keeps. */
export async function lockForLink(
  manager: EntityManager,
  tenantId: string,
  userId: string | null,
  organizationIds: string[],
): Promise<void> {
  if (userId) {
    await runSql(manager, 'select id from users where tenant_id = $1 and id = $2 for no key update', [
      tenantId,
      userId,
    ]);
  }
  if (organizationIds.length) {
    await runSql(
      manager,
      'select id from organizations where tenant_id = $1 and id = any($2::uuid[]) order by id for no key update',
      [tenantId, organizationIds],
    );
  }
}

export interface NewOrganization {
  identifier: { scheme: IdentifierScheme; value: string };
  name: string;
  nameStatus: NameStatus;
  nameSource: NameSource;
  nameLookupAt: Date | null;
}

/** Makes an organization with its identifier; null when another transaction made one with that identifier first. */
export async function insertOrganization(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  { identifier, name, nameStatus, nameSource, nameLookupAt }: NewOrganization,
): Promise<string | null> {
  const id = v7();
  const rows = await runSql<{ id: string }>(
    manager,
    `with taken as (
       insert into organization_identifiers (id, tenant_id, organization_id, scheme, value)
       values ($1, $2, $3, $4, $5) on conflict (tenant_id, scheme, value) do nothing
       returning organization_id
     )
     insert into organizations
       (id, tenant_id, name, slug, name_status, name_source, name_lookup_at, search_text, status, created_at, updated_at)
     select organization_id, $2, $6, $12, $7, $8, $9::timestamptz, $10, 'ACTIVE', $11::timestamptz, $11::timestamptz
     from taken
     returning id`,
    [
      v7(),
      tenantId,
      id,
      identifier.scheme,
      identifier.value,
      name,
      nameStatus,
      nameSource,
      nameLookupAt,
      foldText(name),
      at,
      uniqueSlug(name, id),
    ],
  );
  return rows[0]?.id ?? null;
}

/** Makes a user; asks for a new run when somebody took the address in the meantime. */
export async function insertUser(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  status: UserStatus,
  profile: NewProfile,
): Promise<string> {
  const rows = await runSql<{ id: string }>(
    manager,
    `insert into users
       (id, tenant_id, status, email, email_normalized, is_email_verified, given_name, family_name, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
     on conflict (tenant_id, email_normalized) do nothing returning id`,
    [
      v7(),
      tenantId,
      status,
      profile.email,
      profile.emailNormalized,
      profile.isEmailVerified,
      profile.givenName,
      profile.familyName,
      at,
    ],
  );
  if (!rows[0]) throw new RetryTransaction();
  return rows[0].id;
}

/** Links an account of a provider to a user; null when that account is linked already. */
export async function insertIdentity(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  connectionId: string,
  userId: string,
  { issuer, subject, email }: SignInClaims,
  { isJitDue = false } = {},
): Promise<string | null> {
  const rows = await runSql<{ id: string }>(
    manager,
    `insert into identities (id, tenant_id, user_id, connection_id, issuer, subject, email, created_at, is_jit_due)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (tenant_id, connection_id, issuer, subject) do nothing returning id`,
    [v7(), tenantId, userId, connectionId, issuer, subject, email?.value ?? null, at, isJitDue],
  );
  return rows[0]?.id ?? null;
}

/** A user who waited for approval is let in for the first time; a new run when another sign-in was first. */
export async function takeJitDue(manager: EntityManager, tenantId: string, identityId: string): Promise<void> {
  const taken = await runSql(
    manager,
    'update identities set is_jit_due = false where tenant_id = $1 and id = $2 and is_jit_due returning id',
    [tenantId, identityId],
  );
  if (!taken.length) throw new RetryTransaction();
}

const COLUMNS: Record<keyof ProfileChanges, string> = {
  email: 'email',
  emailNormalized: 'email_normalized',
  isEmailVerified: 'is_email_verified',
  hasEmailConflict: 'has_email_conflict',
  givenName: 'given_name',
  familyName: 'family_name',
};

/** Brings the profile up to what the provider says. */
export async function updateProfile(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  userId: string,
  changes: ProfileChanges,
): Promise<void> {
  const entries = Object.entries(changes) as [keyof ProfileChanges, string | boolean][];
  const assignments = entries.map(([property], index) => `${COLUMNS[property]} = $${index + 4}`);
  await runSql(
    manager,
    `update users set ${assignments.join(', ')}, updated_at = $3, version = version + 1 where tenant_id = $1 and id = $2`,
    [tenantId, userId, at, ...entries.map(([, value]) => value)],
  );
}

/** Makes the user a member with these roles; a new run when a membership has appeared in the meantime. */
export async function insertMembership(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  membership: { organizationId: string; userId: string; connectionId: string; roles: string[] },
): Promise<string> {
  const rows = await runSql<{ id: string }>(
    manager,
    `with joined as (
       insert into memberships (id, tenant_id, organization_id, user_id, source, connection_id, joined_at)
       values ($1, $2, $3, $4, 'SSO', $5, $6) on conflict (tenant_id, organization_id, user_id) do nothing
       returning id
     ), granted as (
       insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at, source)
       select role.id, $2, joined.id, r.id, $6, 'SSO'
       from joined
       cross join unnest($7::uuid[], $8::text[]) as role(id, name)
       join roles r on r.tenant_id = $2 and r.is_built_in and r.name = role.name
     )
     select id from joined`,
    [
      v7(),
      tenantId,
      membership.organizationId,
      membership.userId,
      membership.connectionId,
      at,
      membership.roles.map(() => v7()),
      membership.roles,
    ],
  );
  if (!rows[0]) throw new RetryTransaction();
  return rows[0].id;
}

/** Ends memberships by which the user moves away; a new run when one of them has gone in the meantime. */
export async function deleteMemberships(manager: EntityManager, tenantId: string, ids: string[]): Promise<void> {
  const rows = await runSql(
    manager,
    'delete from memberships where tenant_id = $1 and id = any($2::uuid[]) returning id',
    [tenantId, ids],
  );
  if (rows.length !== ids.length) throw new RetryTransaction();
}

/** O10: the organization has lost its last administrator. */
export async function markNeedsAdministrator(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  organizationIds: string[],
): Promise<void> {
  await runSql(
    manager,
    `update organizations set needs_administrator = true, updated_at = $3, version = version + 1
     where tenant_id = $1 and id = any($2::uuid[])`,
    [tenantId, organizationIds, at],
  );
}

/** Gives an organization a better name than its default one, and says what it was; a name that a person gave stays. */
export async function resolveName(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  organizationId: string,
  { name, source }: { name: string; source: NameSource },
): Promise<{ name: string; nameStatus: NameStatus; nameSource: NameSource } | null> {
  const [before] = await runSql<{ name: string; nameStatus: NameStatus; nameSource: NameSource }>(
    manager,
    `with known as (
       select id, name, name_status, name_source from organizations
       where tenant_id = $1 and id = $2 and name_status = 'PENDING' for update
     )
     update organizations o
     set name = $3, name_status = 'RESOLVED', name_source = $4, name_lookup_at = null, search_text = $5,
         updated_at = $6, version = version + 1
     from known where o.tenant_id = $1 and o.id = known.id
     returning known.name, known.name_status as "nameStatus", known.name_source as "nameSource"`,
    [tenantId, organizationId, name, source, foldText(name), at],
  );
  return before ?? null;
}

/** FIRST_MEMBER_ONCE: this member may give the organization its name, once. */
export async function setCompletionUser(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  userId: string,
): Promise<void> {
  await runSql(manager, 'update organizations set completion_user_id = $3 where tenant_id = $1 and id = $2', [
    tenantId,
    organizationId,
    userId,
  ]);
}
