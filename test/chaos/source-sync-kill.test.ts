import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { insertRun } from '../../src/enrollment/synchronization/runs.js';
import { transact } from '../../src/database/transact.js';
import { ActorKind } from '../../src/entities/enums.js';
import { SourceKind, SourceSyncMode, SyncRunTrigger } from '../../src/entities/source-enums.js';
import { makeOrganization } from '../support/factories.js';
import { createDeployment, type Deployment } from '../support/processes.js';
import { makeSource } from '../support/sources/make.js';
import { type PeopleServer, settingsOf, startPeopleServer } from '../support/sources/people-server.js';
import { makePipeline } from '../support/sources/pipelines.js';
import { csvSettings, writePeople } from '../support/sources/syncs.js';

/** The embedded database is opened anew after each kill, which takes its time. */
const isServer = Boolean(process.env.DATABASE_URL);
const PEOPLE = isServer ? 6_000 : 3_000;
const KILLS = isServer ? 3 : 1;

let deployment: Deployment;
let folder: string;
let server: PeopleServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vestibule-sync-kill-'));
  server = await startPeopleServer();
  deployment = await createDeployment(isServer ? 2 : 1, {
    SOURCE_FILES_FOLDER: folder,
    ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
    LOG_LEVEL: 'warn',
  });
}, 120_000);
afterAll(async () => {
  await deployment.close();
  await server.close();
  await rm(folder, { recursive: true });
});

const email = (number: number) => `p${number}@people.example`;

/** A source with a pipeline that makes users and members of its records. */
async function prepare(kind: SourceKind.CSV | SourceKind.HTTP): Promise<{ tenantId: string; sourceId: string }> {
  return deployment.use(async (tenant) => {
    const numbers = Array.from({ length: PEOPLE }, (_, number) => number);
    const prefix = kind.toLowerCase();
    if (kind === SourceKind.CSV) {
      const rows = numbers.map((number) => [`p${number}`, `Person ${number}`, 'Ada', `${prefix}-${email(number)}`]);
      await writePeople(folder, tenant.id, 'people.csv', rows);
    } else {
      for (const number of numbers)
        server.put({ key: `p${number}`, family: `Person ${number}`, emails: [`${prefix}-${email(number)}`] });
    }
    const organization = await makeOrganization(tenant);
    const { id } = await makePipeline(tenant, {
      organizationId: organization.id,
      roleIds: [tenant.roles.get('member')!],
    });
    const settings = kind === SourceKind.CSV ? csvSettings('people.csv') : settingsOf(server);
    const source = await makeSource(tenant, { kind, settings, pipelineId: id, syncMode: SourceSyncMode.FULL });
    return { tenantId: tenant.id, sourceId: source.id };
  });
}

/** Asks for a sync as the clock does. */
const begin = ({ tenantId, sourceId }: { tenantId: string; sourceId: string }, id: string) =>
  deployment.use(({ database }) =>
    transact(database, tenantId, async (manager) => {
      const writer = { tenantId, at: new Date(), actor: { kind: ActorKind.SYSTEM, userId: null, via: 'test' } };
      const run = { id, sourceId, mode: SourceSyncMode.FULL, isForced: false, trigger: SyncRunTrigger.SCHEDULE };
      expect(await insertRun(manager, writer, run)).toBe(true);
    }),
  );

interface RunRow {
  status: string;
  done: number;
  created: number;
  updated: number;
  unchanged: number;
  removed: number;
  failed: number;
  batches: number;
}
const readRun = async (id: string): Promise<RunRow> =>
  (
    await deployment.read<RunRow>(
      `select status, done::int, created::int, updated::int, unchanged::int, removed::int, failed::int, batches
       from source_sync_runs where tenant_id = $1 and id = '${id}'`,
    )
  )[0]!;

/** Every row that a sync writes, with its version: a row that is written again has another one. */
const versionsOf = async () => {
  const tables = ['source_records', 'users', 'memberships', 'membership_roles'];
  const rows: string[] = [];
  for (const table of tables) {
    const found = await deployment.read<{ row: string }>(
      `select '${table} ' || id || ' ' || xmin::text as row from ${table} where tenant_id = $1`,
    );
    rows.push(...found.map(({ row }) => row));
  }
  return new Set(rows);
};

/** Waits until the run is so far; looked at in the database where that can be read beside the process. */
async function until(id: string, isReached: (run: RunRow) => boolean): Promise<void> {
  for (const end = Date.now() + 240_000; Date.now() < end;) {
    if (isReached(await readRun(id))) return;
    await pause(20);
  }
  throw new Error(`The sync did not get there: ${JSON.stringify(await readRun(id))}`);
}

it.each([SourceKind.CSV, SourceKind.HTTP] as const)(
  'kill -9 in the middle of a full sync of a %s source: another process goes on after the last batch, and does nothing twice',
  async (kind) => {
    const target = await prepare(kind);
    const runId = crypto.randomUUID();
    await begin(target, runId);
    const reached: number[] = [];
    const isHalfRead = new Promise<void>((resolve) => {
      server.fault = (url) => {
        if (Number(url.searchParams.get('cursor')) > PEOPLE / 2) resolve();
        return false;
      };
    });
    await deployment.start(0);
    for (let kill = 0; kill < KILLS; kill++) {
      if (isServer) await until(runId, ({ done }) => done > ((kill + 0.3) / KILLS) * PEOPLE);
      // The embedded database cannot be read beside the process: some moments on, wherever that is.
      else if (kind === SourceKind.HTTP) await isHalfRead;
      else await pause(3_000 + Math.random() * 3_000);
      await deployment.kill(isServer ? kill % 2 : 0);
      const cut = await readRun(runId);
      const before = await versionsOf();
      const records = await deployment.read<{ count: number }>(
        `select count(*)::int as count from source_records where tenant_id = $1 and source_id = '${target.sourceId}'`,
      );
      // What the run counts is what there is: a batch is there as a whole, or not at all.
      expect(records[0]!.count).toBe(cut.created);
      reached.push(cut.done);
      await deployment.start(isServer ? (kill + 1) % 2 : 0);
      if (isServer) await until(runId, ({ done, status }) => done > cut.done || status === 'COMPLETED');
      else {
        // The job of the process that died is taken up once its heartbeat has been missed.
        for (let times = 0; times < 5; times++) {
          await pause(25_000);
          await deployment.kill(0);
          const now = await readRun(runId);
          if (now.status === 'COMPLETED') break;
          await deployment.start(0);
        }
      }
      const after = await versionsOf();
      expect([...before].filter((row) => !after.has(row))).toEqual([]);
    }
    if (isServer) await until(runId, ({ status }) => status === 'COMPLETED');
    expect(await readRun(runId)).toMatchObject({
      ...{ status: 'COMPLETED', done: PEOPLE, created: PEOPLE, updated: 0, unchanged: 0, removed: 0, failed: 0 },
    });
    process.stdout.write(`${kind}: ${PEOPLE} records, killed at ${reached.join(', ')}\n`);
    const [counts] = await deployment.read<Record<string, number>>(
      `select
         (select count(*)::int from source_records r where r.tenant_id = $1 and r.source_id = '${target.sourceId}') as records,
         (select count(distinct r.user_id)::int from source_records r
          where r.tenant_id = $1 and r.source_id = '${target.sourceId}') as users,
         (select count(*)::int from users u where u.tenant_id = $1
            and u.email_normalized like '${kind.toLowerCase()}-%@people.example') as people,
         (select count(*)::int from memberships m join users u on u.id = m.user_id
          where m.tenant_id = $1 and u.email_normalized like '${kind.toLowerCase()}-%@people.example') as members,
         (select count(*)::int from events e join users u on u.id = e.object_id where e.tenant_id = $1
            and e.type = 'user.created' and u.email_normalized like '${kind.toLowerCase()}-%@people.example') as made,
         (select count(*)::int from events e where e.tenant_id = $1 and e.object_id = '${runId}') as told`,
    );
    expect(counts).toEqual({ records: PEOPLE, users: PEOPLE, people: PEOPLE, members: PEOPLE, made: PEOPLE, told: 2 });
    const doubled = await deployment.read(
      `select object_id, type from events where tenant_id = $1 and type in ('user.created', 'membership.added', 'source_record.linked')
       group by 1, 2 having count(*) > 1`,
    );
    expect(doubled).toEqual([]);
    // The next one begins with none running.
    if (isServer) await deployment.kill(KILLS % 2);
  },
  600_000,
);
