import { expect, test } from '@jest/globals';
import { DEMO_OPERATOR, DEMO_PEOPLE } from '../../src/demo/people.js';
import { runScript } from '../support/run-script.js';

test('npm run demo signs everybody in under the row that is promised, and ends', async () => {
  const { code, output, errors } = await runScript('src/demo/run.ts');
  expect(errors).toBe('');
  expect(output).not.toContain('✗');
  for (const { name, expected } of [...DEMO_PEOPLE, DEMO_OPERATOR]) {
    expect(output).toMatch(new RegExp(`✓ ${name}\\n.*\\n +cases .*\\b${expected}\\b`));
  }
  expect(output).toMatch(/✓ .*member, tries the same: FORBIDDEN/);
  expect(code).toBe(0);
}, 240_000);
