import { runSql } from '../database/transact.js';
import { BuiltInRole, MembershipSource, OrganizationStatus } from '../entities/enums.js';
import type { Fact } from '../events/catalogue.js';
import { findBuiltInRoles } from '../memberships/built-in-roles.js';
import { changeRoles, type HeldRole } from '../memberships/change-roles.js';
import { deleteMembers } from '../memberships/delete-members.js';
import { addedFacts, insertMembers } from '../memberships/insert-members.js';
import { settleAdministrators } from '../memberships/settle-administrators.js';
import type { Change } from './context.js';

/** A reason to be in an organization, and to have a role there: a mapped group of any directory of the tenant. */
interface Reason {
  userId: string;
  organizationId: string;
  /** Null: the mapping names no role, which gives `member`. */
  roleId: string | null;
  takesMembers: boolean;
}

/** Somebody who is deactivated has no reasons, unless the directory made the account: that is suspended as it is. */
const REASONS = `
select distinct s.user_id as "userId", x.organization_id as "organizationId", x.role_id as "roleId",
  o.status = '${OrganizationStatus.ACTIVE}' as "takesMembers"
from scim_users s
join scim_group_members gm on gm.tenant_id = $1 and gm.scim_user_id = s.id
join scim_group_mappings x on x.tenant_id = $1 and x.group_id = gm.group_id
join organizations o on o.tenant_id = $1 and o.id = x.organization_id
where s.tenant_id = $1 and s.user_id = any($2::uuid[]) and (s.is_active or s.is_provisioned)`;

interface Present {
  id: string;
  userId: string;
  organizationId: string;
  source: MembershipSource;
  roles: { id: string; source: MembershipSource | null }[];
}

const PRESENT = `
select m.id, m.user_id as "userId", m.organization_id as "organizationId", m.source,
  coalesce(json_agg(json_build_object('id', mr.role_id, 'source', mr.source)) filter (where mr.id is not null), '[]')
    as roles
from memberships m
left join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
where m.tenant_id = $1 and m.user_id = any($2::uuid[]) group by m.id`;

const key = ({ userId, organizationId }: { userId: string; organizationId: string }) => `${userId} ${organizationId}`;

/**
 * Brings the memberships of users up to the groups that they are in, by a constant number of statements, and gives the
 * facts to record. A directory takes back what came from directories alone: a membership whose last reason is gone, a
 * role that a mapping gave. Whom somebody else made a member stays one, and a role that somebody else gave stays.
 */
export async function followGroups(
  { manager, writer, tenantId, connection }: Change,
  userIds: readonly string[],
): Promise<Fact[]> {
  if (!userIds.length) return [];
  const values = [tenantId, [...new Set(userIds)]];
  await runSql(
    manager,
    'select id from users where tenant_id = $1 and id = any($2::uuid[]) order by id for no key update',
    values,
  );
  const wanted = await runSql<Reason>(manager, REASONS, values);
  const ids = await runSql<{ id: string }>(
    manager,
    `select o.id from organizations o where o.tenant_id = $1 and (o.id = any($3::uuid[]) or o.id in (
       select m.organization_id from memberships m where m.tenant_id = $1 and m.user_id = any($2::uuid[])
         and (m.source = '${MembershipSource.SCIM}' or exists (select 1 from membership_roles mr
           where mr.tenant_id = $1 and mr.membership_id = m.id and mr.source = '${MembershipSource.SCIM}'))))
     order by o.id for no key update`,
    [...values, [...new Set(wanted.map(({ organizationId }) => organizationId))]],
  );
  if (!ids.length) return [];
  const present = new Map((await runSql<Present>(manager, PRESENT, values)).map((one) => [key(one), one]));
  const reasons = Map.groupBy(wanted, key);

  const gone = [...present.values()].filter((one) => one.source === MembershipSource.SCIM && !reasons.has(key(one)));
  const removed = await deleteMembers(
    manager,
    writer,
    gone.map(({ id }) => id),
  );

  const { member } = await findBuiltInRoles(manager, tenantId);
  const joining = [...reasons].filter(([pair, [reason]]) => !present.has(pair) && reason!.takesMembers);
  const source = MembershipSource.SCIM;
  const added = await insertMembers(manager, writer, {
    pairs: joining.map(([, [reason]]) => reason!),
    source,
    connection,
    roles: [],
  });

  // One fact tells of a new member with the roles that the member begins with.
  const rolesOf = (pair: string) => new Set(reasons.get(pair)?.map(({ roleId }) => roleId ?? member));
  const grants: HeldRole[] = added.flatMap((one) =>
    [...rolesOf(key(one))].map((roleId) => ({ membershipId: one.membershipId, roleId })),
  );
  const revokes: HeldRole[] = [];
  for (const [pair, { id: membershipId, roles, source: by }] of present) {
    const given = rolesOf(pair);
    if (by === source && !given.size) continue;
    const held = new Set(roles.map(({ id }) => id));
    // Who is a member already needs no `member` for it.
    const mapped = reasons.get(pair)?.flatMap(({ roleId }) => roleId ?? (by === source ? member : [])) ?? [];
    grants.push(...[...new Set(mapped)].filter((id) => !held.has(id)).map((roleId) => ({ membershipId, roleId })));
    revokes.push(
      ...roles
        .filter(({ id, source: from }) => from === source && !given.has(id))
        .map(({ id: roleId }) => ({ membershipId, roleId })),
    );
  }
  const changed = await changeRoles(manager, writer, { grants, revokes, source });

  const names = new Map(changed.facts.map((fact) => [fact.objectId, fact.after.roles]));
  const isNew = new Set(added.map(({ membershipId }) => membershipId));
  return [
    ...removed,
    ...addedFacts(
      added.map((one) => ({ ...one, roles: names.get(one.membershipId) ?? [] })),
      { source, connection },
    ),
    ...changed.facts.filter(({ objectId }) => !isNew.has(objectId!)),
    ...(await settleAdministrators(manager, writer, [
      ...changed.organizationIds,
      ...removed
        .filter(({ before }) => before.roles.includes(BuiltInRole.ADMINISTRATOR))
        .map(({ organizationId }) => organizationId!),
    ])),
  ];
}
