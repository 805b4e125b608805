import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { removeExpired } from '../../src/database/remove-expired.js';
import { Browser, type Visit } from '../support/browser.js';
import { cutConnection, forge, forgedSignatures, startFault } from '../support/fault-proxy.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  addProvider,
  comeIn,
  eventsOf,
  expectUnchanged,
  SESSION_COOKIE,
  settle,
  uuidOf,
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

const newcomer = () => gateway.addPerson({ id: 'newcomer' });
const sessionIds = async () =>
  (await gateway.rows<{ id: string }>('select id from sessions where tenant_id = $1')).map(({ id }) => id);

describe('[SSO-47] logging out', () => {
  it('ends the session here first, and then goes to the provider with hint, state and registered address', async () => {
    const { browser, viewer } = await comeIn(gateway, newcomer());
    const cookie = await browser.cookie(SESSION_COOKIE, gateway.url);
    const { result: visit, events } = await eventsOf(gateway, () =>
      browser.get(`${gateway.url}/auth/logout?returnTo=/explorer`, { follow: false }),
    );
    expect(visit.status).toBe(303);
    expect(await sessionIds()).not.toContain(uuidOf(viewer.session.id));
    expect(events.map(({ type }) => type)).toEqual(['session.ended']);
    expect(await browser.cookie(SESSION_COOKIE, gateway.url)).toBeUndefined();
    expect(await viewerOf(gateway, null, { cookie: `${SESSION_COOKIE}=${cookie}` })).toBeNull();

    const location = new URL(visit.location!);
    expect(location.origin + location.pathname).toBe(`${gateway.provider.issuer}/session/end`);
    const parameters = Object.fromEntries(location.searchParams);
    expect(Object.keys(parameters).sort()).toEqual(
      ['client_id', 'id_token_hint', 'post_logout_redirect_uri', 'state'].filter((name) => name in parameters),
    );
    expect(decodeJwt(parameters.id_token_hint!)).toMatchObject({ iss: gateway.provider.issuer, aud: 'vestibule' });
    expect(parameters.state).toMatch(/^[\w-]{43}$/);
    expect(parameters.post_logout_redirect_uri).toBe(`${gateway.url}/auth/logout/callback`);

    const back = await browser.get(location);
    expect(back.url).toBe(`${gateway.url}/explorer`);
    const again = await browser.get(`${gateway.url}/auth/proconnect/login`, {
      stopAt: (url) => url.startsWith(`${gateway.url}/`),
    });
    expect(again.url).toContain('/interaction/');
  });

  it('has no effect when the returned state is wrong, missing, used, or of another browser', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    const { location } = await browser.get(`${gateway.url}/auth/logout?returnTo=/explorer`, { follow: false });
    const { location: back } = await browser.get(location!, { stopAt: (url) => url.startsWith(gateway.url) });
    const bystander = await comeIn(gateway, newcomer());
    const wrong = [`${gateway.url}/auth/logout/callback?state=wrong`, `${gateway.url}/auth/logout/callback`, back!];
    for (const address of wrong) {
      const visit = await expectUnchanged(gateway, () => bystander.browser.get(address, { follow: false }));
      expect(visit.location).toBe(`${gateway.url}/`);
    }
    expect((await viewerOf(gateway, bystander.browser))?.session.id).toBe(bystander.viewer.session.id);
    expect((await browser.get(back!, { follow: false })).location).toBe(`${gateway.url}/explorer`);
    expect((await browser.get(back!, { follow: false })).location).toBe(`${gateway.url}/`);
  });

  it('keeps to this site afterwards', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    expect((await browser.get(`${gateway.url}/auth/logout?returnTo=//evil.example`)).url).toBe(`${gateway.url}/`);
    expect(
      (await browser.get(`${gateway.url}/auth/logout?returnTo=https://evil.example`, { follow: false })).location,
    ).toBe(`${gateway.url}/`);
  });

  it('ends the session here, too, when the provider cannot be reached', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    await gateway.configure({ name: `ProConnect ${randomUUID()}` });
    using _ = startFault(gateway.provider, cutConnection('/.well-known/openid-configuration'));
    const visit = await browser.get(`${gateway.url}/auth/logout`, { follow: false });
    expect([visit.status, visit.location]).toEqual([303, `${gateway.url}/`]);
    expect(await viewerOf(gateway, browser)).toBeNull();
  });

  it('does nothing for nobody, and is not for another site to do', async () => {
    const nobody = await expectUnchanged(gateway, () =>
      new Browser().get(`${gateway.url}/auth/logout`, { follow: false }),
    );
    expect(nobody.location).toBe(`${gateway.url}/`);
    const { browser, viewer } = await comeIn(gateway, newcomer());
    const asked = await expectUnchanged(gateway, () =>
      browser.get(`${gateway.url}/auth/logout`, { headers: { 'sec-fetch-site': 'cross-site' } }),
    );
    expect(asked.status).toBe(200);
    expect(asked.text).toContain('Sign out?');
    await expectUnchanged(gateway, () =>
      browser.post(`${gateway.url}/auth/logout`, { form: {} }, { sameSiteContext: 'none', follow: false }),
    );
    expect((await viewerOf(gateway, browser))?.session.id).toBe(viewer.session.id);
  });
});

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** A logout token as the provider makes it, for this person; `undefined` leaves a claim out. */
async function logoutToken(claims: JWTPayload & Record<string, unknown>, header: Record<string, unknown> = {}) {
  const now = Math.floor(gateway.services.clock().getTime() / 1000);
  const { kid, privateKey } = gateway.provider.signingKey;
  const payload = {
    iss: gateway.provider.issuer,
    aud: 'vestibule',
    iat: now,
    exp: now + 120,
    jti: randomUUID(),
    events: { [EVENT]: {} },
    ...claims,
  };
  return new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'logout+jwt', ...header })
    .sign(privateKey);
}

const send = (token: string | undefined, connection = 'proconnect'): Promise<Visit> =>
  new Browser().post(`${gateway.url}/auth/${connection}/backchannel-logout`, {
    form: token === undefined ? {} : { logout_token: token },
  });

async function twoSessions() {
  const person = newcomer();
  const [one, two] = [await comeIn(gateway, person), await comeIn(gateway, person)];
  const rows = await gateway.rows<{ id: string; sid: string }>(
    'select id, provider_session_id as sid from sessions where tenant_id = $1',
  );
  const sidOf = (id: string) => rows.find((row) => row.id === uuidOf(id))!.sid;
  return { person, one, two, sid: sidOf(one.viewer.session.id), otherSid: sidOf(two.viewer.session.id) };
}

describe('back-channel logout', () => {
  it('as the provider does it ends the sessions of a person', async () => {
    const { person, one, two } = await twoSessions();
    const bystander = await comeIn(gateway, newcomer());
    const notices = await gateway.provider.endSessionsOf(person.sub);
    expect(notices.map(({ clientId, problem }) => ({ clientId, problem }))).toEqual(
      Array(2).fill({ clientId: 'vestibule', problem: undefined }),
    );
    for (const { browser } of [one, two]) expect(await viewerOf(gateway, browser)).toBeNull();
    expect(await viewerOf(gateway, bystander.browser)).not.toBeNull();
  });

  it('ends the session of its sid alone', async () => {
    const { person, one, two, sid, otherSid } = await twoSessions();
    expect(sid).not.toBe(otherSid);
    const { result, events } = await eventsOf(gateway, async () => send(await logoutToken({ sid, sub: person.sub })));
    expect([result.status, result.text, result.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
    expect(events.map(({ type }) => type)).toEqual(['session.ended']);
    expect(await viewerOf(gateway, one.browser)).toBeNull();
    expect(await viewerOf(gateway, two.browser)).not.toBeNull();
  });

  it('ends every session of its sub when it names no sid', async () => {
    const { person, one, two } = await twoSessions();
    expect((await send(await logoutToken({ sub: person.sub }))).status).toBe(200);
    for (const { browser } of [one, two]) expect(await viewerOf(gateway, browser)).toBeNull();
  });

  it('answers the same when there is no such session', async () => {
    expect((await expectUnchanged(gateway, async () => send(await logoutToken({ sid: 'nobody' })))).status).toBe(200);
    expect((await expectUnchanged(gateway, async () => send(await logoutToken({ sub: 'nobody' })))).status).toBe(200);
  });

  it('ends no session of another connection', async () => {
    const person = second.addPerson({ id: 'elsewhere', sub: 'elsewhere', claims: {} });
    const { browser } = await second.signIn(person);
    expect((await send(await logoutToken({ sub: 'elsewhere' }))).status).toBe(200);
    expect(await viewerOf(gateway, browser)).not.toBeNull();
  });

  const now = () => Math.floor(gateway.services.clock().getTime() / 1000);
  const wrong: [string, () => Record<string, unknown>, Record<string, unknown>?][] = [
    ['of another issuer', () => ({ iss: 'https://intruder.example.org' })],
    ['for another audience', () => ({ aud: 'another' })],
    ['without audience', () => ({ aud: undefined })],
    ['old', () => ({ iat: now() - 400, exp: now() + 100 })],
    ['expired', () => ({ iat: now() - 200, exp: now() - 100 })],
    ['from the future', () => ({ iat: now() + 600, exp: now() + 700 })],
    ['without iat', () => ({ iat: undefined })],
    ['with iat as text', () => ({ iat: 'now' })],
    ['without jti', () => ({ jti: undefined })],
    ['with a jti that is no text', () => ({ jti: 42 })],
    ['with a jti that cannot be kept', () => ({ jti: 'a\0b' })],
    ['with a very long jti', () => ({ jti: 'j'.repeat(100_000) })],
    ['with a nonce', () => ({ nonce: 'n' })],
    ['with a nonce of null', () => ({ nonce: null })],
    ['without events', () => ({ events: undefined })],
    ['with another event', () => ({ events: { 'http://schemas.openid.net/event/other': {} } })],
    ['with events as text', () => ({ events: EVENT })],
    ['with an event of null', () => ({ events: { [EVENT]: null } })],
    ['with neither sub nor sid', () => ({ sub: undefined })],
    ['with a sub that is no text', () => ({ sub: 7 })],
    ['with a sid that is no text', () => ({ sid: { $ne: null } })],
    ['with a sub that cannot be', () => ({ sub: 'a\0b' })],
  ];
  it.each(wrong)('refuses a token %s', async (_what, claims) => {
    const { person, one } = await twoSessions();
    const visit = await expectUnchanged(gateway, async () => send(await logoutToken({ sub: person.sub, ...claims() })));
    expectRefused(visit, person.sub);
    expect(await viewerOf(gateway, one.browser)).not.toBeNull();
  });

  it.each(Object.entries(forgedSignatures))('refuses a token that is %s', async (_what, forgery) => {
    const { person } = await twoSessions();
    const changes = forgery.claims ? { claims: { sub: person.sub } } : {};
    const token = await logoutToken(forgery.claims ? { sub: 'another' } : { sub: person.sub });
    expectRefused(
      await expectUnchanged(gateway, async () =>
        send(await forge(gateway.provider, token, { ...forgery, ...changes })),
      ),
      person.sub,
    );
  });

  it('refuses an ID token, no token, two tokens and what is no token', async () => {
    const { one, person } = await twoSessions();
    const { location } = await one.browser.get(`${gateway.url}/auth/logout`, { follow: false });
    const idToken = new URL(location!).searchParams.get('id_token_hint')!;
    for (const token of [idToken, undefined, '', 'a.b.c', `${'x'.repeat(50_000)}`]) {
      expectRefused(await expectUnchanged(gateway, () => send(token)), person.sub);
    }
    const both = new URLSearchParams([
      ['logout_token', await logoutToken({ sub: person.sub })],
      ['logout_token', 'x'],
    ]);
    expectRefused(
      await expectUnchanged(gateway, () =>
        new Browser().post(`${gateway.url}/auth/proconnect/backchannel-logout`, { form: both }),
      ),
      person.sub,
    );
  });

  it("refuses another connection's token, and an unknown connection", async () => {
    const { person } = await twoSessions();
    const token = await logoutToken({ sub: person.sub });
    for (const connection of ['second', 'nobody'])
      expectRefused(await expectUnchanged(gateway, () => send(token, connection)), person.sub);
  });

  it('refuses a token that was used, for as long as it could be accepted', async () => {
    const person = newcomer();
    const token = await logoutToken({ sub: person.sub });
    const lasting = await logoutToken({ sub: person.sub, exp: undefined });
    const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await send(token)).status));
    expect(statuses.sort()).toEqual([200, 400, 400, 400, 400]);
    expect((await send(lasting)).status).toBe(200);
    const { browser } = await comeIn(gateway, person);
    for (const [seconds, used] of [
      [0, token],
      [125, token],
      [180, lasting],
      [20, lasting],
    ] as const) {
      gateway.advance(seconds * 1000);
      await removeExpired(gateway.services);
      expectRefused(await expectUnchanged(gateway, () => send(used)), person.sub);
    }
    expect(await viewerOf(gateway, browser)).not.toBeNull();
  });
});

function expectRefused(visit: Visit, secret: string): void {
  expect(visit.status).toBe(400);
  expect(visit.headers.get('cache-control')).toBe('no-store');
  expect(visit.json()).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
  expect(visit.text).not.toContain(secret);
}
