import type { Database } from '../database.js';

/** The most rows that a page holds, and how many it holds when nobody says. */
export const LARGEST_PAGE = 100;
export const USUAL_PAGE = 20;

/** `first` rows after the row that `after` names. */
export interface PageRequest {
  first: number;
  /** The keys of the row before the page, in the order of sorting. */
  after: string[] | null;
}

export interface Page<Row> {
  rows: Row[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** Asked for only when the query asks. */
  countTotal: () => Promise<number>;
  cursorOf: (row: Row) => string;
}

/** A page request that cannot be read; `argument` is what to correct. */
export class PageError extends Error {
  constructor(
    readonly argument: string,
    message: string,
  ) {
    super(message);
  }
}

/** Reads `first` and `after`. A cursor is the sorting keys of its row, so deep pages cost what the first one costs. */
export function readPageRequest(
  first: number | null | undefined,
  after: string | null | undefined,
  keys = 1,
): PageRequest {
  const size = first ?? USUAL_PAGE;
  if (size < 1 || size > LARGEST_PAGE) throw new PageError('first', `first is between 1 and ${LARGEST_PAGE}`);
  if (after === null || after === undefined) return { first: size, after: null };
  try {
    const read: unknown = JSON.parse(Buffer.from(after, 'base64url').toString('utf8'));
    const isCursor =
      Array.isArray(read) &&
      read.length === keys &&
      read.every((key) => typeof key === 'string' && !key.includes('\0'));
    if (isCursor && /^[0-9a-f-]{36}$/.test((read as string[]).at(-1)!)) return { first: size, after: read as string[] };
  } catch {
    // not a cursor: said below
  }
  throw new PageError(
    'after',
    'after is not a cursor of this list: take it from pageInfo.endCursor or an edge of the same ordering',
  );
}

export function toCursor(keys: string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

interface PageSource<Row> {
  columns: string;
  /** The table and its alias: `users u`. */
  table: string;
  /** The alias of the table that is paged through, where it is not the last word of `table`. */
  alias?: string;
  where: string;
  /** What `where` takes. */
  values: unknown[];
  /** A text column to sort by before the id, under the collation of its index. */
  sortBy?: string;
  /** Sorts by the id alone, downwards. */
  newestFirst?: boolean;
  /**
   * Reads rows in order and judges each, until the page is full: for a `where` that no index answers, and of which the
   * planner cannot know how many rows it holds for. `where` then comes on top of the tenant.
   */
  inOrder?: boolean;
  map: (row: Row) => Row;
}

/**
 * Reads one page by keyset: one statement, and one more when the total is asked for. The statement of a first page is
 * another than that of later ones, so that neither carries a condition that its plan must leave open.
 */
export async function readPage<Row extends { uuid: string }>(
  database: Database,
  tenantId: string,
  { first, after }: PageRequest,
  {
    columns,
    table,
    alias = table.split(' ').at(-1)!,
    where,
    values,
    sortBy,
    newestFirst,
    inOrder,
    map,
  }: PageSource<Row>,
): Promise<Page<Row>> {
  const id = `${alias}.id`;
  const next = values.length + 2;
  const beyond = sortBy
    ? `(${sortBy}, ${id}) > ($${next}::text, $${next + 1}::uuid)`
    : `${id} ${newestFirst ? '<' : '>'} $${next}::uuid`;
  const order = sortBy ? `${sortBy}, ${id}` : newestFirst ? `${id} desc` : id;
  const rest = after ? ` and ${beyond}` : '';
  const source = inOrder
    ? `(select * from ${table} where ${alias}.tenant_id = $1${rest} order by ${order} offset 0) ${alias} where ${where}`
    : `${table} where ${where}${rest}`;
  const text = `select ${columns}${sortBy ? `, ${sortBy} as "sortKey"` : ''} from ${source}
    order by ${order} limit $${next - 1}`;
  const read = await database.read<Row & { sortKey?: string }>(tenantId, text, [
    ...values,
    first + 1,
    ...(after ?? []),
  ]);
  return {
    ...cutPage(read.map(map), { first, after }),
    cursorOf: (row: Row & { sortKey?: string }) => toCursor(sortBy ? [row.sortKey!, row.uuid] : [row.uuid]),
    countTotal: async () => {
      const counted = await database.read<{ count: number }>(
        tenantId,
        `select count(*)::int as count from ${table} where ${where}`,
        values,
      );
      return counted[0]?.count ?? 0;
    },
  };
}

/** The rows of a page of which one more was read, to know whether there is a next one. */
export function cutPage<Row>(rows: Row[], { first, after }: PageRequest) {
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first, hasPreviousPage: after !== null };
}
