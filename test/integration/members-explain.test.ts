import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeRole, organizationWith, rol, usr } from '../support/members.js';
import { comeIn, nextSiret } from '../support/sign-in.js';

let gateway: Gateway;
let tenantAdministrator: { browser: Browser; userId: string };
beforeAll(async () => {
  gateway = await startGateway();
  tenantAdministrator = await gateway.signedInUser({ isTenantAdministrator: true });
});
afterAll(() => gateway.close());

const EXPLAIN = `query ($organizationId: ID!, $userId: ID!) {
  membershipExplain(organizationId: $organizationId, userId: $userId) {
    isMember user { id } organization { id } membership { id }
    origin { source because at connection { slug } by { kind user { id } } event { type } }
    roles { role { name } source because at by { kind user { id } } event { type via } }
    permissions { permission roles { name } }
    absence { reason because at by { kind user { id } } event { type } }
  }
}`;

async function explain(browser: Browser | null, organizationId: string, userId: string) {
  const answer = await gateway.graphql(browser, EXPLAIN, { organizationId, userId });
  return { ...answer, explained: answer.data?.membershipExplain };
}

async function change(browser: Browser, name: string, type: string, input: object) {
  const { data, errors } = await gateway.graphql(
    browser,
    `mutation ($input: ${type}!) { asked: ${name}(input: $input) { userErrors { code } } }`,
    { input },
  );
  expect([errors, data.asked.userErrors]).toEqual([undefined, []]);
}

describe('why somebody is a member', () => {
  it('says how they came, who gave each role and when, and through which roles each permission comes', async () => {
    const { id, people } = await organizationWith(gateway, { administrator: ['administrator'] });
    const { browser, id: administrator } = people.administrator;
    const user = await makeUser(gateway.tenant);
    const [reader, editor] = [await makeRole(gateway, 'explained-reader'), await makeRole(gateway, 'explained-editor')];
    await grantPermissions({ [reader]: ['document:read'], [editor]: ['document:write', 'document:read'] });
    const about = { organizationId: id, userId: usr(user.id) };
    await change(tenantAdministrator.browser, 'organizationMembersAdd', 'OrganizationMembersAddInput', {
      organizationId: id,
      userIds: [usr(user.id)],
      roleIds: [rol(reader)],
    });
    gateway.advance(60_000);
    await change(browser, 'organizationMemberRolesAdd', 'OrganizationMemberRolesInput', {
      ...about,
      roleIds: [rol(editor)],
    });
    const { explained, errors } = await explain(browser, id, usr(user.id));
    expect(errors).toBeUndefined();
    expect(explained).toMatchObject({
      isMember: true,
      user: { id: usr(user.id) },
      organization: { id },
      absence: null,
    });
    expect(explained.origin).toMatchObject({
      source: 'ADMIN',
      because: 'An administrator added the person.',
      connection: null,
      // Whom the organization's administrator does not see is not shown to them.
      by: { kind: 'USER', user: null },
      event: { type: 'membership.added' },
    });
    const [edits, reads] = explained.roles;
    expect(edits).toMatchObject({
      role: { name: 'explained-editor' },
      source: 'ADMIN',
      because: 'An administrator gave it.',
      by: { kind: 'USER', user: { id: administrator } },
      event: { type: 'membership.roles_changed', via: 'organizationMemberRolesAdd' },
    });
    expect(reads).toMatchObject({
      role: { name: 'explained-reader' },
      because: 'It came with the membership.',
      at: explained.origin.at,
      event: { type: 'membership.added' },
    });
    expect(Date.parse(edits.at)).toBeGreaterThan(Date.parse(reads.at));
    // [ORG-18] Each permission once, with every role that grants it.
    expect(explained.permissions).toEqual([
      { permission: 'document:read', roles: [{ name: 'explained-editor' }, { name: 'explained-reader' }] },
      { permission: 'document:write', roles: [{ name: 'explained-editor' }] },
    ]);
    const forTenant = await explain(tenantAdministrator.browser, id, usr(user.id));
    expect(forTenant.explained.origin.by.user).toEqual({ id: usr(tenantAdministrator.userId) });
  });

  it('names the connection of a sign-in', async () => {
    const person = gateway.addPerson({ id: 'explained', claims: { siret: nextSiret() } });
    const { browser, viewer } = await comeIn(gateway, person);
    const { explained } = await explain(browser, viewer.organization!.id, viewer.user.id);
    expect(explained.origin).toMatchObject({
      source: 'SSO',
      because: 'A sign-in through ProConnect named the organization.',
      connection: { slug: 'proconnect' },
      by: { kind: 'SIGN_IN' },
      event: { type: 'membership.added' },
    });
    expect(explained.roles).toMatchObject([
      { role: { name: 'member' }, source: 'SSO', because: 'It came with the membership.' },
    ]);
  });

  it('is told as far as the log goes back, and without it', async () => {
    const { id, people } = await organizationWith(gateway, { one: ['member'] });
    const { explained } = await explain(people.one.browser, id, people.one.id);
    expect(explained.origin).toMatchObject({ source: 'ADMIN', by: null, event: null });
    expect(explained.roles).toMatchObject([
      { source: null, because: 'It was given before Vestibule kept how.', by: null, event: null },
    ]);
  });
});

describe('why somebody is no member', () => {
  it('says that they left, were removed and by whom, or moved', async () => {
    const { id, people } = await organizationWith(gateway, {
      administrator: ['administrator'],
      leaves: ['member'],
      removed: ['member'],
    });
    const { browser, id: administrator } = people.administrator;
    await change(people.leaves.browser, 'organizationLeave', 'OrganizationLeaveInput', { organizationId: id });
    const input = { organizationId: id, userId: people.removed.id };
    await change(browser, 'organizationMemberRemove', 'OrganizationMemberRemoveInput', input);
    const left = (await explain(browser, id, people.leaves.id)).explained;
    expect(left).toMatchObject({ isMember: false, membership: null, origin: null, roles: [], permissions: [] });
    expect(left.absence).toMatchObject({ reason: 'LEFT', because: 'The person left.' });
    // Who was removed may know by whom; what they may not see of that person they do not.
    const removed = (await explain(people.removed.browser, id, people.removed.id)).explained;
    expect(removed).toMatchObject({ user: { id: people.removed.id }, organization: null });
    expect(removed.absence).toMatchObject({
      reason: 'REMOVED',
      by: { kind: 'USER', user: null },
      event: { type: 'membership.removed' },
    });
    const told = (await explain(browser, id, people.removed.id)).explained;
    expect(told.absence.by.user).toEqual({ id: administrator });

    const person = gateway.addPerson({ id: 'mover', claims: { siret: nextSiret() } });
    const { viewer } = await comeIn(gateway, person);
    Object.assign(person.claims, { siret: nextSiret() });
    await comeIn(gateway, person);
    const moved = await explain(tenantAdministrator.browser, viewer.organization!.id, viewer.user.id);
    expect(moved.explained.absence).toMatchObject({
      reason: 'MOVED',
      by: { kind: 'SIGN_IN' },
      event: { type: 'membership.moved' },
    });
  });

  it('says that the organization was deleted, to those who were members', async () => {
    const { id } = await organizationWith(gateway, {});
    const { browser, id: user } = await signedInMember(id);
    await change(tenantAdministrator.browser, 'organizationDelete', 'OrganizationDeleteInput', { id });
    expect((await explain(browser, id, user)).explained.absence).toMatchObject({ reason: 'ORGANIZATION_DELETED' });
    const stranger = await gateway.signedInUser();
    expect((await explain(stranger.browser, id, usr(stranger.userId))).explained).toBeNull();
  });

  it('tells an administrator of a stranger and of nobody alike', async () => {
    const { id, people } = await organizationWith(gateway, { administrator: ['administrator'] });
    const stranger = await makeUser(gateway.tenant, { givenName: 'Hidden' });
    const nobody = 'usr_00000000-0000-7000-8000-000000000000';
    const { browser } = people.administrator;
    const answers = [await explain(browser, id, usr(stranger.id)), await explain(browser, id, nobody)];
    for (const { explained } of answers) {
      expect(explained).toMatchObject({
        isMember: false,
        user: null,
        absence: { reason: 'NEVER_MEMBER', event: null },
      });
    }
    expect(answers[0]!.text).toBe(answers[1]!.text);
  });
});

describe('who may ask', () => {
  it('are administrators and the person: not another member, another administrator, or nobody', async () => {
    const { id, people } = await organizationWith(gateway, { one: ['member'], two: ['member'] });
    const other = await organizationWith(gateway, { administrator: ['administrator'] });
    for (const browser of [people.two.browser, other.people.administrator.browser]) {
      const { explained, errors, text } = await explain(browser, id, people.one.id);
      expect([explained, errors]).toEqual([null, undefined]);
      expect(text).not.toContain(people.one.userId);
    }
    expect((await explain(null, id, people.one.id)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await explain(people.one.browser, id, people.one.id)).explained.isMember).toBe(true);
    // Of an organization that they have nothing to do with, a person learns not even whether it is there.
    const strange = await makeOrganization(gateway.tenant);
    expect((await explain(people.one.browser, `org_${strange.id}`, people.one.id)).explained).toBeNull();
  });
});

async function signedInMember(organizationId: string) {
  const { browser, userId } = await gateway.signedInUser();
  await change(tenantAdministrator.browser, 'organizationMembersAdd', 'OrganizationMembersAddInput', {
    organizationId,
    userIds: [usr(userId)],
  });
  return { browser, id: usr(userId) };
}

/** Role → names of the permissions that it is to grant. */
async function grantPermissions(byRole: Record<string, string[]>): Promise<void> {
  for (const [role, names] of Object.entries(byRole)) {
    for (const name of names) {
      await gateway.rows(
        `insert into permissions (id, tenant_id, name, created_at) values (gen_random_uuid(), $1, $2, now())
         on conflict do nothing returning id`,
        [name],
      );
      await gateway.rows(
        `insert into role_permissions (id, tenant_id, role_id, permission_id)
         select gen_random_uuid(), $1, $2, id from permissions where tenant_id = $1 and name = $3 returning id`,
        [role, name],
      );
    }
  }
}
