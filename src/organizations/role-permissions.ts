import type { EntityManager } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { ADMINISTER, RoleKind } from '../entities/enums.js';
import type { Role } from '../entities/role.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, type Fault, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { lockRole } from './lock-role.js';

/** The most that one role grants. */
const MOST_PERMISSIONS = 250;

interface FoundPermission {
  id: string;
  name: string;
}

/** Ids are uuids. */
export interface ChangePermissions {
  id: string;
  expectedVersion?: number | null;
  permissionIds: readonly string[];
}

/**
 * Changes what a role grants: adds to it, takes from it, or says all of it. What is so already stays as it is; one
 * unknown permission changes nothing. Throws Faults: NOT_FOUND, STALE_VERSION, INVALID, BUILT_IN.
 */
export async function changeRolePermissions(
  context: OperationContext,
  via: 'rolePermissionsAdd' | 'rolePermissionsSet' | 'rolePermissionsRemove',
  input: ChangePermissions,
): Promise<void> {
  const writer = writerOf(context, via);
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const role = await lockRole(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, role.version)]);
    const named = await findPermissions(manager, tenantId, input.permissionIds);
    const known = await readPermissions(manager, tenantId, role.id);
    const isKnown = ({ id }: FoundPermission) => known.some((permission) => permission.id === id);
    const isNamed = ({ id }: FoundPermission) => named.some((permission) => permission.id === id);
    const added = via === 'rolePermissionsRemove' ? [] : named.filter((permission) => !isKnown(permission));
    const removed =
      via === 'rolePermissionsAdd'
        ? []
        : known.filter((permission) => isNamed(permission) === (via === 'rolePermissionsRemove'));
    refuseFaults([
      ...checkGrants(role, added, known.length + added.length - removed.length),
      role.isBuiltIn &&
        removed.some(({ name }) => name === ADMINISTER) &&
        fault(UserErrorCode.BUILT_IN, `The role ${role.name} always grants ${ADMINISTER}.`, 'permissionIds'),
    ]);
    if (!added.length && !removed.length) return;
    await runSql(manager, CHANGE, [tenantId, role.id, added.map(({ id }) => id), removed.map(({ id }) => id)]);
    const names = (permissions: FoundPermission[]) => permissions.map(({ name }) => name).sort();
    const left = known.filter((permission) => !removed.includes(permission));
    const { id, organizationId = null } = role;
    await recordEvents(manager, writer, [
      {
        type: 'role.updated',
        organizationId,
        objectId: id,
        before: { permissions: names(known) },
        after: { permissions: names([...left, ...added]) },
      },
    ]);
  });
}

const CHANGE = `
with added as (
  insert into role_permissions (id, tenant_id, role_id, permission_id)
  select gen_random_uuid(), $1, $2, p.id from unnest($3::uuid[]) as p(id)
), removed as (
  delete from role_permissions where tenant_id = $1 and role_id = $2 and permission_id = any($4::uuid[])
)
update roles set version = version + 1 where tenant_id = $1 and id = $2`;

/** The permissions with these ids, in their order, held until the transaction ends; Faults NOT_FOUND for the others. */
export async function findPermissions(
  manager: EntityManager,
  tenantId: string,
  ids: readonly string[],
): Promise<FoundPermission[]> {
  if (!ids.length) return [];
  refuseFaults([tooMany(ids.length)]);
  const found = await runSql<FoundPermission>(
    manager,
    'select id, name from permissions where tenant_id = $1 and id = any($2::uuid[]) order by id for key share',
    [tenantId, ids],
  );
  const byId = new Map(found.map((permission) => [permission.id, permission]));
  refuseFaults(
    ids.map(
      (id, index) =>
        !byId.has(id) && fault(UserErrorCode.NOT_FOUND, 'There is no such permission.', 'permissionIds', String(index)),
    ),
  );
  return [...byId.values()];
}

/** What is wrong with giving a role these permissions. `count` is how many it will have. */
export function checkGrants(
  { kind, isBuiltIn }: Pick<Role, 'kind' | 'isBuiltIn'>,
  added: readonly FoundPermission[],
  count = added.length,
): (Fault | null)[] {
  const isForAdministrators = added.some(({ name }) => name === ADMINISTER) && kind === RoleKind.USER;
  return [
    tooMany(count),
    isForAdministrators
      ? fault(
          isBuiltIn ? UserErrorCode.BUILT_IN : UserErrorCode.INVALID,
          `Of roles for users, ${ADMINISTER} is granted by the built-in role administrator alone: give that role, or take a role of kind APPLICATION.`,
          'permissionIds',
        )
      : null,
  ];
}

function tooMany(count: number): Fault | null {
  if (count <= MOST_PERMISSIONS) return null;
  return fault(UserErrorCode.INVALID, `A role grants at most ${MOST_PERMISSIONS} permissions.`, 'permissionIds');
}

/** The names of what a role grants, sorted. */
export async function readGranted(manager: EntityManager, tenantId: string, roleId: string): Promise<string[]> {
  return (await readPermissions(manager, tenantId, roleId)).map(({ name }) => name).sort();
}

async function readPermissions(manager: EntityManager, tenantId: string, roleId: string): Promise<FoundPermission[]> {
  return runSql(
    manager,
    `select p.id, p.name from role_permissions rp join permissions p on p.tenant_id = $1 and p.id = rp.permission_id
     where rp.tenant_id = $1 and rp.role_id = $2`,
    [tenantId, roleId],
  );
}
