import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import type { BuiltInRole } from '../entities/enums.js';

/** The ids of the tenant's built-in roles. */
export async function findBuiltInRoles(manager: EntityManager, tenantId: string): Promise<Record<BuiltInRole, string>> {
  const rows = await runSql<{ name: BuiltInRole; id: string }>(
    manager,
    'select name, id from roles where tenant_id = $1 and organization_id is null and is_built_in',
    [tenantId],
  );
  return Object.fromEntries(rows.map(({ name, id }) => [name, id])) as Record<BuiltInRole, string>;
}
