import type { Actor, OperationContext, SessionViewer, Viewer } from './context.js';
import { ActorKind } from './entities/enums.js';

/** Whose change it is, when, and in which tenant: what events and provenance are made of. */
export interface Writer {
  tenantId: string;
  at: Date;
  actor: Actor;
}

/** The viewer of an operation that the schema lets nobody anonymous call. */
export function viewerOf({ viewer }: Pick<OperationContext, 'viewer'>): Viewer {
  if (!viewer) throw new Error('This operation needs a viewer.');
  return viewer;
}

/** The session of an operation that is about the caller's own account; null for nobody, and for access tokens. */
export function sessionOf({ viewer }: Pick<OperationContext, 'viewer'>): SessionViewer | null {
  return viewer?.sessionId ? (viewer as SessionViewer) : null;
}

/** How long after signing in a person may change how their account is entered, without signing in again. */
const RECENT_MILLISECONDS = 10 * 60_000;

/** Whether the caller has a session of their own that began within the last ten minutes. */
export function hasRecentSession(context: Pick<OperationContext, 'viewer' | 'clock'>): boolean {
  const session = sessionOf(context);
  if (!session) return false;
  return context.clock().getTime() - session.authenticatedAt.getTime() <= RECENT_MILLISECONDS;
}

/**
 * What `recordEvents` needs of a mutation. Without a viewer it is that of somebody who is not signed in, as who begins to
 * enroll; without a request, too, an operator's at the command line.
 */
export function writerOf(context: OperationContext, via: string): Writer {
  const { viewer } = context;
  const ofViewer = viewer?.applicationId ? ActorKind.APPLICATION : ActorKind.USER;
  const ofNobody = context.origin ? ActorKind.ANONYMOUS : ActorKind.OPERATOR;
  const actor = {
    kind: viewer ? ofViewer : ofNobody,
    userId: viewer?.userId ?? null,
    applicationId: viewer?.applicationId ?? null,
    via,
    origin: context.origin,
  };
  return { tenantId: context.tenant.id, at: context.clock(), actor };
}
