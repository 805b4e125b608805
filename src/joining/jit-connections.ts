import type { OperationContext } from '../context.js';
import { runSql } from '../database/transact.js';
import { UserErrorCode } from '../faults.js';
import { changeList, type ListChange, type RuleList } from './jit-list.js';

const LIST: RuleList = {
  name: 'Connections',
  field: 'connectionIds',
  noun: 'connection',
  property: 'connections',
  read: (manager, tenantId, organizationId) =>
    runSql(
      manager,
      `select c.id as key, c.slug as name from organization_jit_connections j
       join connections c on c.tenant_id = $1 and c.id = j.connection_id
       where j.tenant_id = $1 and j.organization_id = $2 order by c.slug`,
      [tenantId, organizationId],
    ),
  async check(manager, tenantId, _organizationId, ids) {
    const text = 'select id from connections where tenant_id = $1 and id = any($2::uuid[]) for key share';
    const found = new Set((await runSql<{ id: string }>(manager, text, [tenantId, ids])).map(({ id }) => id));
    const missing = { code: UserErrorCode.NOT_FOUND, message: 'There is no such connection.' };
    return new Map(ids.filter((id) => !found.has(id)).map((id) => [id, missing]));
  },
  async insert(manager, { tenantId, id, at }, connectionIds) {
    await runSql(
      manager,
      `insert into organization_jit_connections (id, tenant_id, organization_id, connection_id, created_at)
       select gen_random_uuid(), $1, $2, added.id, $4 from unnest($3::uuid[]) as added(id)`,
      [tenantId, id, connectionIds, at],
    );
  },
  async remove(manager, { tenantId, id }, connectionIds) {
    await runSql(
      manager,
      `delete from organization_jit_connections
       where tenant_id = $1 and organization_id = $2 and connection_id = any($3::uuid[])`,
      [tenantId, id, connectionIds],
    );
  },
};

/**
 * Changes the connections through which newcomers join an organization. They are the tenant's, and a rule about one
 * keeps rules about domains from counting there, so administrators of the tenant decide about them.
 * Throws Faults: NOT_FOUND, REQUIRED, INVALID.
 */
export function changeJitConnections(
  context: OperationContext,
  change: ListChange,
  { organizationId, connectionIds }: { organizationId: string; connectionIds: readonly string[] },
): Promise<void> {
  return changeList(context, LIST, change, { organizationId, keys: connectionIds });
}
