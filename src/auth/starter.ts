import type { Starter } from '../enrollment/flows/may-start.js';
import { starterOf } from '../enrollment/flows/starter-of.js';
import type { GraphQLContext } from './graphql-context.js';

/** The caller, as it decides which enrollment flows they may start. One statement at most. */
export async function readStarter({ viewer, loaders, tenant }: GraphQLContext): Promise<Starter> {
  if (!viewer || viewer.isTenantAdministrator || !viewer.rolesByOrganization.size) return starterOf(viewer, []);
  const { applicationId, userId } = viewer;
  const held = applicationId
    ? await loaders.enrollmentFlows.heldByApplication(tenant.id, applicationId)
    : await loaders.enrollmentFlows.heldByUser(tenant.id, userId!);
  return starterOf(viewer, held ?? []);
}
