import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { verifyAccessToken } from '../../src/auth/oidc/access-token.js';
import { maintainKeys, rotateKeys, SigningKeys } from '../../src/auth/oidc/keys.js';
import { removeExpired } from '../../src/database/remove-expired.js';
import { makeOrganization, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { clientOf, joinApplication, makeApplication, resourceOf, signInTo } from '../support/openid.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const published = async () =>
  ((await (await fetch(`${gateway.url}/oidc/jwks`)).json()) as JSONWebKeySet).keys.map(({ kid }) => kid!);

/** Another process on the same database. */
const anotherProcess = () => new SigningKeys(gateway.services);

async function makeMachine() {
  const application = await makeApplication(gateway, 'MACHINE');
  const organization = await makeOrganization(gateway.tenant);
  await joinApplication(gateway, application, organization, ['reports:read']);
  const configuration = await clientOf(gateway, application);
  const resource = resourceOf(organization);
  return async () => {
    const { access_token: token } = await openid.clientCredentialsGrant(configuration, { resource });
    return { token, kid: decodeProtectedHeader(token).kid! };
  };
}

const isKnown = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  return (await gateway.graphql(null, '{ viewer { application { id } } }', {}, headers)).data.viewer !== null;
};

describe('signing keys', () => {
  test('processes that come first at the same moment agree on the first keys', async () => {
    const tenant = await seedTenant(gateway.database, 'first');
    const sets = await Promise.all(Array.from({ length: 4 }, () => anotherProcess().find(tenant.id)));
    expect(new Set(sets.map(({ version }) => version)).size).toBe(1);
    expect(sets[0]!.keys.map(({ alg }) => alg).sort()).toEqual(['ES256', 'RS256']);
  });

  test('[ORG-30] whoever knows JOSE alone verifies access tokens and ID tokens by the published keys', async () => {
    const machine = await makeMachine();
    const application = await makeApplication(gateway, 'WEB');
    const { browser } = await gateway.signedInUser();
    const { id_token: idToken } = await signInTo(await clientOf(gateway, application), browser, application);
    const { keys } = (await (await fetch(`${gateway.url}/oidc/jwks`)).json()) as JSONWebKeySet;
    // Nothing of a private key is published.
    for (const key of keys) expect(Object.keys(key)).not.toContain('d');
    for (const [token, algorithm] of [
      [(await machine()).token, 'ES256'],
      [idToken!, 'RS256'],
    ] as const) {
      const { kid, alg } = decodeProtectedHeader(token);
      expect(alg).toBe(algorithm);
      const jwk = keys.find((key) => key.kid === kid)!;
      expect(jwk).toMatchObject({ alg: algorithm, use: 'sig' });
      const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
      const [head, body, signature] = token.split('.') as [string, string, string];
      const isSigned = (text: string) =>
        verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
      expect([isSigned(`${head}.${body}`), isSigned(`${head}.${body}x`)]).toEqual([true, false]);
    }
  });

  test('[ORG-30] keys rotate without a failed verification', async () => {
    const ask = await makeMachine();
    const issuer = `${gateway.url}/oidc`;
    // A receiver that keeps the keys for as long as it is told that it may, and asks for none in between.
    let kept = createRemoteJWKSet(new URL(`${issuer}/jwks`), { cooldownDuration: Infinity });
    const verify = (token: string) => jwtVerify(token, kept, { issuer, currentDate: gateway.services.clock() });
    const before = await ask();
    await verify(before.token);
    const first = await published();

    const signsFrom = await rotateKeys(gateway.services, gateway.tenant.id);
    expect(await rotateKeys(gateway.services, gateway.tenant.id)).toBeNull();
    expect(signsFrom!.getTime() - gateway.services.clock().getTime()).toBeGreaterThan(10 * MINUTE);
    gateway.services.openId.keys.forget(gateway.tenant.id);
    // Published at once; the old ones go on signing, so that what receivers have kept still does.
    expect((await published()).length).toBe(4);
    const during = await ask();
    expect(during.kid).toBe(before.kid);
    await verify(during.token);

    // Receivers have had the time to fetch the new ones; then those sign.
    kept = createRemoteJWKSet(new URL(`${issuer}/jwks`), { cooldownDuration: Infinity });
    await verify(during.token);
    gateway.advance(16 * MINUTE);
    const after = await ask();
    expect(after.kid).not.toBe(before.kid);
    await verify(after.token);
    await verify(during.token);
    expect([await isKnown(before.token), await isKnown(after.token)]).toEqual([true, true]);

    // The old ones are gone once nothing that they signed is valid.
    gateway.advance(50 * MINUTE);
    expect(await published()).toEqual(expect.arrayContaining(first));
    gateway.advance(DAY);
    gateway.services.openId.keys.forget(gateway.tenant.id);
    await maintainKeys(gateway.services, gateway.tenant.id);
    const left = await published();
    expect(left.length).toBe(2);
    expect(left.some((kid) => first.includes(kid))).toBe(false);
    expect(await gateway.rows('select 1 from oidc_keys where tenant_id = $1')).toHaveLength(2);
  });

  test('a process that has kept older keys looks for those that it does not know', async () => {
    const { token } = await (await makeMachine())();
    const { id, slug } = gateway.tenant;
    const tenant = { id, slug, publicUrl: gateway.url };
    const keys = anotherProcess();
    const elsewhere = { keys, clock: () => new Date() };
    expect(await verifyAccessToken(elsewhere, tenant, token)).not.toBeNull();
    // Its keys are as they were before the newest were made.
    const kept = await keys.find(id);
    const others = await anotherProcess().find((await seedTenant(gateway.database, 'others')).id);
    const stale = { ...kept, published: others.published };
    const asked: (number | undefined)[] = [];
    const find = async (_id: string, atMostOld?: number) => {
      asked.push(atMostOld);
      return asked.length === 1 ? stale : keys.find(id, atMostOld);
    };
    const claims = await verifyAccessToken({ ...elsewhere, keys: { find } as never }, tenant, token);
    expect([claims?.applicationId !== undefined, asked.length]).toEqual([true, 2]);
  });

  test('keys are replaced by age, and not before', async () => {
    const tenant = await seedTenant(gateway.database, 'aged');
    const count = async () =>
      (await gateway.database.read(tenant.id, 'select 1 from oidc_keys where tenant_id = $1', [tenant.id])).length;
    await maintainKeys(gateway.services, tenant.id);
    expect(await count()).toBe(0);
    await anotherProcess().find(tenant.id);
    gateway.advance(89 * DAY);
    await maintainKeys(gateway.services, tenant.id);
    expect(await count()).toBe(2);
    gateway.advance(2 * DAY);
    await Promise.all([maintainKeys(gateway.services, tenant.id), maintainKeys(gateway.services, tenant.id)]);
    expect(await count()).toBe(4);
    gateway.advance(2 * DAY);
    await maintainKeys(gateway.services, tenant.id);
    expect(await count()).toBe(2);
    gateway.advance(-93 * DAY);
  });

  test('what has expired is removed', async () => {
    await makeMachine();
    gateway.advance(400 * DAY);
    await removeExpired(gateway.services);
    expect(await gateway.rows('select model from oidc_records where tenant_id = $1')).toEqual([]);
    gateway.advance(-400 * DAY);
  });

  test('the discovery document says what is there, and what is not does not answer', async () => {
    const document = (await (await fetch(`${gateway.url}/oidc/.well-known/openid-configuration`)).json()) as Record<
      string,
      unknown
    >;
    expect(document).toMatchObject({
      issuer: `${gateway.url}/oidc`,
      jwks_uri: `${gateway.url}/oidc/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256', 'ES256']),
      grant_types_supported: expect.arrayContaining([
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ]),
    });
    for (const name of [
      'registration_endpoint',
      'pushed_authorization_request_endpoint',
      'device_authorization_endpoint',
    ])
      expect(document[name]).toBeUndefined();
    expect((await fetch(`${gateway.url}/oidc/reg`, { method: 'POST' })).status).toBe(404);
    const keys = await fetch(`${gateway.url}/oidc/jwks`);
    expect(keys.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await keys.text()).not.toMatch(/"(d|p|q)"/);
  });
});
