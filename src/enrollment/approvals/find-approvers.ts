import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';
import { BuiltInRole, UserStatus } from '../../entities/enums.js';
import type { Approvers } from '../machine/state.js';

/** An approver, and who acts for them at this moment. */
export interface FoundApprover {
  userId: string;
  delegateIds: string[];
}

/** SQL: the approvers of a kind ($2), with a role ($3), in an organization ($4; null: in any), at an instant ($5). */
export const APPROVERS = `
with holders as (
  select distinct m.user_id, m.organization_id from memberships m
  join users u on u.tenant_id = $1 and u.id = m.user_id and u.status = '${UserStatus.ACTIVE}'
  join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
  join roles r on r.tenant_id = $1 and r.id = mr.role_id
  where m.tenant_id = $1 and ($4::uuid is null or m.organization_id = $4)
    and case when $2::text = 'ROLE' then r.id = $3::uuid
      else r.is_built_in and r.name = '${BuiltInRole.ADMINISTRATOR}' end
)
select h.user_id as "userId", coalesce(json_agg(distinct d.delegate_user_id)
  filter (where delegate.id is not null), '[]') as "delegateIds"
from holders h
left join approver_delegations d on d.tenant_id = $1 and d.user_id = h.user_id
  and d.starts_at <= $5::timestamptz and d.ends_at > $5::timestamptz
  and (d.organization_id is null or d.organization_id = h.organization_id)
left join users delegate on delegate.tenant_id = $1 and delegate.id = d.delegate_user_id
  and delegate.status = '${UserStatus.ACTIVE}'
group by h.user_id`;

/**
 * Who approves at this moment, each with those who act for them. Administrators of the tenant are not among them: they
 * may decide where no role is named, but nobody waits for them.
 */
export function findApprovers(
  manager: EntityManager,
  tenantId: string,
  { kind, roleId, organizationId }: Approvers,
  at: Date,
): Promise<FoundApprover[]> {
  return runSql(manager, `${APPROVERS} order by h.user_id`, [tenantId, kind, roleId, organizationId, at]);
}
