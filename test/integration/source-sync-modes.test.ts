import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueryMismatch, SourceKind, SourceSyncMode } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeSource, type SourceOverrides } from '../support/sources/make.js';
import { type PeopleServer, settingsOf, startPeopleServer } from '../support/sources/people-server.js';
import { readRun, startSync, sync, work } from '../support/sources/syncs.js';

let gateway: Gateway;
let browser: Browser;
let server: PeopleServer;
beforeAll(async () => {
  server = await startPeopleServer();
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' } });
  ({ browser } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(async () => {
  await gateway.rows('delete from sources where tenant_id = $1');
  server.people.clear();
  server.asked.length = 0;
  server.fault = null;
});

const makeApi = (overrides: SourceOverrides = {}, options = {}) =>
  makeSource(gateway.tenant, {
    kind: SourceKind.HTTP,
    settings: settingsOf(server, options),
    syncMode: SourceSyncMode.QUERY,
    ...overrides,
  });

const recordsOf = (source: { id: string }) =>
  gateway.rows<{ key: string; status: string; family: string }>(
    `select key, status, record -> 'names' -> 0 ->> 'familyName' as family from source_records
     where tenant_id = $1 and source_id = $2 order by key`,
    [source.id],
  );
const searches = () =>
  server.asked.flatMap((path) => new URL(path, 'http://people.test').searchParams.get('mail') ?? []);

let serial = 0;
const address = () => `query-${++serial}@people.example`;

describe('QUERY', () => {
  it('searches for the proven addresses of users, and for verified addresses of records of other sources', async () => {
    const [proven, unproven, elsewhere, shared, unknown] = Array.from({ length: 5 }, address);
    await makeUser(gateway.tenant, { email: proven!.toUpperCase() });
    await makeUser(gateway.tenant, { email: unproven!, isEmailVerified: false });
    await makeUser(gateway.tenant, { email: shared! });
    const other = await makeApi();
    for (const [key, verified] of [
      ['a', elsewhere],
      ['b', shared],
      ['c', elsewhere],
    ]) {
      await gateway.rows(
        `insert into source_records (id, tenant_id, source_id, key, status, hash, verified_emails, created_at, synced_at)
         values (gen_random_uuid(), $1, $2, $3, 'SYNCED', 'x', array[$4], now(), now())`,
        [other.id, key, verified],
      );
    }
    for (const [index, mail] of [proven, unproven, elsewhere, shared, unknown].entries())
      server.put({ key: `p${index}`, family: 'Person', emails: [mail!] });
    const source = await makeApi();
    const run = await sync(gateway, browser, source);
    expect(run).toMatchObject({ status: 'COMPLETED', mode: 'QUERY', created: 3, failed: 0 });
    expect(run.done).toBe(run.total);
    expect((await recordsOf(source)).map(({ key }) => key)).toEqual(['p0', 'p2', 'p3']);
    // An address that nobody has proven is asked about by nobody, and each of the others once.
    const asked = searches();
    expect(asked).not.toContain(unproven);
    expect(asked).not.toContain(unknown);
    for (const one of [proven, elsewhere, shared]) expect(asked.filter((mail) => mail === one)).toHaveLength(1);
  });

  it('reads what is known again, and removes what is gone', async () => {
    const [first, second] = [address(), address()];
    for (const email of [first, second]) await makeUser(gateway.tenant, { email });
    server.put({ key: 'first', family: 'Martin', emails: [first] });
    server.put({ key: 'second', family: 'Durand', emails: [second] });
    const source = await makeApi();
    expect(await sync(gateway, browser, source)).toMatchObject({ created: 2 });
    server.put({ key: 'first', family: 'Petit', emails: [first] });
    server.remove('second');
    expect(await sync(gateway, browser, source)).toMatchObject({ created: 0, updated: 1, removed: 1 });
    expect(await recordsOf(source)).toMatchObject([
      { key: 'first', family: 'Petit', status: 'SYNCED' },
      { key: 'second', status: 'REMOVED' },
    ]);
  });

  it('leaves out the addresses that records of the source have, where it is to', async () => {
    const [known, unknown] = [address(), address()];
    for (const email of [known, unknown]) await makeUser(gateway.tenant, { email });
    server.put({ key: 'known', family: 'Martin', emails: [known.toUpperCase()] });
    for (const querySkipsKnown of [true, false]) {
      const source = await makeApi({ querySkipsKnown });
      await sync(gateway, browser, source);
      server.asked.length = 0;
      await sync(gateway, browser, source);
      expect(searches().includes(known)).toBe(!querySkipsKnown);
      expect(searches()).toContain(unknown);
    }
  });

  it('[ENR-70] does not take a record that lacks the address that was asked for, where it is to ignore it', async () => {
    const [asked, other] = [address(), 'another@elsewhere.example'];
    await makeUser(gateway.tenant, { email: asked });
    server.fault = (url, response) => {
      if (url.searchParams.get('mail') !== asked) return false;
      // Some directories find people by a former address, which their record does not show.
      const people = [
        { key: 'renamed', family: 'Martin', emails: [other] },
        { key: 'exact', family: 'Martin', emails: [asked.toUpperCase()] },
        { key: 'none', family: 'Martin' },
      ];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ people }));
      return true;
    };
    const source = await makeApi({ queryMismatch: QueryMismatch.IGNORE });
    expect(await sync(gateway, browser, source)).toMatchObject({ status: 'COMPLETED', created: 1 });
    expect((await recordsOf(source)).map(({ key }) => key)).toEqual(['exact']);

    const taking = await makeApi({ queryMismatch: QueryMismatch.CREATE_NEW });
    expect(await sync(gateway, browser, taking)).toMatchObject({ created: 3 });
    expect((await recordsOf(taking)).map(({ key }) => key)).toEqual(['exact', 'none', 'renamed']);
  });

  it('tells of an address that finds too many people, and asks about the others', async () => {
    const [crowded, fine] = [address(), address()];
    for (const email of [crowded, fine]) await makeUser(gateway.tenant, { email });
    for (let number = 0; number < 60; number++) server.put({ key: `c${number}`, family: 'Crowd', emails: [crowded] });
    server.put({ key: 'fine', family: 'Martin', emails: [fine] });
    const source = await makeApi();
    const run = await sync(gateway, browser, source);
    expect(run).toMatchObject({ status: 'COMPLETED', created: 1, failed: 1 });
    expect(run.errors.nodes).toMatchObject([{ key: null, code: 'NO_ANSWER' }]);
  });
});

describe('UPDATE', () => {
  const fill = async (source: { id: string }, count: number) => {
    for (let number = 0; number < count; number++) server.put({ key: `u${number}`, family: `Martin ${number}` });
    await sync(gateway, browser, source, { mode: 'FULL' });
    server.asked.length = 0;
  };

  it('reads each known record again, takes nobody new, and removes what is gone', async () => {
    const source = await makeApi();
    await fill(source, 12);
    server.put({ key: 'u3', family: 'Durand' });
    server.put({ key: 'new', family: 'Nobody' });
    server.remove('u5');
    const run = await sync(gateway, browser, source, { mode: 'UPDATE' });
    expect(run).toMatchObject({
      status: 'COMPLETED',
      done: 12,
      total: 12,
      updated: 1,
      unchanged: 10,
      removed: 1,
      created: 0,
    });
    expect((await recordsOf(source)).map(({ key }) => key)).not.toContain('new');
    expect(server.asked).toHaveLength(12);
  });

  it('reads what changed, where the source can tell', async () => {
    const source = await makeApi({}, { hasChanges: true });
    await fill(source, 12);
    server.put({ key: 'u3', family: 'Durand' });
    server.put({ key: 'new', family: 'Nobody' });
    server.remove('u5');
    expect(await sync(gateway, browser, source, { mode: 'UPDATE' })).toMatchObject({
      ...{ status: 'COMPLETED', updated: 1, removed: 1, created: 0, failed: 0, total: null },
    });
    expect(server.asked.every((path) => path.startsWith('/changes'))).toBe(true);
    server.asked.length = 0;
    // From there on the next time; and whoever is to be sure reads them all.
    expect(await sync(gateway, browser, source, { mode: 'UPDATE' })).toMatchObject({ done: 0 });
    server.asked.length = 0;
    expect(await sync(gateway, browser, source, { mode: 'UPDATE', isForced: true })).toMatchObject({
      done: 11,
      total: 11,
    });
    expect(server.asked.filter((path) => path.startsWith('/people/'))).toHaveLength(11);
  });

  it('reads everything known again after a cursor was refused', async () => {
    const source = await makeApi({}, { hasChanges: true });
    await fill(source, 3);
    server.fault = (url, response) => {
      if (!url.searchParams.get('since')) return false;
      response.writeHead(410, { 'content-type': 'application/json' }).end('{}');
      return true;
    };
    const { sourceSyncRun } = await startSync(gateway, browser, source, { mode: 'UPDATE' });
    await work(gateway, source);
    await work(gateway, source);
    expect(await readRun(gateway, browser, sourceSyncRun.id)).toMatchObject({
      ...{ status: 'FAILED', error: { code: 'BAD_ANSWER' } },
    });
    server.fault = null;
    expect(await sync(gateway, browser, source, { mode: 'UPDATE' })).toMatchObject({ status: 'COMPLETED', done: 3 });
  });

  it('removes nobody where most records are not found', async () => {
    const source = await makeApi();
    await fill(source, 40);
    server.people.clear();
    expect(await sync(gateway, browser, source, { mode: 'UPDATE' })).toMatchObject({
      ...{ status: 'FAILED', removed: 0, error: { code: 'TOO_FEW_RECORDS' } },
    });
    expect((await recordsOf(source)).every(({ status }) => status === 'SYNCED')).toBe(true);
    expect(await sync(gateway, browser, source, { mode: 'UPDATE', isForced: true })).toMatchObject({ removed: 40 });
  });

  it('leaves a record about which the source gives no usable answer as it is', async () => {
    const source = await makeApi();
    await fill(source, 3);
    server.fault = (url, response) => {
      if (url.pathname !== '/people/u1') return false;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"key": ');
      return true;
    };
    const run = await sync(gateway, browser, source, { mode: 'UPDATE' });
    expect(run).toMatchObject({ status: 'COMPLETED', unchanged: 2, failed: 1, removed: 0 });
    expect(run.errors.nodes).toMatchObject([{ key: 'u1', code: 'NO_ANSWER' }]);
    expect((await recordsOf(source)).every(({ status }) => status === 'SYNCED')).toBe(true);
  });
});
