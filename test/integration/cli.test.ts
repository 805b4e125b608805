import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openDatabase } from '../../src/database/database.js';
import { type LocalProvider, startLocalProvider } from '../../src/demo/provider.js';
import { finish, runScript, startScript, waitForOutput } from '../support/run-script.js';

// Each command is a process that opens a database.
jest.setTimeout(180_000);

let folder: string;
let environment: Record<string, string>;
let provider: LocalProvider;

const cli = (args: string[], more: { environment?: Record<string, string>; input?: string } = {}) =>
  runScript('src/cli/main.ts', args, { input: more.input, environment: { ...environment, ...more.environment } });

/** Rows of the tenant `default`. The processes have ended, so the database is ours. */
async function rows(sql: string): Promise<Record<string, any>[]> {
  const database = await openDatabase({ folder: join(folder, 'database'), poolSize: 1 });
  try {
    const [tenant] = await database.read<{ id: string }>(null, `select id from tenants where slug = 'default'`, []);
    return await database.read(tenant!.id, sql, []);
  } finally {
    await database.close();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vestibule-cli-'));
  environment = { NODE_ENV: 'test', DATA_FOLDER: folder };
  provider = await startLocalProvider({ clients: [], people: [] });
});

afterAll(async () => {
  await provider?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the command line', () => {
  test('says what it can do, and that an unknown command is none (64)', async () => {
    const [help, unknown, option] = await Promise.all([cli(['--help']), cli(['tidy']), cli(['migrate', '--statuss'])]);
    expect(help).toMatchObject({ code: 0, errors: '' });
    expect(help.output).toMatch(/serve .*\n.*migrate .*\n.*seed .*\n.*tenant .*\n.*connection .*\n.*schema /);
    expect(unknown).toMatchObject({ code: 64, output: '' });
    expect(unknown.errors).toContain('There is no command tidy.');
    expect(option.code).toBe(64);
    expect(option.errors).toMatch(/--statuss[\s\S]*Usage: npm run cli -- migrate/);
  });

  test('lists every fault of the environment (78)', async () => {
    const { code, errors } = await cli(['migrate'], { environment: { PORT: 'x', LOG_LEVEL: 'loud' } });
    expect(code).toBe(78);
    expect(errors).toContain('PORT is a port number');
    expect(errors).toContain('LOG_LEVEL is a level of pino');
  });

  test('says that a database cannot be reached, without a stack (69)', async () => {
    const { code, errors } = await cli(['migrate'], { environment: { DATABASE_URL: 'postgresql://localhost:1/none' } });
    expect(code).toBe(69);
    expect(errors).toContain('The database at localhost:1/none cannot be reached.');
    expect(errors).not.toMatch(/^\s+at /m);
  });

  test('migrate takes what is missing, once, and everything else asks for it first', async () => {
    expect(await cli(['tenant', 'list'])).toMatchObject({ code: 1, errors: expect.stringContaining('migrate') });
    const before = await cli(['migrate', '--status']);
    expect(before.code).toBe(1);
    expect(before.output).toContain('missing');
    expect(await cli(['migrate'])).toMatchObject({ code: 0, output: expect.stringContaining('up to date') });
    const after = await cli(['migrate', '--status']);
    expect(after.code).toBe(0);
    expect(after.output).not.toContain('missing');
    expect((await cli(['tenant', 'list'])).output).toMatch(/default +Default +\(all others\)/);
  });

  test('tenant create refuses a slug or a host that is taken', async () => {
    expect(await cli(['tenant', 'create', '--slug', 'Not One', '--name', 'x'])).toMatchObject({ code: 64 });
    expect(await cli(['tenant', 'create', '--slug', 'lyon', '--name', 'Lyon'])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('--host'),
    });
    const made = ['tenant', 'create', '--slug', 'lyon', '--name', 'Lyon', '--host', 'lyon.example.org'];
    expect(await cli(made)).toMatchObject({ code: 0 });
    expect(await cli(made)).toMatchObject({ code: 1, errors: expect.stringContaining('already') });
  });

  test('tenant administrator makes an account or takes the one that there is, and writes it down', async () => {
    expect(await cli(['tenant', 'administrator', '--email', 'a@example.org', '--tenant', 'none'])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('There is no tenant none.'),
    });
    const first = await cli(['tenant', 'administrator', '--email', 'Ada@example.org']);
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('was unknown') });
    const again = await cli(['tenant', 'administrator', '--email', 'ada@EXAMPLE.org']);
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('already') });
    expect(await rows(`select email, status, is_email_verified, is_tenant_administrator from users`)).toEqual([
      { email: 'Ada@example.org', status: 'ACTIVE', is_email_verified: true, is_tenant_administrator: true },
    ]);
    const events = await rows(`select type, actor_kind, via from events where type like 'user.%' order by id`);
    expect(events).toEqual([
      { type: 'user.created', actor_kind: 'OPERATOR', via: 'tenant administrator' },
      { type: 'user.tenant_administrator_granted', actor_kind: 'OPERATOR', via: 'tenant administrator' },
    ]);
  });

  test('connection create takes its secret from a file or standard input, seals it and shows it to nobody', async () => {
    const secret = randomBytes(24).toString('base64url');
    const create = (slug: string, ...more: string[]) => [
      ...[
        'connection',
        'create',
        '--slug',
        slug,
        '--preset',
        'proconnect',
        '--issuer',
        provider.issuer,
        '--client-id',
        'here',
      ],
      ...more,
    ];
    const missing = await cli(create('agents'));
    expect(missing).toMatchObject({ code: 1, errors: expect.stringContaining('clientSecret') });
    expect(await cli(create('agents', '--set', 'colour=red'))).toMatchObject({
      code: 64,
      errors: expect.stringContaining('no setting colour'),
    });
    expect(await cli(create('agents', '--client-secret-file', join(folder, 'none')))).toMatchObject({
      code: 1,
      errors: expect.stringContaining('ENOENT'),
    });

    const settings = ['emailTrust=PROVIDER', 'requiredAcr=eidas2,eidas3', 'sessionMinutes=60', 'usesPkce=false'];
    const made = await cli(
      create('agents', '--client-secret-file', '-', ...settings.flatMap((pair) => ['--set', pair])),
      { input: `${secret}\n` },
    );
    expect(made).toMatchObject({ code: 0, errors: '' });
    expect(made.output).toContain('http://localhost:4000/auth/agents/callback');
    await writeFile(join(folder, 'secret'), secret);
    expect(await cli(create('agents', '--client-secret-file', join(folder, 'secret')))).toMatchObject({
      code: 1,
      errors: expect.stringContaining('Another connection has this slug.'),
    });

    const stored = await rows(
      'select slug, email_trust, required_acr, session_minutes, uses_pkce, sealed_client_secret from connections',
    );
    expect(stored).toEqual([
      {
        slug: 'agents',
        email_trust: 'PROVIDER',
        required_acr: ['eidas2', 'eidas3'],
        session_minutes: 60,
        uses_pkce: false,
        sealed_client_secret: expect.any(String),
      },
    ]);
    expect(JSON.stringify([stored, made, await rows('select * from events')])).not.toContain(secret);
  });

  test('connection list, test, disable and enable', async () => {
    const tested = await cli(['connection', 'test', '--slug', 'agents']);
    expect(tested).toMatchObject({
      code: 0,
      output: expect.stringContaining(`The provider ${provider.issuer} of the connection agents can be used.`),
    });
    expect(await cli(['connection', 'disable', '--slug', 'agents'])).toMatchObject({ code: 0 });
    expect((await cli(['connection', 'list'])).output).toMatch(/agents +PROCONNECT +DISABLED/);
    expect(await cli(['connection', 'enable', '--slug', 'agents'])).toMatchObject({ code: 0 });
    expect(await rows('select slug, status from connections')).toEqual([{ slug: 'agents', status: 'ENABLED' }]);
  });

  test('seed loads the demo data as often as one likes, and never in production', async () => {
    const production = {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://login.example.org',
      ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    };
    expect(await cli(['seed'], { environment: production })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('never'),
    });
    expect(await rows('select id from organizations')).toEqual([]);
    for (const _ of [1, 2]) expect(await cli(['seed'])).toMatchObject({ code: 0 });
    expect(await rows('select id from organizations')).toHaveLength(3);
  });

  test('serve runs the gateway until it is told to stop, and keeps other processes from its embedded database', async () => {
    const child = startScript('src/cli/main.ts', ['serve'], { environment: { ...environment, PORT: '0' } });
    const end = finish(child);
    const [, url] = await waitForOutput(child, /GraphQL +(http:\S+)/);
    const answer = await fetch(url!, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { user { id } } }' }),
    });
    expect(await answer.json()).toEqual({ data: { viewer: null } });
    expect(await cli(['tenant', 'list'])).toMatchObject({
      code: 69,
      errors: expect.stringContaining('in use by another process'),
    });
    child.kill('SIGTERM');
    expect((await end).code).toBe(0);
    expect(await rows('select id from organizations')).toHaveLength(3);
  });

  test('schema --federation prints what a router composes', async () => {
    const { code, output } = await cli(['schema', '--federation']);
    expect(code).toBe(0);
    expect(output).toContain('@link(url: "https://specs.apollo.dev/federation');
  });
});
