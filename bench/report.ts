import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { AuditLine } from './audit/measure.js';
import type { Size } from './data.js';
import { addedBy, type EventLine } from './events/measure.js';
import { type LiveLine, liveTable } from './live/measure.js';
import type { MemberLine } from './members/measure.js';
import type { PetitionLine } from './petitions/measure.js';
import type { SyncLine } from './sync/measure.js';
import { CONNECTIONS, type Figures, medianOf, ratioOf, spreadOf } from './measure.js';
import { POOL_SIZE } from './servers/pool.js';
import type { SignInFigures } from './sign-in/measure.js';
import type { Workload } from './workloads.js';

export interface Measured {
  workload: Workload;
  figures: Map<string, Figures>;
  statements: Map<string, { alone: number; together: number }>;
  /** Of one answer. */
  bytes: number;
}

export interface Growth {
  workload: Workload;
  standard: number[];
  large: number[];
}

export interface Report {
  measured: Measured[];
  signIns: SignInFigures;
  events: EventLine[];
  audit: AuditLine[];
  members: MemberLine[];
  petitions: PetitionLine[];
  syncs: SyncLine[];
  live: LiveLine[];
  growth: Growth[];
  version: string;
  size: Size;
  times: { rounds: number; milliseconds: number };
  isQuick: boolean;
}

const FILE = fileURLToPath(new URL('RESULTS.md', import.meta.url));

/** Writes RESULTS.md and gives its path. */
export async function writeReport(report: Report): Promise<string> {
  const notes: string[] = [];
  const sections = [
    `# Measurements\n\n${circumstances(report)}`,
    `## Reads\n\n${reads(report.measured, notes)}`,
    `## Sign-ins\n\n${signIns(report.signIns, notes)}`,
    `## Events\n\n${events(report.events, notes)}`,
    `## Members\n\n${members(report.members, notes)}`,
    `## Petitions\n\n${petitions(report.petitions, notes)}`,
    `## Syncs of sources\n\n${syncs(report.syncs, notes)}`,
    `## The audit log\n\n${audit(report.audit, notes)}`,
    `## Live queries\n\n${live(report.live, notes)}`,
    `## Growth\n\n${growth(report.growth, notes)}`,
    `## Below target\n\n${notes.length ? notes.map((note) => `- ${note}`).join('\n') : 'Nothing.'}`,
    `## How it was measured\n\n${method(report)}`,
  ];
  await writeFile(FILE, `${sections.join('\n\n')}\n`);
  return 'bench/RESULTS.md';
}

function circumstances({ version, isQuick }: Report): string {
  const packages = ['@apollo/server', 'type-graphql', 'graphql', 'graphql-jit', 'fastify', 'mercurius', 'pg'];
  const versions = packages.map((name) => `${name} ${versionOf(name)}`).join(' · ');
  const processor = cpus()[0]?.model ?? 'unknown processor';
  const lines = [
    `${new Date().toISOString().slice(0, 10)} · commit ${commit()} · ${cpus().length} cores (${processor}), ${Math.round(totalmem() / 2 ** 30)} GB · Node ${process.versions.node} · PostgreSQL ${version} · ${versions}.`,
    'Made by `npm run bench`. The ratios are what counts; requests a second are context and belong to this machine.',
  ];
  if (isQuick) lines.push('**Made by `--quick`: short and few rounds. Do not quote these figures.**');
  return lines.join('\n\n');
}

function reads(measured: Measured[], notes: string[]): string {
  const rows = measured.map(({ workload, figures, statements, bytes }) => {
    const floor = figures.get('floor')!;
    const own = figures.get('vestibule')!;
    const ofFloor = ratioOf(own, floor)!;
    const ofRival = ratioOf(own, figures.get('mercurius'));
    const { target } = workload;
    const counted = statements.get('vestibule')!;
    const checks = [
      target.floor === undefined
        ? null
        : { isMet: ofFloor >= target.floor, said: `≥ ${percent(target.floor)} of the floor`, is: percent(ofFloor) },
      target.rival === undefined || ofRival === null
        ? null
        : {
            isMet: ofRival >= target.rival,
            said: `≥ ${target.rival.toFixed(1)} × Mercurius`,
            is: `${ofRival.toFixed(2)} ×`,
          },
      target.statements === undefined
        ? null
        : {
            isMet: counted.alone <= target.statements,
            said: `≤ ${target.statements} statements`,
            is: String(counted.alone),
          },
    ].filter((check) => check !== null);
    for (const { isMet, said, is } of checks)
      if (!isMet) notes.push(`${workload.title}: ${is} where ${said} is the target. ${remark(workload, said)}`);
    return [
      `${workload.title} (${bytes.toLocaleString('en')} bytes)`,
      Math.round(floor.median).toLocaleString('en'),
      percent(ofFloor),
      dash(ratioOf(figures.get('mercurius'), floor), percent),
      dash(ofRival, (ratio) => `${ratio.toFixed(2)} ×`),
      dash(ratioOf(figures.get('open floor'), floor), percent),
      checks.map(({ said }) => said).join(', ') || '–',
      checks.length
        ? checks.every(({ isMet }) => isMet)
          ? 'yes'
          : `no: ${checks
              .filter(({ isMet }) => !isMet)
              .map(({ said }) => said)
              .join(', ')}`
        : '–',
      `${number(counted.alone)} · ${number(counted.together)}${statements.has('mercurius') ? ` (Mercurius ${number(statements.get('mercurius')!.alone)})` : ''}`,
      spreadOf(own),
      `${own.latency.toFixed(1)} · ${own.p99.toFixed(1)} ms`,
    ];
  });
  const head = [
    'workload',
    'floor, requests/s',
    'Vestibule, of the floor',
    'Mercurius, of the floor',
    'Vestibule / Mercurius',
    'floor without authorization',
    'target',
    'met',
    'statements a request: alone · 32 at once',
    'spread of Vestibule',
    'median · p99',
  ];
  return `${table(head, rows)}\n\n${deepPages(measured, notes)}`;
}

function deepPages(measured: Measured[], notes: string[]): string {
  const pairs = [
    ['page', 'deep', 'by creation'],
    ['named', 'named-deep', 'by name'],
  ] as const;
  return pairs
    .map(([first, deep, order]) => {
      const [near, far] = [first, deep].map((name) =>
        measured.find(({ workload }) => workload.name === name)?.figures.get('vestibule'),
      );
      if (!near || !far) return null;
      const ratio = near.median / far.median;
      if (ratio > 1.2)
        notes.push(
          `The deep page ${order} takes ${ratio.toFixed(2)} times as long as page 1, where 1.2 is the target.`,
        );
      return `The deep page ${order} takes ${ratio.toFixed(2)} times as long as page 1 (target: at most 1.2; ${ratio <= 1.2 ? 'met' : 'not met'}).`;
    })
    .filter(Boolean)
    .join(' ');
}

function signIns({ lines, callbacks }: SignInFigures, notes: string[]): string {
  const rows = lines.map(({ title, floor, vestibule, statements }) => [
    title,
    Math.round(medianOf(floor)).toLocaleString('en'),
    Math.round(medianOf(vestibule)).toLocaleString('en'),
    percent(medianOf(vestibule.map((value, round) => value / floor[round]!))),
    String(statements),
    `${spread(vestibule)}`,
  ]);
  const repeat = lines.at(-1)!;
  const counted = repeat.statements - 2;
  if (counted > 4) notes.push(`A repeat sign-in takes ${counted} statements, where 4 is the target.`);
  const rate = medianOf(repeat.vestibule);
  if (rate < 300)
    notes.push(
      `Repeat sign-ins without the provider: ${Math.round(rate)}/s, where 300/s is the target for whole callbacks.`,
    );
  return [
    table(
      [
        'database part of a callback',
        'floor, /s',
        'Vestibule, /s',
        'of the floor',
        'statements, with begin and commit',
        'spread of Vestibule',
      ],
      rows,
    ),
    `The target, at least 300 callbacks a second on two cores and at most 4 statements on the repeat path (begin and commit not counted), is ${rate >= 300 && counted <= 4 ? 'met' : 'not met'} by the database part: ${Math.round(rate)}/s and ${counted} statements.`,
    `Whole callbacks over HTTP with a real provider: ${Math.round(medianOf(callbacks.first))}/s first, ${Math.round(medianOf(callbacks.repeat))}/s repeat. The local provider signs two JWTs for each of them on the same cores, as do the gateway, the database and the visitor: this is a lower bound and no figure of the gateway.`,
  ].join('\n\n');
}

function events(lines: EventLine[], notes: string[]): string {
  const rows = lines.map((line) => {
    const added = addedBy(line, 'vestibule');
    if (added > 25)
      notes.push(`${line.title}, ${line.lanes} at once: events add ${added.toFixed(0)} %, where 25 % is the target.`);
    return [
      line.title,
      String(line.lanes),
      `${Math.round(medianOf(line.silent))}`,
      `${added.toFixed(0)} %`,
      added <= 25 ? 'yes' : 'no',
      `${addedBy(line, 'chained').toFixed(0)} %`,
    ];
  });
  return [
    table(
      ['operation', 'at once', 'without events, /s', 'added by events', 'at most 25 %', 'and by chaining meanwhile'],
      rows,
    ),
    'The same operations with the one statement that writes events, outbox and job, and with it left out. The last column has the chain of the audit log written meanwhile, in the same process and on the same cores.',
  ].join('\n\n');
}

function live(lines: LiveLine[], notes: string[]): string {
  const [alone, most] = [lines[0]!, lines.at(-1)!];
  if (most.worst > 1_000) notes.push(`A change reached ${most.subscribers} subscribers in ${most.worst} ms at worst.`);
  if (most.statements > alone.statements) notes.push('A change takes more statements with more subscribers.');
  return [
    'A mutation changes an organization that so many subscribe to, over WebSockets, each with a session of their own. The time begins when the mutation is sent, so it holds the change itself, its place in the chain of the audit log and the notification. Statements are those of the whole change, without those of the job queue; memory is what the process holds more than before the subscribers came, after a collection of garbage.',
    liveTable(lines),
  ].join('\n\n');
}

function members(lines: MemberLine[], notes: string[]): string {
  const rows = lines.map(({ title, floorTitle, floor, own, statements }, index) => {
    const ratio = own / floor;
    // Of the design: an edit of 1,000 members is at most four times one statement on the same rows, a deep page 1.2.
    const most = index === 0 ? 4 : floorTitle === 'page 1' ? 1.2 : null;
    if (most && ratio > most) notes.push(`${title}: ${ratio.toFixed(2)} × ${floorTitle}, where ${most} is the target.`);
    const times = [`${own.toFixed(1)} ms`, `${floor.toFixed(1)} ms`, `${ratio.toFixed(2)} ×`];
    return [title, floorTitle, ...times, String(statements), most ? `≤ ${most}` : '–'];
  });
  return table(['what', 'against', 'Vestibule', 'that', 'ratio', 'statements', 'target'], rows);
}

function syncs(lines: SyncLine[], notes: string[]): string {
  const rows = lines.map(({ title, records, own, floor, heap }) => {
    // Of the issue: a full sync of 100,000 records takes 2,000 a second.
    if (own < 2_000) notes.push(`A full sync ${title}: ${own.toFixed(0)} records a second, where 2,000 is the target.`);
    const share = floor ? `${((100 * own) / floor).toFixed(0)} %` : '–';
    const bare = floor ? `${floor.toFixed(0)}/s` : '–';
    return [
      records.toLocaleString('en'),
      title,
      `${own.toFixed(0)}/s`,
      bare,
      share,
      `${heap.toFixed(0)} MiB`,
      '≥ 2,000/s',
    ];
  });
  return [
    'A file of people is synced as a job does it: read, mapped, compared by hash and taken in batches, each a transaction. Against it stands COPY of the rows as they come to be stored into a staging table and one upsert, in one transaction; both must come to the same rows.',
    table(['records', 'sync', 'Vestibule', 'COPY and upsert', 'of it', 'heap at most', 'target'], rows),
  ].join('\n\n');
}

function petitions(lines: PetitionLine[], notes: string[]): string {
  const rows = lines.map(({ title, floor, own, statements }) => {
    const share = (100 * own) / floor;
    if (share < 30) notes.push(`${title}: ${share.toFixed(0)} % of its bare SQL, where 30 % is the target.`);
    return [
      title,
      `${floor.toFixed(0)}/s`,
      `${own.toFixed(0)}/s`,
      `${share.toFixed(0)} %`,
      String(statements),
      '≥ 30 %',
    ];
  });
  return [
    table(['transition', 'bare SQL', 'Vestibule', 'of it', 'statements, with begin and commit', 'target'], rows),
    'One after another, over one connection. Bare SQL is one transaction with the lock of the row, its change, the decision, the row of the history and the event; it authorizes nobody, and queues nothing.',
  ].join('\n\n');
}

function audit(lines: AuditLine[], notes: string[]): string {
  const [base] = lines;
  const rows = lines.map(({ title, first, deep, count }) => {
    if (deep > 1.5 * base!.first)
      notes.push(`A deep page of ${title}: ${(deep / base!.first).toFixed(1)} × page 1 of everything.`);
    return [
      title,
      `${first.toFixed(2)} ms`,
      `${deep.toFixed(2)} ms`,
      `${(deep / first).toFixed(2)} ×`,
      `${count.toFixed(0)} ms`,
    ];
  });
  return table(['filter', 'page 1', 'page after nine tenths', 'deep / first', 'page 1 with its total'], rows);
}

function growth(lines: Growth[], notes: string[]): string {
  if (!lines.length) return 'Not measured in this run: `npm run bench -- --large`.';
  const rows = lines.map(({ workload, standard, large }) => {
    const ratio = medianOf(standard.map((value, round) => value / large[round]!));
    if (ratio > 1.3)
      notes.push(`${workload.title}: ${ratio.toFixed(2)} times as slow at 1,000,000 users, where 1.3 is the target.`);
    return [workload.title, `${ratio.toFixed(2)} ×`, ratio <= 1.3 ? 'yes' : 'no'];
  });
  return table(['workload', '200,000 → 1,000,000 users: as slow', 'within 1.3'], rows);
}

function method({ size, times }: Report): string {
  return [
    `One PostgreSQL server with ${size.organizations.toLocaleString('en')} organizations, ${size.users.toLocaleString('en')} users and about ${(size.users * 2).toLocaleString('en')} memberships with roles; statistics taken after loading. All servers are processes of their own on the loopback, with ${POOL_SIZE} connections each, alive together; so is the load generator, with ${CONNECTIONS} keep-alive connections. All of them share the cores.`,
    `Each of 250 callers has a session of their own and asks about objects of their own, so that no answer serves two requests. Before a workload is timed, the bodies of all 250 answers are compared byte for byte between the servers, and every answer during the timing with those. Rounds of ${times.milliseconds / 1000} s alternate between the servers, ${times.rounds} rounds after one to warm up; a ratio is the median of the ratios of each round; the spread is how far the slowest and fastest rounds lie from the median.`,
    '- **Floor**: node:http and pg, one hand-written prepared statement a request. That statement also verifies the session token, the user and the membership or administration that the answer requires. "Floor without authorization" is the same without that. It connects as a role that row-level security does not bind.',
    '- **Vestibule**: `src/main.ts`, compiled, with the configuration of a production: HTTP, `@auth` directives, limits and headers on, session tokens as bearers, row-level security binding its role.',
    '- **Mercurius**: with its JIT on Fastify, plain pg resolvers and one loader for each relation. It asks nobody who they are, and row-level security does not bind it.',
    '- Statements are counted in passes that are not timed. Vestibule joins what concurrent requests ask for into one statement, so that there is less than one a request under load.',
    '- **Sign-ins** are timed in one process, ten at once: from taking the login transaction to the committed session, without the provider. The floor writes the same rows with hand-written prepared statements, in one transaction after the taking.',
  ].join('\n\n');
}

function remark({ name }: Workload, target: string): string {
  if (target.includes('Mercurius')) return 'Mercurius finds no session, decides nothing and sends no security headers.';
  if (name === 'point') return "On so small an answer Apollo Server's own handling of a request is the largest cost.";
  return 'Executing the query over each row and reading the rows are the largest costs.';
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function spread(rounds: number[]): string {
  return spreadOf({ rounds, median: medianOf(rounds), latency: 0, p99: 0 });
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function dash(value: number | null, say: (value: number) => string): string {
  return value === null ? '–' : say(value);
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const folder = require.resolve.paths(name)!.map((path) => `${path}/${name}/package.json`);
  for (const file of folder) {
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    } catch {
      // not in this folder
    }
  }
  return 'unknown';
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
