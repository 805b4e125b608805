import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { settingsOfTemplate } from '../../src/enrollment/flows/templates.js';
import {
  AttributeTarget,
  BuiltInRole,
  FlowAuthorization,
  FlowTemplateName,
  MatchPolicy,
  SourceMode,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { SourceKind } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { command, makeFlow, start } from '../support/petitions.js';
import { askSources } from '../support/sources/asked-people.js';
import { makeSource } from '../support/sources/make.js';
import { type PeopleServer, settingsOf, startPeopleServer } from '../support/sources/people-server.js';
import { makePipeline } from '../support/sources/pipelines.js';
import { sync } from '../support/sources/syncs.js';

let gateway: Gateway;
let server: PeopleServer;
let administrator: Browser;
beforeAll(async () => {
  server = await startPeopleServer();
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' } });
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(() => server.people.clear());

let serial = 0;

/** A member of two organizations, one by hand and one by the pipeline of a source that has their record. */
async function makeMember() {
  const key = `refresh-${++serial}`;
  const email = `${key}@people.example`;
  const { browser, userId } = await gateway.signedInUser({ email, familyName: 'Martin' });
  const [byHand, byPipeline] = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
  await makeMembership(gateway.tenant, {
    user: { id: userId },
    organization: byHand,
    roles: [BuiltInRole.MEMBER, BuiltInRole.ADMINISTRATOR],
  });
  const pipeline = await makePipeline(gateway.tenant, {
    organizationId: byPipeline.id,
    roleIds: [gateway.tenant.roles.get('member')!],
    syncsOnUpdate: true,
    attributes: [{ from: 'affiliation', target: AttributeTarget.USER_ATTRIBUTE, targetName: 'standing' }],
  });
  server.put({ key, family: 'Martin', emails: [email], affiliation: 'student' });
  const source = await makeSource(gateway.tenant, {
    ...{ kind: SourceKind.HTTP, settings: settingsOf(server), pipelineId: pipeline.id },
  });
  expect(await sync(gateway, administrator, source, { mode: 'FULL' })).toMatchObject({ failed: 0 });
  return { browser, userId, key, email, source };
}

/** The flow of the template, by which these sources are asked. */
const makeRefresh = (source: { id: string }, mode: SourceMode, settings: Partial<FlowSettings> = {}) =>
  makeFlow(gateway.tenant, {
    settings: {
      ...settingsOfTemplate(FlowTemplateName.REFRESH, null),
      sources: [{ sourceId: source.id, mode, verifiesFamilyName: false }],
      ...settings,
    },
  });

const memberships = (userId: string) =>
  gateway.rows(
    `select m.id, m.xmin::text, r.role_id, r.xmin::text as granted from memberships m
     join membership_roles r on r.tenant_id = $1 and r.membership_id = m.id
     where m.tenant_id = $1 and m.user_id = $2 order by m.id, r.role_id`,
    [userId],
  );
/** What the pipeline has copied to them. */
const standingOf = async (userId: string) =>
  (
    await gateway.rows<{ standing: string }>(
      `select attributes ->> 'standing' as standing from users where tenant_id = $1 and id = $2`,
      [userId],
    )
  )[0]!.standing;
const petitionOf = async (id: string) =>
  (
    await gateway.rows<{ status: string; enrollee: string; membership: string | null }>(
      `select status, enrollee_user_id as enrollee, membership_id as membership from petitions
       where tenant_id = $1 and id = $2`,
      [id.slice(4)],
    )
  )[0]!;

describe.each([SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED])('a refresh by %s', (mode) => {
  it('[ENR-47] by oneself: what the source says now is taken, and who is known already is not denied', async () => {
    const { browser, userId, key, email, source } = await makeMember();
    const before = await memberships(userId);
    server.put({ key, family: 'Martin', emails: [email], affiliation: 'faculty' });
    const flow = await makeRefresh(source, mode);
    const { petition, userErrors } = await start(gateway, browser, flow.globalId);
    expect(userErrors).toEqual([]);
    await askSources(gateway, petition.id);
    expect(await petitionOf(petition.id)).toMatchObject({ status: 'FINALIZED', enrollee: userId });
    expect(await standingOf(userId)).toBe('faculty');
    expect(await memberships(userId)).toEqual(before);
    const records = await gateway.rows(
      'select status, user_id from source_records where tenant_id = $1 and source_id = $2',
      [source.id],
    );
    expect(records).toEqual([{ status: 'SYNCED', user_id: userId }]);
  });

  it('by an administrator: the person who was chosen is refreshed, and nobody else', async () => {
    const { userId, key, email, source } = await makeMember();
    const other = await makeMember();
    const [before, others] = [await memberships(userId), await memberships(other.userId)];
    server.put({ key, family: 'Martin', emails: [email], affiliation: 'faculty' });
    server.put({ key: other.key, family: 'Martin', emails: [other.email], affiliation: 'staff' });
    const flow = await makeRefresh(source, mode, {
      authorization: FlowAuthorization.TENANT_ADMINISTRATOR,
      match: MatchPolicy.SELECT,
    });
    const { petition } = await start(gateway, administrator, flow.globalId);
    const chosen = await command(gateway, administrator, 'petitionSelectEnrollee', {
      id: petition.id,
      enrolleeId: `usr_${userId}`,
    });
    expect(chosen.userErrors).toEqual([]);
    await askSources(gateway, petition.id);
    expect(await petitionOf(petition.id)).toMatchObject({ status: 'FINALIZED', enrollee: userId });
    expect([await standingOf(userId), await standingOf(other.userId)]).toEqual(['faculty', 'student']);
    expect([await memberships(userId), await memberships(other.userId)]).toEqual([before, others]);
  });

  it('of somebody whom the source has no more', async () => {
    const { browser, userId, key, source } = await makeMember();
    const before = await memberships(userId);
    server.remove(key);
    const flow = await makeRefresh(source, mode);
    const { petition } = await start(gateway, browser, flow.globalId);
    await askSources(gateway, petition.id);
    const status = mode === SourceMode.SEARCH ? 'FINALIZED' : 'DENIED';
    expect(await petitionOf(petition.id)).toMatchObject({ status, membership: null });
    expect(await memberships(userId)).toEqual(before);
  });
});
