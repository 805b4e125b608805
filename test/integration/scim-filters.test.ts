import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseFilter } from '../../src/provisioning/filter.js';
import { matches } from '../../src/provisioning/match.js';
import { USER } from '../../src/provisioning/schemas.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { type Directory, ENTERPRISE_SCHEMA, expectError, makeDirectory } from '../support/scim.js';

/* RFC 7644, section 3.4.2 and 3.4.3: searching, by its own examples and by filters that nobody thought of. */

let gateway: Gateway;
let directory: Directory;
let people: any[];
let groups: any[];
const search = async (query: Record<string, string>, path = '/Users') => {
  const answer = await directory.get(`${path}?${new URLSearchParams(query).toString()}`);
  expect([query, answer.status, answer.body.detail]).toEqual([query, 200, undefined]);
  return answer.body;
};
const names = async (filter: string): Promise<string[]> => {
  const { Resources, totalResults } = await search({ filter });
  expect(totalResults).toBe(Resources.length);
  return Resources.map(({ userName }: any) => userName).sort();
};

beforeAll(async () => {
  gateway = await startGateway();
  directory = await makeDirectory(gateway);
  const add = (userName: string, user: object) => directory.addUser({ userName, emails: undefined, ...user });
  people = [
    await add('bjensen', {
      name: { familyName: "O'Malley", givenName: 'Barbara' },
      displayName: 'Smith, Barbara',
      title: 'Guide',
      userType: 'Employee',
      externalId: 'Key-1',
      emails: [
        { value: 'bjensen@example.com', type: 'work', primary: true },
        { value: 'b@foo.org', type: 'home' },
      ],
      [ENTERPRISE_SCHEMA]: { department: 'Tour', manager: { value: 'm-1', displayName: 'Éva' } },
    }),
    await add('J100%', {
      name: { familyName: 'jensen_', givenName: 'Jón' },
      userType: 'Intern',
      emails: [{ value: 'j@example.org', type: 'Work' }],
      ims: [{ value: 'someone@foo.com', type: 'xmpp' }],
      active: false,
      phoneNumbers: [{ value: '1' }, { value: '2', type: 'fax' }],
    }),
    await add('jQuote"\\', {
      displayName: 'smithy',
      userType: 'contractor',
      externalId: 'key-1',
      timezone: 'Europe/Paris',
    }),
    await add('nobody', {}),
  ];
  groups = [
    await directory.addGroup({
      displayName: 'Tour Guides',
      externalId: 'g-1',
      members: [{ value: people[0].id }, { value: people[1].id }],
    }),
    await directory.addGroup({ displayName: 'smiths', members: [] }),
  ];
  // A directory sees its own people alone.
  await (await makeDirectory(gateway)).addUser({ userName: 'bjensen', emails: undefined });
});
afterAll(() => gateway.close());

describe('3.4.2.2 filters', () => {
  const [B, J, Q, N] = ['bjensen', 'J100%', 'jQuote"\\', 'nobody'];
  const cases: [string, string[]][] = [
    ['userName eq "BJENSEN"', [B]],
    ['USERNAME Eq "bjensen"', [B]],
    [`name.familyName co "O'Malley"`, [B]],
    ['userName sw "J"', [J, Q]],
    ['userName sw "J100%"', [J]],
    ['userName ew "%"', [J]],
    ['name.familyName ew "_"', [J]],
    [`userName eq ${JSON.stringify(Q)}`, [Q]],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"', [J, Q]],
    ['title pr', [B]],
    ['meta.lastModified gt "2011-05-13T04:42:34Z"', [B, J, Q, N]],
    ['meta.lastModified lt "2011-05-13T04:42:34Z"', []],
    ['title pr and userType eq "Employee"', [B]],
    ['title pr or userType eq "Intern"', [B, J]],
    [`schemas eq "${ENTERPRISE_SCHEMA}"`, [B]],
    ['userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', [B]],
    ['userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")', [Q, N]],
    ['userType eq "Employee" and (emails.type eq "work")', [B]],
    ['userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', [B]],
    ['emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]', [B, J]],
    // Both conditions of one value, and of one each.
    ['emails[type eq "home" and value co "example.com"]', []],
    ['emails.type eq "home" and emails.value co "example.com"', [B]],
    ['emails[not (type eq "work")]', [B]],
    ['emails.primary eq true', [B]],
    ['not (emails pr)', [Q, N]],
    ['phoneNumbers.type ne "fax"', []],
    ['phoneNumbers[not (type eq "fax")]', [J]],
    ['userType pr and not (userType eq "intern") and not (title pr)', [Q]],
    ['userType eq "Employee" or title pr and userType eq "nothing"', [B]],
    ['externalId eq "Key-1"', [B]],
    ['externalId co "1"', [B, Q]],
    ['active eq false', [J]],
    ['active eq "True" and title pr', [B]],
    ['title eq null', [J, Q, N]],
    ['name.givenName gt "Barbara"', [J]],
    ['name.givenName ge "barbara" and name.givenName le "BARBARA"', [B]],
    [`${ENTERPRISE_SCHEMA}:department eq "tour"`, [B]],
    [`${ENTERPRISE_SCHEMA}:manager eq "m-1"`, [B]],
    [`${ENTERPRISE_SCHEMA}:manager.displayName sw "É"`, [B]],
    [`${ENTERPRISE_SCHEMA} pr`, [B]],
    ['groups.display eq "tour guides"', [B, J]],
    ['groups pr', [B, J]],
    ['meta.resourceType eq "User"', [B, J, Q, N]],
  ];
  it.each(cases)('%s', async (filter, expected) => {
    expect(await names(filter)).toEqual([...expected].sort());
    expect(
      people
        .filter((one) => matches(parseFilter(filter), USER, { ...one, ...groupsOf(one) }))
        .map(({ userName }) => userName),
    ).toEqual(expected);
  });

  const groupsOf = ({ id }: any) =>
    [people[0].id, people[1].id].includes(id)
      ? { groups: [{ value: groups[0].id, display: 'Tour Guides', type: 'direct' }] }
      : {};

  it('by ids, of users and groups and members', async () => {
    expect(await names(`id eq "${people[3].id}"`)).toEqual(['nobody']);
    expect(await names('id eq "nothing"')).toEqual([]);
    expect(await names(`groups.value eq "${groups[0].id}"`)).toEqual(['J100%', 'bjensen']);
    const found = async (filter: string) =>
      (await search({ filter }, '/Groups')).Resources.map(({ displayName }: any) => displayName);
    expect(await found('displayName eq "TOUR guides"')).toEqual(['Tour Guides']);
    expect(await found(`members.value eq "${people[1].id}"`)).toEqual(['Tour Guides']);
    expect(await found(`members[value eq "${people[1].id}" and type eq "User"]`)).toEqual(['Tour Guides']);
    expect(await found(`members eq "${people[2].id}"`)).toEqual([]);
    expect(await found(`id eq "${groups[0].id}" and members eq "${people[0].id}"`)).toEqual(['Tour Guides']);
    expect(await found('not (members pr)')).toEqual(['smiths']);
    expect(await found('externalId eq "g-1" or displayName sw "sm"')).toEqual(['Tour Guides', 'smiths']);
  });

  const refused = [
    ['an attribute that nothing has', 'nothing eq "x"'],
    ['an operator that is none', 'userName is "x"'],
    ['no value', 'userName eq'],
    ['text without quotes', 'userName eq bjensen'],
    ['an open string', 'userName eq "x'],
    ['an open bracket', 'emails[type eq "x"'],
    ['an open group', '(userName eq "x"'],
    ['what comes after the end', 'userName eq "x" "y"'],
    ['nothing on one side', 'userName eq "x" and'],
    ['truth in order', 'active gt true'],
    ['a number for text', 'userName eq 7'],
    ['a time that is none', 'meta.created gt "yesterday"'],
    ['a part of a time', 'meta.created co "2026"'],
    ['a complex attribute without its value', 'name eq "x"'],
    ['a password', 'password eq "x"'],
    ['values of what has none', 'userName[type eq "x"]'],
    ['a NUL', 'userName eq "a\\u0000b"'],
    ['a bad escape', 'userName eq "\\x"'],
    ['SQL', `userName eq "x" or 1=1 --`],
    ['more than a filter holds', `userName eq "${'x'.repeat(5_000)}"`],
    ['very many comparisons', Array(150).fill('title pr').join(' or ')],
    ['very deep ones', `${'('.repeat(50)}title pr${')'.repeat(50)}`],
  ];
  it.each(refused)('refuses %s with invalidFilter', async (_what, filter) => {
    expectError(await directory.get(`/Users?${new URLSearchParams({ filter }).toString()}`), 400, 'invalidFilter');
  });

  it('binds what it is given: quotes, wildcards and statements are text', async () => {
    for (const text of [`'; drop table scim_users; --`, '%', '_', '\\', `' or '1'='1`, '$1', '${1}']) {
      const value = JSON.stringify(text);
      for (const operator of ['eq', 'co', 'sw', 'ew']) {
        const expected = people.filter(({ userName }) =>
          operator === 'co'
            ? userName.includes(text)
            : operator === 'sw'
              ? userName.startsWith(text)
              : operator === 'ew' && userName.endsWith(text),
        );
        expect(await names(`userName ${operator} ${value}`)).toEqual(expected.map(({ userName }) => userName).sort());
        expect(await names(`title ${operator} ${value} or emails[value ${operator} ${value}]`)).toEqual([]);
      }
    }
  });
});

describe('any filter', () => {
  const texts = [
    'title',
    'userType',
    'name.givenName',
    'name.familyName',
    'displayName',
    'timezone',
    'userName',
    'externalId',
  ];
  const plurals = ['emails', 'ims', 'phoneNumbers'];
  const words = [
    'a',
    'B',
    'work',
    'Work',
    'home',
    'Employee',
    'jensen',
    'b@foo.org',
    '',
    '%',
    'ó',
    'Éva',
    '2',
    'É',
    'x"y',
  ];
  const comparison = fc
    .tuple(fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'), fc.constantFrom(...words))
    .map(([operator, word]) => `${operator} ${JSON.stringify(word)}`);
  const onText = (paths: string[]) =>
    fc
      .tuple(
        fc.constantFrom(...paths),
        fc.oneof({ weight: 5, arbitrary: comparison }, fc.constantFrom('pr', 'eq null', 'ne null')),
      )
      .map(([path, what]) => `${path} ${what}`);
  const parts = [...plurals, ...plurals.map((name) => `${name}.type`), ...plurals.map((name) => `${name}.value`)];
  const enterprise = [
    `${ENTERPRISE_SCHEMA}:department`,
    `${ENTERPRISE_SCHEMA}:manager.displayName`,
    `${ENTERPRISE_SCHEMA}:manager`,
  ];
  const truth = fc.constantFrom(
    'active eq true',
    'active ne true',
    'emails.primary eq true',
    'emails.primary ne true',
    'active pr',
    'name pr',
  );
  const joined = (leaf: fc.Arbitrary<string>) =>
    fc.letrec<{ filter: string }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'filter' },
        leaf,
        fc.tuple(tie('filter'), fc.constantFrom('and', 'or', 'AND'), tie('filter')).map((all) => all.join(' ')),
        tie('filter').map((inner) => `(${inner})`),
        tie('filter').map((inner) => `not (${inner})`),
      ),
    })).filter;
  const inBrackets = fc
    .tuple(
      fc.constantFrom(...plurals),
      joined(
        fc.oneof(
          onText(['type', 'value', 'display']),
          fc.constantFrom('primary eq true', 'primary ne false', 'primary pr'),
        ),
      ),
    )
    .map(([name, inner]) => `${name}[${inner}]`);
  const filters = joined(fc.oneof(onText(texts), onText(parts), onText(enterprise), truth, inBrackets));

  it('means to the database what it means to the standard, by an evaluation in memory', async () => {
    const shown = (await search({ count: '200' })).Resources as any[];
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        fc.pre(filter.length < 4_000);
        const expected = shown.filter((one) => matches(parseFilter(filter), USER, one)).map(({ userName }) => userName);
        expect([filter, await names(filter)]).toEqual([filter, expected.sort()]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('3.4.2.3 and 3.4.2.4 order and pages', () => {
  it('sorts by an attribute, in both orders, what is absent last and first', async () => {
    const sorted = async (query: Record<string, string>) =>
      (await search(query)).Resources.map(({ userName }: any) => userName);
    expect(await sorted({ sortBy: 'userName' })).toEqual(['bjensen', 'J100%', 'jQuote"\\', 'nobody']);
    expect(await sorted({ sortBy: 'userName', sortOrder: 'descending' })).toEqual([
      'nobody',
      'jQuote"\\',
      'J100%',
      'bjensen',
    ]);
    expect((await sorted({ sortBy: 'name.givenName' })).slice(0, 2)).toEqual(['bjensen', 'J100%']);
    expect((await sorted({ sortBy: 'name.givenName', sortOrder: 'descending' })).slice(2)).toEqual([
      'J100%',
      'bjensen',
    ]);
    expect((await sorted({ sortBy: 'emails' })).slice(0, 2)).toEqual(['bjensen', 'J100%']);
    expect((await sorted({ sortBy: `${ENTERPRISE_SCHEMA}:department` }))[0]).toBe('bjensen');
    expect((await sorted({ sortBy: 'meta.created' }))[0]).toBe('bjensen');
    expect((await sorted({ sortBy: 'active' }))[0]).toBe('J100%');
    expect((await sorted({ sortBy: 'groups.display' })).slice(2).sort()).toEqual(['jQuote"\\', 'nobody']);
    expectError(await directory.get('/Users?sortBy=nothing'), 400, 'invalidValue');
    expectError(await directory.get('/Users?sortBy=name'), 400, 'invalidValue');
    expectError(await directory.get('/Users?sortBy=id&sortOrder=up'), 400, 'invalidValue');
  });

  it('pages by startIndex and count, and counts all', async () => {
    const seen: string[] = [];
    for (let startIndex = 1; startIndex <= 4; startIndex += 3) {
      const page = await search({ startIndex: String(startIndex), count: '3', sortBy: 'userName' });
      expect(page).toMatchObject({ totalResults: 4, startIndex, itemsPerPage: startIndex === 1 ? 3 : 1 });
      seen.push(...page.Resources.map(({ userName }: any) => userName));
    }
    expect(seen).toEqual(['bjensen', 'J100%', 'jQuote"\\', 'nobody']);
    expect(await search({ count: '0' })).toMatchObject({ totalResults: 4, itemsPerPage: 0, Resources: [] });
    expect(await search({ count: '-3', startIndex: '-7' })).toMatchObject({ startIndex: 1, itemsPerPage: 0 });
    expect(await search({ startIndex: '9' })).toMatchObject({ totalResults: 4, Resources: [] });
    expect((await search({ count: '100000' })).itemsPerPage).toBe(4);
    expectError(await directory.get('/Users?count=many'), 400, 'invalidValue');
    expectError(await directory.get('/Users?startIndex=1.5'), 400, 'invalidValue');
  });

  it('a page holds 200 at most', async () => {
    const { rows } = gateway;
    const own = await makeDirectory(gateway);
    await own.addUser();
    await rows(
      `with made as (insert into users (id, tenant_id, status, created_at, updated_at)
         select gen_random_uuid(), $1, 'ACTIVE', now(), now() from generate_series(1, 250) returning id)
       insert into scim_users (id, tenant_id, connection_id, user_id, user_name, user_name_normalized, is_active,
         is_provisioned, created_at, updated_at)
       select gen_random_uuid(), $1, $2, id, id::text, id::text, true, true, now(), now() from made`,
      [own.connectionId],
    );
    gateway.statements.length = 0;
    const { body } = await own.get('/Users?count=1000');
    expect([body.totalResults, body.itemsPerPage]).toEqual([251, 200]);
    expect(gateway.statements.filter((text) => /scim_(users|group)/.test(text))).toHaveLength(3);
  });
});

describe('3.4.3 searching by POST', () => {
  const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

  it("of users and groups at once, by the RFC's example", async () => {
    const { status, body } = await directory.ask('POST', '/.search', {
      schemas: [SEARCH],
      attributes: ['displayName', 'userName'],
      filter: 'displayName sw "smith"',
      startIndex: 1,
      count: 10,
    });
    expect([status, body.totalResults, body.itemsPerPage, body.startIndex]).toEqual([200, 3, 3, 1]);
    expect(body.Resources.map(({ displayName, userName }: any) => [displayName, userName])).toEqual([
      ['Smith, Barbara', 'bjensen'],
      ['smithy', 'jQuote"\\'],
      ['smiths', undefined],
    ]);
    const second = await directory.get('/?filter=displayName sw "smith"&startIndex=2&count=2');
    expect(second.body.Resources.map(({ displayName }: any) => displayName)).toEqual(['smithy', 'smiths']);
    expect((await directory.get('/?filter=userName pr')).body.totalResults).toBe(4);
  });

  it('of one type, and refuses what is no search', async () => {
    const find = (path: string, body: unknown) => directory.ask('POST', path, body);
    expect((await find('/Users/.search', { schemas: [SEARCH], filter: 'title pr' })).body.totalResults).toBe(1);
    expect(
      (await find('/Groups/.search', { excludedAttributes: ['members'] })).body.Resources[0].members,
    ).toBeUndefined();
    expectError(await find('/Users/.search', { schemas: ['x'] }), 400, 'invalidValue');
    expectError(await find('/Users/.search', { filter: 7 }), 400, 'invalidValue');
    expectError(await find('/Users/.search', []), 400, 'invalidSyntax');
  });
});
