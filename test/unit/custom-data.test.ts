import { describe, expect, it } from '@jest/globals';
import { isExactNumber } from '../../src/entities/exact-number.js';
import { mergePatch, readCustomData, toldCustomData } from '../../src/organizations/custom-data.js';

describe('[ORG-37] a merge patch does as the table of RFC 7396 says', () => {
  // Appendix A, of the cases where both are objects, and the ones that are inside them.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
    ['{"a":1}', '{}', '{"a":1}'],
    ['{}', '{"__proto__":{"x":1},"constructor":2,"toString":null}', '{"__proto__":{"x":1},"constructor":2}'],
  ])('%s with %s is %s', (target, patch, expected) => {
    expect(JSON.stringify(mergePatch(JSON.parse(target), JSON.parse(patch)))).toBe(expected);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('[ORG-02] custom data is bounded', () => {
  const read = (value: unknown) => readCustomData(value, 'customData');
  const nested = (levels: number): unknown => (levels ? { a: nested(levels - 1) } : 1);

  it('in size, to the byte of UTF-8', () => {
    const text = (length: number) => ({ a: 'é'.repeat((length - 8) / 2) });
    expect(read(text(65_536))).toEqual({ text: JSON.stringify(text(65_536)) });
    expect(read(text(65_538))).toMatchObject({ fault: { code: 'TOO_LONG', field: ['customData'] } });
  });

  it('in depth, however deep it comes', () => {
    expect(read(nested(32))).toHaveProperty('text');
    expect(read(nested(33))).toMatchObject({ fault: { code: 'INVALID' } });
    let deep: unknown = [];
    for (let level = 0; level < 200_000; level++) deep = [deep];
    expect(read({ deep })).toMatchObject({ fault: { code: 'INVALID' } });
  });

  it.each([[[]], ['text'], [1], [true], [{ a: Infinity }]])('%j is refused', (value) => {
    expect(read(value)).toMatchObject({ fault: { code: 'INVALID', field: ['customData'] } });
  });

  it('and clears with null', () => {
    expect(read(null)).toEqual({ text: '{}' });
  });
});

it('events hold small custom data itself, and of the rest its size and digest', () => {
  expect(toldCustomData('{"a":1}')).toMatchObject({ bytes: 7, value: { a: 1 } });
  expect(toldCustomData(JSON.stringify({ a: 'x'.repeat(2_000) }))).toMatchObject({ bytes: 2_008, value: null });
  expect(toldCustomData(JSON.stringify({ a: '\0' }))).toMatchObject({ value: null });
});

it.each([
  ['0', true],
  ['-0', true],
  ['1.10', true],
  ['1e300', true],
  ['1E+2', true],
  ['0.1', true],
  ['9007199254740992', true],
  ['9007199254740993', false],
  ['12345678901234567890', false],
  ['0.12345678901234567891', false],
  ['1e400', false],
  ['1e-400', false],
  ['5e-324', true],
])('a number written %s is kept: %j', (written, expected) => {
  expect(isExactNumber(written)).toBe(expected);
});
