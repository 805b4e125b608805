import type { OperationContext, Viewer } from '../context.js';
import type { Loaders } from '../database/loaders/loaders.js';
import type { LiveEvents } from '../events/live/live-events.js';
import type { SourceClients } from '../enrollment/sources/clients.js';
import type { ResolveTxt } from '../joining/domains/proof.js';
import type { Outbound } from '../outbound.js';
import type { NameLookup } from '../sso/name-lookup.js';
import type { Providers } from './provider.js';
import type { ViewerLoader } from './viewer.js';

/** What resolvers work with: the operation's context, the reads, and the few things of HTTP that a mutation needs. */
export interface GraphQLContext extends OperationContext {
  loaders: Loaders;
  providers: Providers;
  nameLookup: NameLookup;
  sources: SourceClients;
  /** How long a sign-in waits for the sources that sync on login. */
  loginSyncMilliseconds: number;
  resolveTxt: ResolveTxt;
  outbound: Outbound;
  allowsInsecureLoopback: boolean;
  /** Origins of other frontends, beside the tenant's own. */
  allowedOrigins: readonly string[];
  /** The token of a petition that came with the request, hashed: by which somebody without an account acts. */
  petitionTokenHash: string | null;
  /** Whether a mail server is configured. */
  sendsMail: boolean;
  /** The schema as it is published. */
  sdl: { public: string; federation: string };
  isSdlShown: boolean;
  findSession: ViewerLoader;
  live: LiveEvents;
  /** Of a subscription: what refuses another viewer what this one was given, or the same one later; else null. */
  authorize?: (viewer: Viewer | null) => Promise<Error | null>;
  setSessionCookie: (token: string, expiresAt: Date) => void;
  clearSessionCookie: () => void;
  /** The secret to which the browser's trips to providers are bound: kept in a cookie of it for ten minutes. */
  bindBrowser: () => string;
  /** Decisions of this request that needed a read, by requirement and object. */
  decisions: Map<string, Promise<boolean>>;
}
