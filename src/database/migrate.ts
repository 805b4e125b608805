import { setTimeout as wait } from 'node:timers/promises';
import type { Database } from './database.js';
import { migrateQueue } from './queue.js';
import { stateOf } from './transact.js';

const ATTEMPTS = 10;
/** What another process that migrates the same database at the same time makes of ours: a table or a row is there already. */
const OVERTAKEN = new Set(['23505', '42P07', '42710', '40P01', '40001']);

/** Brings the database up to date, all or nothing, and gives the names of the migrations that it took. */
export async function migrate(database: Database): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const taken = (await database.orm.migrator.up()).map(({ name }) => name);
      await migrateQueue(database);
      return taken;
    } catch (error) {
      if (attempt === ATTEMPTS || !OVERTAKEN.has(stateOf(error) ?? '')) throw error;
      await wait(attempt * 100);
    }
  }
}
