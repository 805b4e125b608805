import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Intercept } from '../../src/demo/provider.js';
import { ConnectionStatus } from '../../src/entities/enums.js';
import type { RefusalCode } from '../../src/sso/refusal.js';
import { Browser } from '../support/browser.js';
import {
  answerInstead,
  answerLate,
  changeDiscovery,
  changeJson,
  cutConnection,
  neverAnswer,
  startFault,
} from '../support/fault-proxy.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  comeIn,
  expectRefusalPage,
  expectRefusedSignIn,
  expectUnchanged,
  nextSiret,
  settle,
  viewerOf,
} from '../support/sign-in.js';

/** PROVIDER_TIMEOUT_SECONDS of the gateway, and what the rest may take on a busy machine. */
const TIMEOUT = 2_000;
const SLACK = 3_000;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
beforeEach(() => settle(gateway));
afterAll(() => gateway.close());

const newcomer = () => gateway.addPerson({ id: 'newcomer', claims: { siret: nextSiret() } });
const DISCOVERY = '/.well-known/openid-configuration';

async function expectRefusedBeginning(code: RefusalCode, path = '/auth/proconnect/login') {
  const browser = new Browser();
  const visit = await expectUnchanged(gateway, () => browser.get(`${gateway.url}${path}`, { follow: false }));
  expectRefusalPage(visit, code);
  expect(visit.headers.getSetCookie()).toEqual([]);
}

describe('the provider does not sign the person in', () => {
  it('[SSO-48] who presses "refuse"', async () => {
    const browser = new Browser();
    const page = await browser.get(`${gateway.url}/auth/proconnect/login`);
    const { location } = await browser.post(
      page.url,
      { form: { refuse: 'yes' } },
      { stopAt: (url) => url.startsWith(gateway.url) },
    );
    expect(new URL(location!).searchParams.get('error')).toBe('access_denied');
    expectRefusalPage(await expectUnchanged(gateway, () => browser.get(location!)), 'PROVIDER_REFUSED');
    expect(await viewerOf(gateway, browser)).toBeNull();
  });

  it('[SSO-48] who is not signed in there, when it may not ask', async () => {
    const browser = new Browser();
    const begin = `${gateway.url}/auth/proconnect/login?prompt=none`;
    const { location } = await browser.get(begin, {
      stopAt: (url) => url.startsWith(`${gateway.url}/auth/proconnect/callback`),
    });
    expect(new URL(location!).searchParams.get('error')).toBe('login_required');
    expectRefusalPage(await expectUnchanged(gateway, () => browser.get(location!)), 'PROVIDER_REFUSED');
  });

  it.each([
    ['server_error', 'PROVIDER_REFUSED'],
    ['temporarily_unavailable', 'PROVIDER_REFUSED'],
    ['<script>alert(1)</script>', 'PROVIDER_REFUSED'],
    ['unmet_authentication_requirements', 'ACR_TOO_LOW'],
  ] as [string, RefusalCode][])('[SSO-48] saying %s: nothing of what it says is on the page', async (error, code) => {
    const { browser, callback } = await gateway.reachCallback(newcomer());
    const url = new URL(callback);
    url.searchParams.delete('code');
    url.searchParams.set('error', error);
    url.searchParams.set('error_description', 'Jane <jane@example.org> failed: stack at line 1');
    url.searchParams.set('error_uri', 'https://evil.example/');
    const visit = await expectUnchanged(gateway, () => browser.get(url));
    expectRefusalPage(visit, code, ['jane@example.org', 'evil.example', 'alert(1)']);
  });

  it('[SSO-48] and says so without the state of a sign-in: nobody signs in or out', async () => {
    const { browser } = await comeIn(gateway, newcomer());
    const before = await viewerOf(gateway, browser);
    const visit = await expectUnchanged(gateway, () =>
      browser.get(`${gateway.url}/auth/proconnect/callback?error=access_denied`),
    );
    expectRefusalPage(visit, 'LOGIN_EXPIRED');
    expect(await viewerOf(gateway, browser)).toEqual(before);
  });
});

describe('the provider does not answer as it should', () => {
  const faults: [string, Intercept, RefusalCode][] = [
    ['the token endpoint never answers', neverAnswer('/token'), 'PROVIDER_UNAVAILABLE'],
    ['the token endpoint is too slow', answerLate('/token', TIMEOUT + 2_000), 'PROVIDER_UNAVAILABLE'],
    ['the token endpoint cuts the connection', cutConnection('/token'), 'PROVIDER_UNAVAILABLE'],
    ['the token endpoint is down', answerInstead('/token', 503, '<h1>Maintenance</h1>'), 'PROVIDER_UNAVAILABLE'],
    [
      'the token endpoint fails in JSON',
      answerInstead('/token', 500, { error: 'server_error' }),
      'PROVIDER_UNAVAILABLE',
    ],
    ['the token endpoint answers in HTML', answerInstead('/token', 200, '<h1>Hello</h1>'), 'PROVIDER_RESPONSE_INVALID'],
    [
      'the token endpoint answers with nonsense',
      answerInstead('/token', 200, { hello: 'world' }),
      'PROVIDER_RESPONSE_INVALID',
    ],
    [
      'the token endpoint redirects',
      answerInstead('/token', 302, '', { location: 'http://localhost:1/' }),
      'PROVIDER_RESPONSE_INVALID',
    ],
    ['userinfo never answers', neverAnswer('/userinfo'), 'PROVIDER_UNAVAILABLE'],
    ['userinfo cuts the connection', cutConnection('/userinfo'), 'PROVIDER_UNAVAILABLE'],
    ['userinfo is down', answerInstead('/userinfo', 502, 'Bad gateway'), 'PROVIDER_UNAVAILABLE'],
    [
      'userinfo refuses the token',
      answerInstead('/userinfo', 401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' }),
      'PROVIDER_RESPONSE_INVALID',
    ],
    [
      'userinfo is empty',
      answerInstead('/userinfo', 200, '', { 'content-type': 'application/jwt' }),
      'PROVIDER_RESPONSE_INVALID',
    ],
    ['the keys never come', neverAnswer('/jwks'), 'PROVIDER_UNAVAILABLE'],
    ['the keys are down', answerInstead('/jwks', 503, 'no'), 'PROVIDER_UNAVAILABLE'],
    ['the keys are none', answerInstead('/jwks', 200, { keys: [] }), 'PROVIDER_RESPONSE_INVALID'],
    [
      'the token type is another',
      changeJson('/token', (body) => ({ ...body, token_type: 'mac' })),
      'PROVIDER_RESPONSE_INVALID',
    ],
  ];
  it.each(faults)('[SSO-49] %s: refused in bounded time, and only a new sign-in helps', async (_what, fault, code) => {
    // Another version of the connection: keys that an earlier test has fetched are not at hand.
    await gateway.configure({ name: `ProConnect ${Math.random()}` });
    const person = newcomer();
    const { browser, callback } = await gateway.reachCallback(person);
    const begun = Date.now();
    {
      using _ = startFault(gateway.provider, fault);
      expectRefusalPage(await expectUnchanged(gateway, () => browser.get(callback, { follow: false })), code);
      expect(Date.now() - begun).toBeLessThan(TIMEOUT + SLACK);
    }
    expectRefusalPage(await expectUnchanged(gateway, () => browser.get(callback, { follow: false })), 'LOGIN_EXPIRED');
    // Keys that lacked one are asked for again after a minute at the earliest, and at once for another version.
    await gateway.configure({ name: `ProConnect ${Math.random()}` });
    expect((await comeIn(gateway, person, browser)).viewer.session.cases).toContain('U7_CREATED');
  });

  const discoveries: [string, Intercept, RefusalCode][] = [
    ['never comes', neverAnswer(DISCOVERY), 'PROVIDER_UNAVAILABLE'],
    ['is cut', cutConnection(DISCOVERY), 'PROVIDER_UNAVAILABLE'],
    ['is down', answerInstead(DISCOVERY, 503, 'no'), 'PROVIDER_UNAVAILABLE'],
    ['is not found', answerInstead(DISCOVERY, 404, 'no'), 'CONNECTION_MISCONFIGURED'],
    ['is HTML', answerInstead(DISCOVERY, 200, '<h1>Portal</h1>'), 'CONNECTION_MISCONFIGURED'],
    ["is another issuer's", changeDiscovery({ issuer: 'https://intruder.example.org' }), 'CONNECTION_MISCONFIGURED'],
    [
      'has no authorization endpoint',
      changeDiscovery({ authorization_endpoint: undefined }),
      'CONNECTION_MISCONFIGURED',
    ],
    [
      'names a script as authorization endpoint',
      changeDiscovery({ authorization_endpoint: 'javascript:alert(1)' }),
      'CONNECTION_MISCONFIGURED',
    ],
    [
      'names no address as authorization endpoint',
      changeDiscovery({ authorization_endpoint: 'not an address' }),
      'CONNECTION_MISCONFIGURED',
    ],
  ];
  it.each(discoveries)(
    'the discovery document %s: the sign-in does not begin, and does once it is repaired',
    async (_what, fault, code) => {
      await gateway.configure({ name: `ProConnect ${Math.random()}` });
      const begun = Date.now();
      {
        using _ = startFault(gateway.provider, fault);
        await expectRefusedBeginning(code);
        expect(Date.now() - begun).toBeLessThan(TIMEOUT + SLACK);
      }
      await gateway.configure({ name: `ProConnect ${Math.random()}` });
      await comeIn(gateway, newcomer());
    },
  );

  it('finds nothing wrong with itself again at once after an outage: a failure is not kept', async () => {
    await gateway.configure({ name: `ProConnect ${Math.random()}` });
    {
      using _ = startFault(gateway.provider, cutConnection(DISCOVERY));
      await expectRefusedBeginning('PROVIDER_UNAVAILABLE');
    }
    await comeIn(gateway, newcomer());
  });
});

describe('the connection is not set up correctly', () => {
  it('has a secret that the provider does not know', async () => {
    const client = gateway.provider.clients.get('vestibule')!;
    const { clientSecret } = client;
    client.clientSecret = 'another-secret';
    try {
      await expectRefusedSignIn(gateway, newcomer(), 'CONNECTION_MISCONFIGURED', { secrets: [clientSecret] });
    } finally {
      client.clientSecret = clientSecret;
    }
  });

  it('has no secret', async () => {
    const { sealedClientSecret } = gateway.connection;
    await gateway.configure({ sealedClientSecret: null });
    try {
      await expectRefusedBeginning('CONNECTION_MISCONFIGURED');
    } finally {
      await gateway.configure({ sealedClientSecret });
    }
  });

  it('has a secret that cannot be opened: sealed under a key that is gone', async () => {
    const { sealedClientSecret } = gateway.connection;
    await gateway.configure({ sealedClientSecret: `gone.${sealedClientSecret!.split('.').slice(1).join('.')}` });
    try {
      await expectRefusedBeginning('CONNECTION_MISCONFIGURED');
    } finally {
      await gateway.configure({ sealedClientSecret });
    }
  });

  it('has an issuer without TLS that is not this machine', async () => {
    const { issuer } = gateway.connection;
    await gateway.configure({ issuer: 'http://provider.example.org' });
    try {
      await expectRefusedBeginning('CONNECTION_MISCONFIGURED');
    } finally {
      await gateway.configure({ issuer });
    }
  });

  it.each(['nobody', 'Proconnect', 'a%00b', '%F0%9F%92%A9', "x'; drop table users", 'a'.repeat(100)])(
    'there is none of the name %s',
    async (name) => {
      const path = name.includes(' ') ? encodeURIComponent(name) : name;
      await expectRefusedBeginning('CONNECTION_UNKNOWN', `/auth/${path}/login`);
    },
  );

  it('is disabled, before the person sets out or while they are away', async () => {
    const { browser, callback } = await gateway.reachCallback(newcomer());
    await gateway.configure({ status: ConnectionStatus.DISABLED });
    try {
      await expectRefusedBeginning('CONNECTION_UNKNOWN');
      expectRefusalPage(
        await expectUnchanged(gateway, () => browser.get(callback, { follow: false })),
        'CONNECTION_UNKNOWN',
      );
    } finally {
      await gateway.configure({ status: ConnectionStatus.ENABLED });
    }
  });

  it('is not for a client that must not be linked: linking needs a session', async () => {
    await expectRefusedBeginning('REAUTHENTICATION_REQUIRED', '/auth/proconnect/login?intent=link');
  });
});
