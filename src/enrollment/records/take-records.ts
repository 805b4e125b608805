import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { PipelineAction, PipelineOutcome, SourceRecordStatus } from '../../entities/source-enums.js';
import type { Reference } from '../pipelines/match.js';
import { findPipeline } from '../pipelines/pipeline.js';
import { opener, type OpeningContext } from '../pipelines/open-petitions.js';
import { type PipelineTask, runPipeline } from '../pipelines/run-pipeline.js';
import type { Source } from '../sources/source.js';
import { insertRecords, lockByKeys, readKnown, type RecordRow } from './record-rows.js';
import { type StoredRecord, toStored } from './stored-record.js';

export interface TakeOptions {
  /** Whether records that are not known yet are taken. */
  takesNew: boolean;
  /** Whether the pipeline also runs for records that did not change. */
  isForced?: boolean;
  /** The petition for which they were asked: it is kept with new records. No other is opened for them. */
  petitionId?: string | null;
  /** The person whom these records are of, where that is known already: the pipeline acts on them. */
  userId?: string | null;
  /**
   * Where it is not: that person is asked for now. The pipeline acts on a record that is nobody's as if it were new, so
   * that it makes or finds them also by one that was there before.
   */
  findsPerson?: boolean;
  /** By key: what the match server said, asked beforehand (`matchExternally`) for pipelines that match by one. */
  references?: ReadonlyMap<string, Reference>;
  /**
   * What petitions are opened with: the request's context, or that of `createSystemContext`. Without one, a petition that
   * the pipeline opens is opened by the next sync that has one. Not needed with `petitionId`.
   */
  context?: OpeningContext | null;
}

/** What became of one record. */
export interface TakenRecord {
  key: string;
  /** Null for a record that is not taken because it is new, or cannot be kept. */
  recordId: string | null;
  change: 'NEW' | 'CHANGED' | 'UNCHANGED' | 'RETURNED' | 'REMOVED' | 'IGNORED';
  /** Whose record it is by now; null: nobody's. */
  userId: string | null;
  /** What the pipeline did; null where none ran. */
  outcome: PipelineOutcome | null;
  /** Of FAILED, why; otherwise what could not be done. For administrators. */
  message: string | null;
}

const { ADD, UPDATE } = PipelineAction;

/**
 * Takes what a source says of people, at most 1,000, in the transaction of the caller and by a number of statements that
 * does not depend on theirs: writes the records that are new or other than they were, lets the source's pipeline act on
 * those, and gives what became of each, in their order; of several with one key, of the last one. One that is unchanged
 * writes nothing. What a pipeline cannot do with one record leaves the others as they are, and that record is written all
 * the same: the pipeline tries again with the next sync.
 */
export async function takeRecords(
  manager: EntityManager,
  writer: Writer,
  source: Source,
  records: readonly PersonRecord[],
  options: TakeOptions,
): Promise<TakenRecord[]> {
  if (!records.length) return [];
  const { tenantId, at } = writer;
  const given = new Map(records.map((record) => [record.key, toStored(record, source.keepsRaw)]));
  const taken = new Map<string, TakenRecord>();
  const stored = new Map<string, StoredRecord>();
  for (const [key, read] of given) {
    if ('record' in read) stored.set(key, read);
    else taken.set(key, { ...ignored(key), outcome: PipelineOutcome.FAILED, message: read.message });
  }

  const userId = options.userId ?? null;
  const asksOwner = Boolean(userId ?? options.findsPerson);
  const known = new Map(
    (await readKnown(manager, tenantId, source.id, [...stored.keys()])).map((row) => [row.key, row]),
  );
  const fresh: RecordRow[] = [];
  const others: string[] = [];
  for (const [key, read] of stored) {
    const row = known.get(key);
    if (!row && options.takesNew) fresh.push(newRow(source, key, read, options.petitionId ?? null));
    else if (!row) taken.set(key, ignored(key));
    else if (row.hash !== read.hash || row.status === SourceRecordStatus.REMOVED || row.hasFailure || options.isForced)
      others.push(key);
    else if (userId ? row.userId !== userId : options.findsPerson && !row.userId) others.push(key);
    else taken.set(key, { ...unchanged(key), recordId: row.id, userId: row.userId });
  }
  const made = await insertRecords(manager, tenantId, at, fresh);
  others.push(...fresh.map(({ key }) => key).filter((key) => !made.has(key)));
  const locked = others.length ? await lockByKeys(manager, tenantId, source.id, others) : [];

  const tasks: PipelineTask[] = fresh.filter(({ key }) => made.has(key)).map((row) => newTask(row, stored, options));
  const changes = new Map<string, TakenRecord['change']>(tasks.map(({ before }) => [before.key, 'NEW']));
  for (const row of locked) {
    const change = changeOf(row, stored.get(row.key)!);
    const left = leftAlone(row, userId);
    if (left) taken.set(row.key, { ...unchanged(row.key), recordId: row.id, userId: row.userId, ...left });
    else if (change === 'UNCHANGED' && !options.isForced && !row.applied.failure && !(asksOwner && !row.userId))
      taken.set(row.key, { ...unchanged(row.key), recordId: row.id, userId: row.userId });
    else {
      changes.set(row.key, change);
      tasks.push(knownTask(row, stored, options, change));
    }
  }
  // A source that is forgotten in the meantime takes its records with it.
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  const pipeline = await findPipeline(read, tenantId, source.pipelineId);
  const done = await runPipeline(manager, writer, pipeline, tasks, {
    open: options.context && opener(options.context),
    isSynced: true,
  });
  for (const { row, outcome, message } of done) {
    const { key, id, userId: owner } = row;
    taken.set(key, { key, recordId: id, change: changes.get(key)!, userId: owner, outcome, message });
  }
  return [...given.keys()].map((key) => taken.get(key)!);
}

const unchanged = (key: string): TakenRecord => ({ ...ignored(key), change: 'UNCHANGED' });

const ignored = (key: string): TakenRecord => ({
  key,
  recordId: null,
  change: 'IGNORED',
  userId: null,
  outcome: null,
  message: null,
});

function changeOf(row: RecordRow, { hash }: StoredRecord): 'CHANGED' | 'UNCHANGED' | 'RETURNED' {
  if (row.status === SourceRecordStatus.REMOVED) return 'RETURNED';
  return row.hash === hash ? 'UNCHANGED' : 'CHANGED';
}

/** What is somebody else's, or was taken from them by hand, is not the chosen person's: it stays as it is, and that is said. */
function leftAlone(row: RecordRow, userId: string | null): Pick<TakenRecord, 'outcome' | 'message'> | null {
  const outcome = PipelineOutcome.FAILED;
  if (!userId || row.userId === userId) return null;
  if (row.userId)
    return { outcome, message: 'The record is linked to another person: relink it, if it is not theirs.' };
  if (!row.isUnlinked) return null;
  return { outcome, message: 'An administrator has unlinked this record: only relinking links it again.' };
}

function newRow(source: Source, key: string, read: StoredRecord, petitionId: string | null): RecordRow {
  return {
    id: v7(),
    sourceId: source.id,
    key,
    status: SourceRecordStatus.SYNCED,
    userId: null,
    isUnlinked: false,
    hash: read.hash,
    record: read.kept,
    verifiedEmails: read.verifiedEmails,
    applied: {},
    petitionId,
    graceEndsAt: null,
  };
}

function newTask(row: RecordRow, stored: ReadonlyMap<string, StoredRecord>, options: TakeOptions): PipelineTask {
  return { before: row, now: row, action: ADD, ...givenOf(row.key, stored, options) };
}

function knownTask(
  row: RecordRow,
  stored: ReadonlyMap<string, StoredRecord>,
  options: TakeOptions,
  change: TakenRecord['change'],
): PipelineTask {
  const read = stored.get(row.key)!;
  const now: RecordRow = {
    ...row,
    status: SourceRecordStatus.SYNCED,
    hash: read.hash,
    record: read.kept,
    verifiedEmails: read.verifiedEmails,
    graceEndsAt: null,
  };
  // What becomes somebody's, or is there again, is as if it were new; what could not be done is done again.
  const isAdded = change === 'RETURNED' || (Boolean(options.userId ?? options.findsPerson) && !row.userId);
  const action = isAdded ? ADD : (row.applied.failure?.action ?? UPDATE);
  return { before: row, now, action, ...givenOf(row.key, stored, options) };
}

function givenOf(
  key: string,
  stored: ReadonlyMap<string, StoredRecord>,
  { userId, references, petitionId }: TakeOptions,
): Pick<PipelineTask, 'record' | 'chosenUserId' | 'reference' | 'opensNoPetition'> {
  return {
    record: stored.get(key)!.record,
    chosenUserId: userId ?? null,
    reference: references?.get(key) ?? null,
    opensNoPetition: Boolean(petitionId),
  };
}
