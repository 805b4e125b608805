import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isOrcid } from '../../src/enrollment/sources/adapters/orcid-id.js';

/** The check digit by the definition of ISO 7064 MOD 11-2: the weighted sum of all characters is 1 modulo 11. */
function satisfies(orcid: string): boolean {
  const values = [...orcid.replaceAll('-', '')].map((sign) => (sign === 'X' ? 10n : BigInt(sign)));
  return values.reduce((sum, value, index) => sum + value * 2n ** BigInt(values.length - 1 - index), 0n) % 11n === 1n;
}

const grouped = (digits: string) => digits.match(/.{4}/g)!.join('-');
const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`));
const last = '0123456789X';

describe('ORCID iDs', () => {
  it.each(['0000-0002-1825-0097', '0000-0001-5109-3700', '0000-0002-1694-233X', '0000-0003-1415-9269'])(
    '%s is one',
    (id) => expect(isOrcid(id)).toBe(true),
  );

  it.each([
    ...['0000-0002-1825-0098', '0000-0002-1825-009X', '0000-0002-1694-233x', '0000-0002-1694-2330'],
    ...['0000000218250097', '0000-0002-1825-0097 ', '0000-0002-1825-009', '', '0000-000X-1825-0097'],
    ...['https://orcid.org/0000-0002-1825-0097', '٠٠٠٠-0002-1825-0097', '0000-0002-1825-0097\n'],
  ])('%j is none', (text) => expect(isOrcid(text)).toBe(false));

  it('have the one check digit of ISO 7064, and no other', () => {
    fc.assert(
      fc.property(digits(15), (start) => {
        const good = [...last].filter((sign) => isOrcid(grouped(start + sign)));
        expect(good).toHaveLength(1);
        expect(satisfies(start + good[0]!)).toBe(true);
      }),
    );
  });

  it('are told from those with one wrong digit, or two that changed places', () => {
    fc.assert(
      fc.property(digits(15), fc.nat(14), fc.nat(13), fc.integer({ min: 1, max: 9 }), (start, at, swapped, by) => {
        const good = [...last].map((sign) => start + sign).find((one) => isOrcid(grouped(one)))!;
        const wrong = good.slice(0, at) + ((Number(good[at]) + by) % 10) + good.slice(at + 1);
        expect(isOrcid(grouped(wrong))).toBe(false);
        fc.pre(good[swapped] !== good[swapped + 1]);
        const turned = good.slice(0, swapped) + good[swapped + 1]! + good[swapped]! + good.slice(swapped + 2);
        expect(isOrcid(grouped(turned))).toBe(false);
      }),
    );
  });
});
