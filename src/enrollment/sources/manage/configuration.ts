import { QueryMismatch, type SourceKind, SourceStatus, SourceSyncMode } from '../../../entities/source-enums.js';

/** All that a source is set to beside its kind and its secrets. Ids are uuids. */
export interface SourceConfiguration {
  name: string;
  description: string | null;
  status: SourceStatus;
  /** Of its kind. */
  settings: Record<string, unknown>;
  pipelineId: string | null;
  keepsRaw: boolean;
  isOpenToOrganizations: boolean;
  syncMode: SourceSyncMode;
  /** Minutes; null: it does not sync by itself. */
  syncInterval: number | null;
  queryMismatch: QueryMismatch;
  querySkipsKnown: boolean;
  syncsOnLogin: boolean;
  /** Milliseconds. */
  timeLimit: number;
}

/**
 * As it is asked for: what is absent stays, null is as in a new source. `settings` are given as a whole; of `secrets`, what
 * is not named stays, and null takes one away (all of them, when it stands for `secrets`).
 */
export type SourceChanges = { [Name in keyof SourceConfiguration]?: SourceConfiguration[Name] | null } & {
  secrets?: Record<string, unknown> | null;
};

/** What a new source is set to of which nothing is said. */
export const NEW_SOURCE: Readonly<SourceConfiguration> = {
  name: '',
  description: null,
  status: SourceStatus.ACTIVE,
  settings: {},
  pipelineId: null,
  keepsRaw: true,
  isOpenToOrganizations: false,
  syncMode: SourceSyncMode.MANUAL,
  syncInterval: null,
  queryMismatch: QueryMismatch.CREATE_NEW,
  querySkipsKnown: false,
  syncsOnLogin: false,
  timeLimit: 5_000,
};

export const CONFIGURED = Object.keys(NEW_SOURCE) as (keyof SourceConfiguration)[];

/** The configuration with changes: a new object. */
export function changeConfiguration(known: SourceConfiguration, changes: SourceChanges): SourceConfiguration {
  const changed = Object.fromEntries(
    CONFIGURED.map((name) => {
      const wanted = changes[name];
      return [name, wanted === undefined ? known[name] : (wanted ?? NEW_SOURCE[name])];
    }),
  ) as unknown as SourceConfiguration;
  return { ...changed, name: changed.name.trim(), description: changed.description?.trim() || null };
}

/** A source as it is stored, locked or to be written. */
export interface StoredSource extends SourceConfiguration {
  id: string;
  kind: SourceKind;
  sealedSecrets: string | null;
  secretNames: string[];
  version: number;
}
