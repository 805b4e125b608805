import { v7 } from 'uuid';
import { z } from 'zod';
import type { PersonRecord } from '../../entities/person-record.js';
import { PipelineAction, SourceCapability, SourceErrorCode, SourceRecordStatus } from '../../entities/source-enums.js';
import { type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { readByKeys, type RecordRow } from '../records/record-rows.js';
import { toStored } from '../records/stored-record.js';
import { type AskingContext, openClient, requireSource } from '../sources/manage/find-client.js';
import type { Source } from '../sources/source.js';
import { SourceError } from '../sources/source-error.js';
import { type Read, readWorld } from './facts.js';
import { matchExternally } from './match-externally.js';
import { findPipeline } from './pipeline.js';
import { planRecords, type RecordPlan } from './plan.js';
import { toAsked } from './run-pipeline.js';

/** The most records of one preview. */
const MOST_RECORDS = 20;

/** Which records a pipeline would act on: by their keys, or as they are given. Ids are uuids. */
export interface PreviewPipeline {
  pipelineId: string;
  sourceId: string;
  keys?: string[] | null;
  records?: unknown[] | null;
  /** Absent: ADD for a record that is not there yet, and UPDATE for one that is. */
  action?: PipelineAction | null;
  /** Of ADD and RELINK: the person whom the records are of. */
  userId?: string | null;
}

/** What would become of one record. */
export interface PreviewedRecord {
  key: string;
  action: PipelineAction;
  plan: RecordPlan;
}

const text = (longest: number) => z.string().max(longest);
const RECORD = z.strictObject({
  key: text(512).min(1),
  names: z
    .array(z.strictObject({ givenName: text(512).nullish(), familyName: text(512).nullish() }))
    .max(20)
    .default([]),
  emails: z
    .array(z.strictObject({ address: text(512), isVerified: z.boolean() }))
    .max(20)
    .default([]),
  identifiers: z
    .array(z.strictObject({ type: text(64), value: text(512) }))
    .max(100)
    .default([]),
  affiliation: text(512).nullish(),
  attributes: z.record(z.string(), z.json()).default({}),
});

/**
 * What a pipeline would make of records, by the planner that does it, and nothing is written. Sources and match servers
 * are asked, outside of any transaction; a suspended pipeline is shown as if it ran. Throws Faults: NOT_FOUND, REQUIRED,
 * INVALID, SOURCE_UNAVAILABLE.
 */
export async function previewPipeline(context: AskingContext, input: PreviewPipeline): Promise<PreviewedRecord[]> {
  const { database, tenant, clock } = context;
  const read: Read = (statement, values) => database.read(tenant.id, statement, values);
  const pipeline = await findPipeline(read, tenant.id, input.pipelineId);
  refuseFaults([!pipeline && fault(UserErrorCode.NOT_FOUND, 'There is no such pipeline.', 'pipelineId')]);
  const source = await requireSource(context, input.sourceId).catch((error: unknown) => {
    if (!(error instanceof Faults)) throw error;
    throw new Faults(error.faults.map((found) => ({ ...found, field: ['sourceId'] })));
  });
  const keys = keysOf(input);
  const rows = new Map((await readByKeys(read, tenant.id, source.id, keys)).map((row) => [row.key, row]));
  const isAway = input.action === PipelineAction.DELETE || input.action === PipelineAction.UNLINK;
  refuseFaults(keys.map((key, index) => isAway && !rows.has(key) && unknown(index)));
  const records = isAway
    ? new Map<string, PersonRecord>()
    : input.records
      ? new Map(readRecords(input.records).map((record) => [record.key, record]))
      : await retrieve(context, source, keys);

  const asked = { ...source, pipelineId: pipeline!.id };
  const references = await matchExternally(
    context,
    tenant.id,
    asked,
    [...records.values()],
    new AbortController().signal,
  );
  const tasks = keys.map((key) => {
    const row = rows.get(key);
    const given = records.get(key);
    const stored = given && toStored(given, source.keepsRaw);
    const before = row ?? newRow(source, key);
    const action =
      input.action ?? (row?.status === SourceRecordStatus.SYNCED ? PipelineAction.UPDATE : PipelineAction.ADD);
    // Who is given a record that somebody has, gets it once it is taken from them.
    const isFreed = action === PipelineAction.RELINK && before.userId !== input.userId;
    const now = isFreed ? { ...before, userId: null, isUnlinked: true, applied: {} } : before;
    const record = stored && 'record' in stored ? stored.record : before.record;
    const chosenUserId = isAway ? null : (input.userId ?? null);
    return {
      before,
      now,
      action,
      record,
      chosenUserId,
      reference: references.get(key) ?? null,
      opensNoPetition: false,
    };
  });
  const questions = tasks.map(toAsked);
  const world = await readWorld(read, tenant.id, pipeline!.settings, questions, false);
  const plans = planRecords(pipeline!.settings, questions, world, clock());
  return keys.map((key, index) => ({ key, action: tasks[index]!.action, plan: plans[index]! }));
}

const unknown = (index: number) =>
  fault(UserErrorCode.NOT_FOUND, 'There is no record of this key.', 'keys', String(index));

function keysOf({ keys, records }: PreviewPipeline): string[] {
  refuseFaults([
    !keys?.length && !records?.length && fault(UserErrorCode.REQUIRED, 'Give keys or records.', 'keys'),
    Boolean(keys?.length && records?.length) &&
      fault(UserErrorCode.INVALID, 'Give keys or records, not both.', 'records'),
    Math.max(keys?.length ?? 0, records?.length ?? 0) > MOST_RECORDS &&
      fault(
        UserErrorCode.TOO_LONG,
        `A preview has at most ${MOST_RECORDS} records.`,
        keys?.length ? 'keys' : 'records',
      ),
  ]);
  return [...new Set(keys?.length ? keys : readRecords(records!).map(({ key }) => key))];
}

function readRecords(given: readonly unknown[]): PersonRecord[] {
  const faults: Fault[] = [];
  const records = given.flatMap((one, index): PersonRecord[] => {
    const read = RECORD.safeParse(one);
    if (read.success) {
      const { names, affiliation = null, ...rest } = read.data;
      const filled = names.map(({ givenName = null, familyName = null }) => ({ givenName, familyName }));
      return [{ ...rest, names: filled, affiliation, raw: null }];
    }
    for (const { path, message } of read.error.issues)
      faults.push(fault(UserErrorCode.INVALID, message, 'records', String(index), ...path.map(String)));
    return [];
  });
  refuseFaults(faults);
  return records;
}

async function retrieve(
  context: AskingContext,
  source: Source,
  keys: readonly string[],
): Promise<Map<string, PersonRecord>> {
  const records = new Map<string, PersonRecord>();
  try {
    const client = await openClient(context, source);
    const message = 'The source cannot be asked for one record: it lacks the capability RETRIEVE. Give records.';
    refuseFaults([
      !client.capabilities.has(SourceCapability.RETRIEVE) && fault(UserErrorCode.INVALID, message, 'keys'),
    ]);
    for (const key of keys) {
      const record = await client.retrieve(key, new AbortController().signal);
      if (record) records.set(key, record);
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const why = error.code === SourceErrorCode.PAUSED ? 'It is paused.' : error.message;
    throw new Faults([fault(UserErrorCode.SOURCE_UNAVAILABLE, `The source gave no answer: ${why}`, 'sourceId')]);
  }
  refuseFaults(
    keys.map(
      (key, index) =>
        !records.has(key) &&
        fault(UserErrorCode.NOT_FOUND, 'The source has no record of this key.', 'keys', String(index)),
    ),
  );
  return records;
}

function newRow({ id: sourceId }: Source, key: string): RecordRow {
  return {
    ...{ id: v7(), sourceId, key, status: SourceRecordStatus.SYNCED, userId: null, isUnlinked: false, hash: '' },
    ...{ record: null, verifiedEmails: [], applied: {}, petitionId: null, graceEndsAt: null },
  };
}
