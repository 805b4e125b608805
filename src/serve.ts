import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { compose } from './compose.js';
import type { Config } from './config.js';
import { createTenant } from './tenants/create-tenant.js';
import { migrate } from './database/migrate.js';
import { startJobs } from './jobs.js';
import { createServer } from './http/server.js';
import { buildSchema } from './resolvers/build-schema.js';
import type { Services } from './services.js';
import { readStartError, StartError } from './start-error.js';

export interface Running {
  /** Where it listens, e.g. `http://localhost:4000`. */
  url: string;
  services: Services;
  /** Takes no new requests, finishes those under way, and closes the database. */
  stop: () => Promise<void>;
}

/** Starts the gateway: database, migrations, the tenant of a fresh start, HTTP, jobs. */
export async function serve(config: Config, log: Logger): Promise<Running> {
  const schema = buildSchema();
  const services = await compose({ config, log }).catch((error: unknown) => {
    throw readStartError(error, config);
  });
  const { database } = services;
  try {
    await migrate(database);
    await createTenant(database, { slug: 'default', name: 'Default' });
  } catch (error) {
    await database.close().catch(() => undefined);
    throw readStartError(error, config);
  }
  const demo = config.demo ? await startDemoOf(services) : null;
  const server = await createServer(services, schema, demo?.useRoutes);
  try {
    await server.listen({ host: config.host, port: config.port });
  } catch (error) {
    await demo?.stop();
    await database.close();
    if ((error as { code?: string }).code === 'EADDRINUSE') {
      throw new StartError(`Port ${config.port} is in use. Stop what uses it, or set PORT to another one.`);
    }
    throw error;
  }
  const { port } = server.server.address() as AddressInfo;
  config.port = port;
  const url = config.publicUrl ?? `http://localhost:${port}`;
  await demo?.begin(url);
  const stopJobs = await startJobs(services);
  announce(config, url, demo !== null);
  return {
    url,
    services,
    async stop() {
      await server.close();
      await services.live.stop();
      await stopJobs();
      await demo?.stop();
      await services.sources.close();
      await services.outbound.close();
      await database.close();
    },
  };
}

/** Loaded on demand: a production image may leave the demonstration out. */
async function startDemoOf(services: Services) {
  const { startDemo } = await import('./demo/start.js');
  try {
    return await startDemo(services);
  } catch (error) {
    await services.database.close();
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    const { demoProviderPort } = services.config;
    throw new StartError(
      `Port ${demoProviderPort} is in use. Stop what uses it, or set DEMO_PROVIDER_PORT to another one.`,
    );
  }
}

function announce(config: Config, url: string, isDemo: boolean): void {
  const lines = [
    `Vestibule ${config.version} is ready.`,
    '',
    `  Sign in        ${url}/`,
    `  API explorer   ${url}/explorer`,
    `  GraphQL        ${url}/graphql`,
    ...(isDemo
      ? ['', '  This is a demonstration: a local OpenID provider and invented people. Never in production.']
      : []),
    '',
  ];
  if (config.logLevel !== 'silent') process.stdout.write(`${lines.join('\n')}\n`);
}
