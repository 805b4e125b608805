import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { startPostgres } from '../postgres.js';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from './localhost-certificate.js';
import { findFreePort, findInstalled, makeFolder, runServer } from './process-server.js';

/** A database of this test, with an account that may do anything in it: that a source writes nothing is the source's doing. */
export interface SqlServer {
  kind: 'PostgreSQL' | 'MariaDB';
  /** As settings have it. */
  url: string;
  password: string;
  /** Runs statements of the test itself. */
  run(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

const PASSWORD = 'a p@ssword / of the database';

/** PostgreSQL from the package that the tests use for it. It answers plain connections alone. */
export async function startPostgresSource(): Promise<SqlServer> {
  const server = await startPostgres({ settings: { fsync: 'off' } });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`create role people login superuser password ${client.escapeLiteral(PASSWORD)}`);
  tell('PostgreSQL');
  return {
    kind: 'PostgreSQL',
    url: `postgresql://people@127.0.0.1:${new URL(server.url).port}/postgres`,
    password: PASSWORD,
    run: async (text, values) => (await client.query<Record<string, unknown>>(text, values)).rows,
    async stop() {
      await client.end();
      await server.stop();
    },
  };
}

/** MariaDB where it is installed; null elsewhere. It speaks TLS as `localhost`. */
export async function startMysqlSource(): Promise<SqlServer | null> {
  const program = findInstalled('/usr/sbin/mariadbd', '/usr/libexec/mariadbd', '/usr/local/bin/mariadbd');
  const install = findInstalled('/usr/bin/mariadb-install-db', '/usr/local/bin/mariadb-install-db');
  if (!program || !install) {
    tell('none for MySQL: MariaDB is not installed');
    return null;
  }
  const folder = await makeFolder('mariadb');
  const data = join(folder, 'data');
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  await promisify(execFile)(install, ['--no-defaults', `--datadir=${data}`, '--skip-test-db', ...asRoot]);
  const file = (name: string) => join(folder, name);
  await writeFile(file('cert.pem'), LOCALHOST_CERTIFICATE);
  await writeFile(file('key.pem'), LOCALHOST_KEY, { mode: 0o600 });
  const grants = [
    'create database people character set utf8mb4',
    `create user people@'%' identified by '${PASSWORD}'`,
    `grant all on *.* to people@'%'`,
  ];
  await writeFile(file('init.sql'), grants.map((line) => `${line};\n`).join(''));
  const port = await findFreePort();
  const running = await runServer(
    program,
    [
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      `--socket=${file('socket')}`,
      `--pid-file=${file('pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--init-file=${file('init.sql')}`,
      `--ssl-cert=${file('cert.pem')}`,
      `--ssl-key=${file('key.pem')}`,
      '--innodb-flush-log-at-trx-commit=0',
    ],
    { port, folder },
  );
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port,
    user: 'people',
    password: PASSWORD,
    database: 'people',
    timezone: 'Z',
  });
  tell('MariaDB');
  return {
    kind: 'MariaDB',
    url: `mysql://people@127.0.0.1:${port}/people`,
    password: PASSWORD,
    run: async (text, values) => (await connection.query(text, values))[0] as Record<string, unknown>[],
    async stop() {
      await connection.end();
      await running.stop();
    },
  };
}

function tell(name: string): void {
  process.stderr.write(`[sources] the database of this test is ${name}\n`);
}
