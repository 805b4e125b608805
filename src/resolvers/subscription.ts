import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { sessionOf } from '../actor.js';
import { badInput, graphqlError } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import { isAskable, MOST_ASKED_TYPES } from '../events/event-filter.js';
import type { LiveItem, LiveRequest } from '../events/live/subscription.js';
import { EventType } from '../schema/event.js';
import { OrganizationChange } from '../schema/live.js';
import { Auth } from '../schema/requirement.js';
import { requireUuid } from './answers.js';

export const AFTER = 'The id of the event to go on after; from now on when it is absent.';

export interface Subscribing<Arguments> {
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
    subscribe: (({ args, context }: Subscribing<{ id: string; after?: string | null }>) => {
      const organizationId = requireUuid('Organization', args.id, 'id');
      return subscribe(context, { filter: { organizationId, eventTypes: [] }, after: args.after });
    }) as never,
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
      return subscribe(context, { filter: { organizationId, eventTypes: types }, after: args.after });
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

/** Whom to tell of what, and from when on. Ids are uuids; `after` is the id of an event as a client gives it. */
interface Subscribed {
  filter: LiveRequest['filter'];
  after: string | null | undefined;
  isCheckedEachTime?: boolean;
  /** By what somebody without a session may have it; null: by nothing. */
  holder?: string | null;
}

/** Begins a subscription of the caller, who is there by a session, or by what `holder` says. */
export function subscribe(context: GraphQLContext, { after, holder = null, ...asked }: Subscribed) {
  const { live, tenant, authorize } = context;
  const viewer = sessionOf(context);
  if (!viewer && !holder)
    throw graphqlError('FORBIDDEN', 'Live queries are for people who are signed in, by their session.');
  const uuid = after === null || after === undefined ? null : uuidOf('Event', after);
  if (after && !uuid) throw badInput('after is the id of an event: evt_…', 'after');
  return live.subscribe({
    ...asked,
    ...(holder ? { holder } : {}),
    tenantId: tenant.id,
    viewer,
    after: uuid,
    authorize: authorize!,
  });
}
