import { readFile } from 'node:fs/promises';
import { type Database, openDatabase } from '../../src/database/database.js';
import type { StatementListener } from '../../src/database/pool.js';
import { readPrepared } from './prepared.js';
import { createServerDatabase, dropServerDatabase } from './server-databases.js';

/** An empty, migrated database that a test file has to itself. */
export interface TestDatabase {
  database: Database;
  /** Where other processes reach it; undefined for the embedded database, which only this process has. */
  url: string | undefined;
  /** Closes the connections and removes the database. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Told every statement, for counting them. */
  onStatement?: StatementListener;
  /** Most connections to a server; 10 unless told. */
  poolSize?: number;
  /** False for one in which no migration has run. */
  isMigrated?: boolean;
}

/** Copies what the global setup migrated: on the server of DATABASE_URL, or else embedded and in memory. */
export async function createTestDatabase({
  onStatement,
  poolSize = 10,
  isMigrated = true,
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const prepared = readPrepared();
  if (prepared.kind === 'EMBEDDED') {
    const dump = isMigrated ? { dump: new Blob([await readFile(prepared.dump)]) } : {};
    const database = await openDatabase({ folder: 'memory://', ...dump, poolSize, onStatement });
    return { database, url: undefined, close: () => database.close() };
  }
  const { name, url } = await createServerDatabase(prepared, { isMigrated });
  const database = await openDatabase({ url, folder: '', poolSize, onStatement });
  return {
    database,
    url,
    async close() {
      try {
        await database.close();
      } finally {
        await dropServerDatabase(prepared, name);
      }
    },
  };
}
