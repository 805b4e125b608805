import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { lowestIdOf } from '../../database/loaders/events.js';
import { sendJobs, WEBHOOKS_QUEUE } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import type { WebhookDeliveryStatus } from '../../entities/enums.js';
import type { WebhookEndpoint } from '../../entities/webhook-endpoint.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { typesAsked } from '../event-filter.js';
import { recordEvents } from '../record.js';
import { findEndpoint, refuseDisabled } from './endpoints.js';

const MOST_REPLAYED = 100_000;

const AGAIN = `status = 'PENDING', retry_step = 0, next_attempt_at = $2, finished_at = null`;

/** Sends one delivery again, now. Throws Faults: NOT_FOUND, WRONG_STATUS. */
export async function replayDelivery(context: OperationContext, input: { id: string }): Promise<void> {
  const writer = writerOf(context, 'webhookDeliveryReplay');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const [delivery] = await runSql<{ endpointId: string }>(
      manager,
      'select endpoint_id as "endpointId" from webhook_deliveries where tenant_id = $1 and id = $2',
      [tenantId, input.id],
    );
    refuseFaults([!delivery && fault(UserErrorCode.NOT_FOUND, 'There is no such delivery.', 'id')]);
    const { id: endpointId, organizationId, status } = await findEndpoint(manager, tenantId, delivery!.endpointId);
    refuseFaults([refuseDisabled(status)]);
    await runSql(manager, `update webhook_deliveries set ${AGAIN} where tenant_id = $1 and id = $3`, [
      tenantId,
      at,
      input.id,
    ]);
    await sendJobs(manager, WEBHOOKS_QUEUE, [{ data: { tenantId, endpointId }, key: endpointId }]);
    const after = { from: null, to: null, statuses: [], count: 1 };
    await recordEvents(manager, writer, [
      { type: 'webhook_endpoint.replayed', organizationId, objectId: endpointId, after },
    ]);
  });
}

export interface ReplayEndpoint {
  id: string;
  since: Date;
  /** Absent: until now. */
  until?: Date | null;
  /** Only what was delivered before and stands so. Absent: every event that the endpoint asks for. */
  statuses?: readonly WebhookDeliveryStatus[] | null;
}

/** The ids of events are UUID v7: those of a time lie between two of them. */
const IN_RANGE = 'e.tenant_id = $1 and e.id >= $4::uuid and e.id < $5::uuid';

/** A UUID v7 of the time $2, as PostgreSQL 15 makes one: 48 bits of milliseconds over a random UUID v4. */
const NEW_ID = `encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
  placing substring(int8send(floor(extract(epoch from $2::timestamptz) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid`;

/** What is replayed, and how. `$6` and what follows belong to `where`. */
interface Selection {
  from: string;
  where: string;
  values: unknown[];
  replay: (selection: Selection) => string;
}

/** Every event of the log that the endpoint asks for, delivered before or not. */
function selectEvents({ organizationId, eventTypes }: WebhookEndpoint): Selection {
  const values = [...(organizationId ? [organizationId] : []), ...(eventTypes.length ? [typesAsked(eventTypes)] : [])];
  const ofOrganization = organizationId ? 'and e.organization_id = $6' : '';
  const ofTypes = eventTypes.length ? `and e.type = any($${organizationId ? 7 : 6}::text[])` : '';
  return {
    from: 'events e join audit_chain c on c.tenant_id = $1 and c.id = e.id',
    where: `${IN_RANGE} ${ofOrganization} ${ofTypes}`,
    values,
    replay: ({ from, where }) => `
      insert into webhook_deliveries
        (id, tenant_id, endpoint_id, event_id, sequence, object_key, status, next_attempt_at, created_at)
      select ${NEW_ID}, $1, $3, e.id, c.sequence, coalesce(e.object_id, e.organization_id, e.user_id, $1),
        'PENDING', $2, $2
      from ${from} where ${where}
      on conflict (tenant_id, endpoint_id, event_id) do update set ${AGAIN}`,
  };
}

/** Only what was delivered, or was to be, and stands so. */
function selectDeliveries(statuses: readonly WebhookDeliveryStatus[]): Selection {
  return {
    from: 'webhook_deliveries d join events e on e.tenant_id = $1 and e.id = d.event_id',
    where: `${IN_RANGE} and d.tenant_id = $1 and d.endpoint_id = $3 and d.status = any($6::text[])`,
    values: [statuses],
    replay: ({ from, where }) => `
      update webhook_deliveries set ${AGAIN} where tenant_id = $1 and id in (select d.id from ${from} where ${where})`,
  };
}

/**
 * Sends again what happened in a time, in its order, and says how much that is. It may be from before the endpoint was
 * made, or from while it was disabled. Throws Faults: NOT_FOUND, WRONG_STATUS, INVALID.
 */
export async function replayEndpoint(context: OperationContext, input: ReplayEndpoint): Promise<number> {
  const writer = writerOf(context, 'webhookEndpointReplay');
  const { tenantId, at } = writer;
  const { since, statuses } = input;
  const until = input.until ?? at;
  return transact(context.database, tenantId, async (manager) => {
    const endpoint = await findEndpoint(manager, tenantId, input.id);
    refuseFaults([
      refuseDisabled(endpoint.status),
      since >= until && fault(UserErrorCode.INVALID, 'since is before until.', 'since'),
      statuses?.length === 0 &&
        fault(UserErrorCode.REQUIRED, 'statuses names at least one, or is left out.', 'statuses'),
    ]);
    const { id: endpointId, organizationId = null } = endpoint;
    const selection = statuses ? selectDeliveries(statuses) : selectEvents(endpoint);
    const values = [tenantId, at, endpointId, lowestIdOf(since), lowestIdOf(until), ...selection.values];
    const [counted] = await runSql<{ count: number }>(
      manager,
      `select count(*)::int as count from (
         select $2::timestamptz, $3::uuid from ${selection.from} where ${selection.where} limit ${MOST_REPLAYED + 1}) counted`,
      values,
    );
    const { count } = counted!;
    refuseFaults([
      count > MOST_REPLAYED &&
        fault(
          UserErrorCode.INVALID,
          `At most ${MOST_REPLAYED} events are replayed at once: take a shorter time.`,
          'since',
        ),
    ]);
    if (!count) return 0;
    await runSql(manager, selection.replay(selection), values);
    await sendJobs(manager, WEBHOOKS_QUEUE, [{ data: { tenantId, endpointId }, key: endpointId }]);
    const after = {
      from: since.toISOString(),
      to: until.toISOString(),
      statuses: [...(statuses ?? [])],
      count,
    };
    await recordEvents(manager, writer, [
      { type: 'webhook_endpoint.replayed', organizationId, objectId: endpointId, after },
    ]);
    return count;
  });
}
