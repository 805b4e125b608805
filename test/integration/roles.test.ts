import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeInvitation } from '../support/invitations.js';
import { eventsOf } from '../support/sign-in.js';

let gateway: Gateway;
let admin: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const ROLE =
  'id name description kind isBuiltIn version createdAt organization { id } permissions { name } viewerCan { update delete }';
let serial = 0;

/** Calls a mutation, whose input has its name; gives its payload. */
async function call(browser: Browser | null, name: string, input: object, selection: string) {
  const type = name.startsWith('rolePermissions') ? 'RolePermissions' : name[0]!.toUpperCase() + name.slice(1);
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { ${selection} userErrors { code message field } } }`;
  const answer = await gateway.graphql(browser, query, { input });
  return { ...answer, payload: answer.data?.[name] };
}

async function permission(name = `thing-${++serial}:read`): Promise<string> {
  const { payload } = await call(admin, 'permissionCreate', { name }, 'permission { id }');
  expect(payload.userErrors).toEqual([]);
  return payload.permission.id;
}

async function role(input: object = {}, browser = admin) {
  const { payload } = await call(browser, 'roleCreate', { name: `role ${++serial}`, ...input }, `role { ${ROLE} }`);
  expect(payload.userErrors).toEqual([]);
  return payload.role;
}

const ADMINISTER = async () =>
  (await gateway.graphql(admin, '{ permissions(filter: { search: "organization:administer" }) { nodes { id } } }')).data
    .permissions.nodes[0].id as string;

/** An organization with somebody who is signed in for each of these, with these roles. */
async function organizationWith<Name extends string>(members: Record<Name, string[]>) {
  const organization = await makeOrganization(gateway.tenant);
  const browsers = {} as Record<Name, Browser>;
  const memberships = {} as Record<Name, string>;
  for (const [name, roles] of Object.entries(members) as [Name, string[]][]) {
    const { browser, userId } = await gateway.signedInUser();
    memberships[name] = (await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles })).id;
    browsers[name] = browser;
  }
  return { id: `org_${organization.id}`, uuid: organization.id, browsers, memberships };
}

const snapshot = async () =>
  JSON.stringify([
    await gateway.snapshot(),
    await gateway.rows('select * from roles where tenant_id = $1 order by id'),
    await gateway.rows('select * from permissions where tenant_id = $1 order by id'),
    await gateway.rows('select * from role_permissions where tenant_id = $1 order by id'),
  ]);

/** Runs it and expects that nothing was changed. */
async function unchanged<Result>(act: () => Promise<Result>): Promise<Result> {
  const before = await snapshot();
  const result = await act();
  expect(await snapshot()).toBe(before);
  return result;
}

/** The statements that went to the database about these; a connection begins with others. */
const about = (what: RegExp) => gateway.statements.filter((text) => what.test(text));

/** Gives members a role, as SQL does. */
async function give(roleId: string, membershipIds: string[]): Promise<void> {
  await gateway.rows(
    `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
     select gen_random_uuid(), $1, m.id, $2, now() from unnest($3::uuid[]) as m(id)`,
    [roleId.slice(4), membershipIds],
  );
}

describe('permissions', () => {
  it('are made, edited and deleted by administrators of the tenant, with events', async () => {
    const { result, events } = await eventsOf(gateway, async () => {
      const input = { name: 'invoice:read', description: ' Reads invoices ', idempotencyKey: 'invoice' };
      const made = await call(admin, 'permissionCreate', input, 'permission { id name description isBuiltIn version }');
      const again = await call(admin, 'permissionCreate', input, 'permission { id }');
      const { id } = made.payload.permission;
      expect(again.payload.permission.id).toBe(id);
      const changes = { id, expectedVersion: 1, name: 'invoices:read', description: null };
      const edited = await call(admin, 'permissionUpdate', changes, 'permission { name description version }');
      const deleted = await call(admin, 'permissionDelete', { id, expectedVersion: 2 }, 'deletedId');
      return { made: made.payload.permission, edited: edited.payload.permission, deleted: deleted.payload.deletedId };
    });
    expect(result.made).toMatchObject({ name: 'invoice:read', description: 'Reads invoices', isBuiltIn: false });
    expect(result.edited).toEqual({ name: 'invoices:read', description: '', version: 2 });
    expect(result.deleted).toBe(result.made.id);
    expect(events.map(({ type, before, after }) => ({ type, before, after }))).toEqual([
      { type: 'permission.created', before: null, after: { name: 'invoice:read', description: 'Reads invoices' } },
      {
        type: 'permission.updated',
        before: { name: 'invoice:read', description: 'Reads invoices' },
        after: { name: 'invoices:read', description: '' },
      },
      { type: 'permission.deleted', before: { name: 'invoices:read', description: '', roles: 0 }, after: null },
    ]);
  });

  it.each([
    ['', 'REQUIRED'],
    ['two words', 'INVALID'],
    ['a"b', 'INVALID'],
    ['a\\b', 'INVALID'],
    ['café', 'INVALID'],
    ['openid', 'INVALID'],
    ['profile', 'INVALID'],
    ['email', 'INVALID'],
    ['offline_access', 'INVALID'],
    ['address', 'INVALID'],
    ['Phone', 'INVALID'],
    ['urn:vestibule:anything', 'INVALID'],
    ['x'.repeat(129), 'TOO_LONG'],
    ['organization:administer', 'TAKEN'],
  ])('cannot be called %j: %s', async (name, code) => {
    const { payload } = await unchanged(() => call(admin, 'permissionCreate', { name }, 'permission { id }'));
    expect(payload).toMatchObject({ permission: null, userErrors: [{ code, field: ['name'] }] });
  });

  it('that are built in stay as they are, and another keeps its own name', async () => {
    const id = await ADMINISTER();
    for (const [name, input] of [
      ['permissionUpdate', { id, name: 'mine' }],
      ['permissionUpdate', { id, description: 'Mine' }],
      ['permissionDelete', { id }],
    ] as const) {
      const { payload } = await unchanged(() => call(admin, name, input, ''));
      expect(payload.userErrors).toMatchObject([{ code: 'BUILT_IN', field: ['id'] }]);
    }
    const other = await permission('taken:name');
    const mine = await permission();
    for (const [input, code] of [
      [{ name: 'taken:name' }, 'TAKEN'],
      [{ name: null }, 'REQUIRED'],
      [{ description: 'x'.repeat(257) }, 'TOO_LONG'],
      [{ expectedVersion: 7, description: 'x' }, 'STALE_VERSION'],
    ] as const) {
      const { payload } = await unchanged(() => call(admin, 'permissionUpdate', { id: mine, ...input }, ''));
      expect(payload.userErrors).toMatchObject([{ code }]);
    }
    expect(other).not.toBe(mine);
  });

  it('are listed and searched by everybody who is signed in, and changed by nobody else', async () => {
    const name = `searched-${++serial}:write`;
    const id = await permission(name);
    const { browsers } = await organizationWith({ administrator: ['administrator'] });
    const list = `query ($search: String) { permissions(filter: { search: $search }) { totalCount nodes { id name } } }`;
    const found = await gateway.graphql(browsers.administrator, list, { search: 'SEARCHED-' });
    expect(found.data.permissions).toEqual({ totalCount: 1, nodes: [{ id, name }] });
    const none = await gateway.graphql(browsers.administrator, list, { search: 'searched_' });
    expect(none.data.permissions.totalCount).toBe(0);
    for (const [mutation, input] of [
      ['permissionCreate', { name: 'other' }],
      ['permissionUpdate', { id, name: 'other' }],
      ['permissionDelete', { id }],
    ] as const) {
      for (const [browser, code] of [
        [browsers.administrator, 'FORBIDDEN'],
        [null, 'UNAUTHENTICATED'],
      ] as const) {
        const { errors } = await unchanged(() => call(browser, mutation, input, ''));
        expect(errors?.[0]?.extensions.code).toBe(code);
      }
    }
  });

  it('that is deleted is granted by no role any more', async () => {
    const [kept, gone] = [await permission(), await permission()];
    const { id } = await role({ permissionIds: [kept, gone] });
    const { events } = await eventsOf(gateway, () => call(admin, 'permissionDelete', { id: gone }, ''));
    expect(events).toMatchObject([{ type: 'permission.deleted', before: { roles: 1 } }]);
    const { data } = await gateway.graphql(admin, `query ($id: ID!) { role(id: $id) { permissions { id } } }`, { id });
    expect(data.role.permissions).toEqual([{ id: kept }]);
  });
});

describe('roleCreate', () => {
  it('makes a role with its permissions, in one event', async () => {
    const names = [`a-${++serial}`, `b-${serial}`];
    const permissionIds = [await permission(names[1]), await permission(names[0])];
    const { result, events } = await eventsOf(gateway, () =>
      role({
        name: ' Accountant ',
        description: 'Keeps the books',
        permissionIds: [...permissionIds, permissionIds[0]],
      }),
    );
    expect(result).toMatchObject({
      name: 'Accountant',
      description: 'Keeps the books',
      kind: 'USER',
      isBuiltIn: false,
      version: 1,
      organization: null,
      permissions: [{ name: names[0] }, { name: names[1] }],
      viewerCan: { update: true, delete: true },
    });
    expect(events).toMatchObject([
      {
        type: 'role.created',
        organization_id: null,
        after: {
          name: 'Accountant',
          description: 'Keeps the books',
          kind: 'USER',
          organizationId: null,
          permissions: names,
        },
      },
    ]);
  });

  it('an organization has at most 250 roles of its own', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const count = (number: number) =>
      gateway.rows(
        `insert into roles (id, tenant_id, organization_id, name)
         select gen_random_uuid(), $1, $2, 'crowd ' || n from generate_series(1, $3::int) n`,
        [organization.id, number],
      );
    await count(250);
    const input = { organizationId: `org_${organization.id}`, name: 'one more', permissionIds: [] };
    const { payload } = await unchanged(() => call(admin, 'roleCreate', input, 'role { id }'));
    expect(payload).toMatchObject({
      role: null,
      userErrors: [{ code: 'INVALID', message: expect.stringContaining('250') }],
    });
    await gateway.rows(`delete from roles where tenant_id = $1 and organization_id = $2 and name = 'crowd 1'`, [
      organization.id,
    ]);
    const { payload: made } = await call(admin, 'roleCreate', input, 'role { id }');
    expect(made.userErrors).toEqual([]);
  });

  it('[ORG-16] with an unknown permission writes nothing', async () => {
    const input = { name: `role ${++serial}`, permissionIds: [await permission(), `prm_${v7()}`] };
    const { payload } = await unchanged(() =>
      call(admin, 'roleCreate', { ...input, idempotencyKey: 'unknown' }, 'role { id }'),
    );
    expect(payload).toMatchObject({
      role: null,
      userErrors: [{ code: 'NOT_FOUND', field: ['permissionIds', '1'] }],
    });
    // The key was not used up either.
    const { payload: made } = await call(
      admin,
      'roleCreate',
      { ...input, permissionIds: [], idempotencyKey: 'unknown' },
      'role { id }',
    );
    expect(made.userErrors).toEqual([]);
    const malformed = await unchanged(() =>
      call(admin, 'roleCreate', { ...input, permissionIds: ['rol_1'] }, 'role { id }'),
    );
    expect(malformed.errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'input.permissionIds.0',
    });
  });

  it.each([
    [{ name: ' ' }, 'REQUIRED', ['name']],
    [{ name: 'x'.repeat(129) }, 'TOO_LONG', ['name']],
    [{ name: 'a', description: 'x'.repeat(257) }, 'TOO_LONG', ['description']],
    [{ name: 'administrator' }, 'TAKEN', ['name']],
    [{ name: 'Administrator', kind: 'APPLICATION' }, 'TAKEN', ['name']],
    [{ name: ' MEMBER ' }, 'TAKEN', ['name']],
  ])('refuses %j: %s', async (input, code, field) => {
    const { payload } = await unchanged(() => call(admin, 'roleCreate', input, 'role { id }'));
    expect(payload).toMatchObject({ role: null, userErrors: [{ code, field }] });
  });

  it('takes a name once in the template and once in each organization', async () => {
    const [one, other] = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
    const name = `Named ${++serial}`;
    await role({ name });
    await role({ name, organizationId: `org_${one.id}` });
    await role({ name, organizationId: `org_${other.id}` });
    for (const organizationId of [undefined, `org_${one.id}`]) {
      const { payload } = await unchanged(() => call(admin, 'roleCreate', { name, organizationId }, 'role { id }'));
      expect(payload.userErrors).toMatchObject([{ code: 'TAKEN', field: ['name'] }]);
    }
  });

  it('gives organization:administer to roles for applications alone', async () => {
    const administer = await ADMINISTER();
    const input = { name: `role ${++serial}`, permissionIds: [administer] };
    const { payload } = await unchanged(() => call(admin, 'roleCreate', input, 'role { id }'));
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID', field: ['permissionIds'], message: expect.stringContaining('administrator alone') },
    ]);
    const robot = await role({ ...input, kind: 'APPLICATION' });
    expect(robot).toMatchObject({ kind: 'APPLICATION', permissions: [{ name: 'organization:administer' }] });
  });
});

describe('a role', () => {
  it('is edited at the version that was seen, and keeps what is absent', async () => {
    const made = await role({ description: 'Words' });
    const { events } = await eventsOf(gateway, async () => {
      const { payload } = await call(
        admin,
        'roleUpdate',
        { id: made.id, expectedVersion: 1, name: 'Edited' },
        'role { name description version }',
      );
      expect(payload).toEqual({ role: { name: 'Edited', description: 'Words', version: 2 }, userErrors: [] });
    });
    expect(events).toMatchObject([{ type: 'role.updated', before: { name: made.name }, after: { name: 'Edited' } }]);
    const stale = await unchanged(() =>
      call(admin, 'roleUpdate', { id: made.id, expectedVersion: 1, description: null }, 'role { name version }'),
    );
    expect(stale.payload).toMatchObject({
      role: { name: 'Edited', version: 2 },
      userErrors: [{ code: 'STALE_VERSION' }],
    });
    const { payload } = await unchanged(() => call(admin, 'roleUpdate', { id: made.id, name: null }, ''));
    expect(payload.userErrors).toMatchObject([{ code: 'REQUIRED', field: ['name'] }]);
    const cleared = await call(admin, 'roleUpdate', { id: made.id, description: null }, 'role { description }');
    expect(cleared.payload.role.description).toBe('');
    const built = await unchanged(() => call(admin, 'roleUpdate', { id: made.id, name: 'Member' }, ''));
    expect(built.payload.userErrors).toMatchObject([{ code: 'TAKEN', field: ['name'] }]);
  });

  it('is given permissions, all of them, and loses some; once each, and none when one is unknown', async () => {
    const names = ['a', 'b', 'c'].map((letter) => `${letter}-${++serial}`);
    const [a, b, c] = [await permission(names[0]), await permission(names[1]), await permission(names[2])];
    const { id } = await role({ permissionIds: [a] });
    const change = async (name: string, permissionIds: string[], more = {}) =>
      (await call(admin, name, { id, permissionIds, ...more }, 'role { version permissions { name } }')).payload;
    const granted = (...which: number[]) => which.map((index) => ({ name: names[index] }));
    const { events } = await eventsOf(gateway, async () => {
      expect((await change('rolePermissionsAdd', [a, b])).role).toEqual({ version: 2, permissions: granted(0, 1) });
      expect((await change('rolePermissionsAdd', [b])).role.version).toBe(2);
      expect((await change('rolePermissionsSet', [b, c])).role).toEqual({ version: 3, permissions: granted(1, 2) });
      expect((await change('rolePermissionsSet', [c, b])).role.version).toBe(3);
      expect((await change('rolePermissionsRemove', [b])).role).toEqual({ version: 4, permissions: granted(2) });
      expect((await change('rolePermissionsRemove', [b])).role.version).toBe(4);
      expect((await change('rolePermissionsSet', [], { expectedVersion: 4 })).role.permissions).toEqual([]);
    });
    expect(events.map(({ type, before, after }) => [type, before!.permissions, after!.permissions])).toEqual([
      ['role.updated', [names[0]], [names[0], names[1]]],
      ['role.updated', [names[0], names[1]], [names[1], names[2]]],
      ['role.updated', [names[1], names[2]], [names[2]]],
      ['role.updated', [names[2]], []],
    ]);
    for (const name of ['rolePermissionsAdd', 'rolePermissionsSet', 'rolePermissionsRemove']) {
      const unknown = await unchanged(() => change(name, [a, `prm_${v7()}`]));
      expect(unknown.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['permissionIds', '1'] }]);
      const stale = await unchanged(() => change(name, [a], { expectedVersion: 1 }));
      expect(stale.userErrors).toMatchObject([{ code: 'STALE_VERSION' }]);
    }
  });

  it('that is built in keeps its name and what makes it what it is; a tenant may have it grant more', async () => {
    const [administrator, member] = ['administrator', 'member'].map((name) => `rol_${gateway.tenant.roles.get(name)}`);
    const administer = await ADMINISTER();
    const more = await permission();
    for (const [name, input] of [
      ['roleUpdate', { id: member, name: 'Colleague' }],
      ['roleDelete', { id: administrator }],
      ['roleDelete', { id: member }],
      ['rolePermissionsSet', { id: administrator, permissionIds: [more] }],
      ['rolePermissionsRemove', { id: administrator, permissionIds: [administer] }],
      ['rolePermissionsAdd', { id: member, permissionIds: [administer] }],
    ] as const) {
      const { payload } = await unchanged(() => call(admin, name, input, ''));
      expect([name, payload.userErrors]).toMatchObject([name, [{ code: 'BUILT_IN' }]]);
    }
    for (const [name, permissionIds] of [
      ['rolePermissionsAdd', [more]],
      ['rolePermissionsRemove', [more]],
    ] as const) {
      const { payload } = await call(admin, name, { id: member, permissionIds }, '');
      expect(payload.userErrors).toEqual([]);
    }
  });

  it("of the template is everybody's to see, and one of an organization its members'", async () => {
    const { id, browsers } = await organizationWith({
      administrator: ['member', 'administrator'],
      member: ['member'],
    });
    const other = await organizationWith({ administrator: ['member', 'administrator'] });
    const template = await role();
    const own = await role({ organizationId: id }, browsers.administrator);
    expect(own).toMatchObject({ organization: { id }, viewerCan: { update: true, delete: true } });
    const look = `query ($id: ID!, $organization: ID!) { role(id: $id) { id } node(id: $id) { id }
      roles(first: 100, filter: { organizationId: $organization }) { nodes { id } totalCount } }`;
    for (const [browser, isSeen] of [
      [admin, true],
      [browsers.administrator, true],
      [browsers.member, true],
      [other.browsers.administrator, false],
    ] as const) {
      const { data, text } = await gateway.graphql(browser, look, { id: own.id, organization: id });
      const seen = isSeen ? { id: own.id } : null;
      expect(data).toEqual({
        role: seen,
        node: seen,
        roles: { nodes: isSeen ? [seen] : [], totalCount: isSeen ? 1 : 0 },
      });
      expect(text.includes(own.name)).toBe(false);
      const list = await gateway.graphql(browser, '{ roles(first: 100) { nodes { id } } }');
      expect(list.data.roles.nodes).toContainEqual({ id: template.id });
      expect(list.data.roles.nodes).not.toContainEqual({ id: own.id });
    }
    expect((await gateway.graphql(null, look, { id: own.id, organization: id })).errors![0]!.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
    const usable = `query ($id: ID!, $kind: RoleKind) { organization(id: $id) { roles(first: 100, filter: { kind: $kind }) { nodes { id } } } }`;
    const nodes = async (kind: string) =>
      (await gateway.graphql(browsers.member, usable, { id, kind })).data.organization.roles.nodes;
    expect(await nodes('USER')).toEqual(expect.arrayContaining([{ id: own.id }, { id: template.id }]));
    expect(await nodes('APPLICATION')).not.toContainEqual({ id: own.id });
  });

  it("is changed by administrators: of the tenant, of the organization for its own, nobody else's", async () => {
    const { id, browsers } = await organizationWith({
      administrator: ['member', 'administrator'],
      member: ['member'],
    });
    const other = await organizationWith({ administrator: ['member', 'administrator'] });
    const [template, own] = [await role(), await role({ organizationId: id })];
    const permissionIds = [await permission()];
    const calls = (roleId: string) =>
      [
        ['roleUpdate', { id: roleId, name: 'Taken over' }],
        ['roleDelete', { id: roleId }],
        ['rolePermissionsAdd', { id: roleId, permissionIds }],
        ['rolePermissionsSet', { id: roleId, permissionIds }],
        ['rolePermissionsRemove', { id: roleId, permissionIds }],
      ] as const;
    const refuse = async (browser: Browser | null, name: string, input: object, code: string) => {
      const { errors, data, text } = await unchanged(() => call(browser, name, input, ''));
      expect([name, errors?.[0]?.extensions.code, data?.[name] ?? null]).toEqual([name, code, null]);
      expect(text).not.toContain(own.name);
    };
    for (const [name, input] of calls(template.id)) await refuse(browsers.administrator, name, input, 'FORBIDDEN');
    for (const [name, input] of calls(own.id)) {
      await refuse(browsers.member, name, input, 'FORBIDDEN');
      await refuse(other.browsers.administrator, name, input, 'NOT_FOUND');
      await refuse(null, name, input, 'UNAUTHENTICATED');
    }
    await refuse(browsers.administrator, 'roleCreate', { name: 'x' }, 'FORBIDDEN');
    await refuse(browsers.administrator, 'roleCreate', { name: 'x', organizationId: other.id }, 'NOT_FOUND');
    await refuse(browsers.member, 'roleCreate', { name: 'x', organizationId: id }, 'FORBIDDEN');
    for (const [name, input] of calls(own.id).filter(([called]) => called !== 'roleDelete')) {
      const { payload } = await call(browsers.administrator, name, input, '');
      expect([name, payload.userErrors]).toEqual([name, []]);
    }
    const gone = await call(browsers.administrator, 'roleDelete', { id: own.id }, 'deletedId');
    expect(gone.payload).toEqual({ deletedId: own.id, userErrors: [] });
    const twice = await unchanged(() => call(browsers.administrator, 'roleDelete', { id: own.id }, 'deletedId'));
    expect(twice.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('is paged and searched', async () => {
    const word = `Paged${++serial}`;
    const made = [];
    for (let number = 0; number < 5; number++) made.push((await role({ name: `${word} ${number}` })).id);
    const page = async (after: string | null) =>
      (
        await gateway.graphql(
          admin,
          `query ($search: String, $after: String) { roles(first: 2, after: $after, filter: { search: $search }) {
            totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`,
          { search: word.toLowerCase(), after },
        )
      ).data.roles;
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const found: any = await page(after);
      expect(found.totalCount).toBe(5);
      seen.push(...found.nodes.map((node: { id: string }) => node.id));
      after = found.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(made);
  });
});

describe('roleDelete', () => {
  it('[ORG-17] takes the role from every member and application, and tells each organization once', async () => {
    const made = await role();
    const one = await organizationWith({ a: ['member'], b: ['member'], c: ['member'] });
    const other = await organizationWith({ a: ['member'] });
    const untouched = await organizationWith({ a: ['member'] });
    await give(made.id, [...Object.values(one.memberships), ...Object.values(other.memberships)] as string[]);
    gateway.statements.length = 0;
    const { result, events } = await eventsOf(gateway, () => call(admin, 'roleDelete', { id: made.id }, 'deletedId'));
    const statements = about(/role/).length;
    expect(result.payload).toEqual({ deletedId: made.id, userErrors: [] });
    expect(events.map(({ type, organization_id, before }) => [type, organization_id, before!.members])).toEqual([
      ['role.deleted', null, undefined],
      ...[one, other]
        .map(({ uuid }) => uuid)
        .sort()
        .map((uuid) => ['organization.role_removed', uuid, uuid === one.uuid ? 3 : 1]),
    ]);
    expect(events[1]!.before).toMatchObject({ roleId: made.id, name: made.name, applications: 0 });
    expect(
      await gateway.rows('select * from membership_roles where tenant_id = $1 and role_id = $2', [made.id.slice(4)]),
    ).toEqual([]);
    expect((await gateway.graphql(untouched.browsers.a, '{ viewer { user { id } } }')).errors).toBeUndefined();

    // As many statements for one holder as for many.
    const few = await role();
    await give(few.id, [one.memberships.a]);
    gateway.statements.length = 0;
    await eventsOf(gateway, () => call(admin, 'roleDelete', { id: few.id }, 'deletedId'));
    expect(about(/role/)).toHaveLength(statements);
  });

  it('leaves no role behind that is given at the same moment', async () => {
    const made = await role();
    const { memberships } = await organizationWith({ a: ['member'] });
    const results = await Promise.allSettled([
      call(admin, 'roleDelete', { id: made.id }, ''),
      give(made.id, [memberships.a]),
    ]);
    expect(results[0].status).toBe('fulfilled');
    expect(
      await gateway.rows('select * from membership_roles where tenant_id = $1 and role_id = $2', [made.id.slice(4)]),
    ).toEqual([]);
  });
});

describe('what members may do', () => {
  it('[ORG-18] is the union of what their roles grant, once each, sorted, read by two statements for a page', async () => {
    const names = ['x', 'y', 'z'].map((letter) => `${letter}-${++serial}`);
    const [x, y, z] = [await permission(names[0]), await permission(names[1]), await permission(names[2])];
    const [left, right] = [await role({ permissionIds: [z, x] }), await role({ permissionIds: [x, y] })];
    const { id, memberships, browsers } = await organizationWith({
      both: ['member'],
      one: ['member'],
      none: [],
      administrator: ['administrator'],
    });
    await give(left.id, [memberships.both, memberships.one]);
    await give(right.id, [memberships.both]);
    const query = `query ($id: ID!) { organization(id: $id) { members { nodes { id permissions roles { kind permissions { name } } } } } }`;
    gateway.statements.length = 0;
    const { data } = await gateway.graphql(browsers.none, query, { id });
    const permissions = new Map(
      data.organization.members.nodes.map((node: any) => [node.id.slice(4), node.permissions]),
    );
    expect(permissions.get(memberships.both)).toEqual(names);
    expect(permissions.get(memberships.one)).toEqual([names[0], names[2]]);
    expect(permissions.get(memberships.none)).toEqual([]);
    expect(permissions.get(memberships.administrator)).toEqual(['organization:administer']);
    // The session, the organization, its members, their roles, what these grant.
    expect(about(/role|organizations|sessions/).length).toBeLessThanOrEqual(5);
  });

  it('follows a change of a role at once', async () => {
    const name = `late-${++serial}`;
    const [made, late] = [await role(), await permission(name)];
    const { memberships, browsers } = await organizationWith({ a: ['member'] });
    await give(made.id, [memberships.a]);
    const look = async () =>
      (
        await gateway.graphql(browsers.a, `query ($id: ID!) { node(id: $id) { ... on Membership { permissions } } }`, {
          id: `mem_${memberships.a}`,
        })
      ).data.node.permissions;
    expect(await look()).toEqual([]);
    await call(admin, 'rolePermissionsAdd', { id: made.id, permissionIds: [late] }, '');
    expect(await look()).toEqual([name]);
    await call(admin, 'roleDelete', { id: made.id }, '');
    expect(await look()).toEqual([]);
  });
});

describe('the database', () => {
  it('[ORG-15] refuses a role of the wrong kind, of another organization, and a change of its kind', async () => {
    const { memberships, uuid } = await organizationWith({ a: ['member'] });
    const other = await makeOrganization(gateway.tenant);
    const [robot, foreign, user] = [
      await role({ kind: 'APPLICATION' }),
      await role({ organizationId: `org_${other.id}` }),
      await role({ organizationId: `org_${uuid}` }),
    ];
    await expect(give(robot.id, [memberships.a])).rejects.toMatchObject({ code: '23503' });
    await expect(
      gateway.rows(
        `insert into membership_roles (id, tenant_id, membership_id, role_id, role_kind, granted_at)
         values (gen_random_uuid(), $1, $2, $3, 'APPLICATION', now())`,
        [memberships.a, robot.id.slice(4)],
      ),
    ).rejects.toMatchObject({ code: '23514' });
    await expect(give(foreign.id, [memberships.a])).rejects.toMatchObject({ code: '23514' });
    await give(user.id, [memberships.a]);
    await expect(
      gateway.rows(`update roles set kind = 'APPLICATION' where tenant_id = $1 and id = $2`, [user.id.slice(4)]),
    ).rejects.toMatchObject({ code: '23503' });
  });

  it('[ORG-15] refuses such roles where they would be given later: in rules of joining and in invitations', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const other = await makeOrganization(gateway.tenant);
    const [robot, foreign] = [await role({ kind: 'APPLICATION' }), await role({ organizationId: `org_${other.id}` })];
    const invitationId = await makeInvitation(gateway, {
      ...{ organizationId: organization.id, email: `org-15-${++serial}@example.org` },
    });
    for (const [table, column, id] of [
      ['organization_jit_roles', 'organization_id', organization.id],
      ['invitation_roles', 'invitation_id', invitationId.replace(/^inv_/, '')],
    ]) {
      const add = (roleId: string, kind = 'USER') =>
        gateway.rows(
          `insert into ${table} (id, tenant_id, ${column}, role_id, role_kind) values (gen_random_uuid(), $1, $2, $3, $4)`,
          [id, roleId.slice(4), kind],
        );
      await expect(add(robot.id)).rejects.toMatchObject({ code: '23503' });
      await expect(add(robot.id, 'APPLICATION')).rejects.toMatchObject({ code: '23514' });
      await expect(add(foreign.id)).rejects.toMatchObject({ code: '23514' });
    }
  });
});
