import type { Viewer } from '../context.js';
import type { EventFilter } from '../database/loaders/events.js';
import { administers, isUser } from './administers.js';

/** What the decisions about an event need of it. */
interface EventParties {
  organizationUuid: string | null;
  userUuid: string | null;
  actorUserUuid: string | null;
}

export const HOW_TO_READ_EVENTS =
  'Give organizationId of an organization that you administer, or your own id as userId or actorUserId: the whole log is for administrators of the tenant.';

/** Whether the viewer may see all of the events that a filter chooses. */
export function mayReadEvents(viewer: Viewer, { organizationId, userId, actorUserId }: EventFilter): boolean {
  if (viewer.isTenantAdministrator || isUser(viewer, userId) || isUser(viewer, actorUserId)) return true;
  return administers(viewer, organizationId);
}

/** Events are for the person whom they are about, for whoever acted, and for the organization's administrators. */
export function mayReadEvent(viewer: Viewer, { organizationUuid, userUuid, actorUserUuid }: EventParties): boolean {
  if (isUser(viewer, userUuid) || isUser(viewer, actorUserUuid)) return true;
  return administers(viewer, organizationUuid);
}

/** From where somebody acted is theirs alone. Who signs in and is not known yet is whom the event is about. */
export function ownsOrigin(viewer: Viewer, { userUuid, actorUserUuid }: EventParties): boolean {
  return isUser(viewer, actorUserUuid ?? userUuid);
}
