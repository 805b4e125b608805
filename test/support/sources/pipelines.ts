import { v7 } from 'uuid';
import { runSql, transact } from '../../../src/database/transact.js';
import { DEFAULT_PIPELINE } from '../../../src/enrollment/pipelines/default-settings.js';
import { createSystemContext } from '../../../src/enrollment/petitions/system-context.js';
import { removeRecords } from '../../../src/enrollment/records/remove-records.js';
import { takeRecords, type TakenRecord, type TakeOptions } from '../../../src/enrollment/records/take-records.js';
import type { Source } from '../../../src/enrollment/sources/source.js';
import { ActorKind } from '../../../src/entities/enums.js';
import type { PersonRecord } from '../../../src/entities/person-record.js';
import type { PipelineSettings } from '../../../src/entities/pipeline-settings.js';
import { PipelineStatus } from '../../../src/entities/source-enums.js';
import type { SeededTenant } from '../factories.js';
import type { Gateway } from '../gateway.js';

let serial = 0;

/** A pipeline as it is stored, that makes users and copies names and addresses unless told. Nothing is checked. */
export async function makePipeline(
  tenant: SeededTenant,
  settings: Partial<PipelineSettings> = {},
  { status = PipelineStatus.ACTIVE, name = `Pipeline ${++serial}` } = {},
): Promise<{ id: string; globalId: string }> {
  const id = v7();
  const all = { ...DEFAULT_PIPELINE, createsUsers: true, copiesName: true, copiesEmail: true, ...settings };
  await transact(tenant.database, tenant.id, (manager) =>
    runSql(
      manager,
      `insert into pipelines (id, tenant_id, name, status, settings, created_at, updated_at)
       values ($1, $2, $3, $4, $5, now(), now())`,
      [id, tenant.id, name, status, JSON.stringify(all)],
    ),
  );
  return { id, globalId: `pip_${id}` };
}

/** Changes settings of a pipeline as they are stored. */
export async function changePipeline(
  tenant: SeededTenant,
  id: string,
  settings: Partial<PipelineSettings>,
): Promise<void> {
  const text = 'update pipelines set settings = settings || $3::jsonb where tenant_id = $1 and id = $2';
  await transact(tenant.database, tenant.id, (manager) =>
    runSql(manager, text, [tenant.id, id, JSON.stringify(settings)]),
  );
}

/** A record of Ada Lovelace with an address of hers that the source vouches for, unless told. */
export function recordOf(key: string, overrides: Partial<PersonRecord> & { email?: string | null } = {}): PersonRecord {
  const { email = `${key}@source.example.org`, ...given } = overrides;
  return {
    key,
    names: [{ givenName: 'Ada', familyName: 'Lovelace' }],
    emails: email === null ? [] : [{ address: email, isVerified: true }],
    identifiers: [],
    affiliation: null,
    attributes: {},
    raw: { uid: key },
    ...given,
  };
}

const writerOf = ({ services, tenant }: Gateway) => ({
  tenantId: tenant.id,
  at: services.clock(),
  actor: { kind: ActorKind.SYSTEM, userId: null, via: 'test' },
});

/** Takes records as a sync does. */
export async function take(
  gateway: Gateway,
  source: Source,
  records: readonly PersonRecord[],
  options: Partial<TakeOptions> = {},
): Promise<TakenRecord[]> {
  const context = await createSystemContext(gateway.services, gateway.tenant.id);
  return transact(gateway.database, gateway.tenant.id, (manager) =>
    takeRecords(manager, writerOf(gateway), source, records, { takesNew: true, context, ...options }),
  );
}

/** The source has these no more. */
export async function remove(
  gateway: Gateway,
  source: Source,
  ...recordIds: (string | null)[]
): Promise<TakenRecord[]> {
  return transact(gateway.database, gateway.tenant.id, (manager) =>
    removeRecords(manager, writerOf(gateway), source, recordIds as string[]),
  );
}
