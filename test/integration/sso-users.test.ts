import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EmailTrust } from '../../src/entities/enums.js';
import { makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  addProvider,
  comeIn,
  eventsOf,
  expectRefusedSignIn,
  nextSiret,
  settle,
  uuidOf,
  viewerOf,
} from '../support/sign-in.js';

let gateway: Gateway;
let second: Awaited<ReturnType<typeof addProvider>>;
beforeAll(async () => {
  gateway = await startGateway();
  second = await addProvider(gateway, 'second');
});
beforeEach(() => settle(gateway));
afterAll(async () => {
  await second.provider.close();
  await gateway.close();
});

let serial = 0;
const newEmail = () => `somebody-${++serial}@example.org`;
const userRow = async (id: string) =>
  (await gateway.rows('select * from users where tenant_id = $1 and id = $2', [uuidOf(id)]))[0]!;

/** A user of the second provider who is signed in there, and has this address. */
async function userOfSecond(email: string, isEmailVerified: boolean) {
  const person = second.addPerson({
    id: `second-${++serial}`,
    sub: `second-sub-${serial}`,
    claims: { email, given_name: 'Second', usual_name: 'Person' },
  });
  const { browser } = await second.signIn(person);
  const viewer = await viewerOf(gateway, browser);
  expect(viewer?.user.email).toBe(email);
  await gateway.rows('update users set is_email_verified = $2 where tenant_id = $1 and id = $3', [
    isEmailVerified,
    uuidOf(viewer!.user.id),
  ]);
  return { browser, userId: viewer!.user.id, person };
}

describe('a known identity', () => {
  it('[SSO-07] keeps its user when the address changes to a free, trusted one: the user has the new address', async () => {
    await settle(gateway, { emailTrust: EmailTrust.PROVIDER });
    const person = gateway.addPerson({ id: 'seven' });
    const old = person.claims.email;
    const first = await comeIn(gateway, person);
    person.claims.email = newEmail();
    const { result, events } = await eventsOf(gateway, () => comeIn(gateway, person));
    expect(result.viewer.user).toMatchObject({
      id: first.viewer.user.id,
      email: person.claims.email,
      isEmailVerified: true,
    });
    expect(result.viewer.session.cases).toContain('U6_EMAIL_UPDATED');
    const audit = events.find(({ type }) => type === 'user.updated');
    expect([audit?.before?.email, audit?.after?.email]).toEqual([old, person.claims.email]);
  });

  it('keeps the old address when the new one is not trusted', async () => {
    const person = gateway.addPerson({ id: 'kept' });
    const old = person.claims.email;
    await comeIn(gateway, person);
    person.claims.email = newEmail();
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.user.email).toBe(old);
    expect(viewer.session.cases).toContain('U6_EMAIL_KEPT');
  });

  it.each([EmailTrust.NONE, EmailTrust.PROVIDER])(
    "[SSO-08] keeps its user and address when the new one is somebody else's (trust %s)",
    async (emailTrust) => {
      await settle(gateway, { emailTrust });
      const person = gateway.addPerson({ id: 'eight' });
      const old = person.claims.email as string;
      const first = await comeIn(gateway, person);
      const other = await makeUser(gateway.tenant, { email: newEmail() });
      const before = await userRow(other.id);
      person.claims.email = other.email!;
      const { result, events } = await eventsOf(gateway, () => comeIn(gateway, person));
      expect(result.viewer.user).toMatchObject({ id: first.viewer.user.id, email: old, hasEmailConflict: true });
      expect(result.viewer.session.cases).toContain('U6_EMAIL_CONFLICT');
      expect(events.map(({ type }) => type)).toContain('user.email_conflict');
      expect(await userRow(other.id)).toEqual(before);
      const again = await eventsOf(gateway, () => comeIn(gateway, person));
      expect(again.events.map(({ type }) => type)).toEqual(['user.signed_in']);
      person.claims.email = old;
      expect((await comeIn(gateway, person)).viewer.user.hasEmailConflict).toBe(false);
    },
  );

  it('brings names up to date, and takes no name away', async () => {
    const person = gateway.addPerson({ id: 'names', claims: { given_name: 'Anne' } });
    await comeIn(gateway, person);
    person.claims.given_name = 'Anne Marie';
    delete person.claims.usual_name;
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.user.givenName).toBe('Anne Marie');
    expect((await userRow(viewer.user.id)).family_name).toMatch(/^Nom/);
  });

  it('[SSO-15] is of its issuer: the same subject at another provider is another person', async () => {
    const one = gateway.addPerson({ id: 'fifteen', sub: 'same-subject' });
    const { viewer } = await comeIn(gateway, one);
    const other = second.addPerson({ id: 'fifteen', sub: 'same-subject', claims: { email: newEmail() } });
    const { browser } = await second.signIn(other);
    const otherViewer = await viewerOf(gateway, browser);
    expect(otherViewer?.user.email).toBe(other.claims.email);
    expect(otherViewer?.user.id).not.toBe(viewer.user.id);
    const identities = await gateway.rows(
      `select user_id, issuer from identities where tenant_id = $1 and subject = 'same-subject'`,
    );
    expect(new Set(identities.map(({ user_id: id }) => id)).size).toBe(2);
    expect(new Set(identities.map(({ issuer }) => issuer)).size).toBe(2);
  });
});

describe('an unknown identity with the address of a user', () => {
  it('[SSO-09] is linked when the provider is trusted: other sessions end, and the user is told', async () => {
    await settle(gateway, { emailTrust: EmailTrust.PROVIDER });
    const email = newEmail();
    const { browser, userId } = await userOfSecond(email, true);
    const person = gateway.addPerson({ id: 'nine', claims: { email: email.toUpperCase() } });
    const { result, events } = await eventsOf(gateway, () => comeIn(gateway, person));
    expect(result.viewer.user.id).toBe(userId);
    expect(result.viewer.session.cases).toContain('U3_LINKED');
    expect(await viewerOf(gateway, browser)).toBeNull();
    expect(events.map(({ type }) => type)).toEqual(['identity.linked', 'user.signed_in', 'session.ended']);
    const notices = await gateway.rows('select kind, data from notices where tenant_id = $1 and user_id = $2', [
      uuidOf(userId),
    ]);
    expect(notices).toEqual([
      { kind: 'IDENTITY_LINKED', data: { connection: 'ProConnect', email: email.toUpperCase() } },
    ]);
  });

  it('[SSO-10] is not linked when nobody is trusted: LINK_REQUIRED, no second user', async () => {
    const email = newEmail();
    const { browser, userId } = await userOfSecond(email, true);
    const person = gateway.addPerson({ id: 'ten', claims: { email, siret: nextSiret() } });
    await expectRefusedSignIn(gateway, person, 'LINK_REQUIRED', {
      events: ['user.sign_in_refused'],
      secrets: [email, uuidOf(userId)],
    });
    expect((await viewerOf(gateway, browser))?.user.id).toBe(userId);
  });

  it('is linked on the word of email_verified where the connection takes it', async () => {
    await settle(gateway, { emailTrust: EmailTrust.CLAIM });
    const email = newEmail();
    const { userId } = await userOfSecond(email, true);
    const { viewer } = await comeIn(
      gateway,
      gateway.addPerson({ id: 'eleven-yes', claims: { email, email_verified: true } }),
    );
    expect(viewer.user.id).toBe(userId);
  });

  it.each([
    ['[SSO-11]', undefined],
    ['[SSO-12]', 'true'],
    ['[SSO-12]', 1],
    ['[SSO-12]', false],
    ['[SSO-12]', [true]],
  ])('%s is not linked when email_verified is %j', async (_id, verified) => {
    await settle(gateway, { emailTrust: EmailTrust.CLAIM });
    const email = newEmail();
    await userOfSecond(email, true);
    const person = gateway.addPerson({ id: 'eleven', claims: { email, email_verified: verified } });
    await expectRefusedSignIn(gateway, person, 'LINK_REQUIRED', { events: ['user.sign_in_refused'], secrets: [email] });
  });

  it('[SSO-12] makes a user whose address counts as unproven when email_verified is text', async () => {
    await settle(gateway, { emailTrust: EmailTrust.CLAIM });
    const { viewer } = await comeIn(gateway, gateway.addPerson({ id: 'twelve', claims: { email_verified: 'true' } }));
    expect(viewer.user.isEmailVerified).toBe(false);
  });

  it('[SSO-13] is not merged with the account of somebody who took the address first and never proved it', async () => {
    await settle(gateway, { emailTrust: EmailTrust.PROVIDER });
    const email = newEmail();
    const attacker = await userOfSecond(email, false);
    const siret = nextSiret();
    const victim = gateway.addPerson({ id: 'victim', claims: { email, siret, given_name: 'Victim' } });
    await expectRefusedSignIn(gateway, victim, 'LINK_REQUIRED', {
      events: ['user.sign_in_refused'],
      secrets: [email, 'Second'],
    });
    const seen = await gateway.graphql(
      attacker.browser,
      '{ viewer { user { givenName identities { nodes { subject } } } organization { siret } } organizations { nodes { siret } } }',
    );
    expect(seen.text).not.toMatch(new RegExp(`Victim|${siret}|${victim.sub}`));
  });

  it('is not linked when that user has another account of this issuer already', async () => {
    await settle(gateway, { emailTrust: EmailTrust.PROVIDER });
    const { viewer } = await comeIn(gateway, gateway.addPerson({ id: 'holder' }));
    const person = gateway.addPerson({ id: 'other-sub', claims: { email: viewer.user.email } });
    await expectRefusedSignIn(gateway, person, 'LINK_REQUIRED', {
      events: ['user.sign_in_refused'],
      secrets: [viewer.user.email!],
    });
  });

  it('[SSO-16] is matched without regard to case, and with no folding of plus tags and dots', async () => {
    await settle(gateway, { emailTrust: EmailTrust.PROVIDER });
    const number = ++serial;
    const user = await makeUser(gateway.tenant, { email: `Jean.Dupont${number}@Example.org` });
    const matched = await comeIn(
      gateway,
      gateway.addPerson({ id: 'case', claims: { email: `jean.dupont${number}@EXAMPLE.ORG` } }),
    );
    expect(uuidOf(matched.viewer.user.id)).toBe(user.id);
    for (const email of [`jean.dupont${number}+tag@example.org`, `jeandupont${number}@example.org`]) {
      const { viewer } = await comeIn(gateway, gateway.addPerson({ id: 'variant', claims: { email } }));
      expect(viewer.session.cases[0]).toBe('U7_CREATED');
      expect(uuidOf(viewer.user.id)).not.toBe(user.id);
    }
  });
});

describe('an unknown person', () => {
  it.each([
    ['with an address', {}],
    ['without an address', { email: undefined }],
  ])('[SSO-18] %s is made once by 20 callbacks at the same moment', async (_what, claims) => {
    const person = gateway.addPerson({ id: 'eighteen', claims: { siret: nextSiret(), ...claims } });
    const reached = await Promise.all(Array.from({ length: 20 }, () => gateway.reachCallback(person)));
    const visits = await Promise.all(reached.map(({ browser, callback }) => browser.get(callback)));
    expect(visits.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const viewers = await Promise.all(reached.map(({ browser }) => viewerOf(gateway, browser)));
    expect(new Set(viewers.map((viewer) => viewer?.user.id)).size).toBe(1);
    const id = uuidOf(viewers[0]!.user.id);
    const identities = await gateway.rows('select user_id from identities where tenant_id = $1 and subject = $2', [
      person.sub,
    ]);
    expect(identities).toEqual([{ user_id: id }]);
    expect(await gateway.rows('select id from memberships where tenant_id = $1 and user_id = $2', [id])).toHaveLength(
      1,
    );
    const family = await gateway.rows('select id from users where tenant_id = $1 and family_name = $2', [
      person.claims.usual_name,
    ]);
    expect(family).toHaveLength(1);
  });

  it('[SSO-34] is refused where the connection makes no users: ACCOUNT_UNKNOWN, nothing written', async () => {
    await settle(gateway, { createUsers: false });
    const person = gateway.addPerson({ id: 'stranger', claims: { siret: nextSiret() } });
    await expectRefusedSignIn(gateway, person, 'ACCOUNT_UNKNOWN', { secrets: [String(person.claims.email)] });
  });

  it('[SSO-35] [SSO-36] waits for approval where sign-up is moderated: refused each time, one user, let in afterwards', async () => {
    const { browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true });
    await settle(gateway, { moderatedSignup: true });
    const siret = nextSiret();
    const person = gateway.addPerson({ id: 'pending', claims: { siret } });
    const { result, events } = await eventsOf(gateway, () => gateway.signIn(person));
    expect(result.visit).toMatchObject({ status: 403 });
    expect(result.visit.text).toContain('PENDING');
    expect(await viewerOf(gateway, result.browser)).toBeNull();
    expect(events.map(({ type }) => type)).toEqual(['user.created', 'identity.linked', 'user.sign_in_refused']);
    const id = events[0]!.user_id!;
    expect((await userRow(id)).status).toBe('PENDING');
    expect(
      await gateway.rows('select id from organization_identifiers where tenant_id = $1 and value = $2', [siret]),
    ).toEqual([]);

    await expectRefusedSignIn(gateway, person, 'PENDING', { events: ['user.sign_in_refused'] });

    const approved = await gateway.graphql(
      administrator,
      'mutation ($input: UserStatusInput!) { userApprove(input: $input) { user { status } userErrors { code } } }',
      {
        input: { id: `usr_${id}` },
      },
    );
    expect(approved.data.userApprove).toEqual({ user: { status: 'ACTIVE' }, userErrors: [] });
    const { viewer } = await comeIn(gateway, person);
    expect(uuidOf(viewer.user.id)).toBe(id);
    expect(viewer.organization?.siret).toBe(siret);
  });

  it('who is suspended is refused, and nothing of their profile changes', async () => {
    const person = gateway.addPerson({ id: 'suspended', claims: { siret: nextSiret() } });
    const { viewer } = await comeIn(gateway, person);
    await gateway.rows(`update users set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [
      uuidOf(viewer.user.id),
    ]);
    Object.assign(person.claims, { given_name: 'Another', siret: nextSiret() });
    await expectRefusedSignIn(gateway, person, 'SUSPENDED', { events: ['user.sign_in_refused'] });
  });
});
