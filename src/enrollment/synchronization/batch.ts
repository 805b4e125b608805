import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { runSql, stateOf, transact } from '../../database/transact.js';
import { ActorKind } from '../../entities/enums.js';
import type { PersonRecord } from '../../entities/person-record.js';
import {
  PipelineOutcome,
  SourceStatus,
  SourceSyncMode,
  SyncErrorCode,
  SyncRecordErrorCode,
} from '../../entities/source-enums.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import type { Reference } from '../pipelines/match.js';
import { removeRecords } from '../records/remove-records.js';
import { type TakenRecord, takeRecords } from '../records/take-records.js';
import { type Source, SOURCE_COLUMNS } from '../sources/source.js';
import type { Position } from './position.js';

/** The most records of one batch. */
export const LARGEST_BATCH = 1_000;
/** The most errors about single records that a run keeps; the others are counted. */
const MOST_ERRORS = 1_000;

export interface RecordFault {
  key: string | null;
  code: SyncRecordErrorCode;
  message: string;
}

/** What was read of a source and is to be taken in one transaction. */
export interface Batch {
  records: PersonRecord[];
  /** Records that are taken only where they are known already. */
  knownOnly: PersonRecord[];
  /** The ids of records that the source has no more. */
  removedIds: string[];
  faults: RecordFault[];
  /** What the run need not do again: keys, or what else was gone through. */
  doneKeys: string[];
  /** How far the batch brings the run, in what `total` counts. */
  done: number;
  /** Where the run stands after it. */
  position: Position;
  /** By key: what a match server said of who it is, where the pipeline asks one. */
  references?: ReadonlyMap<string, Reference>;
}

/** A run under way, as its worker knows it. */
export interface Run {
  id: string;
  tenantId: string;
  source: Source;
  mode: SourceSyncMode;
  isForced: boolean;
  startedAt: Date;
  total: number | null;
  /** How many batches are done: another number in the database says that another worker has taken over. */
  batches: number;
  position: Position;
  /** How many records this worker has added. */
  added: number;
}

/** Another worker has taken the run over, or it was canceled: this one stops without doing anything more. */
export class Superseded extends Error {}

/** The run cannot be brought to its end, however often it is tried. */
export class RunFailure extends Error {
  constructor(
    readonly code: SyncErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** What batches are taken with: also what petitions are opened with, where a pipeline does. */
export type BatchContext = PetitionContext;

/** Whose changes those of a sync are. */
export function writerOfSync({ clock }: Pick<OperationContext, 'clock'>, tenantId: string): Writer {
  return { tenantId, at: clock(), actor: { kind: ActorKind.SYSTEM, userId: null, via: 'sourceSync' } };
}

const LOCK = `
select ${SOURCE_COLUMNS}, md5(s.settings::text) as digest, r.failed::float8 as failed
from source_sync_runs r join sources s on s.tenant_id = $1 and s.id = r.source_id
where r.tenant_id = $1 and r.id = $2 and r.status = 'RUNNING' and r.batches = $3
for no key update of r`;

const RECORD = `
with counted as (
  update source_sync_runs set batches = batches + 1, cursor = $4, done = done + $5, created = created + $6,
    updated = updated + $7, unchanged = unchanged + $8, removed = removed + $9, failed = failed + $10,
    attempts = 0, error_code = null, error_message = null, updated_at = $11
  where tenant_id = $1 and id = $2
), told as (
  insert into source_sync_errors (id, tenant_id, run_id, key, code, message, at)
  select e.id, $1, $2, e.key, e.code, e.message, $11
  from jsonb_to_recordset($12::jsonb) as e(id uuid, key text, code text, message text)
)
insert into source_sync_batches (id, tenant_id, run_id, number, key_hashes)
select $13, $1, $2, $3, coalesce((select array_agg(hashtextextended(k, 0)) from unnest($14::text[]) k), '{}')`;

const KNOWN_IDS = `
select id from source_records
where tenant_id = $1 and source_id = $2 and key = any($3::text[]) and status = 'SYNCED'`;

/**
 * Takes a batch: the records, what the pipeline makes of them, its events, and the run's progress, in one transaction.
 * Gives the run as it stands then. A record that the database refuses is told of, and the others are taken. Throws
 * {@link Superseded} and {@link RunFailure}; then nothing is done.
 */
export async function takeBatch(context: BatchContext, run: Run, batch: Batch): Promise<Run> {
  try {
    return await commitBatch(context, run, batch);
  } catch (error) {
    // What the database refuses is in one of the records: halving finds it.
    if (!/^(22|23|54)/.test(stateOf(error) ?? '')) throw error;
    const halves = halve(batch, run.position);
    if (!halves) throw error;
    let reached = run;
    for (const half of halves) reached = await takeBatch(context, reached, half);
    return reached;
  }
}

async function commitBatch(context: BatchContext, run: Run, batch: Batch): Promise<Run> {
  const { tenantId, id, mode, isForced } = run;
  return transact(context.database, tenantId, async (manager) => {
    const [locked] = await runSql<Source & { digest: string; failed: number }>(manager, LOCK, [
      tenantId,
      id,
      run.batches,
    ]);
    if (!locked) throw new Superseded();
    const { digest, failed: failedBefore, ...source } = locked;
    refuseChanged(source, digest, batch.position);
    const writer = writerOfSync(context, tenantId);
    const takesNew = mode !== SourceSyncMode.UPDATE;
    const options = { isForced, context, references: batch.references ?? new Map<string, Reference>() };
    const taken = [
      ...(await takeRecords(manager, writer, source, batch.records, { ...options, takesNew })),
      ...(await takeRecords(manager, writer, source, batch.knownOnly, { ...options, takesNew: false })),
    ];
    const gone = await removeRecords(manager, writer, source, batch.removedIds);
    const removed = gone.filter(({ change }) => change === 'REMOVED');
    const counts = count(taken);
    const faults = [...batch.faults, ...[...taken, ...removed].flatMap(faultOf)];
    const kept = faults.slice(0, Math.max(0, MOST_ERRORS - failedBefore));
    await runSql(manager, RECORD, [
      tenantId,
      id,
      run.batches,
      JSON.stringify(batch.position),
      batch.done,
      counts.created,
      counts.updated,
      counts.unchanged,
      removed.length,
      faults.length,
      writer.at,
      JSON.stringify(kept.map(({ message, ...fault }) => ({ id: v7(), ...fault, message: message.slice(0, 500) }))),
      v7(),
      batch.doneKeys,
    ]);
    return {
      ...run,
      source,
      batches: run.batches + 1,
      position: batch.position,
      added: run.added + counts.created,
    };
  });
}

/** A source that is edited under way is not read on: what a cursor means depends on its settings. */
export function refuseChanged(source: Source, digest: string, position: Position | null): void {
  if (source.status !== SourceStatus.ACTIVE)
    throw new RunFailure(SyncErrorCode.SOURCE_SUSPENDED, 'The source was suspended.');
  if (position && digest !== position.settings)
    throw new RunFailure(
      SyncErrorCode.SOURCE_CHANGED,
      'The settings of the source were changed: start the sync again.',
    );
}

function count(taken: readonly TakenRecord[]) {
  const counts = { created: 0, updated: 0, unchanged: 0 };
  for (const { change, outcome } of taken) {
    if (outcome === PipelineOutcome.FAILED) continue;
    if (change === 'NEW') counts.created++;
    else if (change === 'CHANGED' || change === 'RETURNED') counts.updated++;
    else if (change === 'UNCHANGED') counts.unchanged++;
  }
  return counts;
}

function faultOf({ key, outcome, message }: TakenRecord): RecordFault[] {
  if (outcome !== PipelineOutcome.FAILED) return [];
  return [{ key, code: SyncRecordErrorCode.PIPELINE_FAILED, message: message ?? 'The pipeline failed.' }];
}

/** Two batches that are this one together; of a single record, the one without it. Null: there is nothing to halve. */
function halve(batch: Batch, before: Position): Batch[] | null {
  const { records, knownOnly, removedIds } = batch;
  const size = records.length + knownOnly.length + removedIds.length;
  if (size === 0) return null;
  if (size === 1) {
    const key = records[0]?.key ?? knownOnly[0]?.key ?? null;
    const fault = { key, code: SyncRecordErrorCode.INVALID, message: 'The database cannot hold this record.' };
    return [{ ...batch, records: [], knownOnly: [], removedIds: [], faults: [...batch.faults, fault] }];
  }
  const middle = Math.ceil(size / 2);
  const cut = <Item>(items: readonly Item[], offset: number) => Math.min(Math.max(middle - offset, 0), items.length);
  const [first, second, third] = [
    cut(records, 0),
    cut(knownOnly, records.length),
    cut(removedIds, records.length + knownOnly.length),
  ];
  const doneKeys = records.slice(0, first).map(({ key }) => key);
  const early = new Set(doneKeys);
  return [
    {
      ...batch,
      records: records.slice(0, first),
      knownOnly: knownOnly.slice(0, second),
      removedIds: removedIds.slice(0, third),
      faults: [],
      doneKeys,
      done: Math.min(first, batch.done),
      position: before,
    },
    {
      ...batch,
      records: records.slice(first),
      knownOnly: knownOnly.slice(second),
      removedIds: removedIds.slice(third),
      doneKeys: batch.doneKeys.filter((key) => !early.has(key)),
      done: batch.done - Math.min(first, batch.done),
    },
  ];
}

/** The ids of the records of these keys that the source had until now. */
export async function findIds(
  { database }: Pick<OperationContext, 'database'>,
  { tenantId, source }: Pick<Run, 'tenantId' | 'source'>,
  keys: readonly string[],
): Promise<string[]> {
  if (!keys.length) return [];
  const rows = await database.read<{ id: string }>(tenantId, KNOWN_IDS, [tenantId, source.id, keys]);
  return rows.map(({ id }) => id);
}
