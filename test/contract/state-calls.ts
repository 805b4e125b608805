import { ConnectionStatus } from '../../src/entities/enums.js';
import { callOf } from '../security/matrix-calls.js';
import type { World } from '../security/matrix-world.js';
import { Browser } from '../support/browser.js';
import { makeConnection, makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { comeIn, linkInApp, nextSiret, reachApp } from '../support/sign-in.js';

/** A call that is ready to be made. */
export interface Prepared {
  input: Record<string, unknown>;
  /** Who calls; an administrator of the tenant unless told. */
  browser?: Browser | null;
}

export interface Case {
  name?: string;
  prepare: (world: World) => Promise<Prepared>;
  /** Why the same call has something to do a second time. */
  repeats?: string;
}

/** Mutations that leave what is stored as it is, and why they are mutations. */
export const CHANGING_NOTHING: Record<string, string> = {
  connectionTest: 'asks the provider',
  ssoBegin: 'begins a trip to the provider, which has an end of its own',
};

/** Mutations that tell something and leave what is stored as it is, and what they do instead. */
export const TELLING_ALONE: Record<string, string> = {
  auditErase: 'changes what events say',
  webhookDeliveryReplay: 'has an event sent again',
  webhookEndpointReplay: 'has events sent again',
  webhookEndpointTest: 'has its own event sent',
};

let serial = 0;

/** A person whom nobody knows yet, of an organization that nobody knows. */
export const newcomer = (world: World, claims = {}) =>
  world.gateway.addPerson({ id: `newcomer-${++serial}`, claims: { siret: nextSiret(), ...claims } });

/** Calls that change something, where the call of the matrix need not. */
const CASES: Record<string, Case[]> = {
  auditErase: [
    {
      prepare: async (world) => {
        const { userId } = await world.gateway.signedInUser();
        return { input: { userId: `usr_${userId}`, reason: 'Asked for' } };
      },
    },
  ],
  organizationCreate: [
    {
      prepare: async () => ({
        input: { idempotencyKey: 'state-1', name: 'Made', identifiers: [{ scheme: 'SIRET', value: nextSiret() }] },
      }),
    },
  ],
  organizationUpdate: [
    {
      prepare: async (world) => ({
        input: {
          id: await world.freshOrganization(),
          name: 'Edited',
          description: 'Anew',
          status: 'ARCHIVED',
          identifiers: [{ scheme: 'GROUP', value: 'state' }],
        },
      }),
    },
    {
      name: 'that its first member could still name',
      prepare: async (world) => {
        const { viewer } = await comeIn(world.gateway, newcomer(world));
        return { input: { id: viewer.organization!.id, name: 'Named by an administrator', identifiers: [] } };
      },
    },
  ],
  organizationComplete: [
    {
      prepare: async (world) => {
        const { browser, viewer } = await comeIn(world.gateway, newcomer(world));
        return { browser, input: { id: viewer.organization!.id, name: 'Named by its first member' } };
      },
    },
  ],
  organizationDelete: [
    {
      name: 'with members, identifiers and sessions',
      prepare: async (world) => {
        const { viewer } = await comeIn(world.gateway, newcomer(world));
        return { input: { id: viewer.organization!.id } };
      },
    },
  ],
  memberAppoint: [
    {
      name: 'of somebody who is no member yet',
      prepare: async (world) => ({
        input: { organizationId: await world.freshOrganization(), userId: await world.freshUser() },
      }),
    },
    {
      name: 'where there was no administrator any more',
      prepare: async (world) => {
        const { tenant, signedInUser } = world.gateway;
        const organization = await makeOrganization(tenant, { needsAdministrator: true });
        const { userId } = await signedInUser();
        await makeMembership(tenant, { user: { id: userId }, organization });
        return { input: { organizationId: `org_${organization.id}`, userId: `usr_${userId}` } };
      },
    },
  ],
  userUpdate: [
    {
      prepare: async (world) => ({
        input: {
          id: await world.freshUser(),
          givenName: 'Ada',
          familyName: 'Lovelace',
          email: 'Ada.Lovelace@example.org',
          isEmailVerified: true,
          isTenantAdministrator: true,
        },
      }),
    },
    {
      name: 'that takes the rights of an administrator',
      prepare: async (world) => {
        const { id } = await makeUser(world.gateway.tenant, { isTenantAdministrator: true });
        return { input: { id: `usr_${id}`, isTenantAdministrator: false } };
      },
    },
  ],
  userSuspend: [
    {
      name: 'of somebody who is signed in',
      prepare: async (world) => ({ input: { id: `usr_${(await world.gateway.signedInUser()).userId}` } }),
    },
  ],
  connectionUpdate: [
    {
      prepare: async (world) => ({
        input: {
          id: await freshConnection(world),
          settings: { name: 'Edited', scopes: ['openid'], claimNames: { email: 'mail' }, userinfoAlgorithm: null },
        },
      }),
    },
    {
      name: 'of the secret',
      prepare: async (world) => ({ input: { id: await freshConnection(world), settings: { clientSecret: 'secret' } } }),
      repeats: 'the secret is sealed anew: nobody looks whether it is the same',
    },
  ],
  connectionEnable: [
    { prepare: async (world) => ({ input: { id: await freshConnection(world, ConnectionStatus.DISABLED) } }) },
  ],
  ssoComplete: [
    {
      name: 'of a newcomer',
      prepare: async (world) => {
        const browser = new Browser();
        return { browser, input: await reachApp(world.gateway, newcomer(world), { browser }) };
      },
    },
  ],
  identityLink: [
    {
      name: 'with another session open',
      prepare: async (world) => {
        const { browser, person } = await world.gateway.signedInUser();
        await comeIn(world.gateway, person);
        return { browser, input: await reachApp(world.gateway, newcomer(world), { browser, intent: 'LINK' }) };
      },
    },
  ],
  identityUnlink: [
    {
      name: 'with a session open',
      prepare: async (world) => {
        const { gateway } = world;
        const { browser } = await gateway.signedInUser();
        const added = newcomer(world);
        const linked = await linkInApp(gateway, browser, await reachApp(gateway, added, { browser, intent: 'LINK' }));
        await comeIn(gateway, added);
        return { browser, input: { id: linked.data.identityLink.identity.id } };
      },
    },
  ],
};

/** Mutations of webhooks: what they do once, they do again when they are called again. */
const repeated = (input: object, repeats: string): Case[] => [
  { prepare: async (world) => ({ input: { id: await world.freshEndpoint(), ...input } }), repeats },
];
Object.assign(CASES, {
  webhookEndpointCreate: [
    {
      prepare: async (world: World) => ({
        input: {
          idempotencyKey: 'state-2',
          organizationId: await world.freshOrganization(),
          url: 'https://example.org/state',
        },
      }),
    },
  ],
  webhookEndpointUpdate: [
    {
      prepare: async (world: World) => ({
        input: {
          id: await world.freshEndpoint(),
          url: 'https://example.org/edited',
          description: 'Edited',
          eventTypes: ['organization.*'],
          status: 'DISABLED',
        },
      }),
    },
  ],
  webhookEndpointRotateSecret: repeated({}, 'each call makes another secret'),
  webhookEndpointTest: repeated({}, 'each call sends an event of its own'),
  webhookEndpointReplay: repeated({ since: '2020-01-01T00:00:00Z' }, 'each call is told of'),
  webhookDeliveryReplay: [
    {
      prepare: async (world: World) => fromMatrix(world, 'webhookDeliveryReplay'),
      repeats: 'each call is told of',
    },
  ],
});

async function freshConnection(world: World, status = ConnectionStatus.ENABLED): Promise<string> {
  const { id } = await makeConnection(world.gateway.tenant, { slug: `fresh-${++serial}`, status });
  return `con_${id}`;
}

/** How to call a mutation so that it changes something: as the matrix does, unless told here. */
export function casesOf(name: string): Case[] {
  return CASES[name] ?? [{ prepare: (world) => fromMatrix(world, name) }];
}

/** The mutations that are told of here. */
export const KNOWN_MUTATIONS = [...Object.keys(CASES), ...Object.keys(CHANGING_NOTHING)];

async function fromMatrix(world: World, name: string): Promise<Prepared> {
  const { arguments: given } = await callOf(world, `Mutation.${name}`);
  return { input: given.input as Record<string, unknown> };
}
