import type { Logger } from 'pino';
import { createViewerLoader, createViewersReader } from './auth/viewer.js';
import { OpenId } from './auth/oidc/openid.js';
import { Providers } from './auth/provider.js';
import type { Config } from './config.js';
import { openDatabase } from './database/database.js';
import { createLoaders } from './database/loaders/loaders.js';
import type { StatementListener } from './database/pool.js';
import { createSealing, readOrCreateKey } from './database/sealing.js';
import { createTenantFinder } from './database/tenants.js';
import { SourceClients } from './enrollment/sources/clients.js';
import { createHealthWriter } from './enrollment/sources/health.js';
import { LiveEvents } from './events/live/live-events.js';
import { openIdPages } from './http/oidc-pages.js';
import { createTxtResolver } from './joining/domains/resolve-txt.js';
import { createOutbound } from './outbound.js';
import type { Services } from './services.js';
import { createNameLookup } from './sso/name-lookup.js';

/** How long DNS may take to say whether a domain is proven. */
const DNS_TIMEOUT_MILLISECONDS = 5_000;

export interface ComposeOptions {
  config: Config;
  log: Logger;
  clock?: () => Date;
  database?: Services['database'];
  onStatement?: StatementListener;
}

/** Puts a process together. Nothing listens and nothing has been asked of the database yet. */
export async function compose({
  config,
  log,
  clock = () => new Date(),
  onStatement,
  ...given
}: ComposeOptions): Promise<Services> {
  const database =
    given.database ??
    (await openDatabase({
      url: config.databaseUrl,
      folder: config.dataFolder === 'memory://' ? 'memory://' : `${config.dataFolder}/database`,
      poolSize: config.databasePoolSize,
      ...(onStatement ? { onStatement } : {}),
      onError: (error) => log.warn({ error: error.message }, 'a database connection was lost'),
    }));
  const keys = config.encryptionKeys.length ? config.encryptionKeys : [await readOrCreateKey(config.dataFolder)];
  const sealing = createSealing(keys);
  const allowsInsecureLoopback = !config.isProduction;
  const outbound = createOutbound({ allowedPrivateAddresses: config.allowedPrivateAddresses });
  const findSession = createViewerLoader(database, clock);
  const services: Services = {
    config,
    log,
    clock,
    database,
    loaders: createLoaders(database),
    sealing,
    outbound,
    providers: new Providers({
      sealing,
      fetch: outbound.fetch,
      timeoutSeconds: config.providerTimeoutSeconds,
      allowsInsecureLoopback,
    }),
    nameLookup: createNameLookup({
      url: config.nameLookupUrl,
      timeoutMilliseconds: config.nameLookupTimeoutMilliseconds,
      userAgent: `vestibule/${config.version}`,
      clock,
      log,
    }),
    sources: new SourceClients({
      sealing,
      outbound,
      filesFolder: config.sourceFilesFolder,
      allowsInsecureLoopback,
      clock,
      log,
      onHealthChange: createHealthWriter(database),
    }),
    resolveTxt: createTxtResolver({ timeoutMilliseconds: DNS_TIMEOUT_MILLISECONDS }),
    findSession,
    openId: new OpenId({ database, clock, sealing, log, findSession, pages: openIdPages }),
    live: new LiveEvents({ database, log, clock, findViewers: createViewersReader(database, clock) }),
    findTenant: createTenantFinder(database, () => config.publicUrl ?? `http://localhost:${config.port}`),
    allowsInsecureLoopback,
  };
  return services;
}
