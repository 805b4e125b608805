import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/database/loaders/ids.js';
import { SESSION_COOKIE } from '../../src/http/cookies.js';
import { SourceKind } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { clientOf as openIdClientOf, makeApplication, type TestApplication } from '../support/openid.js';
import { runScript } from '../support/run-script.js';
import { makeSource } from '../support/sources/make.js';
import { inTime, keysOf, pagesOf } from '../support/sources/open.js';

const MAPPING = { key: 'id', emails: ['mail'] };
const FILE = 'id,mail\n1,ada@example.org\n2,bo@example.org\n';
const MOST_BYTES = 300_000;

let gateway: Gateway;
let folder: string;
let administrator: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uploads-'));
  gateway = await startGateway({
    environment: { SOURCE_FILES_FOLDER: folder, SOURCE_FILE_MAX_BYTES: String(MOST_BYTES) },
  });
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const makeFileSource = (settings: object = {}, kind = SourceKind.CSV) =>
  makeSource(gateway.tenant, { kind, settings: { mapping: MAPPING, ...settings } });

const addressOf = (sourceId: string) => `${gateway.url}/sources/${toGlobalId('Source', sourceId)}/file?name=people.csv`;

async function cookieOf(browser: Browser): Promise<Record<string, string>> {
  return { cookie: `${SESSION_COOKIE}=${await browser.cookie(SESSION_COOKIE, gateway.url)}` };
}

/** An access token of an application that administers the tenant. */
async function tokenOf(application: TestApplication, grant: Record<string, string> = {}): Promise<string> {
  const configuration = await openIdClientOf(gateway, application);
  const parameters = { resource: 'urn:vestibule:tenant', ...grant };
  return (await openid.clientCredentialsGrant(configuration, parameters)).access_token;
}

interface Upload {
  headers?: Record<string, string>;
  body?: string | ReadableStream;
}

async function upload(url: string, { headers = {}, body = FILE }: Upload = {}) {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'text/csv', ...headers },
    body,
    duplex: 'half',
  });
  const answer = (await response.json()) as {
    bytes?: number;
    sha256?: string;
    errors?: { extensions: { code: string } }[];
  };
  return { status: response.status, code: answer.errors?.[0]?.extensions.code, answer };
}

/** The names of all files that uploads left, with what is in them. */
async function filesLeft(): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.sort().map(async (path) => `${path} ${await readFile(path, 'utf8')}`));
}

const uploadsOf = (sourceId: string) =>
  gateway.rows(
    `select f.name, f.bytes::int as bytes, f.sha256, (
       select count(*)::int from events e where e.tenant_id = $1 and e.type = 'source.file_uploaded' and e.object_id = $2
     ) as events from source_files f where f.tenant_id = $1 and f.source_id = $2`,
    [sourceId],
  );

const clientOf = async (source: Awaited<ReturnType<typeof makeSource>>) =>
  gateway.services.sources.open(gateway.tenant.id, source);

describe('the file of a source', () => {
  it('is uploaded by an administrator, and read', async () => {
    const source = await makeFileSource();
    const { status, answer } = await upload(addressOf(source.id), { headers: await cookieOf(administrator) });
    const sha256 = createHash('sha256').update(FILE).digest('hex');
    expect([status, answer]).toEqual([200, { bytes: FILE.length, sha256 }]);
    expect(await uploadsOf(source.id)).toEqual([{ name: 'people.csv', bytes: FILE.length, sha256, events: 1 }]);
    const client = await clientOf(source);
    expect(await client.search({ email: 'ADA@example.org' }, inTime())).toMatchObject([{ key: '1' }]);
  });

  it('is uploaded with the access token of an application of the tenant, and chunk by chunk', async () => {
    const source = await makeFileSource();
    const machine = await makeApplication(gateway, 'MACHINE', { isTenantAdministrator: true });
    const token = await tokenOf(machine);
    const body = new ReadableStream({
      start(controller) {
        for (const part of ['id,mail\n', '7,', 'x@example.org\n']) controller.enqueue(Buffer.from(part));
        controller.close();
      },
    });
    const { status } = await upload(addressOf(source.id), { headers: { authorization: `Bearer ${token}` }, body });
    expect(status).toBe(200);
    expect(await (await clientOf(source)).retrieve('7', inTime())).toMatchObject({ key: '7' });
  });

  it('takes the place of the one before, of which nothing is left; who is reading that goes on with it', async () => {
    const source = await makeFileSource();
    const headers = await cookieOf(administrator);
    const rows = (prefix: string) => Array.from({ length: 1200 }, (_, i) => `${prefix}${i},`).join('\n');
    await upload(addressOf(source.id), { headers, body: `id,mail\n${rows('old-')}` });
    const client = await clientOf(source);
    const reading = client.inventory(null, inTime())[Symbol.asyncIterator]();
    const first = (await reading.next()).value!;
    expect((await upload(addressOf(source.id), { headers, body: `id,mail\n${rows('new-')}` })).status).toBe(200);
    const keys = keysOf(first.records);
    for (let page = await reading.next(); !page.done; page = await reading.next())
      keys.push(...keysOf(page.value.records));
    expect([keys.length, keys.every((key) => key.startsWith('old-'))]).toEqual([1200, true]);

    const resumed = pagesOf(client as never, first.cursor);
    await expect(resumed).rejects.toMatchObject({ code: 'BAD_ANSWER', message: expect.stringContaining('replaced') });
    expect((await pagesOf(client as never)).records[0]!.key).toBe('new-0');
    expect((await filesLeft()).filter((file) => file.includes(source.id))).toHaveLength(1);
    expect(await uploadsOf(source.id)).toMatchObject([{ events: 2 }]);
  });
});

it('the file of a source is deleted with it', async () => {
  const source = await makeFileSource();
  await upload(addressOf(source.id), { headers: await cookieOf(administrator) });
  const { data, errors } = await gateway.graphql(
    administrator,
    `mutation ($input: SourceDeleteInput!) { sourceDelete(input: $input) { deletedId userErrors { message } } }`,
    { input: { id: toGlobalId('Source', source.id) } },
  );
  expect([errors, data?.sourceDelete.userErrors]).toEqual([undefined, []]);
  expect((await filesLeft()).filter((file) => file.includes(source.id))).toEqual([]);
  expect(await uploadsOf(source.id)).toEqual([]);
});

describe('an upload is refused, and nothing is written', () => {
  it('to whoever is no administrator of the tenant, whatever they name', async () => {
    const source = await makeFileSource();
    const { browser: somebody } = await gateway.signedInUser();
    const machine = await makeApplication(gateway, 'MACHINE', { isTenantAdministrator: true });
    const headers = await cookieOf(administrator);
    const unknown = addressOf('0190b3a0-0000-7000-8000-000000000000');
    const before = [await gateway.snapshot(), await filesLeft()];
    const refused: [string, Upload['headers'], number, string][] = [
      [addressOf(source.id), {}, 401, 'UNAUTHENTICATED'],
      [addressOf(source.id), { authorization: 'Bearer wrong' }, 401, 'UNAUTHENTICATED'],
      [addressOf(source.id), await cookieOf(somebody), 403, 'FORBIDDEN'],
      [unknown, await cookieOf(somebody), 403, 'FORBIDDEN'],
      [
        addressOf(source.id),
        { authorization: `Bearer ${await tokenOf(machine, { scope: 'other:scope' })}` },
        401,
        'UNAUTHENTICATED',
      ],
      [addressOf(source.id), { ...headers, origin: 'https://evil.example' }, 403, 'FORBIDDEN'],
      [unknown, headers, 404, 'NOT_FOUND'],
      [`${gateway.url}/sources/nonsense/file`, headers, 404, 'NOT_FOUND'],
      [`${gateway.url}/sources/..%2f..%2fetc/file`, headers, 404, 'NOT_FOUND'],
    ];
    for (const [url, sent, status, code] of refused)
      expect([url, code, await upload(url, { headers: sent! })]).toMatchObject([url, code, { status, code }]);
    expect([await gateway.snapshot(), await filesLeft()]).toEqual(before);
  });

  it('for a source that takes none, an empty or too large file, and a bad name', async () => {
    const headers = await cookieOf(administrator);
    const source = await makeFileSource();
    const other = await makeFileSource({}, SourceKind.LDAP);
    const operators = await makeFileSource({ path: 'people.csv' });
    const large = 'x'.repeat(MOST_BYTES + 1);
    const chunks = () => new Blob([large]).stream();
    const before = [await gateway.snapshot(), await filesLeft()];
    const refused: [string, Upload, number, string][] = [
      [addressOf(other.id), {}, 409, 'INVALID'],
      [addressOf(operators.id), {}, 409, 'INVALID'],
      [addressOf(source.id), { body: '' }, 400, 'REQUIRED'],
      [addressOf(source.id), { body: large }, 413, 'TOO_LONG'],
      [addressOf(source.id), { body: chunks() }, 413, 'TOO_LONG'],
      [addressOf(source.id), { headers: { 'content-encoding': 'gzip' } }, 415, 'BAD_REQUEST'],
      [addressOf(source.id).replace('people.csv', 'a%00b'), {}, 400, 'INVALID'],
      [addressOf(source.id).replace('people.csv', 'x'.repeat(256)), {}, 400, 'INVALID'],
    ];
    for (const [url, sent, status, code] of refused) {
      const answer = await upload(url, { ...sent, headers: { ...headers, ...sent.headers } });
      expect([url, answer]).toMatchObject([url, { status, code }]);
    }
    expect([await gateway.snapshot(), await filesLeft()]).toEqual(before);
  });

  it('when it breaks off in the middle', async () => {
    const source = await makeFileSource();
    const headers = await cookieOf(administrator);
    await upload(addressOf(source.id), { headers });
    const before = [await gateway.snapshot(), await filesLeft()];
    const outgoing = request(addressOf(source.id), {
      method: 'PUT',
      headers: { ...headers, 'content-length': '10000' },
    });
    outgoing.on('error', () => undefined);
    outgoing.write('id,mail\n1,');
    const isPartial = async () =>
      (await readdir(join(folder, gateway.tenant.id, 'uploads'))).some((name) => name.endsWith('.part'));
    while (!(await isPartial())) await new Promise(setImmediate);
    outgoing.destroy();
    while (await isPartial()) await new Promise(setImmediate);
    expect([await gateway.snapshot(), await filesLeft()]).toEqual(before);
  });
});

it('a file of 50 MB is read in the memory that one of 5 MB takes', async () => {
  const measure = async (megabytes: number) => {
    const { output, errors } = await runScript('test/support/read-large-csv.ts', [folder, String(megabytes)]);
    if (!output) throw new Error(errors);
    return JSON.parse(output) as { records: number; memory: number };
  };
  const small = await measure(5);
  const large = await measure(50);
  expect([small.records, large.records]).toEqual([21_000, 202_000]);
  // The set of known keys is 4 MB of it.
  expect(large.memory - small.memory).toBeLessThan(10);
}, 120_000);
