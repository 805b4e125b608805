import type { Database } from '../../database/database.js';
import { EmailAddress } from '../../entities/email-address.js';
import { isMemberSql } from './reach.js';

const MOST = 20;
/** Fewer characters name too many people. */
const SHORTEST = 2;
const LONGEST = 256;

/**
 * The users of a tenant whom a text names, as their ids, by name: who has exactly this address; or whose given or family
 * name begins as the text does and whose name has each further word of it, without regard to case and accents. At most
 * `limit`, itself at most twenty. Fewer than two characters find nobody. `reach`: only members of these organizations.
 */
export async function searchPeople(
  database: Database,
  tenantId: string,
  text: string,
  limit = MOST,
  reach: readonly string[] | null = null,
): Promise<string[]> {
  const asked = text.replaceAll('\0', '').toWellFormed().trim().slice(0, LONGEST).toWellFormed();
  if ([...asked].length < SHORTEST) return [];
  const most = Math.max(1, Math.min(Math.trunc(limit), MOST));
  if (asked.includes('@')) {
    const rows = await database.read<{ id: string }>(
      tenantId,
      `select u.id from users u where u.tenant_id = $1 and u.email_normalized = $2${reachedSql(reach, '$3')}`,
      [tenantId, EmailAddress.parse(asked)?.normalized ?? '', ...(reach ? [reach] : [])],
    );
    return rows.map(({ id }) => id);
  }
  const [first, ...further] = asked.split(/\s+/u);
  const rows = await database.read<{ id: string }>(tenantId, reach ? SEARCH_REACHED : SEARCH, [
    ...[tenantId, first, further, most],
    ...(reach ? [reach] : []),
  ]);
  return rows.map(({ id }) => id);
}

function reachedSql(reach: readonly string[] | null, parameter: string): string {
  return reach ? ` and ${isMemberSql('u.id', parameter)}` : '';
}

/** Each order of the name has an index of its own; both are read as far as the limit asks. */
const bothWays = (column: string, reached: string) => `
  select u.id, u.search_name from asked cross join lateral (
    select u.id, u.search_name from users u
    where u.tenant_id = $1 and u.${column} >= asked.first and u.${column} < asked.first || chr(1114111)
      and u.search_name like all (asked.further)${reached}
    order by u.${column} limit $4) u
  where asked.first <> ''`;

const searchSql = (reached: string) => `
  with asked as materialized (
    select fold_text($2::text) collate "C" as first,
      array(select '%' || regexp_replace(fold_text(word), '([\\\\%_])', '\\\\\\1', 'g') || '%'
        from unnest($3::text[]) as word) as further)
  select id from (${bothWays('search_name', reached)} union ${bothWays('search_family_name', reached)}) found
  order by search_name, id limit $4`;

const SEARCH = searchSql('');
const SEARCH_REACHED = searchSql(reachedSql([], '$5'));
