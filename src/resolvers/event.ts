import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { HOW_TO_READ_EVENTS, mayReadEvents } from '../auth/audit-access.js';
import { badInput, graphqlError, organizationMfaRequired } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { admitBarred } from '../auth/policy.js';
import type { EventFilter } from '../database/loaders/events.js';
import { toGlobalId, uuidOf } from '../database/loaders/ids.js';
import type { EventRow, OrganizationRow, UserRow } from '../database/loaders/rows.js';
import { ActorKind, EventCause } from '../entities/enums.js';
import { EventOrder } from '../entities/event-order.js';
import { eraseUser } from '../events/erase.js';
import { readHead } from '../events/linked-event.js';
import { objectIdOf } from '../events/message.js';
import { EventFilterError, readEventFilter } from '../events/read-filter.js';
import {
  AuditEraseInput,
  AuditErasePayload,
  AuditHead,
  EventActor,
  EventConnection,
  EventFilterInput,
  EventType,
} from '../schema/event.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

const CAUSES: Record<ActorKind, EventCause> = {
  [ActorKind.USER]: EventCause.MUTATION,
  [ActorKind.SIGN_IN]: EventCause.SIGN_IN,
  [ActorKind.PROVIDER]: EventCause.PROVIDER,
  [ActorKind.SYSTEM]: EventCause.JOB,
  [ActorKind.OPERATOR]: EventCause.COMMAND,
  [ActorKind.APPLICATION]: EventCause.MUTATION,
  [ActorKind.ANONYMOUS]: EventCause.MUTATION,
};

@Resolver(() => EventType)
export class EventResolver {
  @Auth('SIGNED_IN')
  @Query(() => EventType, { nullable: true, description: 'One event; null when it is not for the caller.' })
  auditEvent(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'The global id.' }) id: string,
  ) {
    const uuid = uuidOf('Event', id);
    return uuid ? loaders.events.byId(tenant.id, uuid) : null;
  }

  @Auth('SIGNED_IN')
  @Query(() => EventConnection, {
    nullable: true,
    description:
      'The audit log: all of it for administrators of the tenant. Administrators of an organization give its id as `filter.organizationId`; everybody may give their own as `filter.userId` or `filter.actorUserId`.',
  })
  auditEvents(
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => EventFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: EventFilterInput | null,
    @Arg('orderBy', () => EventOrder, { defaultValue: EventOrder.NEWEST, description: 'How they are sorted.' })
    orderBy?: EventOrder,
  ) {
    const chosen = readFilter(filter ?? {});
    if (!mayReadEvents(context.viewer!, chosen)) {
      if (mayReadEvents(admitBarred(context).viewer!, chosen)) throw organizationMfaRequired();
      throw graphqlError('FORBIDDEN', HOW_TO_READ_EVENTS);
    }
    return pageOfEvents(context, chosen, first, after, orderBy);
  }

  @FieldResolver(() => EventActor, { description: 'Who acted.' })
  actor(
    @Root() { actorKind, actorUserUuid, actorApplicationUuid }: EventRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
  ) {
    return {
      kind: actorKind,
      user: actorUserUuid && loaders.users.byId(tenant.id, actorUserUuid),
      applicationId: actorApplicationUuid && toGlobalId('Application', actorApplicationUuid),
    };
  }

  @FieldResolver(() => EventCause, { description: 'What brought it about.' })
  cause(@Root() { actorKind }: EventRow): EventCause {
    return CAUSES[actorKind];
  }

  @FieldResolver(() => ID, { nullable: true, description: 'The object that it is about; it may be gone.' })
  objectId(@Root() { type, objectUuid }: EventRow): string | null {
    return objectIdOf(type, objectUuid);
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'The organization that it concerns.' })
  organization(@Root() { organizationUuid }: EventRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return organizationUuid ? loaders.organizations.byId(tenant.id, organizationUuid) : null;
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'The user whom it is about.' })
  user(@Root() { userUuid }: EventRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return userUuid ? loaders.users.byId(tenant.id, userUuid) : null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => AuditHead, {
    nullable: true,
    description: 'The end of the chain of events, to be kept elsewhere; null before the first event.',
  })
  async auditHead(@Ctx() { database, tenant }: GraphQLContext) {
    const head = await readHead(database, tenant.id);
    return head?.sequence ? { sequence: String(head.sequence), hash: head.hash } : null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => AuditErasePayload, {
    description:
      'Takes out of the audit log what it says about a user, and from where they acted. The chain stays whole. It cannot be undone.',
  })
  async auditErase(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => AuditEraseInput, { description: 'Whose data, and why.' }) input: AuditEraseInput,
  ) {
    const userId = requireUuid('User', input.userId, 'input.userId');
    const { result, userErrors } = await attempt(() => eraseUser(context, { ...input, userId }));
    return { events: result, userErrors };
  }
}

@Resolver(() => OrganizationType)
export class OrganizationEventsResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => EventConnection, { nullable: true, description: 'What happened that concerns it.' })
  auditEvents(
    @Root() { uuid }: OrganizationRow,
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('orderBy', () => EventOrder, { defaultValue: EventOrder.NEWEST, description: 'How they are sorted.' })
    orderBy?: EventOrder,
  ) {
    return pageOfEvents(context, { organizationId: uuid }, first, after, orderBy);
  }
}

@Resolver(() => UserType)
export class UserEventsResolver {
  @Auth('SELF')
  @FieldResolver(() => EventConnection, { nullable: true, description: 'What happened that is about the user.' })
  auditEvents(
    @Root() { uuid }: UserRow,
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('orderBy', () => EventOrder, { defaultValue: EventOrder.NEWEST, description: 'How they are sorted.' })
    orderBy?: EventOrder,
  ) {
    return pageOfEvents(context, { userId: uuid }, first, after, orderBy);
  }
}

async function pageOfEvents(
  { loaders, tenant }: GraphQLContext,
  filter: EventFilter,
  first: number | null | undefined,
  after: string | null | undefined,
  orderBy: EventOrder = EventOrder.NEWEST,
) {
  const isNewestFirst = orderBy === EventOrder.NEWEST;
  return toConnection(await loaders.events.page(tenant.id, filter, isNewestFirst, pageRequest(first, after)));
}

function readFilter(asked: EventFilterInput): EventFilter {
  try {
    return readEventFilter(asked);
  } catch (error) {
    if (error instanceof EventFilterError) throw badInput(error.message, `filter.${error.property}`);
    throw error;
  }
}
