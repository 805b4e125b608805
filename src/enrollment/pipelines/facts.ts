import { EmailAddress } from '../../entities/email-address.js';
import { AttributeTarget, type OrganizationStatus } from '../../entities/enums.js';
import type { PersonIdentifier } from '../../entities/person-record.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import { textsOf, valueOf } from './give-values.js';
import type { AskedRecord } from './plan.js';
import { createWorld, type PipelinePerson, type PipelineWorld } from './world.js';

/** Runs a statement, in or outside a transaction. */
export type Read = <Row>(text: string, values: unknown[]) => Promise<Row[]>;

const FIND = `
select u.id from users u where u.tenant_id = $1 and u.id = any($2::uuid[])
union select u.id from unnest($3::text[]) as a(address)
join users u on u.tenant_id = $1 and u.email_normalized = a.address
union select i.user_id from jsonb_to_recordset($4::jsonb) as w(type text, value text)
join user_identifiers i on i.tenant_id = $1 and i.type = w.type and i.value = w.value`;

const LOCK_USERS = 'select id from users where tenant_id = $1 and id = any($2::uuid[]) order by id for no key update';

const ORGANIZATIONS = 'select id, status from organizations where tenant_id = $1 and id = any($2::uuid[]) order by id';

const ROLES = `select id from roles
  where tenant_id = $1 and id = any($2::uuid[]) and (organization_id is null or organization_id = $3) and kind = 'USER'
  order by id`;

const PEOPLE = `
select u.id as "userId", false as "isNew", u.is_tenant_administrator as "isTenantAdministrator", u.status, u.email,
  u.email_normalized as "emailNormalized", u.is_email_verified as "isEmailVerified", u.given_name as "givenName",
  u.family_name as "familyName", u.attributes, coalesce(i.all, '[]') as identifiers, coalesce(m.all, '{}') as memberships,
  coalesce(r.all, '[]') as records
from users u
left join (
  select user_id, json_agg(json_build_object('type', type, 'value', value) order by type, value) as all
  from user_identifiers where tenant_id = $1 and user_id = any($2::uuid[]) group by user_id
) i on i.user_id = u.id
left join (
  select m.user_id, json_object_agg(m.organization_id, json_build_object('id', m.id, 'source', m.source,
    'attributes', m.attributes, 'roles', coalesce(h.all, '[]'))) as all
  from memberships m
  left join lateral (
    select json_agg(json_build_object('roleId', mr.role_id, 'source', mr.source) order by mr.role_id) as all
    from membership_roles mr where mr.tenant_id = $1 and mr.membership_id = m.id
  ) h on true
  where m.tenant_id = $1 and m.user_id = any($2::uuid[]) and m.organization_id = any($3::uuid[]) group by m.user_id
) m on m.user_id = u.id
left join (
  select user_id, json_agg(json_build_object('id', id, 'applied', applied) order by id) as all
  from source_records where tenant_id = $1 and user_id = any($2::uuid[]) and status = 'SYNCED' group by user_id
) r on r.user_id = u.id
where u.tenant_id = $1 and u.id = any($2::uuid[]) order by u.id`;

/**
 * Reads all that decides what becomes of these records, by a number of statements that does not depend on theirs. With
 * `locks`, users, organizations and roles are locked before, in the order of `transact`.
 */
export async function readWorld(
  read: Read,
  tenantId: string,
  settings: PipelineSettings | null,
  asked: readonly AskedRecord[],
  locks: boolean,
): Promise<PipelineWorld> {
  const userIds = await findUsers(read, tenantId, settings, asked);
  if (locks && userIds.length) await read(LOCK_USERS, [tenantId, userIds]);
  const organizationIds = [
    ...new Set([
      ...[settings?.organizationId, settings?.replacesOrganizationId].filter((id) => typeof id === 'string'),
      ...asked.flatMap(({ applied }) => Object.keys(applied.memberships ?? {})),
    ]),
  ];
  const organizations = organizationIds.length
    ? await read<{ id: string; status: OrganizationStatus }>(
        locks ? `${ORGANIZATIONS} for no key update` : ORGANIZATIONS,
        [tenantId, organizationIds],
      )
    : [];
  const roles = await readRoles(read, tenantId, settings, locks);
  const people = userIds.length ? await read<PipelinePerson>(PEOPLE, [tenantId, userIds, organizationIds]) : [];
  const isActive = organizations.map(({ id, status }) => [id, status === 'ACTIVE'] as const);
  return createWorld(people, new Map(isActive), roles);
}

async function findUsers(
  read: Read,
  tenantId: string,
  settings: PipelineSettings | null,
  asked: readonly AskedRecord[],
): Promise<string[]> {
  const ids = asked.flatMap(({ userId, chosenUserId }) => [userId, chosenUserId]).filter((id) => id !== null);
  const addresses = settings
    ? asked.flatMap(({ record }) => record?.emails.map(({ address }) => EmailAddress.parse(address)?.normalized) ?? [])
    : [];
  const identifiers = settings ? asked.flatMap((record) => identifiersOf(settings, record)) : [];
  if (!ids.length && !addresses.length && !identifiers.length) return [];
  const rows = await read<{ id: string }>(FIND, [
    tenantId,
    [...new Set(ids)],
    [...new Set(addresses.filter((address) => address !== undefined))],
    JSON.stringify(identifiers),
  ]);
  return rows.map(({ id }) => id).sort();
}

/** The identifiers by which somebody may be found, or which the record may give. */
function identifiersOf(settings: PipelineSettings, { record, reference }: AskedRecord): PersonIdentifier[] {
  const types = new Set([...settings.copiedIdentifierTypes, settings.matchIdentifierType]);
  const mapped = settings.attributes.filter(({ target }) => target === AttributeTarget.USER_IDENTIFIER);
  return [
    ...(record?.identifiers.filter(({ type }) => types.has(type)) ?? []),
    ...mapped.flatMap(({ from, targetName: type }) =>
      record ? textsOf(valueOf(record, from)).map((value) => ({ type, value })) : [],
    ),
    ...(reference && 'identifier' in reference ? [reference.identifier] : []),
  ];
}

async function readRoles(
  read: Read,
  tenantId: string,
  settings: PipelineSettings | null,
  locks: boolean,
): Promise<string[]> {
  if (!settings?.organizationId) return [];
  const ids = [...settings.roleIds, ...settings.affiliationRoles.map(({ roleId }) => roleId)];
  if (!ids.length) return [];
  const rows = await read<{ id: string }>(locks ? `${ROLES} for key share` : ROLES, [
    tenantId,
    ids,
    settings.organizationId,
  ]);
  return rows.map(({ id }) => id);
}
