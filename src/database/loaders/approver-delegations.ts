import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { ApproverDelegationRow } from './rows.js';
import { addTo } from './where.js';

const COLUMNS = `d.id as uuid, d.user_id as "userUuid", d.delegate_user_id as "delegateUuid",
  d.organization_id as "organizationUuid", d.starts_at as "startsAt", d.ends_at as "endsAt",
  d.created_at as "createdAt"`;

export interface ApproverDelegationFilter {
  /** Of whom; who stands in; in which organization. */
  userUuid?: string | null;
  delegateUuid?: string | null;
  organizationUuid?: string | null;
  /** Those that have not ended by then. */
  openAt?: Date | null;
}

/** Who decides for whom. */
export function createApproverDelegationLoaders(database: Database) {
  return {
    byId: createBatch<ApproverDelegationRow>(async ({ tenantId }, ids) => {
      const text = `select ${COLUMNS} from approver_delegations d where d.tenant_id = $1 and d.id = any($2::uuid[])`;
      const rows = await database.read<ApproverDelegationRow>(tenantId, text, [tenantId, ids]);
      return indexBy(rows.map(toDelegationRow), ({ uuid }) => uuid);
    }),
    /** Those that are limited to one of `visibleIds`, or any when that is null; the newest first. */
    page(
      tenantId: string,
      visibleIds: readonly string[] | null,
      { userUuid, delegateUuid, organizationUuid, openAt }: ApproverDelegationFilter,
      request: PageRequest,
    ): Promise<Page<ApproverDelegationRow>> {
      const conditions = ['d.tenant_id = $1'];
      const values: unknown[] = [tenantId];
      const where = addTo(conditions, values);
      if (visibleIds) where((ids) => `d.organization_id = any(${ids}::uuid[])`, visibleIds);
      if (userUuid) where((id) => `d.user_id = ${id}`, userUuid);
      if (delegateUuid) where((id) => `d.delegate_user_id = ${id}`, delegateUuid);
      if (organizationUuid) where((id) => `d.organization_id = ${id}`, organizationUuid);
      if (openAt) where((at) => `d.ends_at > ${at}`, openAt);
      return readPage(database, tenantId, request, {
        columns: COLUMNS,
        table: 'approver_delegations d',
        where: conditions.join(' and '),
        values,
        newestFirst: true,
        map: toDelegationRow,
      });
    },
  };
}

function toDelegationRow(row: ApproverDelegationRow): ApproverDelegationRow {
  return { ...row, __typename: 'ApproverDelegation', id: toGlobalId('ApproverDelegation', row.uuid) };
}
