import type { Logger } from 'pino';
import type { Database } from './database/database.js';
import type { ActorKind } from './entities/enums.js';
import type { Sealing } from './database/sealing.js';

/** The tenant that a request came to. `publicUrl` is where its browsers are, without a slash at the end. */
export interface TenantContext {
  id: string;
  slug: string;
  publicUrl: string;
}

/**
 * Who is calling, with what decides about their rights: a person with a session of their own, or by an access token that
 * they gave to an application; or an application for itself. All of it came in one statement.
 */
export interface Viewer {
  /** The person; null for an application that calls for itself. Compare by `isUser`. */
  userId: string | null;
  /** The application that calls for itself. */
  applicationId: string | null;
  /** Null for access tokens: what is about a person's account needs a session of theirs. */
  sessionId: string | null;
  connectionId: string | null;
  isTenantAdministrator: boolean;
  /** Organization id → names of the roles there: those that count here, which an access token may narrow. */
  rolesByOrganization: ReadonlyMap<string, readonly string[]>;
  /** The organizations that keep the person out for want of a second factor → what their roles there would be. */
  barredOrganizations: ReadonlyMap<string, readonly string[]>;
  authenticatedAt: Date;
  expiresAt: Date;
}

/** A person with a session of their own. */
export type SessionViewer = Viewer & { userId: string; sessionId: string; connectionId: string };

/** Who is written into events. */
export interface Actor {
  kind: ActorKind;
  userId: string | null;
  /** Of kind APPLICATION. */
  applicationId?: string | null;
  /** What was used: a mutation's name, `signIn`, a job's name. */
  via: string;
  origin?: Origin | null;
}

/** From where somebody acted, as far as it is known. */
export interface Origin {
  ipAddress: string | null;
  userAgent: string | null;
}

/** What an operation works with. Operations are `verbNoun(context, input)`. */
export interface OperationContext {
  database: Database;
  tenant: TenantContext;
  /** Null for nobody, and for an operator at the command line: the schema lets nobody reach an operation that writes. */
  viewer: Viewer | null;
  /** Null for jobs and the command line. */
  origin?: Origin | null;
  sealing: Sealing;
  clock: () => Date;
  log: Logger;
}
