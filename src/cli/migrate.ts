import { createTenant } from '../tenants/create-tenant.js';
import { migrate } from '../database/migrate.js';
import { type Command, EXIT, readOptions, say } from './command.js';
import { withServices } from './services.js';

export const migrateCommand: Command = {
  usage: `Usage: npm run cli -- migrate [--status]

Takes the migrations that the database lacks, all or none, and makes the tenant "default" where there is none.

  --status   Only says which ones it has and which it lacks; exit code 1 when it lacks any.`,

  async run(args) {
    const { status } = readOptions(args, { status: { type: 'boolean' } });
    await withServices(
      async ({ database }) => {
        if (status) {
          const [executed, pending] = [
            await database.orm.migrator.getExecuted(),
            await database.orm.migrator.getPending(),
          ];
          for (const { name } of executed) say(`taken    ${name}`);
          for (const { name } of pending) say(`missing  ${name}`);
          if (pending.length) process.exitCode = EXIT.FAILED;
          return;
        }
        const taken = await migrate(database);
        await createTenant(database, { slug: 'default', name: 'Default' });
        for (const name of taken) say(`taken    ${name}`);
        say('The database is up to date.');
      },
      { needsMigrations: false },
    );
  },
};
