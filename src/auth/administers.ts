import type { Viewer } from '../context.js';
import { BuiltInRole } from '../entities/enums.js';

/** Whether the viewer is an administrator of this organization. What belongs to none (null) is the tenant's. */
export function administers(viewer: Viewer, organizationId: string | null | undefined): boolean {
  if (!organizationId) return false;
  return viewer.rolesByOrganization.get(organizationId)?.includes(BuiltInRole.ADMINISTRATOR) ?? false;
}

/**
 * Whether the viewer is this user, by a session of their own. An access token speaks for a person in one organization
 * and shows what its members see: what is the person's alone (sessions, other organizations) is not the application's.
 */
export function isUser(viewer: Viewer, userId: string | null | undefined): boolean {
  return Boolean(userId) && viewer.sessionId !== null && viewer.userId === userId;
}
