import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { toGlobalId } from '../../src/database/loaders/ids.js';
import { type LocalProvider, startLocalProvider } from '../../src/demo/provider.js';
import { Browser } from '../support/browser.js';
import { makeConnection } from '../support/factories.js';
import { changeDiscovery, startFault } from '../support/fault-proxy.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { expectRefusalPage, expectRefusedSignIn, expectUnchanged, nextSiret, settle } from '../support/sign-in.js';

const TEST = `mutation ($id: ID!) {
  connectionTest(input: { id: $id }) { issuer warnings userErrors { code message field } }
}`;

let gateway: Gateway;
/** A provider beside the gateway that nobody has allowed, what was asked of it, and the connection that names it. */
let inside: LocalProvider;
const asked: string[] = [];
let connection: { id: string };

beforeAll(async () => {
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1,::1' } });
  inside = await startLocalProvider({ hostname: '127.0.0.2', people: [], clients: [] });
  inside.intercept = async ({ path }) => void asked.push(path);
  connection = await makeConnection(gateway.tenant, {
    slug: 'inside',
    issuer: inside.issuer,
    clientSecret: 'secret',
    sealing: gateway.services.sealing,
  });
});
beforeEach(async () => {
  await settle(gateway);
  gateway.logLines.length = 0;
});
afterAll(async () => {
  await inside.close();
  await gateway.close();
});

const WHY = '127.0.0.2 is not public; ALLOWED_PRIVATE_ADDRESSES can allow it';

describe('a provider at a private address that is not allowed', () => {
  it('is not asked when an administrator tests its connection, who is told what to do', async () => {
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const test = (id: string) => gateway.graphql(browser, TEST, { id: toGlobalId('Connection', id) });
    const { data } = await expectUnchanged(gateway, () => test(connection.id));
    expect(data.connectionTest).toEqual({
      issuer: null,
      warnings: [],
      userErrors: [
        {
          code: 'PROVIDER_UNUSABLE',
          message:
            'The provider cannot be used: 127.0.0.2 is not at a public address. The operator can allow it (ALLOWED_PRIVATE_ADDRESSES).',
          field: ['id'],
        },
      ],
    });
    expect(asked).toEqual([]);
    expect(gateway.logLines.join('')).toContain(WHY);
    expect((await test(gateway.connection.id)).data.connectionTest).toMatchObject({
      issuer: gateway.provider.issuer,
      userErrors: [],
    });
  });

  it('is not asked when somebody signs in there; the log says why', async () => {
    const visit = await expectUnchanged(gateway, () =>
      new Browser().get(`${gateway.url}/auth/inside/login`, { follow: false }),
    );
    expectRefusalPage(visit, 'PROVIDER_UNAVAILABLE', ['127.0.0.2']);
    expect(asked).toEqual([]);
    expect(gateway.logLines.join('')).toContain(`discovery: ${WHY}`);
  });
});

describe('a provider that names private addresses in its discovery document', () => {
  it.each([
    ['token', 'token_endpoint', '/token'],
    ['token', 'jwks_uri', '/jwks'],
    ['userinfo', 'userinfo_endpoint', '/userinfo'],
  ])('gets no %s request to its %s', async (step, name, path) => {
    using _ = startFault(gateway.provider, changeDiscovery({ [name]: `${inside.issuer}${path}` }));
    // Another version of the connection: what was read before is not at hand.
    await gateway.configure({ name: `ProConnect ${name}` });
    const person = gateway.addPerson({ id: 'newcomer', claims: { siret: nextSiret() } });
    await expectRefusedSignIn(gateway, person, 'PROVIDER_UNAVAILABLE', { secrets: ['127.0.0.2'] });
    expect(asked).toEqual([]);
    expect(gateway.logLines.join('')).toContain(`${step}: ${WHY}`);
  });

  it('is not asked for the keys of a logout token', async () => {
    using _ = startFault(gateway.provider, changeDiscovery({ jwks_uri: `${inside.issuer}/jwks` }));
    await gateway.configure({ name: 'ProConnect logout' });
    const { kid, privateKey } = gateway.provider.signingKey;
    const token = await new SignJWT({ sub: 'somebody', events: {} })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(privateKey);
    const visit = await expectUnchanged(gateway, () =>
      new Browser().post(`${gateway.url}/auth/proconnect/backchannel-logout`, { form: { logout_token: token } }),
    );
    expect(visit.status).toBe(500);
    expect(visit.text).not.toContain('127.0.0.2');
    expect(asked).toEqual([]);
    expect(gateway.logLines.join('')).toContain(WHY);
  });
});
