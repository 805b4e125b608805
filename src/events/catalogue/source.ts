import { z } from 'zod';
import {
  QueryMismatch,
  SourceKind,
  SourceStatus,
  SourceSyncMode,
  SyncErrorCode,
  SyncRunTrigger,
} from '../../entities/source-enums.js';
import { defineEvent } from './define.js';
import { exampleId, globalId, oneOf } from './values.js';

/** What a source is set to. Of the settings of its kind, events hold the names alone; of its secrets, which are set. */
const settings = {
  name: z.string(),
  description: z.string().nullable(),
  status: oneOf(SourceStatus),
  secretNames: z.array(z.string()),
  pipelineId: globalId('Pipeline').nullable(),
  keepsRaw: z.boolean(),
  isOpenToOrganizations: z.boolean(),
  syncMode: oneOf(SourceSyncMode),
  /** In minutes. */
  syncInterval: z.int().nullable(),
  queryMismatch: oneOf(QueryMismatch),
  querySkipsKnown: z.boolean(),
  syncsOnLogin: z.boolean(),
  /** In milliseconds. */
  timeLimit: z.int(),
};

const kind = oneOf(SourceKind);

/** What a sync came to. `done` counts what was gone through: records; of QUERY, people who were asked about, too. */
const syncCounts = {
  sourceId: globalId('Source'),
  mode: oneOf(SourceSyncMode),
  done: z.int(),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  removed: z.int(),
  failed: z.int(),
};

const exampleCounts = {
  sourceId: exampleId('Source'),
  mode: 'FULL',
  done: 1204,
  created: 12,
  updated: 31,
  unchanged: 1160,
  removed: 4,
  failed: 1,
} as const;

/** Events about where people are known from. What a source says of people is told with what becomes of it. */
export const sourceEvents = {
  'source.created': defineEvent({
    description: 'A source was configured.',
    about: 'Source',
    changesRights: false,
    after: z.strictObject({ kind, ...settings, settings: z.array(z.string()) }),
    example: {
      after: {
        kind: 'LDAP',
        name: 'Staff directory',
        description: null,
        status: 'ACTIVE',
        settings: ['url', 'base'],
        secretNames: ['password'],
        pipelineId: exampleId('Pipeline'),
        keepsRaw: true,
        isOpenToOrganizations: false,
        syncMode: 'FULL',
        syncInterval: 1440,
        queryMismatch: 'CREATE_NEW',
        querySkipsKnown: true,
        syncsOnLogin: false,
        timeLimit: 5000,
      },
    },
  }),
  'source.updated': defineEvent({
    description:
      'The configuration of a source changed: the properties that did, and the names of the settings that did.',
    about: 'Source',
    changesRights: false,
    before: z.strictObject(settings).partial(),
    after: z
      .strictObject({
        ...settings,
        settings: z.array(z.string()),
        /** The names of the secrets that were set or cleared. */
        secrets: z.array(z.string()),
      })
      .partial(),
    example: { before: { status: 'ACTIVE' }, after: { status: 'SUSPENDED', settings: ['base'] } },
  }),
  'source.deleted': defineEvent({
    description: 'A source was deleted, with its records. What its pipeline had copied and given stays.',
    about: 'Source',
    changesRights: false,
    before: z.strictObject({ name: z.string(), kind, status: oneOf(SourceStatus) }),
    example: { before: { name: 'Staff directory', kind: 'LDAP', status: 'SUSPENDED' } },
  }),
  'source.file_uploaded': defineEvent({
    description: 'A file was uploaded for a source of kind CSV, in the place of the one before.',
    about: 'Source',
    changesRights: false,
    after: z.strictObject({
      name: z.string(),
      bytes: z.int(),
      /** Of what is in it, in hexadecimal. */
      sha256: z.string(),
    }),
    example: {
      after: {
        name: 'people.csv',
        bytes: 482_113,
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      },
    },
  }),
  'source_sync.started': defineEvent({
    description: 'A sync of a source was asked for, or its time had come: a job does it.',
    about: 'SourceSyncRun',
    changesRights: false,
    after: z.strictObject({
      sourceId: globalId('Source'),
      mode: oneOf(SourceSyncMode),
      trigger: oneOf(SyncRunTrigger),
      isForced: z.boolean(),
    }),
    example: { after: { sourceId: exampleId('Source'), mode: 'FULL', trigger: 'ADMINISTRATOR', isForced: false } },
  }),
  'source_sync.completed': defineEvent({
    description: 'A sync of a source is through. What became of each record that changed has events of its own.',
    about: 'SourceSyncRun',
    changesRights: false,
    after: z.strictObject(syncCounts),
    example: { after: exampleCounts },
  }),
  'source_sync.failed': defineEvent({
    description: 'A sync of a source was given up. What it had done until then stays.',
    about: 'SourceSyncRun',
    changesRights: false,
    after: z.strictObject({ ...syncCounts, code: oneOf(SyncErrorCode), message: z.string() }),
    example: {
      after: { ...exampleCounts, code: 'UNREACHABLE', message: 'No connection could be made.' },
    },
  }),
  'source_sync.canceled': defineEvent({
    description: 'An administrator stopped a sync of a source. What it had done until then stays.',
    about: 'SourceSyncRun',
    changesRights: false,
    after: z.strictObject(syncCounts),
    example: { after: exampleCounts },
  }),
};
