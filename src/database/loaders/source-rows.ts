import type {
  QueryMismatch,
  SourceErrorCode,
  SourceHealth,
  SourceKind,
  SourceStatus,
  SourceSyncMode,
} from '../../entities/source-enums.js';
import type { NodeRow } from './node-row.js';

/*
 * Rows of the read paths of sources, like those of rows.ts.
 */

/** A source, without its secrets. */
export interface SourceRow extends NodeRow<'Source'> {
  name: string;
  description: string | null;
  kind: SourceKind;
  status: SourceStatus;
  settings: Record<string, unknown>;
  /** The names of the secrets that are set. */
  secretNames: string[];
  pipelineUuid: string | null;
  keepsRaw: boolean;
  isOpenToOrganizations: boolean;
  syncMode: SourceSyncMode;
  /** In minutes; null: not by itself. */
  syncInterval: number | null;
  queryMismatch: QueryMismatch;
  querySkipsKnown: boolean;
  syncsOnLogin: boolean;
  /** In milliseconds. */
  timeLimit: number;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** How a source is. Where it was never asked there is no row. */
export interface SourceHealthRow {
  sourceUuid: string;
  status: SourceHealth;
  errorCode: SourceErrorCode | null;
  errorMessage: string | null;
  failures: number;
  succeededAt: string | null;
  failedAt: string | null;
}

/** The file of a source of kind CSV that was uploaded. */
export interface SourceFileRow {
  sourceUuid: string;
  name: string;
  bytes: number;
  sha256: string;
  uploadedAt: string;
}
