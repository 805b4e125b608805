import { v7 } from 'uuid';
import { transact } from '../../src/database/transact.js';
import { ActorKind } from '../../src/entities/enums.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { recordEvents } from '../../src/events/record.js';
import { Notice } from '../../src/entities/index.js';
import { makeApplication, makePermission, makeRole } from '../support/applications.js';
import type { Browser } from '../support/browser.js';
import { makeConnection, makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { makeFlow, makeTerms } from '../support/flows.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeInvitation } from '../support/invitations.js';
import { makePetition, start } from '../support/petitions.js';
import { makeScimGroup, makeScimToken } from '../support/scim.js';
import { PEOPLE_FILE, makeSource } from '../support/sources/make.js';
import { makePipeline, recordOf, take } from '../support/sources/pipelines.js';
import { makeEndpoint, makeEvents } from '../support/webhooks.js';

/** The kinds of caller of the matrix. `self` is the person whose user, identity, session and notice are asked for. */
export const CALLERS = [
  'anonymous',
  'self',
  'member',
  'administrator',
  'otherAdministrator',
  'tenantAdministrator',
] as const;
export type Caller = (typeof CALLERS)[number];

/** What the matrix asks about: one object of each type, all of one organization and one person in it. */
export interface World {
  gateway: Gateway;
  browsers: Record<Caller, Browser | null>;
  ids: Record<
    | 'Organization'
    | 'User'
    | 'Membership'
    | 'Identity'
    | 'Session'
    | 'Connection'
    | 'Role'
    | 'Notice'
    | 'Factor'
    | 'Event'
    | 'WebhookEndpoint'
    | 'WebhookDelivery'
    | 'Permission'
    | 'Application'
    | 'ApplicationSecret'
    | 'OrganizationApplication'
    | 'ScimToken'
    | 'Invitation'
    | 'EnrollmentFlow'
    | 'Terms'
    | 'Petition'
    | 'ApproverDelegation'
    | 'Source'
    | 'SourceSyncRun'
    | 'SourceRecord'
    | 'Pipeline'
    | 'ScimGroup',
    string
  >;
  /** A connection that nobody signs in through: its settings may be changed. */
  otherConnection: string;
  /** Objects that may be changed or deleted by a call that is allowed: fresh ones for each call. */
  freshOrganization: () => Promise<string>;
  freshEndpoint: () => Promise<string>;
  freshFactor: () => Promise<string>;
  /** For the address of `self`, to an organization of its own that the callers are in. */
  freshInvitation: () => Promise<string>;
  /** Of the organization. */
  freshFlow: () => Promise<string>;
  /** Of an organization of their own that the callers are in. */
  freshTerms: () => Promise<string>;
  /** Of `self`, in the organization: it waits for its attributes. */
  freshPetition: () => Promise<string>;
  /** By which another member decides for `self` in the organization. */
  freshDelegation: () => Promise<string>;
  /** A flow by which everybody who is signed in may enroll in the organization, with approval. */
  flow: string;
  /** That nothing uses. */
  freshSource: () => Promise<string>;
  /** That no source has. */
  freshPipeline: () => Promise<string>;
  /** Of the source, or, where it is not over, of one of its own. */
  freshSyncRun: (status?: string) => Promise<string>;
  /** Of the other connection. */
  freshScimToken: () => Promise<string>;
  /** Of the other connection, with a user of its directory. */
  freshScimGroup: () => Promise<string>;
  /** Of the organization. */
  freshRole: (kind?: 'USER' | 'APPLICATION') => Promise<string>;
  freshPermission: (roleId?: string) => Promise<string>;
  /** In the organization. */
  freshApplication: (roleId?: string) => ReturnType<typeof makeApplication>;
  freshUser: (status?: 'ACTIVE' | 'PENDING' | 'SUSPENDED') => Promise<string>;
  /** A user who is a member of the organization. */
  freshMember: () => Promise<string>;
  /** An organization with those of the callers in it who are in the other one, as the same. */
  freshShared: () => Promise<string>;
}

export async function createWorld(): Promise<World> {
  // Mail is queued; nobody sends it here.
  const gateway = await startGateway({
    environment: { SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'door@example.org' },
  });
  const { tenant } = gateway;
  const organization = await makeOrganization(tenant, { siret: '13002526500013', slug: 'matrix' });
  const other = await makeOrganization(tenant, { siret: '11002001300097' });
  const self = await gateway.signedInUser();
  const member = await gateway.signedInUser();
  const administrator = await gateway.signedInUser();
  const otherAdministrator = await gateway.signedInUser();
  const tenantAdministrator = await gateway.signedInUser({ isTenantAdministrator: true });
  const membership = await makeMembership(tenant, { user: { id: self.userId }, organization });
  await makeMembership(tenant, { user: { id: member.userId }, organization });
  await makeMembership(tenant, {
    user: { id: administrator.userId },
    organization,
    roles: ['member', 'administrator'],
  });
  await makeMembership(tenant, {
    user: { id: otherAdministrator.userId },
    organization: other,
    roles: ['member', 'administrator'],
  });
  // A role of the organization's own, which the person has there.
  const role = await makeRole(gateway, { organizationId: organization.id });
  await gateway.rows(
    `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
     values (gen_random_uuid(), $1, $2, $3, now())`,
    [membership.id, role.slice(4)],
  );
  const permission = await makePermission(gateway, role);
  const robot = await makeRole(gateway, { organizationId: organization.id, kind: 'APPLICATION' });
  const made = await makeApplication(gateway, { organizationId: organization.id, roleId: robot });
  const [session] = await gateway.database.read<{ id: string }>(
    tenant.id,
    'select id from sessions where user_id = $1',
    [self.userId],
  );
  const [linked] = await gateway.database.read<{ id: string }>(
    tenant.id,
    'select id from identities where user_id = $1',
    [self.userId],
  );
  const notice = await transact(gateway.database, tenant.id, async (manager) =>
    manager.create(Notice, {
      tenantId: tenant.id,
      user: self.userId as never,
      kind: 'IDENTITY_LINKED',
      data: {},
      createdAt: new Date(),
    }),
  );
  // One that others vouch for asks nothing of its person before it is changed.
  const factorId = v7();
  await gateway.rows(
    `insert into user_factors (id, tenant_id, user_id, kind, created_at, confirmed_at)
     values ($2, $1, $3, 'ASSERTED', now(), now())`,
    [factorId, self.userId],
  );
  // Requests of it go nowhere: the matrix starts no jobs.
  const makeHook = () =>
    makeEndpoint(gateway, { url: 'https://example.org/hook', organizationId: organization.id, eventTypes: ['user.*'] });
  const endpoint = await makeHook();
  await makeEvents(gateway, [{ organizationId: organization.id }]);
  await dispatchEvents(gateway.services, tenant.id);
  const [delivery] = await gateway.rows<{ id: string }>('select id from webhook_deliveries where tenant_id = $1');
  const actor = { kind: ActorKind.USER, userId: self.userId, via: 'matrix', origin: null };
  await transact(gateway.database, tenant.id, (manager) =>
    recordEvents(manager, { tenantId: tenant.id, at: new Date(), actor }, [
      {
        type: 'membership.roles_changed',
        organizationId: organization.id,
        userId: self.userId,
        objectId: membership.id,
        before: { roles: ['administrator', 'member'] },
        after: { roles: ['member'] },
      },
    ]),
  );
  await dispatchEvents(gateway.services, tenant.id);
  const [event] = await gateway.rows<{ id: string }>(`select id from events where tenant_id = $1 and via = 'matrix'`);
  const otherConnection = await makeConnection(tenant, { slug: 'other' });
  const freshShared = async () => {
    const shared = await makeOrganization(tenant);
    for (const { userId } of [self, member, administrator]) {
      const roles = userId === administrator.userId ? ['member', 'administrator'] : ['member'];
      await makeMembership(tenant, { user: { id: userId }, organization: shared, roles });
    }
    return `org_${shared.id}`;
  };
  const selfEmail = String(self.person.claims.email);
  const petition = await makePetition(gateway, self.browser, { organizationId: organization.id });
  const freshDelegation = async () => {
    const id = v7();
    await gateway.rows(
      `insert into approver_delegations
         (id, tenant_id, user_id, delegate_user_id, organization_id, starts_at, ends_at, created_at)
       values ($2, $1, $3, $4, $5, now(), now() + interval '1 day', now())`,
      [id, self.userId, otherAdministrator.userId, organization.id],
    );
    return `dlg_${id}`;
  };
  const source = await makeSource(tenant, { settings: PEOPLE_FILE, isOpenToOrganizations: true });
  const makeRecord = async () => {
    const [record] = await take(gateway, source, [recordOf('matrix')], { userId: self.userId });
    return `rec_${record!.recordId}`;
  };
  /** One that is over: another of the source can be started. */
  const freshSyncRun = async (status = 'COMPLETED') => {
    const id = v7();
    const { id: sourceId } = status === 'COMPLETED' ? source : await makeSource(tenant, { settings: PEOPLE_FILE });
    await gateway.rows(
      `insert into source_sync_runs
         (id, tenant_id, source_id, mode, trigger, is_forced, status, created_at, updated_at)
       values ($2, $1, $3, 'FULL', 'SCHEDULE', false, $4, now(), now())`,
      [id, sourceId, status],
    );
    return `run_${id}`;
  };
  // Who signs in again has another one.
  const browsers: World['browsers'] = {
    anonymous: null,
    self: self.browser,
    member: member.browser,
    administrator: administrator.browser,
    otherAdministrator: otherAdministrator.browser,
    tenantAdministrator: tenantAdministrator.browser,
  };
  return {
    gateway,
    freshDelegation,
    flow: petition.flowId,
    freshFlow: () => makeFlow(gateway, administrator.browser, { organizationId: `org_${organization.id}` }),
    freshTerms: async () => makeTerms(gateway, administrator.browser, { organizationId: await freshShared() }),
    freshPetition: async () => (await start(gateway, browsers.self, petition.flowId)).petition.id as string,
    otherConnection: `con_${otherConnection.id}`,
    browsers,
    ids: {
      Organization: `org_${organization.id}`,
      User: `usr_${self.userId}`,
      Membership: `mem_${membership.id}`,
      Identity: `idn_${linked!.id}`,
      Session: `ses_${session!.id}`,
      Connection: `con_${gateway.connection.id}`,
      Role: role,
      Notice: `ntc_${notice.id}`,
      Factor: `fac_${factorId}`,
      Event: `evt_${event!.id}`,
      WebhookEndpoint: `whe_${endpoint.id}`,
      WebhookDelivery: `whd_${delivery!.id}`,
      Permission: permission,
      Application: made.application,
      ApplicationSecret: made.secret,
      OrganizationApplication: made.organizationApplication,
      ScimToken: await makeScimToken(gateway, gateway.connection.id),
      Invitation: await makeInvitation(gateway, { organizationId: organization.id, email: selfEmail }),
      Petition: petition.petitionId,
      EnrollmentFlow: await makeFlow(gateway, administrator.browser, { organizationId: `org_${organization.id}` }),
      Terms: await makeTerms(gateway, administrator.browser, { organizationId: `org_${organization.id}` }),
      ApproverDelegation: await freshDelegation(),
      Source: `src_${source.id}`,
      SourceSyncRun: await freshSyncRun(),
      SourceRecord: await makeRecord(),
      Pipeline: (await makePipeline(tenant)).globalId,
      ScimGroup: await makeScimGroup(gateway, gateway.connection.id, [self.userId]),
    },
    freshOrganization: async () => `org_${(await makeOrganization(tenant)).id}`,
    freshSyncRun,
    freshSource: async () => `src_${(await makeSource(tenant, { settings: PEOPLE_FILE })).id}`,
    freshPipeline: async () => (await makePipeline(tenant)).globalId,
    freshScimToken: () => makeScimToken(gateway, otherConnection.id),
    freshScimGroup: async () => makeScimGroup(gateway, otherConnection.id, [(await makeUser(tenant)).id]),
    freshRole: (kind) => makeRole(gateway, { organizationId: organization.id, kind }),
    freshPermission: (roleId) => makePermission(gateway, roleId),
    freshApplication: (roleId) => makeApplication(gateway, { organizationId: organization.id, roleId }),
    freshFactor: async () => {
      const id = v7();
      await gateway.rows(
        `insert into user_factors
           (id, tenant_id, user_id, kind, credential_id, public_key, sign_count, created_at, confirmed_at)
         values ($2, $1, $3, 'PASSKEY', $4, '', 0, now(), now())`,
        [id, self.userId, id],
      );
      return `fac_${id}`;
    },
    freshEndpoint: async () => `whe_${(await makeHook()).id}`,
    freshUser: async (status = 'ACTIVE') => `usr_${(await makeUser(tenant, { status: status as never })).id}`,
    freshInvitation: async () => {
      const organizationId = (await freshShared()).slice(4);
      return makeInvitation(gateway, { organizationId, email: selfEmail });
    },
    freshMember: async () => {
      const user = await makeUser(tenant);
      await makeMembership(tenant, { user, organization });
      return `usr_${user.id}`;
    },
    freshShared,
  };
}
