import type { ApplicationKind, ApplicationStatus } from '../../entities/enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import { searchPattern } from './roles.js';
import type { ApplicationRow, ApplicationSecretRow } from './rows.js';
import { addTo } from './where.js';

/** The columns of an application but for the key; `a` is the table. */
export const APPLICATION_DETAILS = `
  a.name, a.description, a.kind, a.status, a.is_tenant_administrator as "isTenantAdministrator",
  a.redirect_uris as "redirectUris", a.post_logout_redirect_uris as "postLogoutRedirectUris",
  a.created_by_user_id as "createdByUserUuid", a.created_at as "createdAt", a.updated_at as "updatedAt", a.version`;

const APPLICATION_COLUMNS = `a.id as uuid, ${APPLICATION_DETAILS}`;

const SECRET_COLUMNS = `
  s.id as uuid, s.application_id as "applicationUuid", s.hint, s.created_at as "createdAt",
  s.expires_at as "expiresAt", s.last_used_at as "lastUsedAt"`;

export interface ApplicationFilter {
  search?: string | null;
  kind?: ApplicationKind | null;
  status?: ApplicationStatus | null;
}

/** Applications one by one and as a list, and what is kept of their secrets. */
export function createApplicationLoaders(database: Database) {
  const byId = createBatch<ApplicationRow>(async ({ tenantId }, ids) => {
    const text = `select ${APPLICATION_COLUMNS} from applications a where a.tenant_id = $1 and a.id = any($2::uuid[])`;
    const rows = await database.read<ApplicationRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toApplicationRow), ({ uuid }) => uuid);
  });

  const secretById = createBatch<ApplicationSecretRow>(async ({ tenantId }, ids) => {
    const text = `select ${SECRET_COLUMNS} from application_secrets s where s.tenant_id = $1 and s.id = any($2::uuid[])`;
    const rows = await database.read<ApplicationSecretRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toSecretRow), ({ uuid }) => uuid);
  });

  /** The secrets of applications, the oldest first. */
  const secretsOf = createBatch<ApplicationSecretRow[]>(async ({ tenantId }, applications) => {
    const rows = await database.read<ApplicationSecretRow>(
      tenantId,
      `select ${SECRET_COLUMNS} from application_secrets s
       where s.tenant_id = $1 and s.application_id = any($2::uuid[]) order by s.id`,
      [tenantId, applications],
    );
    return Map.groupBy(rows.map(toSecretRow), ({ applicationUuid }) => applicationUuid);
  });

  /** The organizations that an application is in: what decides who may see it. */
  const organizationIds = createBatch<string[]>(async ({ tenantId }, ids) => {
    const rows = await database.read<{ applicationId: string; organizationIds: string[] }>(
      tenantId,
      `select application_id as "applicationId", array_agg(organization_id::text) as "organizationIds"
       from organization_applications where tenant_id = $1 and application_id = any($2::uuid[]) group by 1`,
      [tenantId, ids],
    );
    return new Map(rows.map((row) => [row.applicationId, row.organizationIds]));
  });

  return {
    byId,
    secretById,
    secretsOf,
    organizationIds,
    /** All of the tenant, the oldest first. */
    page(tenantId: string, filter: ApplicationFilter, request: PageRequest): Promise<Page<ApplicationRow>> {
      const conditions = ['a.tenant_id = $1'];
      const values: unknown[] = [tenantId];
      const where = addTo(conditions, values);
      const { search, kind, status } = filter;
      if (search) where((text) => `(a.name ilike ${text} or a.description ilike ${text})`, searchPattern(search));
      if (kind) where((wanted) => `a.kind = ${wanted}`, kind);
      if (status) where((wanted) => `a.status = ${wanted}`, status);
      return readPage(database, tenantId, request, {
        columns: APPLICATION_COLUMNS,
        table: 'applications a',
        where: conditions.join(' and '),
        values,
        map: toApplicationRow,
      });
    },
  };
}

export function toApplicationRow(row: ApplicationRow): ApplicationRow {
  return Object.assign(row, { __typename: 'Application' as const, id: toGlobalId('Application', row.uuid) });
}

function toSecretRow(row: ApplicationSecretRow): ApplicationSecretRow {
  const id = toGlobalId('ApplicationSecret', row.uuid);
  return Object.assign(row, { __typename: 'ApplicationSecret' as const, id });
}
