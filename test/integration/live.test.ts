import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { createClient as createStreamClient } from 'graphql-sse';
import { v7 } from 'uuid';
import { transact } from '../../src/database/transact.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { recordEvents } from '../../src/events/record.js';
import type { Browser } from '../support/browser.js';
import { seedTenant } from '../support/factories.js';
import { openSocket, until, watchSocket, watchStream } from '../support/live.js';
import { CHANGED, codeOf, names, startLiveGateway, SYSTEM } from '../support/live-gateway.js';

const live = await startLiveGateway();
const { gateway, administrator, watch, dispatch, rename, organizationWith } = live;
afterEach(() => live.disconnect());
afterAll(() => gateway.close());

describe('organizationChanged', () => {
  it('tells of a change, with the organization as it is, and the event to those alone who may read the log', async () => {
    const { id, people } = await organizationWith(['member'], ['member', 'administrator']);
    const [member, admin] = people;
    const asMember = await watch({ browser: member!.browser }, CHANGED, { id });
    const asAdmin = await watch({ browser: admin!.browser }, CHANGED, { id });
    await rename(id, 'After');
    await dispatch();
    const [{ data: seen }] = await asMember.reach(1);
    expect(seen.organizationChanged).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      type: 'organization.updated',
      organization: { name: 'After', version: 2 },
      event: null,
    });
    const [{ data: full }] = await asAdmin.reach(1);
    expect(full.organizationChanged).toMatchObject({ id: seen.organizationChanged.id });
    expect(full.organizationChanged.event).not.toBeNull();
  });

  it('says nothing of another organization, nor of another tenant', async () => {
    const mine = await organizationWith(['member']);
    const other = await organizationWith(['member']);
    const watched = await watch({ browser: mine.people[0]!.browser }, CHANGED, { id: mine.id });
    const foreign = await seedTenant(gateway.database, `other-${v7()}`);
    await transact(gateway.database, foreign.id, (manager) =>
      recordEvents(manager, { tenantId: foreign.id, at: new Date(), actor: SYSTEM }, [
        { type: 'session.ended', organizationId: null, userId: null, objectId: v7() },
      ]),
    );
    await dispatchEvents(gateway.services, foreign.id);
    await rename(other.id, 'Elsewhere');
    await rename(mine.id, 'Here');
    await dispatch();
    expect(names(await watched.reach(1))).toEqual(['Here']);
    expect(watched.results).toHaveLength(1);
  });

  it('resumes after an event without gap or double, while events go on', async () => {
    const { id, people } = await organizationWith(['member']);
    const browser = people[0]!.browser;
    await rename(id, 'Version 0');
    await dispatch();
    const [first] = await gateway.rows<{ id: string }>(
      `select id from events where tenant_id = $1 and organization_id = '${id.slice(4)}'`,
    );
    const writing = (async () => {
      for (let version = 1; version <= 60; version++) {
        await rename(id, `Version ${version}`);
        if (version % 3 === 0) await dispatch();
      }
    })();
    const versions: number[] = [];
    const read = [`evt_${first!.id}`];
    while (read.length < 61) {
      const watched = await watch({ browser }, CHANGED, { id, after: read.at(-1) });
      await watched.reach(Math.min(7, 61 - read.length));
      watched.stop();
      await until(() => gateway.services.live.size === 0);
      for (const { data } of watched.results) {
        read.push(data.organizationChanged.id);
        versions.push(data.organizationChanged.organization.version);
      }
    }
    await writing;
    const log = await gateway.rows<{ id: string }>(
      `select e.id from events e join audit_chain c on c.tenant_id = e.tenant_id and c.id = e.id
       where e.tenant_id = $1 and e.organization_id = '${id.slice(4)}' order by c.sequence`,
    );
    expect(read).toEqual(log.map(({ id: uuid }) => `evt_${uuid}`));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  });

  it('resumes over more than a page, and after an event that has no place in the log yet', async () => {
    const { id, uuid, people } = await organizationWith(['member']);
    const { id: tenantId } = gateway.tenant;
    const facts = Array.from({ length: 1_234 }, () => ({
      type: 'organization.updated' as const,
      organizationId: uuid,
      objectId: uuid,
      before: { name: 'This' },
      after: { name: 'That' },
    }));
    await rename(id, 'First');
    await transact(gateway.database, tenantId, (manager) =>
      recordEvents(manager, { tenantId, at: gateway.services.clock(), actor: SYSTEM }, facts),
    );
    const [first] = await gateway.rows<{ id: string }>(
      `select id from events where tenant_id = $1 and organization_id = '${uuid}' order by id limit 1`,
    );
    const early = await watch({ browser: people[0]!.browser }, CHANGED, { id, after: `evt_${first!.id}` });
    await dispatch();
    const late = await watch({ browser: people[0]!.browser }, CHANGED, { id, after: `evt_${first!.id}` });
    await rename(id, 'Last');
    await dispatch();
    for (const watched of [early, late]) {
      const results = await watched.reach(1_235);
      const ids = results.map(({ data }) => data.organizationChanged.id);
      expect(new Set(ids).size).toBe(1_235);
      expect(results.at(-1).data.organizationChanged.type).toBe('organization.updated');
    }
    expect(early.results.map(({ data }) => data.organizationChanged.id)).toEqual(
      late.results.map(({ data }) => data.organizationChanged.id),
    );
  });

  it('does not resume after what it does not know', async () => {
    const { id, people } = await organizationWith(['member']);
    const other = await organizationWith(['member']);
    await rename(other.id, 'Elsewhere');
    await dispatch();
    const [foreign] = await gateway.rows<{ id: string }>(
      `select id from events where tenant_id = $1 and organization_id = '${other.uuid}'`,
    );
    for (const after of [`evt_${v7()}`, `evt_${foreign!.id}`, 'nonsense']) {
      const watched = await watch({ browser: people[0]!.browser }, CHANGED, { id, after });
      expect(codeOf((await watched.reach(1))[0])).toBe('BAD_USER_INPUT');
      expect(await watched.ended).toBe('complete');
    }
  });

  it('is complete once the organization is deleted, and says so last', async () => {
    const { id, people } = await organizationWith(['member']);
    const watched = await watch({ browser: people[0]!.browser }, CHANGED, { id });
    await gateway.graphql(
      administrator,
      'mutation ($input: OrganizationDeleteInput!) { organizationDelete(input: $input) { deletedId } }',
      { input: { id } },
    );
    await dispatch();
    expect(await watched.ended).toBe('complete');
    expect(watched.results.map(({ data }) => data.organizationChanged)).toMatchObject([
      { type: 'organization.deleted', organization: null, event: null },
    ]);
  });
});

describe('server-sent events', () => {
  it('carry ids, go through the graphql-sse client, and are told not to be gathered', async () => {
    const { id, people } = await organizationWith(['member']);
    const cookie = `__Host-vestibule=${await people[0]!.browser.cookie('__Host-vestibule', gateway.url)}`;
    const stream = watchStream(gateway.url, CHANGED, { id }, { cookie });
    const { headers, status } = await stream.response;
    expect(status).toBe(200);
    expect(headers.get('x-accel-buffering')).toBe('no');
    const client = createStreamClient({ url: `${gateway.url}/graphql`, headers: { cookie }, retryAttempts: 0 });
    const received: any[] = [];
    const iterator = client.iterate({ query: CHANGED, variables: { id } });
    const reading = (async () => {
      for await (const result of iterator) {
        received.push(result);
        break;
      }
    })();
    await until(() => gateway.services.live.size === 2);
    await rename(id, 'After');
    await dispatch();
    await reading;
    expect(names(received)).toEqual(['After']);
    const [result] = await stream.reach(1);
    expect(stream.ids).toEqual([result.data.organizationChanged.id]);
    stream.stop();
    client.dispose();
  });

  it('refuse what is no request', async () => {
    const answer = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: '{"variables":1}',
    });
    expect(answer.status).toBe(400);
  });
});

describe('a subscriber who takes nothing for a while', () => {
  it('gets everything all the same, in order, and no more than a thousand events wait in memory', async () => {
    const { uuid, people } = await organizationWith(['member']);
    const { id: tenantId } = gateway.tenant;
    const viewer = await viewerOf(people[0]!.browser);
    const slow = await gateway.services.live.subscribe({
      tenantId,
      viewer,
      filter: { organizationId: uuid, eventTypes: [] },
      after: null,
      authorize: async () => null,
    });
    const first = slow.next();
    for (let part = 0; part < 3; part++) {
      await transact(gateway.database, tenantId, (manager) =>
        recordEvents(
          manager,
          { tenantId, at: gateway.services.clock(), actor: SYSTEM },
          Array.from({ length: 800 }, () => ({
            type: 'organization.updated' as const,
            organizationId: uuid,
            objectId: uuid,
            before: { name: 'This' },
            after: { name: 'That' },
          })),
        ),
      );
      await dispatch();
    }
    await until(() => !slow.isLive);
    expect(slow.waitingCount).toBe(1_000);
    const sequences = [(await first).value!.event.sequence];
    while (sequences.length < 2_400) sequences.push((await slow.next()).value!.event.sequence);
    expect(sequences).toEqual(sequences.map((_, index) => sequences[0]! + index));
    await slow.return();
  });

  async function viewerOf(browser: Browser) {
    const token = await browser.cookie('__Host-vestibule', gateway.url);
    return (await gateway.services.findSession(gateway.tenant.id, token!))!.viewer;
  }
});

describe('the price of a change', () => {
  /** How many statements a change costs with so many subscribers who select these fields. */
  async function counter(selection: string) {
    const { id, people } = await organizationWith(['member'], ['member'], ['member']);
    return async (subscribers: number) => {
      const sockets = await Promise.all(
        Array.from({ length: Math.ceil(subscribers / 50) }, (_, index) =>
          openSocket(gateway.url, { browser: people[index % people.length]!.browser }),
        ),
      );
      const watched = Array.from({ length: subscribers }, (_, index) =>
        watchSocket(sockets[Math.floor(index / 50)]!, CHANGED.replace('version', selection), {
          id,
        }),
      );
      await until(() => gateway.services.live.size === subscribers);
      await rename(id, `For ${subscribers}, ${v7()}`);
      // Subscriptions that have just begun may still be at it: only the change is to be counted.
      let [seen, still] = [-1, 0];
      await until(() => {
        still = gateway.statements.length === seen ? still + 1 : 0;
        seen = gateway.statements.length;
        return still === 20;
      });
      gateway.statements.length = 0;
      await dispatch();
      await Promise.all(watched.map(({ reach }) => reach(1)));
      const statements = gateway.statements.length;
      for (const client of sockets) await client.dispose();
      await until(() => gateway.services.live.size === 0);
      return statements;
    };
  }

  it('is the same number of statements for 200 subscribers as for one', async () => {
    const count = await counter('version');
    await count(1);
    const alone = await count(1);
    expect(await count(200)).toBe(alone);
  });

  it('is a few statements more where they ask for what belongs to the organization, however many they are', async () => {
    const count = await counter('version siret members { totalCount }');
    await count(1);
    const alone = await count(1);
    // Subscribers who are a turn of the event loop apart do not share a statement.
    expect(await count(200)).toBeLessThanOrEqual(alone + 6);
  });
});
