import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import type { Fact } from '../../events/catalogue.js';

/** A domain is looked at again every day. */
export const DAY_MILLISECONDS = 24 * 60 * 60_000;
/** A record that was not there on so many days in a row proves nothing any more. */
export const MOST_FAILED_CHECKS = 3;

/** A rule about a domain as it was when DNS was asked: whoever made another one meanwhile has another proof. */
interface AskedRule {
  id: string;
  proof: string;
}

interface SettledRule {
  organizationId: string;
  domain: string;
  /** Before. */
  wasProven: boolean;
}

const FOUND = `
with known as (
  select id, proven_at from organization_jit_domains where tenant_id = $1 and id = $2 and proof = $3 for update
)
update organization_jit_domains d
set proven_at = coalesce(d.proven_at, $4), checked_at = $4, check_at = $5, failed_checks = 0
from known where d.tenant_id = $1 and d.id = known.id
returning d.organization_id as "organizationId", d.domain, known.proven_at is not null as "wasProven"`;

/** The record is there. Gives what to record; null when the rule is gone. */
export async function settleFound(
  manager: EntityManager,
  { tenantId, at }: Writer,
  { id, proof }: AskedRule,
): Promise<{ facts: Fact[] } | null> {
  const next = new Date(at.getTime() + DAY_MILLISECONDS);
  const [rule] = await runSql<SettledRule>(manager, FOUND, [tenantId, id, proof, at, next]);
  if (!rule) return null;
  const { organizationId, domain } = rule;
  const about = { organizationId, objectId: organizationId };
  return { facts: rule.wasProven ? [] : [{ type: 'organization.jit_domain_proven', ...about, after: { domain } }] };
}

const LOST = `
update organization_jit_domains
set checked_at = $4, failed_checks = failed_checks + 1,
  check_at = case when failed_checks + 1 < ${MOST_FAILED_CHECKS} then $5::timestamptz end,
  proven_at = case when failed_checks + 1 < ${MOST_FAILED_CHECKS} then proven_at end
where tenant_id = $1 and id = $2 and proof = $3 and proven_at is not null
returning organization_id as "organizationId", domain, proven_at is null as "isLost"`;

/** The record of a proven rule is not there. Gives the rule once it has been gone for too long, and counts no more. */
export async function settleLost(
  manager: EntityManager,
  { tenantId, at }: Writer,
  { id, proof }: AskedRule,
): Promise<{ organizationId: string; domain: string } | null> {
  const next = new Date(at.getTime() + DAY_MILLISECONDS);
  const [rule] = await runSql<{ organizationId: string; domain: string; isLost: boolean }>(manager, LOST, [
    tenantId,
    id,
    proof,
    at,
    next,
  ]);
  return rule?.isLost ? { organizationId: rule.organizationId, domain: rule.domain } : null;
}
