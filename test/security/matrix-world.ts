import { transact } from '../../src/database/transact.js';
import { ActorKind } from '../../src/entities/enums.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { recordEvents } from '../../src/events/record.js';
import { Notice } from '../../src/entities/index.js';
import type { Browser } from '../support/browser.js';
import { makeConnection, makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
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
    | 'Event'
    | 'WebhookEndpoint'
    | 'WebhookDelivery',
    string
  >;
  /** A connection that nobody signs in through: its settings may be changed. */
  otherConnection: string;
  /** Objects that may be changed or deleted by a call that is allowed: fresh ones for each call. */
  freshOrganization: () => Promise<string>;
  freshEndpoint: () => Promise<string>;
  freshUser: (status?: 'ACTIVE' | 'PENDING' | 'SUSPENDED') => Promise<string>;
}

export async function createWorld(): Promise<World> {
  const gateway = await startGateway();
  const { tenant } = gateway;
  const organization = await makeOrganization(tenant, { siret: '13002526500013' });
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
  return {
    gateway,
    otherConnection: `con_${otherConnection.id}`,
    browsers: {
      anonymous: null,
      self: self.browser,
      member: member.browser,
      administrator: administrator.browser,
      otherAdministrator: otherAdministrator.browser,
      tenantAdministrator: tenantAdministrator.browser,
    },
    ids: {
      Organization: `org_${organization.id}`,
      User: `usr_${self.userId}`,
      Membership: `mem_${membership.id}`,
      Identity: `idn_${linked!.id}`,
      Session: `ses_${session!.id}`,
      Connection: `con_${gateway.connection.id}`,
      Role: `rol_${tenant.roles.get('member')}`,
      Notice: `ntc_${notice.id}`,
      Event: `evt_${event!.id}`,
      WebhookEndpoint: `whe_${endpoint.id}`,
      WebhookDelivery: `whd_${delivery!.id}`,
    },
    freshOrganization: async () => `org_${(await makeOrganization(tenant)).id}`,
    freshEndpoint: async () => `whe_${(await makeHook()).id}`,
    freshUser: async (status = 'ACTIVE') => `usr_${(await makeUser(tenant, { status: status as never })).id}`,
  };
}
