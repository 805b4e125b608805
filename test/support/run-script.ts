import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a process left behind. */
export interface Finished {
  code: number | null;
  output: string;
  errors: string;
}

export interface RunOptions {
  /** Its whole environment, but for the PATH. */
  environment?: Record<string, string>;
  /** What it reads from its standard input. */
  input?: string;
}

/** Starts a script of the project in a process of its own. */
export function startScript(script: string, args: string[] = [], { environment = {} }: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs a script to its end. */
export async function runScript(script: string, args: string[] = [], options: RunOptions = {}): Promise<Finished> {
  const child = startScript(script, args, options);
  child.stdin!.end(options.input ?? '');
  return finish(child);
}

/** Waits for the end of a process. */
export function finish(child: ChildProcess): Promise<Finished> {
  const finished: Finished = { code: null, output: '', errors: '' };
  child.stdout!.on('data', (chunk) => (finished.output += String(chunk)));
  child.stderr!.on('data', (chunk) => (finished.errors += String(chunk)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...finished, code }));
  });
}

/** Waits until a process has written this. */
export function waitForOutput(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`It ended with ${code} before it wrote ${pattern}: ${output}`)));
    child.stdout!.on('data', (chunk) => {
      const found = pattern.exec((output += String(chunk)));
      if (found) resolve(found);
    });
  });
}
