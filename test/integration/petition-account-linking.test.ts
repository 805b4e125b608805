import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { type Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { addTotp, showTotp } from '../support/factors.js';
import { makeFlow, makeTerms } from '../support/flows.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import { actionsOf, codesOf, command, type PetitionAnswer, start } from '../support/petitions.js';
import { expectUnchanged, viewerOf } from '../support/sign-in.js';
import { watch } from '../support/told-changes.js';

const MINUTE = 60_000;

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
let administrator: Awaited<ReturnType<Gateway['signedInUser']>>;
let flowId: string;
beforeAll(async () => {
  server = await startMailServer();
  gateway = await startGateway({
    environment: {
      SMTP_URL: `smtp://127.0.0.1:${server.port}`,
      MAIL_FROM: 'Vestibule <vestibule@example.org>',
      RATE_LIMIT_ENABLED: 'false',
    },
  });
  administrator = await gateway.signedInUser({ isTenantAdministrator: true });
  flowId = await makeFlow(gateway, administrator.browser, { name: 'Account linking', template: 'ACCOUNT_LINKING' });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});

type Person = Awaited<ReturnType<typeof member>>;
type Newcomer = Awaited<ReturnType<typeof newcomer>>;

const code = (answer: PetitionAnswer) => codesOf(answer).join();

async function write(text: string, ...values: unknown[]) {
  const all = [gateway.tenant.id, ...values];
  await transact(gateway.database, gateway.tenant.id, (manager) => runSql(manager, text, all));
}

/** A member of an organization, who is signed in, with a proven address. */
async function member(overrides: Parameters<Gateway['signedInUser']>[0] = {}) {
  const person = await gateway.signedInUser(overrides);
  await makeMembership(gateway.tenant, {
    user: { id: person.userId },
    organization: await makeOrganization(gateway.tenant),
  });
  const [user] = await gateway.rows<{ email: string }>('select email from users where tenant_id = $1 and id = $2', [
    person.userId,
  ]);
  return { ...person, email: user!.email };
}

/** Somebody in no organization, who has signed in with an account of the provider. */
const newcomer = (overrides: Parameters<Gateway['signedInUser']>[0] = {}) => gateway.signedInUser(overrides);

async function mailedTo(address: string): Promise<string> {
  await mailPetitions(gateway.services, gateway.tenant.id);
  const { text } = decodeMail(server.received.filter(({ to }) => to.includes(address)).at(-1)!.raw);
  return new URLSearchParams(new URL(/https?:\/\/\S+/.exec(text)![0]).hash.slice(1)).get('token')!;
}

/** Starts a petition of somebody, and gives the token that was mailed to them. */
async function begun({ browser, email }: Pick<Person, 'browser' | 'email'>, flow = flowId) {
  const started = await start(gateway, browser, flow);
  expect([codesOf(started), started.petition.status, started.petition.email]).toEqual([
    [],
    'PENDING_CONFIRMATION',
    email,
  ]);
  return { id: started.petition.id as string, token: await mailedTo(email) };
}

const confirm = (token: string, browser: Browser | null) => command(gateway, browser, 'petitionConfirm', { token });

const identitiesOf = async (userId: string) =>
  (
    await gateway.rows<{ subject: string }>(
      'select subject from identities where tenant_id = $1 and user_id = $2 order by id',
      [userId],
    )
  ).map(({ subject }) => subject);
const countOf = async (table: string, userId: string) =>
  (await gateway.rows(`select 1 from ${table} where tenant_id = $1 and user_id = $2`, [userId])).length;

/** Nothing of this changes, and the link still works. */
async function expectRefused(token: string, browser: Browser | null, expected: string) {
  const answer = await expectUnchanged(gateway, () => confirm(token, browser));
  expect([codesOf(answer), answer.petition, answer.token]).toEqual([[expected], null, null]);
}

describe('the template for linking accounts', () => {
  it('[ENR-26] gives a member the login of another account of theirs, which has nothing else', async () => {
    const grace = await member();
    const other = await newcomer();
    const { id, token } = await begun(grace);
    const opened = await gateway.graphql(
      null,
      `mutation ($input: PetitionTokenInput!) {
        petitionOpenConfirmation(input: $input) { confirmation { linksTo requiresSignIn } }
      }`,
      { input: { token } },
    );
    const { givenName, familyName } = (
      await gateway.rows(
        'select given_name as "givenName", family_name as "familyName" from users where tenant_id = $1 and id = $2',
        [grace.userId],
      )
    )[0]!;
    expect(opened.data.petitionOpenConfirmation.confirmation).toEqual({
      linksTo: `${givenName} ${familyName}`,
      requiresSignIn: true,
    });
    const { result, events, untold } = await watch(gateway, () => confirm(token, other.browser));
    expect([codesOf(result), result.petition.status, result.petition.id, untold]).toEqual([[], 'FINALIZED', id, []]);
    const actions = ['CONFIRMED', 'IDENTIFIER_AUTHENTICATED', 'IDENTITY_LINKED'];
    expect(actionsOf(result)).toEqual(expect.arrayContaining(actions));
    expect(result.token).not.toBeNull();

    expect(await identitiesOf(grace.userId)).toEqual([grace.person.sub, other.person.sub]);
    expect(await gateway.rows('select 1 from users where tenant_id = $1 and id = $2', [other.userId])).toEqual([]);
    const types = events.map(({ type }) => type).filter((type) => !type.startsWith('petition.'));
    expect(types.sort()).toEqual(
      ['identity.linked', 'identity.unlinked', 'session.ended', 'session.ended', 'user.deleted'].sort(),
    );
    const notices = await gateway.rows('select kind, data from notices where tenant_id = $1 and user_id = $2', [
      grace.userId,
    ]);
    expect(notices).toMatchObject([{ kind: 'IDENTITY_LINKED' }]);

    // Nobody is signed in any more; whoever confirmed sees by the token what came of it.
    for (const { browser } of [grace, other]) expect(await viewerOf(gateway, browser)).toBeNull();
    const shown = await gateway.graphql(
      null,
      '{ petition(id: "' + id + '") { status } }',
      {},
      {
        'vestibule-petition-token': result.token!,
      },
    );
    expect(shown.data.petition.status).toBe('FINALIZED');
    const { browser } = await gateway.signIn(other.person);
    expect((await viewerOf(gateway, browser))!.user.id).toBe(`usr_${grace.userId}`);
    expect(code(await confirm(token, browser))).toBe('INVALID_TOKEN');
  });

  it('moves every login of the account; the second factor that its provider showed comes back with the next sign-in', async () => {
    const grace = await member();
    const other = await newcomer();
    await write(
      `insert into identities (id, tenant_id, user_id, connection_id, issuer, subject, created_at)
       select $2, $1, $3, id, issuer, $4, now() from connections where tenant_id = $1`,
      ...[v7(), other.userId, 'second'],
    );
    await write(
      `insert into user_factors (id, tenant_id, user_id, kind, connection_id, created_at, confirmed_at)
       select $2, $1, $3, 'PROVIDER', id, now(), now() from connections where tenant_id = $1`,
      ...[v7(), other.userId],
    );
    const { token } = await begun(grace);
    const { result, untold } = await watch(gateway, () => confirm(token, other.browser));
    expect([codesOf(result), untold]).toEqual([[], []]);
    expect(await identitiesOf(grace.userId)).toHaveLength(3);
    expect(await countOf('user_factors', grace.userId)).toBe(0);
    expect(await countOf('notices', grace.userId)).toBe(2);
  });

  it('goes on for somebody who confirms with their own account, and changes nothing of it', async () => {
    const grace = await member();
    const { token } = await begun(grace);
    const { result, events } = await watch(gateway, () => confirm(token, grace.browser));
    expect([codesOf(result), result.petition.status, result.token]).toEqual([[], 'FINALIZED', null]);
    expect(events.every(({ type }) => type.startsWith('petition.'))).toBe(true);
    expect(await identitiesOf(grace.userId)).toEqual([grace.person.sub]);
  });

  it('records terms that are implied as agreed to by the person who stays', async () => {
    await makeTerms(gateway, administrator.browser, {});
    const settings = { terms: 'IMPLIED' };
    const flow = await makeFlow(gateway, administrator.browser, { template: 'ACCOUNT_LINKING', settings });
    const grace = await member();
    const other = await newcomer();
    const { token } = await begun(grace, flow);
    const answer = await confirm(token, other.browser);
    expect([codesOf(answer), answer.petition.status]).toEqual([[], 'FINALIZED']);
    expect(await countOf('terms_agreements', grace.userId)).toBe(1);
  });

  it('links once, however often it is confirmed at the same time', async () => {
    const grace = await member();
    const [one, two] = [await newcomer(), await newcomer()];
    const { token } = await begun(grace);
    const answers = await Promise.all([one, two, one].map(({ browser }) => confirm(token, browser)));
    expect(answers.filter((answer) => !codesOf(answer).length)).toHaveLength(1);
    expect(await identitiesOf(grace.userId)).toHaveLength(2);
  });

  it('links an account to one person, where two have it confirmed at the same time', async () => {
    const [grace, ada] = [await member(), await member()];
    const other = await newcomer();
    const tokens = [(await begun(grace)).token, (await begun(ada)).token];
    const answers = await Promise.all(tokens.map((token) => confirm(token, other.browser)));
    expect(answers.filter((answer) => !codesOf(answer).length)).toHaveLength(1);
    const linked = [...(await identitiesOf(grace.userId)), ...(await identitiesOf(ada.userId))];
    expect(linked.filter((subject) => subject === other.person.sub)).toHaveLength(1);
  });
});

describe('an account that has more than its logins is left alone', () => {
  const belongings: [what: string, give: (other: Newcomer) => Promise<unknown>][] = [
    [
      'a membership',
      async ({ userId }) =>
        makeMembership(gateway.tenant, { user: { id: userId }, organization: await makeOrganization(gateway.tenant) }),
    ],
    [
      'administration of the tenant',
      ({ userId }) => write('update users set is_tenant_administrator = true where tenant_id = $1 and id = $2', userId),
    ],
    [
      'another petition, finished',
      async ({ browser }) => {
        const settings = { authorization: 'SIGNED_IN', match: 'SELF' };
        const flow = await makeFlow(gateway, administrator.browser, { settings });
        expect((await start(gateway, browser, flow)).petition.status).toBe('FINALIZED');
      },
    ],
    [
      'another petition, under way',
      async ({ browser }) => {
        const settings = { authorization: 'SIGNED_IN', match: 'SELF', requiresApproval: true };
        const flow = await makeFlow(gateway, administrator.browser, { settings });
        expect((await start(gateway, browser, flow)).petition.status).toBe('PENDING_APPROVAL');
      },
    ],
    ['an authenticator app', ({ browser }) => addTotp(gateway, browser)],
    [
      'an identifier',
      ({ userId }) =>
        write(
          `insert into user_identifiers (id, tenant_id, user_id, type, value, created_at)
           values ($2, $1, $3, 'badge', $4, now())`,
          ...[v7(), userId, v7()],
        ),
    ],
    [
      'attributes',
      ({ userId }) =>
        write(`update users set attributes = '{"phone":"0102"}' where tenant_id = $1 and id = $2`, userId),
    ],
    [
      'a record of a directory',
      ({ userId }) =>
        write(
          `insert into scim_departures (id, tenant_id, connection_id, user_id, user_name_normalized, has_suspended,
             departed_at)
           select $2, $1, id, $3, 'grace', false, now() from connections where tenant_id = $1`,
          ...[v7(), userId],
        ),
    ],
  ];

  it.each(belongings)('with %s', async (_, give) => {
    const grace = await member();
    const other = await newcomer();
    await give(other);
    const { token } = await begun(grace);
    await expectRefused(token, other.browser, 'MANUAL_ACTION_NEEDED');
    expect(await identitiesOf(other.userId)).toEqual([other.person.sub]);
  });
});

describe('nobody is linked who is not proven to be one person', () => {
  it('without a session; with one that is not of the last ten minutes; or one that has ended', async () => {
    const grace = await member();
    const other = await newcomer();
    const { token } = await begun(grace);
    await expectRefused(token, null, 'SIGN_IN_REQUIRED');
    gateway.advance(11 * MINUTE);
    await expectRefused(token, other.browser, 'REAUTHENTICATION_REQUIRED');
    const { browser } = await gateway.signIn(other.person);
    expect(codesOf(await confirm(token, browser))).toEqual([]);
  });

  it('where the enrollee set out in a session that was not fresh, until they have the link sent again in one', async () => {
    const grace = await member();
    gateway.advance(11 * MINUTE);
    const { id, token } = await begun(grace);
    const other = await newcomer();
    await expectRefused(token, other.browser, 'MANUAL_ACTION_NEEDED');
    const { browser } = await gateway.signIn(grace.person);
    expect(codesOf(await command(gateway, browser, 'petitionResendConfirmation', { id }))).toEqual([]);
    expect(codesOf(await confirm(await mailedTo(grace.email), other.browser))).toEqual([]);
    expect(await identitiesOf(grace.userId)).toHaveLength(2);
  });

  it('where the enrollee has a second factor and has not shown it, also one that they added since', async () => {
    const grace = await member();
    const other = await newcomer();
    const { id, token } = await begun(grace);
    const app = await addTotp(gateway, grace.browser);
    await write(
      'update sessions set mfa_at = null, mfa_factor_id = null where tenant_id = $1 and user_id = $2',
      grace.userId,
    );
    await expectRefused(token, other.browser, 'MANUAL_ACTION_NEEDED');
    expect(codesOf(await command(gateway, grace.browser, 'petitionResendConfirmation', { id }))).toEqual([]);
    await expectRefused(await mailedTo(grace.email), other.browser, 'MANUAL_ACTION_NEEDED');
    await showTotp(gateway, grace.browser, app);
    expect(codesOf(await command(gateway, grace.browser, 'petitionResendConfirmation', { id }))).toEqual([]);
    expect(codesOf(await confirm(await mailedTo(grace.email), other.browser))).toEqual([]);
  });

  it('where the link went to an address that is not proven to be theirs: it may be the other one who reads it', async () => {
    const claimed = `claimed-${v7()}@example.org`;
    const grace = await member({ email: claimed, isEmailVerified: false });
    const other = await newcomer();
    const { token } = await begun(grace);
    await expectRefused(token, other.browser, 'MANUAL_ACTION_NEEDED');

    const given = `given-${v7()}@example.org`;
    const attributes = [{ key: 'email', type: 'EMAIL', label: 'Email', target: 'USER_EMAIL' }];
    const flow = await makeFlow(gateway, administrator.browser, {
      ...{ template: 'ACCOUNT_LINKING', settings: { attributes } },
    });
    const ada = await member();
    const { petition } = await start(gateway, ada.browser, flow);
    const input = { id: petition.id, attributes: { email: given } };
    expect(codesOf(await command(gateway, ada.browser, 'petitionSubmitAttributes', input))).toEqual([]);
    await expectRefused(await mailedTo(given), other.browser, 'MANUAL_ACTION_NEEDED');
  });

  it('where opening the link is enough, or administrators of an organization chose somebody', async () => {
    const ada = await member();
    const other = await newcomer();
    const organization = await makeOrganization(gateway.tenant);
    const head = await gateway.signedInUser();
    await makeMembership(gateway.tenant, {
      ...{ user: { id: head.userId }, organization, roles: ['member', 'administrator'] },
    });
    const into = { organizationIds: [`org_${organization.id}`], duplicateMode: 'NEW_ROLE' };
    const automatic = await makeFlow(gateway, administrator.browser, {
      ...{ template: 'ACCOUNT_LINKING', settings: { ...into, confirmation: 'AUTOMATIC' } },
    });
    await expectRefused((await begun(ada, automatic)).token, other.browser, 'MANUAL_ACTION_NEEDED');

    const chosenBy = async (authorization: string, browser: Browser) => {
      const settings = { ...into, authorization, match: 'SELECT' };
      const flow = await makeFlow(gateway, administrator.browser, { template: 'ACCOUNT_LINKING', settings });
      const { petition } = await start(gateway, browser, flow);
      const input = { id: petition.id, enrolleeId: `usr_${ada.userId}` };
      expect(codesOf(await command(gateway, browser, 'petitionSelectEnrollee', input))).toEqual([]);
      return mailedTo(ada.email);
    };
    await expectRefused(await chosenBy('ANY_ADMINISTRATOR', head.browser), other.browser, 'MANUAL_ACTION_NEEDED');
    const token = await chosenBy('TENANT_ADMINISTRATOR', administrator.browser);
    const answer = await confirm(token, other.browser);
    expect([codesOf(answer), answer.petition.status]).toEqual([[], 'FINALIZED']);
    expect(await identitiesOf(ada.userId)).toHaveLength(2);
  });

  it('while the account of the enrollee is suspended', async () => {
    const grace = await member();
    const other = await newcomer();
    const { token } = await begun(grace);
    await write(`update users set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, grace.userId);
    await expectRefused(token, other.browser, 'MANUAL_ACTION_NEEDED');
  });
});
