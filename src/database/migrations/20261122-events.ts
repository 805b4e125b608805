import { Migration } from '@mikro-orm/migrations';

/** Tables that hold rows of tenants, in the order in which they can be made. */
const TABLES: Record<string, string> = {
  audit_chain: `
    sequence bigint not null check (sequence > 0),
    changes_digest bytea not null,
    origin_digest bytea not null,
    hash bytea not null,
    unique (tenant_id, sequence),
    foreign key (tenant_id, id) references events (tenant_id, id) on delete cascade`,
  audit_heads: `
    sequence bigint not null default 0,
    hash bytea not null default '',
    sealed text,
    trimmed_sequence bigint not null default 0,
    trimmed_hash bytea not null default '',
    unique (tenant_id)`,
  webhook_endpoints: `
    organization_id uuid,
    url text not null check (char_length(url) between 1 and 2048),
    description text check (char_length(description) <= 256),
    event_types text[] not null,
    status text not null check (status in ('ENABLED', 'DISABLED')),
    disabled_reason text check (disabled_reason in ('MANUAL', 'FAILURES', 'GONE')),
    sealed_secret text not null,
    sealed_previous_secret text,
    previous_secret_until timestamptz,
    failing_since timestamptz,
    created_by_user_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    check ((status = 'DISABLED') = (disabled_reason is not null)),
    check ((sealed_previous_secret is null) = (previous_secret_until is null)),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  webhook_deliveries: `
    endpoint_id uuid not null,
    event_id uuid not null,
    sequence bigint not null,
    object_key uuid not null,
    status text not null check (status in ('PENDING', 'DELIVERED', 'FAILED', 'CANCELED')),
    attempts integer not null default 0,
    retry_step integer not null default 0,
    next_attempt_at timestamptz,
    created_at timestamptz not null,
    finished_at timestamptz,
    check ((status = 'PENDING') = (next_attempt_at is not null)),
    check ((status = 'PENDING') = (finished_at is null)),
    unique (tenant_id, endpoint_id, event_id),
    foreign key (tenant_id, endpoint_id) references webhook_endpoints (tenant_id, id) on delete cascade,
    foreign key (tenant_id, event_id) references events (tenant_id, id) on delete cascade`,
  webhook_attempts: `
    delivery_id uuid not null,
    number integer not null check (number > 0),
    at timestamptz not null,
    duration_milliseconds integer not null,
    url text not null,
    request_headers jsonb not null,
    response_status integer,
    response_headers jsonb,
    response_body text,
    error text,
    unique (tenant_id, delivery_id, number),
    foreign key (tenant_id, delivery_id) references webhook_deliveries (tenant_id, id) on delete cascade`,
};

const INDEXES = [
  'events (tenant_id, type, id)',
  'events (tenant_id, actor_user_id, id) where actor_user_id is not null',
  'webhook_endpoints (tenant_id, organization_id, id)',
  'webhook_deliveries (tenant_id, endpoint_id, id)',
  'webhook_deliveries (tenant_id, event_id)',
  `webhook_deliveries (tenant_id, endpoint_id, object_key, sequence) where status = 'PENDING'`,
  `webhook_deliveries (tenant_id, endpoint_id, id) where status <> 'DELIVERED'`,
  'webhook_deliveries (tenant_id, finished_at) where finished_at is not null',
];

const POLICY = `(tenant_id = (select nullif(current_setting('vestibule.tenant_id', true), '')::uuid))`;

/** What can be erased of an event: what it says about a person, and the salts of the digests of that. */
const ERASABLE = ['before', 'after', 'changes_salt', 'ip_address', 'user_agent', 'origin_salt', 'erased_at'];

/** The outbox, the audit log's chain, and webhooks. */
export class Migration20261122Events extends Migration {
  override up(): void {
    this.addSql(`alter table tenants add column audit_retention_days integer
      check (audit_retention_days between 1 and 36500)`);
    // Events that are there already get salts of their own, so that erasing them leaves nothing to guess from.
    this.addSql(`alter table events
      add column ip_address text, add column user_agent text,
      add column changes_salt bytea default uuid_send(gen_random_uuid()),
      add column origin_salt bytea default uuid_send(gen_random_uuid()), add column erased_at timestamptz`);
    this.addSql('alter table events alter column changes_salt drop default, alter column origin_salt drop default');
    // Without foreign keys: a row is made with its event, which has them, and is gone in a moment.
    this.addSql(`create table outbox (
      tenant_id uuid not null,
      position bigint generated always as identity,
      event_id uuid not null,
      primary key (tenant_id, position)
    )`);
    // Events that are there already are chained like new ones. The owner sees them while the policy is not forced.
    this.addSql('alter table events no force row level security');
    this.addSql('insert into outbox (tenant_id, event_id) select tenant_id, id from events order by id');
    this.addSql('alter table events force row level security');
    for (const [table, columns] of Object.entries(TABLES)) {
      this.addSql(`create table ${table} (
        id uuid primary key,
        tenant_id uuid not null references tenants (id),
        unique (tenant_id, id),
        ${columns}
      )`);
    }
    for (const table of ['outbox', ...Object.keys(TABLES)]) {
      this.addSql(`alter table ${table} enable row level security`);
      this.addSql(`alter table ${table} force row level security`);
      this.addSql(`create policy tenant_isolation on ${table} using ${POLICY}`);
    }
    for (const index of INDEXES) this.addSql(`create index on ${index}`);
    this.letEventsBeErased();
  }

  /** An event is never changed, but what it says about a person may be taken out, once and for all. */
  private letEventsBeErased(): void {
    const isErased = ERASABLE.filter((column) => column !== 'erased_at')
      .map((column) => `(new."${column}" is null or new."${column}" is not distinct from old."${column}")`)
      .join(' and ');
    const rest = (row: string) => `to_jsonb(${row}) - ''{${ERASABLE.join(',')}}''::text[]`;
    this.addSql(`create function allow_erasure_alone() returns trigger language plpgsql as '
      begin
        if new.erased_at is not null and ${rest('new')} = ${rest('old')} and ${isErased} then return new; end if;
        raise exception ''events are never changed'';
      end'`);
    this.addSql('drop trigger events_are_never_changed on events');
    this.addSql(`create trigger events_are_never_changed before update on events
      for each row execute function allow_erasure_alone()`);
  }
}
