import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { syncUser } from '../../src/enrollment/synchronization/sync-on-login.js';
import { PipelineRemoval, SourceKind, SourceStatus } from '../../src/entities/source-enums.js';
import type { LocalPerson } from '../../src/demo/provider.js';
import { Browser } from '../support/browser.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { reachApp } from '../support/sign-in.js';
import { makeSource, type SourceOverrides } from '../support/sources/make.js';
import { makePipeline } from '../support/sources/pipelines.js';
import { type PeopleServer, settingsOf, startPeopleServer } from '../support/sources/people-server.js';
import { sync } from '../support/sources/syncs.js';

const BUDGET = 1_500;

let gateway: Gateway;
let server: PeopleServer;
let administrator: Awaited<ReturnType<Gateway['signedInUser']>>;
beforeAll(async () => {
  server = await startPeopleServer();
  gateway = await startGateway({
    environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1', LOGIN_SYNC_MS: String(BUDGET) },
  });
  administrator = await gateway.signedInUser({ isTenantAdministrator: true });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(() => {
  server.people.clear();
  server.fault = null;
});

let serial = 0;

/** Somebody whose record a source has, by which they are a member of an organization. */
async function makeKnown(overrides: SourceOverrides = {}) {
  const organization = await makeOrganization(gateway.tenant);
  const pipeline = await makePipeline(gateway.tenant, {
    organizationId: organization.id,
    roleIds: [gateway.tenant.roles.get('member')!],
    ...{ syncsOnDelete: true, removal: PipelineRemoval.END_MEMBERSHIP },
  });
  const key = `login-${++serial}`;
  const email = `${key}@people.example`;
  const { userId, person } = await gateway.signedInUser({ email, familyName: 'Martin' });
  server.put({ key, family: 'Martin', emails: [email] });
  const source = await makeSource(gateway.tenant, {
    ...{ kind: SourceKind.HTTP, settings: settingsOf(server), pipelineId: pipeline.id, syncsOnLogin: true },
    ...overrides,
  });
  await sync(gateway, administrator.browser, source, { mode: 'FULL' });
  const memberships = () => gateway.rows('select id from memberships where tenant_id = $1 and user_id = $2', [userId]);
  const record = async () =>
    (
      await gateway.rows<{ status: string; userId: string; family: string }>(
        `select status, user_id as "userId", record -> 'names' -> 0 ->> 'familyName' as family
         from source_records where tenant_id = $1 and source_id = $2 and key = $3`,
        [source.id, key],
      )
    )[0]!;
  expect(await record()).toMatchObject({ status: 'SYNCED', userId });
  expect(await memberships()).toHaveLength(1);
  return { key, email, userId, person, source, organization, memberships, record };
}

/** Signs in, and reads what the person may see at once. */
async function comeIn(person: LocalPerson) {
  const { browser, callback } = await gateway.reachCallback(person);
  const begun = performance.now();
  const { status } = await browser.get(callback, { follow: false });
  const milliseconds = performance.now() - begun;
  const { data } = await gateway.graphql(
    browser,
    '{ viewer { user { memberships(first: 10) { nodes { organization { id } } } } } }',
  );
  return { status, milliseconds, organizations: data?.viewer?.user?.memberships.nodes };
}

const jobsOf = (userId: string) =>
  gateway.database.read(null, `select id from pgboss.job where name = 'login-sync' and singleton_key = $1`, [userId]);

describe('a sign-in', () => {
  it('has the rights that the source gives now', async () => {
    const { person, key, record, memberships, userId } = await makeKnown();
    server.remove(key);
    const { status, organizations } = await comeIn(person);
    expect([status, organizations]).toEqual([302, []]);
    expect(await record()).toMatchObject({ status: 'REMOVED' });
    expect(await memberships()).toEqual([]);
    // And has them again once the source does.
    server.put({ key, family: 'Martin', emails: [String(person.claims.email)] });
    expect((await comeIn(person)).organizations).toHaveLength(1);
    expect(await jobsOf(userId)).toEqual([]);
  });

  it('in an application has them, too', async () => {
    const { person, key, organization } = await makeKnown();
    const organizations = async () => {
      const browser = new Browser();
      const answered = await reachApp(gateway, person, { browser });
      // What the same answer shows is what they may see from now on.
      const { data } = await gateway.graphql(
        browser,
        `mutation ($input: SsoCompleteInput!) { ssoComplete(input: $input) {
          user { memberships(first: 10) { nodes { organization { id } } } } userErrors { code } } }`,
        { input: answered },
      );
      return data.ssoComplete.user.memberships.nodes;
    };
    expect(await organizations()).toEqual([{ organization: { id: `org_${organization.id}` } }]);
    server.remove(key);
    expect(await organizations()).toEqual([]);
  });

  it('[ENR-68] works although the source does not, and changes nothing then', async () => {
    const { person, record, memberships } = await makeKnown();
    const known = await record();
    for (const fault of [
      (_url: URL, response: { destroy: () => unknown }) => Boolean(response.destroy()),
      (_url: URL, response: any) => Boolean(response.writeHead(500).end('broken')),
      (_url: URL, response: any) => Boolean(response.writeHead(200).end('{"key": 1')),
    ]) {
      server.fault = fault;
      const { status, organizations } = await comeIn(person);
      expect([status, organizations]).toEqual([302, [expect.anything()]]);
    }
    expect(await record()).toEqual(known);
    expect(await memberships()).toHaveLength(1);
    const told = gateway.logLines.filter((line) => line.includes('a source gave no answer for a sync on login'));
    expect(told.length).toBeGreaterThan(0);
    // What a driver says could hold what the source knows of somebody.
    expect(told.filter((line) => line.includes('"cause"'))).toEqual([]);
  });

  it('waits no longer than it may: a job does the rest', async () => {
    const { person, key, record, userId, source } = await makeKnown({ timeLimitMilliseconds: 20_000 });
    server.put({ key, family: 'Durand', emails: [String(person.claims.email)] });
    const held = Promise.withResolvers<boolean>();
    server.fault = () => held.promise;
    const { status, milliseconds } = await comeIn(person);
    expect(status).toBe(302);
    expect(milliseconds).toBeGreaterThan(BUDGET - 50);
    expect(milliseconds).toBeLessThan(BUDGET + 2_500);
    expect(await record()).toMatchObject({ family: 'Martin' });
    expect(await jobsOf(userId)).toHaveLength(1);
    held.resolve(false);
    server.fault = null;
    await syncUser(gateway.services, { tenantId: gateway.tenant.id, userId }, new AbortController().signal);
    expect(await record()).toMatchObject({ family: 'Durand', status: 'SYNCED' });
    await gateway.rows('update sources set syncs_on_login = false where tenant_id = $1 and id = $2', [source.id]);
  });

  it('asks no source that does not sync on login, is suspended, or knows somebody else', async () => {
    const quiet = await makeKnown({ syncsOnLogin: false });
    const suspended = await makeKnown();
    await gateway.rows('update sources set status = $2 where tenant_id = $1 and id = $3', [
      SourceStatus.SUSPENDED,
      suspended.source.id,
    ]);
    const { person: stranger } = await gateway.signedInUser();
    server.asked.length = 0;
    for (const person of [quiet.person, suspended.person, stranger]) expect((await comeIn(person)).status).toBe(302);
    expect(server.asked).toEqual([]);
  });

  it('costs no statement where no source syncs on login', async () => {
    const { person } = await gateway.signedInUser();
    const { browser, callback } = await gateway.reachCallback(person);
    gateway.statements.length = 0;
    await browser.get(callback, { follow: false });
    const written = gateway.statements.filter((text) => !/^\s*(begin|commit|set |select set_config)/i.test(text));
    expect(written.length).toBeLessThanOrEqual(4);
    expect(written.join('\n')).not.toContain('r.key, r.status');
  });
});
