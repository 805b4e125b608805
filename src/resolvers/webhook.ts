import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { administers } from '../auth/administers.js';
import { toGlobalId, uuidOf } from '../database/loaders/ids.js';
import type { WebhookAttemptRow, WebhookDeliveryRow, WebhookEndpointRow } from '../database/loaders/rows.js';
import { messageBody } from '../events/webhooks/deliver.js';
import {
  createEndpoint,
  deleteEndpoint,
  rotateSecret,
  testEndpoint,
  updateEndpoint,
} from '../events/webhooks/endpoints.js';
import { replayDelivery, replayEndpoint } from '../events/webhooks/replay.js';
import { EventType } from '../schema/event.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import {
  WebhookAttemptType,
  WebhookDeliveryConnection,
  WebhookDeliveryFilterInput,
  WebhookDeliveryIdInput,
  WebhookDeliveryPayload,
  WebhookDeliveryType,
  WebhookEndpointConnection,
  WebhookEndpointCreateInput,
  WebhookEndpointDeleteInput,
  WebhookEndpointDeletePayload,
  WebhookEndpointFilterInput,
  WebhookEndpointIdInput,
  WebhookEndpointPayload,
  WebhookEndpointReplayInput,
  WebhookEndpointReplayPayload,
  WebhookEndpointSecretPayload,
  WebhookEndpointType,
  WebhookEndpointUpdateInput,
} from '../schema/webhook.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => WebhookEndpointType)
export class WebhookEndpointResolver {
  @Auth('SIGNED_IN')
  @Query(() => WebhookEndpointType, {
    nullable: true,
    description: 'One webhook endpoint; null when it is not for the caller.',
  })
  webhookEndpoint(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('WebhookEndpoint', id);
    return uuid ? loaders.webhooks.endpointById(tenant.id, uuid) : null;
  }

  @Auth('SIGNED_IN')
  @Query(() => WebhookEndpointConnection, {
    description:
      'Webhook endpoints, the oldest first: those of the organizations that the caller administers; every one for administrators of the tenant.',
  })
  async webhookEndpoints(
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => WebhookEndpointFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: WebhookEndpointFilterInput | null,
  ) {
    const visible = viewer!.isTenantAdministrator
      ? null
      : [...viewer!.rolesByOrganization.keys()].filter((id) => administers(viewer!, id));
    const { organizationId, status } = filter ?? {};
    const organizationUuid = organizationId
      ? requireUuid('Organization', organizationId, 'filter.organizationId')
      : null;
    const request = pageRequest(first, after);
    return toConnection(await loaders.webhooks.endpointPage(tenant.id, visible, { organizationUuid, status }, request));
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'Whose events; null: those of the tenant.' })
  organization(@Root() { organizationUuid }: WebhookEndpointRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return organizationUuid && loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who made it.' })
  createdBy(@Root() { createdByUserUuid }: WebhookEndpointRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return createdByUserUuid && loaders.users.byId(tenant.id, createdByUserUuid);
  }

  @FieldResolver(() => Int, {
    description: 'How many events are still to be sent. They are counted only when it is asked for.',
  })
  pendingCount(@Root() { uuid }: WebhookEndpointRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.webhooks.pendingCount(tenant.id, uuid);
  }

  @FieldResolver(() => WebhookDeliveryConnection, {
    description: 'What was sent there, or is to be, the newest first.',
  })
  async deliveries(
    @Root() { uuid }: WebhookEndpointRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => WebhookDeliveryFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: WebhookDeliveryFilterInput | null,
  ) {
    return toConnection(await loaders.webhooks.deliveryPage(tenant.id, uuid, filter ?? {}, pageRequest(first, after)));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => WebhookEndpointSecretPayload, { description: 'Has events sent to an address from now on.' })
  async webhookEndpointCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => WebhookEndpointCreateInput, { description: 'The endpoint.' }) input: WebhookEndpointCreateInput,
  ) {
    const organizationId = input.organizationId
      ? requireUuid('Organization', input.organizationId, 'input.organizationId')
      : null;
    const { result, userErrors } = await attempt(() => createEndpoint(context, { ...input, organizationId }));
    const webhookEndpoint = result && (await context.loaders.webhooks.endpointById(context.tenant.id, result.id));
    return { webhookEndpoint, secret: result?.secret ?? null, userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => WebhookEndpointPayload, { description: 'Changes a webhook endpoint, enables or disables it.' })
  webhookEndpointUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => WebhookEndpointUpdateInput, { description: 'The changes.' }) input: WebhookEndpointUpdateInput,
  ) {
    return change(context, input, (id) => updateEndpoint(context, { ...input, id }));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => WebhookEndpointDeletePayload, {
    description: 'Deletes a webhook endpoint, with what was sent there and was to be.',
  })
  async webhookEndpointDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => WebhookEndpointDeleteInput, { description: 'The endpoint.' }) input: WebhookEndpointDeleteInput,
  ) {
    const id = requireUuid('WebhookEndpoint', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteEndpoint(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => WebhookEndpointSecretPayload, {
    description: 'Gives a webhook endpoint a new secret. For 24 hours the one before signs, too.',
  })
  async webhookEndpointRotateSecret(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => WebhookEndpointIdInput, { description: 'The endpoint.' }) input: WebhookEndpointIdInput,
  ) {
    let secret: string | null = null;
    const changed = await change(context, input, async (id) => {
      secret = await rotateSecret(context, { id });
    });
    return { ...changed, secret };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => WebhookEndpointPayload, {
    description: 'Sends a webhook endpoint an event webhook_endpoint.tested; its deliveries tell how it went.',
  })
  webhookEndpointTest(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => WebhookEndpointIdInput, { description: 'The endpoint.' }) input: WebhookEndpointIdInput,
  ) {
    return change(context, input, (id) => testEndpoint(context, { id }));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => WebhookEndpointReplayPayload, {
    description: 'Sends events of a time again, in their order and under the same ids; at most 100,000 at once.',
  })
  async webhookEndpointReplay(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => WebhookEndpointReplayInput, { description: 'Which events.' }) input: WebhookEndpointReplayInput,
  ) {
    let count: number | null = null;
    const changed = await change(context, input, async (id) => {
      count = await replayEndpoint(context, { ...input, id });
    });
    return { ...changed, count };
  }
}

@Resolver(() => WebhookDeliveryType)
export class WebhookDeliveryResolver {
  @Auth('SIGNED_IN')
  @Query(() => WebhookDeliveryType, {
    nullable: true,
    description: 'One webhook delivery; null when it is not for the caller.',
  })
  webhookDelivery(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('WebhookDelivery', id);
    return uuid ? loaders.webhooks.deliveryById(tenant.id, uuid) : null;
  }

  @FieldResolver(() => ID, { description: 'The global id of the event: the `webhook-id` of every attempt.' })
  eventId(@Root() { eventUuid }: WebhookDeliveryRow): string {
    return toGlobalId('Event', eventUuid);
  }

  @FieldResolver(() => EventType, { nullable: true, description: 'The event.' })
  event(@Root() { eventUuid }: WebhookDeliveryRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.events.byId(tenant.id, eventUuid);
  }

  @FieldResolver(() => WebhookEndpointType, { nullable: true, description: 'Where it goes.' })
  endpoint(@Root() { endpointUuid }: WebhookDeliveryRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.webhooks.endpointById(tenant.id, endpointUuid);
  }

  @FieldResolver(() => [WebhookAttemptType], {
    description: 'How it went: the latest 50 attempts, the first one first.',
  })
  async attempts(
    @Root() { uuid }: WebhookDeliveryRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
  ): Promise<WebhookAttemptType[]> {
    const [attempts = [], event] = await Promise.all([
      loaders.webhooks.attempts(tenant.id, uuid),
      loaders.webhooks.eventOf(tenant.id, uuid),
    ]);
    const body = event ? messageBody(event) : '';
    return attempts.map((row) => showAttempt(row, body));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => WebhookDeliveryPayload, { description: 'Sends one event again, now, under the same id.' })
  async webhookDeliveryReplay(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => WebhookDeliveryIdInput, { description: 'The delivery.' }) input: WebhookDeliveryIdInput,
  ) {
    const id = requireUuid('WebhookDelivery', input.id, 'input.id');
    const { userErrors } = await attempt(() => replayDelivery(context, { id }));
    return { webhookDelivery: await context.loaders.webhooks.deliveryById(context.tenant.id, id), userErrors };
  }
}

function showAttempt(row: WebhookAttemptRow, body: string): WebhookAttemptType {
  const { number, at, durationMilliseconds, url, requestHeaders, responseStatus, responseHeaders, responseBody } = row;
  return {
    number,
    at,
    durationMilliseconds,
    request: { url, headers: requestHeaders, body },
    response:
      responseStatus === null ? null : { status: responseStatus, headers: responseHeaders ?? {}, body: responseBody },
    error: row.error,
  };
}

async function change(context: GraphQLContext, input: { id: string }, operation: (id: string) => Promise<void>) {
  const id = requireUuid('WebhookEndpoint', input.id, 'input.id');
  const { userErrors } = await attempt(() => operation(id));
  return { webhookEndpoint: await context.loaders.webhooks.endpointById(context.tenant.id, id), userErrors };
}
