import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';
import { BuiltInRole } from '../../entities/enums.js';
import type { JitRule } from './decide.js';
import { rulesFor } from './email-domain.js';

/** The most rules without proof that a preview shows. */
const MOST_UNPROVEN = 100;

const rulesStatement = (unproven: string) => `
select o.id as "organizationId", o.status, rule.domain as "emailDomain", rule."isProven",
  (select coalesce(json_agg(jr.role_id order by jr.role_id), '[]') from organization_jit_roles jr
   where jr.tenant_id = $1 and jr.organization_id = o.id) as "roleIds",
  exists (select 1 from organization_jit_roles jr join roles r on r.tenant_id = $1 and r.id = jr.role_id
   where jr.tenant_id = $1 and jr.organization_id = o.id and r.is_built_in and r.name = '${BuiltInRole.ADMINISTRATOR}'
  ) as "givesAdministrator"
from (
  select c.organization_id, null::text as domain, true as "isProven" from organization_jit_connections c
  where c.tenant_id = $1 and c.connection_id = $2
  union all
  select d.organization_id, d.domain, true from organization_jit_domains d
  where d.tenant_id = $1 and d.domain = any($3::text[]) and d.proven_at is not null
  ${unproven}
) rule
join organizations o on o.tenant_id = $1 and o.id = rule.organization_id
order by o.id`;

const FOR_SIGN_IN = rulesStatement('');
const FOR_PREVIEW = rulesStatement(`union all (
  select d.organization_id, d.domain, false from organization_jit_domains d
  where d.tenant_id = $1 and d.domain = any($3::text[]) and d.proven_at is null
    and ($4::uuid is null or d.organization_id = $4)
  order by d.id limit ${MOST_UNPROVEN}
)`);

/** What rules are read by: how somebody comes in, and the domain of their address. */
interface Asked {
  connectionId: string | null;
  emailDomain: string | null;
}

/** The rules that decide about somebody who comes in, in one statement. */
export function findJitRules(manager: EntityManager, tenantId: string, asked: Asked): Promise<JitRule[]> {
  return runSql<JitRule>(manager, FOR_SIGN_IN, valuesOf(tenantId, asked));
}

/** Those, and rules without proof, which decide nothing: of this organization, or of all (null). */
export function findJitRulesForPreview(
  manager: EntityManager,
  tenantId: string,
  { organizationId, ...asked }: Asked & { organizationId: string | null },
): Promise<JitRule[]> {
  return runSql<JitRule>(manager, FOR_PREVIEW, [...valuesOf(tenantId, asked), organizationId]);
}

const valuesOf = (tenantId: string, { connectionId, emailDomain }: Asked) => [
  tenantId,
  connectionId,
  emailDomain === null ? [] : rulesFor(emailDomain),
];
