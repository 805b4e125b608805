import { setTimeout as wait } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { LOGIN_SYNC_QUEUE, sendJobs } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind } from '../../entities/enums.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { createSystemContext, type SystemServices } from '../petitions/system-context.js';
import { removeRecords } from '../records/remove-records.js';
import { takeRecords } from '../records/take-records.js';
import type { SourceClients } from '../sources/clients.js';
import { type Source, SOURCE_COLUMNS } from '../sources/source.js';
import { SourceError } from '../sources/source-error.js';

/** What sources are asked with about who signs in. `sendsMail`: whether a mail server is configured. */
type LoginContext = Omit<OperationContext, 'viewer'> & { sources: SourceClients; sendsMail: boolean };

/** How many records of one person are looked at, at most. */
const MOST_RECORDS = 25;

interface RecordToSync {
  source: Source;
  recordId: string;
  key: string;
  isRemoved: boolean;
}

const RECORDS = `
select ${SOURCE_COLUMNS}, r.id as "recordId", r.key, r.status = 'REMOVED' as "isRemoved"
from source_records r join sources s on s.tenant_id = $1 and s.id = r.source_id
where r.tenant_id = $1 and r.user_id = $2 and s.syncs_on_login and s.status = 'ACTIVE'
order by s.id, r.id limit ${MOST_RECORDS}`;

/**
 * Asks the sources that sync on login about who signs in, for as long as the budget allows; the rest is done by a job.
 * Never throws: what goes wrong is logged, and nobody is kept out by it (ENR-68).
 */
export async function syncOnLogin(context: LoginContext, userId: string, budgetMilliseconds: number): Promise<void> {
  const { tenant, log } = context;
  const asking = new AbortController();
  const timer = new AbortController();
  try {
    const syncing = syncRecords(context, userId, asking.signal);
    // What goes on after the budget is over is done with care of its own.
    const isDone = syncing.catch((error: unknown) => {
      log.warn({ error, userId }, 'a sync on login failed');
      return false;
    });
    const isOver = wait(budgetMilliseconds, false, { signal: timer.signal }).catch(() => false);
    if (await Promise.race([isDone, isOver])) return;
    asking.abort();
    await transact(context.database, tenant.id, (manager) =>
      sendJobs(manager, LOGIN_SYNC_QUEUE, [{ data: { tenantId: tenant.id, userId }, key: userId }]),
    );
  } catch (error) {
    log.warn({ error, userId }, 'a sync on login failed');
  } finally {
    timer.abort();
  }
}

/**
 * The job for what a sign-in had no time for. A source that gives no answer is not asked again before the next sign-in.
 */
export async function syncUser(
  services: SystemServices & { sources: SourceClients },
  { tenantId, userId }: { tenantId: string; userId: string },
  signal: AbortSignal,
): Promise<void> {
  const context = await createSystemContext(services, tenantId);
  await syncRecords({ ...context, sources: services.sources }, userId, signal);
}

/** Asks about each record at the same time, and takes what was answered. Gives whether there was an answer about all. */
async function syncRecords(context: LoginContext, userId: string, signal: AbortSignal): Promise<boolean> {
  const { database, clock, log, sources } = context;
  const tenantId = context.tenant.id;
  const rows = await database.read<Source & Omit<RecordToSync, 'source'>>(tenantId, RECORDS, [tenantId, userId]);
  let isComplete = true;
  const answers = await Promise.all(
    rows.map(async ({ recordId, key, isRemoved, ...source }) => {
      try {
        const client = await sources.open(tenantId, source);
        return { source, recordId, isRemoved, record: await client.retrieve(key, signal) };
      } catch (error) {
        isComplete = false;
        // Not the cause: what a driver says can hold what the source knows of somebody.
        const why = error instanceof SourceError ? { code: error.code, message: error.message } : { error };
        if (!signal.aborted) log.warn({ ...why, source: source.id }, 'a source gave no answer for a sync on login');
        return null;
      }
    }),
  );
  const bySource = Map.groupBy(
    answers.filter((answer) => answer !== null),
    ({ source }) => source.id,
  );
  for (const [sourceId, answered] of bySource) {
    const found = answered.flatMap(({ record }) => record ?? []);
    const goneIds = answered.flatMap(({ record, recordId, isRemoved }) => (record || isRemoved ? [] : [recordId]));
    if (!found.length && !goneIds.length) continue;
    try {
      await transact(database, tenantId, (manager) => {
        const writer = { tenantId, at: clock(), actor: { kind: ActorKind.SYSTEM, userId, via: 'syncOnLogin' } };
        return takeAnswers(manager, context, writer, { sourceId, found, goneIds });
      });
    } catch (error) {
      // What one source says does not depend on the others.
      isComplete = false;
      log.warn({ error, source: sourceId }, 'what a source said for a sync on login could not be taken');
    }
  }
  return isComplete;
}

const LOCK = `select ${SOURCE_COLUMNS} from sources s
  where s.tenant_id = $1 and s.id = $2 and s.status = 'ACTIVE' for key share`;

async function takeAnswers(
  manager: EntityManager,
  { sources: _sources, ...context }: LoginContext,
  writer: Writer,
  { sourceId, found, goneIds }: { sourceId: string; found: readonly PersonRecord[]; goneIds: readonly string[] },
): Promise<void> {
  // As it is now: its pipeline may be another one than when it was asked.
  const [source] = await runSql<Source>(manager, LOCK, [writer.tenantId, sourceId]);
  if (!source) return;
  const opening = { ...context, viewer: null, petitionTokenHash: null };
  await takeRecords(manager, writer, source, found, { takesNew: false, context: opening });
  await removeRecords(manager, writer, source, goneIds);
}
