import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { ADMINISTER, BuiltInRole } from '../entities/enums.js';
import { runSql } from '../database/transact.js';

const ROLES: Record<BuiltInRole, string> = {
  [BuiltInRole.ADMINISTRATOR]: 'Edits the organization and makes other members administrators.',
  [BuiltInRole.MEMBER]: 'Belongs to the organization.',
};

/** The roles and the permission that every tenant's template begins with. Gives the roles' ids by name. */
export async function writeTemplate(manager: EntityManager, tenantId: string, at: Date): Promise<Map<string, string>> {
  const roles = await runSql<{ id: string; name: string }>(
    manager,
    `insert into roles (id, tenant_id, name, description, is_built_in, created_at)
     select r.id, $1, r.name, r.description, true, $5
     from unnest($2::uuid[], $3::text[], $4::text[]) as r(id, name, description) returning id, name`,
    [tenantId, Object.keys(ROLES).map(() => v7()), Object.keys(ROLES), Object.values(ROLES), at],
  );
  await runSql(
    manager,
    `with made as (
       insert into permissions (id, tenant_id, name, description, is_built_in, created_at)
       values ($2, $1, $3, 'Edits the organization, its members and whatever belongs to it.', true, $6) returning id
     )
     insert into role_permissions (id, tenant_id, role_id, permission_id) select $4, $1, $5, id from made`,
    [tenantId, v7(), ADMINISTER, v7(), roles.find(({ name }) => name === BuiltInRole.ADMINISTRATOR)!.id, at],
  );
  return new Map(roles.map(({ id, name }) => [name, id]));
}
