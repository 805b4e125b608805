import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildSchema } from '../resolvers/build-schema.js';
import { printFederationSchema, printSchema } from '../schema/print.js';
import { type Command, CommandError, readOptions, say, UsageError } from './command.js';

const FILE = fileURLToPath(new URL('../../schema.graphql', import.meta.url));

export const schemaCommand: Command = {
  usage: `Usage: npm run cli -- schema [--check | --federation]

Writes schema.graphql.

  --check        Writes nothing; exit code 1 when the file is not the schema.
  --federation   Prints the schema as a federation router composes it instead.`,

  async run(args) {
    const { check, federation } = readOptions(args, { check: { type: 'boolean' }, federation: { type: 'boolean' } });
    if (check && federation) throw new UsageError('Give either --check or --federation.');
    const printed = printSchema(buildSchema());
    if (federation) return say(printFederationSchema(printed).trimEnd());
    if (!check) {
      await writeFile(FILE, printed);
      return say('schema.graphql is written.');
    }
    const known = await readFile(FILE, 'utf8').catch(() => '');
    if (known !== printed) throw new CommandError('schema.graphql is not current. Write it with "npm run schema".');
    say('schema.graphql is current.');
  },
};
