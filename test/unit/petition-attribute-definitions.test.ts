import { describe, expect, it } from '@jest/globals';
import { checkDefinitions } from '../../src/enrollment/attributes/check-definitions.js';
import {
  checkIdentifierFormat,
  parseIdentifierFormat,
  writeIdentifier,
} from '../../src/enrollment/identifiers/format.js';
import { AttributeDefaultSource, AttributeTarget, AttributeType, Enablement } from '../../src/entities/enums.js';
import type { AttributeDefinition } from '../../src/entities/flow-settings.js';
import { FILE, makeDefinition } from '../support/attributes.js';

const { NUMBER, DATE, CHOICE, EMAIL, IDENTIFIER, ADDRESS } = AttributeType;
const { REQUIRED, NOT_PERMITTED } = Enablement;
const { USER_EMAIL, USER_GIVEN_NAME, USER_ATTRIBUTE, USER_IDENTIFIER, MEMBERSHIP_ATTRIBUTE } = AttributeTarget;

type Given = Partial<AttributeDefinition>;
/** The code and place of each fault. */
const check = (...definitions: Given[]) =>
  checkDefinitions(
    definitions.map((definition) => makeDefinition(definition)),
    'settings',
    'attributes',
  ).map(({ code, field }) => [code, ...field!.slice(2)].join(' '));

it('definitions of each type are fine', () => {
  expect(
    check(
      { key: 'a', minimum: 1, maximum: 10_000, pattern: '[a-z]+' },
      { key: 'b', type: NUMBER, minimum: -1.5, maximum: 5, defaultValue: 0 },
      { key: 'c', type: DATE, minimum: '2000-01-01', defaultValue: '2000-01-01', target: USER_ATTRIBUTE },
      { key: 'd', type: CHOICE, isMultiple: true, defaultValue: ['red'], target: MEMBERSHIP_ATTRIBUTE },
      { key: 'e', type: EMAIL, target: USER_EMAIL, defaultSource: AttributeDefaultSource.EMAIL, isEditable: false },
      { key: 'f', type: IDENTIFIER, target: USER_IDENTIFIER, targetName: 'ORCID', pattern: '\\d{4}(-\\d{4}){3}' },
      { key: 'g', type: IDENTIFIER, target: USER_IDENTIFIER, targetName: 'ORCID' },
      { key: 'h', type: ADDRESS, defaultValue: { locality: 'Paris', country: 'FR' } },
      { key: 'i', type: AttributeType.FILE, mediaTypes: ['application/pdf', 'image/*'], defaultValue: FILE },
      { key: 'j', target: USER_GIVEN_NAME, description: 'Two\nlines.' },
      { key: 'k', isHidden: true, enablement: REQUIRED, defaultValue: 'x' },
      { key: 'l', enablement: NOT_PERMITTED, isEditable: false, target: USER_GIVEN_NAME },
    ),
  ).toEqual([]);
});

it('everything that is wrong is told of at once, each with its place', () => {
  expect(
    check(
      { key: 'Bad key', label: ' ', type: NUMBER, minimum: 5, maximum: 1, pattern: 'x' },
      { key: 'same', target: USER_EMAIL, defaultValue: 'x', maximum: 0.5 },
      { key: 'same', type: CHOICE, choices: [] },
      { key: 'last', isEditable: false },
    ),
  ).toEqual([
    'INVALID 0 key',
    'REQUIRED 0 label',
    'INVALID 0 pattern',
    'INVALID 0 minimum',
    'INVALID 1 target',
    'INVALID 1 maximum',
    'REQUIRED 2 choices',
    'INVALID 2 key',
    'REQUIRED 3 defaultValue',
  ]);
});

describe('definitions that cannot work are refused', () => {
  const choice = (value: string, label = 'x') => ({ type: CHOICE, choices: [{ value, label }] });
  it.each<[string, Given, string[]]>([
    ['a key that is none', { key: '__proto__' }, ['INVALID 0 key']],
    ['a key that is too long', { key: 'x'.repeat(65) }, ['INVALID 0 key']],
    ['a label of two lines', { label: 'a\nb' }, ['INVALID 0 label']],
    ['a label that is too long', { label: 'x'.repeat(129) }, ['TOO_LONG 0 label']],
    ['a description that is too long', { description: 'x'.repeat(1001) }, ['TOO_LONG 0 description']],
    ['a pattern that does not compile', { pattern: '(' }, ['INVALID 0 pattern']],
    ['a pattern that RE2 has not', { pattern: '(a)\\1' }, ['INVALID 0 pattern']],
    ['a pattern that is too long', { pattern: 'x'.repeat(257) }, ['TOO_LONG 0 pattern']],
    ['a pattern that is too large', { pattern: '(.{1,30}){1,30}(.{1,30}){1,30}' }, ['INVALID 0 pattern']],
    ['a pattern that is far too large', { pattern: '((a{100}){100}){100}' }, ['INVALID 0 pattern']],
    ['a pattern of a date', { type: DATE, pattern: 'x' }, ['INVALID 0 pattern']],
    ['bounds of a choice', { type: CHOICE, minimum: 1, maximum: 2 }, ['INVALID 0 minimum', 'INVALID 0 maximum']],
    ['a bound of text that is text', { maximum: '5' }, ['INVALID 0 maximum']],
    ['text that is longer than any', { maximum: 10_001 }, ['INVALID 0 maximum']],
    ['a name that is longer than names', { target: USER_GIVEN_NAME, maximum: 300 }, ['INVALID 0 maximum']],
    ['a bound that is no date', { type: DATE, minimum: '2023-02-29' }, ['INVALID 0 minimum']],
    ['dates the wrong way round', { type: DATE, minimum: '2024-01-02', maximum: '2024-01-01' }, ['INVALID 0 minimum']],
    ['a bound that is no number', { type: NUMBER, maximum: Infinity }, ['INVALID 0 maximum']],
    ['choices of text', { choices: [{ value: 'a', label: 'A' }] }, ['INVALID 0 choices']],
    ['several texts', { isMultiple: true }, ['INVALID 0 isMultiple']],
    ['a choice without a value', choice(' '), ['REQUIRED 0 choices 0 value']],
    ['a choice without a label', choice('x', ''), ['REQUIRED 0 choices 0 label']],
    ['a choice that cannot be given', choice(' x'), ['INVALID 0 choices 0 value']],
    [
      'two choices of one value',
      { type: CHOICE, choices: ['a', 'a'].map((value) => ({ value, label: value })) },
      ['INVALID 0 choices 1 value'],
    ],
    [
      'too many choices',
      { type: CHOICE, choices: Array(201).fill({ value: 'a', label: 'a' }) },
      ['TOO_LONG 0 choices'],
    ],
    ['media types of text', { mediaTypes: ['text/plain'] }, ['INVALID 0 mediaTypes']],
    ['a media type that is none', { type: AttributeType.FILE, mediaTypes: ['pdf'] }, ['INVALID 0 mediaTypes 0']],
    ['a default of another type', { type: NUMBER, defaultValue: 'x' }, ['INVALID 0 defaultValue']],
    ['a default outside the bounds', { maximum: 2, defaultValue: 'xxx' }, ['TOO_LONG 0 defaultValue']],
    [
      'half an address as default',
      { type: ADDRESS, defaultValue: { country: 'FR' } },
      ['REQUIRED 0 defaultValue locality'],
    ],
    [
      'a default of the account that is no date',
      { type: DATE, defaultSource: 'EMAIL' as never },
      ['INVALID 0 defaultSource'],
    ],
    ['an address that is a name', { target: USER_EMAIL }, ['INVALID 0 target']],
    ['a name that is an address', { type: EMAIL, target: USER_GIVEN_NAME }, ['INVALID 0 target']],
    ['an identifier that is text', { target: USER_IDENTIFIER }, ['INVALID 0 target']],
    ['a name of a target that has none', { target: USER_GIVEN_NAME, targetName: 'x' }, ['INVALID 0 targetName']],
    ['a target name that is none', { target: USER_ATTRIBUTE, targetName: '__proto__' }, ['INVALID 0 targetName']],
    ['what is hidden, required and nothing', { isHidden: true, enablement: REQUIRED }, ['REQUIRED 0 defaultValue']],
    ['what cannot be edited and is nothing', { isEditable: false, defaultValue: ' ' }, ['REQUIRED 0 defaultValue']],
  ])('%s', (_, definition, expected) => {
    expect(check(definition)).toEqual(expected);
  });

  it('two that go to one place', () => {
    const mail = { type: EMAIL, target: USER_EMAIL };
    expect(check({ ...mail, key: 'a' }, { ...mail, key: 'b' })).toEqual(['INVALID 1 target']);
    const named = { target: USER_ATTRIBUTE };
    expect(check({ ...named, key: 'a' }, { ...named, key: 'b', targetName: 'a' })).toEqual(['INVALID 1 target']);
    expect(check({ ...named, key: 'a' }, { key: 'b', target: MEMBERSHIP_ATTRIBUTE, targetName: 'a' })).toEqual([]);
  });

  it('too many, and too much', () => {
    const many = (count: number, definition: Given) =>
      Array.from({ length: count }, (_, index) => ({ ...definition, key: `a${index}` }));
    expect(check(...many(101, {}))).toEqual(['TOO_LONG']);
    const choices = Array.from({ length: 200 }, (_, index) => ({ value: `${index}`, label: 'x'.repeat(128) }));
    expect(check(...many(5, { type: CHOICE, choices }))).toEqual(['TOO_LONG']);
  });
});

describe('formats of identifiers', () => {
  it.each([
    ['E{number:6}', 'E000042'],
    ['{number}', '42'],
    ['u-{number:1}@example.org', 'u-42@example.org'],
  ])('%s', (format, expected) => {
    expect(checkIdentifierFormat(format, 'format')).toBeNull();
    expect(writeIdentifier(parseIdentifierFormat(format)!, 42n)).toBe(expected);
  });

  it('numbers may outgrow them', () => {
    expect(writeIdentifier(parseIdentifierFormat('E{number:2}')!, 12345n)).toBe('E12345');
  });

  it.each([
    '',
    'E',
    'E{number:0}',
    'E{number:19}',
    '{number}{number}',
    'E{name}{number}',
    'E {number}',
    'E\u200b{number}',
  ])('not %j', (format) => {
    expect(checkIdentifierFormat(format, 'format')).toMatchObject({ code: 'INVALID', field: ['format'] });
  });
});
