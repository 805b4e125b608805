import { isIP } from 'node:net';
import mysql, { type Connection } from 'mysql2';
import { SourceErrorCode } from '../../../entities/source-enums.js';
import type { Outbound } from '../../../outbound.js';
import { SourceError } from '../source-error.js';
import { BoundedStream, unreadable } from '../wire/bounded-stream.js';
import { connect } from '../wire/connect.js';
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
import { noEncryption } from './postgres.js';

class MysqlConnection implements SqlConnection {
  constructor(
    private readonly connection: Connection,
    private readonly stream: BoundedStream,
  ) {}

  get isOpen(): boolean {
    return !this.stream.destroyed;
  }

  async query(statement: Statement, limits: AnswerLimits, signal: AbortSignal): Promise<Row[]> {
    return this.run(signal, async () => {
      await this.plain('start transaction read only');
      this.stream.allow(limits.bytes);
      const rows = await this.#rows(statement, limits);
      await this.plain('rollback');
      return rows;
    });
  }

  async run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const stop = () => this.stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      this.close();
      signal.throwIfAborted();
      throw this.stream.failure ?? readError(error);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** A statement of our own. */
  plain(text: string): Promise<Row[]> {
    this.stream.allow(GREETING_BYTES);
    const { promise, resolve, reject } = Promise.withResolvers<Row[]>();
    this.connection.query(text, (error, rows) => (error ? reject(error) : resolve(rows as Row[])));
    return promise;
  }

  close(): void {
    this.connection.destroy();
    this.stream.destroy();
  }

  /** Prepared at the server: one statement alone. */
  #rows({ text, values }: Statement, limits: AnswerLimits): Promise<Row[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Row[]>();
    const rows: Row[] = [];
    const command = this.connection.execute(text, values);
    command.on('result', (row: Row) => {
      if (rows.push(row) > limits.rows) this.stream.fail(tooManyRows(limits));
    });
    command.on('error', reject);
    command.on('end', () => resolve(rows));
    const fail = () => reject(this.stream.failure ?? ended());
    this.stream.once('close', fail);
    return promise.finally(() => {
      this.stream.off('close', fail);
      this.connection.unprepare(text);
    });
  }
}

async function open(address: DatabaseAddress, outbound: Outbound, signal: AbortSignal): Promise<SqlConnection> {
  const { host, port, user, password, database, isEncrypted, caCertificate, timeLimitMilliseconds } = address;
  if (isEncrypted && isIP(host)) {
    const message = 'The host of a MySQL server is to be a name: its certificate is compared with it.';
    throw new SourceError(SourceErrorCode.MISCONFIGURED, message);
  }
  const stream = new BoundedStream(await connect(host, port, outbound, signal));
  stream.allow(GREETING_BYTES);
  const connection = mysql.createConnection({
    host,
    port,
    user,
    password,
    database,
    stream,
    charset: 'utf8mb4',
    // A server may ask for files of its clients: not of this one.
    flags: ['-LOCAL_FILES'],
    // No code is made of the names of columns.
    disableEval: true,
    dateStrings: true,
    supportBigNumbers: true,
    multipleStatements: false,
    ...(isEncrypted
      ? {
          ssl: {
            rejectUnauthorized: true,
            verifyIdentity: true,
            minVersion: 'TLSv1.2',
            ...(caCertificate ? { ca: caCertificate } : {}),
          },
        }
      : {}),
  });
  guardPackets(connection, stream);
  const opened = new MysqlConnection(connection, stream);
  await opened.run(signal, async () => {
    await isReady(connection, stream);
    const [row] = await opened.plain('select version() as version');
    const isMariaDb = /mariadb/i.test(String(row?.version));
    const limit = isMariaDb
      ? `max_statement_time = ${timeLimitMilliseconds / 1_000}`
      : `max_execution_time = ${timeLimitMilliseconds}`;
    await opened.plain(`set session ${limit}, time_zone = '+00:00'`);
  });
  return opened;
}

function isReady(connection: Connection, stream: BoundedStream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.once('connect', () => resolve());
  connection.on('error', reject);
  stream.once('close', () => reject(stream.failure ?? ended()));
  return promise;
}

/**
 * A packet that the driver cannot read, or that is out of turn, ends the connection: of the one it would throw where
 * nobody waits for it, of the other it would write to the console.
 */
function guardPackets(connection: Connection, stream: BoundedStream): void {
  const driver = connection as unknown as {
    sequenceId: number;
    _command: unknown;
    handlePacket: (packet?: { sequenceId: number }) => void;
  };
  const handle = driver.handlePacket.bind(connection);
  driver.handlePacket = (packet) => {
    try {
      if (packet && driver._command && packet.sequenceId !== driver.sequenceId) return stream.fail(unreadable());
      handle(packet);
    } catch (error) {
      stream.fail(unreadable(error));
    }
  };
}

const CREDENTIALS = new Set([1044, 1045, 1130, 1142, 1143, 1227, 1251, 1370, 1410, 1524, 1698]);
const MISCONFIGURED = new Set([
  1046, 1049, 1052, 1054, 1060, 1064, 1066, 1146, 1109, 1210, 1222, 1241, 1248, 1290, 1305, 1582, 1792, 3554,
]);
const TIMED_OUT = new Set([1205, 1317, 1969, 3024]);
const UNREACHABLE = new Set([1040, 1053, 1080, 1152, 1158, 1159, 1160, 1161, 1203, 1226]);

/** By the number of the server's error; 1792 is a write in a transaction that may not. */
function readError(error: unknown): unknown {
  const { errno, code = '' } = error as { errno?: number; code?: string };
  if (code === 'PROTOCOL_CONNECTION_LOST') return ended(error);
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return noEncryption();
  if (error instanceof SourceError || !errno || errno < 1_000) return error;
  if (CREDENTIALS.has(errno)) return refusal(SourceErrorCode.CREDENTIALS_REFUSED, errno, error);
  if (MISCONFIGURED.has(errno)) return refusal(SourceErrorCode.MISCONFIGURED, errno, error);
  if (TIMED_OUT.has(errno)) return refusal(SourceErrorCode.TIMED_OUT, errno, error);
  return refusal(UNREACHABLE.has(errno) ? SourceErrorCode.UNREACHABLE : SourceErrorCode.BAD_ANSWER, errno, error);
}

function ended(cause?: unknown): SourceError {
  return new SourceError(SourceErrorCode.UNREACHABLE, 'The source ended the connection.', { cause });
}

export const mysqlDialect: Dialect = {
  defaultPort: 3306,
  open,
  quote: (name) => quoteWith('`', name),
  parameter: () => '?',
  momentAsText: (expression) => `cast(${expression} as char)`,
  momentBefore: (parameter, minutes) => `(${parameter} - interval ${minutes} minute)`,
  nowAsText: 'cast(now(6) as char)',
};
