import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';

/**
 * Locks an organization, or (null) the tenant, that is to own one row more of a table, and counts those that it has: two
 * at once cannot both be the last. Throws Faults: NOT_FOUND, INVALID.
 */
export async function lockOwner(
  manager: EntityManager,
  tenantId: string,
  organizationId: string | null,
  { table, most }: { table: 'enrollment_flows' | 'terms'; most: number },
): Promise<void> {
  const owners = organizationId
    ? await runSql(manager, 'select id from organizations where tenant_id = $1 and id = $2 for no key update', [
        tenantId,
        organizationId,
      ])
    : await runSql(manager, 'select id from tenants where id = $1 for no key update', [tenantId]);
  refuseFaults([!owners.length && fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId')]);
  const [counted] = await runSql<{ count: number }>(
    manager,
    `select count(*)::int as count from ${table}
     where tenant_id = $1 and organization_id is not distinct from $2::uuid`,
    [tenantId, organizationId],
  );
  const isFull = counted!.count >= most;
  refuseFaults([isFull && fault(UserErrorCode.INVALID, `There are ${most} already: delete one first.`)]);
}
