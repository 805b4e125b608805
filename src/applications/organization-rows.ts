import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../actor.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { runSql } from '../database/transact.js';
import type { FactOf } from '../events/catalogue.js';

/*
 * What is written about applications in organizations: each one statement, however many applications and roles. The
 * caller holds the lock of the organization, or of the application.
 */

/** An application in an organization, and the names of its roles there. */
interface Row {
  id: string;
  organizationId: string;
  applicationId: string;
  roles: string[];
}

/** What changed, by application, and what the events say of it. */
export interface Changed<Type extends 'added' | 'removed' | 'roles_changed'> {
  applicationIds: string[];
  facts: FactOf<`organization.application_${Type}`>[];
}

const INSERT = `
with added as (
  insert into organization_applications
    (id, tenant_id, organization_id, application_id, added_at, added_by_user_id, added_by_application_id)
  select w.id, $1, $2, w."applicationId", $5, $6, $7
  from jsonb_to_recordset($3::jsonb) as w(id uuid, "applicationId" uuid) order by w.id
  on conflict (tenant_id, organization_id, application_id) do nothing
  returning id, application_id
), granted as (
  insert into organization_application_roles
    (id, tenant_id, organization_application_id, role_id, granted_at, granted_by_user_id, granted_by_application_id)
  select gen_random_uuid(), $1, a.id, r.id, $5, $6, $7 from added a cross join unnest($4::uuid[]) as r(id)
  returning organization_application_id, role_id
)
select a.id, $2::uuid as "organizationId", a.application_id as "applicationId",
  coalesce(json_agg(r.name order by r.name) filter (where r.id is not null), '[]') as roles
from added a
left join granted g on g.organization_application_id = a.id
left join roles r on r.tenant_id = $1 and r.id = g.role_id
group by a.id, a.application_id order by a.id`;

/** Puts applications into an organization, with roles for those that were not there yet; the others stay as they are. */
export async function insertApplications(
  manager: EntityManager,
  { tenantId, at, actor }: Writer,
  organizationId: string,
  applicationIds: readonly string[],
  roleIds: readonly string[],
): Promise<Changed<'added'>> {
  if (!applicationIds.length) return { applicationIds: [], facts: [] };
  const rows = await runSql<Row>(manager, INSERT, [
    tenantId,
    organizationId,
    JSON.stringify(applicationIds.map((applicationId) => ({ id: v7(), applicationId }))),
    roleIds,
    at,
    actor.userId,
    actor.applicationId ?? null,
  ]);
  return {
    applicationIds: rows.map(({ applicationId }) => applicationId),
    facts: rows.map((row) => ({ type: 'organization.application_added', ...aboutRow(row), after: held(row) })),
  };
}

const REMOVE = (condition: string) => `
with gone as (
  delete from organization_applications where tenant_id = $1 and ${condition}
  returning id, organization_id, application_id
)
select g.id, g.organization_id as "organizationId", g.application_id as "applicationId",
  (select coalesce(json_agg(r.name order by r.name), '[]')
   from organization_application_roles ar join roles r on r.tenant_id = $1 and r.id = ar.role_id
   where ar.tenant_id = $1 and ar.organization_application_id = g.id) as roles
from gone g order by g.id`;

const REMOVE_FROM_ORGANIZATION = REMOVE('organization_id = $2 and application_id = any($3::uuid[])');
const REMOVE_EVERYWHERE = REMOVE('application_id = $2');

/** Takes applications from an organization, or one from all that it is in. Those that are not there are no fault. */
export async function removeApplications(
  manager: EntityManager,
  { tenantId }: Writer,
  which: { organizationId: string; applicationIds: readonly string[] } | { applicationId: string },
): Promise<Changed<'removed'>> {
  const rows =
    'applicationId' in which
      ? await runSql<Row>(manager, REMOVE_EVERYWHERE, [tenantId, which.applicationId])
      : await runSql<Row>(manager, REMOVE_FROM_ORGANIZATION, [tenantId, which.organizationId, which.applicationIds]);
  return {
    applicationIds: rows.map(({ applicationId }) => applicationId),
    facts: rows.map((row) => ({ type: 'organization.application_removed', ...aboutRow(row), before: held(row) })),
  };
}

const CHANGE = `
with changed as (
  select id, application_id from organization_applications
  where tenant_id = $1 and organization_id = $2 and application_id = any($3::uuid[])
), held as (
  select ar.organization_application_id, ar.role_id
  from organization_application_roles ar join changed c on c.id = ar.organization_application_id
  where ar.tenant_id = $1
), granted as (
  insert into organization_application_roles
    (id, tenant_id, organization_application_id, role_id, granted_at, granted_by_user_id, granted_by_application_id)
  select gen_random_uuid(), $1, c.id, r.id, $6, $7, $8 from changed c cross join unnest($4::uuid[]) as r(id)
  on conflict (tenant_id, organization_application_id, role_id) do nothing
  returning organization_application_id, role_id
), revoked as (
  delete from organization_application_roles ar using changed c
  where ar.tenant_id = $1 and ar.organization_application_id = c.id
    and case when $5::uuid[] is null then ar.role_id <> all($4::uuid[]) else ar.role_id = any($5::uuid[]) end
  returning ar.organization_application_id, ar.role_id
), told as (
  select h.*, case when v.role_id is null then 'kept' else 'revoked' end as what
  from held h left join revoked v using (organization_application_id, role_id)
  union all select g.*, 'granted' from granted g
)
select c.id, $2::uuid as "organizationId", c.application_id as "applicationId",
  coalesce(json_agg(r.name order by r.name) filter (where t.what <> 'granted'), '[]') as before,
  coalesce(json_agg(r.name order by r.name) filter (where t.what <> 'revoked'), '[]') as after
from told t
join changed c on c.id = t.organization_application_id
join roles r on r.tenant_id = $1 and r.id = t.role_id
group by c.id, c.application_id
having bool_or(t.what <> 'kept') order by c.id`;

/**
 * Gives applications of an organization roles and takes roles from them; `revoked` null takes all that are not given.
 * The database refuses a role that is for users, and one of another organization.
 */
export async function changeApplicationRoles(
  manager: EntityManager,
  { tenantId, at, actor }: Writer,
  change: {
    organizationId: string;
    applicationIds: readonly string[];
    granted: readonly string[];
    revoked: readonly string[] | null;
  },
): Promise<Changed<'roles_changed'>> {
  const { organizationId, applicationIds, granted, revoked } = change;
  const rows = await runSql<Omit<Row, 'roles'> & Record<'before' | 'after', string[]>>(manager, CHANGE, [
    ...[tenantId, organizationId, applicationIds, granted, revoked],
    ...[at, actor.userId, actor.applicationId ?? null],
  ]);
  return {
    applicationIds: rows.map(({ applicationId }) => applicationId),
    facts: rows.map((row) => ({
      type: 'organization.application_roles_changed',
      ...aboutRow(row),
      before: held({ ...row, roles: row.before }),
      after: held({ ...row, roles: row.after }),
    })),
  };
}

function aboutRow({ id, organizationId }: Pick<Row, 'id' | 'organizationId'>) {
  return { organizationId, objectId: id };
}

function held({ applicationId, roles }: Pick<Row, 'applicationId' | 'roles'>) {
  return { applicationId: toGlobalId('Application', applicationId), roles };
}
