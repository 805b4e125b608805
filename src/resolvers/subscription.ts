import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { sessionOf } from '../actor.js';
import { badInput, graphqlError } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import { isAskable, MOST_ASKED_TYPES } from '../events/event-filter.js';
import type { LiveItem } from '../events/live/subscription.js';
import { EventType } from '../schema/event.js';
import { OrganizationChange } from '../schema/live.js';
import { Auth } from '../schema/requirement.js';
import { requireUuid } from './answers.js';

const AFTER = 'The id of the event to go on after; from now on when it is absent.';

interface Subscribing<Arguments> {
  args: Arguments;
  context: GraphQLContext;
}

/** What clients are told as it happens. `subscribe` gives what was asked for; each event is resolved on its own. */
@Resolver()
export class SubscriptionResolver {
  @Auth('ORGANIZATION_MEMBER')
  @Subscription(() => OrganizationChange, {
    nullable: true,
    description: 'What happens to an organization, in order. It is complete once the organization is deleted.',
    subscribe: (({ args, context }: Subscribing<{ id: string; after?: string | null }>) =>
      subscribe(context, requireUuid('Organization', args.id, 'id'), [], args.after)) as never,
  })
  organizationChanged(
    @Root() { event: { row, organization } }: LiveItem,
    @Arg('id', () => ID, { description: 'The organization.' }) _id: string,
    @Arg('after', () => ID, { nullable: true, description: AFTER }) _after?: string | null,
  ) {
    const { id, type, at, organizationUuid } = row;
    return { id, type, at, organizationUuid, organization, event: row };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Subscription(() => EventType, {
    nullable: true,
    description:
      "The audit log as it grows, in order: an organization's for its administrators, all of it for those of the tenant.",
    subscribe: (({ args, context }: Subscribing<{ organizationId?: string; types?: string[]; after?: string }>) => {
      const types = args.types ?? [];
      if (types.length > MOST_ASKED_TYPES || !types.every(isAskable)) {
        throw badInput(
          `types holds up to ${MOST_ASKED_TYPES} types such as user.created, or all of a subject as user.*.`,
          'types',
        );
      }
      const organizationId = args.organizationId
        ? requireUuid('Organization', args.organizationId, 'organizationId')
        : null;
      return subscribe(context, organizationId, types, args.after);
    }) as never,
  })
  auditEvents(
    @Root() { event: { row } }: LiveItem,
    @Arg('organizationId', () => ID, { nullable: true, description: 'The organization; absent for the whole tenant.' })
    _organizationId?: string | null,
    @Arg('types', () => [String], {
      nullable: true,
      description: 'Types of events, or beginnings such as `membership.*`; all when absent.',
    })
    _types?: string[] | null,
    @Arg('after', () => ID, { nullable: true, description: AFTER }) _after?: string | null,
  ) {
    return row;
  }
}

function subscribe(
  context: GraphQLContext,
  organizationId: string | null,
  eventTypes: readonly string[],
  after: string | null | undefined,
) {
  const { live, tenant, authorize } = context;
  const viewer = sessionOf(context);
  if (!viewer) throw graphqlError('FORBIDDEN', 'Live queries are for people who are signed in, by their session.');
  const uuid = after === null || after === undefined ? null : uuidOf('Event', after);
  if (after && !uuid) throw badInput('after is the id of an event: evt_…', 'after');
  return live.subscribe({
    tenantId: tenant.id,
    viewer,
    filter: { organizationId, eventTypes },
    after: uuid,
    authorize: authorize!,
  });
}
