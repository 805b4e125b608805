import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MembershipSource } from '../../src/entities/enums.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  accountOf,
  type Directory,
  expectError,
  GROUP_SCHEMA,
  makeDirectory,
  mapGroup,
  PATCH_SCHEMA,
  scimRows,
} from '../support/scim.js';
import { eventsOf } from '../support/sign-in.js';
import { watch } from '../support/told-changes.js';

/* Groups by RFC 7644's examples, and what they give: memberships and roles of organizations. */

let gateway: Gateway;
let directory: Directory;
beforeAll(async () => {
  gateway = await startGateway();
  directory = await makeDirectory(gateway);
});
afterAll(() => gateway.close());

const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);
const addUsers = (count: number, from = directory) => Promise.all(Array.from({ length: count }, () => from.addUser()));
const idsOf = (users: { id: string }[]) => users.map(({ id }) => ({ value: id }));
const membersOf = async (id: string, from = directory): Promise<string[]> =>
  ((await from.get(`/Groups/${id}`)).body.members ?? []).map(({ value }: any) => value).sort();
const sorted = (...users: { id: string }[]) => users.map(({ id }) => id).sort();

/** The memberships of an organization: whose, from where, with which roles. */
const memberships = (organizationId: string) =>
  gateway.rows<{ id: string; user_id: string; source: string; connection_id: string | null; roles: string[] }>(
    `select m.id, m.user_id, m.source, m.connection_id,
       (select coalesce(json_agg(r.name order by r.name), '[]') from membership_roles mr
        join roles r on r.id = mr.role_id where mr.membership_id = m.id) as roles
     from memberships m where m.tenant_id = $1 and m.organization_id = $2 order by m.id`,
    [organizationId],
  );
const rolesIn = async (organizationId: string, user: { id: string }) => {
  const { id } = await accountOf(gateway, user.id);
  return (await memberships(organizationId)).find((one) => one.user_id === id)?.roles;
};
const unmap = async (groupId: string, organizationId: string, roleId?: string) => {
  const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
  const { data } = await gateway.graphql(
    browser,
    'mutation ($input: ScimGroupMappingInput!) { scimGroupUnmap(input: $input) { scimGroup { id } userErrors { code } } }',
    {
      input: {
        id: `scg_${groupId}`,
        organizationId: `org_${organizationId}`,
        ...(roleId ? { roleId: `rol_${roleId}` } : {}),
      },
    },
  );
  expect(data.scimGroupUnmap.userErrors).toEqual([]);
};

describe('groups', () => {
  it('are made, shown, replaced, renamed and deleted', async () => {
    const [first, second] = await addUsers(2);
    const group = await directory.addGroup({
      displayName: 'Tour Guides',
      externalId: 'tg',
      members: idsOf([first, second]),
    });
    expect(group).toEqual({
      schemas: [GROUP_SCHEMA],
      id: group.id,
      externalId: 'tg',
      displayName: 'Tour Guides',
      members: expect.arrayContaining([{ value: first.id, $ref: first.meta.location, type: 'User' }]),
      meta: expect.objectContaining({
        resourceType: 'Group',
        version: 'W/"1"',
        location: `${gateway.url}/scim/v2/Groups/${group.id}`,
      }),
    });
    expect((await directory.get(`/Groups/${group.id}?excludedAttributes=members`)).body).not.toHaveProperty('members');
    const replaced = await directory.ask('PUT', `/Groups/${group.id}`, {
      schemas: [GROUP_SCHEMA],
      displayName: 'Guides',
      members: idsOf([second]),
    });
    expect(replaced.body).toMatchObject({
      displayName: 'Guides',
      members: [{ value: second.id }],
      meta: { version: 'W/"2"' },
    });
    expect(replaced.body).not.toHaveProperty('externalId');
    const renamed = await directory.patch(`/Groups/${group.id}`, {
      op: 'replace',
      value: { id: group.id, displayName: 'Renamed' },
    });
    expect([renamed.status, renamed.body, renamed.headers.get('etag')]).toEqual([204, null, 'W/"3"']);
    const operations = { schemas: [PATCH_SCHEMA], Operations: [{ op: 'add', path: 'externalId', value: 'key' }] };
    const shown = await directory.ask('PATCH', `/Groups/${group.id}?attributes=displayName`, operations);
    expect([shown.status, shown.body.displayName]).toEqual([200, 'Renamed']);
    expectError(await directory.ask('DELETE', `/Groups/${group.id}`, undefined, { 'if-match': 'W/"1"' }), 412);
    expect((await directory.ask('DELETE', `/Groups/${group.id}`)).status).toBe(204);
    expectError(await directory.get(`/Groups/${group.id}`), 404);
  });

  it('3.5.2 are patched as in the examples of the RFC, and as Entra ID and Okta do', async () => {
    const [a, b, c] = await addUsers(3);
    const { id } = await directory.addGroup();
    const patch = async (...operations: object[]) => {
      expect((await directory.patch(`/Groups/${id}`, ...operations)).status).toBe(204);
      return membersOf(id);
    };
    const add = { op: 'add', path: 'members', value: [{ display: 'Babs Jensen', $ref: a.meta.location, value: a.id }] };
    expect(await patch(add)).toEqual([a.id]);
    expect(await patch(add)).toEqual([a.id]);
    expect(
      await patch(
        { op: 'remove', path: `members[value eq "${a.id}"]` },
        { op: 'add', path: 'members', value: idsOf([b]) },
      ),
    ).toEqual([b.id]);
    expect(await patch({ op: 'replace', path: 'members', value: idsOf([a, c]) })).toEqual(sorted(a, c));
    expect(await patch({ op: 'remove', path: 'members' })).toEqual([]);
    // Entra ID: capitals, the values of a remove outside of the path, one operation a member.
    expect(
      await patch({ op: 'Add', path: 'members', value: idsOf([a]) }, { op: 'Add', path: 'members', value: idsOf([b]) }),
    ).toEqual(sorted(a, b));
    expect(await patch({ op: 'Remove', path: 'members', value: [{ value: a.id, $ref: null }] })).toEqual([b.id]);
    // Okta: an object without a path, one value alone.
    expect(await patch({ op: 'add', value: { members: idsOf([c]) } })).toEqual(sorted(b, c));
    expect(await patch({ op: 'replace', value: { id, displayName: 'By Okta', members: { value: a.id } } })).toEqual([
      a.id,
    ]);
    expect(
      await patch(
        { op: 'add', path: 'members', value: idsOf([b, c]) },
        { op: 'remove', path: `members[value eq "${a.id}" or value eq "${b.id}"]` },
      ),
    ).toEqual([c.id]);
    expect(
      await patch(
        { op: 'add', path: 'members', value: idsOf([a]) },
        { op: 'remove', path: `members[type eq "User" and not (value eq "${c.id}")]` },
      ),
    ).toEqual([c.id]);
    const { version } = (await directory.get(`/Groups/${id}`)).body.meta;
    await patch(
      { op: 'remove', path: `members[value eq "${a.id}"]` },
      { op: 'remove', path: 'members[value eq "nobody"]' },
    );
    expect((await directory.get(`/Groups/${id}`)).body.meta.version).toBe(version);
  });

  const refused: [string, object, string][] = [
    ['a member that is nobody', { op: 'add', path: 'members', value: [{ value: 'nobody' }] }, 'invalidValue'],
    [
      'a member that is no user',
      { op: 'add', path: 'members', value: [{ value: '2819c223-7f76-453a-919d-413861904646' }] },
      'invalidValue',
    ],
    ['a group as member', { op: 'add', path: 'members', value: [{ value: 'x', type: 'Group' }] }, 'invalidValue'],
    ['a member without an id', { op: 'add', path: 'members', value: [{ $ref: 'x' }] }, 'invalidValue'],
    ['changing a member', { op: 'replace', path: 'members[value eq "x"].value', value: 'y' }, 'mutability'],
    ['no name', { op: 'replace', path: 'displayName', value: '' }, 'invalidValue'],
    ['removing the name', { op: 'remove', path: 'displayName' }, 'mutability'],
    ['an attribute of users', { op: 'add', path: 'userName', value: 'x' }, 'invalidPath'],
  ];
  it.each(refused)('refuse %s, and nothing of the request is done', async (_what, operation, scimType) => {
    const group = await directory.addGroup();
    const [user] = await addUsers(1);
    const before = await scimRows(gateway);
    const first = { op: 'add', path: 'members', value: idsOf([user]) };
    expectError(await directory.patch(`/Groups/${group.id}`, first, operation), 400, scimType);
    expect(await scimRows(gateway)).toBe(before);
  });
});

describe('mapped groups', () => {
  it('make those who are in them members, and those who come, with the role; and take it back', async () => {
    const [first, second] = await addUsers(2);
    const group = await directory.addGroup({ members: idsOf([first]) });
    const organization = await makeOrganization(gateway.tenant);
    const administrator = gateway.tenant.roles.get('administrator')!;
    const { result, events } = await eventsOf(gateway, () =>
      mapGroup(gateway, group.id, organization.id, administrator),
    );
    expect(result).toMatchObject({
      scimGroup: {
        memberCount: 1,
        mappings: [{ organization: { id: `org_${organization.id}` }, role: { name: 'administrator' } }],
      },
      userErrors: [],
    });
    const told = events.filter(({ type }) => /scim_group|membership/.test(type));
    expect(typesOf(told)).toEqual(['scim_group.mapped', 'membership.added']);
    expect(told[1]!.after).toMatchObject({ source: 'SCIM', roles: ['administrator'] });
    expect(await memberships(organization.id)).toMatchObject([
      { source: 'SCIM', connection_id: directory.connectionId, roles: ['administrator'] },
    ]);

    const add = { op: 'add', path: 'members', value: idsOf([second]) };
    const joined = await watch(gateway, () => directory.patch(`/Groups/${group.id}`, add));
    expect([joined.untold, typesOf(joined.events)]).toEqual([[], ['scim_group.members_changed', 'membership.added']]);
    expect(await rolesIn(organization.id, second)).toEqual(['administrator']);

    const left = await watch(gateway, () => directory.patch(`/Groups/${group.id}`, { op: 'remove', path: 'members' }));
    expect(left.untold).toEqual([]);
    expect(typesOf(left.events)).toEqual([
      'scim_group.members_changed',
      'membership.removed',
      'membership.removed',
      'organization.needs_administrator',
    ]);
    expect(await memberships(organization.id)).toEqual([]);
  });

  it('give `member` without a role; a role more for a mapping more; and keep what a mapping that stays gives', async () => {
    const [user] = await addUsers(1);
    const group = await directory.addGroup({ members: idsOf([user]) });
    const other = await directory.addGroup({ members: idsOf([user]) });
    const organization = await makeOrganization(gateway.tenant);
    const administrator = gateway.tenant.roles.get('administrator')!;
    await mapGroup(gateway, group.id, organization.id);
    expect(await rolesIn(organization.id, user)).toEqual(['member']);
    const [{ id } = { id: '' }] = await memberships(organization.id);
    const repeated = await eventsOf(gateway, () => mapGroup(gateway, group.id, organization.id));
    expect(typesOf(repeated.events).filter((type) => /scim|membership/.test(type))).toEqual([]);
    await mapGroup(gateway, other.id, organization.id, administrator);
    expect(await rolesIn(organization.id, user)).toEqual(['administrator', 'member']);
    await unmap(group.id, organization.id);
    expect(await rolesIn(organization.id, user)).toEqual(['administrator']);
    expect((await memberships(organization.id))[0]!.id).toBe(id);
    await directory.ask('DELETE', `/Groups/${other.id}`);
    expect(await memberships(organization.id)).toEqual([]);
  });

  it('leave to others what others gave: members, and roles', async () => {
    const [theirs, both] = await addUsers(2);
    const organization = await makeOrganization(gateway.tenant);
    const account = await accountOf(gateway, theirs.id);
    await makeMembership(gateway.tenant, {
      user: account as { id: string },
      organization,
      source: MembershipSource.ADMIN,
    });
    const administrator = gateway.tenant.roles.get('administrator')!;
    const group = await directory.addGroup({ members: idsOf([theirs, both]) });
    await mapGroup(gateway, group.id, organization.id, administrator);
    expect(await rolesIn(organization.id, theirs)).toEqual(['administrator', 'member']);
    // A role that a mapping would give, and that an administrator gave first, stays.
    const other = await directory.addGroup({ members: idsOf([both]) });
    await mapGroup(gateway, other.id, organization.id, gateway.tenant.roles.get('member'));
    await gateway.rows(
      `update membership_roles set source = 'ADMIN' where tenant_id = $1 and role_id = $2
         and membership_id = (select id from memberships where tenant_id = $1 and organization_id = $3 and user_id = $4)`,
      [administrator, organization.id, (await accountOf(gateway, both.id)).id],
    );
    await unmap(group.id, organization.id, administrator);
    expect(await rolesIn(organization.id, theirs)).toEqual(['member']);
    expect(await rolesIn(organization.id, both)).toEqual(['administrator', 'member']);
  });

  it('of two directories count together: the last reason keeps the member', async () => {
    const second = await makeDirectory(gateway);
    const organization = await makeOrganization(gateway.tenant);
    const user = await directory.addUser();
    const { email } = await accountOf(gateway, user.id);
    const same = await second.addUser({ emails: [{ value: email, primary: true }] });
    const [one, two] = [
      await directory.addGroup({ members: idsOf([user]) }),
      await second.addGroup({ members: idsOf([same]) }),
    ];
    await mapGroup(gateway, one.id, organization.id);
    await mapGroup(gateway, two.id, organization.id);
    await directory.ask('DELETE', `/Groups/${one.id}`);
    expect(await rolesIn(organization.id, user)).toEqual(['member']);
    await second.patch(`/Groups/${two.id}`, { op: 'remove', path: 'members' });
    expect(await memberships(organization.id)).toEqual([]);
  });

  it('give nothing to somebody who is deactivated and was only tied, and again when they are back', async () => {
    const known = await makeUser(gateway.tenant);
    const tied = await directory.addUser({ emails: [{ value: known.email, primary: true }] });
    const made = await directory.addUser();
    const organization = await makeOrganization(gateway.tenant);
    const group = await directory.addGroup({ members: idsOf([tied, made]) });
    await mapGroup(gateway, group.id, organization.id);
    for (const user of [tied, made])
      await directory.patch(`/Users/${user.id}`, { op: 'Replace', path: 'active', value: 'False' });
    expect(await rolesIn(organization.id, tied)).toBeUndefined();
    expect(await rolesIn(organization.id, made)).toEqual(['member']);
    await directory.patch(`/Users/${tied.id}`, { op: 'Replace', path: 'active', value: 'True' });
    expect(await rolesIn(organization.id, tied)).toEqual(['member']);
    await directory.ask('DELETE', `/Users/${made.id}`);
    expect(await memberships(organization.id)).toHaveLength(1);
    expect(await membersOf(group.id)).toEqual([tied.id]);
  });

  it('go on as membership when their role is deleted', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const created = await gateway.graphql(
      browser,
      'mutation ($input: RoleCreateInput!) { roleCreate(input: $input) { role { id } userErrors { code message } } }',
      { input: { name: `Guide ${Date.now()}`, kind: 'USER' } },
    );
    const roleId: string = created.data.roleCreate.role.id;
    const [user] = await addUsers(1);
    const group = await directory.addGroup({ members: idsOf([user]) });
    await mapGroup(gateway, group.id, organization.id, roleId.slice(4));
    const { untold } = await watch(gateway, () =>
      gateway.graphql(browser, 'mutation ($id: ID!) { roleDelete(input: { id: $id }) { userErrors { code } } }', {
        id: roleId,
      }),
    );
    expect(untold).toEqual([]);
    expect(await rolesIn(organization.id, user)).toEqual([]);
    await directory.patch(`/Groups/${group.id}`, { op: 'add', path: 'members', value: idsOf(await addUsers(1)) });
    expect(await memberships(organization.id)).toHaveLength(2);
  });

  it('take no members into an organization that takes none', async () => {
    const organization = await makeOrganization(gateway.tenant, { status: 'SUSPENDED' as never });
    const group = await directory.addGroup({ members: idsOf(await addUsers(1)) });
    await mapGroup(gateway, group.id, organization.id);
    expect(await memberships(organization.id)).toEqual([]);
  });

  it('change 1,000 members by a constant number of statements', async () => {
    const own = await makeDirectory(gateway);
    await gateway.rows(
      `with made as (insert into users (id, tenant_id, status, created_at, updated_at)
         select gen_random_uuid(), $1, 'ACTIVE', now(), now() from generate_series(1, 1000) returning id)
       insert into scim_users (id, tenant_id, connection_id, user_id, user_name, user_name_normalized, is_active,
         is_provisioned, created_at, updated_at)
       select gen_random_uuid(), $1, $2, id, id::text, id::text, true, true, now(), now() from made`,
      [own.connectionId],
    );
    const users = await gateway.rows<{ id: string }>(
      'select id from scim_users where tenant_id = $1 and connection_id = $2',
      [own.connectionId],
    );
    const organization = await makeOrganization(gateway.tenant);
    const group = await own.addGroup();
    await mapGroup(gateway, group.id, organization.id);
    const count = async (...operations: object[]) => {
      gateway.statements.length = 0;
      expect((await own.patch(`/Groups/${group.id}`, ...operations)).status).toBe(204);
      // Which tenants there are, and that a token was used, is asked and written now and then.
      return gateway.statements.filter((text) => !/from tenants|update scim_tokens/.test(text)).length;
    };
    const one = await count({ op: 'add', path: 'members', value: idsOf(users.slice(0, 1)) });
    const many = await count({ op: 'add', path: 'members', value: idsOf(users.slice(1)) });
    expect(await memberships(organization.id)).toHaveLength(1_000);
    const remove = ({ id }: { id: string }) => ({ op: 'Remove', path: 'members', value: [{ value: id }] });
    const oneGone = await count(remove(users[0]!));
    const manyGone = await count(...users.slice(1).map(remove));
    expect(await memberships(organization.id)).toEqual([]);
    expect([many, manyGone]).toEqual([one, oneGone]);
    expect(one).toBeLessThan(25);
  });
});
