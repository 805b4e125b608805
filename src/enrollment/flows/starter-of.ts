import type { Viewer } from '../../context.js';
import type { HeldRole } from '../../database/held-roles.js';
import { BuiltInRole } from '../../entities/enums.js';
import type { Starter } from './may-start.js';

/**
 * The caller, as it decides which enrollment flows they may start; `held` are all roles that they hold. What an access
 * token narrows counts as far as it reaches, and so does an organization that keeps somebody out for want of a second
 * factor. An application is a member of nothing, but holds roles.
 */
export function starterOf(viewer: Viewer | null, held: readonly HeldRole[]): Starter {
  const rolesByOrganization = viewer?.rolesByOrganization ?? new Map<string, readonly string[]>();
  const organizations = [...rolesByOrganization];
  const counting = held.filter(({ organizationUuid, name }) =>
    rolesByOrganization.get(organizationUuid)?.includes(name),
  );
  return {
    isAuthenticated: viewer !== null,
    isTenantAdministrator: viewer?.isTenantAdministrator ?? false,
    memberOf: new Set(viewer?.applicationId ? [] : organizations.map(([id]) => id)),
    administers: new Set(
      organizations.flatMap(([id, names]) => (names.includes(BuiltInRole.ADMINISTRATOR) ? [id] : [])),
    ),
    roleIds: new Set(counting.map(({ uuid }) => uuid)),
  };
}
