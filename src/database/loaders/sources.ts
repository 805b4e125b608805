import { SourceHealth, type SourceKind, type SourceStatus } from '../../entities/source-enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { createFlowSourceLoader } from './flow-sources.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { SourceFileRow, SourceHealthRow, SourceRow } from './source-rows.js';
import { addTo } from './where.js';

const COLUMNS = `
  s.id as uuid, s.name, s.description, s.kind, s.status, s.settings, s.secret_names as "secretNames",
  s.pipeline_id as "pipelineUuid", s.keeps_raw as "keepsRaw", s.is_open_to_organizations as "isOpenToOrganizations",
  s.sync_mode as "syncMode", s.sync_interval_minutes as "syncInterval", s.query_mismatch as "queryMismatch",
  s.query_skips_known as "querySkipsKnown", s.syncs_on_login as "syncsOnLogin",
  s.time_limit_milliseconds as "timeLimit", s.created_at as "createdAt", s.updated_at as "updatedAt", s.version`;

export interface SourceFilter {
  kind?: SourceKind | null;
  status?: SourceStatus | null;
}

/** Sources, how they are, and what they hold. */
export function createSourceLoaders(database: Database) {
  const health = createBatch<SourceHealthRow>(async ({ tenantId }, sources) => {
    const rows = await database.read<SourceHealthRow>(
      tenantId,
      `select h.source_id as "sourceUuid", h.health as status, h.error_code as "errorCode",
         h.error_message as "errorMessage", h.failures, h.succeeded_at as "succeededAt", h.failed_at as "failedAt"
       from source_states h where h.tenant_id = $1 and h.source_id = any($2::uuid[])`,
      [tenantId, sources],
    );
    return indexBy(rows, ({ sourceUuid }) => sourceUuid);
  });

  const recordCount = createBatch<number>(async ({ tenantId }, sources) => {
    const rows = await database.read<{ source: string; count: number }>(
      tenantId,
      `select r.source_id as source, count(*)::int as count from source_records r
       where r.tenant_id = $1 and r.source_id = any($2::uuid[]) and r.status = 'SYNCED' group by 1`,
      [tenantId, sources],
    );
    return new Map(rows.map(({ source, count }) => [source, count]));
  });

  return {
    /** As flows that name it are checked. */
    ofFlow: createFlowSourceLoader(database),
    byId: createBatch<SourceRow>(async ({ tenantId }, ids) => {
      const rows = await database.read<SourceRow>(
        tenantId,
        `select ${COLUMNS} from sources s where s.tenant_id = $1 and s.id = any($2::uuid[])`,
        [tenantId, ids],
      );
      return indexBy(rows.map(toSourceRow), ({ uuid }) => uuid);
    }),
    /** The oldest first. */
    page(tenantId: string, { kind, status }: SourceFilter, request: PageRequest): Promise<Page<SourceRow>> {
      const conditions = ['s.tenant_id = $1'];
      const values: unknown[] = [tenantId];
      const where = addTo(conditions, values);
      if (kind) where((wanted) => `s.kind = ${wanted}`, kind);
      if (status) where((wanted) => `s.status = ${wanted}`, status);
      return readPage(database, tenantId, request, {
        columns: COLUMNS,
        table: 'sources s',
        where: conditions.join(' and '),
        values,
        map: toSourceRow,
      });
    },
    /** Those that flows of organizations may attach now, the oldest first. */
    open(tenantId: string, most: number): Promise<SourceRow[]> {
      return database
        .read<SourceRow>(
          tenantId,
          `select ${COLUMNS} from sources s
           where s.tenant_id = $1 and s.is_open_to_organizations and s.status = 'ACTIVE' order by s.id limit $2`,
          [tenantId, most],
        )
        .then((rows) => rows.map(toSourceRow));
    },
    async health(tenantId: string, source: string): Promise<SourceHealthRow> {
      return (await health(tenantId, source)) ?? { ...NEVER_ASKED, sourceUuid: source };
    },
    /** Of those that it still has. */
    async recordCount(tenantId: string, source: string): Promise<number> {
      return (await recordCount(tenantId, source)) ?? 0;
    },
    file: createBatch<SourceFileRow>(async ({ tenantId }, sources) => {
      const rows = await database.read<SourceFileRow>(
        tenantId,
        `select f.source_id as "sourceUuid", f.name, f.bytes::double precision as bytes, f.sha256,
           f.uploaded_at as "uploadedAt"
         from source_files f where f.tenant_id = $1 and f.source_id = any($2::uuid[])`,
        [tenantId, sources],
      );
      return indexBy(rows, ({ sourceUuid }) => sourceUuid);
    }),
    /** Which of these people's records, by key, belong to a user. */
    async linkedKeys(tenantId: string, source: string, keys: readonly string[]): Promise<Set<string>> {
      const rows = await database.read<{ key: string }>(
        tenantId,
        `select r.key from source_records r
         where r.tenant_id = $1 and r.source_id = $2 and r.key = any($3::text[]) and r.user_id is not null`,
        [tenantId, source, keys],
      );
      return new Set(rows.map(({ key }) => key));
    },
  };
}

const NEVER_ASKED = {
  status: SourceHealth.UNKNOWN,
  errorCode: null,
  errorMessage: null,
  failures: 0,
  succeededAt: null,
  failedAt: null,
};

function toSourceRow(row: SourceRow): SourceRow {
  return Object.assign(row, { __typename: 'Source' as const, id: toGlobalId('Source', row.uuid) });
}
