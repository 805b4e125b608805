import type { EntityManager } from '@mikro-orm/postgresql';
import canonicalize from 'canonicalize';
import { v7 } from 'uuid';
import { writerOf } from '../../../actor.js';
import type { OperationContext } from '../../../context.js';
import { takeIdempotencyKey } from '../../../database/idempotency.js';
import { runSql, transact } from '../../../database/transact.js';
import type { PipelineSettings } from '../../../entities/pipeline-settings.js';
import { PipelineStatus } from '../../../entities/source-enums.js';
import { recordEvents } from '../../../events/record.js';
import { checkText, checkVersion, type Fault, fault, refuseFaults, UserErrorCode } from '../../../faults.js';
import { DEFAULT_PIPELINE } from '../default-settings.js';
import { findPipeline, type Pipeline } from '../pipeline.js';
import { checkPipelineReferences, checkPipelineSettings } from './check-pipeline.js';

/** The most pipelines of one tenant. */
const MOST_PIPELINES = 100;

/** What is absent stays, or is as {@link DEFAULT_PIPELINE} has it; null clears. Ids are uuids. */
export type PipelineChanges = {
  [Name in keyof PipelineSettings]?: PipelineSettings[Name] | null | undefined;
} & { description?: string | null | undefined; status?: PipelineStatus | null | undefined };

export type CreatePipeline = PipelineChanges & { idempotencyKey?: string | null; name: string };
export type UpdatePipeline = PipelineChanges & { id: string; expectedVersion?: number | null; name?: string | null };

/**
 * Makes a pipeline, and gives its id. Throws Faults with all that is wrong: REQUIRED, INVALID, TOO_LONG, NOT_FOUND,
 * IDEMPOTENCY_KEY_REUSED.
 */
export async function createPipeline(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreatePipeline,
): Promise<string> {
  const writer = writerOf(context, 'pipelineCreate');
  const { tenantId, at } = writer;
  const id = v7();
  const blank = { id, description: null, status: PipelineStatus.ACTIVE, settings: DEFAULT_PIPELINE, version: 1 };
  const made: Pipeline = changed({ ...blank, name: '' }, input);
  const faults = [...checkNames(input), ...checkPipelineSettings(made.settings)];
  return transact(context.database, tenantId, async (manager) => {
    refuseFaults([...faults, ...(await checkPipelineReferences(manager, tenantId, made.settings))]);
    const request = { tenantId, at, operation: writer.actor.via, key, input, objectId: id };
    const known = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (known) return known;
    await refuseTooMany(manager, tenantId);
    await runSql(
      manager,
      `insert into pipelines (tenant_id, id, name, description, status, settings, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6::jsonb, $7, $7)`,
      [tenantId, id, made.name, made.description, made.status, JSON.stringify(made.settings), at],
    );
    const { name, description, status, settings } = made;
    const after = { name, description, status, settings: Object.keys(settings).sort() };
    await recordEvents(manager, writer, [{ type: 'pipeline.created', objectId: id, after }]);
    return id;
  });
}

/**
 * Changes a pipeline. What it has given and copied follows with the next change of each record. Throws Faults: NOT_FOUND,
 * STALE_VERSION, REQUIRED, INVALID, TOO_LONG.
 */
export async function updatePipeline(context: OperationContext, input: UpdatePipeline): Promise<void> {
  const writer = writerOf(context, 'pipelineUpdate');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const known = await lockPipeline(manager, tenantId, input.id);
    const next = changed(known, input);
    refuseFaults([
      checkVersion(input.expectedVersion, known.version),
      ...checkNames(input),
      ...checkPipelineSettings(next.settings),
      ...(await checkPipelineReferences(manager, tenantId, next.settings)),
    ]);
    const names = (['name', 'description', 'status'] as const).filter((name) => known[name] !== next[name]);
    const settings = (Object.keys(next.settings) as (keyof PipelineSettings)[])
      .filter((name) => canonicalize(known.settings[name]) !== canonicalize(next.settings[name]))
      .sort();
    if (!names.length && !settings.length) return;
    await runSql(
      manager,
      `update pipelines set name = $3, description = $4, status = $5, settings = $6::jsonb, updated_at = $7,
         version = version + 1 where tenant_id = $1 and id = $2`,
      [tenantId, input.id, next.name, next.description, next.status, JSON.stringify(next.settings), at],
    );
    const pick = (from: Pipeline) => Object.fromEntries(names.map((name) => [name, from[name]]));
    const after = { ...pick(next), ...(settings.length ? { settings } : {}) };
    await recordEvents(manager, writer, [{ type: 'pipeline.updated', objectId: input.id, before: pick(known), after }]);
  });
}

/**
 * Deletes a pipeline: what it has given and copied stays. Throws Faults: NOT_FOUND, STALE_VERSION, IN_USE while a source
 * has it.
 */
export async function deletePipeline(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'pipelineDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const { name, status, version } = await lockPipeline(manager, tenantId, input.id);
    const values = [tenantId, input.id];
    const text = 'select name from sources where tenant_id = $1 and pipeline_id = $2 order by name limit 1';
    const [source] = await runSql<{ name: string }>(manager, text, values);
    refuseFaults([
      checkVersion(input.expectedVersion, version),
      source &&
        fault(UserErrorCode.IN_USE, `The source ${source.name} has this pipeline: give it another first.`, 'id'),
    ]);
    await runSql(manager, 'delete from pipelines where tenant_id = $1 and id = $2', values);
    await recordEvents(manager, writer, [{ type: 'pipeline.deleted', objectId: input.id, before: { name, status } }]);
  });
}

async function lockPipeline(manager: EntityManager, tenantId: string, id: string): Promise<Pipeline> {
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  // Whoever gives it to a source holds it: the lock waits for them.
  const found = await findPipeline(read, tenantId, id, 'for update');
  refuseFaults([!found && fault(UserErrorCode.NOT_FOUND, 'There is no such pipeline.', 'id')]);
  return found!;
}

/** A pipeline with changes. */
function changed(known: Pipeline, { name, description, status, ...rest }: PipelineChanges & { name?: string | null }) {
  const settings: PipelineSettings = { ...known.settings };
  for (const setting of Object.keys(DEFAULT_PIPELINE) as (keyof PipelineSettings)[]) {
    const wanted = rest[setting];
    if (wanted === undefined) continue;
    Object.assign(settings, { [setting]: wanted ?? DEFAULT_PIPELINE[setting] });
  }
  return {
    ...known,
    settings,
    name: name?.trim() || known.name,
    description: description === undefined ? known.description : description?.trim() || null,
    status: status ?? known.status,
  };
}

function checkNames({
  name,
  description,
}: {
  name?: string | null;
  description?: string | null | undefined;
}): (Fault | null)[] {
  return [
    checkText(name, { isRequired: true, longest: 128 }, 'name'),
    checkText(description, { longest: 256 }, 'description'),
  ];
}

/** Counted under a lock of the tenant, so that two at once cannot both be the last. */
async function refuseTooMany(manager: EntityManager, tenantId: string): Promise<void> {
  await runSql(manager, 'select id from tenants where id = $1 for no key update', [tenantId]);
  const text = 'select count(*)::int as count from pipelines where tenant_id = $1';
  const [counted] = await runSql<{ count: number }>(manager, text, [tenantId]);
  const isFull = counted!.count >= MOST_PIPELINES;
  refuseFaults([
    isFull && fault(UserErrorCode.INVALID, `There are ${MOST_PIPELINES} pipelines already: delete one first.`),
  ]);
}
