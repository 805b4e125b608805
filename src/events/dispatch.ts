import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { OperationContext } from '../context.js';
import { sendJobs, WEBHOOKS_QUEUE } from '../database/queue.js';
import { runSql, transact } from '../database/transact.js';
import { type ChainedFact, describeHead, digest, hashLink, headPlace } from './chain.js';
import { matchesFilter } from './event-filter.js';

/** Notified with `{ tenantId, sequence }` when events were chained: live queries listen. */
export const EVENTS_CHANNEL = 'vestibule_events';

const MOST = 1_000;

type DispatchContext = Pick<OperationContext, 'database' | 'sealing' | 'clock'>;

/** Locks the tenant's chain: one process at a time puts events in order. */
const LOCK_HEAD = `
insert into audit_heads (id, tenant_id) values ($1, $1)
on conflict (tenant_id) do update set tenant_id = excluded.tenant_id
returning sequence::text, hash`;

/**
 * The events of the outbox, one lookup each: `offset 0` keeps the planner from reading the whole log where it takes the
 * log for short, as it does while a young one grows.
 */
const TAKE = `
select o.position::text as position, e.*
from (select position, event_id from outbox where tenant_id = $1 order by position limit ${MOST}) o
cross join lateral (
  select id, type, at, actor_kind as "actorKind", actor_user_id as "actorUserId",
    actor_application_id as "actorApplicationId", via, organization_id as "organizationId", user_id as "userId", object_id as "objectId", "before", "after",
    ip_address as "ipAddress", user_agent as "userAgent", changes_salt as "changesSalt", origin_salt as "originSalt"
  from events where tenant_id = $1 and id = o.event_id offset 0
) e
order by o.position`;

const CLEAR = 'delete from outbox where tenant_id = $1 and position = any($2::bigint[])';

const APPEND = `
insert into audit_chain (id, tenant_id, sequence, changes_digest, origin_digest, hash)
select l.id, $1, l.sequence, decode(l.changes, 'hex'), decode(l.origin, 'hex'), decode(l.hash, 'hex')
from jsonb_to_recordset($2::jsonb) as l(id uuid, sequence bigint, changes text, origin text, hash text)`;

const MOVE_HEAD = 'update audit_heads set sequence = $2, hash = $3, sealed = $4 where tenant_id = $1';

const DELIVER = `
insert into webhook_deliveries
  (id, tenant_id, endpoint_id, event_id, sequence, object_key, status, next_attempt_at, created_at)
select d.id, $1, d."endpointId", d."eventId", d.sequence, d."objectKey", 'PENDING', $3, $3
from jsonb_to_recordset($2::jsonb)
  as d(id uuid, "endpointId" uuid, "eventId" uuid, sequence bigint, "objectKey" uuid)
on conflict (tenant_id, endpoint_id, event_id) do nothing`;

/** What a link says of an event, before it has one, and what its digests are made of. */
interface TakenEvent extends Omit<ChainedFact, 'tenantId' | 'sequence' | 'changesDigest' | 'originDigest'> {
  position: string;
  before: unknown;
  after: unknown;
  ipAddress: string | null;
  userAgent: string | null;
  changesSalt: Uint8Array | null;
  originSalt: Uint8Array | null;
}

type NumberedEvent = TakenEvent & { sequence: number };

/**
 * Takes what a tenant's changes have put into the outbox, chains it, and hands it on to webhooks and live queries. The
 * number that an event gets is its place in the log: the order of the outbox, in which changes of one object stand as
 * they were committed, because the second of them waited for the first. Any number of processes may call this.
 */
export async function dispatchEvents(context: DispatchContext, tenantId: string): Promise<number> {
  for (let total = 0; ;) {
    const taken = await transact(context.database, tenantId, (manager) => dispatchSome(context, manager, tenantId));
    total += taken;
    if (taken < MOST) return total;
  }
}

async function dispatchSome(context: DispatchContext, manager: EntityManager, tenantId: string): Promise<number> {
  const [head] = await runSql<{ sequence: string; hash: Buffer }>(manager, LOCK_HEAD, [tenantId]);
  const taken = await runSql<TakenEvent>(manager, TAKE, [tenantId]);
  if (!taken.length) return 0;
  await runSql(manager, CLEAR, [tenantId, taken.map(({ position }) => position)]);
  const start = Number(head!.sequence);
  const events = taken.map((event, index) => ({ ...event, sequence: start + index + 1 }));
  const { links, hash } = chain(tenantId, Buffer.from(head!.hash), events);
  const { sequence } = events.at(-1)!;
  await runSql(manager, APPEND, [tenantId, JSON.stringify(links)]);
  const sealed = context.sealing.seal(describeHead(tenantId, sequence, hash), headPlace(tenantId));
  await runSql(manager, MOVE_HEAD, [tenantId, sequence, hash, sealed]);
  await deliver(context, manager, tenantId, events);
  await runSql(manager, `select pg_notify('${EVENTS_CHANNEL}', $1)`, [JSON.stringify({ tenantId, sequence })]);
  return events.length;
}

function chain(tenantId: string, head: Buffer, events: NumberedEvent[]) {
  let hash = head;
  const links = events.map((event) => {
    const { id, sequence, before, after, ipAddress, userAgent } = event;
    const changesDigest = digest(bytes(event.changesSalt), { before, after });
    const originDigest = digest(bytes(event.originSalt), { ipAddress, userAgent });
    const at = new Date(event.at).toISOString();
    hash = hashLink(hash, { ...event, tenantId, at, changesDigest, originDigest });
    return {
      id,
      sequence,
      changes: changesDigest.toString('hex'),
      origin: originDigest.toString('hex'),
      hash: hash.toString('hex'),
    };
  });
  return { links, hash };
}

/**
 * Endpoints stay locked until their deliveries are committed: whoever disables or deletes one waits for these, and takes
 * them along.
 */
async function deliver(
  context: DispatchContext,
  manager: EntityManager,
  tenantId: string,
  events: NumberedEvent[],
): Promise<void> {
  const endpoints = await runSql<{ id: string; organizationId: string | null; eventTypes: string[] }>(
    manager,
    `select id, organization_id as "organizationId", event_types as "eventTypes"
     from webhook_endpoints where tenant_id = $1 and status = 'ENABLED' for share`,
    [tenantId],
  );
  const deliveries = endpoints.flatMap((endpoint) =>
    events
      .filter((event) => matchesFilter(endpoint, event) || isTestOf(endpoint, event))
      .map(({ id, sequence, objectId, organizationId, userId }) => ({
        id: v7(),
        endpointId: endpoint.id,
        eventId: id,
        sequence,
        objectKey: objectId ?? organizationId ?? userId ?? tenantId,
      })),
  );
  if (!deliveries.length) return;
  await runSql(manager, DELIVER, [tenantId, JSON.stringify(deliveries), context.clock()]);
  const called = [...new Set(deliveries.map(({ endpointId }) => endpointId))];
  await sendJobs(
    manager,
    WEBHOOKS_QUEUE,
    called.map((endpointId) => ({ data: { tenantId, endpointId }, key: endpointId })),
  );
}

/** A test goes to the endpoint that is tested, whatever it asks for. */
function isTestOf(endpoint: { id: string }, { type, objectId }: NumberedEvent): boolean {
  return type === 'webhook_endpoint.tested' && objectId === endpoint.id;
}

/** The embedded database gives bytea as a Uint8Array. */
function bytes(value: Uint8Array | null): Buffer | null {
  return value && Buffer.from(value);
}
