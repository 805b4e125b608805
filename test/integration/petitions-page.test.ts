import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { openPage } from '../support/page.js';
import { command, makePetition } from '../support/petitions.js';

/* The page that mails about petitions lead to: its own script, over HTTP, in a document of a few lines. */
const SCRIPT = new URL('../../public/petitions.js', import.meta.url);

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const open = (browser: Browser, path: string, kept = new Map<string, string>(), language = 'en-GB') =>
  openPage({ browser, origin: gateway.url, language, kept, requested: [] }, SCRIPT, path);

/** A petition that waits for its approver. */
async function waiting() {
  const organization = await makeOrganization(gateway.tenant);
  const [petitioner, approver, other] = [
    await gateway.signedInUser(),
    await gateway.signedInUser(),
    await gateway.signedInUser(),
  ];
  await makeMembership(gateway.tenant, {
    user: { id: approver.userId },
    organization,
    roles: ['member', 'administrator'],
  });
  const { petitionId: id } = await makePetition(gateway, petitioner.browser, { organizationId: organization.id });
  await command(gateway, petitioner.browser, 'petitionSubmitAttributes', { id, attributes: { motive: 'Research' } });
  return { id, petitioner, approver, other };
}

it('is served, and needs no other site', async () => {
  const { status, headers, text } = await new Browser().get(new URL('/petitions', gateway.url));
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  expect(text).toContain('/assets/petitions.js');
});

it('shows an approver what waits for them, and takes their decision', async () => {
  const { id, approver } = await waiting();
  const list = await open(approver.browser, '/petitions');
  expect(list.links()).toContain(`/petitions#petition=${id}`);
  const page = await open(approver.browser, `/petitions#petition=${id}`);
  expect(page.text()).toContain('PENDING_APPROVAL');
  expect(page.text()).toContain('motiveResearch');
  expect(page.buttons()).toEqual(['Approve', 'Deny', 'Give up']);
  await page.press('Approve');
  expect(page.text()).toContain('FINALIZED');
  expect(page.buttons()).toEqual([]);
  const rows = await gateway.rows('select status from petitions where tenant_id = $1 and id = $2', [id.slice(4)]);
  expect(rows).toEqual([{ status: 'FINALIZED' }]);
});

it('lets a petitioner give up, and not decide', async () => {
  const { id, petitioner } = await waiting();
  const page = await open(petitioner.browser, `/petitions#petition=${id}`, new Map(), 'fr-FR');
  expect([page.language(), page.buttons()]).toEqual(['fr', ['Abandonner']]);
  await page.press('Abandonner');
  expect(page.text()).toContain('CANCELED');
});

it('tells everybody else that there is nothing for them, and keeps the petition while they sign in', async () => {
  const { id, other } = await waiting();
  const hidden = await open(other.browser, `/petitions#petition=${id}`);
  expect(hidden.text()).toContain('There is no such petition, or it is not for you to see.');
  const kept = new Map<string, string>();
  const nobody = await open(new Browser(), `/petitions#petition=${id}`, kept);
  expect(nobody.text()).toContain('Sign in to see what waits for you.');
  expect(nobody.links()[0]).toContain('returnTo=/petitions');
  expect([...kept.values()]).toEqual([id]);
  const back = await open(other.browser, '/petitions', kept);
  expect(back.text()).toContain('There is no such petition');
});
