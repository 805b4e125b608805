import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import type { SourceKind, SourceStatus } from '../../entities/source-enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';

/** A source as the check of a flow needs it. */
export interface FlowSourceRow {
  id: string;
  name: string;
  kind: SourceKind;
  status: SourceStatus;
  settings: unknown;
  isOpenToOrganizations: boolean;
  /** Of its pipeline; null where it has none that runs. */
  pipelineSettings: PipelineSettings | null;
}

/** Reads {@link FlowSourceRow}s: $1 is the tenant, $2 the ids. */
export const FLOW_SOURCES = `
  select s.id, s.name, s.kind, s.status, s.settings, s.is_open_to_organizations as "isOpenToOrganizations",
    p.settings as "pipelineSettings"
  from sources s left join pipelines p on p.tenant_id = $1 and p.id = s.pipeline_id and p.status = 'ACTIVE'
  where s.tenant_id = $1 and s.id = any($2::uuid[])`;

/** What flows name, outside of any transaction. */
export function createFlowSourceLoader(database: Database) {
  return createBatch<FlowSourceRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<FlowSourceRow>(tenantId, FLOW_SOURCES, [tenantId, ids]);
    return indexBy(rows, ({ id }) => id);
  });
}
