import type { Database } from '../database/database.js';
import { scimUrl, type ScimContext } from './context.js';
import { parseFilter, readAttributePath } from './filter.js';
import { Conditions, filterToSql, type Place, placeOf, type Storage } from './filter-sql.js';
import { isUuid } from './group-members.js';
import {
  GROUP_COLUMNS,
  type GroupOfUser,
  isSelected,
  select,
  type Selection,
  type Shown,
  showGroup,
  showUser,
  type StoredGroup,
  type StoredUser,
  USER_COLUMNS,
} from './present.js';
import type { Resource } from './read-resource.js';
import { resolvePath, valueOf } from './resolve.js';
import { GROUP } from './schemas.js';
import { invalidValue, notFound, ScimError } from './scim-error.js';
import { GROUP_STORAGE, USER_STORAGE } from './storage.js';

/** The most resources of a page, and how many it has when nobody says. */
export const LARGEST_PAGE = 200;
const USUAL_PAGE = 100;
/** The most names in `attributes`: each is looked for in every resource of the page. */
const MOST_NAMES = 200;
const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** What a search asks for (RFC 7644, section 3.4.2). */
export interface Search extends Selection {
  filter: string | null;
  sortBy: string | null;
  isDescending: boolean;
  /** From 1. */
  startIndex: number;
  count: number;
}

export interface ListResponse {
  schemas: string[];
  totalResults: number;
  itemsPerPage: number;
  startIndex: number;
  Resources: Resource[];
}

/** A type of resource, as a search reads it. */
interface Source {
  storage: Storage;
  table: string;
  alias: string;
  /** Rows by the end of a statement that chooses them. */
  read: (context: ScimContext, rest: string, values: unknown[], selection: Selection) => Promise<Shown[]>;
}

const USERS: Source = {
  storage: USER_STORAGE,
  table: 'scim_users s',
  alias: 's',
  async read(context, rest, values) {
    const { database, tenant } = context;
    const users = await database.readPlanned<StoredUser>(tenant.id, `select ${USER_COLUMNS} ${rest}`, values);
    const groups = await groupsOf(database, tenant.id, users);
    return users.map((user) => showUser(user, groups.get(user.id) ?? [], scimUrl(tenant)));
  },
};

const GROUPS: Source = {
  storage: GROUP_STORAGE,
  table: 'scim_groups g',
  alias: 'g',
  async read(context, rest, values, selection) {
    const { database, tenant } = context;
    const groups = await database.readPlanned<StoredGroup>(tenant.id, `select ${GROUP_COLUMNS} ${rest}`, values);
    const isAsked = isSelected(GROUP, selection, 'members');
    const members = isAsked ? await membersOf(database, tenant.id, groups) : null;
    return groups.map((group) => showGroup(group, members && (members.get(group.id) ?? []), scimUrl(tenant)));
  },
};

/** One resource of this directory; refuses 404. */
async function find(source: Source, context: ScimContext, id: string, selection: Selection): Promise<Shown> {
  const { table, alias, storage } = source;
  const rest = `from ${table} where ${alias}.tenant_id = $1 and ${alias}.connection_id = $2 and ${alias}.id = $3`;
  const values = [context.tenant.id, context.connection.id, id];
  const [found] = isUuid(id) ? await source.read(context, rest, values, selection) : [];
  if (!found) throw notFound(storage.type.name.toLowerCase());
  return found;
}

export const findUser = (context: ScimContext, id: string, selection: Selection) => find(USERS, context, id, selection);
export const findGroup = (context: ScimContext, id: string, selection: Selection) =>
  find(GROUPS, context, id, selection);

export const searchUsers = (context: ScimContext, search: Search) => searchIn(context, [USERS], search);
export const searchGroups = (context: ScimContext, search: Search) => searchIn(context, [GROUPS], search);
/** Users, then groups: each sorted by itself. An attribute that one of them does not have is absent there. */
export const searchAll = (context: ScimContext, search: Search) => searchIn(context, [USERS, GROUPS], search);

/** One page: two statements for each type, and one for the groups or members of what is on it. */
async function searchIn(context: ScimContext, sources: Source[], search: Search): Promise<ListResponse> {
  const { startIndex, count } = search;
  const filter = search.filter === null ? null : parseFilter(search.filter);
  const ignoresUnknown = sources.length > 1;
  const { tenant, connection, database } = context;
  const resources: Resource[] = [];
  let totalResults = 0;
  for (const source of sources) {
    const { table, alias, storage } = source;
    const conditions = new Conditions([tenant.id, connection.id]);
    const condition = filter ? `and ${filterToSql(filter, storage, conditions, { ignoresUnknown })}` : '';
    const from = `from ${table} where ${alias}.tenant_id = $1 and ${alias}.connection_id = $2 ${condition}`;
    const counting = `select count(*)::int as count ${from}`;
    const [counted] = await database.readPlanned<{ count: number }>(tenant.id, counting, conditions.values);
    const offset = Math.max(0, startIndex - 1 - totalResults);
    totalResults += counted!.count;
    const wanted = Math.min(count - resources.length, counted!.count - offset);
    if (wanted <= 0) continue;
    const order = orderBy(source, search, ignoresUnknown);
    const page = `${from} order by ${order} limit ${conditions.bind(wanted, 'int')} offset ${conditions.bind(offset, 'int')}`;
    const shown = await source.read(context, page, conditions.values, search);
    resources.push(...shown.map((one) => select(storage.type, one, search)));
  }
  return { schemas: [LIST_SCHEMA], totalResults, itemsPerPage: resources.length, startIndex, Resources: resources };
}

/** What is absent comes last, or first when the order is turned round. Of several values, the primary or first counts. */
function orderBy({ storage, alias }: Source, { sortBy, isDescending }: Search, ignoresUnknown: boolean): string {
  const direction = isDescending ? 'desc' : 'asc';
  if (sortBy === null) return `${alias}.id ${direction}`;
  const path = readAttributePath(sortBy);
  const resolved = path && resolvePath(storage.type, path);
  if (!resolved) {
    if (ignoresUnknown) return `${alias}.id ${direction}`;
    throw invalidValue('sortBy is no attribute.');
  }
  const { attribute, sub, place } = placeOf(storage, resolved);
  const whole = sub ?? attribute;
  const leaf = whole.subAttributes ? valueOf(whole) : whole;
  if (!leaf) throw invalidValue('sortBy is no attribute that is sorted by.');
  const name = sub || whole !== leaf ? (sub ?? leaf).name : null;
  const value = valueAt(place, name);
  return `${sortable(value, leaf.caseExact)} ${direction}, ${alias}.id`;
}

function valueAt(place: Place, name: string | null): Place {
  if (place.shape === 'object') return name ? place.at(name) : place;
  if (place.shape !== 'list') return place;
  const { table, where } = place.from('sorted');
  const inner = place.at('sorted', name);
  const isJson = table.startsWith('jsonb_array_elements');
  const primary = isJson ? `order by (sorted.value->>'primary')::boolean desc nulls last` : 'order by 1';
  const sql = `(select ${(inner as { sql: string }).sql} from ${table} where ${where} ${primary} limit 1)`;
  return { ...inner, sql } as Place;
}

function sortable(place: Place, isExact: boolean): string {
  const { shape } = place;
  const sql = (place as { sql: string }).sql;
  if (shape === 'time' || shape === 'boolean' || shape === 'uuid') return sql;
  return shape === 'folded' || isExact ? `${sql} collate "C"` : `lower(${sql}) collate "C"`;
}

async function groupsOf(database: Database, tenantId: string, users: readonly StoredUser[]) {
  if (!users.length) return new Map<string, GroupOfUser[]>();
  const rows = await database.read<GroupOfUser & { user: string }>(
    tenantId,
    `select gm.scim_user_id as "user", g.id, g.display_name as "displayName" from scim_group_members gm
     join scim_groups g on g.tenant_id = $1 and g.id = gm.group_id
     where gm.tenant_id = $1 and gm.scim_user_id = any($2::uuid[]) order by g.id`,
    [tenantId, users.map(({ id }) => id)],
  );
  return Map.groupBy(rows, ({ user }) => user);
}

async function membersOf(database: Database, tenantId: string, groups: readonly StoredGroup[]) {
  if (!groups.length) return new Map<string, string[]>();
  const rows = await database.read<{ group: string; id: string }>(
    tenantId,
    `select group_id as "group", scim_user_id as id from scim_group_members
     where tenant_id = $1 and group_id = any($2::uuid[]) order by scim_user_id`,
    [tenantId, groups.map(({ id }) => id)],
  );
  const members = new Map<string, string[]>();
  for (const { group, id } of rows) {
    const known = members.get(group);
    if (known) known.push(id);
    else members.set(group, [id]);
  }
  return members;
}

type Parameters = Record<string, unknown>;

/** Reads a search from a query string or from the body of `.search`. */
export function readSearch(given: Parameters): Search {
  const text = (name: string): string | null => {
    const value = given[name];
    if (value === undefined || value === null || value === '') return null;
    if (typeof value !== 'string') throw invalidValue(`${name} is text.`);
    if (value.includes('\0')) throw invalidValue(`${name} holds what is no text.`);
    return value;
  };
  const order = text('sortOrder')?.toLowerCase() ?? 'ascending';
  if (order !== 'ascending' && order !== 'descending') throw invalidValue('sortOrder is ascending or descending.');
  return {
    ...readSelection(given),
    filter: text('filter'),
    sortBy: text('sortBy'),
    isDescending: order === 'descending',
    startIndex: Math.max(1, whole(given, 'startIndex', 1)),
    count: Math.min(LARGEST_PAGE, Math.max(0, whole(given, 'count', USUAL_PAGE))),
  };
}

/** `attributes` and `excludedAttributes`, as a list or separated by commas. */
export function readSelection(given: Parameters): Selection {
  const names = (name: string): string[] => {
    const value = given[name] ?? [];
    const list = (Array.isArray(value) ? value : [value]).flatMap((item: unknown) =>
      typeof item === 'string' ? item.split(',') : refuseNames(name),
    );
    if (list.length > MOST_NAMES) throw invalidValue(`${name} are at most ${MOST_NAMES} names.`);
    return list.map((item) => item.trim()).filter(Boolean);
  };
  const [attributes, excludedAttributes] = [names('attributes'), names('excludedAttributes')];
  if (attributes.length && excludedAttributes.length)
    throw new ScimError(400, 'invalidValue', 'Give either attributes or excludedAttributes.');
  return { attributes, excludedAttributes };
}

function refuseNames(name: string): never {
  throw invalidValue(`${name} are names.`);
}

function whole(given: Parameters, name: string, usual: number): number {
  const value = given[name];
  if (value === undefined || value === null || value === '') return usual;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  if (!Number.isInteger(number) || Math.abs(number) > 2 ** 31 - 1) throw invalidValue(`${name} is a whole number.`);
  return number;
}
