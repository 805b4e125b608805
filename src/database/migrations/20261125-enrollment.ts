import { Migration } from '@mikro-orm/migrations';
import { createTenantTable } from './tenant-table.js';

const STATUSES = `('CREATED', 'PENDING_CONFIRMATION', 'CONFIRMED', 'PENDING_VETTING', 'PENDING_APPROVAL', 'APPROVED',
  'DENIED', 'DECLINED', 'DUPLICATE', 'FINALIZED', 'CANCELED', 'EXPIRED')`;

/** Tables that hold rows of tenants, in the order in which they can be made. */
const TABLES: Record<string, string> = {
  enrollment_flows: `
    organization_id uuid,
    name text not null check (char_length(name) between 1 and 128),
    description text check (char_length(description) <= 256),
    status text not null check (status in ('ACTIVE', 'SUSPENDED', 'TEMPLATE')),
    current_version_id uuid not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  enrollment_flow_versions: `
    flow_id uuid,
    number integer not null,
    name text not null,
    settings jsonb not null check (octet_length(settings::text) <= 262144),
    created_at timestamptz not null,
    created_by_user_id uuid,
    unique (tenant_id, flow_id, number),
    foreign key (tenant_id, flow_id) references enrollment_flows (tenant_id, id) on delete set null (flow_id)`,
  petitions: `
    flow_id uuid,
    flow_version_id uuid not null,
    organization_id uuid,
    status text not null check (status in ${STATUSES}),
    step text not null,
    waits_for text check (waits_for in ('PETITIONER', 'ENROLLEE', 'APPROVER', 'ADMINISTRATOR', 'SYSTEM')),
    petitioner_user_id uuid,
    enrollee_user_id uuid,
    petitioner_token_hash text,
    petitioner_token_expires_at timestamptz,
    enrollee_token_hash text,
    enrollee_token_expires_at timestamptz,
    progress jsonb not null,
    attributes jsonb not null default '{}' check (octet_length(attributes::text) <= 65536),
    email text,
    email_normalized text,
    is_email_verified boolean not null default false,
    locale text not null check (locale in ('EN', 'FR')),
    return_url text check (char_length(return_url) <= 4096),
    approver_kind text check (approver_kind in ('ROLE', 'ORGANIZATION_ADMINISTRATORS', 'ANY_ADMINISTRATOR')),
    approver_role_id uuid,
    approver_organization_id uuid,
    approver_place text collate "C" generated always as (approver_kind || ':' || coalesce(approver_role_id::text, '') || ':'
      || coalesce(approver_organization_id::text, '')) stored,
    decided_by_user_id uuid,
    decided_at timestamptz,
    decision_comment text check (char_length(decision_comment) <= 2000),
    vetting_status text check (vetting_status in
      ('REQUESTED', 'PENDING_RESULT', 'PENDING_MANUAL', 'PASSED', 'FAILED', 'ERROR', 'CANCELED')),
    membership_id uuid,
    waits_since timestamptz not null,
    due_at timestamptz,
    expires_at timestamptz,
    reminders integer not null default 0,
    is_escalated boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    finished_at timestamptz,
    version integer not null default 1,
    check ((email is null) = (email_normalized is null)),
    unique (tenant_id, petitioner_token_hash),
    unique (tenant_id, enrollee_token_hash),
    foreign key (tenant_id, flow_id) references enrollment_flows (tenant_id, id) on delete set null (flow_id),
    foreign key (tenant_id, flow_version_id) references enrollment_flow_versions (tenant_id, id),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, petitioner_user_id) references users (tenant_id, id) on delete set null (petitioner_user_id),
    foreign key (tenant_id, enrollee_user_id) references users (tenant_id, id) on delete set null (enrollee_user_id),
    foreign key (tenant_id, decided_by_user_id) references users (tenant_id, id) on delete set null (decided_by_user_id)`,
  petition_history: `
    petition_id uuid not null,
    sequence integer not null,
    action text not null,
    status_before text,
    status_after text,
    comment text check (char_length(comment) <= 256),
    party text not null check (party in ('PETITIONER', 'ENROLLEE', 'APPROVER', 'ADMINISTRATOR', 'SYSTEM')),
    actor_user_id uuid,
    actor_application_id uuid,
    at timestamptz not null,
    unique (tenant_id, petition_id, sequence),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade`,
  petition_confirmations: `
    petition_id uuid not null,
    token_hash text not null,
    email_normalized text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    unique (tenant_id, petition_id),
    unique (tenant_id, token_hash),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade`,
  petition_decisions: `
    petition_id uuid not null,
    approver_user_id uuid not null,
    is_approval boolean not null,
    comment text check (char_length(comment) <= 2000),
    at timestamptz not null,
    unique (tenant_id, petition_id, approver_user_id),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade,
    foreign key (tenant_id, approver_user_id) references users (tenant_id, id) on delete cascade`,
  petition_comments: `
    petition_id uuid not null,
    author_user_id uuid,
    author_application_id uuid,
    text text not null check (char_length(text) between 1 and 2000),
    at timestamptz not null,
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade,
    foreign key (tenant_id, author_user_id) references users (tenant_id, id) on delete set null (author_user_id)`,
  petition_mails: `
    petition_id uuid not null,
    kind text not null,
    user_id uuid,
    email text,
    email_normalized text,
    locale text not null check (locale in ('EN', 'FR')),
    sealed_token text,
    told_status text,
    status text not null check (status in ('WAITING', 'SENT', 'FAILED', 'SUPERSEDED')),
    attempts integer not null default 0,
    due_at timestamptz,
    error text,
    created_at timestamptz not null,
    sent_at timestamptz,
    check ((user_id is null) <> (email is null)),
    check ((email is null) = (email_normalized is null)),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
  petition_merges: `
    petition_id uuid not null,
    user_id uuid not null,
    changes jsonb not null,
    merged_at timestamptz not null,
    undoable_until timestamptz not null,
    undone_at timestamptz,
    undone_by_user_id uuid,
    unique (tenant_id, petition_id),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
  approver_delegations: `
    user_id uuid not null,
    delegate_user_id uuid not null,
    organization_id uuid,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    created_at timestamptz not null,
    check (user_id <> delegate_user_id),
    check (starts_at < ends_at),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, delegate_user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  terms: `
    organization_id uuid,
    title text not null check (char_length(title) between 1 and 128),
    url text check (char_length(url) <= 2048),
    body text check (char_length(body) <= 65536),
    is_active boolean not null,
    edition integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    check ((url is null) <> (body is null)),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  terms_agreements: `
    terms_id uuid,
    edition integer not null,
    title text not null,
    petition_id uuid not null,
    user_id uuid,
    is_explicit boolean not null,
    agreed_at timestamptz not null,
    unique (tenant_id, petition_id, terms_id, edition),
    foreign key (tenant_id, terms_id) references terms (tenant_id, id) on delete set null (terms_id),
    foreign key (tenant_id, petition_id) references petitions (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete set null (user_id)`,
  user_identifiers: `
    user_id uuid not null,
    type text not null check (char_length(type) between 1 and 64),
    value text not null check (char_length(value) between 1 and 256),
    petition_id uuid,
    created_at timestamptz not null,
    unique (tenant_id, type, value),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
  identifier_counters: `
    type text not null,
    last bigint not null,
    unique (tenant_id, type)`,
  attempt_counts: `
    key_hash text not null,
    window_start timestamptz not null,
    expires_at timestamptz not null,
    count integer not null,
    unique (tenant_id, key_hash)`,
};

const INDEXES = [
  // What happened to one petition, for who goes on with a live query about it.
  "events (tenant_id, object_id, id) where type like 'petition.%'",
  'enrollment_flows (tenant_id, organization_id)',
  'petitions (tenant_id, organization_id, id)',
  'petitions (tenant_id, flow_id, id)',
  'petitions (tenant_id, flow_version_id)',
  'petitions (tenant_id, petitioner_user_id, id)',
  'petitions (tenant_id, enrollee_user_id, id)',
  'petitions (tenant_id, decided_by_user_id) where decided_by_user_id is not null',
  "petitions (tenant_id, approver_place, waits_since, id) where status = 'PENDING_APPROVAL'",
  "petitions (tenant_id, waits_since, id) where status = 'PENDING_APPROVAL' and approver_kind <> 'ROLE'",
  "petitions (tenant_id, id) where status = 'PENDING_APPROVAL'",
  'petitions (tenant_id, due_at) where due_at is not null',
  'petition_decisions (tenant_id, approver_user_id)',
  'petition_comments (tenant_id, petition_id, id)',
  'petition_comments (tenant_id, author_user_id)',
  'petition_mails (tenant_id, petition_id)',
  'petition_mails (tenant_id, user_id)',
  "petition_mails (tenant_id, due_at) where status = 'WAITING'",
  'petition_merges (tenant_id, user_id)',
  'approver_delegations (tenant_id, user_id)',
  'approver_delegations (tenant_id, delegate_user_id)',
  'approver_delegations (tenant_id, organization_id)',
  'terms (tenant_id, organization_id)',
  'terms_agreements (tenant_id, terms_id)',
  'terms_agreements (tenant_id, user_id)',
  'user_identifiers (tenant_id, user_id)',
  'attempt_counts (tenant_id, expires_at)',
];

/** Enrollment flows and petitions. */
export class Migration20261125Enrollment extends Migration {
  override up(): void {
    this.addSql(`alter table events
      drop constraint events_actor_kind_check,
      add constraint events_actor_kind_check check (actor_kind in
        ('USER', 'SIGN_IN', 'PROVIDER', 'SYSTEM', 'OPERATOR', 'APPLICATION', 'ANONYMOUS'))`);
    // In the other order than search_name, so that people are found by how either of their names begins.
    this.addSql(`alter table users
      add column attributes jsonb not null default '{}' check (octet_length(attributes::text) <= 65536),
      add column search_family_name text collate "C" not null generated always as
        (fold_text(coalesce(family_name, '') || ' ' || coalesce(given_name, ''))) stored`);
    for (const name of ['search_name', 'search_family_name']) this.addSql(`create index on users (tenant_id, ${name})`);
    this.addSql(`alter table memberships add column attributes jsonb not null default '{}'
      check (octet_length(attributes::text) <= 65536)`);
    for (const [table, columns] of Object.entries(TABLES)) {
      for (const statement of createTenantTable(table, columns)) this.addSql(statement);
    }
    for (const index of INDEXES) this.addSql(`create index on ${index}`);
    this.addSql(`create function petition_history_is_kept() returns trigger language plpgsql as '
      begin
        raise exception ''the history of a petition is never rewritten'' using errcode = ''23514'',
          constraint = ''petition_history_is_kept'';
      end'`);
    this.addSql(`create trigger petition_history_is_kept before update on petition_history
      for each row execute function petition_history_is_kept()`);
  }
}
