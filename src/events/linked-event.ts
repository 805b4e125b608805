import type { Database } from '../database/database.js';
import { chooseEvents, type EventFilter } from '../database/loaders/events.js';
import { EVENT_FACT_COLUMNS, type EventFactRow } from '../database/loaders/event-row.js';

/** An event with its link in the chain. Digests, salts and hashes are hex; a salt is null once it is erased. */
export interface LinkedEvent extends EventFactRow {
  tenantId: string;
  sequence: number;
  ipAddress: string | null;
  userAgent: string | null;
  /** What it said about a person was taken out: `before` and `after` are then null. */
  isErased: boolean;
  previousHash: string;
  hash: string;
  changesDigest: string;
  originDigest: string;
  changesSalt: string | null;
  originSalt: string | null;
}

/** How many events one statement reads: so many that planning each for its values costs nothing beside. */
const PAGE = 1_000;

const COLUMNS = `${EVENT_FACT_COLUMNS},
  e.tenant_id as "tenantId", e.ip_address as "ipAddress", e.user_agent as "userAgent",
  e.erased_at is not null as "isErased", encode(e.changes_salt, 'hex') as "changesSalt",
  encode(e.origin_salt, 'hex') as "originSalt", c.sequence::float8 as sequence,
  encode(c.changes_digest, 'hex') as "changesDigest", encode(c.origin_digest, 'hex') as "originDigest",
  encode(c.hash, 'hex') as hash,
  encode(coalesce(
    (select p.hash from audit_chain p where p.tenant_id = $1 and p.sequence = c.sequence - 1),
    (select h.trimmed_hash from audit_heads h where h.tenant_id = $1)), 'hex') as "previousHash"`;

/** `offset 0` has each event looked up by its id, also while the statistics of a young table say that it is empty. */
const IN_ORDER = `
  select ${COLUMNS} from audit_chain c
  cross join lateral (select * from events where tenant_id = $1 and id = c.id offset 0) e
  where c.tenant_id = $1 and c.sequence > $2 and c.sequence <= $3 order by c.sequence limit ${PAGE}`;

/** The events of a part of the chain, in its order, by pages: beyond `after`, up to `last`. */
export async function* readChain(
  database: Database,
  tenantId: string,
  { after, last }: { after: number; last: number },
): AsyncGenerator<LinkedEvent[]> {
  for (let beyond = after; beyond < last;) {
    const rows = await database.readPlanned<LinkedEvent>(tenantId, IN_ORDER, [tenantId, beyond, last]);
    if (rows.length) yield rows;
    if (rows.length < PAGE) return;
    beyond = rows.at(-1)!.sequence;
  }
}

/**
 * The chained events of a filter, in the order of their time, by pages. In the order of the chain, an event that is far
 * from the one before would cost all of those in between.
 */
export async function* readChosen(
  database: Database,
  tenantId: string,
  filter: EventFilter,
  last: number,
): AsyncGenerator<LinkedEvent[]> {
  for (let after: string | null = null; ;) {
    const chosen = chooseEvents(tenantId, filter, { isNewestFirst: false, after, limit: PAGE });
    const text = `
      select ${COLUMNS} from (${chosen.text}) page
      join events e on e.tenant_id = $1 and e.id = page.id
      join audit_chain c on c.tenant_id = $1 and c.id = page.id
      order by page.id`;
    const rows: LinkedEvent[] = await database.readPlanned<LinkedEvent>(tenantId, text, chosen.values);
    const shown = rows.filter(({ sequence }) => sequence <= last);
    if (shown.length) yield shown;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.uuid;
  }
}

/** The head of a tenant's chain: the hash is hex, empty before the first event. */
export interface ChainHead {
  sequence: number;
  hash: string;
  sealed: string | null;
  /** Up to where events were removed after their retention. */
  trimmedSequence: number;
  trimmedHash: string;
  /** The last link that there is: the same as `sequence`. */
  lastSequence: number;
}

const HEAD = `
  select sequence::float8 as sequence, encode(hash, 'hex') as hash, sealed,
    trimmed_sequence::float8 as "trimmedSequence", encode(trimmed_hash, 'hex') as "trimmedHash",
    coalesce((select max(c.sequence) from audit_chain c where c.tenant_id = $1), trimmed_sequence)::float8 as "lastSequence"
  from audit_heads where tenant_id = $1`;

/** The head of a tenant's chain; null before the first event. */
export async function readHead(database: Database, tenantId: string): Promise<ChainHead | null> {
  const [head] = await database.read<ChainHead>(tenantId, HEAD, [tenantId]);
  return head ?? null;
}
