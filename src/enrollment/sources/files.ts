import { constants } from 'node:fs';
import { type FileHandle, open, realpath, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { SourceErrorCode } from '../../entities/source-enums.js';
import { SourceError } from './source-error.js';

/**
 * Where files of sources are: below the folder that the operator names, a folder for each tenant, since no tenant reads
 * what is another's. `files` holds what operators put there, `uploads` what administrators upload, one file a source.
 */
export function filesOf(folder: string, tenantId: string): string {
  return resolve(folder, tenantId, 'files');
}

export function uploadsOf(folder: string, tenantId: string): string {
  return resolve(folder, tenantId, 'uploads');
}

export function uploadOf(folder: string, tenantId: string, sourceId: string): string {
  return join(uploadsOf(folder, tenantId), `${sourceId}.csv`);
}

/** Removes what was uploaded for a source that is no more. */
export async function removeUpload(folder: string, tenantId: string, sourceId: string): Promise<void> {
  await rm(uploadOf(folder, tenantId, sourceId), { force: true });
}

/** Why a text is no path of a file within a folder; null when it is one. */
export function faultOfPath(path: string): string | null {
  const isWithin =
    !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  return isWithin ? null : 'is a path such as people.csv or staff/people.csv: within the folder, without . and ..';
}

/**
 * Opens a file to read it, however its path leads there: a symbolic link out of the folder leads nowhere. Throws
 * SourceError MISCONFIGURED for what is no file in it.
 */
export async function openWithin(folder: string, path: string): Promise<FileHandle> {
  const refusal = (cause?: unknown) =>
    new SourceError(SourceErrorCode.MISCONFIGURED, 'There is no such file in the folder of the tenant.', { cause });
  if (resolve(folder, path) !== join(folder, path)) throw refusal();
  const [root, real] = await Promise.all([realpath(folder), realpath(join(folder, path))]).catch((error: unknown) => {
    throw refusal(error);
  });
  if (!real.startsWith(root + sep)) throw refusal();
  // Nothing is waited for, as opening a pipe would; and no link is followed that took the place of the file meanwhile.
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw refusal(error);
    },
  );
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw refusal();
}

/** Names a file with what is in it, as long as nobody writes to it or puts another one in its place. */
export async function identityOf(file: FileHandle): Promise<string> {
  const { ino, size, mtimeNs } = await file.stat({ bigint: true });
  return [ino, size, mtimeNs].map((part) => part.toString(36)).join('-');
}
