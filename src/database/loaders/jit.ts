import { createBatch } from '../batch.js';
import type { Database } from '../database.js';

/** A rule about a domain of email addresses. Times are RFC 3339 text. */
export interface JitDomainRow {
  organizationUuid: string;
  domain: string;
  proof: string;
  provenAt: string | null;
  checkedAt: string | null;
  failedChecks: number;
  createdAt: string;
}

/** The just-in-time rules of organizations. Each list is bounded where it is changed. */
export function createJitLoaders(database: Database) {
  const emailDomains = createBatch<JitDomainRow[]>(async ({ tenantId }, ids) => {
    const rows = await database.read<JitDomainRow>(
      tenantId,
      `select organization_id as "organizationUuid", domain, proof, proven_at as "provenAt", checked_at as "checkedAt",
         failed_checks as "failedChecks", created_at as "createdAt"
       from organization_jit_domains where tenant_id = $1 and organization_id = any($2::uuid[]) order by domain`,
      [tenantId, ids],
    );
    return Map.groupBy(rows, ({ organizationUuid }) => organizationUuid);
  });

  /** The ids of what the rules name, in the order of its name. */
  const idsOf = (text: string) =>
    createBatch<string[]>(async ({ tenantId }, ids) => {
      const rows = await database.read<{ owner: string; id: string }>(tenantId, text, [tenantId, ids]);
      const groups = Map.groupBy(rows, ({ owner }) => owner);
      return new Map([...groups].map(([owner, named]) => [owner, named.map(({ id }) => id)]));
    });

  return {
    emailDomains,
    connectionUuids: idsOf(
      `select j.organization_id as owner, c.id from organization_jit_connections j
       join connections c on c.tenant_id = $1 and c.id = j.connection_id
       where j.tenant_id = $1 and j.organization_id = any($2::uuid[]) order by c.slug`,
    ),
    roleUuids: idsOf(
      `select j.organization_id as owner, r.id from organization_jit_roles j
       join roles r on r.tenant_id = $1 and r.id = j.role_id
       where j.tenant_id = $1 and j.organization_id = any($2::uuid[]) order by r.name, r.id`,
    ),
  };
}
