import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import {
  AttributeTarget,
  ConfirmationMode,
  FlowAuthorization,
  MatchPolicy,
  SourceMode,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { confirmationOf } from '../support/confirmations.js';
import { codesOf, command, makeFlow, PERSON, start } from '../support/petitions.js';
import { askSources, makePeopleSource, type AskedPeople, startAskedPeople } from '../support/sources/asked-people.js';
import { makePipeline } from '../support/sources/pipelines.js';

let gateway: Gateway;
let server: AskedPeople;
let administrator: Browser;
let serial = 0;
beforeAll(async () => {
  server = await startAskedPeople();
  gateway = await startGateway({
    environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1', SMTP_URL: 'smtp://127.0.0.1:1' },
  });
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(() => void Object.assign(server, { asked: [], people: [], status: null, isFuzzy: false }));

const nextAddress = () => `Researcher-${++serial}@example.org`;
const uuid = (id: string) => id.replace(/^[a-z]+_/, '');

type Person = Awaited<ReturnType<typeof makePerson>>;

/** Somebody who is signed in, with a proven address of their own. */
async function makePerson(overrides: object = {}) {
  const email = nextAddress();
  const facts = {
    email,
    emailNormalized: email.toLowerCase(),
    isEmailVerified: true,
    familyName: 'Martin',
    ...overrides,
  };
  return { email, ...(await gateway.signedInUser(facts)) };
}

interface Attached {
  mode: SourceMode;
  verifiesFamilyName?: boolean;
  sourceId?: string;
}

/** A flow by which people enroll themselves, where these sources are asked, and whose petitions then wait for approval. */
async function flowWith(attached: Attached[], settings: Partial<FlowSettings> = {}) {
  const organization = await makeOrganization(gateway.tenant);
  const sources: FlowSettings['sources'] = [];
  for (const { mode, verifiesFamilyName = false, sourceId } of attached) {
    sources.push({
      mode,
      verifiesFamilyName,
      sourceId: sourceId ?? (await makePeopleSource(gateway.tenant, server)).id,
    });
  }
  return makeFlow(gateway.tenant, {
    organizationId: organization.id,
    settings: {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
      requiresApproval: true,
      ...settings,
      sources,
    },
  }).then((flow) => ({ ...flow, sources, organization }));
}

const SEARCH = { mode: SourceMode.SEARCH };
const REQUIRED = { mode: SourceMode.SEARCH_REQUIRED };

/** A petition of this person that has been through the sources of the flow. */
async function enroll(person: Person, attached: Attached[], settings: Partial<FlowSettings> = {}) {
  const flow = await flowWith(attached, settings);
  const { petition } = await start(gateway, person.browser, flow.globalId);
  await askSources(gateway, petition.id);
  return { flow, ...(await read(petition.id)) };
}

/** A petition as it is stored, its history, the checks of it, and the records that it has or that are its person's. */
async function read(petitionId: string) {
  const id = uuid(petitionId);
  const [petition] = await gateway.rows('select * from petitions where tenant_id = $1 and id = $2', [id]);
  const history = await gateway.rows<{ action: string; comment: string | null }>(
    'select action, comment from petition_history where tenant_id = $1 and petition_id = $2 order by sequence',
    [id],
  );
  const checks = await gateway.rows(
    'select source_id, mode, outcome, hits, error_code, attempts from petition_source_checks where tenant_id = $1 and petition_id = $2 order by id',
    [id],
  );
  return {
    id: petitionId,
    petition: petition!,
    actions: history.map(({ action }) => action),
    checks,
    outcomes: checks.map(({ outcome }) => outcome),
    records: await recordsOf(petition!.enrollee_user_id),
  };
}

const recordsOf = (userId: string | null) =>
  gateway.rows<{ key: string; user_id: string | null; source_id: string }>(
    'select key, user_id, source_id from source_records where tenant_id = $1 and user_id = $2 order by key',
    [userId],
  );
const allRecords = () =>
  gateway.rows<{ key: string; user_id: string | null; petition_id: string | null }>(
    'select key, user_id, petition_id from source_records where tenant_id = $1 order by key',
  );
const jobsOf = (petitionId: string) =>
  gateway.rows<{ state: string; data: { attempt?: number }; wait: number }>(
    `select state, data, extract(epoch from start_after - now())::float8 as wait from pgboss.job
     where $1::text is not null and name = 'source-checks' and singleton_key = $2 and state < 'active'`,
    [uuid(petitionId)],
  );

const nameless = (key: string, ...emails: string[]) => ({ key, emails });
const named = (key: string, familyName: string | string[], ...emails: string[]) => ({
  key,
  emails,
  familyName,
  givenName: 'Ada',
});

describe('searching by verified addresses', () => {
  it('of whom somebody else has chosen, not by the address that was given for them', async () => {
    const [chosen, petitioner] = [await makePerson(), await makePerson()];
    const own = chosen.email;
    // Of no account, so that nobody is recognized by it.
    const foreign = nextAddress();
    server.people = [nameless('theirs', own), nameless('the-petitioner’s', foreign)];
    const flow = await flowWith([SEARCH], {
      authorization: FlowAuthorization.ORGANIZATION_ADMINISTRATOR,
      match: MatchPolicy.SELECT,
      attributes: PERSON,
      confirmation: ConfirmationMode.REVIEW,
    });
    const { id: organizationId } = flow.organization;
    const roles = ['member', 'administrator'];
    const organization = { id: organizationId };
    await makeMembership(gateway.tenant, { user: { id: petitioner.userId }, organization, roles });
    await makeMembership(gateway.tenant, { user: { id: chosen.userId }, organization });
    const { petition } = await start(gateway, petitioner.browser, flow.globalId);
    const act = (name: string, input: object) =>
      command(gateway, petitioner.browser, name, { id: petition.id, ...input });
    expect(codesOf(await act('petitionSelectEnrollee', { enrolleeId: `usr_${chosen.userId}` }))).toEqual([]);
    const attributes = { email: foreign, givenName: 'Ada', familyName: 'Martin' };
    expect(codesOf(await act('petitionSubmitAttributes', { attributes }))).toEqual([]);
    const token = await confirmationOf(gateway, petition.id);
    expect(codesOf(await command(gateway, null, 'petitionConfirm', { token }))).toEqual([]);
    await askSources(gateway, petition.id);
    expect(server.asked.map((path) => new URL(path, 'http://x').searchParams.get('mail'))).toEqual([own.toLowerCase()]);
    expect((await recordsOf(chosen.userId)).map(({ key }) => key)).toEqual(['theirs']);
  });

  it('[ENR-39] a hit is linked to the person, and the petition stays as it is', async () => {
    const person = await makePerson();
    const flow = await flowWith([SEARCH]);
    const started = await start(gateway, person.browser, flow.globalId);
    expect(started.petition).toMatchObject({ step: 'CHECK_ELIGIBILITY', waitsFor: 'SYSTEM', status: 'CREATED' });
    expect(started.userErrors).toEqual([]);
    expect(await jobsOf(started.petition.id)).toMatchObject([{ state: 'created' }]);
    const before = await read(started.petition.id);

    server.people = [named('k1', 'Martin', person.email.toUpperCase())];
    await askSources(gateway, started.petition.id);

    const after = await read(started.petition.id);
    expect(after.petition.status).toBe('PENDING_APPROVAL');
    expect(after.records).toEqual([{ key: 'k1', user_id: person.userId, source_id: flow.sources[0]!.sourceId }]);
    expect(after.checks).toMatchObject([{ outcome: 'LINKED', hits: 1, mode: 'SEARCH', attempts: 1 }]);
    expect(after.actions).toEqual(expect.arrayContaining(['SOURCE_RECORD_LINKED']));
    for (const column of [
      'enrollee_user_id',
      'petitioner_user_id',
      'email_normalized',
      'is_email_verified',
      'attributes',
    ])
      expect(after.petition[column]).toEqual(before.petition[column]);
    expect(server.asked).toEqual([`/people?mail=${encodeURIComponent(person.email.toLowerCase())}`]);
  });

  it('[ENR-39] each of several hits becomes a record', async () => {
    const person = await makePerson();
    server.people = ['a', 'b', 'c'].map((key) => named(`several-${key}`, 'Martin', person.email));
    const { records, checks } = await enroll(person, [REQUIRED]);
    expect(records.map(({ key }) => key)).toEqual(['several-a', 'several-b', 'several-c']);
    expect(checks).toMatchObject([{ outcome: 'LINKED', hits: 3 }]);
  });

  it('[ENR-40] a miss goes on', async () => {
    const { petition, outcomes, records } = await enroll(await makePerson(), [SEARCH]);
    expect(petition.status).toBe('PENDING_APPROVAL');
    expect(outcomes).toEqual(['NOT_FOUND']);
    expect(records).toEqual([]);
  });

  it('[ENR-41] a miss of a required source denies, and no approver is told', async () => {
    const { petition, actions, outcomes } = await enroll(await makePerson(), [SEARCH, REQUIRED]);
    expect(petition).toMatchObject({ status: 'DENIED', step: 'DONE' });
    expect(outcomes).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(actions).toEqual(expect.arrayContaining(['ELIGIBILITY_FAILED', 'DENIED']));
    expect(actions).not.toContain('NOTIFICATION_SENT');
    expect(
      await gateway.rows('select id from petition_mails where tenant_id = $1 and petition_id = $2', [petition.id]),
    ).toEqual([]);
  });

  it('[ENR-43] an address that is not verified is never asked about', async () => {
    const person = await makePerson({ isEmailVerified: false });
    server.people = [named('unverified', 'Martin', person.email)];
    const { petition, records } = await enroll(person, [REQUIRED]);
    expect(server.asked).toEqual([]);
    expect(petition.status).toBe('DENIED');
    expect(records).toEqual([]);
    expect((await enroll(await makePerson({ isEmailVerified: false }), [SEARCH])).petition.status).toBe(
      'PENDING_APPROVAL',
    );
    expect(server.asked).toEqual([]);
  });

  it('[ENR-43] the verified addresses of linked records are asked about as well, for a refresh', async () => {
    const person = await makePerson({ isEmailVerified: false });
    const other = nextAddress().toLowerCase();
    const known = await makePeopleSource(gateway.tenant, server);
    await addRecord(known.id, 'known', { userId: person.userId, verifiedEmails: [other] });
    server.people = [named('by-record', 'Martin', other)];
    const { petition, records } = await enroll(person, [REQUIRED]);
    expect(server.asked).toEqual([`/people?mail=${encodeURIComponent(other)}`]);
    expect(records.map(({ key }) => key)).toEqual(['by-record', 'known']);
    expect(petition.status).toBe('PENDING_APPROVAL');
  });

  it('[ENR-37] a source of the mode NONE is never asked', async () => {
    const person = await makePerson();
    server.people = [named('never', 'Martin', person.email)];
    const { petition, checks } = await enroll(person, [{ mode: SourceMode.NONE }]);
    expect(server.asked).toEqual([]);
    expect(checks).toEqual([]);
    expect(petition.status).toBe('PENDING_APPROVAL');
  });

  it('[ENR-44] a required source that is suspended, or gone, counts as if it were not attached', async () => {
    const person = await makePerson();
    const suspended = await makePeopleSource(gateway.tenant, server, { status: 'SUSPENDED' as never });
    const { petition } = await enroll(person, [
      { ...REQUIRED, sourceId: suspended.id },
      { ...REQUIRED, sourceId: v7() },
    ]);
    expect(server.asked).toEqual([]);
    expect(petition.status).toBe('PENDING_APPROVAL');
  });

  it('[ENR-44] so does one that is suspended while a petition waits for it', async () => {
    const person = await makePerson();
    const flow = await flowWith([REQUIRED]);
    const { petition } = await start(gateway, person.browser, flow.globalId);
    await gateway.rows(
      `update sources set status = 'SUSPENDED', version = version + 1 where tenant_id = $1 and id = $2`,
      [flow.sources[0]!.sourceId],
    );
    await askSources(gateway, petition.id);
    expect(server.asked).toEqual([]);
    const after = await read(petition.id);
    expect(after.petition.status).toBe('PENDING_APPROVAL');
    expect(after.outcomes).toEqual(['SUSPENDED']);
  });

  it('[ENR-47] a record that is linked to the same person counts; one that is another person’s does not', async () => {
    const [person, other] = [await makePerson(), await makePerson()];
    const source = await makePeopleSource(gateway.tenant, server);
    const required = { ...REQUIRED, sourceId: source.id };
    server.people = [named('mine', 'Martin', person.email), named('theirs', 'Martin', other.email)];
    await addRecord(source.id, 'mine', { userId: person.userId });
    const { petition, outcomes } = await enroll(person, [required]);
    expect([petition.status, outcomes]).toEqual(['PENDING_APPROVAL', ['LINKED']]);

    const third = await makeUser(gateway.tenant);
    await addRecord(source.id, 'theirs', { userId: third.id });
    const refused = await enroll(other, [required]);
    expect([refused.petition.status, refused.outcomes]).toEqual(['DENIED', ['NOT_FOUND']]);
    expect(refused.records).toEqual([]);
    expect((await recordsOf(third.id)).map(({ key }) => key)).toEqual(['theirs']);
  });

  it('a record that an administrator has taken from somebody is not linked again by a search', async () => {
    const person = await makePerson();
    const source = await makePeopleSource(gateway.tenant, server);
    server.people = [named('unlinked', 'Martin', person.email)];
    await addRecord(source.id, 'unlinked', { isUnlinked: true });
    const { outcomes, records } = await enroll(person, [{ ...SEARCH, sourceId: source.id }]);
    expect([outcomes, records]).toEqual([['NOT_FOUND'], []]);
  });

  it('a record that does not carry the address that was asked about is no hit', async () => {
    const person = await makePerson();
    server.isFuzzy = true;
    server.people = [named('alike', 'Martin', `${person.email.split('@')[0]}@elsewhere.example`), nameless('none')];
    const { petition, checks, records } = await enroll(person, [REQUIRED]);
    expect([petition.status, checks[0]!.hits, records]).toEqual(['DENIED', 0, []]);
  });
});

describe('family names', () => {
  const compare = async (
    recordNames: string | string[] | undefined,
    familyName: string | null,
    mode = SourceMode.SEARCH,
  ) => {
    const person = await makePerson({ familyName });
    server.people = [
      { key: `name-${++serial}`, emails: [person.email], ...(recordNames ? { familyName: recordNames } : {}) },
    ];
    return enroll(person, [{ mode, verifiesFamilyName: true }]);
  };

  it.each([
    ['LE-FÈVRE', 'le Fevre'],
    ["O'Brien", 'O’BRIEN'],
    ['Œuvrard', 'oeuvrard'],
    ['Groß', 'GROSS'],
    ['Łukasiewicz', 'Lukasiewicz'],
    [['Curie', 'Skłodowska'], 'SKLODOWSKA'],
    ['李', '李'],
  ])('%p is %p', async (theirs, ours) => {
    expect((await compare(theirs, ours)).outcomes).toEqual(['LINKED']);
  });

  it('[ENR-46] another name is not linked, and the history says so', async () => {
    const { petition, outcomes, actions, records, checks } = await compare('Dupont', 'Martin');
    expect([outcomes, records]).toEqual([['NAME_MISMATCH'], []]);
    expect(checks[0]!.hits).toBe(1);
    expect(actions).toContain('IDENTITY_NOT_LINKED');
    expect(petition.status).toBe('PENDING_APPROVAL');
  });

  it('[ENR-46] it does not count for a required source', async () => {
    const { petition, actions } = await compare('Dupont', 'Martin', SourceMode.SEARCH_REQUIRED);
    expect(petition.status).toBe('DENIED');
    expect(actions).toEqual(expect.arrayContaining(['IDENTITY_NOT_LINKED', 'ELIGIBILITY_FAILED']));
  });

  it('a record without any name is not judged by it; a person without one has none that is the same', async () => {
    expect((await compare(undefined, 'Martin')).outcomes).toEqual(['LINKED']);
    expect((await compare('Dupont', null)).outcomes).toEqual(['NAME_MISMATCH']);
  });

  it('is compared for the sources that say so alone', async () => {
    const person = await makePerson({ familyName: 'Martin' });
    server.people = [named(`both-${++serial}`, 'Dupont', person.email)];
    const { outcomes } = await enroll(person, [{ ...SEARCH, verifiesFamilyName: true }, SEARCH]);
    expect(outcomes).toEqual(['NAME_MISMATCH', 'LINKED']);
  });
});

describe('a source that does not answer', () => {
  it('[ENR-48] denies nobody: it is asked again, each time later, until it answers', async () => {
    const person = await makePerson();
    server.status = 503;
    const { id, petition, outcomes, actions } = await enroll(person, [REQUIRED]);
    expect(petition).toMatchObject({ status: 'CREATED', step: 'CHECK_ELIGIBILITY', waits_for: 'SYSTEM' });
    expect(outcomes).toEqual(['UNAVAILABLE']);
    expect(actions.filter((action) => action === 'SOURCE_CHECKED')).toHaveLength(1);
    const [job] = await jobsOf(id);
    expect(job).toMatchObject({ data: { attempt: 1 } });
    expect(job!.wait).toBeGreaterThan(25);
    expect(job!.wait).toBeLessThanOrEqual(60);

    await askSources(gateway, id);
    const still = await read(id);
    expect(still.checks).toMatchObject([{ outcome: 'UNAVAILABLE', attempts: 2 }]);
    expect(still.checks[0]!.error_code).not.toBeNull();
    expect(still.actions).toEqual(actions);

    server.status = null;
    server.people = [named('back', 'Martin', person.email)];
    gateway.advance(10 * 60_000);
    await askSources(gateway, id);
    const after = await read(id);
    expect([after.petition.status, after.outcomes]).toEqual(['PENDING_APPROVAL', ['UNAVAILABLE', 'LINKED']]);
  });

  it('[ENR-48] nor does one whose record the database does not take: it is tried again', async () => {
    const person = await makePerson();
    const attributes = [{ from: 'affiliation', target: AttributeTarget.USER_ATTRIBUTE, targetName: 'standing' }];
    const pipeline = await makePipeline(gateway.tenant, { attributes });
    const source = await makePeopleSource(gateway.tenant, server, { pipelineId: pipeline.id });
    server.people = [{ ...named('refused', 'Martin', person.email), affiliation: 'faculty' }];
    await gateway.rows(
      `create function refuse_it() returns trigger language plpgsql as
       $f$ begin if new.attributes ? 'standing' then raise exception 'broken' using errcode = '23514'; end if; return new; end $f$`,
    );
    await gateway.rows('create trigger refuse_it before update on users for each row execute function refuse_it()');
    const { id, petition, checks, records } = await enroll(person, [{ ...REQUIRED, sourceId: source.id }]).finally(
      async () => {
        await gateway.rows('drop trigger refuse_it on users');
        await gateway.rows('drop function refuse_it');
      },
    );
    expect(petition).toMatchObject({ status: 'CREATED', waits_for: 'SYSTEM' });
    expect(checks).toMatchObject([{ outcome: 'UNAVAILABLE', hits: 1, attempts: 1 }]);
    expect(records).toEqual([]);
    expect(await jobsOf(id)).toMatchObject([{ data: { attempt: 1 } }]);
    await askSources(gateway, id);
    const after = await read(id);
    expect([after.petition.status, after.outcomes]).toEqual(['PENDING_APPROVAL', ['UNAVAILABLE', 'LINKED']]);
    expect(after.records).toMatchObject([{ key: 'refused' }]);
  });

  it('does not hold up the others, and is the only one that is asked again', async () => {
    const person = await makePerson();
    const down = await startAskedPeople();
    down.status = 500;
    const source = await makePeopleSource(gateway.tenant, down);
    const { id, outcomes } = await enroll(person, [{ ...SEARCH, sourceId: source.id }, SEARCH]);
    expect(outcomes).toEqual(['UNAVAILABLE', 'NOT_FOUND']);
    server.asked = [];
    down.status = null;
    gateway.advance(10 * 60_000);
    await askSources(gateway, id);
    expect(server.asked).toEqual([]);
    expect((await read(id)).petition.status).toBe('PENDING_APPROVAL');
    await down.close();
  });

  it('is asked at once where whose turn it is says so, but not without end', async () => {
    const person = await makePerson();
    const down = await startAskedPeople();
    down.status = 500;
    const source = await makePeopleSource(gateway.tenant, down);
    const { id } = await enroll(person, [{ ...REQUIRED, sourceId: source.id }]);
    const stranger = await makePerson();
    const asked = command(gateway, stranger.browser, 'petitionContinue', { id });
    await expect(asked).rejects.toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    expect((await jobsOf(id))[0]!.wait).toBeGreaterThan(1);
    expect((await command(gateway, person.browser, 'petitionContinue', { id })).petition.status).toBe('CREATED');
    expect((await jobsOf(id))[0]!.wait).toBeLessThanOrEqual(0);
    const codes = [];
    for (let count = 0; count < 25; count++)
      codes.push(
        ...(await command(gateway, person.browser, 'petitionContinue', { id })).userErrors.map(({ code }) => code),
      );
    expect(codes).toContain('RATE_LIMITED');
    await down.close();
  });

  it('waits while the flow is suspended, and nothing is asked', async () => {
    const person = await makePerson();
    const flow = await flowWith([SEARCH]);
    const { petition } = await start(gateway, person.browser, flow.globalId);
    const become = (status: string) =>
      gateway.rows('update enrollment_flows set status = $3 where tenant_id = $1 and id = $2', [flow.id, status]);
    await become('SUSPENDED');
    await askSources(gateway, petition.id);
    expect(server.asked).toEqual([]);
    expect((await jobsOf(petition.id)).length).toBe(1);
    await become('ACTIVE');
    await askSources(gateway, petition.id);
    expect((await read(petition.id)).petition.status).toBe('PENDING_APPROVAL');
  });
});

describe('an answer counts while what was asked still stands', () => {
  it('one that comes after the petition was given up changes nothing', async () => {
    const person = await makePerson();
    const flow = await flowWith([SEARCH]);
    const { petition } = await start(gateway, person.browser, flow.globalId);
    server.people = [named('late', 'Martin', person.email)];
    const { waiting, release } = server.hold();
    const asking = askSources(gateway, petition.id);
    await waiting;
    await command(gateway, person.browser, 'petitionCancel', { id: petition.id });
    const before = await read(petition.id);
    release();
    await asking;
    expect(await read(petition.id)).toEqual(before);
    expect(before.records).toEqual([]);
  });

  it('one about an address that is not the person’s any more is asked anew', async () => {
    const person = await makePerson();
    const flow = await flowWith([SEARCH]);
    const { petition } = await start(gateway, person.browser, flow.globalId);
    server.people = [named('moved', 'Martin', person.email)];
    const { waiting, release } = server.hold();
    const asking = askSources(gateway, petition.id);
    await waiting;
    await gateway.rows('update petitions set is_email_verified = false where tenant_id = $1 and id = $2', [
      uuid(petition.id),
    ]);
    await gateway.rows('update users set is_email_verified = false where tenant_id = $1 and id = $2', [person.userId]);
    release();
    await asking;
    const after = await read(petition.id);
    expect(after.records).toEqual([]);
    expect(after.outcomes).toEqual(['NOT_FOUND']);
  });

  it('a process that dies between asking and answering leaves nothing half written', async () => {
    const person = await makePerson();
    const flow = await flowWith([REQUIRED]);
    const { petition } = await start(gateway, person.browser, flow.globalId);
    server.people = [named('dead', 'Martin', person.email)];
    const stop = new AbortController();
    const { waiting, release } = server.hold();
    const asking = askSources(gateway, petition.id, stop.signal).catch((error: unknown) => error);
    await waiting;
    const before = await read(petition.id);
    stop.abort();
    await asking;
    expect(await read(petition.id)).toEqual(before);
    release();
    await askSources(gateway, petition.id);
    expect((await read(petition.id)).outcomes).toEqual(['LINKED']);
  });
});

describe('a newcomer', () => {
  /** A petition for somebody without an account, whose address is proven; it stands behind the sources. */
  async function newcomer(settings: Partial<FlowSettings> = {}) {
    const petitioner = await makePerson();
    const email = nextAddress();
    const flow = await flowWith([SEARCH], {
      match: MatchPolicy.NONE,
      attributes: PERSON,
      confirmation: ConfirmationMode.REVIEW,
      ...settings,
    });
    const { petition } = await start(gateway, petitioner.browser, flow.globalId);
    const attributes = { email, givenName: 'Ada', familyName: 'Martin' };
    await command(gateway, petitioner.browser, 'petitionSubmitAttributes', { id: petition.id, attributes });
    await command(gateway, null, 'petitionConfirm', { token: await confirmationOf(gateway, petition.id) });
    const key = `new-${++serial}`;
    server.people = [named(key, 'Martin', email)];
    await askSources(gateway, petition.id);
    return { ...(await read(petition.id)), petitioner, key, flow };
  }

  it('has records that are nobody’s until the petition is finalized', async () => {
    const { key, petitioner, ...made } = await newcomer({ requiresApproval: true });
    void petitioner;
    expect(made.outcomes).toEqual(['LINKED']);
    const own = async () => (await allRecords()).filter((record) => record.key === key);
    expect(await own()).toEqual([{ key, user_id: null, petition_id: made.petition.id }]);
    const { petition } = await command(gateway, administrator, 'petitionApprove', { id: made.id });
    expect(petition.status).toBe('FINALIZED');
    const [{ enrollee_user_id: userId }] = (await gateway.rows(
      'select enrollee_user_id from petitions where tenant_id = $1 and id = $2',
      [made.petition.id],
    )) as [{ enrollee_user_id: string }];
    expect(await own()).toMatchObject([{ key, user_id: userId }]);
  });

  it.each(['petitionDeny', 'petitionDelete'])('leaves no record behind after %s', async (mutation) => {
    const { key, id } = await newcomer();
    await gateway.graphql(
      administrator,
      `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { userErrors { code } } }`,
      { input: { id } },
    );
    expect((await allRecords()).filter((record) => record.key === key)).toEqual([]);
  });
});

/** A record of a source as a sync has left it. */
async function addRecord(
  sourceId: string,
  key: string,
  {
    userId = null,
    verifiedEmails = [],
    isUnlinked = false,
  }: { userId?: string | null; verifiedEmails?: string[]; isUnlinked?: boolean } = {},
) {
  await gateway.rows(
    `insert into source_records (id, tenant_id, source_id, key, status, user_id, is_unlinked, hash, verified_emails, created_at, synced_at)
     values ($2, $1, $3, $4, 'SYNCED', $5, $6, 'x', $7::text[], now(), now())`,
    [v7(), sourceId, key, userId, isUnlinked, verifiedEmails],
  );
}
