import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { type Prepared, readPrepared, writePrepared } from './prepared.js';
import { prepareServer, removeServerDatabases } from './server-databases.js';

/** Migrates once, for every test file to copy: on the server of DATABASE_URL, or else embedded. */
export async function prepareDatabases(): Promise<void> {
  const url = process.env.DATABASE_URL;
  writePrepared(url ? await prepareServer(url) : await prepareEmbedded());
}

export async function removeDatabases(): Promise<void> {
  const prepared = readPrepared();
  if (prepared.kind === 'SERVER') await removeServerDatabases(prepared);
  else await rm(prepared.folder, { recursive: true, force: true });
}

async function prepareEmbedded(): Promise<Prepared> {
  const database = await openDatabase({ folder: 'memory://', poolSize: 1 });
  try {
    await migrate(database);
    const migrated = await database.dump!();
    const folder = await mkdtemp(join(tmpdir(), 'vestibule-test-'));
    const dump = join(folder, 'migrated.tar');
    await writeFile(dump, migrated.stream());
    return { kind: 'EMBEDDED', folder, dump };
  } finally {
    await database.close();
  }
}
