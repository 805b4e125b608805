import { administer, ISSUER, type LoadedDatabase } from '../database.js';
import { medianOf } from '../measure.js';
import { startWorker, type Worker } from '../processes.js';
import { type Callbacks, measureCallbacks } from './callbacks.js';
import type { SignInCommand, SignInResult } from './worker.js';

export interface SignInLine {
  title: string;
  floor: number[];
  vestibule: number[];
  /** Of one sign-in of Vestibule's, `begin` and `commit` among them. */
  statements: number;
}

export interface SignInFigures {
  lines: SignInLine[];
  callbacks: Callbacks;
}

/** Sign-ins without the provider, against the same rows written by hand; then whole callbacks with a provider. */
export async function measureSignIns(
  folder: string,
  database: LoadedDatabase,
  settings: Record<string, string>,
  isQuick: boolean,
  tell: (line: string) => void,
): Promise<SignInFigures> {
  const worker: Worker<SignInCommand, SignInResult> = startWorker(folder, 'sign-in/worker.js', {
    DATABASE_URL: database.url,
    OPEN_URL: database.openUrl,
    TENANT_ID: database.tenantId,
    CONNECTION_ID: database.connectionId,
    ISSUER,
  });
  const [count, rounds] = isQuick ? [300, 3] : [1_000, 7];
  const before = await countRows();
  const lines: SignInLine[] = [];
  try {
    lines.push(await line('first sign-in, the organization is there (U7, O1)', 'first'));
    lines.push(await line('first sign-in, of a new organization (U7, O4)', 'new'));
    lines.push(await line('repeat sign-in (U1, O2)', 'first'));
  } finally {
    await worker.stop();
  }
  await checkRows();
  return { lines, callbacks: await measureCallbacks(folder, database, settings, isQuick, tell) };

  /** The first round warms up. People who have been there once are those who come again. */
  async function line(title: string, scenario: SignInCommand['scenario']): Promise<SignInLine> {
    const measured: SignInLine = { title, floor: [], vestibule: [], statements: 0 };
    for (let round = 0; round <= rounds; round++) {
      for (const side of ['floor', 'vestibule'] as const) {
        const result = await worker.ask({ side, scenario, from: round * count, count: count });
        if (round > 0) measured[side].push(result.perSecond);
        if (side === 'vestibule') measured.statements = result.statements;
      }
    }
    tell(
      `${title}: floor ${Math.round(medianOf(measured.floor))}/s, vestibule ${Math.round(medianOf(measured.vestibule))}/s, ${measured.statements} statements`,
    );
    return measured;
  }

  /** Both sides have written the same: as many identities, memberships and sessions as before, and these. */
  async function checkRows(): Promise<void> {
    const after = await countRows();
    for (const what of ['Identities', 'Sessions', 'Memberships']) {
      const [floor, own] = [`floor${what}`, `vestibule${what}`].map(
        (name) => Number(after[name]) - Number(before[name]),
      );
      if (floor !== own) throw new Error(`The sides wrote different ${what}: ${floor} and ${own}`);
    }
  }

  async function countRows(): Promise<Record<string, string>> {
    const [rows] = await administer<Record<string, string>>(
      database.openUrl,
      `select
         count(*) filter (where i.subject like 'floor-%') as "floorIdentities",
         count(*) filter (where i.subject like 'vestibule-%') as "vestibuleIdentities",
         (select count(*) from sessions s join identities i on i.id = s.identity_id where i.subject like 'floor-%') as "floorSessions",
         (select count(*) from sessions s join identities i on i.id = s.identity_id where i.subject like 'vestibule-%') as "vestibuleSessions",
         (select count(*) from memberships m join identities i on i.user_id = m.user_id where i.subject like 'floor-%') as "floorMemberships",
         (select count(*) from memberships m join identities i on i.user_id = m.user_id where i.subject like 'vestibule-%') as "vestibuleMemberships"
       from identities i where i.tenant_id = $1`,
      [database.tenantId],
    );
    return rows!;
  }
}
