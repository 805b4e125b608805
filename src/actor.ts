import type { Actor, OperationContext, Viewer } from './context.js';
import { ActorKind } from './entities/enums.js';

/** The viewer of an operation that the schema lets nobody anonymous call. */
export function viewerOf({ viewer }: Pick<OperationContext, 'viewer'>): Viewer {
  if (!viewer) throw new Error('This operation needs a viewer.');
  return viewer;
}

/** What `recordEvents` needs of a mutation. Without a viewer it is an operator's, at the command line. */
export function writerOf(context: OperationContext, via: string): { tenantId: string; at: Date; actor: Actor } {
  const { viewer } = context;
  const actor = {
    kind: viewer ? ActorKind.USER : ActorKind.OPERATOR,
    userId: viewer?.userId ?? null,
    via,
    origin: context.origin,
  };
  return { tenantId: context.tenant.id, at: context.clock(), actor };
}
