import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Siret } from '../../src/entities/siret.js';
import { siretOf } from '../support/sirets.js';

describe('Siret.parse', () => {
  it.each([
    ['13002526500013', 'DINUM'],
    ['11002001300097', 'a ministry'],
    ['00000000000000', 'leading zeros, kept as text'],
  ])('accepts %s (%s)', (text) => {
    expect(Siret.parse(text)?.value).toBe(text);
  });

  it.each([
    ['35600000000048', 'the head office of La Poste: Luhn'],
    ['35600000049837', 'a post office: the sum of the digits'],
  ])('[SSO-22] accepts %s (%s)', (text) => {
    expect(Siret.parse(text)?.value).toBe(text);
  });

  it.each([
    ['130 025 265 00013', 'as people write it'],
    ['  13002526500013\n', 'with space around it'],
    ['1 3 0 0 2 5 2 6 5 0 0 0 1 3', 'with a space after every digit'],
    ['130\u00a0025\u202f265\t00013', 'with the spaces of French typography'],
  ])('[SSO-23] reads %j as the same SIRET as without white space (%s)', (text) => {
    expect(Siret.parse(text)?.value).toBe('13002526500013');
  });

  it('[SSO-21] refuses 12345678901234, whose sum is wrong', () => {
    expect(Siret.parse('12345678901234')).toBeNull();
  });

  it.each([
    ['35600000000049', 'neither rule of La Poste holds'],
    ['1300252650001', '13 digits'],
    ['130025265000130', '15 digits'],
    ['1300252650001A', 'a letter'],
    ['130-025-265-00013', 'hyphens are not white space'],
    ['+13002526500013', 'a sign'],
    ['١٣٠٠٢٥٢٦٥٠٠٠١٣', 'Arabic-Indic digits'],
    ['１３００２５２６５０００１３', 'full-width digits'],
    ['', 'nothing'],
    ['   ', 'white space alone'],
  ])('refuses %j (%s)', (text) => {
    expect(Siret.parse(text)).toBeNull();
  });

  it.each([[13002526500013], [null], [undefined], [['13002526500013']], [{ value: '13002526500013' }], [true]])(
    'refuses what is not text: %j',
    (input) => {
      expect(Siret.parse(input)).toBeNull();
    },
  );

  it('lets no single wrong digit pass', () => {
    const fault = fc.record({
      serial: fc
        .integer({ min: 0, max: 9_999_999_999_999 })
        .filter((serial) => !siretOf(serial).startsWith('356000000')),
      at: fc.integer({ min: 0, max: 13 }),
      by: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fault, ({ serial, at, by }) => {
        const digits = [...siretOf(serial)];
        expect(Siret.parse(digits.join(''))?.value).toBe(digits.join(''));
        digits[at] = String((Number(digits[at]) + by) % 10);
        fc.pre(!digits.join('').startsWith('356000000'));
        expect(Siret.parse(digits.join(''))).toBeNull();
      }),
    );
  });

  it('never throws, and what it gives is 14 ASCII digits', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        expect(Siret.parse(input)?.value ?? '00000000000000').toMatch(/^[0-9]{14}$/);
      }),
    );
  });
});

describe('a Siret', () => {
  it('knows its company and its establishment', () => {
    const siret = Siret.parse('130 025 265 00013')!;
    expect([siret.siren, siret.nic, String(siret)]).toEqual(['130025265', '00013', '13002526500013']);
  });
});
