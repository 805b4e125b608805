import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import { addTotp, showTotp } from '../support/factors.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  comeIn,
  completeInApp,
  eventsOf,
  expectRefusalPage,
  expectUnchanged,
  linkInApp,
  nextSiret,
  reachApp,
  settle,
  uuidOf,
  viewerOf,
} from '../support/sign-in.js';

const MINUTE = 60_000;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
beforeEach(() => settle(gateway));
afterAll(() => gateway.close());

const account = () => gateway.addPerson({ id: 'account', claims: { siret: nextSiret() } });

async function expectRefusedLink(browser: Browser, trip: { binding: string; callbackUrl: string }, code: string) {
  const { data, errors, text } = await expectUnchanged(gateway, () => linkInApp(gateway, browser, trip));
  expect(errors).toBeUndefined();
  expect(data.identityLink.identity).toBeNull();
  expect(data.identityLink.userErrors).toEqual([
    { code: 'SIGN_IN_REFUSED', field: null, message: expect.stringContaining(`(${code})`) },
  ]);
  return text;
}

describe('linking another provider account', () => {
  it('adds it: other sessions end, the user is told, and it leads to the same user', async () => {
    const { browser, userId, person } = await gateway.signedInUser();
    const other = await comeIn(gateway, person);
    const added = account();
    const trip = await reachApp(gateway, added, { browser, intent: 'LINK' });
    const { result, events } = await eventsOf(gateway, () => linkInApp(gateway, browser, trip));
    expect(result.data.identityLink).toMatchObject({
      identity: { subject: added.sub },
      user: { id: `usr_${userId}` },
      userErrors: [],
    });
    expect(events.map(({ type }) => type)).toEqual(['identity.linked', 'session.ended']);
    expect(await viewerOf(gateway, other.browser)).toBeNull();
    expect(await viewerOf(gateway, browser)).not.toBeNull();
    const { data } = await gateway.graphql(browser, '{ viewer { user { notices { nodes { kind data } } } } }');
    expect(data.viewer.user.notices.nodes).toEqual([
      { kind: 'IDENTITY_LINKED', data: { connection: 'ProConnect', email: added.claims.email } },
    ]);
    expect(uuidOf((await comeIn(gateway, added)).viewer.user.id)).toBe(userId);
    await expectRefusedLink(browser, trip, 'LOGIN_EXPIRED');
  });

  it('needs a second factor shown in this session by who has one: a stolen session adds no other way in', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    const added = Object.assign(account(), { amr: ['pwd', 'mfa'] });
    await expectRefusedLink(
      browser,
      await reachApp(gateway, added, { browser, intent: 'LINK' }),
      'FACTOR_PROOF_REQUIRED',
    );
    const { callback } = await gateway.reachCallback(added, browser, '&intent=link');
    const visit = await expectUnchanged(gateway, () => browser.get(callback, { follow: false }));
    expect([visit.status, visit.text.includes('FACTOR_PROOF_REQUIRED')]).toEqual([403, true]);
    await showTotp(gateway, browser, app);
    const linked = await linkInApp(gateway, browser, await reachApp(gateway, added, { browser, intent: 'LINK' }));
    expect(linked.data.identityLink).toMatchObject({ user: { id: `usr_${userId}` }, userErrors: [] });
  });

  it('works by the pages, too, and for a client with a token', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const added = account();
    const { callback } = await gateway.reachCallback(added, browser, '&intent=link&returnTo=/explorer');
    const visit = await browser.get(callback, { follow: false });
    expect([visit.status, visit.location]).toEqual([302, `${gateway.url}/explorer`]);
    expect(visit.headers.getSetCookie()).toEqual([]);
    expect(uuidOf((await comeIn(gateway, added)).viewer.user.id)).toBe(userId);

    const { token } = await completeInApp(gateway, null, {
      ...(await reachApp(gateway, added, { browser: new Browser() })),
      transport: 'TOKEN',
    });
    const headers = { authorization: `Bearer ${token}` };
    const third = account();
    const trip = await reachApp(gateway, third, { browser: new Browser(), intent: 'LINK', headers });
    expect((await linkInApp(gateway, null, trip, headers)).data.identityLink.userErrors).toEqual([]);
  });

  it('needs a sign-in of the last ten minutes, when it begins and when it ends', async () => {
    const { browser } = await gateway.signedInUser();
    gateway.advance(6 * MINUTE);
    const trip = await reachApp(gateway, account(), { browser, intent: 'LINK' });
    gateway.advance(5 * MINUTE);
    await expectRefusedLink(browser, trip, 'REAUTHENTICATION_REQUIRED');
    const page = await expectUnchanged(gateway, () =>
      browser.get(`${gateway.url}/auth/proconnect/login?intent=link`, { follow: false }),
    );
    expectRefusalPage(page, 'REAUTHENTICATION_REQUIRED');
  });

  it('is for the session that began it: not another one, of the same user or of another, and not nobody', async () => {
    const { browser, person } = await gateway.signedInUser();
    const same = await comeIn(gateway, person);
    const stranger = await gateway.signedInUser();
    for (const other of [same.browser, stranger.browser]) {
      const trip = await reachApp(gateway, account(), { browser, intent: 'LINK' });
      await expectRefusedLink(other, trip, 'LOGIN_EXPIRED');
    }
    const trip = await reachApp(gateway, account(), { browser, intent: 'LINK' });
    const nobody = await expectUnchanged(gateway, () => linkInApp(gateway, null, trip));
    expect(nobody.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(nobody.data?.identityLink ?? null).toBeNull();
  });

  it('is over when its session is: the trip goes with it', async () => {
    const { browser, person } = await gateway.signedInUser();
    const reached = await gateway.reachCallback(account(), browser, '&intent=link');
    await comeIn(gateway, person, browser);
    const visit = await expectUnchanged(gateway, () => browser.get(reached.callback, { follow: false }));
    expectRefusalPage(visit, 'LOGIN_EXPIRED');
  });

  it('that is linked already is IDENTITY_IN_USE, without a word about whose it is', async () => {
    const owner = await comeIn(gateway, account());
    const taken = gateway.provider.people.get('account')!;
    const { browser, person } = await gateway.signedInUser();
    const text = await expectRefusedLink(
      browser,
      await reachApp(gateway, taken, { browser, intent: 'LINK' }),
      'IDENTITY_IN_USE',
    );
    for (const secret of [owner.viewer.user.id, owner.viewer.user.email!, taken.sub, String(taken.claims.usual_name)])
      expect(text).not.toContain(secret);
    await expectRefusedLink(browser, await reachApp(gateway, person, { browser, intent: 'LINK' }), 'IDENTITY_IN_USE');
    expect((await comeIn(gateway, taken)).viewer.user.id).toBe(owner.viewer.user.id);
  });
});

describe('unlinking', () => {
  const unlink = (browser: Browser, id: string) =>
    gateway.graphql(
      browser,
      'mutation ($input: IdentityUnlinkInput!) { identityUnlink(input: $input) { identity { id } user { id } userErrors { code message } } }',
      {
        input: { id },
      },
    );
  const identitiesOf = async (browser: Browser): Promise<{ id: string; subject: string }[]> =>
    (await gateway.graphql(browser, '{ viewer { user { identities { nodes { id subject } } } } }')).data.viewer.user
      .identities.nodes;

  /** A user with two identities, signed in by the first. */
  async function userOfTwo() {
    const signedIn = await gateway.signedInUser();
    const added = account();
    await linkInApp(
      gateway,
      signedIn.browser,
      await reachApp(gateway, added, { browser: signedIn.browser, intent: 'LINK' }),
    );
    const identities = await identitiesOf(signedIn.browser);
    return {
      ...signedIn,
      added,
      first: identities.find(({ subject }) => subject !== added.sub)!,
      second: identities.find(({ subject }) => subject === added.sub)!,
    };
  }

  it('takes the account away and ends the sessions that it opened', async () => {
    const { browser, userId, added, second } = await userOfTwo();
    const opened = await comeIn(gateway, added);
    const { result, events } = await eventsOf(gateway, () => unlink(browser, second.id));
    expect(result.data.identityUnlink).toEqual({ identity: null, user: { id: `usr_${userId}` }, userErrors: [] });
    expect(events.map(({ type }) => type)).toEqual(['identity.unlinked', 'session.ended']);
    expect(await viewerOf(gateway, opened.browser)).toBeNull();
    expect(await viewerOf(gateway, browser)).not.toBeNull();
    expect(uuidOf((await comeIn(gateway, added)).viewer.user.id)).not.toBe(userId);
  });

  it('leaves the last one', async () => {
    const { browser } = await gateway.signedInUser();
    const [only] = await identitiesOf(browser);
    const { data } = await expectUnchanged(gateway, () => unlink(browser, only!.id));
    expect(data.identityUnlink.userErrors).toMatchObject([{ code: 'LAST_IDENTITY' }]);
  });

  it('leaves one of two that are taken at the same moment', async () => {
    const { browser, userId, added, first, second } = await userOfTwo();
    const other = await comeIn(gateway, added);
    const answers = await Promise.all([unlink(browser, second.id), unlink(other.browser, first.id)]);
    const codes = answers.flatMap(
      ({ data, errors }) =>
        data?.identityUnlink?.userErrors?.map(({ code }: { code: string }) => code) ??
        errors!.map(({ extensions }) => extensions.code),
    );
    expect(codes).toHaveLength(1);
    expect(
      await gateway.rows('select id from identities where tenant_id = $1 and user_id = $2', [userId]),
    ).toHaveLength(1);
  });

  it('needs a recent sign-in', async () => {
    const { browser, second } = await userOfTwo();
    gateway.advance(11 * MINUTE);
    const { data } = await expectUnchanged(gateway, () => unlink(browser, second.id));
    expect(data.identityUnlink.userErrors).toEqual([
      { code: 'SIGN_IN_REFUSED', message: expect.stringContaining('REAUTHENTICATION_REQUIRED') },
    ]);
  });

  it("is not for somebody else's account", async () => {
    const { second } = await userOfTwo();
    const { browser } = await gateway.signedInUser();
    const { errors, data } = await expectUnchanged(gateway, () => unlink(browser, second.id));
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    expect(data?.identityUnlink ?? null).toBeNull();
  });
});
