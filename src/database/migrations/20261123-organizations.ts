import { Migration } from '@mikro-orm/migrations';

/** Tables that hold rows of tenants, in the order in which they can be made. */
const TABLES: Record<string, string> = {
  permissions: `
    name text not null check (name ~ '^[!#-\\[\\]-~]{1,128}$'),
    description text not null default '' check (char_length(description) <= 256),
    is_built_in boolean not null default false,
    created_at timestamptz not null,
    version integer not null default 1,
    unique (tenant_id, name)`,
  role_permissions: `
    role_id uuid not null,
    permission_id uuid not null,
    unique (tenant_id, role_id, permission_id),
    foreign key (tenant_id, role_id) references roles (tenant_id, id) on delete cascade,
    foreign key (tenant_id, permission_id) references permissions (tenant_id, id) on delete cascade`,
  organization_logos: `
    organization_id uuid not null,
    kind text not null check (kind in ('LIGHT', 'DARK', 'FAVICON')),
    url text check (char_length(url) between 1 and 2048),
    media_type text,
    content bytea check (octet_length(content) <= 512000),
    digest text,
    updated_at timestamptz not null,
    check ((url is null) = (content is not null)),
    check ((content is null) = (media_type is null) and (content is null) = (digest is null)),
    unique (tenant_id, organization_id, kind),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  organization_jit_domains: `
    organization_id uuid not null,
    domain text not null check (domain = lower(domain) and char_length(domain) between 3 and 253),
    proof text not null,
    proven_at timestamptz,
    checked_at timestamptz,
    created_at timestamptz not null,
    unique (tenant_id, organization_id, domain),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  organization_jit_connections: `
    organization_id uuid not null,
    connection_id uuid not null,
    created_at timestamptz not null,
    unique (tenant_id, organization_id, connection_id),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade`,
  organization_jit_roles: `
    organization_id uuid not null,
    role_id uuid not null,
    role_kind text not null default 'USER' check (role_kind = 'USER'),
    unique (tenant_id, organization_id, role_id),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id, role_kind) references roles (tenant_id, id, kind) on delete cascade`,
  invitations: `
    organization_id uuid not null,
    email text not null check (char_length(email) <= 256),
    email_normalized text not null,
    status text not null check (status in ('PENDING', 'ACCEPTED', 'DECLINED', 'REVOKED', 'EXPIRED')),
    token_hash text,
    inviter_user_id uuid,
    accepted_user_id uuid,
    expires_at timestamptz not null,
    mail_status text not null check (mail_status in ('NONE', 'WAITING', 'SENT', 'FAILED')),
    mail_at timestamptz,
    mail_attempts integer not null default 0,
    mailed_at timestamptz,
    mail_error text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    check ((status = 'ACCEPTED') = (accepted_user_id is not null)),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  invitation_roles: `
    invitation_id uuid not null,
    role_id uuid not null,
    role_kind text not null default 'USER' check (role_kind = 'USER'),
    unique (tenant_id, invitation_id, role_id),
    foreign key (tenant_id, invitation_id) references invitations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id, role_kind) references roles (tenant_id, id, kind) on delete cascade`,
  applications: `
    name text not null check (char_length(name) between 1 and 128),
    description text check (char_length(description) <= 256),
    kind text not null check (kind in ('MACHINE', 'WEB', 'BROWSER', 'NATIVE')),
    status text not null check (status in ('ENABLED', 'DISABLED')),
    is_tenant_administrator boolean not null default false,
    redirect_uris text[] not null default '{}',
    post_logout_redirect_uris text[] not null default '{}',
    created_by_user_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    check (kind = 'MACHINE' or not is_tenant_administrator),
    check (kind <> 'MACHINE' or cardinality(redirect_uris) + cardinality(post_logout_redirect_uris) = 0),
    unique (tenant_id, id, kind)`,
  application_secrets: `
    application_id uuid not null,
    secret_hash text not null,
    hint text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    unique (tenant_id, secret_hash),
    foreign key (tenant_id, application_id) references applications (tenant_id, id) on delete cascade`,
  organization_applications: `
    organization_id uuid not null,
    application_id uuid not null,
    application_kind text not null default 'MACHINE' check (application_kind = 'MACHINE'),
    added_at timestamptz not null,
    added_by_user_id uuid,
    unique (tenant_id, organization_id, application_id),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, application_id, application_kind)
      references applications (tenant_id, id, kind) on delete cascade`,
  organization_application_roles: `
    organization_application_id uuid not null,
    role_id uuid not null,
    role_kind text not null default 'APPLICATION' check (role_kind = 'APPLICATION'),
    granted_at timestamptz not null,
    granted_by_user_id uuid,
    unique (tenant_id, organization_application_id, role_id),
    foreign key (tenant_id, organization_application_id)
      references organization_applications (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id, role_kind) references roles (tenant_id, id, kind) on delete cascade`,
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
    confirmed_at timestamptz,
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
    purpose text not null check (purpose in ('REGISTER', 'PROVE')),
    challenge text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
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
    user_name text not null,
    user_name_normalized text not null,
    external_id text,
    is_active boolean not null,
    attributes jsonb not null default '{}' check (octet_length(attributes::text) <= 65536),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    unique (tenant_id, connection_id, user_name_normalized),
    unique (tenant_id, connection_id, user_id),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`,
  scim_groups: `
    connection_id uuid not null,
    display_name text not null check (char_length(display_name) between 1 and 256),
    external_id text,
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
    unique nulls not distinct (tenant_id, group_id, organization_id, role_id),
    foreign key (tenant_id, group_id) references scim_groups (tenant_id, id) on delete cascade,
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id, role_kind) references roles (tenant_id, id, kind) on delete cascade`,
};

const INDEXES = [
  'roles (tenant_id, organization_id, id)',
  'role_permissions (tenant_id, permission_id)',
  'organization_jit_domains (tenant_id, domain) where proven_at is not null',
  'organization_jit_connections (tenant_id, connection_id)',
  'organization_jit_roles (tenant_id, role_id)',
  'invitations (tenant_id, organization_id, id)',
  'invitations (tenant_id, email_normalized)',
  'invitations (tenant_id, mail_at) where mail_at is not null',
  'invitation_roles (tenant_id, role_id)',
  'application_secrets (tenant_id, application_id)',
  'organization_applications (tenant_id, application_id, id)',
  'organization_application_roles (tenant_id, role_id)',
  'user_factors (tenant_id, user_id)',
  'factor_challenges (tenant_id, session_id)',
  'factor_challenges (tenant_id, expires_at)',
  'oidc_records (tenant_id, grant_id) where grant_id is not null',
  'oidc_records (tenant_id, uid) where uid is not null',
  'oidc_records (tenant_id, user_id) where user_id is not null',
  'oidc_records (tenant_id, application_id) where application_id is not null',
  'oidc_records (tenant_id, expires_at)',
  'scim_tokens (tenant_id, connection_id)',
  'scim_users (tenant_id, user_id)',
  'scim_groups (tenant_id, connection_id, id)',
  'scim_group_members (tenant_id, scim_user_id)',
  'scim_group_mappings (tenant_id, organization_id)',
  'scim_group_mappings (tenant_id, role_id)',
];

const POLICY = `(tenant_id = (select nullif(current_setting('vestibule.tenant_id', true), '')::uuid))`;

/** A role of one organization is given in that organization alone: table → how the organization of a row is found. */
const GRANTS: Record<string, string> = {
  membership_roles:
    'select organization_id from memberships where tenant_id = new.tenant_id and id = new.membership_id',
  organization_application_roles:
    'select organization_id from organization_applications where tenant_id = new.tenant_id and id = new.organization_application_id',
  organization_jit_roles: 'select new.organization_id',
  invitation_roles:
    'select organization_id from invitations where tenant_id = new.tenant_id and id = new.invitation_id',
  scim_group_mappings: 'select new.organization_id',
};

/** Everything that administrators do with organizations: settings, roles, applications, rules of joining, invitations. */
export class Migration20261123Organizations extends Migration {
  override up(): void {
    this.extendOrganizations();
    this.extendRoles();
    this.extendMemberships();
    this.extendOthers();
    for (const [table, columns] of Object.entries(TABLES)) {
      this.addSql(`create table ${table} (
        id uuid primary key,
        tenant_id uuid not null references tenants (id),
        unique (tenant_id, id),
        ${columns}
      )`);
      this.addSql(`alter table ${table} enable row level security`);
      this.addSql(`alter table ${table} force row level security`);
      this.addSql(`create policy tenant_isolation on ${table} using ${POLICY}`);
    }
    this.fillPermissions();
    for (const index of INDEXES) this.addSql(`create index on ${index}`);
    this
      .addSql(`create unique index invitations_one_pending on invitations (tenant_id, organization_id, email_normalized)
      where status = 'PENDING'`);
    for (const [table, organization] of Object.entries(GRANTS)) this.keepRolesAtHome(table, organization);
  }

  private extendOrganizations(): void {
    this.addSql(`alter table organizations
      add column slug text check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
      add column custom_data jsonb not null default '{}'
        check (jsonb_typeof(custom_data) = 'object' and octet_length(custom_data::text) <= 65536),
      add column primary_color text check (primary_color ~ '^#[0-9a-f]{6}$'),
      add column dark_primary_color text check (dark_primary_color ~ '^#[0-9a-f]{6}$'),
      add column is_mfa_required boolean not null default false,
      add column mfa_rule text not null default 'FACTOR_CONFIGURED'
        check (mfa_rule in ('FACTOR_CONFIGURED', 'FACTOR_USED'))`);
    // The owner sees the rows of every tenant while the policy is not forced.
    this.addSql('alter table organizations no force row level security');
    this.addSql(`update organizations set slug = 'organization-' || replace(id::text, '-', '')`);
    this.addSql('alter table organizations force row level security');
    this.addSql('alter table organizations alter column slug set not null');
    this.addSql('alter table organizations add constraint organizations_slug_key unique (tenant_id, slug)');
  }

  private extendRoles(): void {
    // The names of the built-in roles decide rights: no other role has one of them.
    this.addSql(`alter table roles
      add column organization_id uuid,
      add column kind text not null default 'USER' check (kind in ('USER', 'APPLICATION')),
      add column created_at timestamptz not null default now(),
      add column version integer not null default 1,
      add constraint roles_organization_fkey foreign key (tenant_id, organization_id)
        references organizations (tenant_id, id) on delete cascade,
      add constraint roles_kind_key unique (tenant_id, id, kind),
      drop constraint roles_tenant_id_name_key,
      add constraint roles_name_key unique nulls not distinct (tenant_id, organization_id, name),
      add constraint roles_built_in_names check (
        (is_built_in and organization_id is null and kind = 'USER')
        or (not is_built_in and lower(name) not in ('administrator', 'member'))),
      drop column permissions`);
  }

  private extendMemberships(): void {
    this.addSql(`alter table memberships
      add column added_by_application_id uuid,
      drop constraint memberships_source_check,
      drop constraint memberships_check,
      add constraint memberships_source_check check (source in
        ('SSO', 'JIT_CONNECTION', 'JIT_DOMAIN', 'ENROLLMENT', 'INVITATION', 'SCIM', 'ADMIN')),
      add constraint memberships_connection_check check
        ((source in ('SSO', 'JIT_CONNECTION', 'SCIM')) = (connection_id is not null))`);
    this.addSql(`alter table membership_roles
      add column role_kind text not null default 'USER' check (role_kind = 'USER'),
      add column source text check (source in
        ('SSO', 'JIT_CONNECTION', 'JIT_DOMAIN', 'ENROLLMENT', 'INVITATION', 'SCIM', 'ADMIN')),
      add column granted_by_application_id uuid,
      drop constraint membership_roles_tenant_id_role_id_fkey,
      add constraint membership_roles_role_fkey foreign key (tenant_id, role_id, role_kind)
        references roles (tenant_id, id, kind) on delete cascade`);
  }

  private extendOthers(): void {
    this.addSql(`alter table tenants
      add column mfa_factors text[] not null default '{TOTP,PASSKEY,PROVIDER,ASSERTED}'
        check (mfa_factors <@ '{TOTP,PASSKEY,PROVIDER,ASSERTED}'::text[])`);
    this.addSql(`alter table sessions add column mfa_at timestamptz, add column mfa_factor_id uuid`);
    this.addSql(`alter table events
      add column actor_application_id uuid,
      drop constraint events_actor_kind_check,
      add constraint events_actor_kind_check check
        (actor_kind in ('USER', 'SIGN_IN', 'PROVIDER', 'SYSTEM', 'OPERATOR', 'APPLICATION'))`);
    this.addSql(`alter table idempotency_keys
      alter column user_id drop not null,
      add column application_id uuid,
      add constraint idempotency_keys_one_caller check (num_nonnulls(user_id, application_id) = 1),
      add constraint idempotency_keys_application_key unique (tenant_id, application_id, key)`);
    this.addSql(`alter table login_transactions add column invitation_hash text`);
  }

  /** Every tenant has the permission that makes an administrator, and its role `administrator` grants it. */
  private fillPermissions(): void {
    const tables = ['roles', 'permissions', 'role_permissions'];
    // The owner sees the rows of every tenant while the policy is not forced.
    for (const table of tables) this.addSql(`alter table ${table} no force row level security`);
    this.addSql(`insert into permissions (id, tenant_id, name, description, is_built_in, created_at)
      select gen_random_uuid(), id, 'organization:administer',
        'Edits the organization, its members and whatever belongs to it.', true, now() from tenants`);
    this.addSql(`insert into role_permissions (id, tenant_id, role_id, permission_id)
      select gen_random_uuid(), r.tenant_id, r.id, p.id from roles r
      join permissions p on p.tenant_id = r.tenant_id and p.is_built_in
      where r.is_built_in and r.name = 'administrator'`);
    for (const table of tables) this.addSql(`alter table ${table} force row level security`);
  }

  private keepRolesAtHome(table: string, organization: string): void {
    this.addSql(`create function ${table}_keep_roles_at_home() returns trigger language plpgsql as '
      begin
        if exists (select 1 from roles r where r.tenant_id = new.tenant_id and r.id = new.role_id
          and r.organization_id is not null and r.organization_id is distinct from (${organization})) then
          raise exception ''this role is another organization''''s'' using errcode = ''23514'',
            constraint = ''role_of_its_organization'';
        end if;
        return new;
      end'`);
    this.addSql(`create trigger ${table}_keep_roles_at_home before insert or update on ${table}
      for each row execute function ${table}_keep_roles_at_home()`);
  }
}
