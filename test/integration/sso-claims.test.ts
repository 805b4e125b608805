import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EmailTrust } from '../../src/entities/enums.js';
import { makeUser } from '../support/factories.js';
import { forgeIdToken, forgeUserinfo, startFault } from '../support/fault-proxy.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  comeIn,
  expectRefusalPage,
  expectRefusedSignIn,
  expectUnchanged,
  nextSiret,
  settle,
  uuidOf,
} from '../support/sign-in.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
beforeEach(() => settle(gateway));
afterAll(() => gateway.close());

const newcomer = (claims: Record<string, unknown> = {}) =>
  gateway.addPerson({ id: 'newcomer', claims: { siret: nextSiret(), ...claims } });

describe('the assurance of a sign-in', () => {
  it('[SSO-39] that is too low is refused, although the request asked for it as essential', async () => {
    await settle(gateway, { requiredAcr: ['eidas2', 'eidas3'] });
    gateway.provider.enforceEssentialAcr = false;
    const person = newcomer();
    await expectRefusedSignIn(gateway, person, 'ACR_TOO_LOW');
    person.acr = 'eidas3';
    await comeIn(gateway, person);
    person.acr = 'eidas1';
    await expectRefusedSignIn(gateway, person, 'ACR_TOO_LOW', { events: ['user.sign_in_refused'] });
  });

  it('[SSO-39] is asked for, and the provider that cannot give it says so', async () => {
    await settle(gateway, { requiredAcr: ['eidas2'] });
    const { browser, callback } = await gateway.reachCallback(newcomer());
    const url = new URL(callback);
    expect(url.searchParams.get('error')).toBe('access_denied');
    expectRefusalPage(await expectUnchanged(gateway, () => browser.get(url)), 'ACR_TOO_LOW');
  });

  it('[SSO-39] is what the ID token says: userinfo cannot raise it', async () => {
    await settle(gateway, { requiredAcr: ['eidas2'], requiredAmr: ['mfa'] });
    gateway.provider.enforceEssentialAcr = false;
    using _ = startFault(
      gateway.provider,
      forgeUserinfo(gateway.provider, { claims: { acr: 'eidas2', amr: ['mfa'] } }),
    );
    await expectRefusedSignIn(gateway, newcomer(), 'ACR_TOO_LOW');
  });

  it('must include one of the means that are required', async () => {
    await settle(gateway, { requiredAmr: ['mfa', 'totp'] });
    const person = newcomer();
    await expectRefusedSignIn(gateway, person, 'ACR_TOO_LOW');
    person.amr = ['pwd', 'totp'];
    await comeIn(gateway, person);
  });

  it.each([
    ['as text', 'mfa'],
    ['not at all', undefined],
    ['as nonsense', [{ mfa: true }, null, 'MFA']],
  ])('is too low when the means are given %s', async (_what, amr) => {
    await settle(gateway, { requiredAmr: ['mfa'] });
    using _ = startFault(gateway.provider, forgeIdToken(gateway.provider, { claims: { amr } }));
    await expectRefusedSignIn(gateway, newcomer(), 'ACR_TOO_LOW');
  });
});

describe('the provider behind a federation', () => {
  it('is one that is admitted', async () => {
    await settle(gateway, { allowedIdps: ['idp-1'] });
    await comeIn(gateway, newcomer());
    await expectRefusedSignIn(gateway, newcomer({ idp_id: 'idp-2' }), 'IDP_NOT_ALLOWED', { secrets: ['idp-1'] });
    await expectRefusedSignIn(gateway, newcomer({ idp_id: undefined }), 'IDP_NOT_ALLOWED');
  });
});

describe('the domains of trusted addresses', () => {
  it('bound the trust', async () => {
    await settle(gateway, { emailTrust: EmailTrust.PROVIDER, emailDomains: ['gouv.test'] });
    const inside = await makeUser(gateway.tenant, { email: 'inside@gouv.test' });
    const outside = await makeUser(gateway.tenant, { email: 'outside@elsewhere.test' });
    const linked = await comeIn(gateway, newcomer({ email: 'Inside@GOUV.test' }));
    expect(uuidOf(linked.viewer.user.id)).toBe(inside.id);
    for (const email of [outside.email, 'inside@gouv.test.evil.test']) {
      if (email === outside.email)
        await expectRefusedSignIn(gateway, newcomer({ email }), 'LINK_REQUIRED', { events: ['user.sign_in_refused'] });
      else expect((await comeIn(gateway, newcomer({ email }))).viewer.user.isEmailVerified).toBe(false);
    }
  });
});

describe('who leads the organization', () => {
  const rolesOf = async (userId: string) =>
    (
      await gateway.rows<{ name: string }>(
        `select r.name from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
         join memberships m on m.tenant_id = mr.tenant_id and m.id = mr.membership_id
         where mr.tenant_id = $1 and m.user_id = $2 order by r.name`,
        [uuidOf(userId)],
      )
    ).map(({ name }) => name);

  it.each([
    [
      'by the role, where the connection says so',
      true,
      { roles: ['agent_public', 'dirigeant'] },
      ['administrator', 'member'],
    ],
    ['by the role, and the connection does not say so', false, { roles: ['dirigeant'] }, ['member']],
    ['in no way', true, { roles: ['agent_public'] }, ['member']],
    ['in text', true, { roles: 'dirigeant' }, ['member']],
  ])('%s', async (_what, grantsAdministratorToLeader, claims, roles) => {
    await settle(gateway, { grantsAdministratorToLeader });
    const { viewer } = await comeIn(gateway, newcomer(claims));
    expect(await rolesOf(viewer.user.id)).toEqual(roles);
  });

  it('gives an organization that had lost its administrators one again', async () => {
    await settle(gateway, { grantsAdministratorToLeader: true });
    const siret = nextSiret();
    const { viewer: first } = await comeIn(gateway, newcomer({ siret, roles: [] }));
    const [{ id } = { id: '' }] = await gateway.rows<{ id: string }>(
      `update organizations set needs_administrator = true where tenant_id = $1 and id in (
         select organization_id from memberships where tenant_id = $1 and user_id = $2) returning id`,
      [uuidOf(first.user.id)],
    );
    await comeIn(gateway, newcomer({ siret, roles: ['dirigeant'] }));
    expect(
      await gateway.rows('select needs_administrator from organizations where tenant_id = $1 and id = $2', [id]),
    ).toEqual([{ needs_administrator: false }]);
    expect(
      await gateway.rows(
        `select "after" from events where tenant_id = $1 and type = 'organization.updated' and object_id = $2`,
        [id],
      ),
    ).toEqual([{ after: { needsAdministrator: false } }]);
  });
});

describe('odd claims', () => {
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['of two addresses', 'a@example.org, b@example.org'],
    ['of 255 characters', `${'a'.repeat(243)}@example.org`],
    ['with a NUL', 'a\0b@example.org'],
    ['with half a character', 'a\ud800@example.org'],
    ['a number', 42],
    ['an object', { address: 'a@example.org' }],
  ])('an address that is %s leaves a user without one', async (_what, email) => {
    const { viewer } = await comeIn(gateway, newcomer({ email }));
    expect(viewer.user).toMatchObject({ email: null, isEmailVerified: false });
  });

  it('names are one line of at most 256 characters', async () => {
    const { viewer } = await comeIn(
      gateway,
      newcomer({ given_name: `  Jean\n\0\tPaul ${'é😀'.repeat(200)}`, usual_name: ['no'] }),
    );
    expect(viewer.user.givenName).toMatch(/^Jean Paul é😀/u);
    expect([...viewer.user.givenName!]).toHaveLength(256);
  });

  it.each([['x'.repeat(256)], ['a\nb'], ['\0']])('a subject that cannot be kept is refused: %j', async (sub) => {
    const person = newcomer();
    using _ = startFault(gateway.provider, async (request, answer) => {
      const forging = request.path === '/token' ? forgeIdToken : forgeUserinfo;
      return forging(gateway.provider, { claims: { sub } })(request, answer);
    });
    await expectRefusedSignIn(gateway, person, 'INVALID_CLAIMS');
  });

  it('a session identifier of the provider that the database cannot keep does no harm', async () => {
    using _ = startFault(gateway.provider, forgeIdToken(gateway.provider, { claims: { sid: 'a\0b' } }));
    await comeIn(gateway, newcomer());
  });

  it('an organization number that is nested ten thousand deep does no harm', async () => {
    await gateway.configure({ userinfoAlgorithm: null });
    const client = gateway.provider.clients.get('vestibule')!;
    client.userinfoSignedResponseAlg = null;
    const person = newcomer();
    try {
      using _ = startFault(gateway.provider, async (request) =>
        request.path === '/userinfo'
          ? {
              status: 200,
              headers: { 'content-type': 'application/json' },
              body: `{"sub":${JSON.stringify(person.sub)},"siret":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
            }
          : undefined,
      );
      const { viewer } = await comeIn(gateway, person);
      expect(viewer.session.cases).toEqual(['U7_CREATED', 'O9_INVALID_KEPT']);
    } finally {
      client.userinfoSignedResponseAlg = 'ES256';
      await gateway.configure({ userinfoAlgorithm: 'ES256' });
    }
  });
});
