import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runSql, transact } from '../../src/database/transact.js';
import { ApprovalRule, FlowStatus } from '../../src/entities/enums.js';
import {
  approve,
  delegate,
  makeApproved,
  makeMember,
  makeRole,
  type Person,
  petitionOf,
  writePetitions,
} from '../support/approvals.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';

const INBOX = `query ($first: Int, $after: String, $filter: PetitionInboxFilterInput, $orderBy: PetitionInboxOrder) {
  petitionInbox(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    totalCount nodes { id status viewerParties nextActions } edges { cursor } pageInfo { hasNextPage endCursor } } }`;
const COUNTS = `query ($filter: PetitionInboxFilterInput) { petitionInboxCounts(filter: $filter) {
  total escalated byFlow { flowId flowName count escalated }
  byOrganization { organizationId organizationName count escalated } } }`;

let gateway: Gateway;
let roleId: string;
let tenantAdmin: Person;
beforeAll(async () => {
  gateway = await startGateway();
  roleId = await makeRole(gateway.tenant, 'approver');
  tenantAdmin = await gateway.signedInUser({ isTenantAdministrator: true });
});
afterAll(() => gateway.close());

let organization: { id: string };
let approver: Person;
let flow: { id: string; globalId: string };
beforeEach(async () => {
  organization = await makeOrganization(gateway.tenant);
  approver = await makeMember(gateway, organization, 'approver');
  flow = await makeApproved(gateway, organization.id, { approverRoleId: roleId });
});

const run = (sql: string, ...values: unknown[]) =>
  transact(gateway.database, gateway.tenant.id, (manager) => runSql(manager, sql, [gateway.tenant.id, ...values]));
const inbox = async ({ browser }: { browser: Person['browser'] }, variables: object = {}) => {
  const { data, errors } = await gateway.graphql(browser, INBOX, variables);
  expect(errors).toBeUndefined();
  return data.petitionInbox;
};
const idsIn = async (person: Person, variables?: object): Promise<string[]> =>
  (await inbox(person, variables)).nodes.map(({ id }: { id: string }) => id);
const countsOf = async ({ browser }: Person, filter?: object) =>
  (await gateway.graphql(browser, COUNTS, { filter })).data.petitionInboxCounts;
const write = async (facts: Partial<Parameters<typeof writePetitions>[1]> = {}) =>
  (
    await writePetitions(gateway.tenant, {
      ...{ flowId: flow.id, organizationId: organization.id, roleId, count: 1, waitsSince: new Date('2026-01-01') },
      ...facts,
    })
  ).map((id) => `pet_${id}`);

describe('the inbox', () => {
  it('has what its viewer may decide on now, and nothing else', async () => {
    const elsewhere = await makeOrganization(gateway.tenant);
    const [mine] = await write();
    await write({ organizationId: elsewhere.id });
    await write({ roleId: await makeRole(gateway.tenant, `other ${organization.id}`) });
    const member = await makeMember(gateway, organization);
    const admin = await makeMember(gateway, organization, 'administrator');
    const [theirs] = await write({ roleId: null });
    expect(await idsIn(approver)).toEqual([mine]);
    expect(await idsIn(admin)).toEqual([theirs]);
    expect(await idsIn(member)).toEqual([]);
    const { nodes } = await inbox(approver);
    expect(nodes[0]).toEqual({
      id: mine,
      status: 'PENDING_APPROVAL',
      viewerParties: ['APPROVER'],
      nextActions: ['APPROVE', 'DENY', 'FLAG_DUPLICATE', 'COMMENT'],
    });
    expect((await gateway.graphql(null, INBOX)).errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('of an administrator of the tenant has all for which no role is named, and those of their own roles', async () => {
    const [named, unnamed] = [await write(), await write({ roleId: null })];
    const all = await idsIn(tenantAdmin, { filter: { organizationId: `org_${organization.id}` } });
    expect(all).toEqual(unnamed);
    const holder = await gateway.signedInUser({ isTenantAdministrator: true });
    const { tenant } = gateway;
    await run(
      `with made as (insert into memberships (id, tenant_id, user_id, organization_id, source, joined_at)
         values (gen_random_uuid(), $1, $2, $3, 'ADMIN', now()) returning id)
       insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select gen_random_uuid(), $1, made.id, role_id, now() from made, unnest($4::uuid[]) role_id`,
      ...[holder.userId, organization.id, [roleId, tenant.roles.get('administrator')]],
    );
    const filter = { organizationId: `org_${organization.id}` };
    expect((await idsIn(holder, { filter })).sort()).toEqual([...named, ...unnamed].sort());
    expect((await inbox(holder, { filter })).totalCount).toBe(2);
  });

  it('leaves out own petitions unless the flow allows these, decided ones, and those that the viewer has approved', async () => {
    const several = await makeApproved(gateway, organization.id, {
      approverRoleId: roleId,
      approvalRule: ApprovalRule.N_OF_M,
      approvalCount: 2,
    });
    const lenient = await makeApproved(gateway, organization.id, { approverRoleId: roleId, allowsOwnApproval: true });
    await petitionOf(gateway, flow, approver.browser);
    const own = await petitionOf(gateway, lenient, approver.browser);
    const approved = await petitionOf(gateway, several);
    const decided = await petitionOf(gateway, flow);
    expect(await idsIn(approver)).toEqual([own, approved, decided]);
    await approve(gateway, approver.browser, approved);
    await approve(gateway, approver.browser, decided);
    expect(await idsIn(approver)).toEqual([own]);
    expect(await idsIn(approver, { filter: { includesOwn: false } })).toEqual([]);
    const other = await makeMember(gateway, organization, 'approver');
    expect(await idsIn(other)).toContain(approved);
  });

  it('has petitions of a suspended flow again when it runs again', async () => {
    const ids = await write();
    const change = 'update enrollment_flows set status = $3 where tenant_id = $1 and id = $2';
    await run(change, flow.id, FlowStatus.SUSPENDED);
    expect([await idsIn(approver), (await countsOf(approver)).total]).toEqual([[], 0]);
    await run(change, flow.id, FlowStatus.ACTIVE);
    expect([await idsIn(approver), (await countsOf(approver)).total]).toEqual([ids, 1]);
  });

  it('is sorted by how long each waits, in pages, whatever place each is found at', async () => {
    const second = await makeRole(gateway.tenant, `second ${organization.id}`);
    await run(
      `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select gen_random_uuid(), $1, id, $3, now() from memberships where tenant_id = $1 and user_id = $2`,
      ...[approver.userId, second],
    );
    const [even, odd] = [
      await write({ count: 5, waitsSince: new Date('2026-01-01T00:00:00Z') }),
      await write({ count: 5, roleId: second, waitsSince: new Date('2026-01-01T00:00:00.5Z') }),
    ];
    const expected = even.flatMap((id, index) => [id, odd[index]!]);
    for (const orderBy of ['OLDEST_FIRST', 'NEWEST_FIRST']) {
      const found: string[] = [];
      let after: string | null = null;
      do {
        const page: any = await inbox(approver, { first: 3, after, orderBy });
        expect(page.totalCount).toBe(10);
        found.push(...page.nodes.map(({ id }: { id: string }) => id));
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      } while (after);
      expect(found).toEqual(orderBy === 'OLDEST_FIRST' ? expected : [...expected].reverse());
    }
  });

  it('refuses cursors that are none', async () => {
    const cursor = (keys: unknown[]) => Buffer.from(JSON.stringify(keys)).toString('base64url');
    const id = '0199a1b2-c3d4-7e5f-8a6b-000000000001';
    for (const after of ['x', cursor([id]), cursor(['now', id]), cursor(['2026-13-45T00:00:00.000000Z', id])]) {
      const { errors } = await gateway.graphql(approver.browser, INBOX, { after });
      expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  it('is filtered and counted by flow, organization, escalation and age', async () => {
    const other = await makeOrganization(gateway.tenant);
    const both = await makeMember(gateway, organization, 'approver');
    await run(
      `with made as (insert into memberships (id, tenant_id, user_id, organization_id, source, joined_at)
         values (gen_random_uuid(), $1, $2, $3, 'ADMIN', now()) returning id)
       insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select gen_random_uuid(), $1, made.id, $4, now() from made`,
      ...[both.userId, other.id, roleId],
    );
    const second = await makeApproved(gateway, other.id, { approverRoleId: roleId });
    const old = await write({ count: 3, waitsSince: new Date('2025-01-01') });
    const young = await write({
      count: 2,
      flowId: second.id,
      organizationId: other.id,
      waitsSince: new Date('2026-06-01'),
    });
    const escalated = [old[0]!, young[0]!];
    await run(
      'update petitions set is_escalated = true where tenant_id = $1 and id = any($2::uuid[])',
      escalated.map((id) => id.slice(4)),
    );
    const filters: [object, string[]][] = [
      [{}, [...old, ...young]],
      [{ organizationId: `org_${other.id}` }, young],
      [{ flowId: flow.globalId }, old],
      [{ isEscalated: true }, escalated],
      [{ isEscalated: false }, [old[1]!, old[2]!, young[1]!]],
      [{ waitingSinceBefore: '2026-01-01T00:00:00Z' }, old],
      [{ flowId: flow.globalId, isEscalated: true, waitingSinceBefore: '2026-01-01T00:00:00Z' }, [old[0]!]],
    ];
    for (const [filter, expected] of filters) {
      expect([filter, await idsIn(both, { filter })]).toEqual([filter, expected]);
      expect([filter, (await inbox(both, { filter })).totalCount]).toEqual([filter, expected.length]);
      expect((await countsOf(both, filter)).total).toBe(expected.length);
    }
    expect(await countsOf(both)).toEqual({
      total: 5,
      escalated: 2,
      byFlow: [
        { flowId: flow.globalId, flowName: expect.any(String), count: 3, escalated: 1 },
        { flowId: second.globalId, flowName: expect.any(String), count: 2, escalated: 1 },
      ],
      byOrganization: [
        { organizationId: `org_${organization.id}`, organizationName: expect.any(String), count: 3, escalated: 1 },
        { organizationId: `org_${other.id}`, organizationName: expect.any(String), count: 2, escalated: 1 },
      ],
    });
    expect(await countsOf(await makeMember(gateway, organization))).toEqual({
      ...{ total: 0, escalated: 0, byFlow: [], byOrganization: [] },
    });
  });

  it('takes one statement a page and one for the total, however many there are', async () => {
    await write({ count: 60 });
    const statements = async (first: number) => {
      await inbox(approver, { first });
      gateway.statements.length = 0;
      await inbox(approver, { first });
      return gateway.statements.filter((text) => /from petitions|approver_place/.test(text)).length;
    };
    expect([await statements(1), await statements(50)]).toEqual([2, 2]);
  });

  it('has what a delegate decides on for somebody, but not the petitions of that person', async () => {
    const stranger = await gateway.signedInUser();
    const mate = await makeMember(gateway, organization);
    const [id] = await write();
    const theirs = await petitionOf(gateway, flow, approver.browser);
    await delegate(gateway, approver.browser, `usr_${mate.userId}`);
    expect(await idsIn(mate)).toEqual([id]);
    expect((await countsOf(mate)).total).toBe(1);
    expect(await idsIn(stranger)).toEqual([]);
    const other = await makeMember(gateway, organization, 'approver');
    await delegate(gateway, other.browser, `usr_${mate.userId}`);
    expect(await idsIn(mate)).toEqual([id, theirs]);
  });
});
