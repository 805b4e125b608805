import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import {
  changeJson,
  forgedSignatures,
  forgeIdToken,
  forgeUserinfo,
  startFault,
  wrongIdTokens,
} from '../support/fault-proxy.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  addProvider,
  comeIn,
  expectRefusalPage,
  expectRefusedSignIn,
  expectUnchanged,
  LOGIN_COOKIE,
  nextSiret,
  settle,
  viewerOf,
} from '../support/sign-in.js';

let gateway: Gateway;
let second: Awaited<ReturnType<typeof addProvider>>;
beforeAll(async () => {
  gateway = await startGateway();
  second = await addProvider(gateway, 'second');
});
beforeEach(() => settle(gateway));
afterAll(async () => {
  await second.provider.close();
  await gateway.close();
});

const newcomer = () => gateway.addPerson({ id: 'newcomer', claims: { siret: nextSiret() } });

/** Visits the callback with other parameters; `undefined` leaves one out. */
async function answerWith(
  changes: Record<string, string | undefined>,
  reached?: { browser: Browser; callback: string },
) {
  const { browser, callback } = reached ?? (await gateway.reachCallback(newcomer()));
  const url = new URL(callback);
  for (const [name, value] of Object.entries(changes)) {
    url.searchParams.delete(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const visit = await expectUnchanged(gateway, () => browser.get(url, { follow: false }));
  if (!reached) expect(await viewerOf(gateway, browser)).toBeNull();
  return visit;
}

describe('tokens', () => {
  it.each(Object.entries(forgedSignatures))('[SSO-40] userinfo that is %s is refused', async (_what, forgery) => {
    using _ = startFault(gateway.provider, forgeUserinfo(gateway.provider, forgery));
    await expectRefusedSignIn(gateway, newcomer(), 'PROVIDER_RESPONSE_INVALID');
  });

  it.each([
    ['of another issuer', { iss: 'https://intruder.example.org' }],
    ['for another audience', { aud: 'another-application' }],
  ])('[SSO-40] userinfo that is %s is refused', async (_what, claims) => {
    using _ = startFault(gateway.provider, forgeUserinfo(gateway.provider, { claims }));
    await expectRefusedSignIn(gateway, newcomer(), 'PROVIDER_RESPONSE_INVALID');
  });

  it('[SSO-40] userinfo in plain JSON is refused where it is to be signed', async () => {
    const person = newcomer();
    using _ = startFault(gateway.provider, async (request) =>
      request.path === '/userinfo'
        ? {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ ...person.claims, sub: person.sub }),
          }
        : undefined,
    );
    await expectRefusedSignIn(gateway, person, 'PROVIDER_RESPONSE_INVALID');
  });

  it.each([
    ['another', 'somebody-else'],
    ['no', undefined],
    ['an empty', ''],
    ['a numeric', 42],
  ])('[SSO-41] userinfo with %s sub is refused', async (_what, sub) => {
    using _ = startFault(gateway.provider, forgeUserinfo(gateway.provider, { claims: { sub } }));
    await expectRefusedSignIn(gateway, newcomer(), 'PROVIDER_RESPONSE_INVALID');
  });

  it.each(Object.entries({ ...forgedSignatures, ...wrongIdTokens }))(
    '[SSO-42] an ID token that is, or has, %s is refused',
    async (_what, forgery) => {
      using _ = startFault(gateway.provider, forgeIdToken(gateway.provider, forgery));
      await expectRefusedSignIn(gateway, newcomer(), 'PROVIDER_RESPONSE_INVALID');
    },
  );

  it('[SSO-42] an answer without an ID token is refused', async () => {
    using _ = startFault(
      gateway.provider,
      changeJson('/token', ({ id_token: _left, ...rest }) => rest),
    );
    await expectRefusedSignIn(gateway, newcomer(), 'PROVIDER_RESPONSE_INVALID');
  });

  it('[SSO-42] an ID token for another application beside us is refused', async () => {
    using _ = startFault(
      gateway.provider,
      forgeIdToken(gateway.provider, { claims: { aud: ['vestibule', 'another'], azp: 'another' } }),
    );
    await expectRefusedSignIn(gateway, newcomer(), 'PROVIDER_RESPONSE_INVALID');
  });
});

describe('the way back', () => {
  it('begins with state, nonce and a PKCE challenge that are long, and new each time', async () => {
    const trips = [];
    const browser = new Browser();
    for (let trip = 0; trip < 2; trip++) {
      const { location } = await browser.get(`${gateway.url}/auth/proconnect/login`, { follow: false });
      trips.push(new URL(location!).searchParams);
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = trips.map((parameters) => parameters.get(name)!);
      expect(values[0]).toMatch(/^[\x21-\x7e]{32,512}$/);
      expect(values[0]).not.toBe(values[1]);
    }
    expect(Object.fromEntries(trips[0]!)).toMatchObject({
      response_type: 'code',
      client_id: 'vestibule',
      redirect_uri: `${gateway.url}/auth/proconnect/callback`,
      code_challenge_method: 'S256',
      claims: JSON.stringify({ id_token: { amr: { essential: true } } }),
    });
    const stored = JSON.stringify(await gateway.rows('select * from login_transactions where tenant_id = $1'));
    for (const parameters of trips)
      for (const name of ['state', 'nonce']) expect(stored).not.toContain(parameters.get(name));
  });

  it('[SSO-19] serves once: a replayed callback opens no second session', async () => {
    const { browser, callback } = await gateway.reachCallback(newcomer());
    expect((await browser.get(callback)).status).toBe(200);
    const session = await viewerOf(gateway, browser);
    const replayed = await expectUnchanged(gateway, () => browser.get(callback, { follow: false }));
    expectRefusalPage(replayed, 'LOGIN_EXPIRED');
    expect(await viewerOf(gateway, browser)).toEqual(session);
  });

  it('[SSO-19] serves once when it is visited 20 times at the same moment', async () => {
    const { browser, callback } = await gateway.reachCallback(newcomer());
    const before = (await gateway.rows('select id from sessions where tenant_id = $1')).length;
    const visits = await Promise.all(Array.from({ length: 20 }, () => browser.get(callback, { follow: false })));
    expect(visits.map(({ status }) => status).sort()).toEqual([302, ...Array<number>(19).fill(400)]);
    expect(await gateway.rows('select id from sessions where tenant_id = $1')).toHaveLength(before + 1);
  });

  it.each([
    ['wrong', 'A'.repeat(43)],
    ['missing', undefined],
    ['empty', ''],
    ['of a kind that nobody sends', '\0\ud800'],
  ])('[SSO-42] is refused when the state is %s', async (_what, state) => {
    expectRefusalPage(await answerWith({ state }), 'LOGIN_EXPIRED');
  });

  it('[SSO-42] is refused in another browser, and still serves the one that it belongs to', async () => {
    const { browser, callback } = await gateway.reachCallback(newcomer());
    const thief = new Browser();
    expectRefusalPage(await expectUnchanged(gateway, () => thief.get(callback, { follow: false })), 'LOGIN_EXPIRED');
    const busy = new Browser();
    await busy.get(`${gateway.url}/auth/proconnect/login`, { follow: false });
    expect(await busy.cookie(LOGIN_COOKIE, gateway.url)).toBeDefined();
    expectRefusalPage(await expectUnchanged(gateway, () => busy.get(callback, { follow: false })), 'LOGIN_EXPIRED');
    expect((await browser.get(callback)).status).toBe(200);
  });

  it("[SSO-42] is refused with the code of another trip: the verifier is not that trip's", async () => {
    const person = newcomer();
    const first = await gateway.reachCallback(person);
    const other = await gateway.reachCallback(person, first.browser);
    const code = new URL(first.callback).searchParams.get('code')!;
    expectRefusalPage(await answerWith({ code }, other), 'PROVIDER_RESPONSE_INVALID');
    expect(await viewerOf(gateway, other.browser)).toBeNull();
  });

  it('[SSO-42] is refused with the code of another trip without PKCE, too: the nonce is not its own', async () => {
    await settle(gateway, { usesPkce: false });
    const person = newcomer();
    const first = await gateway.reachCallback(person);
    const other = await gateway.reachCallback(person, first.browser);
    const code = new URL(first.callback).searchParams.get('code')!;
    expectRefusalPage(await answerWith({ code }, other), 'PROVIDER_RESPONSE_INVALID');
  });

  it('[SSO-42] is refused without a code, and with one that the provider does not know', async () => {
    expectRefusalPage(await answerWith({ code: undefined }), 'PROVIDER_RESPONSE_INVALID');
    expectRefusalPage(await answerWith({ code: 'no-such-code' }), 'PROVIDER_RESPONSE_INVALID');
  });

  it('[SSO-42] is refused when it took more than ten minutes', async () => {
    const reached = await gateway.reachCallback(newcomer());
    gateway.advance(10 * 60_000 + 1000);
    expectRefusalPage(await answerWith({}, reached), 'LOGIN_EXPIRED');
  });

  it('[SSO-43] is refused when `iss` is another provider, or missing from one that gives it', async () => {
    expectRefusalPage(await answerWith({ iss: second.provider.issuer }), 'PROVIDER_RESPONSE_INVALID');
    expectRefusalPage(await answerWith({ iss: undefined }), 'PROVIDER_RESPONSE_INVALID');
  });

  it("[SSO-43] is refused at another connection's address", async () => {
    const { browser, callback } = await gateway.reachCallback(newcomer());
    const elsewhere = callback.replace('/auth/proconnect/', '/auth/second/');
    expectRefusalPage(await expectUnchanged(gateway, () => browser.get(elsewhere, { follow: false })), 'LOGIN_EXPIRED');
    expect(await viewerOf(gateway, browser)).toBeNull();
  });

  it('[SSO-43] is refused when the connection has another issuer by now', async () => {
    const reached = await gateway.reachCallback(newcomer());
    await gateway.configure({ issuer: second.provider.issuer });
    try {
      const visit = await expectUnchanged(gateway, () => reached.browser.get(reached.callback, { follow: false }));
      expectRefusalPage(visit, 'LOGIN_EXPIRED');
    } finally {
      await gateway.configure({ issuer: gateway.provider.issuer });
    }
  });
});

describe('where the browser goes then', () => {
  const away = [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/%09/evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/%5cevil.example',
    '/%2fevil.example',
    '\\\\evil.example',
    'http:evil.example',
    '/\n//evil.example',
    ' //evil.example',
    '%2f%2fevil.example',
    '/%0d%0aset-cookie:x=1',
    '/%',
  ];
  it.each(away)('[SSO-45] is the default page when it was to be %j', async (returnTo) => {
    const { browser, callback } = await gateway.reachCallback(
      newcomer(),
      undefined,
      `&returnTo=${encodeURIComponent(returnTo)}`,
    );
    const { location } = await browser.get(callback, { follow: false });
    expect(location).toBe(`${gateway.url}/`);
  });

  it('is the default page when it was named twice', async () => {
    const { browser, callback } = await gateway.reachCallback(
      newcomer(),
      undefined,
      '&returnTo=/one&returnTo=//evil.example',
    );
    expect((await browser.get(callback, { follow: false })).location).toBe(`${gateway.url}/`);
  });

  it('is the page of this site that was named', async () => {
    const { browser, callback } = await gateway.reachCallback(
      newcomer(),
      undefined,
      `&returnTo=${encodeURIComponent('/teams/1?tab=two#three')}`,
    );
    expect((await browser.get(callback, { follow: false })).location).toBe(`${gateway.url}/teams/1?tab=two#three`);
  });

  it('costs at most four statements for a person who was here before', async () => {
    const person = newcomer();
    await comeIn(gateway, person);
    const { browser, callback } = await gateway.reachCallback(person);
    gateway.statements.length = 0;
    expect((await browser.get(callback, { follow: false })).status).toBe(302);
    expect(gateway.statements.filter((text) => !/^(begin|commit)$/i.test(text))).toHaveLength(4);
  });
});
