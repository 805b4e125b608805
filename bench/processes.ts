import { type ChildProcess, fork, spawn } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadCommand, LoadResult } from './generator.js';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** The project compiled to JavaScript in a temporary folder, laid out as the project is. */
export interface Build {
  folder: string;
  remove: () => Promise<void>;
}

/** Compiles src and bench. Types are checked elsewhere. */
export async function build(): Promise<Build> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-bench-'));
  for (const name of ['node_modules', 'public']) await symlink(join(PROJECT, name), join(folder, name), 'junction');
  await cp(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  const compiler = join(PROJECT, 'node_modules/typescript/bin/tsc');
  await finished(
    spawn(process.execPath, [compiler, '-p', join(PROJECT, 'bench'), '--outDir', folder, '--noCheck'], {
      stdio: 'inherit',
    }),
  );
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function finished(child: ChildProcess): Promise<void> {
  const code = await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${String(code)}.`);
}

export interface RunningServer {
  port: number;
  stop: () => Promise<void>;
}

/** Starts a compiled script of bench that tells its port. */
export async function startScript(folder: string, script: string, env: Record<string, string>): Promise<RunningServer> {
  const child = fork(join(folder, 'bench', script), {
    execArgv: [],
    env: environment(env),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { port } = (await answerOf(child)) as { port: number };
  return { port, stop: () => stop(child) };
}

/** Starts Vestibule's own main, compiled, in production. */
export async function startVestibule(
  folder: string,
  env: Record<string, string>,
  flags: string[] = [],
  given?: number,
): Promise<RunningServer> {
  const port = given ?? (await findFreePort());
  const child = spawn(process.execPath, [...flags, join(folder, 'src', 'main.js')], {
    env: environment({ ...env, PORT: String(port), HOST: '127.0.0.1' }),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`Vestibule ended with ${child.exitCode}.`);
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
    if (answer?.ok) return { port, stop: () => stop(child) };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop(child);
  throw new Error('Vestibule did not become ready.');
}

/** What a child of this bench may know: nothing of the caller's own settings of Vestibule. */
function environment(env: Record<string, string>): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, NODE_ENV: 'production', ...env };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.connected) child.disconnect();
  else child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}.`));
    child.once('exit', fail);
    child.once('message', (message) => {
      child.off('exit', fail);
      resolve(message);
    });
  });
}

export interface Worker<Command, Result> {
  ask: (command: Command) => Promise<Result>;
  stop: () => Promise<void>;
}

/** A compiled script of bench that answers one command after another. */
export function startWorker<Command extends object, Result>(
  folder: string,
  script: string,
  env: Record<string, string> = {},
): Worker<Command, Result> {
  const child = fork(join(folder, 'bench', script), {
    execArgv: [],
    env: environment(env),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    async ask(command) {
      const answer = answerOf(child);
      child.send(command);
      const { result, error } = (await answer) as { result: Result; error?: string };
      if (error) throw new Error(error);
      return result;
    },
    stop: () => stop(child),
  };
}

export type Generator = Worker<LoadCommand, LoadResult>;

export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
