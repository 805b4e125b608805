import { NIL } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { checkText, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { dispatchEvents } from './dispatch.js';
import { recordEvents } from './record.js';

/** How many events one statement erases. */
const MOST = 1_000;

/** What was said about the person, where the event is about them; from where, where they are the one who acted. */
const CHANGES = 'e.user_id = $2 and e.changes_salt is not null';
const ORIGIN = '(e.actor_user_id = $2 or (e.actor_user_id is null and e.user_id = $2)) and e.origin_salt is not null';

/** What tells of the erasure itself stays. */
const CHOOSE = `
select e.id from events e
where e.tenant_id = $1 and e.id > $3::uuid and not (e.type = 'audit.erased' and e.user_id is not distinct from $2)
  and e.SIDE = $2 and ((${CHANGES}) or (${ORIGIN}))
order by e.id limit ${MOST}`;

const ERASE = `
update events e set
  "before" = case when ${CHANGES} then null else e."before" end,
  "after" = case when ${CHANGES} then null else e."after" end,
  changes_salt = case when ${CHANGES} then null else e.changes_salt end,
  ip_address = case when ${ORIGIN} then null else e.ip_address end,
  user_agent = case when ${ORIGIN} then null else e.user_agent end,
  origin_salt = case when ${ORIGIN} then null else e.origin_salt end,
  erased_at = coalesce(e.erased_at, $4)
where e.tenant_id = $1 and e.id = any($3::uuid[])`;

/** Receivers of webhooks may have sent back what they were sent. */
const FORGET_ANSWERS = `
update webhook_attempts a set response_body = null
from webhook_deliveries d
where a.tenant_id = $1 and d.tenant_id = $1 and d.id = a.delivery_id and d.event_id = any($2::uuid[])
  and a.response_body is not null`;

/**
 * Takes out of the log what it says about a person, and from where they acted; ids and the chain stay. Repeating it
 * changes nothing. Gives how many events were erased. Throws Faults: NOT_FOUND, REQUIRED, TOO_LONG.
 */
export async function eraseUser(context: OperationContext, input: { userId: string; reason: string }): Promise<number> {
  const { userId } = input;
  refuseFaults([checkText(input.reason, { isRequired: true, longest: 256 }, 'reason')]);
  const writer = writerOf(context, 'auditErase');
  const { tenantId, at } = writer;
  // First all that was said gets its place in the chain.
  await dispatchEvents(context, tenantId);
  return transact(context.database, tenantId, async (manager) => {
    await runSql(manager, 'select 1 from audit_heads where tenant_id = $1 for update', [tenantId]);
    let events = 0;
    for (const side of ['user_id', 'actor_user_id']) {
      for (let after: string = NIL; ;) {
        const chosen = await runSql<{ id: string }>(manager, CHOOSE.replace('SIDE', side), [tenantId, userId, after]);
        if (!chosen.length) break;
        const ids = chosen.map(({ id }) => id);
        await runSql(manager, ERASE, [tenantId, userId, ids, at]);
        await runSql(manager, FORGET_ANSWERS, [tenantId, ids]);
        events += ids.length;
        after = ids.at(-1)!;
      }
    }
    if (!events) {
      const known = await runSql(
        manager,
        `select 1 from users where tenant_id = $1 and id = $2
         union all (select 1 from events where tenant_id = $1 and user_id = $2 limit 1)`,
        [tenantId, userId],
      );
      refuseFaults([!known.length && fault(UserErrorCode.NOT_FOUND, 'There is no such user.', 'userId')]);
      return 0;
    }
    const after = { events, reason: input.reason.trim() };
    await recordEvents(manager, writer, [{ type: 'audit.erased', userId, objectId: userId, after }]);
    return events;
  });
}
