import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyValues } from '../../src/enrollment/attributes/copy-values.js';
import { formOf, showValues } from '../../src/enrollment/attributes/form.js';
import { readValues } from '../../src/enrollment/attributes/read-values.js';
import {
  AttributeDefaultSource,
  AttributeTarget,
  AttributeType,
  AttributeVisibility,
  Enablement,
} from '../../src/entities/enums.js';
import type { AttributeDefinition } from '../../src/entities/flow-settings.js';
import { FILE, makeDefinition } from '../support/attributes.js';

const { TEXT, NUMBER, DATE, CHOICE, EMAIL, IDENTIFIER, ADDRESS } = AttributeType;
const { REQUIRED, NOT_PERMITTED } = Enablement;
const ACCOUNT = { email: 'Ada@Example.org', givenName: 'Ada', familyName: 'Lovelace' };

type Given = Partial<AttributeDefinition>;
const read = (given: unknown, ...definitions: Given[]) =>
  readValues(
    definitions.map((definition) => makeDefinition(definition)),
    given,
    ACCOUNT,
  );
/** The value of one attribute, or the code and path of each fault. */
const readOne = (definition: Given, value: unknown) => {
  const { values, faults } = read({ note: value }, definition);
  return faults.length ? faults.map(({ code, field }) => [code, ...field!.slice(2)].join(' ')) : values.note;
};

it('[ENR-14] every fault is told of at once, each with its place', () => {
  const { faults } = read(
    {
      age: 7,
      color: 'blue',
      mail: 'nowhere',
      born: '2023-02-29',
      home: { locality: '', country: 'XX', planet: 'Earth' },
      paper: { ...FILE, url: 'http://example.org/a', size: -1 },
      secret: 'x',
      toString: 'x',
      more: 1,
    },
    { key: 'name', enablement: REQUIRED },
    { key: 'age', type: NUMBER, minimum: 18 },
    { key: 'color', type: CHOICE },
    { key: 'mail', type: EMAIL },
    { key: 'born', type: DATE },
    { key: 'home', type: ADDRESS },
    { key: 'paper', type: AttributeType.FILE },
    { key: 'secret', enablement: NOT_PERMITTED },
  );
  const told = faults.map(({ code, field }) => `${code} ${field!.join('.')}`);
  expect(told.sort()).toEqual([
    'INVALID attributes.age',
    'INVALID attributes.born',
    'INVALID attributes.color',
    'INVALID attributes.home.country',
    'INVALID attributes.home.planet',
    'INVALID attributes.mail',
    'INVALID attributes.more',
    'INVALID attributes.paper.size',
    'INVALID attributes.paper.url',
    'INVALID attributes.secret',
    'INVALID attributes.toString',
    'REQUIRED attributes.home.locality',
    'REQUIRED attributes.name',
  ]);
});

describe('[ENR-14] each type takes its values in one form', () => {
  const day = { type: DATE, minimum: '1900-01-01', maximum: '2026-12-31' };
  const several = { type: CHOICE, isMultiple: true };
  const code = { type: IDENTIFIER, pattern: '[A-Z]\\d{3}' };
  it.each<[string, Given, unknown, unknown]>([
    ['text is trimmed and composed', {}, '  Cafe\u0301\r\nnoir ', 'Café\nnoir'],
    ['text has lines and tabs', {}, 'a\n\tb', 'a\n\tb'],
    ['text has no other control characters', {}, 'a\u0007b', ['INVALID']],
    ['text is well-formed', {}, 'a\ud800b', ['INVALID']],
    ['text is no number', {}, 5, ['INVALID']],
    ['text has its bounds in characters', { minimum: 2, maximum: 3 }, '😀😀😀', '😀😀😀'],
    ['text is not too short', { minimum: 2 }, 'a', ['INVALID']],
    ['text is not too long', { maximum: 3 }, 'abcd', ['TOO_LONG']],
    ['text without bounds has 2,000', {}, 'x'.repeat(2001), ['TOO_LONG']],
    ['text may be far too long, and all is then', {}, 'x'.repeat(5_000_000), ['TOO_LONG', 'TOO_LONG']],
    ['a name is one line', { target: AttributeTarget.USER_GIVEN_NAME }, 'a\nb', ['INVALID']],
    ['a name has 256', { target: AttributeTarget.USER_GIVEN_NAME }, 'x'.repeat(257), ['TOO_LONG']],
    ['a pattern matches the whole', { pattern: 'a+|b' }, 'ab', ['INVALID']],
    ['a pattern is matched in linear time', { pattern: '(a+)+b' }, 'a'.repeat(2000), ['INVALID']],
    ['a number', { type: NUMBER }, -1.5, -1.5],
    ['nought has no sign', { type: NUMBER }, -0, 0],
    ['a number that was not kept', { type: NUMBER }, 2 ** 53, ['INVALID']],
    ['a number that is written otherwise', { type: NUMBER }, 1e-7, ['INVALID']],
    ['text is not a number', { type: NUMBER }, '5', ['INVALID']],
    ['a number at its bound', { type: NUMBER, maximum: 5 }, 5, 5],
    ['a number over it', { type: NUMBER, maximum: 5 }, 5.1, ['INVALID']],
    ['a date', day, ' 2024-02-29 ', '2024-02-29'],
    ['a date that is none', day, '2023-02-29', ['INVALID']],
    ['a date of no month', day, '2023-13-01', ['INVALID']],
    ['a time is no date', day, '2023-01-01T00:00:00Z', ['INVALID']],
    ['a date before its bound', day, '1899-12-31', ['INVALID']],
    ['the year nought', { type: DATE }, '0000-01-01', ['INVALID']],
    ['an early date', { type: DATE }, '0001-01-01', '0001-01-01'],
    ['a choice', { type: CHOICE }, 'red', 'red'],
    ['a choice is no list', { type: CHOICE }, ['red'], ['INVALID']],
    ['choices are in their order', several, ['green', 'red'], ['red', 'green']],
    ['choices are not chosen twice', several, ['red', 'red'], ['INVALID 1']],
    ['choices are each of the list', several, ['blue', ''], ['INVALID 0', 'INVALID 1']],
    ['choices are as many as there are', several, Array(1e5).fill('red'), ['INVALID']],
    ['no choices are nothing', several, [], undefined],
    ['an address of mail in small letters', { type: EMAIL }, ' Ada@Example.ORG ', 'ada@example.org'],
    ['one that grows in small letters', { type: EMAIL }, `${'İ'.repeat(130)}@a.fr`, ['INVALID']],
    ['an identifier', code, ' A123 ', 'A123'],
    ['an identifier of another form', code, 'a123', ['INVALID']],
    ['an identifier with a space', { type: IDENTIFIER }, 'A 1', ['INVALID']],
    ['an identifier with what is invisible', { type: IDENTIFIER }, 'A\u200b1', ['INVALID']],
    [
      'an address, its parts in order',
      { type: ADDRESS },
      { country: 'fr', locality: ' Paris', street: '20 avenue\nde Ségur', region: null },
      { street: '20 avenue\nde Ségur', locality: 'Paris', country: 'FR' },
    ],
    ['an empty address is nothing', { type: ADDRESS }, { street: ' ', country: null }, undefined],
    ['an address without its place', { type: ADDRESS }, { street: 'x' }, ['REQUIRED locality', 'REQUIRED country']],
    ['an address is no list', { type: ADDRESS }, [], ['INVALID']],
    ['a file', { type: AttributeType.FILE }, { ...FILE, sha256: 'AB'.repeat(32) }, FILE],
    ['a file of its types', { type: AttributeType.FILE, mediaTypes: ['application/*'] }, FILE, FILE],
    ['a file of others', { type: AttributeType.FILE, mediaTypes: ['image/png'] }, FILE, ['INVALID mediaType']],
    ['a file with content', { type: AttributeType.FILE }, { ...FILE, content: 'AAAA' }, ['INVALID content']],
    ['a file in a folder', { type: AttributeType.FILE }, { ...FILE, name: '../a' }, ['INVALID name']],
    ['a file with a password', { type: AttributeType.FILE }, { ...FILE, url: 'https://a:b@c.fr/' }, ['INVALID url']],
    ['a file in itself', { type: AttributeType.FILE }, { ...FILE, url: 'data:text/plain,a' }, ['INVALID url']],
    [
      'half a file',
      { type: AttributeType.FILE },
      { ...FILE, sha256: '', size: null },
      ['REQUIRED size', 'REQUIRED sha256'],
    ],
  ])('%s', (_, definition, given, expected) => {
    expect(readOne(definition, given)).toEqual(expected);
  });
});

describe('defaults', () => {
  const source = { defaultSource: AttributeDefaultSource.GIVEN_NAME };

  it('fill what is left out, and not what is cleared', () => {
    const definition = { defaultValue: ' x ' };
    expect(read({}, definition).values).toEqual({ note: 'x' });
    expect(read({ note: null }, definition).values).toEqual({});
    expect(read({ note: ' ' }, definition).values).toEqual({});
    expect(readOne({ ...definition, enablement: REQUIRED }, '')).toEqual(['REQUIRED']);
  });

  it('come from the account first, unless the flow ignores it', () => {
    const definitions = [makeDefinition({ ...source, defaultValue: 'x' })];
    expect(readValues(definitions, {}, ACCOUNT).values).toEqual({ note: 'Ada' });
    expect(readValues(definitions, {}, ACCOUNT, { ignoresAccountDefaults: true }).values).toEqual({ note: 'x' });
    expect(readValues(definitions, {}, null).values).toEqual({ note: 'x' });
  });

  it('that the definition refuses are passed over', () => {
    expect(read({}, { ...source, maximum: 2, enablement: REQUIRED }).faults).toMatchObject([{ code: 'REQUIRED' }]);
  });

  it.each([{ isEditable: false }, { isHidden: true }])('cannot be changed where %j', (fixed) => {
    const definition = { ...source, ...fixed };
    expect(read({}, definition).values).toEqual({ note: 'Ada' });
    expect(read({ note: '' }, definition).values).toEqual({ note: 'Ada' });
    expect(readOne(definition, ' Ada ')).toBe('Ada');
    const { faults } = read({ note: 'Eve' }, definition);
    expect(faults).toMatchObject([{ code: 'INVALID', field: ['attributes', 'note'] }]);
    expect(JSON.stringify(faults)).not.toContain('Ada');
  });

  it('of nobody are none: what cannot be edited is then missing', () => {
    const definition = makeDefinition({ ...source, isEditable: false, enablement: REQUIRED });
    expect(readValues([definition], { note: 'Ada' }, null).faults).toHaveLength(1);
  });

  it('are not of what is not permitted', () => {
    expect(read({}, { enablement: NOT_PERMITTED, defaultValue: 'x' })).toEqual({ values: {}, faults: [] });
  });
});

describe('what is given may be anything', () => {
  it.each([[[]], ['text'], [1], [true]])('%j is no object', (given) => {
    expect(read(given, {}).faults).toMatchObject([{ code: 'INVALID', field: ['attributes'] }]);
  });

  it('names of prototypes are names', () => {
    const given: unknown = JSON.parse('{"__proto__":{"note":"x"},"constructor":1,"note":"y"}');
    const { values, faults } = read(given, {});
    expect(values).toEqual({ note: 'y' });
    expect(faults.map(({ field }) => field![1])).toEqual(['__proto__', 'constructor']);
    expect(read({}, { key: 'constructor', enablement: REQUIRED }).faults).toMatchObject([{ code: 'REQUIRED' }]);
    expect(({} as { note?: string }).note).toBeUndefined();
  });

  it('depth and number do no harm', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 200_000; level++) deep = { street: deep };
    expect(readOne({ type: ADDRESS }, deep)).toContain('INVALID street');
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, 1]));
    expect(read(many, {}).faults).toHaveLength(21);
    expect(read({ ['x'.repeat(1e6)]: 1 }, {}).faults[0]!.field![1]).toHaveLength(64);
  });

  it('all together is bounded', () => {
    const definitions = Array.from({ length: 8 }, (_, index) => ({ key: `a${index}`, maximum: 10_000 }));
    const given = (letter: string) =>
      Object.fromEntries(definitions.map(({ key }, index) => [key, letter.repeat(index < 6 ? 10_000 : 2_000)]));
    expect(read(given('x'), ...definitions).faults).toEqual([]);
    expect(read(given('é'), ...definitions).faults).toMatchObject([{ code: 'TOO_LONG', field: ['attributes'] }]);
  });
});

describe('the form', () => {
  const definitions = [
    makeDefinition({ key: 'mail', type: EMAIL, defaultSource: AttributeDefaultSource.EMAIL }),
    makeDefinition({ key: 'hidden', isHidden: true, defaultValue: 'x', visibility: AttributeVisibility.APPROVERS }),
    makeDefinition({ key: 'no', enablement: NOT_PERMITTED }),
    makeDefinition({ key: 'fixed', isEditable: false, defaultValue: 'x', visibility: AttributeVisibility.APPROVERS }),
    makeDefinition({ key: 'reason', visibility: AttributeVisibility.APPROVERS }),
  ];

  it('asks for what may be given, with what it begins with', () => {
    expect(formOf(definitions, ACCOUNT).map(({ definition, defaultValue }) => [definition.key, defaultValue])).toEqual([
      ['mail', 'ada@example.org'],
      ['reason', null],
    ]);
  });

  it('and values are shown to whom they are for', () => {
    const { values } = readValues(definitions, { reason: 'because' }, ACCOUNT);
    const keys = (audience: 'PARTIES' | 'APPROVERS') =>
      showValues(definitions, { ...values, stray: 1 }, audience).map(({ key }) => key);
    expect(keys('PARTIES')).toEqual(['mail']);
    expect(keys('APPROVERS')).toEqual(['mail', 'hidden', 'fixed', 'reason']);
  });
});

describe('values are copied', () => {
  const target = (key: string, to: AttributeTarget, targetName: string | null = null, type = TEXT) =>
    makeDefinition({ key, target: to, targetName, type });
  const definitions = [
    target('mail', AttributeTarget.USER_EMAIL, null, EMAIL),
    target('first', AttributeTarget.USER_GIVEN_NAME),
    target('last', AttributeTarget.USER_FAMILY_NAME),
    target('shoe', AttributeTarget.USER_ATTRIBUTE, 'shoeSize'),
    target('desk', AttributeTarget.MEMBERSHIP_ATTRIBUTE),
    target('orcid', AttributeTarget.USER_IDENTIFIER, 'ORCID', IDENTIFIER),
    target('stays', AttributeTarget.NONE),
  ];

  it('each to its place', () => {
    const values = Object.fromEntries(definitions.map(({ key }) => [key, `${key}@x`]));
    expect(copyValues(definitions, values)).toEqual({
      user: { email: 'mail@x', givenName: 'first@x', familyName: 'last@x', attributes: { shoeSize: 'shoe@x' } },
      identifiers: [{ type: 'ORCID', value: 'orcid@x', key: 'orcid' }],
      membership: { desk: 'desk@x' },
    });
    expect(copyValues(definitions, {})).toEqual({ user: { attributes: {} }, identifiers: [], membership: {} });
  });
});

describe('whatever is given', () => {
  const bounds = fc.record({ minimum: fc.constantFrom(null, 1), maximum: fc.constantFrom(null, 5, 10_000) });
  const definition = fc
    .record({
      type: fc.constantFrom(...Object.values(AttributeType)),
      enablement: fc.constantFrom(REQUIRED, Enablement.OPTIONAL, Enablement.OPTIONAL, NOT_PERMITTED),
      target: fc.constantFrom(AttributeTarget.NONE, AttributeTarget.USER_GIVEN_NAME),
      isEditable: fc.constantFrom(true, true, true, false),
      isHidden: fc.constantFrom(true, false, false, false),
      isMultiple: fc.boolean(),
      pattern: fc.constantFrom(null, '.*', '\\d+'),
      defaultValue: fc.constantFrom<unknown>(null, 'red', ['red'], 3, '2024-01-01', 'a@b.fr', FILE),
      defaultSource: fc.constantFrom(null, AttributeDefaultSource.EMAIL),
      bounds,
    })
    .map(({ bounds: limits, ...rest }) => {
      const { type } = rest;
      const isBounded = type === TEXT || type === NUMBER;
      const isDate = type === DATE;
      return { ...rest, ...(isBounded ? limits : {}), ...(isDate ? { minimum: '1000-01-01' } : {}) };
    });
  const definitions = fc
    .array(definition, { maxLength: 4 })
    .map((list) =>
      list.map((item, index) => makeDefinition({ ...item, key: ['note', 'toString', 'a1', 'b', 'c', 'd'][index]! })),
    );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom(
      'red',
      '2024-02-29',
      'Ada@b.fr',
      'ΑΣ@Ο.gr',
      'x'.repeat(9000),
      'é'.repeat(9000),
      '\u2000a',
      'FR',
      'fr',
    ),
  );
  const file = fc.record({
    ...Object.fromEntries(
      Object.entries(FILE).map(([part, value]) => [part, fc.oneof(fc.constant(value), text, fc.webUrl())]),
    ),
  });
  const address = fc.record(
    { street: text, locality: text, country: fc.constantFrom('FR', 'de', 'ZZ') },
    { requiredKeys: [] },
  );
  /** Often of the type, and never surely of its rules. */
  const fitting: Record<AttributeType, fc.Arbitrary<unknown>> = {
    TEXT: text,
    IDENTIFIER: text,
    EMAIL: fc.oneof(fc.emailAddress(), text),
    NUMBER: fc.oneof(fc.integer({ min: -1, max: 6 }), fc.double()),
    DATE: fc.constantFrom('2024-02-29', ' 1999-12-31', '2023-02-30'),
    CHOICE: fc.oneof(
      fc.constantFrom('red', 'blue'),
      fc.array(fc.constantFrom('red', 'green', 'blue'), { maxLength: 3 }),
    ),
    ADDRESS: address,
    FILE: fc.oneof(fc.constant(FILE), file),
  };
  const givenFor = (list: AttributeDefinition[]) =>
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record(
          Object.fromEntries(
            list.map(({ key, type }) => [
              key,
              fc.oneof({ weight: 8, arbitrary: fitting[type] }, fc.constantFrom(null, ''), fc.jsonValue()),
            ]),
          ),
          { requiredKeys: [] },
        ),
      },
      fc.dictionary(fc.constantFrom('note', 'toString', '__proto__', 'z'), fc.jsonValue()),
      fc.jsonValue(),
    );
  const cases = definitions.chain((list) => fc.tuple(fc.constant(list), givenFor(list)));

  it('nothing is thrown, and what is accepted is bounded and accepted again as it is', () => {
    let accepted = 0;
    fc.assert(
      fc.property(cases, fc.constantFrom(null, ACCOUNT), ([list, object], account) => {
        const { values, faults } = readValues(list, object, account);
        if (faults.length) return;
        accepted++;
        const stored = JSON.parse(JSON.stringify(values)) as typeof values;
        // A complete form: what has no value was cleared.
        const form = { ...Object.fromEntries(list.map(({ key }) => [key, null])), ...stored };
        expect(readValues(list, form, account)).toEqual({ values: stored, faults: [] });
        expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThanOrEqual(65_536);
        for (const { key, enablement } of list) {
          if (enablement === REQUIRED) expect(Object.hasOwn(values, key)).toBe(true);
          if (enablement === NOT_PERMITTED) expect(Object.hasOwn(values, key)).toBe(false);
        }
        copyValues(list, values);
        formOf(list, account);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});
