import { Migration } from '@mikro-orm/migrations';
import { createTenantTable } from './tenant-table.js';

/** Tables that hold rows of tenants, in the order in which they can be made. */
const TABLES: Record<string, string> = {
  pipelines: `
    name text not null check (char_length(name) between 1 and 128),
    description text check (char_length(description) <= 256),
    status text not null check (status in ('ACTIVE', 'SUSPENDED')),
    settings jsonb not null check (octet_length(settings::text) <= 65536),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1`,
  // No list of kinds here: which there are is for the program to say, so that a new one is one adapter.
  sources: `
    name text not null check (char_length(name) between 1 and 128),
    description text check (char_length(description) <= 256),
    kind text not null check (kind ~ '^[A-Z][A-Z0-9_]{0,31}$'),
    status text not null check (status in ('ACTIVE', 'SUSPENDED')),
    settings jsonb not null check (octet_length(settings::text) <= 65536),
    sealed_secrets text,
    secret_names text[] not null default '{}',
    pipeline_id uuid,
    keeps_raw boolean not null,
    is_open_to_organizations boolean not null,
    sync_mode text not null check (sync_mode in ('FULL', 'QUERY', 'UPDATE', 'MANUAL')),
    sync_interval_minutes integer check (sync_interval_minutes between 5 and 44640),
    query_mismatch text not null check (query_mismatch in ('CREATE_NEW', 'IGNORE')),
    query_skips_known boolean not null,
    syncs_on_login boolean not null,
    time_limit_milliseconds integer not null check (time_limit_milliseconds between 100 and 60000),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    foreign key (tenant_id, pipeline_id) references pipelines (tenant_id, id) on delete set null (pipeline_id)`,
  // How a source is, and where its syncs stand: changes without the source being edited.
  source_states: `
    source_id uuid not null,
    health text not null check (health in ('UNKNOWN', 'HEALTHY', 'FAILING', 'PAUSED')),
    error_code text,
    error_message text check (char_length(error_message) <= 500),
    failures integer not null default 0,
    succeeded_at timestamptz,
    failed_at timestamptz,
    change_cursor text,
    next_sync_at timestamptz,
    unique (tenant_id, source_id),
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete cascade`,
  source_files: `
    source_id uuid not null,
    name text not null,
    bytes bigint not null,
    sha256 text not null,
    uploaded_at timestamptz not null,
    unique (tenant_id, source_id),
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete cascade`,
  source_records: `
    source_id uuid not null,
    key text not null check (char_length(key) between 1 and 512),
    status text not null check (status in ('SYNCED', 'REMOVED')),
    user_id uuid,
    is_unlinked boolean not null default false,
    hash text not null,
    record jsonb check (octet_length(record::text) <= 262144),
    verified_emails text[] not null default '{}',
    applied jsonb not null default '{}',
    petition_id uuid,
    grace_ends_at timestamptz,
    created_at timestamptz not null,
    synced_at timestamptz not null,
    version integer not null default 1,
    unique (tenant_id, source_id, key),
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete set null (user_id),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete set null (petition_id)`,
  source_sync_runs: `
    source_id uuid not null,
    mode text not null check (mode in ('FULL', 'QUERY', 'UPDATE', 'MANUAL')),
    trigger text not null check (trigger in ('SCHEDULE', 'ADMINISTRATOR')),
    is_forced boolean not null,
    status text not null check (status in ('WAITING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELED')),
    batches integer not null default 0,
    cursor text,
    total bigint,
    done bigint not null default 0,
    created bigint not null default 0,
    updated bigint not null default 0,
    unchanged bigint not null default 0,
    removed bigint not null default 0,
    failed bigint not null default 0,
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    error_code text,
    error_message text check (char_length(error_message) <= 500),
    requested_by_user_id uuid,
    created_at timestamptz not null,
    started_at timestamptz,
    updated_at timestamptz not null,
    finished_at timestamptz,
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete cascade`,
  // What a run has done, one row a batch: of its keys the hashes, by which it knows what it need not do again, and at its
  // end which records the source has no more. A record that is unchanged has no row of its own written.
  source_sync_batches: `
    run_id uuid not null,
    number integer not null,
    key_hashes bigint[] not null,
    unique (tenant_id, run_id, number),
    foreign key (tenant_id, run_id) references source_sync_runs (tenant_id, id) on delete cascade`,
  source_sync_errors: `
    run_id uuid not null,
    key text,
    code text not null,
    message text not null check (char_length(message) <= 500),
    at timestamptz not null,
    foreign key (tenant_id, run_id) references source_sync_runs (tenant_id, id) on delete cascade`,
  // Petitioners and enrollees on their way to a provider that is a source.
  source_trips: `
    petition_id uuid not null,
    source_id uuid not null,
    state_hash text not null,
    binding_hash text not null,
    redirect_uri text not null,
    return_to text not null,
    source_version integer not null,
    party text not null check (party in ('PETITIONER', 'ENROLLEE')),
    user_id uuid,
    session_id uuid,
    petition_token_hash text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    check ((session_id is null) <> (petition_token_hash is null)),
    unique (tenant_id, state_hash),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade,
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete cascade`,
  petition_source_checks: `
    petition_id uuid not null,
    source_id uuid,
    source_name text not null,
    mode text not null,
    outcome text not null check (outcome in ('LINKED', 'NOT_FOUND', 'NAME_MISMATCH', 'UNAVAILABLE', 'SUSPENDED')),
    hits integer not null,
    record_ids uuid[] not null default '{}',
    error_code text,
    message text check (char_length(message) <= 500),
    attempts integer not null default 1,
    at timestamptz not null,
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade,
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete set null (source_id)`,
};

const INDEXES = [
  'sources (tenant_id, pipeline_id)',
  'source_states (tenant_id, next_sync_at) where next_sync_at is not null',
  'source_records (tenant_id, source_id, id)',
  'source_records (tenant_id, user_id)',
  'source_records (tenant_id, petition_id) where petition_id is not null',
  'source_records (tenant_id, grace_ends_at) where grace_ends_at is not null',
  'source_sync_runs (tenant_id, source_id, id)',
  'source_sync_errors (tenant_id, run_id, id)',
  'source_trips (tenant_id, petition_id)',
  'source_trips (tenant_id, source_id)',
  'source_trips (tenant_id, expires_at)',
  'petition_source_checks (tenant_id, petition_id, id)',
  'petition_source_checks (tenant_id, source_id)',
];

/** Sources, what they say of people, and what pipelines make of it. */
export class Migration20261126Sources extends Migration {
  override up(): void {
    const SOURCES = `('SSO', 'JIT_CONNECTION', 'JIT_DOMAIN', 'ENROLLMENT', 'INVITATION', 'SCIM', 'ADMIN', 'PIPELINE')`;
    for (const table of ['memberships', 'membership_roles'])
      this.addSql(`alter table ${table} drop constraint ${table}_source_check,
        add constraint ${table}_source_check check (source in ${SOURCES})`);
    for (const [table, columns] of Object.entries(TABLES)) {
      for (const statement of createTenantTable(table, columns)) this.addSql(statement);
    }
    for (const index of INDEXES) this.addSql(`create index on ${index}`);
    this.addSql('alter table tenants add column runs_scheduled_syncs boolean not null default true');
    // One sync of a source at a time.
    this.addSql(`create unique index source_sync_runs_one_at_a_time on source_sync_runs (tenant_id, source_id)
      where status in ('WAITING', 'RUNNING')`);
  }
}
