import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeSource } from '../support/sources/make.js';
import { makePipeline, recordOf, remove, take } from '../support/sources/pipelines.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function setUp() {
  const organization = await makeOrganization(gateway.tenant);
  const pipeline = await makePipeline(gateway.tenant, {
    ...{ organizationId: organization.id, roleIds: [gateway.tenant.roles.get('member')!] },
  });
  return { organization, source: await makeSource(gateway.tenant, { pipelineId: pipeline.id }) };
}

const counts = async (organizationId: string, sourceId: string, domain: string) => {
  const [row] = await gateway.rows(
    `select (select count(*)::int from memberships where tenant_id = $1 and organization_id = $2) as members,
       (select count(*)::int from source_records where tenant_id = $1 and source_id = $3) as records,
       (select count(*)::int from users where tenant_id = $1 and email like $4) as users`,
    [organizationId, sourceId, `%@${domain}`],
  );
  return row;
};

it('two takes of the same records at once make each person once, in whatever order they come', async () => {
  const { organization, source } = await setUp();
  const records = Array.from({ length: 60 }, (_, index) =>
    recordOf(`at-once-${index}`, { email: `${index}@at-once.example.org` }),
  );
  const all = await Promise.all([
    take(gateway, source, records),
    take(gateway, source, [...records].reverse()),
    take(gateway, source, records.slice(20, 50)),
  ]);
  expect(await counts(organization.id, source.id, 'at-once.example.org')).toEqual({
    members: 60,
    records: 60,
    users: 60,
  });
  const made = all.flat().filter(({ outcome }) => outcome === 'CREATED');
  expect(made).toHaveLength(60);
  expect(all.flat().filter(({ outcome }) => outcome === 'FAILED')).toEqual([]);
});

it('records of two sources about the same new people make each of them once', async () => {
  const { organization, source } = await setUp();
  const other = await makeSource(gateway.tenant, { pipelineId: source.pipelineId });
  const of = (prefix: string) =>
    Array.from({ length: 30 }, (_, index) => recordOf(`${prefix}-${index}`, { email: `${index}@shared.example.org` }));
  const all = await Promise.all([take(gateway, source, of('x')), take(gateway, other, of('y').reverse())]);
  expect(await counts(organization.id, source.id, 'shared.example.org')).toEqual({
    members: 30,
    records: 30,
    users: 30,
  });
  expect(all.flat().filter(({ userId }) => userId === null)).toEqual([]);
});

it('a sync and a petition that take the same record at once leave it to one person', async () => {
  const { source } = await setUp();
  const user = await makeUser(gateway.tenant);
  const record = recordOf('contested-1', { email: 'contested@example.org' });
  const [synced, asked] = await Promise.all([
    take(gateway, source, [record]),
    take(gateway, source, [record], { userId: user.id, petitionId: null }),
  ]);
  const [row] = await gateway.rows('select user_id from source_records where tenant_id = $1 and key = $2', [
    'contested-1',
  ]);
  const owners = [synced[0]!.userId, asked[0]!.userId];
  expect(owners).toContain(row!.user_id);
  if (row!.user_id !== user.id) expect(asked[0]).toMatchObject({ outcome: 'FAILED', userId: row!.user_id });
});

it('taking and removing at once ends in one of both', async () => {
  const { source } = await setUp();
  const records = Array.from({ length: 20 }, (_, index) => recordOf(`both-${index}`));
  const taken = await take(gateway, source, records);
  const changed = records.map((record) => ({ ...record, affiliation: 'member' })).reverse();
  await Promise.all([
    take(gateway, source, changed),
    remove(gateway, source, ...taken.map(({ recordId }) => recordId)),
  ]);
  const rows = await gateway.rows('select status from source_records where tenant_id = $1 and source_id = $2', [
    source.id,
  ]);
  expect(new Set(rows.map(({ status }) => status)).size).toBeLessThanOrEqual(2);
  expect(rows).toHaveLength(20);
});
