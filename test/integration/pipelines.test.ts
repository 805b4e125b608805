import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ConfirmationMode, AttributeTarget, MembershipSource, UserStatus } from '../../src/entities/enums.js';
import { PipelineMatch, PipelineRemoval } from '../../src/entities/source-enums.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeFlow } from '../support/petitions.js';
import { makeSource } from '../support/sources/make.js';
import { changePipeline, makePipeline, recordOf, remove, take } from '../support/sources/pipelines.js';
import type { PipelineSettings } from '../../src/entities/pipeline-settings.js';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ environment: { SMTP_URL: 'smtp://127.0.0.1:9' } });
});
afterAll(() => gateway.close());

async function setUp(settings: Partial<PipelineSettings> = {}, keepsRaw = true) {
  const pipeline = await makePipeline(gateway.tenant, settings);
  const source = await makeSource(gateway.tenant, { pipelineId: pipeline.id, keepsRaw });
  return { pipeline, source };
}

const userOf = async (id: string | null) =>
  (await gateway.rows('select * from users where tenant_id = $1 and id = $2', [id]))[0];

const membersOf = (userId: string | null) =>
  gateway.rows(
    `select m.organization_id, m.source, m.attributes,
       (select coalesce(json_agg(r.name order by r.name), '[]') from membership_roles mr join roles r on r.id = mr.role_id
        where mr.membership_id = m.id) as roles
     from memberships m where m.tenant_id = $1 and m.user_id = $2 order by m.joined_at`,
    [userId],
  );

const identifiersOf = async (userId: string | null) =>
  (
    await gateway.rows<{ type: string; value: string }>(
      'select type, value from user_identifiers where tenant_id = $1 and user_id = $2 order by type, value',
      [userId],
    )
  ).map(({ type, value }) => `${type} ${value}`);

const rowOf = async (id: string | null) =>
  (await gateway.rows('select * from source_records where tenant_id = $1 and id = $2', [id]))[0]!;

it('a record that matches nobody makes a user, and the same record again writes nothing', async () => {
  const { source } = await setUp();
  const [taken] = await take(gateway, source, [recordOf('made-1')]);
  expect(taken).toMatchObject({ change: 'NEW', outcome: 'CREATED', message: null });
  expect(await userOf(taken!.userId)).toMatchObject({
    ...{ status: 'ACTIVE', email: 'made-1@source.example.org', is_email_verified: true },
    ...{ given_name: 'Ada', family_name: 'Lovelace' },
  });
  const before = await gateway.snapshot();
  expect(await take(gateway, source, [recordOf('made-1')])).toEqual([{ ...taken, change: 'UNCHANGED', outcome: null }]);
  expect(await gateway.snapshot()).toBe(before);
});

it('an address matches whatever its case, and only where both sides are proven', async () => {
  const { source } = await setUp({ createsUsers: false });
  const proven = await makeUser(gateway.tenant, { email: 'Grace@Case.example.org' });
  await makeUser(gateway.tenant, { email: 'claimed@case.example.org', isEmailVerified: false });
  const taken = await take(gateway, source, [
    recordOf('case-1', { email: 'gRACE@case.EXAMPLE.org' }),
    recordOf('case-2', { email: 'claimed@case.example.org' }),
    recordOf('case-3', { emails: [{ address: 'grace@case.example.org', isVerified: false }] }),
  ]);
  expect(taken.map(({ outcome, userId }) => [outcome, userId])).toEqual([
    ['LINKED', proven.id],
    ['SKIPPED', null],
    ['SKIPPED', null],
  ]);
  // What the person has of their own stays.
  expect(await userOf(proven.id)).toMatchObject({ given_name: 'Person', email: 'Grace@Case.example.org' });
});

it('an identifier matches exactly', async () => {
  const { source } = await setUp({ match: PipelineMatch.IDENTIFIER, matchIdentifierType: 'hr', createsUsers: false });
  const user = await makeUser(gateway.tenant);
  await gateway.rows(
    `insert into user_identifiers (id, tenant_id, user_id, type, value, created_at)
     values (gen_random_uuid(), $1, $2, 'hr', 'X1', now()) returning id`,
    [user.id],
  );
  const of = (key: string, type: string, value: string) => recordOf(key, { identifiers: [{ type, value }] });
  const taken = await take(gateway, source, [of('x-1', 'hr', 'x1'), of('x-2', 'other', 'X1'), of('x-3', 'hr', 'X1')]);
  expect(taken.map(({ userId }) => userId)).toEqual([null, null, user.id]);
});

it('[ENR-66] a record that matches several users is an error: nothing is linked, the others are, and it is tried again', async () => {
  const { source } = await setUp();
  const one = await makeUser(gateway.tenant, { email: 'one@several.example.org' });
  const other = await makeUser(gateway.tenant, { email: 'two@several.example.org' });
  const emails = ['one@several.example.org', 'two@several.example.org'].map((address) => ({
    address,
    isVerified: true,
  }));
  const records = [recordOf('several-1', { emails }), recordOf('several-2')];
  const taken = await take(gateway, source, records);
  expect(taken[0]).toMatchObject({ change: 'NEW', outcome: 'FAILED', userId: null });
  expect(taken[0]!.message).toMatch(/matches 2 users/);
  expect(taken[1]).toMatchObject({ outcome: 'CREATED' });
  expect(await rowOf(taken[0]!.recordId)).toMatchObject({ user_id: null, is_unlinked: false });
  // The same again: it is told, and nothing is written.
  const before = await gateway.snapshot();
  expect((await take(gateway, source, records))[0]).toMatchObject({ change: 'UNCHANGED', outcome: 'FAILED' });
  expect(await gateway.snapshot()).toBe(before);
  await gateway.rows(
    `update users set email = null, email_normalized = null where tenant_id = $1 and id = $2 returning id`,
    [other.id],
  );
  expect((await take(gateway, source, records))[0]).toMatchObject({ outcome: 'LINKED', userId: one.id });
});

it('two records of one person in one batch are of one user', async () => {
  const { source } = await setUp();
  const email = 'twice@batch.example.org';
  const taken = await take(gateway, source, [recordOf('b-1', { email }), recordOf('b-2', { email })]);
  expect(taken.map(({ outcome }) => outcome)).toEqual(['CREATED', 'LINKED']);
  expect(taken[0]!.userId).toBe(taken[1]!.userId);
});

it('the gates keep a pipeline from adding, updating and deleting', async () => {
  const { pipeline, source } = await setUp({ syncsOnAdd: false });
  const [closed] = await take(gateway, source, [recordOf('gate-1')]);
  expect(closed).toMatchObject({ change: 'NEW', outcome: 'SKIPPED', userId: null });
  await changePipeline(gateway.tenant, pipeline.id, { syncsOnAdd: true });
  const renamed = { names: [{ givenName: 'Augusta', familyName: 'King' }] };
  // What is known already is an update, and that makes nobody.
  const [known] = await take(gateway, source, [recordOf('gate-1', renamed)]);
  expect(known).toMatchObject({ change: 'CHANGED', outcome: 'SKIPPED', userId: null });
  const [added] = await take(gateway, source, [recordOf('gate-2')]);
  await changePipeline(gateway.tenant, pipeline.id, { syncsOnUpdate: false, syncsOnDelete: false });
  expect((await take(gateway, source, [recordOf('gate-2', renamed)]))[0]).toMatchObject({
    ...{ change: 'CHANGED', outcome: 'SKIPPED', userId: added!.userId },
  });
  expect(await userOf(added!.userId)).toMatchObject({ given_name: 'Ada' });
  expect((await remove(gateway, source, added!.recordId))[0]).toMatchObject({ change: 'REMOVED', outcome: 'SKIPPED' });
  expect(await rowOf(added!.recordId)).toMatchObject({ status: 'REMOVED', user_id: added!.userId });
});

it('what the source gave follows it, and what anybody else set stays', async () => {
  const { source } = await setUp({
    copiedIdentifierTypes: ['hr'],
    attributes: [{ from: 'phone', target: AttributeTarget.USER_ATTRIBUTE, targetName: 'phone' }],
  });
  const given = { identifiers: [{ type: 'hr', value: 'p-1' }], attributes: { phone: '1' } };
  const [taken] = await take(gateway, source, [recordOf('prov-1', given)]);
  const { userId } = taken!;
  expect(await identifiersOf(userId)).toEqual(['hr p-1']);
  const changed = {
    ...{ email: 'new@prov.example.org', names: [{ givenName: 'Augusta', familyName: null }] },
    ...{ identifiers: [{ type: 'hr', value: 'p-2' }], attributes: { phone: '2' } },
  };
  expect((await take(gateway, source, [recordOf('prov-1', changed)]))[0]).toMatchObject({ outcome: 'UPDATED' });
  expect(await userOf(userId)).toMatchObject({
    ...{ given_name: 'Augusta', family_name: null, email: 'new@prov.example.org', attributes: { phone: '2' } },
  });
  expect(await identifiersOf(userId)).toEqual(['hr p-2']);
  await gateway.rows(
    `update users set given_name = 'Own', attributes = '{"phone": "own"}' where tenant_id = $1 and id = $2 returning id`,
    [userId],
  );
  await take(gateway, source, [recordOf('prov-1', given)]);
  expect(await userOf(userId)).toMatchObject({
    ...{ given_name: 'Own', family_name: 'Lovelace', attributes: { phone: 'own' } },
  });
});

it('an address of another account is never taken', async () => {
  const { source } = await setUp({ match: PipelineMatch.NONE });
  const owner = await makeUser(gateway.tenant, { email: 'mine@taken.example.org' });
  const [first, second] = await take(gateway, source, [
    recordOf('taken-1', { email: 'mine@taken.example.org' }),
    recordOf('taken-2', { email: null }),
  ]);
  expect(first).toMatchObject({ outcome: 'FAILED', userId: null });
  expect(first!.message).toMatch(/belongs to another account/);
  const again = await take(gateway, source, [recordOf('taken-2', { email: 'mine@taken.example.org' })]);
  expect(again[0]).toMatchObject({ userId: second!.userId, outcome: 'UNCHANGED' });
  expect(again[0]!.message).toMatch(/belongs to another account/);
  expect(await userOf(owner.id)).toMatchObject({ email: 'mine@taken.example.org' });
});

it('a membership comes with the roles of the pipeline and of the affiliation; those that apply no more are taken', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const left = await makeOrganization(gateway.tenant);
  const [member, administrator] = ['member', 'administrator'].map((name) => gateway.tenant.roles.get(name)!);
  const { source } = await setUp({
    ...{ organizationId: organization.id, roleIds: [member!], replacesOrganizationId: left.id },
    affiliationRoles: [{ affiliation: 'faculty', roleId: administrator! }],
    attributes: [{ from: 'affiliation', target: AttributeTarget.MEMBERSHIP_ATTRIBUTE, targetName: 'status' }],
  });
  const known = await makeUser(gateway.tenant, { email: 'known@member.example.org' });
  await makeMembership(gateway.tenant, { user: known, organization: left });
  const [taken] = await take(gateway, source, [
    recordOf('m-1', { email: 'known@member.example.org', affiliation: 'faculty' }),
  ]);
  expect(taken).toMatchObject({ outcome: 'LINKED', userId: known.id });
  expect(await membersOf(known.id)).toEqual([
    {
      ...{ organization_id: organization.id, source: MembershipSource.PIPELINE },
      ...{ attributes: { status: 'faculty' }, roles: ['administrator', 'member'] },
    },
  ]);
  await take(gateway, source, [recordOf('m-1', { email: 'known@member.example.org', affiliation: 'student' })]);
  expect(await membersOf(known.id)).toMatchObject([{ roles: ['member'], attributes: { status: 'student' } }]);
});

it('a removed record ends the membership that the pipeline gave, and no other', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const { source } = await setUp({ organizationId: organization.id, removal: PipelineRemoval.END_MEMBERSHIP });
  const own = await makeUser(gateway.tenant, { email: 'own@removal.example.org' });
  await makeMembership(gateway.tenant, { user: own, organization });
  const taken = await take(gateway, source, [recordOf('r-1'), recordOf('r-2', { email: 'own@removal.example.org' })]);
  expect(await membersOf(taken[0]!.userId)).toHaveLength(1);
  const removed = await remove(gateway, source, ...taken.map(({ recordId }) => recordId));
  expect(removed.map(({ outcome }) => outcome)).toEqual(['REMOVED', 'UNCHANGED']);
  expect(await membersOf(taken[0]!.userId)).toEqual([]);
  expect(await membersOf(own.id)).toHaveLength(1);
  // It comes back, and so does the membership.
  expect((await take(gateway, source, [recordOf('r-1')]))[0]).toMatchObject({ change: 'RETURNED', outcome: 'UPDATED' });
  expect(await membersOf(taken[0]!.userId)).toHaveLength(1);
});

it('a membership that two records hold up ends with the second', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const { source } = await setUp({ organizationId: organization.id, removal: PipelineRemoval.END_MEMBERSHIP });
  const email = 'both@removal.example.org';
  const [one, other] = await take(gateway, source, [recordOf('h-1', { email }), recordOf('h-2', { email })]);
  await remove(gateway, source, one!.recordId);
  expect(await membersOf(one!.userId)).toHaveLength(1);
  await remove(gateway, source, other!.recordId);
  expect(await membersOf(one!.userId)).toEqual([]);
});

it('SUSPEND_USER suspends an account that the record made, and no other; it is not let in again by itself', async () => {
  const { source } = await setUp({ removal: PipelineRemoval.SUSPEND_USER });
  const own = await makeUser(gateway.tenant, { email: 'own@suspend.example.org' });
  const taken = await take(gateway, source, [recordOf('s-1'), recordOf('s-2', { email: 'own@suspend.example.org' })]);
  await remove(gateway, source, ...taken.map(({ recordId }) => recordId));
  expect(await userOf(taken[0]!.userId)).toMatchObject({ status: UserStatus.SUSPENDED });
  expect(await userOf(own.id)).toMatchObject({ status: UserStatus.ACTIVE });
  const [back] = await take(gateway, source, [recordOf('s-1')]);
  expect(back).toMatchObject({ change: 'RETURNED', outcome: 'SKIPPED', userId: taken[0]!.userId });
  expect(await userOf(taken[0]!.userId)).toMatchObject({ status: UserStatus.SUSPENDED });
});

it('an administrator of the tenant is not matched', async () => {
  const { source } = await setUp();
  await makeUser(gateway.tenant, { email: 'root@admin.example.org', isTenantAdministrator: true });
  const [taken] = await take(gateway, source, [recordOf('a-1', { email: 'root@admin.example.org' })]);
  expect(taken).toMatchObject({ outcome: 'FAILED', userId: null });
});

it('[ENR-71] the flow of a pipeline opens a petition without petitioner that waits for its confirmation', async () => {
  const flow = await makeFlow(gateway.tenant, { settings: { confirmation: ConfirmationMode.REVIEW } });
  const { source } = await setUp({ flowId: flow.id, userStatus: UserStatus.PENDING });
  const [taken] = await take(gateway, source, [recordOf('f-1')]);
  expect(taken).toMatchObject({ outcome: 'CREATED', message: null });
  const row = await rowOf(taken!.recordId);
  const [petition] = await gateway.rows('select * from petitions where tenant_id = $1 and id = $2', [row.petition_id]);
  expect(petition).toMatchObject({
    ...{ status: 'PENDING_CONFIRMATION', petitioner_user_id: null, enrollee_user_id: taken!.userId },
    ...{ flow_id: flow.id, petitioner_token_hash: null, email: 'f-1@source.example.org' },
  });
  const mails = await gateway.rows('select * from petition_mails where tenant_id = $1 and petition_id = $2', [
    row.petition_id,
  ]);
  expect(mails).toMatchObject([{ kind: 'CONFIRMATION', email: 'f-1@source.example.org' }]);
  // An update opens no other.
  await take(gateway, source, [recordOf('f-1', { affiliation: 'member' })]);
  expect((await rowOf(taken!.recordId)).petition_id).toBe(row.petition_id);
});

it('a source that keeps nothing keeps the key, the hash and the link alone', async () => {
  const { source } = await setUp({}, false);
  const [taken] = await take(gateway, source, [recordOf('k-1')]);
  const row = await rowOf(taken!.recordId);
  expect(row).toMatchObject({ record: null, verified_emails: [], user_id: taken!.userId });
  expect(JSON.stringify(row)).not.toMatch(/Lovelace|k-1@/);
});
