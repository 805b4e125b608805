const POLICY = `(tenant_id = (select nullif(current_setting('vestibule.tenant_id', true), '')::uuid))`;

/** The statements that make a table of rows of tenants: its key, its tenant, and nobody sees the rows of another one. */
export function createTenantTable(table: string, columns: string): string[] {
  return [
    `create table ${table} (
      id uuid primary key,
      tenant_id uuid not null references tenants (id),
      unique (tenant_id, id),
      ${columns}
    )`,
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy tenant_isolation on ${table} using ${POLICY}`,
  ];
}

/**
 * The statements that keep an organization's own role in its organization, in a table that grants roles; `organization`
 * is the query for the organization of the row `new`.
 */
export function keepRolesAtHome(table: string, organization: string): string[] {
  return [
    `create function ${table}_keep_roles_at_home() returns trigger language plpgsql as '
      begin
        if exists (select 1 from roles r where r.tenant_id = new.tenant_id and r.id = new.role_id
          and r.organization_id is not null and r.organization_id is distinct from (${organization})) then
          raise exception ''this role is another organization''''s'' using errcode = ''23514'',
            constraint = ''role_of_its_organization'';
        end if;
        return new;
      end'`,
    `create trigger ${table}_keep_roles_at_home before insert or update on ${table}
      for each row execute function ${table}_keep_roles_at_home()`,
  ];
}
