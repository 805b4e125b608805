import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import type { FactOf } from '../events/catalogue.js';

/** Ends every session of a suspended user, and what applications hold for them; gives what the events say of it. */
export function endAccess(
  manager: EntityManager,
  tenantId: string,
  userId: string,
): Promise<FactOf<'session.ended'>[]> {
  return endAccessOf(manager, tenantId, [userId]);
}

/** The same of several users. */
export async function endAccessOf(
  manager: EntityManager,
  tenantId: string,
  userIds: readonly string[],
): Promise<FactOf<'session.ended'>[]> {
  const values = [tenantId, userIds];
  const ended = await runSql<{ id: string; userId: string }>(
    manager,
    'delete from sessions where tenant_id = $1 and user_id = any($2::uuid[]) returning id, user_id as "userId"',
    values,
  );
  await runSql(manager, 'delete from oidc_records where tenant_id = $1 and user_id = any($2::uuid[])', values);
  return ended.map(({ id, userId }) => ({ type: 'session.ended', userId, objectId: id }));
}
