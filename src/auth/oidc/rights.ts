import type { Database } from '../../database/database.js';
import { isBarredSql, shownForToken } from '../../factors/organization-mfa.js';

/** What somebody may do in an organization: the names of the permissions of their roles there. */
export interface OrganizationRights {
  permissions: string[];
  /** The organization keeps the person out for want of a second factor. */
  isBarred: boolean;
  /** The sign-in showed a second factor. */
  hasMfa: boolean;
}

/** SQL: the names of the permissions that roles grant, each once. */
const permissionsOf = (roles: string) => `(
  select coalesce(json_agg(distinct p.name), '[]') from ${roles}
  join role_permissions rp on rp.tenant_id = held.tenant_id and rp.role_id = held.role_id
  join permissions p on p.tenant_id = rp.tenant_id and p.id = rp.permission_id`;

const SHOWN = shownForToken('$4::timestamptz');

const OF_USER = `
select ${permissionsOf('membership_roles held')}
    where held.tenant_id = $1 and held.membership_id = m.id) as permissions,
  ${isBarredSql({ organization: 'o', tenantId: '$1', userId: '$3', mfaAt: SHOWN })} as "isBarred",
  ${SHOWN} is not null as "hasMfa"
from memberships m
join users u on u.tenant_id = $1 and u.id = m.user_id and u.status = 'ACTIVE'
join organizations o on o.tenant_id = $1 and o.id = m.organization_id and o.status = 'ACTIVE'
left join sessions s on s.tenant_id = $1 and s.id = $5
where m.tenant_id = $1 and m.organization_id = $2 and m.user_id = $3`;

const OF_APPLICATION = `
select ${permissionsOf('organization_application_roles held')}
    where held.tenant_id = $1 and held.organization_application_id = oa.id) as permissions,
  false as "isBarred", false as "hasMfa"
from organization_applications oa
join applications a on a.tenant_id = $1 and a.id = oa.application_id and a.status = 'ENABLED'
join organizations o on o.tenant_id = $1 and o.id = oa.organization_id and o.status = 'ACTIVE'
where oa.tenant_id = $1 and oa.organization_id = $2 and oa.application_id = $3`;

const ADMINISTERS = `select 1 from applications
  where tenant_id = $1 and id = $2 and status = 'ENABLED' and is_tenant_administrator`;

/** When and where a person signed in, as far as it matters for second factors. */
export interface SignInFacts {
  /** When the sign-in showed a second factor, as the token says. The session, while it is there, knows better. */
  mfaAt: Date | null;
  sessionId: string | null;
}

/** What a person may do in an organization; null when they are no active member of an active one. */
export async function findUserRights(
  database: Database,
  tenantId: string,
  organizationId: string,
  userId: string,
  { mfaAt, sessionId }: SignInFacts,
): Promise<OrganizationRights | null> {
  const values = [tenantId, organizationId, userId, mfaAt, sessionId];
  const [rights] = await database.read<OrganizationRights>(tenantId, OF_USER, values);
  return rights ?? null;
}

/** What an application may do for itself in an organization; null when it is not in it. */
export async function findApplicationRights(
  database: Database,
  tenantId: string,
  organizationId: string,
  applicationId: string,
): Promise<OrganizationRights | null> {
  const values = [tenantId, organizationId, applicationId];
  const [rights] = await database.read<OrganizationRights>(tenantId, OF_APPLICATION, values);
  return rights ?? null;
}

/** Whether an application administers the tenant. */
export async function administersTenant(database: Database, tenantId: string, applicationId: string): Promise<boolean> {
  const rows = await database.read(tenantId, ADMINISTERS, [tenantId, applicationId]);
  return rows.length > 0;
}
