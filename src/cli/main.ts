import { ConfigError } from '../config.js';
import { Faults } from '../faults.js';
import { StartError } from '../start-error.js';
import { type Command, CommandError, EXIT, say, UsageError } from './command.js';

/** What each command does, and where it is: only the one that is called is loaded. */
const COMMANDS: Record<string, { summary: string; load: () => Promise<Command> }> = {
  serve: {
    summary: 'Runs the gateway, as `npm start` does.',
    load: async () => (await import('./serve.js')).serveCommand,
  },
  migrate: {
    summary: 'Brings the database up to date.',
    load: async () => (await import('./migrate.js')).migrateCommand,
  },
  seed: {
    summary: 'Loads the demo data. Never in production.',
    load: async () => (await import('./seed.js')).seedCommand,
  },
  tenant: {
    summary: 'Makes and lists tenants; appoints their administrators.',
    load: async () => (await import('./tenant.js')).tenantCommand,
  },
  connection: {
    summary: 'Configures and tests identity providers.',
    load: async () => (await import('./connection.js')).connectionCommand,
  },
  schema: {
    summary: 'Writes, checks or prints the GraphQL schema.',
    load: async () => (await import('./schema.js')).schemaCommand,
  },
  events: {
    summary: 'Writes or checks the list of events in the documentation.',
    load: async () => (await import('./events.js')).eventsCommand,
  },
  audit: {
    summary: 'Verifies and exports the audit log; erases personal data in it.',
    load: async () => (await import('./audit.js')).auditCommand,
  },
  oidc: {
    summary: 'Replaces the keys of the OpenID provider.',
    load: async () => (await import('./oidc.js')).oidcCommand,
  },
};

const USAGE = `Usage: npm run cli -- <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join('\n')}

"npm run cli -- <command> --help" tells more. Commands read the same environment as the gateway
(docs/configuration.md). The embedded database serves one process at a time: stop the gateway first.`;

async function run([name, ...args]: string[]): Promise<void> {
  if (name === '--help' || name === 'help') return say(USAGE);
  const found = name && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!found) return fail(EXIT.USAGE, `${name ? `There is no command ${name}.` : 'Name a command.'}\n\n${USAGE}`);
  const command = await found.load();
  if (args.includes('--help')) return say(command.usage);
  try {
    await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) return fail(EXIT.USAGE, `${error.message}\n\n${command.usage}`);
    if (error instanceof ConfigError) return fail(EXIT.CONFIG, error.message);
    if (error instanceof StartError) return fail(EXIT.UNAVAILABLE, error.message);
    if (error instanceof CommandError) return fail(EXIT.FAILED, error.message);
    if (error instanceof Faults) return fail(EXIT.FAILED, error.faults.map(({ message }) => message).join('\n'));
    throw error;
  }
}

function fail(code: number, message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}

await run(process.argv.slice(2));
