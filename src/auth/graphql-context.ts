import type { OperationContext } from '../context.js';
import type { Loaders } from '../database/loaders/loaders.js';
import type { NameLookup } from '../sso/name-lookup.js';
import type { Providers } from './provider.js';
import type { ViewerLoader } from './viewer.js';

/** What resolvers work with: the operation's context, the reads, and the few things of HTTP that a mutation needs. */
export interface GraphQLContext extends OperationContext {
  loaders: Loaders;
  providers: Providers;
  nameLookup: NameLookup;
  allowsInsecureLoopback: boolean;
  /** The schema as it is published. */
  sdl: { public: string; federation: string };
  isSdlShown: boolean;
  findSession: ViewerLoader;
  setSessionCookie: (token: string, expiresAt: Date) => void;
  clearSessionCookie: () => void;
  /** Decisions of this request that needed a read, by requirement and object. */
  decisions: Map<string, Promise<boolean>>;
}
