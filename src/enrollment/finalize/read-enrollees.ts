import type { UserStatus } from '../../entities/enums.js';
import type { Identifier } from '../identifiers/assign.js';
import type { EnrolledPerson } from './plan-changes.js';

/** Somebody who is known, with the membership that the petition is about. Ids are uuids. */
export interface FoundEnrollee extends EnrolledPerson {
  userId: string;
  isTenantAdministrator: boolean;
  version: number;
  membership: { id: string; attributes: Record<string, unknown>; roleIds: string[] } | null;
}

interface Row extends Omit<FoundEnrollee, 'membership'> {
  key: string;
  status: UserStatus;
  identifiers: Identifier[];
  membershipId: string | null;
  membershipAttributes: Record<string, unknown> | null;
  roleIds: string[];
}

const READ = `
select w.key, u.id as "userId", u.status, u.email, u.email_normalized as "emailNormalized",
  u.is_email_verified as "isEmailVerified", u.given_name as "givenName", u.family_name as "familyName", u.attributes,
  u.is_tenant_administrator as "isTenantAdministrator", u.version,
  (select coalesce(json_agg(json_build_object('type', i.type, 'value', i.value) order by i.type, i.value), '[]')
   from user_identifiers i where i.tenant_id = $1 and i.user_id = u.id) as identifiers,
  m.id as "membershipId", m.attributes as "membershipAttributes",
  (select coalesce(json_agg(mr.role_id order by mr.id), '[]') from membership_roles mr
   where mr.tenant_id = $1 and mr.membership_id = m.id) as "roleIds"
from jsonb_to_recordset($2::jsonb) as w(key text, "userId" uuid, "organizationId" uuid)
join users u on u.tenant_id = $1 and u.id = w."userId"
left join memberships m on m.tenant_id = $1 and m.user_id = u.id and m.organization_id = w."organizationId"`;

/** Whom petitions are about, each under a key of the caller's. */
export interface AskedEnrollee {
  key: string;
  userId: string;
  organizationId: string | null;
}

/** Reads what petitions may change of people: by one statement, which `read` runs in or outside a transaction. */
export async function readEnrollees(
  read: (text: string, values: unknown[]) => Promise<unknown[]>,
  tenantId: string,
  asked: readonly AskedEnrollee[],
): Promise<Map<string, FoundEnrollee>> {
  const rows = (await read(READ, [tenantId, JSON.stringify(asked)])) as Row[];
  return new Map(
    rows.map(({ key, membershipId, membershipAttributes, roleIds, ...user }) => {
      const membership = membershipId && { id: membershipId, attributes: membershipAttributes ?? {}, roleIds };
      return [key, { ...user, membership: membership || null }];
    }),
  );
}
