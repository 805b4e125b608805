import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../../database/database.js';
import { PETITION_DEADLINES_QUEUE, sendJobs } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind, PetitionParty } from '../../entities/enums.js';
import { Faults } from '../../faults.js';
import { countDueReminders, nextDue } from '../machine/due.js';
import type { Command } from '../machine/state.js';
import { type LockedPetition, lockPetition } from '../petitions/locked-petition.js';
import { giveCommand, type PetitionContext } from '../petitions/run-command.js';
import { createSystemContext, type SystemServices } from '../petitions/system-context.js';

/** How many petitions one run takes at most: what is left gets a job of its own, so that other work is not held up. */
const MOST = 200;
/** When a petition is looked at again that could not be brought on. */
const RETRY_MILLISECONDS = 10 * 60_000;
/** When one is looked at again whose flow is suspended, or of which nobody can be mailed now. */
const LATER_MILLISECONDS = 60 * 60_000;
const VIA = 'runPetitionDeadlines';

/**
 * Gives the petitions of a tenant what the clock asks for: EXPIRE, ESCALATE or REMIND, each in a transaction of its own
 * under the lock of the petition. What is locked is passed over, and what was done has another `due_at` in the same
 * transaction, so that any number of processes may call this and each deadline is kept once. A petition that fails is
 * logged and tried again later: it holds up no other. Gives how many petitions were looked at.
 */
export async function runPetitionDeadlines(context: SystemServices, tenantId: string): Promise<number> {
  const { database, clock } = context;
  await postponeInactive(database, tenantId, clock());
  const given = await createSystemContext(context, tenantId);
  for (let count = 0; count < MOST; count++) {
    if (!(await runOne(given))) return count;
  }
  await transact(database, tenantId, (manager) =>
    sendJobs(manager, PETITION_DEADLINES_QUEUE, [{ data: { tenantId } }]),
  );
  return MOST;
}

const CLAIM = `select id from petitions where tenant_id = $1 and due_at <= $2
  order by due_at limit 1 for update skip locked`;

/**
 * Looks at a petition again then, and when it expires at the latest. Whoever has kept the deadline meanwhile has written
 * when the next one is: that stays.
 */
const PUT_OFF = `update petitions set due_at = case when expires_at > $4 then least(expires_at, $3) else $3 end
  where tenant_id = $1 and id = $2 and due_at <= $4`;

/** Brings on the petition that has been due for longest; false when none is. */
async function runOne(context: PetitionContext): Promise<boolean> {
  const { database, tenant, clock, log } = context;
  let petitionId: string | undefined;
  try {
    await transact(database, tenant.id, async (manager) => {
      const now = clock();
      petitionId = undefined;
      const [claimed] = await runSql<{ id: string }>(manager, CLAIM, [tenant.id, now]);
      if (!claimed) return;
      petitionId = claimed.id;
      await keepDeadline(manager, context, (await lockPetition(manager, tenant.id, petitionId))!, now);
    });
  } catch (error) {
    // Without a petition it is the database that fails: the next run tries again.
    if (!petitionId) throw error;
    log.warn({ error, petitionId }, 'a deadline of a petition could not be kept');
    const now = clock();
    const isRefused = error instanceof Faults;
    const later = new Date(now.getTime() + (isRefused ? LATER_MILLISECONDS : RETRY_MILLISECONDS));
    await database.read(tenant.id, PUT_OFF, [tenant.id, petitionId, later, now]);
  }
  return petitionId !== undefined;
}

/** Does what is due for a locked petition, as it is now; or writes when something will be. */
async function keepDeadline(
  manager: EntityManager,
  context: PetitionContext,
  petition: LockedPetition,
  now: Date,
): Promise<void> {
  const tenantId = context.tenant.id;
  const { flow, flowId, state, expiresAt, waitsSince, isFlowActive } = petition;
  const due = nextDue(flow, state, petition);
  const putOff = (until: Date | null) => runSql(manager, PUT_OFF, [tenantId, petition.id, until, now]);
  if (!due || due.at > now) return void (await putOff(due?.at ?? null));
  // Who is past the end is not reminded of it first, and the end comes whatever became of the flow.
  const kind = expiresAt && expiresAt <= now ? 'EXPIRE' : due.command;
  if (kind !== 'EXPIRE' && !isFlowActive) {
    // A suspended flow may come back; a deleted one does not.
    return void (await putOff(flowId ? new Date(now.getTime() + LATER_MILLISECONDS) : null));
  }
  const command: Command = kind === 'REMIND' ? { kind, number: countDueReminders(flow, waitsSince, now) } : { kind };
  const writer = { tenantId, at: now, actor: { kind: ActorKind.SYSTEM, userId: null, via: VIA } };
  await giveCommand(manager, context, writer, petition, { command }, [PetitionParty.SYSTEM]);
}

/** The same for many at once, so that the petitions of a suspended flow do not each cost a transaction every hour. */
const POSTPONE = `
with due as (
  select p.id, f.id as flow_id from petitions p
  left join enrollment_flows f on f.tenant_id = $1 and f.id = p.flow_id
  where p.tenant_id = $1 and p.due_at <= $2 and f.status is distinct from 'ACTIVE'
    and (p.expires_at is null or p.expires_at > $2)
  order by p.due_at limit 1000 for update of p skip locked
)
update petitions p set due_at = least(p.expires_at, case when due.flow_id is not null then $3::timestamptz end)
from due where p.tenant_id = $1 and p.id = due.id
returning 1`;

async function postponeInactive(database: Database, tenantId: string, now: Date): Promise<void> {
  const again = new Date(now.getTime() + LATER_MILLISECONDS);
  let postponed: unknown[];
  do postponed = await database.read(tenantId, POSTPONE, [tenantId, now, again]);
  while (postponed.length === 1_000);
}
