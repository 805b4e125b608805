import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import { type CuttableProxy, startProxy } from '../support/cuttable-proxy.js';
import { createDeployment, type Deployment } from '../support/processes.js';

const environment: Record<string, string> = {};
let deployment: Deployment;
let proxy: CuttableProxy;
beforeAll(async () => {
  deployment = await createDeployment(1, environment);
  const url = new URL(deployment.databaseUrl!);
  proxy = await startProxy({ host: url.hostname, port: Number(url.port || 5432) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  environment.DATABASE_URL = url.href;
  await deployment.start(0);
}, 120_000);
afterAll(async () => {
  await deployment.close();
  await proxy.close();
});

it('answers 503 while the database is away, and recovers without a restart', async () => {
  const [url] = deployment.urls;
  deployment.addPerson('steady', { siret: '13002526500013' });
  const { browser, callback } = await deployment.reachCallback('steady', 0);
  await browser.get(callback, { follow: false });
  const ask = (as: Browser) => as.post(`${url}/graphql`, { json: { query: '{ viewer { user { email } } }' } });
  expect((await ask(browser)).text).toContain('steady@example.org');

  proxy.cut();
  const refused = await ask(browser);
  expect(refused.status).toBe(503);
  expect(refused.json<any>().errors[0].extensions.code).toBe('SERVICE_UNAVAILABLE');
  expect(refused.text).not.toMatch(/ECONN|at .*\.ts|postgres/);
  expect((await browser.get(`${url}/health/live`)).status).toBe(200);
  expect((await browser.get(`${url}/health/ready`)).status).toBe(503);
  const page = await new Browser().get(`${url}/auth/proconnect/login?login_hint=steady`, {
    headers: { accept: 'text/html' },
  });
  expect(page.status).toBe(503);
  expect(page.text).toContain('SERVICE_UNAVAILABLE');

  proxy.mend();
  expect((await browser.get(`${url}/health/ready`)).status).toBe(200);
  expect((await ask(browser)).text).toContain('steady@example.org');
  const again = await deployment.reachCallback('steady', 0);
  expect((await again.browser.get(again.callback, { follow: false })).status).toBe(302);
});
