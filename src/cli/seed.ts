import { createTenant } from '../tenants/create-tenant.js';
import { type Command, CommandError, readOptions, say } from './command.js';
import { withServices } from './services.js';

export const seedCommand: Command = {
  usage: `Usage: npm run cli -- seed [--issuer <address>]

Brings the demo people and organizations of the tenant "default" to where each case of the decision table begins, and
configures the connection "proconnect" to the local provider. What else is in the tenant stays. Refuses in production.

  --issuer   The local provider; http://localhost:4010/api/v2 (with DEMO_PROVIDER_PORT) when absent.`,

  async run(args) {
    const { issuer } = readOptions(args, { issuer: { type: 'string' } });
    await withServices(async (services) => {
      const { config, database } = services;
      if (config.isProduction)
        throw new CommandError('Demo data is never loaded in production: its people sign in without a password.');
      const { DEMO_CONNECTION, seedDemo } = await import('../demo/seed.js');
      const tenantId = await createTenant(database, { slug: 'default', name: 'Default' });
      await seedDemo(services, {
        tenantId,
        issuer: issuer ?? `http://localhost:${config.demoProviderPort}/api/v2`,
        redirectUris: [`${config.publicUrl ?? `http://localhost:${config.port}`}/demo/native`],
      });
      say(`The demo data is loaded; the connection is ${DEMO_CONNECTION}.`);
    });
  },
};
