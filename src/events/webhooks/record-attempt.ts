import { v7 } from 'uuid';
import type { OperationContext } from '../../context.js';
import { WebhookDeliveryStatus, WebhookDisabledReason } from '../../entities/enums.js';
import { disableEndpoint } from './disable.js';
import { nextWait, scheduleLength } from './retry-schedule.js';
import type { Attempt, SendContext } from './send.js';

type RecordContext = Pick<OperationContext, 'database' | 'clock'> & Pick<SendContext, 'config'>;

/** The delivery that was attempted. */
export interface Attempted {
  id: string;
  /** How often it was tried again since it was made or replayed. */
  retryStep: number;
}

/** The endpoint that it was for. `failingSince` is kept current. */
export interface EndpointHealth {
  id: string;
  failingSince: string | Date | null;
}

/** The attempt and what it makes of the delivery, at once. What was given up meanwhile is still delivered if it was. */
const RECORD = `
with delivery as (
  update webhook_deliveries
  set status = $3::text, attempts = attempts + 1, retry_step = $4, next_attempt_at = $5, finished_at = $6
  where tenant_id = $1 and id = $2 and ($3::text = 'DELIVERED' or status = 'PENDING')
  returning attempts
)
insert into webhook_attempts (id, tenant_id, delivery_id, number, at, duration_milliseconds, url, request_headers,
  response_status, response_headers, response_body, error)
select $7, $1, $2, delivery.attempts, $8, $9, $10, $11::jsonb, $12, $13::jsonb, $14, $15 from delivery
returning number`;

/**
 * Writes down an attempt, has the delivery tried again or given up, and disables an endpoint that keeps failing or says
 * that it is gone: true if it did.
 */
export async function recordAttempt(
  context: RecordContext,
  tenantId: string,
  endpoint: EndpointHealth,
  delivery: Attempted,
  attempt: Attempt,
): Promise<boolean> {
  const { database, config } = context;
  const { at, durationMilliseconds, response, isDelivered, retryAfterMilliseconds } = attempt;
  const finishedAt = new Date(at.getTime() + durationMilliseconds);
  const wait = isDelivered ? null : nextWait(config.webhookRetrySeconds, delivery.retryStep);
  const nextAttemptAt =
    wait === null ? null : new Date(finishedAt.getTime() + Math.max(wait, retryAfterMilliseconds ?? 0));
  const status = isDelivered
    ? WebhookDeliveryStatus.DELIVERED
    : nextAttemptAt
      ? WebhookDeliveryStatus.PENDING
      : WebhookDeliveryStatus.FAILED;
  const [written] = await database.read<{ number: number }>(tenantId, RECORD, [
    tenantId,
    delivery.id,
    status,
    nextAttemptAt ? delivery.retryStep + 1 : delivery.retryStep,
    nextAttemptAt,
    nextAttemptAt ? null : finishedAt,
    v7(),
    at,
    durationMilliseconds,
    attempt.url,
    JSON.stringify(attempt.requestHeaders),
    response?.status ?? null,
    response && JSON.stringify(response.headers),
    response?.body ?? null,
    attempt.error,
  ]);
  await setFailingSince(context, tenantId, endpoint, isDelivered ? null : finishedAt);
  if (isDelivered) return false;
  const target = { tenantId, endpointId: endpoint.id };
  if (response?.status === 410) return disableEndpoint(context, { ...target, reason: WebhookDisabledReason.GONE });
  // Nothing was taken for as long as deliveries are tried, or since the first failure of one that was tried to its end.
  const longAgo = new Date(context.clock().getTime() - scheduleLength(config.webhookRetrySeconds));
  const failingSince =
    written && status === WebhookDeliveryStatus.FAILED
      ? await readFailure(context, tenantId, delivery.id, written.number - delivery.retryStep)
      : longAgo;
  if (!endpoint.failingSince || new Date(endpoint.failingSince) > failingSince) return false;
  return disableEndpoint(context, { ...target, reason: WebhookDisabledReason.FAILURES, failingSince });
}

/** When an attempt of a delivery had failed. */
async function readFailure(
  { database }: RecordContext,
  tenantId: string,
  deliveryId: string,
  number: number,
): Promise<Date> {
  const [row] = await database.read<{ at: string }>(
    tenantId,
    `select at + duration_milliseconds * interval '1 millisecond' as at from webhook_attempts
     where tenant_id = $1 and delivery_id = $2 and number = $3`,
    [tenantId, deliveryId, number],
  );
  return new Date(row!.at);
}

/** Costs a statement only when failures begin or end: an endpoint is served by one process at a time. */
async function setFailingSince(
  { database }: RecordContext,
  tenantId: string,
  endpoint: EndpointHealth,
  failingSince: Date | null,
): Promise<void> {
  if (Boolean(endpoint.failingSince) === Boolean(failingSince)) return;
  endpoint.failingSince = failingSince;
  await database.read(
    tenantId,
    failingSince
      ? 'update webhook_endpoints set failing_since = $3 where tenant_id = $1 and id = $2 and failing_since is null'
      : 'update webhook_endpoints set failing_since = $3 where tenant_id = $1 and id = $2',
    [tenantId, endpoint.id, failingSince],
  );
}
