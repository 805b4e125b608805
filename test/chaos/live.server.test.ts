import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Client } from 'graphql-ws';
import type { Browser } from '../support/browser.js';
import { type CuttableProxy, startProxy } from '../support/cuttable-proxy.js';
import { openSocket, type Watched, watchSocket } from '../support/live.js';
import { createDeployment, type Deployment } from '../support/processes.js';

const CHANGED = `subscription ($id: ID!, $after: ID) {
  organizationChanged(id: $id, after: $after) { id organization { name } }
}`;
const UPDATE = `mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) { userErrors { code } }
}`;

/* The first process makes the changes; the second one, whose line to the database can be cut, has the subscribers. */
const environment: Record<string, string> = {};
let deployment: Deployment;
let proxy: CuttableProxy;
let browser: Browser;
let client: Client;
let id: string;
beforeAll(async () => {
  deployment = await createDeployment(2, environment);
  await deployment.start(0);
  const url = new URL(deployment.databaseUrl!);
  proxy = await startProxy({ host: url.hostname, port: Number(url.port || 5432) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  environment.DATABASE_URL = url.href;
  await deployment.start(1);
  deployment.addPerson('watcher', { siret: '13002526500013' });
  const arrival = await deployment.reachCallback('watcher', 0);
  ({ browser } = arrival);
  await browser.get(arrival.callback, { follow: false });
  await deployment.read('update users set is_tenant_administrator = true where tenant_id = $1');
  const [organization] = await deployment.read<{ id: string }>('select id from organizations where tenant_id = $1');
  id = `org_${organization!.id}`;
  client = await openSocket(deployment.urls[1]!, { browser });
}, 120_000);
afterAll(async () => {
  await client.dispose();
  await deployment.close();
  await proxy.close();
});

async function rename(name: string): Promise<void> {
  const answer = await browser.post(`${deployment.urls[0]}/graphql`, {
    json: { query: UPDATE, variables: { input: { id, name } } },
  });
  expect(answer.text).toBe('{"data":{"organizationUpdate":{"userErrors":[]}}}');
}

const nodes = ({ results }: Watched) => results.map(({ data }) => data.organizationChanged);
const names = (watched: Watched) => nodes(watched).map(({ organization }) => organization.name);

/** Without an answer to its beginning, a subscription is known to have begun by what it tells. */
async function begin(): Promise<Watched> {
  const watched = watchSocket(client, CHANGED, { id });
  for (let turn = 0; watched.results.length === 0; turn++) {
    await rename(`Is it there? ${turn}`);
    await Promise.race([watched.reach(1), pause(500)]);
  }
  // What was changed just before may be told, too, and events of one moment come together.
  for (let told = 0; told < watched.results.length;) {
    told = watched.results.length;
    await pause(700);
  }
  return watched;
}

it('a change at one process reaches the subscribers of another', async () => {
  const watched = await begin();
  const count = watched.results.length;
  await rename('From the other process');
  await watched.reach(count + 1);
  while (names(watched).at(-1) !== 'From the other process') await watched.reach(watched.results.length + 1);
  watched.stop();
}, 60_000);

it('a line to the database that is cut and mended loses nothing', async () => {
  const watched = await begin();
  const after = nodes(watched).at(-1).id as string;
  const known = watched.results.length;
  proxy.cut();
  for (let number = 1; number <= 5; number++) await rename(`While it was cut ${number}`);
  await pause(1_000);
  expect(watched.results).toHaveLength(known);
  proxy.mend();
  await watched.reach(known + 5);
  await rename('Afterwards');
  await watched.reach(known + 6);
  const resumed = watchSocket(client, CHANGED, { id, after });
  await resumed.reach(6);
  expect(nodes(resumed).map(({ id: event }) => event)).toEqual(
    nodes(watched)
      .slice(known)
      .map(({ id: event }) => event),
  );
  expect(names(watched).at(-1)).toBe('Afterwards');
  watched.stop();
  resumed.stop();
}, 60_000);
