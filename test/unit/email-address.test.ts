import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EmailAddress } from '../../src/entities/email-address.js';

describe('EmailAddress.parse', () => {
  it('[SSO-16] matches addresses that differ by case only, and keeps how each was written', () => {
    const [one, other] = [
      EmailAddress.parse('Anna.Durand@Example.ORG')!,
      EmailAddress.parse('anna.durand@example.org')!,
    ];
    expect(one.normalized).toBe(other.normalized);
    expect(String(one)).toBe('Anna.Durand@Example.ORG');
  });

  it.each([
    ['anna+work@example.org', 'anna@example.org'],
    ['a.nna@example.org', 'anna@example.org'],
    ['anna@mail.example.org', 'anna@example.org'],
    ['ännä@example.org', 'anna@example.org'],
  ])('[SSO-16] keeps %s apart from %s', (one, other) => {
    expect(EmailAddress.parse(one)!.normalized).not.toBe(EmailAddress.parse(other)!.normalized);
  });

  it('strips white space around the address', () => {
    expect(EmailAddress.parse('  anna@example.org\n')?.value).toBe('anna@example.org');
  });

  it('gives the domain in lower case', () => {
    expect(EmailAddress.parse('anna@Example.ORG')?.domain).toBe('example.org');
  });

  it.each([
    'anna',
    '@example.org',
    'anna@',
    'anna@work@example.org',
    'anna durand@example.org',
    'anna@example.org\nbcc:all@example.org',
    'anna\u0000@example.org',
    'anna\ud800@example.org',
    `${'a'.repeat(250)}@example.org`,
    '',
  ])('refuses %j', (text) => {
    expect(EmailAddress.parse(text)).toBeNull();
  });

  it('accepts 254 characters and no more', () => {
    const domain = '@example.org';
    expect(EmailAddress.parse('a'.repeat(254 - domain.length) + domain)).not.toBeNull();
    expect(EmailAddress.parse('a'.repeat(255 - domain.length) + domain)).toBeNull();
  });

  it('never throws, and what it gives is one line of well-formed text with one @', () => {
    const input = fc.oneof(fc.anything(), fc.string({ unit: 'binary' }), fc.emailAddress());
    fc.assert(
      fc.property(input, (text) => {
        const address = EmailAddress.parse(text);
        if (!address) return;
        expect(address.value).toMatch(/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u);
        expect(address.value.isWellFormed()).toBe(true);
        expect(EmailAddress.parse(address.normalized)?.normalized).toBe(address.normalized);
      }),
    );
  });
});
