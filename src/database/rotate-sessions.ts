import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from './transact.js';

/**
 * A part of a statement, after which the cookies of these users are replaced at their next request. `users` selects
 * ids as `user_id`, `at` is the moment; `$1` is the tenant. Sessions are locked in one order, so that two statements
 * about many people do not wait for each other.
 */
export function rotateSessionsSql(users: string, at: string): string {
  return `update sessions s set rotate_at = ${at} from (
    select o.id from sessions o
    join (select distinct user_id from (${users}) changed) affected on affected.user_id = o.user_id
    where o.tenant_id = $1 order by o.id for no key update of o
  ) theirs where s.tenant_id = $1 and s.id = theirs.id`;
}

const ROTATE = rotateSessionsSql('select unnest($2::uuid[]) as user_id', '$3');

/**
 * The users' rights have changed: their cookies are replaced at the next request, by one statement however many they
 * are. What changes memberships (src/memberships) does so by itself.
 */
export async function rotateSessionsOf(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  ...userIds: string[]
): Promise<void> {
  if (userIds.length) await runSql(manager, ROTATE, [tenantId, userIds, at]);
}
