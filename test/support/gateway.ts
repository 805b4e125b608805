import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createLog } from '../../src/log.js';
import { compose } from '../../src/compose.js';
import { readConfig } from '../../src/config.js';
import { transact } from '../../src/database/transact.js';
import { type LocalPerson, type LocalProvider, startLocalProvider } from '../../src/demo/provider.js';
import { Connection } from '../../src/entities/index.js';
import { createServer } from '../../src/http/server.js';
import { buildSchema } from '../../src/resolvers/build-schema.js';
import type { Services } from '../../src/services.js';
import { Browser, type Visit } from './browser.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { expectCatalogued } from './event-catalogue.js';
import {
  type ConnectionOverrides,
  makeConnection,
  makeIdentity,
  makeUser,
  type SeededTenant,
  seedTenant,
} from './factories.js';

/** The whole gateway over a database of its own, with a real provider beside it. */
export interface Gateway {
  url: string;
  provider: LocalProvider;
  services: Services;
  database: TestDatabase['database'];
  databaseUrl: string | undefined;
  tenant: SeededTenant;
  /** The connection `proconnect` to the provider. */
  connection: Connection;
  /** What was logged, a line an entry. */
  logLines: string[];
  /** Statements that went to the database since the array was last emptied. */
  statements: string[];
  /** Moves the gateway's clock. */
  advance: (milliseconds: number) => void;
  /** Changes settings of the connection, as an administrator's update would. */
  configure: (overrides: ConnectionOverrides) => Promise<void>;
  addPerson: (person: Partial<LocalPerson> & { id: string }) => LocalPerson;
  /** Signs a person in in a fresh browser (or the one given): by the provider's page, to the callback and on. */
  signIn: (person: string | LocalPerson, browser?: Browser) => Promise<{ browser: Browser; visit: Visit }>;
  /** The whole way to the callback address, which is not visited. */
  reachCallback: (
    person: string | LocalPerson,
    browser?: Browser,
    query?: string,
  ) => Promise<{ browser: Browser; callback: string }>;
  graphql: <Data = any>(
    browser: Browser | null,
    query: string,
    variables?: object,
    headers?: Record<string, string>,
  ) => Promise<GraphQLAnswer<Data>>;
  /** Rows of a table of the tenant. */
  rows: <Row = Record<string, any>>(sql: string, values?: unknown[]) => Promise<Row[]>;
  /** A digest of every table that a refused action must leave as it was, as text to compare. */
  snapshot: () => Promise<string>;
  /** A browser of a new user who is signed in, with an identity that is linked already. */
  signedInUser: (
    overrides?: Parameters<typeof makeUser>[1],
  ) => Promise<{ browser: Browser; userId: string; person: LocalPerson }>;
  close: () => Promise<void>;
}

export interface GraphQLAnswer<Data = any> {
  status: number;
  data: Data;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string; [name: string]: any } }[];
  text: string;
}

export interface GatewayOptions {
  environment?: Record<string, string>;
  connection?: ConnectionOverrides;
  people?: LocalPerson[];
}

/** Tables that change in passing, whoever calls: sessions, trips and questions under way, tokens, what is delivered. */
const PASSING_TABLES = [
  'sessions',
  'login_transactions',
  'source_trips',
  'logout_tokens',
  'factor_challenges',
  'oidc_records',
  'oidc_keys',
  'attempt_counts',
];
const CHAINED_TABLES = ['outbox', 'audit_chain', 'audit_heads', 'webhook_deliveries', 'webhook_attempts'];
/** Tables that note when a row was last used. */
const USED_TABLES = ['application_secrets', 'scim_tokens'];

const SNAPSHOT_TABLES = `
  select c.table_name as name from information_schema.columns c
  where c.table_schema = 'public' and c.column_name = 'tenant_id'
    and c.table_name <> all ('{${[...PASSING_TABLES, ...CHAINED_TABLES].join(',')}}'::text[])
  order by 1`;

const rowOf = (table: string) => (USED_TABLES.includes(table) ? `to_jsonb(t) - 'last_used_at'` : 't');

/** One statement that gives a digest of each table; of events, which are only ever added, the last and their number. */
function snapshotOf(tables: readonly string[]): string {
  const digests = tables.map((table) =>
    table === 'events'
      ? `'events', (select count(*) || ' ' || coalesce(max(t.id::text), '') from events t where t.tenant_id = $1)`
      : `'${table}', (select md5(string_agg((${rowOf(table)})::text, ',' order by t.id)) from ${table} t where t.tenant_id = $1)`,
  );
  // A function takes a hundred arguments at most.
  const half = Math.ceil(digests.length / 2);
  const objects = [digests.slice(0, half), digests.slice(half)].map(
    (some) => `jsonb_build_object(${some.join(',\n')})`,
  );
  return `select (${objects.join(' || ')})::text as digests`;
}

let serial = 0;

export async function startGateway({
  environment = {},
  connection: overrides,
  people = [],
}: GatewayOptions = {}): Promise<Gateway> {
  const statements: string[] = [];
  const logLines: string[] = [];
  const test = await createTestDatabase({ onStatement: (text) => statements.push(text) });
  const config = readConfig({
    NODE_ENV: 'test',
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    PROVIDER_TIMEOUT_SECONDS: '2',
    LOG_LEVEL: 'debug',
    ...environment,
  });
  let offset = 0;
  const services = await compose({
    config,
    log: createLog(config.logLevel, { write: (line) => logLines.push(line) }),
    clock: () => new Date(Date.now() + offset),
    database: test.database,
  });
  const tenant = await seedTenant(test.database);
  const server = await createServer(services, buildSchema());
  await server.listen({ host: 'localhost', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  config.port = port;
  const url = `http://localhost:${port}`;

  const clientSecret = randomBytes(24).toString('base64url');
  const provider = await startLocalProvider({
    people,
    clients: [
      {
        clientId: 'vestibule',
        clientSecret,
        redirectUris: [`${url}/auth/proconnect/callback`, 'http://localhost:65000/app/callback'],
        postLogoutRedirectUris: [`${url}/auth/logout/callback`],
        backchannelLogoutUri: `${url}/auth/proconnect/backchannel-logout`,
      },
    ],
  });
  const connection = await makeConnection(tenant, {
    issuer: provider.issuer,
    clientSecret,
    sealing: services.sealing,
    redirectUris: ['http://localhost:65000/app/callback'],
    ...(overrides as object),
  });

  let snapshotStatement: string | undefined;
  const rows = <Row>(sql: string, values: unknown[] = []) =>
    test.database.read<Row>(tenant.id, sql, sql.includes('$1') ? [tenant.id, ...values] : values);

  const gateway: Gateway = {
    url,
    provider,
    services,
    database: test.database,
    databaseUrl: test.url,
    tenant,
    connection,
    logLines,
    statements,
    advance: (milliseconds) => (offset += milliseconds),
    async configure(changes) {
      await transact(test.database, tenant.id, async (manager) => {
        const found = await manager.findOneOrFail(Connection, { id: connection.id });
        Object.assign(found, changes);
      });
    },
    addPerson(person) {
      const number = ++serial;
      const complete: LocalPerson = {
        sub: `sub-${person.id}-${number}`,
        ...person,
        claims: {
          given_name: 'Prénom',
          usual_name: `Nom ${number}`,
          email: `${person.id}-${number}@example.org`,
          uid: person.id,
          idp_id: 'idp-1',
          ...person.claims,
        },
      };
      provider.people.set(complete.id, complete);
      return complete;
    },
    async signIn(person, browser = new Browser()) {
      const id = typeof person === 'string' ? person : person.id;
      return { browser, visit: await browser.get(`${url}/auth/proconnect/login?login_hint=${encodeURIComponent(id)}`) };
    },
    async reachCallback(person, browser = new Browser(), query = '') {
      const id = typeof person === 'string' ? person : person.id;
      const visit = await browser.get(`${url}/auth/proconnect/login?login_hint=${encodeURIComponent(id)}${query}`, {
        stopAt: (next) => String(next).startsWith(`${url}/auth/proconnect/callback`),
      });
      if (!visit.location)
        throw new Error(`The provider did not send the browser back: ${visit.status} ${visit.text.slice(0, 500)}`);
      return { browser, callback: String(visit.location) };
    },
    async graphql(browser, query, variables = {}, headers = {}) {
      const visit = await (browser ?? new Browser()).post(
        `${url}/graphql`,
        { json: { query, variables } },
        { headers },
      );
      const body = visit.json<Pick<GraphQLAnswer, 'data' | 'errors'>>();
      return { status: visit.status, text: visit.text, ...body };
    },
    rows: rows,
    async snapshot() {
      snapshotStatement ??= snapshotOf((await rows<{ name: string }>(SNAPSHOT_TABLES, [])).map(({ name }) => name));
      const [taken] = await rows<{ digests: string }>(snapshotStatement);
      return taken!.digests;
    },
    async signedInUser(given) {
      const user = await makeUser(tenant, given);
      const person = gateway.addPerson({
        id: `user-${++serial}`,
        claims: { email: user.email, given_name: user.givenName, usual_name: user.familyName },
      });
      await makeIdentity(tenant, { user, connection, subject: person.sub, email: user.email ?? null });
      const { browser, visit } = await gateway.signIn(person);
      if (visit.status !== 200) throw new Error(`Not signed in: ${visit.status} ${visit.text.slice(0, 500)}`);
      return { browser, userId: user.id, person };
    },
    async close() {
      await server.close();
      await services.live.stop();
      await services.sources.close();
      await services.outbound.close();
      await provider.close();
      // The database goes whatever is wrong with what is in it.
      await expectCatalogued(test.database).finally(() => test.close());
    },
  };
  return gateway;
}
