import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { runScript } from '../support/run-script.js';

// Each command is a process that opens a database.
jest.setTimeout(120_000);

test('the command oidc rotate-keys makes keys, publishes the next, and says when they are about to sign already', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-oidc-cli-'));
  const environment = { NODE_ENV: 'test', DATA_FOLDER: folder };
  const cli = (...args: string[]) => runScript('src/cli/main.ts', args, { environment });
  try {
    expect(await cli('migrate')).toMatchObject({ code: 0 });
    const first = await cli('oidc', 'rotate-keys');
    expect(first).toMatchObject({ code: 0, errors: '' });
    expect(first.output).toMatch(/New keys are published for the tenant default; they sign from \d{4}-/);
    expect((await cli('oidc', 'rotate-keys')).output).toMatch(/New keys are published/);
    expect((await cli('oidc', 'rotate-keys')).output).toMatch(/published already that do not sign yet/);
    expect(await cli('oidc', 'rotate-keys', '--tenant', 'nowhere')).toMatchObject({ code: 1 });
    expect(await cli('oidc', 'tidy')).toMatchObject({ code: 64 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
