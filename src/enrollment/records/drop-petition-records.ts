import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';

/**
 * A record that a sync under way has passed is the sync's, too: it would take it for one that is there. What an administrator
 * has looked at and unlinked stays as well.
 */
const DROP = `
delete from source_records r
where r.tenant_id = $1 and r.petition_id = $2 and r.user_id is null and not r.is_unlinked and not exists (
  select 1 from source_sync_runs s join source_sync_batches b on b.tenant_id = $1 and b.run_id = s.id
  where s.tenant_id = $1 and s.source_id = r.source_id and b.key_hashes @> array[hashtextextended(r.key, 0)])`;

/**
 * Removes what sources said for a petition that ends without enrolling anybody, or is deleted: records that only it has
 * brought, and that are nobody's. Its caller holds the petition's lock.
 */
export async function dropPetitionRecords(manager: EntityManager, tenantId: string, petitionId: string): Promise<void> {
  await runSql(manager, DROP, [tenantId, petitionId]);
}
