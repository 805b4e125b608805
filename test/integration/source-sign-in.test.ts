import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import {
  ConfirmationMode,
  DuplicateMode,
  FlowAuthorization,
  MatchPolicy,
  SourceMode,
} from '../../src/entities/enums.js';
import { PipelineMatch } from '../../src/entities/source-enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Source } from '../../src/enrollment/sources/source.js';
import { removeExpired } from '../../src/database/remove-expired.js';
import { confirmationTokenPlace } from '../../src/enrollment/mails/queue-mails.js';
import { Browser, type Visit } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { attribute, command, makeFlow, PERSON, start } from '../support/petitions.js';
import { expectUnchanged } from '../support/sign-in.js';
import { makeMatchSource, startMatchServer } from '../support/sources/match-server.js';
import {
  CALLBACK,
  makePipeline,
  makeSignInSource,
  reachSource,
  setOut,
  signInAtSource,
  signInThere,
} from '../support/sources/sign-in.js';

const MINUTE = 60_000;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({
    environment: {
      ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'Vestibule <vestibule@example.org>',
    },
  });
});
afterAll(() => gateway.close());
beforeEach(() => void (gateway.provider.intercept = undefined));

const MOTIVE = [attribute({ key: 'motive' })];
const AUTHENTICATE = SourceMode.AUTHENTICATE;
let serial = 0;

/** A flow that everybody may start, which asks these sources and then for a motive, unless told. */
async function flowOf(sources: [Source, SourceMode][], settings: Partial<FlowSettings> = {}): Promise<string> {
  const { globalId } = await makeFlow(gateway.tenant, {
    settings: {
      attributes: MOTIVE,
      requiresApproval: true,
      ...settings,
      sources: sources.map(([{ id }, mode]) => ({ sourceId: id, mode, verifiesFamilyName: false })),
    },
  });
  return globalId;
}

/** Somebody whom the provider knows. */
const person = (claims: Record<string, unknown> = {}) =>
  gateway.addPerson({ id: `there-${++serial}`, claims: { family_name: 'Martin', email_verified: true, ...claims } });

const read = async (petitionId: string) =>
  (
    await gateway.rows<Record<string, any>>('select * from petitions where tenant_id = $1 and id = $2', [
      petitionId.slice(4),
    ])
  )[0]!;
const recordsOf = (sourceId: string) =>
  gateway.rows<{ key: string; user_id: string | null; petition_id: string | null; record: any }>(
    'select * from source_records where tenant_id = $1 and source_id = $2 order by key',
    [sourceId],
  );
const checksOf = (petitionId: string) =>
  gateway.rows<{ outcome: string; mode: string; source_id: string; message: string | null }>(
    'select * from petition_source_checks where tenant_id = $1 and petition_id = $2 order by id',
    [petitionId.slice(4)],
  );

/** What a refused person is shown: a code, what to do, nothing of the trip. */
function expectPage(visit: Visit, code: string, status: number): void {
  const shown = visit.text.match(/class="code">(\w+)/)?.[1];
  expect({ code: shown, status: visit.status }).toEqual({ code, status });
  expect(visit.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(visit.headers.get('cache-control')).toBe('no-store');
  for (const [name, value] of new URL(visit.url).searchParams)
    if (['state', 'code'].includes(name)) expect(visit.text).not.toContain(value);
}

/** Petition, records, events and checks are as they were. */
const expectRefused = async (act: () => Promise<Visit>, code: string, status: number) =>
  expectPage(await expectUnchanged(gateway, act), code, status);

/** A petition that waits for a sign-in at one source, of somebody without an account. */
async function begun(settings: Partial<FlowSettings> = {}, source?: Source) {
  const at = source ?? (await makeSignInSource(gateway));
  const browser = new Browser();
  const flow = await flowOf([[at, AUTHENTICATE]], settings);
  const { petition, token } = await start(gateway, browser, flow);
  return {
    id: petition.id as string,
    token: token!,
    browser,
    source: at,
    flow,
    input: { id: petition.id, sourceId: at.id },
  };
}

describe('a petitioner who signs in at a source', () => {
  it('[ENR-31] has their record linked, and the person of the pipeline joins the petition', async () => {
    const source = await makeSignInSource(gateway, { pipelineId: await makePipeline(gateway) });
    const { id, token, browser, input } = await begun({}, source);
    const anna = person({ given_name: 'Anna', family_name: 'Durand' });
    const back = await signInAtSource(gateway, browser, anna, { ...input, returnTo: '/petitions?at=here' }, token);
    expect([back.status, back.location]).toEqual([302, `${gateway.url}/petitions?at=here`]);
    const [record] = await recordsOf(source.id);
    expect(record).toMatchObject({ key: anna.sub, petition_id: id.slice(4) });
    const petition = await read(id);
    expect(petition).toMatchObject({ status: 'CREATED', step: 'ATTRIBUTES', enrollee_user_id: record!.user_id });
    expect(petition).toMatchObject({ email: anna.claims.email, is_email_verified: true });
    const [user] = await gateway.rows('select * from users where tenant_id = $1 and id = $2', [record!.user_id]);
    expect(user).toMatchObject({ given_name: 'Anna', family_name: 'Durand', email: anna.claims.email });
    expect(await checksOf(id)).toMatchObject([{ outcome: 'LINKED', mode: 'AUTHENTICATE', source_id: source.id }]);
    expect(petition.progress).toMatchObject({ isAuthenticated: true, sources: { [source.id]: 'LINKED' } });
  });

  it('[ENR-31] has somebody whom the pipeline finds join, by an address for which the provider vouches', async () => {
    const source = await makeSignInSource(gateway, { pipelineId: await makePipeline(gateway) });
    const email = `known-${++serial}@example.org`;
    const user = await makeUser(gateway.tenant, { email, emailNormalized: email, isEmailVerified: true });
    for (const [verified, expected] of [
      [true, user.id],
      [false, null],
    ] as const) {
      const { id, token, browser, input } = await begun({}, source);
      await signInAtSource(gateway, browser, person({ email, email_verified: verified }), input, token);
      const petition = await read(id);
      if (expected) expect(petition.enrollee_user_id).toBe(expected);
      else expect(petition.enrollee_user_id).not.toBe(user.id);
    }
  });

  it('[ENR-48] has the match server of the pipeline say who they are: without its answer nobody joins, nor is made', async () => {
    const matchServer = await startMatchServer();
    try {
      const { id: matchSourceId } = await makeMatchSource(gateway, matchServer);
      const settings = { match: PipelineMatch.EXTERNAL, matchSourceId };
      const source = await makeSignInSource(gateway, { pipelineId: await makePipeline(gateway, settings) });
      const user = await makeUser(gateway.tenant);
      const referenceId = `reference-${++serial}`;
      await gateway.rows(
        `insert into user_identifiers (id, tenant_id, user_id, type, value, created_at)
         values ($2, $1, $3, 'reference', $4, now())`,
        [v7(), user.id, referenceId],
      );
      const { id, token, browser, input } = await begun({}, source);
      const anna = person();
      matchServer.answers = [{ status: 400 }];
      expectPage(await signInAtSource(gateway, browser, anna, input, token), 'SOURCE_UNAVAILABLE', 502);
      expect(await recordsOf(source.id)).toEqual([]);
      expect(await read(id)).toMatchObject({ step: 'SOURCES', enrollee_user_id: null });
      expect(await checksOf(id)).toMatchObject([{ outcome: 'UNAVAILABLE' }]);

      matchServer.answers = [{ status: 200, body: { referenceId } }];
      await signInAtSource(gateway, browser, anna, input, token);
      expect(await recordsOf(source.id)).toMatchObject([{ user_id: user.id }]);
      expect(await read(id)).toMatchObject({ enrollee_user_id: user.id });
    } finally {
      await matchServer.close();
    }
  });

  it('goes on without a pipeline: the record is the petition’s until there is a person', async () => {
    const { id, token, browser, input, source } = await begun();
    const anna = person({ email_verified: false });
    await signInAtSource(gateway, browser, anna, input, token);
    expect(await recordsOf(source.id)).toMatchObject([{ key: anna.sub, user_id: null, petition_id: id.slice(4) }]);
    expect(await read(id)).toMatchObject({
      step: 'ATTRIBUTES',
      enrollee_user_id: null,
      email: anna.claims.email,
      is_email_verified: false,
    });
  });

  it('[ENR-32] whose record is somebody’s already is a duplicate, except where the flow gives another role', async () => {
    const source = await makeSignInSource(gateway, { pipelineId: await makePipeline(gateway) });
    const organization = await makeOrganization(gateway.tenant);
    const anna = person();
    const first = await begun({}, source);
    await signInAtSource(gateway, first.browser, anna, first.input, first.token);
    const [{ user_id: userId } = { user_id: null }] = await recordsOf(source.id);
    await makeMembership(gateway.tenant, { user: { id: userId! }, organization });

    const second = await begun({}, source);
    await signInAtSource(gateway, second.browser, anna, second.input, second.token);
    expect(await read(second.id)).toMatchObject({ status: 'DUPLICATE', enrollee_user_id: null });
    expect(await recordsOf(source.id)).toMatchObject([{ user_id: userId, petition_id: first.id.slice(4) }]);

    const third = await begun({ duplicateMode: DuplicateMode.NEW_ROLE }, source);
    await signInAtSource(gateway, third.browser, anna, third.input, third.token);
    expect(await read(third.id)).toMatchObject({ status: 'CREATED', enrollee_user_id: userId });
  });

  it('signs in at each source once, in their order', async () => {
    const sources = [await makeSignInSource(gateway), await makeSignInSource(gateway), await makeSignInSource(gateway)];
    const flow = await flowOf(sources.map((source) => [source, AUTHENTICATE]));
    const browser = new Browser();
    const { petition, token } = await start(gateway, browser, flow);
    const { id } = petition as { id: string };
    const next = async () => {
      const { data } = await gateway.graphql(
        browser,
        'query ($id: ID!) { petition(id: $id) { nextActions signInSource { sourceId name } } }',
        { id },
        { 'vestibule-petition-token': token! },
      );
      return data.petition.signInSource;
    };
    for (const [index, source] of sources.entries()) {
      expect(await next()).toEqual({ sourceId: `src_${source.id}`, name: source.name });
      for (const other of sources.filter((one) => one !== source)) {
        const { codes } = await setOut(gateway, browser, { id, sourceId: other.id }, token);
        expect(codes).toEqual(['WRONG_STATUS']);
      }
      await signInAtSource(gateway, browser, person(), { id, sourceId: source.id }, token);
      expect((await checksOf(id)).map(({ source_id: at }) => at)).toEqual(
        sources.slice(0, index + 1).map((one) => one.id),
      );
    }
    expect(await next()).toBeNull();
    expect(await read(id)).toMatchObject({ step: 'ATTRIBUTES' });
  });

  it('is the one who started it, where that is known: no other account, and no administrator', async () => {
    const source = await makeSignInSource(gateway);
    const flow = await flowOf([[source, AUTHENTICATE]], {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
    });
    const petitioner = await gateway.signedInUser();
    const { petition } = await start(gateway, petitioner.browser, flow);
    const input = { id: petition.id as string, sourceId: source.id };
    const other = await gateway.signedInUser();
    const administrator = await gateway.signedInUser({ isTenantAdministrator: true });
    expect((await setOut(gateway, other.browser, input)).codes).toEqual(['NOT_FOUND']);
    expect((await setOut(gateway, administrator.browser, input)).codes).toEqual(['NOT_YOUR_TURN']);
    expect((await setOut(gateway, null, input)).codes).toEqual(['UNAUTHENTICATED']);

    const anna = person();
    const callback = await reachSource(gateway, petitioner.browser, anna, input);
    await petitioner.browser.get(callback, { follow: false });
    expect(await recordsOf(source.id)).toMatchObject([{ key: anna.sub, user_id: petitioner.userId }]);
    const events = await gateway.rows<{ actor_user_id: string | null }>(
      `select actor_user_id from events where tenant_id = $1 and object_id = $2 and type = 'petition.advanced'`,
      [input.id.slice(4)],
    );
    expect(new Set(events.map(({ actor_user_id: actor }) => actor))).toEqual(new Set([petitioner.userId]));
  });

  it('cannot set out with the token of another petition, or to a source that the petition does not ask', async () => {
    const own = await begun();
    const others = await begun();
    expect((await setOut(gateway, own.browser, own.input, others.token)).codes).toEqual(['NOT_FOUND']);
    const strange = { id: own.id, sourceId: others.source.id };
    expect((await setOut(gateway, own.browser, strange, own.token)).codes).toEqual(['NOT_FOUND']);
  });

  it('goes back to this site, or to where the flow admits, and nowhere else', async () => {
    const { token, browser, input } = await begun({ returnUrlPatterns: ['https://join\\.example\\.org/.*'] });
    for (const returnTo of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      'https://join.example.org.evil/x',
    ])
      expect((await setOut(gateway, browser, { ...input, returnTo }, token)).codes).toEqual(['INVALID']);
    const there = { ...input, returnTo: 'https://join.example.org/back' };
    expect((await signInAtSource(gateway, browser, person(), there, token)).location).toBe(there.returnTo);
  });
});

describe('an enrollee who identifies themselves', () => {
  it('[ENR-38] does so after confirming, not before, and never without confirmation', async () => {
    const source = await makeSignInSource(gateway);
    const settings = { confirmation: ConfirmationMode.REVIEW, attributes: PERSON };
    const flow = await flowOf([[source, SourceMode.IDENTIFY]], settings);
    const browser = new Browser();
    const { petition, token } = await start(gateway, browser, flow);
    const input = { id: petition.id as string, sourceId: source.id };
    expect((await setOut(gateway, browser, input, token)).codes).toEqual(['WRONG_STATUS']);
    const attributes = { email: `enrollee-${++serial}@example.org`, givenName: 'Ada', familyName: 'Martin' };
    await command(gateway, browser, 'petitionSubmitAttributes', { id: input.id, attributes }, token);
    expect((await setOut(gateway, browser, input, token)).codes).toEqual(['WRONG_STATUS']);

    const [mail] = await gateway.rows<{ sealed: string }>(
      `select sealed_token as sealed from petition_mails where tenant_id = $1 and petition_id = $2 and sealed_token is not null`,
      [input.id.slice(4)],
    );
    const link = gateway.services.sealing.open(mail!.sealed, confirmationTokenPlace(input.id.slice(4)));
    const enrollee = new Browser();
    const confirmed = await command(gateway, enrollee, 'petitionConfirm', { token: link });
    expect(confirmed.petition).toMatchObject({ status: 'CONFIRMED', step: 'COLLECT_IDENTIFIER', waitsFor: 'ENROLLEE' });
    expect((await setOut(gateway, browser, input, token)).codes).toEqual(['NOT_YOUR_TURN']);

    const anna = person();
    const back = await signInAtSource(gateway, enrollee, anna, input, confirmed.token);
    expect(back.location).toBe(`${gateway.url}/`);
    expect(await recordsOf(source.id)).toMatchObject([{ key: anna.sub, petition_id: input.id.slice(4) }]);
    // The address that was confirmed stays.
    expect(await read(input.id)).toMatchObject({ status: 'PENDING_APPROVAL', email: attributes.email });
    expect(await checksOf(input.id)).toMatchObject([{ outcome: 'LINKED', mode: 'IDENTIFY' }]);

    const without = await flowOf([[source, SourceMode.IDENTIFY]], { attributes: MOTIVE });
    const started = await start(gateway, browser, without);
    const refused = await setOut(gateway, browser, { id: started.petition.id, sourceId: source.id }, started.token);
    expect(refused.codes).toEqual(['WRONG_STATUS']);
  });
});

describe('the way back', () => {
  it('serves the browser that set out, once, and within ten minutes', async () => {
    const { id, token, browser, input } = await begun();
    const callback = await reachSource(gateway, browser, person(), input, token);
    await expectRefused(() => new Browser().get(callback), 'TRIP_EXPIRED', 400);
    const foreign = await begun();
    await reachSource(gateway, foreign.browser, person(), foreign.input, foreign.token);
    await expectRefused(() => foreign.browser.get(callback), 'TRIP_EXPIRED', 400);
    expect((await browser.get(callback, { follow: false })).status).toBe(302);
    expect(await read(id)).toMatchObject({ step: 'ATTRIBUTES' });
    await expectRefused(() => browser.get(callback), 'TRIP_EXPIRED', 400);
    await expectRefused(() => browser.get(`${gateway.url}${CALLBACK}`), 'TRIP_EXPIRED', 400);

    const late = await begun();
    const tooLate = await reachSource(gateway, late.browser, person(), late.input, late.token);
    gateway.advance(11 * MINUTE);
    await expectRefused(() => late.browser.get(tooLate), 'TRIP_EXPIRED', 400);
    await reachSource(gateway, late.browser, person(), late.input, late.token);
    gateway.advance(11 * MINUTE);
    await removeExpired({ database: gateway.database, clock: gateway.services.clock });
    expect(await gateway.rows('select 1 from source_trips where tenant_id = $1')).toEqual([]);
  });

  it('of two trips at once lets one answer: the other comes too late', async () => {
    const { id, token, input, source } = await begun();
    const browsers = [new Browser(), new Browser()];
    const callbacks = await Promise.all(
      browsers.map((browser) => reachSource(gateway, browser, person(), input, token)),
    );
    const visits = await Promise.all(browsers.map((one, index) => one.get(callbacks[index]!, { follow: false })));
    expect(visits.map(({ status }) => status).sort()).toEqual([302, 409]);
    expect(await recordsOf(source.id)).toHaveLength(1);
    expect((await checksOf(id)).map(({ outcome }) => outcome)).toEqual(['LINKED']);
  });

  it('ends where it is not their turn any more', async () => {
    const { id, token, browser, input } = await begun();
    const callback = await reachSource(gateway, browser, person(), input, token);
    await command(gateway, browser, 'petitionCancel', { id }, token);
    await expectRefused(() => browser.get(callback), 'PETITION_FINISHED', 409);

    const ended = await begun();
    const back = await reachSource(gateway, ended.browser, person(), ended.input, ended.token);
    await gateway.rows(
      `update petitions set petitioner_token_hash = null, petitioner_token_expires_at = null where tenant_id = $1 and id = $2`,
      [ended.id.slice(4)],
    );
    await expectRefused(() => ended.browser.get(back), 'TRIP_EXPIRED', 400);
  });

  it('ends with the session in which it began, and for another account', async () => {
    const source = await makeSignInSource(gateway);
    const flow = await flowOf([[source, AUTHENTICATE]], { authorization: FlowAuthorization.SIGNED_IN });
    const { browser } = await gateway.signedInUser();
    const { petition } = await start(gateway, browser, flow);
    const input = { id: petition.id as string, sourceId: source.id };
    const callback = await reachSource(gateway, browser, person(), input);
    await browser.post(`${gateway.url}/auth/logout`, { form: {} }, { follow: false });
    await expectRefused(() => browser.get(callback), 'TRIP_EXPIRED', 400);
  });

  it('ends where the source was suspended, or edited, meanwhile', async () => {
    const { token, browser, input, source } = await begun();
    const change = (text: string) =>
      gateway.rows(`update sources set ${text} where tenant_id = $1 and id = $2`, [source.id]);
    const callback = await reachSource(gateway, browser, person(), input, token);
    await change(`status = 'SUSPENDED', version = version + 1`);
    await expectRefused(() => browser.get(callback), 'SOURCE_SUSPENDED', 409);
    expect((await setOut(gateway, browser, input, token)).codes).toEqual(['WRONG_STATUS']);
    await change(`status = 'ACTIVE', version = version + 1`);
    const again = await reachSource(gateway, browser, person(), input, token);
    await change('version = version + 1');
    await expectRefused(() => browser.get(again), 'TRIP_EXPIRED', 400);
  });

  it('of somebody whom the provider does not sign in changes nothing, and they may try again', async () => {
    const { id, token, browser, input, source } = await begun();
    const { authorizationUrl } = await setOut(gateway, browser, input, token);
    const state = new URL(authorizationUrl!).searchParams.get('state')!;
    const answer = new URLSearchParams({
      error: 'access_denied',
      error_description: '<b>no</b>',
      state,
      iss: gateway.provider.issuer,
    });
    const before = await read(id);
    const visit = await browser.get(`${gateway.url}${CALLBACK}?${answer.toString()}`);
    expectPage(visit, 'NOT_SIGNED_IN', 403);
    expect(visit.text).not.toContain('<b>');
    expect(await read(id)).toEqual(before);
    expect(await recordsOf(source.id)).toEqual([]);
    expect(await checksOf(id)).toMatchObject([
      { outcome: 'NOT_FOUND', message: 'the provider answered access_denied' },
    ]);
    expect((await signInAtSource(gateway, browser, person(), input, token)).status).toBe(302);
    expect(await read(id)).toMatchObject({ step: 'ATTRIBUTES' });
  });

  it('with something else than the answer of the provider is no sign-in, and the source is none the worse for it', async () => {
    const source = await makeSignInSource(gateway);
    for (const change of [
      (url: URL) => url.searchParams.set('code', 'made-up'),
      (url: URL) => url.searchParams.delete('code'),
      (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
      (url: URL) => url.searchParams.append('code', 'twice'),
      (url: URL) => url.searchParams.set('error', 'server_error'),
      (url: URL) => url.searchParams.delete('iss'),
    ]) {
      const { id, token, browser, input } = await begun({}, source);
      const callback = new URL(await reachSource(gateway, browser, person(), input, token));
      change(callback);
      expectPage(await browser.get(callback), 'NOT_SIGNED_IN', 403);
      expect(await read(id)).toMatchObject({ step: 'SOURCES', status: 'CREATED' });
    }
    expect(await recordsOf(source.id)).toEqual([]);
    const { token, browser, input } = await begun({}, source);
    expect((await signInAtSource(gateway, browser, person(), input, token)).status).toBe(302);
  });

  it('of one person’s answer in another person’s trip is no sign-in', async () => {
    const source = await makeSignInSource(gateway);
    const [one, other] = [await begun({}, source), await begun({}, source)];
    const stolen = new URL(await reachSource(gateway, one.browser, person(), one.input, one.token));
    const own = new URL(await reachSource(gateway, other.browser, person(), other.input, other.token));
    own.searchParams.set('code', stolen.searchParams.get('code')!);
    expectPage(await other.browser.get(own), 'NOT_SIGNED_IN', 403);
    expect(await recordsOf(source.id)).toEqual([]);
  });

  it.each(['/token', '/userinfo', '/jwks'])(
    'while %s of the provider is down is no answer, and they may try again',
    async (path) => {
      const { id, token, browser, input, source } = await begun();
      const callback = await reachSource(gateway, browser, person(), input, token);
      gateway.provider.intercept = (request) => Promise.resolve(request.path === path ? 'cut' : undefined);
      expectPage(await browser.get(callback), 'SOURCE_UNAVAILABLE', 502);
      expect(await recordsOf(source.id)).toEqual([]);
      expect(await read(id)).toMatchObject({ status: 'CREATED', step: 'SOURCES', waits_for: 'PETITIONER' });
      expect(await checksOf(id)).toMatchObject([{ outcome: 'UNAVAILABLE' }]);
      gateway.provider.intercept = undefined;
      expect((await signInAtSource(gateway, browser, person(), input, token)).status).toBe(302);
      expect(await read(id)).toMatchObject({ step: 'ATTRIBUTES' });
    },
  );

  it('does not begin while the provider is down', async () => {
    const { id, token, browser, input } = await begun();
    gateway.provider.intercept = () => Promise.resolve('cut');
    const { codes, authorizationUrl } = await setOut(gateway, browser, input, token);
    expect([codes, authorizationUrl]).toEqual([['SOURCE_UNAVAILABLE'], null]);
    expect(await checksOf(id)).toMatchObject([{ outcome: 'UNAVAILABLE' }]);
    expect(
      await gateway.rows('select 1 from source_trips where tenant_id = $1 and petition_id = $2', [id.slice(4)]),
    ).toEqual([]);
    gateway.provider.intercept = undefined;
    expect((await signInAtSource(gateway, browser, person(), input, token)).status).toBe(302);
  });

  it('of somebody whose claims are no person is no sign-in', async () => {
    const source = await makeSignInSource(gateway, { settings: { mapping: { key: 'uid' } } });
    const { id, token, browser, input } = await begun({}, source);
    expectPage(await signInAtSource(gateway, browser, person(), input, token), 'NOT_SIGNED_IN', 403);
    expect((await checksOf(id))[0]!.message).toContain('no key');
  });

  it('with a record that several people could have leaves it to an administrator', async () => {
    const pipelineId = await makePipeline(gateway, { copiesEmail: false });
    const source = await makeSignInSource(gateway, {
      pipelineId,
      settings: {
        trustsEmails: true,
        mapping: { emails: '[email, phone_number]' },
        scopes: ['openid', 'profile', 'email', 'phone'],
      },
    });
    const emails = [`one-${++serial}@example.org`, `two-${++serial}@example.org`];
    for (const email of emails)
      await makeUser(gateway.tenant, { email, emailNormalized: email, isEmailVerified: true });
    const { id, token, browser, input } = await begun({}, source);
    const anna = person({ email: emails[0], phone_number: emails[1] });
    expectPage(await signInAtSource(gateway, browser, anna, input, token), 'MANUAL_ACTION_NEEDED', 409);
    expect(await recordsOf(source.id)).toEqual([]);
    expect(await read(id)).toMatchObject({ step: 'SOURCES', enrollee_user_id: null });
    expect(await checksOf(id)).toMatchObject([{ outcome: 'NOT_FOUND' }]);
  });
});

describe('secrets', () => {
  it('are in no log line, and in the database as hashes alone', async () => {
    const { token, browser, input } = await begun();
    const { authorizationUrl } = await setOut(gateway, browser, input, token);
    const parameters = new URL(authorizationUrl!).searchParams;
    expect(parameters.get('code_challenge_method')).toBe('S256');
    const stored = JSON.stringify(await gateway.rows('select * from source_trips where tenant_id = $1'));
    const binding = await browser.cookie('__Host-vestibule-login', gateway.url);
    const callback = new URL(await signInThere(gateway, browser, authorizationUrl!, person()));
    await browser.get(callback, { follow: false });
    await browser.get(callback, { follow: false });
    const secrets = [parameters.get('state'), callback.searchParams.get('code'), binding, token];
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{20,}$/);
      expect(stored).not.toContain(secret);
      expect(gateway.logLines.join('\n')).not.toContain(secret);
    }
    expect(stored).not.toContain(parameters.get('nonce'));
  });

  it('cannot be set out for more than sixty times an hour', async () => {
    const { token, browser, input } = await begun();
    for (let count = 0; count < 60; count++) await setOut(gateway, browser, input, token);
    expect((await setOut(gateway, browser, input, token)).codes).toEqual(['RATE_LIMITED']);
  });
});
