import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** Another process of this machine has the folder of the embedded database open: two at once would destroy it. */
export class FolderInUseError extends Error {
  constructor(folder: string) {
    super(`The embedded database in ${folder} is in use by another process.`);
  }
}

/**
 * Keeps other processes of this machine out of a folder, until what is returned is called or this process ends, however
 * it ends: what holds the lock is a local socket, which the system closes. Throws {@link FolderInUseError}.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = resolve(folder);
  const real = join(await realpath(dirname(path)), basename(path));
  const address = addressOf(createHash('sha256').update(real).digest('hex').slice(0, 24));
  let server = await listen(address);
  if (!server && !(await isAnswered(address))) {
    // A socket file that a killed process has left behind.
    await rm(address, { force: true });
    server = await listen(address);
  }
  if (!server) throw new FolderInUseError(folder);
  const held = server;
  return () => new Promise((done) => held.close(() => done()));
}

/** On Linux the abstract namespace, on Windows a named pipe: neither leaves a file. Elsewhere a socket file. */
function addressOf(name: string): string {
  if (platform() === 'linux') return `\0vestibule-${name}`;
  return platform() === 'win32' ? `\\\\.\\pipe\\vestibule-${name}` : join(tmpdir(), `vestibule-${name}.sock`);
}

function listen(address: string): Promise<Server | null> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(null) : fail(error)));
    server.listen(address, () => done(server.unref()));
  });
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(address, () => done(true));
    socket.on('error', () => done(false)).on('connect', () => socket.destroy());
  });
}
