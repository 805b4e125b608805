import * as stored from '../entities/source-enums.js';
import { registerEnum } from './register-enum.js';

registerEnum(stored.SourceKind, 'SourceKind', 'What kind of system a source is. `sourceKinds` says what each can do.', {
  OIDC: 'An OpenID provider.',
  ORCID: 'ORCID: the register of researchers.',
  LDAP: 'A directory.',
  SQL: 'A database.',
  CSV: 'A file: one person a line.',
  SCIM: 'A SCIM 2.0 server.',
  HTTP: 'A JSON API.',
  MATCH: 'A match server: it says who is the same person, and holds no records.',
});
registerEnum(stored.SourceStatus, 'SourceStatus', 'Whether a source is asked.', {
  ACTIVE: 'It is asked.',
  SUSPENDED: 'It is not asked: flows go on as if they had not attached it, and nothing syncs.',
});
registerEnum(stored.SourceCapability, 'SourceCapability', 'What can be asked of a source.', {
  AUTHENTICATE: 'That a person signs in there.',
  SEARCH_BY_EMAIL: 'Who has an address.',
  SEARCH_BY_IDENTIFIER: 'Who has an identifier.',
  RETRIEVE: 'The record of a key.',
  INVENTORY: 'All records.',
  CHANGES: 'What changed since it was last asked.',
  MATCH: 'Who is the same person.',
});
registerEnum(stored.SourceHealth, 'SourceHealth', 'How a source was when it was asked last.', {
  UNKNOWN: 'It was not asked yet, or not since it was edited.',
  HEALTHY: 'It answered.',
  FAILING: 'It did not answer, or not as it should.',
  PAUSED: 'It failed so often that it is left alone for a while.',
});
registerEnum(
  stored.SourceErrorCode,
  'SourceErrorCode',
  'Why a source gave no answer. None of these means that it does not know somebody.',
  {
    TIMED_OUT: 'It took longer than its time limit.',
    UNREACHABLE: 'No connection could be made, or it broke off.',
    ADDRESS_FORBIDDEN: 'Its address is not a public one.',
    CREDENTIALS_REFUSED: 'It refuses the credentials.',
    BAD_ANSWER: 'Its answer cannot be read.',
    TOO_MANY_RECORDS: 'The search finds more people than may be shown: narrow it.',
    MISCONFIGURED: 'Its settings do not suit it.',
    PAUSED: 'It failed so often that it is left alone for a while.',
  },
);
registerEnum(stored.SourceSyncMode, 'SourceSyncMode', 'What a sync of a source does.', {
  FULL: 'Reads all that there is, and removes what is there no more.',
  QUERY: 'Looks for the verified addresses of the people who are known here.',
  UPDATE: 'Reads the records again that are known.',
  MANUAL: 'Nothing by itself: an administrator asks for each record.',
});
registerEnum(
  stored.QueryMismatch,
  'QueryMismatch',
  'Of QUERY: what becomes of a record that lacks the address that was asked for.',
  {
    CREATE_NEW: 'It is taken as somebody new.',
    IGNORE: 'It is passed over.',
  },
);
registerEnum(stored.SourceRecordStatus, 'SourceRecordStatus', 'Where the record of a person in a source stands.', {
  SYNCED: 'The source had it when it was read last.',
  REMOVED: 'The source has it no more.',
});
registerEnum(stored.SourceCheckOutcome, 'SourceCheckOutcome', 'What a source said for a petition.', {
  LINKED: 'It knows the person, and the record was linked.',
  NOT_FOUND: 'It knows nobody who is looked for.',
  NAME_MISMATCH: 'It knows somebody with that address whose family name differs.',
  UNAVAILABLE: 'It gave no answer; it is asked again.',
  SUSPENDED: 'It is suspended or gone, and was not asked.',
});
registerEnum(stored.PipelineStatus, 'PipelineStatus', 'Whether a pipeline runs.', {
  ACTIVE: 'It runs.',
  SUSPENDED: 'It does not: records are kept all the same.',
});
registerEnum(stored.PipelineMatch, 'PipelineMatch', 'By what a pipeline knows whose a record is.', {
  EMAIL_ADDRESS: 'By an address that the source vouches for and the user has proven.',
  IDENTIFIER: 'By an identifier of one type.',
  EXTERNAL: 'A match server says it.',
  NONE: 'By nothing: only links that were made otherwise count.',
});
registerEnum(stored.PipelineAction, 'PipelineAction', 'What happened to a record.', {
  ADD: 'It is new, or came back.',
  UPDATE: 'It changed.',
  DELETE: 'The source has it no more.',
  RELINK: 'It was given to another user.',
  UNLINK: 'It was taken from its user.',
});
registerEnum(stored.PipelineRemoval, 'PipelineRemoval', 'What becomes of a person when their record is removed.', {
  KEEP: 'Nothing: what was copied and given stays.',
  END_MEMBERSHIP: 'The membership that the pipeline gave ends.',
  END_AFTER_GRACE: 'It ends after some days, unless the record comes back.',
  SUSPEND_USER:
    'It ends, and the account is suspended, where it was made of this record and no other record is linked to it.',
});
registerEnum(stored.PipelineOutcome, 'PipelineOutcome', 'What a pipeline did, or would do, with one record.', {
  CREATED: 'A user was made of it.',
  LINKED: 'It was linked to a user who was there.',
  UPDATED: 'What changed was copied.',
  REMOVED: 'What the removal asks for was done.',
  UNLINKED: 'It was taken from its user.',
  UNCHANGED: 'There was nothing to do.',
  SKIPPED: 'The pipeline does not act on this, or nobody is there to act on.',
  FAILED: 'It could not be done; nothing was.',
});
registerEnum(stored.SyncRunStatus, 'SyncRunStatus', 'Where a sync stands.', {
  WAITING: 'It is to begin.',
  RUNNING: 'It is under way.',
  COMPLETED: 'It is through.',
  FAILED: 'It was given up; the error says why.',
  CANCELED: 'An administrator stopped it.',
});
registerEnum(stored.SyncRunTrigger, 'SyncRunTrigger', 'Why a sync began.', {
  SCHEDULE: 'Its time had come.',
  ADMINISTRATOR: 'An administrator asked for it.',
});
