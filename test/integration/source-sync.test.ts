import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runSync } from '../../src/enrollment/synchronization/run-sync.js';
import { callLeftSyncs, startDueSyncs } from '../../src/enrollment/synchronization/schedule.js';
import { SourceKind, SourceStatus, SourceSyncMode } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeSource, type SourceOverrides } from '../support/sources/make.js';
import { type PeopleServer, settingsOf, startPeopleServer } from '../support/sources/people-server.js';
import { csvSettings, readRun, rowVersions, startSync, sync, work, writePeople } from '../support/sources/syncs.js';

let gateway: Gateway;
let browser: Browser;
let folder: string;
let server: PeopleServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vestibule-syncs-'));
  server = await startPeopleServer();
  gateway = await startGateway({
    environment: { SOURCE_FILES_FOLDER: folder, ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' },
  });
  ({ browser } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  server.people.clear();
  server.asked.length = 0;
  server.fault = null;
});

let serial = 0;

/** A source that reads a file, which is written by `write`. */
async function makeFile(rows: readonly (readonly string[])[], overrides: SourceOverrides = {}) {
  const path = `people-${++serial}.csv`;
  const write = (people: readonly (readonly string[])[]) => writePeople(folder, gateway.tenant.id, path, people);
  await write(rows);
  const source = await makeSource(gateway.tenant, {
    kind: SourceKind.CSV,
    settings: csvSettings(path),
    syncMode: SourceSyncMode.FULL,
    ...overrides,
  });
  return { source, write };
}

const makeApi = (overrides: SourceOverrides = {}, options = {}) =>
  makeSource(gateway.tenant, {
    kind: SourceKind.HTTP,
    settings: settingsOf(server, options),
    syncMode: SourceSyncMode.FULL,
    ...overrides,
  });

const people = (count: number, family = 'Martin') =>
  Array.from({ length: count }, (_, index) => [`k${index}`, `${family} ${index}`, 'Ada', `k${index}@people.example`]);

const recordsOf = (source: { id: string }) =>
  gateway.rows<{ key: string; status: string; family: string }>(
    `select key, status, record -> 'names' -> 0 ->> 'familyName' as family from source_records
     where tenant_id = $1 and source_id = $2 order by id`,
    [source.id],
  );

const eventsOf = async (run: { id: string }) => {
  const rows = await gateway.rows<{ type: string; after: object; via: string; kind: string }>(
    `select type, "after", via, actor_kind as kind from events where tenant_id = $1 and object_id = $2 order by id`,
    [run.id.slice(4)],
  );
  return rows;
};

describe('a full sync', () => {
  it('takes what is new and other, removes what is gone, and tells of it', async () => {
    const { source, write } = await makeFile(people(25));
    const first = await sync(gateway, browser, source);
    expect(first).toMatchObject({
      ...{ mode: 'FULL', trigger: 'ADMINISTRATOR', status: 'COMPLETED', done: 25, created: 25, updated: 0 },
      ...{ unchanged: 0, removed: 0, failed: 0, error: null, errors: { totalCount: 0, nodes: [] } },
    });
    expect(first.rate).toBeGreaterThan(0);
    expect(first.finishedAt >= first.startedAt).toBe(true);

    const changed = people(25).slice(1);
    changed[0]![1] = 'Durand';
    await write([...changed, ['new', 'Petit', 'Zoé', 'new@people.example']]);
    const second = await sync(gateway, browser, source);
    expect(second).toMatchObject({ done: 25, created: 1, updated: 1, unchanged: 23, removed: 1, failed: 0 });
    const records = await recordsOf(source);
    expect(records.find(({ key }) => key === 'k0')).toMatchObject({ status: 'REMOVED' });
    expect(records.find(({ key }) => key === 'k1')).toMatchObject({ status: 'SYNCED', family: 'Durand' });

    await write([...people(1), ...changed, ['new', 'Petit', 'Zoé', 'new@people.example']]);
    const third = await sync(gateway, browser, source);
    // Who comes back is who they were.
    expect(third).toMatchObject({ done: 26, created: 0, updated: 1, unchanged: 25, removed: 0 });
    expect(await recordsOf(source)).toHaveLength(26);
    expect(await eventsOf(second)).toEqual([
      expect.objectContaining({ type: 'source_sync.started', via: 'sourceSyncStart', kind: 'USER' }),
      expect.objectContaining({
        ...{ type: 'source_sync.completed', via: 'sourceSync', kind: 'SYSTEM' },
        after: {
          ...{ sourceId: `src_${source.id}`, mode: 'FULL', done: 25, created: 1, updated: 1, unchanged: 23 },
          ...{ removed: 1, failed: 0 },
        },
      }),
    ]);
    expect(await gateway.rows('select id from source_sync_batches where tenant_id = $1')).toEqual([]);
  });

  it('writes no row of records, people, memberships and events where nothing has changed', async () => {
    const { source } = await makeFile(people(2_100));
    await sync(gateway, browser, source);
    const before = await rowVersions(gateway);
    expect(before.source_records!.length).toBeGreaterThanOrEqual(2_100);
    expect(await sync(gateway, browser, source)).toMatchObject({ unchanged: 2_100, done: 2_100, updated: 0 });
    expect(await rowVersions(gateway)).toEqual(before);
  });

  it('tells of rows that are no records, and takes the others; who is on one is not taken for gone', async () => {
    const { source, write } = await makeFile(people(5));
    await sync(gateway, browser, source);
    await write([...people(4), ['k4', 'Martin 4', 'too', 'many', 'fields'], people(1)[0]!]);
    const run = await sync(gateway, browser, source);
    expect(run).toMatchObject({ status: 'COMPLETED', unchanged: 4, failed: 2, removed: 0, done: 6 });
    expect(run.errors.nodes).toMatchObject([
      { key: 'k4', code: 'INVALID' },
      { key: 'k0', code: 'INVALID' },
    ]);
    expect((await recordsOf(source)).every(({ status }) => status === 'SYNCED')).toBe(true);
  });

  it('keeps a thousand errors of a run, and counts the others', async () => {
    const bad = Array.from({ length: 1_300 }, (_, index) => [`b${index}`, 'x', 'y', 'z', 'more']);
    const { source } = await makeFile(bad);
    const run = await sync(gateway, browser, source);
    expect([run.failed, run.errors.totalCount]).toEqual([1_300, 1_000]);
  });

  it('removes nothing where most records are not found, unless it is forced', async () => {
    const { source, write } = await makeFile(people(30));
    await sync(gateway, browser, source);
    await write([]);
    const emptied = await sync(gateway, browser, source);
    expect(emptied).toMatchObject({ status: 'FAILED', removed: 0, error: { code: 'TOO_FEW_RECORDS' } });
    expect(emptied.error.message).toContain('Of 30 records that were known, 30 were not found');
    await write(people(14));
    expect(await sync(gateway, browser, source)).toMatchObject({ status: 'FAILED', unchanged: 14, removed: 0 });
    expect((await recordsOf(source)).every(({ status }) => status === 'SYNCED')).toBe(true);
    expect(await sync(gateway, browser, source, { isForced: true })).toMatchObject({
      ...{ status: 'COMPLETED', isForced: true, removed: 16 },
    });
    // Half of few is nothing unusual.
    await write(people(7));
    expect(await sync(gateway, browser, source)).toMatchObject({ status: 'COMPLETED', removed: 7 });
  });

  it('leaves who came by another way after it began', async () => {
    const { source } = await makeFile(people(3));
    await sync(gateway, browser, source);
    const { sourceSyncRun } = await startSync(gateway, browser, source);
    await gateway.rows(
      `update source_sync_runs set started_at = now() - interval '1 minute' where tenant_id = $1 and id = $2`,
      [sourceSyncRun.id.slice(4)],
    );
    await gateway.rows(
      `insert into source_records (id, tenant_id, source_id, key, status, hash, created_at, synced_at)
       values (gen_random_uuid(), $1, $2, 'signed-in', 'SYNCED', 'x', now(), now())`,
      [source.id],
    );
    await gateway.rows(
      `update source_records set synced_at = now() - interval '1 hour' where tenant_id = $1 and source_id = $2
         and key <> 'signed-in'`,
      [source.id],
    );
    await work(gateway, source);
    expect(await readRun(gateway, browser, sourceSyncRun.id)).toMatchObject({ status: 'COMPLETED', removed: 0 });
  });
});

describe('a run', () => {
  it('of a source is one at a time, and is said to be under way', async () => {
    const { source } = await makeFile(people(3));
    const first = await startSync(gateway, browser, source, { idempotencyKey: 'sync-1' });
    expect(first.sourceSyncRun).toMatchObject({ status: 'WAITING', startedAt: null, rate: null, eta: null });
    const before = await gateway.snapshot();
    const second = await startSync(gateway, browser, source);
    expect(second).toMatchObject({
      sourceSyncRun: { id: first.sourceSyncRun.id },
      userErrors: [{ code: 'SYNC_RUNNING', field: ['sourceId'] }],
    });
    expect((await startSync(gateway, browser, source, { idempotencyKey: 'sync-1' })).sourceSyncRun.id).toBe(
      first.sourceSyncRun.id,
    );
    expect(await gateway.snapshot()).toBe(before);
    await Promise.all([work(gateway, source), work(gateway, source), work(gateway, source)]);
    expect(await readRun(gateway, browser, first.sourceSyncRun.id)).toMatchObject({ status: 'COMPLETED', created: 3 });
    expect(await eventsOf(first.sourceSyncRun)).toHaveLength(2);
  });

  it('is refused of a source that is suspended, that cannot do it, or that syncs single records alone', async () => {
    const { source: suspended } = await makeFile([], { status: SourceStatus.SUSPENDED });
    const { source: manual } = await makeFile([], { syncMode: SourceSyncMode.MANUAL });
    const { retrieve: _retrieve, searchByEmail: _search, ...listing } = settingsOf(server);
    const lister = await makeApi({ settings: listing });
    const before = await gateway.snapshot();
    const codes = async (source: { id: string }, mode?: string) =>
      (await startSync(gateway, browser, source, mode ? { mode } : {})).userErrors;
    expect(await codes(suspended)).toMatchObject([{ code: 'WRONG_STATUS', field: ['sourceId'] }]);
    expect(await codes(manual)).toMatchObject([{ code: 'INVALID', field: ['mode'] }]);
    expect(await codes(lister, 'QUERY')).toMatchObject([
      { code: 'INVALID', message: expect.stringContaining('SEARCH') },
    ]);
    expect(await codes(lister, 'UPDATE')).toMatchObject([{ code: 'INVALID', field: ['mode'] }]);
    expect(await codes({ id: '00000000-0000-7000-8000-000000000000' })).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await gateway.snapshot()).toBe(before);
  });

  it('that is stopped goes on where it stood, and does nothing twice', async () => {
    for (let number = 0; number < 3_450; number++)
      server.put({ key: `p${number}`, family: `Person ${number}`, emails: [`p${number}@people.example`] });
    const source = await makeApi();
    const { sourceSyncRun } = await startSync(gateway, browser, source);
    const id = sourceSyncRun.id as string;
    // The process is told to stop when half of it is read.
    const stopping = new AbortController();
    server.fault = (url) => {
      if (Number(url.searchParams.get('cursor')) >= 2_000) stopping.abort();
      return false;
    };
    await work(gateway, source, stopping.signal);
    const stopped = await readRun(gateway, browser, id);
    expect(stopped).toMatchObject({ status: 'RUNNING', error: null });
    expect(stopped.done).toBeGreaterThanOrEqual(1_000);
    expect(stopped.done).toBeLessThan(3_450);
    const versions = await gateway.rows(
      'select id, xmin::text from source_records where tenant_id = $1 and source_id = $2',
      [source.id],
    );
    expect(versions).toHaveLength(stopped.done);
    server.fault = null;
    server.asked.length = 0;
    await work(gateway, source);
    expect(await readRun(gateway, browser, id)).toMatchObject({
      ...{ status: 'COMPLETED', done: 3_450, created: 3_450, updated: 0, unchanged: 0, failed: 0 },
    });
    // What was taken was neither written nor read again.
    const after = await gateway.rows(
      'select id, xmin::text from source_records where tenant_id = $1 and source_id = $2',
      [source.id],
    );
    const present = new Set(after.map((row) => JSON.stringify(row)));
    expect(versions.filter((row) => !present.has(JSON.stringify(row)))).toEqual([]);
    expect(server.asked.length).toBeLessThanOrEqual(35 - stopped.done / 100 + 1);
  });

  it('that another worker has taken over is left to it', async () => {
    for (let number = 0; number < 1_500; number++) server.put({ key: `p${number}`, family: 'Person' });
    const source = await makeApi();
    const { sourceSyncRun } = await startSync(gateway, browser, source);
    let isTaken = false;
    server.fault = async (url) => {
      if (isTaken || url.searchParams.get('cursor') !== '500') return false;
      isTaken = true;
      // Meanwhile somebody else does all of it.
      await work(gateway, source);
      return false;
    };
    await work(gateway, source);
    expect(await readRun(gateway, browser, sourceSyncRun.id)).toMatchObject({
      ...{ status: 'COMPLETED', done: 1_500, created: 1_500, unchanged: 0 },
    });
    expect(await eventsOf(sourceSyncRun)).toHaveLength(2);
  });

  it('is canceled with the next batch', async () => {
    for (let number = 0; number < 2_500; number++) server.put({ key: `p${number}`, family: 'Person' });
    const source = await makeApi();
    const { sourceSyncRun } = await startSync(gateway, browser, source);
    const cancel = () =>
      gateway.graphql(
        browser,
        `mutation ($id: ID!) { sourceSyncCancel(input: { id: $id }) { sourceSyncRun { status } userErrors { code field } } }`,
        { id: sourceSyncRun.id },
      );
    let canceled: any;
    server.fault = async (url) => {
      if (url.searchParams.get('cursor') === '1500') canceled ??= await cancel();
      return false;
    };
    await work(gateway, source);
    expect(canceled.data.sourceSyncCancel).toEqual({ sourceSyncRun: { status: 'CANCELED' }, userErrors: [] });
    const run = await readRun(gateway, browser, sourceSyncRun.id);
    expect(run.status).toBe('CANCELED');
    expect(run.created).toBeLessThanOrEqual(2_000);
    // What was taken before stays; nothing was removed.
    expect(await recordsOf(source)).toHaveLength(run.created);
    expect((await eventsOf(run)).map(({ type }) => type)).toEqual(['source_sync.started', 'source_sync.canceled']);
    expect((await cancel()).data.sourceSyncCancel.userErrors).toEqual([{ code: 'WRONG_STATUS', field: ['id'] }]);
  });

  it('waits for a source without an answer, longer each time, then fails; what it had done stays', async () => {
    for (let number = 0; number < 1_200; number++) server.put({ key: `p${number}`, family: 'Person' });
    const source = await makeApi();
    const { sourceSyncRun } = await startSync(gateway, browser, source);
    let isOut = true;
    server.fault = (url, response) => {
      if (!isOut || url.searchParams.get('cursor') !== '1100') return false;
      response.destroy();
      return true;
    };
    const waits: number[] = [];
    const attempt = async () => {
      await work(gateway, source);
      const run = await readRun(gateway, browser, sourceSyncRun.id);
      if (run.nextAttemptAt) waits.push(Math.round((Date.parse(run.nextAttemptAt) - Date.now()) / 1_000));
      return run;
    };
    let run = await attempt();
    expect(run).toMatchObject({ status: 'WAITING', attempts: 1, error: { code: 'UNREACHABLE' }, finishedAt: null });
    for (let times = 0; times < 6 && run.status === 'WAITING'; times++) {
      // Its breaker may leave the source alone for a while: that is no answer either.
      run = await attempt();
    }
    expect(run).toMatchObject({ status: 'FAILED', removed: 0 });
    expect(['UNREACHABLE', 'PAUSED']).toContain(run.error.code);
    expect(waits).toHaveLength(5);
    expect(waits.toSorted((one, other) => one - other)).toEqual(waits);
    expect(await recordsOf(source)).toHaveLength(run.created);
    expect((await eventsOf(run)).map(({ type }) => type)).toEqual(['source_sync.started', 'source_sync.failed']);
    isOut = false;
  });

  it('goes on where it stood when the source answers again', async () => {
    for (let number = 0; number < 1_200; number++) server.put({ key: `p${number}`, family: 'Person' });
    const source = await makeApi();
    const { sourceSyncRun } = await startSync(gateway, browser, source);
    server.fault = (url, response) => {
      if (url.searchParams.get('cursor') !== '1100') return false;
      response.destroy();
      return true;
    };
    await work(gateway, source);
    expect(await readRun(gateway, browser, sourceSyncRun.id)).toMatchObject({ status: 'WAITING' });
    server.fault = null;
    await work(gateway, source);
    expect(await readRun(gateway, browser, sourceSyncRun.id)).toMatchObject({
      ...{ status: 'COMPLETED', created: 1_200, done: 1_200, error: null, attempts: 0 },
    });
  });

  it('ends where the source is suspended or set otherwise while it is read', async () => {
    const changes: [string, string][] = [
      [`status = 'SUSPENDED'`, 'SOURCE_SUSPENDED'],
      [`settings = settings || '{"retrieve": "/other/{key}"}'`, 'SOURCE_CHANGED'],
    ];
    for (const [change, code] of changes) {
      for (let number = 0; number < 2_200; number++) server.put({ key: `p${number}`, family: 'Person' });
      const source = await makeApi();
      const { sourceSyncRun } = await startSync(gateway, browser, source);
      server.fault = async (url) => {
        if (url.searchParams.get('cursor') === '500')
          await gateway.rows(`update sources set ${change}, version = version + 1 where tenant_id = $1 and id = $2`, [
            source.id,
          ]);
        return false;
      };
      await work(gateway, source);
      expect(await readRun(gateway, browser, sourceSyncRun.id)).toMatchObject({ status: 'FAILED', error: { code } });
      server.people.clear();
      server.fault = null;
    }
  });

  it('is for administrators of the tenant alone', async () => {
    const { source } = await makeFile(people(3));
    const run = await sync(gateway, browser, source);
    const { browser: other } = await gateway.signedInUser();
    const before = await gateway.snapshot();
    for (const caller of [other, null]) {
      const read = await gateway.graphql(caller, 'query ($id: ID!) { sourceSyncRun(id: $id) { done } }', {
        id: run.id,
      });
      expect(read.data?.sourceSyncRun ?? null).toBeNull();
      const start = await gateway.graphql(
        caller,
        'mutation ($id: ID!) { sourceSyncStart(input: { sourceId: $id }) { sourceSyncRun { id } } }',
        { id: `src_${source.id}` },
      );
      expect([start.data?.sourceSyncStart ?? null, start.errors?.[0]?.extensions.code]).toEqual([
        null,
        caller ? 'FORBIDDEN' : 'UNAUTHENTICATED',
      ]);
    }
    expect(await gateway.snapshot()).toBe(before);
  });
});

describe('the schedule', () => {
  const runsOf = (source: { id: string }) =>
    gateway.rows<{ trigger: string; status: string }>(
      'select trigger, status from source_sync_runs where tenant_id = $1 and source_id = $2 order by id',
      [source.id],
    );
  const due = () => startDueSyncs(gateway.services, gateway.tenant.id);

  it('starts each sync once when its time has come, whoever looks', async () => {
    const { source } = await makeFile(people(3), { syncIntervalMinutes: 60 });
    await Promise.all([due(), due(), due()]);
    expect(await runsOf(source)).toEqual([{ trigger: 'SCHEDULE', status: 'WAITING' }]);
    await work(gateway, source);
    await due();
    expect(await runsOf(source)).toHaveLength(1);
    gateway.advance(61 * 60_000);
    await Promise.all([due(), due()]);
    expect(await runsOf(source)).toHaveLength(2);
    // It is not through yet when the next one is due.
    gateway.advance(61 * 60_000);
    await due();
    expect(await runsOf(source)).toHaveLength(2);
    await work(gateway, source);
    const [event] = await gateway.rows(
      `select actor_kind as kind from events where tenant_id = $1 and type = 'source_sync.started' order by id desc limit 1`,
    );
    expect(event).toEqual({ kind: 'SYSTEM' });
    // A shorter interval counts from the moment on at which it is set.
    await gateway.rows('update sources set sync_interval_minutes = 5 where tenant_id = $1 and id = $2', [source.id]);
    await due();
    expect(await runsOf(source)).toHaveLength(3);
    await work(gateway, source);
    await gateway.rows('update sources set sync_interval_minutes = null where tenant_id = $1 and id = $2', [source.id]);
  });

  it('passes over what syncs by hand, is suspended, or has no interval', async () => {
    const sources = [
      await makeFile([], { syncIntervalMinutes: 60, syncMode: SourceSyncMode.MANUAL }),
      await makeFile([], { syncIntervalMinutes: 60, status: SourceStatus.SUSPENDED }),
      await makeFile([]),
    ];
    await due();
    for (const { source } of sources) expect(await runsOf(source)).toEqual([]);
  });

  it('stands still while the tenant says so; what an administrator starts runs', async () => {
    const { source } = await makeFile(people(3), { syncIntervalMinutes: 60 });
    const set = async (runsScheduledSyncs: boolean) => {
      const { data } = await gateway.graphql(
        browser,
        `mutation ($on: Boolean!) { tenantUpdate(input: { runsScheduledSyncs: $on }) {
          tenant { runsScheduledSyncs } userErrors { code } } }`,
        { on: runsScheduledSyncs },
      );
      return data.tenantUpdate;
    };
    expect(await set(false)).toEqual({ tenant: { runsScheduledSyncs: false }, userErrors: [] });
    await due();
    expect(await runsOf(source)).toEqual([]);
    expect(await sync(gateway, browser, source)).toMatchObject({ status: 'COMPLETED' });
    await set(true);
    await due();
    expect(await runsOf(source)).toHaveLength(2);
    await work(gateway, source);
    await gateway.rows('update sources set sync_interval_minutes = null where tenant_id = $1 and id = $2', [source.id]);
  });

  it('sends a job again for a run that nobody works on, and for none that waits', async () => {
    const { source } = await makeFile(people(3));
    await startSync(gateway, browser, source);
    const jobs = () =>
      gateway.database
        .read<{ count: number }>(
          null,
          `select count(*)::int as count from pgboss.job where name = 'source-sync' and singleton_key = $1`,
          [source.id],
        )
        .then(([row]) => row!.count);
    await gateway.database.read(null, `delete from pgboss.job where name = 'source-sync' and singleton_key = $1`, [
      source.id,
    ]);
    await callLeftSyncs(gateway.services, gateway.tenant.id);
    expect(await jobs()).toBe(0);
    gateway.advance(3 * 60_000);
    await callLeftSyncs(gateway.services, gateway.tenant.id);
    expect(await jobs()).toBe(1);
    await runSync(gateway.services, { tenantId: gateway.tenant.id, sourceId: source.id }, new AbortController().signal);
  });
});
