import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import { Role } from '../../src/entities/index.js';
import { ApproverKind, BuiltInRole, FlowAuthorization, MatchPolicy, RoleKind } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { createSecret, hashSecret } from '../../src/secret.js';
import type { Browser } from './browser.js';
import { makeMembership, type SeededTenant } from './factories.js';
import type { Gateway } from './gateway.js';
import { command, makeFlow, start } from './petitions.js';

/** Somebody who is signed in. */
export interface Person {
  browser: Browser;
  userId: string;
}

/** A role of the tenant that gives no permission: its holders approve. Gives its id. */
export async function makeRole(tenant: SeededTenant, name: string): Promise<string> {
  const id = v7();
  await transact(tenant.database, tenant.id, async (manager) => {
    manager.create(Role, { id, tenantId: tenant.id, name, description: '', kind: RoleKind.USER });
    await manager.flush();
  });
  tenant.roles.set(name, id);
  return id;
}

/** A new person who is signed in, in this organization with these roles beside `member`. */
export async function makeMember(
  gateway: Gateway,
  organization: { id: string },
  ...roles: string[]
): Promise<Person & { membershipId: string }> {
  const { browser, userId } = await gateway.signedInUser();
  const all = [BuiltInRole.MEMBER, ...roles];
  const { id } = await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: all });
  return { browser, userId, membershipId: id };
}

/** A flow by which whoever is signed in enrolls themselves, and waits for approval at once. */
export const makeApproved = (
  { tenant }: { tenant: SeededTenant },
  organizationId: string | null,
  settings: Partial<FlowSettings> = {},
): Promise<{ id: string; globalId: string }> =>
  makeFlow(tenant, {
    organizationId,
    settings: {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
      requiresApproval: true,
      ...settings,
    },
  });

/** A petition of somebody, who is new unless told, that waits for approval. Gives its global id. */
export async function petitionOf(gateway: Gateway, flow: { globalId: string }, browser?: Browser): Promise<string> {
  const by = browser ?? (await gateway.signedInUser()).browser;
  const { petition } = await start(gateway, by, flow.globalId);
  if (petition?.status !== 'PENDING_APPROVAL') throw new Error(`The petition stands elsewhere: ${petition?.status}`);
  return petition.id;
}

export const approve = (gateway: Gateway, browser: Browser | null, id: string, input: object = {}) =>
  command(gateway, browser, 'petitionApprove', { id, ...input });

export const deny = (gateway: Gateway, browser: Browser | null, id: string, input: object = {}) =>
  command(gateway, browser, 'petitionDeny', { id, ...input });

const DELEGATE = `mutation ($input: ApproverDelegationCreateInput!) { answer: approverDelegationCreate(input: $input) {
  approverDelegation { id startsAt endsAt isActive user { id } delegate { id } organization { id } }
  userErrors { code field message } } }`;

const HOUR = 60 * 60_000;

/** Has somebody decide for the caller (or for `userId`) for an hour, unless told. Ids are global. */
export async function delegate(gateway: Gateway, browser: Browser | null, delegateId: string, input: object = {}) {
  const endsAt = new Date(gateway.services.clock().getTime() + HOUR).toISOString();
  return gateway.graphql(browser, DELEGATE, { input: { delegateId, endsAt, ...input } });
}

export const endDelegation = (gateway: Gateway, browser: Browser | null, id: string) =>
  gateway.graphql(
    browser,
    `mutation ($input: ApproverDelegationIdInput!) { answer: approverDelegationDelete(input: $input) {
      deletedId userErrors { code } } }`,
    { input: { id } },
  );

/** What GraphQL refused an act with; null when it did not. */
export async function refusalOf(act: Promise<unknown>): Promise<string | null> {
  const error = (await act.then(
    () => null,
    (caught: unknown) => caught,
  )) as (Error & { errors?: { extensions: { code: string } }[] }) | null;
  if (error && !error.errors) throw error;
  return error?.errors?.[0]?.extensions.code ?? null;
}

/** Petitions of a flow that wait for approval, written as they are stored: many at once. Gives their uuids. */
export async function writePetitions(
  tenant: SeededTenant,
  {
    flowId,
    organizationId,
    roleId,
    count,
    waitsSince,
  }: {
    flowId: string;
    organizationId: string | null;
    /** The role whose holders decide; null: the administrators of the organization. */
    roleId: string | null;
    count: number;
    /** Of the first one; each waits a second less than the one before. */
    waitsSince: Date;
  },
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => v7());
  const progress = {
    hasAttributes: false,
    isMatched: false,
    sources: {},
    approvals: [],
    isMerge: false,
    isNewRole: false,
  };
  const kind = roleId ? ApproverKind.ROLE : ApproverKind.ORGANIZATION_ADMINISTRATORS;
  await transact(tenant.database, tenant.id, async (manager) => {
    await runSql(
      manager,
      `insert into petitions (id, tenant_id, flow_id, flow_version_id, organization_id, status, step, waits_for, progress,
         email, email_normalized, is_email_verified, locale, approver_kind, approver_role_id, approver_organization_id,
         waits_since, created_at, updated_at)
       select p.id, $1, f.id, f.current_version_id, $4, 'PENDING_APPROVAL', 'WAIT_FOR_APPROVAL', 'APPROVER', $5,
         p.id || '@example.org', p.id || '@example.org', true, 'EN', $6, $7, $4,
         $8::timestamptz + p.number * interval '1 second', $8, $8
       from unnest($3::uuid[]) with ordinality as p(id, number)
       join enrollment_flows f on f.tenant_id = $1 and f.id = $2`,
      [tenant.id, flowId, ids, organizationId, JSON.stringify(progress), kind, roleId, waitsSince],
    );
  });
  return ids;
}

/** People who are signed in, written as they are stored: many at once. With an organization, they hold these roles there. */
export async function writePeople(
  tenant: SeededTenant,
  {
    count,
    organizationId = null,
    roleIds = [],
  }: { count: number; organizationId?: string | null; roleIds?: readonly string[] },
): Promise<{ userId: string; token: string }[]> {
  const people = Array.from({ length: count }, () => ({ userId: v7(), token: createSecret() }));
  const rows = people.map(({ userId, token }) => ({ user: userId, hash: hashSecret(token), membership: v7() }));
  await transact(tenant.database, tenant.id, async (manager) => {
    const values = [tenant.id, JSON.stringify(rows)];
    const from = 'from jsonb_to_recordset($2::jsonb) as p("user" uuid, hash text, membership uuid)';
    await runSql(
      manager,
      `insert into users (id, tenant_id, given_name, family_name, email, email_normalized, is_email_verified, status,
         created_at, updated_at)
       select p.user, $1, 'Person', p.user::text, p.user || '@example.org', p.user || '@example.org', true, 'ACTIVE',
         now(), now() ${from}`,
      values,
    );
    await runSql(
      manager,
      `insert into sessions (id, tenant_id, user_id, connection_id, token_hash, rotate_at, transport, authenticated_at,
         created_at, expires_at, cases)
       select gen_random_uuid(), $1, p.user, c.id, p.hash, now() + interval '1 day', 'TOKEN', now(), now(),
         now() + interval '1 day', '{}' ${from}, connections c where c.tenant_id = $1`,
      values,
    );
    if (!organizationId) return;
    await runSql(
      manager,
      `insert into memberships (id, tenant_id, user_id, organization_id, source, joined_at)
       select p.membership, $1, p.user, $3, 'ADMIN', now() ${from}`,
      [...values, organizationId],
    );
    await runSql(
      manager,
      `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select gen_random_uuid(), $1, p.membership, role.id, now() ${from}, unnest($3::uuid[]) as role(id)`,
      [...values, roleIds],
    );
  });
  return people;
}
