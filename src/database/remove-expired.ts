import type { Database } from './database.js';

const MOST = 1_000;

/** Statements that remove what has had its time: expired sign-ins, sessions, used logout tokens, old keys of requests. */
const STATEMENTS = [
  ['login_transactions', 'expires_at < $2'],
  ['sessions', 'expires_at < $2'],
  ['logout_tokens', 'expires_at < $2'],
  ['idempotency_keys', `created_at < $2::timestamptz - interval '7 days'`],
].map(
  ([table, condition]) =>
    `delete from ${table} where tenant_id = $1 and id in (
       select id from ${table} where tenant_id = $1 and ${condition} limit ${MOST} for update skip locked)`,
);

/** Removes what has expired, for each tenant, a thousand rows of a kind at a time. */
export async function removeExpired({ database, clock }: { database: Database; clock: () => Date }): Promise<void> {
  const tenants = await database.read<{ id: string }>(null, 'select id from tenants', []);
  for (const { id } of tenants) {
    for (const statement of STATEMENTS) await database.read(id, statement, [id, clock()]);
  }
}
