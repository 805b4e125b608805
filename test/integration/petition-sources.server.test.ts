import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FlowAuthorization, MatchPolicy, SourceMode } from '../../src/entities/enums.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { until } from '../support/live.js';
import { makeFlow, start } from '../support/petitions.js';
import { finish, startScript, waitForOutput } from '../support/run-script.js';
import { askSources, type AskedPeople, makePeopleSource, startAskedPeople } from '../support/sources/asked-people.js';
import { makePipeline } from '../support/sources/pipelines.js';

let gateway: Gateway;
let server: AskedPeople;
let flowId: string;
let organizationId: string;
const key = randomBytes(32).toString('base64');
beforeAll(async () => {
  server = await startAskedPeople();
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1', ENCRYPTION_KEYS: key } });
  const [organization, member] = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
  organizationId = member.id;
  const pipeline = await makePipeline(gateway.tenant, { organizationId });
  const source = await makePeopleSource(gateway.tenant, server, {
    pipelineId: pipeline.id,
    timeLimitMilliseconds: 60_000,
  });
  const flow = await makeFlow(gateway.tenant, {
    organizationId: organization.id,
    settings: {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
      requiresApproval: true,
      sources: [{ sourceId: source.id, mode: SourceMode.SEARCH_REQUIRED, verifiesFamilyName: true }],
    },
  });
  flowId = flow.globalId;
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});

let serial = 0;
async function enroll(times = 1) {
  const email = `crowd-${++serial}@example.org`;
  const person = await gateway.signedInUser({
    email,
    emailNormalized: email,
    isEmailVerified: true,
    familyName: 'Martin',
  });
  server.people.push({ key: `crowd-${serial}`, emails: [email], givenName: 'Ada', familyName: 'MARTIN' });
  const petitions: string[] = [];
  for (let count = 0; count < times; count++)
    petitions.push((await start(gateway, person.browser, flowId)).petition.id as string);
  return { ...person, key: `crowd-${serial}`, petitions };
}

const statusOf = async (id: string) =>
  (await gateway.rows('select status from petitions where tenant_id = $1 and id = $2', [id.slice(4)]))[0]!
    .status as string;
const countOf = async (text: string, values: unknown[]) => (await gateway.rows(text, values)).length;

it('many petitions at once, two of them for each person, leave each record linked once', async () => {
  const people = [];
  for (let count = 0; count < 15; count++) people.push(await enroll(2));
  const ids = people.flatMap(({ petitions }) => petitions);
  // As many at a time as one process does; those of one person are among them.
  for (let from = 0; from < ids.length; from += 10)
    await Promise.all(ids.slice(from, from + 10).map((id) => askSources(gateway, id)));
  for (const id of ids) expect(await statusOf(id)).toBe('PENDING_APPROVAL');
  for (const { userId, key: recordKey } of people) {
    const records = await gateway.rows('select user_id from source_records where tenant_id = $1 and key = $2', [
      recordKey,
    ]);
    expect(records).toEqual([{ user_id: userId }]);
    const linked = `select id from events where tenant_id = $1 and user_id = $2 and type = 'source_record.linked'`;
    expect(await countOf(linked, [userId])).toBe(1);
    const member = 'select id from memberships where tenant_id = $1 and user_id = $2 and organization_id = $3';
    expect(await countOf(member, [userId, organizationId])).toBe(1);
  }
}, 120_000);

it('[ENR-48] a process that is killed between asking and answering leaves nothing, and another one goes on', async () => {
  const environment = {
    NODE_ENV: 'test',
    DATABASE_URL: gateway.databaseUrl!,
    ENCRYPTION_KEYS: key,
    ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
  };
  const { waiting, release } = server.hold();
  const first = startScript('test/support/work-jobs.ts', [], { environment });
  const ended = finish(first);
  await waitForOutput(first, /ready/);
  const { petitions, userId } = await enroll();
  await waiting;
  first.kill('SIGKILL');
  await ended;
  expect(await statusOf(petitions[0]!)).toBe('CREATED');
  expect(await countOf('select id from source_records where tenant_id = $1 and user_id = $2', [userId])).toBe(0);
  const checks = 'select id from petition_source_checks where tenant_id = $1 and petition_id = $2';
  expect(await countOf(checks, [petitions[0]!.slice(4)])).toBe(0);
  release();

  const second = startScript('test/support/work-jobs.ts', [], { environment });
  const done = finish(second);
  await waitForOutput(second, /ready/);
  for (let tries = 0; tries < 6 && (await statusOf(petitions[0]!)) === 'CREATED'; tries++)
    await until(async () => (await statusOf(petitions[0]!)) !== 'CREATED').catch(() => undefined);
  expect(await statusOf(petitions[0]!)).toBe('PENDING_APPROVAL');
  expect(await countOf('select id from source_records where tenant_id = $1 and user_id = $2', [userId])).toBe(1);
  expect(await countOf(checks, [petitions[0]!.slice(4)])).toBe(1);
  second.stdin!.end();
  expect((await done).code).toBe(0);
}, 180_000);
