import type { OperationContext } from '../context.js';
import { runSql } from '../database/transact.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { createProof } from './domains/proof.js';
import { readDomain } from './domains/read-domain.js';
import { changeList, type ListChange, type RuleList } from './jit-list.js';

const LIST: RuleList = {
  name: 'EmailDomains',
  field: 'domains',
  noun: 'domain',
  property: 'emailDomains',
  read: (manager, tenantId, organizationId) =>
    runSql(
      manager,
      `select domain as key, domain as name from organization_jit_domains
       where tenant_id = $1 and organization_id = $2 order by domain`,
      [tenantId, organizationId],
    ),
  async insert(manager, { tenantId, id, at }, domains) {
    await runSql(
      manager,
      `insert into organization_jit_domains (id, tenant_id, organization_id, domain, proof, created_at)
       select gen_random_uuid(), $1, $2, added.domain, added.proof, $5
       from unnest($3::text[], $4::text[]) as added(domain, proof)`,
      [tenantId, id, domains, domains.map(createProof), at],
    );
  },
  async remove(manager, { tenantId, id }, domains) {
    await runSql(
      manager,
      'delete from organization_jit_domains where tenant_id = $1 and organization_id = $2 and domain = any($3::text[])',
      [tenantId, id, domains],
    );
  },
};

/**
 * Changes the domains of email addresses by which people join an organization. A new one does nothing until it is
 * proven. Throws Faults: NOT_FOUND, REQUIRED, INVALID.
 */
export async function changeJitDomains(
  context: OperationContext,
  change: ListChange,
  { organizationId, domains }: { organizationId: string; domains: readonly string[] },
): Promise<void> {
  const read = domains.map(readDomain);
  refuseFaults(
    read.map((one, index) => 'reason' in one && fault(UserErrorCode.INVALID, one.reason, 'domains', String(index))),
  );
  const keys = read.flatMap((one) => ('domain' in one ? [one.domain] : []));
  await changeList(context, LIST, change, { organizationId, keys });
}
