import { AsyncLocalStorage } from 'node:async_hooks';

/** What one statement answered. `rowCount` is the number of rows that it returned or changed. */
export interface StatementResult<Row = Record<string, unknown>> {
  command: string;
  rowCount: number;
  rows: Row[];
}

/** A statement as the driver takes it. With a `name`, the server keeps it prepared. */
export interface Statement {
  name?: string;
  text: string;
  values?: unknown[];
}

/** One connection, taken from the pool and given back by `release`. */
export interface Connection {
  query<Row>(statement: Statement | string, values?: unknown[]): Promise<StatementResult<Row>>;
  release(failure?: Error): void;
}

/** The connections to one database: many of a server, the only one of the embedded database. */
export interface ConnectionPool {
  /** `tenantId`: what row-level security is to show on this connection; null shows no tenant's rows. */
  connect(tenantId: string | null): Promise<Connection>;
  /**
   * Tells what is notified on a channel, on a connection of its own, until it is closed. `onGap` is told after the
   * connection was lost and is there again: notifications in between are lost.
   */
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): Promise<Listener>;
  end(): Promise<void>;
}

export interface Listener {
  close(): Promise<void>;
}

/** Told each statement that goes to the database: for counting in tests and measurements, and for debug logs. */
export type StatementListener = (text: string) => void;

/** The transaction that the current asynchronous flow is in. */
export interface TransactionScope {
  tenantId: string;
  isOpen: boolean;
  /** The queues that it sends jobs to: their workers wait for its commit. */
  queues: Set<string>;
}
export const transactionScope = new AsyncLocalStorage<TransactionScope>();

/** `2026-11-21 13:00:00.5+00` (connections run in UTC) as RFC 3339. */
export function readTimestamp(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
}

export const TIMESTAMPTZ = 1184;

const preparedNames = new Map<string, string>();

/** The name under which a statement of ours stays prepared. Its text comes from the code, so there are few. */
export function preparedName(text: string): string {
  let name = preparedNames.get(text);
  if (!name) preparedNames.set(text, (name = `vestibule_${preparedNames.size}`));
  return name;
}

/** Whether a statement that comes as plain text is one of ours, and not one that the mapper has composed. */
export function isOurs(text: string): boolean {
  return preparedNames.has(text);
}
