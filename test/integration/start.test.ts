import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vestibule-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts the gateway in a way that must fail; gives its exit code and what it said. */
async function startWrongly(environment: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    env: { PATH: process.env.PATH, DATA_FOLDER: folder, DEMO: 'false', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  return { code, said };
}

describe('a start that cannot be', () => {
  it('lists every fault of the configuration with its variable, and ends with 78', async () => {
    const { code, said } = await startWrongly({
      PORT: 'http',
      DATABASE_URL: 'mysql://x',
      LOG_LEVEL: 'loud',
      SMTP_URL: 'x',
    });
    expect(code).toBe(78);
    for (const name of ['PORT', 'DATABASE_URL', 'LOG_LEVEL', 'SMTP_URL'])
      expect(said).toMatch(new RegExp(`^ *${name} `, 'm'));
    expect(said).not.toMatch(/^\s+at /m);
  });

  it('says what production needs', async () => {
    const { code, said } = await startWrongly({ NODE_ENV: 'production', DEMO: 'true' });
    expect(code).toBe(78);
    expect(said).toMatch(/PUBLIC_URL[\s\S]*ENCRYPTION_KEYS[\s\S]*DEMO/);
  });

  it('says where the database was looked for, without a stack', async () => {
    const { code, said } = await startWrongly({ DATABASE_URL: 'postgresql://nobody:secret@127.0.0.1:1/nothing' });
    expect(code).toBe(69);
    expect(said).toContain('127.0.0.1:1/nothing');
    expect(said).toContain('DATABASE_URL');
    expect(said).not.toContain('secret');
    expect(said).not.toMatch(/^\s+at /m);
  });

  it('says which port is in use', async () => {
    const taken = createServer().listen(0, 'localhost');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { code, said } = await startWrongly({ PORT: String(port) });
    await new Promise((resolve) => taken.close(resolve));
    expect(code).toBe(69);
    expect(said).toContain(`Port ${port} is in use`);
  });
});
