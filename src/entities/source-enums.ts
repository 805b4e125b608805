/** What kind of system a source is. A new kind is one adapter, and one entry here and in `enrollment/sources/kinds.ts`. */
export enum SourceKind {
  OIDC = 'OIDC',
  ORCID = 'ORCID',
  LDAP = 'LDAP',
  SQL = 'SQL',
  CSV = 'CSV',
  SCIM = 'SCIM',
  HTTP = 'HTTP',
  MATCH = 'MATCH',
}

export enum SourceStatus {
  ACTIVE = 'ACTIVE',
  SUSPENDED = 'SUSPENDED',
}

/** What can be asked of a source. */
export enum SourceCapability {
  AUTHENTICATE = 'AUTHENTICATE',
  SEARCH_BY_EMAIL = 'SEARCH_BY_EMAIL',
  SEARCH_BY_IDENTIFIER = 'SEARCH_BY_IDENTIFIER',
  RETRIEVE = 'RETRIEVE',
  INVENTORY = 'INVENTORY',
  CHANGES = 'CHANGES',
  MATCH = 'MATCH',
}

/** How a source was when it was asked last. */
export enum SourceHealth {
  UNKNOWN = 'UNKNOWN',
  HEALTHY = 'HEALTHY',
  FAILING = 'FAILING',
  /** It failed so often that it is left alone for a while. */
  PAUSED = 'PAUSED',
}

/** Why a source gave no answer. None of these means that it does not know the person. */
export enum SourceErrorCode {
  TIMED_OUT = 'TIMED_OUT',
  UNREACHABLE = 'UNREACHABLE',
  ADDRESS_FORBIDDEN = 'ADDRESS_FORBIDDEN',
  CREDENTIALS_REFUSED = 'CREDENTIALS_REFUSED',
  BAD_ANSWER = 'BAD_ANSWER',
  TOO_MANY_RECORDS = 'TOO_MANY_RECORDS',
  MISCONFIGURED = 'MISCONFIGURED',
  PAUSED = 'PAUSED',
}

export enum SourceSyncMode {
  FULL = 'FULL',
  QUERY = 'QUERY',
  UPDATE = 'UPDATE',
  MANUAL = 'MANUAL',
}

/** Of QUERY: what becomes of a record that lacks the address that was asked for. */
export enum QueryMismatch {
  CREATE_NEW = 'CREATE_NEW',
  IGNORE = 'IGNORE',
}

export enum SourceRecordStatus {
  SYNCED = 'SYNCED',
  REMOVED = 'REMOVED',
}

/** What a source said for a petition. */
export enum SourceCheckOutcome {
  LINKED = 'LINKED',
  NOT_FOUND = 'NOT_FOUND',
  NAME_MISMATCH = 'NAME_MISMATCH',
  UNAVAILABLE = 'UNAVAILABLE',
  SUSPENDED = 'SUSPENDED',
}

export enum PipelineStatus {
  ACTIVE = 'ACTIVE',
  SUSPENDED = 'SUSPENDED',
}

export enum PipelineMatch {
  EMAIL_ADDRESS = 'EMAIL_ADDRESS',
  IDENTIFIER = 'IDENTIFIER',
  EXTERNAL = 'EXTERNAL',
  NONE = 'NONE',
}

export enum PipelineAction {
  ADD = 'ADD',
  UPDATE = 'UPDATE',
  DELETE = 'DELETE',
  RELINK = 'RELINK',
  UNLINK = 'UNLINK',
}

/** What becomes of the person when their record is removed: COmanage's statuses, as memberships have none. */
export enum PipelineRemoval {
  /** Nothing: what was copied and given stays. */
  KEEP = 'KEEP',
  /** The membership that the pipeline gave ends (COmanage: Deleted, Expired). */
  END_MEMBERSHIP = 'END_MEMBERSHIP',
  /** It ends after some days, unless the record comes back (GracePeriod). */
  END_AFTER_GRACE = 'END_AFTER_GRACE',
  /** It ends, and the account is suspended (Suspended). */
  SUSPEND_USER = 'SUSPEND_USER',
}

/** What a pipeline did, or would do, with one record. */
export enum PipelineOutcome {
  /** A user was made of it. */
  CREATED = 'CREATED',
  /** It was linked to a user who was there. */
  LINKED = 'LINKED',
  UPDATED = 'UPDATED',
  REMOVED = 'REMOVED',
  UNLINKED = 'UNLINKED',
  UNCHANGED = 'UNCHANGED',
  /** The pipeline does not act on this: its gate is closed, or nobody is there to act on. */
  SKIPPED = 'SKIPPED',
  /** It could not be done; nothing was. */
  FAILED = 'FAILED',
}

export enum SyncRunStatus {
  WAITING = 'WAITING',
  RUNNING = 'RUNNING',
  COMPLETED = 'COMPLETED',
  FAILED = 'FAILED',
  CANCELED = 'CANCELED',
}

export enum SyncRunTrigger {
  SCHEDULE = 'SCHEDULE',
  ADMINISTRATOR = 'ADMINISTRATOR',
}

/** Why a sync was given up, or waits: what its source answered, or one of these. */
export enum SyncErrorCode {
  TIMED_OUT = 'TIMED_OUT',
  UNREACHABLE = 'UNREACHABLE',
  ADDRESS_FORBIDDEN = 'ADDRESS_FORBIDDEN',
  CREDENTIALS_REFUSED = 'CREDENTIALS_REFUSED',
  BAD_ANSWER = 'BAD_ANSWER',
  TOO_MANY_RECORDS = 'TOO_MANY_RECORDS',
  MISCONFIGURED = 'MISCONFIGURED',
  PAUSED = 'PAUSED',
  /** So few records were read that something else is probably wrong: nothing was removed. */
  TOO_FEW_RECORDS = 'TOO_FEW_RECORDS',
  SOURCE_SUSPENDED = 'SOURCE_SUSPENDED',
  SOURCE_CHANGED = 'SOURCE_CHANGED',
  NOT_SUPPORTED = 'NOT_SUPPORTED',
  INTERNAL = 'INTERNAL',
}

/** What is wrong with one record of a sync. */
export enum SyncRecordErrorCode {
  /** It cannot be read as a record. */
  INVALID = 'INVALID',
  /** Another record of the same batch has its key: the first one counts. */
  DUPLICATE_KEY = 'DUPLICATE_KEY',
  /** The pipeline could not do with it what it should; the record itself is kept. */
  PIPELINE_FAILED = 'PIPELINE_FAILED',
  /** The source gave no usable answer about it. */
  NO_ANSWER = 'NO_ANSWER',
}
