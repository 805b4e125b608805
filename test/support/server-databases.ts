import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import type { Prepared } from './prepared.js';

type PreparedServer = Extract<Prepared, { kind: 'SERVER' }>;

/**
 * A role that is no superuser, so that row-level security binds it, and a migrated database of that role to copy. Both
 * carry the run in their names: several runs may share a server.
 */
export async function prepareServer(administratorUrl: string): Promise<PreparedServer> {
  const run = randomBytes(4).toString('hex');
  const prepared: PreparedServer = {
    kind: 'SERVER',
    run,
    administratorUrl,
    role: `vestibule_test_${run}`,
    password: randomBytes(24).toString('base64url'),
    template: `vestibule_test_${run}_template`,
  };
  const { role, password, template } = prepared;
  await administer(administratorUrl, async (client) => {
    await client.query(
      `create role ${role} login nosuperuser nobypassrls nocreatedb nocreaterole password ${client.escapeLiteral(password)}`,
    );
    await client.query(`grant ${role} to current_user`);
    await client.query(`create database ${template} owner ${role}`);
  });
  const database = await openDatabase({ url: urlOf(prepared, template), folder: '', poolSize: 2 });
  try {
    await migrate(database);
  } finally {
    await database.close();
  }
  return prepared;
}

/** Copies the migrated database, or an empty one, and gives the address of the copy. */
export async function createServerDatabase(
  prepared: PreparedServer,
  { isMigrated = true }: { isMigrated?: boolean } = {},
): Promise<{ name: string; url: string }> {
  const name = `vestibule_test_${prepared.run}_${randomBytes(6).toString('hex')}`;
  await administer(prepared.administratorUrl, (client) =>
    client.query(
      `create database ${name} owner ${prepared.role} template ${isMigrated ? prepared.template : 'template1'}`,
    ),
  );
  return { name, url: urlOf(prepared, name) };
}

export async function dropServerDatabase(prepared: PreparedServer, name: string): Promise<void> {
  await administer(prepared.administratorUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
}

/** Drops every database of this run, those of crashed test files included, and its role. */
export async function removeServerDatabases({ administratorUrl, run, role }: PreparedServer): Promise<void> {
  await administer(administratorUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname, $1)',
      [`vestibule_test_${run}_`],
    );
    for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`drop role if exists ${role}`);
  });
}

function urlOf({ administratorUrl, role, password }: PreparedServer, database: string): string {
  const url = new URL(administratorUrl);
  url.username = role;
  url.password = password;
  url.pathname = `/${database}`;
  return url.href;
}

async function administer<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
