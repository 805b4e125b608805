import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import {
  AttributeTarget,
  AttributeType,
  FlowAuthorization,
  MatchPolicy,
  OrganizationStatus,
  UserStatus,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  actionsOf,
  attribute,
  codesOf,
  command,
  makeFlow,
  PERSON,
  type PetitionAnswer,
  start,
} from '../support/petitions.js';
import { eventsOf } from '../support/sign-in.js';
import { watch } from '../support/told-changes.js';

let gateway: Gateway;
let administrator: Browser;
let serial = 0;
beforeAll(async () => {
  gateway = await startGateway();
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(() => gateway.close());

const uuidOf = (id: string) => id.slice(4);
const nextAddress = () => `finalized-${++serial}@example.org`;
const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);
const memberRole = () => gateway.tenant.roles.get('member')!;

const ALL = [
  ...PERSON,
  attribute({ key: 'phone', target: AttributeTarget.USER_ATTRIBUTE, targetName: 'phoneNumber' }),
  attribute({ key: 'badge', type: AttributeType.IDENTIFIER, target: AttributeTarget.USER_IDENTIFIER }),
  attribute({ key: 'cost', target: AttributeTarget.MEMBERSHIP_ATTRIBUTE, targetName: 'costCenter' }),
];

async function write(text: string, ...values: unknown[]) {
  await transact(gateway.database, gateway.tenant.id, (manager) => runSql(manager, text, values));
}

async function read<Row = Record<string, any>>(text: string, ...values: unknown[]): Promise<Row> {
  const rows = await gateway.rows<Row>(text, values);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

const userOf = (id: string) => read('select * from users where tenant_id = $1 and id = $2', id);
const petitionOf = ({ petition }: PetitionAnswer) =>
  read('select * from petitions where tenant_id = $1 and id = $2', uuidOf(petition.id));
const membershipOf = (userId: string, organizationId: string) =>
  read(
    'select * from memberships where tenant_id = $1 and user_id = $2 and organization_id = $3',
    userId,
    organizationId,
  );

async function rolesOf(membershipId: string): Promise<string[]> {
  const rows = await gateway.rows<{ name: string }>(
    `select r.name from membership_roles mr join roles r on r.id = mr.role_id
     where mr.tenant_id = $1 and mr.membership_id = $2 order by 1`,
    [membershipId],
  );
  return rows.map(({ name }) => name);
}

async function makeRole(organizationId: string | null = null): Promise<{ id: string; name: string }> {
  const [id, name] = [v7(), `role-${++serial}`];
  await write(
    `insert into roles (id, tenant_id, organization_id, name, description, is_built_in, kind)
     values ($2, $1, $3, $4, '', false, 'USER')`,
    ...[gateway.tenant.id, id, organizationId, name],
  );
  return { id, name };
}

/** A flow into an organization of its own, which administrators of the tenant start. */
async function place(settings: Partial<FlowSettings> = {}) {
  const organization = await makeOrganization(gateway.tenant);
  const flow = await makeFlow(gateway.tenant, {
    settings: { authorization: FlowAuthorization.TENANT_ADMINISTRATOR, roleIds: [memberRole()], ...settings },
    organizationId: organization.id,
  });
  return { organization, ...flow };
}

const submit = (answer: PetitionAnswer, attributes: object, browser: Browser | null = administrator) =>
  command(gateway, browser, 'petitionSubmitAttributes', { id: answer.petition.id, attributes }, answer.token);
const goOn = (answer: PetitionAnswer) =>
  command(gateway, administrator, 'petitionContinue', { id: answer.petition.id });
const select = (answer: PetitionAnswer, userId: string) =>
  command(gateway, administrator, 'petitionSelectEnrollee', { id: answer.petition.id, enrolleeId: `usr_${userId}` });

const person = (email = nextAddress()) => ({ email, givenName: 'Ada', familyName: 'Martin' });

describe('a new person', () => {
  it('[ENR-10] a flow that asks for nothing is finalized as it is started, and provisioning is asked for once', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const { globalId, organization } = await place({
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
    });
    const { result, untold, events } = await watch(gateway, () => start(gateway, browser, globalId));
    expect(codesOf(result)).toEqual([]);
    expect(result.petition).toMatchObject({ status: 'FINALIZED', step: 'DONE', waitsFor: null });
    expect(actionsOf(result)).toEqual(['CREATED', 'IDENTITY_LINKED', 'STATUS_UPDATED', 'PROVISIONED']);
    const membership = await membershipOf(userId, organization.id);
    expect(membership.source).toBe('ENROLLMENT');
    expect(await rolesOf(membership.id)).toEqual(['member']);
    expect((await petitionOf(result)).membership_id).toBe(membership.id);
    expect(untold).toEqual([]);
    expect(typesOf(events).filter((type) => type === 'petition.finalized')).toHaveLength(1);
  });

  it('[ENR-10] without an account is made, active, with what the petition has', async () => {
    const { globalId, organization } = await place({ attributes: ALL });
    const started = await start(gateway, administrator, globalId);
    const email = nextAddress();
    const given = { ...person(email), phone: '0102', badge: 'badge-of-new', cost: 'C-9' };
    const { result, untold, events } = await watch(gateway, () => submit(started, given));
    expect(codesOf(result)).toEqual([]);
    expect(result.petition.status).toBe('FINALIZED');
    const { enrollee_user_id: userId } = await petitionOf(result);
    expect(await userOf(userId)).toMatchObject({
      status: 'ACTIVE',
      email,
      email_normalized: email,
      is_email_verified: false,
      given_name: 'Ada',
      family_name: 'Martin',
      attributes: { phoneNumber: '0102' },
    });
    expect((await membershipOf(userId, organization.id)).attributes).toEqual({ costCenter: 'C-9' });
    expect(untold).toEqual([]);
    const [made] = await gateway.rows(
      `select "after" from events where tenant_id = $1 and type = 'user.created' and object_id = $2`,
      [userId],
    );
    expect(made!.after).toMatchObject({
      attributes: ['phoneNumber'],
      identifiers: [{ type: 'badge', value: 'badge-of-new' }],
      status: 'ACTIVE',
    });
    expect(JSON.stringify(events)).not.toContain('0102');
  });

  it('of a flow into no organization is made, and active, without any membership', async () => {
    const { globalId } = await makeFlow(gateway.tenant, { settings: { attributes: PERSON } });
    const result = await submit(await start(gateway, null, globalId), person(), null);
    expect(result.petition.status).toBe('FINALIZED');
    const { enrollee_user_id: userId, membership_id: membershipId } = await petitionOf(result);
    expect([(await userOf(userId)).status, membershipId]).toEqual(['ACTIVE', null]);
  });

  it('[ENR-58] has identifiers before the membership, and is provisioned once, after it', async () => {
    const assignedIdentifiers = [{ type: `staff-${++serial}`, format: 'S{number:4}' }];
    const { globalId } = await place({ attributes: ALL, assignedIdentifiers, accountSystems: ['mail'] });
    const started = await start(gateway, administrator, globalId);
    const { result, events } = await eventsOf(gateway, () => submit(started, person()));
    expect(actionsOf(result).slice(-4)).toEqual([
      'IDENTIFIERS_ASSIGNED',
      'STATUS_UPDATED',
      'ACCOUNTS_REQUESTED',
      'PROVISIONED',
    ]);
    const types = typesOf(events);
    expect(types.slice(1, 3)).toEqual(['user.created', 'membership.added']);
    expect(types.at(-1)).toBe('petition.finalized');
    const { enrollee_user_id: userId, membership_id: membershipId } = await petitionOf(result);
    const identifiers = await gateway.rows(
      'select type, value from user_identifiers where tenant_id = $1 and user_id = $2',
      [userId],
    );
    expect(identifiers).toEqual([{ type: assignedIdentifiers[0]!.type, value: 'S0001' }]);
    // Ids grow in the order in which they are made.
    const order = await read<{ first: boolean }>(
      `select i.id < m.id as first from user_identifiers i, memberships m
       where i.tenant_id = $1 and i.user_id = $2 and m.id = $3`,
      ...[userId, membershipId],
    );
    expect(order.first).toBe(true);
  });

  it('becomes the administrator that the organization was without', async () => {
    const { globalId, organization } = await place({
      attributes: PERSON,
      roleIds: [gateway.tenant.roles.get('administrator')!],
    });
    await write(
      'update organizations set needs_administrator = true where tenant_id = $1 and id = $2',
      gateway.tenant.id,
      organization.id,
    );
    const started = await start(gateway, administrator, globalId);
    const { events } = await eventsOf(gateway, () => submit(started, person()));
    expect(typesOf(events as { type: string }[])).toContain('organization.updated');
    expect(
      (await read('select needs_administrator from organizations where tenant_id = $1 and id = $2', organization.id))
        .needs_administrator,
    ).toBe(false);
  });
});

describe('somebody who is known', () => {
  const selecting = { match: MatchPolicy.SELECT, attributes: ALL };

  it('is brought up to the attributes, let in, and given the roles beside those that they have', async () => {
    const role = await makeRole();
    const { globalId, organization } = await place({ ...selecting, roleIds: [memberRole(), role.id] });
    const user = await makeUser(gateway.tenant, { givenName: 'Old', familyName: null });
    const membership = await makeMembership(gateway.tenant, { user, organization, roles: ['administrator', 'member'] });
    await write(
      `update memberships set attributes = '{"costCenter": "C-0", "own": 1}' where tenant_id = $1 and id = $2`,
      gateway.tenant.id,
      membership.id,
    );
    const chosen = await select(await start(gateway, administrator, globalId), user.id);
    // A flow of the tenant: an organization's lets nobody in who waits for approval.
    await write(
      'update enrollment_flows set organization_id = null where tenant_id = $1 and id = $2',
      gateway.tenant.id,
      globalId.slice(4),
    );
    await write(`update users set status = 'PENDING' where tenant_id = $1 and id = $2`, gateway.tenant.id, user.id);
    const given = { ...person(user.email!), phone: '0102', cost: 'C-9', badge: `B-${++serial}` };
    const { result, untold, events } = await watch(gateway, () => submit(chosen, given));
    expect([codesOf(result), result.petition.status, untold]).toEqual([[], 'FINALIZED', []]);
    expect(await userOf(user.id)).toMatchObject({
      status: 'ACTIVE',
      email: user.email,
      given_name: 'Ada',
      family_name: 'Martin',
      attributes: { phoneNumber: '0102' },
    });
    expect(await rolesOf(membership.id)).toEqual(['administrator', 'member', role.name].sort());
    expect((await membershipOf(user.id, organization.id)).attributes).toEqual({ costCenter: 'C-9', own: 1 });
    expect(typesOf(events)).toEqual(
      expect.arrayContaining(['user.updated', 'user.approved', 'membership.roles_changed', 'membership.updated']),
    );
  });

  it('[ENR-65] waits where they were suspended meanwhile, and goes on once they are not', async () => {
    const { globalId } = await place(selecting);
    const user = await makeUser(gateway.tenant);
    const chosen = await select(await start(gateway, administrator, globalId), user.id);
    await write(`update users set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, gateway.tenant.id, user.id);
    const failed = await submit(chosen, person(user.email!));
    expect(codesOf(failed)).toEqual(['WRONG_STATUS']);
    expect(failed.petition).toMatchObject({ status: 'CREATED', step: 'FINALIZE', waitsFor: 'ADMINISTRATOR' });
    expect((await userOf(user.id)).given_name).toBe(user.givenName);
    await write(`update users set status = 'ACTIVE' where tenant_id = $1 and id = $2`, gateway.tenant.id, user.id);
    expect((await goOn(failed)).petition.status).toBe('FINALIZED');
  });

  it('[ENR-65] is not let in by an organization: who waits for approval must be approved first', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const { globalId } = await makeFlow(gateway.tenant, {
      organizationId: organization.id,
      settings: { ...selecting, authorization: FlowAuthorization.TENANT_ADMINISTRATOR },
    });
    const user = await makeUser(gateway.tenant);
    const chosen = await select(await start(gateway, administrator, globalId), user.id);
    await write(`update users set status = 'PENDING' where tenant_id = $1 and id = $2`, gateway.tenant.id, user.id);
    const failed = await submit(chosen, person(user.email!));
    expect([codesOf(failed), failed.petition.step]).toEqual([['WRONG_STATUS'], 'FINALIZE']);
    expect((await userOf(user.id)).status).toBe('PENDING');
    await write(`update users set status = 'ACTIVE' where tenant_id = $1 and id = $2`, gateway.tenant.id, user.id);
    expect((await goOn(failed)).petition.status).toBe('FINALIZED');
  });

  it('whose account is gone is not made anew', async () => {
    const { globalId } = await place(selecting);
    const user = await makeUser(gateway.tenant);
    const chosen = await select(await start(gateway, administrator, globalId), user.id);
    await write('delete from users where tenant_id = $1 and id = $2', gateway.tenant.id, user.id);
    const address = nextAddress();
    const failed = await submit(chosen, person(address));
    expect(codesOf(failed)).toEqual(['NOT_FOUND']);
    expect(await gateway.rows('select id from users where tenant_id = $1 and email = $2', [address])).toEqual([]);
  });
});

describe('what keeps a petition from being finalized', () => {
  /** A petition of a new person that an administrator is to approve. */
  async function approvable(settings: Partial<FlowSettings> = {}) {
    const made = await place({ attributes: ALL, requiresApproval: true, allowsOwnApproval: true, ...settings });
    const email = nextAddress();
    const answer = await submit(await start(gateway, administrator, made.globalId), person(email));
    expect(answer.petition.status).toBe('PENDING_APPROVAL');
    return { ...made, answer, email };
  }
  const approve = (answer: PetitionAnswer) =>
    command(gateway, administrator, 'petitionApprove', { id: answer.petition.id });

  /** Approves, and expects that nothing was made but the decision. */
  async function approveInVain(answer: PetitionAnswer, code: string) {
    const count = `select (select count(*) from users where tenant_id = $1) as users,
      (select count(*) from memberships where tenant_id = $1) as memberships,
      (select count(*) from user_identifiers where tenant_id = $1) as identifiers`;
    const before = await read(count);
    const { result: failed, events } = await eventsOf(gateway, () => approve(answer));
    expect(codesOf(failed)).toEqual([code]);
    expect(failed.petition).toMatchObject({ status: 'APPROVED', step: 'FINALIZE', waitsFor: 'ADMINISTRATOR' });
    expect(actionsOf(failed).slice(-2)).toEqual(['APPROVED', 'STEP_FAILED']);
    expect(failed.petition.history.nodes.at(-1).comment).toContain(failed.userErrors[0]!.message.slice(0, 40));
    expect(await read(count)).toEqual(before);
    expect(typesOf(events as { type: string }[])).toEqual(['petition.approved', 'petition.advanced']);
    return failed;
  }

  it('[ENR-65] an organization that was suspended meanwhile: the petition goes on once it is resumed', async () => {
    const assignedIdentifiers = [{ type: `staff-${++serial}`, format: 'S{number}' }];
    const { answer, organization } = await approvable({ assignedIdentifiers });
    const status = (to: OrganizationStatus) =>
      write(
        'update organizations set status = $3 where tenant_id = $1 and id = $2',
        gateway.tenant.id,
        organization.id,
        to,
      );
    await status(OrganizationStatus.SUSPENDED);
    const failed = await approveInVain(answer, 'WRONG_STATUS');
    expect(codesOf(await goOn(failed))).toEqual(['WRONG_STATUS']);
    await status(OrganizationStatus.ACTIVE);
    const done = await goOn(failed);
    expect([codesOf(done), done.petition.status]).toEqual([[], 'FINALIZED']);
  });

  it('[ENR-65] a role that was deleted meanwhile is named, and the petition goes on once the flow is without it', async () => {
    const role = await makeRole();
    const { answer, id, organization } = await approvable({ roleIds: [memberRole(), role.id] });
    await write('delete from roles where tenant_id = $1 and id = $2', gateway.tenant.id, role.id);
    const failed = await approveInVain(answer, 'NOT_FOUND');
    expect(failed.userErrors[0]!.message).toContain(role.id);
    await write(
      `insert into enrollment_flow_versions (id, tenant_id, flow_id, number, name, settings, created_at)
       select $3, tenant_id, flow_id, 2, name, jsonb_set(settings, '{roleIds}', $4::jsonb), now()
       from enrollment_flow_versions where tenant_id = $1 and flow_id = $2`,
      ...[gateway.tenant.id, id, v7(), JSON.stringify([memberRole()])],
    );
    await write(
      `update enrollment_flows f set current_version_id = v.id from enrollment_flow_versions v
       where f.tenant_id = $1 and f.id = $2 and v.flow_id = f.id and v.number = 2`,
      ...[gateway.tenant.id, id],
    );
    const done = await goOn(failed);
    expect([codesOf(done), done.petition.status]).toEqual([[], 'FINALIZED']);
    const { enrollee_user_id: userId } = await petitionOf(done);
    expect(await rolesOf((await membershipOf(userId, organization.id)).id)).toEqual(['member']);
  });

  it("another organization's role, and one for applications", async () => {
    const elsewhere = await makeRole((await makeOrganization(gateway.tenant)).id);
    await approveInVain((await approvable({ roleIds: [elsewhere.id] })).answer, 'NOT_FOUND');
    const forApplications = await makeRole();
    await write(
      `update roles set kind = 'APPLICATION' where tenant_id = $1 and id = $2`,
      gateway.tenant.id,
      forApplications.id,
    );
    await approveInVain((await approvable({ roleIds: [forApplications.id] })).answer, 'INVALID');
  });

  it('an account that only says it has the address: it never gets the membership', async () => {
    const { answer, email } = await approvable();
    const squatter = await makeUser(gateway.tenant, { email, isEmailVerified: false });
    const failed = await approveInVain(answer, 'TAKEN');
    expect(
      await gateway.rows('select id from memberships where tenant_id = $1 and user_id = $2', [squatter.id]),
    ).toEqual([]);
    await write(
      'update users set email = null, email_normalized = null where tenant_id = $1 and id = $2',
      gateway.tenant.id,
      squatter.id,
    );
    const done = await goOn(failed);
    expect(done.petition.status).toBe('FINALIZED');
    expect((await petitionOf(done)).enrollee_user_id).not.toBe(squatter.id);
  });

  it('an identifier of another person', async () => {
    const { globalId } = await place({ attributes: ALL });
    const badge = `B-${++serial}`;
    const first = await submit(await start(gateway, administrator, globalId), { ...person(), badge });
    expect(first.petition.status).toBe('FINALIZED');
    const second = await submit(await start(gateway, administrator, globalId), { ...person(), badge });
    expect(second.userErrors).toMatchObject([{ code: 'TAKEN', field: ['attributes', 'badge'] }]);
    expect(second.petition).toMatchObject({ status: 'CREATED', step: 'FINALIZE' });
    expect((await petitionOf(second)).enrollee_user_id).toBeNull();
  });

  it('attributes that are more than can be kept', async () => {
    const long = attribute({ key: 'long', maximum: 10_000, target: AttributeTarget.USER_ATTRIBUTE });
    const { globalId } = await place({ match: MatchPolicy.SELECT, attributes: [long] });
    const user = await makeUser(gateway.tenant);
    await write(
      `update users set attributes = $3 where tenant_id = $1 and id = $2`,
      gateway.tenant.id,
      user.id,
      JSON.stringify({ all: 'x'.repeat(60_000) }),
    );
    const chosen = await select(await start(gateway, administrator, globalId), user.id);
    const failed = await submit(chosen, { long: 'y'.repeat(9_000) });
    expect(codesOf(failed)).toEqual(['TOO_LONG']);
    expect(failed.petition.step).toBe('FINALIZE');
  });
});

it('two petitions of one person into one organization, at once, make one membership with both roles', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const roles = [await makeRole(), await makeRole()];
  const { userId, browser } = await gateway.signedInUser();
  const flows = await Promise.all(
    roles.map(({ id }) =>
      makeFlow(gateway.tenant, {
        settings: { authorization: FlowAuthorization.SIGNED_IN, match: MatchPolicy.SELF, roleIds: [id] },
        organizationId: organization.id,
      }),
    ),
  );
  const answers = await Promise.all(flows.map(({ globalId }) => start(gateway, browser, globalId)));
  expect(answers.map(({ petition }) => petition.status)).toEqual(['FINALIZED', 'FINALIZED']);
  const membership = await membershipOf(userId, organization.id);
  expect(await rolesOf(membership.id)).toEqual(roles.map(({ name }) => name).sort());
  expect((await userOf(userId)).status).toBe(UserStatus.ACTIVE);
});
