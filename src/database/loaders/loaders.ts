import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { createConnectionLoaders } from './connections.js';
import { createEventLoaders } from './events.js';
import { readGlobalId } from './ids.js';
import { createMembershipLoaders, toRoleRow } from './members.js';
import { createOrganizationLoaders } from './organizations.js';
import type { AnyNodeRow, RoleRow, TenantRow } from './rows.js';
import { createUserLoaders } from './users.js';
import { createWebhookLoaders } from './webhooks.js';

export type Loaders = ReturnType<typeof createLoaders>;

/** All reads of the API: made once a process, they join what requests ask for at the same moment. */
export function createLoaders(database: Database) {
  const organizations = createOrganizationLoaders(database);
  const users = createUserLoaders(database);
  const memberships = createMembershipLoaders(database);
  const connections = createConnectionLoaders(database);
  const events = createEventLoaders(database);
  const webhooks = createWebhookLoaders(database);
  const roles = createBatch<RoleRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<RoleRow>(
      tenantId,
      `select id as uuid, name, description, is_built_in as "isBuiltIn" from roles where tenant_id = $1 and id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toRoleRow), ({ uuid }) => uuid);
  });

  /** The tenant and its settings. */
  async function tenant(tenantId: string): Promise<TenantRow | undefined> {
    const text = 'select slug, name, audit_retention_days as "auditRetentionDays" from tenants where id = $1';
    return (await database.read<TenantRow>(null, text, [tenantId]))[0];
  }

  /** Whatever has this global id; undefined when nothing does. Who may see it is not decided here. */
  async function node(tenantId: string, id: unknown): Promise<AnyNodeRow | undefined> {
    const read = readGlobalId(id);
    if (!read) return undefined;
    switch (read.type) {
      case 'Organization':
        return organizations.byId(tenantId, read.uuid);
      case 'User':
        return users.byId(tenantId, read.uuid);
      case 'Membership':
        return memberships.byId(tenantId, read.uuid);
      case 'Connection':
        return connections.byId(tenantId, read.uuid);
      case 'Identity':
        return users.identityById(tenantId, read.uuid);
      case 'Session':
        return users.sessionById(tenantId, read.uuid);
      case 'Notice':
        return users.noticeById(tenantId, read.uuid);
      case 'Event':
        return events.byId(tenantId, read.uuid);
      case 'Role':
        return roles(tenantId, read.uuid);
      case 'WebhookEndpoint':
        return webhooks.endpointById(tenantId, read.uuid);
      case 'WebhookDelivery':
        return webhooks.deliveryById(tenantId, read.uuid);
    }
  }

  return { organizations, users, memberships, connections, events, roles, webhooks, tenant, node };
}
