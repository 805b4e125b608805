import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_PAGE, safeReturnTo } from '../../src/return-to.js';

describe('safeReturnTo', () => {
  it.each(['https://evil', '//evil', '/\\evil', '/%09/evil', 'javascript:'])(
    '[SSO-45] sends %s to the default page',
    (path) => {
      expect(safeReturnTo(path)).toBe(DEFAULT_PAGE);
    },
  );

  it.each([
    'https://evil.example/organizations',
    'https:evil.example',
    'http:/evil.example',
    'javascript:alert(1)',
    '/%2Fevil.example',
    '/%2f%2fevil.example',
    '/%5Cevil.example',
    '/%09/evil.example',
    '/%0a/evil.example',
    '/%0D%0ALocation:%20https://evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/ /evil.example',
    '\\\\evil.example',
    '/organizations\\..\\..',
    '///evil.example',
    '////evil.example',
    '/\u0000//evil.example',
    '/\u2028//evil.example',
    'organizations',
    '?tab=members',
    '#top',
    '',
    '/%',
    '/%E0%A4%A',
    `/${'a'.repeat(2048)}`,
  ])('[SSO-45] sends %j to the default page', (path) => {
    expect(safeReturnTo(path)).toBe(DEFAULT_PAGE);
  });

  it.each([[undefined], [null], [42], [['/organizations']], [{ toString: () => '/organizations' }]])(
    'sends what is not text to the default page: %p',
    (path) => {
      expect(safeReturnTo(path)).toBe(DEFAULT_PAGE);
    },
  );

  it.each([
    '/',
    '/organizations',
    '/organizations/0193?tab=members&first=20#names',
    '/search?q=caf%C3%A9',
    '/complete/',
    '/a//b',
    '/login?next=https%3A%2F%2Fexample.org',
  ])('keeps %s', (path) => {
    expect(safeReturnTo(path)).toBe(path);
  });

  const piece = fc.constantFrom(
    ...[
      '/',
      '\\',
      '//',
      '.',
      '..',
      '%2f',
      '%5c',
      '%09',
      '%0a',
      '%0d',
      '%00',
      '%25',
      '\t',
      '\n',
      '\r',
      ' ',
      '\u0000',
      '\u2028',
      '@',
      ':',
      'https:',
      'javascript:',
      'evil.example',
      '?',
      '#',
      '；',
      '／',
      '⧸',
      '％２ｆ',
      'ü',
      '\ud800',
      ';',
      '&',
    ],
  );
  const path = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`),
    fc.string({ unit: 'binary' }).map((text) => `/${text}`),
    fc.webUrl(),
    fc.anything(),
  );

  it('[SSO-45] gives, whatever it is given, a path that a browser resolves to the same origin', () => {
    fc.assert(
      fc.property(
        path,
        fc.constantFrom('https://own.example/', 'https://own.example/auth/callback?code=1'),
        (given, page) => {
          const result = safeReturnTo(given);
          expect(result).toMatch(/^\/(?![/\\])/);
          expect(new URL(result, page).origin).toBe('https://own.example');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('[SSO-45] gives a path that stays on the same origin when a proxy decodes it once', () => {
    fc.assert(
      fc.property(path, (given) => {
        const decoded = decodeURIComponent(safeReturnTo(given));
        expect(new URL(decoded, 'https://own.example/').origin).toBe('https://own.example');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['/organizations/日本', '/search?q=œuvre', '/\ud800'])(
    'gives for %j what a Location header can carry',
    (given) => {
      expect(() => validateHeaderValue('location', safeReturnTo(given))).not.toThrow();
    },
  );

  it('does not make another site of a path by resolving its dots', () => {
    for (const given of ['/.//evil.example', '/a/..//evil.example', '/%2e//evil.example', '/./\t/evil.example']) {
      expect(safeReturnTo(given)).not.toMatch(/^\/[/\\]/);
    }
  });

  it('gives, whatever it is given, what a Location header can carry', () => {
    fc.assert(
      fc.property(path, (given) => validateHeaderValue('location', safeReturnTo(given))),
      { numRuns: 2_000 },
    );
  });
});
