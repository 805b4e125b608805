import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import SCIMMY from 'scimmy';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import scim from '../../src/enrollment/sources/adapters/scim.js';
import type { ChangePage, SourceAdapter } from '../../src/enrollment/sources/adapter.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { type Directory, ENTERPRISE_SCHEMA, makeDirectory, USER_SCHEMA } from '../support/scim.js';
import { errorOf, faultsOf, inTime, keysOf, openAdapter, pagesOf, testOutbound } from '../support/sources/open.js';

afterAll(() => testOutbound.close());

const BEARER = { method: 'BEARER' };

async function changesOf(adapter: SourceAdapter, cursor: string | null) {
  const pages: ChangePage[] = [];
  for await (const page of adapter.changedSince!(cursor, inTime())) pages.push(page);
  return {
    keys: keysOf(pages.flatMap(({ records }) => records)),
    removedKeys: pages.flatMap(({ removedKeys }) => removedKeys),
    cursor: pages.at(-1)!.cursor,
  };
}

describe("the gateway's own SCIM service as a source", () => {
  let gateway: Gateway;
  let directory: Directory;
  const ids: string[] = [];

  beforeAll(async () => {
    gateway = await startGateway();
    directory = await makeDirectory(gateway);
    for (let number = 0; number < 7; number++) {
      const user = await directory.addUser({
        schemas: [USER_SCHEMA, ENTERPRISE_SCHEMA],
        userName: `user"${number}`,
        externalId: `x-${number}`,
        name: { givenName: 'Ada', familyName: `Name ${number}` },
        emails: [{ value: `Ada.${number}@example.org`, primary: true }],
        userType: 'staff',
        [ENTERPRISE_SCHEMA]: { employeeNumber: `E-${number}`, department: 'Maths' },
        active: number !== 6,
      });
      ids.push(user.id as string);
    }
  });
  afterAll(() => gateway.close());

  const open = (settings: object = {}, secrets: Record<string, string> = { token: directory.token }) =>
    openAdapter(scim, { settings: { url: `${gateway.url}/scim/v2`, authentication: BEARER, ...settings }, secrets });

  it('gives users with what they have, and those who are inactive not', async () => {
    const adapter = open({
      identifiers: [
        { type: 'login', attribute: 'userName' },
        { type: 'number', attribute: `${ENTERPRISE_SCHEMA}:employeeNumber` },
      ],
      attributes: { department: `"${ENTERPRISE_SCHEMA}".department` },
    });
    expect(await adapter.retrieve!(ids[2]!, inTime())).toEqual({
      key: ids[2],
      names: [{ givenName: 'Ada', familyName: 'Name 2' }],
      emails: [{ address: 'Ada.2@example.org', isVerified: true }],
      identifiers: [
        { type: 'login', value: 'user"2' },
        { type: 'number', value: 'E-2' },
      ],
      affiliation: 'staff',
      attributes: { department: 'Maths' },
      raw: null,
    });
    expect(await adapter.retrieve!(ids[6]!, inTime())).toBeNull();
    expect(await adapter.retrieve!('0190b3a0-0000-7000-8000-000000000000', inTime())).toBeNull();
    expect(await errorOf(adapter.retrieve!('..', inTime()))).toMatchObject({ code: 'BAD_ANSWER' });
    expect(await open({ inactiveIsRemoved: false }).retrieve!(ids[6]!, inTime())).toMatchObject({ key: ids[6] });
    expect(await adapter.count!(inTime())).toBe(7);
  });

  it('is searched by address and identifier, which stay what they are', async () => {
    const adapter = open();
    expect(keysOf(await adapter.search!({ email: 'ADA.3@EXAMPLE.org' }, inTime()))).toEqual([ids[3]]);
    expect(await adapter.search!({ email: 'ada.6@example.org' }, inTime())).toEqual([]);
    expect(await adapter.search!({ email: 'x" or userName pr or userName eq "' }, inTime())).toEqual([]);
    const by = (type: string, value: string) => adapter.search!({ identifier: { type, value } }, inTime());
    expect(keysOf(await by('userName', 'user"4'))).toEqual([ids[4]]);
    expect(keysOf(await by('externalId', 'x-1'))).toEqual([ids[1]]);
    // The server takes user names without regard to case; identifiers are compared exactly.
    expect(await by('userName', 'USER"4')).toEqual([]);
    expect(await by('unknown', 'x-1')).toEqual([]);
  });

  it('is read by pages, and on from each of them', async () => {
    const adapter = open({ pageSize: 2 });
    const whole = await pagesOf(adapter);
    expect(keysOf(whole.records).sort()).toEqual(ids.slice(0, 6).sort());
    let seen = 0;
    for (const page of whole.pages) {
      seen += page.records.length;
      expect(keysOf((await pagesOf(adapter, page.cursor)).records)).toEqual(keysOf(whole.records.slice(seen)));
    }
    expect(await errorOf(pagesOf(adapter, 'of another kind'))).toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('tells who changed since it was asked last', async () => {
    const adapter = open();
    const begun = await changesOf(adapter, null);
    expect(begun).toMatchObject({ keys: [], removedKeys: [] });
    const all = await changesOf(adapter, begun.cursor);
    expect([all.keys.sort(), all.removedKeys]).toEqual([ids.slice(0, 6).sort(), [ids[6]]]);
    expect(Date.parse(all.cursor)).toBeGreaterThan(Date.parse(begun.cursor));
    const later = new Date(Date.now() + 3_600_000).toISOString();
    expect(await changesOf(adapter, later)).toEqual({ keys: [], removedKeys: [], cursor: later });
  });

  it('says what is wrong: credentials, settings, or that it cannot be reached', async () => {
    const call = (adapter: SourceAdapter) => errorOf(adapter.retrieve!(ids[0]!, inTime()));
    expect(await call(open({}, { token: 'wrong' }))).toEqual({
      code: 'CREDENTIALS_REFUSED',
      message: 'The server refuses the credentials (401).',
    });
    expect(await call(open({}, {}))).toMatchObject({ code: 'MISCONFIGURED' });
    expect(await call(open({ url: 'http://127.0.0.1:1/scim' }))).toMatchObject({ code: 'UNREACHABLE' });
    expect(await call(open({ url: 'https://10.1.2.3/scim' }))).toMatchObject({ code: 'ADDRESS_FORBIDDEN' });
    expect(() => open({ url: 'http://example.org/scim' })).toThrow('absolute https address');
    expect(
      faultsOf(scim, { url: 'x', authentication: { method: 'X' }, emailAttribute: 'a eq', affiliation: 'a[' }),
    ).toEqual([
      expect.stringMatching(/^url: /),
      expect.stringMatching(/^authentication.method: /),
      expect.stringMatching(/^emailAttribute: /),
      expect.stringMatching(/^affiliation: /),
    ]);
  });
});

describe('SCIM services of others', () => {
  let server: Server;
  let url: string;
  let users: { id: string; active?: boolean }[] = [];
  let mode: 'index' | 'cursor' | 'ignores filters' | 'lies' | 'circle' = 'index';
  let beforePage: (() => void) | null = null;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const asked = new URL(request.url!, 'http://scim.test');
      const send = (body: object) =>
        response.writeHead(200, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body));
      if (asked.pathname === '/ServiceProviderConfig')
        return send({ pagination: { cursor: mode === 'cursor' || mode === 'circle' } });
      beforePage?.();
      const count = Number(asked.searchParams.get('count'));
      const cursor = asked.searchParams.get('cursor');
      const start = cursor !== null ? Number(cursor || 1) : Number(asked.searchParams.get('startIndex') ?? 1);
      const filter = / eq "(.*)"/.exec(asked.searchParams.get('filter') ?? '')?.[1];
      const found =
        filter !== undefined && mode !== 'ignores filters' ? users.filter(({ id }) => id === filter) : users;
      const page = mode === 'lies' && start > 1 ? [] : found.slice(start - 1, start - 1 + count);
      const next = start + count <= found.length ? String(start + count) : undefined;
      send({
        totalResults: found.length,
        Resources: page.map((user) => ({ ...user, emails: [{ value: `${user.id}@example.org` }] })),
        ...(cursor === null ? {} : { nextCursor: mode === 'circle' ? String(1 + (start % 3)) : next }),
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const make = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `u${index}` }));
  const open = (settings: object = {}) =>
    openAdapter(scim, { settings: { url, authentication: { method: 'NONE' }, pageSize: 10, ...settings } });

  it('are read by cursors where they have them (RFC 9865)', async () => {
    [mode, users] = ['cursor', make(35)];
    const whole = await pagesOf(open());
    expect(whole.records).toHaveLength(35);
    expect((await pagesOf(open(), whole.pages[1]!.cursor)).records).toHaveLength(15);
    mode = 'circle';
    expect(await errorOf(pagesOf(open()))).toMatchObject({
      code: 'BAD_ANSWER',
      message: expect.stringContaining('again and again'),
    });
  });

  it('miss nobody when somebody is deleted while they are read', async () => {
    [mode, users] = ['index', make(40)];
    let pages = 0;
    beforePage = () => {
      if (++pages === 3) users.splice(2, 5);
    };
    const { records } = await pagesOf(open());
    beforePage = null;
    for (const { id } of users) expect(keysOf(records)).toContain(id);
  });

  it('that do not do what they say are no answer: nobody is taken for gone, or for somebody else', async () => {
    [mode, users] = ['lies', make(40)];
    expect(await errorOf(pagesOf(open()))).toMatchObject({ code: 'BAD_ANSWER' });
    [mode, users] = ['ignores filters', make(20)];
    expect(keysOf(await open().search!({ email: 'u3@example.org' }, inTime()))).toEqual(['u3']);
    users = make(200);
    expect(await errorOf(open().search!({ email: 'u3@example.org' }, inTime()))).toMatchObject({
      code: 'TOO_MANY_RECORDS',
    });
  });
});

describe('a service made with scimmy', () => {
  let server: Server;
  let url: string;
  const people = Array.from({ length: 5 }, (_, number) => ({
    id: `s${number}`,
    userName: `scimmy${number}`,
    name: { givenName: 'Bo', familyName: `Name ${number}` },
    emails: [{ value: `bo.${number}@example.org`, primary: true }],
    active: true,
    meta: { created: new Date(1_700_000_000_000), lastModified: new Date(1_700_000_000_000 + number * 3_600_000) },
  }));

  beforeAll(async () => {
    SCIMMY.Resources.declare(SCIMMY.Resources.User as never);
    SCIMMY.Resources.User.egress((({ id }: { id?: string }) => {
      if (id === undefined) return people;
      const found = people.find((person) => person.id === id);
      if (!found) throw new SCIMMY.Types.Error(404, null as never, 'There is nobody.');
      return found;
    }) as never);
    server = createServer((request, response) => {
      const asked = new URL(request.url!, 'http://scimmy.test');
      const send = (status: number, body: unknown) =>
        response.writeHead(status, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body));
      if (asked.pathname === '/ServiceProviderConfig')
        return send(200, new SCIMMY.Schemas.ServiceProviderConfig(SCIMMY.Config.get()));
      const id = /^\/Users\/(.+)$/.exec(asked.pathname)?.[1];
      const query = Object.fromEntries(asked.searchParams) as never;
      const reading =
        id === undefined ? new SCIMMY.Resources.User(query).read() : new SCIMMY.Resources.User(id, query).read();
      reading.then(
        (body) => send(200, body),
        (error: { status?: number }) => send(error.status ?? 500, {}),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('is searched, read by pages, and asked for what changed', async () => {
    const adapter = openAdapter(scim, { settings: { url, authentication: { method: 'NONE' }, pageSize: 2 } });
    expect(keysOf(await adapter.search!({ email: 'BO.3@example.org' }, inTime()))).toEqual(['s3']);
    expect(keysOf(await adapter.search!({ identifier: { type: 'userName', value: 'scimmy1' } }, inTime()))).toEqual([
      's1',
    ]);
    expect(await adapter.retrieve!('s4', inTime())).toMatchObject({
      names: [{ givenName: 'Bo', familyName: 'Name 4' }],
    });
    expect(await adapter.retrieve!('s9', inTime())).toBeNull();
    expect(keysOf((await pagesOf(adapter)).records)).toEqual(['s0', 's1', 's2', 's3', 's4']);
    const since = new Date(1_700_000_000_000 + 2.5 * 3_600_000).toISOString();
    // It passes over conditions on `meta`: more than what changed does no harm.
    expect((await changesOf(adapter, since)).keys).toEqual(expect.arrayContaining(['s3', 's4']));
  });
});
