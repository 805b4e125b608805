import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Actor } from '../context.js';
import { announceJobs, runSql } from '../database/transact.js';
import { EVENTS_QUEUE, JOB_SETTINGS, QUEUE_SCHEMA } from '../database/queue.js';
import type { Fact } from './catalogue.js';

/**
 * The event, its place in the outbox, and the job that will chain and deliver it: one statement in the transaction of
 * the change, so that all of it is there or none.
 */
const INSERT = `
with written as (
  insert into events
    (id, tenant_id, type, at, actor_kind, actor_user_id, actor_application_id, via, ip_address, user_agent,
     organization_id, user_id, object_id, "before", "after", changes_salt, origin_salt)
  select f.id, $1, f.type, $2, $3, $4, $9, $5, $6, $7, f."organizationId", f."userId", f."objectId", f."before", f."after",
    decode(f."changesSalt", 'hex'), decode(f."originSalt", 'hex')
  from jsonb_to_recordset($8::jsonb) as f(id uuid, type text, "organizationId" uuid, "userId" uuid, "objectId" uuid,
    "before" jsonb, "after" jsonb, "changesSalt" text, "originSalt" text)
  returning id
), queued as (
  insert into outbox (tenant_id, event_id) select $1, id from written order by id
)
insert into ${QUEUE_SCHEMA}.job (name, data, ${JOB_SETTINGS})
select name, jsonb_build_object('tenantId', $1::uuid), ${JOB_SETTINGS}
from ${QUEUE_SCHEMA}.queue where name = '${EVENTS_QUEUE}'`;

const SALT_BYTES = 16;
let counter = 0;

/** Writes events in the transaction of the change that they tell of: one statement, however many. */
export async function recordEvents(
  manager: EntityManager,
  { tenantId, at, actor }: { tenantId: string; at: Date; actor: Actor },
  facts: readonly Fact[],
): Promise<void> {
  if (!facts.length) return;
  const salts = randomBytes(2 * SALT_BYTES * facts.length).toString('hex');
  const rows = facts.map((fact, index) => {
    const start = index * 4 * SALT_BYTES;
    return {
      ...fact,
      id: eventId(at),
      changesSalt: salts.slice(start, start + 2 * SALT_BYTES),
      originSalt: salts.slice(start + 2 * SALT_BYTES, start + 4 * SALT_BYTES),
    };
  });
  const { ipAddress = null, userAgent = null } = actor.origin ?? {};
  await runSql(manager, INSERT, [
    tenantId,
    at,
    actor.kind,
    actor.userId,
    actor.via,
    ipAddress,
    userAgent,
    JSON.stringify(rows),
    actor.applicationId ?? null,
  ]);
  announceJobs(EVENTS_QUEUE);
}

/**
 * A UUID v7 whose time is that of the event, to the millisecond: the log is sorted, and searched by time, by its ids.
 * Events of one process in one millisecond keep their order by the counter.
 */
function eventId(at: Date): string {
  counter = (counter + 1) % 2 ** 32;
  return v7({ msecs: at.getTime(), seq: counter });
}
