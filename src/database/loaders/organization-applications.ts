import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { APPLICATION_DETAILS, toApplicationRow } from './applications.js';
import { toGlobalId } from './ids.js';
import { cutPage, type Page, type PageRequest, toCursor } from './page.js';
import { searchPattern, toHeldRoles } from './roles.js';
import type { ApplicationRow, OrganizationApplicationRow } from './rows.js';
import { addTo } from './where.js';

const COLUMNS = `
  oa.id as uuid, oa.organization_id as "organizationUuid", oa.application_id as "applicationUuid",
  oa.added_at as "addedAt", oa.added_by_user_id as "addedByUserUuid",
  oa.added_by_application_id as "addedByApplicationUuid",
  (select coalesce(json_agg(json_build_array(r.id, r.name) order by r.name), '[]')
   from organization_application_roles ar join roles r on r.tenant_id = $1 and r.id = ar.role_id
   where ar.tenant_id = $1 and ar.organization_application_id = oa.id) as roles`;

/** Which ones, and from which side they are read. */
export interface OrganizationApplicationSelection {
  side: 'organization' | 'application';
  /** Only those in these organizations; null for all. */
  within?: readonly string[] | null;
  /** Only those whose application is called or described so. */
  search?: string | null;
  /** Only those that have this role. */
  roleUuid?: string | null;
}

type PageArguments = PageRequest & OrganizationApplicationSelection;
type JoinedRow = OrganizationApplicationRow & Omit<ApplicationRow, 'uuid' | 'id' | '__typename'>;

/** Applications in organizations, one by one, and pages of them: those of many organizations by one statement. */
export function createOrganizationApplicationLoaders(database: Database) {
  const byId = createBatch<OrganizationApplicationRow>(async ({ tenantId }, ids) => {
    const text = `select ${COLUMNS} from organization_applications oa where oa.tenant_id = $1 and oa.id = any($2::uuid[])`;
    const rows = await database.read<OrganizationApplicationRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toRow), ({ uuid }) => uuid);
  });

  const pages = createBatch<OrganizationApplicationRow[], PageArguments>(async ({ tenantId, shared }, owners) => {
    const values: unknown[] = [tenantId, owners, shared.first + 1];
    const conditions = conditionsOf(shared, values);
    if (shared.after) {
      values.push(shared.after[0]);
      conditions.push(`oa.id > $${values.length}::uuid`);
    }
    const rows = await database.read<JoinedRow>(
      tenantId,
      `select page.* from unnest($2::uuid[]) as owner(id) cross join lateral (
         select ${COLUMNS}, ${APPLICATION_DETAILS}
         from organization_applications oa join applications a on a.tenant_id = $1 and a.id = oa.application_id
         where ${conditions.join(' and ')} order by oa.id limit $3
       ) page`,
      values,
    );
    const ownerOf = `${shared.side}Uuid` as const;
    return Map.groupBy(rows.map(toJoinedRow), (row) => row[ownerOf]);
  });

  const counts = createBatch<number, OrganizationApplicationSelection>(async ({ tenantId, shared }, owners) => {
    const values: unknown[] = [tenantId, owners];
    const rows = await database.read<{ owner: string; count: number }>(
      tenantId,
      `select owner.id as owner, count(*)::int as count
       from unnest($2::uuid[]) as owner(id), organization_applications oa, applications a
       where a.tenant_id = $1 and a.id = oa.application_id and ${conditionsOf(shared, values).join(' and ')} group by 1`,
      values,
    );
    return new Map(rows.map(({ owner, count }) => [owner, count]));
  });

  return {
    byId,
    async page(
      tenantId: string,
      owner: string,
      selection: OrganizationApplicationSelection,
      request: PageRequest,
    ): Promise<Page<OrganizationApplicationRow>> {
      const rows = (await pages(tenantId, owner, { ...request, ...selection })) ?? [];
      return {
        ...cutPage(rows, request),
        cursorOf: ({ uuid }) => toCursor([uuid]),
        countTotal: async () => (await counts(tenantId, owner, selection)) ?? 0,
      };
    },
  };
}

/** The conditions on `oa`, its application `a` and its `owner`; what they take is put into `values`. */
function conditionsOf(
  { side, within, search, roleUuid }: OrganizationApplicationSelection,
  values: unknown[],
): string[] {
  const conditions = ['oa.tenant_id = $1', `oa.${side}_id = owner.id`];
  const where = addTo(conditions, values);
  if (within) where((ids) => `oa.organization_id = any(${ids}::uuid[])`, within);
  if (search) where((text) => `(a.name ilike ${text} or a.description ilike ${text})`, searchPattern(search));
  if (roleUuid) {
    const held = (id: string) => `exists (select 1 from organization_application_roles ar
      where ar.tenant_id = $1 and ar.organization_application_id = oa.id and ar.role_id = ${id}::uuid)`;
    where(held, roleUuid);
  }
  return conditions;
}

function toRow(row: OrganizationApplicationRow): OrganizationApplicationRow {
  return Object.assign(row, {
    roles: toHeldRoles(row.roles),
    __typename: 'OrganizationApplication' as const,
    id: toGlobalId('OrganizationApplication', row.uuid),
  });
}

/** The row carries the application's columns beside its own: they are taken apart. */
function toJoinedRow(row: JoinedRow): OrganizationApplicationRow {
  const { uuid, organizationUuid, applicationUuid, addedAt, addedByUserUuid, addedByApplicationUuid, roles } = row;
  const { name, description, kind, status, isTenantAdministrator, redirectUris, postLogoutRedirectUris } = row;
  const { createdByUserUuid, createdAt, updatedAt, version } = row;
  const application = toApplicationRow({
    ...{ uuid: applicationUuid, memberOf: organizationUuid, createdByUserUuid, createdAt, updatedAt, version },
    ...{ name, description, kind, status, isTenantAdministrator, redirectUris, postLogoutRedirectUris },
  } as ApplicationRow);
  return toRow({
    ...{ uuid, organizationUuid, applicationUuid, addedAt, addedByUserUuid, addedByApplicationUuid, roles },
    application,
  } as OrganizationApplicationRow);
}
