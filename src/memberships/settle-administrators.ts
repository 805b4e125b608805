import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import { runSql } from '../database/transact.js';
import { BuiltInRole } from '../entities/enums.js';
import type { Fact } from '../events/catalogue.js';
import { noticeAdministrators } from '../events/notices.js';

const SETTLE = `
with known as (
  select o.id, o.needs_administrator as "before", not exists (
    select 1 from memberships m
    join users u on u.tenant_id = $1 and u.id = m.user_id and u.status = 'ACTIVE'
    join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
    join roles r on r.tenant_id = $1 and r.id = mr.role_id
    where m.tenant_id = $1 and m.organization_id = o.id and r.is_built_in and r.name = '${BuiltInRole.ADMINISTRATOR}'
  ) as "after"
  from organizations o where o.tenant_id = $1 and o.id = any($2::uuid[]) order by o.id for no key update
)
update organizations o set needs_administrator = known."after", updated_at = $3, version = o.version + 1
from known where o.tenant_id = $1 and o.id = known.id and known."before" <> known."after"
returning o.id, o.needs_administrator as "needsAdministrator"`;

/**
 * After administrators came or went, or stopped or began to be active: organizations that have lost their last one say
 * so, the tenant's administrators are told, and those that have one again say so no more. Gives the facts to record.
 *
 * Give the organizations in which somebody was, or has become, an administrator: one that never had any asks for none.
 */
export async function settleAdministrators(
  manager: EntityManager,
  { tenantId, at }: Writer,
  organizationIds: readonly string[],
): Promise<Fact[]> {
  if (!organizationIds.length) return [];
  const settled = await runSql<{ id: string; needsAdministrator: boolean }>(manager, SETTLE, [
    tenantId,
    [...new Set(organizationIds)],
    at,
  ]);
  const facts: Fact[] = [];
  for (const { id, needsAdministrator } of settled) {
    const about = { organizationId: id, objectId: id };
    if (!needsAdministrator) {
      const [before, after] = [{ needsAdministrator: true }, { needsAdministrator: false }];
      facts.push({ type: 'organization.updated', ...about, before, after });
      continue;
    }
    const [before, after] = [{ needsAdministrator: false as const }, { needsAdministrator: true as const }];
    facts.push({ type: 'organization.needs_administrator', ...about, before, after });
    await noticeAdministrators(manager, tenantId, at, null, 'ORGANIZATION_NEEDS_ADMINISTRATOR', { organizationId: id });
  }
  return facts;
}
