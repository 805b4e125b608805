import type { Database } from '../database.js';
import { createApplicationLoaders } from './applications.js';
import { createApproverDelegationLoaders } from './approver-delegations.js';
import { createAttributeLoaders } from './attributes.js';
import { createConnectionLoaders } from './connections.js';
import { createEnrollmentFlowLoaders } from './enrollment-flows.js';
import { createEventLoaders } from './events.js';
import { createFactorLoaders } from './factors.js';
import { readGlobalId } from './ids.js';
import { createJitLoaders } from './jit.js';
import { createInvitationLoaders } from './invitations.js';
import { createMembershipLoaders } from './members.js';
import { createOrganizationApplicationLoaders } from './organization-applications.js';
import { createOrganizationLoaders } from './organizations.js';
import { createPetitionLoaders } from './petitions.js';
import { createRecordLoaders } from './records.js';
import { createRoleLoaders } from './roles.js';
import type { AnyNodeRow, TenantRow } from './rows.js';
import { createScimLoaders } from './scim.js';
import { createSourceSyncLoaders } from './source-syncs.js';
import { createSourceLoaders } from './sources.js';
import { createTermsLoaders } from './terms.js';
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
  const attributes = createAttributeLoaders(database);
  const scim = createScimLoaders(database);
  const invitations = createInvitationLoaders(database);
  const petitions = createPetitionLoaders(database);
  const approverDelegations = createApproverDelegationLoaders(database);
  const jit = createJitLoaders(database);
  const roles = createRoleLoaders(database);
  const applications = createApplicationLoaders(database);
  const enrollmentFlows = createEnrollmentFlowLoaders(database);
  const terms = createTermsLoaders(database);
  const sources = createSourceLoaders(database);
  const records = createRecordLoaders(database);
  const sourceSyncs = createSourceSyncLoaders(database);
  const organizationApplications = createOrganizationApplicationLoaders(database);

  /** The tenant and its settings. */
  async function tenant(tenantId: string): Promise<TenantRow | undefined> {
    const text = `select id, slug, name, audit_retention_days as "auditRetentionDays", mfa_factors as "mfaFactors",
       runs_scheduled_syncs as "runsScheduledSyncs"
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
      case 'Petition':
        return petitions.byId(tenantId, read.uuid);
      case 'ApproverDelegation':
        return approverDelegations.byId(tenantId, read.uuid);
      case 'Invitation':
        return invitations.byId(tenantId, read.uuid);
      case 'ScimToken':
        return scim.tokenById(tenantId, read.uuid);
      case 'ScimGroup':
        return scim.groupById(tenantId, read.uuid);
      case 'EnrollmentFlow':
        return enrollmentFlows.byId(tenantId, read.uuid);
      case 'Terms':
        return terms.byId(tenantId, read.uuid);
      case 'SourceRecord':
        return records.byId(tenantId, read.uuid);
      case 'Pipeline':
        return records.pipelineById(tenantId, read.uuid);
      case 'Source':
        return sources.byId(tenantId, read.uuid);
      case 'SourceSyncRun':
        return sourceSyncs.byId(tenantId, read.uuid);
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
    enrollmentFlows,
    terms,
    organizationApplications,
    invitations,
    petitions,
    approverDelegations,
    webhooks,
    attributes,
    scim,
    sources,
    records,
    sourceSyncs,
    tenant,
    node,
  };
}
