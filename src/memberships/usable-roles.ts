import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import type { RoleKind } from '../entities/enums.js';

/**
 * Of these roles, those that can be used in an organization, of either kind: the tenant's template's and its own.
 * Another organization's is not there. None of them is deleted until the transaction ends.
 */
export function lockUsableRoles(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  roleIds: readonly string[],
): Promise<{ id: string; name: string; kind: RoleKind }[]> {
  return runSql(
    manager,
    `select id, name, kind from roles
     where tenant_id = $1 and id = any($2::uuid[]) and (organization_id is null or organization_id = $3)
     order by id for key share`,
    [tenantId, roleIds, organizationId],
  );
}
