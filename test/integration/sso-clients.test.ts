import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  APP_CALLBACK,
  comeIn,
  completeInApp,
  expectUnchanged,
  LOGIN_COOKIE,
  nextSiret,
  reachApp,
  SESSION_COOKIE,
  settle,
  uuidOf,
  viewerOf,
} from '../support/sign-in.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
beforeEach(() => settle(gateway));
afterAll(() => gateway.close());

const newcomer = (claims: Record<string, unknown> = {}) =>
  gateway.addPerson({ id: 'newcomer', claims: { siret: nextSiret(), ...claims } });
const begin = (input: object, browser: Browser | null = null) =>
  gateway.graphql(
    browser,
    'mutation ($input: SsoBeginInput!) { ssoBegin(input: $input) { authorizationUrl binding userErrors { code message field } } }',
    { input: { connection: 'proconnect', redirectUri: APP_CALLBACK, ...input } },
  );

/** A refused `ssoComplete`: why, no data, and nothing written. */
async function expectRefusedCompletion(
  input: Parameters<typeof completeInApp>[2],
  code: string,
  browser: Browser | null = null,
  events: string[] = [],
) {
  const payload = await expectUnchanged(gateway, () => completeInApp(gateway, browser, input), events);
  expect(payload).toMatchObject({
    user: null,
    organization: null,
    token: null,
    expiresAt: null,
    returnTo: null,
    result: { refusal: code },
  });
  expect(payload.userErrors).toEqual([
    { code: 'SIGN_IN_REFUSED', field: null, message: expect.stringContaining(`(${code})`) },
  ]);
  return payload;
}

describe('a single-page client on this site', () => {
  it('signs in with COOKIE: the session is in the cookie, the token in no answer', async () => {
    const browser = new Browser();
    const person = newcomer();
    const trip = await reachApp(gateway, person, { browser, returnTo: '/teams' });
    const payload = await completeInApp(gateway, browser, trip);
    expect(payload).toMatchObject({
      result: { case: 'O4_CREATED', cases: ['U7_CREATED', 'O4_CREATED'], refusal: null },
      user: { email: person.claims.email },
      organization: { siret: person.claims.siret },
      token: null,
      returnTo: '/teams',
      userErrors: [],
    });
    const viewer = await viewerOf(gateway, browser);
    expect(viewer?.user.id).toBe(payload.user.id);
    await expectRefusedCompletion(trip, 'LOGIN_EXPIRED', browser);
    expect(await viewerOf(gateway, browser)).toEqual(viewer);
  });
});

describe('a native client', () => {
  it('signs in with TOKEN: the session is in the token, no cookie is set', async () => {
    const client = new Browser();
    const person = newcomer();
    const trip = await reachApp(gateway, person, { browser: new Browser() });
    const payload = await completeInApp(gateway, client, { ...trip, transport: 'TOKEN' });
    expect(payload.token).toMatch(/^[\w-]{43}$/);
    expect(await client.cookieNames(gateway.url)).toEqual([]);
    const viewer = await viewerOf(gateway, null, { authorization: `Bearer ${payload.token}` });
    expect(viewer?.user.email).toBe(person.claims.email);
    expect(
      await gateway.rows('select transport from sessions where tenant_id = $1 and id = $2', [
        uuidOf(viewer!.session.id),
      ]),
    ).toEqual([{ transport: 'TOKEN' }]);
  });
});

describe('an answer in the wrong hands', () => {
  it('is refused without the binding and with another one, and still serves its owner', async () => {
    const trip = await reachApp(gateway, newcomer(), { browser: new Browser() });
    const { data } = await begin({});
    for (const binding of ['', 'A'.repeat(43), 'a\0b', data.ssoBegin.binding]) {
      await expectRefusedCompletion({ ...trip, binding, transport: 'TOKEN' }, 'LOGIN_EXPIRED');
    }
    expect((await completeInApp(gateway, null, { ...trip, transport: 'TOKEN' })).userErrors).toEqual([]);
  });

  it('is refused in a browser that is made to finish it (login CSRF), on the callback route, too', async () => {
    const victim = new Browser();
    await victim.get(`${gateway.url}/auth/proconnect/login`, { follow: false });
    const attacker = await gateway.reachCallback(newcomer());
    const visit = await expectUnchanged(gateway, () => victim.get(attacker.callback, { follow: false }));
    expect(visit.status).toBe(400);
    expect(await viewerOf(gateway, victim)).toBeNull();
  });

  it('is refused at an address that it was not begun with', async () => {
    for (const address of [
      'http://localhost:65000/app/other',
      'https://evil.example/app/callback',
      `${gateway.url}/auth/proconnect/callback`,
    ]) {
      const trip = await reachApp(gateway, newcomer(), { browser: new Browser() });
      const callbackUrl = trip.callbackUrl.replace(APP_CALLBACK, address);
      await expectRefusedCompletion({ ...trip, callbackUrl }, 'LOGIN_EXPIRED');
    }
  });

  it('is refused when it is no address', async () => {
    const { errors, data } = await expectUnchanged(gateway, () =>
      gateway.graphql(null, 'mutation ($input: SsoCompleteInput!) { ssoComplete(input: $input) { token } }', {
        input: { binding: 'x', callbackUrl: '?code=x' },
      }),
    );
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(data?.ssoComplete ?? null).toBeNull();
  });

  it('of a trip that is to link is no sign-in, and the reverse', async () => {
    const { browser } = await gateway.signedInUser();
    const link = await reachApp(gateway, newcomer(), { browser, intent: 'LINK' });
    await expectRefusedCompletion(link, 'LOGIN_EXPIRED', browser);
    const signIn = await reachApp(gateway, newcomer(), { browser });
    const { data } = await expectUnchanged(gateway, () =>
      gateway.graphql(
        browser,
        'mutation ($input: IdentityLinkInput!) { identityLink(input: $input) { identity { id } userErrors { message } } }',
        { input: signIn },
      ),
    );
    expect(data.identityLink).toEqual({
      identity: null,
      userErrors: [{ message: expect.stringContaining('LOGIN_EXPIRED') }],
    });
  });
});

describe('a refused sign-in', () => {
  it('[SSO-48] by the provider says so', async () => {
    const trip = await reachApp(gateway, newcomer(), { browser: new Browser() });
    const url = new URL(trip.callbackUrl);
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    await expectRefusedCompletion({ ...trip, callbackUrl: url.href }, 'PROVIDER_REFUSED');
  });

  it('[SSO-10] [SSO-34] names the row and the code, and nothing of others', async () => {
    const { viewer } = await comeIn(gateway, newcomer());
    const trip = await reachApp(gateway, newcomer({ email: viewer.user.email }), { browser: new Browser() });
    const payload = await expectRefusedCompletion(trip, 'LINK_REQUIRED', null, ['user.sign_in_refused']);
    expect(payload.result).toEqual({ case: 'U4_LINK_REQUIRED', cases: ['U4_LINK_REQUIRED'], refusal: 'LINK_REQUIRED' });
    expect(JSON.stringify(payload)).not.toContain(viewer.user.email);
    await settle(gateway, { createUsers: false });
    await expectRefusedCompletion(await reachApp(gateway, newcomer(), { browser: new Browser() }), 'ACCOUNT_UNKNOWN');
  });
});

describe('a trip that cannot begin', () => {
  it.each([
    'http://localhost:65000/app/callback/',
    'http://localhost:65000/app/Callback',
    'http://localhost:65000/app/callback?x=1',
    'http://localhost:65000/app/callback#',
    'http://localhost:65000/app/x/../callback',
    'http://localhost:65000.evil.example/app/callback',
    'http://localhost:65000@evil.example/app/callback',
    'javascript:alert(1)',
    '',
  ])('goes to a page that is not registered: %s', async (redirectUri) => {
    const { data } = await expectUnchanged(gateway, () => begin({ redirectUri }));
    expect(data.ssoBegin).toEqual({
      authorizationUrl: null,
      binding: null,
      userErrors: [{ code: 'INVALID', message: expect.stringContaining('redirectUri'), field: ['redirectUri'] }],
    });
    expect(
      await gateway.rows('select id from login_transactions where tenant_id = $1 and redirect_uri = $2', [redirectUri]),
    ).toEqual([]);
  });

  it.each(['nobody', '', 'a\0b', '\ud800', 'PROCONNECT'])(
    'is through no connection that is known: %j',
    async (connection) => {
      const { data, errors } = await begin({ connection });
      expect(errors).toBeUndefined();
      expect(data.ssoBegin.userErrors).toEqual([
        { code: 'SIGN_IN_REFUSED', field: null, message: expect.stringContaining('CONNECTION_UNKNOWN') },
      ]);
    },
  );

  it('is to link for nobody, or for somebody whose sign-in is not recent', async () => {
    const { browser } = await gateway.signedInUser();
    const refused = [
      { code: 'SIGN_IN_REFUSED', field: null, message: expect.stringContaining('REAUTHENTICATION_REQUIRED') },
    ];
    expect((await expectUnchanged(gateway, () => begin({ intent: 'LINK' }))).data.ssoBegin.userErrors).toEqual(refused);
    gateway.advance(10 * 60_000 + 1000);
    expect((await expectUnchanged(gateway, () => begin({ intent: 'LINK' }, browser))).data.ssoBegin.userErrors).toEqual(
      refused,
    );
  });

  it('has a hint that is too long', async () => {
    const { errors } = await begin({ loginHint: 'x'.repeat(257) });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('[SSO-45] comes back to this site alone', async () => {
    const trip = await reachApp(gateway, newcomer(), { browser: new Browser(), returnTo: 'https://evil.example' });
    expect((await completeInApp(gateway, null, { ...trip, transport: 'TOKEN' })).returnTo).toBe('/');
  });
});

describe('a session that a client ends', () => {
  const end = (browser: Browser, id: string) =>
    gateway.graphql(
      browser,
      'mutation ($input: SessionEndInput!) { sessionEnd(input: $input) { endedId userErrors { code } } }',
      { input: { id } },
    );

  it('is its own: the cookie goes, too', async () => {
    const { browser, viewer } = await comeIn(gateway, newcomer());
    expect((await end(browser, viewer.session.id)).data.sessionEnd).toEqual({
      endedId: viewer.session.id,
      userErrors: [],
    });
    expect(await browser.cookieNames(gateway.url)).not.toContain(SESSION_COOKIE);
    expect(await browser.cookieNames(gateway.url)).toContain(LOGIN_COOKIE);
    expect(await viewerOf(gateway, browser)).toBeNull();
  });

  it('is another one of the same user, and this one goes on', async () => {
    const person = newcomer();
    const [one, two] = [await comeIn(gateway, person), await comeIn(gateway, person)];
    expect((await end(one.browser, two.viewer.session.id)).data.sessionEnd.userErrors).toEqual([]);
    expect(await viewerOf(gateway, two.browser)).toBeNull();
    expect(await viewerOf(gateway, one.browser)).not.toBeNull();
  });

  it("is not somebody else's", async () => {
    const [one, two] = [await comeIn(gateway, newcomer()), await comeIn(gateway, newcomer())];
    const unknown = `${two.viewer.session.id.split('_')[0]}_01a1fe8e-8d0d-76de-ae27-e9739f22e39e`;
    const [refused, missing] = await expectUnchanged(gateway, async () => [
      await end(one.browser, two.viewer.session.id),
      await end(one.browser, unknown),
    ]);
    expect(refused.errors).toEqual(missing.errors);
    expect(refused.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    expect(await viewerOf(gateway, two.browser)).not.toBeNull();
  });
});
