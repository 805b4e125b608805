import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHealthWriter } from '../../src/enrollment/sources/health.js';
import type { SourceClientsOptions } from '../../src/enrollment/sources/clients.js';
import type { Source } from '../../src/enrollment/sources/source.js';
import { SourceKind } from '../../src/entities/source-enums.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type SeededTenant, seedTenant } from '../support/factories.js';
import { collect, describeSource, makeClients, sealing } from '../support/sources/clients.js';
import {
  answering,
  ber,
  hang,
  type HostileServer,
  ldapEntry,
  ldapMessage,
  ldapResult,
  startHostileServer,
} from '../support/sources/hostile-server.js';
import { makeSource } from '../support/sources/make.js';

const NEVER = new AbortController().signal;
const QUICK = { retryMilliseconds: 1, pauseMilliseconds: 100, longestPauseMilliseconds: 100 };

let testDatabase: TestDatabase;
let tenant: SeededTenant;
let server: HostileServer;
let healthy: HostileServer;

/** A directory that has one person. */
const oneHit = answering((id, socket) => {
  socket.write(ldapEntry(id, 'ada'));
  socket.write(ldapResult(id));
});

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  tenant = await seedTenant(testDatabase.database);
  server = await startHostileServer(hang);
  healthy = await startHostileServer(oneHit);
});
afterAll(async () => {
  await server.stop();
  await healthy.stop();
  await testDatabase.close();
});

const directory = (port: number) => ({
  url: `ldap://127.0.0.1:${port}`,
  baseDn: 'dc=example,dc=org',
  filter: '(uid=*)',
  mapping: { key: 'uid', emails: ['mail'] },
});
const ldap = (port: number, given: Partial<Source> = {}) =>
  describeSource(SourceKind.LDAP, directory(port), { timeLimitMilliseconds: 500, ...given });
const sql = (scheme: string) =>
  describeSource(
    SourceKind.SQL,
    { url: `${scheme}://people@127.0.0.1:${server.port}/people`, query: 'select 1 as uid', mapping: { key: 'uid' } },
    { secrets: { password: 'the password' }, timeLimitMilliseconds: 500 },
  );

async function retrieve(source: Source, options: Partial<SourceClientsOptions> = {}) {
  const clients = makeClients({ limits: QUICK, ...options });
  try {
    return await (await clients.open('tenant', source)).retrieve('ada', NEVER);
  } finally {
    await clients.close();
  }
}

describe('a source that means no good', () => {
  it('is not waited for longer than its time limit, whatever it speaks', async () => {
    server.behave = hang;
    for (const source of [ldap(server.port), sql('postgresql'), sql('mysql')])
      await expect(retrieve(source)).rejects.toMatchObject({ name: 'SourceError', code: 'TIMED_OUT' });
  });

  it('slows no other source down while it hangs, and has a few calls alone', async () => {
    server.behave = hang;
    const clients = makeClients({ limits: { ...QUICK, callsAtOnce: 3, callsWaiting: 5 } });
    const hanging = await clients.open('tenant', ldap(server.port, { timeLimitMilliseconds: 30_000 }));
    const before = server.connections;
    const over = new AbortController();
    const calls = Array.from({ length: 50 }, () => hanging.retrieve('ada', over.signal).catch((error: Error) => error));
    // More than may wait are refused at once.
    const first = await Promise.race(calls);
    expect(first).toMatchObject({ code: 'TIMED_OUT', message: 'Too many calls are waiting for the source.' });
    const other = await clients.open('tenant', ldap(healthy.port));
    for (let call = 0; call < 20; call++) expect(await other.retrieve('ada', NEVER)).toMatchObject({ key: 'ada' });
    expect(server.connections - before).toBeLessThanOrEqual(3);
    // Who gave up is told so, and does not wait for the others.
    over.abort();
    const answers = await Promise.all(calls);
    expect(answers.filter((answer) => (answer as Error).message === 'The call was given up.')).toHaveLength(8);
    await clients.close();
  });

  it.each([
    ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['zeros', Buffer.alloc(10_000)],
    ['a length beyond its message', ber(0x30, ber(0x02, Buffer.from([2])), Buffer.from([0x64, 4, 4, 0, 0x30, 0x60]))],
    ['a message within a value', ldapMessage(2, ber(0x64, ber(4), ber(4, Buffer.from([0x30, 0x60, 0x31, 0x70]))))],
    [
      'a message that never ends',
      Buffer.concat([Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(9_000_000)]),
    ],
    ['bytes', Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7919) % 256))],
  ])('is given up for answers that are none: %s', async (_name, bytes) => {
    server.behave = (socket) => {
      socket.write(bytes);
      socket.resume();
    };
    for (const source of [ldap(server.port), sql('postgresql'), sql('mysql')]) {
      const refusal = await retrieve(source).catch((error: Error & { code: string }) => error);
      expect(refusal).toMatchObject({ name: 'SourceError' });
      expect(['BAD_ANSWER', 'UNREACHABLE', 'TIMED_OUT', 'TOO_MANY_RECORDS']).toContain(
        (refusal as { code: string }).code,
      );
    }
    const code = await retrieve(ldap(server.port)).catch((error: { code: string }) => error.code);
    expect(['BAD_ANSWER', 'TOO_MANY_RECORDS']).toContain(code);
  });

  it('is given up when it ends the connection, and tried anew before', async () => {
    server.behave = (socket) => socket.destroy();
    const before = server.connections;
    await expect(retrieve(ldap(server.port))).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(server.connections - before).toBe(3);
  });

  it('is not read to the end of a million hits', async () => {
    let written = 0;
    server.behave = answering((id, socket) => {
      const many = Buffer.concat(Array.from({ length: 1_000 }, (_, index) => ldapEntry(id, `p${index}`)));
      const more = () => {
        while (!socket.destroyed && written < 1_000_000) {
          written += 1_000;
          if (!socket.write(many)) return socket.once('drain', more);
        }
        return socket.destroyed || socket.end(ldapResult(id));
      };
      more();
    });
    await expect(retrieve(ldap(server.port, { timeLimitMilliseconds: 20_000 }))).rejects.toMatchObject({
      code: 'TOO_MANY_RECORDS',
    });
    expect(written).toBeLessThan(500_000);
  });

  it('does not have part of its people taken for all of them', async () => {
    // 4: there are more than the server gives; 10: they are elsewhere.
    for (const [result, code] of [
      [4, 'TOO_MANY_RECORDS'],
      [10, 'BAD_ANSWER'],
    ] as const) {
      server.behave = answering((id, socket) => {
        socket.write(ldapEntry(id, 'ada'));
        socket.write(ldapResult(id, result));
      });
      const clients = makeClients({ limits: QUICK });
      const client = await clients.open('tenant', ldap(server.port));
      await expect(client.retrieve('ada', NEVER)).rejects.toMatchObject({ code });
      await expect(collect(client.inventory(null, NEVER))).rejects.toMatchObject({ code });
      await clients.close();
    }
  });

  it('is left alone after several failures, tried after a while, and its health is written', async () => {
    const { database } = testDatabase;
    const source = await makeSource(tenant, {
      kind: SourceKind.LDAP,
      settings: directory(server.port),
      timeLimitMilliseconds: 2_000,
    });
    const clients = makeClients({
      sealing,
      limits: { ...QUICK, retries: 0, failuresBeforePause: 3 },
      onHealthChange: createHealthWriter(database),
    });
    let client = await clients.open(tenant.id, source);
    const ask = () =>
      client.retrieve('ada', NEVER).then(
        (record) => record?.key,
        (error: { code: string }) => error.code,
      );
    const health = async () => {
      const text = `select health, error_code as "code", error_message as message, failures,
        succeeded_at is not null as "hasSucceeded", failed_at is not null as "hasFailed"
        from source_states where tenant_id = $1 and source_id = $2`;
      return database.read<object>(tenant.id, text, [tenant.id, source.id]);
    };
    server.behave = oneHit;
    expect(await ask()).toBe('ada');
    expect(await health()).toEqual([
      { health: 'HEALTHY', code: null, message: null, failures: 0, hasSucceeded: true, hasFailed: false },
    ]);
    server.behave = (socket) => socket.destroy();
    // The connection that is kept answers still: a new one does not.
    await clients.close();
    client = await clients.open(tenant.id, source);
    expect(await ask()).toBe('UNREACHABLE');
    expect(await health()).toMatchObject([{ health: 'FAILING', code: 'UNREACHABLE', failures: 1, hasFailed: true }]);
    expect([await ask(), await ask()]).toEqual(['UNREACHABLE', 'UNREACHABLE']);
    expect(await health()).toMatchObject([{ health: 'PAUSED', code: 'UNREACHABLE', failures: 3 }]);
    const before = server.connections;
    expect(await ask()).toBe('PAUSED');
    expect(server.connections).toBe(before);
    server.behave = oneHit;
    let answer = await ask();
    for (; answer === 'PAUSED'; answer = await ask()) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(answer).toBe('ada');
    expect(await health()).toMatchObject([{ health: 'HEALTHY', code: null, failures: 0 }]);
    await clients.close();
  });

  it('is asked anew as soon as it is edited, by connections of its own', async () => {
    server.behave = (socket) => socket.destroy();
    const clients = makeClients({
      limits: { ...QUICK, retries: 0, failuresBeforePause: 1, pauseMilliseconds: 60_000 },
    });
    const source = ldap(server.port);
    const old = await clients.open('tenant', source);
    await expect(old.retrieve('ada', NEVER)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(old.retrieve('ada', NEVER)).rejects.toMatchObject({ code: 'PAUSED' });
    const edited = { ...source, version: 2, settings: directory(healthy.port) };
    const client = await clients.open('tenant', edited);
    expect(await client.retrieve('ada', NEVER)).toMatchObject({ key: 'ada' });
    await clients.close();
  });

  it('holds nobody up when the process ends', async () => {
    server.behave = hang;
    const clients = makeClients();
    const client = await clients.open('tenant', ldap(server.port, { timeLimitMilliseconds: 60_000 }));
    const call = client.retrieve('ada', NEVER);
    const refused = expect(call).rejects.toMatchObject({ name: 'SourceError' });
    await clients.close();
    await refused;
  });

  it('that cannot be opened is said to be so once, and is noted as failing', async () => {
    const reports: unknown[] = [];
    const clients = makeClients({ onHealthChange: async (report) => void reports.push(report) });
    const source = describeSource(SourceKind.LDAP, { url: 'nothing' });
    for (let time = 0; time < 3; time++)
      await expect(clients.open('tenant', source)).rejects.toMatchObject({ code: 'MISCONFIGURED' });
    const stolen = { ...ldap(healthy.port), sealedSecrets: sealing.seal('{}', 'sources.another.secrets') };
    await expect(clients.open('tenant', stolen)).rejects.toMatchObject({ code: 'MISCONFIGURED' });
    expect(reports).toMatchObject([
      { sourceId: source.id, error: { code: 'MISCONFIGURED' }, health: { health: 'FAILING' } },
      { sourceId: stolen.id },
    ]);
    await clients.close();
  });
});
