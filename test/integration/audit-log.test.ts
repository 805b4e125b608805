import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { createTenant } from '../../src/tenants/create-tenant.js';
import { appointTenantAdministrator } from '../../src/users/appoint-tenant-administrator.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
let administrator: { browser: Browser; userId: string };
let leader: { browser: Browser; userId: string };
let member: { browser: Browser; userId: string };
let organization: { id: string };
let other: { id: string };

beforeAll(async () => {
  gateway = await startGateway();
  const { tenant } = gateway;
  administrator = await gateway.signedInUser({ isTenantAdministrator: true });
  leader = await gateway.signedInUser();
  member = await gateway.signedInUser();
  organization = await makeOrganization(tenant);
  other = await makeOrganization(tenant);
  await makeMembership(tenant, { user: { id: leader.userId }, organization, roles: ['member', 'administrator'] });
  await makeMembership(tenant, { user: { id: member.userId }, organization });
});
afterAll(() => gateway.close());

const LOG = `query ($first: Int, $after: String, $filter: EventFilterInput, $orderBy: EventOrder! = NEWEST) {
  auditEvents(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    totalCount
    nodes { id type at sequence hash cause via objectId before after erasedAt
      actor { kind user { id } } organization { id } user { id } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const log = (browser: Browser | null, variables: object = {}) => gateway.graphql(browser, LOG, variables);
const typesOf = (answer: { data: any }) => answer.data.auditEvents.nodes.map(({ type }: { type: string }) => type);

const edit = (browser: Browser, id: string, input: object) =>
  gateway.graphql(
    browser,
    'mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { message } } }',
    { input: { id: `org_${id}`, ...input } },
  );

describe('an event', () => {
  it('of a mutation says who, what, before and after, why and from where', async () => {
    await edit(leader.browser, organization.id, { description: 'first' });
    await edit(leader.browser, organization.id, { description: 'second' });
    const query = `{ auditEvents(first: 1, filter: { organizationId: "org_${organization.id}" }) {
      nodes { type sequence hash cause via objectId before after ipAddress userAgent
        actor { kind user { id } } organization { id } user { id } } } }`;
    const waiting = await gateway.graphql(leader.browser, query);
    expect(waiting.data.auditEvents.nodes).toEqual([
      {
        type: 'organization.updated',
        sequence: null,
        hash: null,
        cause: 'MUTATION',
        via: 'organizationUpdate',
        objectId: `org_${organization.id}`,
        before: { description: 'first' },
        after: { description: 'second' },
        ipAddress: expect.stringMatching(/127\.0\.0\.1|::1/),
        userAgent: 'node',
        actor: { kind: 'USER', user: { id: `usr_${leader.userId}` } },
        organization: { id: `org_${organization.id}` },
        user: null,
      },
    ]);
    await dispatchEvents(gateway.services, gateway.tenant.id);
    const [chained] = (await gateway.graphql(leader.browser, query)).data.auditEvents.nodes;
    expect(chained).toMatchObject({
      sequence: expect.stringMatching(/^\d+$/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const { auditHead } = (await gateway.graphql(administrator.browser, '{ auditHead { sequence hash } }')).data;
    expect(auditHead).toEqual({ sequence: chained.sequence, hash: chained.hash });
  });

  it('of a sign-in and of a command name their cause', async () => {
    const { services, tenant } = gateway;
    const context = { ...services, tenant: { ...tenant, publicUrl: gateway.url }, viewer: null };
    await appointTenantAdministrator(context, { email: 'operator@example.org' });
    const made = await log(administrator.browser, { filter: { types: ['user.tenant_administrator_granted'] } });
    expect(made.data.auditEvents.nodes).toMatchObject([
      { cause: 'COMMAND', via: 'tenant administrator', actor: { kind: 'OPERATOR', user: null } },
    ]);

    const { data } = await log(member.browser, {
      filter: { userId: `usr_${member.userId}`, types: ['user.signed_in'] },
    });
    expect(data.auditEvents.nodes).toMatchObject([
      {
        cause: 'SIGN_IN',
        via: 'signIn',
        after: { case: expect.any(String), connection: 'proconnect' },
        actor: { kind: 'SIGN_IN', user: { id: `usr_${member.userId}` } },
        user: { id: `usr_${member.userId}` },
      },
    ]);
  });

  it('is a node, found by its id and on the pages of its organization and its user', async () => {
    const [event] = (await log(administrator.browser, { filter: { types: ['user.signed_in'] } })).data.auditEvents
      .nodes;
    const { data } = await gateway.graphql(
      administrator.browser,
      `query ($id: ID!, $user: ID!) { node(id: $id) { id ... on Event { type } } auditEvent(id: $id) { id }
        user(id: $user) { auditEvents(first: 1) { nodes { id } } }
        organization(id: "org_${organization.id}") { auditEvents(first: 1, orderBy: OLDEST) { nodes { type } } } }`,
      { id: event.id, user: event.user.id },
    );
    expect(data).toMatchObject({
      node: { id: event.id, type: 'user.signed_in' },
      auditEvent: { id: event.id },
      user: { auditEvents: { nodes: [{ id: event.id }] } },
      organization: { auditEvents: { nodes: [{ type: 'organization.updated' }] } },
    });
  });
});

describe('filters', () => {
  it('by organization, user, actor, type and time choose the same as the rows do', async () => {
    const rows = await gateway.rows<Record<string, any>>('select * from events where tenant_id = $1 order by id desc');
    const middle = new Date(rows[Math.floor(rows.length / 2)]!.at);
    const cases: [object, (row: Record<string, any>) => boolean][] = [
      [{}, () => true],
      [{ organizationId: `org_${organization.id}` }, (row) => row.organization_id === organization.id],
      [{ userId: `usr_${leader.userId}` }, (row) => row.user_id === leader.userId],
      [{ actorUserId: `usr_${leader.userId}` }, (row) => row.actor_user_id === leader.userId],
      [{ types: ['user.signed_in'] }, (row) => row.type === 'user.signed_in'],
      [
        { types: ['organization.*', 'user.signed_in'] },
        (row) => row.type.startsWith('organization.') || row.type === 'user.signed_in',
      ],
      [{ types: [] }, () => true],
      [{ since: middle.toISOString() }, (row) => new Date(row.at) >= middle],
      [{ until: middle.toISOString() }, (row) => new Date(row.at) < middle],
      [
        { actorUserId: `usr_${leader.userId}`, types: ['organization.*'], since: middle.toISOString() },
        (row) =>
          row.actor_user_id === leader.userId && row.type.startsWith('organization.') && new Date(row.at) >= middle,
      ],
    ];
    for (const [filter, suits] of cases) {
      const expected = rows.filter(suits).map(({ id }) => `evt_${id}`);
      for (const orderBy of ['NEWEST', 'OLDEST']) {
        const { data } = await log(administrator.browser, { first: 100, filter, orderBy });
        const ids = data.auditEvents.nodes.map(({ id }: { id: string }) => id);
        expect([filter, ids]).toEqual([filter, orderBy === 'NEWEST' ? expected : expected.toReversed()]);
        expect(data.auditEvents.totalCount).toBe(expected.length);
      }
    }
    expect(rows.some(({ at }) => new Date(at) < middle)).toBe(true);
  });

  it('page through everything without gaps and doubles, in both orders', async () => {
    const all = (await gateway.rows<{ id: string }>('select id from events where tenant_id = $1 order by id')).map(
      ({ id }) => `evt_${id}`,
    );
    for (const types of [null, ['user.*', 'organization.updated', 'identity.linked', 'membership.*']]) {
      const chosen = types ? await idsOf(types) : all;
      for (const orderBy of ['NEWEST', 'OLDEST']) {
        const found: string[] = [];
        for (let after: string | null = null; ;) {
          const { data }: { data: any } = await log(administrator.browser, {
            first: 2,
            after,
            orderBy,
            filter: { types },
          });
          found.push(...data.auditEvents.nodes.map(({ id }: { id: string }) => id));
          if (!data.auditEvents.pageInfo.hasNextPage) break;
          after = data.auditEvents.pageInfo.endCursor;
        }
        expect(found).toEqual(orderBy === 'NEWEST' ? chosen.toReversed() : chosen);
      }
    }
  });

  async function idsOf(types: string[]): Promise<string[]> {
    const { data } = await log(administrator.browser, { first: 100, filter: { types }, orderBy: 'OLDEST' });
    return data.auditEvents.nodes.map(({ id }: { id: string }) => id);
  }

  it('that cannot be are refused with what to give', async () => {
    const answers = await Promise.all(
      [
        { types: ['user.eaten'] },
        { organizationId: `usr_${leader.userId}` },
        { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' },
      ].map((filter) => log(administrator.browser, { filter })),
    );
    expect(answers.map(({ errors }) => errors![0]!.extensions)).toEqual([
      { code: 'BAD_USER_INPUT', argument: 'filter.types' },
      { code: 'BAD_USER_INPUT', argument: 'filter.organizationId' },
      { code: 'BAD_USER_INPUT', argument: 'filter.until' },
    ]);
  });
});

describe('who may read the log', () => {
  it('the whole of it: administrators of the tenant alone', async () => {
    expect((await log(administrator.browser)).errors).toBeUndefined();
    for (const { browser } of [leader, member]) {
      const answer = await log(browser);
      expect(answer.errors![0]!.extensions.code).toBe('FORBIDDEN');
      expect(answer.errors![0]!.message).toContain('Give organizationId');
      expect(answer.data.auditEvents).toBeNull();
    }
    expect((await log(null)).errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('an organization’s: its administrators, not its members, and not those of another one', async () => {
    const filter = { organizationId: `org_${organization.id}` };
    expect(typesOf(await log(leader.browser, { filter }))).toContain('organization.updated');
    expect((await log(member.browser, { filter })).errors![0]!.extensions.code).toBe('FORBIDDEN');
    const foreign = await log(leader.browser, { filter: { organizationId: `org_${other.id}` } });
    expect(foreign.errors![0]!.extensions.code).toBe('FORBIDDEN');
  });

  it('one’s own: everybody, and nobody else’s', async () => {
    expect(typesOf(await log(member.browser, { filter: { userId: `usr_${member.userId}` } }))).toEqual([
      'user.signed_in',
    ]);
    expect(typesOf(await log(leader.browser, { filter: { actorUserId: `usr_${leader.userId}` } }))).toContain(
      'organization.updated',
    );
    const foreign = await log(member.browser, { filter: { userId: `usr_${leader.userId}` } });
    expect(foreign.errors![0]!.extensions.code).toBe('FORBIDDEN');
  });

  it('from where somebody acted: they themselves and administrators of the tenant', async () => {
    await edit(administrator.browser, organization.id, { description: 'by the administrator' });
    const query = `{ auditEvents(first: 1, filter: { organizationId: "org_${organization.id}" }) {
      nodes { via ipAddress userAgent actor { user { id } } } } }`;
    const seen = await gateway.graphql(leader.browser, query);
    expect(seen.data.auditEvents.nodes).toEqual([
      // The administrator of the tenant shares no organization with the leader.
      { via: 'organizationUpdate', ipAddress: null, userAgent: null, actor: { user: null } },
    ]);
    expect(seen.errors!.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    const own = await gateway.graphql(administrator.browser, query);
    expect(own.errors).toBeUndefined();
    expect(own.data.auditEvents.nodes[0].userAgent).toBe('node');
  });

  it('an event of another tenant: nobody', async () => {
    const { database } = gateway;
    const foreign = await createTenant(database, { slug: 'lyon', name: 'Lyon', host: 'lyon.example.org' });
    const [made] = await database.read<{ id: string }>(foreign, 'select id from events where tenant_id = $1', [
      foreign,
    ]);
    const query = `{ auditEvent(id: "evt_${made!.id}") { id } node(id: "evt_${made!.id}") { id } }`;
    expect((await gateway.graphql(administrator.browser, query)).data).toEqual({ auditEvent: null, node: null });
    expect(typesOf(await log(administrator.browser, { filter: { types: ['tenant.*'] } }))).toEqual([]);
  });
});
