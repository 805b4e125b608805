import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import type { PipelineStatus } from '../../entities/source-enums.js';

/** A pipeline as operations work with it: its row. */
export interface Pipeline {
  id: string;
  name: string;
  description: string | null;
  status: PipelineStatus;
  settings: PipelineSettings;
  version: number;
}

const FIND = `select p.id, p.name, p.description, p.status, p.settings, p.version from pipelines p
  where p.tenant_id = $1 and p.id = $2`;

type Read = <Row>(text: string, values: unknown[]) => Promise<Row[]>;

/** The pipeline of this id; null when there is none. `read` is a transaction's, or the database's own. */
export async function findPipeline(
  read: Read,
  tenantId: string,
  pipelineId: string | null,
  lock: '' | 'for update' = '',
): Promise<Pipeline | null> {
  if (!pipelineId) return null;
  return (await read<Pipeline>(lock ? `${FIND} ${lock}` : FIND, [tenantId, pipelineId]))[0] ?? null;
}
