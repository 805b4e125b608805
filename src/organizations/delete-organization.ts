import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, refuseFaults } from '../faults.js';
import type { IdentifierInput } from './identifiers.js';
import { lockOrganization } from './update-organization.js';

/** Deletes an organization with its identifiers and memberships; its events stay. Throws Faults: NOT_FOUND, STALE_VERSION. */
export async function deleteOrganization(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'organizationDelete');
  await transact(context.database, writer.tenantId, async (manager) => {
    const organization = await lockOrganization(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, organization.version)]);
    const { id, name, description = null, status } = organization;
    const identifiers = await runSql<IdentifierInput>(
      manager,
      'select scheme, value from organization_identifiers where tenant_id = $1 and organization_id = $2 order by scheme, value',
      [writer.tenantId, id],
    );
    const [members] = await runSql<{ count: number }>(
      manager,
      'select count(*)::int as count from memberships where tenant_id = $1 and organization_id = $2',
      [writer.tenantId, id],
    );
    await runSql(manager, 'delete from organizations where tenant_id = $1 and id = $2', [writer.tenantId, id]);
    const before = { name, description, status, identifiers, members: members?.count ?? 0 };
    await recordEvents(manager, writer, [{ type: 'organization.deleted', organizationId: id, objectId: id, before }]);
  });
}
