import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { v7 } from 'uuid';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { addTotp } from '../support/factors.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  clientOf,
  giveRole,
  joinApplication,
  makeApplication,
  makeRole,
  ORGANIZATIONS,
  refusalOf,
  resourceOf,
  signInTo,
  type TestApplication,
} from '../support/openid.js';
import { completeInApp, expectUnchanged, reachApp } from '../support/sign-in.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** A person in an organization with a role of these permissions, signed in to an application. */
async function makeMember(
  permissions: string[],
  { kind = 'WEB', scope = `openid ${ORGANIZATIONS}` }: { kind?: 'WEB' | 'BROWSER'; scope?: string } = {},
) {
  const { browser, userId, person } = await gateway.signedInUser();
  const organization = await makeOrganization(gateway.tenant);
  const membership = await makeMembership(gateway.tenant, { user: { id: userId }, organization });
  const role = await makeRole(gateway, 'USER', permissions);
  await giveRole(gateway, membership.id, role);
  const application = await makeApplication(gateway, kind);
  const configuration = await clientOf(gateway, application, kind === 'WEB' ? undefined : openid.None());
  const tokens = await signInTo(configuration, browser, application, { scope });
  return { browser, userId, person, organization, membership, role, application, configuration, tokens };
}

const refresh = (
  { configuration, tokens }: { configuration: openid.Configuration; tokens: { refresh_token?: string } },
  organization: { id: string },
  more: Record<string, string> = {},
) => openid.refreshTokenGrant(configuration, tokens.refresh_token!, { resource: resourceOf(organization), ...more });

const remove = (membership: { id: string }) =>
  gateway.rows('delete from memberships where tenant_id = $1 and id = $2', [membership.id]);

const requireMfa = (organization: { id: string }, rule = 'FACTOR_CONFIGURED') =>
  gateway.rows('update organizations set is_mfa_required = true, mfa_rule = $3 where tenant_id = $1 and id = $2', [
    organization.id,
    rule,
  ]);

describe('organization tokens of people', () => {
  test('[ORG-28] the token has what the roles give: all of it, or what is asked, and tells what it leaves out', async () => {
    const member = await makeMember(['billing:read', 'billing:write']);
    const { organization, userId, application } = member;
    const all = await refresh(member, organization);
    expect(all.scope).toBe('billing:read billing:write');
    expect(all.dropped_scope).toBeUndefined();
    const some = await refresh(member, organization, { scope: 'billing:read users:delete' });
    expect({ scope: some.scope, dropped: some.dropped_scope, expires: some.expires_in, type: some.token_type }).toEqual(
      {
        scope: 'billing:read',
        dropped: 'users:delete',
        expires: 3600,
        type: 'bearer',
      },
    );
    const none = await refresh(member, organization, { scope: 'users:delete' });
    expect([none.scope, none.dropped_scope]).toEqual(['', 'users:delete']);

    const keys = createRemoteJWKSet(new URL(`${gateway.url}/oidc/jwks`));
    const { payload, protectedHeader } = await jwtVerify(some.access_token, keys, {
      issuer: `${gateway.url}/oidc`,
      audience: resourceOf(organization),
      typ: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({
      sub: `usr_${userId}`,
      client_id: application.clientId,
      organization_id: `org_${organization.id}`,
      scope: 'billing:read',
    });
    expect(payload.auth_time).toBeGreaterThan(0);
    // By its id alone as well.
    const named = await openid.refreshTokenGrant(member.configuration, member.tokens.refresh_token!, {
      organization_id: `org_${organization.id}`,
    });
    expect(decodeJwt(named.access_token).aud).toBe(resourceOf(organization));
  });

  test('[ORG-28] who is no member is refused access_denied, as for an organization that is none', async () => {
    const member = await makeMember([]);
    const other = await makeOrganization(gateway.tenant);
    const refusals = await expectUnchanged(gateway, async () => [
      await refusalOf(refresh(member, other)),
      await refusalOf(refresh(member, { id: v7() })),
    ]);
    expect(refusals[0]).toMatchObject({ error: 'access_denied', status: 403 });
    expect(refusals[1]).toEqual(refusals[0]);
    expect((await refresh(member, member.organization)).access_token).toBeDefined();
  });

  test('[ORG-28] a removed member is refused at the next request, and so is a member of a suspended organization', async () => {
    const member = await makeMember(['billing:read']);
    await refresh(member, member.organization);
    await gateway.rows(`update organizations set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [
      member.organization.id,
    ]);
    expect(await refusalOf(refresh(member, member.organization))).toMatchObject({ error: 'access_denied' });
    await gateway.rows(`update organizations set status = 'ACTIVE' where tenant_id = $1 and id = $2`, [
      member.organization.id,
    ]);
    await refresh(member, member.organization);
    await remove(member.membership);
    expect(await refusalOf(refresh(member, member.organization))).toMatchObject({ error: 'access_denied' });
    await gateway.rows(`update users set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [member.userId]);
    expect(await refusalOf(refresh(member, member.organization))).toMatchObject({ error: 'invalid_grant' });
  });

  test.each(['WEB', 'BROWSER'] as const)(
    '[ORG-26] without a factor: ORGANIZATION_MFA_REQUIRED; with one, the same refresh token of a %s application works',
    async (kind) => {
      const member = await makeMember(['billing:read'], { kind });
      await requireMfa(member.organization);
      expect(await refusalOf(refresh(member, member.organization))).toEqual({
        error: 'access_denied',
        status: 403,
        text: 'ORGANIZATION_MFA_REQUIRED',
      });
      await addTotp(gateway, member.browser);
      expect((await refresh(member, member.organization)).scope).toBe('billing:read');
    },
  );

  test('[ORG-26] where proof is asked for, it has to be of this sign-in, and may be given afterwards', async () => {
    const member = await makeMember(['billing:read']);
    await requireMfa(member.organization, 'FACTOR_USED');
    await gateway.rows(
      `insert into user_factors (id, tenant_id, user_id, kind, sealed_secret, created_at, confirmed_at)
       values ($2, $1, $3, 'TOTP', 'x', now(), now())`,
      [v7(), member.userId],
    );
    expect((await refusalOf(refresh(member, member.organization))).text).toBe('ORGANIZATION_MFA_REQUIRED');
    await gateway.rows('update sessions set mfa_at = now() where tenant_id = $1 and user_id = $2', [member.userId]);
    expect((await refresh(member, member.organization)).access_token).toBeDefined();
    const { access_token: token } = await refresh(member, member.organization);
    expect(decodeJwt(token).amr).toContain('mfa');
    const { data } = await gateway.graphql(
      null,
      '{ viewer { user { id } organization { id } } }',
      {},
      { authorization: `Bearer ${token}` },
    );
    expect(data.viewer).toEqual({
      user: { id: `usr_${member.userId}` },
      organization: { id: `org_${member.organization.id}` },
    });
  });

  test("[ORG-26] a provider's word for a second factor counts only where the tenant takes it", async () => {
    const factors = (kinds: string) => gateway.rows(`update tenants set mfa_factors = '{${kinds}}' where id = $1`);
    await factors('TOTP');
    try {
      const member = await makeMember(['billing:read']);
      await requireMfa(member.organization, 'FACTOR_USED');
      await gateway.rows(
        `insert into user_factors (id, tenant_id, user_id, kind, sealed_secret, created_at, confirmed_at)
         values ($2, $1, $3, 'TOTP', 'x', now(), now())`,
        [v7(), member.userId],
      );
      member.person.amr = ['pwd', 'mfa'];
      const { browser } = await gateway.signIn(member.person);
      const tokens = await signInTo(member.configuration, browser, member.application, {
        scope: `openid ${ORGANIZATIONS}`,
      });
      expect(decodeJwt(tokens.id_token!).amr).toEqual(['pwd']);
      expect((await refusalOf(refresh({ ...member, tokens }, member.organization))).text).toBe(
        'ORGANIZATION_MFA_REQUIRED',
      );
    } finally {
      await factors('TOTP,PASSKEY,PROVIDER,ASSERTED');
    }
  });

  test('[ORG-26] what was shown counts no more, in tokens as in the session, once its factor is gone', async () => {
    const member = await makeMember(['billing:read']);
    await requireMfa(member.organization, 'FACTOR_USED');
    await gateway.rows(
      `insert into user_factors (id, tenant_id, user_id, kind, sealed_secret, created_at, confirmed_at)
       values ($2, $1, $3, 'TOTP', 'x', now(), now())`,
      [v7(), member.userId],
    );
    const prove = (at: string) =>
      gateway.rows(`update sessions set mfa_at = ${at} where tenant_id = $1 and user_id = $2`, [member.userId]);
    await prove('now()');
    const scope = `openid ${ORGANIZATIONS}`;
    const tokens = await signInTo(member.configuration, member.browser, member.application, { scope });
    const { access_token: token } = await refresh({ ...member, tokens }, member.organization);
    const ask = async () => {
      const query = '{ viewer { organization { id } } }';
      return (await gateway.graphql(null, query, {}, { authorization: `Bearer ${token}` })).data.viewer.organization;
    };
    expect(await ask()).toEqual({ id: `org_${member.organization.id}` });
    await prove('null');
    expect(await ask()).toBeNull();
    expect((await refusalOf(refresh({ ...member, tokens }, member.organization))).text).toBe(
      'ORGANIZATION_MFA_REQUIRED',
    );
  });

  test('what a suspended person had is void, and stays so when they are let in again', async () => {
    const member = await makeMember(['billing:read']);
    const { browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true });
    const tokens = await signInTo(member.configuration, member.browser, member.application, {
      scope: `openid offline_access ${ORGANIZATIONS}`,
      prompt: 'consent',
    });
    const { access_token: token } = await refresh({ ...member, tokens }, member.organization);
    const ask = async () => {
      const query = '{ viewer { user { id } } }';
      return (await gateway.graphql(null, query, {}, { authorization: `Bearer ${token}` })).data.viewer;
    };
    expect(await ask()).toEqual({ user: { id: `usr_${member.userId}` } });
    for (const mutation of ['userSuspend', 'userResume']) {
      const { data } = await gateway.graphql(
        administrator,
        `mutation ($id: ID!) { answer: ${mutation}(input: { id: $id }) { userErrors { code } } }`,
        { id: `usr_${member.userId}` },
      );
      expect(data.answer.userErrors).toEqual([]);
      expect(await ask()).toBeNull();
      expect(await refusalOf(refresh({ ...member, tokens }, member.organization))).toMatchObject({
        error: 'invalid_grant',
      });
    }
  });

  test('a refresh token without the scope of organizations asks for none', async () => {
    const member = await makeMember([], { scope: 'openid' });
    expect(await refusalOf(refresh(member, member.organization))).toMatchObject({ error: 'insufficient_scope' });
  });

  test('the refresh token of a browser application is replaced at each use, and one that is used twice ends them all', async () => {
    const member = await makeMember([], { kind: 'BROWSER' });
    const next = await refresh(member, member.organization);
    expect(next.refresh_token).not.toBe(member.tokens.refresh_token);
    expect(await whoCalls(next.access_token)).not.toBeNull();
    const plain = await openid.refreshTokenGrant(member.configuration, next.refresh_token!);
    expect(await refusalOf(refresh(member, member.organization))).toMatchObject({ error: 'invalid_grant' });
    expect(await refusalOf(openid.refreshTokenGrant(member.configuration, plain.refresh_token!))).toMatchObject({
      error: 'invalid_grant',
    });
    expect(await whoCalls(next.access_token)).toBeNull();
  });

  test('another application has no use of a refresh token', async () => {
    const member = await makeMember([]);
    const configuration = await clientOf(gateway, await makeApplication(gateway, 'WEB'));
    const stolen = refresh({ configuration, tokens: member.tokens }, member.organization);
    expect(await refusalOf(stolen)).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('organization tokens of applications', () => {
  const ask = (configuration: openid.Configuration, parameters: Record<string, string> = {}) =>
    openid.clientCredentialsGrant(configuration, parameters);

  test('[ORG-29] for an organization that it is in: what its roles give, and nothing for any other', async () => {
    const application = await makeApplication(gateway, 'MACHINE');
    const organization = await makeOrganization(gateway.tenant);
    const other = await makeOrganization(gateway.tenant);
    await joinApplication(gateway, application, organization, ['reports:read', 'reports:write']);
    const configuration = await clientOf(gateway, application);
    const given = await ask(configuration, { resource: resourceOf(organization), scope: 'reports:read users:read' });
    expect([given.scope, given.dropped_scope]).toEqual(['reports:read', 'users:read']);
    const { sub, client_id: clientId, aud } = decodeJwt(given.access_token);
    expect([sub, clientId, aud]).toEqual([application.clientId, application.clientId, resourceOf(organization)]);
    expect(await refusalOf(ask(configuration, { resource: resourceOf(other) }))).toMatchObject({
      error: 'access_denied',
      status: 403,
    });
    expect(await refusalOf(ask(configuration))).toMatchObject({ error: 'invalid_target' });
    expect(await refusalOf(ask(configuration, { scope: 'reports:read' }))).toMatchObject({ error: 'invalid_target' });
    for (const resource of ['https://api.example', 'urn:vestibule:organization:nothing', 'urn:vestibule:tenant:x']) {
      expect(await refusalOf(ask(configuration, { resource }))).toMatchObject({ error: 'invalid_target' });
    }
  });

  test('[ORG-27] applications are exempt from second factors', async () => {
    const application = await makeApplication(gateway, 'MACHINE');
    const organization = await makeOrganization(gateway.tenant);
    await joinApplication(gateway, application, organization, ['reports:read']);
    await requireMfa(organization, 'FACTOR_USED');
    const given = await ask(await clientOf(gateway, application), { resource: resourceOf(organization) });
    expect(given.scope).toBe('reports:read');
    expect(await whoCalls(given.access_token)).toMatchObject({ user: null });
  });

  test('the tenant as a whole is for applications that administer it', async () => {
    const plain = await clientOf(gateway, await makeApplication(gateway, 'MACHINE'));
    const resource = 'urn:vestibule:tenant';
    expect(await refusalOf(ask(plain, { resource }))).toMatchObject({ error: 'access_denied' });
    const application = await makeApplication(gateway, 'MACHINE', { isTenantAdministrator: true });
    const given = await ask(await clientOf(gateway, application), { resource });
    expect(given.scope).toBe('tenant:administer');
  });

  test('an application for people, a disabled one and one with an expired secret get nothing', async () => {
    const web = await clientOf(gateway, await makeApplication(gateway, 'WEB'));
    expect(await refusalOf(ask(web, { resource: 'urn:vestibule:tenant' }))).toMatchObject({ error: 'invalid_request' });
    const application = await makeApplication(gateway, 'MACHINE');
    const organization = await makeOrganization(gateway.tenant);
    await joinApplication(gateway, application, organization, []);
    const configuration = await clientOf(gateway, application);
    const resource = resourceOf(organization);
    await gateway.rows(
      'update application_secrets set expires_at = now() where tenant_id = $1 and application_id = $2',
      [application.uuid],
    );
    await expect(ask(configuration, { resource })).rejects.toMatchObject({ status: 401 });
    await gateway.rows(
      'update application_secrets set expires_at = null where tenant_id = $1 and application_id = $2',
      [application.uuid],
    );
    await ask(configuration, { resource });
    await gateway.rows(`update applications set status = 'DISABLED' where tenant_id = $1 and id = $2`, [
      application.uuid,
    ]);
    await expect(ask(configuration, { resource })).rejects.toMatchObject({ status: 401 });
  });
});

describe('token exchange', () => {
  const exchange = (configuration: openid.Configuration, token: string, parameters: Record<string, string>) =>
    openid.genericGrantRequest(configuration, EXCHANGE, {
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      ...parameters,
    });

  async function makeService(organization: { id: string }): Promise<[TestApplication, openid.Configuration]> {
    const service = await makeApplication(gateway, 'MACHINE');
    await joinApplication(gateway, service, organization, ['nothing:much']);
    return [service, await clientOf(gateway, service)];
  }

  test('an application of the organization acts for the person who handed it their token, within what that may', async () => {
    const member = await makeMember(['billing:read', 'billing:write']);
    const { organization } = member;
    const narrow = await refresh(member, organization, { scope: 'billing:read' });
    const [service, configuration] = await makeService(organization);
    const given = await exchange(configuration, narrow.access_token, {
      resource: resourceOf(organization),
      scope: 'billing:read billing:write nothing:much',
    });
    expect([given.scope, given.dropped_scope]).toEqual(['billing:read', 'billing:write nothing:much']);
    expect(decodeJwt(given.access_token)).toMatchObject({
      sub: `usr_${member.userId}`,
      client_id: service.clientId,
      act: { sub: service.clientId },
      organization_id: `org_${organization.id}`,
    });
    expect(decodeJwt(given.access_token).exp).toBeLessThanOrEqual(decodeJwt(narrow.access_token).exp!);
    expect(given.refresh_token).toBeUndefined();
    expect(await whoCalls(given.access_token)).toMatchObject({ user: { id: `usr_${member.userId}` } });
    // It ends with what it came of.
    await openid.tokenRevocation(member.configuration, member.tokens.refresh_token!);
    expect(await whoCalls(given.access_token)).toBeNull();
    expect(
      await refusalOf(exchange(configuration, narrow.access_token, { resource: resourceOf(organization) })),
    ).toMatchObject({ error: 'invalid_grant' });
  });

  test('the token of a sign-in serves the application that it was given to, for the organizations of the person', async () => {
    const member = await makeMember(['billing:read']);
    const given = await exchange(member.configuration, member.tokens.access_token, {
      organization_id: `org_${member.organization.id}`,
    });
    expect(given.scope).toBe('billing:read');
    expect(decodeJwt(given.access_token).act).toBeUndefined();
    const other = await clientOf(gateway, await makeApplication(gateway, 'WEB'));
    const resource = resourceOf(member.organization);
    expect(await refusalOf(exchange(other, member.tokens.access_token, { resource }))).toMatchObject({
      error: 'access_denied',
    });
  });

  test('the token of a session that a client carries serves an application of the organization', async () => {
    const member = await makeMember(['billing:read']);
    const reached = await reachApp(gateway, member.person, { browser: member.browser });
    const { token } = await completeInApp(gateway, member.browser, { ...reached, transport: 'TOKEN' });
    const [, configuration] = await makeService(member.organization);
    const parameters = {
      resource: resourceOf(member.organization),
      subject_token_type: 'urn:vestibule:token-type:session',
    };
    const given = await exchange(configuration, token, parameters);
    expect(await whoCalls(given.access_token)).toMatchObject({ user: { id: `usr_${member.userId}` } });
    await gateway.rows('delete from sessions where tenant_id = $1 and user_id = $2', [member.userId]);
    expect(await whoCalls(given.access_token)).toBeNull();
    expect(await refusalOf(exchange(configuration, token, parameters))).toMatchObject({ error: 'invalid_grant' });
  });

  test('it is refused for other organizations, strangers, removed members, applications and forgeries', async () => {
    const member = await makeMember(['billing:read']);
    const { organization } = member;
    const resource = resourceOf(organization);
    const { access_token: token } = await refresh(member, organization);
    const [service, configuration] = await makeService(organization);
    const other = await makeOrganization(gateway.tenant);
    await joinApplication(gateway, service, other, []);
    expect(await refusalOf(exchange(configuration, token, { resource: resourceOf(other) }))).toMatchObject({
      error: 'invalid_target',
    });
    const stranger = await clientOf(gateway, await makeApplication(gateway, 'MACHINE'));
    expect(await refusalOf(exchange(stranger, token, { resource }))).toMatchObject({ error: 'access_denied' });
    expect(await refusalOf(exchange(configuration, token, {}))).toMatchObject({ error: 'invalid_target' });
    expect(await refusalOf(exchange(configuration, `${token}x`, { resource }))).toMatchObject({
      error: 'invalid_grant',
    });
    const own = await openid.clientCredentialsGrant(configuration, { resource });
    expect(await refusalOf(exchange(configuration, own.access_token, { resource }))).toMatchObject({
      error: 'invalid_grant',
    });
    expect(await refusalOf(exchange(configuration, token, { resource, actor_token: token }))).toMatchObject({
      error: 'invalid_request',
    });
    await remove(member.membership);
    expect(await refusalOf(exchange(configuration, token, { resource }))).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('what is published, told and kept', () => {
  test('introspection and revocation know signed tokens', async () => {
    const member = await makeMember(['billing:read']);
    const { access_token: token } = await refresh(member, member.organization);
    const [service] = [await clientOf(gateway, await makeApplication(gateway, 'MACHINE'))];
    expect(await openid.tokenIntrospection(service, token)).toMatchObject({
      active: true,
      scope: 'billing:read',
      sub: `usr_${member.userId}`,
      organization_id: `org_${member.organization.id}`,
    });
    // Another application cannot revoke it, and is not told what it is.
    await openid.tokenRevocation(service, token);
    expect((await openid.tokenIntrospection(service, token)).active).toBe(true);
    await openid.tokenRevocation(member.configuration, token);
    expect(await openid.tokenIntrospection(service, token)).toEqual({ active: false });
    expect(await whoCalls(token)).toBeNull();
    expect((await openid.tokenIntrospection(service, member.tokens.access_token)).active).toBe(true);
    expect(await openid.tokenIntrospection(service, 'x.y.z')).toEqual({ active: false });
    expect((await refresh(member, member.organization)).access_token).toBeDefined();
  });

  test('no code, token, cookie or secret is in the database, and none in the log', async () => {
    const member = await makeMember(['billing:read'], { kind: 'BROWSER' });
    const { access_token: token, refresh_token: next } = await refresh(member, member.organization);
    const { application, tokens } = member;
    const stored = JSON.stringify(await gateway.rows('select * from oidc_records where tenant_id = $1'));
    const logged = gateway.logLines.join('\n');
    const secrets = [token, next!, tokens.access_token, tokens.refresh_token!, tokens.id_token!, application.secret];
    for (const secret of secrets) {
      expect(stored.includes(secret)).toBe(false);
      expect(logged.includes(secret)).toBe(false);
    }
    const keys = await gateway.rows('select * from oidc_keys where tenant_id = $1');
    expect(JSON.stringify(keys)).not.toContain('"d"');
    expect(stored.length).toBeGreaterThan(0);
  });

  test('what belongs to an application goes with it', async () => {
    const member = await makeMember(['billing:read']);
    const { access_token: token } = await refresh(member, member.organization);
    await gateway.rows('delete from applications where tenant_id = $1 and id = $2', [member.application.uuid]);
    expect(
      await gateway.rows('select 1 from oidc_records where tenant_id = $1 and application_id = $2', [
        member.application.uuid,
      ]),
    ).toEqual([]);
    expect(await whoCalls(token)).toBeNull();
  });

  test('bodies are bounded, and what is no form is refused', async () => {
    const address = `${gateway.url}/oidc/token`;
    const long = await fetch(address, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'x'.repeat(100_000) }),
    });
    expect([long.status, await long.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_request' })]);
    const json = await fetch(address, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(json.status).toBe(400);
    expect(json.headers.get('cache-control')).toBe('no-store');
  });
});

/** Who calls the gateway by this access token; null for nobody. */
async function whoCalls(token: string): Promise<{ user: { id: string } | null } | null> {
  const { data } = await gateway.graphql(
    null as Browser | null,
    '{ viewer { user { id } } }',
    {},
    {
      authorization: `Bearer ${token}`,
    },
  );
  return data.viewer;
}
