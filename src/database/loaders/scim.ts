import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { ScimGroupMappingRow, ScimGroupRow, ScimTokenRow } from './rows.js';

const TOKEN_COLUMNS = `
  t.id as uuid, t.connection_id as "connectionUuid", t.name, t.hint, t.created_by_user_id as "createdByUserUuid",
  t.created_at as "createdAt", t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt"`;

const GROUP_COLUMNS = `
  g.id as uuid, g.connection_id as "connectionUuid", g.display_name as "displayName", g.external_id as "externalId",
  g.created_at as "createdAt", g.updated_at as "updatedAt", g.version`;

/** What directories write by, and their groups. */
export function createScimLoaders(database: Database) {
  const tokenById = createBatch<ScimTokenRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<ScimTokenRow>(
      tenantId,
      `select ${TOKEN_COLUMNS} from scim_tokens t where t.tenant_id = $1 and t.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toTokenRow), ({ uuid }) => uuid);
  });

  /** The tokens of connections: few, since a connection has ten at most. */
  const tokensOf = createBatch<ScimTokenRow[]>(async ({ tenantId }, connections) => {
    const rows = await database.read<ScimTokenRow>(
      tenantId,
      `select ${TOKEN_COLUMNS} from scim_tokens t
       where t.tenant_id = $1 and t.connection_id = any($2::uuid[]) order by t.id`,
      [tenantId, connections],
    );
    return Map.groupBy(rows.map(toTokenRow), ({ connectionUuid }) => connectionUuid);
  });

  const groupById = createBatch<ScimGroupRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<ScimGroupRow>(
      tenantId,
      `select ${GROUP_COLUMNS} from scim_groups g where g.tenant_id = $1 and g.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toGroupRow), ({ uuid }) => uuid);
  });

  /** What groups are mapped to: few, since a group is mapped fifty times at most. */
  const mappingsOf = createBatch<ScimGroupMappingRow[]>(async ({ tenantId }, groups) => {
    const rows = await database.read<ScimGroupMappingRow>(
      tenantId,
      `select x.group_id as "groupUuid", x.organization_id as "organizationUuid", x.role_id as "roleUuid",
         x.created_at as "createdAt"
       from scim_group_mappings x where x.tenant_id = $1 and x.group_id = any($2::uuid[]) order by x.id`,
      [tenantId, groups],
    );
    return Map.groupBy(rows, ({ groupUuid }) => groupUuid);
  });

  const memberCount = createBatch<number>(async ({ tenantId }, groups) => {
    const rows = await database.read<{ group: string; count: number }>(
      tenantId,
      `select group_id as "group", count(*)::int as count from scim_group_members
       where tenant_id = $1 and group_id = any($2::uuid[]) group by 1`,
      [tenantId, groups],
    );
    return new Map(rows.map(({ group, count }) => [group, count]));
  });

  return {
    tokenById,
    groupById,
    async tokensOf(tenantId: string, connection: string): Promise<ScimTokenRow[]> {
      return (await tokensOf(tenantId, connection)) ?? [];
    },
    async mappingsOf(tenantId: string, group: string): Promise<ScimGroupMappingRow[]> {
      return (await mappingsOf(tenantId, group)) ?? [];
    },
    async memberCount(tenantId: string, group: string): Promise<number> {
      return (await memberCount(tenantId, group)) ?? 0;
    },
    /** The groups of a connection, the oldest first. */
    groupPage(tenantId: string, connection: string, request: PageRequest): Promise<Page<ScimGroupRow>> {
      return readPage(database, tenantId, request, {
        columns: GROUP_COLUMNS,
        table: 'scim_groups g',
        where: 'g.tenant_id = $1 and g.connection_id = $2',
        values: [tenantId, connection],
        map: toGroupRow,
      });
    },
  };
}

function toTokenRow(row: ScimTokenRow): ScimTokenRow {
  return Object.assign(row, { __typename: 'ScimToken' as const, id: toGlobalId('ScimToken', row.uuid) });
}

function toGroupRow(row: ScimGroupRow): ScimGroupRow {
  return Object.assign(row, { __typename: 'ScimGroup' as const, id: toGlobalId('ScimGroup', row.uuid) });
}
