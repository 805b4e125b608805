import type { Starter } from '../enrollment/flows/may-start.js';
import { administers } from './administers.js';
import type { GraphQLContext } from './graphql-context.js';

const NOBODY: Starter = {
  isAuthenticated: false,
  isTenantAdministrator: false,
  memberOf: new Set(),
  administers: new Set(),
  roleIds: new Set(),
};

/**
 * The caller, as it decides which enrollment flows they may start. What an access token narrows counts as far as it
 * reaches, and so does an organization that keeps somebody out for want of a second factor. An application is a member of
 * nothing, but holds roles. One statement at most.
 */
export async function readStarter({ viewer, loaders, tenant }: GraphQLContext): Promise<Starter> {
  if (!viewer) return NOBODY;
  const { isTenantAdministrator, rolesByOrganization, userId, applicationId } = viewer;
  const organizations = [...rolesByOrganization.keys()];
  const starter = {
    isAuthenticated: true,
    isTenantAdministrator,
    memberOf: new Set(applicationId ? [] : organizations),
    administers: new Set(organizations.filter((id) => administers(viewer, id))),
  };
  if (isTenantAdministrator || !organizations.length) return { ...starter, roleIds: new Set() };
  const held = applicationId
    ? await loaders.enrollmentFlows.heldByApplication(tenant.id, applicationId)
    : await loaders.enrollmentFlows.heldByUser(tenant.id, userId!);
  const counting = (held ?? []).filter(({ organizationUuid, name }) =>
    rolesByOrganization.get(organizationUuid)?.includes(name),
  );
  return { ...starter, roleIds: new Set(counting.map(({ uuid }) => uuid)) };
}
