import { sendJobs, SOURCE_SYNC_QUEUE } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import {
  SourceCapability,
  SourceErrorCode,
  SourceSyncMode,
  SyncErrorCode,
  SyncRunStatus,
} from '../../entities/source-enums.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import { createSystemContext, type SystemServices } from '../petitions/system-context.js';
import { matchExternally } from '../pipelines/match-externally.js';
import type { SourceClient, SourceClients } from '../sources/clients.js';
import { SourceError } from '../sources/source-error.js';
import { type Source, SOURCE_COLUMNS } from '../sources/source.js';
import { type Batch, refuseChanged, type Run, RunFailure, Superseded, takeBatch, writerOfSync } from './batch.js';
import { endRun, keepChanges } from './finish-run.js';
import { type Position, partAfter, readPosition } from './position.js';
import { countGone, readGone, readInventory, refuseTooFew } from './read-inventory.js';
import { readChanges, readKnown } from './read-known.js';
import { countAddresses, readQueries } from './read-queries.js';

/** What runs are worked on with. */
type SyncContext = PetitionContext & { sources: SourceClients };

/** How long one job works before others have their turn, where the source can be read on from there. */
const TURN_MILLISECONDS = 60_000;
/** The waits after attempts that failed, in seconds: one more attempt than waits, since the last batch that was taken. */
const WAITS = [10, 60, 300, 900, 3_600];
/** Trying again does not help: somebody has to change something. */
const FINAL_CODES: readonly string[] = [
  SourceErrorCode.CREDENTIALS_REFUSED,
  SourceErrorCode.MISCONFIGURED,
  SourceErrorCode.ADDRESS_FORBIDDEN,
];

/**
 * Works on the run of a source that is to be done, for a while; a job for the rest is sent. Called for a source by one
 * process at a time: the queue sees to that, and where it errs, the number of batches does. When the process dies, the
 * next one goes on after the last batch that was committed.
 *
 * A source without an answer puts the run off, by waits that grow; then it fails. `signal`: no further batch is begun.
 */
export async function runSync(
  services: SystemServices & { sources: SourceClients },
  { tenantId, sourceId }: { tenantId: string; sourceId: string },
  signal: AbortSignal,
): Promise<void> {
  const context = { ...(await createSystemContext(services, tenantId)), sources: services.sources };
  const claimed = await claimRun(context, tenantId, sourceId);
  if (!claimed) return;
  // Reading ends with the work on it, whatever is under way.
  const reading = new AbortController();
  const stopped = AbortSignal.any([signal, reading.signal]);
  const working = { run: claimed.run as Run };
  try {
    refuseChanged(claimed.run.source, claimed.digest, claimed.run.position);
    const client = await context.sources.open(tenantId, claimed.run.source);
    working.run = await prepare(context, claimed, client, stopped);
    const isDone = await work(context, working, client, { signal, stopped });
    if (isDone) await complete(context, working.run);
    else await callForRest(context, working.run);
  } catch (error) {
    if (error instanceof Superseded) return;
    if (signal.aborted) return await callForRest(context, working.run);
    await handleFailure(context, working.run, error);
  } finally {
    reading.abort();
  }
}

interface Claimed {
  run: Omit<Run, 'position'> & { position: Position | null };
  digest: string;
  changeCursor: string | null;
}

const CLAIM = `
select ${SOURCE_COLUMNS}, md5(s.settings::text) as digest, r.id as "runId", r.mode, r.is_forced as "isForced",
  r.batches, r.cursor, r.total::float8 as total, r.started_at as "startedAt",
  (select t.change_cursor from source_states t where t.tenant_id = $1 and t.source_id = s.id) as "changeCursor"
from source_sync_runs r join sources s on s.tenant_id = $1 and s.id = r.source_id
where r.tenant_id = $1 and r.source_id = $2 and r.status in ('WAITING', 'RUNNING')
for no key update of r`;

const BEGIN = `update source_sync_runs
set status = 'RUNNING', started_at = coalesce(started_at, $3), updated_at = $3, next_attempt_at = null
where tenant_id = $1 and id = $2`;

/** The run of a source that is not over, which is RUNNING from now on; null when there is none. */
async function claimRun({ database, clock }: SyncContext, tenantId: string, sourceId: string): Promise<Claimed | null> {
  return transact(database, tenantId, async (manager) => {
    const now = clock();
    const [found] = await runSql<
      Source & {
        digest: string;
        runId: string;
        mode: SourceSyncMode;
        isForced: boolean;
        batches: number;
        cursor: string | null;
        total: number | null;
        startedAt: string | Date | null;
        changeCursor: string | null;
      }
    >(manager, CLAIM, [tenantId, sourceId]);
    if (!found) return null;
    const { digest, runId, mode, isForced, batches, cursor, total, startedAt, changeCursor, ...source } = found;
    await runSql(manager, BEGIN, [tenantId, runId, now]);
    const run = {
      id: runId,
      tenantId,
      source,
      mode,
      isForced,
      batches,
      total,
      startedAt: startedAt ? new Date(startedAt) : now,
      position: cursor ? readPosition(cursor) : null,
      added: 0,
    };
    return { run, digest, changeCursor };
  });
}

const MOVE = `update source_sync_runs set cursor = $4, total = $5, updated_at = $6
  where tenant_id = $1 and id = $2 and status = 'RUNNING' and batches = $3 returning 1`;

/** Writes where the run stands, apart from batches. */
async function moveTo({ database, clock }: SyncContext, run: Run, position: Position): Promise<Run> {
  const { tenantId, id, batches, total } = run;
  const values = [tenantId, id, batches, JSON.stringify(position), total, clock()];
  if (!(await database.read(tenantId, MOVE, values)).length) throw new Superseded();
  return { ...run, position };
}

/** Decides how a run that begins is done; one that has begun goes on as it was. */
async function prepare(
  context: SyncContext,
  { run, digest, changeCursor }: Claimed,
  client: SourceClient,
  signal: AbortSignal,
): Promise<Run> {
  if (run.position) return run as Run;
  const { mode, isForced, tenantId, source } = run;
  const can = (capability: SourceCapability) => client.capabilities.has(capability);
  const missing = missingCapability(mode, client.capabilities);
  if (missing) throw new RunFailure(SyncErrorCode.NOT_SUPPORTED, missing);
  const position: Position = { part: 'INVENTORY', at: null, settings: digest, changes: null };
  let total: number | null = null;
  if (mode === SourceSyncMode.UPDATE && !isForced && changeCursor && can(SourceCapability.CHANGES)) {
    Object.assign(position, { part: 'CHANGES', at: changeCursor });
  } else {
    if (mode === SourceSyncMode.FULL) total = await countAll(client, signal);
    else if (mode === SourceSyncMode.UPDATE) {
      position.part = 'KNOWN';
      total = await countKnown(context, tenantId, source.id);
    } else {
      position.part = can(SourceCapability.RETRIEVE) ? 'KNOWN' : 'USERS';
      const known = position.part === 'KNOWN' ? await countKnown(context, tenantId, source.id) : 0;
      total = known + (await countAddresses(context, tenantId));
    }
    // What changes from here on is for the next UPDATE.
    if (mode !== SourceSyncMode.QUERY && can(SourceCapability.CHANGES))
      position.changes = await firstCursor(client, signal);
  }
  return moveTo(context, { ...run, total, position }, position);
}

/** Why a source cannot be synced so; null when it can. */
export function missingCapability(mode: SourceSyncMode, can: ReadonlySet<SourceCapability>): string | null {
  const has = (...any: SourceCapability[]) => any.some((capability) => can.has(capability));
  switch (mode) {
    case SourceSyncMode.FULL:
      return has(SourceCapability.INVENTORY) ? null : 'This source cannot list its records: FULL needs INVENTORY.';
    case SourceSyncMode.QUERY:
      return has(SourceCapability.SEARCH_BY_EMAIL)
        ? null
        : 'This source cannot search for addresses: QUERY needs SEARCH_BY_EMAIL.';
    case SourceSyncMode.UPDATE:
      return has(SourceCapability.RETRIEVE, SourceCapability.CHANGES)
        ? null
        : 'This source cannot give single records: UPDATE needs RETRIEVE or CHANGES.';
    case SourceSyncMode.MANUAL:
      return 'MANUAL syncs single records, when they are asked for: give FULL, QUERY or UPDATE.';
  }
}

async function countAll(client: SourceClient, signal: AbortSignal): Promise<number | null> {
  // It is for the progress alone.
  return client.count(signal).catch(() => null);
}

async function countKnown({ database }: SyncContext, tenantId: string, sourceId: string): Promise<number> {
  const [counted] = await database.read<{ count: number }>(
    tenantId,
    `select count(*)::float8 as count from source_records where tenant_id = $1 and source_id = $2 and status = 'SYNCED'`,
    [tenantId, sourceId],
  );
  return counted!.count;
}

async function firstCursor(client: SourceClient, signal: AbortSignal): Promise<string | null> {
  for await (const { cursor } of client.changedSince(null, signal)) return cursor;
  return null;
}

/** After so many new records the database looks at its tables anew, and again whenever they are so many times as many. */
const FIRST_ANALYSIS = 1_000;
const ANALYSIS_GROWTH = 8;
const GROWING_TABLES = ['source_records', 'users', 'user_identifiers', 'memberships', 'membership_roles'];

/**
 * Has the database learn how large its tables have become: what it planned when they were empty reads all of them for
 * each batch, and it would notice by itself a minute later, or, embedded, never.
 */
async function analyze({ database, log }: SyncContext, { tenantId }: Run): Promise<void> {
  for (const table of GROWING_TABLES) {
    // Who does not own the tables may not, and is only slower.
    await database
      .read(tenantId, `analyze ${table}`, [])
      .catch((error: unknown) => log.warn({ error, table }, 'a table could not be analyzed'));
  }
}

/** Goes through the parts of a run; false when it stopped before the end. `working` always knows how far it is. */
async function work(
  context: SyncContext,
  working: { run: Run },
  client: SourceClient,
  { signal, stopped }: { signal: AbortSignal; stopped: AbortSignal },
): Promise<boolean> {
  const end = performance.now() + TURN_MILLISECONDS;
  let analyzedAt = FIRST_ANALYSIS;
  for (;;) {
    const { part } = working.run.position;
    if (part === 'GONE' && working.run.position.at === null)
      refuseTooFew(await countGone(context, working.run), working.run.isForced);
    for await (const batch of readAhead(
      matched(context, working.run, batchesOf(context, working.run, client, stopped), stopped),
    )) {
      working.run = await takeBatch(context, working.run, batch);
      if (working.run.added >= analyzedAt) {
        await analyze(context, working.run);
        analyzedAt *= ANALYSIS_GROWTH;
      }
      const isResumable = part !== 'INVENTORY' || working.run.position.at !== null;
      if (signal.aborted || (isResumable && performance.now() > end)) return false;
    }
    const next = partAfter(working.run.mode, part);
    if (!next) return true;
    working.run = await moveTo(context, working.run, { ...working.run.position, part: next, at: null });
    if (signal.aborted) return false;
  }
}

function batchesOf(context: SyncContext, run: Run, client: SourceClient, signal: AbortSignal): AsyncIterable<Batch> {
  switch (run.position.part) {
    case 'INVENTORY':
      return readInventory(context, run, client, signal);
    case 'GONE':
      return readGone(context, run);
    case 'CHANGES':
      return readChanges(context, run, client, signal);
    case 'KNOWN':
      return readKnown(context, run, client, signal);
    case 'USERS':
    case 'RECORDS':
      return readQueries(context, run, client, signal);
  }
}

/** Batches with what a match server says of their people, where the pipeline asks one. */
async function* matched(
  context: SyncContext,
  { tenantId, source }: Run,
  batches: AsyncIterable<Batch>,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    const records = [...batch.records, ...batch.knownOnly];
    if (!records.length) yield batch;
    else yield { ...batch, references: await matchExternally(context, tenantId, source, records, signal) };
  }
}

/** Reads one item while the one before it is worked on, and no more: what is slow to be taken is read as slowly. */
async function* readAhead<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item> {
  const iterator = source[Symbol.asyncIterator]();
  const ask = () => {
    const asked = iterator.next();
    // It is waited for later, or not at all.
    asked.catch(() => undefined);
    return asked;
  };
  let next = ask();
  try {
    for (;;) {
      const item = await next;
      if (item.done) return;
      next = ask();
      yield item.value;
    }
  } finally {
    // It ends behind what is under way, which nobody waits for: the reading is aborted with the job.
    void iterator.return?.().catch(() => undefined);
  }
}

const LOCK = `select 1 from source_sync_runs
  where tenant_id = $1 and id = $2 and status = 'RUNNING' and batches = $3 for no key update`;

async function complete(context: SyncContext, run: Run): Promise<void> {
  const { tenantId, id, batches, source, position } = run;
  await transact(context.database, tenantId, async (manager) => {
    if (!(await runSql(manager, LOCK, [tenantId, id, batches])).length) return;
    const cursor = position.part === 'CHANGES' ? position.at : position.changes;
    if (cursor !== null) await keepChanges(manager, tenantId, source.id, cursor);
    await endRun(manager, writerOfSync(context, tenantId), id, { status: SyncRunStatus.COMPLETED });
  });
}

async function callForRest({ database }: SyncContext, { tenantId, source }: Run): Promise<void> {
  await transact(database, tenantId, (manager) =>
    sendJobs(manager, SOURCE_SYNC_QUEUE, [{ data: { tenantId, sourceId: source.id }, key: source.id }]),
  );
}

const WAIT = `
update source_sync_runs
set status = 'WAITING', attempts = attempts + 1, error_code = $3, error_message = $4, next_attempt_at = $5, updated_at = $6
where tenant_id = $1 and id = $2`;

/** Puts the run off, or gives it up. */
async function handleFailure(context: SyncContext, run: Run, error: unknown): Promise<void> {
  const { tenantId, id, batches, source, position } = run;
  const { code, message, isFinal } = describe(error);
  if (code === SyncErrorCode.INTERNAL) context.log.error({ error, run: id }, 'a sync failed');
  else context.log.warn({ code, message, run: id, source: source.id }, 'a sync did not get on');
  await transact(context.database, tenantId, async (manager) => {
    const [locked] = await runSql<{ attempts: number }>(manager, LOCK.replace('select 1', 'select attempts'), [
      tenantId,
      id,
      batches,
    ]);
    if (!locked) return;
    // What a source answers that cannot be read will hardly be another answer in an hour.
    const isOver = isFinal || (code === SyncErrorCode.BAD_ANSWER && locked.attempts > 0);
    const wait = isOver ? undefined : WAITS[locked.attempts];
    if (wait === undefined) {
      // A cursor that the source does not take any more would fail each time.
      if (position?.part === 'CHANGES') await keepChanges(manager, tenantId, source.id, null);
      await endRun(manager, writerOfSync(context, tenantId), id, { status: SyncRunStatus.FAILED, code, message });
      return;
    }
    const now = context.clock();
    const next = new Date(now.getTime() + wait * 1_000);
    await runSql(manager, WAIT, [tenantId, id, code, message.slice(0, 500), next, now]);
    const job = { data: { tenantId, sourceId: source.id }, key: source.id, afterSeconds: wait };
    await sendJobs(manager, SOURCE_SYNC_QUEUE, [job]);
  });
}

function describe(error: unknown): { code: SyncErrorCode; message: string; isFinal: boolean } {
  if (error instanceof RunFailure) return { code: error.code, message: error.message, isFinal: true };
  if (error instanceof SourceError) {
    const { code, message } = error;
    return { code: SyncErrorCode[code], message, isFinal: FINAL_CODES.includes(code) };
  }
  return {
    code: SyncErrorCode.INTERNAL,
    message: 'Something unexpected went wrong: the log tells more.',
    isFinal: false,
  };
}
