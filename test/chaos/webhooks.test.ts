import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { createEndpoint } from '../../src/events/webhooks/endpoints.js';
import { createLog } from '../../src/log.js';
import { createDeployment, type Deployment } from '../support/processes.js';
import { type Receiver, startReceiver, verify } from '../support/receiver.js';
import { makeEvents } from '../support/webhooks.js';

/** The embedded database has one process, which nobody can write beside: everything is written beforehand. */
const isServer = Boolean(process.env.DATABASE_URL);
const EVENTS = isServer ? 10_000 : 1_000;
const OBJECTS = EVENTS / 20;
const KILLS = isServer ? 5 : 3;
const AT_ONCE = 25;
/** Numbers from here on are of changes that are rolled back. */
const ROLLED_BACK = 1_000_000;

let deployment: Deployment;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  deployment = await createDeployment(isServer ? 2 : 1, {
    WEBHOOK_RETRY_SECONDS: Array.from({ length: 30 }, () => 1).join(','),
    WEBHOOK_TIMEOUT_SECONDS: '1',
  });
}, 120_000);
afterAll(async () => {
  await deployment.close();
  await receiver.close();
});

interface Delivered {
  id: string;
  number: number;
  object: string;
}

it(`${EVENTS} events reach a receiver that fails, hangs, dawdles and redirects, whatever is killed: each under one id, in order`, async () => {
  const secret = await makeEndpoint();
  const taken: Delivered[] = [];
  const idsByNumber = new Map<number, Set<string>>();
  let requests = 0;
  let bad = 0;
  receiver.answer = (request, response) => {
    requests++;
    receiver.received.length = 0;
    let message: any;
    try {
      message = verify(secret, request);
    } catch {
      bad++;
      return void response.writeHead(400).end();
    }
    const { id, objectId: object, after } = message.data;
    const number = Number(after.givenName);
    if (id !== request.headers['webhook-id']) bad++;
    idsByNumber.set(number, (idsByNumber.get(number) ?? new Set()).add(id as string));
    const accept = () => {
      taken.push({ id, number, object });
      response.writeHead(204).end();
    };
    const chance = Math.random();
    if (chance < 0.03) response.writeHead(500).end();
    else if (chance < 0.035)
      return; // hangs
    else if (chance < 0.045) response.destroy();
    else if (chance < 0.065) setTimeout(accept, 200 + Math.random() * 300);
    else if (chance < 0.1 && request.path === '/hook') response.writeHead(307, { location: '/elsewhere' }).end();
    else accept();
  };

  const begun = Date.now();
  if (!isServer) await writeEvents();
  for (let index = 0; index < (isServer ? 2 : 1); index++) await deployment.start(index);
  const writing = isServer ? writeEvents() : Promise.resolve();
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(1_000 + Math.random() * 3_000);
    await deployment.kill(kill % deployment.urls.length);
    await deployment.start(kill % deployment.urls.length);
  }
  await writing;
  const countTaken = () => new Set(taken.map(({ number }) => number)).size;
  for (const end = Date.now() + 240_000; countTaken() < EVENTS && Date.now() < end;) await pause(250);
  const seconds = (Date.now() - begun) / 1_000;
  process.stdout.write(
    `${EVENTS} events, ${requests} requests, ${taken.length} taken, ${KILLS} kills: ${seconds.toFixed(1)} s, ${(EVENTS / seconds).toFixed(0)} events a second\n`,
  );

  expect(countTaken()).toBe(EVENTS);
  expect(bad).toBe(0);
  expect(Math.max(...idsByNumber.keys())).toBe(EVENTS - 1);
  expect([...idsByNumber.values()].every(({ size }) => size === 1)).toBe(true);
  for (const [object, events] of Map.groupBy(taken, ({ object }) => object)) {
    const order = [...new Set(events.map(({ number }) => number))];
    expect([object, ...order]).toEqual([object, ...order.toSorted((left, right) => left - right)]);
    expect(order).toHaveLength(EVENTS / OBJECTS);
  }

  // What was taken while its process died is sent once more, until nothing is left to do.
  await pause(isServer ? 0 : 15_000);
  for (const index of deployment.urls.keys()) if (!isServer) await deployment.kill(index);
  const statuses = () =>
    deployment.read<{ status: string; count: number }>(
      'select status, count(*)::int as count from webhook_deliveries where tenant_id = $1 group by status',
    );
  if (isServer)
    for (const end = Date.now() + 60_000; (await statuses()).length > 1 && Date.now() < end;) await pause(500);
  expect(await statuses()).toEqual([{ status: 'DELIVERED', count: EVENTS }]);
  const [jobs] = await deployment.read<{ count: number }>(
    `select count(*)::int as count from pgboss.job where name = 'webhooks' and state <= 'active' and $1::uuid is not null`,
  );
  expect(jobs!.count).toBeLessThanOrEqual(3);
}, 420_000);

function makeEndpoint(): Promise<string> {
  return deployment.use(async (tenant, sealing) => {
    const context = {
      database: tenant.database,
      tenant: { id: tenant.id, slug: tenant.slug, publicUrl: deployment.urls[0]! },
      viewer: null,
      sealing,
      clock: () => new Date(),
      log: createLog('silent'),
      outbound: { isAdmitted: () => true },
      allowsInsecureLoopback: true,
    };
    const { secret } = await createEndpoint(context, { url: receiver.url, eventTypes: ['user.*'] });
    return secret!;
  });
}

/** Each object gets its events in the order of their numbers, over many transactions, of which some are rolled back. */
function writeEvents(): Promise<void> {
  const objects = Array.from({ length: OBJECTS }, () => v7());
  return deployment.use(async (tenant) => {
    const on = { services: { database: tenant.database, clock: () => new Date() }, tenant };
    for (let first = 0; first < EVENTS; first += AT_ONCE) {
      const events = Array.from({ length: AT_ONCE }, (_, index) => ({
        objectId: objects[(first + index) % OBJECTS]!,
        number: first + index,
      }));
      if (Math.random() < 0.2) {
        const undone = events.map(({ objectId, number }) => ({
          objectId,
          number: ROLLED_BACK + number,
          isRolledBack: true,
        }));
        await makeEvents(on, undone);
      }
      await makeEvents(on, events);
    }
  });
}
