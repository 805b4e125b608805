import { describe, expect, it } from '@jest/globals';
import { mysqlDialect } from '../../src/enrollment/sources/sql/mysql.js';
import { postgres } from '../../src/enrollment/sources/sql/postgres.js';
import { databaseSettings } from '../../src/enrollment/sources/sql/settings.js';
import { Statements } from '../../src/enrollment/sources/sql/statements.js';

const given = {
  url: 'postgresql://people@db.example.org/hr',
  query: 'select * from staff -- all',
  mapping: { key: 'id"; drop', emails: ['mail`s'], identifiers: [{ type: 'staff', field: 'number' }] },
  changedColumn: 'changed',
};
const settings = databaseSettings.parse(given);

describe('the statements of a source of kind SQL', () => {
  it('bind every value, quote every name, and close the query off with its line', () => {
    const statements = new Statements(postgres, settings);
    expect(statements.search({ email: `' or 1=1 --` })).toEqual({
      text: `select people."id""; drop", people."mail\`s", people."number" from (select * from staff -- all\n) as people where (lower(people."mail\`s") = lower($1)) limit 26`,
      values: [`' or 1=1 --`],
    });
    expect(new Statements(mysqlDialect, settings).byKey('1').text).toContain(
      'select people.`id"; drop`, people.`mail``s`, people.`number` from (select * from staff -- all\n) as people where people.`id"; drop` = ? limit 2',
    );
    expect(statements.search({ identifier: { type: 'other', value: '1' } })).toBeNull();
  });

  it('go on after a key, and among changes of one moment after a key', () => {
    const statements = new Statements(postgres, settings);
    expect(statements.page('7').values).toEqual(['7']);
    expect(statements.changes({ changed: '2026-01-01', key: '7' }).values).toEqual(['2026-01-01', '2026-01-01', '7']);
    expect(statements.changes({ changed: '2026-01-01', key: null }).values).toEqual(['2026-01-01']);
  });

  it('are those of one query, of a database that is named without a password', () => {
    const refused = (changes: object) => databaseSettings.safeParse({ ...given, ...changes }).success === false;
    for (const url of [
      'postgresql://people:secret@db.example.org/hr',
      'postgresql://db.example.org/hr',
      'postgresql://people@db.example.org/',
      'postgresql://people@db.example.org/hr?host=127.0.0.1',
      'postgresql:///hr',
      'sqlite://people@db/hr',
      'not a url',
    ])
      expect(refused({ url })).toBe(true);
    for (const query of ['delete from staff', 'select 1;', 'select 1; ', '', 'selected'])
      expect(refused({ query })).toBe(true);
    for (const query of ['SELECT 1 as id', ' with a as (select 1 as id) select * from a', 'table staff'])
      expect(refused({ query })).toBe(false);
  });
});
