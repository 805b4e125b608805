import { v7 } from 'uuid';
import type { Sealing } from '../../../src/database/sealing.js';
import { runSql, transact } from '../../../src/database/transact.js';
import { type Source, SOURCE_COLUMNS, sourceSecretsPlace } from '../../../src/enrollment/sources/source.js';
import { QueryMismatch, SourceKind, SourceStatus, SourceSyncMode } from '../../../src/entities/source-enums.js';
import type { SeededTenant } from '../factories.js';

/** `secrets` are sealed by `sealing` for the row that is made. */
export type SourceOverrides = Partial<Omit<Source, 'sealedSecrets' | 'version'>> & {
  description?: string | null;
  createdAt?: Date;
} & ({ secrets: Record<string, string>; sealing: Sealing } | { secrets?: undefined; sealing?: undefined });

/** Settings of a source of kind CSV, of a file that need not be there. */
export const PEOPLE_FILE = { mapping: { key: 'id', emails: ['mail'] } };

let serial = 0;

/** A source as it is stored: active, of kind CSV, of no pipeline, synced by hand, unless told. Nothing is checked. */
export async function makeSource(tenant: SeededTenant, overrides: SourceOverrides = {}): Promise<Source> {
  const { secrets, sealing, createdAt = new Date(), id = v7(), ...given } = overrides;
  const row = {
    name: `Source ${++serial}`,
    description: null,
    kind: SourceKind.CSV,
    status: SourceStatus.ACTIVE,
    settings: {},
    pipelineId: null,
    keepsRaw: true,
    isOpenToOrganizations: false,
    syncMode: SourceSyncMode.MANUAL,
    syncIntervalMinutes: null,
    queryMismatch: QueryMismatch.CREATE_NEW,
    querySkipsKnown: false,
    syncsOnLogin: false,
    timeLimitMilliseconds: 5_000,
    ...given,
  };
  const sealed = secrets === undefined ? null : sealing.seal(JSON.stringify(secrets), sourceSecretsPlace(id));
  return transact(tenant.database, tenant.id, async (manager) => {
    await runSql(
      manager,
      `insert into sources (tenant_id, id, name, description, kind, status, settings, sealed_secrets, secret_names,
         pipeline_id, keeps_raw, is_open_to_organizations, sync_mode, sync_interval_minutes, query_mismatch,
         query_skips_known, syncs_on_login, time_limit_milliseconds, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::text[], $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)`,
      [
        ...[tenant.id, id, row.name, row.description, row.kind, row.status, JSON.stringify(row.settings), sealed],
        ...[Object.keys(secrets ?? {}).sort(), row.pipelineId, row.keepsRaw, row.isOpenToOrganizations, row.syncMode],
        ...[row.syncIntervalMinutes, row.queryMismatch, row.querySkipsKnown, row.syncsOnLogin],
        ...[row.timeLimitMilliseconds, createdAt],
      ],
    );
    const text = `select ${SOURCE_COLUMNS} from sources s where s.tenant_id = $1 and s.id = $2`;
    return (await runSql<Source>(manager, text, [tenant.id, id]))[0]!;
  });
}
