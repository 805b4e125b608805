import type { PipelineStatus, SourceRecordStatus } from '../../entities/source-enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { PipelineRow, SourceRecordRow } from './record-rows.js';
import { addTo } from './where.js';

const RECORD_COLUMNS = `
  r.id as uuid, r.source_id as "sourceUuid", r.key, r.status, r.user_id as "userUuid", r.is_unlinked as "isUnlinked",
  r.record, r.applied, r.petition_id as "petitionUuid", r.grace_ends_at as "graceEndsAt", r.created_at as "createdAt",
  r.synced_at as "syncedAt"`;

const PIPELINE_COLUMNS = `
  p.id as uuid, p.name, p.description, p.status, p.settings, p.created_at as "createdAt", p.updated_at as "updatedAt",
  p.version`;

export interface SourceRecordFilter {
  status?: SourceRecordStatus | null;
  isLinked?: boolean | null;
  key?: string | null;
  userUuid?: string | null;
}

/** The records of sources, and pipelines. */
export function createRecordLoaders(database: Database) {
  const page = (tenantId: string, conditions: string[], values: unknown[], request: PageRequest) =>
    readPage<SourceRecordRow>(database, tenantId, request, {
      columns: RECORD_COLUMNS,
      table: 'source_records r',
      where: conditions.join(' and '),
      values,
      map: toRecordRow,
    });

  return {
    byId: createBatch<SourceRecordRow>(async ({ tenantId }, ids) => {
      const text = `select ${RECORD_COLUMNS} from source_records r where r.tenant_id = $1 and r.id = any($2::uuid[])`;
      const rows = await database.read<SourceRecordRow>(tenantId, text, [tenantId, ids]);
      return indexBy(rows.map(toRecordRow), ({ uuid }) => uuid);
    }),
    /** The records of a source, in the order in which they came. */
    ofSource(
      tenantId: string,
      sourceUuid: string,
      { status, isLinked, key, userUuid }: SourceRecordFilter,
      request: PageRequest,
    ): Promise<Page<SourceRecordRow>> {
      const conditions = ['r.tenant_id = $1', 'r.source_id = $2'];
      const values: unknown[] = [tenantId, sourceUuid];
      const where = addTo(conditions, values);
      if (status) where((wanted) => `r.status = ${wanted}`, status);
      if (key) where((wanted) => `r.key = ${wanted}`, key);
      if (userUuid) where((wanted) => `r.user_id = ${wanted}`, userUuid);
      if (typeof isLinked === 'boolean') conditions.push(`r.user_id is ${isLinked ? 'not ' : ''}null`);
      return page(tenantId, conditions, values, request);
    },
    /** The records of a user, of all sources. */
    ofUser(tenantId: string, userUuid: string, request: PageRequest): Promise<Page<SourceRecordRow>> {
      return page(tenantId, ['r.tenant_id = $1', 'r.user_id = $2'], [tenantId, userUuid], request);
    },
    pipelineById: createBatch<PipelineRow>(async ({ tenantId }, ids) => {
      const text = `select ${PIPELINE_COLUMNS} from pipelines p where p.tenant_id = $1 and p.id = any($2::uuid[])`;
      const rows = await database.read<PipelineRow>(tenantId, text, [tenantId, ids]);
      return indexBy(rows.map(toPipelineRow), ({ uuid }) => uuid);
    }),
    /** The oldest first. */
    pipelinePage(
      tenantId: string,
      { status }: { status?: PipelineStatus | null },
      request: PageRequest,
    ): Promise<Page<PipelineRow>> {
      const conditions = ['p.tenant_id = $1'];
      const values: unknown[] = [tenantId];
      if (status) addTo(conditions, values)((wanted) => `p.status = ${wanted}`, status);
      return readPage(database, tenantId, request, {
        columns: PIPELINE_COLUMNS,
        table: 'pipelines p',
        where: conditions.join(' and '),
        values,
        map: toPipelineRow,
      });
    },
  };
}

function toRecordRow(row: SourceRecordRow): SourceRecordRow {
  return Object.assign(row, { __typename: 'SourceRecord' as const, id: toGlobalId('SourceRecord', row.uuid) });
}

function toPipelineRow(row: PipelineRow): PipelineRow {
  return Object.assign(row, { __typename: 'Pipeline' as const, id: toGlobalId('Pipeline', row.uuid) });
}
