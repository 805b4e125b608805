import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SourceCapability, SourceKind } from '../../src/entities/source-enums.js';
import { createOutbound } from '../../src/outbound.js';
import { collect, describeSource, makeClients } from '../support/sources/clients.js';
import { LOCALHOST_CERTIFICATE } from '../support/sources/localhost-certificate.js';
import { type SqlServer, startMysqlSource, startPostgresSource } from '../support/sources/sql-server.js';

const NEVER = new AbortController().signal;

const mapping = {
  key: 'id',
  givenName: 'given',
  familyName: 'Family "Name"`s',
  emails: ['mail', 'other_mail'],
  identifiers: [{ type: 'employee', field: 'employee' }],
  affiliation: 'role',
  attributes: { born: 'born', points: 'points' },
};

const TABLE = {
  PostgreSQL: `create table staff (id integer primary key, given text, "Family ""Name""\`s" text, mail text,
    other_mail text, employee text, role text, born date, points bigint, is_gone boolean not null default false,
    changed timestamptz not null)`,
  MariaDB: `create table staff (id integer primary key, given text, \`Family "Name"\`\`s\` text, mail varchar(255),
    other_mail varchar(255), employee varchar(64), role text, born date, points bigint,
    is_gone boolean not null default false, changed datetime(6) not null)`,
};

const STARTS: [string, () => Promise<SqlServer | null>][] = [
  ['PostgreSQL', startPostgresSource],
  ['MySQL', startMysqlSource],
];

describe.each(STARTS)('a %s database as a source', (_name, start) => {
  let server: SqlServer | null;
  const clients = makeClients();

  beforeAll(async () => {
    server = await start();
    if (!server) return;
    await server.run(TABLE[server.kind]);
    const rows = [
      `(1, 'Ada', 'Lovelace', 'Ada@Example.org', 'countess@example.org', 'E-1', 'faculty', '1815-12-10', 9007199254740993, false, '2026-01-01 10:00:00')`,
      `(2, 'Grace', 'Hopper', 'grace@example.org', null, 'e-1', 'staff', null, 1, false, '2026-01-01 11:00:00')`,
      `(3, 'Gone', 'Girl', 'gone@example.org', null, 'E-3', null, null, null, true, '2026-01-01 12:00:00')`,
    ];
    for (let id = 10; id < 70; id++)
      rows.push(
        `(${id}, 'P', 'P', 'p${id}@many.example.org', ${id < 36 ? `'twins@example.org'` : 'null'}, 'M-${id}', null, null, null, false, '2025-01-01 00:00:00')`,
      );
    await server.run(`insert into staff values ${rows.join(', ')}`);
  });
  afterAll(async () => {
    await clients.close();
    await server?.stop();
  });

  const settings = (changes: object = {}) => ({
    url: server!.url,
    query: 'select * from staff -- everybody',
    mapping,
    removedColumn: 'is_gone',
    pageSize: 25,
    ...changes,
  });
  const open = (changes: object = {}, secrets = { password: server!.password }) =>
    clients.open('tenant', describeSource(SourceKind.SQL, settings(changes), { secrets }));
  /** A machine without a server for this says so in the output. */
  const test = (title: string, run: () => Promise<void>) => it(title, async () => (server ? run() : undefined));

  test('finds a person by any address, without regard to case, with everything that is mapped', async () => {
    const client = await open();
    expect([...client.capabilities]).toEqual([
      SourceCapability.SEARCH_BY_EMAIL,
      SourceCapability.SEARCH_BY_IDENTIFIER,
      SourceCapability.RETRIEVE,
      SourceCapability.INVENTORY,
    ]);
    const expected = {
      key: '1',
      names: [{ givenName: 'Ada', familyName: 'Lovelace' }],
      emails: [
        { address: 'Ada@example.org', isVerified: true },
        { address: 'countess@example.org', isVerified: true },
      ],
      identifiers: [{ type: 'employee', value: 'E-1' }],
      affiliation: 'faculty',
      attributes: { born: '1815-12-10', points: '9007199254740993' },
    };
    for (const email of ['ada@example.ORG', 'COUNTESS@example.org']) {
      const [found, ...others] = await client.search({ email }, NEVER);
      expect(others).toEqual([]);
      expect({
        ...found,
        emails: found!.emails.map((one) => ({ ...one, address: one.address.replace(/@E/, '@e') })),
      }).toMatchObject(expected);
    }
    expect(await client.search({ email: 'nobody@example.org' }, NEVER)).toEqual([]);
  });

  test('compares identifiers and keys exactly, and takes no part of them for a part of the statement', async () => {
    const client = await open();
    const find = (value: string) => client.search({ identifier: { type: 'employee', value } }, NEVER);
    expect((await find('E-1')).map(({ key }) => key)).toEqual(['1']);
    expect((await find('e-1')).map(({ key }) => key)).toEqual(['2']);
    for (const value of [`' or 1=1 -- `, `E-1'; drop table staff; --`, '%', '$1', '?', '\\'])
      expect(await find(value)).toEqual([]);
    for (const key of ['abc', '1 or 1=1', '1abc', '01', '', '99999999999999999999'])
      expect(await client.retrieve(key, NEVER)).toBeNull();
    expect(await client.retrieve('2', NEVER)).toMatchObject({ names: [{ familyName: 'Hopper' }] });
    expect(await server!.run('select count(*) as n from staff')).toHaveLength(1);
  });

  test('refuses more than 25 hits, and does not know people who are marked as gone', async () => {
    const client = await open();
    await expect(client.search({ email: 'twins@example.org' }, NEVER)).rejects.toMatchObject({
      code: 'TOO_MANY_RECORDS',
    });
    const fewer = await open({ query: 'select * from staff where id <> 35' });
    expect(await fewer.search({ email: 'twins@example.org' }, NEVER)).toHaveLength(25);
    expect(await client.retrieve('3', NEVER)).toBeNull();
    expect(await client.search({ email: 'gone@example.org' }, NEVER)).toEqual([]);
  });

  test('gives everybody in pages, and goes on after any of them, in another process too', async () => {
    const client = await open();
    expect(await client.count(NEVER)).toBe(63);
    const pages = await collect(client.inventory(null, NEVER));
    expect(pages.map(({ records }) => records.length)).toEqual([24, 25, 13]);
    const other = makeClients();
    const secrets = { password: server!.password };
    const again = await other.open('tenant', describeSource(SourceKind.SQL, settings(), { secrets }));
    const rest = await collect(again.inventory(pages[0]!.cursor, NEVER));
    expect(rest).toEqual(pages.slice(1));
    await other.close();
  });

  test('says what changed and who is gone, also among changes of the same moment', async () => {
    const client = await open({ changedColumn: 'changed' });
    const [begun, ...more] = await collect(client.changedSince(null, NEVER));
    expect(more).toEqual([]);
    expect(begun).toMatchObject({ records: [], removedKeys: [] });
    await server!.run(`update staff set given = 'Q', changed = '2026-02-02 02:02:02.5' where id >= 30`);
    await server!.run(`update staff set is_gone = true, changed = '2026-02-02 02:02:02.5' where id = 40`);
    const pages = await collect(client.changedSince(begun!.cursor, NEVER));
    const keys = pages.flatMap(({ records }) => records.map(({ key }) => Number(key)));
    // From a little before: the latest of before is among them.
    expect(keys.filter((key) => key >= 30).sort()).toEqual(
      Array.from({ length: 40 }, (_, index) => 30 + index).filter((key) => key !== 40),
    );
    expect(pages.flatMap(({ removedKeys }) => removedKeys)).toEqual(['3', '40']);
    expect(pages.at(-1)!.cursor).toMatch(/^2026-02-02 02:02:02\.5/);
    await server!.run(`update staff set is_gone = false where id = 40`);
  });

  test('writes nothing, whatever the query is', async () => {
    const queries =
      server!.kind === 'PostgreSQL'
        ? [
            'with gone as (delete from staff returning *) select * from gone',
            'select 1 as id) as people; drop table staff; select * from (select * from staff',
            `select staff.* from staff, (select setval('a_number', 5)) as written`,
            `select staff.* from staff, (select set_config('transaction_read_only', 'off', false), setval('a_number', 5)) as w`,
          ]
        : [
            'select 1 as id) as people; drop table staff; select * from (select * from staff',
            `select staff.* from staff, (select nextval(a_number)) as written`,
            `select * from staff into outfile '/tmp/vestibule-outfile'`,
          ];
    await server!.run('create sequence if not exists a_number');
    const state = () =>
      server!.run(
        server!.kind === 'PostgreSQL'
          ? 'select (select count(*) from staff) as n, (select is_called from a_number) as called'
          : 'select (select count(*) from staff) as n, (select next_not_cached_value from a_number) as called',
      );
    const before = await state();
    for (const query of queries) {
      const client = await open({ query });
      await expect(client.retrieve('1', NEVER)).rejects.toMatchObject({
        code: expect.stringMatching(/^(MISCONFIGURED|BAD_ANSWER)$/),
      });
    }
    expect(await state()).toEqual(before);
  });

  test('says what is wrong with the user, the query and the columns: never that nobody is there', async () => {
    const wrong = await open({}, { password: 'wrong' });
    await expect(wrong.retrieve('1', NEVER)).rejects.toMatchObject({
      code: 'CREDENTIALS_REFUSED',
      message: expect.not.stringContaining('wrong'),
    });
    for (const changes of [
      { query: 'select * from nowhere' },
      { query: 'select from from' },
      { mapping: { ...mapping, givenName: 'no such column' } },
    ]) {
      const client = await open(changes);
      await expect(client.retrieve('1', NEVER)).rejects.toMatchObject({
        code: expect.stringMatching(/MISCONFIGURED|BAD_ANSWER/),
      });
    }
    for (const changes of [
      { url: server!.url.replace('people@', 'people:secret@') },
      { url: `${server!.url}?sslmode=disable` },
      { query: 'delete from staff' },
      { query: 'select 1; ' },
    ])
      await expect(open(changes)).rejects.toMatchObject({ code: 'MISCONFIGURED' });
    await expect((await open({}, {} as never)).retrieve('1', NEVER)).rejects.toMatchObject({ code: 'MISCONFIGURED' });
  });

  test('ends a statement that takes too long, at the server as well', async () => {
    const query =
      server!.kind === 'PostgreSQL'
        ? 'select staff.* from staff, pg_sleep(60)'
        : 'select staff.* from staff where sleep(60) = 0';
    const source = describeSource(SourceKind.SQL, settings({ query }), {
      secrets: { password: server!.password },
      timeLimitMilliseconds: 1_000,
    });
    const client = await clients.open('tenant', source);
    await expect(client.retrieve('1', NEVER)).rejects.toMatchObject({ code: 'TIMED_OUT' });
    const active =
      server!.kind === 'PostgreSQL'
        ? `select 1 from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`
        : `select 1 from information_schema.processlist where info like '%sleep(60)%' and id <> connection_id()`;
    for (;;) if (!(await server!.run(active)).length) break;
  });

  test('sends nothing in the clear but to the loopback, and trusts no other certificate', async () => {
    const secrets = { password: server!.password };
    const ask = async (changes: object, options = {}) => {
      const other = makeClients(options);
      const client = await other.open('tenant', describeSource(SourceKind.SQL, settings(changes), { secrets }));
      const code = await client.retrieve('2', NEVER).then(
        (record) => record?.key,
        (error: { code: string }) => error.code,
      );
      await other.close();
      return code;
    };
    const named = server!.url.replace('127.0.0.1', 'localhost');
    expect(await ask({ url: named }, { allowsInsecureLoopback: false })).toBe('UNREACHABLE');
    expect(await ask({}, { outbound: createOutbound({ allowedPrivateAddresses: [] }) })).toBe('ADDRESS_FORBIDDEN');
    // The PostgreSQL of the tests has no certificate.
    const expected = server!.kind === 'MariaDB' ? '2' : 'UNREACHABLE';
    expect(await ask({ url: named, caCertificate: LOCALHOST_CERTIFICATE })).toBe(expected);
  });
});
