import { Migration } from '@mikro-orm/migrations';
import { createTenantTable, keepRolesAtHome } from './tenant-table.js';

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
    content bytea check (octet_length(content) <= 500000),
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
    check_at timestamptz,
    failed_checks integer not null default 0,
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
    sealed_token text,
    accept_url text not null check (char_length(accept_url) <= 2048),
    locale text not null check (locale in ('EN', 'FR')),
    message text check (char_length(message) <= 1000),
    batch_id uuid,
    inviter_user_id uuid,
    inviter_application_id uuid,
    accepted_user_id uuid,
    expires_at timestamptz not null,
    mail_status text not null check (mail_status in ('NONE', 'WAITING', 'SENT', 'FAILED')),
    mail_at timestamptz,
    mail_attempts integer not null default 0,
    mailed_at timestamptz,
    mail_error text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check ((status = 'ACCEPTED') = (accepted_user_id is not null)),
    check (mail_at is null or (mail_status = 'WAITING' and sealed_token is not null)),
    unique (tenant_id, token_hash),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade`,
  invitation_roles: `
    invitation_id uuid not null,
    role_id uuid not null,
    role_kind text not null default 'USER' check (role_kind = 'USER'),
    unique (tenant_id, invitation_id, role_id),
    foreign key (tenant_id, invitation_id) references invitations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id, role_kind) references roles (tenant_id, id, kind) on delete cascade`,
  invitation_recipients: `
    recipient_hash text not null,
    mailings jsonb not null,
    last_mailed_at timestamptz not null,
    unique (tenant_id, recipient_hash)`,
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
    added_by_application_id uuid,
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
    granted_by_application_id uuid,
    unique (tenant_id, organization_application_id, role_id),
    foreign key (tenant_id, organization_application_id)
      references organization_applications (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id, role_kind) references roles (tenant_id, id, kind) on delete cascade`,
};

const INDEXES = [
  'roles (tenant_id, organization_id, id)',
  'role_permissions (tenant_id, permission_id)',
  'organization_jit_domains (tenant_id, domain) where proven_at is not null',
  'organization_jit_domains (tenant_id, domain) where proven_at is null',
  'organization_jit_domains (tenant_id, check_at) where check_at is not null',
  'organization_jit_connections (tenant_id, connection_id)',
  'organization_jit_roles (tenant_id, role_id)',
  'invitations (tenant_id, organization_id, id)',
  'invitations (tenant_id, email_normalized)',
  'invitations (tenant_id, mail_at) where mail_at is not null',
  `invitations (tenant_id, expires_at) where status = 'PENDING'`,
  'invitation_recipients (tenant_id, last_mailed_at)',
  'invitation_roles (tenant_id, role_id)',
  'application_secrets (tenant_id, application_id)',
  'organization_applications (tenant_id, organization_id, id)',
  'organization_applications (tenant_id, application_id, id)',
  'organization_application_roles (tenant_id, role_id)',
];

/** A role of one organization is given in that organization alone: table → how the organization of a row is found. */
const GRANTS: Record<string, string> = {
  membership_roles:
    'select organization_id from memberships where tenant_id = new.tenant_id and id = new.membership_id',
  organization_application_roles:
    'select organization_id from organization_applications where tenant_id = new.tenant_id and id = new.organization_application_id',
  organization_jit_roles: 'select new.organization_id',
  invitation_roles:
    'select organization_id from invitations where tenant_id = new.tenant_id and id = new.invitation_id',
};

/** Everything that administrators do with organizations: settings, roles, applications, rules of joining, invitations. */
export class Migration20261123Organizations extends Migration {
  override up(): void {
    this.extendOrganizations();
    this.extendRoles();
    this.extendMemberships();
    this.extendOthers();
    this.searchMembers();
    for (const [table, columns] of Object.entries(TABLES)) {
      for (const statement of createTenantTable(table, columns)) this.addSql(statement);
    }
    this.fillPermissions();
    for (const index of INDEXES) this.addSql(`create index on ${index}`);
    this
      .addSql(`create unique index invitations_one_pending on invitations (tenant_id, organization_id, email_normalized)
      where status = 'PENDING'`);
    for (const [table, organization] of Object.entries(GRANTS)) {
      for (const statement of keepRolesAtHome(table, organization)) this.addSql(statement);
    }
  }

  private extendOrganizations(): void {
    // Custom data is `json`, which keeps the text that it is given: `jsonb` would sort keys and refuse some characters.
    this.addSql(`alter table organizations
      add column slug text check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
      add column search_document text collate "C",
      add column custom_data json not null default '{}'
        check (json_typeof(custom_data) = 'object' and octet_length(custom_data::text) <= 65536),
      add column primary_color text check (primary_color ~ '^#[0-9a-f]{6}$'),
      add column dark_primary_color text check (dark_primary_color ~ '^#[0-9a-f]{6}$'),
      add column is_mfa_required boolean not null default false,
      add column mfa_rule text not null default 'FACTOR_CONFIGURED'
        check (mfa_rule in ('FACTOR_CONFIGURED', 'FACTOR_USED'))`);
    this.keepSearchDocument();
    const tables = ['organizations', 'organization_identifiers'];
    // The owner sees the rows of every tenant while the policy is not forced.
    for (const table of tables) this.addSql(`alter table ${table} no force row level security`);
    this.addSql(`update organizations set slug = 'organization-' || replace(id::text, '-', '')`);
    for (const table of tables) this.addSql(`alter table ${table} force row level security`);
    this.addSql('alter table organizations alter column slug set not null');
    this.addSql('alter table organizations add constraint organizations_slug_key unique (tenant_id, slug)');
  }

  /**
   * What an organization is searched by stands in one column, a line each: its folded name, its slug, its identifiers
   * without case and accents. Whoever writes any of them need not know of it, and a search is one condition on one
   * column, which reads rows in their order until the page is full.
   */
  private keepSearchDocument(): void {
    const folded = String.raw`lower(regexp_replace(normalize(x.value, NFKD), ''[\u0300-\u036f]'', '''', ''g''))`;
    this.addSql(`create function organizations_keep_search_document() returns trigger language plpgsql as '
      begin
        new.search_document := new.search_text || chr(10) || new.slug || coalesce((
          select string_agg(chr(10) || ${folded}, '''' order by x.value) from organization_identifiers x
          where x.tenant_id = new.tenant_id and x.organization_id = new.id), '''');
        return new;
      end'`);
    this.addSql(`create trigger organizations_keep_search_document before insert or update of search_text, slug
      on organizations for each row execute function organizations_keep_search_document()`);
    this.addSql(`create function organization_identifiers_keep_search_document() returns trigger language plpgsql as '
      begin
        update organizations set slug = slug
        where tenant_id = coalesce(new.tenant_id, old.tenant_id)
          and id = coalesce(new.organization_id, old.organization_id);
        return null;
      end'`);
    this.addSql(`create trigger organization_identifiers_keep_search_document after insert or update or delete
      on organization_identifiers for each row execute function organization_identifiers_keep_search_document()`);
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
      add constraint roles_description_check check (char_length(description) <= 256),
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

  /**
   * Members are searched and sorted by their names as people write them: without case and accents. The database keeps
   * these texts itself, whoever writes a user; a membership carries the name, so that pages by name read one index.
   */
  private searchMembers(): void {
    const marks = String.raw`[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]`;
    // Not every server has each of these: all of them make letters of every script small, where "C" may not.
    this.addSql(`do $do$ declare chosen text; begin
      select collname into chosen from pg_collation
      where collname in ('pg_c_utf8', 'und-x-icu', 'C.utf8') and collencoding in (-1, 6)
      order by array_position(array['pg_c_utf8', 'und-x-icu', 'C.utf8'], collname::text) limit 1;
      execute format('create function fold_text(text) returns text language sql immutable parallel safe strict as $sql$
        select btrim(regexp_replace(
          lower(regexp_replace(normalize($1, NFKD), ''${marks}'', '''', ''g'') collate %I),
          ''[[:space:]]+'', '' '', ''g''))
        $sql$', coalesce(chosen, 'default'));
    end $do$`);
    this.addSql(`alter table users
      add column search_name text collate "C" not null generated always as
        (fold_text(coalesce(given_name, '') || ' ' || coalesce(family_name, ''))) stored,
      add column search_email text collate "C" not null generated always as (fold_text(coalesce(email, ''))) stored`);
    this.addSql(`alter table memberships add column member_name text collate "C" not null default ''`);
    const tables = ['users', 'memberships'];
    for (const table of tables) this.addSql(`alter table ${table} no force row level security`);
    this.addSql(`update memberships m set member_name = u.search_name from users u
      where u.tenant_id = m.tenant_id and u.id = m.user_id`);
    for (const table of tables) this.addSql(`alter table ${table} force row level security`);
    this.addSql('create index on memberships (tenant_id, organization_id, member_name, id)');
    // The lock keeps a name from changing between here and the commit.
    this.addSql(`create function memberships_take_name() returns trigger language plpgsql as '
      begin
        select u.search_name into new.member_name from users u
        where u.tenant_id = new.tenant_id and u.id = new.user_id for share;
        new.member_name := coalesce(new.member_name, '''');
        return new;
      end'`);
    this.addSql(`create trigger memberships_take_name before insert on memberships
      for each row execute function memberships_take_name()`);
    this.addSql(`create function users_give_name() returns trigger language plpgsql as '
      begin
        update memberships set member_name = new.search_name where tenant_id = new.tenant_id and user_id = new.id;
        return null;
      end'`);
    this.addSql(`create trigger users_give_name after update of given_name, family_name on users
      for each row when (old.search_name <> new.search_name) execute function users_give_name()`);
  }

  private extendOthers(): void {
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
    this.addSql(`alter table identities add column is_jit_due boolean not null default false`);
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
}
