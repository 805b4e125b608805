import pg from 'pg';
import { SourceErrorCode } from '../../../entities/source-enums.js';
import type { Outbound } from '../../../outbound.js';
import { SourceError } from '../source-error.js';
import { BoundedStream } from '../wire/bounded-stream.js';
import { connect, readSome, secure } from '../wire/connect.js';
import {
  type AnswerLimits,
  type DatabaseAddress,
  type Dialect,
  GREETING_BYTES,
  quoteWith,
  refusal,
  type Row,
  type SqlConnection,
  type Statement,
  tooManyRows,
} from './connection.js';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
/** Dates and times stay the text that the server writes: what a process makes of them depends on where it runs. */
const AS_TEXT = new Set([1082, 1083, 1114, 1184, 1266]);

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    AS_TEXT.has(oid) ? (text: string) => text : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

class PostgresConnection implements SqlConnection {
  constructor(
    private readonly client: pg.Client,
    private readonly stream: BoundedStream,
    private readonly milliseconds: number,
  ) {}

  get isOpen(): boolean {
    return !this.stream.destroyed;
  }

  async query({ text, values }: Statement, limits: AnswerLimits, signal: AbortSignal): Promise<Row[]> {
    const stop = () => this.stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      this.stream.allow(GREETING_BYTES);
      await this.client.query(
        `begin transaction read only; set local statement_timeout = ${this.milliseconds}; set local time zone 'UTC'`,
      );
      this.stream.allow(limits.bytes);
      // With values, and so without, by the protocol that takes one statement alone.
      const rows = await this.#rows(
        new pg.Query({ text, values, types, queryMode: 'extended' } as pg.QueryConfig),
        limits,
      );
      this.stream.allow(GREETING_BYTES);
      await this.client.query('rollback');
      return rows;
    } catch (error) {
      this.close();
      signal.throwIfAborted();
      throw this.stream.failure ?? readError(error);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.stream.destroy();
  }

  #rows(query: pg.Query, limits: AnswerLimits): Promise<Row[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Row[]>();
    const rows: Row[] = [];
    query.on('row', (row: Row) => {
      if (rows.push(row) > limits.rows) this.stream.fail(tooManyRows(limits));
    });
    query.on('error', reject);
    query.on('end', () => resolve(rows));
    this.client.query(query);
    return promise;
  }
}

async function open(address: DatabaseAddress, outbound: Outbound, signal: AbortSignal): Promise<SqlConnection> {
  const { host, port, user, password, database } = address;
  let socket = await connect(host, port, outbound, signal);
  try {
    if (address.isEncrypted) {
      socket.write(SSL_REQUEST);
      // Exactly one letter: what comes with it would be taken for encrypted.
      if ((await readSome(socket, signal)).toString() !== 'S') throw noEncryption();
      socket = await secure(socket, host, address.caCertificate, signal);
    }
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const stream = new BoundedStream(socket);
  stream.allow(GREETING_BYTES);
  // Everything is said here: what is absent, the driver takes from the environment of this process.
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    options: '',
    application_name: 'vestibule',
    ssl: false,
    stream: () => stream,
  });
  client.on('error', () => undefined);
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
  } catch (error) {
    stream.destroy();
    signal.throwIfAborted();
    throw stream.failure ?? readError(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return new PostgresConnection(client, stream, address.timeLimitMilliseconds);
}

export function noEncryption(): SourceError {
  const message = 'The database offers no encrypted connection.';
  return new SourceError(SourceErrorCode.UNREACHABLE, message, { isWorthRetrying: false });
}

/** By SQLSTATE, of which the first two characters are the class. */
function readError(error: unknown): unknown {
  const { code, message = '' } = error as { code?: string; message?: string };
  if (/^Connection terminated|^Client has encountered a connection error/.test(message))
    return new SourceError(SourceErrorCode.UNREACHABLE, 'The source ended the connection.', { cause: error });
  if (!code || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith('E')) return error;
  const read = (): SourceErrorCode => {
    if (code === '57014') return SourceErrorCode.TIMED_OUT;
    if (code === '42501' || code.startsWith('28')) return SourceErrorCode.CREDENTIALS_REFUSED;
    if (/^(42|25|3D|3F|0A)/.test(code)) return SourceErrorCode.MISCONFIGURED;
    return /^(08|53|57|58)/.test(code) ? SourceErrorCode.UNREACHABLE : SourceErrorCode.BAD_ANSWER;
  };
  return refusal(read(), code, error);
}

export const postgres: Dialect = {
  defaultPort: 5432,
  open,
  quote: (name) => quoteWith('"', name),
  parameter: (number) => `$${number}`,
  momentAsText: (expression) => `${expression}::text`,
  momentBefore: (parameter, minutes) => `(${parameter}::timestamptz - interval '${minutes} minutes')`,
  nowAsText: 'now()::text',
};
