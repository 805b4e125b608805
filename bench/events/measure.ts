import { ISSUER, type LoadedDatabase } from '../database.js';
import { medianOf } from '../measure.js';
import { POOL_SIZE } from '../servers/pool.js';
import { startWorker, type Worker } from '../processes.js';
import type { SignInCommand, SignInResult } from '../sign-in/worker.js';

export interface EventLine {
  title: string;
  lanes: number;
  /** Operations a second, a round each: without events, with them, and with them chained meanwhile. */
  silent: number[];
  vestibule: number[];
  chained: number[];
}

const SCENARIOS: [title: string, scenario: SignInCommand['scenario']][] = [
  ['organizationUpdate, one event', 'edit'],
  ['first sign-in, of a new organization, five events', 'new'],
  ['first sign-in, four events', 'first'],
  ['repeat sign-in, one event', 'first'],
];

/** What events add to an operation: the same operations with the statement that writes them, and with it left out. */
export async function measureEvents(
  folder: string,
  database: LoadedDatabase,
  isQuick: boolean,
  tell: (line: string) => void,
): Promise<EventLine[]> {
  const worker: Worker<SignInCommand, SignInResult> = startWorker(folder, 'sign-in/worker.js', {
    DATABASE_URL: database.url,
    OPEN_URL: database.openUrl,
    TENANT_ID: database.tenantId,
    CONNECTION_ID: database.connectionId,
    ISSUER,
  });
  const [count, rounds] = isQuick ? [150, 7] : [400, 11];
  const lines: EventLine[] = [];
  // Other people than those of the sign-ins that are measured themselves.
  let from = 20_000;
  try {
    for (const lanes of [1, POOL_SIZE]) {
      for (const [title, scenario] of SCENARIOS) {
        const isRepeat = title.startsWith('repeat');
        if (isRepeat) from -= (rounds + 1) * count;
        const line: EventLine = { title, lanes, silent: [], vestibule: [], chained: [] };
        for (let round = 0; round <= rounds; round++, from += count) {
          // Sides take turns in going first: what is written last finds larger tables.
          const sides = (['silent', 'vestibule', 'chained'] as const).toSorted(() => (round % 2 ? 1 : -1));
          for (const side of sides) {
            const { perSecond } = await worker.ask({ side, scenario, from, count, lanes });
            if (round > 0) line[side].push(perSecond);
          }
        }
        lines.push(line);
        tell(`${title}, ${lanes} at once: ${describe(line)}`);
      }
    }
  } finally {
    await worker.stop();
  }
  return lines;
}

/** How much longer an operation takes with its events than without, in percent: each round by itself. */
export function addedBy(line: EventLine, side: 'vestibule' | 'chained'): number {
  return (medianOf(line.silent.map((rate, round) => rate / line[side][round]!)) - 1) * 100;
}

function describe(line: EventLine): string {
  return `${Math.round(medianOf(line.silent))}/s without events, +${addedBy(line, 'vestibule').toFixed(0)} % with them, +${addedBy(line, 'chained').toFixed(0)} % with them and the chaining meanwhile`;
}
