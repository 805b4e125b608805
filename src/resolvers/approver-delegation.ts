import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { administers } from '../auth/administers.js';
import { forbidden } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { meets } from '../auth/policy.js';
import type { NodeType } from '../database/loaders/ids.js';
import type { ApproverDelegationRow } from '../database/loaders/rows.js';
import { createDelegation, deleteDelegation } from '../enrollment/approvals/delegate.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import {
  ApproverDelegationConnection,
  ApproverDelegationCreateInput,
  ApproverDelegationDeletePayload,
  ApproverDelegationDirection,
  ApproverDelegationFilterInput,
  ApproverDelegationIdInput,
  ApproverDelegationPayload,
  ApproverDelegationType,
} from '../schema/approver-delegation.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth, Requirement } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => ApproverDelegationType)
export class ApproverDelegationResolver {
  @Auth('SIGNED_IN')
  @Query(() => ApproverDelegationConnection, {
    description: 'The delegations that the caller has given or received, the newest first.',
  })
  async viewerDelegations(
    @Ctx() { loaders, tenant, viewer, clock }: GraphQLContext,
    @Arg('direction', () => ApproverDelegationDirection, { description: 'Given or received.' })
    direction: ApproverDelegationDirection,
    @Arg('isOpen', () => Boolean, { nullable: true, description: 'Those that have not ended; absent: all.' })
    isOpen?: boolean | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const nobody = '00000000-0000-0000-0000-000000000000';
    const userId = (viewer?.sessionId && viewer.userId) || nobody;
    const whose = direction === ApproverDelegationDirection.GIVEN ? { userUuid: userId } : { delegateUuid: userId };
    const filter = { ...whose, openAt: isOpen ? clock() : null };
    return toConnection(await loaders.approverDelegations.page(tenant.id, null, filter, pageRequest(first, after)));
  }

  @Auth('SIGNED_IN')
  @Query(() => ApproverDelegationConnection, {
    description:
      'Delegations that are limited to an organization that the caller administers, the newest first; all of the tenant for its administrators.',
  })
  async approverDelegations(
    @Ctx() { loaders, tenant, viewer, clock }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => ApproverDelegationFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: ApproverDelegationFilterInput | null,
  ) {
    const { userId, delegateId, isOpen } = filter ?? {};
    const visible = viewer!.isTenantAdministrator
      ? null
      : [...viewer!.rolesByOrganization.keys()].filter((id) => administers(viewer!, id));
    const conditions = {
      userUuid: userId ? requireUuid('User', userId, 'filter.userId') : null,
      delegateUuid: delegateId ? requireUuid('User', delegateId, 'filter.delegateId') : null,
      openAt: isOpen ? clock() : null,
    };
    const request = pageRequest(first, after);
    return toConnection(await loaders.approverDelegations.page(tenant.id, visible, conditions, request));
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who is away.' })
  user(@Root() { userUuid }: ApproverDelegationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.users.byId(tenant.id, userUuid);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who decides for them.' })
  delegate(@Root() { delegateUuid }: ApproverDelegationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.users.byId(tenant.id, delegateUuid);
  }

  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: 'The organization that it is limited to; null: none, or one that the viewer may not see.',
  })
  organization(@Root() { organizationUuid }: ApproverDelegationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return organizationUuid && loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => Boolean, { description: 'Whether it is under way at this moment.' })
  isActive(@Root() { startsAt, endsAt }: ApproverDelegationRow, @Ctx() { clock }: GraphQLContext): boolean {
    const now = clock();
    return new Date(startsAt) <= now && new Date(endsAt) > now;
  }

  @Auth('SIGNED_IN')
  @Mutation(() => ApproverDelegationPayload, {
    description:
      'Has somebody decide on petitions for the caller, or for a member who is away, for a time. What the delegate decides for others themselves is not handed on.',
  })
  async approverDelegationCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ApproverDelegationCreateInput, { description: 'Who, where, and how long.' })
    input: ApproverDelegationCreateInput,
  ) {
    const { loaders, tenant } = context;
    const ids = {
      delegateId: requireUuid('User', input.delegateId, 'input.delegateId'),
      organizationId: input.organizationId
        ? requireUuid('Organization', input.organizationId, 'input.organizationId')
        : null,
      userId: whoIsAway(context, input),
    };
    const { result: id, userErrors } = await attempt(async () => {
      await refuseUnknown(context, 'userId', ids.userId);
      await refuseUnknown(context, 'delegateId', ids.delegateId);
      return createDelegation(context, { ...input, ...ids });
    });
    return { approverDelegation: id && (await loaders.approverDelegations.byId(tenant.id, id)), userErrors };
  }

  @Auth('SELF')
  @Mutation(() => ApproverDelegationDeletePayload, {
    description: 'Ends a delegation at once. Who gave it may, who has it, and who administers.',
  })
  async approverDelegationDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ApproverDelegationIdInput, { description: 'Which one.' }) input: ApproverDelegationIdInput,
  ) {
    const id = requireUuid(TYPE, input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteDelegation(context, { id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}

const TYPE: NodeType = 'ApproverDelegation';

/**
 * The one who is away: the caller, in a session of their own; or another, whom an administrator of the organization, or
 * of the tenant, may name a delegate for.
 */
function whoIsAway({ viewer }: GraphQLContext, { userId, organizationId }: ApproverDelegationCreateInput): string {
  const named = userId ? requireUuid('User', userId, 'input.userId') : null;
  if (viewer!.sessionId && (!named || named === viewer!.userId)) return viewer!.userId!;
  if (!named) throw forbidden('approverDelegationCreate', Requirement.SELF);
  const organization = organizationId ? requireUuid('Organization', organizationId, 'input.organizationId') : null;
  if (viewer!.isTenantAdministrator || administers(viewer!, organization)) return named;
  throw forbidden('input.userId', Requirement.ORGANIZATION_ADMINISTRATOR);
}

/** Whom the caller may not see is as good as not there. */
async function refuseUnknown(context: GraphQLContext, field: string, uuid: string): Promise<void> {
  const row = await context.loaders.users.byId(context.tenant.id, uuid);
  const isVisible = row && (await meets(context, Requirement.ORGANIZATION_MEMBER, 'User', row));
  refuseFaults([!isVisible && fault(UserErrorCode.NOT_FOUND, 'There is no such user.', field)]);
}
