import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ActorKind, EventCause } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { OrganizationType } from './organization.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONObject } from './scalars.js';
import { UserType } from './user.js';

@Auth('PUBLIC')
@ObjectType({ description: 'Who acted.', simpleResolvers: true })
export class EventActor {
  @Field(() => ActorKind, { description: 'What kind of actor.' })
  kind!: ActorKind;

  @Field(() => UserType, {
    nullable: true,
    description: 'The person; null for nobody, for somebody who is gone, and when they are not for the caller.',
  })
  user!: unknown;

  @Field(() => ID, { nullable: true, description: 'The application that acted for itself.' })
  applicationId!: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@ObjectType('Event', {
  implements: Node,
  description: 'Something that happened, as the audit log has it. docs/events.md lists the types.',
  simpleResolvers: true,
})
export class EventType extends Node {
  @Field(() => String, { description: 'What happened: `user.signed_in`, …' })
  type!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "Its place in the tenant's chain of events, counted from 1 without a gap; a whole number as text. Null until it is chained, some milliseconds after it happened.",
  })
  sequence!: string | null;

  @Field(() => String, { nullable: true, description: 'Its hash in the chain, as hex; null until it is chained.' })
  hash!: string | null;

  @Field(() => String, { description: "What was used: a mutation's name, `signIn`, a job's name." })
  via!: string;

  @Field(() => ID, { nullable: true, description: 'The object that it is about; it may be gone.' })
  objectId!: string | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'What the values were; null where there were none, and once they are erased.',
  })
  before!: Record<string, unknown> | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'What the values are; null where there are none, and once they are erased.',
  })
  after!: Record<string, unknown> | null;

  @Field(() => DateTime, { nullable: true, description: 'When what it said about a person was taken out of it.' })
  erasedAt!: string | null;

  @Auth('SELF')
  @Field(() => String, { nullable: true, description: 'The address that somebody acted from.' })
  ipAddress!: string | null;

  @Auth('SELF')
  @Field(() => String, { nullable: true, description: 'The browser or client that somebody acted with.' })
  userAgent!: string | null;

  @Field(() => EventActor, { description: 'Who acted.' })
  actor!: EventActor;

  @Field(() => EventCause, { description: 'What brought it about.' })
  cause!: EventCause;

  @Field(() => OrganizationType, { nullable: true, description: 'The organization that it concerns.' })
  organization!: unknown;

  @Field(() => UserType, { nullable: true, description: 'The user whom it is about.' })
  user!: unknown;
}

export const EventConnection = connectionTypes(() => EventType, 'Event', 'events', 10_000);

@Auth('PUBLIC')
@InputType({ description: 'Which events a list holds. Conditions add up.' })
export class EventFilterInput {
  @Field(() => ID, { nullable: true, description: 'Those that concern this organization.' })
  organizationId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those that are about this user.' })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those where this user acted.' })
  actorUserId?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Those of these types: `user.created`, or all of a subject as `user.*`. Empty: all.',
  })
  types?: string[] | null;

  @Field(() => DateTime, { nullable: true, description: 'Those from this moment on.' })
  since?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Those before this moment.' })
  until?: Date | null;
}

@Auth('PUBLIC')
@ObjectType({
  description:
    'The end of the chain of events. Kept elsewhere, it shows later that nothing before it was changed or cut off.',
  simpleResolvers: true,
})
export class AuditHead {
  @Field(() => String, { description: 'The place of the last event: a whole number as text.' })
  sequence!: string;

  @Field(() => String, { description: 'Its hash, as hex.' })
  hash!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Whose personal data is to be taken out of the audit log.' })
export class AuditEraseInput {
  @Field(() => ID, { description: 'Which user; their account stays as it is.' })
  userId!: string;

  @Field(() => String, { description: 'Why, for the log: at most 256 characters, and nothing personal.' })
  reason!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of an erasure.', simpleResolvers: true })
export class AuditErasePayload {
  @Field(() => Int, { nullable: true, description: 'How many events held something of the user; 0 when none did.' })
  events!: number | null;

  @Field(() => [UserError], { description: 'Why nothing was erased; empty when it was.' })
  userErrors!: UserError[];
}
