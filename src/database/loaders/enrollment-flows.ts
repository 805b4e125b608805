import type { FlowStatus } from '../../entities/enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { HELD_BY_APPLICATIONS, HELD_BY_USERS, type HeldRole } from '../held-roles.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import { searchPattern } from './roles.js';
import type { EnrollmentFlowRow, EnrollmentFlowVersionRow } from './rows.js';
import { addTo } from './where.js';

const FLOW_COLUMNS = `
  f.id as uuid, f.organization_id as "organizationUuid", f.name, f.description, f.status, f.created_at as "createdAt",
  f.updated_at as "updatedAt", f.version, v.id as "versionUuid", v.number, v.settings`;

const FLOW_TABLES = 'enrollment_flow_versions v, enrollment_flows f';
const FLOW_JOIN = 'f.tenant_id = $1 and v.tenant_id = $1 and v.id = f.current_version_id';

const VERSION_COLUMNS = `
  v.id as uuid, v.flow_id as "flowUuid", v.number, v.name, v.settings, v.created_at as "createdAt",
  v.created_by_user_id as "createdByUserUuid"`;

/** The most templates of the tenant that are listed: as many as it may have. */
const MOST_TEMPLATES = 200;

export interface EnrollmentFlowFilter {
  organizationUuid?: string | null;
  status?: FlowStatus | null;
  search?: string | null;
}

/** Enrollment flows with their current settings, their versions, and what decides who may start them. */
export function createEnrollmentFlowLoaders(database: Database) {
  const byId = createBatch<EnrollmentFlowRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<EnrollmentFlowRow>(
      tenantId,
      `select ${FLOW_COLUMNS} from ${FLOW_TABLES} where ${FLOW_JOIN} and f.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toFlowRow), ({ uuid }) => uuid);
  });

  /** Also of flows that are gone: petitions keep theirs. */
  const versionById = createBatch<EnrollmentFlowVersionRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<EnrollmentFlowVersionRow>(
      tenantId,
      `select ${VERSION_COLUMNS} from enrollment_flow_versions v where v.tenant_id = $1 and v.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows, ({ uuid }) => uuid);
  });

  const held = (text: string) =>
    createBatch<HeldRole[]>(async ({ tenantId }, holders) => {
      const rows = await database.read<HeldRole & { holder: string }>(tenantId, text, [tenantId, holders]);
      return Map.groupBy(rows, ({ holder }) => holder);
    });

  return {
    byId,
    versionById,
    heldByUser: held(HELD_BY_USERS),
    heldByApplication: held(HELD_BY_APPLICATIONS),
    /** Those of the organizations among `visibleIds`, or all of the tenant when that is null; the oldest first. */
    page(
      tenantId: string,
      visibleIds: string[] | null,
      { organizationUuid, status, search }: EnrollmentFlowFilter,
      request: PageRequest,
    ): Promise<Page<EnrollmentFlowRow>> {
      const conditions = [FLOW_JOIN];
      const values: unknown[] = [tenantId];
      const where = addTo(conditions, values);
      if (visibleIds) where((ids) => `f.organization_id = any(${ids}::uuid[])`, visibleIds);
      if (organizationUuid) where((id) => `f.organization_id = ${id}`, organizationUuid);
      if (status) where((wanted) => `f.status = ${wanted}`, status);
      if (search) where((text) => `(f.name ilike ${text} or f.description ilike ${text})`, searchPattern(search));
      return readPage(database, tenantId, request, {
        columns: FLOW_COLUMNS,
        table: FLOW_TABLES,
        where: conditions.join(' and '),
        values,
        map: toFlowRow,
      });
    },
    /** The tenant's own flows that are there to copy from, the oldest first. */
    async templates(tenantId: string): Promise<EnrollmentFlowRow[]> {
      const rows = await database.read<EnrollmentFlowRow>(
        tenantId,
        `select ${FLOW_COLUMNS} from ${FLOW_TABLES}
         where ${FLOW_JOIN} and f.organization_id is null and f.status = 'TEMPLATE' order by f.id limit ${MOST_TEMPLATES}`,
        [tenantId],
      );
      return rows.map(toFlowRow);
    },
    /** Active flows that are offered; `startable` gives the condition on who may start them. */
    offeredPage(
      tenantId: string,
      startable: (value: (given: unknown) => string) => string,
      request: PageRequest,
    ): Promise<Page<EnrollmentFlowRow>> {
      const values: unknown[] = [tenantId];
      const condition = startable((given) => `$${values.push(given)}`);
      return readPage(database, tenantId, request, {
        columns: FLOW_COLUMNS,
        table: FLOW_TABLES,
        where: `${FLOW_JOIN} and f.status = 'ACTIVE' and (v.settings ->> 'isOffered')::boolean and ${condition}`,
        values,
        map: toFlowRow,
      });
    },
    /** The versions of a flow, the newest first. */
    versionPage(tenantId: string, flow: string, request: PageRequest): Promise<Page<EnrollmentFlowVersionRow>> {
      return readPage(database, tenantId, request, {
        columns: VERSION_COLUMNS,
        table: 'enrollment_flow_versions v',
        where: 'v.tenant_id = $1 and v.flow_id = $2',
        values: [tenantId, flow],
        newestFirst: true,
        map: (row) => row,
      });
    },
  };
}

function toFlowRow(row: EnrollmentFlowRow): EnrollmentFlowRow {
  return Object.assign(row, { __typename: 'EnrollmentFlow' as const, id: toGlobalId('EnrollmentFlow', row.uuid) });
}
