import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { addTotp } from '../support/factors.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  APP_URL,
  authorize,
  clientOf,
  makeApplication,
  ORGANIZATION_ROLES,
  ORGANIZATIONS,
  refusalOf,
  signInTo,
} from '../support/openid.js';
import { addProvider, viewerOf } from '../support/sign-in.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

describe('signing in to an application', () => {
  test('who is signed in comes back at once, with claims of the scopes that were asked', async () => {
    const { browser, userId } = await gateway.signedInUser({
      email: 'Ada@example.org',
      givenName: 'Ada',
      familyName: 'Lovelace',
    });
    const organization = await makeOrganization(gateway.tenant, { name: 'Engines' });
    await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: ['member', 'administrator'] });
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const scope = `openid profile email ${ORGANIZATIONS} ${ORGANIZATION_ROLES}`;
    const tokens = await signInTo(configuration, browser, application, { scope });

    const keys = createRemoteJWKSet(new URL(`${gateway.url}/oidc/jwks`));
    const issuer = `${gateway.url}/oidc`;
    const { payload } = await jwtVerify(tokens.id_token!, keys, { issuer, audience: application.clientId });
    const organizationId = `org_${organization.id}`;
    const claims = {
      sub: `usr_${userId}`,
      email: 'Ada@example.org',
      email_verified: true,
      name: 'Ada Lovelace',
      given_name: 'Ada',
      family_name: 'Lovelace',
      organizations: [organizationId],
      organization_data: [{ id: organizationId, name: 'Engines', slug: organization.slug }],
      organization_roles: [`${organizationId}:administrator`, `${organizationId}:member`],
    };
    expect(payload).toMatchObject(claims);
    expect(await openid.fetchUserInfo(configuration, tokens.access_token, `usr_${userId}`)).toMatchObject(claims);
    expect(tokens.refresh_token).toBeDefined();
    expect(decodeProtectedHeader(tokens.id_token!).alg).toBe('RS256');
  });

  test('[ORG-26] applications learn no role in an organization that keeps the person out for want of a factor', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const [open, strict] = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
    for (const organization of [open, strict])
      await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: ['administrator'] });
    const rule = (name: string) =>
      gateway.rows('update organizations set is_mfa_required = true, mfa_rule = $3 where tenant_id = $1 and id = $2', [
        strict.id,
        name,
      ]);
    await rule('FACTOR_CONFIGURED');
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const scope = `openid ${ORGANIZATIONS} ${ORGANIZATION_ROLES}`;
    const tokens = await signInTo(configuration, browser, application, { scope });
    const rolesIn = (claims: object | undefined) =>
      [...(claims as { organization_roles: string[] }).organization_roles].sort();
    const told = () => openid.fetchUserInfo(configuration, tokens.access_token, `usr_${userId}`).then(rolesIn);
    const ofOpen = `org_${open.id}:administrator`;
    expect(rolesIn(tokens.claims())).toEqual([ofOpen]);
    expect(await told()).toEqual([ofOpen]);
    expect(tokens.claims()!.organizations).toHaveLength(2);

    const both = [ofOpen, `org_${strict.id}:administrator`].sort();
    await addTotp(gateway, browser);
    expect(await told()).toEqual(both);
    await rule('FACTOR_USED');
    expect(await told()).toEqual([ofOpen]);
    await gateway.rows('update sessions set mfa_at = now() where tenant_id = $1 and user_id = $2', [userId]);
    expect(await told()).toEqual(both);
  });

  test('who is not signed in is sent to the only identity provider, and comes back', async () => {
    const person = gateway.addPerson({ id: 'newcomer' });
    const browser = new Browser();
    const application = await makeApplication(gateway, 'BROWSER');
    const configuration = await clientOf(gateway, application, openid.None());
    const tokens = await signInTo(configuration, browser, application, { login_hint: person.id });
    const viewer = await viewerOf(gateway, browser);
    expect(tokens.claims()!.sub).toBe(viewer!.user.id);
  });

  test('of several identity providers the person chooses one', async () => {
    const second = await addProvider(gateway, 'second');
    const person = second.addPerson({ id: 'chooser', sub: 'chooser', claims: { email: 'chooser@example.org' } });
    try {
      const application = await makeApplication(gateway, 'WEB');
      const configuration = await clientOf(gateway, application);
      const browser = new Browser();
      const asked = { login_hint: person.id, acr_values: 'eidas2' };
      const { visit, verifier } = await authorize(configuration, browser, application, asked);
      expect(visit.status).toBe(200);
      const ways = [...visit.text.matchAll(/href="(\/auth\/[^"]+)"/g)].map(([, href]) =>
        href!.replaceAll('&#38;', '&'),
      );
      expect(ways.map((href) => href.split('/')[2]).sort()).toEqual(['proconnect', 'second']);
      const way = ways.find((href) => href.includes('/second/'))!;
      const back = await browser.get(gateway.url + way, { stopAt: (next) => next.startsWith(application.redirectUri) });
      expect(back.visited.some((url) => new URL(url).searchParams.get('acr_values') === 'eidas2')).toBe(true);
      const tokens = await openid.authorizationCodeGrant(configuration, new URL(back.location!), {
        pkceCodeVerifier: verifier,
        expectedState: 'the-state',
        expectedNonce: 'the-nonce',
      });
      expect(tokens.claims()!.sub).toBe((await viewerOf(gateway, browser))!.user.id);
    } finally {
      await gateway.rows(`update connections set status = 'DISABLED' where tenant_id = $1 and slug = 'second'`);
      await second.provider.close();
    }
  });

  test('prompt=none without a session is login_required, and with one silent', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const nobody = await authorize(configuration, new Browser(), application, { prompt: 'none' });
    expect(new URL(nobody.visit.location!).searchParams.get('error')).toBe('login_required');
    const { browser } = await gateway.signedInUser();
    const silent = await authorize(configuration, browser, application, { prompt: 'none' });
    expect(new URL(silent.visit.location!).searchParams.get('code')).toBeTruthy();
    expect(silent.visit.visited).toHaveLength(1);
  });

  test('prompt=login signs the person in anew, whatever session there is', async () => {
    const { browser, person } = await gateway.signedInUser();
    const before = (await viewerOf(gateway, browser))!.session.id;
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const asked = { prompt: 'login', login_hint: person.id };
    const tokens = await signInTo(configuration, browser, application, asked);
    const after = await viewerOf(gateway, browser);
    expect(tokens.claims()!.sub).toBe(after!.user.id);
    expect(after!.session.id).not.toBe(before);
  });

  test('max_age asks for a sign-in that is younger', async () => {
    const { browser, person } = await gateway.signedInUser();
    const before = (await viewerOf(gateway, browser))!.session.id;
    await gateway.rows(
      `update sessions set authenticated_at = authenticated_at - interval '1 hour' where tenant_id = $1 and id = $2`,
      [before.slice(4)],
    );
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    await signInTo(configuration, browser, application, { max_age: '7200', login_hint: person.id });
    expect((await viewerOf(gateway, browser))!.session.id).toBe(before);
    const tokens = await signInTo(configuration, browser, application, { max_age: '60', login_hint: person.id });
    expect((await viewerOf(gateway, browser))!.session.id).not.toBe(before);
    expect(tokens.claims()!.auth_time).toBeGreaterThan(Date.now() / 1000 - 60);
  });

  test('a sign-in that another browser began is not finished here', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { visit } = await authorize(configuration, new Browser(), application, { prompt: 'login consent' });
    const interaction = visit.visited.find((url) => url.includes('/oidc/interaction/'))!;
    const { browser } = await gateway.signedInUser();
    const answer = await browser.get(interaction, { follow: false });
    expect({ status: answer.status, code: answer.text.match(/class="code">(\w+)/)?.[1] }).toEqual({
      status: 400,
      code: 'LOGIN_EXPIRED',
    });
  });

  test('redirect URIs are compared exactly, and an unknown one is never gone to', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { browser } = await gateway.signedInUser();
    for (const redirect_uri of [`${APP_URL}/callback/`, `${APP_URL}/callback?x=1`, 'https://evil.example/callback']) {
      const { visit } = await authorize(configuration, browser, application, { redirect_uri });
      expect({ status: visit.status, location: visit.location }).toEqual({ status: 400, location: undefined });
      expect(visit.text).toContain('invalid_redirect_uri');
      expect(visit.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  test('PKCE is asked of every application, and a code serves once: used again, it revokes what came of it', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { browser } = await gateway.signedInUser();
    const bare = new URL(
      openid.buildAuthorizationUrl(configuration, { redirect_uri: application.redirectUri, scope: 'openid' }),
    );
    const refused = await browser.get(bare, { stopAt: (next) => next.startsWith(application.redirectUri) });
    expect(new URL(refused.location!).searchParams.get('error')).toBe('invalid_request');

    const { visit, verifier } = await authorize(configuration, browser, application);
    const checks = { pkceCodeVerifier: verifier, expectedState: 'the-state', expectedNonce: 'the-nonce' };
    const exchange = () => openid.authorizationCodeGrant(configuration, new URL(visit.location!), checks);
    const wrong = openid.authorizationCodeGrant(configuration, new URL(visit.location!), {
      ...checks,
      pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    });
    expect(await refusalOf(wrong)).toMatchObject({ error: 'invalid_grant' });
    const tokens = await exchange();
    expect(await refusalOf(exchange())).toMatchObject({ error: 'invalid_grant' });
    expect(await refusalOf(openid.refreshTokenGrant(configuration, tokens.refresh_token!))).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('of two uses of a code at the same moment one serves at most, and nothing of it is left', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { browser } = await gateway.signedInUser();
    const { visit, verifier } = await authorize(configuration, browser, application);
    const checks = { pkceCodeVerifier: verifier, expectedState: 'the-state', expectedNonce: 'the-nonce' };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => openid.authorizationCodeGrant(configuration, new URL(visit.location!), checks)),
    );
    const served = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(served.length).toBeLessThanOrEqual(1);
    for (const { refresh_token: token } of served) {
      expect(await refusalOf(openid.refreshTokenGrant(configuration, token!))).toMatchObject({
        error: 'invalid_grant',
      });
    }
  });

  test('a disabled application gets nothing, by its refresh tokens neither', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { browser } = await gateway.signedInUser();
    const tokens = await signInTo(configuration, browser, application);
    await gateway.rows(`update applications set status = 'DISABLED' where tenant_id = $1 and id = $2`, [
      application.uuid,
    ]);
    const { visit } = await authorize(configuration, browser, application);
    expect({ status: visit.status, location: visit.location }).toEqual({ status: 400, location: undefined });
    await expect(openid.refreshTokenGrant(configuration, tokens.refresh_token!)).rejects.toThrow();
    await expect(openid.fetchUserInfo(configuration, tokens.access_token, openid.skipSubjectCheck)).rejects.toThrow();
  });

  test('a suspended user, and one whose session has ended, is refreshed no more', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { browser, userId } = await gateway.signedInUser();
    const bound = await signInTo(configuration, browser, application);
    const offline = await signInTo(configuration, browser, application, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    await gateway.rows('delete from sessions where tenant_id = $1 and user_id = $2', [userId]);
    expect(await refusalOf(openid.refreshTokenGrant(configuration, bound.refresh_token!))).toMatchObject({
      error: 'invalid_grant',
    });
    await openid.refreshTokenGrant(configuration, offline.refresh_token!);
    await gateway.rows(`update users set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [userId]);
    expect(await refusalOf(openid.refreshTokenGrant(configuration, offline.refresh_token!))).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('a secret that is wrong is refused, and every secret that is valid serves', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const wrong = await clientOf(gateway, { ...application, secret: 'wrong' });
    const { browser } = await gateway.signedInUser();
    await expect(signInTo(wrong, browser, application)).rejects.toThrow();
    const posted = await clientOf(gateway, application, openid.ClientSecretPost(application.secret));
    expect((await signInTo(posted, browser, application)).access_token).toBeDefined();
  });

  test('the answer may come by a form that the browser posts', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { browser } = await gateway.signedInUser();
    const { visit } = await authorize(configuration, browser, application, { response_mode: 'form_post' });
    expect(visit.text).toContain(`action="${application.redirectUri}"`);
    // The page's one script is let run by its hash.
    expect(visit.headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-/);
  });

  test('signing out of an application ends the session here, and comes back to it', async () => {
    const application = await makeApplication(gateway, 'WEB');
    const configuration = await clientOf(gateway, application);
    const { browser } = await gateway.signedInUser();
    const tokens = await signInTo(configuration, browser, application);
    const leave = openid.buildEndSessionUrl(configuration, {
      id_token_hint: tokens.id_token!,
      post_logout_redirect_uri: `${APP_URL}/signed-out`,
      state: 'bye',
    });
    const asked = await browser.get(leave);
    expect(asked.status).toBe(200);
    const action = asked.text.match(/action="([^"]+)"/)![1]!;
    const xsrf = asked.text.match(/name="xsrf" value="([^"]+)"/)![1]!;
    const stopAt = (next: string) => next.startsWith(APP_URL);
    const left = await browser.post(action, { form: { xsrf, logout: 'yes' } }, { stopAt });
    expect(left.location).toBe(`${APP_URL}/signed-out?state=bye`);
    expect(await viewerOf(gateway, browser)).toBeNull();
    expect(await refusalOf(openid.refreshTokenGrant(configuration, tokens.refresh_token!))).toMatchObject({
      error: 'invalid_grant',
    });
    expect(left.visited.some((url) => url.startsWith(gateway.provider.issuer))).toBe(true);
  });

  test('a browser application of a known origin may ask from its pages, and no other page may', async () => {
    const application = await makeApplication(gateway, 'BROWSER', { redirectUri: `${APP_URL}/callback` });
    const ask = (origin: string) =>
      fetch(`${gateway.url}/oidc/token`, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: application.clientId }),
      });
    expect((await ask(APP_URL)).headers.get('access-control-allow-origin')).toBe(APP_URL);
    expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${gateway.url}/oidc/token`, {
      method: 'OPTIONS',
      headers: { origin: APP_URL, 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(APP_URL);
  });
});

describe('behind https', () => {
  test('addresses and cookies are those of the public address, whatever a client says of itself', async () => {
    const secure = await startGateway({ environment: { PUBLIC_URL: 'https://login.example' } });
    try {
      const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example', accept: 'text/html' };
      const discovery = await fetch(`${secure.url}/oidc/.well-known/openid-configuration`, { headers });
      const document = (await discovery.json()) as Record<string, unknown>;
      expect([document.issuer, document.token_endpoint]).toEqual([
        'https://login.example/oidc',
        'https://login.example/oidc/token',
      ]);
      const application = await makeApplication(secure, 'WEB');
      const query = new URLSearchParams({
        client_id: application.clientId,
        redirect_uri: application.redirectUri,
        response_type: 'code',
        scope: 'openid',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      });
      const began = await fetch(`${secure.url}/oidc/auth?${query.toString()}`, { headers, redirect: 'manual' });
      expect(began.headers.get('location')).toMatch(/^\/oidc\/interaction\//);
      const cookies = began.headers.getSetCookie();
      expect(cookies).toHaveLength(2);
      for (const cookie of cookies) expect(cookie).toMatch(/; secure; httponly/i);
    } finally {
      await secure.close();
    }
  });
});
