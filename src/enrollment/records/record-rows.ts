import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';
import type { PersonRecord } from '../../entities/person-record.js';
import type { SourceRecordStatus } from '../../entities/source-enums.js';
import type { Applied } from '../pipelines/applied.js';

/** A record of a source as operations work with it: its row. Ids are uuids. */
export interface RecordRow {
  id: string;
  sourceId: string;
  key: string;
  status: SourceRecordStatus;
  userId: string | null;
  isUnlinked: boolean;
  hash: string;
  record: PersonRecord | null;
  verifiedEmails: string[];
  applied: Applied;
  petitionId: string | null;
  graceEndsAt: Date | string | null;
}

const COLUMNS = `r.id, r.source_id as "sourceId", r.key, r.status, r.user_id as "userId", r.is_unlinked as "isUnlinked",
  r.hash, r.record, r.verified_emails as "verifiedEmails", r.applied, r.petition_id as "petitionId",
  r.grace_ends_at as "graceEndsAt"`;

/** What decides whether there is anything to do: nothing is locked, and a record that is unchanged is not looked at again. */
export interface KnownRecord {
  key: string;
  id: string;
  status: SourceRecordStatus;
  userId: string | null;
  hash: string;
  hasFailure: boolean;
}

export function readKnown(
  manager: EntityManager,
  tenantId: string,
  sourceId: string,
  keys: readonly string[],
): Promise<KnownRecord[]> {
  return runSql(
    manager,
    `select r.key, r.id, r.status, r.user_id as "userId", r.hash, r.applied ? 'failure' as "hasFailure"
     from source_records r where r.tenant_id = $1 and r.source_id = $2 and r.key = any($3::text[])`,
    [tenantId, sourceId, keys],
  );
}

/** Locks records in the order of their keys, so that whoever takes several keeps to one order. */
export function lockByKeys(
  manager: EntityManager,
  tenantId: string,
  sourceId: string,
  keys: readonly string[],
): Promise<RecordRow[]> {
  return runSql(
    manager,
    `select ${COLUMNS} from source_records r where r.tenant_id = $1 and r.source_id = $2 and r.key = any($3::text[])
     order by r.key for no key update`,
    [tenantId, sourceId, keys],
  );
}

/** Records by their keys, without locks: `read` is the database's own. */
export function readByKeys(
  read: <Row>(text: string, values: unknown[]) => Promise<Row[]>,
  tenantId: string,
  sourceId: string,
  keys: readonly string[],
): Promise<RecordRow[]> {
  return read(
    `select ${COLUMNS} from source_records r where r.tenant_id = $1 and r.source_id = $2 and r.key = any($3::text[])`,
    [tenantId, sourceId, keys],
  );
}

export function lockByIds(manager: EntityManager, tenantId: string, ids: readonly string[]): Promise<RecordRow[]> {
  return runSql(
    manager,
    `select ${COLUMNS} from source_records r where r.tenant_id = $1 and r.id = any($2::uuid[])
     order by r.source_id, r.key for no key update`,
    [tenantId, ids],
  );
}

/** Makes records that are nobody's yet, and gives the keys of those that nobody else has made in the meantime. */
export async function insertRecords(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  rows: readonly RecordRow[],
): Promise<Set<string>> {
  if (!rows.length) return new Set();
  const made = await runSql<{ key: string }>(
    manager,
    `insert into source_records (id, tenant_id, source_id, key, status, hash, record, verified_emails, petition_id,
       created_at, synced_at)
     select w.id, $1, w."sourceId", w.key, w.status, w.hash, w.record, w."verifiedEmails", w."petitionId", $3, $3
     from jsonb_to_recordset($2::jsonb) as w(id uuid, "sourceId" uuid, key text, status text, hash text, record jsonb,
       "verifiedEmails" text[], "petitionId" uuid)
     order by w.key on conflict (tenant_id, source_id, key) do nothing returning key`,
    [tenantId, JSON.stringify(rows), at],
  );
  return new Set(made.map(({ key }) => key));
}

/** Writes records whose rows are locked. `isSynced`: the source was asked about them just now. */
export async function updateRecords(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  rows: readonly RecordRow[],
  isSynced: boolean,
): Promise<void> {
  if (!rows.length) return;
  await runSql(
    manager,
    `update source_records r set status = w.status, user_id = w."userId", is_unlinked = w."isUnlinked", hash = w.hash,
       record = w.record, verified_emails = w."verifiedEmails", applied = w.applied, petition_id = w."petitionId",
       grace_ends_at = w."graceEndsAt", synced_at = case when $4 then $3 else r.synced_at end, version = r.version + 1
     from jsonb_to_recordset($2::jsonb) as w(id uuid, status text, "userId" uuid, "isUnlinked" boolean, hash text,
       record jsonb, "verifiedEmails" text[], applied jsonb, "petitionId" uuid, "graceEndsAt" timestamptz)
     where r.tenant_id = $1 and r.id = w.id`,
    [tenantId, JSON.stringify(rows), at, isSynced],
  );
}
