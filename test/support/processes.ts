import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { createSealing, type Sealing } from '../../src/database/sealing.js';
import { type LocalProvider, startLocalProvider } from '../../src/demo/provider.js';
import { Browser } from './browser.js';
import { createTestDatabase } from './database.js';
import { expectCatalogued } from './event-catalogue.js';
import { makeConnection, seedTenant, type SeededTenant } from './factories.js';

/** Real processes of the gateway over one database, and a real provider beside them. */
export interface Deployment {
  urls: string[];
  provider: LocalProvider;
  /** Where the server's database is; undefined for the embedded one. */
  databaseUrl: string | undefined;
  start: (index: number) => Promise<void>;
  /** `kill -9`. */
  kill: (index: number) => Promise<void>;
  /** Reads the database, with no process running when it is the embedded one. */
  read: <Row>(sql: string) => Promise<Row[]>;
  /** Works on the database as a process would, under its keys; with no process running when it is the embedded one. */
  use: <Result>(work: (tenant: SeededTenant, sealing: Sealing) => Promise<Result>) => Promise<Result>;
  addPerson: (id: string, claims: Record<string, unknown>) => void;
  /** Brings a person to where the provider sends them back: the callback is not visited yet. */
  reachCallback: (id: string, index: number) => Promise<{ browser: Browser; callback: string }>;
  close: () => Promise<void>;
}

/**
 * Prepares `count` processes; none is started yet. The embedded database takes one. `environment` is read at each start.
 */
export async function createDeployment(count: number, environment: Record<string, string> = {}): Promise<Deployment> {
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const urls = ports.map((port) => `http://localhost:${port}`);
  const key = randomBytes(32);
  const clientSecret = randomBytes(24).toString('base64url');
  const provider = await startLocalProvider({
    people: [],
    clients: [
      {
        clientId: 'vestibule',
        clientSecret,
        redirectUris: urls.map((url) => `${url}/auth/proconnect/callback`),
        postLogoutRedirectUris: [],
      },
    ],
  });
  const store = await openStore();
  const tenant = await store.use((database) => seedTenant(database));
  await store.use((database) =>
    makeConnection({ ...tenant, database }, { issuer: provider.issuer, clientSecret, sealing: createSealing([key]) }),
  );
  const running = new Map<number, ChildProcess>();

  return {
    urls,
    provider,
    databaseUrl: store.environment.DATABASE_URL,
    async start(index) {
      const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
        env: {
          PATH: process.env.PATH,
          NODE_ENV: 'development',
          DEMO: 'false',
          PORT: String(ports[index]),
          PUBLIC_URL: urls[index],
          ENCRYPTION_KEYS: key.toString('base64'),
          DATABASE_POOL_SIZE: '20',
          PROVIDER_TIMEOUT_SECONDS: '30',
          LOG_LEVEL: 'error',
          ...store.environment,
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      running.set(index, child);
      await becomesReady(child);
    },
    async kill(index) {
      const child = running.get(index)!;
      running.delete(index);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    read: (sql) => store.use((database) => database.read(tenant.id, sql, [tenant.id])),
    use: (work) => store.use((database) => work({ ...tenant, database }, createSealing([key]))),
    addPerson(id, claims) {
      provider.people.set(id, {
        id,
        sub: `sub-${id}`,
        claims: { given_name: 'Personne', usual_name: id, email: `${id}@example.org`, uid: id, ...claims },
      });
    },
    async reachCallback(id, index) {
      const browser = new Browser();
      const callback = `${urls[index]}/auth/proconnect/callback`;
      const visit = await browser.get(`${urls[index]}/auth/proconnect/login?login_hint=${id}`, {
        stopAt: (url) => String(url).startsWith(callback),
        timeout: 60_000,
      });
      if (!visit.location) throw new Error(`${id} was not sent back: ${visit.status} ${visit.text.slice(0, 300)}`);
      return { browser, callback: String(visit.location) };
    },
    async close() {
      for (const child of running.values()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      await provider.close();
      await store.use(expectCatalogued).finally(() => store.close());
    },
  };
}

interface Store {
  environment: Record<string, string>;
  use: <Result>(work: (database: SeededTenant['database']) => Promise<Result>) => Promise<Result>;
  close: () => Promise<void>;
}

/** A server's database stays open beside the processes; the embedded one is opened only while none of them has it. */
async function openStore(): Promise<Store> {
  if (process.env.DATABASE_URL) {
    const test = await createTestDatabase();
    return { environment: { DATABASE_URL: test.url! }, use: (work) => work(test.database), close: () => test.close() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-processes-'));
  return {
    environment: { DATA_FOLDER: folder },
    async use(work) {
      const database = await openDatabase({ folder: join(folder, 'database'), poolSize: 1 });
      try {
        await migrate(database);
        return await work(database);
      } finally {
        await database.close();
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function becomesReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('is ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code} before it was ready: ${output}`)));
  });
}
