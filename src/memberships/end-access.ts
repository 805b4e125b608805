import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import type { FactOf } from '../events/catalogue.js';

/** Ends every session of a suspended user, and what applications hold for them; gives what the events say of it. */
export async function endAccess(
  manager: EntityManager,
  tenantId: string,
  userId: string,
): Promise<FactOf<'session.ended'>[]> {
  const values = [tenantId, userId];
  const ended = await runSql<{ id: string }>(
    manager,
    'delete from sessions where tenant_id = $1 and user_id = $2 returning id',
    values,
  );
  await runSql(manager, 'delete from oidc_records where tenant_id = $1 and user_id = $2', values);
  return ended.map(({ id }) => ({ type: 'session.ended', userId, objectId: id }));
}
