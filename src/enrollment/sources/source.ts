import type { QueryMismatch, SourceKind, SourceStatus, SourceSyncMode } from '../../entities/source-enums.js';

/** A source as operations work with it: its row. */
export interface Source {
  id: string;
  name: string;
  kind: SourceKind;
  status: SourceStatus;
  settings: unknown;
  /** A JSON object by name, sealed to {@link sourceSecretsPlace}. */
  sealedSecrets: string | null;
  pipelineId: string | null;
  keepsRaw: boolean;
  isOpenToOrganizations: boolean;
  syncMode: SourceSyncMode;
  syncIntervalMinutes: number | null;
  queryMismatch: QueryMismatch;
  querySkipsKnown: boolean;
  syncsOnLogin: boolean;
  timeLimitMilliseconds: number;
  /** Grows with each edit: connections of an older one are closed. */
  version: number;
}

/** Where the secrets of a source are sealed to. */
export function sourceSecretsPlace(sourceId: string): string {
  return `sources.${sourceId}.secrets`;
}

/** SQL: the columns of {@link Source}, of a table named `s`. */
export const SOURCE_COLUMNS = `s.id, s.name, s.kind, s.status, s.settings, s.sealed_secrets as "sealedSecrets",
  s.pipeline_id as "pipelineId", s.keeps_raw as "keepsRaw", s.is_open_to_organizations as "isOpenToOrganizations",
  s.sync_mode as "syncMode", s.sync_interval_minutes as "syncIntervalMinutes", s.query_mismatch as "queryMismatch",
  s.query_skips_known as "querySkipsKnown", s.syncs_on_login as "syncsOnLogin",
  s.time_limit_milliseconds as "timeLimitMilliseconds", s.version`;

type Read = <Row>(text: string, values: unknown[]) => Promise<Row[]>;

/** The source of this id; null when there is none. `read` is a transaction's, or the database's own. */
export async function findSource(read: Read, tenantId: string, sourceId: string): Promise<Source | null> {
  const text = `select ${SOURCE_COLUMNS} from sources s where s.tenant_id = $1 and s.id = $2`;
  return (await read<Source>(text, [tenantId, sourceId]))[0] ?? null;
}
