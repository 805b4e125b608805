import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import {
  type ConnectionPool,
  isOurs,
  type Listener,
  preparedName,
  readTimestamp,
  type StatementListener,
  TIMESTAMPTZ,
} from './pool.js';

interface ServerOptions {
  url: string;
  /** Most connections that this process holds. */
  size: number;
  onStatement?: StatementListener;
  onError: (error: Error) => void;
}

/**
 * The pool of a PostgreSQL server (15 or later). Row-level security reads the tenant from the session setting
 * `vestibule.tenant_id`: each connection remembers which tenant it shows, so the setting costs a statement only when
 * a connection goes from one tenant to another.
 */
export function openServer({ url, size, onStatement, onError }: ServerOptions): ConnectionPool {
  const types = new pg.TypeOverrides();
  types.setTypeParser(TIMESTAMPTZ, readTimestamp);
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    options: '-c timezone=UTC',
    application_name: 'vestibule',
    types,
  });
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  const shownTenant = new WeakMap<pg.PoolClient, string | null>();
  prepareStatements(pool, onStatement);

  return {
    async connect(tenantId) {
      const client = await pool.connect();
      if (shownTenant.get(client) !== tenantId) {
        try {
          await client.query("select set_config('vestibule.tenant_id', $1, false)", [tenantId ?? '']);
        } catch (error) {
          client.release(error as Error);
          throw error;
        }
        shownTenant.set(client, tenantId);
      }
      return client;
    },
    listen: (channel, onMessage, onGap) => listen(url, channel, onMessage, onGap, onError),
    end: () => pool.end(),
  };
}

const RECONNECT_MILLISECONDS = 500;

/** A connection that only listens. When it is lost it is made again, until it is closed. */
async function listen(
  url: string,
  channel: string,
  onMessage: (payload: string) => void,
  onGap: () => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  let isClosed = false;
  let client: pg.Client;
  async function connect(): Promise<void> {
    client = new pg.Client({ connectionString: url, application_name: 'vestibule listener', keepAlive: true });
    const connected = client;
    connected.on('notification', ({ payload }) => onMessage(payload ?? ''));
    connected.on('error', onError);
    connected.once('end', () => {
      if (!isClosed && connected === client) void reconnect();
    });
    await connected.connect();
    await connected.query(`listen ${channel}`);
  }
  async function reconnect(): Promise<void> {
    while (!isClosed) {
      await wait(RECONNECT_MILLISECONDS, undefined, { ref: false });
      try {
        await connect();
        return onGap();
      } catch (error) {
        onError(error as Error);
      }
    }
  }
  await connect();
  return {
    async close() {
      isClosed = true;
      await client.end();
    },
  };
}

/** Has statements of ours prepared when they come through the mapper as plain text, and tells of every one. */
function prepareStatements(pool: pg.Pool, onStatement: StatementListener | undefined): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
    Object.assign(client, {
      query: (statement: string | { text: string }, values?: unknown[], ...rest: unknown[]) => {
        const text = typeof statement === 'string' ? statement : statement.text;
        onStatement?.(text);
        const isPlain = typeof statement === 'string' && Array.isArray(values) && isOurs(text);
        return isPlain ? query({ name: preparedName(text), text, values }, ...rest) : query(statement, values, ...rest);
      },
    });
  });
}
