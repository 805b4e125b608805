import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import type { Browser } from '../support/browser.js';
import { makeRole } from '../support/applications.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { changeFlow, EMAIL, makeFlow } from '../support/flows.js';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
let tenantAdministrator: Browser;
let organization: { id: string };
let administrator: Browser;
let member: Browser;
let newcomer: Browser;

beforeAll(async () => {
  gateway = await startGateway();
  const { tenant } = gateway;
  tenantAdministrator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  organization = await makeOrganization(tenant);
  const administers = await gateway.signedInUser();
  await makeMembership(tenant, { user: { id: administers.userId }, organization, roles: ['administrator'] });
  administrator = administers.browser;
  const belongs = await gateway.signedInUser();
  await makeMembership(tenant, { user: { id: belongs.userId }, organization });
  member = belongs.browser;
  newcomer = (await gateway.signedInUser()).browser;
});
afterAll(() => gateway.close());

const ask = async (browser: Browser | null, query: string, variables = {}) =>
  gateway.graphql(browser, query, variables);
const own = () => ({ organizationId: `org_${organization.id}` });
const memberRole = () => `rol_${gateway.tenant.roles.get('member')}`;

describe('explaining flows', () => {
  const STEPS = 'steps { step party runs reason } starters approvers warnings { message field } faults { message }';

  it('tells which steps run, for whom, and why the others do not', async () => {
    const role = await makeRole(gateway, { organizationId: organization.id });
    const [{ name }] = (await gateway.rows('select name from roles where tenant_id = $1 and id = $2', [
      role.slice(4),
    ])) as [{ name: string }];
    const id = await makeFlow(gateway, administrator, {
      ...own(),
      ...{ template: 'SELF_SIGN_UP', settings: { approverRoleId: role } },
    });
    const { data } = await ask(administrator, `{ enrollmentFlowExplain(id: "${id}") { ${STEPS} } }`);
    const { steps, starters, approvers, faults } = data.enrollmentFlowExplain;
    expect(faults).toEqual([]);
    expect(starters).toBe('Anybody, also without signing in.');
    expect(approvers).toContain(`The holders of the role ${name}`);
    expect(steps.filter(({ runs }: any) => runs).map(({ step, party }: any) => `${step} ${party}`)).toEqual([
      ...['START PETITIONER', 'ATTRIBUTES PETITIONER', 'PETITIONER_TERMS PETITIONER', 'SEND_CONFIRMATION PETITIONER'],
      ...['WAIT_FOR_CONFIRMATION ENROLLEE', 'COLLECT_IDENTIFIER ENROLLEE', 'NOTIFY_APPROVERS SYSTEM'],
      ...['WAIT_FOR_APPROVAL APPROVER', 'FINALIZE APPROVER', 'PROVISION SYSTEM'],
    ]);
    expect(steps.every(({ reason }: any) => reason.length > 10)).toBe(true);
    expect(steps.find(({ step }: any) => step === 'VETTING')).toMatchObject({
      reason: 'The flow asks for no vetting.',
    });
  });

  const check = async (settings: object, given: object = own()) => {
    const { data } = await ask(
      tenantAdministrator,
      `query ($input: EnrollmentFlowCreateInput!) { enrollmentFlowCheck(input: $input) {
        userErrors { code field } explanation { ${STEPS} } } }`,
      { input: { name: 'Trial', ...given, settings } },
    );
    return data.enrollmentFlowCheck;
  };

  it('tries settings without saving them', async () => {
    const before = await gateway.snapshot();
    expect(await check({ requiresApproval: true })).toMatchObject({
      ...{ userErrors: [], explanation: { starters: 'Administrators of the tenant alone.' } },
    });
    expect((await check({ requestsVetting: true })).userErrors).toMatchObject([
      { field: ['settings', 'requestsVetting'] },
    ]);
    expect(await gateway.snapshot()).toBe(before);
  });

  it('warns of administrators that nobody approves', async () => {
    const roleIds = [`rol_${gateway.tenant.roles.get('administrator')}`];
    expect((await check({ roleIds })).explanation.warnings).toMatchObject([{ field: ['roleIds'] }]);
    expect((await check({ roleIds, requiresApproval: true })).explanation.warnings).toEqual([]);
  });

  it('[ENR-34] SELECT in a flow that administrators do not start: it is told that it is never offered', async () => {
    const sources = [{ sourceId: `src_${v7()}`, mode: 'SELECT' }];
    const { explanation } = await check({ authorization: 'NONE', sources });
    expect(explanation.warnings).toMatchObject([{ field: ['sources', '0', 'mode'] }]);
    expect(explanation.steps.find(({ step }: any) => step === 'SOURCES').runs).toBe(false);
  });

  it('[ENR-38] IDENTIFY without confirmation is refused; with it, it runs after it', async () => {
    const sources = [{ sourceId: `src_${v7()}`, mode: 'IDENTIFY' }];
    const refused = await check({ sources });
    expect(refused.userErrors).toContainEqual({ code: 'INVALID', field: ['settings', 'sources', '0', 'mode'] });
    const { explanation } = await check({ sources, confirmation: 'REVIEW', attributes: [EMAIL] });
    const running = explanation.steps.filter(({ runs }: any) => runs).map(({ step }: any) => step);
    expect(running.indexOf('COLLECT_IDENTIFIER')).toBeGreaterThan(running.indexOf('WAIT_FOR_CONFIRMATION'));
  });
});

describe('what is offered', () => {
  const OFFER = `id name introduction asksToConfirm requiresApproval attributes { key label defaultValue }
    organizations { id name } terms { title edition url body }`;

  it('a starter sees the form and the texts, and nothing else; who may not start it sees nothing', async () => {
    const role = await makeRole(gateway, { organizationId: organization.id });
    const id = await makeFlow(gateway, administrator, {
      ...own(),
      name: 'Members only',
      settings: {
        ...{ authorization: 'ORGANIZATION_MEMBER', isOffered: true, introduction: 'Hello', terms: 'IMPLIED' },
        ...{ requiresApproval: true, approverRoleId: role },
        attributes: [
          EMAIL,
          { key: 'quota', type: 'NUMBER', label: 'Quota', isHidden: true, defaultValue: 5 },
          { key: 'old', type: 'TEXT', label: 'Old', enablement: 'NOT_PERMITTED' },
        ],
      },
    });
    const seen = (caller: Browser | null) => ask(caller, `{ enrollmentFlowOffer(id: "${id}") { ${OFFER} } }`);
    const { data, text } = await seen(member);
    expect(data.enrollmentFlowOffer).toMatchObject({
      ...{ id, name: 'Members only', introduction: 'Hello', requiresApproval: true, asksToConfirm: false },
      attributes: [{ key: 'email' }],
      organizations: [{ id: `org_${organization.id}` }],
    });
    expect(text).not.toContain('Quota');
    for (const caller of [newcomer, null]) {
      const refused = await seen(caller);
      expect(refused.data.enrollmentFlowOffer).toBeNull();
      expect(refused.text).not.toContain('Members only');
    }
    await changeFlow(gateway, administrator, 'enrollmentFlowSuspend', { id });
    expect((await seen(member)).data.enrollmentFlowOffer).toBeNull();
  });

  it('the list holds for each caller what they may start, page by page', async () => {
    const made: Record<string, string> = {};
    const levels = ['NONE', 'SIGNED_IN', 'TENANT_ADMINISTRATOR', 'ORGANIZATION_ADMINISTRATOR', 'ANY_ADMINISTRATOR'];
    for (const authorization of [...levels, 'ROLE_HOLDER', 'TENANT_MEMBER', 'ORGANIZATION_MEMBER']) {
      const authorizationRoleId = authorization === 'ROLE_HOLDER' ? memberRole() : null;
      const settings = { authorization, authorizationRoleId, isOffered: true };
      made[authorization] = await makeFlow(gateway, administrator, { ...own(), name: authorization, settings });
    }
    const hidden = await makeFlow(gateway, administrator, { ...own(), settings: { authorization: 'NONE' } });
    const offered = async (browser: Browser | null) => {
      const found: string[] = [];
      let after: string | null = null;
      do {
        const { data }: any = await ask(
          browser,
          'query ($after: String) { enrollmentFlowsOffered(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }',
          { after },
        );
        const { nodes, pageInfo } = data.enrollmentFlowsOffered;
        found.push(...nodes.map(({ id }: { id: string }) => id));
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      } while (after);
      expect(found).not.toContain(hidden);
      return Object.keys(made).filter((authorization) => found.includes(made[authorization]!));
    };
    expect(await offered(null)).toEqual(['NONE']);
    expect(await offered(newcomer)).toEqual(['NONE', 'SIGNED_IN']);
    expect(await offered(member)).toEqual(['NONE', 'SIGNED_IN', 'ROLE_HOLDER', 'TENANT_MEMBER', 'ORGANIZATION_MEMBER']);
    expect(await offered(administrator)).toEqual([
      ...['NONE', 'SIGNED_IN', 'ORGANIZATION_ADMINISTRATOR', 'ANY_ADMINISTRATOR'],
      ...['TENANT_MEMBER', 'ORGANIZATION_MEMBER'],
    ]);
    expect(await offered(tenantAdministrator)).toEqual(Object.keys(made));
  });
});
