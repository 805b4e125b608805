import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { removeExpired } from '../../src/database/remove-expired.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { rotateSecret, testEndpoint, updateEndpoint } from '../../src/events/webhooks/endpoints.js';
import { replayDelivery, replayEndpoint } from '../../src/events/webhooks/replay.js';
import { startJobs } from '../../src/jobs.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { type Receiver, respond, startReceiver, take, verify } from '../support/receiver.js';
import { attemptsOf, deliver, deliveriesOf, makeEndpoint, makeEvents, operatorOf } from '../support/webhooks.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let gateway: Gateway;
let receiver: Receiver;
let second: Receiver;
beforeAll(async () => {
  gateway = await startGateway({
    environment: { WEBHOOK_TIMEOUT_SECONDS: '1', ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' },
  });
  receiver = await startReceiver();
  second = await startReceiver();
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
  await second.close();
});
afterEach(async () => {
  for (const one of [receiver, second]) Object.assign(one, { received: [], answer: take });
  await gateway.rows('delete from webhook_endpoints where tenant_id = $1');
});

const statuses = async (id: string) => (await deliveriesOf(gateway, id)).map(({ status }) => status);
const endpointRow = async (id: string) =>
  (await gateway.rows('select * from webhook_endpoints where tenant_id = $1 and id = $2', [id]))[0]!;
const lastError = async (id: string) => (await attemptsOf(gateway, id)).at(-1)!.error as string;

describe('a delivery', () => {
  it('is a signed message of the event, under its id', async () => {
    const { id, secret } = await makeEndpoint(gateway, { url: `${receiver.url}?key=abc` });
    const objectId = v7();
    await makeEvents(gateway, [{ objectId, number: 7 }]);
    await deliver(gateway, id);
    const [request] = receiver.received;
    const [delivery] = await deliveriesOf(gateway, id);
    expect(verify(secret, request!)).toEqual({
      type: 'user.updated',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        id: `evt_${delivery!.event_id}`,
        sequence: Number(delivery!.sequence),
        organizationId: null,
        userId: null,
        objectId: `usr_${objectId}`,
        actor: { kind: 'SYSTEM', userId: null, applicationId: null, via: 'test' },
        before: { givenName: '' },
        after: { givenName: '7' },
      },
    });
    expect(request!.path).toBe('/hook?key=abc');
    expect(request!.headers).toMatchObject({
      'webhook-id': `evt_${delivery!.event_id}`,
      'content-type': 'application/json',
      'user-agent': `Vestibule/${gateway.services.config.version}`,
    });
    expect(delivery).toMatchObject({ status: 'DELIVERED', attempts: 1, next_attempt_at: null });
  });

  it('is of what the endpoint asks for, of its organization', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const { id } = await makeEndpoint(gateway, { url: receiver.url, organizationId: organization.id });
    const { id: other } = await makeEndpoint(gateway, { url: second.url, eventTypes: ['organization.*'] });
    await makeEvents(gateway, [{ organizationId: organization.id, number: 1 }, { organizationId: v7() }, {}]);
    await deliver(gateway, id);
    await deliver(gateway, other);
    expect(receiver.received.map(({ body }) => JSON.parse(body).data.after.givenName)).toEqual(['1']);
    expect(second.received).toEqual([]);
  });

  it('is not made of a change that was rolled back', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    await makeEvents(gateway, [{ isRolledBack: true }]);
    await deliver(gateway, id);
    expect(receiver.received).toEqual([]);
    expect(await deliveriesOf(gateway, id)).toEqual([]);
  });

  it('that fails is sent again, the same bytes under the same id, and those of its object wait for it', async () => {
    const { id, secret } = await makeEndpoint(gateway, { url: receiver.url });
    const objectId = v7();
    await makeEvents(gateway, [{ objectId, number: 1 }, { objectId, number: 2 }, { number: 3 }]);
    receiver.answer = ({ body }, response) =>
      respond(body.includes('"givenName":"1"') ? 500 : 204)({} as never, response);
    await deliver(gateway, id);
    expect(receiver.received.map(({ body }) => JSON.parse(body).data.after.givenName).sort()).toEqual(['1', '3']);
    expect(await statuses(id)).toEqual(['PENDING', 'PENDING', 'DELIVERED']);
    receiver.answer = take;
    await deliver(gateway, id);
    expect(receiver.received).toHaveLength(2);
    gateway.advance(7_000);
    await deliver(gateway, id);
    const [first, , again, next] = receiver.received;
    expect(again!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(again!.body).toBe(first!.body);
    expect(verify(secret, again!)).toEqual(verify(secret, first!));
    expect(JSON.parse(next!.body).data.after.givenName).toBe('2');
    expect(await statuses(id)).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED']);
  });

  it('that hangs ends with its time limit, and does not hold back others', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    await makeEvents(gateway, [{ number: 1 }, { number: 2 }, { number: 3 }]);
    receiver.answer = ({ body }, response) => {
      if (!body.includes('"givenName":"1"')) response.writeHead(204).end();
    };
    const begun = Date.now();
    await deliver(gateway, id);
    expect(Date.now() - begun).toBeLessThan(2_500);
    expect(await statuses(id)).toEqual(['PENDING', 'DELIVERED', 'DELIVERED']);
    expect((await attemptsOf(gateway, id))[0]).toMatchObject({
      error: 'There was no answer within 1 seconds.',
      response_status: null,
    });
  });

  it('keeps 4 KiB of an endless answer, redacted', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    await makeEvents(gateway, [{}]);
    receiver.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'a=b' });
      response.write(`token=abcdef ${'x'.repeat(1_000_000)}`);
    };
    await deliver(gateway, id);
    const [attempt] = await attemptsOf(gateway, id);
    expect(attempt!.response_body).toMatch(/^token="\*\*\*" x+$/);
    expect(attempt!.response_body.length).toBeLessThanOrEqual(4_096);
    expect(attempt!.response_headers).toEqual({ 'content-type': 'text/plain', date: expect.any(String) });
    expect(attempt!.request_headers['webhook-signature']).toBe('v1,***');
    expect(await statuses(id)).toEqual(['DELIVERED']);
  });

  it('waits for as long as Retry-After asks', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    await makeEvents(gateway, [{}]);
    receiver.answer = respond(429, { 'retry-after': '3600' });
    const now = gateway.services.clock().getTime();
    await deliver(gateway, id);
    const [delivery] = await deliveriesOf(gateway, id);
    expect((new Date(delivery!.next_attempt_at!).getTime() - now) / MINUTE).toBeCloseTo(60, 0);
  });

  it('is signed with both secrets after a rotation, and with the new one alone a day later', async () => {
    const { id, secret } = await makeEndpoint(gateway, { url: receiver.url });
    const rotated = await rotateSecret(operatorOf(gateway), { id });
    await makeEvents(gateway, [{}]);
    await deliver(gateway, id);
    for (const good of [secret, rotated]) expect(verify(good, receiver.received[0]!).type).toBe('user.updated');
    gateway.advance(DAY + MINUTE);
    await makeEvents(gateway, [{}]);
    await deliver(gateway, id);
    expect(receiver.received.at(-1)!.headers['webhook-signature']).not.toContain(' ');
    await removeExpired(gateway.services);
    expect(await endpointRow(id)).toMatchObject({ sealed_previous_secret: null, previous_secret_until: null });
  });
});

describe('redirects', () => {
  const to = (location: string, status = 307) => respond(status, { location });

  it('of 307 and 308 are followed with the body, three at most', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    await makeEvents(gateway, [{}]);
    receiver.answer = ({ path }, response) => {
      if (path === '/hook') to('/next', 308)({} as never, response);
      else if (path === '/next') to('/last')({} as never, response);
      else to(second.url)({} as never, response);
    };
    await deliver(gateway, id);
    expect(JSON.parse(second.received[0]!.body).type).toBe('user.updated');
    expect((await attemptsOf(gateway, id))[0]).toMatchObject({ url: second.url, response_status: 204 });
    second.answer = to(receiver.url);
    await makeEvents(gateway, [{}]);
    await deliver(gateway, id);
    expect(await lastError(id)).toBe('There were more than 3 redirects.');
  });

  it.each([301, 302, 303])('of %i are failures that say so', async (status) => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    await makeEvents(gateway, [{}]);
    receiver.answer = to(second.url, status);
    await deliver(gateway, id);
    expect(second.received).toEqual([]);
    expect(await lastError(id)).toContain(`The receiver answered ${status}, which would change the request`);
  });

  it('to a private address are refused before a connection is made', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    for (const [location, error] of [
      [`https://127.0.0.2:${second.port}/`, '127.0.0.2 is not at a public address.'],
      ['https://169.254.169.254/latest/meta-data', '169.254.169.254 is not at a public address.'],
      [`https://[::1]:${second.port}/`, '::1 is not at a public address.'],
      ['http://example.org/', 'A redirect led to an address that is not https.'],
      ['https://user:secret@example.org/', 'A redirect led to an address that is not https.'],
      ['file:///etc/passwd', 'A redirect led to an address that is not https.'],
    ] as const) {
      receiver.answer = to(location);
      await makeEvents(gateway, [{}]);
      await deliver(gateway, id);
      expect(await lastError(id)).toContain(error);
    }
    expect(second.received).toEqual([]);
    expect(gateway.logLines.some((line) => line.includes('a webhook does not lead to a public address'))).toBe(true);
  });
});

describe('an endpoint', () => {
  it('that answers 410 is disabled at once, what was to be sent is canceled, and its administrators are told', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const user = await makeUser(gateway.tenant);
    await makeMembership(gateway.tenant, { user, organization, roles: ['member', 'administrator'] });
    const { id } = await makeEndpoint(gateway, { url: `${receiver.url}?key=abc`, organizationId: organization.id });
    const objectId = v7();
    await makeEvents(
      gateway,
      [1, 2, 3].map((number) => ({ objectId, organizationId: organization.id, number })),
    );
    receiver.answer = respond(410);
    await deliver(gateway, id);
    expect(receiver.received).toHaveLength(1);
    expect(await endpointRow(id)).toMatchObject({ status: 'DISABLED', disabled_reason: 'GONE' });
    expect(await statuses(id)).toEqual(['CANCELED', 'CANCELED', 'CANCELED']);
    const notices = await gateway.rows(`select * from notices where tenant_id = $1 and kind = 'WEBHOOK_DISABLED'`);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({
      user_id: user.id,
      data: { endpointId: `whe_${id}`, reason: 'GONE', url: `${receiver.url}?key=***` },
    });
    const [event] = await gateway.rows(
      `select * from events where tenant_id = $1 and type = 'webhook_endpoint.disabled' and object_id = $2`,
      [id],
    );
    expect(event).toMatchObject({ actor_kind: 'SYSTEM', organization_id: organization.id, after: { reason: 'GONE' } });
    await makeEvents(gateway, [{ organizationId: organization.id }]);
    await deliver(gateway, id);
    expect(await statuses(id)).toHaveLength(3);
  });

  it('that takes nothing for three days is disabled, and its administrators are told', async () => {
    await gateway.rows('delete from notices where tenant_id = $1');
    const administrator = await makeUser(gateway.tenant, { isTenantAdministrator: true });
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    await makeEvents(gateway, [{}]);
    receiver.answer = respond(500);
    for (let attempt = 0; attempt < 9; attempt++) {
      await deliver(gateway, id);
      expect((await endpointRow(id)).status).toBe('ENABLED');
      const [delivery] = await deliveriesOf(gateway, id);
      gateway.advance(new Date(delivery!.next_attempt_at!).getTime() - gateway.services.clock().getTime() + 1);
    }
    await deliver(gateway, id);
    expect(receiver.received).toHaveLength(10);
    expect(await endpointRow(id)).toMatchObject({ status: 'DISABLED', disabled_reason: 'FAILURES' });
    const notices = await gateway.rows(`select * from notices where tenant_id = $1 and kind = 'WEBHOOK_DISABLED'`);
    expect(notices.map(({ user_id: userId }) => userId)).toEqual([administrator.id]);
    expect(new Set(receiver.ids()).size).toBe(1);
  }, 30_000);

  it('that takes something meanwhile goes on: what is given up lets the next of its object go', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    const objectId = v7();
    await makeEvents(gateway, [
      { objectId, number: 1 },
      { objectId, number: 2 },
    ]);
    receiver.answer = ({ body }, response) =>
      respond(body.includes('"givenName":"1"') ? 500 : 204)({} as never, response);
    for (let attempt = 0; attempt < 10; attempt++) {
      await makeEvents(gateway, [{ number: 3 }]);
      await deliver(gateway, id);
      gateway.advance(DAY * 1.3);
    }
    const [first, next] = await deliveriesOf(gateway, id);
    expect(first).toMatchObject({ status: 'FAILED', attempts: 10 });
    expect(next).toMatchObject({ status: 'DELIVERED' });
    expect(await endpointRow(id)).toMatchObject({ status: 'ENABLED', failing_since: null });
  }, 30_000);

  it('that is disabled gets nothing; a replay of the time sends it all, in order, each once', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    const since = gateway.services.clock();
    await makeEvents(gateway, [{ number: 1 }]);
    await deliver(gateway, id);
    await dispatchEvents(gateway.services, gateway.tenant.id);
    const operator = operatorOf(gateway);
    await updateEndpoint(operator, { id, status: 'DISABLED' as never });
    const objectId = v7();
    await makeEvents(
      gateway,
      Array.from({ length: 20 }, (_, number) => ({ objectId, number })),
    );
    await deliver(gateway, id);
    expect(receiver.received).toHaveLength(1);
    await expect(replayEndpoint(operator, { id, since })).rejects.toThrow('enable it first');
    await updateEndpoint(operator, { id, status: 'ENABLED' as never });
    gateway.advance(1_000);
    expect(await replayEndpoint(operator, { id, since })).toBe(21);
    await deliver(gateway, id);
    const replayed = receiver.received.slice(1).map(({ body }) => JSON.parse(body).data);
    expect(new Set(replayed.map((data) => data.id)).size).toBe(21);
    const ofObject = replayed.filter((data) => data.objectId === `usr_${objectId}`);
    expect(ofObject.map((data) => data.after.givenName)).toEqual(
      Array.from({ length: 20 }, (_, number) => String(number)),
    );
    expect(receiver.ids().filter((one) => one === receiver.ids()[0])).toHaveLength(2);
  });

  it('can be sent one delivery again, and those that stand so', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    const since = gateway.services.clock();
    await makeEvents(gateway, [{ number: 1 }, { number: 2 }]);
    await deliver(gateway, id);
    const [delivery] = await deliveriesOf(gateway, id);
    const operator = operatorOf(gateway);
    await replayDelivery(operator, { id: delivery!.id });
    await deliver(gateway, id);
    expect(receiver.ids().filter((one) => one === `evt_${delivery!.event_id}`)).toHaveLength(2);
    expect((await attemptsOf(gateway, id)).map(({ number }) => number)).toEqual([1, 2, 1]);
    gateway.advance(1_000);
    expect(await replayEndpoint(operator, { id, since, statuses: ['FAILED' as never] })).toBe(0);
    expect(await replayEndpoint(operator, { id, since, statuses: ['DELIVERED' as never] })).toBe(2);
    await deliver(gateway, id);
    expect(receiver.received).toHaveLength(5);
    await expect(replayEndpoint(operator, { id, since, until: since })).rejects.toThrow('since is before until.');
  });

  it('is sent what happened before it was made, if that is replayed', async () => {
    const objectId = v7();
    const since = gateway.services.clock();
    await makeEvents(gateway, [{ objectId, number: 42 }]);
    await dispatchEvents(gateway.services, gateway.tenant.id);
    gateway.advance(1_000);
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    expect(await replayEndpoint(operatorOf(gateway), { id, since })).toBe(1);
    await deliver(gateway, id);
    expect(JSON.parse(receiver.received[0]!.body).data).toMatchObject({ objectId: `usr_${objectId}` });
  });

  it('is tested by an event, whatever it asks for', async () => {
    const { id } = await makeEndpoint(gateway, { url: receiver.url });
    const { id: other } = await makeEndpoint(gateway, { url: second.url });
    await testEndpoint(operatorOf(gateway), { id });
    await deliver(gateway, id);
    await deliver(gateway, other);
    expect(receiver.received.map(({ body }) => JSON.parse(body))).toEqual([
      expect.objectContaining({
        type: 'webhook_endpoint.tested',
        data: expect.objectContaining({ objectId: `whe_${id}` }),
      }),
    ]);
    expect(second.received).toEqual([]);
  });
});

it('deliveries that are done are removed after 30 days, with their attempts', async () => {
  const { id } = await makeEndpoint(gateway, { url: receiver.url });
  await makeEvents(gateway, [{}]);
  await deliver(gateway, id);
  gateway.advance(29 * DAY);
  await removeExpired(gateway.services);
  expect(await deliveriesOf(gateway, id)).toHaveLength(1);
  gateway.advance(2 * DAY);
  await removeExpired(gateway.services);
  expect(await deliveriesOf(gateway, id)).toEqual([]);
  expect(await attemptsOf(gateway, id)).toEqual([]);
});

describe('with the jobs of a process', () => {
  it('1,000 events reach a receiver that fails at random, in order per object, and jobs do not pile up', async () => {
    const own = await startGateway({ environment: { WEBHOOK_RETRY_SECONDS: '1,1,1,1,1,1,1,1,1,1' } });
    const { id, secret } = await makeEndpoint(own, { url: receiver.url });
    const delivered: { object: string; number: number; id: string }[] = [];
    receiver.answer = (request, response) => {
      const { data } = verify(secret, request);
      if (Math.random() < 0.05) return void response.writeHead(500).end();
      delivered.push({ object: data.objectId, number: Number(data.after.givenName), id: data.id });
      response.writeHead(204).end();
    };
    const stop = await startJobs(own.services);
    const waiting: number[] = [];
    try {
      const objects = Array.from({ length: 50 }, () => v7());
      for (let number = 0; number < 1_000; number++) {
        await makeEvents(own, [{ objectId: objects[number % 50]!, number }]);
        if (number % 50 === 0) waiting.push(await countJobs(own, id));
      }
      await eventually(
        async () =>
          (await own.rows(`select 1 from webhook_deliveries where tenant_id = $1 and status = 'DELIVERED'`)).length ===
          1_000,
      );
      waiting.push(await countJobs(own, id));
    } finally {
      await stop();
      await own.close();
    }
    expect(new Set(delivered.map(({ id: event }) => event)).size).toBe(1_000);
    for (const [object, events] of Map.groupBy(delivered, ({ object }) => object)) {
      const numbers = events.map(({ number }) => number);
      expect([object, ...numbers]).toEqual([object, ...numbers.toSorted((left, right) => left - right)]);
    }
    // One that is under way and one that waits; for a moment two, when two processes or a retry send at once.
    expect(Math.max(...waiting)).toBeLessThanOrEqual(3);
  }, 90_000);
});

async function countJobs(own: Gateway, endpointId: string): Promise<number> {
  const [row] = await own.rows<{ count: number }>(
    `select count(*)::int as count from pgboss.job where name = 'webhooks' and singleton_key = '${endpointId}' and state <= 'active'`,
  );
  return row!.count;
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await isSo()); await pause(100)) {
    if (Date.now() > end) throw new Error('It did not come about.');
  }
}
