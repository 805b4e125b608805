import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from './transact.js';

/** The user's rights have changed: their cookies are replaced at the next request. */
export async function rotateSessionsOf(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  userId: string,
): Promise<void> {
  await runSql(manager, 'update sessions set rotate_at = $3 where tenant_id = $1 and user_id = $2', [
    tenantId,
    userId,
    at,
  ]);
}
