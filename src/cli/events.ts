import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { renderJsonSchema, renderPage } from '../events/reference.js';
import { type Command, CommandError, readOptions, say } from './command.js';

const file = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

export const eventsCommand: Command = {
  usage: `Usage: npm run cli -- events [--check]

Writes what docs/events.md says of each type of event, and docs/events.schema.json.

  --check   Writes nothing; exit code 1 when one of them is not current.`,

  async run(args) {
    const { check } = readOptions(args, { check: { type: 'boolean' } });
    const page = await readFile(file('events.md'), 'utf8');
    const files = { 'events.md': renderPage(page), 'events.schema.json': renderJsonSchema() };
    for (const [name, wanted] of Object.entries(files)) {
      if ((await readFile(file(name), 'utf8').catch(() => '')) === wanted) continue;
      if (check) throw new CommandError(`docs/${name} is not current. Write it with "npm run cli -- events".`);
      await writeFile(file(name), wanted);
    }
    say('docs/events.md and docs/events.schema.json are current.');
  },
};
