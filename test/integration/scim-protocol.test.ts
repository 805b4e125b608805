import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import SCIMMY from 'scimmy';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  type Directory,
  ENTERPRISE_SCHEMA,
  expectError,
  GROUP_SCHEMA,
  makeDirectory,
  PATCH_SCHEMA,
  scimRows,
  USER_SCHEMA,
} from '../support/scim.js';

/*
 * RFC 7644, sections 3.3 to 3.12 and 4, over HTTP, by its own examples with the ids that are ours. The server has its own
 * schemas, filters and patches; scimmy, which it does not use, reads what comes back.
 */

let gateway: Gateway;
let directory: Directory;
beforeAll(async () => {
  gateway = await startGateway();
  directory = await makeDirectory(gateway);
});
afterAll(() => gateway.close());

const BARBARA = {
  schemas: [USER_SCHEMA],
  userName: 'bjensen',
  externalId: 'bjensen',
  name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
};

/** The RFC's users of section 3.4.2 and 3.5.2, each in a directory of their own where a test changes them. */
const freshBarbara = async (more: object = {}) => {
  const own = await makeDirectory(gateway);
  return { own, user: await own.addUser({ ...BARBARA, emails: undefined, ...more }) };
};

/** What a client that knows the standard reads of a resource. It throws at what is not of its schema. */
function readByScimmy(resource: any) {
  const { User, EnterpriseUser, Group } = SCIMMY.Schemas as any;
  if (resource.schemas.includes(GROUP_SCHEMA)) return new Group(resource, 'out');
  if (!User.definition.attributes.some((one: any) => one.id === EnterpriseUser.definition.id))
    User.definition.extend(EnterpriseUser.definition, false);
  return new User(resource, 'out');
}

describe('3.3 creating', () => {
  it('answers 201 with the location, the version and the resource', async () => {
    const own = await makeDirectory(gateway);
    const { status, body, headers } = await own.ask('POST', '/Users', BARBARA);
    expect(status).toBe(201);
    expect(headers.get('content-type')).toMatch(/^application\/scim\+json/);
    expect(headers.get('location')).toBe(`${gateway.url}/scim/v2/Users/${body.id}`);
    expect(headers.get('etag')).toBe('W/"1"');
    expect(body).toEqual({
      ...BARBARA,
      id: body.id,
      active: true,
      meta: {
        resourceType: 'User',
        created: expect.stringMatching(/^\d{4}-.*Z$/),
        lastModified: body.meta.created,
        location: `${gateway.url}/scim/v2/Users/${body.id}`,
        version: 'W/"1"',
      },
    });
    expect(readByScimmy(body)).toMatchObject({ userName: 'bjensen', name: { familyName: 'Jensen' } });
    expect((await own.get(`/Users/${body.id}`)).body).toEqual(body);
  });

  it('refuses a second user of that name, in whatever case, with 409 uniqueness, and makes nothing', async () => {
    const { own } = await freshBarbara();
    const before = await scimRows(gateway);
    expectError(await own.ask('POST', '/Users', { ...BARBARA, userName: 'BJensen' }), 409, 'uniqueness');
    expect(await scimRows(gateway)).toBe(before);
  });

  it('takes names of attributes in any case, passes over what the server writes, and keeps no password', async () => {
    const user = await directory.addUser({
      username: undefined,
      USERNAME: 'cased',
      userName: undefined,
      ID: 'mine',
      Password: 't1meMa$heen',
      meta: { version: '7' },
      groups: [{ value: 'x' }],
      DisplayName: 'Cased',
      unknown: 1,
    });
    expect(user).toMatchObject({ userName: 'cased', displayName: 'Cased' });
    expect(user.id).not.toBe('mine');
    expect(JSON.stringify(user)).not.toMatch(/t1meMa|unknown|groups/);
    const stored = await gateway.rows('select * from scim_users where tenant_id = $1 and id = $2', [user.id]);
    expect(JSON.stringify(stored)).not.toContain('t1meMa');
  });

  const refused: [string, unknown, string][] = [
    ['no JSON', '{"userName":', 'invalidSyntax'],
    ['a list', [], 'invalidSyntax'],
    ['nothing', '', 'invalidSyntax'],
    ['no userName', { schemas: [USER_SCHEMA] }, 'invalidValue'],
    ['an empty userName', { userName: '  ' }, 'invalidValue'],
    ['another schema', { schemas: [GROUP_SCHEMA], userName: 'x' }, 'invalidValue'],
    ['a number for a name', { userName: 'x', name: { familyName: 7 } }, 'invalidValue'],
    ['a word for truth', { userName: 'x', active: 'perhaps' }, 'invalidValue'],
    ['an address that is none', { userName: 'x', emails: [{ value: 'nobody' }] }, 'invalidValue'],
    [
      'two primary values',
      { userName: 'x', emails: ['a@b.c', 'd@e.f'].map((value) => ({ value, primary: true })) },
      'invalidValue',
    ],
    ['a NUL', { userName: 'x', title: 'a\0b' }, 'invalidValue'],
    ['half a character', { userName: 'x', title: '\ud800' }, 'invalidValue'],
    ['a name of 257 characters', { userName: 'x'.repeat(257) }, 'invalidValue'],
    ['more than is kept', { userName: 'x', title: 'x'.repeat(70_000) }, 'invalidValue'],
  ];
  it.each(refused)('refuses %s, and makes nothing', async (_what, body, scimType) => {
    const before = await scimRows(gateway);
    expectError(await directory.ask('POST', '/Users', body), 400, scimType);
    expect(await scimRows(gateway)).toBe(before);
  });

  it('refuses what is too large with 413, and what is no JSON by its type with 415', async () => {
    expectError(await directory.ask('POST', '/Users', { userName: 'x', title: 'x'.repeat(1_100_000) }), 413);
    expectError(await directory.ask('POST', '/Users', '<x/>', { 'content-type': 'text/xml' }), 415);
  });
});

describe('3.4.1 reading one', () => {
  it('answers 404 for what is not there, and for what is no id', async () => {
    expectError(await directory.get('/Users/2819c223-7f76-453a-919d-413861904646'), 404);
    expectError(await directory.get('/Users/nobody'), 404);
    expectError(await directory.get('/Groups/e9e30dba-f08f-4109-8486-d5c6a331660a'), 404);
    expectError(await directory.get('/Nothing'), 404);
  });
});

describe('3.5.1 replacing', () => {
  it("puts what is sent in the place of what was there: the RFC's example", async () => {
    const { own, user } = await freshBarbara({ title: 'gone after this', phoneNumbers: [{ value: '1' }] });
    const sent = {
      schemas: [USER_SCHEMA],
      id: user.id,
      userName: 'bjensen',
      externalId: 'bjensen',
      name: {
        formatted: 'Ms. Barbara J Jensen III',
        familyName: 'Jensen',
        givenName: 'Barbara',
        middleName: 'Jane',
      },
      roles: [],
      emails: [{ value: 'bjensen@example.com' }, { value: 'babs@jensen.org' }],
    };
    const { status, body, headers } = await own.ask('PUT', `/Users/${user.id}`, sent, {
      'if-match': user.meta.version,
    });
    expect(status).toBe(200);
    const { roles: _, ...kept } = sent;
    expect(body).toEqual({
      ...kept,
      active: true,
      meta: { ...user.meta, lastModified: body.meta.lastModified, version: 'W/"2"' },
    });
    expect(headers.get('etag')).toBe('W/"2"');
  });

  it('changes nothing when nothing is other: the version stays', async () => {
    const { own, user } = await freshBarbara({ [ENTERPRISE_SCHEMA]: { manager: { value: '1', displayName: 'M' } } });
    const before = await scimRows(gateway);
    expect((await own.ask('PUT', `/Users/${user.id}`, user)).body).toEqual(user);
    expect(await scimRows(gateway)).toBe(before);
  });

  it('refuses a name that is taken with 409, and what is not there with 404', async () => {
    const { own, user } = await freshBarbara();
    await own.addUser({ userName: 'other', emails: undefined });
    const before = await scimRows(gateway);
    expectError(await own.ask('PUT', `/Users/${user.id}`, { ...BARBARA, userName: 'OTHER' }), 409, 'uniqueness');
    expectError(await own.ask('PUT', '/Users/2819c223-7f76-453a-919d-413861904646', BARBARA), 404);
    expect(await scimRows(gateway)).toBe(before);
  });
});

describe('3.5.2 patching', () => {
  const change = async (more: object, ...operations: object[]) => {
    const { own, user } = await freshBarbara(more);
    const { status, body } = await own.patch(`/Users/${user.id}`, ...operations);
    expect([status, body.detail]).toEqual([200, undefined]);
    readByScimmy(body);
    return body;
  };

  it('3.5.2.1 adds what an object without a path has', async () => {
    const body = await change(
      {},
      {
        op: 'add',
        value: { emails: [{ value: 'babs@jensen.org', type: 'home' }], nickname: 'Babs' },
      },
    );
    expect(body).toMatchObject({ nickName: 'Babs', emails: [{ value: 'babs@jensen.org', type: 'home' }] });
  });

  it('3.5.2.1 adds to several values once, and a new primary value takes that from the one before', async () => {
    const emails = [{ value: 'bjensen@example.com', type: 'work', primary: true }];
    const added = { value: 'babs@jensen.org', type: 'home', primary: true };
    const body = await change({ emails }, ...[0, 1].map(() => ({ op: 'add', path: 'emails', value: [added] })));
    expect(body.emails).toEqual([{ ...emails[0], primary: false }, added]);
  });

  const addresses = [
    { type: 'work', streetAddress: '100 Universal City Plaza', locality: 'Hollywood', country: 'USA', primary: true },
    { type: 'home', streetAddress: '456 Hollywood Blvd' },
  ];
  const emails = [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.org', type: 'home' },
  ];

  it('3.5.2.2 removes all values, those that a filter chooses, and a part of them', async () => {
    expect(await change({ emails }, { op: 'remove', path: 'emails' })).not.toHaveProperty('emails');
    const filtered = { op: 'remove', path: 'emails[type eq "work" and value ew "example.com"]' };
    expect((await change({ emails }, filtered)).emails).toEqual([emails[1]]);
    const part = await change({ addresses }, { op: 'remove', path: 'addresses[type eq "work"].country' });
    expect(part.addresses[0]).toEqual({ ...addresses[0], country: undefined });
  });

  it('3.5.2.3 replaces what a filter chooses by what is sent, as in its example', async () => {
    const value = {
      type: 'work',
      streetAddress: '911 Universal City Plaza',
      locality: 'Hollywood',
      region: 'CA',
      postalCode: '91608',
      country: 'US',
      formatted: '911 Universal City Plaza\nHollywood, CA 91608 US',
      primary: true,
    };
    const body = await change({ addresses }, { op: 'replace', path: 'addresses[type eq "work"]', value });
    expect(body.addresses).toEqual([value, addresses[1]]);
  });

  it('3.5.2.3 replaces one part of what a filter chooses, and several attributes at once, as in its examples', async () => {
    const one = { op: 'replace', path: 'addresses[type eq "work"].streetAddress', value: '1010 Broadway Ave' };
    expect((await change({ addresses }, one)).addresses[0]).toEqual({
      ...addresses[0],
      streetAddress: '1010 Broadway Ave',
    });
    const value = {
      emails: [
        { value: 'other@example.com', type: 'work', primary: true },
        { value: 'babs@jensen.org', type: 'home' },
      ],
      nickname: 'Babs',
    };
    expect(await change({ emails: [{ value: 'old@example.com' }] }, { op: 'replace', value })).toMatchObject({
      emails: value.emails,
      nickName: 'Babs',
    });
  });

  it('3.5.2.3 leaves parts of a complex attribute that are not sent', async () => {
    const body = await change({}, { op: 'replace', path: 'name', value: { givenName: 'Babs' } });
    expect(body.name).toEqual({ ...BARBARA.name, givenName: 'Babs' });
  });

  const refused: [string, object, string][] = [
    ['an attribute that nothing has', { op: 'add', path: 'nothing', value: 1 }, 'invalidPath'],
    ['a path that is none', { op: 'add', path: 'emails[', value: 1 }, 'invalidPath'],
    ['a filter on one value', { op: 'replace', path: 'name[familyName eq "x"].givenName', value: 'x' }, 'invalidPath'],
    ['a filter that nothing meets', { op: 'replace', path: 'emails[type eq "fax"].value', value: 'x' }, 'noTarget'],
    ['removing nothing in particular', { op: 'remove' }, 'noTarget'],
    ['removing what is required', { op: 'remove', path: 'userName' }, 'mutability'],
    ['writing what the server writes', { op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    ['writing the groups of a user', { op: 'add', path: 'groups', value: [{ value: 'x' }] }, 'mutability'],
    ['a value of another type', { op: 'replace', path: 'name.givenName', value: 7 }, 'invalidValue'],
    ['no value', { op: 'add', path: 'title' }, 'invalidValue'],
    ['another operation', { op: 'move', path: 'title' }, 'invalidSyntax'],
  ];
  it.each(refused)('refuses %s, and changes nothing: not even what came before', async (_what, operation, scimType) => {
    const { own, user } = await freshBarbara();
    const before = await scimRows(gateway);
    const first = { op: 'replace', path: 'title', value: 'Changed' };
    expectError(await own.patch(`/Users/${user.id}`, first, operation), 400, scimType);
    expectError(
      await own.ask('PATCH', `/Users/${user.id}`, { schemas: [PATCH_SCHEMA], Operations: [] }),
      400,
      'invalidSyntax',
    );
    expectError(
      await own.ask('PATCH', `/Users/${user.id}`, { schemas: [USER_SCHEMA], Operations: [first] }),
      400,
      'invalidValue',
    );
    expect(await scimRows(gateway)).toBe(before);
  });
});

describe('3.6 deleting', () => {
  it('answers 204, then 404 to everything, and the name is free again', async () => {
    const { own, user } = await freshBarbara();
    expect((await own.ask('DELETE', `/Users/${user.id}`)).status).toBe(204);
    expectError(await own.get(`/Users/${user.id}`), 404);
    expectError(await own.ask('DELETE', `/Users/${user.id}`), 404);
    expectError(await own.patch(`/Users/${user.id}`, { op: 'replace', path: 'active', value: true }), 404);
    expect((await own.get('/Users?filter=userName eq "bjensen"')).body.totalResults).toBe(0);
    const again = await own.addUser({ ...BARBARA, emails: undefined });
    expect(again.id).not.toBe(user.id);
  });

  it('takes a DELETE that says that its nothing is JSON', async () => {
    const { own, user } = await freshBarbara();
    const { status } = await own.ask('DELETE', `/Users/${user.id}`, '', { 'content-type': 'application/json' });
    expect(status).toBe(204);
  });
});

describe('3.9 what is shown', () => {
  it('shows the attributes that are asked for, or all but some; id and schemas always', async () => {
    const { own, user } = await freshBarbara({
      [ENTERPRISE_SCHEMA]: { department: 'Tour', manager: { value: '7' } },
      schemas: [USER_SCHEMA, ENTERPRISE_SCHEMA],
      emails: [{ value: 'b@example.com', type: 'work' }],
    });
    const show = async (query: string) => (await own.get(`/Users/${user.id}?${query}`)).body;
    const always = { schemas: user.schemas, id: user.id };
    expect(await show('attributes=userName')).toEqual({ ...always, userName: 'bjensen' });
    expect(await show('attributes=USERNAME,name.familyName,nothing,emails.type')).toEqual({
      ...always,
      userName: 'bjensen',
      name: { familyName: 'Jensen' },
      emails: [{ type: 'work' }],
    });
    expect(await show(`attributes=${ENTERPRISE_SCHEMA}:department`)).toEqual({
      ...always,
      [ENTERPRISE_SCHEMA]: { department: 'Tour' },
    });
    const rest = await show(`excludedAttributes=id,name.formatted,emails,${ENTERPRISE_SCHEMA}`);
    expect(rest).toMatchObject({ ...always, name: { familyName: 'Jensen', givenName: 'Barbara' } });
    expect(Object.keys(rest)).not.toContain('emails');
    expect([rest.name.formatted, rest[ENTERPRISE_SCHEMA]]).toEqual([undefined, undefined]);
    expectError(await own.get(`/Users/${user.id}?attributes=id&excludedAttributes=name`), 400, 'invalidValue');
  });
});

describe('3.14 versions', () => {
  it('answers 304 to If-None-Match, and 412 to an If-Match that is old, changing nothing', async () => {
    const { own, user } = await freshBarbara();
    const path = `/Users/${user.id}`;
    const old = user.meta.version;
    expect((await own.get(path, { 'if-none-match': old })).status).toBe(304);
    const changed = await own.patch(path, { op: 'replace', path: 'title', value: 'Guide' });
    expect(changed.body.meta.version).not.toBe(old);
    expect((await own.get(path, { 'if-none-match': `${old}, W/"9"` })).status).toBe(200);
    const before = await scimRows(gateway);
    const operations = { schemas: [PATCH_SCHEMA], Operations: [{ op: 'remove', path: 'title' }] };
    expectError(await own.ask('PATCH', path, operations, { 'if-match': old }), 412);
    expectError(await own.ask('PUT', path, BARBARA, { 'if-match': old }), 412);
    expectError(await own.ask('DELETE', path, undefined, { 'if-match': old }), 412);
    expect(await scimRows(gateway)).toBe(before);
    expect((await own.ask('PATCH', path, operations, { 'if-match': changed.body.meta.version })).status).toBe(200);
    expect((await own.ask('DELETE', path, undefined, { 'if-match': '*' })).status).toBe(204);
  });

  it('of a user are other ones when a group of theirs is, since it is shown with them', async () => {
    const { own, user } = await freshBarbara();
    const group = await own.addGroup({ members: [{ value: user.id }] });
    const inGroup = (await own.get(`/Users/${user.id}`)).body;
    expect(inGroup.groups).toEqual([
      { value: group.id, $ref: group.meta.location, display: group.displayName, type: 'direct' },
    ]);
    expect(inGroup.meta.version).not.toBe(user.meta.version);
    await own.patch(`/Groups/${group.id}`, { op: 'replace', path: 'displayName', value: 'Renamed' });
    expect((await own.get(`/Users/${user.id}`)).body.meta.version).not.toBe(inGroup.meta.version);
  });
});

/**
 * What scimmy has beside RFC 7643, section 8.7.1; and the name of a manager, who need not be in the directory: it is
 * kept as it is sent.
 */
const DIFFERENCES: Record<string, string[]> = {
  Group: ['members.display string false immutable false'],
  EnterpriseUser: ['manager.displayName string false readOnly false'],
};

describe('4 discovery', () => {
  const open = async (path: string) => {
    const response = await fetch(`${gateway.url}/scim/v2${path}`);
    return { status: response.status, body: (await response.json()) as any, headers: response.headers };
  };

  it('is there without a token, and takes no filter', async () => {
    const config = await open('/ServiceProviderConfig');
    expect(config.status).toBe(200);
    expect(config.body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 200 },
      sort: { supported: true },
      etag: { supported: true },
    });
    new (SCIMMY.Schemas as any).ServiceProviderConfig(config.body, 'out');
    const types = await open('/ResourceTypes');
    expect(types.body.Resources.map(({ id }: any) => id)).toEqual(['User', 'Group']);
    for (const type of types.body.Resources) {
      new (SCIMMY.Schemas as any).ResourceType(type, 'out');
      expect((await open(`/ResourceTypes/${type.id}`)).body).toEqual(type);
    }
    expectError(await open('/Schemas?filter=id eq "x"'), 403);
    expectError(await open('/Schemas/urn:nothing'), 404);
  });

  it('describes every attribute of the standard as the standard does', async () => {
    const { body } = await open('/Schemas');
    const { User, Group, EnterpriseUser } = SCIMMY.Schemas as any;
    for (const { definition } of [User, Group, EnterpriseUser]) {
      const ours = body.Resources.find(({ id }: any) => id === definition.id);
      expect((await open(`/Schemas/${definition.id}`)).body).toEqual(ours);
      const flat = (attributes: any[], prefix = ''): string[] =>
        attributes.flatMap(({ name, type, multiValued, mutability, required, subAttributes = [] }) => [
          `${prefix}${name} ${type} ${multiValued} ${mutability} ${required}`,
          ...flat(subAttributes, `${prefix}${name}.`),
        ]);
      const known = flat(ours.attributes);
      const standard = flat(JSON.parse(JSON.stringify(definition.describe())).attributes);
      const differing = standard.filter((line) => !known.includes(line));
      expect([definition.id, differing]).toEqual([definition.id, DIFFERENCES[definition.name] ?? []]);
    }
  });

  it('says 501 for what is not served, and asks for a token first', async () => {
    expectError(await directory.get('/Me'), 501);
    expectError(await directory.ask('POST', '/Bulk', { Operations: [] }), 501);
    expectError(await open('/Me'), 401);
  });
});

describe('what a client sends is bounded', () => {
  const many = <Item>(count: number, make: (index: number) => Item) => Array.from({ length: count }, (_, i) => make(i));

  it('a search and a read name at most 200 attributes', async () => {
    const names = (count: number) => many(count, () => 'userName');
    const search = (attributes: string[]) =>
      directory.ask('POST', '/Users/.search', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        attributes,
      });
    expect((await search(names(200))).status).toBe(200);
    expectError(await search(names(201)), 400, 'invalidValue');
    expectError(await directory.get(`/Users?excludedAttributes=${names(201).join(',')}`), 400, 'invalidValue');
  });

  it('an attribute has at most 200 values, however they come', async () => {
    const { own, user } = await freshBarbara();
    const phones = (count: number, prefix = '') => many(count, (index) => ({ value: `${prefix}${index}` }));
    const before = await scimRows(gateway);
    const path = `/Users/${user.id}`;
    const add = (value: object[]) => ({ op: 'add', path: 'phoneNumbers', value });
    expectError(await own.ask('PUT', path, { ...BARBARA, phoneNumbers: phones(201) }), 400, 'invalidValue');
    expectError(await own.patch(path, add(phones(201)), { op: 'remove', path: 'phoneNumbers' }), 400, 'invalidValue');
    expectError(await own.patch(path, add(phones(150)), add(phones(51, 'x'))), 400, 'invalidValue');
    expect(await scimRows(gateway)).toBe(before);
    expect((await own.patch(path, add(phones(150)), add(phones(50, 'x')))).body.phoneNumbers).toHaveLength(200);
  });

  it('a PATCH looks through the members of a group at most 100 times', async () => {
    const { own, user } = await freshBarbara();
    const group = await own.addGroup({ members: [{ value: user.id }] });
    const choose = (count: number) => many(count, () => ({ op: 'remove', path: 'members[type eq "Group"]' }));
    const before = await scimRows(gateway);
    expectError(await own.patch(`/Groups/${group.id}`, ...choose(101)), 400, 'tooMany');
    expect(await scimRows(gateway)).toBe(before);
    gateway.statements.length = 0;
    expect((await own.patch(`/Groups/${group.id}`, ...choose(100))).status).toBe(204);
    expect(gateway.statements.filter((text) => /^select scim_user_id as id/.test(text))).toHaveLength(1);
  });

  it('a filter of a path that names what is not there is refused, also where there are no values yet', async () => {
    const { own, user } = await freshBarbara();
    for (const filter of ['nothing eq "x"', 'type.nothing eq "x"', 'type eq "work" and nothing eq "x"']) {
      const patched = await own.patch(`/Users/${user.id}`, { op: 'add', path: `ims[${filter}].value`, value: 'y' });
      expectError(patched, 400, 'invalidFilter');
    }
  });

  it('a moment before our era is none to compare with', async () => {
    for (const time of ['0000-12-31T23:59:59Z', '0001-01-01T00:00:00+01:00'])
      expectError(
        await directory.get(`/Users?filter=${encodeURIComponent(`meta.created gt "${time}"`)}`),
        400,
        'invalidFilter',
      );
  });
});
