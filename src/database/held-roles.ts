/** A role that somebody holds, and where. Ids are uuids. */
export interface HeldRole {
  organizationUuid: string;
  uuid: string;
  name: string;
}

/** The roles of these users ($2) of the tenant ($1), each with its holder. */
export const HELD_BY_USERS = `
select m.user_id as holder, m.organization_id as "organizationUuid", r.id as uuid, r.name
from memberships m
join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
join roles r on r.tenant_id = $1 and r.id = mr.role_id
where m.tenant_id = $1 and m.user_id = any($2::uuid[])`;

/** The roles of these applications ($2) of the tenant ($1), each with its holder. */
export const HELD_BY_APPLICATIONS = `
select oa.application_id as holder, oa.organization_id as "organizationUuid", r.id as uuid, r.name
from organization_applications oa
join organization_application_roles ar on ar.tenant_id = $1 and ar.organization_application_id = oa.id
join roles r on r.tenant_id = $1 and r.id = ar.role_id
where oa.tenant_id = $1 and oa.application_id = any($2::uuid[])`;
