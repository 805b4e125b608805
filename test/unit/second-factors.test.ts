import { describe, expect, it } from '@jest/globals';
import { Secret, TOTP, URI } from 'otpauth';
import { provesSecondFactor } from '../../src/factors/provider-proof.js';
import { createTotp, findStep, pauseAfter, readCode } from '../../src/factors/totp.js';

describe('what a provider says of a sign-in', () => {
  const proves = (amr: string[], acr: string | null = null) => provesSecondFactor({ amr, acr });

  it.each([
    [['mfa']],
    [['pwd', 'mfa']],
    [['pwd', 'otp']],
    [['pwd', 'totp']],
    [['pwd', 'sms']],
    [['pwd', 'mail']],
    [['pwd', 'hwk']],
    [['pwd', 'fido']],
    [['pin', 'sc']],
    [['pin', 'swk']],
    [['kba', 'tel']],
    [['hwk', 'fpt']],
    [['swk', 'face']],
    [['pwd', 'iris']],
    [['retina', 'pin']],
    [['vbm', 'otp', 'geo']],
  ])('%j is a second factor', (amr) => {
    expect(proves(amr)).toBe(true);
    expect(proves([...amr].reverse(), 'eidas1')).toBe(true);
  });

  it.each([
    [[]],
    [['pwd']],
    [['pwd', 'pwd']],
    [['pwd', 'pin']],
    [['pwd', 'kba']],
    [['otp', 'sms']],
    [['otp', 'hwk', 'sc', 'swk', 'fido', 'pop', 'mail', 'tel']],
    [['face', 'fpt']],
    [['hwk']],
    [['sc']],
    [['hwk', 'user']],
    [['pwd', 'user']],
    [['pwd', 'geo']],
    [['pwd', 'rba']],
    [['pwd', 'mca']],
    [['pwd', 'wia']],
    [['pwd', 'unheard-of']],
    [['MFA']],
    [['pwd', 'OTP']],
    [['mfa ']],
    [['pwd', 'constructor']],
    [['__proto__', 'toString']],
  ])('%j is none', (amr) => {
    expect(proves(amr)).toBe(false);
  });

  it.each([
    ['eidas0', false],
    ['eidas0-mfa', true],
    ['eidas1', false],
    ['eidas1-mfa', true],
    ['eidas2', true],
    ['eidas3', true],
    ['EIDAS2', false],
    ['eidas22', false],
    ['https://proconnect.gouv.fr/assurance/certification-dirigeant', false],
    ['https://proconnect.gouv.fr/assurance/self-asserted-2fa', true],
    ['https://proconnect.gouv.fr/assurance/consistency-checked-2fa', true],
    ['http://eidas.europa.eu/LoA/low', false],
    ['http://eidas.europa.eu/LoA/substantial', true],
    ['http://eidas.europa.eu/LoA/high', true],
    ['https://refeds.org/profile/sfa', false],
    ['https://refeds.org/profile/mfa', true],
    ['http://schemas.openid.net/pape/policies/2007/06/multi-factor', true],
    ['0', false],
    ['', false],
  ])('the level %s: %s', (acr, expected) => {
    expect(proves(['pwd'], acr)).toBe(expected);
  });
});

describe('a level that the connection names', () => {
  it('takes a second factor there alone', () => {
    expect(provesSecondFactor({ amr: ['pwd'], acr: 'gold' }, ['silver', 'gold'])).toBe(true);
    expect(provesSecondFactor({ amr: ['pwd'], acr: 'gold' }, ['silver'])).toBe(false);
    expect(provesSecondFactor({ amr: [], acr: null }, ['gold'])).toBe(false);
  });
});

describe('codes of an authenticator app', () => {
  const secret = new Secret({ size: 20 });
  const app = new TOTP({ secret });
  const now = new Date('2026-03-02T09:15:27.314Z');
  const step = Math.floor(now.getTime() / 30_000);
  const codeAt = (steps: number) => app.generate({ timestamp: now.getTime() + steps * 30_000 });

  it('are those of RFC 6238', () => {
    const known = new Secret({ buffer: new TextEncoder().encode('12345678901234567890').buffer });
    // The last six digits of the table of its appendix B, for SHA-1.
    for (const [seconds, code] of [
      [59, '287082'],
      [1_111_111_109, '081804'],
      [1_234_567_890, '005924'],
      [20_000_000_000, '353130'],
    ] as const) {
      expect(findStep(known.base32, code, new Date(seconds * 1_000), null)).toBe(Math.floor(seconds / 30));
    }
  });

  it('of the present step and those beside it are taken, if they come after the last', () => {
    const find = (steps: number, last: number | null = null) => findStep(secret.base32, codeAt(steps), now, last);
    expect([-2, -1, 0, 1, 2].map((steps) => find(steps))).toEqual([null, step - 1, step, step + 1, null]);
    expect([-1, 0, 1].map((steps) => find(steps, step))).toEqual([null, null, step + 1]);
    expect(find(0, step - 1)).toBe(step);
  });

  it('are read with the spaces that apps show, and nothing else', () => {
    expect(['123456', '123 456', ' 1 2 3\t456 '].map(readCode)).toEqual(['123456', '123456', '123456']);
    expect(['12345', '1234567', '12345a', '', '-12345', '１２３４５６'].map(readCode)).toEqual(Array(6).fill(null));
  });

  it('come from an address that apps read, whatever the names hold', () => {
    const { uri, secret: text } = createTotp('Préfecture: accueil & co', 'ada+test@example.org');
    const read = URI.parse(uri);
    expect(read).toMatchObject({ algorithm: 'SHA1', digits: 6, period: 30, issuer: 'Préfecture  accueil & co' });
    expect(read.label).toBe('ada+test@example.org');
    expect((read as TOTP).secret.base32).toBe(text);
    expect(text).toMatch(/^[A-Z2-7]{32}$/);
  });

  it('are taken after growing pauses once four were wrong', () => {
    expect([0, 1, 4, 5, 6, 7, 11, 12, 13, 100, 5_000].map(pauseAfter).map((pause) => pause / 1_000)).toEqual([
      0, 0, 0, 30, 60, 120, 1_920, 3_600, 3_600, 3_600, 3_600,
    ]);
  });
});
