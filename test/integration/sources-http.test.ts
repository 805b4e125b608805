import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import http from '../../src/enrollment/sources/adapters/http.js';
import type { ChangePage } from '../../src/enrollment/sources/adapter.js';
import {
  type Opening,
  errorOf,
  faultsOf,
  inTime,
  keysOf,
  openAdapter,
  pagesOf,
  testOutbound,
} from '../support/sources/open.js';

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** A server on this machine that answers as a test says. */
class TestServer {
  handler: Handler = () => undefined;
  asked: { url: string; headers: IncomingMessage['headers'] }[] = [];
  url = '';
  private server: Server = createServer((request, response) => {
    this.asked.push({ url: request.url!, headers: request.headers });
    this.handler(request, response, new URL(request.url!, 'http://people.test'));
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const server = new TestServer();
const elsewhere = new TestServer();
beforeAll(() => Promise.all([server.start(), elsewhere.start()]));
afterAll(() => Promise.all([server.stop(), elsewhere.stop(), testOutbound.close()]));
beforeEach(() => {
  for (const one of [server, elsewhere]) one.asked = [];
});

const json = (response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const MAPPING = {
  key: 'id',
  familyName: 'name.last',
  emails: 'mails[].address',
  identifiers: [{ type: 'badge', value: 'badge' }],
};
const SETTINGS = {
  authentication: { method: 'NONE' },
  searchByEmail: '/people?mail={email}',
  searchByIdentifier: '/people?{type}={value}',
  retrieve: '/people/{key}',
  inventory: '/people?page={cursor}&size=2',
  changes: '/changes?since={since}&page={cursor}',
  people: 'items',
  nextCursor: 'next',
  mapping: MAPPING,
};
const open = (settings: object = {}, opening: Partial<Opening> = {}) =>
  openAdapter(http, { settings: { baseUrl: `${server.url}/api`, ...SETTINGS, ...settings }, ...opening });

const person = (id: string) => ({
  id,
  name: { last: `Name ${id}` },
  mails: [{ address: `${id}@example.org` }],
  badge: `B-${id}`,
});

describe('a JSON API', () => {
  it('gives people by the expressions of its mapping', async () => {
    server.handler = (_request, response) => json(response, { items: [person('1')] });
    const [found] = await open({}, { keepsRaw: true }).search!({ email: 'a+b@example.org' }, inTime());
    expect(found).toEqual({
      key: '1',
      names: [{ givenName: null, familyName: 'Name 1' }],
      emails: [{ address: '1@example.org', isVerified: true }],
      identifiers: [{ type: 'badge', value: 'B-1' }],
      affiliation: null,
      attributes: {},
      raw: person('1'),
    });
    expect(server.asked.map(({ url }) => url)).toEqual(['/api/people?mail=a%2Bb%40example.org']);
  });

  it('is asked for a value as it is, never for something else', async () => {
    server.handler = (_request, response) => json(response, { id: 'x' });
    const hostile = [
      '../admin',
      'a/b',
      'x?y=1&z',
      '#x',
      '@evil.example/',
      '//evil.example',
      '\\evil.example',
      '%2e%2e',
      'é\u0000',
    ];
    for (const key of hostile) await open().retrieve!(key, inTime());
    expect(server.asked.map(({ url }) => url)).toEqual(hostile.map((key) => `/api/people/${encodeURIComponent(key)}`));
    for (const key of ['.', '..'])
      expect(await errorOf(open().retrieve!(key, inTime()))).toMatchObject({ code: 'BAD_ANSWER' });
    server.asked = [];
    server.handler = (_request, response) => json(response, { items: [] });
    await open().search!({ identifier: { type: 'a&b', value: '1&mail=x' } }, inTime());
    expect(server.asked[0]!.url).toBe('/api/people?a%26b=1%26mail%3Dx');
  });

  it('is read by pages: by cursors, by links in the answer, or by the header Link', async () => {
    const ids = ['1', '2', '3', '4', '5'];
    server.handler = (_request, response, url) => {
      const from = Number(url.searchParams.get('page') ?? 0);
      const next = from + 2 < ids.length ? from + 2 : null;
      const link = `${url.pathname}?page=${next}&size=2`;
      json(
        response,
        { items: ids.slice(from, from + 2).map(person), next, links: next === null ? {} : { next: link } },
        200,
        next === null ? {} : { link: `<${server.url}/>; rel="first", <${server.url}${link}>; rel="next last"` },
      );
    };
    for (const settings of [
      {},
      { nextCursor: null, nextLink: 'links.next' },
      { nextCursor: null, followsLinkHeader: true },
    ]) {
      server.asked = [];
      const adapter = open(settings);
      const whole = await pagesOf(adapter);
      expect([keysOf(whole.records), server.asked.length]).toEqual([ids, 3]);
      expect(server.asked[0]!.url).toBe('/api/people?size=2');
      let seen = 0;
      for (const page of whole.pages) {
        seen += page.records.length;
        expect(keysOf((await pagesOf(adapter, page.cursor)).records)).toEqual(ids.slice(seen));
      }
    }
  });

  it('whose page is very large is handed on in parts, and read on from each', async () => {
    server.handler = (_request, response) =>
      json(response, { items: Array.from({ length: 2500 }, (_, i) => person(String(i))), next: '' });
    const { pages } = await pagesOf(open());
    expect(pages.map(({ records }) => records.length)).toEqual([1000, 1000, 500]);
    expect(keysOf((await pagesOf(open(), pages[1]!.cursor)).records)[0]).toBe('2000');
  });

  it('tells of people that are no records, and takes the others', async () => {
    server.handler = (_request, response) =>
      json(response, { items: [person('1'), { name: {} }, 'nonsense', person('2')] });
    const { records, faults } = await pagesOf(open());
    expect(keysOf(records)).toEqual(['1', '2']);
    expect(faults).toEqual([
      { key: null, message: 'There is no key.' },
      { key: null, message: 'There is no key.' },
    ]);
    server.handler = (_request, response) => json(response, { items: [{ name: {} }] });
    expect(await errorOf(open().search!({ email: 'x@example.org' }, inTime()))).toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('tells what changed, by time or by a mark of its own', async () => {
    const changesOf = async (settings: object, cursor: string | null) => {
      const pages: ChangePage[] = [];
      for await (const page of open(settings).changedSince!(cursor, inTime())) pages.push(page);
      return pages;
    };
    server.handler = (_request, response, url) =>
      json(
        response,
        url.searchParams.get('page')
          ? { items: [person('2')], gone: [7], mark: 'm2' }
          : { items: [person('1')], next: 'p2' },
      );
    const marked = { nextSince: 'mark', removedKeys: 'gone' };
    expect(await changesOf(marked, null)).toEqual([{ records: [], removedKeys: [], faults: [], cursor: 'm2' }]);
    const pages = await changesOf(marked, 'm1');
    expect(pages.map(({ records, removedKeys, cursor }) => [keysOf(records), removedKeys, cursor])).toEqual([
      [['1'], [], 'm1'],
      [['2'], ['7'], 'm2'],
    ]);
    server.asked = [];
    const [begun] = await changesOf({}, null);
    expect([begun!.records, server.asked, Date.parse(begun!.cursor) < Date.now()]).toEqual([[], [], true]);
  });
});

describe('a JSON API that gives no answer', () => {
  const searching = (settings: object = {}, opening: Partial<Opening> = {}, signal = inTime()) =>
    errorOf(open(settings, opening).search!({ email: 'x@example.org' }, signal));

  it.each<[string, Handler, string]>([
    ['another status', (_request, response) => json(response, {}, 418), 'BAD_ANSWER'],
    ['a status that says no', (_request, response) => json(response, {}, 404), 'BAD_ANSWER'],
    [
      'no JSON',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'BAD_ANSWER',
    ],
    [
      'broken JSON',
      (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"secret'),
      'BAD_ANSWER',
    ],
    ['no list', (_request, response) => json(response, { error: 'down' }), 'BAD_ANSWER'],
    ['refused', (_request, response) => json(response, {}, 401), 'CREDENTIALS_REFUSED'],
    ['forbidden', (_request, response) => json(response, {}, 403), 'CREDENTIALS_REFUSED'],
    ['ill', (_request, response) => json(response, {}, 503), 'UNREACHABLE'],
    ['busy for long', (_request, response) => json(response, {}, 429, { 'retry-after': '3600' }), 'UNREACHABLE'],
    ['cut', (_request, response) => void response.socket!.destroy(), 'UNREACHABLE'],
    [
      'too many',
      (_request, response) => json(response, { items: Array.from({ length: 26 }, (_, i) => person(String(i))) }),
      'TOO_MANY_RECORDS',
    ],
    [
      'far too many',
      (_request, response) => {
        const items = Array.from({ length: 200_000 }, (_, i) => person(String(i)));
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(JSON.stringify({ items })));
      },
      'TOO_MANY_RECORDS',
    ],
  ])('%s', async (_name, handler, code) => {
    server.handler = handler;
    const error = await searching();
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('secret');
  });

  it('in time ends there', async () => {
    server.handler = () => undefined;
    expect(await searching({}, {}, AbortSignal.timeout(50))).toMatchObject({ code: 'TIMED_OUT' });
    server.handler = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    expect(await searching({}, {}, AbortSignal.timeout(50))).toMatchObject({ code: 'TIMED_OUT' });
    server.handler = (_request, response) => json(response, {}, 429, { 'retry-after': '5' });
    expect(await searching({}, {}, AbortSignal.timeout(50))).toMatchObject({ code: 'TIMED_OUT' });
  });

  it('and asks to wait a moment is asked again, once', async () => {
    let calls = 0;
    server.handler = (_request, response) =>
      ++calls === 1 ? json(response, {}, 503, { 'retry-after': '0' }) : json(response, { items: [] });
    expect(await open().search!({ email: 'x@example.org' }, inTime())).toEqual([]);
    expect(calls).toBe(2);
  });

  it('never ends is noticed, as is a next page of another origin', async () => {
    server.handler = (_request, response, url) =>
      json(response, { items: [], next: String(1 + (Number(url.searchParams.get('page') ?? 0) % 5)) });
    expect(await errorOf(pagesOf(open()))).toMatchObject({ message: expect.stringContaining('again and again') });
    server.handler = (_request, response) => json(response, { items: [], next: `${elsewhere.url}/api/people` });
    const linked = { nextCursor: null, nextLink: 'next' };
    expect(await errorOf(pagesOf(open(linked)))).toMatchObject({ message: expect.stringContaining('another origin') });
    const forged = JSON.stringify({ position: { link: `${elsewhere.url}/x` }, skip: 0 });
    expect(await errorOf(pagesOf(open(linked), forged))).toMatchObject({
      message: expect.stringContaining('another origin'),
    });
    expect(elsewhere.asked).toEqual([]);
  });

  it('404 is nobody for one person, and for a search where the settings say so', async () => {
    server.handler = (_request, response) => json(response, {}, 404);
    expect(await open().retrieve!('1', inTime())).toBeNull();
    expect(await open({ notFoundIsNobody: true }).search!({ email: 'x@example.org' }, inTime())).toEqual([]);
    expect(await errorOf(pagesOf(open({ notFoundIsNobody: true })))).toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('redirects to a private address, or where no credentials go', async () => {
    const bearer = { authentication: { method: 'BEARER' } };
    const secrets = { token: 'the-secret' };
    for (const [location, code] of [
      ['https://169.254.169.254/latest', 'ADDRESS_FORBIDDEN'],
      ['http://10.0.0.1/', 'ADDRESS_FORBIDDEN'],
      ['http://example.org/', 'BAD_ANSWER'],
      ['file:///etc/passwd', 'BAD_ANSWER'],
      ['/api/people', 'BAD_ANSWER'],
    ] as const) {
      server.handler = (_request, response) => void response.writeHead(302, { location }).end();
      expect([location, await searching(bearer, { secrets })]).toMatchObject([location, { code }]);
    }
    server.handler = (_request, response) => void response.writeHead(307, { location: `${elsewhere.url}/moved` }).end();
    elsewhere.handler = (_request, response) => json(response, { items: [person('1')] });
    for (const authentication of [
      bearer.authentication,
      { method: 'HEADER', header: 'X-Api-Key' },
      { method: 'BASIC', username: 'u' },
    ]) {
      elsewhere.asked = [];
      const adapter = open({ authentication }, { secrets: { ...secrets, password: 'the-secret' } });
      expect(await adapter.search!({ email: 'x@example.org' }, inTime())).toHaveLength(1);
      expect(elsewhere.asked).toHaveLength(1);
      expect(JSON.stringify(elsewhere.asked)).not.toMatch(/the-secret|authorization|Basic/i);
    }
  });
});

describe('who asks a JSON API shows', () => {
  const sent = async (authentication: object, secrets: Record<string, string>) => {
    server.handler = (_request, response) => json(response, { items: [] });
    server.asked = [];
    await open({ authentication }, { secrets }).search!({ email: 'x@example.org' }, inTime());
    return server.asked[0]!.headers;
  };

  it('a token, a password, or a header', async () => {
    expect(await sent({ method: 'BEARER' }, { token: 't1' })).toMatchObject({ authorization: 'Bearer t1' });
    expect(await sent({ method: 'HEADER', header: 'X-Api-Key' }, { token: 't2' })).toMatchObject({ 'x-api-key': 't2' });
    const basic = `Basic ${Buffer.from('me:pä:ss').toString('base64')}`;
    expect(await sent({ method: 'BASIC', username: 'me' }, { password: 'pä:ss' })).toMatchObject({
      authorization: basic,
    });
    expect(await errorOf(sent({ method: 'BEARER' }, { token: 'a\r\nx: y' }))).toMatchObject({ code: 'MISCONFIGURED' });
  });

  it('an access token of OAuth, kept while it lives, and asked for anew when it is taken back', async () => {
    let given = 0;
    const valid = new Set<string>();
    server.handler = (request, response, url) => {
      if (url.pathname !== '/token')
        return valid.has(request.headers.authorization ?? '') ? json(response, { items: [] }) : json(response, {}, 401);
      if (request.headers.authorization !== `Basic ${Buffer.from('cl%3A1:s%26').toString('base64')}`)
        return json(response, {}, 401);
      valid.add(`Bearer at-${++given}`);
      json(response, { access_token: `at-${given}`, token_type: 'Bearer', expires_in: 3600 });
    };
    const authentication = {
      method: 'CLIENT_CREDENTIALS',
      tokenUrl: `${server.url}/token`,
      clientId: 'cl:1',
      scope: 'people',
    };
    let now = Date.now();
    const adapter = open({ authentication }, { secrets: { clientSecret: 's&' }, clock: () => new Date(now) });
    const search = () => adapter.search!({ email: 'x@example.org' }, inTime());
    await search();
    await search();
    expect(given).toBe(1);
    valid.clear();
    await search();
    expect(given).toBe(2);
    now += 3_600_000;
    await search();
    expect(given).toBe(3);
    const wrong = open({ authentication }, { secrets: { clientSecret: 'wrong' } });
    expect(await errorOf(wrong.search!({ email: 'x@example.org' }, inTime()))).toMatchObject({
      code: 'CREDENTIALS_REFUSED',
    });
  });
});

it('settings of a JSON API are checked, all at once', () => {
  const faults = faultsOf(http, {
    ...SETTINGS,
    baseUrl: 'nonsense',
    searchByEmail: '/people',
    searchByIdentifier: 'https://evil.example/{value}',
    retrieve: '/people/{key}/../{other}',
    inventory: '/people#{cursor}',
    people: 'items[',
    mapping: {
      key: '$.x',
      givenName: 'pad_left(a, `1000000000`)',
      emails: '[@,@][]|[@,@][]|[@,@][]|[@,@][]|[@,@][]|[@,@][]|[@,@][]',
    },
  });
  expect(faults.map((fault) => fault.split(':')[0])).toEqual([
    'baseUrl',
    'searchByEmail',
    'searchByIdentifier',
    'retrieve',
    'inventory',
    'people',
    'mapping.key',
    'mapping.givenName',
    'mapping.emails',
  ]);
});
