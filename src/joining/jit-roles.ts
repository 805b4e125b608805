import type { OperationContext } from '../context.js';
import { runSql } from '../database/transact.js';
import { RoleKind } from '../entities/enums.js';
import { UserErrorCode } from '../faults.js';
import { lockUsableRoles } from '../memberships/usable-roles.js';
import { changeList, type ListChange, type RuleList } from './jit-list.js';

const LIST: RuleList = {
  name: 'Roles',
  field: 'roleIds',
  noun: 'role',
  property: 'roles',
  read: (manager, tenantId, organizationId) =>
    runSql(
      manager,
      `select r.id as key, r.name from organization_jit_roles j join roles r on r.tenant_id = $1 and r.id = j.role_id
       where j.tenant_id = $1 and j.organization_id = $2 order by r.name, r.id`,
      [tenantId, organizationId],
    ),
  async check(manager, tenantId, organizationId, ids) {
    const found = await lockUsableRoles(manager, tenantId, organizationId, ids);
    const kinds = new Map(found.map(({ id, kind }) => [id, kind]));
    const missing = { code: UserErrorCode.NOT_FOUND, message: 'There is no such role.' };
    const unfit = { code: UserErrorCode.INVALID, message: 'This role is for applications: name one for users.' };
    return new Map(
      ids.filter((id) => kinds.get(id) !== RoleKind.USER).map((id) => [id, kinds.has(id) ? unfit : missing]),
    );
  },
  async insert(manager, { tenantId, id }, roleIds) {
    await runSql(
      manager,
      `insert into organization_jit_roles (id, tenant_id, organization_id, role_id)
       select gen_random_uuid(), $1, $2, added.id from unnest($3::uuid[]) as added(id)`,
      [tenantId, id, roleIds],
    );
  },
  async remove(manager, { tenantId, id }, roleIds) {
    await runSql(
      manager,
      'delete from organization_jit_roles where tenant_id = $1 and organization_id = $2 and role_id = any($3::uuid[])',
      [tenantId, id, roleIds],
    );
  },
};

/**
 * Changes the roles that an organization gives to everybody who joins by its rules: those of the tenant's template, and
 * its own. Who is a member already is not touched. Throws Faults: NOT_FOUND, REQUIRED, INVALID.
 */
export function changeJitRoles(
  context: OperationContext,
  change: ListChange,
  { organizationId, roleIds }: { organizationId: string; roleIds: readonly string[] },
): Promise<void> {
  return changeList(context, LIST, change, { organizationId, keys: roleIds });
}
