import pg from 'pg';
import { EVENT_TYPE_NAMES } from '../../src/events/catalogue.js';

/** The organizations and users that events name. The first of each is in one event of twenty. */
export const namedUuid = (kind: 'a' | 'b' | 'c', n: number): string =>
  `0193000${kind}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

const namedSql = (kind: string, n: string) =>
  `('0193000${kind}-0000-7000-8000-' || lpad(to_hex((${n})::bigint), 12, '0'))::uuid`;

/** When the first event of a measured log happened; one follows each three seconds. */
export const BEGUN = Date.UTC(2025, 0, 1);
export const STEP_MILLISECONDS = 3_000;

/** A type that seven events in ten have, one that few have, and one that none has. */
export const COMMON_TYPE = 'user.signed_in';
export const RARE_TYPE = 'connection.created';
export const ABSENT_TYPE = 'tenant.created';
const OTHER_TYPES = EVENT_TYPE_NAMES.filter((type) => ![COMMON_TYPE, RARE_TYPE, ABSENT_TYPE].includes(type));

const LARGE_SHARE = 20;

/**
 * Fills a log: `count` events with their links, as many months as it takes. Indexes are made afterwards, and foreign
 * keys are not looked at: what is measured is reading.
 */
export async function loadLog(url: string, tenantId: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    await client.query(`set maintenance_work_mem = '512MB'`);
    const { rows: indexes } = await client.query<{ name: string; text: string }>(
      `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as text
       from pg_index i where i.indrelid = 'events'::regclass
         and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid)`,
    );
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    const others = `array[${OTHER_TYPES.map((type) => `'${type}'`).join(',')}]`;
    await client.query(
      `insert into events (id, tenant_id, type, at, actor_kind, actor_user_id, via, ip_address, user_agent,
         organization_id, user_id, object_id, "before", "after", changes_salt, origin_salt)
       select
         (lpad(to_hex(ms >> 16), 8, '0') || '-' || lpad(to_hex(ms & 65535), 4, '0') || '-7000-8000-'
           || lpad(to_hex(n), 12, '0'))::uuid,
         $1, case when n % 10 < 7 then '${COMMON_TYPE}' when n % 50021 = 9 then '${RARE_TYPE}'
           else (${others})[1 + (n / 10) % ${OTHER_TYPES.length}] end,
         to_timestamp(ms / 1000.0), 'SIGN_IN', actor, 'signIn', '192.0.2.7', 'Mozilla/5.0 (X11; Linux x86_64)',
         case when n % 3 = 0 then null when n % ${LARGE_SHARE} = 1 then ${namedSql('a', '1')}
           else ${namedSql('a', '2 + (n * 7919) % 100000')} end,
         actor, actor, null, '{"case": "O2_SAME", "cases": ["U1_KNOWN", "O2_SAME"], "connection": "proconnect"}',
         '\\x00112233445566778899aabbccddeeff', '\\x00112233445566778899aabbccddeeff'
       from (
         select n, ${BEGUN} + n * ${STEP_MILLISECONDS} as ms,
           case when n % ${LARGE_SHARE} = 2 then ${namedSql('b', '1')}
             else ${namedSql('b', '2 + (n * 104729) % 200000')} end as actor
         from generate_series(1::bigint, $2::bigint) as n
       ) made`,
      [tenantId, count],
    );
    await client.query(
      `insert into audit_chain (id, tenant_id, sequence, changes_digest, origin_digest, hash)
       select id, $1, row_number() over (order by id), sha256('changes'), sha256('origin'), sha256(id::text::bytea)
       from events where tenant_id = $1 order by id`,
      [tenantId],
    );
    for (const { text } of indexes) await client.query(text);
    await client.query('vacuum analyze events');
    await client.query('vacuum analyze audit_chain');
  } finally {
    await client.end();
  }
}
