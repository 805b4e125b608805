import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';

/**
 * Locks every administrator of the tenant, in one order, before any other lock of a user: two of them cannot take the
 * other's rights at once, nor a directory suspend what somebody else took for the last one. Others may still refer to
 * them, as a notice does.
 */
export async function lockTenantAdministrators(manager: EntityManager, tenantId: string): Promise<void> {
  await runSql(
    manager,
    'select id from users where tenant_id = $1 and is_tenant_administrator order by id for no key update',
    [tenantId],
  );
}

/** Whether the tenant would have no active administrator without this user. */
export async function isLastTenantAdministrator(
  manager: EntityManager,
  tenantId: string,
  user: { id: string; isTenantAdministrator: boolean },
): Promise<boolean> {
  if (!user.isTenantAdministrator) return false;
  const others = await runSql(
    manager,
    `select id from users where tenant_id = $1 and is_tenant_administrator and status = 'ACTIVE' and id <> $2 limit 1`,
    [tenantId, user.id],
  );
  return others.length === 0;
}
