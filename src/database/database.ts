import { EventEmitter } from 'node:events';
import { MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { PostgresDialect, type PostgresPool } from 'kysely';
import * as entities from '../entities/index.js';
import { EMBEDDED_NAME, type EmbeddedPool, openEmbedded } from './embedded.js';
import { migrations } from './migrations/index.js';
import { type ConnectionPool, type Statement, type StatementListener, transactionScope, preparedName } from './pool.js';
import { openServer } from './server.js';

export interface DatabaseOptions {
  /** `postgresql://…`; absent for the embedded database. */
  url?: string | undefined;
  /** Where the embedded database keeps its data: a folder, or `memory://`. */
  folder: string;
  /** What an embedded database in memory begins with. */
  dump?: Blob;
  poolSize: number;
  onStatement?: StatementListener;
  onError?: (error: Error) => void;
}

/** One open database: managed entities for writing, plain rows for reading. */
export interface Database {
  kind: 'EMBEDDED' | 'SERVER';
  orm: MikroORM;
  pool: ConnectionPool;
  /** `jobs`: a transaction of this process that sent jobs to this queue was committed. */
  signals: EventEmitter<{ jobs: [queue: string] }>;
  /** Runs one prepared statement outside any transaction and gives its rows as they are. */
  read<Row>(tenantId: string | null, text: string, values: unknown[]): Promise<Row[]>;
  /**
   * The same, planned anew for its values: for conditions of which now one and now another has the better index, where
   * a prepared plan would have to settle for one.
   */
  readPlanned<Row>(tenantId: string | null, text: string, values: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opens the database; connects on the first use. */
export async function openDatabase(options: DatabaseOptions): Promise<Database & { dump?: () => Promise<Blob> }> {
  const { url, folder, dump, poolSize, onStatement } = options;
  const onError = options.onError ?? (() => undefined);
  const pool = url
    ? openServer({ url, size: poolSize, onStatement, onError })
    : await openEmbedded({ folder, dump, onStatement });

  const orm = new MikroORM({
    entities: managedEntities(),
    dbName: url ? decodeURIComponent(new URL(url).pathname.slice(1)) : EMBEDDED_NAME,
    driverOptions: new PostgresDialect({ pool: poolOfTransactions(pool) }),
    extensions: [Migrator],
    migrations: {
      tableName: 'vestibule_migrations',
      migrationsList: migrations,
      snapshot: false,
      allOrNothing: true,
      transactional: true,
    },
    ensureDatabase: false,
    autoJoinRefsForFilters: false,
    implicitTransactions: true,
    forceUtcTimezone: true,
    logger: () => undefined,
  });

  async function run<Row>(tenantId: string | null, statement: Statement): Promise<Row[]> {
    const connection = await pool.connect(tenantId);
    try {
      const { rows } = await connection.query<Row>(statement);
      connection.release();
      return rows;
    } catch (error) {
      connection.release(isConnectionLost(error) ? (error as Error) : undefined);
      throw error;
    }
  }

  let ending: Promise<void> | undefined;
  return {
    kind: url ? 'SERVER' : 'EMBEDDED',
    orm,
    pool,
    signals: new EventEmitter(),
    read: <Row>(tenantId: string | null, text: string, values: unknown[]) =>
      run<Row>(tenantId, { name: preparedName(text), text, values }),
    readPlanned: <Row>(tenantId: string | null, text: string, values: unknown[]) =>
      run<Row>(tenantId, { text, values }),
    close: async () => {
      await orm.close();
      await (ending ??= pool.end());
    },
    ...('dump' in pool ? { dump: () => (pool as EmbeddedPool).dump() } : {}),
  };
}

/** The pool as the entity manager sees it: its connections show the tenant of the transaction at hand. */
function poolOfTransactions(pool: ConnectionPool): PostgresPool {
  const adapted = {
    async connect() {
      const scope = transactionScope.getStore();
      const connection = await pool.connect(scope?.tenantId ?? null);
      if (scope) scope.isOpen = true;
      return connection;
    },
    // The mapper ends the pool only if it has used it, so it is ended by `close`.
    end: async () => undefined,
    options: {},
  };
  return adapted as unknown as PostgresPool;
}

function managedEntities() {
  return Object.entries(entities)
    .filter(([name]) => name.endsWith('Schema'))
    .map(([, schema]) => schema) as never[];
}

const CONNECTION_LOST = new Set(['57P01', '57P02', '57P03', '08000', '08003', '08006', '08001', '53300']);
const NETWORK_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENOENT',
]);

/** Whether the database cannot be reached, rather than refused the statement. */
export function isConnectionLost(error: unknown): boolean {
  for (
    let cause = error as { code?: string; message?: string; cause?: unknown; errors?: unknown[] } | undefined;
    cause;
  ) {
    if (cause.code && (CONNECTION_LOST.has(cause.code) || NETWORK_ERRORS.has(cause.code))) return true;
    if (
      /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
        cause.message ?? '',
      )
    ) {
      return true;
    }
    cause = (cause.cause ?? cause.errors?.[0]) as typeof cause;
  }
  return false;
}
