import type { EntityManager } from '@mikro-orm/postgresql';
import { type Writer, writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { ApplicationKind, OrganizationStatus, RoleKind } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { type Fault, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { changeApplicationRoles, insertApplications, removeApplications } from './organization-rows.js';
import { lockUsableRoles } from '../memberships/usable-roles.js';

/** How many applications and roles one call may name. */
const MOST_APPLICATIONS = 1000;
const MOST_ROLES = 100;

/** Ids are uuids. */
export interface NamedApplications {
  organizationId: string;
  applicationIds: readonly string[];
}

/**
 * Adds applications to an organization, with these roles; those that are there already stay as they are, and one that
 * is unknown adds none. Gives the ids of those that were added. Throws Faults: NOT_FOUND, INVALID, WRONG_STATUS.
 */
export async function addApplications(
  context: OperationContext,
  input: NamedApplications & { roleIds?: readonly string[] | null },
): Promise<string[]> {
  return inOrganization(context, 'organizationApplicationsAdd', input, async (manager, writer, organization) => {
    const roleIds = input.roleIds ?? [];
    await findApplications(manager, writer.tenantId, input.applicationIds);
    await findRoles(manager, writer.tenantId, input.organizationId, roleIds);
    const wanted = unique(input.applicationIds);
    const added = await insertApplications(manager, writer, input.organizationId, wanted, unique(roleIds));
    refuseFaults([added.applicationIds.length > 0 && refuseClosed(organization.status)]);
    await recordEvents(manager, writer, added.facts);
    return added.applicationIds;
  });
}

/**
 * Says which applications an organization has: adds those that it lacks, removes the others; those that stay keep their
 * roles and since when they are there. Gives the ids of those that came or went. Throws Faults as `addApplications`.
 */
export async function replaceApplications(context: OperationContext, input: NamedApplications): Promise<string[]> {
  return inOrganization(context, 'organizationApplicationsReplace', input, async (manager, writer, organization) => {
    const { organizationId } = input;
    await findApplications(manager, writer.tenantId, input.applicationIds);
    const wanted = unique(input.applicationIds);
    const present = await runSql<{ id: string }>(
      manager,
      'select application_id as id from organization_applications where tenant_id = $1 and organization_id = $2',
      [writer.tenantId, organizationId],
    );
    const gone = present.map(({ id }) => id).filter((id) => !wanted.includes(id));
    const removed = await removeApplications(manager, writer, { organizationId, applicationIds: gone });
    const added = await insertApplications(manager, writer, organizationId, wanted, []);
    refuseFaults([added.applicationIds.length > 0 && refuseClosed(organization.status)]);
    await recordEvents(manager, writer, [...removed.facts, ...added.facts]);
    return [...removed.applicationIds, ...added.applicationIds];
  });
}

/**
 * Removes applications from an organization, with their roles there. Those that are not in it are no fault: whoever may
 * not know of them learns nothing. Gives the ids of those that were removed. Throws Faults: NOT_FOUND, INVALID.
 */
export async function removeApplicationsFrom(context: OperationContext, input: NamedApplications): Promise<string[]> {
  return inOrganization(context, 'organizationApplicationsRemove', input, async (manager, writer) => {
    const removed = await removeApplications(manager, writer, input);
    await recordEvents(manager, writer, removed.facts);
    return removed.applicationIds;
  });
}

/** How roles are changed: given beside those that are held, given instead of them, or taken. */
export type RoleChange =
  | 'organizationApplicationsAssignRoles'
  | 'organizationApplicationRolesAdd'
  | 'organizationApplicationRolesSet'
  | 'organizationApplicationRolesRemove';

/**
 * Changes the roles of applications in an organization, all or none: each is given, or loses, each of these roles. Gives
 * the ids of those whose roles are others now. Throws Faults: NOT_FOUND, INVALID.
 */
export async function changeRolesOfApplications(
  context: OperationContext,
  via: RoleChange,
  input: NamedApplications & { roleIds: readonly string[] },
): Promise<string[]> {
  return inOrganization(context, via, input, async (manager, writer) => {
    const { organizationId, applicationIds, roleIds } = input;
    const { tenantId } = writer;
    await findMembers(manager, tenantId, input, via === 'organizationApplicationsAssignRoles');
    await findRoles(manager, tenantId, organizationId, roleIds);
    const isRemoving = via === 'organizationApplicationRolesRemove';
    const isSetting = via === 'organizationApplicationRolesSet';
    const { applicationIds: changed, facts } = await changeApplicationRoles(manager, writer, {
      organizationId,
      applicationIds,
      granted: isRemoving ? [] : unique(roleIds),
      revoked: isRemoving ? unique(roleIds) : isSetting ? null : [],
    });
    await recordEvents(manager, writer, facts);
    return changed;
  });
}

/** Runs it under the lock of the organization, so that changes of its applications follow one another. */
async function inOrganization<Result>(
  context: OperationContext,
  via: string,
  { organizationId, applicationIds }: NamedApplications,
  work: (manager: EntityManager, writer: Writer, organization: { status: OrganizationStatus }) => Promise<Result>,
): Promise<Result> {
  refuseFaults([tooMany(applicationIds, MOST_APPLICATIONS, 'applications', 'applicationIds')]);
  const writer = writerOf(context, via);
  return transact(context.database, writer.tenantId, async (manager) => {
    const [organization] = await runSql<{ status: OrganizationStatus }>(
      manager,
      'select status from organizations where tenant_id = $1 and id = $2 for no key update',
      [writer.tenantId, organizationId],
    );
    refuseFaults([!organization && fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId')]);
    return work(manager, writer, organization!);
  });
}

/** Faults for those that are no applications of the tenant, or not of kind MACHINE. They stay until the end. */
async function findApplications(manager: EntityManager, tenantId: string, ids: readonly string[]): Promise<void> {
  const found = await runSql<{ id: string; kind: ApplicationKind }>(
    manager,
    'select id, kind from applications where tenant_id = $1 and id = any($2::uuid[]) order by id for key share',
    [tenantId, ids],
  );
  const kinds = new Map(found.map(({ id, kind }) => [id, kind]));
  refuseFaults(
    ids.map((id, index) => {
      const kind = kinds.get(id);
      const field = ['applicationIds', String(index)];
      if (!kind) return fault(UserErrorCode.NOT_FOUND, 'There is no such application.', ...field);
      if (kind === ApplicationKind.MACHINE) return null;
      return fault(UserErrorCode.INVALID, 'Only applications of kind MACHINE are in organizations.', ...field);
    }),
  );
}

/** Faults for those that are not in the organization. */
async function findMembers(
  manager: EntityManager,
  tenantId: string,
  { organizationId, applicationIds }: NamedApplications,
  isList: boolean,
): Promise<void> {
  const found = await runSql<{ id: string }>(
    manager,
    `select application_id as id from organization_applications
     where tenant_id = $1 and organization_id = $2 and application_id = any($3::uuid[])`,
    [tenantId, organizationId, applicationIds],
  );
  const known = new Set(found.map(({ id }) => id));
  refuseFaults(
    applicationIds.map(
      (id, index) =>
        !known.has(id) &&
        fault(
          UserErrorCode.NOT_FOUND,
          'There is no such application in this organization.',
          ...(isList ? ['applicationIds', String(index)] : ['applicationId']),
        ),
    ),
  );
}

/** Faults for those that are no roles that applications can have in this organization. They stay until the end. */
async function findRoles(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  ids: readonly string[],
): Promise<void> {
  refuseFaults([tooMany(ids, MOST_ROLES, 'roles', 'roleIds')]);
  const found = await lockUsableRoles(manager, tenantId, organizationId, ids);
  const roles = new Map(found.map((role) => [role.id, role]));
  refuseFaults(
    ids.map((id, index) => {
      const role = roles.get(id);
      const field = ['roleIds', String(index)];
      if (!role) return fault(UserErrorCode.NOT_FOUND, 'There is no such role in this organization.', ...field);
      if (role.kind === RoleKind.APPLICATION) return null;
      return fault(UserErrorCode.INVALID, `${role.name} is a role for users: applications cannot have it.`, ...field);
    }),
  );
}

function refuseClosed(status: OrganizationStatus): Fault | null {
  if (status === OrganizationStatus.ACTIVE) return null;
  const message = 'The organization is suspended or archived: resume it first.';
  return fault(UserErrorCode.WRONG_STATUS, message, 'organizationId');
}

function tooMany(ids: readonly string[], most: number, what: string, ...field: string[]): Fault | null {
  return ids.length > most ? fault(UserErrorCode.INVALID, `One call names at most ${most} ${what}.`, ...field) : null;
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
