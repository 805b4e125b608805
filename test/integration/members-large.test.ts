import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeMembers, makeUsers, organizationWith, usr, workOf } from '../support/members.js';

/* An organization with 10,000 members: what is asked of it costs no more statements than what is asked of a small one. */

const SIZE = 10_000;

let gateway: Gateway;
let administrator: Browser;
let large: { id: string; uuid: string; users: string[] };
let small: typeof large;

beforeAll(async () => {
  gateway = await startGateway();
  administrator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  large = await populate(SIZE);
  small = await populate(30);
  await gateway.rows('analyze');
}, 120_000);
afterAll(() => gateway.close());

async function populate(size: number) {
  const { id, uuid } = await organizationWith(gateway, {});
  const users = await makeUsers(gateway, size, 'Élève');
  await makeMembers(gateway, uuid, users, [...gateway.tenant.roles.values()]);
  return { id, uuid, users };
}

const MEMBERS = `query ($id: ID!, $first: Int, $after: String, $filter: MemberFilterInput, $orderBy: MemberOrder) {
  organization(id: $id) {
    members(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      nodes { id joinedAt roles { name } user { givenName familyName email } } pageInfo { hasNextPage endCursor }
    }
  }
}`;

async function page(id: string, variables: object) {
  gateway.statements.length = 0;
  const { data, errors } = await gateway.graphql(administrator, MEMBERS, { id, ...variables });
  expect(errors).toBeUndefined();
  return { ...data.organization.members, statements: workOf(gateway.statements) };
}

/** The cursor of the member at this place, by name. */
const placeOf = (place: number) => {
  const name = `eleve ${String(place).padStart(5, '0')}`;
  return Buffer.from(JSON.stringify([name, 'ffffffff-ffff-7fff-bfff-ffffffffffff'])).toString('base64url');
};

describe('a page of 10,000 members with their roles', () => {
  it('is one statement beside those of who asks and of the organization, as in a small organization', async () => {
    for (const variables of [
      { first: 100 },
      { first: 100, orderBy: 'NAME' },
      { first: 20, filter: { search: 'eleve' } },
      { first: 20, filter: { search: 'example.org', status: 'ACTIVE', source: 'ADMIN' }, orderBy: 'NAME' },
    ]) {
      const of = [await page(small.id, variables), await page(large.id, variables)];
      expect(of.map(({ statements }) => statements.length)).toEqual([3, 3]);
      expect(of[1]!.nodes[0].roles.map(({ name }: any) => name)).toEqual(['administrator', 'member']);
    }
    const deep = await page(large.id, { first: 100, orderBy: 'NAME', after: placeOf(9_000) });
    expect(deep.statements).toHaveLength(3);
    expect(deep.nodes[0].user.familyName).toBe('09001');
  });

  it('reads what it shows and no more, however deep it is, by name and by date', async () => {
    const ids = await gateway.rows<{ id: string }>(
      `select id from memberships where tenant_id = $1 and organization_id = $2 order by id offset 9000 limit 1`,
      [large.uuid],
    );
    const places = {
      JOINED_AT: Buffer.from(JSON.stringify([ids[0]!.id])).toString('base64url'),
      NAME: placeOf(9_000),
    };
    for (const [orderBy, after] of Object.entries(places)) {
      const { statements }: { statements: string[] } = await page(large.id, { first: 20, orderBy, after });
      const text = statements.find((one) => one.includes('cross join lateral'))!;
      const keys: string[] = JSON.parse(Buffer.from(after, 'base64url').toString());
      // The last key stands before the name among the parameters.
      const values = [gateway.tenant.id, [large.uuid], ...keys.reverse(), 21];
      const [plan] = await gateway.database.readPlanned<Record<string, any>>(
        gateway.tenant.id,
        `explain (analyze, format json) ${text}`,
        values,
      );
      const read = nodesOf(plan!['QUERY PLAN'][0].Plan);
      expect(read.filter((node) => node['Relation Name'] === 'memberships')).not.toEqual([]);
      for (const node of read) {
        expect([orderBy, node['Relation Name'] ?? '', node['Actual Rows'] <= 21]).toEqual([
          orderBy,
          node['Relation Name'] ?? '',
          true,
        ]);
        expect(node['Rows Removed by Filter'] ?? 0).toBeLessThan(100);
      }
    }
  });

  function nodesOf(plan: Record<string, any>): Record<string, any>[] {
    return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
  }
});

describe('organizationMembersReplace', () => {
  const REPLACE = `mutation ($input: OrganizationMembersReplaceInput!) {
    organizationMembersReplace(input: $input) { addedCount removedCount userErrors { code } }
  }`;

  it('[ORG-09] of 10,000 members is a delta, in as many statements as of thirty', async () => {
    const counted = [];
    for (const { id, uuid, users } of [small, large]) {
      const [joins] = (await makeUsers(gateway, 1)) as [string];
      const memberships = () =>
        gateway.rows<{ id: string; user: string }>(
          `select id, user_id as user, joined_at::text as joined from memberships where tenant_id = $1 and organization_id = $2 order by id`,
          [uuid],
        );
      const before = await memberships();
      gateway.statements.length = 0;
      const input = { organizationId: id, userIds: [...users.slice(1), joins].map(usr) };
      const { data } = await gateway.graphql(administrator, REPLACE, { input });
      counted.push(workOf(gateway.statements).length);
      expect(data.organizationMembersReplace).toEqual({ addedCount: 1, removedCount: 1, userErrors: [] });
      const after = await memberships();
      expect(after.filter(({ user }) => user !== joins)).toEqual(before.filter(({ user }) => user !== users[0]));
      expect(after).toHaveLength(before.length);
    }
    // Who calls and whether they may; finding, adding, removing, whether an administrator is left, the events.
    expect(counted).toEqual([7, 7]);
  }, 60_000);
});
