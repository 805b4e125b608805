import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EmailTrust } from '../../src/entities/enums.js';
import { Browser } from '../support/browser.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { invitation, inviting, tokenOf } from '../support/invitations.js';
import { addJitConnection, makeJitRole } from '../support/jit.js';
import { APP_CALLBACK, eventsOf } from '../support/sign-in.js';

let gateway: Gateway;
let admin: Awaited<ReturnType<typeof inviting>>;
let serial = 0;
beforeAll(async () => {
  gateway = await startGateway({
    environment: { ALLOWED_ORIGINS: 'https://app.example.org' },
    connection: { emailTrust: EmailTrust.PROVIDER },
  });
});
afterAll(() => gateway.close());
beforeEach(async () => {
  admin = await inviting(gateway);
});

async function invite(email: string) {
  const input = { organizationId: admin.organizationId, email, roleIds: [`rol_${gateway.tenant.roles.get('member')}`] };
  const { acceptLink, invitation: made } = await invitation(
    gateway,
    admin.browser,
    'organizationInvitationCreate',
    input,
  );
  return { token: tokenOf(acceptLink), id: made.id as string };
}

const newcomer = (email: string) => gateway.addPerson({ id: `guest-${++serial}`, claims: { email } });
const login = (browser: Browser, body: object, headers: Record<string, string> = {}) =>
  browser.post(`${gateway.url}/auth/proconnect/login`, { json: body }, { headers });

/** What the page does: begins with the token in a body, and follows the provider's way back. */
async function comeByPage(person: { id: string }, token: string) {
  const browser = new Browser();
  const begun = await login(browser, { invitation: token, returnTo: '/invitations?a=b' });
  const url = new URL(begun.json<{ authorizationUrl: string }>().authorizationUrl);
  expect(url.href).not.toContain(token);
  url.searchParams.set('login_hint', person.id);
  return { browser, visit: await browser.get(url) };
}

async function statusOf(id: string) {
  const [row] = await gateway.rows('select status from invitations where tenant_id = $1 and id = $2', [id.slice(4)]);
  return row!.status;
}

describe('an invitation that is carried through a sign-in', () => {
  it('is accepted for a newcomer with that verified address, in the transaction of the sign-in', async () => {
    const email = `Guest-${serial}@example.org`;
    const { token, id } = await invite(email);
    const { result, events } = await eventsOf(gateway, () => comeByPage(newcomer(email.toLowerCase()), token));
    expect(result.visit.url).toBe(`${gateway.url}/invitations?a=b&invitation=ACCEPTED`);
    expect(result.visit.status).toBe(200);
    expect(events.map(({ type }) => type)).toEqual([
      'user.created',
      'identity.linked',
      'user.signed_in',
      'membership.added',
      'invitation.accepted',
    ]);
    expect(await statusOf(id)).toBe('ACCEPTED');
    const { data } = await gateway.graphql(
      result.browser,
      '{ viewer { organization { id } user { memberships { nodes { source roles { name } } } } } }',
    );
    expect(data.viewer).toMatchObject({ organization: { id: admin.organizationId } });
    expect(gateway.logLines.join('\n')).not.toContain(token);
    expect(result.visit.visited.join('\n')).not.toContain(token);
  });

  it('is accepted beside the rules of joining, and gives its roles where they lead to the same organization', async () => {
    const other = await makeOrganization(gateway.tenant);
    await addJitConnection(gateway, other);
    await addJitConnection(gateway, admin.organization);
    const byRule = await makeJitRole(gateway, admin.organization, 'jit-beside');
    const email = `both-${serial}@example.org`;
    const { token, id } = await invite(email);
    const { browser } = await comeByPage(newcomer(email), token);
    const { data } = await gateway.graphql(
      browser,
      '{ viewer { user { memberships { nodes { organization { id } roles { name } } } } } }',
    );
    const { nodes } = data.viewer.user.memberships;
    expect(nodes).toHaveLength(2);
    expect(nodes).toEqual(
      expect.arrayContaining([
        { organization: { id: `org_${other.id}` }, roles: [] },
        { organization: { id: admin.organizationId }, roles: [{ name: byRule }, { name: 'member' }] },
      ]),
    );
    expect(await statusOf(id)).toBe('ACCEPTED');
    await gateway.rows('delete from organization_jit_connections where tenant_id = $1');
  });

  it('for somebody else lets them in all the same, and says that it was not accepted', async () => {
    const { token, id } = await invite(`somebody-${serial}@example.org`);
    const { visit, browser } = await comeByPage(newcomer(`other-${serial}@example.org`), token);
    expect(visit.url).toBe(`${gateway.url}/invitations?a=b&invitation=NOT_FOUND`);
    expect((await gateway.graphql(browser, '{ viewer { user { memberships { nodes { id } } } } }')).data).toEqual({
      viewer: { user: { memberships: { nodes: [] } } },
    });
    expect(await statusOf(id)).toBe('PENDING');
  });

  it('by a single-page client is told of in its payload', async () => {
    const email = `spa-${serial}@example.org`;
    const { token, id } = await invite(email);
    const person = newcomer(email);
    const browser = new Browser();
    const begin = await gateway.graphql(
      browser,
      'mutation ($input: SsoBeginInput!) { ssoBegin(input: $input) { authorizationUrl binding userErrors { code } } }',
      { input: { connection: 'proconnect', redirectUri: APP_CALLBACK, loginHint: person.id, invitation: token } },
    );
    const { authorizationUrl, binding } = begin.data.ssoBegin;
    const { location } = await browser.get(authorizationUrl, { stopAt: (url) => url.startsWith(APP_CALLBACK) });
    const { data } = await gateway.graphql(
      browser,
      `mutation ($input: SsoCompleteInput!) { ssoComplete(input: $input) {
        invitation { invitation { id status } userErrors { code } } userErrors { code } } }`,
      { input: { binding, callbackUrl: location } },
    );
    expect(data.ssoComplete).toEqual({
      invitation: { invitation: { id, status: 'ACCEPTED' }, userErrors: [] },
      userErrors: [],
    });
  });

  it('cannot be begun by a page of another site', async () => {
    const { token } = await invite(`target-${serial}@example.org`);
    const before = await gateway.rows('select 1 from login_transactions where tenant_id = $1');
    for (const visit of [
      await login(new Browser(), { invitation: token }, { origin: 'https://evil.example' }),
      await new Browser().post(`${gateway.url}/auth/proconnect/login`, { form: { invitation: token } }),
    ]) {
      expect([visit.status, visit.json<{ code: string }>().code]).toEqual([403, 'FORBIDDEN']);
    }
    expect(await gateway.rows('select 1 from login_transactions where tenant_id = $1')).toEqual(before);
    const admitted = await login(new Browser(), { invitation: token }, { origin: 'https://app.example.org' });
    expect(admitted.status).toBe(200);
    const unknown = await new Browser().post(`${gateway.url}/auth/nothing/login`, { json: { invitation: token } });
    expect([unknown.status, unknown.json<{ code: string }>().code]).toEqual([404, 'CONNECTION_UNKNOWN']);
  });

  it('has a page that says what it is for, with its own scripts alone', async () => {
    const page = await new Browser().get(`${gateway.url}/invitations`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.text.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="/assets/invitations.js">']);
    expect((await new Browser().get(`${gateway.url}/assets/invitations.js`)).status).toBe(200);
  });
});
