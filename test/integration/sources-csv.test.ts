import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import csv from '../../src/enrollment/sources/adapters/csv.js';
import { errorOf, faultsOf, inTime, keysOf, openAdapter, pagesOf } from '../support/sources/open.js';

const MAPPING = {
  key: 'id',
  givenName: 'given',
  familyName: 'family',
  emails: ['mail'],
  identifiers: [{ type: 'badge', field: 'badge' }],
  attributes: { department: 'department' },
};
const HEADER = 'id,given,family,mail,badge,department';

let folder: string;
let files: string;
let serial = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv-'));
  files = join(folder, 'tenant', 'files');
  await mkdir(files, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(content: string | Buffer): Promise<string> {
  const name = `people-${++serial}.csv`;
  await writeFile(join(files, name), content);
  return name;
}

const open = (path: string, settings: object = {}, more: object = {}) =>
  openAdapter(csv, { settings: { path, mapping: MAPPING, ...settings }, filesFolder: folder, ...more });

const read = async (content: string | Buffer, settings: object = {}) => pagesOf(open(await write(content), settings));

describe('a CSV file', () => {
  it('gives a person a row, by the names of its header', async () => {
    const path = await write(`${HEADER}\n1, Ada ,Lovelace,ada@example.org,B-1,Maths\n2,,Hopper,not an address,,\n`);
    const { records, faults } = await pagesOf(open(path, {}, { keepsRaw: true }));
    expect(faults).toEqual([]);
    expect(records).toEqual([
      {
        key: '1',
        names: [{ givenName: 'Ada', familyName: 'Lovelace' }],
        emails: [{ address: 'ada@example.org', isVerified: true }],
        identifiers: [{ type: 'badge', value: 'B-1' }],
        affiliation: null,
        attributes: { department: 'Maths' },
        raw: {
          id: '1',
          given: ' Ada ',
          family: 'Lovelace',
          mail: 'ada@example.org',
          badge: 'B-1',
          department: 'Maths',
        },
      },
      expect.objectContaining({
        key: '2',
        names: [{ givenName: null, familyName: 'Hopper' }],
        emails: [],
        identifiers: [],
      }),
    ]);
  });

  it.each<[string, string, (text: string) => Buffer, object]>([
    ['UTF-8', '\n', (text) => Buffer.from(text), {}],
    ['UTF-8 with a BOM', '\n', (text) => Buffer.from(`\ufeff${text}`), {}],
    ['CRLF', '\r\n', (text) => Buffer.from(text), {}],
    ['CR', '\r', (text) => Buffer.from(text), {}],
    ['UTF-16LE with a BOM', '\r\n', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), { encoding: 'utf-16le' }],
    ['UTF-16LE without a BOM', '\n', (text) => Buffer.from(text, 'utf16le'), { encoding: 'utf-16le' }],
  ])('is read in %s', async (_name, newline, encode, settings) => {
    // ਊĀ in UTF-16 is 0A 0A 00 01: its middle looks like a line break.
    const rows = [
      HEADER,
      '1,Zoë,"Smith, Jr",z@example.org,,"two\nlines"',
      '2,ਊĀ,Ⰰ℀,y@example.org,,"a ""quoted"" word"',
      '',
    ];
    const { records, faults } = await read(encode(rows.join(newline)), settings);
    expect(faults).toEqual([]);
    expect(
      records.map(({ names, attributes }) => [names[0]!.givenName, names[0]!.familyName, attributes.department]),
    ).toEqual([
      ['Zoë', 'Smith, Jr', 'two\nlines'],
      ['ਊĀ', 'Ⰰ℀', 'a "quoted" word'],
    ]);
  });

  it('is read in latin1, with the letters that Windows has besides', async () => {
    const rows = Buffer.concat([
      Buffer.from(`${HEADER}\n1,Zo\xeb,C`, 'latin1'),
      Buffer.from([0x9c]),
      Buffer.from('ur,,,\n'),
    ]);
    const { records } = await read(rows, { encoding: 'latin1' });
    expect(records[0]!.names).toEqual([{ givenName: 'Zoë', familyName: 'Cœur' }]);
    const taken = await read(rows);
    expect(taken.records).toEqual([]);
    expect(taken.faults).toEqual([{ key: '1', message: expect.stringContaining('no UTF-8') }]);
  });

  it('has another delimiter, no quotes, or no header', async () => {
    const { records } = await read('1\t5" pipe\tx@example.org\n\n2\tb\ty@example.org', {
      delimiter: '\t',
      quote: null,
      hasHeader: false,
      mapping: { key: '1', familyName: '2', emails: ['3'] },
    });
    expect(records.map(({ key, names }) => [key, names[0]!.familyName])).toEqual([
      ['1', '5" pipe'],
      ['2', 'b'],
    ]);
  });

  it('tells of rows that are broken, and takes the others', async () => {
    const { records, faults } = await read(
      [HEADER, '1,a,b,,,', '2,a,b', '3,a,b,,,,,', ',a,b,,,', '1,again,b,,,', '4,a 5" pipe,b,,,', '5,a,b,,,', ''].join(
        '\n',
      ),
    );
    expect(keysOf(records)).toEqual(['1', '5']);
    expect(faults).toEqual([
      { key: '2', message: 'Line 3: It has 3 fields instead of 6.' },
      { key: '3', message: 'Line 4: It has 8 fields instead of 6.' },
      { key: null, message: 'Line 5: There is no key.' },
      { key: '1', message: 'Line 6: An earlier row has this key.' },
      { key: null, message: 'Line 7: It has a quotation mark in the middle of a field.' },
    ]);
  });

  it('is not read on where nobody can tell where a row ends: nobody there is taken for gone', async () => {
    const lost = async (row: string) => errorOf(read(`${HEADER}\n1,a,b,,,\n${row}\n${'3,c,d,,,\n'.repeat(200_000)}`));
    expect(await lost('2,"never closed,b,,,')).toEqual({
      code: 'BAD_ANSWER',
      message: expect.stringContaining('From line'),
    });
    expect(await lost('2,"closed"too early,b,,,')).toEqual({
      code: 'BAD_ANSWER',
      message: expect.stringContaining('From line 3'),
    });
    expect(await errorOf(read(`${HEADER}\n1,"x`))).toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('that lacks a field of the mapping, or has it twice, is not read', async () => {
    expect(await errorOf(read('id,mail\n1,x@example.org\n'))).toEqual({
      code: 'MISCONFIGURED',
      message: 'The file has no field "given".',
    });
    expect(await errorOf(read(`${HEADER},mail\n`))).toMatchObject({
      message: 'The file has more than one field "mail".',
    });
    expect(await read(`${HEADER}\n`)).toMatchObject({ records: [], faults: [] });
    expect(await read('')).toMatchObject({ records: [] });
  });

  it('is searched by address without regard to case, by identifier exactly, and by key', async () => {
    const adapter = open(await write(`${HEADER}\n1,a,b,Ada@Example.org,B1,\n2,c,d,x@example.org,b1,\n`));
    expect(keysOf(await adapter.search!({ email: 'ADA@example.ORG' }, inTime()))).toEqual(['1']);
    expect(keysOf(await adapter.search!({ identifier: { type: 'badge', value: 'b1' } }, inTime()))).toEqual(['2']);
    expect(await adapter.search!({ identifier: { type: 'other', value: 'b1' } }, inTime())).toEqual([]);
    expect(await adapter.search!({ email: 'nobody@example.org' }, inTime())).toEqual([]);
    expect(await adapter.retrieve!('2', inTime())).toMatchObject({ key: '2' });
    expect(await adapter.retrieve!('3', inTime())).toBeNull();
  });

  it('does not say of somebody whose row is broken that they are gone, and refuses too many', async () => {
    const adapter = open(
      await write(`${HEADER}\n1,a\n${Array.from({ length: 26 }, (_, i) => `x${i},,,many@example.org,,`).join('\n')}`),
    );
    expect(await errorOf(adapter.retrieve!('1', inTime()))).toMatchObject({ code: 'BAD_ANSWER' });
    expect(await errorOf(adapter.search!({ email: 'many@example.org' }, inTime()))).toMatchObject({
      code: 'TOO_MANY_RECORDS',
    });
  });

  it('ends when its time is over', async () => {
    const adapter = open(await write(`${HEADER}\n${'1,a,b,,,\n'.repeat(300_000)}`));
    expect(await errorOf(adapter.search!({ email: 'nobody@example.org' }, AbortSignal.timeout(20)))).toMatchObject({
      code: 'TIMED_OUT',
    });
    expect(await errorOf(adapter.retrieve!('x', AbortSignal.abort()))).toMatchObject({ code: 'TIMED_OUT' });
  });
});

describe('reading a CSV file goes on', () => {
  it('exactly behind each page, whatever is in the rows', async () => {
    const value = fc.string({ unit: fc.constantFrom('a', 'é', '😀', ',', '"', '\n', '\r\n', ' ', '1'), maxLength: 12 });
    const row = fc.record({ key: fc.nat(900), family: value, isBroken: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 20, max: 60 }),
        fc.constantFrom<['utf-8' | 'utf-16le', '\n' | '\r\n']>(
          ['utf-8', '\n'],
          ['utf-8', '\r\n'],
          ['utf-16le', '\r\n'],
        ),
        async (rows, times, [encoding, newline]) => {
          const lines = rows.flatMap(({ key, family, isBroken }) =>
            Array.from({ length: times }, (_, index) =>
              isBroken && index === 0 ? `${key}` : `${key}-${index % 50},,"${family.replaceAll('"', '""')}",,,`,
            ),
          );
          const text = [HEADER, ...lines].join(newline);
          const adapter = open(await write(Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'utf16le')), { encoding });
          const whole = await pagesOf(adapter);
          let seen = 0;
          for (const page of whole.pages) {
            seen += page.records.length;
            const rest = await pagesOf(adapter, page.cursor);
            expect(keysOf(rest.records)).toEqual(keysOf(whole.records.slice(seen)));
          }
          expect(whole.records.length + whole.faults.length).toBe(lines.length);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('not in another file, nor in one that was written to meanwhile', async () => {
    const rows = (from: number) => Array.from({ length: 1200 }, (_, index) => `${from + index},,,,,`).join('\n');
    const path = await write(`${HEADER}\n${rows(0)}`);
    const adapter = open(path);
    const pages = adapter.inventory!(null, inTime())[Symbol.asyncIterator]();
    const { cursor } = (await pages.next()).value as { cursor: string };
    await writeFile(join(files, path), `${HEADER}\n${rows(5000)}\n`);
    const replaced = { code: 'BAD_ANSWER', message: expect.stringContaining('replaced or written to') };
    expect(await errorOf(pages.next())).toEqual(replaced);
    expect(await errorOf(pagesOf(adapter, cursor))).toEqual(replaced);
    expect(await errorOf(pagesOf(adapter, 'of another kind'))).toMatchObject({ code: 'BAD_ANSWER' });
  });
});

describe('the file of an operator', () => {
  it('is in the folder of the tenant, and nowhere else', async () => {
    await writeFile(join(folder, 'outside.csv'), `${HEADER}\n`);
    await mkdir(join(folder, 'other', 'files'), { recursive: true });
    await writeFile(join(folder, 'other', 'files', 'theirs.csv'), `${HEADER}\n`);
    await symlink(join(folder, 'outside.csv'), join(files, 'link.csv'));
    await symlink(join(folder, 'other', 'files'), join(files, 'linked'));
    await mkdir(join(files, 'staff'), { recursive: true });
    await writeFile(join(files, 'staff', 'inside.csv'), `${HEADER}\n`);
    await symlink(join(files, 'staff', 'inside.csv'), join(files, 'within.csv'));

    for (const path of [
      '../outside.csv',
      '/etc/passwd',
      'a/../../outside.csv',
      '..\\outside.csv',
      'x\0.csv',
      './x.csv',
    ]) {
      expect(faultsOf(csv, { path, mapping: MAPPING })).toEqual([expect.stringMatching(/^path: /)]);
    }
    for (const path of ['link.csv', 'linked/theirs.csv', 'missing.csv', 'staff']) {
      expect(await errorOf(pagesOf(open(path)))).toEqual({
        code: 'MISCONFIGURED',
        message: 'There is no such file in the folder of the tenant.',
      });
    }
    for (const path of ['staff/inside.csv', 'within.csv']) expect((await pagesOf(open(path))).faults).toEqual([]);
  });

  it('has settings that are checked, all at once', () => {
    const faults = faultsOf(csv, {
      delimiter: '',
      encoding: 'ebcdic',
      mapping: { emails: [''], identifiers: [{ type: '' }] },
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'delimiter',
      'encoding',
      'mapping.key',
      'mapping.emails.0',
      'mapping.identifiers.0.type',
      'mapping.identifiers.0.field',
    ]);
  });
});
