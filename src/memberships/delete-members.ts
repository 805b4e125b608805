import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { rotateSessionsSql } from '../database/rotate-sessions.js';
import { runSql } from '../database/transact.js';
import type { MembershipSource } from '../entities/enums.js';
import type { FactOf } from '../events/catalogue.js';

interface DeletedMember {
  id: string;
  organizationId: string;
  userId: string;
  source: MembershipSource;
  roles: string[];
}

const DELETE = `
with gone as (
  delete from memberships where tenant_id = $1 and id = any($2::uuid[])
  returning id, organization_id, user_id, source
), rotated as (
  ${rotateSessionsSql('select user_id from gone', '$3')}
)
select g.id, g.organization_id as "organizationId", g.user_id as "userId", g.source,
  (select coalesce(json_agg(r.name order by r.name), '[]') from membership_roles mr
   join roles r on r.tenant_id = $1 and r.id = mr.role_id
   where mr.tenant_id = $1 and mr.membership_id = g.id) as roles
from gone g order by g.id`;

/**
 * Ends memberships, with their roles, by one statement, and gives what the events say of it. Their users' cookies are
 * replaced at the next request. The caller holds the organizations' locks and calls `settleAdministrators` for them
 * afterwards.
 */
export async function deleteMembers(
  manager: EntityManager,
  { tenantId, at }: Writer,
  membershipIds: readonly string[],
): Promise<FactOf<'membership.removed'>[]> {
  if (!membershipIds.length) return [];
  const gone = await runSql<DeletedMember>(manager, DELETE, [tenantId, membershipIds, at]);
  return gone.map(({ id, organizationId, userId, source, roles }) => ({
    type: 'membership.removed',
    organizationId,
    userId,
    objectId: id,
    before: { organizationId: toGlobalId('Organization', organizationId), source, roles },
  }));
}
