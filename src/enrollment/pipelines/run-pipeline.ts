import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { runSql, stateOf } from '../../database/transact.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { PipelineAction, PipelineOutcome, PipelineStatus } from '../../entities/source-enums.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import type { Fact } from '../../events/catalogue.js';
import { recordEvents } from '../../events/record.js';
import { recordFacts } from '../records/record-facts.js';
import { type RecordRow, updateRecords } from '../records/record-rows.js';
import { OvertakenError, type PersonChange, writePeople } from './apply.js';
import { readWorld } from './facts.js';
import type { Reference } from './match.js';
import type { Pipeline } from './pipeline.js';
import { type AskedRecord, planRecords, type RecordPlan } from './plan.js';
import type { PipelinePerson } from './world.js';

/** A record, whose row is locked, on which a pipeline acts. */
export interface PipelineTask {
  before: RecordRow;
  /** The row as it is to be, but for what the pipeline says. */
  now: RecordRow;
  action: PipelineAction;
  /** What the source says, whether or not it is kept. */
  record: PersonRecord | null;
  chosenUserId: string | null;
  reference: Reference | null;
  /** It is asked for by a petition already. */
  opensNoPetition: boolean;
  /** Of DELETE: the days of grace are over, whatever the pipeline is by now. */
  endsGrace?: boolean;
  /** With which row the event compares, where it is another than `before`; null: it is told by what follows. */
  told?: RecordRow | null;
}

/** What became of a record. */
export interface PipelineDone {
  row: RecordRow;
  outcome: PipelineOutcome | null;
  message: string | null;
}

/** A record for whose person a petition is opened: its id is written into the row. */
export interface OpenedRecord {
  row: RecordRow;
  record: PersonRecord | null;
}

/** Opens petitions of a pipeline's flow. Gives why not, by the record's id. */
export type OpenPetitions = (
  manager: EntityManager,
  writer: Writer,
  settings: PipelineSettings,
  records: readonly OpenedRecord[],
) => Promise<Map<string, string>>;

interface RunOptions {
  /** Absent where no petition can be opened: then the next sync opens it. */
  open?: OpenPetitions | null | undefined;
  /** The source was asked about the records just now. */
  isSynced: boolean;
}

/**
 * Lets a pipeline act on records whose rows the caller has locked, and writes records, people and events: all in the
 * transaction of the caller, by a number of statements that does not depend on theirs, but for petitions that are opened.
 * A suspended pipeline, or none, links a record to the chosen person, and does nothing else.
 */
export async function runPipeline(
  manager: EntityManager,
  writer: Writer,
  pipeline: Pipeline | null,
  tasks: readonly PipelineTask[],
  options: RunOptions,
): Promise<PipelineDone[]> {
  if (!tasks.length) return [];
  const settings = pipeline?.status === PipelineStatus.ACTIVE ? pipeline.settings : null;
  const run = (some: readonly PipelineTask[]) => runTogether(manager, writer, settings, some, options);
  const together = await attemptIn(manager, () => run(tasks));
  if ('result' in together) return together.result;
  // One of them cannot be written: each is tried alone, so that the others are.
  const done: PipelineDone[] = [];
  for (const task of tasks) {
    const alone = await attemptIn(manager, () => run([task]));
    if ('result' in alone) done.push(...alone.result);
    else done.push(await giveUp(manager, writer, task, options));
  }
  return done;
}

/** Runs it in a savepoint; what the data forbids is undone so far, everything else is thrown. */
async function attemptIn<Result>(
  manager: EntityManager,
  work: () => Promise<Result>,
): Promise<{ result: Result } | { error: unknown }> {
  await runSql(manager, 'savepoint pipeline');
  try {
    const result = await work();
    await runSql(manager, 'release savepoint pipeline');
    return { result };
  } catch (error) {
    const state = stateOf(error);
    // Classes 22 and 23: a value that does not fit, or a rule of the database that it breaks.
    if (!(error instanceof OvertakenError) && !state?.startsWith('22') && !state?.startsWith('23')) throw error;
    await runSql(manager, 'rollback to savepoint pipeline');
    return { error };
  }
}

/** The record is written, and nothing becomes of its person. */
async function giveUp(
  manager: EntityManager,
  writer: Writer,
  { before, now, action }: PipelineTask,
  { isSynced }: RunOptions,
): Promise<PipelineDone> {
  const message = 'What the pipeline made of the record could not be written: it is tried again with the next sync.';
  const row = { ...now, applied: { ...now.applied, failure: { action, message } } };
  await updateRecords(manager, writer.tenantId, writer.at, [row], isSynced);
  await recordEvents(manager, writer, recordFacts(before, row));
  return { row, outcome: PipelineOutcome.FAILED, message };
}

async function runTogether(
  manager: EntityManager,
  writer: Writer,
  settings: PipelineSettings | null,
  tasks: readonly PipelineTask[],
  { open, isSynced }: RunOptions,
): Promise<PipelineDone[]> {
  const { tenantId, at } = writer;
  const asked = tasks.map(toAsked);
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  const isIdle = !settings && tasks.every(isWithoutPerson);
  const plans = isIdle ? asked.map(idlePlan) : null;
  const world = plans ? null : await readWorld(read, tenantId, settings, asked, true);
  const before = new Map(world?.people);
  const planned = plans ?? planRecords(settings, asked, world!, at);

  const facts: Fact[] = world ? await writePeople(manager, writer, changesOf(before, world.people)) : [];
  const rows = tasks.map(({ now }, index): RecordRow => {
    const { userId, isUnlinked, applied, graceEndsAt } = planned[index]!;
    return { ...now, userId, isUnlinked, applied, graceEndsAt };
  });
  const opening = tasks.flatMap(({ opensNoPetition, record }, index) =>
    planned[index]!.opensPetition && !opensNoPetition ? [{ row: rows[index]!, record }] : [],
  );
  const notes = await openFor(opening, settings && open && ((records) => open(manager, writer, settings, records)));
  const done = rows.map((row, index): PipelineDone => {
    const { outcome, message } = planned[index]!;
    const note = notes.get(row.id);
    if (!note) return { row, outcome, message };
    const all = message ? `${message} ${note}` : note;
    row.applied = { ...row.applied, failure: { action: tasks[index]!.action, message: all } };
    return { row, outcome, message: all };
  });
  const written = rows.filter((row, index) => !isDeepStrictEqual(row, tasks[index]!.before));
  await updateRecords(manager, tenantId, at, written, isSynced);
  facts.push(
    ...rows.flatMap((row, index) => {
      const { before: old, told = old } = tasks[index]!;
      return told ? recordFacts(told, row) : [];
    }),
  );
  await recordEvents(manager, writer, facts);
  return done;
}

/** Opens petitions for records that became somebody's, where that is possible here. Gives why not, by the record's id. */
async function openFor(
  records: readonly OpenedRecord[],
  open: ((records: readonly OpenedRecord[]) => Promise<Map<string, string>>) | null | undefined,
): Promise<Map<string, string>> {
  if (open && records.length) return open(records);
  return new Map(records.map(({ row }) => [row.id, 'The petition is opened with the next sync.']));
}

/** Whether it concerns nobody where there is no pipeline. */
const isWithoutPerson = ({ chosenUserId, action, endsGrace }: PipelineTask): boolean =>
  !chosenUserId && action !== PipelineAction.UNLINK && !endsGrace;

/** What the planner is to know of a record. */
export function toAsked({
  now,
  action,
  record,
  chosenUserId,
  reference,
  endsGrace = false,
}: PipelineTask): AskedRecord {
  const { id, userId, isUnlinked, petitionId } = now;
  // What was given to somebody whose account is gone, was given to nobody else.
  const { failure } = now.applied;
  const applied = userId ? now.applied : failure ? { failure } : {};
  return {
    ...{ id, action, record, userId, isUnlinked, chosenUserId, applied, petitionId, reference, endsGrace },
    newUserId: v7(),
  };
}

/** Nothing becomes of anybody. */
function idlePlan({ userId, isUnlinked, applied }: AskedRecord): RecordPlan {
  return {
    ...{ outcome: null, message: null, userId, isUnlinked, applied },
    ...{ person: null, before: null, opensPetition: false, graceEndsAt: null },
  };
}

/** The people who are others than they were. */
export function changesOf(
  before: ReadonlyMap<string, PipelinePerson>,
  after: ReadonlyMap<string, PipelinePerson>,
): PersonChange[] {
  return [...after.values()]
    .filter((person) => before.get(person.userId) !== person)
    .map((person) => ({ before: before.get(person.userId) ?? null, after: person }));
}
