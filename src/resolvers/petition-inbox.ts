import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { badInput } from '../auth/errors.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { deciderOf } from '../enrollment/approvals/decider.js';
import { countInbox, findInboxPage, type InboxFilter, isInboxCursor } from '../enrollment/approvals/petition-inbox.js';
import { PetitionInboxCounts, PetitionInboxFilterInput, PetitionInboxOrder } from '../schema/petition-approval.js';
import { PetitionConnection } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { pageRequest, requireUuid, toConnection } from './answers.js';

/** What waits for the caller to decide on. People decide, in a session of their own: for others nothing waits. */
@Resolver()
export class PetitionInboxResolver {
  @Auth('SIGNED_IN')
  @Query(() => PetitionConnection, {
    description:
      'The petitions that the caller may decide on now, for themselves or for somebody who is away: those that they have not approved yet.',
  })
  async petitionInbox(
    @Ctx() { database, tenant, viewer, clock }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => PetitionInboxFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: PetitionInboxFilterInput | null,
    @Arg('orderBy', () => PetitionInboxOrder, { nullable: true, description: 'OLDEST_FIRST when absent.' })
    orderBy?: PetitionInboxOrder | null,
  ) {
    const request = pageRequest(first, after, 2);
    if (request.after && !isInboxCursor(request.after)) throw badInput('after is not a cursor of this list.', 'after');
    const read = readFilter(filter);
    const decider = deciderOf(viewer);
    if (!decider) return toConnection(NOTHING);
    const newestFirst = orderBy === PetitionInboxOrder.NEWEST_FIRST;
    const asked = { filter: read, newestFirst, request };
    return toConnection(await findInboxPage(database, tenant.id, decider, clock(), asked));
  }

  @Auth('SIGNED_IN')
  @Query(() => PetitionInboxCounts, { description: 'How many petitions wait for the caller.' })
  async petitionInboxCounts(
    @Ctx() { database, loaders, tenant, viewer, clock }: GraphQLContext,
    @Arg('filter', () => PetitionInboxFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: PetitionInboxFilterInput | null,
  ): Promise<PetitionInboxCounts> {
    const read = readFilter(filter);
    const decider = deciderOf(viewer);
    if (!decider) return { total: 0, escalated: 0, byFlow: [], byOrganization: [] };
    const counts = await countInbox(database, tenant.id, decider, clock(), read);
    return {
      ...counts,
      byFlow: await Promise.all(
        counts.byFlow.map(async ({ id, count, escalated }) => ({
          flowId: toGlobalId('EnrollmentFlow', id),
          flowName: (await loaders.enrollmentFlows.byId(tenant.id, id))?.name ?? null,
          count,
          escalated,
        })),
      ),
      byOrganization: await Promise.all(
        counts.byOrganization.map(async ({ id, count, escalated }) => ({
          organizationId: toGlobalId('Organization', id),
          organizationName: (await loaders.organizations.byId(tenant.id, id))?.name ?? null,
          count,
          escalated,
        })),
      ),
    };
  }
}

const NOTHING = {
  rows: [],
  hasNextPage: false,
  hasPreviousPage: false,
  countTotal: () => Promise.resolve(0),
  cursorOf: () => '',
};

function readFilter(filter: PetitionInboxFilterInput | null | undefined): InboxFilter {
  const { organizationId, flowId, ...rest } = filter ?? {};
  return {
    ...rest,
    organizationId: organizationId ? requireUuid('Organization', organizationId, 'filter.organizationId') : null,
    flowId: flowId ? requireUuid('EnrollmentFlow', flowId, 'filter.flowId') : null,
  };
}
