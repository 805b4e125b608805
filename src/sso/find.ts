import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import type { SignInClaims } from './claims.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { type Found, readIdentifier } from './decide.js';

export type FoundForLink = Found & { identityId: string | null };

const USER_COLUMNS = `
  'id', u.id, 'status', u.status, 'email', u.email, 'emailNormalized', u.email_normalized,
  'isEmailVerified', u.is_email_verified, 'hasEmailConflict', u.has_email_conflict,
  'givenName', u.given_name, 'familyName', u.family_name`;

// Under row-level security a condition that holds a subquery uses no index: what is looked up is joined.
const FIND = `
with linked as (
  select u.*, i.id as identity_id, i.is_jit_due
  from identities i join users u on u.tenant_id = i.tenant_id and u.id = i.user_id
  where i.tenant_id = $1 and i.connection_id = $2 and i.issuer = $3 and i.subject = $4
), by_email as (
  select u.* from users u where u.tenant_id = $1 and u.email_normalized = $5
), claimed as (
  select o.id, o.status, o.name_status
  from organization_identifiers x join organizations o on o.tenant_id = x.tenant_id and o.id = x.organization_id
  where x.tenant_id = $1 and x.scheme = $6 and x.value = $7
), person as (
  select id from linked union all select id from by_email where not exists (select 1 from linked)
)
select
  (select identity_id from linked) as "identityId",
  (select is_jit_due from linked) as "isJitDue",
  (select jsonb_build_object(${USER_COLUMNS}) from linked u) as "linkedUser",
  (select jsonb_build_object(${USER_COLUMNS}, 'holdsIssuer', exists (
     select 1 from identities i where i.tenant_id = $1 and i.user_id = u.id and i.issuer = $3
   )) from by_email u) as "emailUser",
  (select jsonb_build_object('id', id, 'status', status, 'nameStatus', name_status) from claimed) as "organization",
  (select coalesce(jsonb_agg(jsonb_build_object(
      'id', m.id, 'organizationId', m.organization_id, 'isOfConnection', m.source = 'SSO' and m.connection_id = $2,
      'isSoleAdministrator', exists (
        select 1 from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
        where mr.tenant_id = $1 and mr.membership_id = m.id and r.name = 'administrator'
      ) and not exists (
        select 1 from memberships om
        join membership_roles mr on mr.tenant_id = om.tenant_id and mr.membership_id = om.id
        join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
        join users ou on ou.tenant_id = om.tenant_id and ou.id = om.user_id
        where om.tenant_id = $1 and om.organization_id = m.organization_id and om.id <> m.id
          and r.name = 'administrator' and ou.status = 'ACTIVE'
      )) order by m.id), '[]')
   from person
   join memberships m on m.tenant_id = $1 and m.user_id = person.id
   left join claimed on claimed.id = m.organization_id
   where (m.source = 'SSO' and m.connection_id = $2) or claimed.id is not null) as "memberships"`;

/** Everything that the decision needs, in one statement. */
export async function findForLink(
  manager: EntityManager,
  tenantId: string,
  connection: ConnectionSettings,
  claims: SignInClaims,
): Promise<FoundForLink> {
  const identifier = readIdentifier(connection.organizationScheme, claims.organizationIdentifier);
  const [found] = await runSql<FoundForLink>(manager, FIND, [
    tenantId,
    connection.id,
    claims.issuer,
    claims.subject,
    claims.email?.normalized ?? null,
    connection.organizationScheme,
    typeof identifier === 'object' ? identifier.value : null,
  ]);
  return found!;
}
