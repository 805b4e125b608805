import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { lockFolder } from './folder-lock.js';
import {
  type Connection,
  type ConnectionPool,
  readTimestamp,
  type Statement,
  type StatementListener,
  TIMESTAMPTZ,
  transactionScope,
} from './pool.js';

/** The database that PGlite has by default. */
export const EMBEDDED_NAME = 'postgres';

interface EmbeddedOptions {
  /** The folder of the data, or `memory://`. */
  folder: string;
  /** A dump to begin with instead of an empty database (tests). */
  dump?: Blob;
  onStatement?: StatementListener;
}

/** The embedded database, and a way to copy it. */
export interface EmbeddedPool extends ConnectionPool {
  dump(): Promise<Blob>;
}

/**
 * PostgreSQL inside this process (PGlite). It has one connection, so whoever takes it has the database to themselves
 * until it is released: transactions run one after another, and no other process may open the folder. Its user is a superuser, whom row-level security does not
 * bind; that second fence stands on a server only.
 */
export async function openEmbedded({ folder, dump, onStatement }: EmbeddedOptions): Promise<EmbeddedPool> {
  let unlock = async () => {};
  if (!folder.startsWith('memory://')) {
    await mkdir(dirname(folder), { recursive: true });
    unlock = await lockFolder(folder);
  }
  const database = await PGlite.create({
    dataDir: folder,
    loadDataDir: dump,
    parsers: { [TIMESTAMPTZ]: readTimestamp },
  }).catch(async (error: unknown) => {
    await unlock();
    throw error;
  });
  let turn = Promise.resolve();

  async function query<Row>(statement: Statement | string, values?: unknown[]) {
    const text = typeof statement === 'string' ? statement : statement.text;
    const parameters = values ?? (typeof statement === 'string' ? undefined : statement.values);
    onStatement?.(text);
    // Without values there may be several statements: the rows of all of them are given.
    const results = parameters?.length ? [await database.query<Row>(text, parameters)] : await database.exec(text);
    const rows = results.flatMap<unknown>((result) => result.rows) as Row[];
    return {
      command: text.trimStart().slice(0, 6).toUpperCase(),
      rowCount: results.at(-1)?.affectedRows ?? rows.length,
      rows,
    };
  }

  return {
    async connect() {
      if (transactionScope.getStore()?.isOpen) {
        throw new Error('A transaction asked for a second connection: run its statements on its own.');
      }
      const before = turn;
      let release!: () => void;
      turn = new Promise((resolve) => (release = resolve));
      await before;
      return { query, release: () => release() } satisfies Connection;
    },
    async listen(channel, onMessage) {
      // It comes out of the transaction that notified, of which the listener is no part.
      const unlisten = await database.listen(channel, (payload) => transactionScope.exit(() => onMessage(payload)));
      return { close: unlisten };
    },
    end: async () => {
      await turn;
      await database.close();
      await unlock();
    },
    dump: () => database.dumpDataDir('none'),
  };
}
