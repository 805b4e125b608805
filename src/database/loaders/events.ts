import { MAX, NIL } from 'uuid';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { EVENT_FACT_COLUMNS } from './event-row.js';
import { toGlobalId } from './ids.js';
import { cutPage, type Page, type PageRequest, toCursor } from './page.js';
import type { EventRow } from './rows.js';
import { addTo } from './where.js';

/** The columns of an event `e` and its link `c` of the chain, named as the properties of its row. */
export const EVENT_COLUMNS = `${EVENT_FACT_COLUMNS},
  e.erased_at as "erasedAt", e.ip_address as "ipAddress", e.user_agent as "userAgent", c.sequence::text as sequence,
  encode(c.hash, 'hex') as hash`;

/** Counting an audit log to its end could take minutes. */
export const MOST_COUNTED_EVENTS = 10_000;

/** Which events; conditions add up. Ids are uuids. */
export interface EventFilter {
  organizationId?: string | null;
  /** The user whom it is about. */
  userId?: string | null;
  /** The user who acted. */
  actorUserId?: string | null;
  /** Whole names of types; null for all. */
  types?: readonly string[] | null;
  /** From this moment on. */
  since?: Date | null;
  /** Before this moment. */
  until?: Date | null;
}

/** Events one by one, and pages of them. */
export function createEventLoaders(database: Database) {
  const byId = createBatch<EventRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<EventRow>(
      tenantId,
      `select ${EVENT_COLUMNS} from events e left join audit_chain c on c.tenant_id = e.tenant_id and c.id = e.id
       where e.tenant_id = $1 and e.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toEventRow), ({ uuid }) => uuid);
  });

  return {
    byId,
    async page(
      tenantId: string,
      filter: EventFilter,
      isNewestFirst: boolean,
      request: PageRequest,
    ): Promise<Page<EventRow>> {
      const { first, after } = request;
      const chosen = chooseEvents(tenantId, filter, { isNewestFirst, after: after?.[0] ?? null, limit: first + 1 });
      const text = `
        select ${EVENT_COLUMNS} from (${chosen.text}) page
        join events e on e.tenant_id = $1 and e.id = page.id
        left join audit_chain c on c.tenant_id = $1 and c.id = page.id
        order by page.id ${isNewestFirst ? 'desc' : 'asc'}`;
      const rows = await readByFilter<EventRow>(database, filter, tenantId, text, chosen.values);
      return {
        ...cutPage(rows.map(toEventRow), request),
        cursorOf: ({ uuid }) => toCursor([uuid]),
        async countTotal() {
          const all = chooseEvents(tenantId, filter, { isNewestFirst, after: null, limit: MOST_COUNTED_EVENTS });
          const [counted] = await readByFilter<{ count: number }>(
            database,
            filter,
            tenantId,
            `select count(*)::int as count from (${all.text}) counted`,
            all.values,
          );
          return counted!.count;
        },
      };
    },
  };
}

/** Reads what {@link chooseEvents} chose. Where a filter leaves several indexes to take, that is planned for its values. */
function readByFilter<Row>(
  database: Database,
  { organizationId, userId, actorUserId, types }: EventFilter,
  tenantId: string,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const choices = [organizationId, userId, actorUserId, types].filter(Boolean).length;
  return choices > 1 ? database.readPlanned<Row>(tenantId, text, values) : database.read<Row>(tenantId, text, values);
}

/**
 * The statement that gives the `id`s of a page, in order. Time and the place of the page are bounds of the id, whose
 * first 48 bits are the event's time; so every filter reads a range of one index, and stops when the page is full.
 */
export function chooseEvents(
  tenantId: string,
  { organizationId, userId, actorUserId, types, since, until }: EventFilter,
  { isNewestFirst, after, limit }: { isNewestFirst: boolean; after: string | null; limit: number },
): { text: string; values: unknown[] } {
  let above = since ? lowestIdOf(since) : NIL;
  let below = until ? lowestIdOf(until) : MAX;
  if (after && isNewestFirst && after < below) below = after;
  if (after && !isNewestFirst && after > above) above = after;
  const values: unknown[] = [tenantId, above, below, limit];
  const conditions = ['e.tenant_id = $1', 'e.id > $2::uuid', 'e.id < $3::uuid'];
  const where = addTo(conditions, values);
  if (organizationId) where((id) => `e.organization_id = ${id}::uuid`, organizationId);
  if (userId) where((id) => `e.user_id = ${id}::uuid`, userId);
  if (actorUserId) where((id) => `e.actor_user_id = ${id}::uuid`, actorUserId);
  const isNarrow = conditions.length > 3;
  if (types && isNarrow) where((names) => `e.type = any(${names}::text[])`, types);
  const order = `order by id ${isNewestFirst ? 'desc' : 'asc'} limit $4`;
  const select = `select e.id from events e where ${conditions.join(' and ')}`;
  if (!types || isNarrow) return { text: `${select} ${order}`, values };
  // Types alone: the first of each type, then the first of all these. One scan for all types would have to sort.
  values.push(types);
  const text = `select merged.id from unnest($${values.length}::text[]) as asked(type)
    cross join lateral (${select} and e.type = asked.type ${order}) merged ${order}`;
  return { text, values };
}

/** The lowest UUID of a millisecond: no event has it, so it is above all of those before and below all from then on. */
export function lowestIdOf(time: Date): string {
  const milliseconds = Math.min(Math.max(time.getTime(), 0), 2 ** 48 - 1);
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

export function toEventRow(row: EventRow): EventRow {
  return Object.assign(row, { __typename: 'Event' as const, id: toGlobalId('Event', row.uuid) });
}
