import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import { rotateSessionsSql } from '../database/rotate-sessions.js';
import { runSql } from '../database/transact.js';
import { BuiltInRole, type MembershipSource } from '../entities/enums.js';
import type { FactOf } from '../events/catalogue.js';

/** A role of a membership. */
export interface HeldRole {
  membershipId: string;
  roleId: string;
}

interface ChangedMember {
  membershipId: string;
  organizationId: string;
  userId: string;
  before: string[];
  granted: string[];
  revoked: string[];
}

const CHANGE = `
with grants as (
  select * from jsonb_to_recordset($2::jsonb) as g("membershipId" uuid, "roleId" uuid)
), revokes as (
  select * from jsonb_to_recordset($3::jsonb) as v("membershipId" uuid, "roleId" uuid)
), granted as (
  insert into membership_roles
    (id, tenant_id, membership_id, role_id, granted_at, granted_by_user_id, granted_by_application_id, source)
  select gen_random_uuid(), $1, "membershipId", "roleId", $4, $5, $6, $7 from grants
  on conflict (tenant_id, membership_id, role_id) do nothing
  returning membership_id, role_id
), revoked as (
  delete from membership_roles mr using revokes v
  where mr.tenant_id = $1 and mr.membership_id = v."membershipId" and mr.role_id = v."roleId"
  returning mr.membership_id, mr.role_id
), held as (
  select mr.membership_id, mr.role_id, 'before' as at from membership_roles mr
  where mr.tenant_id = $1
    and mr.membership_id in (select membership_id from granted union select membership_id from revoked)
  union all select membership_id, role_id, 'granted' from granted
  union all select membership_id, role_id, 'revoked' from revoked
), rotated as (
  ${rotateSessionsSql(
    `select m.user_id from (select membership_id from granted union select membership_id from revoked) c
     join memberships m on m.tenant_id = $1 and m.id = c.membership_id`,
    '$4',
  )}
)
select m.id as "membershipId", m.organization_id as "organizationId", m.user_id as "userId",
  coalesce(json_agg(r.name order by r.name) filter (where h.at = 'before'), '[]') as before,
  coalesce(json_agg(r.name) filter (where h.at = 'granted'), '[]') as granted,
  coalesce(json_agg(r.name) filter (where h.at = 'revoked'), '[]') as revoked
from held h
join roles r on r.tenant_id = $1 and r.id = h.role_id
join memberships m on m.tenant_id = $1 and m.id = h.membership_id
group by 1, 2, 3 order by 1`;

/**
 * Gives roles to memberships and takes roles from them, by one statement however many they are, and gives what the
 * events say of it: one for each membership whose roles are others now. Their users' cookies are replaced at the next
 * request. `organizationIds` are those where somebody became or ceased to be an administrator: the caller, who holds
 * the organizations' locks, calls `settleAdministrators` for them. The database refuses a role that is for
 * applications, and one of another organization.
 */
export async function changeRoles(
  manager: EntityManager,
  { tenantId, at, actor }: Writer,
  changes: { grants?: readonly HeldRole[]; revokes?: readonly HeldRole[]; source: MembershipSource },
): Promise<{ facts: FactOf<'membership.roles_changed'>[]; organizationIds: string[] }> {
  const { grants = [], revokes = [], source } = changes;
  if (!grants.length && !revokes.length) return { facts: [], organizationIds: [] };
  const changed = await runSql<ChangedMember>(manager, CHANGE, [
    tenantId,
    JSON.stringify(grants),
    JSON.stringify(revokes),
    at,
    actor.userId,
    actor.applicationId ?? null,
    source,
  ]);
  const touchesAdministrator = ({ granted, revoked }: ChangedMember) =>
    [...granted, ...revoked].includes(BuiltInRole.ADMINISTRATOR);
  return {
    facts: changed.map(({ membershipId, organizationId, userId, before, granted, revoked }) => ({
      type: 'membership.roles_changed',
      organizationId,
      userId,
      objectId: membershipId,
      before: { roles: before },
      after: { roles: [...before.filter((name) => !revoked.includes(name)), ...granted].sort() },
    })),
    organizationIds: [...new Set(changed.filter(touchesAdministrator).map(({ organizationId }) => organizationId))],
  };
}
