import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { FlowAuthorization, MailLocale, MatchPolicy, SourceMode } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Browser } from '../support/browser.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import { actionsOf, codesOf, command, makeFlow, PETITION_FIELDS, start } from '../support/petitions.js';
import { expectUnchanged } from '../support/sign-in.js';
import { askSources, type AskedPeople, makePeopleSource, startAskedPeople } from '../support/sources/asked-people.js';

let gateway: Gateway;
let people: AskedPeople;
let mail: Awaited<ReturnType<typeof startMailServer>>;
let serial = 0;
beforeAll(async () => {
  [people, mail] = await Promise.all([startAskedPeople(), startMailServer()]);
  gateway = await startGateway({
    environment: {
      ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      MAIL_FROM: 'Vestibule <vestibule@example.org>',
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([people.close(), mail.close()]);
});
beforeEach(() => void Object.assign(people, { asked: [], people: [], status: null }));

const nextAddress = () => `claimant-${++serial}@example.org`;

/** Somebody who is signed in, without a proven address, and a petition of theirs that waits for an address to claim with. */
async function claiming(settings: Partial<FlowSettings> = {}, user: object = {}, locale?: MailLocale) {
  const facts = { isEmailVerified: false, ...user };
  const organization = await makeOrganization(gateway.tenant);
  const { id: sourceId } = await makePeopleSource(gateway.tenant, people);
  const flow = await makeFlow(gateway.tenant, {
    organizationId: organization.id,
    settings: {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
      requiresApproval: true,
      sources: [{ sourceId, mode: SourceMode.CLAIM, verifiesFamilyName: false }],
      ...settings,
    },
  });
  const { browser, userId } = await gateway.signedInUser(facts);
  const { petition } = await start(gateway, browser, flow.globalId, { locale });
  const id = petition.id as string;
  return {
    id,
    browser,
    userId,
    sourceId,
    petition,
    give: (email: string, by: Browser | null = browser) => command(gateway, by, 'petitionGiveEmail', { id, email }),
    ask: () => askSources(gateway, id),
    read: async () =>
      (await gateway.graphql(browser, `query ($id: ID!) { petition(id: $id) { ${PETITION_FIELDS} } }`, { id })).data
        .petition,
  };
}

/** The token of the link that was mailed to this address last, and the mail. */
async function mailedTo(address: string): Promise<{ token: string; text: string }> {
  await mailPetitions(gateway.services, gateway.tenant.id);
  const { raw } = mail.received
    .filter(({ to }) => to.some((one) => one.toLowerCase() === address.toLowerCase()))
    .at(-1)!;
  const text = decodeMail(raw).text;
  return { token: /#token=([\w-]+)/.exec(text)![1]!, text };
}

const open = (browser: Browser | null, token: string) => command(gateway, browser, 'petitionConfirm', { token });

describe('CLAIM', () => {
  it('[ENR-49] asks a source once the petitioner has proven an address, and goes on with the record of a match', async () => {
    const email = nextAddress();
    people.people = [{ key: `key-${serial}`, emails: [email], familyName: 'Ashe' }];
    const claim = await claiming();
    expect(claim.petition).toMatchObject({ step: 'SOURCES', waitsFor: 'PETITIONER' });
    expect(claim.petition.nextActions).toContain('GIVE_EMAIL');
    const given = await claim.give(email.toUpperCase());
    expect(codesOf(given)).toEqual([]);
    expect(actionsOf(given).slice(-2)).toEqual(['EMAIL_GIVEN', 'CONFIRMATION_SENT']);
    await claim.ask();
    expect(people.asked).toEqual([]);

    const { token, text } = await mailedTo(email);
    expect(text).toContain('Show that the address is yours');
    const proven = await open(claim.browser, token);
    expect([codesOf(proven), actionsOf(proven).at(-1)]).toEqual([[], 'EMAIL_PROVEN']);
    expect(proven.petition).toMatchObject({ step: 'SOURCES', waitsFor: 'SYSTEM', isEmailVerified: true });
    expect(codesOf(await open(claim.browser, token))).toEqual(['INVALID_TOKEN']);
    await claim.ask();
    expect(people.asked).toEqual([`/people?mail=${encodeURIComponent(email)}`]);
    expect(await claim.read()).toMatchObject({ status: 'PENDING_APPROVAL', step: 'WAIT_FOR_APPROVAL' });
    const records = await gateway.rows(
      'select key, user_id from source_records where tenant_id = $1 and source_id = $2',
      [claim.sourceId],
    );
    expect(records).toEqual([{ key: `key-${serial}`, user_id: claim.userId }]);
  });

  it('[ENR-49] halts with a clear refusal where no source knows the address, until another one is given', async () => {
    const claim = await claiming();
    const [unknown, known] = [nextAddress(), nextAddress()];
    people.people = [{ key: `key-${serial}`, emails: [known] }];
    await claim.give(unknown);
    await open(claim.browser, (await mailedTo(unknown)).token);
    await claim.ask();
    const halted = await claim.read();
    expect(halted).toMatchObject({ status: 'CREATED', step: 'SOURCES', waitsFor: 'PETITIONER' });
    expect(halted.history.nodes.at(-1)).toMatchObject({
      action: 'STEP_FAILED',
      comment: 'No source knows this address: give another one.',
    });
    await claim.ask();
    expect(people.asked).toHaveLength(1);
    await claim.give(known);
    await claim.ask();
    expect(people.asked).toHaveLength(1);
    await open(claim.browser, (await mailedTo(known)).token);
    await claim.ask();
    expect(await claim.read()).toMatchObject({ status: 'PENDING_APPROVAL' });
  });

  it('[ENR-49] takes the proof of the petitioner alone: who is talked into opening the link gives nothing away', async () => {
    const claim = await claiming();
    const email = nextAddress();
    people.people = [{ key: `key-${serial}`, emails: [email] }];
    await claim.give(email);
    const { token } = await mailedTo(email);
    const { browser: stranger } = await gateway.signedInUser();
    await expectUnchanged(gateway, async () => {
      for (const browser of [null, stranger]) expect(codesOf(await open(browser, token))).toEqual(['SIGN_IN_REQUIRED']);
      expect(codesOf(await command(gateway, claim.browser, 'petitionDecline', { token }))).toEqual(['WRONG_STATUS']);
    });
    await claim.ask();
    expect(people.asked).toEqual([]);
    expect(codesOf(await open(claim.browser, token))).toEqual([]);
  });

  it('[ENR-49] withdraws the link of an address when another one is given, and limits how many are', async () => {
    const claim = await claiming();
    const [first, second] = [nextAddress(), nextAddress()];
    await claim.give(first);
    const { token } = await mailedTo(first);
    await claim.give(second);
    expect(codesOf(await open(claim.browser, token))).toEqual(['INVALID_TOKEN']);
    expect(codesOf(await open(claim.browser, (await mailedTo(second)).token))).toEqual([]);
    const codes: string[] = [];
    for (let times = 0; times < 4; times++) codes.push(...codesOf(await claim.give(nextAddress())));
    expect(codes).toEqual(['RATE_LIMITED']);
  });

  it('asks at once about the address that the account has proven, and mails nothing', async () => {
    const email = nextAddress();
    people.people = [{ key: `key-${serial}`, emails: [email] }];
    const claim = await claiming({}, { email, emailNormalized: email, isEmailVerified: true });
    expect(claim.petition).toMatchObject({ step: 'SOURCES', waitsFor: 'SYSTEM' });
    await claim.ask();
    expect(await claim.read()).toMatchObject({ status: 'PENDING_APPROVAL' });
    const own = nextAddress();
    const other = await claiming(
      { match: MatchPolicy.NONE },
      { email: own, emailNormalized: own, isEmailVerified: true },
    );
    expect(other.petition).toMatchObject({ waitsFor: 'PETITIONER' });
    const given = await other.give(own);
    expect(given.petition).toMatchObject({ waitsFor: 'SYSTEM', isEmailVerified: true });
    expect(actionsOf(given).at(-1)).toBe('EMAIL_GIVEN');
  });

  it('waits while its source is down, tells so once, and is tried at once by petitionContinue', async () => {
    const email = nextAddress();
    people.people = [{ key: `key-${serial}`, emails: [email] }];
    people.status = 503;
    const claim = await claiming({}, { email, emailNormalized: email, isEmailVerified: true });
    for (let times = 0; times < 3; times++) await claim.ask();
    const waiting = await claim.read();
    expect(waiting).toMatchObject({ status: 'CREATED', step: 'SOURCES', waitsFor: 'SYSTEM' });
    const told = waiting.history.nodes.filter(({ action }: { action: string }) => action === 'STEP_FAILED');
    expect(told).toHaveLength(1);
    people.status = null;
    const again = await command(gateway, claim.browser, 'petitionContinue', { id: claim.id });
    expect([codesOf(again), again.petition.history.nodes.length]).toEqual([[], waiting.history.nodes.length]);
    await claim.ask();
    expect(await claim.read()).toMatchObject({ status: 'PENDING_APPROVAL' });
  });

  it('refuses what is no address, and everybody but the petitioner and administrators, and changes nothing', async () => {
    const claim = await claiming();
    const { browser: stranger } = await gateway.signedInUser();
    await expectUnchanged(gateway, async () => {
      expect(codesOf(await claim.give('nobody'))).toEqual(['INVALID']);
      await expect(claim.give(nextAddress(), stranger)).rejects.toThrow();
      await expect(claim.give(nextAddress(), null)).rejects.toThrow();
    });
  });

  it('mails in the language of the petition', async () => {
    const claim = await claiming({}, {}, MailLocale.FR);
    const email = nextAddress();
    await claim.give(email);
    expect((await mailedTo(email)).text).toContain("Montrer que l'adresse est la vôtre");
  });
});
