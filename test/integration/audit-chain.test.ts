import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { digest, hashLink } from '../../src/events/chain.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { readChain, readHead } from '../../src/events/linked-event.js';
import { verifyLog } from '../../src/events/verify-log.js';
import { trimEvents } from '../../src/events/retention.js';
import type { Browser } from '../support/browser.js';
import { tamper, verified } from '../support/audit.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
let administrator: { browser: Browser; userId: string };
let person: { browser: Browser; userId: string };

beforeEach(async () => {
  gateway = await startGateway();
  administrator = await gateway.signedInUser({ isTenantAdministrator: true });
  person = await gateway.signedInUser();
  const organization = await makeOrganization(gateway.tenant);
  for (const description of ['one', 'two', 'three', 'four']) await edit(organization.id, description);
});
afterEach(() => gateway.close());

const edit = (id: string, description: string) =>
  gateway.graphql(
    administrator.browser,
    'mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { message } } }',
    { input: { id: `org_${id}`, description } },
  );

/** What is found wrong, as text. */
async function faultsAfter(...statements: string[]): Promise<string[]> {
  await verified(gateway);
  await tamper(gateway, ...statements);
  return (await verified(gateway)).problems.map(({ sequence, message }) => `${sequence ?? '–'} ${message}`);
}

/** The event in that place of the chain. */
const at = (sequence: number) => `(select id from audit_chain where tenant_id = $1 and sequence = ${sequence})`;

describe('the verification of the log', () => {
  it('finds nothing wrong with what really happened, and says where it ends', async () => {
    const report = await verified(gateway);
    const [{ count }] = (await gateway.rows<{ count: number }>(
      'select count(*)::int as count from events where tenant_id = $1',
    )) as [{ count: number }];
    const head = await readHead(gateway.database, gateway.tenant.id);
    expect(report).toEqual({
      problems: [],
      events: count,
      head: { sequence: count, hash: head!.hash },
      pending: 0,
    });
    expect(count).toBeGreaterThan(5);
  });

  it('says of events that wait for their place that they do', async () => {
    await verified(gateway);
    await gateway.signedInUser();
    expect(await verifyLog(gateway.services, gateway.tenant.id)).toMatchObject({ problems: [], pending: 1 });
  });

  it('finds content that was changed', async () => {
    expect(await faultsAfter(`update events set "after" = '{"description":"never"}' where id = ${at(4)}`)).toEqual([
      '4 does not say what it said: before and after were changed',
    ]);
  });

  it('finds an address that was changed', async () => {
    expect(await faultsAfter(`update events set ip_address = '192.0.2.1' where id = ${at(4)}`)).toEqual([
      '4 does not say what it said: the address and the browser were changed',
    ]);
  });

  it.each([
    ['the time', `at = at - interval '1 hour'`],
    ['the actor', 'actor_user_id = null'],
    ['the application', 'actor_application_id = gen_random_uuid()'],
    ['what was used', `via = 'organizationCreate'`],
  ])('finds that %s was changed', async (_, change) => {
    expect(await faultsAfter(`update events set ${change} where id = ${at(4)}`)).toEqual([
      '4 has a hash that does not follow: this event or its link was changed',
    ]);
  });

  it('finds an event that was deleted with its link', async () => {
    expect(await faultsAfter(`delete from events where id = ${at(4)}`)).toEqual([
      '5 comes after 3: 1 event is missing',
    ]);
  });

  it('finds an event that has lost its link, and one that was slipped in', async () => {
    expect(await faultsAfter(`delete from audit_chain where tenant_id = $1 and sequence = 4`)).toEqual([
      '5 comes after 3: 1 event is missing',
      '– is not in the chain and does not wait for it',
    ]);
  });

  it('finds two events that changed places', async () => {
    expect(
      await faultsAfter(
        'update audit_chain set sequence = 1000 where tenant_id = $1 and sequence = 3',
        'update audit_chain set sequence = 3 where tenant_id = $1 and sequence = 4',
        'update audit_chain set sequence = 4 where tenant_id = $1 and sequence = 1000',
      ),
    ).toEqual([3, 4, 5].map((place) => `${place} has a hash that does not follow: this event or its link was changed`));
  });

  it('finds content that was erased and nobody told of', async () => {
    expect(
      await faultsAfter(
        `update events set "before" = null, "after" = null, changes_salt = null, erased_at = now() where user_id = '${person.userId}'`,
      ),
    ).toEqual([expect.stringMatching(/^\d+ was erased, and no audit.erased event tells of that$/)]);
    expect(
      await faultsAfter(
        `update events set "before" = null, "after" = null, changes_salt = null, erased_at = now() where id = ${at(4)}`,
      ),
    ).toEqual(expect.arrayContaining(["4 has lost before and after, which are nobody's to erase"]));
  });

  it('finds an end that was cut off, even where the head was moved back to it', async () => {
    const { head } = await verified(gateway);
    const last = head.sequence;
    await tamper(gateway, `delete from events where id = ${at(last)}`);
    const cut = (await verified(gateway)).problems.map(({ message }) => message);
    expect(cut).toEqual([expect.stringContaining('its end was cut off')]);
    await tamper(
      gateway,
      `update audit_heads h set sequence = ${last - 1}, hash = c.hash from audit_chain c
       where h.tenant_id = $1 and c.tenant_id = $1 and c.sequence = ${last - 1}`,
    );
    const moved = (await verified(gateway)).problems.map(({ message }) => message);
    expect(moved).toEqual([expect.stringContaining('The sealed head says another end')]);
  });

  it('finds a whole log that was rewritten, since its head cannot be sealed without the key', async () => {
    await verified(gateway);
    await rewrite();
    expect((await verified(gateway)).problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('The sealed head says another end'),
    ]);
    await tamper(gateway, `update audit_heads set sealed = 'x' where tenant_id = $1`);
    expect((await verified(gateway)).problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('cannot be opened'),
    ]);
  });

  it('finds by a head that was kept elsewhere what an old backup of the database hides', async () => {
    const { head: early } = await verified(gateway);
    const [saved] = await gateway.rows<{ sealed: string }>('select sealed from audit_heads where tenant_id = $1');
    await gateway.signedInUser();
    const { head: late } = await verified(gateway);
    expect((await verified(gateway, early)).problems).toEqual([]);
    await tamper(
      gateway,
      `delete from events where id in (select id from audit_chain where tenant_id = $1 and sequence > ${early.sequence})`,
      `update audit_heads set sequence = ${early.sequence}, hash = decode('${early.hash}', 'hex'), sealed = '${saved!.sealed}'
       where tenant_id = $1`,
    );
    expect((await verified(gateway)).problems).toEqual([]);
    const messages = (await verified(gateway, late)).problems.map(({ message }) => message);
    expect(messages).toEqual([expect.stringContaining('events were cut off its end')]);
    const wrong = { sequence: 3, hash: createHash('sha256').update('x').digest('hex') };
    expect((await verified(gateway, wrong)).problems).toEqual([
      { sequence: 3, eventId: expect.any(String), message: expect.stringContaining('the log was rewritten') },
    ]);
  });

  it('finds a beginning that is gone and nobody told of', async () => {
    expect(
      await faultsAfter(
        `update audit_heads h set trimmed_sequence = 2, trimmed_hash = c.hash from audit_chain c
         where h.tenant_id = $1 and c.tenant_id = $1 and c.sequence = 2`,
        `delete from events where id in (select id from audit_chain where tenant_id = $1 and sequence <= 2)`,
      ),
    ).toEqual(['– The log begins after event 2, and no audit.trimmed event tells of that']);
  });

  /** Changes an event and makes every link after it anew, as somebody with the database and without the key would. */
  async function rewrite(): Promise<void> {
    const { database, tenant } = gateway;
    const head = (await readHead(database, tenant.id))!;
    const statements = [`update events set "after" = '{"description":"never"}' where id = ${at(4)}`];
    let hash: Buffer = Buffer.alloc(0);
    for await (const page of readChain(database, tenant.id, { after: 0, last: head.sequence })) {
      for (const event of page) {
        const content = event.sequence === 4 ? { before: event.before, after: { description: 'never' } } : event;
        const { before, after } = content;
        const changes = digest(Buffer.from(event.changesSalt!, 'hex'), { before, after });
        hash = hashLink(hash, {
          ...event,
          id: event.uuid,
          at: new Date(event.at).toISOString(),
          actorUserId: event.actorUserUuid,
          actorApplicationId: event.actorApplicationUuid,
          organizationId: event.organizationUuid,
          userId: event.userUuid,
          objectId: event.objectUuid,
          changesDigest: changes,
          originDigest: Buffer.from(event.originDigest, 'hex'),
        });
        statements.push(
          `update audit_chain set changes_digest = decode('${changes.toString('hex')}', 'hex'),
           hash = decode('${hash.toString('hex')}', 'hex') where tenant_id = $1 and sequence = ${event.sequence}`,
        );
      }
    }
    statements.push(`update audit_heads set hash = decode('${hash.toString('hex')}', 'hex') where tenant_id = $1`);
    await tamper(gateway, ...statements);
  }
});

describe('retention', () => {
  const DAY = 24 * 60 * 60 * 1000;
  const keep = (auditRetentionDays: number | null) =>
    gateway.graphql(
      administrator.browser,
      `mutation ($input: TenantUpdateInput!) { tenantUpdate(input: $input) {
        tenant { slug auditRetentionDays } userErrors { code field } } }`,
      { input: { auditRetentionDays } },
    );

  it('is a setting of the tenant, for its administrators', async () => {
    expect((await keep(30)).data.tenantUpdate).toEqual({
      tenant: { slug: 'default', auditRetentionDays: 30 },
      userErrors: [],
    });
    await keep(30);
    expect((await keep(0)).data.tenantUpdate).toEqual({
      tenant: { slug: 'default', auditRetentionDays: 30 },
      userErrors: [{ code: 'INVALID', field: ['auditRetentionDays'] }],
    });
    expect((await keep(null)).data.tenantUpdate.tenant.auditRetentionDays).toBeNull();
    const refused = await gateway.graphql(person.browser, '{ tenant { slug } }');
    expect([refused.errors![0]!.extensions.code, refused.data.tenant]).toEqual(['FORBIDDEN', null]);
    const told = await gateway.rows(
      `select "before", "after" from events where tenant_id = $1 and type = 'tenant.updated' order by id`,
    );
    expect(told).toEqual([
      { before: { auditRetentionDays: null }, after: { auditRetentionDays: 30 } },
      { before: { auditRetentionDays: 30 }, after: { auditRetentionDays: null } },
    ]);
  });

  it('removes the beginning of the log that is old enough, tells of it, and what is left verifies', async () => {
    await keep(7);
    const { head: old } = await verified(gateway);
    gateway.advance(8 * DAY);
    const later = await gateway.signedInUser();
    await dispatchEvents(gateway.services, gateway.tenant.id);
    expect(await trimEvents(gateway.services, gateway.tenant.id)).toBe(old.sequence);
    expect(await trimEvents(gateway.services, gateway.tenant.id)).toBe(0);
    const report = await verified(gateway, old);
    expect(report).toMatchObject({ problems: [], events: 2, head: { sequence: old.sequence + 2 } });
    const left = await gateway.rows<Record<string, any>>(
      'select type, user_id, "after" from events where tenant_id = $1 order by id',
    );
    expect(left).toEqual([
      { type: 'user.signed_in', user_id: later.userId, after: expect.anything() },
      {
        type: 'audit.trimmed',
        user_id: null,
        after: { sequence: old.sequence, hash: old.hash, events: old.sequence, before: expect.any(String) },
      },
    ]);
    const wrong = await verified(gateway, { ...old, hash: 'f'.repeat(64) });
    expect(wrong.problems[0]!.message).toContain('it was rewritten');
  });

  it('stops at the first event that is young enough, and removes nothing where events are kept for ever', async () => {
    await verified(gateway);
    // A younger event in the midst: its clock went before.
    await tamper(gateway, `update events set at = now() + interval '30 days' where id = ${at(3)}`);
    gateway.advance(8 * DAY);
    expect(await trimEvents(gateway.services, gateway.tenant.id)).toBe(0);
    await gateway.rows('update tenants set audit_retention_days = 7 where id = $1');
    expect(await trimEvents(gateway.services, gateway.tenant.id)).toBe(2);
    expect(await gateway.rows('select 1 as one from audit_chain where tenant_id = $1 and sequence = 3')).toHaveLength(
      1,
    );
  });
});
