import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { pino } from 'pino';
import { v7 } from 'uuid';
import { compose } from '../../src/compose.js';
import { readConfig } from '../../src/config.js';
import { runSql, transact } from '../../src/database/transact.js';
import { insertRun } from '../../src/enrollment/synchronization/runs.js';
import { runSync } from '../../src/enrollment/synchronization/run-sync.js';
import { ActorKind } from '../../src/entities/enums.js';
import { SourceKind, SourceSyncMode, SyncRunTrigger } from '../../src/entities/source-enums.js';
import type { Services } from '../../src/services.js';
import { makeSource } from '../../test/support/sources/make.js';
import { makePipeline } from '../../test/support/sources/pipelines.js';
import { administer, createDatabase, type Server } from '../database.js';

/** One full sync of a file, against what no way of taking its rows can do without. */
export interface SyncLine {
  title: string;
  records: number;
  /** Records a second. */
  own: number;
  /** Of COPY into a staging table and one upsert of the same rows; null: there is nothing to compare it with. */
  floor: number | null;
  /** The most memory that the process held for objects while it synced, in MiB. */
  heap: number;
}

const SMALL = { organizations: 2_000, users: 20_000 };

/** The rows of a source as they are stored: what the floor is given, and what both must come to. */
const STORED = `select key, hash, record::text as record, verified_emails::text as emails
  from source_records where tenant_id = $1 and source_id = $2 order by key`;
const DIGEST = `select count(*)::int as count, md5(string_agg(concat_ws(' ', key, status, hash, record::text,
    verified_emails::text), ',' order by key)) as digest
  from source_records where tenant_id = $1 and source_id = $2`;
const UPSERT = `
insert into source_records (id, tenant_id, source_id, key, status, hash, record, verified_emails, created_at, synced_at)
select gen_random_uuid(), $1, $2, key, 'SYNCED', hash, record::jsonb, emails::text[], now(), now() from staging
on conflict (tenant_id, source_id, key) do update
set hash = excluded.hash, record = excluded.record, verified_emails = excluded.verified_emails, synced_at = now()
where source_records.hash <> excluded.hash`;

/** Full syncs of a file, in a database of their own: of records alone, again, and with a pipeline that makes members. */
export async function measureSyncs(server: Server, records: number, tell: (line: string) => void): Promise<SyncLine[]> {
  const { url, openUrl, tenantId, encryptionKey, remove } = await createDatabase(server, SMALL, []);
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-bench-sync-'));
  const config = readConfig({
    ...{ NODE_ENV: 'production', DATABASE_URL: url, DATABASE_POOL_SIZE: '4', ENCRYPTION_KEYS: encryptionKey },
    ...{ PUBLIC_URL: 'https://bench.test', SOURCE_FILES_FOLDER: folder },
  });
  const services = await compose({ config, log: pino({ level: 'warn' }) });
  const floor = new pg.Client({ connectionString: openUrl });
  await floor.connect();
  try {
    await writeFile(folder, tenantId, records);
    const tenant = { id: tenantId, slug: 'default', database: services.database, roles: new Map<string, string>() };
    const settings = {
      path: 'people.csv',
      mapping: { key: 'key', familyName: 'family', givenName: 'given', emails: ['email'], affiliation: 'affiliation' },
    };
    const given = { kind: SourceKind.CSV, settings, syncMode: SourceSyncMode.FULL };
    const source = await makeSource(tenant, given);
    const alone = await sync(services, tenantId, source.id, { created: records });
    const again = await sync(services, tenantId, source.id, { unchanged: records });
    const byHand = await measureFloor(floor, tenantId, source.id);

    const [organization] = await administer<{ id: string; roleId: string }>(
      openUrl,
      `select o.id, (select r.id from roles r where r.tenant_id = $1 and r.name = 'member') as "roleId"
       from organizations o where o.tenant_id = $1 order by o.id desc limit 1`,
      [tenantId],
    );
    const { id: pipelineId } = await makePipeline(tenant, {
      organizationId: organization!.id,
      roleIds: [organization!.roleId],
    });
    const withPipeline = await makeSource(tenant, { ...given, pipelineId });
    const members = await sync(services, tenantId, withPipeline.id, { created: records });
    const [made] = await administer<{ count: number }>(
      openUrl,
      `select count(*)::int as count from source_records r join memberships m on m.tenant_id = $1 and m.user_id = r.user_id
       where r.tenant_id = $1 and r.source_id = $2 and m.organization_id = $3`,
      [tenantId, withPipeline.id, organization!.id],
    );
    if (made!.count !== records) throw new Error(`There are ${made!.count} members of ${records} records.`);
    const unchanged = await sync(services, tenantId, withPipeline.id, { unchanged: records });
    const lines: SyncLine[] = [
      { title: 'into records', records, ...alone, floor: byHand.first },
      { title: 'again, nothing changed', records, ...again, floor: byHand.again },
      { title: 'into records, users and members, with their events', records, ...members, floor: null },
      { title: 'again, nothing changed', records, ...unchanged, floor: null },
    ];
    for (const { title, own, floor: bare, heap } of lines)
      tell(
        `sync of ${records.toLocaleString('en')} records ${title}: ${own.toFixed(0)}/s${
          bare ? `, ${((100 * own) / bare).toFixed(0)} % of COPY and one upsert (${bare.toFixed(0)}/s)` : ''
        }, heap at most ${heap.toFixed(0)} MiB`,
      );
    return lines;
  } finally {
    await floor.end();
    await services.sources.close();
    await services.outbound.close();
    await services.database.close();
    await remove();
    await rm(folder, { recursive: true });
  }
}

async function writeFile(folder: string, tenantId: string, records: number): Promise<void> {
  await mkdir(join(folder, tenantId, 'files'), { recursive: true });
  const rows = function* () {
    yield 'key,family,given,email,affiliation\n';
    for (let n = 0; n < records; n++)
      yield `k${n},Martin ${n},Ada,k${n}@sync.example,${n % 5 ? 'member' : 'faculty'}\n`;
  };
  await pipeline(Readable.from(rows()), createWriteStream(join(folder, tenantId, 'files', 'people.csv')));
}

/** Syncs a source as its jobs do, and checks what came of it. */
async function sync(
  services: Services,
  tenantId: string,
  sourceId: string,
  expected: { created?: number; unchanged?: number },
): Promise<{ own: number; heap: number }> {
  const id = v7();
  await transact(services.database, tenantId, async (manager) => {
    const writer = { tenantId, at: new Date(), actor: { kind: ActorKind.SYSTEM, userId: null, via: 'bench' } };
    const run = { id, sourceId, mode: SourceSyncMode.FULL, isForced: false, trigger: SyncRunTrigger.SCHEDULE };
    await insertRun(manager, writer, run);
  });
  let heap = 0;
  const sampling = setInterval(() => (heap = Math.max(heap, process.memoryUsage().heapUsed)), 100);
  const begun = performance.now();
  const read = () =>
    transact(services.database, tenantId, (manager) =>
      runSql<{ status: string; created: number; unchanged: number; failed: number }>(
        manager,
        `select status, created::int, unchanged::int, failed::int from source_sync_runs where tenant_id = $1 and id = $2`,
        [tenantId, id],
      ),
    );
  let [run] = await read();
  while (['WAITING', 'RUNNING'].includes(run!.status)) {
    await runSync(services, { tenantId, sourceId }, new AbortController().signal);
    [run] = await read();
  }
  const seconds = (performance.now() - begun) / 1_000;
  clearInterval(sampling);
  const { created = 0, unchanged = 0 } = expected;
  if (run!.status !== 'COMPLETED' || run!.created !== created || run!.unchanged !== unchanged)
    throw new Error(`The sync came to something else: ${JSON.stringify(run)}`);
  return { own: (created + unchanged) / seconds, heap: heap / 1_048_576 };
}

/** The same rows by COPY into a staging table and one upsert, into a source of their own; and the same once more. */
async function measureFloor(floor: pg.Client, tenantId: string, sourceId: string) {
  const otherId = v7();
  await floor.query(
    `insert into sources (id, tenant_id, name, kind, status, settings, secret_names, keeps_raw,
       is_open_to_organizations, sync_mode, query_mismatch, query_skips_known, syncs_on_login, time_limit_milliseconds,
       created_at, updated_at)
     select $3, tenant_id, 'Floor', kind, status, settings, secret_names, keeps_raw, is_open_to_organizations, sync_mode,
       query_mismatch, query_skips_known, syncs_on_login, time_limit_milliseconds, created_at, updated_at
     from sources where tenant_id = $1 and id = $2`,
    [tenantId, sourceId, otherId],
  );
  const { rows } = await floor.query<Record<string, string>>(STORED, [tenantId, sourceId]);
  const escape = (text: string) => text.replace(/[\\\n\r\t]/g, (found) => ESCAPES[found]!);
  const lines = rows.map(
    ({ key, hash, record, emails }) => `${[key, hash, record, emails].map((text) => escape(text!)).join('\t')}\n`,
  );
  const load = async () => {
    const begun = performance.now();
    await floor.query('begin');
    await floor.query('create temporary table staging (key text, hash text, record text, emails text) on commit drop');
    await pipeline(Readable.from(lines), floor.query(copyFrom('copy staging from stdin')));
    await floor.query(UPSERT, [tenantId, otherId]);
    await floor.query('commit');
    return (rows.length * 1_000) / (performance.now() - begun);
  };
  const [first, again] = [await load(), await load()];
  const digests = [];
  for (const id of [sourceId, otherId]) digests.push((await floor.query(DIGEST, [tenantId, id])).rows[0]);
  if (JSON.stringify(digests[0]) !== JSON.stringify(digests[1]))
    throw new Error(`The floor came to something else: ${JSON.stringify(digests)}`);
  await floor.query('delete from source_records where tenant_id = $1 and source_id = $2', [tenantId, otherId]);
  return { first, again };
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
