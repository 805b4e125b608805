import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { checkOrganizationMfa } from '../../src/factors/organization-mfa.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { addTotp, codesOf, run, showTotp, tryTo } from '../support/factors.js';
import type { Gateway } from '../support/gateway.js';
import { AUDIT, CHANGED, codeOf, startLiveGateway } from '../support/live-gateway.js';
import { eventsOf, expectUnchanged, nextSiret } from '../support/sign-in.js';

const live = await startLiveGateway();
const gateway: Gateway = live.gateway;
let administrator: Browser;

beforeAll(async () => {
  administrator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(async () => {
  await live.disconnect();
  await gateway.close();
});

type Rule = 'FACTOR_CONFIGURED' | 'FACTOR_USED';

/** An organization that requires a second factor, and somebody in it who has none. */
async function barred(rule: Rule = 'FACTOR_CONFIGURED', roles = ['member', 'administrator']) {
  const person = await gateway.signedInUser();
  const organization = await makeOrganization(gateway.tenant, { isMfaRequired: true, mfaRule: rule as never });
  const membership = await makeMembership(gateway.tenant, { user: { id: person.userId }, organization, roles });
  return { ...person, organization, id: `org_${organization.id}`, membership: `mem_${membership.id}` };
}

const ask = (browser: Browser, query: string, variables = {}) => gateway.graphql(browser, query, variables);
const codes = async (browser: Browser, query: string, variables = {}) =>
  (await ask(browser, query, variables)).errors?.map(({ extensions }) => extensions.code) ?? [];

describe('[ORG-26] an organization that requires a second factor gives nothing to who has none', () => {
  it('says so where it is asked for, and leaves it out of lists', async () => {
    const { browser, id, organization, membership, userId } = await barred();
    const siret = nextSiret();
    await gateway.rows(
      `insert into organization_identifiers (id, tenant_id, organization_id, scheme, value) values ($2, $1, $3, 'SIRET', $4)`,
      [v7(), organization.id, siret],
    );
    const asked = [
      `{ organization(id: "${id}") { name } }`,
      `{ organization(identifier: { scheme: SIRET, value: "${siret}" }) { name } }`,
      `{ node(id: "${id}") { ... on Organization { name } } }`,
      `{ auditEvents(filter: { organizationId: "${id}" }) { nodes { id } } }`,
    ];
    for (const query of asked) {
      const answer = await ask(browser, query);
      expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
      expect(answer.text).not.toContain(organization.name);
    }
    const { data, errors, text } = await ask(
      browser,
      `{ organizations { nodes { id } totalCount }
         nodes(ids: ["${id}"]) { id }
         _entities(representations: [{ __typename: "Organization", id: "${id}" }]) { __typename }
         node(id: "${membership}") { ... on Membership { isMfaNeeded roles { name } organization { name } } }
         viewer { organization { id } user { memberships { nodes { id isMfaNeeded organization { id } } } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(text).not.toContain(organization.name);
    expect(data).toEqual({
      organizations: { nodes: [], totalCount: 0 },
      nodes: [null],
      _entities: [null],
      node: {
        isMfaNeeded: true,
        roles: expect.arrayContaining([{ name: 'administrator' }]),
        organization: null,
      },
      viewer: {
        organization: null,
        user: { memberships: { nodes: [{ id: membership, isMfaNeeded: true, organization: null }] } },
      },
    });
    // Other members are nothing to who is kept out; who asks for one by id is told why.
    const other = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: other.userId }, organization });
    const person = await ask(browser, `{ user(id: "usr_${other.userId}") { id } }`);
    expect(person.errors?.map(({ extensions }) => extensions.code)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    expect(userId).not.toBe(other.userId);
  });

  it('refuses mutations alike, with their data unchanged', async () => {
    const { browser, id } = await barred();
    const update = `mutation { organizationUpdate(input: { id: "${id}", description: "x" }) { userErrors { code } } }`;
    expect(await expectUnchanged(gateway, () => codes(browser, update))).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    const hook = `mutation { webhookEndpointCreate(input: { organizationId: "${id}", url: "https://example.org/x" }) { secret } }`;
    expect(await expectUnchanged(gateway, () => codes(browser, hook))).toEqual(['ORGANIZATION_MFA_REQUIRED']);
  });

  it('says nothing to strangers: for them there is none', async () => {
    const { id } = await barred();
    const stranger = await barred();
    expect((await ask(stranger.browser, `{ organization(id: "${id}") { id } }`)).data.organization).toBeNull();
    const update = `mutation { organizationUpdate(input: { id: "${id}" }) { userErrors { code } } }`;
    expect(await codes(stranger.browser, update)).toEqual(['NOT_FOUND']);
  });

  it('tells a member no more than a factor would give them', async () => {
    const { browser, id, organization } = await barred('FACTOR_CONFIGURED', ['member']);
    const update = `mutation { organizationUpdate(input: { id: "${id}" }) { userErrors { code } } }`;
    expect(await codes(browser, update)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    expect(await codes(browser, `{ auditEvents(filter: { organizationId: "${id}" }) { nodes { id } } }`)).toEqual([
      'FORBIDDEN',
    ]);
    const hook = v7();
    await gateway.rows(
      `insert into webhook_endpoints (id, tenant_id, organization_id, url, event_types, sealed_secret, status, created_at, updated_at, version)
       values ($2, $1, $3, 'https://example.org/hidden', '{}', 'x', 'ENABLED', now(), now(), 1)`,
      [hook, organization.id],
    );
    expect((await ask(browser, `{ webhookEndpoint(id: "whe_${hook}") { id } }`)).data.webhookEndpoint).toBeNull();
    const remove = `mutation { webhookEndpointDelete(input: { id: "whe_${hook}" }) { deletedId } }`;
    expect(await codes(browser, remove)).toEqual(['NOT_FOUND']);
  });

  it('lets in who adds one, at the next request; and keeps out who loses it', async () => {
    const { browser, id, userId } = await barred();
    const app = await addTotp(gateway, browser);
    const { data } = await ask(
      browser,
      `{ organization(id: "${id}") { id viewerCan { update } } organizations { nodes { id } } }`,
    );
    expect(data).toEqual({ organization: { id, viewerCan: { update: true } }, organizations: { nodes: [{ id }] } });
    await run(gateway, administrator, 'userFactorsReset', { userId: `usr_${userId}` });
    expect(await codes(browser, `{ organization(id: "${id}") { id } }`)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    await run(gateway, administrator, 'userFactorAssert', { userId: `usr_${userId}` });
    expect(await codes(browser, `{ organization(id: "${id}") { id } }`)).toEqual([]);
    expect(app.id).toMatch(/^fac_/);
  });

  it('a factor of a kind that does not count lets nobody in', async () => {
    const { browser, id } = await barred();
    await addTotp(gateway, browser);
    await run(gateway, administrator, 'tenantUpdate', { mfaFactors: ['PASSKEY', 'PROVIDER', 'ASSERTED'] });
    expect(await codes(browser, `{ organization(id: "${id}") { id } }`)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    await run(gateway, administrator, 'tenantUpdate', { mfaFactors: ['TOTP', 'PASSKEY', 'PROVIDER', 'ASSERTED'] });
    expect(await codes(browser, `{ organization(id: "${id}") { id } }`)).toEqual([]);
  });

  it('lets who is kept out leave', async () => {
    const { browser, id, membership } = await barred('FACTOR_CONFIGURED', ['member']);
    const leave = `mutation { organizationLeave(input: { organizationId: "${id}" }) { userErrors { code } } }`;
    const { result, events } = await eventsOf(gateway, () => ask(browser, leave));
    expect(result.errors).toBeUndefined();
    expect(result.data.organizationLeave.userErrors).toEqual([]);
    expect(events.map(({ type }) => type)).toContain('membership.removed');
    expect((await ask(browser, `{ node(id: "${membership}") { id } }`)).data.node).toBeNull();
    expect((await ask(browser, `{ organization(id: "${id}") { id } }`)).data.organization).toBeNull();
  });

  it('other organizations of the same person are as they were', async () => {
    const { browser, userId } = await barred();
    const open = await makeOrganization(gateway.tenant);
    await makeMembership(gateway.tenant, { user: { id: userId }, organization: open });
    const { data } = await ask(browser, '{ organizations { nodes { id } } }');
    expect(data.organizations.nodes).toEqual([{ id: `org_${open.id}` }]);
  });

  it('administrators of the tenant are no members: their rights stand', async () => {
    const { id } = await barred('FACTOR_USED');
    expect(await codes(administrator, `{ organization(id: "${id}") { id } }`)).toEqual([]);
  });
});

describe('[ORG-26] where a factor must be shown', () => {
  it('one that is configured does not do; one that was shown in this session does', async () => {
    const { browser, id, person } = await barred('FACTOR_USED');
    const query = `{ organization(id: "${id}") { id } }`;
    const app = await addTotp(gateway, browser);
    expect(await codes(browser, query)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    await showTotp(gateway, browser, app);
    expect(await codes(browser, query)).toEqual([]);
    const { browser: elsewhere } = await gateway.signIn(person);
    expect(await codes(elsewhere, query)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    // What was shown counts no more once it is gone, or its kind does not count.
    await run(gateway, administrator, 'tenantUpdate', { mfaFactors: ['PASSKEY'] });
    expect(await codes(browser, query)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    await run(gateway, administrator, 'tenantUpdate', { mfaFactors: ['TOTP', 'PASSKEY', 'PROVIDER', 'ASSERTED'] });
    expect(await codes(browser, query)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
  });

  it('one that others vouch for cannot be shown', async () => {
    const { browser, id, userId } = await barred('FACTOR_USED');
    await run(gateway, administrator, 'userFactorAssert', { userId: `usr_${userId}` });
    expect(await codes(browser, `{ organization(id: "${id}") { id } }`)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
  });

  it("a provider's counts at the sign-in that it was asked for at", async () => {
    const { id, person } = await barred('FACTOR_USED');
    const query = `{ organization(id: "${id}") { id } }`;
    person.amr = ['pwd', 'otp'];
    const { browser: strong } = await gateway.signIn(person);
    expect(await codes(strong, query)).toEqual([]);
    person.amr = ['pwd'];
    const { browser: weak } = await gateway.signIn(person);
    expect(await codes(weak, query)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    Object.assign(person, { acr: 'eidas2' });
    const { browser: assured } = await gateway.signIn(person);
    expect(await codes(assured, query)).toEqual([]);
  });
});

describe('entering an organization', () => {
  const active = async (browser: Browser) => {
    const { data } = await ask(browser, '{ viewer { organization { id } session { activeOrganization { id } } } }');
    return data.viewer;
  };

  it('makes it the active one, once', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const organization = await makeOrganization(gateway.tenant);
    await makeMembership(gateway.tenant, { user: { id: userId }, organization });
    const input = { organizationId: `org_${organization.id}` };
    const { result, events } = await eventsOf(gateway, () => run(gateway, browser, 'organizationEnter', input));
    expect(result).toMatchObject({
      organization: { id: input.organizationId },
      session: { activeOrganization: { id: input.organizationId } },
      userErrors: [],
    });
    expect(events.map(({ type, after }) => [type, after])).toEqual([['session.organization_entered', input]]);
    await expectUnchanged(gateway, () => run(gateway, browser, 'organizationEnter', input));
    expect((await active(browser)).organization).toEqual({ id: input.organizationId });
  });

  it('[ORG-26] is refused without a second factor, and goes with one, without a new sign-in', async () => {
    const { browser, id } = await barred();
    const refused = await expectUnchanged(gateway, () =>
      run(gateway, browser, 'organizationEnter', { organizationId: id }),
    );
    expect(refused.organization).toBeNull();
    expect(codesOf(refused)).toEqual(['ORGANIZATION_MFA_REQUIRED']);
    await addTotp(gateway, browser);
    expect(codesOf(await run(gateway, browser, 'organizationEnter', { organizationId: id }))).toEqual([]);
    expect((await active(browser)).organization).toEqual({ id });
  });

  it('is for members of organizations that are active', async () => {
    const { id, organization, browser } = await barred();
    const stranger = await gateway.signedInUser();
    const unknown = await tryTo(gateway, stranger.browser, 'organizationEnter', { organizationId: id });
    expect(unknown.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    // An administrator of the tenant sees it, and is no member.
    const refused = await run(gateway, administrator, 'organizationEnter', { organizationId: id });
    expect(codesOf(refused)).toEqual(['NOT_FOUND']);
    await addTotp(gateway, browser);
    await gateway.rows(`update organizations set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [
      organization.id,
    ]);
    const suspended = await run(gateway, browser, 'organizationEnter', { organizationId: id });
    expect(codesOf(suspended)).toEqual(['WRONG_STATUS']);
  });

  it('a sign-in into an organization that requires a factor comes in, and not into the organization', async () => {
    const siret = nextSiret();
    const organization = await makeOrganization(gateway.tenant, { siret, isMfaRequired: true });
    const person = gateway.addPerson({ id: 'into-barred', claims: { siret } });
    const { browser } = await gateway.signIn(person);
    expect(await active(browser)).toEqual({ organization: null, session: { activeOrganization: null } });
    const rows = () =>
      gateway.rows(
        `select s.active_organization_id as active from sessions s join users u on u.id = s.user_id
         where s.tenant_id = $1 and u.email = $2 order by s.id`,
        [person.claims.email],
      );
    expect(await rows()).toEqual([{ active: null }]);
    await addTotp(gateway, browser);
    const input = { organizationId: `org_${organization.id}` };
    expect(codesOf(await run(gateway, browser, 'organizationEnter', input))).toEqual([]);
    // Once there is a factor, a sign-in enters by itself; a provider's second factor does at once.
    const { browser: again } = await gateway.signIn(person);
    expect((await active(again)).organization).toEqual({ id: input.organizationId });
    const strong = gateway.addPerson({ id: 'into-strong', amr: ['mfa'], claims: { siret } });
    const { browser: third } = await gateway.signIn(strong);
    expect((await active(third)).organization).toEqual({ id: input.organizationId });
  });
});

describe('what is open', () => {
  it('a live query ends when its organization begins to require a factor, and can begin again with one', async () => {
    const { id, people } = await live.organizationWith(['member']);
    const { browser } = people[0]!;
    const watched = await live.watch({ browser }, CHANGED, { id });
    const require = `mutation { organizationUpdate(input: { id: "${id}", isMfaRequired: true }) { userErrors { code } } }`;
    expect((await ask(administrator, require)).data.organizationUpdate.userErrors).toEqual([]);
    await live.dispatch();
    expect(codeOf((await watched.reach(1))[0])).toBe('ORGANIZATION_MFA_REQUIRED');
    const refused = await live.watch({ browser }, AUDIT, { organizationId: id });
    expect(codeOf((await refused.reach(1))[0])).toBe('ORGANIZATION_MFA_REQUIRED');
    await addTotp(gateway, browser);
    await live.dispatch();
    const again = await live.watch({ browser }, CHANGED, { id });
    await live.rename(id, 'Told');
    await live.dispatch();
    expect((await again.reach(1))[0].errors).toBeUndefined();
  });
});

describe('[ORG-27] the kinds that count', () => {
  it('cannot all be taken away while an organization requires a factor', async () => {
    const { organization } = await barred();
    const refused = await expectUnchanged(gateway, () =>
      run(gateway, administrator, 'tenantUpdate', { mfaFactors: [] }),
    );
    expect(codesOf(refused)).toEqual(['NO_FACTOR_ENABLED']);
    expect(refused.userErrors[0].message).toContain('requires a second factor');
    await gateway.rows('update organizations set is_mfa_required = false where tenant_id = $1');
    expect(codesOf(await run(gateway, administrator, 'tenantUpdate', { mfaFactors: [] }))).toEqual([]);
    await run(gateway, administrator, 'tenantUpdate', { mfaFactors: ['TOTP', 'PASSKEY', 'PROVIDER', 'ASSERTED'] });
    expect(organization.id).toBeDefined();
  });
});

describe('the check of a token', () => {
  it('is the same rule', async () => {
    const { browser, userId, organization } = await barred();
    const { organization: strict } = await barred('FACTOR_USED');
    const open = await makeOrganization(gateway.tenant);
    const now = new Date();
    const check = (organizationId: string, sessionMfaAt: Date | null) =>
      checkOrganizationMfa(gateway.database, gateway.tenant.id, { userId, sessionMfaAt, organizationId });
    expect(await check(open.id, null)).toBeNull();
    expect(await check(v7(), null)).toBeNull();
    expect(await check(organization.id, null)).toBe('ORGANIZATION_MFA_REQUIRED');
    // A proof by a factor that is gone is none.
    expect(await check(strict.id, now)).toBe('ORGANIZATION_MFA_REQUIRED');
    await addTotp(gateway, browser);
    expect(await check(organization.id, null)).toBeNull();
    expect(await check(strict.id, null)).toBe('ORGANIZATION_MFA_REQUIRED');
    expect(await check(strict.id, now)).toBeNull();
  });
});
