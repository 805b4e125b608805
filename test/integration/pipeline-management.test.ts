import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ConfirmationMode, AttributeTarget, FlowStatus } from '../../src/entities/enums.js';
import { PipelineRemoval, SourceKind } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { attribute, makeFlow } from '../support/petitions.js';
import { type AskedPeople, makePeopleSource, startAskedPeople } from '../support/sources/asked-people.js';
import { makeSource } from '../support/sources/make.js';
import { makePipeline, recordOf, remove, take } from '../support/sources/pipelines.js';

const PIPELINE = `id name description status version settings { match matchIdentifierType matchSourceId createsUsers
  copiesName organizationId roleIds affiliationRoles { affiliation roleId } replacesOrganizationId removal graceDays flowId
  attributes { from target targetName } }`;
const PREVIEW = `query ($id: ID!, $sourceId: ID!, $keys: [String!], $records: [JSON!], $action: PipelineAction, $personId: ID) {
  pipelinePreview(id: $id, sourceId: $sourceId, keys: $keys, records: $records, action: $action, personId: $personId) {
    records { key action outcome message userId userStatus opensPetition graceEndsAt
      values { target name organizationId before after }
      memberships { organizationId change grantedRoleIds revokedRoleIds } }
    userErrors { code field message } } }`;

let gateway: Gateway;
let admin: Browser;
let people: AskedPeople;

beforeAll(async () => {
  gateway = await startGateway({
    environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1', SMTP_URL: 'smtp://127.0.0.1:9' },
  });
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  people = await startAskedPeople();
});
afterAll(async () => {
  await gateway.close();
  await people.close();
});

async function call(name: string, input: object, browser: Browser | null = admin) {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const result = name === 'pipelineDelete' ? 'deletedId' : `pipeline { ${PIPELINE} }`;
  const answer = await gateway.graphql(
    browser,
    `mutation ($input: ${type}!) { done: ${name}(input: $input) { ${result} userErrors { code field message } } }`,
    { input },
  );
  return answer.errors ? answer : answer.data.done;
}

async function preview(variables: object) {
  const { data, errors } = await gateway.graphql(admin, PREVIEW, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.pipelinePreview;
}

it('a pipeline is made, changed and deleted', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const organizationId = `org_${organization.id}`;
  const roleId = `rol_${gateway.tenant.roles.get('member')!}`;
  const input = {
    ...{ idempotencyKey: 'one', name: ' Staff ', match: 'IDENTIFIER', matchIdentifierType: 'hr', createsUsers: true },
    ...{ organizationId, roleIds: [roleId], affiliationRoles: [{ affiliation: 'faculty', roleId }] },
    attributes: [{ from: 'phone', target: 'USER_ATTRIBUTE', targetName: 'phone' }],
    ...{ removal: 'END_AFTER_GRACE', graceDays: 7 },
  };
  const made = await call('pipelineCreate', input);
  expect(made).toMatchObject({
    userErrors: [],
    pipeline: {
      ...{ name: 'Staff', status: 'ACTIVE', version: 1 },
      settings: { match: 'IDENTIFIER', organizationId, roleIds: [roleId], removal: 'END_AFTER_GRACE', graceDays: 7 },
    },
  });
  expect((await call('pipelineCreate', input)).pipeline.id).toBe(made.pipeline.id);
  const { id } = made.pipeline;
  const changed = await call('pipelineUpdate', {
    id,
    expectedVersion: 1,
    removal: 'KEEP',
    graceDays: null,
    name: 'All',
  });
  expect(changed).toMatchObject({
    pipeline: { name: 'All', version: 2, settings: { removal: 'KEEP', graceDays: null, matchIdentifierType: 'hr' } },
  });
  const stale = await call('pipelineUpdate', { id, expectedVersion: 1, name: 'Stale' });
  expect(stale).toMatchObject({ pipeline: { name: 'All' }, userErrors: [{ code: 'STALE_VERSION' }] });
  const source = await makeSource(gateway.tenant, { pipelineId: id.slice(4) });
  expect(await call('pipelineDelete', { id })).toMatchObject({ deletedId: null, userErrors: [{ code: 'IN_USE' }] });
  await gateway.rows('update sources set pipeline_id = null where tenant_id = $1 and id = $2 returning id', [
    source.id,
  ]);
  expect(await call('pipelineDelete', { id })).toEqual({ deletedId: id, userErrors: [] });
});

it('everything that is wrong with the settings is said at once', async () => {
  const other = await makeOrganization(gateway.tenant);
  const { id: roleId } = (
    await gateway.rows<{ id: string }>(
      `insert into roles (id, tenant_id, organization_id, name, kind, is_built_in)
       values (gen_random_uuid(), $1, $2, 'theirs', 'USER', false) returning id`,
      [other.id],
    )
  )[0]!;
  const organization = await makeOrganization(gateway.tenant);
  const notMatching = await makeSource(gateway.tenant, { kind: SourceKind.CSV });
  const asking = await makeFlow(gateway.tenant, {
    settings: { confirmation: ConfirmationMode.NONE, attributes: [attribute({ key: 'motive' })] },
  });
  const before = await gateway.snapshot();
  const { userErrors, pipeline } = await call('pipelineCreate', {
    ...{ name: '', match: 'EXTERNAL', matchSourceId: `src_${notMatching.id}`, matchIdentifierType: 'hr' },
    ...{ userStatus: 'SUSPENDED', organizationId: `org_${organization.id}`, roleIds: [`rol_${roleId}`] },
    ...{ replacesOrganizationId: `org_${organization.id}`, removal: 'END_AFTER_GRACE', flowId: asking.globalId },
    attributes: [
      { from: 'a', target: 'USER_EMAIL', targetName: 'x' },
      { from: 'b', target: 'USER_ATTRIBUTE', targetName: '1' },
    ],
  });
  expect(pipeline).toBeNull();
  expect(userErrors.map(({ code, field }: any) => `${code} ${field.join('.')}`).sort()).toEqual(
    [
      ...['REQUIRED name', 'INVALID matchIdentifierType', 'INVALID matchSourceId', 'INVALID userStatus'],
      ...['NOT_FOUND roleIds.0', 'INVALID replacesOrganizationId', 'REQUIRED graceDays', 'INVALID flowId'],
      ...['INVALID attributes.0.target', 'INVALID attributes.1.targetName'],
    ].sort(),
  );
  expect(await gateway.snapshot()).toBe(before);
  const nowhere = await call('pipelineCreate', {
    name: 'Nowhere',
    removal: 'END_MEMBERSHIP',
    roleIds: [`rol_${roleId}`],
  });
  expect(nowhere.userErrors.map(({ field }: any) => field.join('.'))).toContain('organizationId');
});

it('a flow whose petitions could not begin with the confirmation is refused', async () => {
  const refusals: [Parameters<typeof makeFlow>[1], RegExp][] = [
    [{ status: FlowStatus.SUSPENDED, settings: { confirmation: ConfirmationMode.REVIEW } }, /not active/],
    [{ settings: { confirmation: ConfirmationMode.NONE } }, /no confirmation/],
    [{ settings: { confirmation: ConfirmationMode.REVIEW, terms: 'EXPLICIT' as never } }, /terms/],
  ];
  for (const [facts, message] of refusals) {
    const flow = await makeFlow(gateway.tenant, facts);
    const { userErrors } = await call('pipelineCreate', { name: 'Refused', flowId: flow.globalId });
    expect(userErrors).toMatchObject([{ code: 'INVALID', field: ['flowId'], message: expect.stringMatching(message) }]);
  }
});

it('nobody but an administrator of the tenant sees or changes pipelines', async () => {
  const pipeline = await makePipeline(gateway.tenant, {}, { name: 'Hidden pipeline' });
  const { browser } = await gateway.signedInUser();
  const before = await gateway.snapshot();
  for (const asking of [browser, null]) {
    expect((await call('pipelineUpdate', { id: pipeline.globalId, name: 'Mine' }, asking)).errors).toHaveLength(1);
    const query = 'query ($id: ID!) { pipeline(id: $id) { name } pipelines { nodes { name } } }';
    const answer = await gateway.graphql(asking, query, { id: pipeline.globalId });
    expect(JSON.stringify(answer.data ?? null)).not.toMatch(/Hidden/);
  }
  expect(await gateway.snapshot()).toBe(before);
});

it('a preview tells exactly what is done, and writes nothing', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const left = await makeOrganization(gateway.tenant);
  const roleId = gateway.tenant.roles.get('member')!;
  const pipeline = await makePipeline(gateway.tenant, {
    ...{ organizationId: organization.id, roleIds: [roleId], replacesOrganizationId: left.id },
    ...{ copiedIdentifierTypes: ['hr'], removal: PipelineRemoval.END_MEMBERSHIP },
    attributes: [
      { from: 'phone', target: AttributeTarget.USER_ATTRIBUTE, targetName: 'phone' },
      { from: 'affiliation', target: AttributeTarget.MEMBERSHIP_ATTRIBUTE, targetName: 'status' },
    ],
  });
  const source = await makeSource(gateway.tenant, { pipelineId: pipeline.id });
  const user = await makeUser(gateway.tenant, { email: 'known@preview.example.org', givenName: null });
  await makeMembership(gateway.tenant, { user, organization: left });
  const record = recordOf('p-1', {
    ...{ email: 'known@preview.example.org', identifiers: [{ type: 'hr', value: 'preview-1' }] },
    ...{ affiliation: 'faculty', attributes: { phone: '1' } },
  });
  const { raw: _, ...shown } = record;
  const asked = { id: pipeline.globalId, sourceId: `src_${source.id}`, records: [shown, { key: 'p-2' }] };
  const before = await gateway.snapshot();
  const { records, userErrors } = await preview(asked);
  expect(await gateway.snapshot()).toBe(before);
  expect(userErrors).toEqual([]);
  expect(records[0]).toEqual({
    ...{ key: 'p-1', action: 'ADD', outcome: 'LINKED', message: null, userId: `usr_${user.id}` },
    ...{ userStatus: null, opensPetition: false, graceEndsAt: null },
    values: [
      { target: 'USER_GIVEN_NAME', name: 'givenName', organizationId: null, before: null, after: 'Ada' },
      { target: 'USER_ATTRIBUTE', name: 'phone', organizationId: null, before: null, after: '1' },
      { target: 'USER_IDENTIFIER', name: 'hr', organizationId: null, before: null, after: 'preview-1' },
      ...[{ target: 'MEMBERSHIP_ATTRIBUTE', name: 'status', before: null, after: 'faculty' }].map((value) => ({
        ...value,
        organizationId: `org_${organization.id}`,
      })),
    ],
    memberships: expect.arrayContaining([
      {
        ...{ organizationId: `org_${organization.id}`, change: 'GIVEN' },
        ...{ grantedRoleIds: [`rol_${roleId}`], revokedRoleIds: [] },
      },
      {
        ...{ organizationId: `org_${left.id}`, change: 'ENDED' },
        ...{ grantedRoleIds: [], revokedRoleIds: [`rol_${roleId}`] },
      },
    ]),
  });
  expect(records[1]).toMatchObject({ key: 'p-2', outcome: 'CREATED', userId: null, userStatus: 'ACTIVE' });

  const taken = await take(gateway, source, [record, recordOf('p-2', { email: null, names: [] })]);
  expect(taken.map(({ outcome }) => outcome)).toEqual(records.map(({ outcome }: any) => outcome));
  const read = (text: string) => gateway.rows(text, [user.id]);
  expect(await read('select given_name, attributes from users where tenant_id = $1 and id = $2')).toEqual([
    { given_name: 'Ada', attributes: { phone: '1' } },
  ]);
  expect(
    await read('select organization_id, attributes from memberships where tenant_id = $1 and user_id = $2'),
  ).toEqual([{ organization_id: organization.id, attributes: { status: 'faculty' } }]);
  expect(await read('select value from user_identifiers where tenant_id = $1 and user_id = $2')).toEqual([
    { value: 'preview-1' },
  ]);

  // What is done is not done again; and what its removal would be is told.
  const again = await preview(asked);
  expect(again.records[0]).toMatchObject({ action: 'UPDATE', outcome: 'UNCHANGED', values: [], memberships: [] });
  const gone = await preview({ ...asked, records: null, keys: ['p-1'], action: 'DELETE' });
  expect(gone.records[0]).toMatchObject({
    ...{ outcome: 'REMOVED', values: [], memberships: [{ organizationId: `org_${organization.id}`, change: 'ENDED' }] },
  });
  const [removed] = await remove(gateway, source, taken[0]!.recordId);
  expect(removed!.outcome).toBe('REMOVED');
  expect(await read('select id from memberships where tenant_id = $1 and user_id = $2')).toEqual([]);
});

it('a preview fetches records by their keys, and says what is wrong', async () => {
  people.people.push({ key: 'key-1', emails: ['key-1@people.example.org'], givenName: 'Ada', familyName: 'Byron' });
  const pipeline = await makePipeline(gateway.tenant);
  const source = await makePeopleSource(gateway.tenant, people);
  const asked = { id: pipeline.globalId, sourceId: `src_${source.id}` };
  const before = await gateway.snapshot();
  expect(await preview({ ...asked, keys: ['key-1'] })).toMatchObject({ records: [{ outcome: 'CREATED' }] });
  const codes = async (variables: object) =>
    (await preview({ ...asked, ...variables })).userErrors.map(({ code, field }: any) => `${code} ${field.join('.')}`);
  expect(await codes({ keys: ['nobody'] })).toEqual(['NOT_FOUND keys.0']);
  expect(await codes({})).toEqual(['REQUIRED keys']);
  expect(await codes({ records: [{ key: '' }, { key: 'a', emails: [{ address: 1 }] }] })).toEqual([
    ...['INVALID records.0.key', 'INVALID records.1.emails.0.address', 'INVALID records.1.emails.0.isVerified'],
  ]);
  expect(await codes({ keys: ['key-1'], action: 'DELETE' })).toEqual(['NOT_FOUND keys.0']);
  people.status = 503;
  expect(await codes({ keys: ['key-1'] })).toEqual(['SOURCE_UNAVAILABLE sourceId']);
  people.status = null;
  const health = await gateway.rows('select 1 from users where tenant_id = $1 and email like $2', [
    '%people.example.org',
  ]);
  expect(health).toEqual([]);
  void before;
});

it('a thousand records take as many statements as one', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const pipeline = await makePipeline(gateway.tenant, {
    ...{ organizationId: organization.id, roleIds: [gateway.tenant.roles.get('member')!] },
  });
  const source = await makeSource(gateway.tenant, { pipelineId: pipeline.id });
  const count = async (records: ReturnType<typeof recordOf>[]) => {
    gateway.statements.length = 0;
    const taken = await take(gateway, source, records);
    expect(new Set(taken.map(({ outcome }) => outcome))).toEqual(new Set(['CREATED']));
    return gateway.statements.length;
  };
  const one = await count([recordOf('few-1')]);
  const many = await count(Array.from({ length: 1_000 }, (_, index) => recordOf(`many-${index}`)));
  expect(many).toBe(one);
});
