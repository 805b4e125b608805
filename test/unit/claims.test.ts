import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_CLAIM_NAMES, readClaims } from '../../src/sso/claims.js';

const base = { iss: 'https://provider.test', sub: 'subject-1' };

describe('readClaims', () => {
  it('reads what ProConnect sends', () => {
    const claims = readClaims(
      {
        ...base,
        email: 'Anna.Durand@Example.org',
        given_name: 'Anna Marie',
        usual_name: 'Durand',
        siret: '13002526500013',
        organization_label: 'DINUM',
        idp_id: 'idp-1',
        roles: ['agent_public', 'dirigeant'],
        acr: 'eidas1',
        amr: ['pwd', 'mfa'],
      },
      {},
    );
    expect(claims).toEqual({
      issuer: 'https://provider.test',
      subject: 'subject-1',
      email: expect.objectContaining({ value: 'Anna.Durand@Example.org', normalized: 'anna.durand@example.org' }),
      isEmailVerified: false,
      givenName: 'Anna Marie',
      familyName: 'Durand',
      organizationIdentifier: '13002526500013',
      organizationName: 'DINUM',
      idp: 'idp-1',
      roles: ['agent_public', 'dirigeant'],
      acr: 'eidas1',
      amr: ['pwd', 'mfa'],
    });
  });

  it('reads a claim under the name that the connection gives it, and then not under the usual one', () => {
    const names = { familyName: 'family_name', organizationIdentifier: 'groups:main' };
    const raw = {
      ...base,
      family_name: 'Durand',
      usual_name: 'Other',
      'groups:main': 'cld-3',
      siret: '13002526500013',
    };
    expect(readClaims(raw, names)).toMatchObject({ familyName: 'Durand', organizationIdentifier: 'cld-3' });
  });

  it.each([['true'], [1], ['yes'], [{}], [[true]], [null], [undefined]])(
    '[SSO-12] takes email_verified %j for not verified',
    (value) => {
      expect(readClaims({ ...base, email_verified: value }, {}).isEmailVerified).toBe(false);
    },
  );

  it('[SSO-11] takes an absent email_verified for not verified, and only the JSON value true for verified', () => {
    expect(readClaims(base, {}).isEmailVerified).toBe(false);
    expect(readClaims({ ...base, email_verified: true }, {}).isEmailVerified).toBe(true);
  });

  it('takes what is empty or of another type for absent', () => {
    const raw = {
      ...base,
      email: 'no address',
      given_name: ' ',
      usual_name: 7,
      organization_label: {},
      idp_id: [],
      roles: 'dirigeant',
      acr: null,
      amr: {},
    };
    expect(readClaims(raw, {})).toMatchObject({
      email: null,
      givenName: null,
      familyName: null,
      organizationName: null,
      idp: null,
      roles: [],
      acr: null,
      amr: [],
    });
  });

  it('makes one line of names and cuts them by characters, not within one', () => {
    const claims = readClaims({ ...base, given_name: ' Anna\r\n\u0000Marie ', usual_name: '𝒟'.repeat(300) }, {});
    expect(claims.givenName).toBe('Anna Marie');
    expect(claims.familyName).toBe('𝒟'.repeat(256));
  });

  it('does not read what every object inherits', () => {
    const names = { givenName: 'constructor', familyName: '__proto__', organizationIdentifier: 'toString' };
    expect(readClaims({ ...base }, names)).toMatchObject({
      givenName: null,
      familyName: null,
      organizationIdentifier: undefined,
    });
  });
});

describe('readClaims on anything that JSON can say', () => {
  const nasty = fc.constantFrom<unknown>(
    '\u0000',
    '\ud800',
    'x'.repeat(100_000),
    '\u0000\u001b[31m',
    '\u2028',
    '',
    '__proto__',
    { toString: 1, valueOf: 1 },
  );
  const value = fc.oneof(
    { weight: 2, arbitrary: nasty },
    fc.jsonValue(),
    fc.string({ unit: 'binary' }),
    fc.array(nasty),
  );
  const claimKeys = ['iss', 'sub', 'acr', 'amr', ...Object.values(DEFAULT_CLAIM_NAMES)];
  const oddKeys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const key = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...claimKeys) },
    fc.constantFrom(...oddKeys),
    fc.string(),
  );
  const raw = fc.dictionary(key, value, { maxKeys: 16 });
  const names = fc.dictionary(fc.constantFrom(...Object.keys(DEFAULT_CLAIM_NAMES)), key);

  it('never throws', () => {
    fc.assert(
      fc.property(raw, names, (claims, claimNames) => {
        readClaims(claims, claimNames);
      }),
    );
  });

  it('gives texts of one line, well formed and bounded, for every claim but the ones that are checked elsewhere', () => {
    fc.assert(
      fc.property(raw, names, (given, claimNames) => {
        // issuer and subject come checked from the token; the identifier is kept as it came and checked by its scheme.
        const {
          issuer: _,
          subject: __,
          organizationIdentifier: ___,
          email,
          isEmailVerified,
          ...texts
        } = readClaims({ ...given, ...base }, claimNames);
        expect(typeof isEmailVerified).toBe('boolean');
        const all = [...Object.values(texts).flat(), email?.value ?? null, email?.normalized ?? null];
        for (const text of all) {
          if (text === null) continue;
          expect(text).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
          expect(text.isWellFormed()).toBe(true);
          expect([...text].length).toBeLessThanOrEqual(256);
        }
        expect([...(texts.organizationName ?? '')].length).toBeLessThanOrEqual(128);
        expect(Math.max(texts.roles.length, texts.amr.length)).toBeLessThanOrEqual(64);
      }),
    );
  });
});
