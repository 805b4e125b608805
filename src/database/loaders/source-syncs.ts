import type {
  SourceSyncMode,
  SyncErrorCode,
  SyncRecordErrorCode,
  SyncRunStatus,
  SyncRunTrigger,
} from '../../entities/source-enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { NodeRow } from './node-row.js';

/** One sync of a source. */
export interface SourceSyncRunRow extends NodeRow<'SourceSyncRun'> {
  sourceUuid: string;
  mode: SourceSyncMode;
  trigger: SyncRunTrigger;
  isForced: boolean;
  status: SyncRunStatus;
  total: number | null;
  done: number;
  created: number;
  updated: number;
  unchanged: number;
  removed: number;
  failed: number;
  attempts: number;
  nextAttemptAt: string | null;
  errorCode: SyncErrorCode | null;
  errorMessage: string | null;
  requestedByUserUuid: string | null;
  createdAt: string;
  startedAt: string | null;
  updatedAt: string;
  finishedAt: string | null;
}

/** What was wrong with one record of a sync. */
export interface SourceSyncErrorRow {
  uuid: string;
  key: string | null;
  code: SyncRecordErrorCode;
  message: string;
  at: string;
}

const COLUMNS = `
  r.id as uuid, r.source_id as "sourceUuid", r.mode, r.trigger, r.is_forced as "isForced", r.status,
  r.total::float8 as total, r.done::float8 as done, r.created::float8 as created, r.updated::float8 as updated,
  r.unchanged::float8 as unchanged, r.removed::float8 as removed, r.failed::float8 as failed, r.attempts,
  r.next_attempt_at as "nextAttemptAt", r.error_code as "errorCode", r.error_message as "errorMessage",
  r.requested_by_user_id as "requestedByUserUuid", r.created_at as "createdAt", r.started_at as "startedAt",
  r.updated_at as "updatedAt", r.finished_at as "finishedAt"`;

/** The syncs of sources, and what went wrong in them. */
export function createSourceSyncLoaders(database: Database) {
  return {
    byId: createBatch<SourceSyncRunRow>(async ({ tenantId }, ids) => {
      const rows = await database.read<SourceSyncRunRow>(
        tenantId,
        `select ${COLUMNS} from source_sync_runs r where r.tenant_id = $1 and r.id = any($2::uuid[])`,
        [tenantId, ids],
      );
      return indexBy(rows.map(toRow), ({ uuid }) => uuid);
    }),
    /** Those of a source, the newest first. */
    page(tenantId: string, source: string, request: PageRequest): Promise<Page<SourceSyncRunRow>> {
      return readPage(database, tenantId, request, {
        columns: COLUMNS,
        table: 'source_sync_runs r',
        where: 'r.tenant_id = $1 and r.source_id = $2',
        values: [tenantId, source],
        newestFirst: true,
        map: toRow,
      });
    },
    /** In the order in which they were met. */
    errorPage(tenantId: string, run: string, request: PageRequest): Promise<Page<SourceSyncErrorRow>> {
      return readPage<SourceSyncErrorRow>(database, tenantId, request, {
        columns: 'e.id as uuid, e.key, e.code, e.message, e.at',
        table: 'source_sync_errors e',
        where: 'e.tenant_id = $1 and e.run_id = $2',
        values: [tenantId, run],
        map: (row) => row,
      });
    },
  };
}

function toRow(row: SourceSyncRunRow): SourceSyncRunRow {
  return Object.assign(row, { __typename: 'SourceSyncRun' as const, id: toGlobalId('SourceSyncRun', row.uuid) });
}
