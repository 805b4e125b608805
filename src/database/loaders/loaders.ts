import type { Database } from '../database.js';
import { createApplicationLoaders } from './applications.js';
import { createConnectionLoaders } from './connections.js';
import { createEventLoaders } from './events.js';
import { createFactorLoaders } from './factors.js';
import { readGlobalId } from './ids.js';
import { createJitLoaders } from './jit.js';
import { createInvitationLoaders } from './invitations.js';
import { createMembershipLoaders } from './members.js';
import { createOrganizationApplicationLoaders } from './organization-applications.js';
import { createOrganizationLoaders } from './organizations.js';
import { createRoleLoaders } from './roles.js';
import type { AnyNodeRow, TenantRow } from './rows.js';
import { createScimLoaders } from './scim.js';
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
  const factors = createFactorLoaders(database);
  const webhooks = createWebhookLoaders(database);
  const scim = createScimLoaders(database);
  const invitations = createInvitationLoaders(database);
  const jit = createJitLoaders(database);
  const roles = createRoleLoaders(database);
  const applications = createApplicationLoaders(database);
  const organizationApplications = createOrganizationApplicationLoaders(database);

  /** The tenant and its settings. */
  async function tenant(tenantId: string): Promise<TenantRow | undefined> {
    const text = `select id, slug, name, audit_retention_days as "auditRetentionDays", mfa_factors as "mfaFactors"
      from tenants where id = $1`;
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
      case 'Factor':
        return factors.byId(tenantId, read.uuid);
      case 'Notice':
        return users.noticeById(tenantId, read.uuid);
      case 'Event':
        return events.byId(tenantId, read.uuid);
      case 'Role':
        return roles.byId(tenantId, read.uuid);
      case 'Permission':
        return roles.permissionById(tenantId, read.uuid);
      case 'Application':
        return applications.byId(tenantId, read.uuid);
      case 'ApplicationSecret':
        return applications.secretById(tenantId, read.uuid);
      case 'OrganizationApplication':
        return organizationApplications.byId(tenantId, read.uuid);
      case 'Invitation':
        return invitations.byId(tenantId, read.uuid);
      case 'ScimToken':
        return scim.tokenById(tenantId, read.uuid);
      case 'ScimGroup':
        return scim.groupById(tenantId, read.uuid);
      case 'WebhookEndpoint':
        return webhooks.endpointById(tenantId, read.uuid);
      case 'WebhookDelivery':
        return webhooks.deliveryById(tenantId, read.uuid);
    }
  }

  return {
    organizations,
    jit,
    users,
    memberships,
    connections,
    events,
    factors,
    roles,
    applications,
    organizationApplications,
    invitations,
    webhooks,
    scim,
    tenant,
    node,
  };
}
