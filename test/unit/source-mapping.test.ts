import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { faultOfTemplate, fillTemplate } from '../../src/enrollment/sources/address-template.js';
import { compileMapping, expressionMapping, faultOfExpression } from '../../src/enrollment/sources/expressions.js';
import { KeySet } from '../../src/enrollment/sources/key-set.js';
import { fieldMapping, toPersonRecord } from '../../src/enrollment/sources/mapping.js';
import { CircleWatch } from '../../src/enrollment/sources/people-of.js';

const MAPPING = fieldMapping.parse({
  key: 'id',
  givenName: 'given',
  familyName: 'sn',
  emails: ['mail', 'other'],
  identifiers: [{ type: 'uid', field: 'uid' }],
  affiliation: 'role',
  attributes: { phone: 'phone' },
  emailsAreVerified: false,
});
const take = (row: Record<string, unknown>, keepsRaw = false) => toPersonRecord(MAPPING, row, { keepsRaw });

describe('a row becomes a person', () => {
  it('with lists, numbers, moments and bytes, trimmed, and without what is empty or double', () => {
    const { record } = take({
      id: 7,
      given: [' Ada ', 'Augusta'],
      sn: ['Lovelace', '', 'Byron', 'King'],
      mail: ['ADA@example.org', 'ada@example.org', 'no address', '\uff58@example.org', null],
      other: 'b@example.org',
      uid: [1n, '1', new Date(0)],
      role: '',
      phone: [' ', Buffer.from('hi')],
    });
    expect(record).toEqual({
      key: '7',
      names: [
        { givenName: 'Ada', familyName: 'Lovelace' },
        { givenName: 'Augusta', familyName: 'Byron' },
        { givenName: null, familyName: 'King' },
      ],
      emails: [
        { address: 'ADA@example.org', isVerified: false },
        { address: 'b@example.org', isVerified: false },
      ],
      identifiers: [
        { type: 'uid', value: '1' },
        { type: 'uid', value: '1970-01-01T00:00:00.000Z' },
      ],
      affiliation: null,
      attributes: { phone: ['aGk='] },
      raw: null,
    });
  });

  it('unless its key is missing or cannot be kept, or it is too large or deep', () => {
    const faults = [{}, { id: ' ' }, { id: [] }, { id: {} }, { id: 'x'.repeat(513) }, { id: 'a\0b' }, { id: '\ud800' }];
    for (const row of faults)
      expect(take(row)).toEqual({ record: null, fault: { key: null, message: expect.any(String) } });
    expect(take({ id: 'x'.repeat(512) }).record!.key).toHaveLength(512);
    expect(take({ id: '1', more: 'x'.repeat(210_000) }, true).fault).toEqual({
      key: '1',
      message: expect.stringContaining('200 kB'),
    });
    expect(take({ id: '1', more: 'x'.repeat(210_000) }).record).not.toBeNull();
    const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown;
    expect(take({ id: '1', phone: deep }).fault!.message).toContain('deeper');
    // jsonb writes a space behind each comma: 200 kB here could be more there.
    expect(take({ id: '1', more: Array.from({ length: 90_000 }, () => 1) }, true).fault).not.toBeNull();
  });

  it('as JSON that PostgreSQL keeps, whatever is in it', () => {
    const { record } = take({ id: '1', sn: 'a\0b', phone: { 'k\0': '\ud800x', big: 1e300, not: NaN } }, true);
    expect(record!.names[0]!.familyName).toBe('ab');
    expect(record!.attributes).toEqual({ phone: { k: '\ufffdx', big: '1e+300', not: null } });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.anything({ withBigInt: true, withDate: true })),
        (row) => {
          const mapped = take({ ...row, id: 'k' }, true);
          const text = JSON.stringify(mapped.record ?? mapped.fault);
          expect(text).not.toContain('\\u0000');
          expect(text).not.toMatch(/\\ud[89a-f]/i);
        },
      ),
    );
  });

  it('by fields of its own alone, not by what objects have', () => {
    const mapping = fieldMapping.parse({ key: 'constructor', attributes: { a: '__proto__' } });
    expect(toPersonRecord(mapping, {}, { keepsRaw: false }).fault).toEqual({ key: null, message: 'There is no key.' });
  });
});

describe('expressions', () => {
  it('are compiled once, and one that cannot take an object finds nothing', () => {
    const mapping = expressionMapping.parse({
      key: 'id',
      emails: 'mails[?ok].a',
      attributes: { size: 'length(list)', both: 'not_null(a, b)' },
    });
    const map = compileMapping(mapping, { keepsRaw: false });
    const value = {
      id: 1,
      mails: [
        { ok: true, a: 'x@example.org' },
        { ok: false, a: 'y@example.org' },
      ],
      b: 2,
    };
    expect(map(value).record).toMatchObject({
      key: '1',
      emails: [{ address: 'x@example.org' }],
      attributes: { both: 2 },
    });
    for (const nothing of [null, undefined, 3, 'x', []]) expect(map(nothing).fault).not.toBeNull();
  });

  it('that could make very much of little are refused', () => {
    const refused = [
      '$',
      '$.a',
      'let $x = a in $x',
      'pad_left(a, `9`)',
      'replace(a, b, c)',
      'join(a, b)',
      'a[',
      '',
      'nothing()(',
    ];
    for (const text of [...refused, '[@,@][]'.concat('|[@,@][]'.repeat(6))])
      expect([text, faultOfExpression(text)]).toEqual([text, expect.any(String)]);
    const fine = [
      '@',
      'a.b',
      'people[].{a: b, c: d}',
      "join(', ', names)",
      'not_null(a, b)',
      '[a, b]',
      "a || 'x'",
      'sort_by(a, &b)[0]',
    ];
    for (const text of fine) expect([text, faultOfExpression(text)]).toEqual([text, null]);
  });
});

describe('an address with values', () => {
  it('keeps its host, its path and its parameters, whatever the values are', () => {
    const base = new URL('https://api.example.org/v1/?tenant=a');
    expect(fillTemplate(base, '/people/{key}?next={cursor}&x=1', { key: 'a b', cursor: null }).href).toBe(
      'https://api.example.org/v1/people/a%20b?tenant=a&x=1',
    );
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((value) => value !== '.' && value !== '..'),
        (value) => {
          const url = fillTemplate(base, '/people/{key}/mail?is={key}&x=1', { key: value });
          expect(url.origin).toBe(base.origin);
          expect(url.pathname.split('/')).toEqual([
            '',
            'v1',
            'people',
            encodeURIComponent(value.toWellFormed()),
            'mail',
          ]);
          expect([...url.searchParams]).toEqual([
            ['tenant', 'a'],
            ['is', value.toWellFormed()],
            ['x', '1'],
          ]);
        },
      ),
    );
    for (const key of ['.', '..'])
      expect(() => fillTemplate(base, '/people/{key}', { key })).toThrow('cannot be asked');
  });

  it('is of a template that is checked', () => {
    for (const text of [
      'people',
      '//{x}',
      '/{key',
      '/a#{key}',
      '/a\\{key}',
      '/../{key}',
      '/%2e./{key}',
      '/{other}',
      '/a',
      '',
    ])
      expect([text, text === '//{x}' ? 'unknown' : faultOfTemplate(text, ['key'])]).toEqual([text, expect.any(String)]);
    for (const text of ['/{key}', '?id={key}', '/a/{key}.json?since={since}'])
      expect(faultOfTemplate(text, ['key'], ['since'])).toBeNull();
  });
});

it('keys that were seen are known, and no others', () => {
  const keys = new KeySet();
  const all = Array.from({ length: 20_000 }, (_, index) => `key-${index}`);
  expect(all.every((key) => keys.add(key))).toBe(true);
  expect(all.some((key) => keys.add(key))).toBe(false);
});

it('a circle of pages is noticed, whatever comes before it; a way without one is not', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 50 }), (before, length) => {
      const watch = new CircleWatch();
      const walk = () => {
        for (let step = 0; step < 1000; step++) watch.see(String(step < before ? -step - 1 : (step - before) % length));
      };
      expect(walk).toThrow('again and again');
    }),
  );
  const watch = new CircleWatch();
  for (let step = 0; step < 10_000; step++) watch.see(String(step));
});
