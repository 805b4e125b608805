import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runSql, transact } from '../../src/database/transact.js';
import { UserStatus } from '../../src/entities/enums.js';
import {
  approve,
  delegate,
  deny,
  endDelegation,
  makeApproved,
  makeMember,
  makeRole,
  type Person,
  petitionOf,
  refusalOf,
} from '../support/approvals.js';
import { makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { codesOf } from '../support/petitions.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

const LIST = `query ($direction: ApproverDelegationDirection!, $isOpen: Boolean) {
  viewerDelegations(direction: $direction, isOpen: $isOpen) { totalCount nodes { id isActive } } }`;
const HOUR = 60 * 60_000;

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
let admin: Person;
let approver: Person;
let mate: Person;
let flow: { id: string; globalId: string };
beforeEach(async () => {
  organization = await makeOrganization(gateway.tenant);
  admin = await makeMember(gateway, organization, 'administrator');
  approver = await makeMember(gateway, organization, 'approver');
  mate = await makeMember(gateway, organization);
  flow = await makeApproved(gateway, organization.id, { approverRoleId: roleId });
});

const run = (sql: string, ...values: unknown[]) =>
  transact(gateway.database, gateway.tenant.id, (manager) => runSql(manager, sql, [gateway.tenant.id, ...values]));
const usr = ({ userId }: { userId: string }) => `usr_${userId}`;
const inHours = (hours: number) => new Date(gateway.services.clock().getTime() + hours * HOUR).toISOString();
const list = async ({ browser }: Person, variables: object) =>
  (await gateway.graphql(browser, LIST, variables)).data.viewerDelegations;

describe('a delegate', () => {
  it('decides for the absent one while it lasts, and not a moment longer', async () => {
    const [early, within, late, ended] = [
      await petitionOf(gateway, flow),
      await petitionOf(gateway, flow),
      await petitionOf(gateway, flow),
      await petitionOf(gateway, flow),
    ];
    const { result, events } = await eventsOf(gateway, () =>
      delegate(gateway, approver.browser, usr(mate), { startsAt: inHours(1), endsAt: inHours(2) }),
    );
    const made = result.data.answer.approverDelegation;
    expect(made).toMatchObject({ isActive: false, user: { id: usr(approver) }, delegate: { id: usr(mate) } });
    expect(events).toMatchObject([
      {
        type: 'approver_delegation.created',
        object_id: made.id.slice(4),
        user_id: mate.userId,
        after: { userId: usr(approver), delegateId: usr(mate), organizationId: null },
      },
    ]);
    expect(await refusalOf(approve(gateway, mate.browser, early))).toBe('NOT_FOUND');
    gateway.advance(1.5 * HOUR);
    expect(await list(mate, { direction: 'RECEIVED' })).toEqual({
      ...{ totalCount: 1, nodes: [{ id: made.id, isActive: true }] },
    });
    const done = await approve(gateway, mate.browser, within);
    expect([done.userErrors, done.petition.status]).toEqual([[], 'FINALIZED']);
    gateway.advance(0.5 * HOUR);
    expect(await refusalOf(approve(gateway, mate.browser, late))).toBe('NOT_FOUND');
    expect((await list(approver, { direction: 'GIVEN' })).totalCount).toBe(1);
    expect((await list(approver, { direction: 'GIVEN', isOpen: true })).totalCount).toBe(0);

    const again = (await delegate(gateway, approver.browser, usr(mate))).data.answer.approverDelegation;
    const deleted = await eventsOf(gateway, () => endDelegation(gateway, approver.browser, again.id));
    expect(deleted.result.data.answer).toEqual({ deletedId: again.id, userErrors: [] });
    expect(deleted.events).toMatchObject([{ type: 'approver_delegation.deleted', object_id: again.id.slice(4) }]);
    expect(await refusalOf(deny(gateway, mate.browser, ended))).toBe('NOT_FOUND');
  });

  it('does not decide on the petition of the absent one, nor on their own', async () => {
    await delegate(gateway, approver.browser, usr(mate));
    const theirs = await petitionOf(gateway, flow, approver.browser);
    expect(await expectUnchanged(gateway, () => refusalOf(approve(gateway, mate.browser, theirs)))).toBe('NOT_FOUND');
    const own = await petitionOf(gateway, flow, mate.browser);
    for (const act of [approve, deny]) {
      const answer = await expectUnchanged(gateway, () => act(gateway, mate.browser, own));
      expect(codesOf(answer)).toEqual(['OWN_PETITION']);
    }
    const lenient = await makeApproved(gateway, organization.id, { approverRoleId: roleId, allowsOwnApproval: true });
    const allowed = await petitionOf(gateway, lenient, approver.browser);
    expect((await approve(gateway, mate.browser, allowed)).petition.status).toBe('FINALIZED');
  });

  it('does not hand on what they decide for others', async () => {
    const third = await makeMember(gateway, organization);
    await delegate(gateway, approver.browser, usr(mate));
    await delegate(gateway, mate.browser, usr(third));
    const id = await petitionOf(gateway, flow);
    expect(await refusalOf(approve(gateway, third.browser, id))).toBe('NOT_FOUND');
    expect((await approve(gateway, mate.browser, id)).petition.status).toBe('FINALIZED');
  });

  it('decides for nobody who is suspended or has left, and only in the organization that it is limited to', async () => {
    const other = await makeOrganization(gateway.tenant);
    await run(
      `with made as (insert into memberships (id, tenant_id, user_id, organization_id, source, joined_at)
         values (gen_random_uuid(), $1, $2, $3, 'ADMIN', now()) returning id)
       insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select gen_random_uuid(), $1, made.id, $4, now() from made`,
      ...[approver.userId, other.id, roleId],
    );
    const elsewhere = await makeApproved(gateway, other.id, { approverRoleId: roleId });
    const [here, there] = [await petitionOf(gateway, flow), await petitionOf(gateway, elsewhere)];
    await delegate(gateway, approver.browser, usr(mate), { organizationId: `org_${organization.id}` });
    expect(await refusalOf(approve(gateway, mate.browser, there))).toBe('NOT_FOUND');
    const suspend = 'update users set status = $3 where tenant_id = $1 and id = $2';
    await run(suspend, approver.userId, 'SUSPENDED');
    expect(await refusalOf(approve(gateway, mate.browser, here))).toBe('NOT_FOUND');
    await run(suspend, approver.userId, 'ACTIVE');
    const roles = await gateway.rows('select * from membership_roles where tenant_id = $1 and role_id = $2', [roleId]);
    await run('delete from membership_roles where tenant_id = $1 and role_id = $2', roleId);
    expect(await refusalOf(approve(gateway, mate.browser, here))).toBe('NOT_FOUND');
    for (const { id, membership_id: membershipId } of roles) {
      await run(
        `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at) values ($2, $1, $3, $4, now())`,
        ...[id, membershipId, roleId],
      );
    }
    expect((await approve(gateway, mate.browser, here)).petition.status).toBe('FINALIZED');
  });
});

describe('approverDelegationCreate', () => {
  it('is for oneself, and for administrators on behalf of who is away', async () => {
    const limited = { userId: usr(approver), organizationId: `org_${organization.id}` };
    const refused = async (person: Person | null, input: object) =>
      (await expectUnchanged(gateway, () => delegate(gateway, person?.browser ?? null, usr(mate), input))).errors?.[0]
        ?.extensions.code;
    expect(await refused(null, {})).toBe('UNAUTHENTICATED');
    expect(await refused(mate, limited)).toBe('FORBIDDEN');
    expect(await refused(admin, { userId: usr(approver) })).toBe('FORBIDDEN');
    const stranger = await gateway.signedInUser();
    expect(await refused(stranger, limited)).toBe('NOT_FOUND');
    const byAdmin = await delegate(gateway, admin.browser, usr(mate), limited);
    expect(byAdmin.data.answer).toMatchObject({
      approverDelegation: { organization: { id: `org_${organization.id}` }, user: { id: usr(approver) } },
      userErrors: [],
    });
    const byTenant = await delegate(gateway, tenantAdmin.browser, usr(stranger), { userId: usr(approver) });
    expect(byTenant.data.answer.userErrors).toEqual([]);
    const id = await petitionOf(gateway, flow);
    expect((await approve(gateway, stranger.browser, id)).petition.status).toBe('FINALIZED');
  });

  it('[ENR-52] gives no administrator what a role is named for', async () => {
    for (const [person, input] of [
      [admin, { organizationId: `org_${organization.id}` }],
      [tenantAdmin, {}],
    ] as const) {
      const answer = await expectUnchanged(gateway, () =>
        delegate(gateway, person.browser, usr(person), { userId: usr(approver), ...input }),
      );
      expect(answer.data.answer.userErrors).toMatchObject([{ code: 'INVALID', field: ['delegateId'] }]);
    }
  });

  it('refuses what cannot be, and makes nothing', async () => {
    const gone = await makeUser(gateway.tenant, { status: UserStatus.SUSPENDED });
    const stranger = await gateway.signedInUser();
    const outside = await makeOrganization(gateway.tenant);
    const cases: [Person, string, object, string, string][] = [
      [approver, usr(approver), {}, 'INVALID', 'delegateId'],
      [approver, usr(stranger), {}, 'NOT_FOUND', 'delegateId'],
      [approver, usr({ userId: '0199a1b2-c3d4-7e5f-8a6b-000000000001' }), {}, 'NOT_FOUND', 'delegateId'],
      [approver, usr(mate), { endsAt: inHours(-1) }, 'INVALID', 'endsAt'],
      [approver, usr(mate), { startsAt: inHours(2), endsAt: inHours(1) }, 'INVALID', 'endsAt'],
      [approver, usr(mate), { endsAt: inHours(24 * 367) }, 'INVALID', 'endsAt'],
      [tenantAdmin, `usr_${gone.id}`, { userId: usr(approver) }, 'INVALID', 'delegateId'],
      [
        tenantAdmin,
        usr(mate),
        { userId: usr(approver), organizationId: `org_${outside.id}` },
        'INVALID',
        'organizationId',
      ],
    ];
    for (const [person, delegateId, input, code, field] of cases) {
      const answer = await expectUnchanged(gateway, () => delegate(gateway, person.browser, delegateId, input));
      expect([input, answer.data.answer.approverDelegation]).toEqual([input, null]);
      expect(answer.data.answer.userErrors).toContainEqual(expect.objectContaining({ code, field: [field] }));
    }
  });

  it('makes one under one key, and 20 at most', async () => {
    const input = { idempotencyKey: `key-${organization.id}`, endsAt: inHours(3) };
    const [first, second] = [
      await delegate(gateway, approver.browser, usr(mate), input),
      await delegate(gateway, approver.browser, usr(mate), input),
    ];
    expect(second.data.answer.approverDelegation.id).toBe(first.data.answer.approverDelegation.id);
    const reused = await delegate(gateway, approver.browser, usr(mate), { ...input, endsAt: inHours(4) });
    expect(reused.data.answer.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    const made = await Promise.all(Array.from({ length: 20 }, () => delegate(gateway, approver.browser, usr(mate))));
    expect(made.filter(({ data }) => data.answer.approverDelegation)).toHaveLength(19);
  });
});

describe('a delegation', () => {
  it('is seen and ended by those between whom it is, and by who administers where it is limited to', async () => {
    const node = (person: Person, id: string) =>
      gateway.graphql(person.browser, 'query ($id: ID!) { node(id: $id) { id } }', { id });
    const stranger = await gateway.signedInUser();
    const otherAdmin = await makeMember(gateway, await makeOrganization(gateway.tenant), 'administrator');
    for (const ender of [approver, mate, admin, tenantAdmin]) {
      const { data } = await delegate(gateway, approver.browser, usr(mate), {
        organizationId: `org_${organization.id}`,
      });
      const { id } = data.answer.approverDelegation;
      for (const person of [stranger, otherAdmin]) {
        expect((await node(person, id)).data.node).toBeNull();
        const refused = await expectUnchanged(gateway, () => endDelegation(gateway, person.browser, id));
        expect(refused.errors![0]!.extensions.code).toBe('NOT_FOUND');
      }
      for (const person of [approver, mate, admin, tenantAdmin]) {
        expect((await node(person, id)).data.node).toEqual({ id });
      }
      expect((await endDelegation(gateway, ender.browser, id)).data.answer.deletedId).toBe(id);
      expect((await node(approver, id)).data.node).toBeNull();
    }
    const { data } = await delegate(gateway, approver.browser, usr(mate));
    const { id } = data.answer.approverDelegation;
    expect((await node(admin, id)).data.node).toBeNull();
  });

  it('is listed for the administrators of its organization', async () => {
    const made = await delegate(gateway, approver.browser, usr(mate), { organizationId: `org_${organization.id}` });
    const ids = async ({ browser }: Person) => {
      const query = `query ($filter: ApproverDelegationFilterInput) {
        approverDelegations(filter: $filter) { nodes { id } } }`;
      const { data } = await gateway.graphql(browser, query, { filter: { userId: usr(approver), isOpen: true } });
      return data.approverDelegations.nodes.map(({ id }: { id: string }) => id);
    };
    const id = made.data.answer.approverDelegation.id;
    expect(await ids(admin)).toEqual([id]);
    expect(await ids(tenantAdmin)).toEqual([id]);
    expect(await ids(mate)).toEqual([]);
  });
});
