import { compose } from '../compose.js';
import { readConfig } from '../config.js';
import type { OperationContext } from '../context.js';
import { createLog } from '../log.js';
import type { Services } from '../services.js';
import { readStartError } from '../start-error.js';
import { CommandError } from './command.js';

/** Runs a command on the database and keys of the environment, which is the server's own. Nothing listens. */
export async function withServices<Result>(
  work: (services: Services) => Promise<Result>,
  { needsMigrations = true } = {},
): Promise<Result> {
  const config = readConfig();
  const log = createLog('warn', process.stderr);
  let services: Services | undefined;
  try {
    services = await compose({ config, log });
    if (needsMigrations) await refuseOldDatabase(services);
    return await work(services);
  } catch (error) {
    throw readStartError(error, config);
  } finally {
    await services?.sources.close();
    await services?.outbound.close();
    await services?.database.close();
  }
}

async function refuseOldDatabase({ database }: Services): Promise<void> {
  const pending = await database.orm.migrator.getPending();
  if (pending.length) throw new CommandError('The database is not up to date. Run the command migrate first.');
}

/** The context of an operator's change to a tenant: nobody is signed in, and events say OPERATOR. */
export async function operatorContext(
  services: Services,
  slug: string,
): Promise<OperationContext & Pick<Services, 'providers' | 'allowsInsecureLoopback'>> {
  const { database, sealing, clock, log, providers, allowsInsecureLoopback, config } = services;
  const [tenant] = await database.read<{ id: string; slug: string; host: string | null }>(
    null,
    'select id, slug, host from tenants where slug = $1',
    [slug],
  );
  if (!tenant)
    throw new CommandError(`There is no tenant ${slug}. The command "tenant list" shows those that there are.`);
  const usual = config.publicUrl ?? `http://localhost:${config.port}`;
  const publicUrl = tenant.host ? `${new URL(usual).protocol}//${tenant.host}` : usual;
  return {
    database,
    tenant: { id: tenant.id, slug, publicUrl },
    viewer: null,
    sealing,
    clock,
    log,
    providers,
    allowsInsecureLoopback,
  };
}
