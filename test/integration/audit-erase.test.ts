import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import { verifyLog } from '../../src/events/verify-log.js';
import type { Browser } from '../support/browser.js';
import { verified } from '../support/audit.js';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
let administrator: { browser: Browser; userId: string };
let person: { browser: Browser; userId: string };
let bystander: { browser: Browser; userId: string };

const SECRET = 'Élise-Marguerite';

beforeAll(async () => {
  gateway = await startGateway();
  administrator = await gateway.signedInUser({ isTenantAdministrator: true });
  person = await gateway.signedInUser();
  bystander = await gateway.signedInUser();
  for (const browser of [person.browser, administrator.browser]) await rename(browser, person.userId, SECRET);
  await rename(administrator.browser, bystander.userId, 'Bystander');
});
afterAll(() => gateway.close());

const rename = async (browser: Browser, userId: string, givenName: string) => {
  const mutation = 'mutation ($input: UserUpdateInput!) { userUpdate(input: $input) { userErrors { message } } }';
  await gateway.graphql(browser, mutation, { input: { id: `usr_${userId}`, givenName } });
  await gateway.graphql(browser, mutation, { input: { id: `usr_${userId}`, givenName: 'Other' } });
};

const erase = (browser: Browser, userId: string, reason = 'Request of 3 March') =>
  gateway.graphql(
    browser,
    `mutation ($input: AuditEraseInput!) { auditErase(input: $input) { events userErrors { code message field } } }`,
    { input: { userId: `usr_${userId}`, reason } },
  );

const events = (condition: string) =>
  gateway.rows<Record<string, any>>(`select * from events where tenant_id = $1 and ${condition} order by id`);

/** An attempt to deliver the first event about the person, whose receiver sent back what it got. */
async function deliverFirst(): Promise<void> {
  const [event] = await events(`user_id = '${person.userId}'`);
  const [endpoint, delivery] = [v7(), v7()];
  const { database, tenant } = gateway;
  await transact(database, tenant.id, async (manager) => {
    await runSql(
      manager,
      `insert into webhook_endpoints (id, tenant_id, url, event_types, status, sealed_secret, created_at, updated_at)
       values ($1, $2, 'https://receiver.test', '{}', 'ENABLED', 'x', now(), now())`,
      [endpoint, tenant.id],
    );
    await runSql(
      manager,
      `insert into webhook_deliveries (id, tenant_id, endpoint_id, event_id, sequence, object_key, status, created_at, finished_at)
       values ($1, $2, $3, $4, 1, $4, 'DELIVERED', now(), now())`,
      [delivery, tenant.id, endpoint, event!.id],
    );
    await runSql(
      manager,
      `insert into webhook_attempts (id, tenant_id, delivery_id, number, at, duration_milliseconds, url, request_headers,
         response_status, response_body)
       values ($1, $2, $3, 1, now(), 1, 'https://receiver.test', '{}', 200, $4)`,
      [v7(), tenant.id, delivery, SECRET],
    );
  });
}

describe('erasing a person from the log', () => {
  it('is refused to everybody but administrators of the tenant, and without a reason', async () => {
    const before = await gateway.snapshot();
    const refused = await erase(person.browser, person.userId);
    expect([refused.errors![0]!.extensions.code, refused.data]).toEqual(['FORBIDDEN', null]);
    const empty = await erase(administrator.browser, person.userId, ' ');
    expect(empty.data.auditErase.userErrors).toMatchObject([{ code: 'REQUIRED', field: ['reason'] }]);
    const nobody = await erase(administrator.browser, v7());
    expect(nobody.errors![0]!.extensions.code).toBe('NOT_FOUND');
    expect(await gateway.snapshot()).toBe(before);
  });

  it('takes out what was said about them and from where they acted, keeps the chain, and is told of', async () => {
    await verified(gateway);
    await deliverFirst();
    const about = await events(`user_id = '${person.userId}'`);
    const bystanders = await events(`user_id = '${bystander.userId}'`);
    expect(about.length).toBeGreaterThan(4);
    const { data } = await erase(administrator.browser, person.userId);
    expect(data.auditErase).toEqual({ events: about.length, userErrors: [] });

    expect(await verified(gateway)).toMatchObject({ problems: [], pending: 0 });
    const erased = await events(`user_id = '${person.userId}' and type <> 'audit.erased'`);
    for (const event of erased) {
      expect(event).toMatchObject({ before: null, after: null, changes_salt: null, erased_at: expect.any(String) });
      // From where an administrator acted is theirs.
      const isTheirs = event.actor_user_id === person.userId;
      expect([event.type, event.ip_address === null, event.origin_salt === null]).toEqual([
        event.type,
        isTheirs,
        isTheirs,
      ]);
    }
    expect(erased.map(({ id, type, at }) => [id, type, at])).toEqual(about.map(({ id, type, at }) => [id, type, at]));
    expect(await events(`user_id = '${bystander.userId}'`)).toEqual(bystanders);
    expect(await events(`type = 'audit.erased'`)).toMatchObject([
      {
        user_id: person.userId,
        actor_user_id: administrator.userId,
        after: { events: about.length, reason: 'Request of 3 March' },
      },
    ]);
  });

  it('leaves nothing of it anywhere in what is kept of events', async () => {
    const kept = [
      await gateway.rows('select * from events where tenant_id = $1'),
      await gateway.rows('select * from audit_chain where tenant_id = $1'),
      await gateway.rows('select * from webhook_attempts where tenant_id = $1'),
    ];
    expect(JSON.stringify(kept)).not.toContain(SECRET);
    expect(kept[2]).toHaveLength(1);
    const { data } = await gateway.graphql(
      administrator.browser,
      `{ auditEvents(filter: { userId: "usr_${person.userId}", types: ["user.updated"] }) {
        nodes { before after erasedAt userAgent hash } } }`,
    );
    expect(data.auditEvents.nodes).toHaveLength(4);
    for (const event of data.auditEvents.nodes)
      expect(event).toMatchObject({
        before: null,
        after: null,
        erasedAt: expect.any(String),
        hash: expect.any(String),
      });
  });

  it('a second time changes nothing and writes nothing', async () => {
    const before = await gateway.snapshot();
    expect((await erase(administrator.browser, person.userId)).data.auditErase).toEqual({ events: 0, userErrors: [] });
    expect(await gateway.snapshot()).toBe(before);
    expect((await verifyLog(gateway.services, gateway.tenant.id)).problems).toEqual([]);
  });

  it('goes on with what happens afterwards', async () => {
    await rename(person.browser, person.userId, SECRET);
    expect((await erase(administrator.browser, person.userId)).data.auditErase.events).toBe(2);
    expect((await verified(gateway)).problems).toEqual([]);
  });
});
