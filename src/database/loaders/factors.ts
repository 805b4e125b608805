import type { FactorKind } from '../../entities/enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { FactorRow } from './rows.js';

/** Nothing that a factor could be shown with is read. */
const COLUMNS = `
  f.id as uuid, f.user_id as "userUuid", f.kind, f.name, f.connection_id as "connectionUuid",
  f.created_at as "createdAt", f.last_used_at as "lastUsedAt",
  (select f.kind = any(t.mfa_factors) from tenants t where t.id = f.tenant_id) as "isEnabled"`;

/** Second factors: one by one, a user's, and which kinds users have. */
export function createFactorLoaders(database: Database) {
  const byId = createBatch<FactorRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<FactorRow>(
      tenantId,
      `select ${COLUMNS} from user_factors f where f.tenant_id = $1 and f.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toFactorRow), ({ uuid }) => uuid);
  });

  /** The kinds that a user has, of those that count in the tenant. */
  const kinds = createBatch<FactorKind[]>(async ({ tenantId }, ids) => {
    const rows = await database.read<{ userId: string; kinds: FactorKind[] }>(
      tenantId,
      `select f.user_id as "userId", array_agg(distinct f.kind) as kinds from user_factors f
       join tenants t on t.id = f.tenant_id and f.kind = any(t.mfa_factors)
       where f.tenant_id = $1 and f.user_id = any($2::uuid[]) group by 1`,
      [tenantId, ids],
    );
    return new Map(rows.map((row) => [row.userId, row.kinds]));
  });

  return {
    byId,
    kinds,
    page(tenantId: string, userId: string, request: PageRequest): Promise<Page<FactorRow>> {
      return readPage(database, tenantId, request, {
        columns: COLUMNS,
        table: 'user_factors f',
        where: 'f.tenant_id = $1 and f.user_id = $2',
        values: [tenantId, userId],
        map: toFactorRow,
      });
    },
  };
}

function toFactorRow(row: FactorRow): FactorRow {
  return Object.assign(row, { __typename: 'Factor' as const, id: toGlobalId('Factor', row.uuid) });
}
