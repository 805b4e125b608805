import type { EntityManager } from '@mikro-orm/postgresql';
import canonicalize from 'canonicalize';
import type { Sealing } from '../../../database/sealing.js';
import { toGlobalId } from '../../../database/loaders/ids.js';
import { runSql } from '../../../database/transact.js';
import type { FactOf } from '../../../events/catalogue.js';
import { fault, refuseFaults, UserErrorCode } from '../../../faults.js';
import { sourceSecretsPlace } from '../source.js';
import { CONFIGURED, type SourceChanges, type SourceConfiguration, type StoredSource } from './configuration.js';

const COLUMNS = `s.id, s.name, s.description, s.kind, s.status, s.settings, s.sealed_secrets as "sealedSecrets",
  s.secret_names as "secretNames", s.pipeline_id as "pipelineId", s.keeps_raw as "keepsRaw",
  s.is_open_to_organizations as "isOpenToOrganizations", s.sync_mode as "syncMode",
  s.sync_interval_minutes as "syncInterval", s.query_mismatch as "queryMismatch",
  s.query_skips_known as "querySkipsKnown", s.syncs_on_login as "syncsOnLogin",
  s.time_limit_milliseconds as "timeLimit", s.version`;

/** The source, locked until the transaction ends; Faults NOT_FOUND when it is gone. */
export async function lockSource(manager: EntityManager, tenantId: string, id: string): Promise<StoredSource> {
  const [found] = await runSql<StoredSource>(
    manager,
    `select ${COLUMNS} from sources s where s.tenant_id = $1 and s.id = $2 for update`,
    [tenantId, id],
  );
  refuseFaults([!found && fault(UserErrorCode.NOT_FOUND, 'There is no such source.', 'id')]);
  return found!;
}

/** The pipeline stays until the transaction ends. Faults NOT_FOUND. */
export async function checkPipeline(manager: EntityManager, tenantId: string, pipelineId: string | null) {
  if (!pipelineId) return null;
  const text = 'select id from pipelines where tenant_id = $1 and id = $2 for key share';
  const found = await runSql(manager, text, [tenantId, pipelineId]);
  return found.length ? null : fault(UserErrorCode.NOT_FOUND, 'There is no such pipeline.', 'pipelineId');
}

/** The values of the columns that are configured, in the order in which both statements write them. */
export function columnValues(source: Omit<StoredSource, 'id' | 'kind' | 'version'>): unknown[] {
  return [
    ...[source.name, source.description, source.status, JSON.stringify(source.settings), source.sealedSecrets],
    ...[source.secretNames, source.pipelineId, source.keepsRaw, source.isOpenToOrganizations, source.syncMode],
    ...[source.syncInterval, source.queryMismatch, source.querySkipsKnown, source.syncsOnLogin, source.timeLimit],
  ];
}

/** Their names, with how each is read. */
export const COLUMN_NAMES = [
  ...['name', 'description', 'status', 'settings', 'sealed_secrets', 'secret_names', 'pipeline_id', 'keeps_raw'],
  ...['is_open_to_organizations', 'sync_mode', 'sync_interval_minutes', 'query_mismatch', 'query_skips_known'],
  ...['syncs_on_login', 'time_limit_milliseconds'],
] as const;
const CASTS: Partial<Record<(typeof COLUMN_NAMES)[number], string>> = { settings: '::jsonb', secret_names: '::text[]' };

/** Placeholders for {@link columnValues}, the first of which is `$first`. */
export const placeholdersFrom = (first: number) =>
  COLUMN_NAMES.map((name, index) => `$${first + index}${CASTS[name] ?? ''}`);

/** The secrets of a source with changes, sealed. */
export function changeSecrets(
  sealing: Sealing,
  { id, sealedSecrets, secretNames }: Pick<StoredSource, 'id' | 'sealedSecrets' | 'secretNames'>,
  changes: SourceChanges['secrets'],
): { sealedSecrets: string | null; secretNames: string[]; changed: string[] } {
  if (changes === undefined) return { sealedSecrets, secretNames, changed: [] };
  const known = sealedSecrets === null ? {} : openSecrets(sealing, id, sealedSecrets);
  const merged = changes === null ? {} : { ...known, ...(changes as Record<string, string | null>) };
  const kept = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null);
  const next = new Map(kept.sort(([left], [right]) => (left < right ? -1 : 1)));
  const names = new Set([...secretNames, ...next.keys()]);
  const changed = [...names].filter((name) => known[name] !== next.get(name)).sort();
  if (!changed.length) return { sealedSecrets, secretNames, changed };
  const text = JSON.stringify(Object.fromEntries(next));
  return {
    sealedSecrets: next.size ? sealing.seal(text, sourceSecretsPlace(id)) : null,
    secretNames: [...next.keys()],
    changed,
  };
}

/** In the clear; those that cannot be opened any more, because their key is gone, have to be given anew. */
function openSecrets(sealing: Sealing, id: string, sealed: string): Record<string, string> {
  try {
    return JSON.parse(sealing.open(sealed, sourceSecretsPlace(id))) as Record<string, string>;
  } catch {
    return {};
  }
}

type Published = Omit<FactOf<'source.created'>['after'], 'kind' | 'settings'>;

/** What events say of a source: of its settings the names alone, of its secrets which are set. */
export function published({ settings: _, ...source }: SourceConfiguration & { secretNames: string[] }): Published {
  const { name, description, status, secretNames, keepsRaw, isOpenToOrganizations, syncMode, syncInterval } = source;
  const { queryMismatch, querySkipsKnown, syncsOnLogin, timeLimit, pipelineId } = source;
  return {
    ...{ name, description, status, secretNames, keepsRaw, isOpenToOrganizations, syncMode, syncInterval },
    ...{ queryMismatch, querySkipsKnown, syncsOnLogin, timeLimit },
    pipelineId: pipelineId && toGlobalId('Pipeline', pipelineId),
  };
}

/** The names of what differs between two configurations. JSON comes back from the database in another order. */
export function differences(left: SourceConfiguration, right: SourceConfiguration): (keyof SourceConfiguration)[] {
  return CONFIGURED.filter((name) => !isSame(left[name], right[name]));
}

/** The names of the settings that differ, sorted. */
export function settingDifferences(left: Record<string, unknown>, right: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => !isSame(left[name], right[name])).sort();
}

const isSame = (left: unknown, right: unknown) => canonicalize(left) === canonicalize(right);
