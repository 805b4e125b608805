import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, seedTenant } from '../support/factories.js';
import { makeFlow } from '../support/flows.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeSource } from '../support/sources/make.js';
import { type PeopleApi, startPeopleApi } from '../support/sources/people-api.js';

const FIELDS = `id name description kind status settings secretNames capabilities keepsRaw isOpenToOrganizations syncMode
  syncInterval queryMismatch querySkipsKnown syncsOnLogin timeLimit recordCount version
  health { status errorCode errorMessage failures succeededAt failedAt } file { name }`;
const CREATE = `mutation ($input: SourceCreateInput!) { sourceCreate(input: $input) {
  source { ${FIELDS} } userErrors { code field message } } }`;
const UPDATE = `mutation ($input: SourceUpdateInput!) { sourceUpdate(input: $input) {
  source { ${FIELDS} } userErrors { code field message } } }`;
const DELETE = `mutation ($input: SourceDeleteInput!) { sourceDelete(input: $input) {
  deletedId userErrors { code field message } } }`;
const TEST = `mutation ($input: SourceTestInput!) { sourceTest(input: $input) {
  isReachable errorCode message tried recordCount recordFaults userErrors { code field } } }`;
const READ = `query ($id: ID!) { source(id: $id) { ${FIELDS} } }`;
const LIST = `query ($filter: SourceFilterInput, $first: Int, $after: String) {
  sources(filter: $filter, first: $first, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`;
const KINDS = `{ sourceKinds { kind description settingsSchema secrets { name description } capabilities } }`;
const SEARCH = `query ($id: ID!, $email: String, $identifier: SourceIdentifierInput) {
  sourceSearch(id: $id, email: $email, identifier: $identifier) { errorCode message userErrors { code field }
    people { key names { givenName familyName } emails { address isVerified } identifiers { type value } affiliation
      attributes isLinked } } }`;
const AVAILABLE = `query ($id: ID!) { organization(id: $id) { availableSources { id name kind capabilities } } }`;

const SECRET = 'a-secret-that-nobody-reads';
const CSV = { mapping: { key: 'id', emails: ['mail'] } };
const ADA = { id: 'a-1', mail: 'Ada@example.org', given: 'Ada', family: 'Lovelace', number: '42' };

let gateway: Gateway;
let api: PeopleApi;
let admin: Browser;
let organizationAdmin: Browser;
let member: Browser;
let organizationId: string;
beforeAll(async () => {
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' } });
  api = await startPeopleApi();
  const { tenant } = gateway;
  const organization = await makeOrganization(tenant);
  organizationId = `org_${organization.id}`;
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  const sign = async (roles: string[]) => {
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(tenant, { user: { id: userId }, organization, roles });
    return browser;
  };
  organizationAdmin = await sign(['member', 'administrator']);
  member = await sign(['member']);
});
afterAll(async () => {
  await gateway.close();
  await api.close();
});
beforeEach(() => void Object.assign(api, { people: [ADA], asked: [], broken: null }));

const call = async (browser: Browser | null, query: string, variables: object = {}) => {
  const answer = await gateway.graphql(browser, query, variables);
  return { ...answer, payload: answer.data && (Object.values(answer.data)[0] as any) };
};
const make = async (input: object = {}) => {
  const { payload, errors } = await call(admin, CREATE, {
    input: { name: 'People', kind: 'HTTP', settings: api.settings, ...input },
  });
  if (!payload?.source) throw new Error(JSON.stringify(payload?.userErrors ?? errors));
  return payload.source;
};
const update = async (input: object) => (await call(admin, UPDATE, { input })).payload;
const faultsOf = ({ userErrors }: any) =>
  userErrors.map(({ code, field }: any) => `${code} ${field?.join('.')}`).sort();
const eventsOf = (id: string) =>
  gateway.rows<any>('select * from events where tenant_id = $1 and object_id = $2 order by id', [id.slice(4)]);

/** Runs it and expects that nothing was changed, nobody asked, and nothing shown. */
async function expectRefusal(browser: Browser | null, query: string, variables: object, code: string): Promise<void> {
  const before = await gateway.snapshot();
  const { errors, data, text } = await gateway.graphql(browser, query, variables);
  expect([query, errors?.[0]?.extensions.code]).toEqual([query, code]);
  expect(Object.values(data ?? {}).every((value) => value === null)).toBe(true);
  expect(text).not.toContain(api.url);
  expect(api.asked).toEqual([]);
  expect(await gateway.snapshot()).toBe(before);
}

describe('sourceCreate', () => {
  it('makes a source with what is usual, and tells of it in an event without its settings', async () => {
    const source = await make({ description: ' Staff ' });
    expect(source).toMatchObject({
      ...{ name: 'People', description: 'Staff', kind: 'HTTP', status: 'ACTIVE', settings: api.settings },
      ...{ secretNames: [], keepsRaw: true, isOpenToOrganizations: false, syncMode: 'MANUAL', syncInterval: null },
      ...{ queryMismatch: 'CREATE_NEW', querySkipsKnown: false, syncsOnLogin: false, timeLimit: 5000, version: 1 },
      ...{ recordCount: 0, file: null },
      capabilities: ['SEARCH_BY_EMAIL', 'SEARCH_BY_IDENTIFIER', 'RETRIEVE', 'INVENTORY'],
      health: { status: 'UNKNOWN', errorCode: null, errorMessage: null, failures: 0, succeededAt: null },
    });
    expect(api.asked).toEqual([]);
    const [event] = await eventsOf(source.id);
    expect(event).toMatchObject({ type: 'source.created', organization_id: null, before: null });
    expect(event.after.settings).toEqual(Object.keys(api.settings).sort());
    expect(JSON.stringify(event)).not.toContain(api.url);
  });

  it('keeps secrets sealed, and shows only which are set: not in answers, events, exports or logs', async () => {
    const settings = { ...api.settings, authentication: { method: 'BEARER' } };
    const { payload, text } = await call(admin, CREATE, {
      input: { name: 'Sealed', kind: 'HTTP', settings, secrets: { token: SECRET } },
    });
    expect(payload.source.secretNames).toEqual(['token']);
    const { id } = payload.source;
    expect((await call(admin, SEARCH, { id, email: ADA.mail })).payload.people).toHaveLength(1);
    expect(api.asked).toEqual([{ path: expect.any(String), authorization: `Bearer ${SECRET}` }]);

    const updated = await update({ id, secrets: { token: `${SECRET}-2`, password: SECRET } });
    expect(updated.source.secretNames).toEqual(['password', 'token']);
    await call(admin, SEARCH, { id, email: ADA.mail });
    expect(api.asked.at(-1)!.authorization).toBe(`Bearer ${SECRET}-2`);
    const [, event] = await eventsOf(id);
    expect(event).toMatchObject({
      before: { secretNames: ['token'] },
      after: { secretNames: ['password', 'token'], secrets: ['password', 'token'] },
    });

    const cleared = await update({ id, secrets: { password: null } });
    expect(cleared.source.secretNames).toEqual(['token']);
    const kept = await update({ id, name: 'Sealed still' });
    expect(kept.source.secretNames).toEqual(['token']);
    const none = await update({ id, secrets: null });
    expect(none.source.secretNames).toEqual([]);
    expect(
      (await gateway.rows<any>('select * from sources where tenant_id = $1 and id = $2', [id.slice(4)]))[0],
    ).toMatchObject({
      sealed_secrets: null,
    });

    const shown = [text, JSON.stringify(updated), JSON.stringify(await eventsOf(id)), gateway.logLines.join('\n')];
    const exported = await admin.get(`${gateway.url}/audit/export`);
    for (const one of [...shown, exported.text]) expect(one).not.toContain(SECRET);
    const stored = await gateway.rows('select * from sources where tenant_id = $1');
    expect(JSON.stringify(stored)).not.toContain(SECRET);
  });

  it('makes one source under one idempotency key', async () => {
    const input = { name: 'Once', idempotencyKey: `once-${v7()}` };
    expect((await make(input)).id).toBe((await make(input)).id);
    const { payload } = await call(admin, CREATE, { input: { ...input, name: 'Twice', kind: 'CSV', settings: CSV } });
    expect(faultsOf(payload)).toEqual(['IDEMPOTENCY_KEY_REUSED idempotencyKey']);
  });

  it('keeps under an idempotency key nothing by which a secret could be found out quickly', async () => {
    const given = { kind: 'HTTP', name: 'Guessed', secrets: { password: 'summer' }, settings: api.settings };
    const idempotencyKey = `guess-${v7()}`;
    expect((await make({ ...given, idempotencyKey })).id).toBe((await make({ ...given, idempotencyKey })).id);
    const others = { ...given, idempotencyKey, secrets: { password: 'winter' } };
    expect(faultsOf((await call(admin, CREATE, { input: others })).payload)).toEqual([
      'IDEMPOTENCY_KEY_REUSED idempotencyKey',
    ]);
    const guess = createHash('sha256').update(canonicalize(given)!).digest('base64url');
    const kept = await gateway.rows('select input_hash from idempotency_keys where tenant_id = $1 and key = $2', [
      idempotencyKey,
    ]);
    expect(kept).toEqual([{ input_hash: expect.not.stringContaining(guess) }]);
  });

  it('refuses all that is wrong at once, and makes nothing', async () => {
    const before = await gateway.snapshot();
    const { payload } = await call(admin, CREATE, {
      input: {
        ...{ kind: 'CSV', name: ' ', description: 'x'.repeat(257), secrets: { nothing: 'x' } },
        settings: { mapping: { emails: 'mail' }, delimiter: ';;', unknown: 1 },
        ...{ syncInterval: 1, timeLimit: 1, pipelineId: `pip_${v7()}` },
      },
    });
    expect(payload.source).toBeNull();
    expect(faultsOf(payload)).toEqual([
      ...['INVALID secrets.nothing', 'INVALID settings.delimiter', 'INVALID settings.mapping.emails'],
      ...['INVALID settings.unknown', 'INVALID syncInterval', 'INVALID syncInterval', 'INVALID timeLimit'],
      ...['NOT_FOUND pipelineId', 'REQUIRED name', 'REQUIRED settings.mapping.key', 'TOO_LONG description'],
    ]);
    expect(await gateway.snapshot()).toBe(before);
  });

  it.each([
    ['what the database cannot keep', { settings: { ...CSV, delimiter: '\u0000' } }, ['INVALID settings.delimiter']],
    ['settings without end', { settings: { ...CSV, path: 'x'.repeat(70_000) } }, ['TOO_LONG settings']],
    ['no text as a secret', { kind: 'LDAP', secrets: { bindPassword: 1 } }, ['INVALID secrets.bindPassword']],
    ['an interval of what is synced by hand', { syncInterval: 60 }, ['INVALID syncInterval']],
    [
      'a search by address that there is not',
      { settings: { mapping: { key: 'id' } }, syncMode: 'QUERY' },
      ['INVALID syncMode'],
    ],
    [
      'all that needs to read records of an API that gives none',
      {
        kind: 'HTTP',
        settings: { baseUrl: 'https://api.example.org', authentication: { method: 'NONE' }, mapping: { key: 'id' } },
        ...{ syncMode: 'FULL', syncsOnLogin: true },
      },
      ['INVALID syncMode', 'INVALID syncsOnLogin'],
    ],
    [
      'UPDATE without RETRIEVE',
      {
        kind: 'HTTP',
        settings: {
          ...{ baseUrl: 'https://api.example.org', authentication: { method: 'NONE' }, mapping: { key: 'id' } },
          inventory: '/people',
        },
        syncMode: 'UPDATE',
      },
      ['INVALID syncMode'],
    ],
  ])('refuses %s', async (_, input, faults) => {
    const before = await gateway.snapshot();
    const { payload } = await call(admin, CREATE, { input: { name: 'Wrong', kind: 'CSV', settings: CSV, ...input } });
    expect(faultsOf(payload)).toEqual(expect.arrayContaining(faults));
    expect(payload.source).toBeNull();
    expect(await gateway.snapshot()).toBe(before);
  });

  it('makes nothing of a match server that has no records', async () => {
    const pipelineId = await insertPipeline({});
    const { payload } = await call(admin, CREATE, {
      input: {
        ...{ name: 'Match', kind: 'MATCH', settings: {}, pipelineId: `pip_${pipelineId}` },
        ...{ syncMode: 'FULL', syncInterval: 60, syncsOnLogin: true },
      },
    });
    const wanted = ['pipelineId', 'syncInterval', 'syncMode', 'syncsOnLogin'].map((name) => `INVALID ${name}`);
    expect(faultsOf(payload)).toEqual(expect.arrayContaining(wanted));
  });

  it('makes 200 sources of a tenant at most', async () => {
    const [{ count }] = (await gateway.rows<any>(
      'select count(*)::int as count from sources where tenant_id = $1',
    )) as [any];
    const made = [];
    for (let number = count; number < 200; number++) made.push((await makeSource(gateway.tenant)).id);
    const before = await gateway.snapshot();
    const { payload } = await call(admin, CREATE, { input: { name: 'More', kind: 'CSV', settings: CSV } });
    expect(payload.userErrors).toMatchObject([{ code: 'INVALID', field: null }]);
    expect(await gateway.snapshot()).toBe(before);
    await gateway.rows('delete from sources where tenant_id = $1 and id = any($2::uuid[])', [made]);
  });
});

describe('sourceUpdate', () => {
  it('keeps what is absent, and puts back to what is usual what is null', async () => {
    const { id } = await make({
      ...{ description: 'Old', keepsRaw: false, isOpenToOrganizations: true, syncMode: 'FULL', syncInterval: 60 },
      ...{ queryMismatch: 'IGNORE', querySkipsKnown: true, syncsOnLogin: true, timeLimit: 800 },
    });
    const kept = await update({ id, expectedVersion: 1, name: 'Renamed' });
    expect(kept.source).toMatchObject({
      ...{ name: 'Renamed', description: 'Old', keepsRaw: false, isOpenToOrganizations: true, syncMode: 'FULL' },
      ...{ syncInterval: 60, queryMismatch: 'IGNORE', querySkipsKnown: true, syncsOnLogin: true, timeLimit: 800 },
      ...{ version: 2, settings: api.settings },
    });
    const cleared = await update({
      ...{ id, description: null, keepsRaw: null, isOpenToOrganizations: null, syncMode: null, syncInterval: null },
      ...{ queryMismatch: null, querySkipsKnown: null, syncsOnLogin: null, timeLimit: null },
    });
    expect(cleared.source).toMatchObject({
      ...{ name: 'Renamed', description: null, keepsRaw: true, isOpenToOrganizations: false, syncMode: 'MANUAL' },
      ...{ syncInterval: null, queryMismatch: 'CREATE_NEW', querySkipsKnown: false, syncsOnLogin: false },
      ...{ timeLimit: 5000, version: 3 },
    });
    const [, renamed] = await eventsOf(id);
    expect(renamed).toMatchObject({
      ...{ type: 'source.updated', before: { name: 'People' }, after: { name: 'Renamed' } },
    });
    expect(Object.keys(renamed.after)).toEqual(['name']);
  });

  it('takes settings as a whole, tells which changed, and forgets how the source was', async () => {
    const { id } = await make();
    await gateway.rows(
      `insert into source_states (id, tenant_id, source_id, health, error_code, error_message, failures, change_cursor)
       values ($2, $1, $3, 'FAILING', 'BAD_ANSWER', 'It was wrong.', 3, 'here')`,
      [v7(), id.slice(4)],
    );
    const { retrieve: _, ...rest } = api.settings;
    const settings = { ...rest, searchByEmail: '/people?mail={email}&all=1' };
    const { source } = await update({ id, settings });
    expect(source).toMatchObject({ settings, health: { status: 'UNKNOWN', errorCode: null, failures: 0 } });
    expect(source.capabilities).not.toContain('RETRIEVE');
    const [, event] = await eventsOf(id);
    expect(event).toMatchObject({ before: {}, after: { settings: ['retrieve', 'searchByEmail'] } });
    const states = 'select change_cursor from source_states where tenant_id = $1 and source_id = $2';
    expect(await gateway.rows(states, [id.slice(4)])).toEqual([{ change_cursor: null }]);
  });

  it('writes nothing when nothing changes, whatever the order of the settings', async () => {
    const { id } = await make({ secrets: { token: SECRET } });
    const settings = Object.fromEntries(Object.entries(api.settings).reverse());
    const before = await gateway.snapshot();
    const { source } = await update({ id, name: 'People', settings, secrets: { token: SECRET } });
    expect(source.version).toBe(1);
    expect(await gateway.snapshot()).toBe(before);
  });

  it('refuses a stale version, and all that cannot work, and changes nothing', async () => {
    const { id } = await make({ syncsOnLogin: true });
    const before = await gateway.snapshot();
    const { retrieve: _, ...settings } = api.settings;
    const { userErrors, source } = await update({ id, expectedVersion: 7, name: null, status: null, settings });
    expect(faultsOf({ userErrors })).toEqual([
      ...['INVALID syncsOnLogin', 'REQUIRED name', 'REQUIRED status', 'STALE_VERSION expectedVersion'],
    ]);
    expect(source.version).toBe(1);
    expect(faultsOf(await update({ id, settings: null }))).toEqual(expect.arrayContaining(['REQUIRED settings']));
    expect(await gateway.snapshot()).toBe(before);
  });

  it('is not closed to organizations while an active flow of one uses it', async () => {
    const { id } = await make({ isOpenToOrganizations: true });
    const flow = await flowWith(id, { organizationId, name: 'Of ours' });
    const before = await gateway.snapshot();
    const refused = await update({ id, isOpenToOrganizations: false });
    expect(refused.userErrors).toMatchObject([
      { code: 'IN_USE', field: ['isOpenToOrganizations'], message: expect.stringContaining('“Of ours”') },
    ]);
    expect(await gateway.snapshot()).toBe(before);
    await suspendFlow(flow);
    expect((await update({ id, isOpenToOrganizations: false })).source.isOpenToOrganizations).toBe(false);
  });
});

describe('sourceDelete', () => {
  it('takes the records with it, and what was uploaded', async () => {
    const { id } = await make();
    await insertRecord(id, 'a-1', null);
    const { payload } = await call(admin, DELETE, { input: { id } });
    expect(payload).toEqual({ deletedId: id, userErrors: [] });
    expect(
      await gateway.rows('select id from source_records where tenant_id = $1 and source_id = $2', [id.slice(4)]),
    ).toEqual([]);
    expect((await eventsOf(id)).at(-1)).toMatchObject({
      ...{ type: 'source.deleted', before: { name: 'People', kind: 'HTTP', status: 'ACTIVE' } },
    });
    expect((await call(admin, READ, { id })).payload).toBeNull();
    await expectRefusal(admin, DELETE, { input: { id } }, 'NOT_FOUND');
  });

  it('is refused, by name, while an active flow or a pipeline needs it', async () => {
    const { id } = await make();
    const flow = await flowWith(id, { name: 'Come in' });
    const pipeline = await insertPipeline({ matchSourceId: id.slice(4) }, 'By match');
    const before = await gateway.snapshot();
    const { payload } = await call(admin, DELETE, { input: { id } });
    expect(payload).toMatchObject({ deletedId: null, userErrors: [{ code: 'IN_USE', field: ['id'] }] });
    expect(payload.userErrors[0].message).toContain('the flow “Come in”, the pipeline “By match”');
    expect(await gateway.snapshot()).toBe(before);

    await suspendFlow(flow);
    await gateway.rows('delete from pipelines where tenant_id = $1 and id = $2', [pipeline]);
    expect((await call(admin, DELETE, { input: { id } })).payload.userErrors).toEqual([]);
    const again = await gateway.graphql(
      admin,
      `mutation ($input: EnrollmentFlowIdInput!) { enrollmentFlowActivate(input: $input) { userErrors { code } } }`,
      { input: { id: flow } },
    );
    expect(again.data.enrollmentFlowActivate.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it('refuses a stale version', async () => {
    const { id } = await make();
    const { payload } = await call(admin, DELETE, { input: { id, expectedVersion: 3 } });
    expect(faultsOf(payload)).toEqual(['STALE_VERSION expectedVersion']);
  });
});

describe('sourceTest', () => {
  it('reads the first records, and says how it went; also of one that is suspended', async () => {
    const { id } = await make({ status: 'SUSPENDED' });
    api.people = [ADA, { ...ADA, id: '' }];
    const { payload } = await call(admin, TEST, { input: { id } });
    expect(payload).toMatchObject({
      ...{ isReachable: true, errorCode: null, tried: 'INVENTORY', recordFaults: [expect.any(String)], userErrors: [] },
      message: 'The source answered: 1 of the first 2 are records.',
    });
    expect((await call(admin, READ, { id })).payload.health.status).toBe('HEALTHY');
    expect((await call(admin, READ, { id })).payload.recordCount).toBe(0);
  });

  it('says why there is no answer, and changes nothing', async () => {
    const { id } = await make();
    const before = await eventsOf(id);
    api.broken = { status: 500, body: 'no' };
    expect((await call(admin, TEST, { input: { id } })).payload).toMatchObject({
      ...{ isReachable: false, errorCode: 'UNREACHABLE', message: expect.any(String), tried: null, recordCount: null },
    });
    expect((await call(admin, READ, { id })).payload.health).toMatchObject({
      status: 'FAILING',
      errorCode: 'UNREACHABLE',
    });
    expect(await eventsOf(id)).toEqual(before);
  });

  it('says that settings do not suit the kind any more, and that an address may not be asked', async () => {
    const { id } = await makeSource(gateway.tenant, { settings: { nothing: true } });
    expect((await call(admin, TEST, { input: { id: `src_${id}` } })).payload).toMatchObject({
      ...{ isReachable: false, errorCode: 'MISCONFIGURED' },
    });
    const { payload } = await call(admin, READ, { id: `src_${id}` });
    expect(payload.capabilities).toEqual([]);
    const inside = await make({ settings: { ...api.settings, baseUrl: 'https://10.0.0.1' } });
    expect((await call(admin, TEST, { input: { id: inside.id } })).payload.errorCode).toBe('ADDRESS_FORBIDDEN');
  });
});

describe('sourceSearch', () => {
  it('finds people by address and by identifier, as they are in the source, and keeps nothing', async () => {
    const { id } = await make();
    const before = await countRows();
    const { payload } = await call(admin, SEARCH, { id, email: 'ada@EXAMPLE.org' });
    expect(payload).toEqual({
      ...{ errorCode: null, message: null, userErrors: [] },
      people: [
        {
          key: 'a-1',
          names: [{ givenName: 'Ada', familyName: 'Lovelace' }],
          emails: [{ address: 'Ada@example.org', isVerified: true }],
          identifiers: [{ type: 'number', value: '42' }],
          ...{ affiliation: null, attributes: {}, isLinked: false },
        },
      ],
    });
    const identifier = { type: 'number', value: '42' };
    expect((await call(admin, SEARCH, { id, identifier })).payload.people).toMatchObject([{ key: 'a-1' }]);
    expect((await call(admin, SEARCH, { id, email: 'nobody@example.org' })).payload.people).toEqual([]);
    expect(await countRows()).toEqual(before);
  });

  it('says whose record is linked', async () => {
    const { id } = await make();
    const { userId } = await gateway.signedInUser();
    await insertRecord(id, 'a-1', userId);
    expect((await call(admin, SEARCH, { id, email: ADA.mail })).payload.people).toMatchObject([{ isLinked: true }]);
  });

  it('gives up more than 25 people, and says when there is no answer', async () => {
    const { id } = await make();
    api.people = Array.from({ length: 26 }, (_, number) => ({ ...ADA, id: `a-${number}` }));
    const many = await call(admin, SEARCH, { id, email: ADA.mail });
    expect(many.payload).toMatchObject({ people: [], errorCode: 'TOO_MANY_RECORDS', userErrors: [] });
    api.broken = { status: 200, body: 'not JSON' };
    const broken = await call(admin, SEARCH, { id, email: ADA.mail });
    expect(broken.payload).toMatchObject({ people: [], errorCode: 'BAD_ANSWER', userErrors: [] });
  });

  it('refuses questions that are none, without asking', async () => {
    const { id } = await make();
    const csv = await make({ kind: 'CSV', settings: { mapping: { key: 'id' } } });
    const identifier = { type: 'number', value: '42' };
    const refused = async (variables: object) => faultsOf((await call(admin, SEARCH, variables)).payload);
    expect(await refused({ id })).toEqual(['REQUIRED email']);
    expect(await refused({ id, email: 'Ada' })).toEqual(['INVALID email']);
    expect(await refused({ id, email: ADA.mail, identifier })).toEqual(['INVALID identifier']);
    expect(await refused({ id, identifier: { type: ' ', value: '' } })).toEqual([
      ...['REQUIRED identifier.type', 'REQUIRED identifier.value'],
    ]);
    expect(await refused({ id: csv.id, email: ADA.mail })).toEqual(['INVALID email']);
    expect(await refused({ id: `src_${v7()}`, email: ADA.mail })).toEqual(['NOT_FOUND id']);
    expect(api.asked).toEqual([]);
  });
});

describe('sources', () => {
  it('are listed by pages, the oldest first, and filtered', async () => {
    const [first, second] = [await make(), await make({ status: 'SUSPENDED' })];
    const third = await make({ kind: 'CSV', settings: CSV, status: 'SUSPENDED' });
    const list = async (variables: object) => (await call(admin, LIST, variables)).payload;
    const ids = async (filter: object) => (await list({ filter, first: 100 })).nodes.map(({ id }: any) => id);
    expect((await ids({})).filter((id: string) => [first.id, second.id, third.id].includes(id))).toEqual([
      ...[first.id, second.id, third.id],
    ]);
    expect(await ids({ status: 'SUSPENDED', kind: 'CSV' })).toContain(third.id);
    expect(await ids({ status: 'SUSPENDED', kind: 'CSV' })).not.toContain(second.id);
    const page = await list({ first: 1 });
    expect(page.pageInfo.hasNextPage).toBe(true);
    const next = await list({ first: 1, after: page.pageInfo.endCursor });
    expect(next.nodes[0].id > page.nodes[0].id).toBe(true);
  });

  it('are described by their kinds: every setting and secret, as JSON Schema', async () => {
    const { payload } = await call(admin, KINDS);
    const kinds = payload.map(({ kind }: any) => kind).sort();
    expect(kinds).toEqual(['CSV', 'HTTP', 'LDAP', 'MATCH', 'OIDC', 'ORCID', 'SCIM', 'SQL']);
    for (const { kind, description, settingsSchema, capabilities } of payload) {
      expect([kind, description]).toEqual([kind, expect.stringMatching(/\S/)]);
      expect(settingsSchema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
      for (const [name, property] of Object.entries<any>(settingsSchema.properties ?? {}))
        expect([kind, name, property.description]).toEqual([kind, name, expect.stringMatching(/\S/)]);
      expect(capabilities.length).toBeGreaterThan(0);
    }
    const http = payload.find(({ kind }: any) => kind === 'HTTP');
    expect(http.settingsSchema.required).toEqual(expect.arrayContaining(['baseUrl', 'mapping']));
    expect(http.secrets.map(({ name }: any) => name)).toContain('token');
    expect(http.capabilities).toEqual(expect.arrayContaining(['SEARCH_BY_EMAIL', 'RETRIEVE', 'INVENTORY', 'CHANGES']));
    const match = payload.find(({ kind }: any) => kind === 'MATCH');
    expect(match.capabilities).toEqual(['MATCH']);
  });

  it('are for administrators of the tenant: others see and do nothing', async () => {
    const { id } = await make({ isOpenToOrganizations: true });
    const input = { name: 'Mine', kind: 'CSV', settings: CSV };
    for (const [query, variables] of [
      [LIST, {}],
      [KINDS, {}],
      [SEARCH, { id, email: ADA.mail }],
      [CREATE, { input }],
      [UPDATE, { input: { id, name: 'Mine' } }],
      [DELETE, { input: { id } }],
      [TEST, { input: { id } }],
    ] as [string, object][]) {
      await expectRefusal(null, query, variables, 'UNAUTHENTICATED');
      await expectRefusal(member, query, variables, 'FORBIDDEN');
      await expectRefusal(organizationAdmin, query, variables, 'FORBIDDEN');
    }
    for (const query of [READ, 'query ($id: ID!) { node(id: $id) { id } }'])
      for (const caller of [null, member, organizationAdmin])
        expect((await call(caller, query, { id })).payload ?? null).toBeNull();
  });

  it('of another tenant are as if they did not exist', async () => {
    const other = await seedTenant(gateway.database, 'elsewhere');
    const { id: uuid } = await makeSource(other, { settings: CSV });
    const id = `src_${uuid}`;
    expect((await call(admin, READ, { id })).payload).toBeNull();
    await expectRefusal(admin, UPDATE, { input: { id, name: 'Mine' } }, 'NOT_FOUND');
    await expectRefusal(admin, DELETE, { input: { id } }, 'NOT_FOUND');
    await expectRefusal(admin, TEST, { input: { id } }, 'NOT_FOUND');
    expect(faultsOf((await call(admin, SEARCH, { id, email: ADA.mail })).payload)).toEqual(['NOT_FOUND id']);
  });
});

describe('availableSources', () => {
  it('shows administrators of organizations what is open and active, and nothing else of it', async () => {
    const open = await make({ name: 'Open', isOpenToOrganizations: true, secrets: { token: SECRET } });
    const closed = await make({ name: 'Closed' });
    const suspended = await make({ name: 'Suspended', isOpenToOrganizations: true, status: 'SUSPENDED' });
    const { payload, text } = await call(organizationAdmin, AVAILABLE, { id: organizationId });
    const shown = payload.availableSources.map(({ id }: any) => id);
    expect(shown).toContain(open.id);
    expect(shown).not.toContain(closed.id);
    expect(shown).not.toContain(suspended.id);
    expect(payload.availableSources.find(({ id }: any) => id === open.id)).toEqual({
      ...{ id: open.id, name: 'Open', kind: 'HTTP' },
      capabilities: ['SEARCH_BY_EMAIL', 'SEARCH_BY_IDENTIFIER', 'RETRIEVE', 'INVENTORY'],
    });
    expect(text).not.toContain(api.url);
    const refused = await gateway.graphql(member, AVAILABLE, { id: organizationId });
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(refused.data.organization.availableSources).toBeNull();
  });
});

function flowWith(sourceId: string, input: object): Promise<string> {
  return makeFlow(gateway, admin, {
    ...input,
    settings: { match: 'SELECT', sources: [{ sourceId, mode: 'SEARCH' }] },
  });
}

async function suspendFlow(id: string): Promise<void> {
  const query = `mutation ($input: EnrollmentFlowIdInput!) { enrollmentFlowSuspend(input: $input) { userErrors { code } } }`;
  await gateway.graphql(admin, query, { input: { id } });
}

async function insertPipeline(settings: object, name = 'Pipeline'): Promise<string> {
  const id = v7();
  await gateway.rows(
    `insert into pipelines (id, tenant_id, name, status, settings, created_at, updated_at)
     values ($2, $1, $3, 'ACTIVE', $4::jsonb, now(), now())`,
    [id, name, JSON.stringify(settings)],
  );
  return id;
}

async function insertRecord(sourceId: string, key: string, userId: string | null): Promise<void> {
  await gateway.rows(
    `insert into source_records (id, tenant_id, source_id, key, status, user_id, hash, created_at, synced_at)
     values ($2, $1, $3, $4, 'SYNCED', $5, 'x', now(), now())`,
    [v7(), sourceId.slice(4), key, userId],
  );
}

const countRows = () =>
  gateway.rows(`select (select count(*)::int from source_records where tenant_id = $1) as records,
    (select count(*)::int from users where tenant_id = $1) as users, (select count(*)::int from events where tenant_id = $1) as events`);
