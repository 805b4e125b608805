import { Browser } from '../../test/support/browser.js';
import { siretOf } from '../../test/support/sirets.js';
import { administer, type LoadedDatabase } from '../database.js';
import { medianOf } from '../measure.js';
import { findFreePort, startScript, startVestibule } from '../processes.js';

/** Whole callbacks a second, a round each; provider and gateway and database share the cores. */
export interface Callbacks {
  first: number[];
  repeat: number[];
}

const LOGIN_COOKIE = '__Host-vestibule-login';
const TOGETHER = 16;

interface Prepared {
  url: string;
  cookie: string;
}

/** Sends browsers through a real provider up to the callback address, then times the callbacks alone. */
export async function measureCallbacks(
  folder: string,
  database: LoadedDatabase,
  settings: Record<string, string>,
  isQuick: boolean,
  tell: (line: string) => void,
): Promise<Callbacks> {
  const [count, rounds] = isQuick ? [100, 2] : [200, 5];
  const port = await findFreePort();
  const gatewayUrl = `http://localhost:${port}`;
  const people = Array.from({ length: count * (rounds + 1) }, (_, index) => ({
    id: `callback-${index}`,
    sub: `callback-${index}`,
    claims: {
      given_name: 'Given',
      usual_name: `Callback ${index}`,
      email: `callback-${index}@example.org`,
      siret: siretOf(60_001 + index),
      idp_id: 'idp-1',
    },
  }));
  const provider = await startScript(folder, 'sign-in/provider.js', {
    NODE_ENV: 'test',
    CALLBACK: `${gatewayUrl}/auth/proconnect/callback`,
    CLIENT_SECRET: 'bench',
    PEOPLE: JSON.stringify(people),
  });
  // Production admits no provider at an http address: this one line is measured with the settings of a test.
  await administer(database.openUrl, 'update connections set issuer = $1, version = version + 1 where id = $2', [
    `http://localhost:${provider.port}/api/v2`,
    database.connectionId,
  ]);
  const gateway = await startVestibule(
    folder,
    { ...settings, NODE_ENV: 'test', PUBLIC_URL: gatewayUrl, DEMO: 'false', ENCRYPTION_KEYS: database.encryptionKey },
    [],
    port,
  );
  const result: Callbacks = { first: [], repeat: [] };
  try {
    for (const kind of ['first', 'repeat'] as const) {
      for (let round = 0; round <= rounds; round++) {
        const batch = people.slice(round * count, (round + 1) * count);
        const prepared = await inLanes(batch, 8, ({ id }) => reachCallback(gatewayUrl, id));
        const begun = performance.now();
        await inLanes(prepared, TOGETHER, visit);
        if (round > 0) result[kind].push(count / ((performance.now() - begun) / 1000));
      }
      tell(`callbacks, ${kind}: ${Math.round(medianOf(result[kind]))}/s`);
    }
  } finally {
    await gateway.stop();
    await provider.stop();
  }
  return result;
}

async function reachCallback(gatewayUrl: string, id: string): Promise<Prepared> {
  const browser = new Browser();
  const visit = await browser.get(`${gatewayUrl}/auth/proconnect/login?login_hint=${id}`, {
    stopAt: (url) => url.startsWith(`${gatewayUrl}/auth/proconnect/callback`),
  });
  const cookie = await browser.cookie(LOGIN_COOKIE, gatewayUrl);
  if (!visit.location || !cookie)
    throw new Error(`The provider did not send the browser back: ${visit.status} ${visit.text.slice(0, 300)}`);
  return { url: visit.location, cookie: `${LOGIN_COOKIE}=${cookie}` };
}

async function visit({ url, cookie }: Prepared): Promise<void> {
  const answer = await fetch(url, { headers: { cookie }, redirect: 'manual' });
  await answer.arrayBuffer();
  if (answer.status !== 302 || !answer.headers.getSetCookie().some((one) => one.startsWith('__Host-vestibule='))) {
    throw new Error(`The callback did not sign anybody in: ${answer.status}`);
  }
}

async function inLanes<Item, Result>(
  items: Item[],
  lanes: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
