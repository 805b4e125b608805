import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { WebhookDisabledReason, WebhookEndpointStatus } from '../../entities/enums.js';
import { WebhookEndpoint } from '../../entities/webhook-endpoint.js';
import { checkVersion, fault, refuseFaults, UserErrorCode } from '../../faults.js';
import type { FactOf } from '../catalogue.js';
import { recordEvents } from '../record.js';
import { type AddressRules, checkEndpoint, type EndpointSettings } from './check-endpoint.js';
import { cancelDeliveries, lockEndpoint } from './disable.js';
import { redactUrl } from './redact.js';
import { createSecret, endpointSecretPlace, PREVIOUS_SECRET_MILLISECONDS } from './secret.js';

const MOST_ENDPOINTS = 50;

type Configuring = OperationContext & AddressRules;

/** Ids are uuids. */
export interface CreateEndpoint extends EndpointSettings {
  idempotencyKey?: string | null;
  /** Absent: for the events of the whole tenant. */
  organizationId?: string | null;
  url: string;
}

/**
 * Makes an endpoint. Its secret is given here and never again: null when the idempotency key was used before. Throws
 * Faults: REQUIRED, INVALID, TOO_LONG, NOT_FOUND, IDEMPOTENCY_KEY_REUSED.
 */
export async function createEndpoint(
  context: Configuring,
  { idempotencyKey: key, ...input }: CreateEndpoint,
): Promise<{ id: string; secret: string | null }> {
  refuseFaults(checkEndpoint({ ...input, eventTypes: input.eventTypes ?? [] }, context));
  const writer = writerOf(context, 'webhookEndpointCreate');
  const { tenantId, at } = writer;
  const { userId } = writer.actor;
  const id = v7();
  const organizationId = input.organizationId ?? null;
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'webhookEndpointCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return { id: made, secret: null };
    await refuseTooMany(manager, tenantId, organizationId);
    const secret = createSecret();
    const endpoint = manager.create(WebhookEndpoint, {
      id,
      tenantId,
      organizationId,
      url: new URL(input.url).href,
      description: input.description?.trim() || null,
      eventTypes: [...new Set(input.eventTypes ?? [])],
      sealedSecret: context.sealing.seal(secret, endpointSecretPlace(id)),
      createdByUserId: userId,
    });
    await manager.flush();
    await recordEvents(manager, writer, [
      { type: 'webhook_endpoint.created', organizationId, objectId: id, after: published(endpoint) },
    ]);
    return { id, secret };
  });
}

/** What is absent stays. */
export interface UpdateEndpoint extends EndpointSettings {
  id: string;
  expectedVersion?: number | null;
  status?: WebhookEndpointStatus | null;
}

/**
 * Changes an endpoint. Disabling it takes back what was still to be sent. Throws Faults: NOT_FOUND, STALE_VERSION,
 * REQUIRED, INVALID, TOO_LONG.
 */
export async function updateEndpoint(context: Configuring, input: UpdateEndpoint): Promise<void> {
  const writer = writerOf(context, 'webhookEndpointUpdate');
  await transact(context.database, writer.tenantId, async (manager) => {
    const endpoint = await findEndpoint(manager, writer.tenantId, input.id);
    refuseFaults([
      checkVersion(input.expectedVersion, endpoint.version),
      ...checkEndpoint(input, context),
      input.status === null && fault(UserErrorCode.REQUIRED, 'status cannot be cleared.', 'status'),
    ]);
    const known = { ...endpoint };
    Object.assign(endpoint, changesOf(endpoint, input));
    const changed = SETTINGS.filter((name) => JSON.stringify(known[name]) !== JSON.stringify(endpoint[name]));
    if (!changed.length) return;
    await manager.flush();
    const isDisabled = changed.includes('status') && endpoint.status === WebhookEndpointStatus.DISABLED;
    if (isDisabled) await cancelDeliveries(manager, endpoint, writer.at);
    const pick = (from: Published) => Object.fromEntries(changed.map((name) => [name, from[name]]));
    const about = { organizationId: endpoint.organizationId ?? null, objectId: endpoint.id };
    await recordEvents(manager, writer, [
      { ...about, type: 'webhook_endpoint.updated', before: pick(published(known)), after: pick(published(endpoint)) },
      ...(isDisabled
        ? [{ ...about, type: 'webhook_endpoint.disabled' as const, after: { reason: WebhookDisabledReason.MANUAL } }]
        : []),
    ]);
  });
}

/** Deletes an endpoint with its deliveries. Throws Faults: NOT_FOUND, STALE_VERSION. */
export async function deleteEndpoint(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'webhookEndpointDelete');
  await transact(context.database, writer.tenantId, async (manager) => {
    const endpoint = await findEndpoint(manager, writer.tenantId, input.id);
    refuseFaults([checkVersion(input.expectedVersion, endpoint.version)]);
    const before = published(endpoint);
    const { organizationId } = endpoint;
    await runSql(manager, 'delete from webhook_endpoints where tenant_id = $1 and id = $2', [
      writer.tenantId,
      input.id,
    ]);
    await recordEvents(manager, writer, [
      { type: 'webhook_endpoint.deleted', organizationId, objectId: input.id, before },
    ]);
  });
}

/** Gives an endpoint a new secret and answers it. The one before signs, too, for a day. Throws Faults: NOT_FOUND. */
export async function rotateSecret(context: OperationContext, input: { id: string }): Promise<string> {
  const writer = writerOf(context, 'webhookEndpointRotateSecret');
  return transact(context.database, writer.tenantId, async (manager) => {
    const endpoint = await findEndpoint(manager, writer.tenantId, input.id);
    const secret = createSecret();
    endpoint.sealedPreviousSecret = endpoint.sealedSecret;
    endpoint.previousSecretUntil = new Date(writer.at.getTime() + PREVIOUS_SECRET_MILLISECONDS);
    endpoint.sealedSecret = context.sealing.seal(secret, endpointSecretPlace(endpoint.id));
    await manager.flush();
    const { organizationId } = endpoint;
    await recordEvents(manager, writer, [
      { type: 'webhook_endpoint.secret_rotated', organizationId, objectId: endpoint.id },
    ]);
    return secret;
  });
}

/** Sends an endpoint an event that says that it is tested, like any other event. Throws Faults: NOT_FOUND, WRONG_STATUS. */
export async function testEndpoint(context: OperationContext, input: { id: string }): Promise<void> {
  const writer = writerOf(context, 'webhookEndpointTest');
  await transact(context.database, writer.tenantId, async (manager) => {
    const { id, organizationId, status } = await findEndpoint(manager, writer.tenantId, input.id);
    refuseFaults([refuseDisabled(status)]);
    await recordEvents(manager, writer, [{ type: 'webhook_endpoint.tested', organizationId, objectId: id }]);
  });
}

/** An endpoint that is there, locked; Faults NOT_FOUND. */
export async function findEndpoint(manager: EntityManager, tenantId: string, id: string): Promise<WebhookEndpoint> {
  const endpoint = await lockEndpoint(manager, tenantId, id);
  refuseFaults([!endpoint && fault(UserErrorCode.NOT_FOUND, 'There is no such webhook endpoint.', 'id')]);
  return endpoint!;
}

export function refuseDisabled(status: WebhookEndpointStatus) {
  if (status === WebhookEndpointStatus.ENABLED) return null;
  return fault(UserErrorCode.WRONG_STATUS, 'The endpoint is disabled: enable it first.', 'id');
}

/** Counted under a lock of the owner, so that two at once cannot both be the last. */
async function refuseTooMany(manager: EntityManager, tenantId: string, organizationId: string | null): Promise<void> {
  const owners = organizationId
    ? await runSql(manager, 'select id from organizations where tenant_id = $1 and id = $2 for no key update', [
        tenantId,
        organizationId,
      ])
    : await runSql(manager, 'select id from tenants where id = $1 for no key update', [tenantId]);
  refuseFaults([!owners.length && fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId')]);
  const [counted] = await runSql<{ count: number }>(
    manager,
    `select count(*)::int as count from webhook_endpoints
     where tenant_id = $1 and organization_id is not distinct from $2::uuid`,
    [tenantId, organizationId],
  );
  refuseFaults([
    counted!.count >= MOST_ENDPOINTS &&
      fault(
        UserErrorCode.INVALID,
        `There are ${MOST_ENDPOINTS} webhook endpoints already: delete one first.`,
        ...(organizationId ? ['organizationId'] : []),
      ),
  ]);
}

const SETTINGS = ['url', 'description', 'eventTypes', 'status'] as const;

function changesOf(
  { status }: WebhookEndpoint,
  { url, description, eventTypes, status: wanted }: UpdateEndpoint,
): Partial<WebhookEndpoint> {
  const isSwitched = wanted && wanted !== status;
  return {
    ...(url ? { url: new URL(url).href } : {}),
    ...(description === undefined ? {} : { description: description?.trim() || null }),
    ...(eventTypes ? { eventTypes: [...new Set(eventTypes)] } : {}),
    ...(isSwitched && wanted === WebhookEndpointStatus.ENABLED
      ? { status: wanted, disabledReason: null, failingSince: null }
      : {}),
    ...(isSwitched && wanted === WebhookEndpointStatus.DISABLED
      ? { status: wanted, disabledReason: WebhookDisabledReason.MANUAL }
      : {}),
  };
}

type Published = FactOf<'webhook_endpoint.created'>['after'];

/** What events say of an endpoint: nothing secret, which its address may hold. */
function published({ url, description, eventTypes, status, organizationId }: Omit<WebhookEndpoint, symbol>): Published {
  return {
    url: redactUrl(url),
    description: description ?? null,
    eventTypes,
    status,
    organizationId: organizationId ? toGlobalId('Organization', organizationId) : null,
  };
}
