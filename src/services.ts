import type { Logger } from 'pino';
import type { Config } from './config.js';
import type { TenantContext } from './context.js';
import type { Database } from './database/database.js';
import type { Loaders } from './database/loaders/loaders.js';
import type { Sealing } from './database/sealing.js';
import type { LiveEvents } from './events/live/live-events.js';
import type { Outbound } from './outbound.js';
import type { OpenId } from './auth/oidc/openid.js';
import type { Providers } from './auth/provider.js';
import type { ViewerLoader } from './auth/viewer.js';
import type { ResolveTxt } from './joining/domains/proof.js';
import type { SourceClients } from './enrollment/sources/clients.js';
import type { NameLookup } from './sso/name-lookup.js';

/** What one process is made of: put together once, in `compose.ts`. */
export interface Services {
  config: Config;
  log: Logger;
  clock: () => Date;
  database: Database;
  loaders: Loaders;
  sealing: Sealing;
  /** For requests to addresses that administrators give. */
  outbound: Outbound;
  providers: Providers;
  nameLookup: NameLookup;
  /** What is asked about people who enroll or sign in. */
  sources: SourceClients;
  /** Asks DNS for TXT records, with a time limit. */
  resolveTxt: ResolveTxt;
  findSession: ViewerLoader;
  /** The OpenID providers of the tenants, and the access tokens that they gave. */
  openId: OpenId;
  /** What live queries are fed by. */
  live: LiveEvents;
  /** The tenant of a host name. Tenants are few: they are kept for ten seconds. */
  findTenant: (host: string) => Promise<TenantContext>;
  allowsInsecureLoopback: boolean;
}
