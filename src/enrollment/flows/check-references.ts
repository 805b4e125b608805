import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';
import { BuiltInRole, RoleKind } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { enrolledInto } from './check-flow.js';
import { checkFoundSources } from './check-sources.js';
import { findFlowSources } from './find-sources.js';

interface FoundRole {
  id: string;
  name: string;
  kind: RoleKind;
  organizationId: string | null;
}

/**
 * NOT_FOUND for each organization, role and source that is not there, or cannot be used in this flow: roles are the
 * tenant's template's, or those of the organization where they count; who are given roles, approve or are told are
 * people; sources of an organization's flow are open to organizations. INVALID for sources that cannot do what they are
 * asked. What is found is not deleted until the transaction ends.
 */
export async function checkReferences(
  manager: EntityManager,
  tenantId: string,
  settings: FlowSettings,
  organizationId: string | null,
): Promise<Fault[]> {
  return [
    ...(await checkOrganizations(manager, tenantId, settings, organizationId)),
    ...(await checkRoles(manager, tenantId, settings, organizationId)),
    ...(await checkSources(manager, tenantId, settings, organizationId)),
  ];
}

async function checkOrganizations(
  manager: EntityManager,
  tenantId: string,
  { authorizationOrganizationId, organizationIds }: FlowSettings,
  organizationId: string | null,
): Promise<Fault[]> {
  const asked = [authorizationOrganizationId, ...organizationIds].filter((id) => id !== null);
  // A flow of an organization names no other: that is refused without looking, so that nobody learns what there is.
  if (!asked.length || organizationId) return [];
  const rows = await runSql<{ id: string }>(
    manager,
    'select id from organizations where tenant_id = $1 and id = any($2::uuid[]) order by id for key share',
    [tenantId, asked],
  );
  const known = new Set(rows.map(({ id }) => id));
  return [
    ...(authorizationOrganizationId && !known.has(authorizationOrganizationId)
      ? [notFound('organization', 'authorizationOrganizationId')]
      : []),
    ...organizationIds.flatMap((id, index) =>
      known.has(id) ? [] : [notFound('organization', 'organizationIds', String(index))],
    ),
  ];
}

async function checkRoles(
  manager: EntityManager,
  tenantId: string,
  settings: FlowSettings,
  organizationId: string | null,
): Promise<Fault[]> {
  const { roleIds, authorizationRoleId, approverRoleId, notificationRoleId } = settings;
  const asked = [...roleIds, authorizationRoleId, approverRoleId, notificationRoleId].filter((id) => id !== null);
  if (!asked.length) return [];
  const rows = await runSql<FoundRole>(
    manager,
    `select id, name, kind, organization_id as "organizationId" from roles
     where tenant_id = $1 and id = any($2::uuid[]) order by id for key share`,
    [tenantId, asked],
  );
  const known = new Map(rows.map((role) => [role.id, role]));
  const into = enrolledInto(settings, { organizationId });
  const isOfFlow = (role: FoundRole) => organizationId === null || [null, organizationId].includes(role.organizationId);
  const isEverywhere = (role: FoundRole) =>
    role.organizationId === null || into.every((target) => target === role.organizationId);
  const check = (id: string | null, suits: (role: FoundRole) => boolean, ...field: string[]): Fault[] => {
    if (id === null) return [];
    const role = known.get(id);
    return role && isOfFlow(role) && suits(role) ? [] : [notFound('role', ...field)];
  };
  const isForPeople = (role: FoundRole) => role.kind === RoleKind.USER && isEverywhere(role);
  return [
    ...roleIds.flatMap((id, index) => check(id, isForPeople, 'roleIds', String(index))),
    ...check(authorizationRoleId, () => true, 'authorizationRoleId'),
    ...check(approverRoleId, isForPeople, 'approverRoleId'),
    ...check(notificationRoleId, isForPeople, 'notificationRoleId'),
  ];
}

async function checkSources(
  manager: EntityManager,
  tenantId: string,
  settings: FlowSettings,
  organizationId: string | null,
): Promise<Fault[]> {
  const found = await findFlowSources(manager, tenantId, settings, organizationId);
  const { matchSourceId, sources } = settings;
  return [
    ...(matchSourceId && !found.has(matchSourceId) ? [notFound('source', 'matchSourceId')] : []),
    ...sources.flatMap(({ sourceId }, index) =>
      found.has(sourceId) ? [] : [notFound('source', 'sources', String(index), 'sourceId')],
    ),
    ...checkFoundSources(settings, found),
  ];
}

/** Whether the flow makes administrators without anybody's decision: worth a warning. */
export function grantsAdministration(settings: FlowSettings, names: ReadonlyMap<string, string>): boolean {
  return !settings.requiresApproval && settings.roleIds.some((id) => names.get(id) === BuiltInRole.ADMINISTRATOR);
}

function notFound(what: string, ...field: string[]): Fault {
  return fault(UserErrorCode.NOT_FOUND, `There is no such ${what}, or it cannot be used in this flow.`, ...field);
}
