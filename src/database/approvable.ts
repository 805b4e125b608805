import type { EntityManager } from '@mikro-orm/postgresql';
import { ApproverKind, BuiltInRole } from '../entities/enums.js';
import type { Database } from './database.js';
import { runSql } from './transact.js';

/** A person as an approver: in which organizations they count, which a missing second factor may narrow. */
export interface Decider {
  userId: string;
  isTenantAdministrator: boolean;
  organizationIds: readonly string[];
}

/** What {@link placesSql} and {@link standsInSql} take, in the order of their parameters. */
export const deciderValues = ({ userId, organizationIds, isTenantAdministrator }: Decider, now: Date): unknown[] => [
  userId,
  organizationIds,
  isTenantAdministrator,
  now,
];

const ROLES = `join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
    join roles r on r.tenant_id = $1 and r.id = mr.role_id`;
const HELD = `m.organization_id, r.id as role_id, r.is_built_in and r.name = '${BuiltInRole.ADMINISTRATOR}' as administers`;

/**
 * SQL: the places (`approver_place` of petitions) for which this person decides, each once, with whom they stand in for
 * there; null where they decide for themselves. `first` is the number of the first of the four parameters of
 * {@link deciderValues}; the tenant is the first of all. Chains are not followed: who stands in for somebody does so for
 * what that person holds, not for whom they stand in for. An organization that asks for a second factor lets in nobody
 * but its members who have one, be it as a delegate.
 */
export function placesSql(first: number): string {
  const [user, organizations, , now] = [0, 1, 2, 3].map((index) => `$${first + index}`);
  return `
  select held.place, case when bool_or(h.absent is null) then null else array_agg(distinct h.absent) end as absentees
  from (
    select ${HELD}, null::uuid as absent from memberships m ${ROLES}
    where m.tenant_id = $1 and m.user_id = ${user}::uuid and m.organization_id = any(${organizations}::uuid[])
    union all
    select ${HELD}, d.user_id from approver_delegations d
    join users absent on absent.tenant_id = $1 and absent.id = d.user_id and absent.status = 'ACTIVE'
    join memberships m on m.tenant_id = $1 and m.user_id = d.user_id
    join organizations o on o.tenant_id = $1 and o.id = m.organization_id ${ROLES}
    where d.tenant_id = $1 and d.delegate_user_id = ${user}::uuid
      and d.starts_at <= ${now}::timestamptz and d.ends_at > ${now}::timestamptz
      and (d.organization_id is null or d.organization_id = m.organization_id)
      and (not o.is_mfa_required or m.organization_id = any(${organizations}::uuid[]))
  ) h
  cross join lateral (
    select '${ApproverKind.ROLE}:' || h.role_id || ':' || h.organization_id as place
    union all select '${ApproverKind.ROLE}:' || h.role_id || ':'
    union all select '${ApproverKind.ORGANIZATION_ADMINISTRATORS}::' || h.organization_id where h.administers
    union all select '${ApproverKind.ANY_ADMINISTRATOR}::' where h.administers
  ) held
  group by held.place`;
}

/** SQL: whether the flow of the petition `p` lets people decide on their own. For rare rows: it reads the settings. */
export const ALLOWS_OWN = `(select (v.settings ->> 'allowsOwnApproval')::boolean from enrollment_flow_versions v
    where v.tenant_id = p.tenant_id and v.id = p.flow_version_id)`;

/**
 * SQL: whether somebody who decides at `place` may do so about the petition `p`: who stands in for others does not decide
 * on their own petitions for them, unless the flow allows that.
 */
export const standsInSql = (place: string): string => `(${place}.absentees is null
    or exists (select 1 from unnest(${place}.absentees) as away(id)
      where away.id is distinct from p.petitioner_user_id and away.id is distinct from p.enrollee_user_id)
    or ${ALLOWS_OWN})`;

const APPROVABLE = `with places as materialized (${placesSql(3)})
  select p.id from petitions p left join places on places.place = p.approver_place
  where p.tenant_id = $1 and p.id = any($2::uuid[]) and p.approver_kind is not null
    and (($5::boolean and p.approver_kind <> '${ApproverKind.ROLE}')
      or (places.place is not null and ${standsInSql('places')}))`;

/**
 * Of these petitions, those that this person may decide on, whatever their status: as an approver, or for one who is
 * away. An administrator of the tenant may where the flow names no role. One statement.
 */
export async function findApprovable(
  from: Database | EntityManager,
  tenantId: string,
  decider: Decider,
  petitionIds: readonly string[],
  now: Date,
): Promise<Set<string>> {
  const values = [tenantId, petitionIds, ...deciderValues(decider, now)];
  const rows =
    'read' in from
      ? await from.read<{ id: string }>(tenantId, APPROVABLE, values)
      : await runSql<{ id: string }>(from, APPROVABLE, values);
  return new Set(rows.map(({ id }) => id));
}
