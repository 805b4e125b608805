import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSealing } from '../../src/database/sealing.js';
import { transact } from '../../src/database/transact.js';
import { ActorKind } from '../../src/entities/enums.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { recordEvents } from '../../src/events/record.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { makeOrganization, type SeededTenant, seedTenant } from '../support/factories.js';

let test: TestDatabase;
let tenant: SeededTenant;
let context: Parameters<typeof dispatchEvents>[0];
beforeEach(async () => {
  test = await createTestDatabase();
  tenant = await seedTenant(test.database);
  context = { database: test.database, sealing: createSealing([randomBytes(32)]), clock: () => new Date() };
  await dispatchEvents(context, tenant.id);
});
afterEach(() => test.close());

const writer = (at = new Date()) => ({
  tenantId: tenant.id,
  at,
  actor: { kind: ActorKind.OPERATOR, userId: null, via: 'test' },
});

const edit = (organizationId: string, description: string) =>
  transact(test.database, tenant.id, (manager) =>
    recordEvents(manager, writer(), [
      { type: 'organization.updated', organizationId, objectId: organizationId, before: {}, after: { description } },
    ]),
  );

const rows = <Row>(sql: string) => test.database.read<Row>(tenant.id, sql, [tenant.id]);

const chained = () =>
  rows<{ sequence: number; description: string; objectId: string }>(
    `select c.sequence::int as sequence, e."after" ->> 'description' as description, e.object_id as "objectId"
     from audit_chain c join events e on e.id = c.id where c.tenant_id = $1 and e.via = 'test' order by c.sequence`,
  );

describe('the outbox', () => {
  it('holds an event from its transaction on until it has its number, and one job asks for it', async () => {
    const organization = await makeOrganization(tenant);
    await edit(organization.id, 'one');
    expect(await rows('select 1 as one from outbox where tenant_id = $1')).toHaveLength(1);
    const jobs = await test.database.read(
      null,
      `select 1 as one from pgboss.job where name = 'events' and data ->> 'tenantId' = $1 and state = 'created'`,
      [tenant.id],
    );
    expect(jobs.length).toBeGreaterThan(0);
    expect(await dispatchEvents(context, tenant.id)).toBe(1);
    expect(await rows('select 1 as one from outbox where tenant_id = $1')).toHaveLength(0);
    expect(await dispatchEvents(context, tenant.id)).toBe(0);
  });

  it('holds nothing of a change that is rolled back, and neither does the queue', async () => {
    const organization = await makeOrganization(tenant);
    const count = async () =>
      (await test.database.read<{ count: number }>(null, 'select count(*)::int as count from pgboss.job', []))[0]!
        .count;
    const before = await count();
    const failed = transact(test.database, tenant.id, async (manager) => {
      await recordEvents(manager, writer(), [
        { type: 'organization.updated', organizationId: organization.id, before: {}, after: { description: 'never' } },
      ]);
      throw new Error('the change fails');
    });
    await expect(failed).rejects.toThrow('the change fails');
    expect(await dispatchEvents(context, tenant.id)).toBe(0);
    expect(await count()).toBe(before);
  });
});

describe('the numbers of events', () => {
  it('have no gap and follow the order in which changes of one object were committed', async () => {
    const organizations = await Promise.all([makeOrganization(tenant), makeOrganization(tenant)]);
    for (let round = 0; round < 20; round++) {
      for (const { id } of organizations) await edit(id, String(round));
    }
    await dispatchEvents(context, tenant.id);
    const events = await chained();
    expect(events).toHaveLength(40);
    expect(events.map(({ sequence }) => sequence - events[0]!.sequence)).toEqual(events.map((_, index) => index));
    for (const { id } of organizations) {
      const own = events.filter(({ objectId }) => objectId === id).map(({ description }) => Number(description));
      expect(own).toEqual(own.toSorted((left, right) => left - right));
    }
  });

  it('are the same however many hand events on at once', async () => {
    const organizations = await Promise.all(Array.from({ length: 5 }, () => makeOrganization(tenant)));
    let isOver = false;
    const dispatching = Array.from({ length: 4 }, async () => {
      while (!isOver) await dispatchEvents(context, tenant.id);
    });
    // Each object is changed by one transaction after another, as its row lock has it.
    await Promise.all(
      organizations.map(async ({ id }) => {
        for (let round = 0; round < 20; round++) await edit(id, String(round));
      }),
    );
    isOver = true;
    await Promise.all(dispatching);
    await dispatchEvents(context, tenant.id);
    const events = await chained();
    expect(events).toHaveLength(100);
    expect(new Set(events.map(({ sequence }) => sequence)).size).toBe(100);
    expect(events.at(-1)!.sequence - events[0]!.sequence).toBe(99);
    for (const { id } of organizations) {
      const own = events.filter(({ objectId }) => objectId === id).map(({ description }) => Number(description));
      expect(own).toEqual(Array.from({ length: 20 }, (_, round) => round));
    }
  }, 60_000);

  it('are given to more events than one turn takes', async () => {
    const organization = await makeOrganization(tenant);
    const facts = Array.from({ length: 2_500 }, (_, index) => ({
      type: 'organization.updated' as const,
      organizationId: organization.id,
      objectId: organization.id,
      before: {},
      after: { description: String(index) },
    }));
    await transact(test.database, tenant.id, (manager) => recordEvents(manager, writer(), facts));
    expect(await dispatchEvents(context, tenant.id)).toBe(2_500);
    expect((await chained()).map(({ description }) => Number(description))).toEqual(facts.map((_, index) => index));
  });
});

describe('the id of an event', () => {
  it('carries its time to the millisecond and keeps the order of one moment', async () => {
    const organization = await makeOrganization(tenant);
    const at = new Date('2026-03-01T12:00:00.123Z');
    const facts = ['a', 'b', 'c'].map((description) => ({
      type: 'organization.updated' as const,
      organizationId: organization.id,
      before: {},
      after: { description },
    }));
    await transact(test.database, tenant.id, (manager) => recordEvents(manager, writer(at), facts));
    const events = await rows<{ id: string; description: string }>(
      `select id, "after" ->> 'description' as description from events where tenant_id = $1 and via = 'test' order by id`,
    );
    expect(events.map(({ description }) => description)).toEqual(['a', 'b', 'c']);
    for (const { id } of events) expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(at.getTime());
  });
});

describe('a stored event', () => {
  beforeEach(async () => edit((await makeOrganization(tenant)).id, 'kept'));

  it('cannot be changed', async () => {
    for (const change of [
      `type = 'x'`,
      `"after" = '{}'::jsonb`,
      'organization_id = null',
      'erased_at = now(), at = now()',
    ]) {
      await expect(rows(`update events set ${change} where tenant_id = $1`)).rejects.toThrow(/never changed/);
    }
  });

  it('can lose what it says about a person', async () => {
    await rows(`update events set "after" = null, changes_salt = null, erased_at = now() where tenant_id = $1`);
    expect(await rows('select 1 as one from events where tenant_id = $1 and erased_at is not null')).toHaveLength(1);
    expect(await rows('select 1 as one from events where tenant_id = $1 and "after" is not null')).toHaveLength(0);
  });
});
