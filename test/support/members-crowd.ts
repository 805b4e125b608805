import { expect } from '@jest/globals';
import type { Browser } from './browser.js';
import type { Gateway } from './gateway.js';
import { makeMembers, makeRole, makeUsers, organizationWith, rol, usr } from './members.js';

const ANSWERED = new Set(['NOT_FOUND', 'FORBIDDEN']);

/**
 * So many administrators edit members, and so many leave, all at once; each editor removes one who leaves, and at last
 * takes their own rights away, but for those who stay. Then nothing that was answered as done is lost, and either an
 * administrator is left or the organization says that it needs one, once, and the tenant was told.
 */
export async function expectCrowdSettled(gateway: Gateway, size: number, stay: number): Promise<void> {
  await gateway.signedInUser({ isTenantAdministrator: true });
  const names = Array.from({ length: size }, (_, index) => index);
  const crowd: Record<string, string[]> = {};
  for (const index of names) {
    crowd[`editor-${index}`] = ['administrator'];
    crowd[`leaver-${index}`] = ['administrator', 'member'];
  }
  const { id, uuid, people } = await organizationWith(gateway, crowd);
  const shared = await makeUsers(gateway, 20);
  await makeMembers(gateway, uuid, shared);
  const roles: string[] = [];
  for (const index of names) roles.push(await makeRole(gateway, `crowd-${index}`, { organizationId: uuid }));

  async function call(browser: Browser, name: string, type: string, input: object): Promise<string> {
    const { data, errors } = await gateway.graphql(
      browser,
      `mutation ($input: ${type}!) { asked: ${name}(input: $input) { userErrors { code } } }`,
      { input: { organizationId: id, ...input } },
    );
    const code: string | undefined = errors?.[0]?.extensions.code ?? data.asked.userErrors[0]?.code;
    // So many at once may wait too long for a connection: nothing was done then, and they ask again.
    if (code === 'SERVICE_UNAVAILABLE') return call(browser, name, type, input);
    if (code && !ANSWERED.has(code)) throw new Error(`${name}: ${JSON.stringify({ data, errors })}`);
    return code ?? 'DONE';
  }

  const edit = async (index: number) => {
    const { browser, id: own } = people[`editor-${index}`]!;
    // Not all in the same order.
    const members = index % 2 ? [...shared].reverse() : shared;
    const assigned = await call(browser, 'organizationMembersAssignRoles', 'OrganizationMembersAssignRolesInput', {
      userIds: members.map(usr),
      roleIds: [rol(roles[index]!)],
    });
    const removed = await call(browser, 'organizationMemberRemove', 'OrganizationMemberRemoveInput', {
      userId: people[`leaver-${index}`]!.id,
    });
    if (index >= stay) {
      const resigned = { userId: own, roleNames: ['administrator'] };
      await call(browser, 'organizationMemberRoleRemove', 'OrganizationMemberRolesInput', resigned);
    }
    return [assigned, removed];
  };
  const leave = (index: number) =>
    call(people[`leaver-${index}`]!.browser, 'organizationLeave', 'OrganizationLeaveInput', {});
  const [edits, left] = await Promise.all([Promise.all(names.map(edit)), Promise.all(names.map(leave))]);

  expect(edits.map(([assigned]) => assigned)).toEqual(names.map(() => 'DONE'));
  // Each who leaves is gone once: by themselves, or by an editor.
  for (const index of names) expect([left[index], edits[index]![1]].filter((code) => code === 'DONE')).toHaveLength(1);

  const count = async (sql: string, ...values: unknown[]) =>
    (await gateway.rows<{ count: number }>(`select count(*)::int as count ${sql}`, [uuid, ...values]))[0]!.count;
  expect(await count('from memberships where tenant_id = $1 and organization_id = $2')).toBe(size + shared.length);
  const grants = `from membership_roles mr join memberships m on m.id = mr.membership_id join roles r on r.id = mr.role_id
    where mr.tenant_id = $1 and m.organization_id = $2 and r.name`;
  expect(await count(`${grants} like 'crowd-%'`)).toBe(size * shared.length);
  expect(await count(`${grants} = 'administrator'`)).toBe(stay);
  const told = 'from events where tenant_id = $1 and organization_id = $2 and type = $3';
  expect(await count(told, 'membership.removed')).toBe(size);
  expect(await count(told, 'membership.roles_changed')).toBe(size * shared.length + size - stay);
  const [organization] = await gateway.rows(`select * from organizations where tenant_id = $1 and id = $2`, [uuid]);
  expect(organization!.needs_administrator).toBe(stay === 0);
  const needed = stay === 0 ? 1 : 0;
  expect(await count(told, 'organization.needs_administrator')).toBe(needed);
  const administrators = `from users where tenant_id = $1 and is_tenant_administrator and $2::text is not null`;
  expect(await count(`from notices where tenant_id = $1 and data->>'organizationId' = $2::text`)).toBe(
    needed * (await count(administrators)),
  );
}
