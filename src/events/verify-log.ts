import { NIL } from 'uuid';
import type { OperationContext } from '../context.js';
import type { Database } from '../database/database.js';
import { describeHead, headPlace } from './chain.js';
import { type ChainHead, readChain, readHead } from './linked-event.js';
import { type Anchor, type ChainProblem, type ChainReport, verifyChain } from './verify-chain.js';

type VerifyContext = Pick<OperationContext, 'database' | 'sealing'>;

interface VerifyLogOptions {
  /** A place that was noted elsewhere, earlier. */
  anchor?: Anchor | null;
  onProgress?: (events: number) => void;
}

/** What the verification of a tenant's whole log came to. `pending`: events that wait for their place in the chain. */
export type LogReport = Pick<ChainReport, 'problems' | 'events' | 'head'> & { pending: number };

/**
 * Verifies a tenant's log in the database: the chain from what was trimmed to its head, the sealed head, what was
 * erased and trimmed against the events that tell of it, and that no event is beside the chain. Writes nothing.
 */
export async function verifyLog(
  context: VerifyContext,
  tenantId: string,
  options: VerifyLogOptions = {},
): Promise<LogReport> {
  const { database } = context;
  for (;;) {
    const head = await readHead(database, tenantId);
    const report = await verifyUpTo(context, tenantId, head, options);
    const later = report.problems.length ? await readHead(database, tenantId) : head;
    // Retention may take the beginning away under our eyes: then it is another log, and looked at anew.
    if (later?.trimmedSequence === head?.trimmedSequence) return report;
  }
}

async function verifyUpTo(
  context: VerifyContext,
  tenantId: string,
  head: ChainHead | null,
  { anchor, onProgress }: VerifyLogOptions,
): Promise<LogReport> {
  const { database } = context;
  const start: Anchor = { sequence: head?.trimmedSequence ?? 0, hash: head?.trimmedHash ?? '' };
  const report = await verifyChain(
    readChain(database, tenantId, { after: start.sequence, last: head?.sequence ?? 0 }),
    { tenantId, start, anchors: anchor ? [anchor] : [], onProgress },
  );
  const { pending, lost } = await findUnchained(database, tenantId);
  const problems = [
    ...report.problems,
    ...(head ? checkHead(context, tenantId, head, report.head) : []),
    ...(head ? await checkTrimmed(database, tenantId, head) : []),
    ...(await checkErased(database, tenantId, report)),
    ...lost,
    ...(anchor ? checkAnchor(anchor, start, head?.sequence ?? 0) : []),
  ];
  return { problems, events: report.events, head: report.head, pending };
}

const general = (message: string): ChainProblem => ({ sequence: null, eventId: null, message });

function checkHead(context: VerifyContext, tenantId: string, head: ChainHead, last: Anchor): ChainProblem[] {
  const { sequence, hash, sealed, lastSequence } = head;
  if (sequence === 0) return [];
  const problems: ChainProblem[] = [];
  if (last.sequence !== sequence)
    problems.push(
      general(`The log ends with event ${last.sequence}, and its head says ${sequence}: its end was cut off`),
    );
  else if (last.hash !== hash)
    problems.push(general(`The head has another hash than event ${sequence}, which is the last`));
  if (lastSequence > sequence)
    problems.push(general(`The log goes on to event ${lastSequence}, and its head says ${sequence}`));
  const expected = describeHead(tenantId, sequence, Buffer.from(hash, 'hex'));
  try {
    if (sealed === null || context.sealing.open(sealed, headPlace(tenantId)) !== expected)
      problems.push(general('The sealed head says another end: the log was rewritten without the key'));
  } catch {
    problems.push(
      general('The sealed head cannot be opened with ENCRYPTION_KEYS: it was changed, or the key is another'),
    );
  }
  return problems;
}

/** The beginning may be gone only where a chained event says so. */
async function checkTrimmed(database: Database, tenantId: string, head: ChainHead): Promise<ChainProblem[]> {
  const [told] = await database.read<Anchor>(
    tenantId,
    `select ("after" ->> 'sequence')::float8 as sequence, "after" ->> 'hash' as hash
     from events where tenant_id = $1 and type = 'audit.trimmed' order by 1 desc limit 1`,
    [tenantId],
  );
  const { trimmedSequence, trimmedHash } = head;
  if ((told?.sequence ?? 0) === trimmedSequence && (told?.hash ?? '') === trimmedHash) return [];
  return [general(`The log begins after event ${trimmedSequence}, and no audit.trimmed event tells of that`)];
}

/** Content may be gone only where an event says so: a chained one, or one that is about to be. */
async function checkErased(
  database: Database,
  tenantId: string,
  { unexplained }: ChainReport,
): Promise<ChainProblem[]> {
  if (!unexplained.size) return [];
  const told = await database.read<{ userId: string }>(
    tenantId,
    `select distinct e.user_id as "userId" from outbox o join events e on e.tenant_id = o.tenant_id and e.id = o.event_id
     where o.tenant_id = $1 and e.type = 'audit.erased'
     union select e.user_id from audit_chain c join events e on e.tenant_id = c.tenant_id and e.id = c.id
     where c.tenant_id = $1 and c.sequence > $2 and e.type = 'audit.erased'`,
    [tenantId, Math.max(...[...unexplained.values()].map(({ sequence }) => sequence))],
  );
  const users = new Set(told.map(({ userId }) => userId));
  return [...unexplained]
    .filter(([userId]) => !users.has(userId))
    .map(([, place]) => ({ ...place, message: 'was erased, and no audit.erased event tells of that' }));
}

const UNCHAINED = `
  select page.last, found.* from (
    select max(id::text)::uuid as last from (
      select id from events where tenant_id = $1 and id > $2::uuid order by id limit 10000) ids) page
  left join lateral (
    select e.id, exists (select 1 from outbox o where o.tenant_id = $1 and o.event_id = e.id) as "isPending"
    from events e
    where e.tenant_id = $1 and e.id > $2::uuid and e.id <= page.last
      and (select c.id from audit_chain c where c.tenant_id = $1 and c.id = e.id) is null
  ) found on true`;

/** Events without a link: those of the outbox wait for theirs, the others were put there by somebody. */
async function findUnchained(database: Database, tenantId: string) {
  const lost: ChainProblem[] = [];
  let pending = 0;
  for (let after: string = NIL; ;) {
    const rows = await database.readPlanned<{ last: string | null; id: string | null; isPending: boolean }>(
      tenantId,
      UNCHAINED,
      [tenantId, after],
    );
    const last = rows[0]?.last;
    if (!last) return { pending, lost };
    for (const { id, isPending } of rows) {
      if (id === null) continue;
      if (isPending) pending++;
      else lost.push({ sequence: null, eventId: id, message: 'is not in the chain and does not wait for it' });
    }
    after = last;
  }
}

function checkAnchor(anchor: Anchor, start: Anchor, end: number): ChainProblem[] {
  const { sequence, hash } = anchor;
  if (sequence > end)
    return [general(`The log ends with event ${end}, and ${sequence} was noted: events were cut off its end`)];
  if (sequence === start.sequence && hash !== start.hash)
    return [
      general(`Event ${sequence}, after which the log begins, has another hash than was noted: it was rewritten`),
    ];
  if (sequence < start.sequence)
    return [general(`Event ${sequence}, which was noted, is past its retention: compare with a later head`)];
  return [];
}
