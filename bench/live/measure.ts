import { setTimeout as wait } from 'node:timers/promises';
import { hashSecret } from '../../src/secret.js';
import { memberNumber, type Size, uuidOf } from '../data.js';
import { administer, type LoadedDatabase } from '../database.js';
import { medianOf } from '../measure.js';
import { type RunningServer, startScript, startWorker, type Worker } from '../processes.js';
import type { ChangeTimes, LiveCommand } from './subscribers.js';

/** The first organization is a large one. */
const ORGANIZATION = `org_${uuidOf('organization', 1)}`;
const MEMBERS = 42;

/** What so many subscribers of one organization cost. */
export interface LiveLine {
  subscribers: number;
  /** Milliseconds from the mutation's sending until the last of them had it: the median and the worst change. */
  median: number;
  worst: number;
  /** Until the mutation was answered, and until the first had it: medians. */
  answered: number;
  first: number;
  /** Of one change: the mutation's, the chain's and the live query's, without those of the job queue itself. */
  statements: number;
  /** Those that only reading for subscribers makes. */
  liveStatements: number;
  /** Kilobytes for each subscriber, after a collection of garbage: resident, and of the heap. */
  residentKilobytes: number;
  heapKilobytes: number;
}

/** Time, statements and memory of a change that live subscribers are told of, over WebSockets. */
export async function measureLive(
  folder: string,
  database: LoadedDatabase,
  settings: Record<string, string>,
  size: Size,
  isQuick: boolean,
  tell: (line: string) => void,
): Promise<LiveLine[]> {
  const most = 2_000;
  const changes = isQuick ? 5 : 20;
  const tokens = await makeSessions(database, size, most);
  const lines: LiveLine[] = [];
  for (const subscribers of [1, 200, most]) {
    const server = await startScript(folder, 'live/server.js', { ...settings, LOG_LEVEL: 'silent' });
    const worker: Worker<LiveCommand, ChangeTimes> = startWorker(folder, 'live/subscribers.js');
    try {
      lines.push(await measure(server, worker, tokens.slice(0, subscribers), tokens[0]!, changes));
      tell(`live: ${JSON.stringify(lines.at(-1))}`);
    } finally {
      await worker.stop();
      await server.stop();
    }
  }
  return lines;
}

async function measure(
  { port }: RunningServer,
  worker: Worker<LiveCommand, ChangeTimes>,
  tokens: string[],
  administrator: string,
  changes: number,
): Promise<LiveLine> {
  const ask = async <Answer>(what: string) =>
    (await (await fetch(`http://127.0.0.1:${port}/bench/${what}`)).json()) as Answer;
  const memory = () => ask<NodeJS.MemoryUsage>('memory');
  const at = { port, organizationId: ORGANIZATION };
  const change = (name: string) => worker.ask({ kind: 'change', ...at, token: administrator, name });
  // One connection has loaded all code before memory is looked at.
  await worker.ask({ kind: 'open', ...at, tokens: tokens.slice(0, 1) });
  for (let round = 0; round < 5; round++) await change(`Warm ${tokens.length} ${round} ${Date.now()}`);
  await worker.ask({ kind: 'close' });
  while ((await ask<number>('subscribers')) > 0) await wait(20);
  const before = await memory();
  await worker.ask({ kind: 'open', ...at, tokens });
  const after = await memory();
  const times: ChangeTimes[] = [];
  const statements: string[][] = [];
  for (let round = 0; round < changes + 2; round++) {
    await wait(150);
    await ask('statements');
    times.push(await change(`Change ${tokens.length} ${round} ${Date.now()}`));
    await wait(50);
    statements.push(await ask<string[]>('statements'));
  }
  // Two warm up what so many subscribers need.
  const counted = times.slice(2);
  const lasts = counted.map(({ last }) => last);
  const perSubscriber = (name: 'rss' | 'heapUsed') => (after[name] - before[name]) / 1024 / tokens.length;
  const isLive = (text: string) => text.startsWith('select e.id as uuid') || text.startsWith('select s.id::text');
  return {
    subscribers: tokens.length,
    median: medianOf(lasts),
    worst: Math.max(...lasts),
    answered: medianOf(counted.map(({ answered }) => answered)),
    first: medianOf(counted.map(({ first }) => first)),
    statements: medianOf(statements.slice(2).map(({ length }) => length)),
    liveStatements: medianOf(statements.slice(2).map((texts) => texts.filter(isLive).length)),
    residentKilobytes: perSubscriber('rss'),
    heapKilobytes: perSubscriber('heapUsed'),
  };
}

/** Sessions of the members of one organization, in turn; the first is its administrator's. */
async function makeSessions({ openUrl, tenantId, connectionId }: LoadedDatabase, size: Size, count: number) {
  const tokens = Array.from({ length: count }, (_, index) => `live-${index}-${'x'.repeat(32)}`);
  const rows = tokens.map((token, index) => {
    const user = memberNumber(size, 1, index % MEMBERS);
    return {
      id: uuidOf('session', 700_000_000 + index),
      user: uuidOf('user', user),
      identity: uuidOf('identity', user),
      hash: hashSecret(token),
    };
  });
  await administer(
    openUrl,
    `insert into sessions (id, tenant_id, user_id, connection_id, identity_id, token_hash, rotate_at, transport,
       authenticated_at, created_at, expires_at, cases)
     select id, $1, "user", $2, identity, hash, now() + interval '1 hour', 'TOKEN', now(), now(), now() + interval '1 day',
       array['U1_KNOWN', 'O2_SAME']
     from jsonb_to_recordset($3::jsonb) as g(id uuid, "user" uuid, identity uuid, hash text)`,
    [tenantId, connectionId, JSON.stringify(rows)],
  );
  return tokens;
}

/** The lines as a table. */
export function liveTable(lines: LiveLine[]): string {
  /** Few subscribers are less than the noise. */
  const memory = (line: LiveLine, kilobytes: number) => (line.subscribers < 1_000 ? '–' : `${number(kilobytes)} kB`);
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
  return [
    '| Subscribers | All have it, median | worst | The first has it | Mutation answered | Statements a change | of these for subscribers | Resident memory each | Heap each |',
    '| --: | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...lines.map(
      (line) =>
        `| ${number(line.subscribers)} | ${number(line.median)} ms | ${number(line.worst)} ms | ${number(line.first)} ms | ${number(line.answered)} ms | ${line.statements} | ${line.liveStatements} | ${memory(line, line.residentKilobytes)} | ${memory(line, line.heapKilobytes)} |`,
    ),
  ].join('\n');
}
