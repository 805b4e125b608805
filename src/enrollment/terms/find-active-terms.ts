import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../../database/database.js';
import { MOST_TERMS } from '../../database/loaders/terms.js';
import { runSql } from '../../database/transact.js';

/** Terms as they are agreed to. Either `url` or `body` is there. */
export interface ActiveTerms {
  /** The uuid. */
  id: string;
  edition: number;
  title: string;
  url: string | null;
  body: string | null;
}

const ACTIVE = `select id, edition, title, url, body from terms
  where tenant_id = $1 and is_active and organization_id is not distinct from (
    select o.organization_id from terms o
    where o.tenant_id = $1 and o.organization_id = $2::uuid and o.is_active limit 1)
  order by id limit ${MOST_TERMS}`;

/**
 * The active terms that apply in an organization: its own where it has active ones, else the tenant's; and (null) where
 * there is no organization. The oldest first.
 */
export function findActiveTerms(
  manager: EntityManager,
  tenantId: string,
  organizationId: string | null,
): Promise<ActiveTerms[]> {
  return runSql(manager, ACTIVE, [tenantId, organizationId]);
}

/** {@link findActiveTerms} outside of a transaction. */
export function readActiveTerms(
  database: Database,
  tenantId: string,
  organizationId: string | null,
): Promise<ActiveTerms[]> {
  return database.read(tenantId, ACTIVE, [tenantId, organizationId]);
}
