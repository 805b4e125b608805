import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SourceKind, SourceSyncMode } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { until, watchStream } from '../support/live.js';
import { codeOf, startLiveGateway } from '../support/live-gateway.js';
import { makeSource } from '../support/sources/make.js';
import { type PeopleServer, settingsOf, startPeopleServer } from '../support/sources/people-server.js';
import { startSync, work } from '../support/sources/syncs.js';

const live = await startLiveGateway();
const { gateway, administrator, watch } = live;
let server: PeopleServer;
beforeAll(async () => {
  server = await startPeopleServer();
});
afterEach(() => live.disconnect());
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(() => {
  server.people.clear();
  server.fault = null;
});

const CHANGED = `subscription ($id: ID!) { sourceSyncRunChanged(id: $id) { id status done created } }`;
const runs = ({ results }: { results: any[] }): any[] => results.map(({ data }) => data.sourceSyncRunChanged);

/** A sync of so many people, which is held where its third batch is read. */
async function begin(count: number) {
  for (let number = 0; number < count; number++) server.put({ key: `p${number}`, family: 'Person' });
  const source = await makeSource(gateway.tenant, {
    ...{ kind: SourceKind.HTTP, settings: settingsOf(server), syncMode: SourceSyncMode.FULL },
    timeLimitMilliseconds: 60_000,
  });
  const { sourceSyncRun } = await startSync(gateway, administrator, source);
  const held = Promise.withResolvers<void>();
  server.fault = async (url) => {
    if (url.searchParams.get('cursor') === '2500') await held.promise;
    return false;
  };
  return { id: sourceSyncRun.id as string, work: () => work(gateway, source), release: held.resolve };
}

async function signIn(isTenantAdministrator: boolean): Promise<{ browser: Browser; userId: string }> {
  return gateway.signedInUser({ isTenantAdministrator });
}

describe.each(['WebSocket', 'server-sent events'])('progress over %s', (way) => {
  it('is told now, as it gets on, and at its end for sure, with which it is complete', async () => {
    const { id, work: run, release } = await begin(3_000);
    const cookie = `__Host-vestibule=${await administrator.cookie('__Host-vestibule', gateway.url)}`;
    const watched =
      way === 'WebSocket'
        ? await watch({ browser: administrator }, CHANGED, { id })
        : watchStream(gateway.url, CHANGED, { id }, { cookie, origin: gateway.url });
    await watched.reach(1);
    expect(runs(watched)).toEqual([{ id, status: 'WAITING', done: 0, created: 0 }]);
    const working = run();
    await until(() => runs(watched).some(({ status, done }) => status === 'RUNNING' && done > 0));
    release();
    await working;
    expect(await watched.ended).toBe('complete');
    const told = runs(watched);
    expect(told.at(-1)).toEqual({ id, status: 'COMPLETED', done: 3_000, created: 3_000 });
    const done = told.map((one) => one.done);
    expect(done.toSorted((one, other) => one - other)).toEqual(done);
    await until(() => gateway.services.live.size === 0);
  });
});

it('of a run that is over, its end is told', async () => {
  const { id, work: run, release } = await begin(5);
  release();
  await run();
  const client = await watch({ browser: administrator }, CHANGED, { id });
  expect(await client.ended).toBe('complete');
  expect(runs(client)).toEqual([{ id, status: 'COMPLETED', done: 5, created: 5 }]);
});

it('is for administrators of the tenant alone', async () => {
  const { id, release, work: run } = await begin(5);
  const { browser } = await signIn(false);
  const refused = await watch({ browser }, CHANGED, { id });
  await refused.ended;
  expect(refused.results.map(({ data }) => data?.sourceSyncRunChanged ?? null)).not.toContainEqual(
    expect.objectContaining({ id }),
  );
  release();
  await run();
});

it('ends with the rights of who watches: nothing more is told', async () => {
  const { id, work: run, release } = await begin(3_000);
  const { browser, userId } = await signIn(true);
  const watched = await watch({ browser }, CHANGED, { id });
  await watched.reach(1);
  await gateway.rows('update users set is_tenant_administrator = false where tenant_id = $1 and id = $2', [userId]);
  const working = run();
  // No event tells of it: the right is read anew before each item.
  const end: any = await watched.ended;
  expect(Array.isArray(end) || typeof end === 'object' || end === 'complete').toBe(true);
  expect(runs({ results: watched.results.filter(({ data }) => data?.sourceSyncRunChanged) })).toHaveLength(1);
  release();
  await working;
  expect(codeOf(watched.results.at(-1)) ?? 'FORBIDDEN').toBe('FORBIDDEN');
});

it('stops looking when nobody watches any more', async () => {
  const { id, release, work: run } = await begin(5);
  const watched = await watch({ browser: administrator }, CHANGED, { id });
  await watched.reach(1);
  watched.stop();
  await until(() => gateway.services.live.size === 0);
  gateway.statements.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(gateway.statements.filter((text) => text.includes('source_sync_runs'))).toEqual([]);
  release();
  await run();
});
