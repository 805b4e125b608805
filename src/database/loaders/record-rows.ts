import type { PersonRecord } from '../../entities/person-record.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import type { PipelineStatus, SourceRecordStatus } from '../../entities/source-enums.js';
import type { NodeRow } from './node-row.js';

/*
 * Rows of the read paths of records and pipelines, like those of rows.ts.
 */

/** A person as one source sees them. */
export interface SourceRecordRow extends NodeRow<'SourceRecord'> {
  sourceUuid: string;
  key: string;
  status: SourceRecordStatus;
  userUuid: string | null;
  isUnlinked: boolean;
  record: PersonRecord | null;
  /** What a pipeline gave for it: enrollment/pipelines/applied.ts. */
  applied: {
    isCreator?: boolean;
    values?: Record<string, string>;
    identifiers?: string[];
    memberships?: Record<string, { isGiven: boolean; roleIds: string[]; values: Record<string, string> }>;
    failure?: { message: string };
  };
  petitionUuid: string | null;
  graceEndsAt: string | null;
  createdAt: string;
  syncedAt: string;
}

export interface PipelineRow extends NodeRow<'Pipeline'> {
  name: string;
  description: string | null;
  status: PipelineStatus;
  settings: PipelineSettings;
  createdAt: string;
  updatedAt: string;
  version: number;
}
