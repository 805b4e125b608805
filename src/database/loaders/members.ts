import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { cutPage, type Page, type PageRequest, toCursor } from './page.js';
import type { MembershipRow, RoleRow, UserRow } from './rows.js';
import { toUserRow, USER_DETAILS } from './users.js';

const COLUMNS = `
  m.id as uuid, m.organization_id as "organizationUuid", m.user_id as "userUuid", m.source,
  m.connection_id as "connectionUuid", m.joined_at as "joinedAt", m.added_by_user_id as "addedByUserUuid",
  (select coalesce(json_agg(json_build_array(r.id, r.name) order by r.name), '[]')
   from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
   where mr.tenant_id = m.tenant_id and mr.membership_id = m.id) as roles`;

/** Which side a page of memberships is read from. */
type Side = 'organization' | 'user';

interface Selection {
  side: Side;
  /** Only memberships in these organizations; null for all. */
  within: readonly string[] | null;
}

type PageArguments = PageRequest & Selection;

/** Memberships one by one, and pages of them: those of many organizations, or of many users, in one statement. */
export function createMembershipLoaders(database: Database) {
  const byId = createBatch<MembershipRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<MembershipRow>(
      tenantId,
      `select ${COLUMNS} from memberships m where m.tenant_id = $1 and m.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toMembershipRow), ({ uuid }) => uuid);
  });

  const pages = createBatch<MembershipRow[], PageArguments>(async ({ tenantId, shared }, owners) => {
    const { side, first, after, within } = shared;
    const rows = await database.read<MembershipRow & Record<string, unknown>>(
      tenantId,
      pageStatement(side, after !== null, within !== null),
      [tenantId, owners, first + 1, ...(after ?? []), ...(within ? [within] : [])],
    );
    const ownerOf = shared.side === 'organization' ? 'organizationUuid' : 'userUuid';
    return Map.groupBy(rows.map(shared.side === 'organization' ? toMemberRow : toMembershipRow), (row) => row[ownerOf]);
  });

  const counts = createBatch<number, Selection>(async ({ tenantId, shared }, owners) => {
    const rows = await database.read<{ owner: string; count: number }>(
      tenantId,
      `select ${shared.side}_id as owner, count(*)::int as count from memberships
       where tenant_id = $1 and ${shared.side}_id = any($2::uuid[])
         and ($3::uuid[] is null or organization_id = any($3::uuid[])) group by 1`,
      [tenantId, owners, shared.within],
    );
    return new Map(rows.map(({ owner, count }) => [owner, count]));
  });

  return {
    byId,
    async page(
      tenantId: string,
      side: Side,
      owner: string,
      request: PageRequest,
      within: readonly string[] | null = null,
    ): Promise<Page<MembershipRow>> {
      const rows = (await pages(tenantId, owner, { ...request, side, within })) ?? [];
      return {
        ...cutPage(rows, request),
        cursorOf: ({ uuid }) => toCursor([uuid]),
        countTotal: async () => (await counts(tenantId, owner, { side, within })) ?? 0,
      };
    },
  };
}

const pageStatements = new Map<string, string>();

/** A statement of its own for each form, so that none carries a condition that its plan must leave open. */
function pageStatement(side: Side, hasAfter: boolean, hasWithin: boolean): string {
  const form = `${side} ${hasAfter} ${hasWithin}`;
  let text = pageStatements.get(form);
  if (!text) {
    const isOfOrganization = side === 'organization';
    const after = hasAfter ? 'and m.id > $4::uuid' : '';
    const within = hasWithin ? `and m.organization_id = any($${hasAfter ? 5 : 4}::uuid[])` : '';
    text = `
      select page.* from unnest($2::uuid[]) as owner(id)
      cross join lateral (
        select ${COLUMNS}${isOfOrganization ? `, ${USER_DETAILS}` : ''}
        from memberships m
        ${isOfOrganization ? 'join users u on u.tenant_id = m.tenant_id and u.id = m.user_id' : ''}
        where m.tenant_id = $1 and m.${side}_id = owner.id ${after} ${within}
        order by m.id limit $3
      ) page`;
    pageStatements.set(form, text);
  }
  return text;
}

function toMembershipRow(row: MembershipRow): MembershipRow {
  return Object.assign(row, {
    roles: (row.roles as unknown as [uuid: string, name: string][]).map(([uuid, name]) =>
      toRoleRow({ uuid, name } as RoleRow),
    ),
    __typename: 'Membership' as const,
    id: toGlobalId('Membership', row.uuid),
  });
}

/** A member's row carries the user's columns beside its own: they are taken apart. */
function toMemberRow(row: MembershipRow & Record<string, unknown>): MembershipRow {
  const user = toUserRow({
    uuid: row.userUuid,
    status: row.status,
    email: row.email,
    isEmailVerified: row.isEmailVerified,
    hasEmailConflict: row.hasEmailConflict,
    givenName: row.givenName,
    familyName: row.familyName,
    isTenantAdministrator: row.isTenantAdministrator,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    version: row.version,
    memberOf: row.organizationUuid,
  } as UserRow);
  const { uuid, organizationUuid, userUuid, source, connectionUuid, joinedAt, addedByUserUuid, roles } = row;
  return toMembershipRow({
    uuid,
    organizationUuid,
    userUuid,
    source,
    connectionUuid,
    joinedAt,
    addedByUserUuid,
    roles,
    user,
  } as MembershipRow);
}

export function toRoleRow(row: RoleRow): RoleRow {
  return Object.assign(row, { __typename: 'Role' as const, id: toGlobalId('Role', row.uuid) });
}
