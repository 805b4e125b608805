import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../../database/transact.js';
import { type Fault, fault, UserErrorCode } from '../../../faults.js';

/** How many of those that need a source are named. */
const MOST_NAMED = 10;

const FLOWS = `select 'flow' as what, f.name from enrollment_flows f
    join enrollment_flow_versions v on v.tenant_id = $1 and v.id = f.current_version_id
  where f.tenant_id = $1 and f.status = 'ACTIVE' and (v.settings @> $2::jsonb or v.settings @> $3::jsonb)`;
const PIPELINES = `select 'pipeline' as what, p.name from pipelines p
  where p.tenant_id = $1 and p.settings @> $3::jsonb`;

/** IN_USE while active flows, or pipelines, name the source; null when none does. The source is locked. */
export function refuseWhileUsed(manager: EntityManager, tenantId: string, id: string): Promise<Fault | null> {
  const hint = 'take it out there, or suspend the source instead';
  return findUse(manager, tenantId, id, `${FLOWS} union all ${PIPELINES}`, hint, 'id');
}

/** IN_USE while active flows of organizations name the source, which is to be closed to them; null when none does. */
export function refuseWhileOrganizationsUse(
  manager: EntityManager,
  tenantId: string,
  id: string,
): Promise<Fault | null> {
  const hint = 'suspend them, or the source, first';
  const field = 'isOpenToOrganizations';
  return findUse(manager, tenantId, id, `${FLOWS} and f.organization_id is not null`, hint, field);
}

async function findUse(
  manager: EntityManager,
  tenantId: string,
  id: string,
  statement: string,
  hint: string,
  field: string,
): Promise<Fault | null> {
  const users = await runSql<{ what: string; name: string }>(
    manager,
    `${statement} order by 1, 2 limit ${MOST_NAMED + 1}`,
    [tenantId, JSON.stringify({ sources: [{ sourceId: id }] }), JSON.stringify({ matchSourceId: id })],
  );
  if (!users.length) return null;
  const named = users.slice(0, MOST_NAMED).map(({ what, name }) => `the ${what} “${name}”`);
  const more = users.length > MOST_NAMED ? ', and others' : '';
  return fault(UserErrorCode.IN_USE, `It is used by ${named.join(', ')}${more}: ${hint}.`, field);
}
