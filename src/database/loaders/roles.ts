import type { RoleKind } from '../../entities/enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { PermissionRow, RoleRow } from './rows.js';
import { addTo } from './where.js';

const ROLE_COLUMNS = `
  r.id as uuid, r.name, r.description, r.is_built_in as "isBuiltIn", r.kind, r.organization_id as "organizationUuid",
  r.created_at as "createdAt", r.version`;

const PERMISSION_COLUMNS = `
  p.id as uuid, p.name, p.description, p.is_built_in as "isBuiltIn", p.created_at as "createdAt", p.version`;

export interface RoleFilter {
  search?: string | null;
  kind?: RoleKind | null;
}

/** Roles and permissions, one by one and as lists, and which permissions roles grant. */
export function createRoleLoaders(database: Database) {
  const byId = createBatch<RoleRow>(async ({ tenantId }, ids) => {
    const text = `select ${ROLE_COLUMNS} from roles r where r.tenant_id = $1 and r.id = any($2::uuid[])`;
    const rows = await database.read<RoleRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toRoleRow), ({ uuid }) => uuid);
  });

  const permissionById = createBatch<PermissionRow>(async ({ tenantId }, ids) => {
    const text = `select ${PERMISSION_COLUMNS} from permissions p where p.tenant_id = $1 and p.id = any($2::uuid[])`;
    const rows = await database.read<PermissionRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toPermissionRow), ({ uuid }) => uuid);
  });

  /** The permissions of roles, by name: those of all roles that are asked for at a moment, by one statement. */
  const permissionsOf = createBatch<PermissionRow[]>(async ({ tenantId }, roles) => {
    const rows = await database.read<PermissionRow & { roleUuid: string }>(
      tenantId,
      `select rp.role_id as "roleUuid", ${PERMISSION_COLUMNS}
       from role_permissions rp join permissions p on p.tenant_id = $1 and p.id = rp.permission_id
       where rp.tenant_id = $1 and rp.role_id = any($2::uuid[]) order by p.name collate "C"`,
      [tenantId, roles],
    );
    return Map.groupBy(rows.map(toPermissionRow), ({ roleUuid }) => roleUuid);
  });

  return {
    byId,
    permissionById,
    permissionsOf,
    /** The names of what these roles grant together, each once, sorted. */
    async permissionNames(tenantId: string, roles: readonly { uuid: string }[]): Promise<string[]> {
      const granted = await Promise.all(roles.map(({ uuid }) => permissionsOf(tenantId, uuid)));
      return [...new Set(granted.flatMap((permissions) => permissions?.map(({ name }) => name) ?? []))].sort();
    },
    /**
     * Roles, the oldest first. `of` says whose: the template's (null), one organization's own, or (`usableIn`) all that
     * can be given in an organization.
     */
    page(
      tenantId: string,
      of: { organizationUuid: string | null } | { usableIn: string },
      { search, kind }: RoleFilter,
      request: PageRequest,
    ): Promise<Page<RoleRow>> {
      const conditions = ['r.tenant_id = $1'];
      const values: unknown[] = [tenantId];
      const where = addTo(conditions, values);
      if ('usableIn' in of)
        where((id) => `(r.organization_id is null or r.organization_id = ${id}::uuid)`, of.usableIn);
      else if (of.organizationUuid) where((id) => `r.organization_id = ${id}::uuid`, of.organizationUuid);
      else conditions.push('r.organization_id is null');
      if (search) where((text) => `(r.name ilike ${text} or r.description ilike ${text})`, searchPattern(search));
      if (kind) where((wanted) => `r.kind = ${wanted}`, kind);
      return readPage(database, tenantId, request, {
        columns: ROLE_COLUMNS,
        table: 'roles r',
        where: conditions.join(' and '),
        values,
        map: toRoleRow,
      });
    },
    /** The tenant's permissions, the oldest first. */
    permissionPage(
      tenantId: string,
      search: string | null | undefined,
      request: PageRequest,
    ): Promise<Page<PermissionRow>> {
      return readPage(database, tenantId, request, {
        columns: PERMISSION_COLUMNS,
        table: 'permissions p',
        where: `p.tenant_id = $1 ${search ? 'and (p.name ilike $2 or p.description ilike $2)' : ''}`,
        values: [tenantId, ...(search ? [searchPattern(search)] : [])],
        map: toPermissionRow,
      });
    },
  };
}

/** `%text%` for LIKE, with the signs that it reads made plain. */
export function searchPattern(text: string): string {
  return `%${text.trim().replace(/[\\%_]/g, '\\$&')}%`;
}

/** Roles that were read with who holds them: `[id, name]` each. */
export function toHeldRoles(held: unknown): RoleRow[] {
  return (held as [uuid: string, name: string][]).map(([uuid, name]) =>
    toRoleRow({ uuid, name, isHeld: true } as RoleRow),
  );
}

function toRoleRow(row: RoleRow): RoleRow {
  return Object.assign(row, { __typename: 'Role' as const, id: toGlobalId('Role', row.uuid) });
}

function toPermissionRow<Row extends PermissionRow>(row: Row): Row {
  return Object.assign(row, { __typename: 'Permission' as const, id: toGlobalId('Permission', row.uuid) });
}
