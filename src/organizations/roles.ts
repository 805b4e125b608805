import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { brokenConstraint, runSql, transact } from '../database/transact.js';
import { BuiltInRole, type RoleKind } from '../entities/enums.js';
import { Role } from '../entities/role.js';
import type { FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { checkText, checkVersion, type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../faults.js';
import { lockRole } from './lock-role.js';
import { checkGrants, findPermissions, readGranted } from './role-permissions.js';

/** How many roles the template has, and how many of its own an organization: what holds roles lists them all. */
const MOST_ROLES = 250;

/** Ids are uuids. */
export interface CreateRole {
  idempotencyKey?: string | null;
  /** Whose own role it is; absent: one of the tenant's template. */
  organizationId?: string | null;
  name: string;
  description?: string | null;
  kind: RoleKind;
  permissionIds?: readonly string[] | null;
}

/**
 * Makes a role with its permissions and gives its id. Throws Faults: REQUIRED, TOO_LONG, INVALID, TAKEN, NOT_FOUND,
 * IDEMPOTENCY_KEY_REUSED.
 */
export async function createRole(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreateRole,
): Promise<string> {
  refuseFaults([
    checkText(input.name, { isRequired: true, longest: 128 }, 'name'),
    checkText(input.description, { longest: 256 }, 'description'),
    refuseBuiltInName(input.name),
  ]);
  const writer = writerOf(context, 'roleCreate');
  const { tenantId, at } = writer;
  const { kind, organizationId = null, permissionIds } = input;
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'roleCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return made;
    if (organizationId) await holdOrganization(manager, tenantId, organizationId);
    refuseFaults([await refuseTooMany(manager, tenantId, organizationId)]);
    const permissions = await findPermissions(manager, tenantId, permissionIds ?? []);
    refuseFaults(checkGrants({ kind, isBuiltIn: false }, permissions));
    const described = { name: input.name.trim(), description: input.description?.trim() ?? '' };
    manager.create(Role, { id, tenantId, ...described, kind, organizationId, isBuiltIn: false, createdAt: at });
    await manager.flush().catch(refuseTakenName);
    await runSql(
      manager,
      `insert into role_permissions (id, tenant_id, role_id, permission_id)
       select gen_random_uuid(), $1, $2, p.id from unnest($3::uuid[]) as p(id)`,
      [tenantId, id, permissions.map((permission) => permission.id)],
    );
    const after = published({ ...described, kind, organizationId }, permissions.map(({ name }) => name).sort());
    await recordEvents(manager, writer, [{ type: 'role.created', organizationId, objectId: id, after }]);
    return id;
  });
}

async function refuseTooMany(manager: EntityManager, tenantId: string, organizationId: string | null) {
  const [counted] = await runSql<{ count: number }>(
    manager,
    'select count(*)::int as count from roles where tenant_id = $1 and organization_id is not distinct from $2',
    [tenantId, organizationId],
  );
  const whose = organizationId ? 'An organization has at most' : "The tenant's template has at most";
  return counted!.count >= MOST_ROLES
    ? fault(
        UserErrorCode.INVALID,
        `${whose} ${MOST_ROLES} roles${organizationId ? ' of its own' : ''}: delete one first.`,
      )
    : null;
}

/** What is absent stays; null clears the description. */
export interface UpdateRole {
  id: string;
  expectedVersion?: number | null;
  name?: string | null;
  description?: string | null;
}

/** Edits a role. Throws Faults: NOT_FOUND, STALE_VERSION, BUILT_IN, REQUIRED, TOO_LONG, INVALID, TAKEN. */
export async function updateRole(context: OperationContext, input: UpdateRole): Promise<void> {
  const writer = writerOf(context, 'roleUpdate');
  await transact(context.database, writer.tenantId, async (manager) => {
    const role = await lockRole(manager, input.id);
    const isRenamed = Boolean(input.name) && input.name!.trim() !== role.name;
    refuseFaults([
      checkVersion(input.expectedVersion, role.version),
      checkText(input.name, { isRequired: true, longest: 128 }, 'name'),
      checkText(input.description, { longest: 256 }, 'description'),
      isRenamed && role.isBuiltIn && builtIn(role, 'name'),
      isRenamed && !role.isBuiltIn && refuseBuiltInName(input.name!),
    ]);
    const wanted = {
      ...(isRenamed ? { name: input.name!.trim() } : {}),
      ...(input.description === undefined ? {} : { description: input.description?.trim() ?? '' }),
    };
    const changed = (Object.keys(wanted) as (keyof typeof wanted)[]).filter((key) => role[key] !== wanted[key]);
    if (!changed.length) return;
    const pick = (from: typeof wanted) => Object.fromEntries(changed.map((key) => [key, from[key]]));
    const before = pick(role);
    Object.assign(role, wanted);
    await manager.flush().catch(refuseTakenName);
    const { id, organizationId = null } = role;
    await recordEvents(manager, writer, [
      { type: 'role.updated', organizationId, objectId: id, before, after: pick(wanted) },
    ]);
  });
}

const HOLDERS = `
with members as (
  select m.organization_id as id, count(*)::int as count
  from membership_roles mr join memberships m on m.tenant_id = $1 and m.id = mr.membership_id
  where mr.tenant_id = $1 and mr.role_id = $2 group by 1
), applications as (
  select oa.organization_id as id, count(*)::int as count
  from organization_application_roles ar
  join organization_applications oa on oa.tenant_id = $1 and oa.id = ar.organization_application_id
  where ar.tenant_id = $1 and ar.role_id = $2 group by 1
)
select id as "organizationId", coalesce(m.count, 0) as members, coalesce(a.count, 0) as applications
from members m full join applications a using (id) order by 1`;

/**
 * Deletes a role, and takes it from every member and application: one event tells each organization where somebody had
 * it. Throws Faults: NOT_FOUND, STALE_VERSION, BUILT_IN.
 */
export async function deleteRole(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'roleDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    // Whoever gives the role to somebody waits for this lock, and finds it gone then.
    const role = await lockRole(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, role.version), role.isBuiltIn && builtIn(role, 'id')]);
    const granted = await readGranted(manager, tenantId, role.id);
    const holders = await runSql<{ organizationId: string; members: number; applications: number }>(manager, HOLDERS, [
      tenantId,
      role.id,
    ]);
    await runSql(manager, 'delete from roles where tenant_id = $1 and id = $2', [tenantId, role.id]);
    const { id, name, organizationId = null } = role;
    const roleId = toGlobalId('Role', id);
    await recordEvents(manager, writer, [
      { type: 'role.deleted', organizationId, objectId: id, before: published(role, granted) },
      ...holders.map(({ organizationId: holder, members, applications }) => ({
        type: 'organization.role_removed' as const,
        organizationId: holder,
        objectId: holder,
        before: { roleId, name, members, applications },
      })),
    ]);
  });
}

/** An organization that is deleted at this moment gets no role. */
async function holdOrganization(manager: EntityManager, tenantId: string, id: string): Promise<void> {
  const found = await runSql(manager, 'select id from organizations where tenant_id = $1 and id = $2 for key share', [
    tenantId,
    id,
  ]);
  refuseFaults([!found.length && fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId')]);
}

type Described = Pick<Role, 'name' | 'description' | 'kind' | 'organizationId'>;

/** What events say of a role. */
function published(
  { name, description, kind, organizationId }: Described,
  permissions: string[],
): FactOf<'role.created'>['after'] {
  return {
    ...{ name, description, kind, permissions },
    organizationId: organizationId ? toGlobalId('Organization', organizationId) : null,
  };
}

function builtIn({ name }: Role, ...field: string[]): Fault {
  return fault(UserErrorCode.BUILT_IN, `${name} comes with Vestibule: it is neither renamed nor deleted.`, ...field);
}

/** The names of the built-in roles decide rights: in whatever case, no other role has one. */
function refuseBuiltInName(name: string): Fault | null {
  const isTaken = Object.values(BuiltInRole).includes(name.trim().toLowerCase() as BuiltInRole);
  return isTaken ? fault(UserErrorCode.TAKEN, `${name.trim()} is the name of a role that is built in.`, 'name') : null;
}

function refuseTakenName(error: unknown): never {
  if (brokenConstraint(error) !== 'roles_name_key') throw error;
  throw new Faults([fault(UserErrorCode.TAKEN, 'Another role has this name.', 'name')]);
}
