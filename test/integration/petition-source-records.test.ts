import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { DuplicateMode, FlowAuthorization, MatchPolicy, SourceMode } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Source } from '../../src/enrollment/sources/source.js';
import { PipelineMatch } from '../../src/entities/source-enums.js';
import { type Browser } from '../support/browser.js';
import { confirmationOf } from '../support/confirmations.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { codesOf, command, makeFlow, start } from '../support/petitions.js';
import { expectUnchanged } from '../support/sign-in.js';
import { askSources, type AskedPeople, makePeopleSource, startAskedPeople } from '../support/sources/asked-people.js';
import { makeMatchSource, type MatchServer, startMatchServer } from '../support/sources/match-server.js';
import { changePipeline, makePipeline, take } from '../support/sources/pipelines.js';

let gateway: Gateway;
let server: AskedPeople;
let matchServer: MatchServer;
let administrator: Browser;
let administratorId: string;
let serial = 0;
beforeAll(async () => {
  [server, matchServer] = await Promise.all([startAskedPeople(), startMatchServer()]);
  gateway = await startGateway({
    environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1', SMTP_URL: 'smtp://127.0.0.1:1' },
  });
  ({ browser: administrator, userId: administratorId } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([server.close(), matchServer.close()]);
});
beforeEach(() => {
  Object.assign(server, { asked: [], people: [], status: null });
  Object.assign(matchServer, { asked: [], answers: [] });
});

const nextKey = () => `record-${++serial}`;
const nextAddress = () => `somebody-${++serial}@example.org`;
const uuid = (id: string) => id.replace(/^[a-z]+_/, '');
const globalId = (sourceId: string) => `src_${sourceId}`;

async function recordOf(key: string) {
  const [record] = await gateway.rows<{ id: string; user_id: string | null; petition_id: string | null }>(
    'select id, user_id, petition_id from source_records where tenant_id = $1 and key = $2',
    [key],
  );
  return record;
}

async function candidates(browser: Browser | null, input: object, token: string | null = null) {
  const { data, errors, text } = await gateway.graphql(
    browser,
    `query ($id: ID!, $sourceId: ID!, $email: String, $identifier: PetitionSourceIdentifierInput) {
      petitionSourceCandidates(id: $id, sourceId: $sourceId, email: $email, identifier: $identifier) {
        people { key names { givenName familyName } emails { address isVerified } isLinked } userErrors { code message field } } }`,
    input,
    token === null ? {} : { 'vestibule-petition-token': token },
  );
  return { errors, text, ...data?.petitionSourceCandidates };
}

/** Has the source's record taken as a sync does that finds nobody for it. */
async function syncBefore(source: Source, key: string): Promise<void> {
  const client = await gateway.services.sources.open(gateway.tenant.id, source);
  const record = (await client.retrieve(key, new AbortController().signal))!;
  await take(gateway, source, [record]);
  expect(await recordOf(key)).toMatchObject({ user_id: null, petition_id: null });
}

/** Somebody whom the match server knows by this reference id, and a pipeline that asks it. */
async function matchedPerson(referenceId = nextKey()) {
  const matchSource = await makeMatchSource(gateway, matchServer);
  const pipeline = await makePipeline(gateway.tenant, { match: PipelineMatch.EXTERNAL, matchSourceId: matchSource.id });
  const user = await makeUser(gateway.tenant);
  await gateway.rows(
    `insert into user_identifiers (id, tenant_id, user_id, type, value, created_at) values ($2, $1, $3, 'reference', $4, now())`,
    [v7(), user.id, referenceId],
  );
  return { pipeline, user, known: { status: 200, body: { referenceId } } };
}

const select = (browser: Browser | null, input: object, token: string | null = null) =>
  command(gateway, browser, 'petitionSelectSourceRecord', input, token);

describe('choosing a record', () => {
  /** A flow of administrators whose petitions wait for a record to be chosen. */
  async function selecting(settings: Partial<FlowSettings> = {}, source = {}) {
    const organization = await makeOrganization(gateway.tenant);
    const made = await makePeopleSource(gateway.tenant, server, source);
    const flow = await makeFlow(gateway.tenant, {
      settings: {
        authorization: FlowAuthorization.TENANT_ADMINISTRATOR,
        organizationIds: [organization.id],
        requiresApproval: true,
        sources: [{ sourceId: made.id, mode: SourceMode.SELECT, verifiesFamilyName: false }],
        ...settings,
      },
    });
    const { petition } = await start(gateway, administrator, flow.globalId);
    const key = nextKey();
    const email = nextAddress();
    server.people = [{ key, emails: [email], givenName: 'Ada', familyName: 'Martin' }];
    const place = { id: petition.id as string, sourceId: globalId(made.id) };
    return { petition, source: made, place, key, email, organization, flow };
  }

  it('[ENR-35] the chosen record is read anew, recorded on the petition, and the pipeline makes the person who joins', async () => {
    const pipeline = await makePipeline(gateway.tenant);
    const { petition, place, key, email } = await selecting({}, { pipelineId: pipeline.id });
    expect(petition).toMatchObject({ step: 'SOURCES', waitsFor: 'PETITIONER' });
    expect(petition.nextActions).toContain('SELECT_SOURCE_RECORD');
    expect(server.asked).toEqual([]);

    const found = await candidates(administrator, { ...place, email: email.toUpperCase() });
    expect(found.userErrors).toEqual([]);
    expect(found.people).toMatchObject([
      { key, names: [{ givenName: 'Ada', familyName: 'Martin' }], emails: [{ address: email }], isLinked: false },
    ]);
    const done = await select(administrator, { ...place, key });
    expect(done.userErrors).toEqual([]);
    expect(server.asked.at(-1)).toBe(`/people/${key}`);
    const record = (await recordOf(key))!;
    const [stored] = await gateway.rows(
      'select enrollee_user_id, email_normalized from petitions where tenant_id = $1 and id = $2',
      [uuid(petition.id)],
    );
    expect(record.petition_id).toBe(uuid(petition.id));
    expect(record.user_id).not.toBeNull();
    expect(stored).toEqual({ enrollee_user_id: record.user_id, email_normalized: email });
    expect(done.petition.status).toBe('PENDING_APPROVAL');
    const [check] = await gateway.rows(
      'select * from petition_source_checks where tenant_id = $1 and petition_id = $2',
      [uuid(petition.id)],
    );
    expect(check).toMatchObject({ mode: 'SELECT', outcome: 'LINKED', hits: 1, record_ids: [record.id] });
  });

  it('[ENR-35] the person joins also by a record that was there before, unchanged and nobody’s', async () => {
    const pipeline = await makePipeline(gateway.tenant, { createsUsers: false });
    const { petition, place, key, source } = await selecting({}, { pipelineId: pipeline.id });
    await syncBefore(source, key);
    await changePipeline(gateway.tenant, pipeline.id, { createsUsers: true });
    expect((await select(administrator, { ...place, key })).userErrors).toEqual([]);
    const record = (await recordOf(key))!;
    expect(record.user_id).not.toBeNull();
    const [stored] = await gateway.rows('select enrollee_user_id from petitions where tenant_id = $1 and id = $2', [
      uuid(petition.id),
    ]);
    expect(stored).toEqual({ enrollee_user_id: record.user_id });
  });

  it('[ENR-48] the match server of its pipeline says who they are; without its answer, nothing is chosen', async () => {
    const { pipeline, user, known } = await matchedPerson();
    const { petition, place, key } = await selecting({}, { pipelineId: pipeline.id });
    matchServer.answers = [{ status: 400 }];
    expect((await select(administrator, { ...place, key })).userErrors).toMatchObject([{ code: 'SOURCE_UNAVAILABLE' }]);
    expect(await recordOf(key)).toBeUndefined();
    matchServer.answers = [known];
    expect((await select(administrator, { ...place, key })).userErrors).toEqual([]);
    expect(await recordOf(key)).toMatchObject({ user_id: user.id });
    const [stored] = await gateway.rows('select enrollee_user_id from petitions where tenant_id = $1 and id = $2', [
      uuid(petition.id),
    ]);
    expect(stored).toEqual({ enrollee_user_id: user.id });
  });

  it('[ENR-35] is linked to whom the petition enrolls already', async () => {
    const { petition, place, key } = await selecting({ match: MatchPolicy.SELECT });
    const person = await makeUser(gateway.tenant);
    await command(gateway, administrator, 'petitionSelectEnrollee', {
      id: petition.id,
      enrolleeId: `usr_${person.id}`,
    });
    await select(administrator, { ...place, key });
    expect(await recordOf(key)).toMatchObject({ user_id: person.id });
  });

  it('[ENR-35] a record that is linked is refused, also where it is linked to whom the petition enrolls', async () => {
    const { petition, place, key, source } = await selecting({ match: MatchPolicy.SELECT });
    const person = await makeUser(gateway.tenant);
    await command(gateway, administrator, 'petitionSelectEnrollee', {
      id: petition.id,
      enrolleeId: `usr_${person.id}`,
    });
    await gateway.rows(
      `insert into source_records (id, tenant_id, source_id, key, status, user_id, hash, created_at, synced_at)
       values ($2, $1, $3, $4, 'SYNCED', $5, 'x', now(), now())`,
      [v7(), source.id, key, person.id],
    );
    expect(codesOf(await select(administrator, { ...place, key }))).toEqual(['TAKEN']);
    expect(await recordOf(key)).toMatchObject({ user_id: person.id, petition_id: null });
    const checks = 'select id from petition_source_checks where tenant_id = $1 and petition_id = $2';
    expect(await gateway.rows(checks, [uuid(petition.id)])).toEqual([]);
  });

  it('[ENR-35] a record that is linked is shown as such, and refused', async () => {
    const { place, key, source, email } = await selecting();
    const owner = await makeUser(gateway.tenant);
    await gateway.rows(
      `insert into source_records (id, tenant_id, source_id, key, status, user_id, hash, created_at, synced_at)
       values ($2, $1, $3, $4, 'SYNCED', $5, 'x', now(), now())`,
      [v7(), source.id, key, owner.id],
    );
    expect((await candidates(administrator, { ...place, email })).people).toMatchObject([{ key, isLinked: true }]);
    const refused = await select(administrator, { ...place, key });
    expect(refused.userErrors).toMatchObject([{ code: 'TAKEN', field: ['key'] }]);
    expect(refused.petition).toMatchObject({ step: 'SOURCES' });
    const checks = 'select id from petition_source_checks where tenant_id = $1 and petition_id = $2';
    expect(await gateway.rows(checks, [uuid(place.id)])).toEqual([]);
    expect(await recordOf(key)).toMatchObject({ user_id: owner.id });
  });

  it('what the source does not have, or another source has, cannot be chosen', async () => {
    const { place, key } = await selecting();
    const other = await makePeopleSource(gateway.tenant, server);
    expect(codesOf(await select(administrator, { ...place, key: 'nobody' }))).toEqual(['NOT_FOUND']);
    server.asked = [];
    await expectUnchanged(gateway, async () => {
      for (const sourceId of [globalId(other.id), globalId(v7())])
        expect(codesOf(await select(administrator, { ...place, sourceId, key }))).toEqual(['NOT_FOUND']);
    });
    expect(server.asked).toEqual([]);
  });

  it('[ENR-34] is not for flows that are not of administrators, nor for whom they are not', async () => {
    const source = await makePeopleSource(gateway.tenant, server);
    const open = await makeFlow(gateway.tenant, {
      settings: {
        authorization: FlowAuthorization.SIGNED_IN,
        match: MatchPolicy.NONE,
        requiresApproval: true,
        sources: [{ sourceId: source.id, mode: SourceMode.SELECT, verifiesFamilyName: false }],
      },
    });
    const { petition } = await start(gateway, administrator, open.globalId);
    expect(petition.step).not.toBe('SOURCES');
    expect(petition.nextActions).not.toContain('SELECT_SOURCE_RECORD');
    const asked = { id: petition.id, sourceId: globalId(source.id) };
    expect((await candidates(administrator, { ...asked, email: nextAddress() })).userErrors).toMatchObject([
      { code: 'NOT_YOUR_TURN' },
    ]);
    expect(codesOf(await select(administrator, { ...asked, key: 'x' }))).toEqual(['NOT_YOUR_TURN']);
    expect(server.asked).toEqual([]);
  });

  it('who is no administrator any more asks no source, although the petition is theirs', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const source = await makePeopleSource(gateway.tenant, server, { isOpenToOrganizations: true });
    const { browser, userId } = await gateway.signedInUser();
    const membership = await makeMembership(gateway.tenant, {
      user: { id: userId },
      organization,
      roles: ['administrator'],
    });
    const flow = await makeFlow(gateway.tenant, {
      organizationId: organization.id,
      settings: {
        authorization: FlowAuthorization.ORGANIZATION_ADMINISTRATOR,
        requiresApproval: true,
        sources: [{ sourceId: source.id, mode: SourceMode.SELECT, verifiesFamilyName: false }],
      },
    });
    const { petition } = await start(gateway, browser, flow.globalId);
    const asked = { id: petition.id, sourceId: globalId(source.id), email: nextAddress() };
    expect((await candidates(browser, asked)).userErrors).toEqual([]);
    expect(server.asked).toHaveLength(1);

    // The tenant closes the source again.
    await gateway.rows(
      'update sources set is_open_to_organizations = false, version = version + 1 where tenant_id = $1 and id = $2',
      [source.id],
    );
    expect((await candidates(browser, asked)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    await gateway.rows(
      'update sources set is_open_to_organizations = true, version = version + 1 where tenant_id = $1 and id = $2',
      [source.id],
    );
    await gateway.rows('delete from membership_roles where tenant_id = $1 and membership_id = $2', [membership.id]);
    expect((await candidates(browser, asked)).userErrors).toMatchObject([{ code: 'NOT_YOUR_TURN' }]);
    expect(codesOf(await select(browser, { id: petition.id, sourceId: asked.sourceId, key: 'x' }))).toEqual([
      'NOT_YOUR_TURN',
    ]);
    expect(server.asked).toHaveLength(1);
  });

  it('[ENR-48] a source that does not answer is said, and noted for administrators', async () => {
    const { place, key, email, petition } = await selecting();
    server.status = 500;
    expect((await candidates(administrator, { ...place, email })).userErrors).toMatchObject([
      { code: 'SOURCE_UNAVAILABLE' },
    ]);
    expect(codesOf(await select(administrator, { ...place, key }))).toEqual(['SOURCE_UNAVAILABLE']);
    const [check] = await gateway.rows(
      'select outcome, attempts from petition_source_checks where tenant_id = $1 and petition_id = $2',
      [uuid(petition.id)],
    );
    expect(check).toEqual({ outcome: 'UNAVAILABLE', attempts: 2 });
  });

  it('says what is wrong with what is looked for', async () => {
    const { place } = await selecting();
    const both = { email: nextAddress(), identifier: { type: 'orcid', value: '1' } };
    expect((await candidates(administrator, place)).userErrors).toMatchObject([{ code: 'REQUIRED' }]);
    expect((await candidates(administrator, { ...place, ...both })).userErrors).toMatchObject([{ code: 'INVALID' }]);
    expect((await candidates(administrator, { ...place, email: 'no address' })).userErrors).toMatchObject([
      { code: 'INVALID' },
    ]);
    expect(server.asked).toEqual([]);
  });
});

describe('claiming a record', () => {
  async function claiming(source: { pipelineId?: string } = {}, settings: Partial<FlowSettings> = {}) {
    const organization = await makeOrganization(gateway.tenant);
    const made = await makePeopleSource(gateway.tenant, server, source);
    const flow = await makeFlow(gateway.tenant, {
      organizationId: organization.id,
      settings: {
        authorization: FlowAuthorization.SIGNED_IN,
        requiresApproval: true,
        sources: [{ sourceId: made.id, mode: SourceMode.CLAIM, verifiesFamilyName: false }],
        ...settings,
      },
    });
    const { browser, userId } = await gateway.signedInUser({ email: nextAddress(), isEmailVerified: false });
    const { petition } = await start(gateway, browser, flow.globalId);
    const [key, email] = [nextKey(), nextAddress()];
    server.people = [{ key, emails: [email.toUpperCase()], givenName: 'Ada', familyName: 'Martin' }];
    return { id: petition.id as string, petition, browser, userId, key, email, source: made };
  }

  const prove = async (browser: Browser, id: string) =>
    command(gateway, browser, 'petitionConfirm', { token: await confirmationOf(gateway, id) });
  const petitionOf = async (id: string) =>
    (await gateway.rows('select * from petitions where tenant_id = $1 and id = $2', [uuid(id)]))[0]!;

  it('[ENR-49] nothing is asked before the address is proven; a match lets the petition go on', async () => {
    const pipeline = await makePipeline(gateway.tenant);
    const { id, browser, key, email } = await claiming({ pipelineId: pipeline.id });
    await askSources(gateway, id);
    await command(gateway, browser, 'petitionGiveEmail', { id, email });
    await askSources(gateway, id);
    expect(server.asked).toEqual([]);
    expect(codesOf(await prove(browser, id))).toEqual([]);
    await askSources(gateway, id);
    expect(server.asked).toEqual([`/people?mail=${encodeURIComponent(email)}`]);
    const record = (await recordOf(key))!;
    expect(record.user_id).not.toBeNull();
    expect(await petitionOf(id)).toMatchObject({ status: 'PENDING_APPROVAL', enrollee_user_id: record.user_id });
  });

  it('[ENR-49] the person joins also by a record that was there before, unchanged and nobody’s', async () => {
    const pipeline = await makePipeline(gateway.tenant, { createsUsers: false });
    const { id, browser, email, key, source } = await claiming({ pipelineId: pipeline.id });
    await syncBefore(source, key);
    await changePipeline(gateway.tenant, pipeline.id, { createsUsers: true });
    await command(gateway, browser, 'petitionGiveEmail', { id, email });
    await prove(browser, id);
    await askSources(gateway, id);
    const record = (await recordOf(key))!;
    expect(record.user_id).not.toBeNull();
    expect(await petitionOf(id)).toMatchObject({ enrollee_user_id: record.user_id });
  });

  it('[ENR-48] the match server of its pipeline says who they are; it is asked again until it does', async () => {
    const { pipeline, user, known } = await matchedPerson();
    const { id, browser, email, key } = await claiming({ pipelineId: pipeline.id });
    await command(gateway, browser, 'petitionGiveEmail', { id, email });
    await prove(browser, id);
    matchServer.answers = [{ status: 202 }];
    await askSources(gateway, id);
    expect(await petitionOf(id)).toMatchObject({ step: 'SOURCES', waits_for: 'SYSTEM', enrollee_user_id: null });
    expect(await recordOf(key)).toBeUndefined();
    matchServer.answers = [known];
    await askSources(gateway, id);
    expect(await petitionOf(id)).toMatchObject({ enrollee_user_id: user.id });
    expect(await recordOf(key)).toMatchObject({ user_id: user.id });
  });

  it('[ENR-49] a miss halts it with a reason, and another address may be given', async () => {
    const { id, browser, email } = await claiming();
    server.people = [];
    await command(gateway, browser, 'petitionGiveEmail', { id, email });
    await prove(browser, id);
    await askSources(gateway, id);
    expect(await petitionOf(id)).toMatchObject({ status: 'CREATED', step: 'SOURCES', waits_for: 'PETITIONER' });
    const history = await gateway.rows(
      'select action from petition_history where tenant_id = $1 and petition_id = $2',
      [uuid(id)],
    );
    expect(history.map(({ action }) => action)).toContain('STEP_FAILED');
    const asked = server.asked.length;
    await askSources(gateway, id);
    expect(server.asked).toHaveLength(asked);
  });

  it('[ENR-48] an outage keeps it waiting, and it goes on by itself', async () => {
    const { id, browser, email, key } = await claiming();
    server.status = 503;
    await command(gateway, browser, 'petitionGiveEmail', { id, email });
    await prove(browser, id);
    await askSources(gateway, id);
    expect(await petitionOf(id)).toMatchObject({ step: 'SOURCES', waits_for: 'SYSTEM' });
    server.status = null;
    gateway.advance(10 * 60_000);
    await askSources(gateway, id);
    expect(await petitionOf(id)).toMatchObject({ status: 'PENDING_APPROVAL' });
    expect(await recordOf(key)).toMatchObject({ user_id: null, petition_id: uuid(id) });
  });

  it('a record that somebody else has makes it a duplicate, and nothing is linked', async () => {
    const { id, browser, email, key, source } = await claiming({}, { duplicateMode: DuplicateMode.FLAG });
    const owner = await makeUser(gateway.tenant);
    await makeMembership(gateway.tenant, { user: owner, organization: await makeOrganization(gateway.tenant) });
    await gateway.rows(
      `insert into source_records (id, tenant_id, source_id, key, status, user_id, hash, created_at, synced_at)
       values ($2, $1, $3, $4, 'SYNCED', $5, 'x', now(), now())`,
      [v7(), source.id, key, owner.id],
    );
    await command(gateway, browser, 'petitionGiveEmail', { id, email });
    await prove(browser, id);
    await askSources(gateway, id);
    expect(await petitionOf(id)).toMatchObject({ status: 'DUPLICATE' });
    expect(await recordOf(key)).toMatchObject({ user_id: owner.id });
  });

  it('several records of one address are one person’s', async () => {
    const pipeline = await makePipeline(gateway.tenant, { match: PipelineMatch.NONE });
    const { id, browser, email, key } = await claiming({ pipelineId: pipeline.id });
    const second = nextKey();
    server.people.push({ key: second, emails: [email], familyName: 'Martin' });
    await command(gateway, browser, 'petitionGiveEmail', { id, email });
    await prove(browser, id);
    await askSources(gateway, id);
    const [one, other] = [await recordOf(key), await recordOf(second)];
    expect(one!.user_id).not.toBeNull();
    expect(other!.user_id).toBe(one!.user_id);
  });
});

describe('what sources said', () => {
  const QUERY = `query ($id: ID!) { petition(id: $id) { sourceChecks { totalCount nodes {
    source { id } sourceName mode outcome hits errorCode message attempts at } } } }`;

  it('is for who decides and administers, and never for the petitioner and the enrollee', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const source = await makePeopleSource(gateway.tenant, server, { name: 'Staff directory' });
    const flow = await makeFlow(gateway.tenant, {
      organizationId: organization.id,
      settings: {
        authorization: FlowAuthorization.SIGNED_IN,
        match: MatchPolicy.SELF,
        requiresApproval: true,
        sources: [{ sourceId: source.id, mode: SourceMode.SEARCH, verifiesFamilyName: false }],
      },
    });
    const email = nextAddress();
    const own = await gateway.signedInUser({
      email,
      emailNormalized: email,
      isEmailVerified: true,
      isTenantAdministrator: true,
    });
    const approver = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: approver.userId }, organization, roles: ['administrator'] });
    const { petition } = await start(gateway, own.browser, flow.globalId);
    await askSources(gateway, petition.id);

    const shown = await gateway.graphql(administrator, QUERY, { id: petition.id });
    expect(shown.data.petition.sourceChecks).toMatchObject({
      totalCount: 1,
      nodes: [
        {
          source: { id: globalId(source.id) },
          sourceName: 'Staff directory',
          mode: 'SEARCH',
          outcome: 'NOT_FOUND',
          hits: 0,
        },
      ],
    });
    const decides = await gateway.graphql(approver.browser, QUERY, { id: petition.id });
    expect(decides.data.petition.sourceChecks.nodes).toMatchObject([{ source: null, sourceName: 'Staff directory' }]);
    const theirs = await gateway.graphql(own.browser, QUERY, { id: petition.id });
    expect(theirs.data.petition.sourceChecks).toBeNull();
    expect(theirs.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(administratorId).not.toBe(own.userId);
  });
});
