import { NIL } from 'uuid';
import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { EVENT_FACT_COLUMNS, type PlacedEventRow } from '../../database/loaders/event-row.js';
import { sendJobs, WEBHOOKS_QUEUE } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import { toMessage } from '../message.js';
import { recordAttempt } from './record-attempt.js';
import { openSecrets } from './secret.js';
import { type SendContext, sendMessage } from './send.js';

/** What the delivery of webhooks works with. */
export type DeliveryContext = Pick<OperationContext, 'database' | 'sealing' | 'clock' | 'log'> & SendContext;

/** How many requests an endpoint gets at the same time. */
const MOST_AT_ONCE = 16;
/** How many deliveries are read at once. */
const MOST_READ = 64;
/** How long one job serves an endpoint before others have their turn. */
const TURN_MILLISECONDS = 20_000;

interface Endpoint {
  id: string;
  url: string;
  sealedSecret: string;
  sealedPreviousSecret: string | null;
  previousSecretUntil: string | null;
  failingSince: string | Date | null;
}

/** `id` is the delivery's. */
type DueDelivery = PlacedEventRow & { id: string; objectKey: string; retryStep: number };

const READ_ENDPOINT = `
select id, url, sealed_secret as "sealedSecret", sealed_previous_secret as "sealedPreviousSecret",
  previous_secret_until as "previousSecretUntil", failing_since as "failingSince"
from webhook_endpoints where tenant_id = $1 and id = $2 and status = 'ENABLED'`;

const NEXT_HEAD = (after: string) => `
  select d.object_key, d.id, d.event_id, d.sequence, d.retry_step, d.next_attempt_at from webhook_deliveries d
  where d.tenant_id = $1 and d.endpoint_id = $2 and d.status = 'PENDING' and d.object_key > ${after}
  order by d.object_key, d.sequence limit 1`;

/**
 * The first of each object's deliveries that are not done, from the object after $3 on; those behind it wait, however
 * many they are and however long it takes. One step in the index for each object, and no more than are asked for.
 */
const HEADS = `with recursive heads as (
  (${NEXT_HEAD('$3::uuid')})
  union all
  select next.* from heads h cross join lateral (${NEXT_HEAD('h.object_key')}) next
)`;

const READ_DUE = `${HEADS}
select d.id, d.object_key as "objectKey", d.retry_step as "retryStep", d.sequence, ${EVENT_FACT_COLUMNS}
from (
  select * from heads where next_attempt_at <= $4 and object_key <> all($5::uuid[]) limit ${MOST_READ}
) d join events e on e.tenant_id = $1 and e.id = d.event_id order by d.object_key`;

const READ_NEXT = `${HEADS} select min(next_attempt_at) as at from heads`;

/** No object has this key: all come after it. */
const BEFORE_ALL: string = NIL;

const READ_OWED = `
select w.id from webhook_endpoints w where w.tenant_id = $1 and w.status = 'ENABLED' and exists (
  select 1 from webhook_deliveries d where d.tenant_id = $1 and d.endpoint_id = w.id and d.status = 'PENDING'
    and d.next_attempt_at <= $2)
order by w.id`;

/**
 * Delivers what is due of one endpoint, for a while; a job for the rest is sent. Called for an endpoint by one process at
 * a time: the queue sees to that. When a process dies, the deliveries that it had under way are not done, and are sent
 * again by the next. `signal`: no more are begun, and those under way are finished.
 */
export async function deliverDue(
  context: DeliveryContext,
  target: { tenantId: string; endpointId: string },
  signal: AbortSignal,
): Promise<void> {
  const { database, clock } = context;
  const { tenantId, endpointId } = target;
  const end = performance.now() + TURN_MILLISECONDS;
  const underway = new Map<string, Promise<void>>();
  let endpoint: Endpoint | undefined;
  let due: DueDelivery[] = [];
  let failure: Error | undefined;
  let cursor = BEFORE_ALL;

  /** Goes round the objects, so that each has its turn. */
  async function readDue(): Promise<DueDelivery[]> {
    for (;;) {
      const after = cursor;
      const values = [tenantId, endpointId, after, clock(), [...underway.keys()]];
      const found = await database.read<DueDelivery>(tenantId, READ_DUE, values);
      cursor = found.length < MOST_READ ? BEFORE_ALL : found.at(-1)!.objectKey;
      if (found.length || after === BEFORE_ALL) return found;
    }
  }

  while (!signal.aborted && !failure && performance.now() < end) {
    // What finishes during the reading makes room for what was not read: only who had nothing under way is done.
    const wasIdle = underway.size === 0;
    if (!due.length) {
      [endpoint] = await database.read<Endpoint>(tenantId, READ_ENDPOINT, [tenantId, endpointId]);
      if (!endpoint) break;
      due = await readDue();
    }
    for (const delivery of due.splice(0, MOST_AT_ONCE - underway.size)) {
      const { objectKey } = delivery;
      const done = deliver(context, tenantId, endpoint!, delivery)
        .then((isOver) => void (due = isOver ? [] : due))
        .catch((error: Error) => void (failure ??= error))
        .finally(() => underway.delete(objectKey));
      underway.set(objectKey, done);
    }
    if (underway.size) await Promise.race(underway.values());
    else if (wasIdle) break;
  }
  await Promise.all(underway.values());
  if (failure) {
    context.log.warn({ endpoint: endpointId, error: failure }, 'webhooks could not be delivered');
    throw failure;
  }
  await callForRest(context, target);
}

/** Whether the endpoint is disabled now. */
async function deliver(
  context: DeliveryContext,
  tenantId: string,
  endpoint: Endpoint,
  delivery: DueDelivery,
): Promise<boolean> {
  const attempt = await sendMessage(context, {
    url: endpoint.url,
    id: toGlobalId('Event', delivery.uuid),
    body: messageBody(delivery),
    secrets: openSecrets(context.sealing, endpoint, context.clock()),
  });
  return recordAttempt(context, tenantId, endpoint, delivery, attempt);
}

/** The body of every attempt: the same bytes, unless what the event says of a person was erased in between. */
export function messageBody(event: PlacedEventRow): string {
  return JSON.stringify(toMessage(event));
}

/** Sends the job that comes back when the next delivery is due. */
async function callForRest(
  { database, clock }: DeliveryContext,
  { tenantId, endpointId }: { tenantId: string; endpointId: string },
): Promise<void> {
  const [next] = await database.read<{ at: string | null }>(tenantId, READ_NEXT, [tenantId, endpointId, BEFORE_ALL]);
  if (!next?.at) return;
  const afterSeconds = Math.max(0, (new Date(next.at).getTime() - clock().getTime()) / 1_000);
  await transact(database, tenantId, (manager) =>
    sendJobs(manager, WEBHOOKS_QUEUE, [{ data: { tenantId, endpointId }, key: endpointId, afterSeconds }]),
  );
}

/** Sends a job for each endpoint that is owed something, in case one was lost. */
export async function callOwed(
  { database, clock }: Pick<OperationContext, 'database' | 'clock'>,
  tenantId: string,
): Promise<void> {
  await transact(database, tenantId, async (manager) => {
    const owed = await runSql<{ id: string }>(manager, READ_OWED, [tenantId, clock()]);
    await sendJobs(
      manager,
      WEBHOOKS_QUEUE,
      owed.map(({ id }) => ({ data: { tenantId, endpointId: id }, key: id })),
    );
  });
}
