import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, type GraphQLAnswer, startGateway } from '../support/gateway.js';
import { makeMembers, makeRole, makeUsers, organizationWith, rol, usr, workOf } from '../support/members.js';

let gateway: Gateway;
let tenantAdministrator: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  tenantAdministrator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const PAYLOAD = 'addedCount removedCount changedCount lostAdministrator userErrors { code field message }';
const INPUTS = {
  organizationMembersAdd: 'OrganizationMembersAddInput',
  organizationMembersReplace: 'OrganizationMembersReplaceInput',
  organizationMemberRemove: 'OrganizationMemberRemoveInput',
  organizationMembersRemove: 'OrganizationMembersRemoveInput',
  organizationMembersAssignRoles: 'OrganizationMembersAssignRolesInput',
  organizationMemberRolesAdd: 'OrganizationMemberRolesInput',
  organizationMemberRolesSet: 'OrganizationMemberRolesInput',
  organizationMemberRoleRemove: 'OrganizationMemberRolesInput',
};
const OF_ONE = 'membership { roles { name } roleGrants { source grantedBy { id } } } userErrors { code field }';

/** Calls one of the mutations; gives the whole answer. */
function ask(name: keyof typeof INPUTS, input: object, browser: Browser | null = tenantAdministrator) {
  const selection = INPUTS[name] === 'OrganizationMemberRolesInput' ? OF_ONE : PAYLOAD;
  return gateway.graphql(
    browser,
    `mutation ($input: ${INPUTS[name]}!) { asked: ${name}(input: $input) { ${selection} } }`,
    { input },
  );
}

/** Calls one of the mutations; gives its payload. */
async function call(name: keyof typeof INPUTS, input: object, browser?: Browser) {
  const answer = await ask(name, input, browser);
  expect(answer.errors).toBeUndefined();
  return answer.data.asked;
}

/** Runs a refused call and checks that nothing in the database is other than before. */
async function unchanged<Result>(act: () => Promise<Result>): Promise<Result> {
  const before = await gateway.snapshot();
  const result = await act();
  expect(await gateway.snapshot()).toBe(before);
  return result;
}

const faultsOf = ({ userErrors }: any) => userErrors.map(({ code, field }: any) => [code, field?.join('.')]);

/** User → names of roles. */
async function membersOf(organizationId: string): Promise<Record<string, string[]>> {
  const rows = await gateway.rows<{ user: string; roles: string[] }>(
    `select m.user_id as user, coalesce(json_agg(r.name order by r.name) filter (where r.id is not null), '[]') as roles
     from memberships m left join membership_roles mr on mr.membership_id = m.id left join roles r on r.id = mr.role_id
     where m.tenant_id = $1 and m.organization_id = $2 group by 1`,
    [organizationId],
  );
  return Object.fromEntries(rows.map(({ user, roles }) => [user, roles]));
}

const eventsOf = (organizationId: string, type: string) =>
  gateway.rows(`select * from events where tenant_id = $1 and organization_id = $2 and type = $3 order by id`, [
    organizationId,
    type,
  ]);

describe('organizationMembersAdd', () => {
  it('[ORG-08] may be repeated, and adds none when one user is unknown', async () => {
    const { id, uuid } = await organizationWith(gateway, {});
    const users = await makeUsers(gateway, 3);
    const unknown = 'usr_00000000-0000-7000-8000-000000000000';
    const refused = await unchanged(() =>
      call('organizationMembersAdd', { organizationId: id, userIds: [usr(users[0]!), unknown, usr(users[1]!)] }),
    );
    expect(refused).toMatchObject({ addedCount: 0, removedCount: 0 });
    expect(faultsOf(refused)).toEqual([['NOT_FOUND', 'userIds.1']]);

    // The place is that in the input, whoever stands there twice before it.
    const twice = { organizationId: id, userIds: [usr(users[0]!), usr(users[0]!), unknown] };
    for (const name of ['organizationMembersAdd', 'organizationMembersReplace'] as const)
      expect(faultsOf(await unchanged(() => call(name, twice)))).toEqual([['NOT_FOUND', 'userIds.2']]);

    const input = { organizationId: id, userIds: [...users, users[0]!].map(usr) };
    expect(await call('organizationMembersAdd', input)).toMatchObject({ addedCount: 3, userErrors: [] });
    expect(Object.keys(await membersOf(uuid)).sort()).toEqual([...users].sort());
    const repeated = await unchanged(() => call('organizationMembersAdd', input));
    expect(repeated).toMatchObject({ addedCount: 0, userErrors: [] });
    expect(await eventsOf(uuid, 'membership.added')).toHaveLength(3);
  });

  it('[ORG-12] gives no role where none is named, each of those named, and leaves the roles of members alone', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { member: ['member'] });
    const [bare, one, two] = (await makeUsers(gateway, 3)) as [string, string, string];
    await call('organizationMembersAdd', { organizationId: id, userIds: [usr(bare)] });
    const editor = await makeRole(gateway, 'org-12-editor');
    const own = await makeRole(gateway, 'org-12-own', { organizationId: uuid });
    await call('organizationMembersAdd', {
      organizationId: id,
      userIds: [usr(one), usr(two), usr(bare), people.member.id],
      roleIds: [rol(editor), rol(own)],
    });
    const roles = ['org-12-editor', 'org-12-own'];
    expect(await membersOf(uuid)).toEqual({
      [bare]: [],
      [one]: roles,
      [two]: roles,
      [people.member.userId]: ['member'],
    });
    const set = await call('organizationMembersAssignRoles', {
      organizationId: id,
      userIds: [usr(bare), people.member.id],
      roleIds: [rol(editor), rol(own)],
    });
    expect(set).toMatchObject({ changedCount: 2, userErrors: [] });
    expect(await membersOf(uuid)).toMatchObject({ [bare]: roles, [people.member.userId]: ['member', ...roles] });
  });

  it('lets an administrator of the organization add the people of organizations that they administer, and learn of no others', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { administrator: ['administrator'] });
    const { browser, userId } = people.administrator;
    const [administered, shared] = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
    await makeMembership(gateway.tenant, {
      user: { id: userId },
      organization: administered,
      roles: ['administrator'],
    });
    await makeMembership(gateway.tenant, { user: { id: userId }, organization: shared });
    const [known, fellow, stranger] = (await makeUsers(gateway, 3)) as [string, string, string];
    await makeMembers(gateway, administered.id, [known]);
    await makeMembers(gateway, shared.id, [fellow]);
    const nobody = '00000000-0000-7000-8000-000000000000';
    for (const refused of [fellow, stranger, nobody]) {
      const input = { organizationId: id, userIds: [usr(known), usr(refused)] };
      const payload = await unchanged(() => call('organizationMembersAdd', input, browser));
      // Somebody who is there and nobody at all answer alike.
      expect(payload.userErrors).toEqual([
        { code: 'NOT_FOUND', field: ['userIds', '1'], message: expect.stringContaining('no such user') },
      ]);
    }
    const replaced = await unchanged(() =>
      call('organizationMembersReplace', { organizationId: id, userIds: [usr(stranger)] }, browser),
    );
    expect(faultsOf(replaced)).toEqual([['NOT_FOUND', 'userIds.0']]);
    expect(await call('organizationMembersAdd', { organizationId: id, userIds: [usr(known)] }, browser)).toMatchObject({
      addedCount: 1,
    });
    expect(Object.keys(await membersOf(uuid)).sort()).toEqual([known, userId].sort());
    const [membership] = await gateway.rows(
      `select * from memberships where tenant_id = $1 and user_id = $2 and organization_id = $3`,
      [known, uuid],
    );
    expect(membership).toMatchObject({ source: 'ADMIN', added_by_user_id: userId });
  });

  it('is refused where the organization takes nobody, and for roles that cannot be given, each by its place', async () => {
    const { id, uuid } = await organizationWith(gateway, {});
    const other = await makeOrganization(gateway.tenant);
    const [user] = (await makeUsers(gateway, 1)) as [string];
    const foreign = await makeRole(gateway, 'foreign', { organizationId: other.id });
    const machine = await makeRole(gateway, 'machine', { kind: 'APPLICATION' });
    const bad = await unchanged(() =>
      call('organizationMembersAdd', {
        organizationId: id,
        userIds: [usr(user)],
        roleIds: [foreign, gateway.tenant.roles.get('member')!, machine, user].map(rol),
      }),
    );
    expect(faultsOf(bad)).toEqual([
      ['NOT_FOUND', 'roleIds.0'],
      ['INVALID', 'roleIds.2'],
      ['NOT_FOUND', 'roleIds.3'],
    ]);
    await gateway.rows(`update organizations set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [uuid]);
    const input = { organizationId: id, userIds: [usr(user)] };
    for (const name of ['organizationMembersAdd', 'organizationMembersReplace'] as const) {
      expect(faultsOf(await unchanged(() => call(name, input)))).toEqual([['WRONG_STATUS', 'organizationId']]);
    }
  });

  it('makes nobody an administrator whose account is not active', async () => {
    const { id } = await organizationWith(gateway, {});
    const { id: suspended } = await makeUser(gateway.tenant, { status: 'SUSPENDED' as never });
    const input = { organizationId: id, userIds: [usr(suspended)] };
    const roleIds = [rol(gateway.tenant.roles.get('administrator')!)];
    const refused = await unchanged(() => call('organizationMembersAdd', { ...input, roleIds }));
    expect(faultsOf(refused)).toEqual([['WRONG_STATUS', 'userIds.0']]);
    expect(await call('organizationMembersAdd', input)).toMatchObject({ addedCount: 1 });
    const assigned = await unchanged(() => call('organizationMembersAssignRoles', { ...input, roleIds }));
    expect(faultsOf(assigned)).toEqual([['WRONG_STATUS', 'userIds.0']]);
  });

  it('takes 10,000 users and no more', async () => {
    const { id } = await organizationWith(gateway, {});
    const [user] = (await makeUsers(gateway, 1)) as [string];
    const userIds = Array.from({ length: 10_001 }, () => usr(user));
    const refused = await unchanged(() => call('organizationMembersAdd', { organizationId: id, userIds }));
    expect(faultsOf(refused)).toEqual([['INVALID', 'userIds']]);
    const added = await call('organizationMembersAdd', { organizationId: id, userIds: userIds.slice(1) });
    expect(added).toMatchObject({ addedCount: 1, userErrors: [] });
  });
});

describe('who may change members', () => {
  it('are administrators: FORBIDDEN to a member, NOT_FOUND to others, UNAUTHENTICATED to nobody', async () => {
    const { id, people } = await organizationWith(gateway, { member: ['member'], subject: ['member'] });
    const other = await organizationWith(gateway, { administrator: ['administrator'] });
    const several = { organizationId: id, userIds: [people.subject.id] };
    const one = { organizationId: id, userId: people.subject.id };
    const inputs: Record<keyof typeof INPUTS, object> = {
      organizationMembersAdd: several,
      organizationMembersReplace: several,
      organizationMemberRemove: one,
      organizationMembersRemove: several,
      organizationMembersAssignRoles: { ...several, roleIds: [rol(gateway.tenant.roles.get('administrator')!)] },
      organizationMemberRolesAdd: { ...one, roleNames: ['administrator'] },
      organizationMemberRolesSet: { ...one, roleNames: [] },
      organizationMemberRoleRemove: { ...one, roleNames: ['member'] },
    };
    const callers = [
      [people.member.browser, 'FORBIDDEN'],
      [other.people.administrator.browser, 'NOT_FOUND'],
      [null, 'UNAUTHENTICATED'],
    ] as const;
    await unchanged(async () => {
      for (const [name, input] of Object.entries(inputs) as [keyof typeof INPUTS, object][]) {
        for (const [browser, code] of callers) {
          const { data, errors, text } = await ask(name, input, browser);
          expect([name, errors?.[0]?.extensions.code]).toEqual([name, code]);
          expect(data?.asked ?? null).toBeNull();
          expect(text).not.toContain(people.subject.userId);
        }
      }
    });
  });
});

describe('organizationMembersReplace', () => {
  it('[ORG-09] leaves those who stay as they are, removes the others, and adds the new ones without roles', async () => {
    const { id, uuid, people } = await organizationWith(gateway, {
      stays: ['member', 'administrator'],
      goes: ['member'],
    });
    const [joins] = (await makeUsers(gateway, 1)) as [string];
    const before = await gateway.rows(`select * from memberships where tenant_id = $1 and user_id = $2`, [
      people.stays.userId,
    ]);
    const input = { organizationId: id, userIds: [people.stays.id, usr(joins)] };
    const replaced = await call('organizationMembersReplace', input);
    expect(replaced).toMatchObject({ addedCount: 1, removedCount: 1, lostAdministrator: false, userErrors: [] });
    expect(await membersOf(uuid)).toEqual({ [people.stays.userId]: ['administrator', 'member'], [joins]: [] });
    expect(
      await gateway.rows(`select * from memberships where tenant_id = $1 and user_id = $2`, [people.stays.userId]),
    ).toEqual(before);
    const [removed, ...others] = await eventsOf(uuid, 'membership.removed');
    expect(others).toEqual([]);
    expect(removed).toMatchObject({ user_id: people.goes.userId, before: { source: 'ADMIN', roles: ['member'] } });
    expect(await unchanged(() => call('organizationMembersReplace', input))).toMatchObject({
      addedCount: 0,
      removedCount: 0,
    });
  });

  it('with nobody empties the organization, which says that it needs an administrator', async () => {
    const { id, uuid } = await organizationWith(gateway, { administrator: ['administrator'], member: ['member'] });
    const replaced = await call('organizationMembersReplace', { organizationId: id, userIds: [] });
    expect(replaced).toMatchObject({ removedCount: 2, lostAdministrator: true });
    expect(await membersOf(uuid)).toEqual({});
    expect(await eventsOf(uuid, 'organization.needs_administrator')).toHaveLength(1);
  });
});

describe('removing members', () => {
  it('takes their roles along, replaces their cookies, and removes nobody when one is no member', async () => {
    const { id, uuid, people } = await organizationWith(gateway, {
      administrator: ['administrator'],
      first: ['member'],
      second: [],
    });
    const [stranger] = (await makeUsers(gateway, 1)) as [string];
    const { browser } = people.administrator;
    const several = { organizationId: id, userIds: [people.first.id, usr(stranger)] };
    const refused = await unchanged(() => call('organizationMembersRemove', several, browser));
    expect(faultsOf(refused)).toEqual([['NOT_FOUND', 'userIds.1']]);
    const nobody = { organizationId: id, userId: usr(stranger) };
    expect(faultsOf(await unchanged(() => call('organizationMemberRemove', nobody, browser)))).toEqual([
      ['NOT_FOUND', 'userId'],
    ]);

    const removed = await call('organizationMemberRemove', { organizationId: id, userId: people.first.id }, browser);
    expect(removed).toMatchObject({ removedCount: 1, lostAdministrator: false, userErrors: [] });
    expect(await isRotated(people.first.userId)).toBe(true);
    expect(await isRotated(people.second.userId)).toBe(false);
    const gone = await gateway.graphql(people.first.browser, `{ organization(id: "${id}") { id } }`);
    expect(gone.data.organization).toBeNull();
    const [event] = await eventsOf(uuid, 'membership.removed');
    expect(event).toMatchObject({ actor_user_id: people.administrator.userId, via: 'organizationMemberRemove' });
    await call('organizationMembersRemove', { organizationId: id, userIds: [people.second.id] }, browser);
    expect(Object.keys(await membersOf(uuid))).toEqual([people.administrator.userId]);
  });

  const isRotated = async (userId: string) => {
    const [session] = await gateway.rows<{ due: boolean }>(
      `select rotate_at <= $3 as due from sessions where tenant_id = $1 and user_id = $2`,
      [userId, gateway.services.clock()],
    );
    return session!.due;
  };
});

describe('organizationLeave', () => {
  const LEAVE = `mutation ($input: OrganizationLeaveInput!) {
    organizationLeave(input: $input) { organizationId lostAdministrator userErrors { code field } }
  }`;

  it('ends the own membership, and tells the last administrator, the organization and the tenant', async () => {
    const { id, uuid, people } = await organizationWith(gateway, {
      first: ['administrator'],
      last: ['administrator', 'member'],
    });
    const input = { organizationId: id };
    const first = await gateway.graphql(people.first.browser, LEAVE, { input });
    expect(first.data.organizationLeave).toEqual({ organizationId: id, lostAdministrator: false, userErrors: [] });
    const last = await gateway.graphql(people.last.browser, LEAVE, { input });
    expect(last.data.organizationLeave).toEqual({ organizationId: id, lostAdministrator: true, userErrors: [] });
    const [organization] = await gateway.rows(`select * from organizations where tenant_id = $1 and id = $2`, [uuid]);
    expect(organization).toMatchObject({ needs_administrator: true });
    expect(await eventsOf(uuid, 'organization.needs_administrator')).toHaveLength(1);
    const notices = await gateway.rows(
      `select * from notices where tenant_id = $1 and kind = 'ORGANIZATION_NEEDS_ADMINISTRATOR'
         and data->>'organizationId' = $2`,
      [uuid],
    );
    expect(notices.length).toBeGreaterThan(0);
    const [left] = await eventsOf(uuid, 'membership.removed');
    expect(left).toMatchObject({
      via: 'organizationLeave',
      actor_user_id: people.first.userId,
      user_id: people.first.userId,
    });
    const again = await unchanged(() => gateway.graphql(people.last.browser, LEAVE, { input }));
    expect(again.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('answers an administrator of the tenant who is no member', async () => {
    const { id } = await organizationWith(gateway, {});
    const { data } = await unchanged(() =>
      gateway.graphql(tenantAdministrator, LEAVE, { input: { organizationId: id } }),
    );
    expect(data.organizationLeave).toEqual({
      organizationId: null,
      lostAdministrator: false,
      userErrors: [{ code: 'NOT_FOUND', field: ['organizationId'] }],
    });
  });

  it('works in a suspended organization', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { member: ['member'] });
    await gateway.rows(`update organizations set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [uuid]);
    const { data } = await gateway.graphql(people.member.browser, LEAVE, { input: { organizationId: id } });
    expect(data.organizationLeave).toMatchObject({ organizationId: id, userErrors: [] });
  });
});

describe('organizationMembersAssignRoles', () => {
  it('[ORG-11] gives 1,000 users 3 roles each in at most five statements, one event a member', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { administrator: ['administrator'] });
    const users = await makeUsers(gateway, 1_000);
    await makeMembers(gateway, uuid, users, [gateway.tenant.roles.get('member')!]);
    const roles = [
      await makeRole(gateway, 'org-11-a'),
      await makeRole(gateway, 'org-11-b'),
      await makeRole(gateway, 'org-11-c', { organizationId: uuid }),
    ];
    const input = { organizationId: id, userIds: users.map(usr), roleIds: roles.map(rol) };
    gateway.statements.length = 0;
    const assigned = await call('organizationMembersAssignRoles', input, people.administrator.browser);
    // With who calls and whether they may: five in all.
    expect(workOf(gateway.statements)).toHaveLength(5);
    expect(assigned).toMatchObject({ changedCount: 1_000, userErrors: [] });
    const members = Object.entries(await membersOf(uuid)).filter(([user]) => user !== people.administrator.userId);
    expect(new Set(members.map(([, held]) => held.join()))).toEqual(new Set(['member,org-11-a,org-11-b,org-11-c']));
    const events = await eventsOf(uuid, 'membership.roles_changed');
    expect(events).toHaveLength(1_000);
    expect(events[0]).toMatchObject({
      before: { roles: ['member'] },
      after: { roles: ['member', 'org-11-a', 'org-11-b', 'org-11-c'] },
    });
    const repeated = await unchanged(() => call('organizationMembersAssignRoles', input));
    expect(repeated).toMatchObject({ changedCount: 0, userErrors: [] });
  }, 60_000);

  it('[ORG-11] refuses everything, and names each user and role that it cannot be', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { one: ['member'], two: ['member'] });
    const other = await organizationWith(gateway, { stranger: ['member'] });
    const foreign = await makeRole(gateway, 'org-11-foreign', { organizationId: other.uuid });
    const machine = await makeRole(gateway, 'org-11-machine', { kind: 'APPLICATION' });
    const own = await makeRole(gateway, 'org-11-own', { organizationId: uuid });
    const refused = await unchanged(() =>
      call('organizationMembersAssignRoles', {
        organizationId: id,
        userIds: [people.one.id, other.people.stranger.id, people.two.id, usr(own)],
        roleIds: [own, foreign, machine].map(rol),
      }),
    );
    expect(faultsOf(refused)).toEqual([
      ['NOT_FOUND', 'userIds.1'],
      ['NOT_FOUND', 'userIds.3'],
      ['NOT_FOUND', 'roleIds.1'],
      ['INVALID', 'roleIds.2'],
    ]);
  });

  it('ends the need for an administrator', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { one: [] }, { needsAdministrator: true });
    await call('organizationMembersAssignRoles', {
      organizationId: id,
      userIds: [people.one.id],
      roleIds: [rol(gateway.tenant.roles.get('administrator')!)],
    });
    const [organization] = await gateway.rows(`select * from organizations where tenant_id = $1 and id = $2`, [uuid]);
    expect(organization).toMatchObject({ needs_administrator: false });
    const [event] = await eventsOf(uuid, 'organization.updated');
    expect(event).toMatchObject({ before: { needsAdministrator: true }, after: { needsAdministrator: false } });
  });
});

describe('the roles of one member', () => {
  it('are added, set and taken away by id and by name, put together', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { administrator: ['administrator'], one: ['member'] });
    const [a, b] = [await makeRole(gateway, 'one-a'), await makeRole(gateway, 'one-b', { organizationId: uuid })];
    const { browser, id: administrator } = people.administrator;
    const input = { organizationId: id, userId: people.one.id };
    const names = ({ membership }: any) => membership.roles.map(({ name }: any) => name);
    const added = await call(
      'organizationMemberRolesAdd',
      { ...input, roleIds: [rol(a)], roleNames: ['one-b', 'one-a'] },
      browser,
    );
    expect(names(added)).toEqual(['member', 'one-a', 'one-b']);
    expect(added.membership.roleGrants[1]).toEqual({ source: 'ADMIN', grantedBy: { id: administrator } });
    const again = await unchanged(() => call('organizationMemberRolesAdd', { ...input, roleIds: [rol(b)] }, browser));
    expect(again.userErrors).toEqual([]);
    const set = await call(
      'organizationMemberRolesSet',
      { ...input, roleIds: [rol(b)], roleNames: ['member'] },
      browser,
    );
    expect(names(set)).toEqual(['member', 'one-b']);
    const [, event] = await eventsOf(uuid, 'membership.roles_changed');
    expect(event).toMatchObject({
      before: { roles: ['member', 'one-a', 'one-b'] },
      after: { roles: ['member', 'one-b'] },
    });
    const taken = await call('organizationMemberRoleRemove', { ...input, roleNames: ['one-b', 'one-a'] }, browser);
    expect(names(taken)).toEqual(['member']);
    expect(names(await call('organizationMemberRolesSet', input, browser))).toEqual([]);
  });

  it('are left alone when one of those named is not there, is two, or is for applications', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { one: ['member'] });
    await makeRole(gateway, 'twice');
    await makeRole(gateway, 'twice', { organizationId: uuid });
    await makeRole(gateway, 'for-machines', { kind: 'APPLICATION' });
    const input = {
      organizationId: id,
      userId: people.one.id,
      roleNames: ['member', 'unknown', 'twice', 'for-machines'],
    };
    for (const name of [
      'organizationMemberRolesAdd',
      'organizationMemberRolesSet',
      'organizationMemberRoleRemove',
    ] as const) {
      const refused = await unchanged(() => call(name, input));
      expect(refused.membership).toBeNull();
      expect(faultsOf(refused)).toEqual([
        ['NOT_FOUND', 'roleNames.1'],
        ['INVALID', 'roleNames.2'],
        ['INVALID', 'roleNames.3'],
      ]);
    }
    const stranger = await makeUser(gateway.tenant);
    const nobody = { organizationId: id, userId: usr(stranger.id), roleNames: ['member'] };
    expect(faultsOf(await unchanged(() => call('organizationMemberRolesAdd', nobody)))).toEqual([
      ['NOT_FOUND', 'userId'],
    ]);
  });

  it('say so when the last administrator loses theirs', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { administrator: ['administrator', 'member'] });
    const input = { organizationId: id, userId: people.administrator.id, roleNames: ['administrator'] };
    await call('organizationMemberRoleRemove', input, people.administrator.browser);
    expect(await eventsOf(uuid, 'organization.needs_administrator')).toHaveLength(1);
    const refused = await ask('organizationMemberRolesAdd', input, people.administrator.browser);
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('an account that is suspended', () => {
  it('and was the last administrator has its organization say so, until it is let in again', async () => {
    const { uuid, people } = await organizationWith(gateway, { administrator: ['administrator'], member: ['member'] });
    const change = (name: string): Promise<GraphQLAnswer> =>
      gateway.graphql(
        tenantAdministrator,
        `mutation ($input: UserStatusInput!) { ${name}(input: $input) { userErrors { code } } }`,
        { input: { id: people.administrator.id } },
      );
    const needs = async () => {
      const [row] = await gateway.rows(`select * from organizations where tenant_id = $1 and id = $2`, [uuid]);
      return row!.needs_administrator;
    };
    await change('userSuspend');
    expect(await needs()).toBe(true);
    expect(await eventsOf(uuid, 'organization.needs_administrator')).toHaveLength(1);
    await change('userResume');
    expect(await needs()).toBe(false);
  });
});

describe('Organization.members', () => {
  const MEMBERS = `query ($id: ID!, $first: Int, $after: String, $filter: MemberFilterInput, $orderBy: MemberOrder) {
    organization(id: $id) {
      members(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount nodes { roles { name } user { id givenName familyName } } pageInfo { hasNextPage endCursor }
      }
    }
  }`;
  let organization: { id: string; uuid: string };
  let member: Browser;
  let administrator: Browser;
  const users: Record<string, string> = {};

  beforeAll(async () => {
    const made = await organizationWith(gateway, { member: ['member'], administrator: ['administrator'] });
    organization = made;
    member = made.people.member.browser;
    administrator = made.people.administrator.browser;
    await gateway.rows(
      `update users set given_name = 'Zoë', family_name = 'Zz' where tenant_id = $1 and id = any($2)`,
      [[made.people.member.userId, made.people.administrator.userId]],
    );
    const people = [
      ['Élodie', "Œuvrard-D'Arc", 'secret.address@hidden.example'],
      ['elodie', 'MARTIN', 'martin@example.net'],
      ['Ελένη', 'ΠΑΠΑΔΟΠΟΎΛΟΥ', 'p@example.net'],
      ['100%', 'under_score', 'back\\slash@example.net'],
      [null, 'Ábel', 'abel@example.net'],
    ] as const;
    for (const [givenName, familyName, email] of people) {
      const user = await makeUser(gateway.tenant, { givenName, familyName, email });
      users[email] = user.id;
      await makeMembership(gateway.tenant, { user, organization: { id: made.uuid }, roles: ['member'] });
    }
  });

  async function list(variables: object, browser = administrator) {
    const answer = await gateway.graphql(browser, MEMBERS, { id: organization.id, first: 100, ...variables });
    expect(answer.errors).toBeUndefined();
    return answer.data.organization.members;
  }

  async function found(search: string, browser?: Browser): Promise<string[]> {
    const { nodes, totalCount } = await list({ filter: { search } }, browser);
    expect(totalCount).toBe(nodes.length);
    return nodes.map(({ user }: any) => user.familyName);
  }

  it('finds members by all of the words, without regard to case, accents and their order', async () => {
    expect(await found('ELODIE')).toEqual(["Œuvrard-D'Arc", 'MARTIN']);
    expect(await found('  martin   Élod')).toEqual(['MARTIN']);
    expect(await found('παπαδοπουλου')).toEqual(['ΠΑΠΑΔΟΠΟΎΛΟΥ']);
    expect(await found('ﬁ')).toEqual([]);
    expect(await found('nobody')).toEqual([]);
    expect(await found(' ')).toHaveLength(7);
  });

  it('reads the signs of patterns as they stand', async () => {
    expect(await found('%')).toEqual(['under_score']);
    expect(await found('_')).toEqual(['under_score']);
    expect(await found('elod%e')).toEqual([]);
    expect(await found('k\\s')).toEqual(['under_score']);
    expect(await found(`'; drop table users; --`)).toEqual([]);
  });

  it('finds by the address for administrators alone, who may see it', async () => {
    expect(await found('secret.ADDRESS')).toEqual(["Œuvrard-D'Arc"]);
    expect(await found('elodie hidden.example')).toEqual(["Œuvrard-D'Arc"]);
    for (const search of ['secret.address', 'hidden.example', '@']) expect(await found(search, member)).toEqual([]);
    expect(await found('elodie', member)).toHaveLength(2);
  });

  it('filters by role, and for administrators by source and status of the account', async () => {
    const role = gateway.tenant.roles.get('administrator')!;
    const { nodes, totalCount } = await list({ filter: { roleId: rol(role) } }, member);
    expect([nodes.length, totalCount]).toEqual([1, 1]);
    expect((await list({ filter: { source: 'ADMIN', status: 'ACTIVE' } })).totalCount).toBe(7);
    expect((await list({ filter: { source: 'SSO' } })).totalCount).toBe(0);
    expect((await list({ filter: { status: 'SUSPENDED', search: 'elodie' } })).totalCount).toBe(0);
    for (const filter of [{ source: 'ADMIN' }, { status: 'SUSPENDED' }]) {
      const { data, errors } = await gateway.graphql(member, MEMBERS, { id: organization.id, filter });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', requires: 'ORGANIZATION_ADMINISTRATOR' });
      expect(data?.organization ?? null).toBeNull();
    }
    const wrong = await gateway.graphql(member, MEMBERS, {
      id: organization.id,
      filter: { search: 'x'.repeat(257) },
    });
    expect(wrong.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('sorts by name, page by page, and follows a person who is renamed', async () => {
    const sorted = async () => {
      const names: string[] = [];
      for (let after: string | null = null, more = true; more;) {
        const { nodes, pageInfo, totalCount } = await list({ first: 2, after, orderBy: 'NAME' });
        expect(totalCount).toBe(7);
        names.push(...nodes.map(({ user }: any) => user.familyName));
        [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
      }
      return names;
    };
    const before = ['under_score', 'Ábel', 'MARTIN', "Œuvrard-D'Arc", 'Zz', 'Zz', 'ΠΑΠΑΔΟΠΟΎΛΟΥ'];
    expect(await sorted()).toEqual(before);
    await gateway.graphql(
      tenantAdministrator,
      `mutation ($input: UserUpdateInput!) { userUpdate(input: $input) { userErrors { code } } }`,
      { input: { id: usr(users['martin@example.net']!), givenName: 'Ýves' } },
    );
    expect(await sorted()).toEqual(['under_score', 'Ábel', "Œuvrard-D'Arc", 'MARTIN', ...before.slice(4)]);
    expect(await found('yves')).toEqual(['MARTIN']);
  });

  it('refuses the cursor of another order', async () => {
    const { pageInfo } = await list({ first: 1 });
    const { errors } = await gateway.graphql(administrator, MEMBERS, {
      id: organization.id,
      after: pageInfo.endCursor,
      orderBy: 'NAME',
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'after' });
  });

  it('[ORG-17] shows a role no more once it is deleted, and keeps its members', async () => {
    const { id, uuid, people } = await organizationWith(gateway, { one: ['member'] });
    const role = await makeRole(gateway, 'org-17');
    await call('organizationMemberRolesAdd', { organizationId: id, userId: people.one.id, roleIds: [rol(role)] });
    await gateway.rows('delete from roles where tenant_id = $1 and id = $2', [role]);
    expect(await membersOf(uuid)).toEqual({ [people.one.userId]: ['member'] });
    const { data } = await gateway.graphql(tenantAdministrator, MEMBERS, { id });
    expect(data.organization.members.nodes[0].roles).toEqual([{ name: 'member' }]);
  });
});

describe('User.memberships', () => {
  it('[ORG-14] lists the organizations of a user with roles, and where each came from', async () => {
    const user = await makeUser(gateway.tenant);
    const names = [];
    for (const roles of [['member'], ['administrator', 'member']]) {
      const { id } = await organizationWith(gateway, {});
      await call('organizationMembersAdd', {
        organizationId: id,
        userIds: [usr(user.id)],
        roleIds: roles.map((name) => rol(gateway.tenant.roles.get(name)!)),
      });
      names.push([id, roles]);
    }
    const { data } = await gateway.graphql(
      tenantAdministrator,
      `query ($id: ID!) { user(id: $id) { memberships { totalCount nodes {
         organization { id } roles { name } source addedBy { id } addedByApplicationId connection { id } joinedAt
         roleGrants { source grantedAt grantedBy { id } role { name } }
       } } } }`,
      { id: usr(user.id) },
    );
    const { nodes, totalCount } = data.user.memberships;
    expect(totalCount).toBe(2);
    expect(nodes.map((node: any) => [node.organization.id, node.roles.map(({ name }: any) => name)])).toEqual(names);
    for (const { source, addedBy, addedByApplicationId, connection, joinedAt, roleGrants } of nodes) {
      expect([source, addedByApplicationId, connection]).toEqual(['ADMIN', null, null]);
      expect(addedBy.id).toMatch(/^usr_/);
      for (const grant of roleGrants) {
        expect(grant).toMatchObject({ source: 'ADMIN', grantedAt: joinedAt, grantedBy: addedBy });
      }
    }
  });

  it('shows no member where another came from', async () => {
    const { people } = await organizationWith(gateway, { one: ['member'], two: ['member'] });
    const { data, errors } = await gateway.graphql(
      people.one.browser,
      `query ($id: ID!) { user(id: $id) { givenName memberships { nodes { source } } } }`,
      { id: people.two.id },
    );
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(data.user).toEqual({ givenName: 'Person', memberships: null });
  });
});
