import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { readConfig } from '../../src/config.js';
import { createSealing } from '../../src/database/sealing.js';
import { checkEndpoint } from '../../src/events/webhooks/check-endpoint.js';
import {
  redactBody,
  redactRequestHeaders,
  redactResponseHeaders,
  redactUrl,
} from '../../src/events/webhooks/redact.js';
import { nextWait, readRetryAfter, scheduleLength } from '../../src/events/webhooks/retry-schedule.js';
import { createSecret, endpointSecretPlace, openSecrets, signMessage } from '../../src/events/webhooks/secret.js';

describe('the retry schedule', () => {
  const { webhookRetrySeconds: waits } = readConfig({});

  it('lasts about three days unless configured otherwise', () => {
    expect(scheduleLength(waits) / 86_400_000).toBeCloseTo(3.15, 2);
    expect(readConfig({ WEBHOOK_RETRY_SECONDS: '1, 2,3' }).webhookRetrySeconds).toEqual([1, 2, 3]);
  });

  it('waits longer each time, give or take a fifth, and ends', () => {
    expect(nextWait(waits, 0, () => 0)).toBe(4_000);
    expect(nextWait(waits, 0, () => 0.5)).toBe(5_000);
    expect(nextWait(waits, 1, () => 1)).toBe(360_000);
    for (let step = 1; step < waits.length; step++) expect(waits[step]).toBeGreaterThan(waits[step - 1]!);
    expect(nextWait(waits, waits.length)).toBeNull();
  });

  it('reads Retry-After as seconds and as a date, a day at most', () => {
    const now = new Date('2026-11-22T12:00:00Z');
    expect(readRetryAfter('120', now)).toBe(120_000);
    expect(readRetryAfter('Sun, 22 Nov 2026 12:10:00 GMT', now)).toBe(600_000);
    expect(readRetryAfter('Sun, 22 Nov 2026 11:00:00 GMT', now)).toBe(0);
    expect(readRetryAfter('9999999', now)).toBe(86_400_000);
    for (const text of [null, '', 'soon', '-']) expect(readRetryAfter(text, now)).toBeNull();
  });
});

describe('what is kept of an attempt', () => {
  it('has no values of the query, no signatures and no cookies', () => {
    expect(redactUrl('https://a.example/x?key=abc&mode=&q=a%20b#f')).toBe('https://a.example/x?key=***&mode=&q=***#f');
    expect(redactRequestHeaders({ 'webhook-id': 'evt_1', 'webhook-signature': 'v1,abc= v1,def=' })).toEqual({
      'webhook-id': 'evt_1',
      'webhook-signature': 'v1,*** v1,***',
    });
    const headers = new Headers({
      'content-type': 'text/plain',
      'set-cookie': 'a=b',
      'x-secret': 'x',
      location: '/next?token=abc',
    });
    expect(redactResponseHeaders(headers)).toEqual({ 'content-type': 'text/plain', location: '/next?token=***' });
  });

  it.each([
    ['{"access_token":"abc.def","ok":true}', '{"access_token":"***","ok":true}'],
    ['{"clientSecret": "a\\"b", "n": 1}', '{"clientSecret": "***", "n": 1}'],
    ['Authorization: Bearer abcdef123456', 'Authorization: "***" ***'],
    ['password=hunter2&user=ada', 'password="***"&user=ada'],
    ['bad signature whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'bad signature ***'],
    ['got eyJhbGciOi.eyJzdWIiOiIx.c2ln', 'got ***'],
    ['Basic dXNlcjpwYXNz was refused', 'Basic *** was refused'],
    ['nothing to hide: 42', 'nothing to hide: 42'],
    ['nul \0 is kept out', 'nul \uFFFD is kept out'],
  ])('masks secrets in %j', (text, redacted) => expect(redactBody(text)).toBe(redacted));

  it('is made quickly of whatever a receiver answers', () => {
    const begun = performance.now();
    for (const text of ['token', 'eyJ', 'secret":"\\', 'a', 'session ', 'Bearer  ', 'cookie-']) {
      redactBody(text.repeat(4_096 / text.length));
    }
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('a signature', () => {
  const at = new Date();
  const body = '{"type":"user.created"}';

  it('verifies with the package that receivers use, under each of the secrets', () => {
    const [current, previous] = [createSecret(), createSecret()];
    const headers = signMessage([current, previous], 'evt_1', at, body);
    for (const secret of [current, previous])
      expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(createSecret()).verify(body, headers)).toThrow();
    expect(() => new Webhook(current).verify(`${body} `, headers)).toThrow();
  });

  it('is made with 32 bytes, and with the secret before until its day is over', () => {
    const secret = createSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const sealing = createSealing([randomBytes(32)]);
    const sealed = (text: string) => sealing.seal(text, endpointSecretPlace('id'));
    const endpoint = {
      id: 'id',
      sealedSecret: sealed('new'),
      sealedPreviousSecret: sealed('old'),
      previousSecretUntil: new Date(at.getTime() + 1),
    };
    expect(openSecrets(sealing, endpoint, at)).toEqual(['new', 'old']);
    expect(openSecrets(sealing, endpoint, new Date(at.getTime() + 1))).toEqual(['new']);
  });
});

describe('the settings of an endpoint', () => {
  const rules = (allowsInsecureLoopback = false) => ({
    outbound: { isAdmitted: (host: string) => !/^(10|127)\./.test(host) },
    allowsInsecureLoopback,
  });
  const faultsOf = (settings: object, isInsecure = false) =>
    checkEndpoint(settings, rules(isInsecure)).map(({ code, field }) => `${code} ${field?.join('.')}`);

  it.each([
    'http://example.org/hook',
    'https://user:secret@example.org/hook',
    'https://example.org/hook#part',
    'ftp://example.org/hook',
    '/hook',
    'https://10.0.0.1/hook',
    'https://0x7f.1/hook',
    `https://example.org/${'a'.repeat(2048)}`,
    '',
    null,
  ])('refuse the address %s', (url) => expect(faultsOf({ url })).toHaveLength(1));

  it('take https, and http on this machine outside of production', () => {
    expect(faultsOf({ url: 'https://example.org:8443/hook?tenant=a' })).toEqual([]);
    expect(faultsOf({ url: 'http://localhost:4000/hook' })).toEqual(['INVALID url']);
    expect(faultsOf({ url: 'http://localhost:4000/hook' }, true)).toEqual([]);
    expect(faultsOf({ url: 'http://example.org/hook' }, true)).toEqual(['INVALID url']);
  });

  it('name all that is wrong at once', () => {
    expect(
      faultsOf({ url: 'x', description: 'a\nb', eventTypes: ['user.created', 'user.*', 'user.cre*', '*', 'nope.*'] }),
    ).toEqual([
      'INVALID url',
      'INVALID description',
      'INVALID eventTypes.2',
      'INVALID eventTypes.3',
      'INVALID eventTypes.4',
    ]);
    expect(faultsOf({ eventTypes: null })).toEqual(['REQUIRED eventTypes']);
  });
});
