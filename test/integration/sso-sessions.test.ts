import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  comeIn,
  completeInApp,
  LOGIN_COOKIE,
  reachApp,
  SESSION_COOKIE,
  sessionCookieOf,
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

const newcomer = () => gateway.addPerson({ id: 'newcomer' });
const asCookie = (token: string) => viewerOf(gateway, null, { cookie: `${SESSION_COOKIE}=${token}` });
const asBearer = (token: string) => viewerOf(gateway, null, { authorization: `Bearer ${token}` });
const tokenOf = async (browser: Browser) => (await browser.cookie(SESSION_COOKIE, gateway.url))!;
/** Any request; gives the token that the answer sets, if it does. */
async function touch(headers: Record<string, string>): Promise<string | undefined> {
  const visit = await new Browser().post(
    `${gateway.url}/graphql`,
    { json: { query: '{ viewer { session { id } } }' } },
    { headers },
  );
  expect(visit.json<any>().data.viewer.session.id).toMatch(/^ses/);
  return sessionCookieOf(visit)?.match(/=([^;]+)/)?.[1];
}

describe('the cookie', () => {
  it('is of this host alone, secure, not for scripts, and lax; so is that of the way to the provider', async () => {
    const browser = new Browser();
    const begin = await browser.get(`${gateway.url}/auth/proconnect/login`, { follow: false });
    const [login] = begin.headers.getSetCookie();
    expect(login).toMatch(
      new RegExp(`^${LOGIN_COOKIE}=[\\w-]{43}; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax$`),
    );
    const { callback } = await gateway.reachCallback(newcomer(), browser);
    const visit = await browser.get(callback, { follow: false });
    expect(visit.headers.getSetCookie()).toHaveLength(1);
    const [cookie] = visit.headers.getSetCookie();
    expect(cookie).toMatch(
      new RegExp(`^${SESSION_COOKIE}=[\\w-]{43}; Path=/; Expires=[^;]+ GMT; HttpOnly; Secure; SameSite=Lax$`),
    );
    const expires = new Date(cookie!.match(/Expires=([^;]+)/)![1]!).getTime() - gateway.services.clock().getTime();
    expect(Math.abs(expires - 720 * MINUTE)).toBeLessThan(MINUTE);
  });

  it('holds nothing that the database holds: hashes and sealed tokens are kept there', async () => {
    const { browser, viewer } = await comeIn(gateway, newcomer());
    const stored = JSON.stringify(
      await gateway.rows('select * from sessions where tenant_id = $1 and id = $2', [uuidOf(viewer.session.id)]),
    );
    expect(stored).not.toContain(await tokenOf(browser));
    expect(stored).not.toContain('eyJ');
  });

  it('is another one after every sign-in: the old token is dead, and one that was planted is not taken over', async () => {
    const person = newcomer();
    const { browser } = await comeIn(gateway, person);
    const old = await tokenOf(browser);
    const { viewer } = await comeIn(gateway, person, browser);
    expect(await tokenOf(browser)).not.toBe(old);
    expect(await asCookie(old)).toBeNull();
    const victim = new Browser();
    const planted = 'p'.repeat(43);
    await victim.setCookie(`${SESSION_COOKIE}=${planted}; Path=/; Secure`, gateway.url);
    await comeIn(gateway, newcomer(), victim);
    expect(await asCookie(planted)).toBeNull();
    expect((await viewerOf(gateway, browser))?.session.id).toBe(viewer.session.id);
  });

  it('of somebody else ends when a person signs in in its browser', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    const old = await tokenOf(browser);
    const other = newcomer();
    await browser.clear();
    await browser.setCookie(`${SESSION_COOKIE}=${old}; Path=/; Secure`, gateway.url);
    const { viewer } = await comeIn(gateway, other, browser);
    expect(viewer.user.email).toBe(other.claims.email);
    expect(await asCookie(old)).toBeNull();
  });

  it('is replaced every hour; the old token serves for another minute', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    const old = await tokenOf(browser);
    gateway.advance(59 * MINUTE);
    expect(await touch({ cookie: `${SESSION_COOKIE}=${old}` })).toBeUndefined();
    gateway.advance(MINUTE + 1000);
    const next = await touch({ cookie: `${SESSION_COOKIE}=${old}` });
    expect(next).toMatch(/^[\w-]{43}$/);
    expect(next).not.toBe(old);
    expect(await touch({ cookie: `${SESSION_COOKIE}=${old}` })).toBeUndefined();
    expect(await touch({ cookie: `${SESSION_COOKIE}=${next}` })).toBeUndefined();
    gateway.advance(58_000);
    expect(await asCookie(old)).not.toBeNull();
    gateway.advance(3_000);
    expect(await asCookie(old)).toBeNull();
    expect(await asCookie(next!)).not.toBeNull();
  });

  it('is replaced once by requests that come at the same moment, and none of them is left outside', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    const old = await tokenOf(browser);
    gateway.advance(61 * MINUTE);
    const next = await Promise.all(Array.from({ length: 10 }, () => touch({ cookie: `${SESSION_COOKIE}=${old}` })));
    expect(next.filter(Boolean)).toHaveLength(1);
    expect(await asCookie(next.find(Boolean)!)).not.toBeNull();
  });

  it("is the new session's when a session that is due for another token signs in again", async () => {
    const person = newcomer();
    const { browser } = await comeIn(gateway, person);
    const old = await tokenOf(browser);
    const { callback } = await gateway.reachCallback(person, browser);
    await gateway.rows('update sessions set rotate_at = now() where tenant_id = $1');
    const visit = await browser.get(callback, { follow: false });
    expect(visit.headers.getSetCookie()).toHaveLength(1);
    expect(await viewerOf(gateway, browser)).not.toBeNull();
    expect(await asCookie(old)).toBeNull();
  });

  it('is replaced after its user was made an administrator', async () => {
    const { browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true });
    const { browser, viewer } = await comeIn(gateway, newcomer());
    const organization = await makeOrganization(gateway.tenant);
    await makeMembership(gateway.tenant, { user: { id: uuidOf(viewer.user.id) }, organization });
    const old = await tokenOf(browser);
    const { data } = await gateway.graphql(
      administrator,
      'mutation ($input: MemberAppointInput!) { memberAppoint(input: $input) { userErrors { code } } }',
      {
        input: { organizationId: `org_${organization.id}`, userId: viewer.user.id },
      },
    );
    expect(data.memberAppoint.userErrors).toEqual([]);
    const next = await touch({ cookie: `${SESSION_COOKIE}=${old}` });
    expect(next).toBeDefined();
    gateway.advance(61_000);
    expect(await asCookie(old)).toBeNull();
    expect(await asCookie(next!)).not.toBeNull();
  });
});

describe('a session', () => {
  it('that has expired is nobody', async () => {
    await settle(gateway, { sessionMinutes: 5 });
    const { browser } = await comeIn(gateway, newcomer());
    gateway.advance(4 * MINUTE);
    expect(await viewerOf(gateway, browser)).not.toBeNull();
    gateway.advance(MINUTE + 1000);
    expect(await asCookie(await tokenOf(browser))).toBeNull();
  });

  it('does not live longer for being used', async () => {
    await settle(gateway, { sessionMinutes: 90 });
    const { browser } = await comeIn(gateway, newcomer());
    for (let passed = 0; passed < 80; passed += 20) {
      gateway.advance(20 * MINUTE);
      expect(await viewerOf(gateway, browser)).not.toBeNull();
    }
    const token = await tokenOf(browser);
    gateway.advance(11 * MINUTE);
    expect(await asCookie(token)).toBeNull();
  });

  it('of a user who is suspended is dead at once, and stays so', async () => {
    const { browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true });
    const { browser, viewer } = await comeIn(gateway, newcomer());
    const token = await tokenOf(browser);
    for (const change of ['userSuspend', 'userResume']) {
      const { data } = await gateway.graphql(
        administrator,
        `mutation ($input: UserStatusInput!) { ${change}(input: $input) { userErrors { code } } }`,
        {
          input: { id: viewer.user.id },
        },
      );
      expect(data[change].userErrors).toEqual([]);
      expect(await asCookie(token)).toBeNull();
    }
  });

  it('of a cookie is none by bearer, and the reverse', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    const cookie = await tokenOf(browser);
    expect(await asBearer(cookie)).toBeNull();
    const app = new Browser();
    const { token } = await completeInApp(gateway, null, {
      ...(await reachApp(gateway, newcomer(), { browser: app })),
      transport: 'TOKEN',
    });
    expect(await asBearer(token)).not.toBeNull();
    expect(await asCookie(token)).toBeNull();
    expect(await viewerOf(gateway, browser, { authorization: 'Bearer nonsense' })).toBeNull();
  });

  it('by bearer keeps its token', async () => {
    const { token } = await completeInApp(gateway, null, {
      ...(await reachApp(gateway, newcomer(), { browser: new Browser() })),
      transport: 'TOKEN',
    });
    gateway.advance(2 * 60 * MINUTE);
    expect(await touch({ authorization: `Bearer ${token}` })).toBeUndefined();
    expect(await asBearer(token)).not.toBeNull();
  });
});
