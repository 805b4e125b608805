import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createTenant } from '../src/tenants/create-tenant.js';
import { openDatabase } from '../src/database/database.js';
import { migrate } from '../src/database/migrate.js';
import { createSealing } from '../src/database/sealing.js';
import { makeConnection } from '../test/support/factories.js';
import { startPostgres } from '../test/support/postgres.js';
import { type Caller, loadData, type Size } from './data.js';

export const ISSUER = 'https://provider.test';

export interface Server {
  /** Of a superuser. */
  url: string;
  version: string;
  stop: () => Promise<void>;
}

/** The server of DATABASE_URL, or one of our own with its usual durability. */
export async function startServer(given: string | undefined): Promise<Server> {
  const { url, stop } = given
    ? { url: given, stop: async () => undefined }
    : await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '4GB' } });
  const [row] = await administer<{ version: string; isSuperuser: boolean }>(
    url,
    `select current_setting('server_version') as version, usesuper as "isSuperuser" from pg_user where usename = current_user`,
  );
  if (!row?.isSuperuser)
    throw new Error('DATABASE_URL must be of a superuser: a role and databases are made for the measurement.');
  return { url, stop, version: row.version };
}

export interface LoadedDatabase {
  /** Of the role that owns the database and that row-level security binds: for Vestibule. */
  url: string;
  /** Of a role that row-level security does not bind: for the floor and the rival. */
  openUrl: string;
  tenantId: string;
  connectionId: string;
  encryptionKey: string;
  remove: () => Promise<void>;
}

/** A migrated database of this size, with a role that is no superuser as its owner. */
export async function createDatabase(server: Server, size: Size, callers: Caller[]): Promise<LoadedDatabase> {
  const name = `vestibule_bench_${randomBytes(4).toString('hex')}`;
  const open = `${name}_open`;
  const password = randomBytes(24).toString('base64url');
  await administer(server.url, `create role ${name} login nosuperuser nobypassrls password '${password}'`);
  await administer(server.url, `create role ${open} login nosuperuser bypassrls password '${password}'`);
  await administer(server.url, `create database ${name} owner ${name}`);
  const remove = async () => {
    await administer(server.url, `drop database if exists ${name} with (force)`);
    await administer(server.url, `drop role if exists ${open}, ${name}`);
  };
  const as = (role: string) =>
    Object.assign(new URL(server.url), { username: role, password, pathname: `/${name}` }).href;
  const administrator = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  const url = as(name);
  const encryptionKey = randomBytes(32);
  const database = await openDatabase({ url, folder: '', poolSize: 2 });
  try {
    await migrate(database);
    const tenantId = await createTenant(database, { slug: 'default', name: 'Default' });
    const connection = await makeConnection(
      { id: tenantId, slug: 'default', database, roles: new Map() },
      { issuer: ISSUER, clientSecret: 'bench', sealing: createSealing([encryptionKey]) },
    );
    await loadData({ url: administrator, tenantId, connectionId: connection.id, issuer: ISSUER, size, callers });
    await administer(administrator, `grant ${name} to ${open}`);
    return {
      url,
      openUrl: as(open),
      tenantId,
      connectionId: connection.id,
      encryptionKey: encryptionKey.toString('base64'),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  } finally {
    await database.close();
  }
}

/** Runs one statement in a connection of its own. */
export async function administer<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
