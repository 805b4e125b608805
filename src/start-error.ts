import type { Config } from './config.js';
import { isConnectionLost } from './database/database.js';
import { FolderInUseError } from './database/folder-lock.js';
import { stateOf } from './database/transact.js';

/** The process cannot start, for a reason that its operator can mend: the message says how. */
export class StartError extends Error {}

/** What went wrong with the database, in words for its operator where there are any. */
export function readStartError(
  error: unknown,
  { databaseUrl, dataFolder }: Pick<Config, 'databaseUrl' | 'dataFolder'>,
): unknown {
  if (error instanceof FolderInUseError) {
    return new StartError(
      `The embedded database in ${dataFolder} is in use by another process of Vestibule. Stop that one first, or use a server (DATABASE_URL).`,
    );
  }
  if (['EACCES', 'EROFS', 'EPERM'].includes((error as { code?: string }).code ?? '')) {
    return new StartError(
      `The folder ${dataFolder} cannot be written. Correct its permissions, or set DATA_FOLDER to another one.`,
    );
  }
  const { hostname, port, pathname } = new URL(databaseUrl ?? 'postgresql://embedded/');
  const where = `${hostname}:${port || 5432}${pathname}`;
  if (isConnectionLost(error)) {
    return new StartError(
      `The database at ${where} cannot be reached. Start it, or correct DATABASE_URL; leave it out for the embedded database.`,
    );
  }
  const state = stateOf(error);
  if (state === '28P01' || state === '28000')
    return new StartError(`The database at ${where} refuses this user or password. Correct DATABASE_URL.`);
  if (state === '3D000') return new StartError(`There is no database at ${where}. Create it, or correct DATABASE_URL.`);
  if (state === '42501')
    return new StartError(`The database user at ${where} may not create tables: make it the owner of the database.`);
  return error;
}
