import type { EntityManager } from '@mikro-orm/postgresql';
import canonicalize from 'canonicalize';
import { v7 } from 'uuid';
import { writerOf } from '../../../actor.js';
import type { OperationContext } from '../../../context.js';
import { takeIdempotencyKey } from '../../../database/idempotency.js';
import { runSql, transact } from '../../../database/transact.js';
import type { SourceKind } from '../../../entities/source-enums.js';
import { recordEvents } from '../../../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../../../faults.js';
import { hashGuessable } from '../../../secret.js';
import { findKind } from '../kinds.js';
import { checkSource } from './check-source.js';
import { changeConfiguration, NEW_SOURCE, type SourceChanges } from './configuration.js';
import { changeSecrets, checkPipeline, COLUMN_NAMES, columnValues, placeholdersFrom, published } from './store.js';

/** The most sources of one tenant. */
const MOST_SOURCES = 200;

const INSERT = `insert into sources (tenant_id, id, kind, created_at, updated_at, ${COLUMN_NAMES.join(', ')})
  values ($1, $2, $3, $4, $4, ${placeholdersFrom(5).join(', ')})`;

/** Ids are uuids. */
export type CreateSource = SourceChanges & {
  idempotencyKey?: string | null;
  kind: SourceKind;
  name: string;
  settings: Record<string, unknown>;
};

/**
 * Configures a source, and gives its id. It is not asked anything yet. Throws Faults with all that is wrong: REQUIRED,
 * INVALID, TOO_LONG, NOT_FOUND, IDEMPOTENCY_KEY_REUSED.
 */
export async function createSource(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreateSource,
): Promise<string> {
  const writer = writerOf(context, 'sourceCreate');
  const { tenantId, at } = writer;
  const wanted = changeConfiguration(NEW_SOURCE, input);
  const faults = checkSource(await findKind(input.kind), input, wanted);
  const id = v7();
  // Of what was asked under a key a hash is kept, from which nobody is to find the secrets out.
  const isHashed = input.secrets && key !== null && key !== undefined;
  const secrets = isHashed ? await hashGuessable(canonicalize(input.secrets)!, `${tenantId} ${key}`) : null;
  return transact(context.database, tenantId, async (manager) => {
    refuseFaults([...faults, await checkPipeline(manager, tenantId, wanted.pipelineId)]);
    const request = { tenantId, at, operation: 'sourceCreate', key, input: { ...input, secrets }, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return made;
    await refuseTooMany(manager, tenantId);
    const empty = { id, sealedSecrets: null, secretNames: [] };
    const { sealedSecrets, secretNames } = changeSecrets(context.sealing, empty, input.secrets);
    const source = { ...wanted, sealedSecrets, secretNames };
    await runSql(manager, INSERT, [tenantId, id, input.kind, at, ...columnValues(source)]);
    const after = { kind: input.kind, ...published(source), settings: Object.keys(source.settings).sort() };
    await recordEvents(manager, writer, [{ type: 'source.created', objectId: id, after }]);
    return id;
  });
}

/** Counted under a lock of the tenant, so that two at once cannot both be the last. */
async function refuseTooMany(manager: EntityManager, tenantId: string): Promise<void> {
  await runSql(manager, 'select id from tenants where id = $1 for no key update', [tenantId]);
  const text = 'select count(*)::int as count from sources where tenant_id = $1';
  const [counted] = await runSql<{ count: number }>(manager, text, [tenantId]);
  const isFull = counted!.count >= MOST_SOURCES;
  refuseFaults([
    isFull && fault(UserErrorCode.INVALID, `There are ${MOST_SOURCES} sources already: delete one first.`),
  ]);
}
