import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { removeExpired } from '../../src/database/remove-expired.js';
import { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import {
  addPasskey,
  addTotp,
  appOf,
  codesOf,
  createDevice,
  run,
  showTotp,
  tryTo,
  wrongCode,
} from '../support/factors.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

let gateway: Gateway;
let administrator: Browser;

beforeAll(async () => {
  gateway = await startGateway();
  administrator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());
beforeEach(async () => {
  await gateway.rows(`update tenants set mfa_factors = '{TOTP,PASSKEY,PROVIDER,ASSERTED}' where id = $1`);
});

const FACTORS = `{ viewer { session { mfaAt } user { hasFactor factorKinds factors { nodes {
  id kind name isEnabled lastUsedAt connection { slug } } } } } }`;

async function viewer(browser: Browser) {
  const { data } = await gateway.graphql(browser, FACTORS);
  return { ...data.viewer.user, mfaAt: data.viewer.session.mfaAt, factors: data.viewer.user.factors.nodes };
}

const factorRows = () => gateway.rows('select * from user_factors where tenant_id = $1 order by id');

/** What is refused leaves factors, proofs, rows and events as they were. */
async function expectNothing<Result>(act: () => Promise<Result>): Promise<Result> {
  const proofs = () => gateway.rows('select id, mfa_at, mfa_factor_id from sessions where tenant_id = $1 order by id');
  const before = [await factorRows(), await proofs()];
  const result = await expectUnchanged(gateway, act);
  expect([await factorRows(), await proofs()]).toEqual(before);
  return result;
}

/** Adds a passkey by a response that the test has made; gives the codes of what did not go. */
const confirmPasskey = async (browser: Browser, response: object) =>
  codesOf(await run(gateway, browser, 'factorPasskeyConfirm', { response }));

describe('an authenticator app', () => {
  it('is set up with a secret that is given once and sealed, and is told of', async () => {
    const { browser, userId } = await gateway.signedInUser({ email: 'app@example.org' });
    const { uri, secret } = await run(gateway, browser, 'factorTotpBegin');
    expect(uri).toBe(
      `otpauth://totp/default:app%40example.org?issuer=default&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    );
    expect((await viewer(browser)).factors).toEqual([]);
    const app = appOf(gateway, secret);
    const { result, events } = await eventsOf(gateway, () =>
      run(gateway, browser, 'factorTotpConfirm', {
        code: `${app.codeAt().slice(0, 3)} ${app.codeAt().slice(3)}`,
        name: ' Phone ',
      }),
    );
    const { id } = result.factor;
    expect(result).toEqual({
      factor: { id, kind: 'TOTP', name: 'Phone', isEnabled: true, lastUsedAt: null },
      userErrors: [],
    });
    expect(events.map(({ type, after, user_id: user }) => [type, after, user])).toEqual([
      ['factor.added', { kind: 'TOTP', name: 'Phone', connection: null }, userId],
    ]);
    const stored = JSON.stringify(await gateway.rows('select * from user_factors where tenant_id = $1'));
    const everywhere = JSON.stringify([
      await gateway.rows('select * from events where tenant_id = $1'),
      await gateway.rows('select * from notices where tenant_id = $1'),
      stored,
      gateway.logLines,
    ]);
    expect(everywhere).not.toContain(secret);
    const notices = await gateway.rows('select kind, data from notices where tenant_id = $1 and user_id = $2', [
      userId,
    ]);
    expect(notices).toEqual([{ kind: 'FACTOR_ADDED', data: { kind: 'TOTP', name: 'Phone' } }]);
    expect(await viewer(browser)).toMatchObject({ hasFactor: true, factorKinds: ['TOTP'], mfaAt: null });
  });

  it('needs a code of its secret, begun in this session, within five minutes', async () => {
    const { browser, person } = await gateway.signedInUser();
    const { browser: elsewhere } = await gateway.signIn(person);
    const { secret } = await run(gateway, browser, 'factorTotpBegin');
    const app = appOf(gateway, secret);
    const confirm = (by: Browser, code: string) => run(gateway, by, 'factorTotpConfirm', { code });
    for (const code of [wrongCode(app), '12345', '1234567', 'abcdef', '', '１２３４５６']) {
      expect(codesOf(await expectNothing(() => confirm(browser, code)))).toEqual(['WRONG_CODE']);
    }
    expect(codesOf(await expectNothing(() => confirm(elsewhere, app.codeAt())))).toEqual(['NOT_FOUND']);
    gateway.advance(5 * 60_000 + 1);
    expect(codesOf(await expectNothing(() => confirm(browser, app.codeAt())))).toEqual(['NOT_FOUND']);
    await removeExpired(gateway.services);
    expect(await gateway.rows('select id from factor_challenges where tenant_id = $1')).toEqual([]);
  });

  it('begun anew forgets the secret before', async () => {
    const { browser } = await gateway.signedInUser();
    const first = appOf(gateway, (await run(gateway, browser, 'factorTotpBegin')).secret);
    const second = appOf(gateway, (await run(gateway, browser, 'factorTotpBegin')).secret);
    const confirm = (code: string) => run(gateway, browser, 'factorTotpConfirm', { code });
    expect(codesOf(await confirm(first.codeAt()))).toEqual(['WRONG_CODE']);
    expect(codesOf(await confirm(second.codeAt()))).toEqual([]);
    expect(codesOf(await confirm(second.codeAt(1)))).toEqual(['FACTOR_PROOF_REQUIRED']);
  });

  it('is shown by a code of the present step or one beside it, each once', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    const prove = (code: string) => run(gateway, browser, 'factorProve', { code });
    // The code that it was set up with is used up, and so is every one before it.
    for (const steps of [0, -1, 2, -2]) {
      expect(codesOf(await prove(app.codeAt(steps)))).toEqual(['WRONG_CODE']);
    }
    const next = app.codeAt(1);
    const { result, events } = await eventsOf(gateway, () => prove(next));
    expect(result.userErrors).toEqual([]);
    expect(result.factor).toMatchObject({ id: app.id, lastUsedAt: expect.any(String) });
    expect(result.session.mfaAt).toEqual(expect.any(String));
    expect(events.map(({ type, after, user_id: user }) => [type, after, user])).toEqual([
      ['factor.proved', { kind: 'TOTP', sessionId: result.session.id }, userId],
    ]);
    expect(codesOf(await prove(next))).toEqual(['WRONG_CODE']);
  });

  it('the same code given ten times at once is taken once', async () => {
    const { browser } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    const code = app.codeAt(1);
    const answers = await Promise.all(Array.from({ length: 4 }, () => run(gateway, browser, 'factorProve', { code })));
    expect(answers.map(codesOf).sort()).toEqual([[], ['WRONG_CODE'], ['WRONG_CODE'], ['WRONG_CODE']]);
  });

  it('takes none for a while after wrong codes, for longer each time, and tells of it', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    const prove = (code: string) => run(gateway, browser, 'factorProve', { code });
    const wrong = () => prove(wrongCode(app));
    for (let attempt = 1; attempt <= 4; attempt++) expect(codesOf(await wrong())).toEqual(['WRONG_CODE']);
    const { events } = await eventsOf(gateway, wrong);
    expect(events.map(({ type, user_id: user }) => [type, user])).toEqual([['factor.blocked', userId]]);
    expect(events[0]!.after).toEqual({ failedAttempts: 5, until: expect.any(String) });
    // A right code is not taken either, and nothing is counted or told meanwhile.
    const blocked = await expectNothing(() => prove(app.codeAt(1)));
    expect(blocked.userErrors).toEqual([
      {
        code: 'RATE_LIMITED',
        message: `Too many wrong codes: try again after ${events[0]!.after!.until}.`,
        field: ['code'],
      },
    ]);
    gateway.advance(30_000);
    expect(codesOf(await wrong())).toEqual(['WRONG_CODE']);
    gateway.advance(30_000);
    expect(codesOf(await prove(app.codeAt()))).toEqual(['RATE_LIMITED']);
    gateway.advance(30_000);
    expect(codesOf(await prove(app.codeAt()))).toEqual([]);
    // What came before is forgotten.
    expect(codesOf(await wrong())).toEqual(['WRONG_CODE']);
    expect(codesOf(await prove(app.codeAt(1)))).toEqual([]);
  });

  it('wrong codes given at once are all counted', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    await Promise.all(Array.from({ length: 12 }, () => run(gateway, browser, 'factorProve', { code: wrongCode(app) })));
    const [row] = await gateway.rows(
      'select failed_attempts as failed from user_factors where tenant_id = $1 and user_id = $2',
      [userId],
    );
    expect(row).toEqual({ failed: 5 });
    expect(codesOf(await run(gateway, browser, 'factorProve', { code: app.codeAt(1) }))).toEqual(['RATE_LIMITED']);
  });

  it('one of several is found by its code, and the codes of other people are nothing', async () => {
    const { browser } = await gateway.signedInUser();
    const first = await addTotp(gateway, browser, 'first');
    await showTotp(gateway, browser, first);
    const second = await addTotp(gateway, browser, 'second');
    const { browser: other } = await gateway.signedInUser();
    await addTotp(gateway, other);
    const answer = await run(gateway, browser, 'factorProve', { code: second.codeAt(1) });
    expect(answer.factor.id).toBe(second.id);
    expect(codesOf(await run(gateway, other, 'factorProve', { code: second.codeAt(1) }))).toEqual(['WRONG_CODE']);
    const { browser: none } = await gateway.signedInUser();
    expect(codesOf(await run(gateway, none, 'factorProve', { code: '123456' }))).toEqual(['NOT_FOUND']);
  });
});

describe('a passkey', () => {
  it('is added and shown by a real authenticator, bound to the host of the tenant', async () => {
    const { browser, userId } = await gateway.signedInUser({ email: 'key@example.org', givenName: 'Ada' });
    const device = createDevice();
    const { options } = await run(gateway, browser, 'factorPasskeyBegin');
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'default' },
      user: { name: 'key@example.org', id: Buffer.from(userId).toString('base64url') },
      authenticatorSelection: { userVerification: 'required' },
      attestation: 'none',
    });
    const response = device.createJSON(gateway.url, options);
    const { result, events } = await eventsOf(gateway, () =>
      run(gateway, browser, 'factorPasskeyConfirm', { response, name: 'Laptop' }),
    );
    expect(result).toEqual({ factor: { id: result.factor.id, kind: 'PASSKEY', name: 'Laptop' }, userErrors: [] });
    expect(events.map(({ type, after }) => [type, after])).toEqual([
      ['factor.added', { kind: 'PASSKEY', name: 'Laptop', connection: null }],
    ]);

    const { options: request } = await run(gateway, browser, 'factorProveBegin');
    expect(request).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [{ id: response.id, type: 'public-key' }],
    });
    const shown = await eventsOf(gateway, async () =>
      run(gateway, browser, 'factorProve', { response: device.getJSON(gateway.url, request) }),
    );
    expect(shown.result).toMatchObject({ factor: { kind: 'PASSKEY' }, userErrors: [] });
    expect(shown.result.session.mfaAt).toEqual(expect.any(String));
    expect(shown.events.map(({ type }) => type)).toEqual(['factor.proved']);
    const again = await run(gateway, browser, 'factorPasskeyBegin');
    expect(again.options.excludeCredentials).toMatchObject([{ id: response.id }]);
  });

  it('a response serves once, in the session that asked, within five minutes, of this origin', async () => {
    const { browser, person } = await gateway.signedInUser();
    const { browser: elsewhere } = await gateway.signIn(person);
    const device = createDevice();
    const begin = async () => (await run(gateway, browser, 'factorPasskeyBegin')).options;
    const made = device.createJSON(gateway.url, await begin());
    expect(await expectNothing(() => confirmPasskey(elsewhere, made))).toEqual(['INVALID']);
    expect(await confirmPasskey(browser, made)).toEqual([]);
    // One who has a factor must show it before the next is added.
    const { options: request } = await run(gateway, browser, 'factorProveBegin');
    const shown = device.getJSON(gateway.url, request);
    const prove = async (by: Browser, response: object) => codesOf(await run(gateway, by, 'factorProve', { response }));
    expect(await expectNothing(() => prove(elsewhere, shown))).toEqual(['INVALID']);
    expect(await Promise.all([prove(browser, shown), prove(browser, shown)])).toEqual(
      expect.arrayContaining([[], ['INVALID']]),
    );
    // The cookie is replaced at the next request.
    await viewer(browser);
    expect(await expectNothing(() => confirmPasskey(browser, made))).toEqual(['INVALID']);

    const foreign = createDevice().createJSON('http://localhost:1', await begin());
    expect(await expectNothing(() => confirmPasskey(browser, foreign))).toEqual(['INVALID']);
    const other = createDevice().createJSON('https://evil.example', {
      ...(await begin()),
      rp: { id: 'evil.example', name: 'x' },
    });
    expect(await expectNothing(() => confirmPasskey(browser, other))).toEqual(['INVALID']);
    const late = createDevice().createJSON(gateway.url, await begin());
    gateway.advance(5 * 60_000 + 1);
    expect(await expectNothing(() => confirmPasskey(browser, late))).toEqual(['INVALID']);
  });

  it('that does not ask for its person is not taken, nor is nonsense', async () => {
    const { browser } = await gateway.signedInUser();
    const careless = createDevice({ asksPerson: false });
    const { options } = await run(gateway, browser, 'factorPasskeyBegin');
    const response = careless.createJSON(gateway.url, {
      ...options,
      authenticatorSelection: { ...options.authenticatorSelection, userVerification: 'discouraged' },
    });
    expect(await expectNothing(() => confirmPasskey(browser, response))).toEqual(['INVALID']);
    const nonsense = [{}, { id: 1 }, { id: 'x', response: { clientDataJSON: 'x' } }, { id: 'x', response: null }];
    for (const one of nonsense) {
      expect(await expectNothing(() => confirmPasskey(browser, one))).toEqual(['INVALID']);
      expect(codesOf(await run(gateway, browser, 'factorProve', { response: one }))).toEqual(['INVALID']);
    }
  });

  it('that was copied is found by its count', async () => {
    const { browser } = await gateway.signedInUser();
    const device = createDevice();
    await addPasskey(gateway, browser, device);
    const { options } = await run(gateway, browser, 'factorProveBegin');
    const prove = (response: object) => run(gateway, browser, 'factorProve', { response });
    expect(codesOf(await prove(device.getJSON(gateway.url, options)))).toEqual([]);
    await gateway.rows('update user_factors set sign_count = 1000 where tenant_id = $1 and credential_id is not null');
    const { options: next } = await run(gateway, browser, 'factorProveBegin');
    expect(codesOf(await expectNothing(() => prove(device.getJSON(gateway.url, next))))).toEqual(['INVALID']);
  });

  it('of a device that does not count is shown again and again', async () => {
    const { browser } = await gateway.signedInUser();
    const device = createDevice({ counts: false });
    await addPasskey(gateway, browser, device);
    await gateway.rows('update user_factors set sign_count = 0 where tenant_id = $1 and credential_id is not null');
    for (const _ of [1, 2]) {
      const { options } = await run(gateway, browser, 'factorProveBegin');
      const answer = await run(gateway, browser, 'factorProve', { response: device.getJSON(gateway.url, options) });
      expect(codesOf(answer)).toEqual([]);
    }
  });

  it("of another person is nobody else's", async () => {
    const { browser } = await gateway.signedInUser();
    const { browser: other } = await gateway.signedInUser();
    const [mine, theirs] = [createDevice(), createDevice()];
    await addPasskey(gateway, browser, mine);
    await addPasskey(gateway, other, theirs);
    const { options } = await run(gateway, browser, 'factorProveBegin');
    const { allowCredentials: _, ...open } = options;
    const response = theirs.getJSON(gateway.url, { ...open, allowCredentials: [] });
    expect(codesOf(await expectNothing(() => run(gateway, browser, 'factorProve', { response })))).toEqual(['INVALID']);
  });
});

describe('changing factors', () => {
  it('needs a sign-in of the last ten minutes', async () => {
    const { browser } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    await showTotp(gateway, browser, app);
    // The cookie is replaced at the next request.
    await viewer(browser);
    gateway.advance(10 * 60_000 + 1);
    const refused = await expectNothing(async () => [
      await run(gateway, browser, 'factorTotpBegin'),
      await run(gateway, browser, 'factorPasskeyBegin'),
      await run(gateway, browser, 'factorRemove', { id: app.id }),
    ]);
    expect(refused.map(codesOf)).toEqual(Array(3).fill(['REAUTHENTICATION_REQUIRED']));
    expect(refused[0]).toMatchObject({ uri: null, secret: null });
    // To show one, and to give it a name, does not.
    await showTotp(gateway, browser, app, 0);
    expect(codesOf(await run(gateway, browser, 'factorRename', { id: app.id, name: 'Old' }))).toEqual([]);
  });

  it('needs a factor that was shown in this session, where there is one', async () => {
    const { browser, userId, person } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    const device = createDevice();
    const again = new Browser();
    await gateway.signIn(person, again);
    for (const by of [browser, again]) {
      const refused = await expectNothing(async () => [
        await run(gateway, by, 'factorTotpBegin'),
        await run(gateway, by, 'factorPasskeyBegin'),
        await run(gateway, by, 'factorRemove', { id: app.id }),
      ]);
      expect(refused.map(codesOf)).toEqual(Array(3).fill(['FACTOR_PROOF_REQUIRED']));
    }
    await showTotp(gateway, again, app);
    const key = await addPasskey(gateway, again, device);
    expect(codesOf(await run(gateway, browser, 'factorRemove', { id: key }))).toEqual(['FACTOR_PROOF_REQUIRED']);
    const { events } = await eventsOf(gateway, () => run(gateway, again, 'factorRemove', { id: app.id }));
    expect(events.map(({ type, before }) => [type, before])).toEqual([
      ['factor.removed', { kind: 'TOTP', name: null }],
    ]);
    // What was shown is gone, and with it the proof; the passkey that is left can be shown.
    expect((await viewer(again)).mfaAt).toBeNull();
    expect(codesOf(await run(gateway, again, 'factorRemove', { id: key }))).toEqual(['FACTOR_PROOF_REQUIRED']);
    const { options } = await run(gateway, again, 'factorProveBegin');
    await run(gateway, again, 'factorProve', { response: device.getJSON(gateway.url, options) });
    expect(await run(gateway, again, 'factorRemove', { id: key })).toEqual({ removedId: key, userErrors: [] });
    const notices = await gateway.rows('select kind from notices where tenant_id = $1 and user_id = $2 order by id', [
      userId,
    ]);
    expect(notices.map(({ kind }) => kind)).toEqual([
      'FACTOR_ADDED',
      'FACTOR_ADDED',
      'FACTOR_REMOVED',
      'FACTOR_REMOVED',
    ]);
  });

  it('is for the person alone: others do not find them, administrators see kinds', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const organization = await makeOrganization(gateway.tenant);
    const { browser: organizer, userId: organizerId } = await gateway.signedInUser();
    const { browser: member, userId: memberId } = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: userId }, organization });
    await makeMembership(gateway.tenant, { user: { id: memberId }, organization });
    await makeMembership(gateway.tenant, { user: { id: organizerId }, organization, roles: ['administrator'] });
    const app = await addTotp(gateway, browser, 'Secret name');
    const ask = (by: Browser) =>
      gateway.graphql(by, `{ user(id: "usr_${userId}") { hasFactor factorKinds factors { nodes { id name } } } }`);
    const seen = await ask(organizer);
    expect(seen.data.user).toEqual({ hasFactor: true, factorKinds: ['TOTP'], factors: null });
    const unseen = await ask(member);
    expect(unseen.data.user).toEqual({ hasFactor: null, factorKinds: null, factors: null });
    for (const by of [organizer, member]) {
      expect((await gateway.graphql(by, `{ node(id: "${app.id}") { id } }`)).data.node).toBeNull();
      const refused = await expectNothing(() => tryTo(gateway, by, 'factorRemove', { id: app.id }));
      expect(refused.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    }
    const unknown = await tryTo(gateway, member, 'factorRename', { id: `fac_${v7()}`, name: 'x' });
    expect(unknown.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    // An administrator of the tenant sees them, and changes them by userFactorsReset alone.
    const refused = await expectNothing(() => run(gateway, administrator, 'factorRemove', { id: app.id }));
    expect(codesOf(refused)).toEqual(['NOT_FOUND']);
    expect(codesOf(await run(gateway, administrator, 'factorRename', { id: app.id, name: 'x' }))).toEqual([
      'NOT_FOUND',
    ]);
    const anonymous = await tryTo(gateway, null, 'factorTotpBegin');
    expect(anonymous.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('names are at most 128 characters, and null clears', async () => {
    const { browser } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser, 'Phone');
    const rename = (name: string | null) => run(gateway, browser, 'factorRename', { id: app.id, name });
    expect(codesOf(await expectNothing(() => rename('n'.repeat(129))))).toEqual(['TOO_LONG']);
    expect(codesOf(await expectNothing(() => rename('a\nb')))).toEqual(['INVALID']);
    const { events } = await eventsOf(gateway, () => rename(null));
    expect(events.map(({ type, before, after }) => [type, before, after])).toEqual([
      ['factor.renamed', { name: 'Phone' }, { name: null }],
    ]);
    expect((await expectNothing(() => rename(null))).factor.name).toBeNull();
  });

  it('ten apps and passkeys are enough for anybody', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    await showTotp(gateway, browser, app);
    for (let made = 1; made < 10; made++) {
      await gateway.rows(
        `insert into user_factors (id, tenant_id, user_id, kind, sealed_secret, created_at, confirmed_at)
         select $3, $1, $2, 'TOTP', 'x', now(), now()`,
        [userId, v7()],
      );
    }
    expect(codesOf(await run(gateway, browser, 'factorTotpBegin'))).toEqual(['INVALID']);
    expect(codesOf(await run(gateway, browser, 'factorPasskeyBegin'))).toEqual(['INVALID']);
  });
});

describe('administrators', () => {
  it('vouch for a factor, once, and take that back', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const input = { userId: `usr_${userId}` };
    const first = await eventsOf(gateway, () => run(gateway, administrator, 'userFactorAssert', input));
    expect(first.result).toEqual({
      user: { id: input.userId, hasFactor: true, factorKinds: ['ASSERTED'] },
      userErrors: [],
    });
    expect(first.events.map(({ type, after }) => [type, after])).toEqual([
      ['factor.added', { kind: 'ASSERTED', name: null, connection: null }],
    ]);
    await expectNothing(() => run(gateway, administrator, 'userFactorAssert', input));
    // It cannot be shown, so nobody has to.
    await addTotp(gateway, browser);
    const gone = await eventsOf(gateway, () => run(gateway, administrator, 'userFactorRetract', input));
    expect(gone.events.map(({ type }) => type)).toEqual(['factor.removed']);
    expect(gone.result.user.factorKinds).toEqual(['TOTP']);
    await expectNothing(() => run(gateway, administrator, 'userFactorRetract', input));
  });

  it('reset the factors of somebody who has lost them; the sessions go on unproven', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const input = { userId: `usr_${userId}` };
    const app = await addTotp(gateway, browser);
    await showTotp(gateway, browser, app);
    await addPasskey(gateway, browser, createDevice());
    await run(gateway, browser, 'factorTotpBegin');
    const { result, events } = await eventsOf(gateway, () => run(gateway, administrator, 'userFactorsReset', input));
    expect(result.user).toEqual({ id: input.userId, hasFactor: false, factorKinds: [] });
    expect(events.map(({ type, before, user_id: user }) => [type, before, user])).toEqual([
      ['user.factors_reset', { kinds: ['PASSKEY', 'TOTP'] }, userId],
    ]);
    expect(await viewer(browser)).toMatchObject({ hasFactor: false, mfaAt: null, factors: [] });
    const left = await gateway.rows('select id from factor_challenges where tenant_id = $1 and user_id = $2', [userId]);
    expect(left).toEqual([]);
    expect(codesOf(await run(gateway, browser, 'factorProve', { code: app.codeAt(1) }))).toEqual(['NOT_FOUND']);
    await expectNothing(() => run(gateway, administrator, 'userFactorsReset', input));
    const { browser: member } = await gateway.signedInUser();
    const refused = await expectNothing(() => tryTo(gateway, member, 'userFactorsReset', input));
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('say which kinds count: others are neither added nor shown, and are not there', async () => {
    const { browser } = await gateway.signedInUser();
    const app = await addTotp(gateway, browser);
    await showTotp(gateway, browser, app);
    const { result, events } = await eventsOf(gateway, () =>
      run(gateway, administrator, 'tenantUpdate', { mfaFactors: ['PROVIDER', 'PASSKEY'] }),
    );
    expect(result).toEqual({ tenant: { mfaFactors: ['PASSKEY', 'PROVIDER'] }, userErrors: [] });
    expect(events.map(({ type, before, after }) => [type, before, after])).toEqual([
      [
        'tenant.updated',
        { mfaFactors: ['TOTP', 'PASSKEY', 'PROVIDER', 'ASSERTED'] },
        { mfaFactors: ['PASSKEY', 'PROVIDER'] },
      ],
    ]);
    expect(await viewer(browser)).toMatchObject({
      hasFactor: false,
      factorKinds: [],
      mfaAt: null,
      factors: [{ id: app.id, isEnabled: false }],
    });
    expect(codesOf(await run(gateway, browser, 'factorTotpBegin'))).toEqual(['FACTOR_NOT_ENABLED']);
    expect(codesOf(await run(gateway, browser, 'factorProve', { code: app.codeAt(2) }))).toEqual([
      'FACTOR_NOT_ENABLED',
    ]);
    const { userId } = await gateway.signedInUser();
    const asserted = await expectNothing(() =>
      run(gateway, administrator, 'userFactorAssert', { userId: `usr_${userId}` }),
    );
    expect(codesOf(asserted)).toEqual(['FACTOR_NOT_ENABLED']);
    await expectNothing(() => run(gateway, administrator, 'tenantUpdate', { mfaFactors: ['PASSKEY', 'PROVIDER'] }));
    expect(codesOf(await run(gateway, administrator, 'tenantUpdate', { mfaFactors: null }))).toEqual(['REQUIRED']);
    // What does not count need not be shown before it goes.
    expect(codesOf(await run(gateway, browser, 'factorRemove', { id: app.id }))).toEqual([]);
  });
});

describe('a second factor of a provider', () => {
  it('is kept as one of the user, once for each connection, at no more statements', async () => {
    const person = gateway.addPerson({ id: 'by-provider', amr: ['pwd', 'otp'] });
    await gateway.configure({ createUsers: true });
    const { browser } = await gateway.signIn(person);
    const first = await viewer(browser);
    expect(first).toMatchObject({
      hasFactor: true,
      factorKinds: ['PROVIDER'],
      mfaAt: expect.any(String),
      factors: [{ kind: 'PROVIDER', connection: { slug: 'proconnect' }, lastUsedAt: expect.any(String) }],
    });
    const [added] = await gateway.rows<{ after: object }>(
      `select "after" from events where tenant_id = $1 and type = 'factor.added' and actor_kind = 'SIGN_IN'`,
    );
    expect(added!.after).toEqual({ kind: 'PROVIDER', name: null, connection: 'proconnect' });
    const { browser: again, callback } = await gateway.reachCallback(person);
    gateway.statements.length = 0;
    await again.get(callback, { follow: false });
    expect(gateway.statements.filter((text) => !/^(begin|commit)$/i.test(text))).toHaveLength(4);
    expect((await viewer(again)).mfaAt).not.toBeNull();
    expect((await viewer(browser)).factors).toHaveLength(1);
    expect((await viewer(browser)).factors[0].id).toBe(first.factors[0].id);
    // Without it there is no proof, and the factor stays.
    person.amr = ['pwd'];
    const { browser: weak } = await gateway.signIn(person);
    expect(await viewer(weak)).toMatchObject({ hasFactor: true, mfaAt: null });
    expect(codesOf(await run(gateway, weak, 'factorTotpBegin'))).toEqual(['FACTOR_PROOF_REQUIRED']);
    expect(codesOf(await run(gateway, browser, 'factorTotpBegin'))).toEqual([]);
  });

  it('is one, too, where the connection names its level', async () => {
    await gateway.configure({ mfaAcr: ['gold'] });
    const person = gateway.addPerson({ id: 'gold', acr: 'gold' });
    gateway.provider.enforceEssentialAcr = false;
    expect(await viewer((await gateway.signIn(person)).browser)).toMatchObject({ factorKinds: ['PROVIDER'] });
    await gateway.configure({ mfaAcr: [] });
    const other = gateway.addPerson({ id: 'gold-again', acr: 'gold' });
    expect(await viewer((await gateway.signIn(other)).browser)).toMatchObject({ factorKinds: [], mfaAt: null });
  });

  it('is not kept where it does not count', async () => {
    await gateway.rows(`update tenants set mfa_factors = '{TOTP}' where id = $1`);
    const person = gateway.addPerson({ id: 'uncounted', amr: ['mfa'] });
    const { browser } = await gateway.signIn(person);
    expect(await viewer(browser)).toMatchObject({ hasFactor: false, mfaAt: null, factors: [] });
  });
});
