import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeExpired } from '../../src/database/remove-expired.js';
import { confirmPetition } from '../../src/enrollment/confirmations/answer-confirmation.js';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { ConfirmationMode, FlowAuthorization, FlowStatus, MatchPolicy } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { Browser } from '../support/browser.js';
import { makeOrganization, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import { actionsOf, codesOf, command, makeFlow, PERSON, type PetitionAnswer, start } from '../support/petitions.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
let serial = 0;
beforeAll(async () => {
  server = await startMailServer();
  gateway = await startGateway({
    environment: {
      SMTP_URL: `smtp://127.0.0.1:${server.port}`,
      MAIL_FROM: 'Vestibule <vestibule@example.org>',
      LOG_LEVEL: 'trace',
    },
    connection: { sessionMinutes: 43_200 },
  });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(async () => {
  await send();
  server.received.length = 0;
});

const send = () => mailPetitions(gateway.services, gateway.tenant.id);
const nextAddress = () => `enrollee-${++serial}@example.org`;
const uuid = (id: string) => id.replace(/^pet_/, '');

/** What the link in the last mail is. */
function lastLink(): URL {
  const { text } = decodeMail(server.received.at(-1)!.raw);
  return new URL(/https?:\/\/\S+/.exec(text)![0]);
}
const lastToken = () => new URLSearchParams(lastLink().hash.slice(1)).get('token')!;

interface Waiting {
  id: string;
  email: string;
  petitionToken: string;
  token: string;
  submitted: PetitionAnswer;
  flowId: string;
  organizationName: string;
}

/** A petition that somebody without an account started, and whose link was mailed. */
async function waiting(settings: Partial<FlowSettings> = {}, input: object = {}): Promise<Waiting> {
  const organization = await makeOrganization(gateway.tenant, { name: `Laboratoire ${++serial}` });
  const { globalId, id: flowId } = await makeFlow(gateway.tenant, {
    settings: { confirmation: ConfirmationMode.REVIEW, attributes: PERSON, requiresApproval: true, ...settings },
    organizationId: organization.id,
    name: 'Join us',
  });
  const started = await start(gateway, null, globalId, input);
  const email = nextAddress();
  const attributes = { email, givenName: 'Ada', familyName: 'Martin' };
  const { id } = started.petition;
  const submitted = await command(gateway, null, 'petitionSubmitAttributes', { id, attributes }, started.token);
  expect(codesOf(submitted)).toEqual([]);
  await send();
  const petitionToken = started.token!;
  return { id, email, petitionToken, token: lastToken(), submitted, flowId, organizationName: organization.name };
}

const answer = (name: string, token: string, browser: Browser | null = null) =>
  command(gateway, browser, name, { token });
const confirm = (token: string, browser: Browser | null = null) => answer('petitionConfirm', token, browser);
const resend = (id: string, petitionToken: string) =>
  command(gateway, null, 'petitionResendConfirmation', { id }, petitionToken);

async function open(token: string, browser: Browser | null = null) {
  const { data, errors } = await gateway.graphql(
    browser,
    `mutation ($input: PetitionTokenInput!) { answer: petitionOpenConfirmation(input: $input) {
      confirmation { flowName organizationName mode expiresAt requiresSignIn } userErrors { code message field } } }`,
    { input: { token } },
  );
  expect(errors).toBeUndefined();
  return data.answer;
}

interface Stored {
  status: string;
  step: string;
  is_email_verified: boolean;
  enrollee_token_hash: string | null;
  enrollee_user_id: string | null;
}

const stored = async (id: string) =>
  (await gateway.rows<Stored>('select * from petitions where tenant_id = $1 and id = $2', [uuid(id)]))[0]!;
const historyOf = async (id: string) =>
  (
    await gateway.rows<{ action: string }>(
      'select action from petition_history where tenant_id = $1 and petition_id = $2 order by sequence',
      [uuid(id)],
    )
  ).map(({ action }) => action);
const linksOf = (id: string) =>
  gateway.rows('select * from petition_confirmations where tenant_id = $1 and petition_id = $2', [uuid(id)]);

describe('the link of a confirmation', () => {
  it('[ENR-15] is mailed to the address; the petition waits for the enrollee', async () => {
    const { email, submitted, id } = await waiting();
    expect(submitted.petition).toMatchObject({
      status: 'PENDING_CONFIRMATION',
      waitsFor: 'ENROLLEE',
      isEmailVerified: false,
    });
    expect(actionsOf(submitted)).toContain('CONFIRMATION_SENT');
    expect(server.received.map(({ to }) => to)).toEqual([[email]]);
    expect(lastLink()).toMatchObject({ pathname: '/petitions/confirm', search: '' });
    expect(await linksOf(id)).toHaveLength(1);
  });

  it('[ENR-16] without an address that is not proven is refused, and the petition stays', async () => {
    const confirmation = ConfirmationMode.REVIEW;
    const nowhere = await makeFlow(gateway.tenant, { settings: { confirmation } });
    const started = await start(gateway, null, nowhere.globalId);
    expect(codesOf(started)).toEqual(['NO_ADDRESS']);
    expect(started.petition).toMatchObject({ status: 'CREATED', step: 'SEND_CONFIRMATION' });
    expect(actionsOf(started)).toEqual(['CREATED', 'STEP_FAILED']);

    const { browser } = await gateway.signedInUser({ isEmailVerified: true });
    const settings = { confirmation, authorization: FlowAuthorization.SIGNED_IN, match: MatchPolicy.SELF };
    const proven = await makeFlow(gateway.tenant, { settings });
    const own = await start(gateway, browser, proven.globalId);
    expect([codesOf(own), own.petition.status]).toEqual([['NO_ADDRESS'], 'CREATED']);
    await send();
    expect(server.received).toEqual([]);
  });

  it('shows what it is about and no person, and tells that it was viewed, once', async () => {
    const { token, id, organizationName, email } = await waiting({ requiresAuthentication: true });
    const before = await stored(id);
    const opened = await open(token);
    expect(opened).toEqual({
      confirmation: {
        flowName: 'Join us',
        organizationName,
        mode: 'REVIEW',
        expiresAt: expect.any(String),
        requiresSignIn: true,
      },
      userErrors: [],
    });
    expect(JSON.stringify(opened)).not.toContain(email);
    await open(token);
    const views = (await historyOf(id)).filter((action) => action === 'CONFIRMATION_VIEWED');
    expect(views).toHaveLength(1);
    const after = await stored(id);
    expect([after.status, after.step]).toEqual([before.status, before.step]);
    expect(await linksOf(id)).toHaveLength(1);
  });

  it('[ENR-17] accepted: CONFIRMED, the address is proven, and the enrollee goes on by a token', async () => {
    const { token, id, petitionToken } = await waiting();
    const { result, events } = await eventsOf(gateway, () => confirm(token));
    expect([codesOf(result), result.petition.status]).toEqual([[], 'PENDING_APPROVAL']);
    expect(result.petition).toMatchObject({ isEmailVerified: true, viewerParties: ['ENROLLEE'] });
    expect(actionsOf(result)).toContain('CONFIRMED');
    expect(events.map(({ type }) => type)).toContain('petition.confirmed');
    expect(result.token).toMatch(/^[\w-]{43}$/);
    expect(result.token).not.toBe(petitionToken);
    expect(await stored(id)).toMatchObject({ is_email_verified: true });
    const { data } = await gateway.graphql(
      null,
      'query ($id: ID!) { petition(id: $id) { status viewerParties } }',
      { id },
      { 'vestibule-petition-token': result.token! },
    );
    expect(data.petition).toEqual({ status: 'PENDING_APPROVAL', viewerParties: ['ENROLLEE'] });
    // The token of the link is none of the petition's tokens.
    const byLink = await gateway.graphql(
      null,
      'query ($id: ID!) { petition(id: $id) { id } }',
      { id },
      { 'vestibule-petition-token': token },
    );
    expect(byLink.data.petition).toBeNull();
  });

  it('[ENR-18] declined: DECLINED, and nothing more', async () => {
    const { token, id, petitionToken } = await waiting({ requiresApproval: false });
    const declined = await answer('petitionDecline', token);
    expect([codesOf(declined), declined.petition, declined.token]).toEqual([[], null, null]);
    expect(await stored(id)).toMatchObject({ status: 'DECLINED', step: 'DONE', enrollee_user_id: null });
    expect(await linksOf(id)).toEqual([]);
    expect(codesOf(await confirm(token))).toEqual(['INVALID_TOKEN']);
    expect(codesOf(await resend(id, petitionToken))).toEqual(['PETITION_FINISHED']);
  });

  it('[ENR-19] serves once: used, unknown, replaced and malformed tokens are refused alike', async () => {
    const used = await waiting();
    await confirm(used.token);
    const replaced = await waiting();
    expect(codesOf(await resend(replaced.id, replaced.petitionToken))).toEqual([]);
    const tokens = [
      used.token,
      replaced.token,
      'x'.repeat(43),
      '',
      'é',
      `${used.token}=`,
      'y'.repeat(10_000),
      replaced.petitionToken,
    ];
    const answers = [];
    for (const name of ['petitionConfirm', 'petitionDecline']) {
      for (const token of tokens) answers.push(await expectUnchanged(gateway, () => answer(name, token)));
    }
    for (const token of tokens) {
      const opened = await expectUnchanged(gateway, () => open(token));
      answers.push({ petition: null, token: null, redirectUrl: opened.confirmation, userErrors: opened.userErrors });
    }
    const [first] = answers;
    expect(first!.userErrors.map(({ code, field }: { code: string; field: unknown }) => [code, field])).toEqual([
      ['INVALID_TOKEN', ['token']],
    ]);
    for (const each of answers) expect(each).toEqual(first);
  });

  it('serves once among fifty at the same time, whether they accept or decline', async () => {
    for (const names of [['petitionConfirm'], ['petitionConfirm', 'petitionDecline']]) {
      const { token, id } = await waiting();
      const { result, events } = await eventsOf(gateway, () =>
        Promise.all(Array.from({ length: 50 }, (_, index) => answer(names[index % names.length]!, token))),
      );
      const won = result.filter(({ userErrors }) => !userErrors.length);
      const lost = result.filter(({ userErrors }) => userErrors.length);
      expect(won).toHaveLength(1);
      const used = codesOf(await confirm(token));
      expect([...new Set(lost.map((one) => codesOf(one)[0]))]).toEqual(used);
      expect(lost.every(({ petition, token: issued }) => petition === null && issued === null)).toBe(true);
      const answered = ['petition.confirmed', 'petition.status_changed'];
      expect(
        events.filter(({ type, before }) => answered.includes(type) && before?.status === 'PENDING_CONFIRMATION'),
      ).toHaveLength(1);
      expect(['PENDING_APPROVAL', 'DECLINED']).toContain((await stored(id)).status);
      // Those who lost were counted as failures: the next test begins anew.
      gateway.advance(2 * HOUR);
    }
  });

  it('[ENR-20] that has expired is refused and gone, where none is made anew', async () => {
    const { token, id } = await waiting({ confirmationMinutes: 30 });
    gateway.advance(31 * MINUTE);
    const refused = await confirm(token);
    expect([codesOf(refused), refused.petition, refused.token]).toEqual([['CONFIRMATION_EXPIRED'], null, null]);
    expect(await linksOf(id)).toEqual([]);
    expect(await stored(id)).toMatchObject({ status: 'PENDING_CONFIRMATION', is_email_verified: false });
    expect((await historyOf(id)).at(-1)).toBe('CONFIRMATION_EXPIRED');
    expect(codesOf(await confirm(token))).toEqual(['INVALID_TOKEN']);
    await send();
    expect(server.received).toHaveLength(1);
  });

  it.each(['petitionOpenConfirmation', 'petitionConfirm', 'petitionDecline'])(
    '[ENR-21] that has expired, used by %s, is made anew: one mail, to the same address',
    async (name) => {
      const { token, id, email } = await waiting({ confirmationMinutes: 30, regeneratesConfirmation: true });
      gateway.advance(31 * MINUTE);
      server.received.length = 0;
      const refused = name === 'petitionOpenConfirmation' ? await open(token) : await answer(name, token);
      expect(codesOf(refused)).toEqual(['CONFIRMATION_RENEWED']);
      // The link is another one now: nobody makes a second mail by the first.
      expect(codesOf(await open(token))).toEqual(['INVALID_TOKEN']);
      await send();
      expect(server.received.map(({ to }) => to)).toEqual([[email]]);
      expect((await historyOf(id)).slice(-2)).toEqual(['CONFIRMATION_EXPIRED', 'CONFIRMATION_SENT']);
      expect((await stored(id)).status).toBe('PENDING_CONFIRMATION');
      expect(codesOf(await confirm(lastToken()))).toEqual([]);
    },
  );

  it('[ENR-24] is not needed where the address is proven already and the flow says so', async () => {
    const { browser } = await gateway.signedInUser({ isEmailVerified: true });
    const { globalId } = await makeFlow(gateway.tenant, {
      settings: {
        confirmation: ConfirmationMode.SKIP_IF_VERIFIED,
        authorization: FlowAuthorization.SIGNED_IN,
        match: MatchPolicy.SELF,
        requiresApproval: true,
      },
    });
    const started = await start(gateway, browser, globalId);
    expect(codesOf(started)).toEqual([]);
    expect(started.petition).toMatchObject({ status: 'PENDING_APPROVAL', isEmailVerified: true });
    expect(started.petition.history.nodes).toContainEqual(
      expect.objectContaining({ action: 'CONFIRMED', statusAfter: 'CONFIRMED' }),
    );
    await send();
    expect(server.received.filter(({ raw }) => raw.includes('/petitions/confirm'))).toEqual([]);
    expect(await linksOf(started.petition.id)).toEqual([]);
    const other = await waiting({ confirmation: ConfirmationMode.SKIP_IF_VERIFIED });
    expect(other.submitted.petition.status).toBe('PENDING_CONFIRMATION');
  });

  it('[ENR-25] confirms nothing without signing in where the flow asks for it', async () => {
    const { token, id } = await waiting({ requiresAuthentication: true });
    const refused = await expectUnchanged(gateway, () => confirm(token));
    expect([codesOf(refused), refused.petition, refused.token]).toEqual([['SIGN_IN_REQUIRED'], null, null]);
    const { browser, userId } = await gateway.signedInUser();
    const confirmed = await confirm(token, browser);
    expect([codesOf(confirmed), confirmed.token]).toEqual([[], null]);
    expect(confirmed.petition).toMatchObject({ status: 'PENDING_APPROVAL', viewerParties: ['ENROLLEE'] });
    expect(actionsOf(confirmed)).toContain('IDENTIFIER_AUTHENTICATED');
    expect(await stored(id)).toMatchObject({ enrollee_user_id: userId });
  });

  it('waits while the flow is suspended', async () => {
    const { token, flowId } = await waiting();
    const set = (status: FlowStatus) =>
      gateway.rows('update enrollment_flows set status = $3 where tenant_id = $1 and id = $2', [flowId, status]);
    await set(FlowStatus.SUSPENDED);
    for (const act of [open, confirm]) {
      expect(codesOf(await expectUnchanged(gateway, () => act(token)))).toEqual(['FLOW_NOT_ACTIVE']);
    }
    await set(FlowStatus.ACTIVE);
    expect(codesOf(await confirm(token))).toEqual([]);
  });

  it('is of one tenant: another one knows nothing of it', async () => {
    const { token } = await waiting();
    const other = await seedTenant(gateway.database, 'elsewhere');
    const tenant = { id: other.id, slug: 'elsewhere', publicUrl: 'https://elsewhere.example.org' };
    const context = { ...gateway.services, tenant, viewer: null, petitionTokenHash: null, sendsMail: true };
    await expectUnchanged(gateway, () => expect(confirmPetition(context, { token })).rejects.toThrow(/not valid/));
    expect(codesOf(await confirm(token))).toEqual([]);
  });

  it('is forgotten a month after it expired', async () => {
    const { id } = await waiting({ confirmationMinutes: 10 });
    gateway.advance(29 * 24 * HOUR);
    await removeExpired(gateway.services);
    expect(await linksOf(id)).toHaveLength(1);
    gateway.advance(2 * 24 * HOUR);
    await removeExpired(gateway.services);
    expect(await linksOf(id)).toEqual([]);
    expect(await gateway.rows('select 1 from attempt_counts where tenant_id = $1')).toEqual([]);
  });
});

describe('[ENR-60] where people go after confirming', () => {
  const settings = {
    redirectOnSubmit: 'https://app.example.org/submitted',
    redirectOnConfirm: 'https://app.example.org/confirmed',
    redirectOnFinalize: 'https://app.example.org/enrolled',
  };
  const own = 'https://lab.example.org/back?to=1';
  const cases: [what: string, changes: Partial<FlowSettings>, returnUrl: string | null, expected: string][] = [
    ['the flow says', {}, null, settings.redirectOnConfirm],
    ['their own URL, which matches', { returnUrlPatterns: ['https://lab\\.example\\.org/.*'] }, own, own],
    [
      'the second of the patterns counts',
      { returnUrlPatterns: ['nothing', 'https://lab\\.example\\.org/.*'] },
      own,
      own,
    ],
    ['the flow says: there is no list', {}, own, settings.redirectOnConfirm],
    [
      'the flow says: it does not match',
      { returnUrlPatterns: ['https://other\\.example\\.org/.*'] },
      own,
      settings.redirectOnConfirm,
    ],
    [
      'the flow says: a part of it matches',
      { returnUrlPatterns: ['https://lab\\.example\\.org'] },
      own,
      settings.redirectOnConfirm,
    ],
    [
      'the flow says: it hides where it leads',
      { returnUrlPatterns: ['https://.*lab\\.example\\.org/.*'] },
      'https://lab.example.org@evil.example/lab.example.org/',
      settings.redirectOnConfirm,
    ],
    [
      'without approval, too',
      { requiresApproval: false, returnUrlPatterns: ['https://lab\\.example\\.org/.*'] },
      own,
      own,
    ],
    ['the flow says, without approval, too', { requiresApproval: false }, null, settings.redirectOnConfirm],
  ];
  it.each(cases)('%s', async (_what, changes, returnUrl, expected) => {
    const { token, submitted } = await waiting({ ...settings, ...changes }, { returnUrl });
    expect(submitted.redirectUrl).toBe(settings.redirectOnSubmit);
    const confirmed = await confirm(token);
    expect([codesOf(confirmed), confirmed.redirectUrl]).toEqual([[], expected]);
  });
});

describe('how often', () => {
  it('a petition is mailed about: its address three times an hour, whoever asks', async () => {
    const { id, petitionToken } = await waiting({ confirmationMinutes: 30, regeneratesConfirmation: true });
    for (const _ of [2, 3]) expect(codesOf(await resend(id, petitionToken))).toEqual([]);
    const refused = await expectUnchanged(gateway, () => resend(id, petitionToken));
    expect(codesOf(refused)).toEqual(['RATE_LIMITED']);
    await send();
    const token = lastToken();
    gateway.advance(31 * MINUTE);
    // An expired link makes no more mail than asking does, and is not lost by it.
    expect(codesOf(await expectUnchanged(gateway, () => open(token)))).toEqual(['RATE_LIMITED']);
    gateway.advance(HOUR);
    expect(codesOf(await open(token))).toEqual(['CONFIRMATION_RENEWED']);
  });

  it('a petition is mailed about: five times an hour, were its address another each time', async () => {
    const { id, petitionToken } = await waiting();
    for (let count = 2; count <= 5; count++) {
      await gateway.rows('delete from invitation_recipients where tenant_id = $1');
      expect(codesOf(await resend(id, petitionToken))).toEqual([]);
    }
    await gateway.rows('delete from invitation_recipients where tenant_id = $1');
    expect(codesOf(await expectUnchanged(gateway, () => resend(id, petitionToken)))).toEqual(['RATE_LIMITED']);
    gateway.advance(HOUR);
    expect(codesOf(await resend(id, petitionToken))).toEqual([]);
  });

  it('one actor tries tokens: a hundred times an hour, and others are not held up', async () => {
    const { browser } = await gateway.signedInUser();
    const guess = async (count: number) => {
      const fields = Array.from(
        { length: count },
        (_, index) => `g${index}: petitionConfirm(input: { token: "guess-${index}" }) { userErrors { code } }`,
      );
      const { data } = await gateway.graphql<Record<string, PetitionAnswer>>(
        browser,
        `mutation { ${fields.join('\n')} }`,
      );
      return Object.values(data).flatMap(codesOf);
    };
    expect(new Set([...(await guess(50)), ...(await guess(49))])).toEqual(new Set(['INVALID_TOKEN']));
    const { token } = await waiting();
    // What succeeds is not counted, so there is one attempt left.
    expect((await open(token, browser)).userErrors).toEqual([]);
    expect(await guess(2)).toEqual(['INVALID_TOKEN', 'RATE_LIMITED']);
    expect(codesOf(await expectUnchanged(gateway, () => confirm(token, browser)))).toEqual(['RATE_LIMITED']);
    expect(codesOf(await confirm(token))).toEqual([]);
    gateway.advance(HOUR);
    expect(await guess(1)).toEqual(['INVALID_TOKEN']);
  });

  it('petitions are begun by nobody who is signed in: three hundred times an hour from one address', async () => {
    const { globalId } = await makeFlow(gateway.tenant, { settings: { requiresApproval: true } });
    expect(codesOf(await start(gateway, null, globalId))).toEqual([]);
    await gateway.rows('update attempt_counts set count = 300 where tenant_id = $1');
    const refused = await expectUnchanged(gateway, () => start(gateway, null, globalId));
    expect([codesOf(refused), refused.petition]).toEqual([['RATE_LIMITED'], null]);
    const { browser } = await gateway.signedInUser();
    expect(codesOf(await start(gateway, browser, globalId))).toEqual([]);
    gateway.advance(HOUR);
    expect(codesOf(await start(gateway, null, globalId))).toEqual([]);
  });
});

describe('asking for the link again', () => {
  it('is for the petitioner and for administrators, while it waits', async () => {
    const { id, token, petitionToken } = await waiting();
    const { browser: stranger } = await gateway.signedInUser();
    for (const [browser, given] of [
      [null, null],
      [stranger, null],
      [null, token],
    ] as const) {
      const asked = expectUnchanged(gateway, () =>
        command(gateway, browser, 'petitionResendConfirmation', { id }, given),
      );
      await expect(asked).rejects.toThrow(/NOT_FOUND|UNAUTHENTICATED/);
    }
    const { browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true });
    const resent = await command(gateway, administrator, 'petitionResendConfirmation', { id });
    expect([codesOf(resent), actionsOf(resent).at(-1)]).toEqual([[], 'CONFIRMATION_SENT']);
    expect(codesOf(await confirm(token))).toEqual(['INVALID_TOKEN']);
    await send();
    const confirmed = await confirm(lastToken());
    expect(codesOf(confirmed)).toEqual([]);
    expect(codesOf(await resend(id, petitionToken))).toEqual(['WRONG_STATUS']);
  });

  it('shows the link to nobody, administrators neither', async () => {
    const { id } = await waiting();
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const resent = await command(gateway, browser, 'petitionResendConfirmation', { id });
    await send();
    expect(JSON.stringify(resent)).not.toContain(lastToken());
    expect(resent.token).toBeNull();
  });
});

it('without a mail server is refused, and says so', async () => {
  const silent = await startGateway();
  try {
    const { globalId } = await makeFlow(silent.tenant, {
      settings: { confirmation: ConfirmationMode.REVIEW, attributes: PERSON },
    });
    const { petition, token } = await start(silent, null, globalId);
    const attributes = { email: nextAddress(), givenName: 'Ada', familyName: 'Martin' };
    const input = { id: petition.id, attributes };
    const refused = await expectUnchanged(silent, () =>
      command(silent, null, 'petitionSubmitAttributes', input, token),
    );
    expect(codesOf(refused)).toEqual(['MANUAL_ACTION_NEEDED']);
    expect(refused.userErrors[0]!.message).toContain('no mail server is configured');
  } finally {
    await silent.close();
  }
});

describe('the page of the link', () => {
  it('[ENR-23] is the same whoever fetches it, and changes nothing: scanners of mail may', async () => {
    const automatic = await waiting({ confirmation: ConfirmationMode.AUTOMATIC });
    const reviewed = await waiting();
    const browser = new Browser();
    const pages = await expectUnchanged(gateway, async () => {
      const found = [];
      for (const { token } of [automatic, reviewed]) {
        found.push(await browser.get(`${gateway.url}/petitions/confirm#token=${token}`));
        found.push(await browser.get(`${gateway.url}/petitions/confirm?token=${token}`));
        const query = encodeURIComponent(
          `mutation { petitionConfirm(input: { token: "${token}" }) { userErrors { code } } }`,
        );
        await browser.get(`${gateway.url}/graphql?query=${query}`);
      }
      return found;
    });
    for (const page of pages) {
      expect([page.status, page.text]).toEqual([200, pages[0]!.text]);
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    const { text } = pages[0]!;
    expect(text.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="/assets/petition-confirm.js">']);
    expect(text).not.toMatch(/<form|<link rel="prefetch"|https?:\/\//);
    for (const file of ['petition-confirm.js', 'petition-words.js'])
      expect((await browser.get(`${gateway.url}/assets/${file}`)).status).toBe(200);
    expect(codesOf(await confirm(automatic.token))).toEqual([]);
  });
});

it('no token is ever in a log, an event, an address, an answer that refuses, or the database', async () => {
  gateway.logLines.length = 0;
  const { result, events } = await eventsOf(gateway, async () => {
    const first = await waiting({ confirmationMinutes: 30, regeneratesConfirmation: true, requiresApproval: false });
    await open(first.token);
    gateway.advance(31 * MINUTE);
    await open(first.token);
    await send();
    const renewed = lastToken();
    const second = await waiting();
    const confirmed = await confirm(renewed);
    const refused = [];
    for (const token of [first.token, renewed, `${second.token}x`]) {
      for (const name of ['petitionConfirm', 'petitionDecline']) refused.push(await answer(name, token));
      refused.push(await open(token));
    }
    const type = await gateway.graphql(
      null,
      'mutation ($input: PetitionIdInput!) { petitionConfirm(input: $input) { token } }',
      { input: { token: second.token } },
    );
    const syntax = await gateway.graphql(null, `mutation { petitionConfirm(input: { token: "${second.token}" ) }`);
    expect(confirmed.token).not.toBeNull();
    const secrets = [first.token, renewed, second.token, first.petitionToken, second.petitionToken, confirmed.token!];
    return { secrets, refused: [...refused, syntax.text, type.status] };
  });
  const { secrets, refused } = result;
  const told = [gateway.logLines.join(''), JSON.stringify(events), JSON.stringify(refused)];
  const tables = await gateway.rows<{ name: string }>(
    `select distinct table_name as name from information_schema.columns
     where table_schema = 'public' and column_name = 'tenant_id' and table_name <> 'schema_version'`,
  );
  for (const { name } of tables)
    told.push(JSON.stringify(await gateway.rows(`select t::text as row from ${name} t where tenant_id = $1`)));
  for (const secret of secrets) {
    for (const text of told) expect(text.includes(secret)).toBe(false);
  }
});
