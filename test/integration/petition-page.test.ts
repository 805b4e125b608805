import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfirmationMode, FlowAuthorization, FlowStatus, TermsMode } from '../../src/entities/enums.js';
import { Browser } from '../support/browser.js';
import { makeConfirmation } from '../support/confirmations.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { openPage, type Tab } from '../support/page.js';
import { expectUnchanged } from '../support/sign-in.js';

/* The page that links of confirmations lead to: its own script, over HTTP, in a document of a few lines. */
const SCRIPT = new URL('../../public/petition-confirm.js', import.meta.url);

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ environment: { SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'door@example.org' } });
});
afterAll(() => gateway.close());

const newTab = (browser = new Browser(), language = 'en-GB'): Tab => ({
  browser,
  origin: gateway.url,
  language,
  kept: new Map(),
  requested: [],
});
const follow = (tab: Tab, token: string) => openPage(tab, SCRIPT, `/petitions/confirm#token=${token}`);
const statusOf = async (id: string) =>
  (
    await gateway.rows<{ status: string }>('select status from petitions where tenant_id = $1 and id = $2', [
      id.slice(4),
    ])
  )[0]!.status;

describe('the page of a confirmation', () => {
  it('shows what it is about, and confirms when the button is pressed', async () => {
    const { id, token } = await makeConfirmation(gateway);
    const tab = newTab();
    const page = await follow(tab, token);
    expect(page.buttons()).toEqual(['Accept', 'Decline']);
    expect(page.text()).toMatch(/^Flow \d+You are asked to confirm/);
    expect(await statusOf(id)).toBe('PENDING_CONFIRMATION');
    expect(page.address()).toBe(`${gateway.url}/petitions/confirm`);
    await page.press('Accept');
    expect(page.text()).toContain('your address is confirmed. Somebody decides on it now');
    expect(await statusOf(id)).toBe('PENDING_APPROVAL');
    expect([...tab.kept]).toEqual([]);
    expect(tab.requested.join()).not.toContain(token);
    const again = await follow(tab, token);
    expect([again.text(), again.buttons()]).toEqual([expect.stringContaining('A link works once'), []]);
  });

  it('declines', async () => {
    const { id, token } = await makeConfirmation(gateway);
    const page = await follow(newTab(), token);
    await page.press('Decline');
    expect([page.text(), await statusOf(id)]).toEqual(['You have declined. Nothing more happens.', 'DECLINED']);
  });

  it('[ENR-23] confirms by itself where the flow says so', async () => {
    const { id, token } = await makeConfirmation(gateway, { settings: { confirmation: ConfirmationMode.AUTOMATIC } });
    const page = await follow(newTab(), token);
    expect([page.buttons(), await statusOf(id)]).toEqual([[], 'PENDING_APPROVAL']);
  });

  it.each([ConfirmationMode.REVIEW, ConfirmationMode.AUTOMATIC])(
    '[ENR-25] leads through signing in and back, in mode %s; the token stays in the tab',
    async (confirmation) => {
      const { id, token } = await makeConfirmation(gateway, {
        settings: { confirmation, requiresAuthentication: true },
      });
      const tab = newTab();
      const before = await follow(tab, token);
      expect(before.text()).toContain('Sign in first');
      const [login] = before.links();
      expect(login).toMatch(/\/auth\/proconnect\/login\?returnTo=\/petitions\/confirm$/);
      expect(await statusOf(id)).toBe('PENDING_CONFIRMATION');
      const person = gateway.addPerson({ id: `page-${confirmation.toLowerCase()}` });
      const signedIn = await tab.browser.get(`${login!}&login_hint=${person.id}`);
      expect(signedIn.url).toBe(`${gateway.url}/petitions/confirm`);
      expect(signedIn.visited.join()).not.toContain(token);
      const page = await openPage(tab, SCRIPT, '/petitions/confirm');
      if (confirmation === ConfirmationMode.REVIEW) {
        expect(page.text()).toContain('You are signed in as Prénom');
        await page.press('Accept');
      }
      expect(await statusOf(id)).toBe('PENDING_APPROVAL');
      expect([...tab.kept]).toEqual([]);
    },
  );

  it('sends people on, to the web alone', async () => {
    const there = 'https://app.example.org/confirmed';
    const sent = await makeConfirmation(gateway, { settings: { redirectOnConfirm: there } });
    const page = await follow(newTab(), sent.token);
    await page.press('Accept');
    expect(page.wentTo()).toBe(there);
    const trick = await makeConfirmation(gateway, { settings: { redirectOnConfirm: 'javascript:alert(1)' } });
    const other = await follow(newTab(), trick.token);
    await other.press('Accept');
    expect([other.wentTo(), other.links()]).toEqual([null, []]);
  });

  it('asks for agreement to terms, where these come after confirming', async () => {
    await gateway.rows(
      `insert into terms (id, tenant_id, title, body, is_active, created_at, updated_at)
       values (gen_random_uuid(), $1, 'House rules', 'Be kind.', true, now(), now())`,
    );
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const settings = { authorization: FlowAuthorization.TENANT_ADMINISTRATOR, terms: TermsMode.EXPLICIT };
    const { id, token } = await makeConfirmation(gateway, { browser, settings });
    const tab = newTab();
    const page = await follow(tab, token);
    await page.press('Accept');
    expect(page.text()).toContain('House rulesBe kind.');
    expect(await statusOf(id)).toBe('CONFIRMED');
    await page.press('I agree');
    expect([page.buttons(), await statusOf(id)]).toEqual([[], 'PENDING_APPROVAL']);
    await gateway.rows('delete from terms where tenant_id = $1');
  });

  it('says in plain words what is wrong, in French, too', async () => {
    const { token } = await makeConfirmation(gateway, { settings: { confirmationMinutes: 5 } });
    const french = newTab(new Browser(), 'fr-CA');
    const page = await follow(french, token);
    expect([page.language(), page.buttons()]).toEqual(['fr', ['Accepter', 'Refuser']]);
    gateway.advance(6 * 60_000);
    await page.press('Accepter');
    expect(page.text()).toContain('Ce lien a expiré. Demandez-en un nouveau');
    const nothing = await openPage(newTab(), SCRIPT, '/petitions/confirm');
    expect(nothing.text()).toContain('Open the link in the mail');
    const unknown = await expectUnchanged(gateway, () => follow(newTab(new Browser(), 'de'), 'nothing'));
    expect(unknown.text()).toContain('This link is not valid');
  });

  it('keeps the link while the flow is suspended', async () => {
    const { token, id } = await makeConfirmation(gateway);
    const set = (status: FlowStatus) =>
      gateway.rows(
        `update enrollment_flows set status = $3
         where tenant_id = $1 and id = (select flow_id from petitions where tenant_id = $1 and id = $2)`,
        [id.slice(4), status],
      );
    await set(FlowStatus.SUSPENDED);
    const tab = newTab();
    expect((await follow(tab, token)).text()).toContain('closed at the moment');
    await set(FlowStatus.ACTIVE);
    const page = await openPage(tab, SCRIPT, '/petitions/confirm');
    expect(page.buttons()).toEqual(['Accept', 'Decline']);
  });
});
