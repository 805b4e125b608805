import { v7 } from 'uuid';
import type { Browser } from './browser.js';
import { makeMembership, makeOrganization } from './factories.js';
import type { Gateway } from './gateway.js';

/** An organization with people who are signed in: name → roles there. */
export async function organizationWith<Name extends string>(
  gateway: Gateway,
  roles: Record<Name, string[]>,
  overrides: Parameters<typeof makeOrganization>[1] = {},
) {
  const organization = await makeOrganization(gateway.tenant, overrides);
  const people = {} as Record<Name, { browser: Browser; userId: string; id: string }>;
  for (const [name, given] of Object.entries(roles) as [Name, string[]][]) {
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: given });
    people[name] = { browser, userId, id: `usr_${userId}` };
  }
  return { uuid: organization.id, id: `org_${organization.id}`, people };
}

/** So many users at once, by one statement; gives their uuids, in the order of their names `<name> 00001`. */
export async function makeUsers(gateway: Gateway, count: number, name = 'Person'): Promise<string[]> {
  const ids = Array.from({ length: count }, () => v7());
  await gateway.rows(
    `insert into users (id, tenant_id, status, email, email_normalized, is_email_verified, given_name, family_name,
       created_at, updated_at)
     select id, $1, 'ACTIVE', mail, mail, true, $3, lpad(n::text, 5, '0'), now(), now()
     from unnest($2::uuid[]) with ordinality as made(id, n), lateral (select id || '@example.org' as mail) m`,
    [ids, name],
  );
  return ids;
}

/** Makes users members at once, with these roles (ids). */
export async function makeMembers(
  gateway: Gateway,
  organizationId: string,
  userIds: readonly string[],
  roleIds: readonly string[] = [],
): Promise<void> {
  await gateway.rows(
    `with joined as (
       insert into memberships (id, tenant_id, organization_id, user_id, source, joined_at)
       select m.id, $1, $2, m.user_id, 'ADMIN', now() from unnest($3::uuid[], $4::uuid[]) as m(id, user_id)
       returning id
     )
     insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
     select gen_random_uuid(), $1, joined.id, r.id, now() from joined cross join unnest($5::uuid[]) as r(id)`,
    [organizationId, userIds.map(() => v7()), userIds, roleIds],
  );
}

/** A role of the tenant, or of one organization; gives its uuid. */
export async function makeRole(
  gateway: Gateway,
  name: string,
  { organizationId = null, kind = 'USER' }: { organizationId?: string | null; kind?: string } = {},
): Promise<string> {
  const [row] = await gateway.rows<{ id: string }>(
    `insert into roles (id, tenant_id, name, organization_id, kind) values (gen_random_uuid(), $1, $2, $3, $4) returning id`,
    [name, organizationId, kind],
  );
  return row!.id;
}

export const usr = (id: string): string => `usr_${id}`;
export const rol = (id: string): string => `rol_${id}`;

/** Statements that did work: without those that begin and end transactions, and what is looked up now and then. */
export function workOf(statements: readonly string[]): string[] {
  return statements.filter((text) => !/^(begin|commit|rollback)|^select id, slug, host from tenants/i.test(text));
}
