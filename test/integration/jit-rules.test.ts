import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectionStatus, OrganizationStatus } from '../../src/entities/enums.js';
import { recheckDomains } from '../../src/joining/domains/recheck.js';
import { createTxtResolver } from '../../src/joining/domains/resolve-txt.js';
import type { Browser } from '../support/browser.js';
import { type DnsServer, startDnsServer } from '../support/dns-server.js';
import { makeConnection, makeMembership, makeOrganization, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeJitRole, proveDomain } from '../support/jit.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

/* How just-in-time rules are set up: the lists, the proof of domains by DNS, and the preview. */

const RULES = `jit { emailDomains { domain provenAt checkedAt failedChecks recordName recordValue }
  connections { slug } roles { name } }`;
const DAY = 24 * 60 * 60_000;

let gateway: Gateway;
let dns: DnsServer;
let tenantAdmin: Browser;
let admin: Browser;
let otherAdmin: Browser;
let member: Browser;
let organizationId: string;
let otherId: string;
beforeAll(async () => {
  gateway = await startGateway();
  dns = await startDnsServer();
  gateway.services.resolveTxt = createTxtResolver({ timeoutMilliseconds: 600, servers: [dns.address] });
  tenantAdmin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
beforeEach(async () => {
  const { tenant } = gateway;
  const [organization, other] = [await makeOrganization(tenant), await makeOrganization(tenant)];
  organizationId = `org_${organization.id}`;
  otherId = `org_${other.id}`;
  const sign = async (where: { id: string }, roles: string[]) => {
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(tenant, { user: { id: userId }, organization: where, roles });
    return browser;
  };
  admin = await sign(organization, ['administrator']);
  otherAdmin = await sign(other, ['administrator']);
  member = await sign(organization, ['member']);
});
afterAll(async () => {
  await gateway.close();
  await dns.close();
});

type List = 'EmailDomains' | 'Connections' | 'Roles';

/** Calls a mutation of one of the lists. */
async function ask(list: List, verb: 'Add' | 'Set' | 'Remove', values: string[], browser: Browser | null = admin) {
  const field = { EmailDomains: 'domains', Connections: 'connectionIds', Roles: 'roleIds' }[list];
  return gateway.graphql(
    browser,
    `mutation ($input: OrganizationJit${list}Input!) { asked: organizationJit${list}${verb}(input: $input) {
      organization { ${RULES} } userErrors { code message field } } }`,
    { input: { organizationId, [field]: values } },
  );
}

async function rulesAfter(...given: Parameters<typeof ask>) {
  const { errors, data } = await ask(...given);
  expect([errors, data.asked.userErrors]).toEqual([undefined, []]);
  return data.asked.organization.jit;
}

const namesAfter = async (...given: Parameters<typeof ask>) =>
  (await rulesAfter(...given)).emailDomains.map(({ domain }: { domain: string }) => domain);

/** The refusal, after which everything is as it was. */
const refusal = (...given: Parameters<typeof ask>) =>
  expectUnchanged(gateway, async () => {
    const { errors, data } = await ask(...given);
    return errors ? errors.map(({ extensions }) => extensions.code) : data.asked.userErrors;
  });

const idOf = (slug: string) =>
  makeConnection(gateway.tenant, { slug, status: ConnectionStatus.ENABLED }).then(({ id }) => `con_${id}`);

describe('the list of domains', () => {
  it('[ORG-24] is added to, replaced and taken from, in its stored form', async () => {
    const added = await eventsOf(gateway, () =>
      namesAfter('EmailDomains', 'Add', ['EXAMPLE.com', '*.example.com', 'bücher.example', 'example.com']),
    );
    expect(added.result).toEqual(['*.example.com', 'example.com', 'xn--bcher-kva.example']);
    expect(added.events).toMatchObject([
      {
        type: 'organization.jit_changed',
        before: { emailDomains: [] },
        after: { emailDomains: added.result },
        via: 'organizationJitEmailDomainsAdd',
      },
    ]);
    const again = await eventsOf(gateway, () => namesAfter('EmailDomains', 'Add', ['example.COM']));
    expect([again.result, again.events]).toEqual([added.result, []]);
    const set = await eventsOf(gateway, () => namesAfter('EmailDomains', 'Set', ['sub.example.com', 'example.com']));
    expect(set.result).toEqual(['example.com', 'sub.example.com']);
    expect(set.events).toHaveLength(1);
    expect(await namesAfter('EmailDomains', 'Remove', ['Example.com'])).toEqual(['sub.example.com']);
    expect(await namesAfter('EmailDomains', 'Set', [])).toEqual([]);
  });

  it('keeps the proof of what stays', async () => {
    const [before] = (await rulesAfter('EmailDomains', 'Add', ['example.com'])).emailDomains;
    await proveDomain(gateway, { id: organizationId.slice(4) }, 'proven.example.com');
    const after = (await rulesAfter('EmailDomains', 'Set', ['example.com', 'proven.example.com'])).emailDomains;
    expect(after[0]).toEqual(before);
    expect(after[1].provenAt).not.toBeNull();
    expect(before.recordName).toBe('_vestibule-challenge.example.com');
    expect(before.recordValue).toMatch(/^vestibule-domain=[\w-]{32}$/);
    const [anew] = (await rulesAfter('EmailDomains', 'Set', [])).emailDomains;
    expect(anew).toBeUndefined();
    const [another] = (await rulesAfter('EmailDomains', 'Add', ['example.com'])).emailDomains;
    expect(another.recordValue).not.toBe(before.recordValue);
  });

  it('[ORG-24] refuses public mail domains and what is no domain, each by its place, and then adds none', async () => {
    const faults = await refusal('EmailDomains', 'Add', ['fine.example.com', 'gmail.com', 'co.uk', 'a/b', '1.2.3.4']);
    expect(faults.map(({ code, field }: any) => [code, ...field])).toEqual(
      [1, 2, 3, 4].map((index) => ['INVALID', 'domains', String(index)]),
    );
  });

  it('refuses to remove what is not there, and nothing at all', async () => {
    await rulesAfter('EmailDomains', 'Add', ['example.com']);
    expect(await refusal('EmailDomains', 'Remove', ['example.com', 'absent.example.com'])).toMatchObject([
      { code: 'NOT_FOUND', field: ['domains', '1'] },
    ]);
    expect(await refusal('EmailDomains', 'Add', [])).toMatchObject([{ code: 'REQUIRED', field: ['domains'] }]);
    expect(await refusal('EmailDomains', 'Remove', [])).toMatchObject([{ code: 'REQUIRED' }]);
  });

  it('holds at most 100, also when many add at once', async () => {
    const domains = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => `d${from + index}.example.com`);
    await rulesAfter('EmailDomains', 'Add', domains(0, 95));
    const answers = await Promise.all([100, 200, 300].map((from) => ask('EmailDomains', 'Add', domains(from, 3))));
    expect(answers.map(({ data }) => data.asked.userErrors[0]?.code ?? 'OK').sort()).toEqual([
      'INVALID',
      'INVALID',
      'OK',
    ]);
    expect(await namesAfter('EmailDomains', 'Set', domains(0, 100))).toHaveLength(100);
    expect(await refusal('EmailDomains', 'Set', domains(0, 101))).toMatchObject([{ code: 'INVALID' }]);
  });
});

describe('the lists of connections and roles', () => {
  it('connections are added to, replaced and taken from by administrators of the tenant', async () => {
    const [one, two] = [await idOf('rule-one'), await idOf('rule-two')];
    const slugs = async (...given: Parameters<typeof ask>) =>
      (await rulesAfter(...given)).connections.map(({ slug }: { slug: string }) => slug);
    const { result, events } = await eventsOf(gateway, () => slugs('Connections', 'Add', [two, one, one], tenantAdmin));
    expect(result).toEqual(['rule-one', 'rule-two']);
    expect(events).toMatchObject([{ type: 'organization.jit_changed', after: { connections: result } }]);
    expect((await eventsOf(gateway, () => slugs('Connections', 'Add', [one], tenantAdmin))).events).toEqual([]);
    expect(await slugs('Connections', 'Set', [two], tenantAdmin)).toEqual(['rule-two']);
    expect(await refusal('Connections', 'Remove', [one], tenantAdmin)).toMatchObject([
      { code: 'NOT_FOUND', field: ['connectionIds', '0'] },
    ]);
    expect(await slugs('Connections', 'Remove', [two], tenantAdmin)).toEqual([]);
  });

  it('a connection that is disabled is shown to administrators of the tenant alone', async () => {
    const disabled = await makeConnection(gateway.tenant, { slug: 'rule-off', status: ConnectionStatus.DISABLED });
    await rulesAfter('Connections', 'Add', [`con_${disabled.id}`], tenantAdmin);
    expect((await rulesAfter('EmailDomains', 'Add', ['example.com'])).connections).toEqual([]);
  });

  it("refuses connections that are not there, another tenant's among them", async () => {
    const other = await seedTenant(gateway.database, 'jit-elsewhere');
    const foreign = await makeConnection(other, { slug: 'foreign' });
    const missing = 'con_00000000-0000-7000-8000-000000000000';
    expect(await refusal('Connections', 'Add', [`con_${foreign.id}`, missing], tenantAdmin)).toMatchObject([
      { code: 'NOT_FOUND', field: ['connectionIds', '0'] },
      { code: 'NOT_FOUND', field: ['connectionIds', '1'] },
    ]);
    expect(await refusal('Connections', 'Add', ['con_nonsense'], tenantAdmin)).toEqual(['BAD_USER_INPUT']);
  });

  it("roles are the template's or the organization's own, for users", async () => {
    const roleId = (name: string) => `rol_${gateway.tenant.roles.get(name)}`;
    const insert = `insert into roles (id, tenant_id, name, description, is_built_in, organization_id, kind)
      values (gen_random_uuid(), $1, $2, '', false, $3, $4) returning id`;
    const make = async (name: string, owner: string | null, kind = 'USER') =>
      `rol_${(await gateway.rows<{ id: string }>(insert, [name, owner, kind]))[0]!.id}`;
    const own = await make('own', organizationId.slice(4));
    const foreign = await make('foreign', otherId.slice(4));
    const machine = await make(`machine-${organizationId}`, null, 'APPLICATION');
    const { roles } = await rulesAfter('Roles', 'Add', [roleId('member'), own, roleId('member')]);
    expect(roles).toEqual([{ name: 'member' }, { name: 'own' }]);
    expect(await refusal('Roles', 'Add', [foreign, machine, roleId('administrator')])).toMatchObject([
      { code: 'NOT_FOUND', field: ['roleIds', '0'] },
      { code: 'INVALID', field: ['roleIds', '1'] },
    ]);
    const { result, events } = await eventsOf(gateway, () => rulesAfter('Roles', 'Set', [own]));
    expect(result.roles).toEqual([{ name: 'own' }]);
    expect(events).toMatchObject([{ before: { roles: ['member', 'own'] }, after: { roles: ['own'] } }]);
    expect((await rulesAfter('Roles', 'Remove', [own])).roles).toEqual([]);
  });
});

describe('who may', () => {
  it.each([
    ['nobody', () => null, 'UNAUTHENTICATED'],
    ['a member', () => member, 'FORBIDDEN'],
    ["another organization's administrator", () => otherAdmin, 'NOT_FOUND'],
  ])('%s changes no rules and sees none', async (_who, browser, code) => {
    await rulesAfter('EmailDomains', 'Add', ['seen.example.com']);
    expect(await refusal('EmailDomains', 'Add', ['example.com'], browser())).toEqual([code]);
    expect(await refusal('Roles', 'Set', [], browser())).toEqual([code]);
    const read = await gateway.graphql(browser(), `query ($id: ID!) { organization(id: $id) { ${RULES} } }`, {
      id: organizationId,
    });
    expect(read.text).not.toContain('seen.example.com');
    expect(read.text).not.toContain('vestibule-domain');
  });

  it('connections are for administrators of the tenant: its own administrator is refused', async () => {
    const id = await idOf('rule-refused');
    for (const verb of ['Add', 'Set', 'Remove'] as const) {
      expect(await refusal('Connections', verb, [id])).toEqual(['FORBIDDEN']);
    }
  });
});

describe('the proof of a domain', () => {
  const verify = async (domain: string, browser: Browser | null = admin) =>
    gateway.graphql(
      browser,
      `mutation ($input: OrganizationJitEmailDomainVerifyInput!) {
        asked: organizationJitEmailDomainVerify(input: $input) { organization { ${RULES} } userErrors { code message field } } }`,
      { input: { organizationId, domain } },
    );

  /** A domain with a rule, and the record that proves it. */
  async function ruleAbout(text: string): Promise<{ domain: string; recordName: string; recordValue: string }> {
    const { emailDomains } = await rulesAfter('EmailDomains', 'Set', [text]);
    return emailDomains[0];
  }

  const ruleNow = async () =>
    (await gateway.graphql(admin, `query ($id: ID!) { organization(id: $id) { ${RULES} } }`, { id: organizationId }))
      .data.organization.jit.emailDomains[0];

  it.each(['example.com', '*.wild.example.com', 'Bücher.example'])('is found in DNS for %s', async (text) => {
    const { domain, recordName, recordValue } = await ruleAbout(text);
    dns.zone.set(recordName, [['v=spf1 -all'], [recordValue]]);
    const { result, events } = await eventsOf(gateway, () => verify(text));
    expect(result.data.asked.userErrors).toEqual([]);
    const [rule] = result.data.asked.organization.jit.emailDomains;
    expect([rule.provenAt !== null, rule.checkedAt]).toEqual([true, rule.provenAt]);
    expect(events).toMatchObject([{ type: 'organization.jit_domain_proven', after: { domain } }]);
    const again = await eventsOf(gateway, () => verify(domain));
    expect([again.result.data.asked.userErrors, again.events]).toEqual([[], []]);
  });

  it('is found in a record of several strings', async () => {
    const { domain, recordName, recordValue } = await ruleAbout('strings.example.com');
    dns.zone.set(recordName, [[recordValue.slice(0, 10), recordValue.slice(10, 30), recordValue.slice(30)]]);
    expect((await verify(domain)).data.asked.userErrors).toEqual([]);
  });

  it('says what to publish when the record is not there, or is another', async () => {
    const { domain, recordName, recordValue } = await ruleAbout('missing.example.com');
    for (const records of [undefined, [], [['vestibule-domain=another']], [[`x${recordValue}`]]]) {
      if (records) dns.zone.set(recordName, records);
      const faults = await expectUnchanged(gateway, async () => (await verify(domain)).data.asked.userErrors);
      expect(faults).toMatchObject([{ code: 'PROOF_MISSING', field: ['domain'] }]);
      expect(faults[0].message).toContain(recordName);
      expect(faults[0].message).toContain(recordValue);
      expect((await ruleNow()).provenAt).toBeNull();
    }
  });

  it('says that DNS could not be asked, within its time limit, and a proof stays', async () => {
    const { domain, recordName, recordValue } = await ruleAbout('broken.example.com');
    dns.zone.set(recordName, [[recordValue]]);
    await verify(domain);
    const proven = await ruleNow();
    for (const trouble of ['SERVFAIL', 'SILENCE'] as const) {
      dns.zone.set(recordName, trouble);
      const began = performance.now();
      const { data } = await verify(domain);
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(data.asked.userErrors).toMatchObject([{ code: 'DNS_UNAVAILABLE' }]);
      expect(await ruleNow()).toEqual(proven);
    }
    dns.zone.delete(recordName);
    expect((await verify(domain)).data.asked.userErrors).toMatchObject([{ code: 'PROOF_MISSING' }]);
    expect(await ruleNow()).toEqual(proven);
  });

  it("is each organization's own, and not for a rule that was made anew", async () => {
    const { domain, recordName, recordValue } = await ruleAbout('own.example.com');
    dns.zone.set(recordName, [[recordValue]]);
    const other = await gateway.graphql(
      otherAdmin,
      `mutation ($input: OrganizationJitEmailDomainsInput!) { organizationJitEmailDomainsAdd(input: $input) { userErrors { code } } }`,
      { input: { organizationId: otherId, domains: [domain] } },
    );
    expect(other.errors).toBeUndefined();
    const asked = await gateway.graphql(
      otherAdmin,
      `mutation ($input: OrganizationJitEmailDomainVerifyInput!) { organizationJitEmailDomainVerify(input: $input) { userErrors { code } } }`,
      { input: { organizationId: otherId, domain } },
    );
    expect(asked.data.organizationJitEmailDomainVerify.userErrors).toEqual([{ code: 'PROOF_MISSING' }]);
    await rulesAfter('EmailDomains', 'Set', []);
    await ruleAbout(domain);
    expect((await verify(domain)).data.asked.userErrors).toMatchObject([{ code: 'PROOF_MISSING' }]);
  });

  it('a rule that is made anew while DNS is asked is not proven by the answer', async () => {
    const { domain, recordName, recordValue } = await ruleAbout('anew.example.com');
    dns.zone.set(recordName, [[recordValue]]);
    const { resolveTxt } = gateway.services;
    gateway.services.resolveTxt = async (name) => {
      await rulesAfter('EmailDomains', 'Set', []);
      await rulesAfter('EmailDomains', 'Set', [domain]);
      return resolveTxt(name);
    };
    const answer = await verify(domain).finally(() => (gateway.services.resolveTxt = resolveTxt));
    expect(answer.data.asked.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await ruleNow()).provenAt).toBeNull();
  });

  it('refuses to ask about what has no rule, and for those who may not', async () => {
    const before = dns.asked.length;
    expect((await verify('nothing.example.com')).data.asked.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await verify('gmail.com')).data.asked.userErrors).toMatchObject([{ code: 'INVALID' }]);
    await ruleAbout('guarded.example.com');
    for (const browser of [null, member, otherAdmin]) {
      expect((await verify('guarded.example.com', browser)).data?.asked ?? null).toBeNull();
    }
    expect(dns.asked).toHaveLength(before);
  });

  it('is looked at again every day, and given up after three days without the record', async () => {
    await gateway.rows('delete from organization_jit_domains where tenant_id = $1');
    const { domain, recordName, recordValue } = await ruleAbout('daily.example.com');
    dns.zone.set(recordName, [[recordValue]]);
    await verify(domain);
    // A clock of the job alone: sessions go on.
    let offset = 0;
    const advance = (milliseconds: number) => (offset += milliseconds);
    const services = { ...gateway.services, clock: () => new Date(Date.now() + offset) };
    const recheck = async () => {
      const asked = dns.asked.length;
      const { events } = await eventsOf(gateway, () => recheckDomains(services, gateway.tenant.id));
      const rule = await ruleNow();
      const isAsked = dns.asked.slice(asked).includes(recordName);
      return { isAsked, failedChecks: rule.failedChecks, isProven: rule.provenAt !== null, events };
    };
    const quiet = { events: [] as unknown[] };
    expect(await recheck()).toEqual({ isAsked: false, failedChecks: 0, isProven: true, ...quiet });
    advance(DAY + 1_000);
    expect(await recheck()).toEqual({ isAsked: true, failedChecks: 0, isProven: true, ...quiet });
    expect(await recheck()).toMatchObject({ isAsked: false });

    dns.zone.set(recordName, 'SERVFAIL');
    advance(DAY + 1_000);
    expect(await recheck()).toMatchObject({ isAsked: true, failedChecks: 0, isProven: true });
    expect(await recheck()).toMatchObject({ isAsked: false });
    dns.zone.delete(recordName);
    advance(60 * 60_000 + 1_000);
    expect(await recheck()).toEqual({ isAsked: true, failedChecks: 1, isProven: true, ...quiet });
    advance(DAY + 1_000);
    expect(await recheck()).toEqual({ isAsked: true, failedChecks: 2, isProven: true, ...quiet });
    // It comes back in between: the count begins anew.
    dns.zone.set(recordName, [[recordValue]]);
    advance(DAY + 1_000);
    expect(await recheck()).toMatchObject({ failedChecks: 0, isProven: true });
    dns.zone.delete(recordName);
    for (const failedChecks of [1, 2]) {
      advance(DAY + 1_000);
      expect(await recheck()).toMatchObject({ failedChecks, isProven: true });
    }
    advance(DAY + 1_000);
    const last = await recheck();
    expect(last).toMatchObject({ isAsked: true, isProven: false });
    expect(last.events).toMatchObject([
      { type: 'organization.jit_domain_unproven', before: { domain }, after: { record: recordName } },
    ]);
    const notices = await gateway.rows(
      `select kind, data from notices where tenant_id = $1 and kind = 'JIT_DOMAIN_UNPROVEN'`,
    );
    expect(notices).toEqual([
      { kind: 'JIT_DOMAIN_UNPROVEN', data: { organizationId: organizationId.slice(4), domain } },
    ]);
    advance(DAY + 1_000);
    expect(await recheck()).toMatchObject({ isAsked: false, isProven: false });
  });
});

describe('jitPreview', () => {
  const PREVIEW = `query ($input: JitPreviewInput!) { jitPreview(input: $input) {
    joins { organization { id } source emailDomain roles { name } }
    passedOver { organization { id } source emailDomain reason } } }`;
  const preview = async (input: object, browser: Browser | null = tenantAdmin) => {
    const answer = await gateway.graphql(browser, PREVIEW, { input });
    return { ...answer, preview: answer.data?.jitPreview };
  };
  const person = (email: string) => ({ email, isEmailVerified: true });

  it('says what a new person would join, as what, and why other rules do nothing', async () => {
    const [exact, wild, unproven, inactive] = await Promise.all([
      makeOrganization(gateway.tenant),
      makeOrganization(gateway.tenant),
      makeOrganization(gateway.tenant),
      makeOrganization(gateway.tenant, { status: OrganizationStatus.SUSPENDED }),
    ]);
    await proveDomain(gateway, exact, 'a.preview.example.com');
    await makeJitRole(gateway, exact, 'member');
    await proveDomain(gateway, wild, '*.preview.example.com');
    await proveDomain(gateway, inactive, 'a.preview.example.com');
    await gateway.graphql(
      tenantAdmin,
      'mutation ($input: OrganizationJitEmailDomainsInput!) { organizationJitEmailDomainsAdd(input: $input) { userErrors { code } } }',
      { input: { organizationId: `org_${unproven.id}`, domains: ['a.preview.example.com'] } },
    );
    const email = 'Anna@A.preview.example.com';
    const { preview: shown } = await expectUnchanged(gateway, () => preview(person(email)));
    const byDomain = (organization: { id: string }, emailDomain = 'a.preview.example.com') => ({
      organization: { id: `org_${organization.id}` },
      source: 'JIT_DOMAIN',
      emailDomain,
    });
    expect(shown.joins).toEqual([{ ...byDomain(exact), roles: [{ name: 'member' }] }]);
    const reasons = [
      { ...byDomain(wild, '*.preview.example.com'), reason: 'LESS_SPECIFIC' },
      { ...byDomain(unproven), reason: 'UNPROVEN' },
      { ...byDomain(inactive), reason: 'ORGANIZATION_INACTIVE' },
    ];
    expect(shown.passedOver).toHaveLength(reasons.length);
    expect(shown.passedOver).toEqual(expect.arrayContaining(reasons));

    const distrusted = await preview({ email });
    expect(distrusted.preview.joins).toEqual([]);
    expect(distrusted.preview.passedOver).toContainEqual({ ...byDomain(exact), reason: 'EMAIL_UNVERIFIED' });

    const connection = await makeConnection(gateway.tenant, { slug: 'preview' });
    await rulesAfter('Connections', 'Add', [`con_${connection.id}`], tenantAdmin);
    const through = await preview({ ...person(email), connectionId: `con_${connection.id}` });
    expect(through.preview.joins).toEqual([
      { organization: { id: organizationId }, source: 'JIT_CONNECTION', emailDomain: null, roles: [] },
    ]);
    expect(through.preview.passedOver).toContainEqual({ ...byDomain(exact), reason: 'CONNECTION_FIRST' });
    expect((await preview({})).preview).toEqual({ joins: [], passedOver: [] });
  });

  it("shows an organization's administrator its own part, and the whole tenant to nobody but its administrators", async () => {
    const domain = 'part.example.com';
    const own = { id: organizationId.slice(4) };
    await proveDomain(gateway, own, domain);
    await proveDomain(gateway, { id: otherId.slice(4) }, domain);
    const part = await preview({ organizationId, ...person(`x@${domain}`) }, admin);
    expect(part.preview.joins.map(({ organization }: any) => organization.id)).toEqual([organizationId]);
    expect(part.text).not.toContain(otherId);
    const refused = async (input: object, browser: Browser | null) => {
      const { errors, text } = await preview(input, browser);
      expect(text).not.toContain(domain);
      return errors?.map(({ extensions }) => extensions.code);
    };
    expect(await refused(person(`x@${domain}`), admin)).toEqual(['FORBIDDEN']);
    expect(await refused({ organizationId, ...person(`x@${domain}`) }, otherAdmin)).toEqual(['NOT_FOUND']);
    expect(await refused({ organizationId, ...person(`x@${domain}`) }, member)).toEqual(['FORBIDDEN']);
    expect(await refused({ organizationId, ...person(`x@${domain}`) }, null)).toEqual(['UNAUTHENTICATED']);
  });

  it('refuses what is no address and no connection', async () => {
    const codes = async (input: object) => (await preview(input)).errors?.map(({ extensions }) => extensions.code);
    expect(await codes({ email: 'nonsense' })).toEqual(['BAD_USER_INPUT']);
    expect(await codes({ connectionId: 'con_00000000-0000-7000-8000-000000000000' })).toEqual(['BAD_USER_INPUT']);
  });
});

it('rules go with their organization, and with the role and the connection that they name', async () => {
  const counts = async () => {
    const sql = (table: string) =>
      gateway.rows(`select id from ${table} where tenant_id = $1 and organization_id = $2`, [organizationId.slice(4)]);
    const tables = ['organization_jit_domains', 'organization_jit_connections', 'organization_jit_roles'];
    return Promise.all(tables.map(async (table) => (await sql(table)).length));
  };
  await rulesAfter('EmailDomains', 'Add', ['gone.example.com']);
  await rulesAfter('Connections', 'Add', [await idOf('rule-gone')], tenantAdmin);
  await rulesAfter('Roles', 'Add', [`rol_${gateway.tenant.roles.get('member')}`]);
  expect(await counts()).toEqual([1, 1, 1]);
  const query =
    'mutation ($input: OrganizationDeleteInput!) { organizationDelete(input: $input) { userErrors { code } } }';
  const { data } = await gateway.graphql(tenantAdmin, query, { input: { id: organizationId } });
  expect(data.organizationDelete.userErrors).toEqual([]);
  expect(await counts()).toEqual([0, 0, 0]);
});
