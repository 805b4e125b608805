import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Intercept, LocalPerson } from '../../src/demo/provider.js';
import { EmailTrust } from '../../src/entities/enums.js';
import { makeUser } from '../support/factories.js';
import {
  answerInstead,
  changeJson,
  cutConnection,
  forgedSignatures,
  forgeIdToken,
  forgeUserinfo,
  neverAnswer,
  wrongIdTokens,
} from '../support/fault-proxy.js';
import { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { completeInApp, LOGIN_COOKIE, nextSiret, reachApp, SESSION_COOKIE, settle } from '../support/sign-in.js';

let gateway: Gateway;
const secrets = new Map<string, string>();
beforeAll(async () => {
  gateway = await startGateway({ environment: { LOG_LEVEL: 'trace' } });
  secrets.set('client secret', gateway.provider.clients.get('vestibule')!.clientSecret);
});
beforeEach(() => settle(gateway));
afterAll(() => gateway.close());

let serial = 0;
const keep = (what: string, value: unknown) =>
  typeof value === 'string' && value.length > 5 && secrets.set(`${what} ${++serial}`, value);

/** Notes what the provider hands out, then plays the fault. */
function watching(fault?: Intercept): Intercept {
  return async (request, answer) => {
    const noted = async () => {
      const given = await answer();
      if (request.path === '/token' && given.body.startsWith('{')) {
        for (const [name, value] of Object.entries(JSON.parse(given.body) as object))
          if (/token$/.test(name)) keep(name, value);
      }
      if (request.path === '/userinfo') keep('userinfo', given.body);
      return given;
    };
    return (await fault?.(request, noted)) ?? noted();
  };
}

const newcomer = (claims: Record<string, unknown> = {}): LocalPerson => {
  const person = gateway.addPerson({ id: 'newcomer', claims: { siret: nextSiret(), ...claims } });
  keep('email', person.claims.email);
  return person;
};

/** One sign-in that fails, by the pages; everything secret on the way is noted. */
async function fail(person: LocalPerson, fault?: Intercept, change: (url: URL) => void = () => undefined) {
  gateway.provider.intercept = watching();
  const browser = new Browser();
  const begin = await browser.get(`${gateway.url}/auth/proconnect/login?login_hint=${person.id}`, { follow: false });
  const there = new URL(begin.location!);
  for (const name of ['state', 'nonce', 'code_challenge']) keep(name, there.searchParams.get(name));
  const { location } = await browser.get(there, { stopAt: (url) => url.startsWith(`${gateway.url}/auth/`) });
  const callback = new URL(location!);
  keep('code', callback.searchParams.get('code'));
  keep('binding', await browser.cookie(LOGIN_COOKIE, gateway.url));
  change(callback);
  gateway.provider.intercept = watching(fault);
  const visit = await browser.get(callback, { follow: false });
  keep('session', await browser.cookie(SESSION_COOKIE, gateway.url));
  return visit;
}

function expectCleanLog(): void {
  const log = gateway.logLines.join('');
  for (const [what, secret] of secrets) {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      if (log.includes(form))
        throw new Error(
          `The log holds a ${what}: ${gateway.logLines.find((line) => line.includes(form))?.slice(0, 500)}`,
        );
    }
  }
  expect(log).not.toMatch(/eyJ[\w-]{10,}/);
  expect(log).not.toMatch(/[\w.]+@example\.org/i);
}

describe('[SSO-51] the log of failed sign-ins', () => {
  const faults: [string, Intercept | undefined][] = [
    ['a dead token endpoint', cutConnection('/token')],
    ['a silent token endpoint', neverAnswer('/token')],
    [
      'a token endpoint that repeats what it was told',
      async (request, answer) => {
        if (request.path !== '/token') return undefined;
        await answer();
        return {
          status: 400,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            error: 'invalid_grant',
            error_description: `code for ${[...secrets.values()].join(' ')}`,
          }),
        };
      },
    ],
    [
      'a wrong client',
      answerInstead('/token', 401, { error: 'invalid_client', error_description: 'newcomer@example.org' }),
    ],
    ['an answer that is no token', changeJson('/token', (body) => ({ ...body, token_type: 'x' }))],
    ['a dead userinfo', cutConnection('/userinfo')],
    ['a userinfo that is HTML', answerInstead('/userinfo', 200, '<h1>newcomer@example.org</h1>')],
    [
      'a userinfo that refuses',
      answerInstead(
        '/userinfo',
        401,
        {},
        { 'www-authenticate': 'Bearer error="invalid_token", error_description="newcomer@example.org"' },
      ),
    ],
  ];
  for (const [what, forgery] of Object.entries(forgedSignatures)) {
    faults.push([`userinfo ${what}`, async (...given) => forgeUserinfo(gateway.provider, forgery)(...given)]);
  }
  for (const [what, forgery] of Object.entries({ ...forgedSignatures, ...wrongIdTokens })) {
    faults.push([`an ID token with ${what}`, async (...given) => forgeIdToken(gateway.provider, forgery)(...given)]);
  }
  it.each(faults)('because of %s says why, and nothing secret', async (_what, fault) => {
    gateway.logLines.length = 0;
    const visit = await fail(newcomer(), fault);
    expect(visit.status).toBeGreaterThanOrEqual(400);
    expect(gateway.logLines.join('')).toMatch(/a sign-in was refused/);
    expect(gateway.logLines.join('')).toMatch(/"code":"[A-Z_]+"/);
    expectCleanLog();
  });

  const answers: [string, (url: URL) => void][] = [
    ['a wrong state', (url) => url.searchParams.set('state', 'x'.repeat(43))],
    ['a wrong code', (url) => url.searchParams.set('code', `${url.searchParams.get('code')}x`)],
    ['another issuer', (url) => url.searchParams.set('iss', 'https://intruder.example.org')],
    [
      'an error with an address in it',
      (url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'access_denied');
        url.searchParams.set('error_description', 'newcomer@example.org has no right');
      },
    ],
    [
      'an error that is an address',
      (url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'newcomer@example.org');
      },
    ],
  ];
  it.each(answers)('because of %s holds nothing secret', async (_what, change) => {
    gateway.logLines.length = 0;
    expect((await fail(newcomer(), undefined, change)).status).toBeGreaterThanOrEqual(400);
    expectCleanLog();
  });

  it('because of the rules holds nothing secret', async () => {
    gateway.logLines.length = 0;
    const { email } = await makeUser(gateway.tenant);
    keep('email', email);
    for (const changes of [
      { createUsers: false },
      { allowedIdps: ['another'] },
      { requiredAmr: ['mfa'] },
      { moderatedSignup: true },
      { emailTrust: EmailTrust.NONE },
    ]) {
      await settle(gateway, changes);
      const person = newcomer('emailTrust' in changes ? { email } : {});
      expect((await fail(person)).status).toBe(403);
    }
    expect(gateway.logLines.join('')).toContain('LINK_REQUIRED');
    expectCleanLog();
  });

  it('of a client holds nothing secret', async () => {
    gateway.logLines.length = 0;
    gateway.provider.intercept = watching(forgeIdToken(gateway.provider, { signature: 'unknown key' }));
    const trip = await reachApp(gateway, newcomer(), { browser: new Browser() });
    keep('binding', trip.binding);
    keep('code', new URL(trip.callbackUrl).searchParams.get('code'));
    keep('state', new URL(trip.callbackUrl).searchParams.get('state'));
    expect((await completeInApp(gateway, null, trip)).userErrors).toHaveLength(1);
    expect(gateway.logLines.join('')).toContain('PROVIDER_RESPONSE_INVALID');
    expectCleanLog();
  });

  it('because the database fails holds nothing secret, and its id is on the page', async () => {
    gateway.logLines.length = 0;
    await gateway.rows(`create function fail_user() returns trigger language plpgsql as
      'begin raise exception ''no room for %'', new.email using detail = new.email, hint = new.email; end'`);
    await gateway.rows('create trigger fail_user before insert on users for each row execute function fail_user()');
    try {
      const visit = await fail(newcomer());
      expect(visit.status).toBe(500);
      const id = visit.text.match(/[\da-f]{8}-[\da-f-]{27}/)![0];
      expect(gateway.logLines.find((line) => line.includes(id))).toContain('no room for [address]');
      expect(visit.text).not.toContain('no room');
      expectCleanLog();
    } finally {
      await gateway.rows('drop trigger fail_user on users');
      await gateway.rows('drop function fail_user');
    }
  });

  it('of one that works holds nothing secret either', async () => {
    gateway.logLines.length = 0;
    expect((await fail(newcomer())).status).toBe(302);
    expectCleanLog();
  });
});
