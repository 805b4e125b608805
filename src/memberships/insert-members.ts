import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../actor.js';
import type { Actor } from '../context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { rotateSessionsSql } from '../database/rotate-sessions.js';
import { runSql } from '../database/transact.js';
import type { MembershipSource } from '../entities/enums.js';
import type { FactOf } from '../events/catalogue.js';

/** Who is to be a member of what, how that came, and with which roles there. */
export interface NewMembers {
  pairs: readonly { organizationId: string; userId: string }[];
  source: MembershipSource;
  /** Of the sources SSO, JIT_CONNECTION and SCIM: through which connection. */
  connection?: { id: string; slug: string } | null;
  /** Of source INVITATION: who invited. Of source ADMIN, it is who acts. */
  addedBy?: Pick<Actor, 'userId' | 'applicationId'>;
  /** Each given to every one who joins its organization. */
  roles: readonly { organizationId: string; roleId: string }[];
}

export interface AddedMember {
  membershipId: string;
  organizationId: string;
  userId: string;
  /** The names of the roles. */
  roles: string[];
}

const INSERT = `
with wanted as (
  select w.id, w."organizationId", w."userId"
  from jsonb_to_recordset($2::jsonb) as w(id uuid, "organizationId" uuid, "userId" uuid)
), joined as (
  insert into memberships
    (id, tenant_id, organization_id, user_id, source, connection_id, joined_at, added_by_user_id, added_by_application_id)
  select w.id, $1, w."organizationId", w."userId", $4, $5, $6, $7, $8 from wanted w order by w.id
  on conflict (tenant_id, organization_id, user_id) do nothing
  returning id, organization_id, user_id
), granted as (
  insert into membership_roles
    (id, tenant_id, membership_id, role_id, granted_at, granted_by_user_id, granted_by_application_id, source)
  select gen_random_uuid(), $1, j.id, r."roleId", $6, $7, $8, $4
  from joined j
  join jsonb_to_recordset($3::jsonb) as r("organizationId" uuid, "roleId" uuid) on r."organizationId" = j.organization_id
  returning membership_id, role_id
), rotated as (
  ${rotateSessionsSql('select user_id from joined', '$6')}
)
select j.id as "membershipId", j.organization_id as "organizationId", j.user_id as "userId",
  coalesce(json_agg(r.name order by r.name) filter (where r.id is not null), '[]') as roles
from joined j
left join granted g on g.membership_id = j.id
left join roles r on r.tenant_id = $1 and r.id = g.role_id
group by 1, 2, 3 order by 1`;

/**
 * Makes members, by one statement however many they are, and gives those who were none before; present members stay as
 * they are, roles included. New members' cookies are replaced at the next request. The caller holds the locks of
 * `transact`'s order and writes the events ({@link addedFacts}). The database refuses a role that is for applications,
 * and one of another organization.
 */
export async function insertMembers(
  manager: EntityManager,
  { tenantId, at, actor }: Writer,
  { pairs, source, connection, addedBy, roles }: NewMembers,
): Promise<AddedMember[]> {
  if (!pairs.length) return [];
  const by = source === 'ADMIN' ? actor : addedBy;
  return runSql<AddedMember>(manager, INSERT, [
    tenantId,
    JSON.stringify(pairs.map(({ organizationId, userId }) => ({ id: v7(), organizationId, userId }))),
    JSON.stringify(roles),
    source,
    connection?.id ?? null,
    at,
    by?.userId ?? null,
    by?.applicationId ?? null,
  ]);
}

/** What the events of new members say. */
export function addedFacts(
  added: readonly AddedMember[],
  { source, connection }: Pick<NewMembers, 'source' | 'connection'>,
): FactOf<'membership.added'>[] {
  return added.map(({ membershipId, organizationId, userId, roles }) => ({
    type: 'membership.added',
    organizationId,
    userId,
    objectId: membershipId,
    after: {
      organizationId: toGlobalId('Organization', organizationId),
      source,
      connection: connection?.slug ?? null,
      roles,
    },
  }));
}
