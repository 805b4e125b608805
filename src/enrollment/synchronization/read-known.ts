import type { OperationContext } from '../../context.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { SourceErrorCode, SyncErrorCode, SyncRecordErrorCode } from '../../entities/source-enums.js';
import type { SourceClient } from '../sources/clients.js';
import { SourceError } from '../sources/source-error.js';
import { type Batch, findIds, LARGEST_BATCH, type RecordFault, type Run, RunFailure } from './batch.js';
import { distinct } from './read-inventory.js';

/** How many people a source is asked about for one batch, and how many at the same time. */
export const ASKED_TOGETHER = 200;
const ASKED_AT_ONCE = 8;
/** Of a batch of at least so many, not most can be gone. */
const FEW_RECORDS = 10;

const KNOWN = `select r.id, r.key from source_records r
where r.tenant_id = $1 and r.source_id = $2 and r.status = 'SYNCED'`;
const NEXT = `${KNOWN} order by r.id limit ${ASKED_TOGETHER}`;
const NEXT_AFTER = `${KNOWN} and r.id > $3 order by r.id limit ${ASKED_TOGETHER}`;

/** The records that are known, each retrieved again, as batches. Those that the source has no more are removed. */
export async function* readKnown(
  { database }: Pick<OperationContext, 'database'>,
  run: Run,
  client: Pick<SourceClient, 'retrieve'>,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { tenantId, source, position, isForced } = run;
  for (let after = position.at; ;) {
    const values = [tenantId, source.id, ...(after ? [after] : [])];
    const known = await database.read<{ id: string; key: string }>(tenantId, after ? NEXT_AFTER : NEXT, values);
    if (!known.length) return;
    after = known.at(-1)!.id;
    const found: PersonRecord[] = [];
    const removedIds: string[] = [];
    const faults: RecordFault[] = [];
    await inParallel(known, async ({ id, key }) => {
      const record = await orFault(key, faults, () => client.retrieve(key, signal));
      if (record) found.push(record);
      else if (record === null) removedIds.push(id);
    });
    if (!isForced && removedIds.length >= FEW_RECORDS && removedIds.length * 2 > known.length) {
      throw new RunFailure(
        SyncErrorCode.TOO_FEW_RECORDS,
        `Of ${known.length} records that were known, ${removedIds.length} were not found: something else is probably wrong, and none of them was removed. If they are gone indeed, start the sync with isForced.`,
      );
    }
    const { unique, repeated } = distinct(found);
    yield {
      records: [],
      knownOnly: unique,
      removedIds,
      faults: [...faults, ...repeated],
      doneKeys: [],
      done: known.length,
      position: { ...position, at: after },
    };
    if (known.length < ASKED_TOGETHER) return;
  }
}

/** What changed in the source since it was read last, as batches. */
export async function* readChanges(
  context: Pick<OperationContext, 'database'>,
  run: Run,
  client: Pick<SourceClient, 'changedSince'>,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  let { position } = run;
  for await (const { records, removedKeys, faults, cursor } of client.changedSince(position.at, signal)) {
    const { unique, repeated } = latest(records);
    const told = [...faults.map((fault) => ({ ...fault, code: SyncRecordErrorCode.INVALID })), ...repeated];
    const removedIds = await findIds(context, run, removedKeys);
    const reached = { ...position, at: cursor };
    for (let start = 0; start === 0 || start < unique.length; start += LARGEST_BATCH) {
      const part = unique.slice(start, start + LARGEST_BATCH);
      const isLast = start + LARGEST_BATCH >= unique.length;
      yield {
        records: part,
        knownOnly: [],
        removedIds: isLast ? removedIds : [],
        faults: isLast ? told : [],
        doneKeys: [],
        done: part.length + (isLast ? told.length + removedKeys.length : 0),
        position: isLast ? reached : position,
      };
    }
    position = reached;
  }
}

/** Of a record that changed several times, what it is now. */
function latest(records: readonly PersonRecord[]) {
  return { unique: [...new Map(records.map((record) => [record.key, record])).values()], repeated: [] };
}

/** Why one question failed, where the source answers others: told of, and the run goes on. Undefined then. */
export async function orFault<Answer>(
  key: string | null,
  faults: RecordFault[],
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isOfOne =
      error instanceof SourceError &&
      [SourceErrorCode.BAD_ANSWER, SourceErrorCode.TOO_MANY_RECORDS].includes(error.code);
    if (!isOfOne) throw error;
    faults.push({ key, code: SyncRecordErrorCode.NO_ANSWER, message: error.message });
    return undefined;
  }
}

/** Works on some items at a time. The first failure ends it. */
export async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  let isOver = false;
  const workers = Array.from({ length: Math.min(ASKED_AT_ONCE, items.length) }, async () => {
    for (const item of queue) {
      if (isOver) return;
      await work(item);
    }
  });
  await Promise.all(workers).finally(() => (isOver = true));
}
