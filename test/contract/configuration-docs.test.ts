import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/configuration.md has every variable that the environment may hold, and no other', async () => {
  const source = await read('src/config.ts');
  const [, body] = /const environment = z\.object\(\{([\s\S]*?)\n\}\);/.exec(source)!;
  const variables = [...body!.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name);
  const documented = [...(await read('docs/configuration.md')).matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map(
    ([, name]) => name,
  );
  expect(variables.length).toBeGreaterThan(10);
  expect(documented.sort()).toEqual(variables.sort());
});
