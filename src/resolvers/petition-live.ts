import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { meets } from '../auth/policy.js';
import { deciderOf } from '../enrollment/approvals/decider.js';
import { INBOX_EVENTS, inboxChangeOf } from '../enrollment/approvals/inbox-change.js';
import { countInbox } from '../enrollment/approvals/petition-inbox.js';
import type { LiveItem } from '../events/live/subscription.js';
import { PetitionChange, PetitionInboxChange } from '../schema/petition-live.js';
import { Auth, Requirement } from '../schema/requirement.js';
import { requireUuid } from './answers.js';
import { AFTER, subscribe, type Subscribing } from './subscription.js';

/** What people are told of petitions as it happens. The rights of each are read again for every event. */
@Resolver()
export class PetitionLiveResolver {
  @Auth('PETITION_PARTY')
  @Subscription(() => PetitionChange, {
    nullable: true,
    description:
      'What happens to a petition, in order: for whoever may see it, by a session or by the token of the petition.',
    subscribe: (({ args, context }: Subscribing<{ id: string; after?: string | null }>) => {
      const { petitionTokenHash } = context;
      return subscribe(context, {
        filter: { organizationId: null, eventTypes: [], petitionId: requireUuid('Petition', args.id, 'id') },
        after: args.after,
        isCheckedEachTime: true,
        holder: petitionTokenHash && `petition token ${petitionTokenHash}`,
      });
    }) as never,
  })
  async petitionChanged(
    @Root() { event: { row } }: LiveItem,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'The petition.' }) id: string,
    @Arg('after', () => ID, { nullable: true, description: AFTER }) _after?: string | null,
  ) {
    const petition = await loaders.petitions.byId(tenant.id, requireUuid('Petition', id, 'id'));
    return petition ? { id: row.id, type: row.type, at: row.at, petition, event: row } : null;
  }

  @Auth('SIGNED_IN')
  @Subscription(() => PetitionInboxChange, {
    nullable: true,
    description:
      "What comes into the viewer's inbox of approvals and leaves it, in order: petitions that are theirs to decide on at that moment.",
    subscribe: (({ args, context }: Subscribing<{ organizationId?: string | null; after?: string | null }>) =>
      subscribe(context, {
        filter: {
          organizationId: organizationOf(args.organizationId),
          eventTypes: INBOX_EVENTS,
          isWanted: (event, viewer) => inboxChangeOf(event, viewer?.userId ?? null) !== null,
        },
        after: args.after,
        isCheckedEachTime: true,
      })) as never,
  })
  async petitionInboxChanged(
    @Root() { event: { row } }: LiveItem,
    @Ctx() context: GraphQLContext,
    @Arg('organizationId', () => ID, {
      nullable: true,
      description: 'Petitions that lead to this organization; absent: to any or none.',
    })
    organizationId?: string | null,
    @Arg('after', () => ID, { nullable: true, description: AFTER }) _after?: string | null,
  ) {
    const change = inboxChangeOf(row, context.viewer?.userId ?? null);
    const item = { id: row.id, type: row.type, at: row.at, change, organizationUuid: organizationOf(organizationId) };
    if (change === 'RIGHTS_CHANGED') return { ...item, petition: null };
    const { loaders, tenant, viewer } = context;
    const petition = row.objectUuid ? await loaders.petitions.byId(tenant.id, row.objectUuid) : undefined;
    if (!petition || !(await meets(context, Requirement.PETITION_APPROVER, 'Petition', petition))) return null;
    const isOwn = [petition.petitionerUuid, petition.enrolleeUuid].includes(viewer?.userId ?? '');
    if (isOwn && !petition.flow.allowsOwnApproval) return null;
    return { ...item, petition: { ...petition, isApprovable: true } };
  }
}

function organizationOf(id: string | null | undefined): string | null {
  return id ? requireUuid('Organization', id, 'organizationId') : null;
}

/** What is counted for the viewer of the moment. */
@Resolver(() => PetitionInboxChange)
export class PetitionInboxChangeResolver {
  @FieldResolver(() => Int, {
    nullable: true,
    description: 'How many petitions wait for a decision of the viewer now: of the organization, or of all.',
  })
  async waitingCount(
    @Root() { organizationUuid }: { organizationUuid: string | null },
    @Ctx() { database, tenant, viewer, clock }: GraphQLContext,
  ) {
    const decider = deciderOf(viewer);
    if (!decider) return null;
    const { total } = await countInbox(database, tenant.id, decider, clock(), { organizationId: organizationUuid });
    return total;
  }
}
