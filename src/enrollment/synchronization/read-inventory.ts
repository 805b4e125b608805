import type { OperationContext } from '../../context.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { SyncErrorCode, SyncRecordErrorCode } from '../../entities/source-enums.js';
import type { RecordPage } from '../sources/adapter.js';
import type { SourceClient } from '../sources/clients.js';
import { type Batch, LARGEST_BATCH, type RecordFault, type Run, RunFailure } from './batch.js';

/** What was read is taken after so long at the latest, also where a source gives few records at a time. */
const LONGEST_GATHERING_MILLISECONDS = 5_000;
/** Of fewer records than this, most may go at once. */
const FEW_RECORDS = 10;

/** Which of these keys the run has gone through already. */
export const DONE_KEYS = `
with asked as materialized (
  select k as key, hashtextextended(k, 0) as hash from unnest($3::text[]) k
), done as materialized (
  select unnest(b.key_hashes) as hash from source_sync_batches b where b.tenant_id = $1 and b.run_id = $2
)
select distinct asked.key from asked join done on done.hash = asked.hash`;

/**
 * All records of a source, as batches. A run that is taken up again goes on after its last batch: where the source can be
 * read from there, of the first page the keys that are done are passed over; else of all.
 */
export async function* readInventory(
  context: Pick<OperationContext, 'database'>,
  run: Run,
  client: Pick<SourceClient, 'inventory'>,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const isResumed = run.batches > 0;
  let { position } = run;
  const begin = position.at;
  let held = emptyPages(position);
  let isFirst = true;
  let since = performance.now();
  for await (const page of client.inventory(begin, signal)) {
    const isSuspect = isResumed && (begin === null || isFirst);
    isFirst = false;
    const kept = isSuspect ? await passOver(context, run, page) : page;
    if (held.records.length && held.records.length + kept.records.length > LARGEST_BATCH) {
      yield* toBatches(held, position);
      position = held.position;
      held = emptyPages(position);
    }
    held.records.push(...kept.records);
    held.faults.push(...kept.faults);
    held.position = { ...position, at: page.cursor };
    if (held.records.length >= LARGEST_BATCH || performance.now() - since > LONGEST_GATHERING_MILLISECONDS) {
      yield* toBatches(held, position);
      position = held.position;
      held = emptyPages(position);
      since = performance.now();
    }
  }
  yield* toBatches(held, position);
}

const emptyPages = (position: Run['position']) => ({
  records: [] as PersonRecord[],
  faults: [] as RecordPage['faults'],
  position,
});

/** Batches of what was read since `before`: the last of them alone brings the run to where the pages end. */
function* toBatches(
  { records, faults, position }: ReturnType<typeof emptyPages>,
  before: Run['position'],
): Generator<Batch> {
  if (!records.length && !faults.length) return;
  const found: RecordFault[] = faults.map((fault) => ({ ...fault, code: SyncRecordErrorCode.INVALID }));
  const { unique, repeated } = distinct(records);
  const all = [...found, ...repeated];
  for (let start = 0; start === 0 || start < unique.length; start += LARGEST_BATCH) {
    const isLast = start + LARGEST_BATCH >= unique.length;
    const part = unique.slice(start, start + LARGEST_BATCH);
    const told = isLast ? all : [];
    yield {
      records: part,
      knownOnly: [],
      removedIds: [],
      faults: told,
      // One that cannot be read is there all the same: it is not to be removed.
      doneKeys: [...part.map(({ key }) => key), ...told.flatMap(({ key }) => key ?? [])],
      done: part.length + told.length,
      position: isLast ? position : before,
    };
  }
}

/** The first record of each key. */
export function distinct(records: readonly PersonRecord[]): { unique: PersonRecord[]; repeated: RecordFault[] } {
  const byKey = new Map<string, PersonRecord>();
  const repeated: RecordFault[] = [];
  for (const record of records) {
    if (!byKey.has(record.key)) byKey.set(record.key, record);
    else
      repeated.push({
        key: record.key,
        code: SyncRecordErrorCode.DUPLICATE_KEY,
        message: 'Another record has this key: the first one was taken.',
      });
  }
  return { unique: [...byKey.values()], repeated };
}

async function passOver(
  { database }: Pick<OperationContext, 'database'>,
  { tenantId, id }: Run,
  page: RecordPage,
): Promise<RecordPage> {
  const keys = [...page.records.map(({ key }) => key), ...page.faults.flatMap(({ key }) => key ?? [])];
  if (!keys.length) return page;
  const rows = await database.read<{ key: string }>(tenantId, DONE_KEYS, [tenantId, id, keys]);
  const done = new Set(rows.map(({ key }) => key));
  return {
    ...page,
    records: page.records.filter(({ key }) => !done.has(key)),
    faults: page.faults.filter(({ key }) => key === null || !done.has(key)),
  };
}

/**
 * Records that were there before the run, and whether it met them. Each side is read once and then joined by the hash:
 * beside row-level security, the planner would compare each with each.
 */
const compare = (rest: string) => `
with known as materialized (
  select r.id, hashtextextended(r.key, 0) as hash from source_records r
  where r.tenant_id = $1 and r.source_id = $2 and r.status = 'SYNCED' and r.synced_at < $4 ${rest}
), met as materialized (
  select distinct unnest(b.key_hashes) as hash from source_sync_batches b where b.tenant_id = $1 and b.run_id = $3
)`;

const COUNT_GONE = `${compare('')}
select count(*)::int as known, (count(*) filter (where met.hash is null))::int as gone
from known left join met on met.hash = known.hash`;

const nextGone = (rest: string) => `${compare(rest)}
select known.id from known left join met on met.hash = known.hash
where met.hash is null order by known.id limit ${LARGEST_BATCH}`;
const NEXT_GONE = nextGone('');
const NEXT_GONE_AFTER = nextGone('and r.id > $5');

/** How many records the source had at the beginning, and how many of those it has no more. */
export async function countGone(
  { database }: Pick<OperationContext, 'database'>,
  { tenantId, source, id, startedAt }: Run,
): Promise<{ gone: number; known: number }> {
  const [counted] = await database.read<{ gone: number; known: number }>(tenantId, COUNT_GONE, [
    tenantId,
    source.id,
    id,
    startedAt,
  ]);
  return counted!;
}

/**
 * An export that broke off looks like one in which most people are gone: nothing is removed then, unless it was asked for
 * explicitly. Throws {@link RunFailure}.
 */
export function refuseTooFew({ gone, known }: { gone: number; known: number }, isForced: boolean): void {
  const isSuspicious = gone > 0 && (gone === known || (gone * 2 > known && gone >= FEW_RECORDS));
  if (isForced || !isSuspicious) return;
  throw new RunFailure(
    SyncErrorCode.TOO_FEW_RECORDS,
    `Of ${known} records that were known, ${gone} were not found: this looks like a broken export, and none was removed. If they are gone indeed, start the sync with isForced.`,
  );
}

/** The records that the source has no more, as batches. */
export async function* readGone({ database }: Pick<OperationContext, 'database'>, run: Run): AsyncGenerator<Batch> {
  const { tenantId, source, id, startedAt, position } = run;
  for (let after = position.at; ;) {
    const rows = await database.read<{ id: string }>(tenantId, after ? NEXT_GONE_AFTER : NEXT_GONE, [
      tenantId,
      source.id,
      id,
      startedAt,
      ...(after ? [after] : []),
    ]);
    if (!rows.length) return;
    after = rows.at(-1)!.id;
    const removedIds = rows.map((row) => row.id);
    const reached = { ...position, at: after };
    yield { records: [], knownOnly: [], removedIds, faults: [], doneKeys: [], done: 0, position: reached };
    if (rows.length < LARGEST_BATCH) return;
  }
}
