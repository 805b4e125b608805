import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';

/** What can be changed of a tenant: what is absent stays. */
export interface UpdateTenant {
  /** Null: events are kept for ever. */
  auditRetentionDays?: number | null;
}

const LONGEST_RETENTION = 36_500;

/** Changes settings of the tenant. Repeating it changes nothing. Throws Faults: INVALID. */
export async function updateTenant(context: OperationContext, input: UpdateTenant): Promise<void> {
  const { auditRetentionDays: days } = input;
  if (days === undefined) return;
  refuseFaults([
    days !== null &&
      !(Number.isInteger(days) && days >= 1 && days <= LONGEST_RETENTION) &&
      fault(UserErrorCode.INVALID, `auditRetentionDays is 1 to ${LONGEST_RETENTION}, or null.`, 'auditRetentionDays'),
  ]);
  const writer = writerOf(context, 'tenantUpdate');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const [known] = await runSql<{ auditRetentionDays: number | null }>(
      manager,
      'select audit_retention_days as "auditRetentionDays" from tenants where id = $1 for update',
      [tenantId],
    );
    if (known!.auditRetentionDays === days) return;
    await runSql(manager, 'update tenants set audit_retention_days = $2 where id = $1', [tenantId, days]);
    await recordEvents(manager, writer, [
      { type: 'tenant.updated', objectId: tenantId, before: known!, after: { auditRetentionDays: days } },
    ]);
  });
}
