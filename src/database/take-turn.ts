import type { EntityManager } from '@mikro-orm/postgresql';
import { hashSecret } from '../secret.js';
import { runSql } from './transact.js';

/** What is limited: `key` names who does what; at most `most` times in `seconds`. */
export interface Turn {
  tenantId: string;
  key: string;
  at: Date;
  most: number;
  seconds: number;
}

/** One statement, so that turns which are taken at once are counted one by one. It counts no further than it must. */
const TAKE = `
insert into attempt_counts as a (id, tenant_id, key_hash, window_start, expires_at, count)
values (gen_random_uuid(), $1, $2, $3, $4, 1)
on conflict (tenant_id, key_hash) do update set
  count = case when a.expires_at <= $3 then 1 else least(a.count, $5::int) + 1 end,
  window_start = case when a.expires_at <= $3 then excluded.window_start else a.window_start end,
  expires_at = case when a.expires_at <= $3 then excluded.expires_at else a.expires_at end
returning a.count, a.expires_at as "expiresAt"`;

const RETURN = `update attempt_counts set count = greatest(count - 1, 0)
  where tenant_id = $1 and key_hash = $2 and expires_at > $3`;

/**
 * Takes one of the turns that a key has in a window of time, which begins with the first. Gives null, or, when there is
 * none left, from when on there is. Keys are kept as hashes. What is to count even if the caller's work is undone is
 * counted in a transaction of its own.
 */
export async function takeTurn(
  manager: EntityManager,
  { tenantId, key, at, most, seconds }: Turn,
): Promise<Date | null> {
  const end = new Date(at.getTime() + seconds * 1_000);
  const values = [tenantId, hashSecret(key), at, end, most];
  const [counted] = await runSql<{ count: number; expiresAt: Date }>(manager, TAKE, values);
  return counted!.count > most ? new Date(counted!.expiresAt) : null;
}

/** Gives back a turn that was taken for nothing. */
export async function returnTurn(
  manager: EntityManager,
  { tenantId, key, at }: Pick<Turn, 'tenantId' | 'key' | 'at'>,
): Promise<void> {
  await runSql(manager, RETURN, [tenantId, hashSecret(key), at]);
}
