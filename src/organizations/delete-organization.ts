import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, refuseFaults } from '../faults.js';
import type { IdentifierInput } from './identifiers.js';
import { lockOrganization } from './update-organization.js';

const OWN = {
  members: ['memberships'],
  invitations: ['invitations'],
  applications: ['organization_applications'],
  roles: ['roles'],
  logos: ['organization_logos'],
  joiningRules: ['organization_jit_domains', 'organization_jit_connections'],
};

/** What goes with an organization, which its foreign keys take along: columns that count it, as its event names them. */
export const OWN_COUNTS = (organizationId: string): string =>
  Object.entries(OWN)
    .map(([name, tables]) => {
      const counts = tables.map(
        (table) => `(select count(*)::int from ${table} where tenant_id = $1 and organization_id = ${organizationId})`,
      );
      return `${counts.join(' + ')} as "${name}"`;
    })
    .join(', ');

/**
 * Deletes an organization with all that belongs to it, in one transaction: identifiers, memberships, invitations, rules
 * of joining, its own roles, logos, links of applications, webhook endpoints, and access tokens for it. Its events stay.
 * Throws Faults: NOT_FOUND, STALE_VERSION.
 */
export async function deleteOrganization(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'organizationDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const organization = await lockOrganization(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, organization.version)]);
    const { id, name, slug, description = null, status } = organization;
    const identifiers = await runSql<IdentifierInput>(
      manager,
      'select scheme, value from organization_identifiers where tenant_id = $1 and organization_id = $2 order by scheme, value',
      [tenantId, id],
    );
    const [counts] = await runSql<Record<keyof typeof OWN, number>>(manager, `select ${OWN_COUNTS('$2')}`, [
      tenantId,
      id,
    ]);
    await runSql(manager, 'delete from organizations where tenant_id = $1 and id = $2', [tenantId, id]);
    const before = { name, slug, description: description ?? null, status, identifiers, ...counts! };
    await recordEvents(manager, writer, [{ type: 'organization.deleted', organizationId: id, objectId: id, before }]);
  });
}
