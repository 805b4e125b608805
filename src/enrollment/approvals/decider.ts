import type { Viewer } from '../../context.js';
import type { Decider } from '../../database/approvable.js';

/** People decide, in a session of their own: applications and access tokens do not. */
export function deciderOf(viewer: Viewer | null): Decider | null {
  if (!viewer?.sessionId || !viewer.userId) return null;
  const organizationIds = [...viewer.rolesByOrganization.keys()];
  return { userId: viewer.userId, isTenantAdministrator: viewer.isTenantAdministrator, organizationIds };
}
