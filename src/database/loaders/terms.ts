import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { TermsRow } from './rows.js';
import { addTo } from './where.js';

const COLUMNS = `
  t.id as uuid, t.organization_id as "organizationUuid", t.title, t.url, t.body, t.is_active as "isActive", t.edition,
  t.created_at as "createdAt", t.updated_at as "updatedAt", t.version`;

/** How many terms an owner has at most, and a petition asks for. */
export const MOST_TERMS = 20;

export interface TermsFilter {
  organizationUuid?: string | null;
  isActive?: boolean | null;
}

/** What people agree to as they are enrolled. */
export function createTermsLoaders(database: Database) {
  const byId = createBatch<TermsRow>(async ({ tenantId }, ids) => {
    const text = `select ${COLUMNS} from terms t where t.tenant_id = $1 and t.id = any($2::uuid[])`;
    const rows = await database.read<TermsRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toTermsRow), ({ uuid }) => uuid);
  });

  return {
    byId,
    /** Those of the organizations among `visibleIds`, or all of the tenant when that is null; the oldest first. */
    page(
      tenantId: string,
      visibleIds: string[] | null,
      { organizationUuid, isActive }: TermsFilter,
      request: PageRequest,
    ): Promise<Page<TermsRow>> {
      const conditions = ['t.tenant_id = $1'];
      const values: unknown[] = [tenantId];
      const where = addTo(conditions, values);
      if (visibleIds) where((ids) => `t.organization_id = any(${ids}::uuid[])`, visibleIds);
      if (organizationUuid) where((id) => `t.organization_id = ${id}`, organizationUuid);
      if (isActive !== null && isActive !== undefined) where((wanted) => `t.is_active = ${wanted}`, isActive);
      return readPage(database, tenantId, request, {
        columns: COLUMNS,
        table: 'terms t',
        where: conditions.join(' and '),
        values,
        map: toTermsRow,
      });
    },
  };
}

function toTermsRow(row: TermsRow): TermsRow {
  return Object.assign(row, { __typename: 'Terms' as const, id: toGlobalId('Terms', row.uuid) });
}
