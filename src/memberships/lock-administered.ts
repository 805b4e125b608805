import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import { BuiltInRole } from '../entities/enums.js';

const LOCK = `select o.id from organizations o
  join memberships m on m.tenant_id = $1 and m.organization_id = o.id
  where o.tenant_id = $1 and m.user_id = any($2::uuid[]) order by o.id for no key update of o`;

const ADMINISTERED = `select distinct m.organization_id as id from memberships m
  join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
  join roles r on r.tenant_id = $1 and r.id = mr.role_id and r.is_built_in and r.name = '${BuiltInRole.ADMINISTRATOR}'
  where m.tenant_id = $1 and m.user_id = any($2::uuid[]) order by 1`;

/**
 * The organizations that these users administer, for `settleAdministrators` once they are active no more, again, or
 * gone. All organizations that they are members of are locked, so that nobody makes one of them an administrator
 * meanwhile; the caller holds the locks of the users.
 */
export async function lockAdministered(
  manager: EntityManager,
  tenantId: string,
  userIds: readonly string[],
): Promise<string[]> {
  await runSql(manager, LOCK, [tenantId, userIds]);
  const rows = await runSql<{ id: string }>(manager, ADMINISTERED, [tenantId, userIds]);
  return rows.map(({ id }) => id);
}
