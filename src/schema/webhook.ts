import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { WebhookDeliveryStatus, WebhookDisabledReason, WebhookEndpointStatus } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONObject } from './scalars.js';

@Auth('ORGANIZATION_ADMINISTRATOR')
@ObjectType('WebhookEndpoint', {
  implements: Node,
  description:
    'An address that events are sent to. Administrators of its organization see it; one of the whole tenant, those of the tenant.',
  simpleResolvers: true,
})
export class WebhookEndpointType extends Node {
  @Field(() => String, { description: 'The address.' })
  url!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description!: string | null;

  @Field(() => [String], { description: 'The types of events, or `user.*` for all of a subject; empty: all.' })
  eventTypes!: string[];

  @Field(() => WebhookEndpointStatus, { description: 'Whether events are sent there.' })
  status!: WebhookEndpointStatus;

  @Field(() => WebhookDisabledReason, { nullable: true, description: 'Why they are not; null while they are.' })
  disabledReason!: WebhookDisabledReason | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The first failure since the last success; null while the receiver takes what it is sent.',
  })
  failingSince!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'How long the secret before the last rotation signs, too.' })
  previousSecretUntil!: string | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const WebhookEndpointConnection = connectionTypes(
  () => WebhookEndpointType,
  'WebhookEndpoint',
  'webhook endpoints',
);

@Auth('PUBLIC')
@ObjectType({ description: 'What was sent in one attempt, without what is secret.', simpleResolvers: true })
export class WebhookRequest {
  @Field(() => String, { description: 'Where to, after redirects. The values of the query are masked.' })
  url!: string;

  @Field(() => JSONObject, { description: 'The headers of Vestibule. Signatures are masked.' })
  headers!: Record<string, string>;

  @Field(() => String, { description: 'The body: JSON, the same in every attempt.' })
  body!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What the receiver answered, without what is secret.', simpleResolvers: true })
export class WebhookResponse {
  @Field(() => Int, { description: 'The status of HTTP.' })
  status!: number;

  @Field(() => JSONObject, {
    description: 'content-type, content-length, retry-after, location, server, date and x-request-id, where given.',
  })
  headers!: Record<string, string>;

  @Field(() => String, {
    nullable: true,
    description: 'The first 4 KiB of the body, with what looks like a secret masked; null when it broke off.',
  })
  body!: string | null;
}

@Auth('PUBLIC')
@ObjectType('WebhookAttempt', { description: 'One attempt to deliver an event.', simpleResolvers: true })
export class WebhookAttemptType {
  @Field(() => Int, { description: 'Which attempt, from 1.' })
  number!: number;

  @Field(() => DateTime, { description: 'When it began.' })
  at!: string;

  @Field(() => Int, { description: 'How long it took.' })
  durationMilliseconds!: number;

  @Field(() => WebhookRequest, { description: 'What was sent.' })
  request!: WebhookRequest;

  @Field(() => WebhookResponse, { nullable: true, description: 'What came back; null when nothing did.' })
  response!: WebhookResponse | null;

  @Field(() => String, { nullable: true, description: 'Why it was not taken; null when it was.' })
  error!: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@ObjectType('WebhookDelivery', {
  implements: Node,
  description: 'The delivery of one event to one endpoint. It is kept for 30 days after it is done.',
  simpleResolvers: true,
})
export class WebhookDeliveryType extends Node {
  @Field(() => WebhookDeliveryStatus, { description: 'Where it stands.' })
  status!: WebhookDeliveryStatus;

  @Field(() => String, { description: 'The type of the event.' })
  eventType!: string;

  @Field(() => Int, { description: 'How often it was tried.' })
  attemptCount!: number;

  @Field(() => DateTime, { nullable: true, description: 'When it is tried next, if events before it are done.' })
  nextAttemptAt!: string | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was taken, given up or canceled.' })
  finishedAt!: string | null;
}

export const WebhookDeliveryConnection = connectionTypes(
  () => WebhookDeliveryType,
  'WebhookDelivery',
  'webhook deliveries',
);

@Auth('PUBLIC')
@InputType({ description: 'Which webhook endpoints a list holds. Conditions add up.' })
export class WebhookEndpointFilterInput {
  @Field(() => ID, { nullable: true, description: 'Those of this organization.' })
  organizationId?: string | null;

  @Field(() => WebhookEndpointStatus, { nullable: true, description: 'Those that stand so.' })
  status?: WebhookEndpointStatus | null;
}

@Auth('PUBLIC')
@InputType({ description: 'Which deliveries a list holds. Conditions add up.' })
export class WebhookDeliveryFilterInput {
  @Field(() => WebhookDeliveryStatus, { nullable: true, description: 'Those that stand so.' })
  status?: WebhookDeliveryStatus | null;

  @Field(() => String, { nullable: true, description: 'Those of events of this type.' })
  eventType?: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A new webhook endpoint.' })
export class WebhookEndpointCreateInput {
  @Field(() => String, {
    nullable: true,
    description: 'The same key makes one endpoint, however often it is sent. Its secret is in the first answer alone.',
  })
  idempotencyKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose events. Absent: those of the whole tenant, for its administrators.',
  })
  organizationId?: string | null;

  @Field(() => String, { description: 'An https address at a public host, at most 2048 characters.' })
  url!: string;

  @Field(() => String, { nullable: true, description: 'What it is for, at most 256 characters.' })
  description?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The types of events, or `user.*` for all of a subject; absent or empty: all.',
  })
  eventTypes?: string[] | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Changes of a webhook endpoint. What is absent stays.' })
export class WebhookEndpointUpdateInput {
  @Field(() => ID, { description: 'Which endpoint.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the endpoint was changed since.' })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'An https address at a public host; it cannot be cleared.' })
  url?: string | null;

  @Field(() => String, { nullable: true, description: 'What it is for; null clears.' })
  description?: string | null;

  @Field(() => [String], { nullable: true, description: 'All that it asks for from now on; empty: all events.' })
  eventTypes?: string[] | null;

  @Field(() => WebhookEndpointStatus, {
    nullable: true,
    description: 'Disabling cancels what is still to be sent; after enabling, it can be replayed.',
  })
  status?: WebhookEndpointStatus | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A webhook endpoint.' })
export class WebhookEndpointIdInput {
  @Field(() => ID, { description: 'Which endpoint.' })
  id!: string;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'The webhook endpoint to delete.' })
export class WebhookEndpointDeleteInput {
  @Field(() => ID, { description: 'Which endpoint.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the endpoint was changed since.' })
  expectedVersion?: number | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'What is sent again to a webhook endpoint.' })
export class WebhookEndpointReplayInput {
  @Field(() => ID, { description: 'Which endpoint. It must be enabled.' })
  id!: string;

  @Field(() => DateTime, { description: 'Events from this moment on, also from before the endpoint was made.' })
  since!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Events before this moment; absent: until now.' })
  until?: Date | null;

  @Field(() => [WebhookDeliveryStatus], {
    nullable: true,
    description:
      'Only what was delivered, or was to be, and stands so. Absent: every event that the endpoint asks for.',
  })
  statuses?: WebhookDeliveryStatus[] | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A webhook delivery.' })
export class WebhookDeliveryIdInput {
  @Field(() => ID, { description: 'Which delivery.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a webhook endpoint.', simpleResolvers: true })
export class WebhookEndpointPayload {
  @Field(() => WebhookEndpointType, { nullable: true, description: 'The endpoint as it is now.' })
  webhookEndpoint!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'A webhook endpoint with its new secret.', simpleResolvers: true })
export class WebhookEndpointSecretPayload {
  @Field(() => WebhookEndpointType, { nullable: true, description: 'The endpoint as it is now.' })
  webhookEndpoint!: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'What its messages are signed with: `whsec_…`. It is shown here and never again.',
  })
  secret!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class WebhookEndpointDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What is sent again.', simpleResolvers: true })
export class WebhookEndpointReplayPayload {
  @Field(() => WebhookEndpointType, { nullable: true, description: 'The endpoint as it is now.' })
  webhookEndpoint!: unknown;

  @Field(() => Int, { nullable: true, description: 'How many events are sent again.' })
  count!: number | null;

  @Field(() => [UserError], { description: 'Why nothing is sent again; empty when it is.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a replay of one delivery.', simpleResolvers: true })
export class WebhookDeliveryPayload {
  @Field(() => WebhookDeliveryType, { nullable: true, description: 'The delivery as it is now.' })
  webhookDelivery!: unknown;

  @Field(() => [UserError], { description: 'Why it is not sent again; empty when it is.' })
  userErrors!: UserError[];
}
