import { SourceErrorCode } from '../../../entities/source-enums.js';
import type { Outbound } from '../../../outbound.js';
import { SourceError } from '../source-error.js';

export type Row = Record<string, unknown>;

/** What a statement may answer: more is refused as TOO_MANY_RECORDS, whatever the server sends. */
export interface AnswerLimits {
  rows: number;
  bytes: number;
}

export interface DatabaseAddress {
  /** Without brackets. */
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  isEncrypted: boolean;
  /** Whom the server's certificate is to come from, in PEM; null: from those that Node.js trusts. */
  caCertificate: string | null;
  /** After so long, the server ends a statement itself. */
  timeLimitMilliseconds: number;
}

/** One connection to a database. */
export interface SqlConnection {
  isOpen: boolean;
  /** One statement in a transaction that can write nothing. Rejects with SourceError, or with what the network says. */
  query(statement: Statement, limits: AnswerLimits, signal: AbortSignal): Promise<Row[]>;
  close(): void;
}

/** A statement with bound values. */
export interface Statement {
  text: string;
  values: string[];
}

/** Where one database differs from another. */
export interface Dialect {
  defaultPort: number;
  open(address: DatabaseAddress, outbound: Outbound, signal: AbortSignal): Promise<SqlConnection>;
  /** A column's name, whatever is in it. */
  quote(name: string): string;
  /** The place of the nth value, from 1. */
  parameter(number: number): string;
  /** A moment, as text in UTC. */
  momentAsText(expression: string): string;
  /** A moment from such a text, some minutes before. */
  momentBefore(parameter: string, minutes: number): string;
  nowAsText: string;
}

export function quoteWith(mark: string, name: string): string {
  return mark + name.replaceAll('\0', '').replaceAll(mark, mark + mark) + mark;
}

/** What the server may answer to signing in and to what begins a transaction, in bytes. */
export const GREETING_BYTES = 256 * 1024;

const MESSAGES: Partial<Record<SourceErrorCode, string>> = {
  TIMED_OUT: 'The database needs longer than the time limit',
  CREDENTIALS_REFUSED: 'The database refuses the user, the password or the rights of this source',
  MISCONFIGURED: 'The database cannot run the query with these columns',
  UNREACHABLE: 'The database is not ready',
  BAD_ANSWER: 'The database refuses the query',
};

/** What a database refused, by its code alone: its own words could hold something of a person. */
export function refusal(code: SourceErrorCode, databaseCode: string | number, cause: unknown): SourceError {
  return new SourceError(code, `${MESSAGES[code]} (${databaseCode}).`, { cause });
}

export function tooManyRows(limits: AnswerLimits): SourceError {
  const message = `The database answers with more than ${limits.rows} rows.`;
  return new SourceError(SourceErrorCode.TOO_MANY_RECORDS, message);
}
