import { openDatabase } from '../../src/database/database.js';
import { createEventLoaders, type EventFilter } from '../../src/database/loaders/events.js';
import { EVENT_TYPE_NAMES } from '../../src/events/catalogue.js';
import { createDatabase, type Server } from '../database.js';
import { medianOf } from '../measure.js';
import { ABSENT_TYPE, BEGUN, COMMON_TYPE, loadLog, namedUuid, RARE_TYPE, STEP_MILLISECONDS } from './load.js';

/** The pages of one filter, in milliseconds at the median. */
export interface AuditLine {
  title: string;
  first: number;
  /** A page after nine tenths of the log. */
  deep: number;
  /** The total, as far as it is counted. */
  count: number;
}

const PAGE = 20;
const SMALL = { organizations: 2_000, users: 4_000 };

/** Pages of an audit log of so many events, by every filter, through the loader that GraphQL reads by. */
export async function measureAudit(
  server: Server,
  events: number,
  rounds: number,
  tell: (line: string) => void,
): Promise<AuditLine[]> {
  const begun = Date.now();
  tell(`loading ${events.toLocaleString('en')} events`);
  const { url, tenantId, remove } = await createDatabase(server, SMALL, []);
  const administrator = Object.assign(new URL(server.url), { pathname: new URL(url).pathname }).href;
  const database = await openDatabase({ url, folder: '', poolSize: 2 });
  try {
    await loadLog(administrator, tenantId, events);
    tell(`loaded in ${Math.round((Date.now() - begun) / 1000)} s`);
    const loaders = createEventLoaders(database);
    const at = (share: number) => new Date(BEGUN + events * share * STEP_MILLISECONDS);
    const lines: AuditLine[] = [];
    for (const [title, filter] of filtersOf(at)) {
      const time = async (after: string[] | null) => {
        const times = [];
        for (let round = 0; round < rounds; round++) {
          const start = performance.now();
          await loaders.page(tenantId, filter, true, { first: PAGE, after });
          times.push(performance.now() - start);
        }
        return medianOf(times.slice(Math.ceil(rounds / 5)));
      };
      const first = await time(null);
      const deep = await time([idAt(at(0.1))]);
      const start = performance.now();
      const counted = await loaders.page(tenantId, filter, true, { first: PAGE, after: null });
      await counted.countTotal();
      lines.push({ title, first, deep, count: performance.now() - start });
      tell(
        `${title}: page 1 ${first.toFixed(2)} ms, deep ${deep.toFixed(2)} ms, total ${lines.at(-1)!.count.toFixed(0)} ms`,
      );
    }
    return lines;
  } finally {
    await database.close();
    await remove();
  }
}

function filtersOf(at: (share: number) => Date): [string, EventFilter][] {
  const large = namedUuid('a', 1);
  const userTypes = EVENT_TYPE_NAMES.filter((type) => type.startsWith('user.'));
  return [
    ['everything', {}],
    ['one organization', { organizationId: namedUuid('a', 2_000) }],
    ['one organization, in a twentieth of all events', { organizationId: large }],
    ['one user', { userId: namedUuid('b', 2_000) }],
    ['one user, in a twentieth of all events', { userId: namedUuid('b', 1) }],
    ['one actor', { actorUserId: namedUuid('b', 2_000) }],
    ['one type, of seven events in ten', { types: [COMMON_TYPE] }],
    ['one type, of few events', { types: [RARE_TYPE] }],
    [`${userTypes.length} types`, { types: userTypes }],
    ['all types but the most common', { types: EVENT_TYPE_NAMES.filter((type) => type !== COMMON_TYPE) }],
    ['nine tenths of the time', { since: at(0.05), until: at(0.95) }],
    ['a large organization and a common type', { organizationId: large, types: [COMMON_TYPE] }],
    ['a large organization and a rare type', { organizationId: large, types: [RARE_TYPE] }],
    ['a large organization and a type that it has not', { organizationId: large, types: [ABSENT_TYPE] }],
    ['a large organization and a large user', { organizationId: large, userId: namedUuid('b', 1) }],
  ];
}

/** A place in the log: the lowest id of a moment. */
function idAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
