import { Migration } from '@mikro-orm/migrations';
import { createTenantTable, keepRolesAtHome } from './tenant-table.js';

/** Tables that hold rows of tenants, in the order in which they can be made. */
const TABLES: Record<string, string> = {
  user_factors: `
    user_id uuid not null,
    kind text not null check (kind in ('TOTP', 'PASSKEY', 'PROVIDER', 'ASSERTED')),
    name text check (char_length(name) <= 128),
    sealed_secret text,
    last_step bigint,
    credential_id text,
    public_key bytea,
    sign_count bigint,
    transports text[] not null default '{}',
    connection_id uuid,
    asserted_by_user_id uuid,
    failed_attempts integer not null default 0,
    blocked_until timestamptz,
    created_at timestamptz not null,
    confirmed_at timestamptz not null,
    last_used_at timestamptz,
    check ((kind = 'TOTP') = (sealed_secret is not null)),
    check ((kind = 'PASSKEY') = (credential_id is not null) and (kind = 'PASSKEY') = (public_key is not null)),
    check (kind <> 'PROVIDER' or connection_id is not null),
    unique (tenant_id, credential_id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade`,
  factor_challenges: `
    user_id uuid not null,
    session_id uuid not null,
    purpose text not null check (purpose in ('TOTP', 'PASSKEY', 'PROVE')),
    challenge text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    unique (tenant_id, session_id, purpose),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, session_id) references sessions (tenant_id, id) on delete cascade`,
  oidc_records: `
    model text not null,
    key text not null,
    payload jsonb not null,
    grant_id text,
    uid text,
    user_code text,
    user_id uuid,
    application_id uuid,
    consumed_at timestamptz,
    expires_at timestamptz,
    unique (tenant_id, model, key),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, application_id) references applications (tenant_id, id) on delete cascade`,
  oidc_keys: `
    key_id text not null,
    algorithm text not null,
    public_jwk jsonb not null,
    sealed_private_jwk text not null,
    created_at timestamptz not null,
    signs_from timestamptz not null,
    published_until timestamptz,
    unique (tenant_id, key_id)`,
  scim_tokens: `
    connection_id uuid not null,
    name text not null check (char_length(name) between 1 and 128),
    token_hash text not null,
    hint text not null,
    created_by_user_id uuid,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    unique (tenant_id, token_hash),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade`,
  scim_users: `
    connection_id uuid not null,
    user_id uuid not null,
    user_name text not null check (char_length(user_name) between 1 and 256),
    user_name_normalized text not null,
    external_id text check (char_length(external_id) <= 256),
    is_active boolean not null,
    is_provisioned boolean not null,
    has_suspended boolean not null default false,
    attributes jsonb not null default '{}' check (octet_length(attributes::text) <= 65536),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    unique (tenant_id, connection_id, user_name_normalized),
    unique (tenant_id, connection_id, user_id),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
  scim_departures: `
    connection_id uuid not null,
    user_id uuid not null,
    user_name_normalized text not null,
    external_id text,
    has_suspended boolean not null,
    departed_at timestamptz not null,
    unique (tenant_id, connection_id, user_id),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
  scim_groups: `
    connection_id uuid not null,
    display_name text not null check (char_length(display_name) between 1 and 256),
    display_name_normalized text not null,
    external_id text check (char_length(external_id) <= 256),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade`,
  scim_group_members: `
    group_id uuid not null,
    scim_user_id uuid not null,
    unique (tenant_id, group_id, scim_user_id),
    foreign key (tenant_id, group_id) references scim_groups (tenant_id, id) on delete cascade,
    foreign key (tenant_id, scim_user_id) references scim_users (tenant_id, id) on delete cascade`,
  scim_group_mappings: `
    group_id uuid not null,
    organization_id uuid not null,
    role_id uuid,
    role_kind text not null default 'USER' check (role_kind = 'USER'),
    created_at timestamptz not null,
    unique (tenant_id, group_id, organization_id, role_id),
    foreign key (tenant_id, group_id) references scim_groups (tenant_id, id) on delete cascade,
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id, role_kind) references roles (tenant_id, id, kind) on delete set null (role_id)`,
};

const INDEXES = [
  'user_factors (tenant_id, user_id)',
  'factor_challenges (tenant_id, expires_at)',
  'oidc_records (tenant_id, grant_id) where grant_id is not null',
  'oidc_records (tenant_id, uid) where uid is not null',
  'oidc_records (tenant_id, user_id) where user_id is not null',
  'oidc_records (tenant_id, application_id) where application_id is not null',
  'oidc_records (tenant_id, expires_at)',
  'scim_tokens (tenant_id, connection_id)',
  'scim_users (tenant_id, user_id)',
  'scim_users (tenant_id, connection_id, id)',
  'scim_users (tenant_id, connection_id, external_id)',
  'scim_departures (tenant_id, user_id)',
  'scim_departures (tenant_id, connection_id, external_id)',
  'scim_departures (tenant_id, connection_id, user_name_normalized)',
  'scim_groups (tenant_id, connection_id, id)',
  'scim_groups (tenant_id, connection_id, display_name_normalized)',
  'scim_groups (tenant_id, connection_id, external_id)',
  'scim_group_members (tenant_id, scim_user_id)',
  'scim_group_mappings (tenant_id, organization_id)',
  'scim_group_mappings (tenant_id, role_id)',
];

/** What people and applications prove themselves by: second factors, tokens and their keys; and the directories. */
export class Migration20261124FactorsAndDirectories extends Migration {
  override up(): void {
    this.addSql(`alter table tenants
      add column mfa_factors text[] not null default '{TOTP,PASSKEY,PROVIDER,ASSERTED}'
        check (mfa_factors <@ '{TOTP,PASSKEY,PROVIDER,ASSERTED}'::text[])`);
    this.addSql(`alter table connections add column mfa_acr text[] not null default '{}'`);
    this.addSql(`alter table sessions add column mfa_at timestamptz, add column mfa_factor_id uuid`);
    for (const [table, columns] of Object.entries(TABLES)) {
      for (const statement of createTenantTable(table, columns)) this.addSql(statement);
    }
    for (const index of INDEXES) this.addSql(`create index on ${index}`);
    this.addSql(`create unique index user_factors_one_of_provider on user_factors (tenant_id, user_id, connection_id)
      where kind = 'PROVIDER'`);
    this.addSql(`create unique index user_factors_one_asserted on user_factors (tenant_id, user_id, connection_id)
      nulls not distinct where kind = 'ASSERTED'`);
    const ownRoles = keepRolesAtHome('scim_group_mappings', 'select new.organization_id');
    for (const statement of ownRoles) this.addSql(statement);
  }
}
