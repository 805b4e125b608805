import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  generateKeyPair,
  importJWK,
  type JWTPayload,
  SignJWT,
  decodeJwt,
  decodeProtectedHeader,
  type CryptoKey,
} from 'jose';
import * as openid from 'openid-client';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { clientOf, joinApplication, makeApplication, ORGANIZATIONS, resourceOf, signInTo } from '../support/openid.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const VIEWER = '{ viewer { user { id } } }';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ask = (token: string, query: string, variables: object = {}) =>
  gateway.graphql(null as Browser | null, query, variables, bearer(token));
const isKnown = async (token: string) => (await ask(token, VIEWER)).data.viewer !== null;

/** A person in an organization, with a token for it. */
async function makeMember({ roles = ['member', 'administrator'], scope = '' } = {}) {
  const { browser, userId } = await gateway.signedInUser();
  const organization = await makeOrganization(gateway.tenant);
  const membership = await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles });
  const application = await makeApplication(gateway, 'WEB');
  const configuration = await clientOf(gateway, application);
  const tokens = await signInTo(configuration, browser, application, { scope: `openid ${ORGANIZATIONS}` });
  const refresh = async (asked = scope) =>
    (
      await openid.refreshTokenGrant(configuration, tokens.refresh_token!, {
        resource: resourceOf(organization),
        ...(asked ? { scope: asked } : {}),
      })
    ).access_token;
  return {
    browser,
    userId,
    organization,
    membership,
    application,
    configuration,
    tokens,
    token: await refresh(),
    refresh,
  };
}

const UPDATE = `mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) { organization { id description } userErrors { code } } }`;

describe('an access token at the gateway', () => {
  test('requirements are those of the session: the same operations, answered the same', async () => {
    const administrator = await makeMember();
    const plain = await makeMember({ roles: ['member'] });
    const other = await makeOrganization(gateway.tenant);
    const operations = [
      '{ viewer { user { id givenName } } }',
      'query ($id: ID!) { organization(id: $id) { id name description viewerCan { __typename } } }',
      'query ($id: ID!) { organization(id: $id) { needsAdministrator customData viewerEditableFields } }',
      'query ($id: ID!) { organization(id: $id) { members(first: 5) { edges { node { user { id givenName } } } } } }',
      'query ($id: ID!) { organization(id: $id) { auditEvents(first: 5) { edges { node { id type } } } } }',
      '{ organizations(first: 5) { edges { node { id } } } }',
      '{ users(first: 5) { edges { node { id } } } }',
      '{ tenant { __typename } }',
    ];
    for (const member of [administrator, plain]) {
      for (const organization of [member.organization, other]) {
        for (const query of operations) {
          const variables = query.includes('$id') ? { id: `org_${organization.id}` } : {};
          const bySession = await gateway.graphql(member.browser, query, variables);
          const byToken = await ask(member.token, query, variables);
          const shownOf = ({ data, errors }: typeof bySession) => ({
            data,
            codes: errors?.map((e) => e.extensions.code),
          });
          expect({ query, ...shownOf(byToken) }).toEqual({ query, ...shownOf(bySession) });
          const codes = bySession.errors?.map(({ message, extensions }) => `${extensions.code}: ${message}`) ?? [];
          expect(codes.filter((code) => code.startsWith('GRAPHQL_VALIDATION_FAILED'))).toEqual([]);
        }
      }
    }
  });

  test('the viewer is the person or the application, and the organization that the token is for', async () => {
    const query = '{ viewer { user { id } application { id name } session { id } organization { id } } }';
    const member = await makeMember();
    expect((await ask(member.token, query)).data.viewer).toEqual({
      user: { id: `usr_${member.userId}` },
      application: null,
      session: null,
      organization: { id: `org_${member.organization.id}` },
    });
    const application = await makeApplication(gateway, 'MACHINE');
    await joinApplication(gateway, application, member.organization, []);
    const configuration = await clientOf(gateway, application);
    const given = await openid.clientCredentialsGrant(configuration, { resource: resourceOf(member.organization) });
    expect((await ask(given.access_token, query)).data.viewer).toMatchObject({
      user: null,
      application: { id: application.clientId },
      organization: { id: `org_${member.organization.id}` },
    });
  });

  test('it administers while its scope says so and the role still gives it', async () => {
    const member = await makeMember();
    const input = { id: `org_${member.organization.id}`, description: 'By a token' };
    const done = await ask(member.token, UPDATE, { input });
    expect(done.data.organizationUpdate).toMatchObject({ organization: { description: 'By a token' }, userErrors: [] });

    const narrow = await member.refresh('something:else');
    const refused = await expectUnchanged(gateway, () =>
      ask(narrow, UPDATE, { input: { ...input, description: 'No' } }),
    );
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');

    await gateway.rows(
      `delete from membership_roles where tenant_id = $1 and membership_id = $2
       and role_id in (select id from roles where tenant_id = $1 and name = 'administrator')`,
      [member.membership.id],
    );
    const late = await expectUnchanged(gateway, () =>
      ask(member.token, UPDATE, { input: { ...input, description: 'No' } }),
    );
    expect(late.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  test('it is for its one organization, and for no account', async () => {
    const member = await makeMember({ roles: ['member'] });
    const second = await makeOrganization(gateway.tenant);
    await makeMembership(gateway.tenant, {
      user: { id: member.userId },
      organization: second,
      roles: ['administrator'],
    });
    const query = 'query ($id: ID!) { organization(id: $id) { id } }';
    const shown = await ask(member.token, query, { id: `org_${second.id}` });
    expect(shown.data?.organization ?? null).toBeNull();
    const account = await ask(
      member.token,
      'mutation ($input: UserUpdateInput!) { userUpdate(input: $input) { userErrors { code } } }',
      { input: { id: `usr_${member.userId}`, givenName: 'Other' } },
    );
    expect(account.errors?.length).toBe(1);
    const own = await ask(
      member.token,
      '{ viewer { user { email sessions { nodes { id } } memberships { nodes { organization { id } } } } } }',
    );
    expect(own.data.viewer.user).toEqual({ email: null, sessions: null, memberships: null });
    expect(own.errors!.map(({ extensions }: any) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });

  test('an application acts by its own roles, and is written down as what it is', async () => {
    const application = await makeApplication(gateway, 'MACHINE');
    const organization = await makeOrganization(gateway.tenant);
    const plain = await makeOrganization(gateway.tenant);
    await joinApplication(gateway, application, organization, ['organization:administer']);
    await joinApplication(gateway, application, plain, ['reports:read']);
    const configuration = await clientOf(gateway, application);
    const tokenFor = async (resource: string) =>
      (await openid.clientCredentialsGrant(configuration, { resource })).access_token;
    const token = await tokenFor(resourceOf(organization));
    const input = { id: `org_${organization.id}`, description: 'By a machine' };
    const { result, events } = await eventsOf(gateway, () => ask(token, UPDATE, { input }));
    expect(result.data.organizationUpdate.userErrors).toEqual([]);
    expect(events.map((event) => [event.type, (event as any).actor_kind, (event as any).actor_application_id])).toEqual(
      [['organization.updated', 'APPLICATION', application.uuid]],
    );
    const other = await tokenFor(resourceOf(plain));
    const refused = await ask(other, UPDATE, { input: { ...input, id: `org_${plain.id}` } });
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    await gateway.rows('delete from organization_applications where tenant_id = $1 and organization_id = $2', [
      organization.id,
    ]);
    expect(await isKnown(token)).toBe(false);
    await gateway.rows(`update applications set status = 'DISABLED' where tenant_id = $1 and id = $2`, [
      application.uuid,
    ]);
    expect(await isKnown(other)).toBe(false);
  });

  test('an application that administers the tenant does, for as long as it may', async () => {
    const application = await makeApplication(gateway, 'MACHINE', { isTenantAdministrator: true });
    const organization = await makeOrganization(gateway.tenant);
    const configuration = await clientOf(gateway, application);
    const { access_token: token } = await openid.clientCredentialsGrant(configuration, {
      resource: 'urn:vestibule:tenant',
    });
    const input = { id: `org_${organization.id}`, description: 'By the tenant' };
    expect((await ask(token, UPDATE, { input })).data.organizationUpdate.userErrors).toEqual([]);
    const { access_token: nothing } = await openid.clientCredentialsGrant(configuration, {
      resource: 'urn:vestibule:tenant',
      scope: 'other:scope',
    });
    expect(await isKnown(nothing)).toBe(false);
    await gateway.rows('update applications set is_tenant_administrator = false where tenant_id = $1 and id = $2', [
      application.uuid,
    ]);
    expect((await ask(token, UPDATE, { input })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test('rights end at once: removed, suspended, the organization suspended, the application disabled, signed out', async () => {
    const ends: [string, (member: Awaited<ReturnType<typeof makeMember>>) => Promise<unknown>][] = [
      [
        'removed',
        ({ membership }) => gateway.rows('delete from memberships where tenant_id = $1 and id = $2', [membership.id]),
      ],
      [
        'user',
        ({ userId }) =>
          gateway.rows(`update users set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [userId]),
      ],
      [
        'organization',
        ({ organization }) =>
          gateway.rows(`update organizations set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [
            organization.id,
          ]),
      ],
      [
        'application',
        ({ application }) =>
          gateway.rows(`update applications set status = 'DISABLED' where tenant_id = $1 and id = $2`, [
            application.uuid,
          ]),
      ],
      ['session', ({ userId }) => gateway.rows('delete from sessions where tenant_id = $1 and user_id = $2', [userId])],
      [
        'refresh token revoked',
        ({ configuration, tokens }) => openid.tokenRevocation(configuration, tokens.refresh_token!),
      ],
    ];
    for (const [name, end] of ends) {
      const member = await makeMember();
      expect([name, await isKnown(member.token)]).toEqual([name, true]);
      await end(member);
      expect([name, await isKnown(member.token)]).toEqual([name, false]);
    }
  });

  test('an organization that comes to ask for a second factor keeps the token out', async () => {
    const member = await makeMember();
    await gateway.rows('update organizations set is_mfa_required = true where tenant_id = $1 and id = $2', [
      member.organization.id,
    ]);
    const { data } = await ask(
      member.token,
      'query ($id: ID!) { organization(id: $id) { id members(first: 1) { nodes { id } } } }',
      {
        id: `org_${member.organization.id}`,
      },
    );
    expect(data?.organization?.members ?? null).toBeNull();
  });

  test('what is no access token of this tenant is nobody: forged, changed, expired, of another issuer or kind', async () => {
    const member = await makeMember();
    const { token } = member;
    const claims = decodeJwt(token);
    const header = decodeProtectedHeader(token) as { alg: string; kid: string; typ: string };
    const { keys } = await gateway.services.openId.keys.find(gateway.tenant.id);
    const own = (await importJWK(
      keys.find(({ kid }) => kid === header.kid)!,
      'ES256',
    )) as CryptoKey;
    const rsa = keys.find(({ alg }) => alg === 'RS256')!;
    const stranger = await generateKeyPair('ES256');
    const sign = (payload: JWTPayload, key: CryptoKey = own, changes: object = {}) =>
      new SignJWT(payload).setProtectedHeader({ ...header, ...changes }).sign(key);
    expect(await isKnown(await sign(claims))).toBe(true);
    const [head, body, signature] = token.split('.') as [string, string, string];
    const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'tenant:administer', aud: 'urn:vestibule:tenant' }));
    const none = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
    const { d: _private, ...publicJwk } = keys.find(({ kid }) => kid === header.kid)!;
    const wrong: Record<string, string> = {
      'an ID token': member.tokens.id_token!,
      'an opaque token': member.tokens.access_token,
      'a refresh token': member.tokens.refresh_token!,
      'changed claims': `${head}.${forged.toString('base64url')}.${signature}`,
      'a changed signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      'no signature': `${none}.${body}.`,
      'alg none': `${none}.${body}.${signature}`,
      'a stranger under a known kid': await sign(claims, stranger.privateKey),
      'a stranger': await sign(claims, stranger.privateKey, { kid: 'unknown' }),
      'the other algorithm': await new SignJWT(claims)
        .setProtectedHeader({ ...header, alg: 'RS256', kid: rsa.kid! })
        .sign(await importJWK(rsa, 'RS256')),
      'HS256 by the public key': await new SignJWT(claims)
        .setProtectedHeader({ ...header, alg: 'HS256' })
        .sign(Buffer.from(JSON.stringify(publicJwk))),
      'another type': await sign(claims, own, { typ: 'JWT' }),
      'no type': await sign(claims, own, { typ: undefined }),
      'another issuer': await sign({ ...claims, iss: 'https://evil.example/oidc' }),
      'no issuer': await sign({ ...claims, iss: undefined }),
      'another audience': await sign({ ...claims, aud: 'https://api.example' }),
      'two audiences': await sign({ ...claims, aud: [String(claims.aud), 'urn:vestibule:tenant'] }),
      expired: await sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 10 }),
      'no expiry': await sign({ ...claims, exp: undefined }),
      'another subject': await sign({ ...claims, sub: 'app_00000000-0000-0000-0000-000000000000' }),
      nonsense: 'a.b.c',
    };
    for (const [name, value] of Object.entries(wrong)) {
      const answer = await ask(value, VIEWER);
      expect([name, answer.status, answer.data?.viewer]).toEqual([name, 200, null]);
    }
  });

  test('an hour later it has expired', async () => {
    const member = await makeMember();
    gateway.advance(3_590_000);
    expect(await isKnown(member.token)).toBe(true);
    gateway.advance(20_000);
    expect(await isKnown(member.token)).toBe(false);
    gateway.advance(-3_610_000);
  });

  test('the token of one tenant is nobody in another', async () => {
    const { token } = await makeMember();
    const other = await seedTenant(gateway.database, 'elsewhere');
    const viewer = await gateway.services.openId.findViewer(
      { id: other.id, slug: 'elsewhere', publicUrl: gateway.url },
      token,
    );
    expect(viewer).toBeNull();
  });

  test('one statement answers who calls, for all requests of a moment', async () => {
    const member = await makeMember();
    gateway.statements.length = 0;
    await Promise.all(Array.from({ length: 5 }, () => ask(member.token, '{ __typename }')));
    expect(gateway.statements.filter((text) => /"tokenKey"/.test(text)).length).toBeLessThanOrEqual(5);
    gateway.statements.length = 0;
    await ask(member.token, '{ __typename }');
    // Tenants and keys are kept for a while, and read again now and then.
    expect(gateway.statements.filter((text) => !/from (tenants|oidc_keys)/.test(text)).length).toBe(1);
  });
});
