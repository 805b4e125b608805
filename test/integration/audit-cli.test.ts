import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openDatabase } from '../../src/database/database.js';
import { runScript } from '../support/run-script.js';

// Each command is a process that opens a database.
jest.setTimeout(180_000);

let folder: string;
let environment: Record<string, string>;

const cli = (args: string[], input?: string) => runScript('src/cli/main.ts', args, { input, environment });
const audit = (...args: string[]) => cli(['audit', ...args]);

/** Runs a statement in the database of the commands, as its owner. */
async function run(text: string): Promise<Record<string, any>[]> {
  const database = await openDatabase({ folder: join(folder, 'database'), poolSize: 1 });
  try {
    return await database.read(null, text, []);
  } finally {
    await database.close();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vestibule-audit-'));
  environment = { NODE_ENV: 'test', DATA_FOLDER: folder };
  await cli(['migrate']);
  await cli(['tenant', 'administrator', '--email', 'ada@example.org']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the command audit', () => {
  let head: string;
  let file: string;

  test('export writes the log to standard output; verify takes the file, and the head that was kept', async () => {
    const { code, output, errors } = await audit('export');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const lines = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual([
      'tenant.created',
      'user.created',
      'user.tenant_administrator_granted',
      'audit.exported',
    ]);
    expect(lines.at(-1)!.data.actor).toEqual({
      kind: 'OPERATOR',
      userId: null,
      applicationId: null,
      via: 'auditExport',
    });
    file = join(folder, 'export.ndjson');
    await writeFile(file, output);

    head = (await audit('head')).output.trim();
    expect(head).toBe(`4:${lines.at(-1)!.chain.hash}`);
    for (const verified of [
      await audit('verify', '--file', file, '--head', head),
      await cli(['audit', 'verify', '--file', '-'], output),
    ])
      expect(verified).toEqual({
        code: 0,
        errors: '',
        output: `4 events of the file, from 1 on, are as they were written.\nHead: ${head}\n`,
      });
  });

  test('verify says that the log is as it was written, and where it ends', async () => {
    expect(await audit('verify', '--head', head)).toEqual({
      code: 0,
      errors: '',
      output: `4 events are as they were written.\nHead: ${head}\n`,
    });
  });

  test('verify of a file that is none of its kind, or was edited, says so (1)', async () => {
    const edited = (await readFile(file, 'utf8')).replace('ada@example.org', 'eve@example.org');
    await writeFile(join(folder, 'edited.ndjson'), edited);
    expect(await audit('verify', '--file', join(folder, 'edited.ndjson'))).toMatchObject({
      code: 1,
      output: '',
      errors: expect.stringMatching(
        /Event 2 \(evt_[\w-]+\) does not say what it said: before and after were changed\./,
      ),
    });
    expect(await audit('verify', '--file', join(folder, 'none'))).toMatchObject({
      code: 1,
      errors: expect.stringContaining('ENOENT'),
    });
    expect(await cli(['audit', 'verify', '--file', '-'], 'x\n')).toMatchObject({
      code: 1,
      errors: 'Line 1 is no event of an export.\n',
    });
    expect(await audit('verify', '--head', 'x')).toMatchObject({ code: 64 });
    expect(await audit('export', '--type', 'user.eaten')).toMatchObject({
      code: 64,
      errors: expect.stringContaining('There are no events "user.eaten"'),
    });
  });

  test('erase takes out what is said about a user by their address or id, and verify still holds', async () => {
    expect(await audit('erase', '--user', 'nobody@example.org', '--reason', 'x')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('There is no user nobody@example.org'),
    });
    const erased = await audit('erase', '--user', 'Ada@example.org', '--reason', 'Asked for');
    expect(erased).toMatchObject({ code: 0, output: '2 events hold nothing of Ada@example.org any more.\n' });
    const [user] = await run('select id from users');
    expect(await audit('erase', '--user', `usr_${user!.id}`, '--reason', 'Again')).toMatchObject({
      code: 0,
      output: expect.stringContaining('No event holds anything'),
    });
    expect(JSON.stringify(await run('select * from events'))).not.toContain('ada@example.org');
    expect(await audit('verify', '--head', head)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^5 events are as they were written\.\n/),
    });
    const exported = await audit('export');
    expect(await cli(['audit', 'verify', '--file', '-'], exported.output)).toMatchObject({ code: 0 });
  });

  test('verify says what is wrong and where (1)', async () => {
    await run(`alter table events disable trigger events_are_never_changed;
      update events set via = 'never' where type = 'tenant.created'`);
    const { code, output, errors } = await audit('verify');
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(
      /^The log is not as it was written:\n {2}Event 1 \(evt_[\w-]+\) has a hash that does not follow: this event or its link was changed\.\n$/,
    );
  });
});
