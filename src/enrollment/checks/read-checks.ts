import type { Database } from '../../database/database.js';
import { type Page, type PageRequest, readPage } from '../../database/loaders/page.js';
import type { SourceCheckOutcome, SourceErrorCode } from '../../entities/source-enums.js';

/** What a source said for a petition. Ids are uuids. */
export interface SourceCheckRow {
  uuid: string;
  /** Null once the source is deleted. */
  sourceUuid: string | null;
  sourceName: string;
  mode: string;
  outcome: SourceCheckOutcome;
  hits: number;
  errorCode: SourceErrorCode | null;
  message: string | null;
  /** How often it was asked in a row without an answer. */
  attempts: number;
  at: string;
}

/** What sources said for a petition, the newest first. */
export function findSourceChecks(
  database: Database,
  tenantId: string,
  petitionId: string,
  request: PageRequest,
): Promise<Page<SourceCheckRow>> {
  return readPage<SourceCheckRow>(database, tenantId, request, {
    columns: `c.id as uuid, c.source_id as "sourceUuid", c.source_name as "sourceName", c.mode, c.outcome, c.hits,
      c.error_code as "errorCode", c.message, c.attempts, c.at`,
    table: 'petition_source_checks c',
    where: 'c.tenant_id = $1 and c.petition_id = $2',
    values: [tenantId, petitionId],
    newestFirst: true,
    map: (row) => row,
  });
}
