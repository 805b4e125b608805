import { Migration } from '@mikro-orm/migrations';

/** Tables that hold rows of tenants, in the order in which they can be made. */
const TABLES: Record<string, string> = {
  organizations: `
    name text not null check (char_length(name) between 1 and 128),
    name_status text not null check (name_status in ('PENDING', 'RESOLVED', 'CONFIRMED')),
    name_source text not null check (name_source in ('CLAIM', 'LOOKUP', 'DEFAULT', 'ADMINISTRATOR', 'FIRST_MEMBER')),
    name_lookup_at timestamptz,
    name_lookup_attempts integer not null default 0,
    search_text text collate "C" not null,
    description text check (char_length(description) <= 256),
    status text not null check (status in ('ACTIVE', 'SUSPENDED', 'ARCHIVED')),
    needs_administrator boolean not null default false,
    completion_user_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1`,
  organization_identifiers: `
    organization_id uuid not null,
    scheme text not null check (scheme in ('SIRET', 'GROUP', 'DOMAIN', 'OTHER')),
    value text not null check (char_length(value) between 1 and 256),
    siren text generated always as (case when scheme = 'SIRET' then left(value, 9) end) stored,
    check (scheme <> 'SIRET' or value ~ '^[0-9]{14}$'),
    unique (tenant_id, scheme, value),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  users: `
    status text not null check (status in ('ACTIVE', 'PENDING', 'SUSPENDED')),
    email text,
    email_normalized text,
    is_email_verified boolean not null default false,
    has_email_conflict boolean not null default false,
    given_name text check (char_length(given_name) <= 256),
    family_name text check (char_length(family_name) <= 256),
    is_tenant_administrator boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    check ((email is null) = (email_normalized is null)),
    unique (tenant_id, email_normalized)`,
  connections: `
    slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text not null check (char_length(name) between 1 and 128),
    preset text not null check (preset in ('PROCONNECT', 'OIDC', 'MARKETPLACE')),
    status text not null check (status in ('ENABLED', 'DISABLED')),
    issuer text not null,
    client_id text not null,
    sealed_client_secret text,
    client_authentication text not null
      check (client_authentication in ('CLIENT_SECRET_POST', 'CLIENT_SECRET_BASIC', 'PRIVATE_KEY_JWT', 'NONE')),
    id_token_algorithm text not null,
    userinfo_algorithm text,
    scopes text[] not null,
    uses_pkce boolean not null,
    required_acr text[] not null,
    required_amr text[] not null,
    redirect_uris text[] not null,
    claim_names jsonb not null,
    create_users boolean not null,
    create_organizations boolean not null,
    moderated_signup boolean not null,
    email_trust text not null check (email_trust in ('NONE', 'CLAIM', 'PROVIDER')),
    email_domains text[] not null,
    organization_authority text not null check (organization_authority in ('AUTHORITATIVE', 'ADDITIVE', 'IGNORE')),
    organization_scheme text not null check (organization_scheme in ('SIRET', 'GROUP', 'DOMAIN', 'OTHER')),
    allowed_idps text[] not null,
    missing_organization text not null check (missing_organization in ('KEEP', 'REFUSE')),
    completion text not null check (completion in ('ADMINISTRATOR', 'FIRST_MEMBER_ONCE')),
    default_organization_name text not null check (char_length(default_organization_name) between 1 and 128),
    grants_administrator_to_leader boolean not null,
    session_minutes integer not null check (session_minutes between 5 and 43200),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    unique (tenant_id, slug)`,
  identities: `
    user_id uuid not null,
    connection_id uuid not null,
    issuer text not null,
    subject text not null check (char_length(subject) between 1 and 255),
    email text,
    created_at timestamptz not null,
    last_sign_in_at timestamptz,
    unique (tenant_id, connection_id, issuer, subject),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, connection_id) references connections (tenant_id, id)`,
  roles: `
    name text not null check (char_length(name) between 1 and 128),
    description text not null default '',
    is_built_in boolean not null default false,
    permissions text[] not null default '{}',
    unique (tenant_id, name)`,
  memberships: `
    organization_id uuid not null,
    user_id uuid not null,
    source text not null check (source in ('SSO', 'JIT_DOMAIN', 'ENROLLMENT', 'INVITATION', 'ADMIN')),
    connection_id uuid,
    joined_at timestamptz not null,
    added_by_user_id uuid,
    check ((source = 'SSO') = (connection_id is not null)),
    unique (tenant_id, organization_id, user_id),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, connection_id) references connections (tenant_id, id)`,
  membership_roles: `
    membership_id uuid not null,
    role_id uuid not null,
    granted_at timestamptz not null,
    granted_by_user_id uuid,
    unique (tenant_id, membership_id, role_id),
    foreign key (tenant_id, membership_id) references memberships (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id) references roles (tenant_id, id)`,
  sessions: `
    user_id uuid not null,
    connection_id uuid not null,
    identity_id uuid,
    token_hash text not null,
    previous_token_hash text,
    previous_until timestamptz,
    rotate_at timestamptz not null,
    transport text not null check (transport in ('COOKIE', 'TOKEN')),
    authenticated_at timestamptz not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    active_organization_id uuid,
    acr text,
    amr text[] not null default '{}',
    provider_session_id text,
    sealed_id_token text,
    cases text[] not null,
    unique (tenant_id, token_hash),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, connection_id) references connections (tenant_id, id),
    foreign key (tenant_id, identity_id) references identities (tenant_id, id) on delete cascade,
    foreign key (tenant_id, active_organization_id) references organizations (tenant_id, id)
      on delete set null (active_organization_id)`,
  login_transactions: `
    connection_id uuid not null,
    intent text not null check (intent in ('SIGN_IN', 'LINK', 'LOGOUT')),
    state_hash text not null,
    binding_hash text not null,
    issuer text not null,
    redirect_uri text not null,
    return_to text not null,
    session_id uuid,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    check ((intent = 'LINK') = (session_id is not null)),
    unique (tenant_id, state_hash),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade,
    foreign key (tenant_id, session_id) references sessions (tenant_id, id) on delete cascade`,
  logout_tokens: `
    connection_id uuid not null,
    token_id text not null,
    expires_at timestamptz not null,
    unique (tenant_id, connection_id, token_id),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade`,
  events: `
    type text not null,
    at timestamptz not null,
    actor_kind text not null check (actor_kind in ('USER', 'SIGN_IN', 'PROVIDER', 'SYSTEM', 'OPERATOR')),
    actor_user_id uuid,
    via text not null,
    organization_id uuid,
    user_id uuid,
    object_id uuid,
    "before" jsonb,
    "after" jsonb`,
  notices: `
    user_id uuid not null,
    kind text not null,
    data jsonb not null,
    created_at timestamptz not null,
    mail_at timestamptz,
    mail_attempts integer not null default 0,
    mailed_at timestamptz,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
  idempotency_keys: `
    user_id uuid not null,
    key text not null check (char_length(key) between 1 and 128),
    operation text not null,
    input_hash text not null,
    object_id uuid not null,
    created_at timestamptz not null,
    unique (tenant_id, user_id, key),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
};

const INDEXES = [
  'organizations (tenant_id, search_text, id)',
  'organizations (tenant_id, name_lookup_at) where name_lookup_at is not null',
  'organization_identifiers (tenant_id, organization_id)',
  'organization_identifiers (tenant_id, siren) where siren is not null',
  'users (tenant_id, is_tenant_administrator) where is_tenant_administrator',
  'identities (tenant_id, user_id, id)',
  'memberships (tenant_id, organization_id, id)',
  'memberships (tenant_id, user_id, id)',
  'membership_roles (tenant_id, role_id)',
  'sessions (tenant_id, user_id)',
  'sessions (tenant_id, previous_token_hash) where previous_token_hash is not null',
  'sessions (tenant_id, connection_id, provider_session_id) where provider_session_id is not null',
  'sessions (tenant_id, expires_at)',
  'login_transactions (tenant_id, expires_at)',
  'logout_tokens (tenant_id, expires_at)',
  'events (tenant_id, organization_id, id) where organization_id is not null',
  'events (tenant_id, user_id, id) where user_id is not null',
  'notices (tenant_id, user_id, id)',
  'notices (tenant_id, mail_at) where mail_at is not null',
  'idempotency_keys (tenant_id, created_at)',
];

/** Everything that signing in, linking and editing organizations needs. */
export class Migration20261121SignIn extends Migration {
  override up(): void {
    this.addSql(`create table tenants (
      id uuid primary key,
      slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      name text not null,
      host text unique,
      created_at timestamptz not null
    )`);
    for (const [table, columns] of Object.entries(TABLES)) {
      this.addSql(`create table ${table} (
        id uuid primary key,
        tenant_id uuid not null references tenants (id),
        unique (tenant_id, id),
        ${columns}
      )`);
      this.addSql(`alter table ${table} enable row level security`);
      this.addSql(`alter table ${table} force row level security`);
      this.addSql(`create policy tenant_isolation on ${table}
        using (tenant_id = (select nullif(current_setting('vestibule.tenant_id', true), '')::uuid))`);
    }
    for (const index of INDEXES) this.addSql(`create index on ${index}`);
    this.addSql(`create function refuse_change() returns trigger language plpgsql as
      'begin raise exception ''events are never changed''; end'`);
    this.addSql(
      'create trigger events_are_never_changed before update on events for each row execute function refuse_change()',
    );
    this.addSql('create trigger events_are_never_emptied before truncate on events execute function refuse_change()');
  }
}
