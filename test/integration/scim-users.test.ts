import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { EmailTrust, UserStatus } from '../../src/entities/enums.js';
import { makeIdentity, makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  accountOf,
  type Directory,
  ENTERPRISE_SCHEMA,
  expectError,
  makeDirectory,
  scimRows,
  tokenFor,
  VESTIBULE_SCHEMA,
} from '../support/scim.js';
import { addProvider, eventsOf, viewerOf } from '../support/sign-in.js';
import { watch } from '../support/told-changes.js';

/* What a directory's users are to accounts: made, matched, followed, suspended, resumed. */

let gateway: Gateway;
let trusted: Directory;
let untrusted: Directory;
beforeAll(async () => {
  gateway = await startGateway();
  trusted = await makeDirectory(gateway);
  untrusted = await makeDirectory(gateway, { emailTrust: EmailTrust.NONE });
  // Somebody who is always left to administer the tenant.
  await makeUser(gateway.tenant, { isTenantAdministrator: true });
});
afterAll(() => gateway.close());

let serial = 0;
const address = () => `someone-${++serial}@directory.example`;
const withEmail = (email: string) => ({ userName: email, emails: [{ value: email, type: 'work', primary: true }] });
const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);
const setActive = (directory: Directory, id: string, value: unknown) =>
  directory.patch(`/Users/${id}`, { op: 'replace', path: 'active', value });

/** Runs a request that is refused, and expects that nothing was changed and nobody's data is in the answer. */
async function expectRefused(
  request: () => ReturnType<Directory['ask']>,
  status: number,
  scimType?: string,
  secrets: string[] = [],
) {
  const before = await scimRows(gateway);
  const answer = await request();
  expectError(answer, status, scimType);
  for (const secret of secrets) expect(JSON.stringify(answer.body)).not.toContain(secret);
  expect(await scimRows(gateway)).toBe(before);
}

describe('adding somebody', () => {
  it('[ORG-23] makes an account in no organization, and tells of it in the name of the directory', async () => {
    const email = address();
    const domain = await makeOrganization(gateway.tenant);
    await gateway.rows(
      `insert into organization_jit_domains (id, tenant_id, organization_id, domain, proof, proven_at, created_at)
       values ($3, $1, $2, 'directory.example', 'x', now(), now())`,
      [domain.id, v7()],
    );
    const { result: user, events } = await eventsOf(gateway, () =>
      trusted.addUser({ ...withEmail(email), name: { givenName: 'Ada', familyName: 'Lovelace' } }),
    );
    expect(await accountOf(gateway, user.id)).toMatchObject({
      status: 'ACTIVE',
      email,
      is_email_verified: true,
      given_name: 'Ada',
      family_name: 'Lovelace',
    });
    expect(typesOf(events)).toEqual(['user.created', 'scim_user.created']);
    expect(events[1]).toMatchObject({ actor_kind: 'PROVIDER', via: 'scim', actor_user_id: null });
    const members = 'select * from memberships where tenant_id = $1 and user_id = $2';
    expect(await gateway.rows(members, [(await accountOf(gateway, user.id)).id])).toEqual([]);
  });

  it('of a connection that is not trusted, has no proven address', async () => {
    const user = await untrusted.addUser(withEmail(address()));
    expect((await accountOf(gateway, user.id)).is_email_verified).toBe(false);
  });

  it('who is not active, makes a suspended account', async () => {
    const user = await trusted.addUser({ active: 'False' });
    expect(user.active).toBe(false);
    expect((await accountOf(gateway, user.id)).status).toBe('SUSPENDED');
    expect((await setActive(trusted, user.id, 'True')).body.active).toBe(true);
    expect((await accountOf(gateway, user.id)).status).toBe('ACTIVE');
  });

  it('matches a proven address to its account where the connection is trusted, and leaves the profile alone', async () => {
    const known = await makeUser(gateway.tenant, { email: address(), givenName: 'Own' });
    const { result: user, events } = await eventsOf(gateway, () =>
      trusted.addUser({ ...withEmail(known.email!.toUpperCase()), name: { givenName: 'Other' } }),
    );
    expect(await accountOf(gateway, user.id)).toMatchObject({
      id: known.id,
      given_name: 'Own',
      version: known.version,
    });
    expect(typesOf(events)).toEqual(['scim_user.created']);
    const renamed = await trusted.patch(`/Users/${user.id}`, { op: 'replace', path: 'name.givenName', value: 'Third' });
    expect(renamed.body.name.givenName).toBe('Third');
    expect((await accountOf(gateway, user.id)).given_name).toBe('Own');
  });

  it('refuses an address that is taken and cannot be matched, and says nothing of the account', async () => {
    const known = await makeUser(gateway.tenant, { email: address(), familyName: 'Secret' });
    const unproven = await makeUser(gateway.tenant, { email: address(), isEmailVerified: false });
    const pattern: [Directory, string][] = [
      [untrusted, known.email!],
      [trusted, unproven.email!],
      [await makeDirectory(gateway, { emailDomains: ['elsewhere.example'] }), known.email!],
    ];
    for (const [directory, email] of pattern) {
      const request = () => directory.ask('POST', '/Users', withEmail(email));
      await expectRefused(request, 409, 'uniqueness', [known.id, unproven.id, 'Secret', email]);
    }
  });

  it('refuses a second user with the address of the first', async () => {
    const email = address();
    await trusted.addUser(withEmail(email));
    await expectRefused(
      () => trusted.ask('POST', '/Users', { ...withEmail(email), userName: 'other' }),
      409,
      'uniqueness',
    );
  });

  it('leaves a suspended or pending account that it is matched to as it is', async () => {
    for (const status of [UserStatus.SUSPENDED, UserStatus.PENDING]) {
      const known = await makeUser(gateway.tenant, { email: address(), status });
      const user = await trusted.addUser(withEmail(known.email!));
      await setActive(trusted, user.id, false);
      await setActive(trusted, user.id, true);
      expect(await accountOf(gateway, user.id)).toMatchObject({ id: known.id, status });
    }
  });

  it('twice at once makes one, and refuses the other', async () => {
    for (const body of [withEmail(address()), { userName: 'twice-at-once' }, { userName: 'TWICE-at-ONCE-2' }]) {
      const answers = await Promise.all([0, 1, 2].map(() => trusted.ask('POST', '/Users', body)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
      expect((await trusted.get(`/Users?filter=userName eq "${body.userName}"`)).body.totalResults).toBe(1);
    }
  });

  it('lets the person in by the same connection, to the same account', async () => {
    const { connection, ...provider } = await addProvider(gateway, 'with-directory', {
      emailTrust: EmailTrust.PROVIDER,
      createUsers: false,
    });
    const { browser: admin } = await gateway.signedInUser({ isTenantAdministrator: true });
    const directory = await tokenFor(gateway, admin, connection.id);
    const email = address();
    const user = await directory.addUser(withEmail(email));
    const person = provider.addPerson({ id: 'provisioned', sub: 'sub-of-provisioned', claims: { email } });
    const { browser } = await provider.signIn(person);
    const account = await accountOf(gateway, user.id);
    expect((await viewerOf(gateway, browser))?.user.id).toBe(`usr_${account.id}`);
    await setActive(directory, user.id, false);
    expect(await viewerOf(gateway, browser)).toBeNull();
    await provider.provider.close();
  });
});

describe('changing somebody', () => {
  it('follows names and address where the directory made the account, as far as it is trusted', async () => {
    const [before, after] = [address(), address()];
    for (const [directory, isVerified] of [
      [trusted, true],
      [untrusted, false],
    ] as const) {
      const user = await directory.addUser({
        ...withEmail(`${isVerified}-${before}`),
        name: { givenName: 'A', familyName: 'B' },
      });
      const { events } = await eventsOf(gateway, () =>
        directory.patch(
          `/Users/${user.id}`,
          { op: 'replace', path: 'name.givenName', value: 'Anna' },
          { op: 'remove', path: 'name.familyName' },
          { op: 'replace', path: 'emails[type eq "work"].value', value: `${isVerified}-${after}` },
        ),
      );
      expect(typesOf(events)).toEqual(['user.updated', 'scim_user.updated']);
      expect(events[1]!.after).toMatchObject({ changed: ['emails', 'name'] });
      expect(await accountOf(gateway, user.id)).toMatchObject({
        given_name: 'Anna',
        family_name: null,
        email: `${isVerified}-${after}`,
        is_email_verified: isVerified,
      });
    }
  });

  it('leaves what somebody else has changed since, while the directory says the same', async () => {
    const user = await trusted.addUser({ name: { givenName: 'A' } });
    const account = await accountOf(gateway, user.id);
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    await gateway.graphql(
      browser,
      'mutation ($input: UserUpdateInput!) { userUpdate(input: $input) { userErrors { code } } }',
      {
        input: { id: `usr_${account.id}`, givenName: 'By hand' },
      },
    );
    await trusted.patch(`/Users/${user.id}`, { op: 'add', path: 'title', value: 'Guide' });
    expect((await accountOf(gateway, user.id)).given_name).toBe('By hand');
  });

  it('refuses an address that is taken, and changes nothing', async () => {
    const known = await makeUser(gateway.tenant, { email: address() });
    const user = await trusted.addUser({ title: 'Guide' });
    const operations = [
      { op: 'remove', path: 'title' },
      { op: 'replace', path: 'emails', value: [{ value: known.email, primary: true }] },
    ];
    await expectRefused(() => trusted.patch(`/Users/${user.id}`, ...operations), 409, 'uniqueness', [known.id]);
  });

  it('keeps and shows what it does not use: the enterprise extension, phone numbers, addresses', async () => {
    const more = {
      phoneNumbers: [{ value: '+33 1 02 03 04 05', type: 'work' }],
      [ENTERPRISE_SCHEMA]: { employeeNumber: '701984', manager: { value: '26118915', displayName: 'John Smith' } },
      locale: 'fr-FR',
    };
    const user = await trusted.addUser(more);
    expect((await trusted.get(`/Users/${user.id}`)).body).toMatchObject(more);
    expect(user.schemas).toEqual(['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE_SCHEMA]);
  });

  it('takes the word of the directory for a second factor, and takes it back', async () => {
    const factors = (userId: string) =>
      gateway.rows('select kind, connection_id from user_factors where tenant_id = $1 and user_id = $2', [userId]);
    const user = await trusted.addUser({ [VESTIBULE_SCHEMA]: { mfaConfigured: true } });
    const { id } = await accountOf(gateway, user.id);
    expect(await factors(id)).toEqual([{ kind: 'ASSERTED', connection_id: trusted.connectionId }]);
    const path = `${VESTIBULE_SCHEMA}:mfaConfigured`;
    const { events } = await eventsOf(gateway, () =>
      trusted.patch(`/Users/${user.id}`, { op: 'replace', path, value: 'false' }),
    );
    expect(typesOf(events)).toEqual(['factor.removed', 'scim_user.updated']);
    expect(await factors(id)).toEqual([]);
    await trusted.patch(`/Users/${user.id}`, { op: 'add', value: { [VESTIBULE_SCHEMA]: { mfaConfigured: true } } });
    expect(await factors(id)).toHaveLength(1);
    await trusted.ask('DELETE', `/Users/${user.id}`);
    expect(await factors(id)).toEqual([]);
  });
});

describe('deactivating somebody', () => {
  /** Somebody of a directory who is signed in, with a token of an application, and administers an organization alone. */
  async function makeAdministrator() {
    const user = await trusted.addUser();
    const account = await accountOf(gateway, user.id);
    const organization = await makeOrganization(gateway.tenant);
    await makeMembership(gateway.tenant, {
      user: account as { id: string },
      organization,
      roles: ['member', 'administrator'],
    });
    const person = gateway.addPerson({ id: `scim-${++serial}`, claims: { email: account.email } });
    await makeIdentity(gateway.tenant, {
      user: account as { id: string },
      connection: gateway.connection,
      subject: person.sub,
    });
    const { browser } = await gateway.signIn(person);
    expect(await viewerOf(gateway, browser)).not.toBeNull();
    await gateway.rows(
      `insert into oidc_records (id, tenant_id, model, key, payload, user_id, expires_at)
       values ($2::uuid, $1, 'RefreshToken', 'key-' || $2::uuid, '{}', $3, now() + interval '1 day')`,
      [v7(), account.id],
    );
    return { user, account, organization, browser };
  }
  const recordsOf = (userId: string) =>
    gateway.rows('select 1 from oidc_records where tenant_id = $1 and user_id = $2', [userId]);

  it.each(['active false', 'DELETE'])(
    'by %s suspends the account that it made: sessions, tokens, organizations',
    async (how) => {
      const { user, account, organization, browser } = await makeAdministrator();
      const { untold, events } = await watch(gateway, () =>
        how === 'DELETE' ? trusted.ask('DELETE', `/Users/${user.id}`) : setActive(trusted, user.id, 'False'),
      );
      expect(untold).toEqual([]);
      expect(typesOf(events)).toEqual([
        'user.suspended',
        'session.ended',
        'organization.needs_administrator',
        how === 'DELETE' ? 'scim_user.deleted' : 'scim_user.updated',
      ]);
      expect(await viewerOf(gateway, browser)).toBeNull();
      expect(await recordsOf(account.id)).toEqual([]);
      const [row] = await gateway.rows('select status from users where tenant_id = $1 and id = $2', [account.id]);
      expect(row).toEqual({ status: 'SUSPENDED' });
      const needs = () =>
        gateway.rows('select needs_administrator as needs from organizations where tenant_id = $1 and id = $2', [
          organization.id,
        ]);
      expect(await needs()).toEqual([{ needs: true }]);

      // The same person comes back.
      const back = await eventsOf(gateway, () =>
        how === 'DELETE' ? trusted.addUser({ ...user, id: undefined }) : setActive(trusted, user.id, true),
      );
      expect(typesOf(back.events).slice(0, 2)).toEqual(['user.resumed', 'organization.updated']);
      expect(await needs()).toEqual([{ needs: false }]);
      const [again] = await gateway.rows('select status from users where tenant_id = $1 and id = $2', [account.id]);
      expect(again).toEqual({ status: 'ACTIVE' });
    },
  );

  it('leaves an account that it was only tied to as it is', async () => {
    const { browser, userId } = await gateway.signedInUser({ email: address() });
    const [{ email } = { email: '' }] = await gateway.rows('select email from users where tenant_id = $1 and id = $2', [
      userId,
    ]);
    const user = await trusted.addUser(withEmail(email as string));
    const { events } = await eventsOf(gateway, () => setActive(trusted, user.id, false));
    expect(typesOf(events)).toEqual(['scim_user.updated']);
    await trusted.ask('DELETE', `/Users/${user.id}`);
    expect((await viewerOf(gateway, browser))?.user.id).toBe(`usr_${userId}`);
  });

  it('does not let in whom an administrator suspended', async () => {
    const user = await trusted.addUser();
    const { id } = await accountOf(gateway, user.id);
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    await gateway.graphql(browser, 'mutation ($id: ID!) { userSuspend(input: { id: $id }) { userErrors { code } } }', {
      id: `usr_${id}`,
    });
    await setActive(trusted, user.id, false);
    await setActive(trusted, user.id, true);
    await trusted.ask('DELETE', `/Users/${user.id}`);
    const again = await trusted.addUser({ ...user, id: undefined });
    expect(await accountOf(gateway, again.id)).toMatchObject({ id, status: 'SUSPENDED' });
  });

  it('never suspends the last administrator of the tenant', async () => {
    const own = await startGateway();
    try {
      const directory = await makeDirectory(own);
      const user = await directory.addUser();
      const { id } = await accountOf(own, user.id);
      const promote = 'update users set is_tenant_administrator = (id = $2) where tenant_id = $1 returning id';
      await own.rows(promote, [id]);
      const before = await scimRows(own);
      for (const request of [
        () => setActive(directory, user.id, false),
        () => directory.ask('PUT', `/Users/${user.id}`, { ...user, active: false }),
        () => directory.ask('DELETE', `/Users/${user.id}`),
      ]) {
        expectError(await request(), 409);
        expect(await scimRows(own)).toBe(before);
      }
      // Of two administrators whom it deactivates at once, one stays.
      const other = await directory.addUser();
      await own.rows(`update users set is_tenant_administrator = true where tenant_id = $1 and id = $2`, [
        (await accountOf(own, other.id)).id,
      ]);
      const answers = await Promise.all([user, other].map((one) => setActive(directory, one.id, false)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    } finally {
      await own.close();
    }
  });
});

describe('who comes back', () => {
  it('is known by the key of the directory, also under another name and address', async () => {
    const user = await untrusted.addUser({ ...withEmail(address()), externalId: 'key-of-ada' });
    const { id } = await accountOf(gateway, user.id);
    await untrusted.ask('DELETE', `/Users/${user.id}`);
    const email = address();
    const again = await untrusted.addUser({ ...withEmail(email), externalId: 'key-of-ada' });
    expect(await accountOf(gateway, again.id)).toMatchObject({ id, status: 'ACTIVE', email });
  });

  it('is another person under another key, though the name is given again', async () => {
    const email = address();
    const user = await untrusted.addUser({ ...withEmail(email), externalId: 'first' });
    await untrusted.ask('DELETE', `/Users/${user.id}`);
    await expectRefused(
      () => untrusted.ask('POST', '/Users', { ...withEmail(email), externalId: 'second' }),
      409,
      'uniqueness',
    );
    const next = await untrusted.addUser({ ...withEmail(address()), userName: email, externalId: 'second' });
    expect((await accountOf(gateway, next.id)).email).not.toBe(email);
  });
});

describe('isolation', () => {
  it("another directory's users and groups are not there, for any verb", async () => {
    const user = await trusted.addUser({ title: 'Hidden' });
    const group = await trusted.addGroup({ members: [{ value: user.id }] });
    for (const path of [`/Users/${user.id}`, `/Groups/${group.id}`]) {
      const body = { userName: 'x', displayName: 'x' };
      const requests = [
        () => untrusted.get(path),
        () => untrusted.ask('PUT', path, body),
        () => untrusted.patch(path, { op: 'replace', path: 'externalId', value: 'x' }),
        () => untrusted.ask('DELETE', path),
      ];
      for (const request of requests) await expectRefused(request, 404, undefined, ['Hidden']);
    }
    expect((await untrusted.get(`/Users?filter=id eq "${user.id}"`)).body.totalResults).toBe(0);
    expect((await untrusted.get(`/?filter=id eq "${group.id}"`)).body.totalResults).toBe(0);
    await expectRefused(
      () => untrusted.ask('POST', '/Groups', { displayName: 'x', members: [{ value: user.id }] }),
      400,
      'invalidValue',
    );
    // The same name is free in each directory.
    expect((await untrusted.addUser({ ...withEmail(address()), userName: user.userName })).id).not.toBe(user.id);
  });
});
