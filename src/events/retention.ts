import type { EntityManager } from '@mikro-orm/postgresql';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { ActorKind } from '../entities/enums.js';
import { recordEvents } from './record.js';

/** How many events one transaction removes. */
const MOST = 5_000;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

type TrimContext = Pick<OperationContext, 'database' | 'clock'>;

/** The beginning of the chain as far as all of it is old enough: what follows a younger event stays. */
const TAKE = `
with head as (
  select trimmed_sequence from audit_heads where tenant_id = $1 for update
), first as (
  select c.id, c.sequence, c.hash, e.at from audit_chain c join events e on e.tenant_id = $1 and e.id = c.id
  where c.tenant_id = $1 and c.sequence > (select trimmed_sequence from head)
  order by c.sequence limit ${MOST}
)
select id, sequence::float8 as sequence, encode(hash, 'hex') as hash from first
where sequence < coalesce((select min(sequence) from first where at >= $2), 'infinity'::float8)
order by first.sequence`;

const MOVE = 'update audit_heads set trimmed_sequence = $2, trimmed_hash = $3 where tenant_id = $1';

/** Removes events that are past the tenant's retention, from the beginning of the chain on. Gives how many. */
export async function trimEvents(context: TrimContext, tenantId: string): Promise<number> {
  const [tenant] = await context.database.read<{ days: number | null }>(
    null,
    'select audit_retention_days as days from tenants where id = $1',
    [tenantId],
  );
  if (!tenant?.days) return 0;
  const before = new Date(context.clock().getTime() - tenant.days * DAY_MILLISECONDS);
  for (let total = 0; ;) {
    const removed = await transact(context.database, tenantId, (manager) =>
      trimSome(context, manager, tenantId, before),
    );
    total += removed;
    if (removed < MOST) return total;
  }
}

async function trimSome(context: TrimContext, manager: EntityManager, tenantId: string, before: Date): Promise<number> {
  const old = await runSql<{ id: string; sequence: number; hash: string }>(manager, TAKE, [tenantId, before]);
  const last = old.at(-1);
  if (!last) return 0;
  const { sequence, hash } = last;
  // Their links and deliveries go with them.
  await runSql(manager, 'delete from events where tenant_id = $1 and id = any($2::uuid[])', [
    tenantId,
    old.map(({ id }) => id),
  ]);
  await runSql(manager, MOVE, [tenantId, sequence, Buffer.from(hash, 'hex')]);
  const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'trimEvents' };
  await recordEvents(manager, { tenantId, at: context.clock(), actor }, [
    { type: 'audit.trimmed', after: { sequence, hash, events: old.length, before: before.toISOString() } },
  ]);
  return old.length;
}
