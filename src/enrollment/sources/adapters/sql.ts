import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import { isLoopbackHost } from '../../../outbound.js';
import {
  type AdapterServices,
  type ChangePage,
  defineKind,
  MOST_HITS,
  type OpenSource,
  type PersonQuery,
  type RecordPage,
  type SourceAdapter,
} from '../adapter.js';
import { toPersonRecord } from '../mapping.js';
import { SourceError } from '../source-error.js';
import type { DatabaseAddress, Dialect, Row, SqlConnection, Statement } from '../sql/connection.js';
import { mysqlDialect } from '../sql/mysql.js';
import { postgres } from '../sql/postgres.js';
import { type DatabaseSettings, databaseSettings } from '../sql/settings.js';
import { CHANGED, type ChangePlace, Statements } from '../sql/statements.js';
import { IdleConnections } from '../wire/idle-connections.js';

const SEARCH_BYTES = 4 * 1024 * 1024;
const PAGE_BYTES = 16 * 1024 * 1024;

class DatabaseSource implements SourceAdapter {
  readonly #settings: DatabaseSettings;
  readonly #statements: Statements;
  readonly #connections: IdleConnections<SqlConnection>;

  constructor(
    private readonly source: OpenSource<DatabaseSettings>,
    services: AdapterServices,
  ) {
    const { settings } = source;
    const dialect = dialectOf(settings.url);
    const address = addressOf(source, services, dialect);
    this.#settings = settings;
    this.#statements = new Statements(dialect, settings);
    this.#connections = new IdleConnections((signal) => dialect.open(address, services.outbound, signal));
  }

  async search(query: PersonQuery, signal: AbortSignal): Promise<PersonRecord[]> {
    const statement = this.#statements.search(query);
    if (!statement) return [];
    const records = await this.#find(statement, signal);
    if ('email' in query) return records;
    // Databases may compare texts without regard to case.
    const { type, value } = query.identifier;
    return records.filter(({ identifiers }) => identifiers.some((one) => one.type === type && one.value === value));
  }

  async retrieve(key: string, signal: AbortSignal): Promise<PersonRecord | null> {
    const found = await this.#find(this.#statements.byKey(key), signal);
    const [record, another] = found.filter((one) => one.key === key);
    if (another) throw badAnswer('Several rows of the query have the same key.');
    return record ?? null;
  }

  async count(signal: AbortSignal): Promise<number | null> {
    const [row] = await this.#query(this.#statements.count(), 1, SEARCH_BYTES, signal);
    return Number(row?.count);
  }

  async *inventory(cursor: string | null, signal: AbortSignal): AsyncIterable<RecordPage> {
    for (let after = cursor; ;) {
      const rows = await this.#page(this.#statements.page(after), signal);
      if (rows.length) {
        after = this.#keyOf(rows.at(-1)!);
        const { records, faults } = this.#read(rows);
        yield { records, faults, cursor: after };
      }
      if (rows.length < this.#settings.pageSize) return;
    }
  }

  async *changedSince(cursor: string | null, signal: AbortSignal): AsyncIterable<ChangePage> {
    if (cursor === null) {
      const [row] = await this.#query(this.#statements.latestChange(), 1, SEARCH_BYTES, signal);
      yield { records: [], removedKeys: [], faults: [], cursor: String(row![CHANGED]) };
      return;
    }
    let place: ChangePlace = { changed: cursor, key: null };
    for (;;) {
      const rows = await this.#page(this.#statements.changes(place), signal);
      if (rows.length) {
        const last = rows.at(-1)!;
        place = { changed: String(last[CHANGED]), key: this.#keyOf(last) };
        yield { ...this.#read(rows), cursor: place.changed };
      }
      if (rows.length < this.#settings.pageSize) return;
    }
  }

  async close(): Promise<void> {
    this.#connections.close();
  }

  async #find(statement: Statement, signal: AbortSignal): Promise<PersonRecord[]> {
    const rows = await this.#query(statement, MOST_HITS + 1, SEARCH_BYTES, signal).catch(nobodyWhenNoSuchValue);
    if (rows.length > MOST_HITS)
      throw new SourceError(SourceErrorCode.TOO_MANY_RECORDS, `The source found more than ${MOST_HITS} people.`);
    const { records, faults } = this.#read(rows);
    // One that cannot be read could be the one: it is not nobody.
    if (faults.length) throw badAnswer(`A row that was found cannot be read: ${faults[0]!.message}`);
    return records;
  }

  #page(statement: Statement, signal: AbortSignal): Promise<Row[]> {
    return this.#query(statement, this.#settings.pageSize, PAGE_BYTES, signal);
  }

  #query(statement: Statement, rows: number, bytes: number, signal: AbortSignal): Promise<Row[]> {
    return this.#connections.use(signal, (connection) => connection.query(statement, { rows, bytes }, signal));
  }

  /** The key of a row as the database compares it, for the place to go on from. */
  #keyOf(row: Row): string {
    const key = row[this.#settings.mapping.key];
    if (['string', 'number', 'bigint'].includes(typeof key)) return String(key);
    throw new SourceError(SourceErrorCode.MISCONFIGURED, 'The key is to be a column of text or whole numbers.');
  }

  #read(rows: readonly Row[]): Pick<ChangePage, 'records' | 'faults' | 'removedKeys'> {
    const page: Pick<ChangePage, 'records' | 'faults' | 'removedKeys'> = { records: [], faults: [], removedKeys: [] };
    for (const { [CHANGED]: _, ...row } of rows) {
      const { record, fault } = toPersonRecord(this.#settings.mapping, row, { keepsRaw: this.source.keepsRaw });
      if (!record) page.faults.push(fault);
      else if (this.#isRemoved(row)) page.removedKeys.push(record.key);
      else page.records.push(record);
    }
    return page;
  }

  #isRemoved(row: Row): boolean {
    const { removedColumn } = this.#settings;
    if (!removedColumn) return false;
    const value = row[removedColumn];
    // A bit of MySQL.
    if (value instanceof Uint8Array) return value.some((byte) => byte !== 0);
    return !['', '0', 'f', 'n', 'false', 'no', 'null', 'undefined'].includes(String(value).trim().toLowerCase());
  }
}

/** A value that the column's type does not have (`abc` among numbers) is nobody's. Of SQLSTATE, class 22 says so. */
function nobodyWhenNoSuchValue(error: unknown): Row[] {
  const cause = error instanceof SourceError ? (error.cause as { code?: string } | undefined) : undefined;
  if (cause?.code && /^22P02$|^22003$|^22007$|^22008$/.test(cause.code)) return [];
  throw error;
}

function dialectOf(url: string): Dialect {
  return url.startsWith('postgres') ? postgres : mysqlDialect;
}

/** Throws MISCONFIGURED for what is never sent: a password or people's data in the clear. */
function addressOf(
  { settings, secrets, timeLimitMilliseconds = 60_000 }: OpenSource<DatabaseSettings>,
  services: AdapterServices,
  dialect: Dialect,
): DatabaseAddress {
  const url = new URL(settings.url);
  if (!secrets.password) throw new SourceError(SourceErrorCode.MISCONFIGURED, 'The secret password is missing.');
  const mayBePlain = services.allowsInsecureLoopback && isLoopbackHost(url.hostname);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || dialect.defaultPort,
    user: decodeURIComponent(url.username),
    password: secrets.password,
    database: decodeURIComponent(url.pathname.slice(1)),
    isEncrypted: !mayBePlain || Boolean(settings.caCertificate),
    caCertificate: settings.caCertificate ?? null,
    timeLimitMilliseconds,
  };
}

function badAnswer(message: string): SourceError {
  return new SourceError(SourceErrorCode.BAD_ANSWER, message);
}

/** A table or view of PostgreSQL, MySQL or MariaDB, read by a query. */
export default defineKind({
  kind: SourceKind.SQL,
  description: 'A PostgreSQL, MySQL or MariaDB database: people are the rows of a query, which can write nothing.',
  settings: databaseSettings,
  secrets: { password: 'The password of the user in the url.' },
  allCapabilities: [
    SourceCapability.SEARCH_BY_EMAIL,
    SourceCapability.SEARCH_BY_IDENTIFIER,
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
    SourceCapability.CHANGES,
  ],
  capabilities: ({ mapping, changedColumn }) => [
    ...(mapping.emails.length ? [SourceCapability.SEARCH_BY_EMAIL] : []),
    ...(mapping.identifiers.length ? [SourceCapability.SEARCH_BY_IDENTIFIER] : []),
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
    ...(changedColumn ? [SourceCapability.CHANGES] : []),
  ],
  open: (source, services) => new DatabaseSource(source, services),
});
