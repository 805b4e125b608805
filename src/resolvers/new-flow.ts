import { administers } from '../auth/administers.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import type { EnrollmentFlowRow } from '../database/loaders/rows.js';
import type { CreateFlow } from '../enrollment/flows/create-flow.js';
import { FlowStatus } from '../entities/enums.js';
import type { EnrollmentFlowCreateInput } from '../schema/enrollment-flow.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { requireUuid } from './answers.js';
import { readSettings } from './flow-settings.js';

/**
 * A new flow as the operation takes it. Throws Faults: NOT_FOUND, alike when what it copies is gone and when it is not for
 * the caller.
 */
export async function readNewFlow(context: GraphQLContext, input: EnrollmentFlowCreateInput): Promise<CreateFlow> {
  const organizationId = input.organizationId
    ? requireUuid('Organization', input.organizationId, 'input.organizationId')
    : null;
  const copyOf = input.copyOf ? requireUuid('EnrollmentFlow', input.copyOf, 'input.copyOf') : null;
  if (copyOf) {
    const flow = await context.loaders.enrollmentFlows.byId(context.tenant.id, copyOf);
    const isFound = flow !== undefined && mayCopy(context, flow);
    refuseFaults([!isFound && fault(UserErrorCode.NOT_FOUND, 'There is no such enrollment flow.', 'copyOf')]);
  }
  return { ...input, organizationId, copyOf, settings: readSettings(input.settings) };
}

/** Their own, and the tenant's templates: whoever makes a flow is an administrator. */
function mayCopy({ viewer }: GraphQLContext, { organizationUuid, status }: EnrollmentFlowRow): boolean {
  if (viewer!.isTenantAdministrator || administers(viewer!, organizationUuid)) return true;
  return organizationUuid === null && status === FlowStatus.TEMPLATE;
}
