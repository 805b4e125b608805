import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { eventsOf } from '../support/sign-in.js';

let gateway: Gateway;
let admin: Browser;
let adminId: string;
beforeAll(async () => {
  gateway = await startGateway();
  const signedIn = await gateway.signedInUser({ isTenantAdministrator: true });
  [admin, adminId] = [signedIn.browser, `usr_${signedIn.userId}`];
});
afterAll(() => gateway.close());

const LIST = `query ($id: ID!, $filter: OrganizationApplicationFilterInput) { organization(id: $id) {
  applications(first: 100, filter: $filter) { totalCount nodes {
    id addedAt addedBy { id } permissions roles { id name } application { id name } organization { id } } } } }`;
let serial = 0;

async function call(browser: Browser | null, name: string, input: object, selection = '') {
  const isRoles = /^organizationApplicationRoles/.test(name);
  const type = isRoles ? 'OrganizationApplicationRoles' : name[0]!.toUpperCase() + name.slice(1);
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { ${selection} userErrors { code message field } } }`;
  const answer = await gateway.graphql(browser, query, { input });
  return { ...answer, payload: answer.data?.[name] };
}

async function make(name: string, input: object, selection: string) {
  const { payload } = await call(admin, name, { name: `${name} ${++serial}`, ...input }, selection);
  expect(payload.userErrors).toEqual([]);
  return payload;
}

const machine = async (): Promise<string> =>
  (await make('applicationCreate', { kind: 'MACHINE' }, 'application { id }')).application.id;
const machines = (count: number) => Promise.all(Array.from({ length: count }, machine));
const robot = async (input: object = {}): Promise<{ id: string; name: string }> =>
  (await make('roleCreate', { kind: 'APPLICATION', ...input }, 'role { id name }')).role;
const organization = async () => `org_${(await makeOrganization(gateway.tenant)).id}`;

async function administratorOf(organizationId: string, roles = ['administrator']): Promise<Browser> {
  const { browser, userId } = await gateway.signedInUser();
  await makeMembership(gateway.tenant, { user: { id: userId }, organization: { id: organizationId.slice(4) }, roles });
  return browser;
}

async function add(organizationId: string, applicationIds: string[], roleIds: string[] = []): Promise<void> {
  const { payload } = await call(admin, 'organizationApplicationsAdd', { organizationId, applicationIds, roleIds });
  expect(payload.userErrors).toEqual([]);
}

async function listed(id: string, filter = {}, browser = admin) {
  const { data } = await gateway.graphql(browser, LIST, { id, filter });
  return data.organization.applications.nodes as {
    id: string;
    addedAt: string;
    permissions: string[];
    roles: { id: string; name: string }[];
    application: { id: string; name: string };
  }[];
}

const idsOf = async (id: string, filter = {}) => (await listed(id, filter)).map(({ application }) => application.id);

const snapshot = async () =>
  JSON.stringify([
    await gateway.snapshot(),
    await gateway.rows('select * from organization_applications where tenant_id = $1 order by id'),
    await gateway.rows('select * from organization_application_roles where tenant_id = $1 order by id'),
  ]);

async function unchanged<Result>(act: () => Promise<Result>): Promise<Result> {
  const before = await snapshot();
  const result = await act();
  expect(await snapshot()).toBe(before);
  return result;
}

describe('the applications of an organization', () => {
  it('are added once, with roles for those that are new, and tell who added them', async () => {
    const id = await organization();
    const [first, second] = await machines(2);
    const role = await robot();
    await add(id, [first!]);
    const { result, events } = await eventsOf(gateway, () =>
      call(
        admin,
        'organizationApplicationsAdd',
        { organizationId: id, applicationIds: [first, second, second], roleIds: [role.id] },
        'changedIds organization { id }',
      ),
    );
    expect(result.payload).toEqual({ changedIds: [second], organization: { id }, userErrors: [] });
    expect(events).toMatchObject([
      {
        type: 'organization.application_added',
        organization_id: id.slice(4),
        after: { applicationId: second, roles: [role.name] },
      },
    ]);
    expect(await listed(id)).toMatchObject([
      { application: { id: first }, roles: [], addedBy: { id: adminId }, organization: { id } },
      { application: { id: second }, roles: [role] },
    ]);
    const input = { organizationId: id, applicationIds: [first, second], roleIds: [role.id] };
    const again = await unchanged(() => call(admin, 'organizationApplicationsAdd', input, 'changedIds'));
    expect(again.payload).toEqual({ changedIds: [], userErrors: [] });
  });

  it('are added all or none', async () => {
    const id = await organization();
    const foreign = await robot({ organizationId: await organization() });
    const user = await make('roleCreate', { kind: 'USER' }, 'role { id }');
    const web = await make(
      'applicationCreate',
      { kind: 'WEB', redirectUris: ['https://a.example/'] },
      'application { id }',
    );
    const known = await machine();
    for (const name of ['organizationApplicationsAdd', 'organizationApplicationsReplace']) {
      for (const [applicationIds, code] of [
        [[known, `app_${v7()}`], 'NOT_FOUND'],
        [[known, web.application.id], 'INVALID'],
      ] as const) {
        const { payload } = await unchanged(() =>
          call(admin, name, { organizationId: id, applicationIds }, 'changedIds'),
        );
        expect(payload).toMatchObject({ changedIds: [], userErrors: [{ code, field: ['applicationIds', '1'] }] });
      }
    }
    for (const [roleId, code] of [
      [`rol_${v7()}`, 'NOT_FOUND'],
      [foreign.id, 'NOT_FOUND'],
      [user.role.id, 'INVALID'],
    ] as const) {
      const input = { organizationId: id, applicationIds: [known], roleIds: [roleId] };
      const { payload } = await unchanged(() => call(admin, 'organizationApplicationsAdd', input));
      expect(payload.userErrors).toMatchObject([{ code, field: ['roleIds', '0'] }]);
    }
    const suspended = await makeOrganization(gateway.tenant, { status: 'SUSPENDED' as never });
    const input = { organizationId: `org_${suspended.id}`, applicationIds: [known] };
    const { payload } = await unchanged(() => call(admin, 'organizationApplicationsAdd', input));
    expect(payload.userErrors).toMatchObject([{ code: 'WRONG_STATUS', field: ['organizationId'] }]);
  });

  it("are added with the organization's own role, too", async () => {
    const id = await organization();
    const [own, known] = [await robot({ organizationId: id }), await machine()];
    await add(id, [known], [own.id]);
    expect((await listed(id))[0]!.roles).toEqual([own]);
  });

  it('are replaced by what differs: those that stay keep roles and since when they are there', async () => {
    const id = await organization();
    const role = await robot();
    const [stays, goes, comes] = await machines(3);
    await add(id, [stays!, goes!], [role.id]);
    const [before] = await listed(id);
    const replace = (applicationIds: string[]) =>
      call(admin, 'organizationApplicationsReplace', { organizationId: id, applicationIds }, 'changedIds');
    const { result, events } = await eventsOf(gateway, () => replace([comes!, stays!]));
    expect(result.payload).toEqual({ changedIds: [goes, comes], userErrors: [] });
    expect(events).toMatchObject([
      { type: 'organization.application_removed', before: { applicationId: goes, roles: [role.name] } },
      { type: 'organization.application_added', after: { applicationId: comes, roles: [] } },
    ]);
    const after = await listed(id);
    expect(after[0]).toEqual(before);
    expect(after[1]).toMatchObject({ application: { id: comes }, roles: [] });
    expect((await unchanged(() => replace([stays!, comes!]))).payload.changedIds).toEqual([]);
    expect((await replace([])).payload.changedIds).toHaveLength(2);
    expect(await listed(id)).toEqual([]);
  });

  it('are removed with their roles; those that are not there are left alone', async () => {
    const [id, elsewhere] = [await organization(), await organization()];
    const administrator = await administratorOf(id);
    const role = await robot();
    const [here, there] = await machines(2);
    await add(id, [here!], [role.id]);
    await add(elsewhere, [there!]);
    const input = { organizationId: id, applicationIds: [here, there, `app_${v7()}`] };
    const { result, events } = await eventsOf(gateway, () =>
      call(administrator, 'organizationApplicationsRemove', input, 'changedIds'),
    );
    expect(result.payload).toEqual({ changedIds: [here], userErrors: [] });
    expect(events).toMatchObject([{ before: { applicationId: here, roles: [role.name] } }]);
    expect(await idsOf(elsewhere)).toEqual([there]);
    const again = await unchanged(() => call(administrator, 'organizationApplicationsRemove', input, 'changedIds'));
    expect(again.payload).toEqual({ changedIds: [], userErrors: [] });
  });

  it('are paged, searched and chosen by role', async () => {
    const id = await organization();
    const role = await robot();
    const all = [];
    for (let number = 0; number < 5; number++) all.push(await machine());
    await add(id, all.slice(0, 3), [role.id]);
    await add(id, all.slice(3));
    expect(await idsOf(id, { roleId: role.id })).toEqual(all.slice(0, 3));
    const { name } = (await listed(id))[0]!.application;
    expect(await idsOf(id, { search: name.toUpperCase(), roleId: role.id })).toContain(all[0]);
    expect(await idsOf(id, { search: 'nothing is called so' })).toEqual([]);
    const page = `query ($id: ID!, $after: String) { organization(id: $id) {
      applications(first: 2, after: $after) { totalCount nodes { application { id } } pageInfo { hasNextPage endCursor } } } }`;
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const answer: { data: any } = await gateway.graphql(admin, page, { id, after });
      const found: any = answer.data.organization.applications;
      expect(found.totalCount).toBe(5);
      seen.push(...found.nodes.map((node: any) => node.application.id));
      after = found.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(all);
  });
});

describe('roles of applications', () => {
  it('are given to many at once, all or none, by as many statements as to one', async () => {
    const id = await organization();
    const all = await machines(30);
    await add(id, all);
    const roles = await Promise.all([robot(), robot(), robot()]);
    const roleIds = roles.map((role) => role.id);
    const assign = (applicationIds: string[], given = roleIds) =>
      call(
        admin,
        'organizationApplicationsAssignRoles',
        { organizationId: id, applicationIds, roleIds: given },
        'changedIds',
      );
    const { payload } = await unchanged(() => assign([...all, `app_${v7()}`]));
    expect(payload.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['applicationIds', '30'] }]);
    const unknown = await unchanged(() => assign(all, [...roleIds, `rol_${v7()}`]));
    expect(unknown.payload.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['roleIds', '3'] }]);
    const count = async (act: () => Promise<unknown>) => {
      gateway.statements.length = 0;
      await act();
      return gateway.statements.filter((text) => /role|application/.test(text)).length;
    };
    const few = await count(() => assign(all.slice(0, 1)));
    const { result: many, events } = await eventsOf(gateway, () => count(() => assign(all)));
    // Reading the events is a statement of the test's own.
    expect(many).toBe(few);
    expect(events).toHaveLength(29);
    const names = roles.map(({ name }) => name).sort();
    expect(events[0]).toMatchObject({ before: { roles: [] }, after: { roles: names } });
    expect((await listed(id)).every((one) => one.roles.length === 3)).toBe(true);
    expect((await unchanged(() => assign(all))).payload).toEqual({ changedIds: [], userErrors: [] });
  });

  it('are added, set and taken by administrators of the organization, and permissions follow', async () => {
    const id = await organization();
    const administrator = await administratorOf(id);
    const names = [`p-${++serial}`, `q-${serial}`];
    const permissionIds = [];
    for (const name of names)
      permissionIds.push((await make('permissionCreate', { name }, 'permission { id }')).permission.id);
    const left = await robot({ permissionIds });
    const right = await robot({ permissionIds: permissionIds.slice(0, 1), organizationId: id });
    const applicationId = await machine();
    await add(id, [applicationId]);
    const change = async (name: string, roleIds: string[]) => {
      const input = { organizationId: id, applicationId, roleIds };
      const { payload } = await call(
        administrator,
        name,
        input,
        'organizationApplication { roles { name } permissions }',
      );
      return payload;
    };
    const held = (...roles: { name: string }[]) =>
      roles.map(({ name }) => ({ name })).sort((a, b) => (a.name < b.name ? -1 : 1));
    const { events } = await eventsOf(gateway, async () => {
      const added = await change('organizationApplicationRolesAdd', [left.id]);
      expect(added.organizationApplication).toEqual({ roles: held(left), permissions: names });
      const both = await change('organizationApplicationRolesAdd', [left.id, right.id]);
      expect(both.organizationApplication).toEqual({ roles: held(left, right), permissions: names });
      const set = await change('organizationApplicationRolesSet', [right.id]);
      expect(set.organizationApplication).toEqual({ roles: held(right), permissions: names.slice(0, 1) });
      expect((await change('organizationApplicationRolesSet', [right.id])).userErrors).toEqual([]);
      const taken = await change('organizationApplicationRolesRemove', [right.id, left.id]);
      expect(taken.organizationApplication).toEqual({ roles: [], permissions: [] });
      expect((await change('organizationApplicationRolesSet', [])).userErrors).toEqual([]);
    });
    const told = (roles: { name: string }[]) => ({ applicationId, roles: held(...roles).map(({ name }) => name) });
    expect(events.map(({ type, before, after }) => [type, before, after])).toEqual([
      ['organization.application_roles_changed', told([]), told([left])],
      ['organization.application_roles_changed', told([left]), told([left, right])],
      ['organization.application_roles_changed', told([left, right]), told([right])],
      ['organization.application_roles_changed', told([right]), told([])],
    ]);
  });

  it('[ORG-15] are refused when they are for users, or another organization’s; by the database as well', async () => {
    const [id, other] = [await organization(), await organization()];
    const user = (await make('roleCreate', { kind: 'USER' }, 'role { id name }')).role;
    const foreign = await robot({ organizationId: other });
    const applicationId = await machine();
    await add(id, [applicationId]);
    for (const name of [
      'organizationApplicationRolesAdd',
      'organizationApplicationRolesSet',
      'organizationApplicationRolesRemove',
      'organizationApplicationsAssignRoles',
    ]) {
      const which = name.endsWith('AssignRoles') ? { applicationIds: [applicationId] } : { applicationId };
      for (const [roleId, code] of [
        [user.id, 'INVALID'],
        [foreign.id, 'NOT_FOUND'],
      ] as const) {
        const input = { organizationId: id, roleIds: [roleId], ...which };
        const { payload } = await unchanged(() => call(admin, name, input));
        expect([name, payload.userErrors]).toMatchObject([name, [{ code, field: ['roleIds', '0'] }]]);
      }
    }
    const { id: rowId } = (await listed(id))[0]!;
    const give = (roleId: string, kind = 'APPLICATION') =>
      gateway.rows(
        `insert into organization_application_roles
           (id, tenant_id, organization_application_id, role_id, role_kind, granted_at)
         values (gen_random_uuid(), $1, $2, $3, $4, now())`,
        [rowId.slice(4), roleId.slice(4), kind],
      );
    await expect(give(user.id)).rejects.toMatchObject({ code: '23503' });
    await expect(give(user.id, 'USER')).rejects.toMatchObject({ code: '23514' });
    await expect(give(foreign.id)).rejects.toMatchObject({ code: '23514' });
    const web = await make(
      'applicationCreate',
      { kind: 'WEB', redirectUris: ['https://a.example/'] },
      'application { id }',
    );
    const join = (kind: string) =>
      gateway.rows(
        `insert into organization_applications (id, tenant_id, organization_id, application_id, application_kind, added_at)
         values (gen_random_uuid(), $1, $2, $3, $4, now())`,
        [id.slice(4), web.application.id.slice(4), kind],
      );
    await expect(join('MACHINE')).rejects.toMatchObject({ code: '23503' });
    await expect(join('WEB')).rejects.toMatchObject({ code: '23514' });
  });

  it('[ORG-17] go with the role, and the organization is told how many had it', async () => {
    const id = await organization();
    const role = await robot();
    await add(id, await machines(2), [role.id]);
    const { events } = await eventsOf(gateway, () => call(admin, 'roleDelete', { id: role.id }));
    expect(events).toMatchObject([
      { type: 'role.deleted' },
      { type: 'organization.role_removed', organization_id: id.slice(4), before: { members: 0, applications: 2 } },
    ]);
    expect((await listed(id)).map(({ roles }) => roles)).toEqual([[], []]);
  });
});

describe('who sees applications of organizations', () => {
  it('[ORG-14] an application’s page lists its organizations with its roles, to each the ones that they administer', async () => {
    const [one, other] = [await organization(), await organization()];
    const [administrator, member] = [await administratorOf(one), await administratorOf(one, ['member'])];
    const otherAdministrator = await administratorOf(other);
    const stranger = await administratorOf(await organization());
    const role = await robot();
    const applicationId = await machine();
    await add(one, [applicationId], [role.id]);
    await add(other, [applicationId]);
    const page = `query ($id: ID!) { application(id: $id) { id kind
      organizations { totalCount nodes { organization { id } roles { name kind } permissions } } } }`;
    const [inOne, inOther] = [
      { organization: { id: one }, roles: [{ name: role.name, kind: 'APPLICATION' }], permissions: [] },
      { organization: { id: other }, roles: [], permissions: [] },
    ];
    for (const [browser, nodes] of [
      [admin, [inOne, inOther]],
      [administrator, [inOne]],
      [otherAdministrator, [inOther]],
      [member, null],
      [stranger, null],
    ] as const) {
      const { data } = await gateway.graphql(browser, page, { id: applicationId });
      expect(data.application).toEqual(
        nodes && { id: applicationId, kind: 'MACHINE', organizations: { totalCount: nodes.length, nodes } },
      );
    }
    const secrets = `query ($id: ID!) { application(id: $id) { name redirectUris secrets { id } isTenantAdministrator } }`;
    const { data, errors } = await gateway.graphql(administrator, secrets, { id: applicationId });
    expect(data.application).toMatchObject({ redirectUris: null, secrets: null, isTenantAdministrator: null });
    expect(errors!.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });

  it('and who changes them: administrators of the organization, nobody else', async () => {
    const [id, elsewhere] = [await organization(), await organization()];
    const member = await administratorOf(id, ['member']);
    const [administrator, stranger] = [await administratorOf(id), await administratorOf(elsewhere)];
    const role = await robot();
    const [applicationId, notHere] = await machines(2);
    await add(id, [applicationId!]);
    await add(elsewhere, [notHere!]);
    const roleIds = [role.id];
    const calls = [
      ['organizationApplicationsRemove', { applicationIds: [applicationId] }],
      ['organizationApplicationsAssignRoles', { applicationIds: [applicationId], roleIds }],
      ['organizationApplicationRolesAdd', { applicationId, roleIds }],
      ['organizationApplicationRolesSet', { applicationId, roleIds }],
      ['organizationApplicationRolesRemove', { applicationId, roleIds }],
    ] as const;
    for (const [name, given] of calls) {
      for (const [browser, code] of [
        [member, 'FORBIDDEN'],
        [stranger, 'NOT_FOUND'],
        [null, 'UNAUTHENTICATED'],
      ] as const) {
        const { errors, data } = await unchanged(() => call(browser, name, { organizationId: id, ...given }));
        expect([name, errors?.[0]?.extensions.code, data?.[name] ?? null]).toEqual([name, code, null]);
      }
    }
    // What is not in the organization is to its administrators as what does not exist.
    for (const unknown of [notHere, `app_${v7()}`]) {
      const input = { organizationId: id, applicationId: unknown, roleIds };
      const { payload } = await unchanged(() =>
        call(administrator, 'organizationApplicationRolesAdd', input, 'organizationApplication { id }'),
      );
      expect(payload).toEqual({
        organizationApplication: null,
        userErrors: [
          {
            code: 'NOT_FOUND',
            field: ['applicationId'],
            message: 'There is no such application in this organization.',
          },
        ],
      });
    }
    const list = await gateway.graphql(member, LIST, { id });
    expect(list.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(list.text).not.toContain(applicationId);
    expect((await listed(id, {}, administrator)).map(({ application }) => application.id)).toEqual([applicationId]);
  });

  it('reads the applications of many organizations by as many statements as those of one', async () => {
    const role = await robot();
    const organizations = [];
    for (let number = 0; number < 5; number++) {
      const id = await organization();
      await add(id, await machines(2), [role.id]);
      organizations.push(id);
    }
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Organization {
      applications { nodes { application { name } roles { name } permissions } } } } }`;
    const count = async (ids: string[]) => {
      gateway.statements.length = 0;
      const { data } = await gateway.graphql(admin, query, { ids });
      expect(data.nodes.every((node: any) => node.applications.nodes.length === 2)).toBe(true);
      return gateway.statements.filter((text) => /role|application/.test(text)).length;
    };
    expect(await count(organizations)).toBe(await count(organizations.slice(0, 1)));
  });
});

describe('at once', () => {
  it('adding, replacing and deleting leave no application twice and no role without its application', async () => {
    const id = await organization();
    const role = await robot();
    const all = await machines(6);
    await add(id, all.slice(0, 2), [role.id]);
    const answers = await Promise.all([
      call(admin, 'organizationApplicationsAdd', { organizationId: id, applicationIds: all.slice(0, 4) }),
      call(admin, 'organizationApplicationsReplace', { organizationId: id, applicationIds: all.slice(1, 5) }),
      call(admin, 'organizationApplicationsAdd', {
        organizationId: id,
        applicationIds: all.slice(2, 5),
        roleIds: [role.id],
      }),
      call(admin, 'applicationDelete', { id: all[5] }),
      call(admin, 'organizationApplicationsAdd', { organizationId: id, applicationIds: [all[5]] }),
    ]);
    expect(answers.map(({ errors }) => errors)).toEqual(answers.map(() => undefined));
    const ids = await idsOf(id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(all.slice(1, 5)));
    expect(ids).not.toContain(all[5]);
  });
});
