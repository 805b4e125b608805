import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeMembers, makeUsers, organizationWith, rol, usr } from '../support/members.js';
import { expectCrowdSettled } from '../support/members-crowd.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

it('50 administrators who edit and 50 who leave at once leave no organization silently without one', async () => {
  await expectCrowdSettled(gateway, 50, 0);
}, 240_000);

it('one of them who is left keeps the organization from asking for another', async () => {
  await expectCrowdSettled(gateway, 50, 1);
}, 240_000);

it('whoever is made an administrator and suspended at once leaves no organization silently without one', async () => {
  const { browser: operator } = await gateway.signedInUser({ isTenantAdministrator: true });
  const organizations: { id: string; uuid: string }[] = [];
  const users = await makeUsers(gateway, 40);
  for (let index = 0; index < 20; index++) {
    const { id, uuid } = await organizationWith(gateway, {}, { needsAdministrator: true });
    await makeMembers(gateway, uuid, [users[index]!]);
    organizations.push({ id, uuid });
  }
  const ask = async (name: string, type: string, input: object): Promise<void> => {
    const text = `mutation ($input: ${type}!) { asked: ${name}(input: $input) { userErrors { code } } }`;
    const { data, errors } = await gateway.graphql(operator, text, { input });
    // So many at once may wait too long for a connection: nothing was done then.
    if (errors?.[0]?.extensions.code === 'SERVICE_UNAVAILABLE') return ask(name, type, input);
    const codes = data?.asked?.userErrors.map(({ code }: { code: string }) => code) ?? [];
    if (errors || codes.some((code: string) => code !== 'WRONG_STATUS'))
      throw new Error(JSON.stringify({ data, errors }));
  };
  const administrator = rol(gateway.tenant.roles.get('administrator')!);
  await Promise.all(
    organizations.flatMap(({ id: organizationId }, index) => {
      // One who is a member, and one who becomes one by this.
      const [member, stranger] = [usr(users[index]!), usr(users[index + 20]!)];
      return [
        ask('userSuspend', 'UserStatusInput', { id: member }),
        ask('userSuspend', 'UserStatusInput', { id: stranger }),
        ask('memberAppoint', 'MemberAppointInput', { organizationId, userId: member }),
        ask('organizationMembersAdd', 'OrganizationMembersAddInput', {
          ...{ organizationId, userIds: [stranger], roleIds: [administrator] },
        }),
      ];
    }),
  );
  const silent = await gateway.rows(
    `select o.id from organizations o where o.tenant_id = $1 and o.id = any($2) and o.needs_administrator = exists (
       select 1 from memberships m join users u on u.id = m.user_id and u.status = 'ACTIVE'
       join membership_roles mr on mr.membership_id = m.id join roles r on r.id = mr.role_id and r.name = 'administrator'
       where m.organization_id = o.id)`,
    [organizations.map(({ uuid }) => uuid)],
  );
  expect(silent).toEqual([]);
}, 120_000);
