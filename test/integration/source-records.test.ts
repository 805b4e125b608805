import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endGracePeriods } from '../../src/enrollment/records/end-grace.js';
import { AttributeTarget } from '../../src/entities/enums.js';
import type { PipelineSettings } from '../../src/entities/pipeline-settings.js';
import { PipelineRemoval } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { type AskedPeople, makePeopleSource, startAskedPeople } from '../support/sources/asked-people.js';
import { makeSource } from '../support/sources/make.js';
import { makePipeline, recordOf, remove, take } from '../support/sources/pipelines.js';

const DAY = 24 * 60 * 60_000;
const RECORD = `id key status isUnlinked graceEndsAt user { id } person { names { familyName } emails { address } } raw
  applied { isCreator values organizationIds roleIds failure }`;

let gateway: Gateway;
let admin: Browser;
let people: AskedPeople;

beforeAll(async () => {
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' } });
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  people = await startAskedPeople();
});
afterAll(async () => {
  await gateway.close();
  await people.close();
});

async function setUp(settings: Partial<PipelineSettings> = {}) {
  const pipeline = await makePipeline(gateway.tenant, settings);
  return { pipeline, source: await makeSource(gateway.tenant, { pipelineId: pipeline.id }) };
}

async function call(name: string, input: object, browser: Browser | null = admin) {
  const type = name === 'sourceRecordRelink' ? 'SourceRecordRelinkInput' : 'SourceRecordIdInput';
  const answer = await gateway.graphql(
    browser,
    `mutation ($input: ${type}!) { done: ${name}(input: $input) {
      sourceRecord { ${RECORD} } message userErrors { code message field } } }`,
    { input },
  );
  return answer.errors ? answer : answer.data.done;
}

const userOf = async (id: string | null) =>
  (await gateway.rows('select * from users where tenant_id = $1 and id = $2', [id]))[0]!;

const memberships = (userId: string | null) =>
  gateway.rows('select * from memberships where tenant_id = $1 and user_id = $2', [userId]);

const eventsAbout = async (recordId: string | null) =>
  (
    await gateway.rows<{ type: string }>(
      'select type from events where tenant_id = $1 and object_id = $2 order by id',
      [recordId],
    )
  ).map(({ type }) => type);

it('the records of a source and of a user are listed, and what the pipeline gave', async () => {
  const { source } = await setUp();
  const taken = await take(gateway, source, [recordOf('list-1'), recordOf('list-2', { email: null })]);
  const { data } = await gateway.graphql(
    admin,
    `query ($id: ID!, $user: ID!) {
      source(id: $id) { records(first: 10) { totalCount nodes { ${RECORD} } }
        one: records(filter: { key: "list-2" }) { nodes { key } }
        none: records(filter: { isLinked: false }) { nodes { key } } }
      user(id: $user) { sourceRecords { nodes { key source { id } } } } }`,
    { id: `src_${source.id}`, user: `usr_${taken[0]!.userId}` },
  );
  expect(data.source.records).toMatchObject({
    totalCount: 2,
    nodes: [
      {
        ...{ key: 'list-1', status: 'SYNCED', raw: { uid: 'list-1' } },
        person: { names: [{ familyName: 'Lovelace' }], emails: [{ address: 'list-1@source.example.org' }] },
        applied: { isCreator: true, values: ['email', 'familyName', 'givenName'], failure: null },
      },
      { key: 'list-2' },
    ],
  });
  expect(data.source).toMatchObject({ one: { nodes: [{ key: 'list-2' }] }, none: { nodes: [] } });
  expect(data.user.sourceRecords.nodes).toEqual([{ key: 'list-1', source: { id: `src_${source.id}` } }]);
});

it('nobody but an administrator of the tenant reads or changes records', async () => {
  const { source } = await setUp();
  const [taken] = await take(gateway, source, [recordOf('closed-1')]);
  const { browser } = await gateway.signedInUser();
  const before = await gateway.snapshot();
  for (const asking of [browser, null]) {
    const answer = await call('sourceRecordUnlink', { id: `rec_${taken!.recordId}` }, asking);
    expect(answer.errors).toHaveLength(1);
    const read = await gateway.graphql(asking, `query ($id: ID!) { sourceRecord(id: $id) { key } }`, {
      id: `rec_${taken!.recordId}`,
    });
    expect(JSON.stringify(read.data ?? null)).not.toMatch(/closed-1/);
  }
  expect(await gateway.snapshot()).toBe(before);
});

describe('unlinking and relinking', () => {
  it('takes back what was copied and given, and no sync links it again', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const { source } = await setUp({
      ...{ organizationId: organization.id, removal: PipelineRemoval.END_MEMBERSHIP, copiedIdentifierTypes: ['hr'] },
      attributes: [{ from: 'phone', target: AttributeTarget.USER_ATTRIBUTE, targetName: 'phone' }],
    });
    const user = await makeUser(gateway.tenant, {
      ...{ email: 'own@unlink.example.org', givenName: null, familyName: 'Own' },
    });
    const given = { identifiers: [{ type: 'hr', value: 'u-1' }], attributes: { phone: '1' } };
    const record = recordOf('u-1', { email: 'own@unlink.example.org', ...given });
    const [taken] = await take(gateway, source, [record]);
    expect(await userOf(user.id)).toMatchObject({ given_name: 'Ada', family_name: 'Own', attributes: { phone: '1' } });
    expect(await memberships(user.id)).toHaveLength(1);
    const id = `rec_${taken!.recordId}`;
    expect(await call('sourceRecordUnlink', { id })).toMatchObject({
      ...{ userErrors: [], sourceRecord: { user: null, isUnlinked: true, applied: { values: [] } } },
    });
    expect(await userOf(user.id)).toMatchObject({
      ...{ given_name: null, family_name: 'Own', email: 'own@unlink.example.org', attributes: {} },
    });
    expect(await memberships(user.id)).toEqual([]);
    expect(
      await gateway.rows('select 1 from user_identifiers where tenant_id = $1 and user_id = $2', [user.id]),
    ).toEqual([]);
    // It is changed, forced, or asked for by a petition of that person: it stays nobody's.
    const changed = { ...record, affiliation: 'member' };
    expect((await take(gateway, source, [changed], { isForced: true }))[0]).toMatchObject({ userId: null });
    expect((await take(gateway, source, [changed], { userId: user.id }))[0]).toMatchObject({
      ...{ userId: null, outcome: 'FAILED' },
    });
    // Repeating it changes nothing.
    const before = await gateway.snapshot();
    expect((await call('sourceRecordUnlink', { id })).userErrors).toEqual([]);
    expect(await gateway.snapshot()).toBe(before);
    expect(await eventsAbout(taken!.recordId)).toEqual(['source_record.linked', 'source_record.unlinked']);
  });

  it('relinking moves it to another user with what it gives, whatever the gate of new records', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const { source } = await setUp({ organizationId: organization.id, removal: PipelineRemoval.END_MEMBERSHIP });
    const [taken] = await take(gateway, source, [recordOf('move-1')]);
    const other = await makeUser(gateway.tenant, { givenName: null, familyName: null });
    const pipelineId = source.pipelineId!;
    await gateway.rows(
      `update pipelines set settings = settings || '{"syncsOnAdd": false}' where tenant_id = $1 and id = $2 returning id`,
      [pipelineId],
    );
    const input = { id: `rec_${taken!.recordId}`, userId: `usr_${other.id}` };
    expect(await call('sourceRecordRelink', input)).toMatchObject({
      ...{ userErrors: [], message: null, sourceRecord: { user: { id: input.userId }, isUnlinked: false } },
    });
    expect(await userOf(taken!.userId)).toMatchObject({ given_name: null, email: null });
    expect(await memberships(taken!.userId)).toEqual([]);
    expect(await userOf(other.id)).toMatchObject({ given_name: 'Ada', family_name: 'Lovelace' });
    expect(await memberships(other.id)).toHaveLength(1);
    expect(await eventsAbout(taken!.recordId)).toEqual(['source_record.linked', 'source_record.relinked']);
  });

  it('a user that is not there, and a record that is removed, are refused', async () => {
    const { source } = await setUp();
    const [taken] = await take(gateway, source, [recordOf('gone-1')]);
    await remove(gateway, source, taken!.recordId);
    const before = await gateway.snapshot();
    const input = { id: `rec_${taken!.recordId}`, userId: `usr_${taken!.recordId}` };
    const refused = await call('sourceRecordRelink', input);
    expect(refused.userErrors.map(({ code }: { code: string }) => code)).toEqual(['NOT_FOUND', 'WRONG_STATUS']);
    expect(await gateway.snapshot()).toBe(before);
  });

  it('what belongs to somebody else is not taken for the person of a petition', async () => {
    const { source } = await setUp();
    const [taken] = await take(gateway, source, [recordOf('theirs-1')]);
    const other = await makeUser(gateway.tenant);
    const before = await gateway.snapshot();
    const [again] = await take(gateway, source, [recordOf('theirs-1', { affiliation: 'x' })], { userId: other.id });
    expect(again).toMatchObject({ change: 'UNCHANGED', userId: taken!.userId, outcome: 'FAILED' });
    expect(await gateway.snapshot()).toBe(before);
  });
});

describe('one record', () => {
  it('is fetched from the source, forced, and removed where it is gone', async () => {
    people.people.push({ key: 'sync-1', emails: ['sync-1@people.example.org'], givenName: 'Ada', familyName: 'Byron' });
    const pipeline = await makePipeline(gateway.tenant);
    const source = await makePeopleSource(gateway.tenant, people, { pipelineId: pipeline.id });
    const [taken] = await take(gateway, source, [recordOf('sync-1', { email: 'sync-1@people.example.org' })]);
    const id = `rec_${taken!.recordId}`;
    const synced = await call('sourceRecordSync', { id });
    expect(synced).toMatchObject({ userErrors: [], sourceRecord: { status: 'SYNCED' } });
    expect(await userOf(taken!.userId)).toMatchObject({ family_name: 'Byron' });
    people.people.pop();
    expect(await call('sourceRecordSync', { id })).toMatchObject({ sourceRecord: { status: 'REMOVED' } });
    people.status = 503;
    const before = await gateway.rows('select * from source_records where tenant_id = $1');
    const unavailable = await call('sourceRecordSync', { id });
    people.status = null;
    expect(unavailable.userErrors).toMatchObject([{ code: 'SOURCE_UNAVAILABLE' }]);
    expect(await gateway.rows('select * from source_records where tenant_id = $1')).toEqual(before);
  });
});

describe('days of grace', () => {
  const grace = { removal: PipelineRemoval.END_AFTER_GRACE, graceDays: 30 };

  it('end the membership by the clock, once, and not for a record that came back', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const { source } = await setUp({ organizationId: organization.id, ...grace });
    const taken = await take(gateway, source, [recordOf('grace-1'), recordOf('grace-2')]);
    const [gone, back] = taken;
    await remove(gateway, source, ...taken.map(({ recordId }) => recordId));
    expect(await memberships(gone!.userId)).toHaveLength(1);
    gateway.advance(29 * DAY);
    expect(await endGracePeriods(gateway.services, gateway.tenant.id)).toBe(0);
    expect((await take(gateway, source, [recordOf('grace-2')]))[0]).toMatchObject({ change: 'RETURNED' });
    gateway.advance(2 * DAY);
    expect(await endGracePeriods(gateway.services, gateway.tenant.id)).toBe(1);
    expect(await endGracePeriods(gateway.services, gateway.tenant.id)).toBe(0);
    expect(await memberships(gone!.userId)).toEqual([]);
    expect(await memberships(back!.userId)).toHaveLength(1);
    expect(await eventsAbout(gone!.recordId)).toEqual([
      ...['source_record.linked', 'source_record.removed', 'source_record.grace_ended'],
    ]);
  });
});

it('a record that cannot be kept leaves the others as they are', async () => {
  const { source } = await setUp();
  const taken = await take(gateway, source, [
    recordOf(''),
    recordOf('k'.repeat(513)),
    recordOf('large-1', { attributes: { text: 'x'.repeat(300_000) } }),
    recordOf('odd-1', { names: [{ givenName: 'A\0da\uD800', familyName: 'x'.repeat(300) }], email: null }),
    recordOf('fine-1'),
  ]);
  expect(taken.map(({ change }) => change)).toEqual(['IGNORED', 'IGNORED', 'IGNORED', 'NEW', 'NEW']);
  expect(taken[3]).toMatchObject({ outcome: 'FAILED' });
  expect(taken[4]).toMatchObject({ outcome: 'CREATED' });
});

it('of several with one key in a call the last one wins, and it is told once', async () => {
  const { source } = await setUp();
  const named = (familyName: string) => recordOf('same-1', { names: [{ givenName: 'Ada', familyName }] });
  const taken = await take(gateway, source, [named('First'), named('Last')]);
  expect(taken).toHaveLength(1);
  expect(await userOf(taken[0]!.userId)).toMatchObject({ family_name: 'Last' });
});
