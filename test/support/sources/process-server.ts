import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program in a folder of its own, which goes with it. */
export interface ProcessServer {
  stop(): Promise<void>;
}

/** The first of these files or folders that is there; null when none is. */
export function findInstalled(...paths: string[]): string | null {
  return paths.find((path) => existsSync(path)) ?? null;
}

export function makeFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `vestibule-${name}-`));
}

export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => probe.once('listening', resolve).once('error', reject));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Runs a server until it listens on a port of the loopback. Rejects with what it wrote when it ends before. */
export async function runServer(
  program: string,
  args: string[],
  { port, folder }: { port: number; folder: string },
): Promise<ProcessServer> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  const remove = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (written += String(text)));
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}.\n${written.slice(-2_000)}`)));
  });
  ended.catch(() => undefined);
  await Promise.race([untilListening(port), ended]);
  return {
    async stop() {
      await end(child);
      process.removeListener('exit', remove);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function end(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  return over.finally(() => clearTimeout(timer));
}
