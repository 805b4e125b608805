import type { MembershipSource, UserStatus } from '../../entities/enums.js';
import { MemberOrder } from '../../entities/member-order.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { cutPage, type Page, type PageRequest, toCursor } from './page.js';
import { toHeldRoles } from './roles.js';
import type { MembershipRow, RoleGrantRow, UserRow } from './rows.js';
import { toUserRow, USER_DETAILS } from './users.js';

const COLUMNS = `
  m.id as uuid, m.organization_id as "organizationUuid", m.user_id as "userUuid", m.source,
  m.connection_id as "connectionUuid", m.joined_at as "joinedAt", m.added_by_user_id as "addedByUserUuid",
  m.added_by_application_id as "addedByApplicationUuid",
  (select coalesce(json_agg(json_build_array(r.id, r.name) order by r.name), '[]')
   from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
   where mr.tenant_id = m.tenant_id and mr.membership_id = m.id) as roles`;

/** Which side a page of memberships is read from. */
type Side = 'organization' | 'user';

/** Which members; conditions add up. */
export interface MemberFilter {
  /** Every word of it is part of the name; where `searchesAddresses`, of the name or of the email address. */
  search?: string | null;
  searchesAddresses?: boolean;
  /** Those who hold this role: its uuid. */
  roleUuid?: string | null;
  source?: MembershipSource | null;
  /** Those whose account stands here. */
  status?: UserStatus | null;
}

interface Selection {
  side: Side;
  /** Only memberships in these organizations; null for all. */
  within: readonly string[] | null;
  filter: MemberFilter;
}

type PageArguments = PageRequest & Selection & { order: MemberOrder };

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
    const { names, values } = valuesOf({ tenantId, ids: owners }, shared);
    const text = pageStatement(shared, names);
    const rows = await database.read<MembershipRow & Record<string, unknown>>(tenantId, text, values);
    const ownerOf = shared.side === 'organization' ? 'organizationUuid' : 'userUuid';
    return Map.groupBy(rows.map(shared.side === 'organization' ? toMemberRow : toMembershipRow), (row) => row[ownerOf]);
  });

  const counts = createBatch<number, Selection>(async ({ tenantId, shared }, owners) => {
    const { names, values } = valuesOf({ tenantId, ids: owners }, shared);
    const { asked, from, where } = choose(shared, names);
    const rows = await database.read<{ owner: string; count: number }>(
      tenantId,
      `${asked} select m.${shared.side}_id as owner, count(*)::int as count ${from}
       where ${where} and m.${shared.side}_id = any($2::uuid[]) group by 1`,
      values,
    );
    return new Map(rows.map(({ owner, count }) => [owner, count]));
  });

  /** What each role of a membership is from. */
  const grants = createBatch<RoleGrantRow[]>(async ({ tenantId }, memberships) => {
    const rows = await database.read<RoleGrantRow>(
      tenantId,
      `select mr.membership_id as "membershipUuid", r.id as "roleUuid", r.name as "roleName", mr.source,
         mr.granted_at as "grantedAt", mr.granted_by_user_id as "grantedByUserUuid",
         mr.granted_by_application_id as "grantedByApplicationUuid"
       from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
       where mr.tenant_id = $1 and mr.membership_id = any($2::uuid[]) order by r.name, r.id`,
      [tenantId, memberships],
    );
    return Map.groupBy(rows, ({ membershipUuid }) => membershipUuid);
  });

  return {
    byId,
    grants,
    async page(
      tenantId: string,
      side: Side,
      owner: string,
      request: PageRequest,
      {
        within = null,
        filter = {},
        order = MemberOrder.JOINED_AT,
      }: { within?: readonly string[] | null; filter?: MemberFilter; order?: MemberOrder } = {},
    ): Promise<Page<MembershipRow>> {
      const rows = (await pages(tenantId, owner, { ...request, side, within, filter, order })) ?? [];
      return {
        ...cutPage(rows, request),
        cursorOf: ({ uuid, memberName }) => toCursor(order === MemberOrder.NAME ? [memberName!, uuid] : [uuid]),
        countTotal: async () => (await counts(tenantId, owner, { side, within, filter })) ?? 0,
      };
    },
  };
}

/** The values of a statement by their names, those alone that are given: their order is that of its parameters. */
function valuesOf(owners: { tenantId: string; ids: string[] }, page: Selection & Partial<PageArguments>) {
  const { within, filter, first, after } = page;
  const words = wordsOf(filter.search);
  const all: Record<string, unknown> = {
    tenant: owners.tenantId,
    owners: owners.ids,
    within,
    words: words.length ? words : null,
    role: filter.roleUuid,
    source: filter.source,
    status: filter.status,
    last: after?.at(-1),
    lastName: after?.at(-2),
    limit: first && first + 1,
  };
  const given = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return { names: given.map(([name]) => name), values: given.map(([, value]) => value) };
}

/**
 * What is asked of memberships `m`: a text of its own for each form, so that no condition is left for the plan to
 * decide. `asked` folds the words that are searched for, once, as the stored texts are folded.
 */
function choose({ side, filter }: Selection, names: string[]) {
  const parameter = (name: string) => `$${names.indexOf(name) + 1}`;
  const has = (name: string) => names.includes(name);
  const usesUsers = side === 'organization' || has('status') || (has('words') && filter.searchesAddresses);
  const searched = filter.searchesAddresses ? `(m.member_name || ' ' || u.search_email)` : 'm.member_name';
  const keep = (parts: [boolean | undefined, string][]) => parts.flatMap(([isKept, text]) => (isKept ? [text] : []));
  const asked = `with asked as materialized (
    select array_agg('%' || regexp_replace(fold_text(word), '([\\\\%_])', '\\\\\\1', 'g') || '%') as patterns
    from unnest(${parameter('words')}::text[]) as word)`;
  return {
    parameter,
    asked: has('words') ? asked : '',
    from: keep([
      [true, 'from memberships m'],
      [usesUsers, 'join users u on u.tenant_id = m.tenant_id and u.id = m.user_id'],
      [has('words'), 'cross join asked'],
      [has('role'), 'join membership_roles held on held.tenant_id = m.tenant_id and held.membership_id = m.id'],
    ]).join(' '),
    where: keep([
      [true, 'm.tenant_id = $1'],
      [has('within'), `m.organization_id = any(${parameter('within')}::uuid[])`],
      [has('words'), `${searched} like all (asked.patterns)`],
      [has('role'), `held.role_id = ${parameter('role')}`],
      [has('source'), `m.source = ${parameter('source')}`],
      [has('status'), `u.status = ${parameter('status')}`],
    ]).join(' and '),
  };
}

const texts = new Map<string, string>();

/** Pages by keyset: by id, which is in the order of joining, or by the name that the membership carries. */
function pageStatement(page: PageArguments, names: string[]): string {
  const { side, order, filter } = page;
  const form = [side, order, filter.searchesAddresses, ...names].join(' ');
  let text = texts.get(form);
  if (!text) {
    const { parameter, asked, from, where } = choose(page, names);
    const keys = order === MemberOrder.NAME ? 'm.member_name, m.id' : 'm.id';
    const last =
      order === MemberOrder.NAME
        ? `${parameter('lastName')}::text, ${parameter('last')}::uuid`
        : `${parameter('last')}::uuid`;
    text = `
      ${asked} select page.* from unnest($2::uuid[]) as owner(id)
      cross join lateral (
        select ${COLUMNS}, m.member_name as "memberName"${side === 'organization' ? `, ${USER_DETAILS}` : ''}
        ${from}
        where ${where} and m.${side}_id = owner.id ${names.includes('last') ? `and (${keys}) > (${last})` : ''}
        order by ${keys} limit ${parameter('limit')}
      ) page`;
    texts.set(form, text);
  }
  return text;
}

const wordsOf = (search: string | null | undefined): string[] => [
  ...new Set((search ?? '').split(/\s+/u).filter(Boolean)),
];

function toMembershipRow(row: MembershipRow): MembershipRow {
  return Object.assign(row, {
    roles: toHeldRoles(row.roles),
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
  const { addedByApplicationUuid, memberName } = row;
  return toMembershipRow({
    uuid,
    organizationUuid,
    userUuid,
    source,
    connectionUuid,
    joinedAt,
    addedByUserUuid,
    addedByApplicationUuid,
    memberName,
    roles,
    user,
  } as MembershipRow);
}
