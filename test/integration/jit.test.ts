import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EmailTrust, OrganizationAuthority, OrganizationStatus, UserStatus } from '../../src/entities/enums.js';
import { appointTenantAdministrator } from '../../src/users/appoint-tenant-administrator.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { addJitConnection, makeJitRole, proveDomain } from '../support/jit.js';
import {
  addProvider,
  comeIn,
  eventsOf,
  expectRefusedSignIn,
  linkInApp,
  nextSiret,
  reachApp,
  settle,
  uuidOf,
} from '../support/sign-in.js';

/*
 * Just-in-time rules when people come in. How they are set up is in jit-rules.test.ts, which rule wins in
 * test/unit/decide-jit.test.ts.
 */

let gateway: Gateway;
let second: Awaited<ReturnType<typeof addProvider>>;
let admin: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  second = await addProvider(gateway, 'second', { organizationAuthority: OrganizationAuthority.IGNORE });
  ({ browser: admin } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
beforeEach(async () => {
  await settle(gateway, { emailTrust: EmailTrust.CLAIM });
  await gateway.rows('delete from organization_jit_connections where tenant_id = $1');
});
afterAll(async () => {
  await second.provider.close();
  await gateway.close();
});

let serial = 0;
/** A domain that no other test of this file has. */
const nextDomain = () => `jit-${++serial}.example.org`;
const organizationOf = (overrides = {}) => makeOrganization(gateway.tenant, overrides);

/** Somebody whom nobody knows. The provider names no organization, and has checked their address. */
const newcomer = (email: string, claims = {}) =>
  gateway.addPerson({ id: `jit-${++serial}`, claims: { email, email_verified: true, siret: undefined, ...claims } });

async function run(name: string, type: string, input: object): Promise<void> {
  const query = `mutation ($input: ${type}!) { asked: ${name}(input: $input) { userErrors { code message } } }`;
  const answer = await gateway.graphql(admin, query, { input });
  expect([answer.errors, answer.data?.asked.userErrors]).toEqual([undefined, []]);
}

/** Whoever comes through the usual connection joins these organizations. */
async function ruleOfConnection(...organizations: { id: string }[]): Promise<void> {
  for (const organization of organizations) await addJitConnection(gateway, organization);
}

/** Where the user is a member, through what, and as what. */
async function membershipsOf(userId: string) {
  const rows = await gateway.rows<{ organization: string; source: string; connection: string | null; roles: string[] }>(
    `select m.organization_id as organization, m.source, c.slug as connection,
       (select coalesce(json_agg(r.name order by r.name), '[]') from membership_roles mr join roles r on r.id = mr.role_id
        where mr.membership_id = m.id) as roles
     from memberships m left join connections c on c.id = m.connection_id
     where m.tenant_id = $1 and m.user_id = $2 order by m.organization_id`,
    [uuidOf(userId)],
  );
  return rows.map(({ organization, source, connection, roles }) => [organization, source, connection, roles]);
}

const expectMemberships = async (userId: string, expected: [{ id: string }, ...unknown[]][]) =>
  expect(await membershipsOf(userId)).toEqual(
    expected
      .map(([{ id }, ...rest]) => [id, ...rest] as unknown[])
      .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1)),
  );

describe('rules about the connection', () => {
  it("[ORG-19] make a new user a member of two organizations with each one's default roles", async () => {
    const [one, two] = [await organizationOf(), await organizationOf()];
    const reader = await makeJitRole(gateway, one, 'jit-reader');
    await makeJitRole(gateway, one, 'member');
    const own = await makeJitRole(gateway, two, 'jit-own', { isOwn: true });
    await ruleOfConnection(one, two);
    const { result, events } = await eventsOf(gateway, () => comeIn(gateway, newcomer('two@elsewhere.example')));
    const { user, session } = result.viewer;
    expect(session.cases).toEqual(['U7_CREATED', 'O8_MISSING_KEPT', 'J1_CONNECTION']);
    await expectMemberships(user.id, [
      [one, 'JIT_CONNECTION', 'proconnect', [reader, 'member'].sort()],
      [two, 'JIT_CONNECTION', 'proconnect', [own]],
    ]);
    const added = events.filter(({ type }) => type === 'membership.added');
    expect(added.map(({ after }) => [after!.organizationId, after!.source, after!.connection])).toEqual(
      expect.arrayContaining([one, two].map(({ id }) => [`org_${id}`, 'JIT_CONNECTION', 'proconnect'])),
    );
    for (const event of added) expect(event).toMatchObject({ actor_kind: 'SIGN_IN', user_id: uuidOf(user.id) });
  });

  it('an organization without default roles gives none', async () => {
    const organization = await organizationOf();
    await ruleOfConnection(organization);
    const { viewer } = await comeIn(gateway, newcomer('bare@elsewhere.example'));
    await expectMemberships(viewer.user.id, [[organization, 'JIT_CONNECTION', 'proconnect', []]]);
  });

  it('keep the domain of the address from counting', async () => {
    const [ofConnection, ofDomain] = [await organizationOf(), await organizationOf()];
    const domain = nextDomain();
    await proveDomain(gateway, ofDomain, domain);
    await ruleOfConnection(ofConnection);
    const { viewer } = await comeIn(gateway, newcomer(`a@${domain}`));
    await expectMemberships(viewer.user.id, [[ofConnection, 'JIT_CONNECTION', 'proconnect', []]]);
  });

  it('skip organizations that are suspended or archived', async () => {
    const [suspended, archived, active] = await Promise.all([
      organizationOf({ status: OrganizationStatus.SUSPENDED }),
      organizationOf({ status: OrganizationStatus.ARCHIVED }),
      organizationOf(),
    ]);
    await ruleOfConnection(suspended, archived, active);
    const { viewer } = await comeIn(gateway, newcomer('skipped@elsewhere.example'));
    await expectMemberships(viewer.user.id, [[active, 'JIT_CONNECTION', 'proconnect', []]]);
  });

  it('[ORG-25] leave a present member as they are, roles included, and add where they are none', async () => {
    const [present, other] = [await organizationOf(), await organizationOf()];
    const user = await makeUser(gateway.tenant, { email: `present-${++serial}@elsewhere.example` });
    await makeMembership(gateway.tenant, { user, organization: present, roles: ['administrator'] });
    const extra = await makeJitRole(gateway, present, 'jit-extra');
    await makeJitRole(gateway, other, extra);
    await ruleOfConnection(present, other);
    const person = newcomer(user.email!);
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.session.cases).toEqual(['U3_LINKED', 'O8_MISSING_KEPT', 'J1_CONNECTION']);
    await expectMemberships(user.id, [
      [present, 'ADMIN', null, ['administrator']],
      [other, 'JIT_CONNECTION', 'proconnect', [extra]],
    ]);
  });

  it('[ORG-21] do nothing at later sign-ins: who was removed stays out, and new rules come too late', async () => {
    const [removed, late] = [await organizationOf(), await organizationOf()];
    await ruleOfConnection(removed);
    const person = newcomer('later@elsewhere.example');
    const first = await comeIn(gateway, person);
    await gateway.rows('delete from memberships where tenant_id = $1 and user_id = $2', [uuidOf(first.viewer.user.id)]);
    await ruleOfConnection(late);
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.session.cases).toEqual(['U1_KNOWN', 'O8_MISSING_KEPT']);
    await expectMemberships(viewer.user.id, []);
  });

  it('count when a person links an account of the connection themselves, and not when they then sign in', async () => {
    const organization = await organizationOf();
    await ruleOfConnection(organization);
    const person = second.addPerson({ id: `s-${++serial}`, sub: `s-${serial}`, claims: { email: 's@other.example' } });
    const { browser } = await second.signIn(person);
    const { data } = await gateway.graphql(browser, '{ viewer { user { id } } }');
    const userId = data.viewer.user.id as string;
    await expectMemberships(userId, []);
    const added = newcomer('linked@elsewhere.example');
    const { events } = await eventsOf(gateway, async () =>
      linkInApp(gateway, browser, await reachApp(gateway, added, { browser, intent: 'LINK' })),
    );
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['identity.linked', 'membership.added']));
    await expectMemberships(userId, [[organization, 'JIT_CONNECTION', 'proconnect', []]]);
    await gateway.rows('delete from memberships where tenant_id = $1 and user_id = $2', [uuidOf(userId)]);
    const { viewer } = await comeIn(gateway, added);
    expect(viewer.user.id).toBe(userId);
    await expectMemberships(userId, []);
  });

  it('do not count for a linked account that the connection would not let in', async () => {
    const organization = await organizationOf();
    await ruleOfConnection(organization);
    await settle(gateway, { emailTrust: EmailTrust.CLAIM, allowedIdps: ['another-idp'] });
    const person = second.addPerson({ id: `s-${++serial}`, sub: `s-${serial}`, claims: { email: 't@other.example' } });
    const { browser } = await second.signIn(person);
    const added = newcomer('barred@elsewhere.example');
    const linked = await linkInApp(gateway, browser, await reachApp(gateway, added, { browser, intent: 'LINK' }));
    expect(linked.data.identityLink.userErrors).toEqual([]);
    await expectMemberships(linked.data.identityLink.user.id, []);
  });

  it('give an organization its administrator back, where they say so', async () => {
    const organization = await organizationOf({ needsAdministrator: true });
    await makeJitRole(gateway, organization, 'administrator');
    await ruleOfConnection(organization);
    const { viewer } = await comeIn(gateway, newcomer('head@elsewhere.example'));
    await expectMemberships(viewer.user.id, [[organization, 'JIT_CONNECTION', 'proconnect', ['administrator']]]);
    const [row] = await gateway.rows('select needs_administrator from organizations where tenant_id = $1 and id = $2', [
      organization.id,
    ]);
    expect(row!.needs_administrator).toBe(false);
  });
});

describe('rules about the domain of the address', () => {
  it('[ORG-21] a new user with a verified address joins; with one that is not verified does not', async () => {
    const organization = await organizationOf();
    const domain = nextDomain();
    await proveDomain(gateway, organization, domain);
    await makeJitRole(gateway, organization, 'member');
    const verified = await comeIn(gateway, newcomer(`Yes@${domain.toUpperCase()}`));
    expect(verified.viewer.session.cases).toEqual(['U7_CREATED', 'O8_MISSING_KEPT', 'J2_DOMAIN']);
    await expectMemberships(verified.viewer.user.id, [[organization, 'JIT_DOMAIN', null, ['member']]]);
    for (const claim of [false, 'true', undefined]) {
      const { viewer } = await comeIn(gateway, newcomer(`no-${++serial}@${domain}`, { email_verified: claim }));
      expect(viewer.session.cases).toEqual(['U7_CREATED', 'O8_MISSING_KEPT']);
      await expectMemberships(viewer.user.id, []);
    }
    await settle(gateway, { emailTrust: EmailTrust.NONE });
    const distrusted = await comeIn(gateway, newcomer(`distrusted@${domain}`));
    await expectMemberships(distrusted.viewer.user.id, []);
    await settle(gateway, { emailTrust: EmailTrust.PROVIDER, emailDomains: ['elsewhere.example'] });
    const foreign = await comeIn(gateway, newcomer(`foreign@${domain}`));
    await expectMemberships(foreign.viewer.user.id, []);
  });

  it("[ORG-21] an existing user's later sign-in does not join, nor one with a new address", async () => {
    const organization = await organizationOf();
    const domain = nextDomain();
    const person = newcomer('before@elsewhere.example');
    await comeIn(gateway, person);
    await proveDomain(gateway, organization, domain);
    person.claims.email = `after@${domain}`;
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.session.cases).toContain('U6_EMAIL_UPDATED');
    await expectMemberships(viewer.user.id, []);
  });

  it('[ORG-23] a user whom an administrator made is not provisioned, then or when they first sign in', async () => {
    const organization = await organizationOf();
    const domain = nextDomain();
    await proveDomain(gateway, organization, domain);
    const email = `made@${domain}`;
    const { services, tenant, url } = gateway;
    await appointTenantAdministrator({ ...services, tenant: { ...tenant, publicUrl: url }, viewer: null }, { email });
    const known = await gateway.rows<{ id: string }>('select id from users where tenant_id = $1 and email = $2', [
      email,
    ]);
    await expectMemberships(known[0]!.id, []);
    await gateway.rows('update users set is_email_verified = true where tenant_id = $1 and id = $2', [known[0]!.id]);
    const { viewer } = await comeIn(gateway, newcomer(email));
    expect([uuidOf(viewer.user.id), viewer.session.cases[0]]).toEqual([known[0]!.id, 'U3_LINKED']);
    await expectMemberships(viewer.user.id, []);
  });

  it('[ORG-24] the most specific proven rule wins, for every organization that has it; one without proof never fires', async () => {
    const [exact, alike, wild, unproven] = await Promise.all([1, 2, 3, 4].map(() => organizationOf()));
    const domain = nextDomain();
    await proveDomain(gateway, exact!, `sub.${domain}`);
    await proveDomain(gateway, alike!, `sub.${domain}`);
    await proveDomain(gateway, wild!, `*.${domain}`);
    await run('organizationJitEmailDomainsAdd', 'OrganizationJitEmailDomainsInput', {
      organizationId: `org_${unproven!.id}`,
      domains: [domain, `sub.${domain}`, `*.${domain}`],
    });
    const joined = async (email: string) => {
      const { viewer } = await comeIn(gateway, newcomer(email));
      return (await membershipsOf(viewer.user.id)).map(([id]) => id);
    };
    expect(await joined(`a@sub.${domain}`)).toEqual([exact!.id, alike!.id].sort());
    expect(await joined(`b@other.${domain}`)).toEqual([wild!.id]);
    expect(await joined(`c@deep.sub.${domain}`)).toEqual([wild!.id]);
    expect(await joined(`d@${domain}`)).toEqual([]);
  });

  it('[ORG-24] an IDN matches in either form', async () => {
    const organization = await organizationOf();
    await proveDomain(gateway, organization, 'Bücher.example');
    for (const email of ['a@bücher.example', 'b@xn--bcher-kva.example', 'c@BÜCHER.example']) {
      const { viewer } = await comeIn(gateway, newcomer(email));
      await expectMemberships(viewer.user.id, [[organization, 'JIT_DOMAIN', null, []]]);
    }
  });
});

describe('with everything else that a sign-in does', () => {
  it('the organization that the provider names goes first, and that membership stands', async () => {
    const siret = nextSiret();
    const [named, other] = [await organizationOf({ siret }), await organizationOf()];
    await makeJitRole(gateway, named, 'jit-never');
    await ruleOfConnection(named, other);
    const { viewer } = await comeIn(gateway, newcomer('named@elsewhere.example', { siret }));
    expect(viewer.session.cases).toEqual(['U7_CREATED', 'O1_JOINED', 'J1_CONNECTION']);
    expect(viewer.organization!.id).toBe(`org_${named.id}`);
    await expectMemberships(viewer.user.id, [
      [named, 'SSO', 'proconnect', ['member']],
      [other, 'JIT_CONNECTION', 'proconnect', []],
    ]);
  });

  it('who waits for approval brings nothing, and joins when they are first let in, once', async () => {
    const organization = await organizationOf();
    const domain = nextDomain();
    await proveDomain(gateway, organization, domain);
    await settle(gateway, { emailTrust: EmailTrust.CLAIM, moderatedSignup: true });
    const person = newcomer(`waits@${domain}`);
    await gateway.signIn(person);
    const [user] = await gateway.rows<{ id: string; status: string }>(
      'select id, status from users where tenant_id = $1 and email = $2',
      [person.claims.email],
    );
    expect(user!.status).toBe(UserStatus.PENDING);
    await expectMemberships(user!.id, []);
    await expectRefusedSignIn(gateway, person, 'PENDING', { events: ['user.sign_in_refused'] });
    await run('userApprove', 'UserStatusInput', { id: `usr_${user!.id}` });
    await expectMemberships(user!.id, []);
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.session.cases).toEqual(['U1_KNOWN', 'O8_MISSING_KEPT', 'J2_DOMAIN']);
    await expectMemberships(user!.id, [[organization, 'JIT_DOMAIN', null, []]]);
    await gateway.rows('delete from memberships where tenant_id = $1 and user_id = $2', [user!.id]);
    expect((await comeIn(gateway, person)).viewer.session.cases).toEqual(['U1_KNOWN', 'O8_MISSING_KEPT']);
    await expectMemberships(user!.id, []);
  });

  it('ten first sign-ins of one person at once join once', async () => {
    const organization = await organizationOf();
    await ruleOfConnection(organization);
    const person = newcomer('crowd@elsewhere.example');
    const reached = await Promise.all(Array.from({ length: 10 }, () => gateway.reachCallback(person)));
    await Promise.all(reached.map(({ browser, callback }) => browser.get(callback, { follow: false })));
    const rows = await gateway.rows(
      'select m.id from memberships m where m.tenant_id = $1 and m.organization_id = $2',
      [organization.id],
    );
    expect(rows).toHaveLength(1);
  });

  it('ssoPreview says the row, and writes nothing', async () => {
    const organization = await organizationOf();
    const domain = nextDomain();
    await proveDomain(gateway, organization, domain);
    const { data } = await gateway.graphql(
      admin,
      'query ($claims: JSONObject!) { ssoPreview(connection: "proconnect", claims: $claims) { result { case cases } } }',
      { claims: { sub: 'preview', email: `p@${domain}`, email_verified: true } },
    );
    expect(data.ssoPreview.result).toEqual({
      case: 'O8_MISSING_KEPT',
      cases: ['U7_CREATED', 'O8_MISSING_KEPT', 'J2_DOMAIN'],
    });
  });

  it('rules cost a statement when somebody is new, three when they join, and none afterwards', async () => {
    const count = async (person: ReturnType<typeof newcomer>) => {
      const { browser, callback } = await gateway.reachCallback(person);
      gateway.statements.length = 0;
      await browser.get(callback, { follow: false });
      return gateway.statements.filter((text) =>
        /organization_jit_|order by id for share|insert into memberships/.test(text),
      );
    };
    const person = newcomer('counted@elsewhere.example');
    expect(await count(person)).toHaveLength(1);
    expect(await count(person)).toHaveLength(0);
    await ruleOfConnection(...(await Promise.all([1, 2, 3, 4, 5].map(() => organizationOf()))));
    expect(await count(newcomer('counted-two@elsewhere.example'))).toHaveLength(3);
  });
});
