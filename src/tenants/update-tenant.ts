import type { EntityManager } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { FactorKind } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { type Fault, fault, refuseFaults, UserErrorCode } from '../faults.js';

/** What can be changed of a tenant: what is absent stays. */
export interface UpdateTenant {
  /** Null: events are kept for ever. */
  auditRetentionDays?: number | null;
  /** The kinds of second factors that count, and may be added. */
  mfaFactors?: FactorKind[] | null;
  /** Whether sources are synced when their time has come. */
  runsScheduledSyncs?: boolean | null;
}

interface Settings {
  auditRetentionDays: number | null;
  mfaFactors: FactorKind[];
  runsScheduledSyncs: boolean;
}

const LONGEST_RETENTION = 36_500;

/** Changes settings of the tenant. Repeating it changes nothing. Throws Faults: INVALID, REQUIRED, NO_FACTOR_ENABLED. */
export async function updateTenant(context: OperationContext, input: UpdateTenant): Promise<void> {
  const { auditRetentionDays: days, mfaFactors, runsScheduledSyncs } = input;
  refuseFaults([
    typeof days === 'number' &&
      !(Number.isInteger(days) && days >= 1 && days <= LONGEST_RETENTION) &&
      fault(UserErrorCode.INVALID, `auditRetentionDays is 1 to ${LONGEST_RETENTION}, or null.`, 'auditRetentionDays'),
    mfaFactors === null &&
      fault(UserErrorCode.REQUIRED, 'mfaFactors cannot be cleared: give an empty list for none.', 'mfaFactors'),
    runsScheduledSyncs === null &&
      fault(UserErrorCode.REQUIRED, 'runsScheduledSyncs cannot be cleared.', 'runsScheduledSyncs'),
  ]);
  const writer = writerOf(context, 'tenantUpdate');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    // Whoever has an organization require a second factor reads these settings under a lock of its own.
    const [known] = await runSql<Settings>(
      manager,
      `select audit_retention_days as "auditRetentionDays", mfa_factors as "mfaFactors",
         runs_scheduled_syncs as "runsScheduledSyncs"
       from tenants where id = $1 for no key update`,
      [tenantId],
    );
    const wanted: Settings = {
      auditRetentionDays: days === undefined ? known!.auditRetentionDays : days,
      // One order, whatever the order in which they were given.
      mfaFactors: mfaFactors
        ? Object.values(FactorKind).filter((kind) => mfaFactors.includes(kind))
        : known!.mfaFactors,
      runsScheduledSyncs: runsScheduledSyncs ?? known!.runsScheduledSyncs,
    };
    const changed = (['auditRetentionDays', 'mfaFactors', 'runsScheduledSyncs'] as const).filter(
      (name) => JSON.stringify(known![name]) !== JSON.stringify(wanted[name]),
    );
    if (!changed.length) return;
    if (!wanted.mfaFactors.length) refuseFaults([await refuseNoFactor(manager, tenantId)]);
    await runSql(
      manager,
      `update tenants set audit_retention_days = $2, mfa_factors = $3::text[], runs_scheduled_syncs = $4
       where id = $1`,
      [tenantId, wanted.auditRetentionDays, wanted.mfaFactors, wanted.runsScheduledSyncs],
    );
    const gone = known!.mfaFactors.filter((kind) => !wanted.mfaFactors.includes(kind));
    if (gone.length) await endProofsOf(manager, tenantId, gone);
    const pick = (from: Settings) => Object.fromEntries(changed.map((name) => [name, from[name]]));
    await recordEvents(manager, writer, [
      { type: 'tenant.updated', objectId: tenantId, before: pick(known!), after: pick(wanted) },
    ]);
  });
}

/** Nobody could get into an organization that requires a second factor where none counts. */
async function refuseNoFactor(manager: EntityManager, tenantId: string): Promise<Fault | null> {
  const [organization] = await runSql<{ name: string }>(
    manager,
    'select name from organizations where tenant_id = $1 and is_mfa_required order by id limit 1',
    [tenantId],
  );
  if (!organization) return null;
  return fault(
    UserErrorCode.NO_FACTOR_ENABLED,
    `${organization.name} requires a second factor: leave a kind that counts, or let it require none first.`,
    'mfaFactors',
  );
}

/** What was shown in a session does not count any more when its kind does not. */
async function endProofsOf(manager: EntityManager, tenantId: string, kinds: readonly FactorKind[]): Promise<void> {
  await runSql(
    manager,
    `update sessions s set mfa_at = null, mfa_factor_id = null from user_factors f
     where s.tenant_id = $1 and f.tenant_id = $1 and f.id = s.mfa_factor_id and f.kind = any($2::text[])`,
    [tenantId, kinds],
  );
}
