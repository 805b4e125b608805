import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { type Receiver, respond, startReceiver, take, verify } from '../support/receiver.js';
import { deliver, makeEvents } from '../support/webhooks.js';

const CREATE = `mutation ($input: WebhookEndpointCreateInput!) { webhookEndpointCreate(input: $input) {
  secret webhookEndpoint { id url description eventTypes status organization { id } createdBy { id } version }
  userErrors { code field message } } }`;
const UPDATE = `mutation ($input: WebhookEndpointUpdateInput!) { webhookEndpointUpdate(input: $input) {
  webhookEndpoint { id url description eventTypes status disabledReason version } userErrors { code field } } }`;

let gateway: Gateway;
let receiver: Receiver;
let admin: Browser;
let organizationAdmin: Browser;
let otherAdmin: Browser;
let member: Browser;
let organizationId: string;
let otherId: string;
beforeAll(async () => {
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' } });
  receiver = await startReceiver();
  const { tenant } = gateway;
  const [organization, other] = [await makeOrganization(tenant), await makeOrganization(tenant)];
  organizationId = `org_${organization.id}`;
  otherId = `org_${other.id}`;
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  const sign = async (where: { id: string }, roles: string[]) => {
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(tenant, { user: { id: userId }, organization: where, roles });
    return browser;
  };
  organizationAdmin = await sign(organization, ['member', 'administrator']);
  otherAdmin = await sign(other, ['member', 'administrator']);
  member = await sign(organization, ['member']);
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
});
beforeEach(() => void Object.assign(receiver, { received: [], answer: take }));

const snapshot = async () =>
  JSON.stringify([
    await gateway.snapshot(),
    await gateway.rows('select * from webhook_endpoints where tenant_id = $1 order by id'),
    await gateway.rows('select * from webhook_deliveries where tenant_id = $1 order by id'),
  ]);

async function create(browser: Browser, input: object = {}) {
  const answer = await gateway.graphql(browser, CREATE, { input: { url: receiver.url, ...input } });
  return { ...answer, payload: answer.data?.webhookEndpointCreate };
}

/** Runs it and expects that nothing was changed. */
async function expectRefusal(browser: Browser | null, query: string, variables: object, code: string): Promise<void> {
  const before = await snapshot();
  const { errors, data } = await gateway.graphql(browser, query, variables);
  expect([query, errors?.[0]?.extensions.code]).toEqual([query, code]);
  expect(Object.values(data ?? {}).every((value) => value === null)).toBe(true);
  expect(await snapshot()).toBe(before);
}

describe('webhookEndpointCreate', () => {
  it('gives the secret once, keeps it sealed, and tells of it in an event without it', async () => {
    const input = { organizationId, description: 'Directory', eventTypes: ['user.*', 'user.*'] };
    const { payload } = await create(organizationAdmin, input);
    expect(payload).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      webhookEndpoint: {
        url: receiver.url,
        description: 'Directory',
        eventTypes: ['user.*'],
        status: 'ENABLED',
        organization: { id: organizationId },
        version: 1,
      },
      userErrors: [],
    });
    const uuid = payload.webhookEndpoint.id.slice(4);
    const [row] = await gateway.rows('select * from webhook_endpoints where tenant_id = $1 and id = $2', [uuid]);
    expect(JSON.stringify(row)).not.toContain(payload.secret);
    const [event] = await gateway.rows('select * from events where tenant_id = $1 and object_id = $2', [uuid]);
    expect(event).toMatchObject({ type: 'webhook_endpoint.created', organization_id: organizationId.slice(4) });
    expect(JSON.stringify(event)).not.toContain('whsec_');
  });

  it('makes one endpoint under one idempotency key, and shows the secret in the first answer alone', async () => {
    const input = { organizationId, idempotencyKey: 'once', url: `${receiver.url}/once` };
    const [first, again] = [await create(organizationAdmin, input), await create(organizationAdmin, input)];
    expect(again.payload.webhookEndpoint.id).toBe(first.payload.webhookEndpoint.id);
    expect(again.payload.secret).toBeNull();
    const other = await create(organizationAdmin, { ...input, url: `${receiver.url}/twice` });
    expect(other.payload.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });

  it('refuses all that is wrong at once, and makes nothing', async () => {
    const before = await snapshot();
    const { payload } = await create(admin, {
      url: 'https://192.168.1.1/hook',
      description: 'x'.repeat(257),
      eventTypes: ['user.nothing'],
    });
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID', field: ['url'], message: expect.stringContaining('192.168.1.1 is not a public address') },
      { code: 'TOO_LONG', field: ['description'] },
      { code: 'INVALID', field: ['eventTypes', '0'] },
    ]);
    expect(payload.secret).toBeNull();
    expect(await snapshot()).toBe(before);
  });

  it('is for administrators: of the organization for its events, of the tenant for all', async () => {
    const url = receiver.url;
    await expectRefusal(null, CREATE, { input: { organizationId, url } }, 'UNAUTHENTICATED');
    await expectRefusal(member, CREATE, { input: { organizationId, url } }, 'FORBIDDEN');
    await expectRefusal(otherAdmin, CREATE, { input: { organizationId, url } }, 'NOT_FOUND');
    await expectRefusal(organizationAdmin, CREATE, { input: { url } }, 'FORBIDDEN');
    await expectRefusal(organizationAdmin, CREATE, { input: { url, organizationId: null } }, 'FORBIDDEN');
    await expectRefusal(organizationAdmin, CREATE, { input: { url, organizationId: '' } }, 'NOT_FOUND');
    expect((await create(admin)).payload.webhookEndpoint.organization).toBeNull();
  });

  it('makes 50 endpoints of an organization at most', async () => {
    for (let made = 0; made < 50; made++) await create(otherAdmin, { organizationId: otherId });
    const { payload } = await create(otherAdmin, { organizationId: otherId });
    expect(payload.userErrors).toMatchObject([{ code: 'INVALID', field: ['organizationId'] }]);
    await gateway.rows(`delete from webhook_endpoints where tenant_id = $1 and organization_id = $2`, [
      otherId.slice(4),
    ]);
  });
});

describe('an endpoint', () => {
  let id: string;
  let tenantWideId: string;
  beforeEach(async () => {
    id = (await create(organizationAdmin, { organizationId })).payload.webhookEndpoint.id;
    tenantWideId = (await create(admin)).payload.webhookEndpoint.id;
  });

  it('is changed at the version that was seen, and events say what changed', async () => {
    const change = async (input: object) =>
      (await gateway.graphql(organizationAdmin, UPDATE, { input: { id, ...input } })).data.webhookEndpointUpdate;
    expect(await change({ expectedVersion: 1, eventTypes: ['user.created'], description: 'Mine' })).toMatchObject({
      webhookEndpoint: { eventTypes: ['user.created'], description: 'Mine', version: 2 },
      userErrors: [],
    });
    const before = await snapshot();
    expect((await change({ expectedVersion: 1, description: 'Other' })).userErrors).toMatchObject([
      { code: 'STALE_VERSION' },
    ]);
    expect((await change({ url: null, status: null, eventTypes: null })).userErrors).toMatchObject([
      { code: 'REQUIRED', field: ['url'] },
      { code: 'REQUIRED', field: ['eventTypes'] },
      { code: 'REQUIRED', field: ['status'] },
    ]);
    expect((await change({ description: 'Mine' })).userErrors).toEqual([]);
    expect(await snapshot()).toBe(before);
    expect((await change({ status: 'DISABLED' })).webhookEndpoint).toMatchObject({
      status: 'DISABLED',
      disabledReason: 'MANUAL',
    });
    const events = await gateway.rows(
      'select type, "before", "after" from events where tenant_id = $1 and object_id = $2 order by id',
      [id.slice(4)],
    );
    expect(events.slice(1)).toEqual([
      {
        type: 'webhook_endpoint.updated',
        before: { eventTypes: [], description: null },
        after: { eventTypes: ['user.created'], description: 'Mine' },
      },
      { type: 'webhook_endpoint.updated', before: { status: 'ENABLED' }, after: { status: 'DISABLED' } },
      { type: 'webhook_endpoint.disabled', before: null, after: { reason: 'MANUAL' } },
    ]);
    const test = `mutation ($input: WebhookEndpointIdInput!) { webhookEndpointTest(input: $input) { userErrors { code } } }`;
    expect(
      (await gateway.graphql(organizationAdmin, test, { input: { id } })).data.webhookEndpointTest.userErrors,
    ).toEqual([{ code: 'WRONG_STATUS' }]);
  });

  it('and its deliveries are seen and touched by its own administrators alone', async () => {
    await makeEvents(gateway, [{ organizationId: organizationId.slice(4) }]);
    await deliver(gateway, id.slice(4));
    const [row] = await gateway.rows<{ id: string }>(
      'select id from webhook_deliveries where tenant_id = $1 and endpoint_id = $2',
      [id.slice(4)],
    );
    const deliveryId = `whd_${row!.id}`;
    const look = `query ($id: ID!, $delivery: ID!) { webhookEndpoint(id: $id) { id } webhookDelivery(id: $delivery) { id }
      a: node(id: $id) { id } b: node(id: $delivery) { id } }`;
    const visible = { webhookEndpoint: { id }, webhookDelivery: { id: deliveryId }, a: { id }, b: { id: deliveryId } };
    const hidden = { webhookEndpoint: null, webhookDelivery: null, a: null, b: null };
    for (const [browser, seen] of [
      [admin, visible],
      [organizationAdmin, visible],
      [otherAdmin, hidden],
      [member, hidden],
    ] as const) {
      expect((await gateway.graphql(browser, look, { id, delivery: deliveryId })).data).toEqual(seen);
    }
    const list = `{ webhookEndpoints(first: 100) { nodes { id } } }`;
    const listed = async (browser: Browser) =>
      (await gateway.graphql(browser, list)).data.webhookEndpoints.nodes.map((node: { id: string }) => node.id);
    expect(await listed(admin)).toEqual(expect.arrayContaining([id, tenantWideId]));
    expect(await listed(organizationAdmin)).toContain(id);
    expect(await listed(organizationAdmin)).not.toContain(tenantWideId);
    for (const browser of [otherAdmin, member]) expect(await listed(browser)).toEqual([]);
    const nested = `query ($id: ID!) { organization(id: $id) { webhookEndpoints { nodes { id } } } }`;
    expect((await gateway.graphql(member, nested, { id: organizationId })).errors![0]!.extensions.code).toBe(
      'FORBIDDEN',
    );
    expect(
      (await gateway.graphql(organizationAdmin, nested, { id: organizationId })).data.organization.webhookEndpoints
        .nodes,
    ).toContainEqual({ id });

    const since = '2020-01-01T00:00:00Z';
    for (const [name, input] of [
      ['webhookEndpointUpdate', { id, description: 'x' }],
      ['webhookEndpointDelete', { id }],
      ['webhookEndpointRotateSecret', { id }],
      ['webhookEndpointTest', { id }],
      ['webhookEndpointReplay', { id, since }],
      ['webhookDeliveryReplay', { id: deliveryId }],
    ] as const) {
      const type = ['webhookEndpointRotateSecret', 'webhookEndpointTest'].includes(name)
        ? 'WebhookEndpointIdInput'
        : name === 'webhookDeliveryReplay'
          ? 'WebhookDeliveryIdInput'
          : `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
      const query = `mutation ($input: ${type}!) { ${name}(input: $input) { userErrors { code } } }`;
      for (const browser of [otherAdmin, member]) await expectRefusal(browser, query, { input }, 'NOT_FOUND');
      await expectRefusal(null, query, { input }, 'UNAUTHENTICATED');
      if (name !== 'webhookDeliveryReplay') {
        await expectRefusal(organizationAdmin, query, { input: { ...input, id: tenantWideId } }, 'NOT_FOUND');
      }
    }
  });

  it('of another tenant is not there', async () => {
    const other = await seedTenant(gateway.database, 'other');
    const uuid = id.slice(4);
    expect(await gateway.services.loaders.webhooks.endpointById(other.id, uuid)).toBeUndefined();
    await makeEvents({ services: gateway.services, tenant: other }, [{ organizationId: organizationId.slice(4) }]);
    await deliver({ ...gateway, tenant: other }, uuid);
    await deliver(gateway, uuid);
    expect(
      await gateway.rows(
        `select type from events e join webhook_deliveries d on d.event_id = e.id
      where d.tenant_id = $1 and d.endpoint_id = $2 and e.type = 'user.updated'`,
        [uuid],
      ),
    ).toEqual([]);
  });

  it('shows what was sent and answered, redacted', async () => {
    const url = `${receiver.url}?key=sesame`;
    const { payload } = await create(organizationAdmin, { organizationId, url, eventTypes: ['user.updated'] });
    const endpointId = payload.webhookEndpoint.id as string;
    receiver.answer = respond(
      500,
      { 'content-type': 'application/json', 'set-cookie': 'a=b' },
      '{"token":"sesame","why":"no"}',
    );
    await makeEvents(gateway, [{ organizationId: organizationId.slice(4), number: 1 }]);
    await deliver(gateway, endpointId.slice(4));
    const { data, text } = await gateway.graphql(
      organizationAdmin,
      `query ($id: ID!) { webhookEndpoint(id: $id) { failingSince pendingCount
        deliveries(filter: { status: PENDING, eventType: "user.updated" }) { totalCount nodes {
          status attemptCount eventType eventId event { id type } nextAttemptAt finishedAt endpoint { id }
          attempts { number durationMilliseconds error request { url headers body } response { status headers body } } } }
        none: deliveries(filter: { status: DELIVERED }) { totalCount } } }`,
      { id: endpointId },
    );
    const { deliveries, ...health } = data.webhookEndpoint;
    expect(health).toEqual({ failingSince: expect.any(String), pendingCount: 1, none: { totalCount: 0 } });
    const [request] = receiver.received;
    expect(verify(payload.secret, request!).type).toBe('user.updated');
    const eventId = request!.headers['webhook-id'];
    expect(deliveries).toEqual({
      totalCount: 1,
      nodes: [
        {
          status: 'PENDING',
          attemptCount: 1,
          eventType: 'user.updated',
          eventId,
          event: { id: eventId, type: 'user.updated' },
          nextAttemptAt: expect.any(String),
          finishedAt: null,
          endpoint: { id: endpointId },
          attempts: [
            {
              number: 1,
              durationMilliseconds: expect.any(Number),
              error: 'The receiver answered 500.',
              request: {
                url: `${receiver.url}?key=***`,
                headers: {
                  'content-type': 'application/json',
                  'user-agent': expect.stringContaining('Vestibule/'),
                  'webhook-id': eventId,
                  'webhook-timestamp': request!.headers['webhook-timestamp'],
                  'webhook-signature': 'v1,***',
                },
                body: request!.body,
              },
              response: {
                status: 500,
                headers: { 'content-type': 'application/json', date: expect.any(String) },
                body: '{"token":"***","why":"no"}',
              },
            },
          ],
        },
      ],
    });
    expect(text).not.toContain('sesame');
    expect(text).not.toContain('whsec_');
  });

  it('is rotated, tested, replayed and deleted by mutations', async () => {
    const run = async (name: string, type: string, input: object, selection: string) =>
      (
        await gateway.graphql(
          organizationAdmin,
          `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} userErrors { code message } } }`,
          { input },
        )
      ).data[name];
    const rotated = await run(
      'webhookEndpointRotateSecret',
      'WebhookEndpointIdInput',
      { id },
      'secret webhookEndpoint { previousSecretUntil }',
    );
    expect(rotated).toEqual({
      secret: expect.stringMatching(/^whsec_/),
      webhookEndpoint: { previousSecretUntil: expect.any(String) },
      userErrors: [],
    });
    const since = new Date(gateway.services.clock().getTime() - 1).toISOString();
    await run('webhookEndpointTest', 'WebhookEndpointIdInput', { id }, 'webhookEndpoint { id }');
    await deliver(gateway, id.slice(4));
    expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toContain('webhook_endpoint.tested');
    receiver.received = [];
    gateway.advance(1_000);
    const replayed = await run(
      'webhookEndpointReplay',
      'WebhookEndpointReplayInput',
      { id, since, statuses: ['DELIVERED'] },
      'count',
    );
    expect(replayed).toEqual({ count: expect.any(Number), userErrors: [] });
    expect(replayed.count).toBeGreaterThan(0);
    await deliver(gateway, id.slice(4));
    expect(receiver.received.length).toBeGreaterThanOrEqual(replayed.count);
    const [delivery] = await gateway.rows<{ id: string }>(
      'select id from webhook_deliveries where tenant_id = $1 and endpoint_id = $2',
      [id.slice(4)],
    );
    expect(
      await run(
        'webhookDeliveryReplay',
        'WebhookDeliveryIdInput',
        { id: `whd_${delivery!.id}` },
        'webhookDelivery { status }',
      ),
    ).toEqual({
      webhookDelivery: { status: 'PENDING' },
      userErrors: [],
    });
    expect(await run('webhookEndpointDelete', 'WebhookEndpointDeleteInput', { id }, 'deletedId')).toEqual({
      deletedId: id,
      userErrors: [],
    });
    expect(
      await gateway.rows('select 1 from webhook_deliveries where tenant_id = $1 and endpoint_id = $2', [id.slice(4)]),
    ).toEqual([]);
  });
});
