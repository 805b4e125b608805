import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { removeExpired } from '../../src/database/remove-expired.js';
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
const eventsOf = (id: string) =>
  gateway.rows('select type, "before", "after" from events where tenant_id = $1 and object_id = $2 order by id', [
    id.slice(4),
  ]);
const own = () => ({ organizationId: `org_${organization.id}` });
const memberRole = () => `rol_${gateway.tenant.roles.get('member')}`;

describe('making flows', () => {
  it('from nothing: suspended, with version 1 and an event, and once for a key', async () => {
    const input = { ...own(), name: ' Join us ', description: 'For all', idempotencyKey: v7() };
    const made = await changeFlow(gateway, administrator, 'enrollmentFlowCreate', input);
    expect(made.userErrors).toEqual([]);
    expect(made.enrollmentFlow).toMatchObject({ name: 'Join us', status: 'SUSPENDED', number: 1 });
    const again = await changeFlow(gateway, administrator, 'enrollmentFlowCreate', input);
    expect(again.enrollmentFlow.id).toBe(made.enrollmentFlow.id);
    const other = await changeFlow(gateway, administrator, 'enrollmentFlowCreate', { ...input, name: 'Other' });
    expect(other.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect(await eventsOf(made.enrollmentFlow.id)).toEqual([
      {
        type: 'enrollment_flow.created',
        before: null,
        after: {
          ...{ name: 'Join us', description: 'For all', status: 'SUSPENDED', number: 1, copyOf: null, template: null },
          organizationId: `org_${organization.id}`,
        },
      },
    ]);
  });

  it('from each template that comes with Vestibule', async () => {
    const { data } = await ask(administrator, '{ enrollmentFlowTemplates { name title settings { authorization } } }');
    const names = data.enrollmentFlowTemplates.map(({ name }: { name: string }) => name).filter(Boolean);
    expect(names).toEqual([
      'SELF_SIGN_UP',
      'INVITATION',
      'CONSCRIPTION',
      'ADDITIONAL_ROLE',
      'ACCOUNT_LINKING',
      'REFRESH',
    ]);
    for (const template of names) {
      const { userErrors } = await changeFlow(gateway, administrator, 'enrollmentFlowCreate', {
        ...own(),
        ...{ name: template, template, settings: { roleIds: [memberRole()] } },
      });
      expect([template, userErrors]).toEqual([template, []]);
    }
  });

  it('from another flow: nothing of it is lost, and the copy is on its own', async () => {
    const settings = {
      ...{ confirmation: 'REVIEW', confirmationMinutes: 60, requiresApproval: true, approverRoleId: memberRole() },
      ...{ introduction: 'Welcome', returnUrlPatterns: ['https://app\\.example\\.org/.*'] },
      attributes: [EMAIL, { key: 'team', type: 'CHOICE', label: 'Team', choices: [{ value: 'a', label: 'A' }] }],
      mailTemplates: [{ kind: 'DENIED', locale: 'FR', subject: 'Non', text: 'Non.' }],
      assignedIdentifiers: [{ type: 'uid', format: 'u{number:6}' }],
      authenticators: [{ kind: 'TOTP', enablement: 'OPTIONAL' }],
    };
    const id = await makeFlow(gateway, administrator, { ...own(), settings });
    const copy = await makeFlow(gateway, administrator, { ...own(), name: 'Copy', copyOf: id });
    const rows = await gateway.rows(
      `select v.settings from enrollment_flow_versions v where v.tenant_id = $1 and v.flow_id = any($2::uuid[])`,
      [[id.slice(4), copy.slice(4)]],
    );
    expect(rows[1]!.settings).toEqual(rows[0]!.settings);
    await changeFlow(gateway, administrator, 'enrollmentFlowUpdate', { id: copy, settings: { introduction: null } });
    const { data } = await ask(administrator, `{ enrollmentFlow(id: "${id}") { settings { introduction } } }`);
    expect(data.enrollmentFlow.settings.introduction).toBe('Welcome');
  });

  it("a tenant's template is there for every administrator, and for nobody else", async () => {
    const id = await makeFlow(gateway, tenantAdministrator, {
      ...{ name: 'House rules', status: 'TEMPLATE', settings: { terms: 'EXPLICIT' } },
    });
    const query = '{ enrollmentFlowTemplates { flowId title settings { terms } } }';
    const { data } = await ask(administrator, query);
    expect(data.enrollmentFlowTemplates).toContainEqual({
      ...{ flowId: id, title: 'House rules', settings: { terms: 'EXPLICIT' } },
    });
    expect(await makeFlow(gateway, administrator, { ...own(), copyOf: id })).toMatch(/^flo_/);
    for (const [caller, code] of [
      [member, 'FORBIDDEN'],
      [null, 'UNAUTHENTICATED'],
    ] as const) {
      const refused = await ask(caller, query);
      expect(refused.errors![0]!.extensions.code).toBe(code);
      expect(refused.text).not.toContain('House rules');
    }
    expect((await ask(administrator, `{ enrollmentFlow(id: "${id}") { name } }`)).data.enrollmentFlow).toBeNull();
  });

  it('a flow of somebody else is not copied: it does not exist for them', async () => {
    const id = await makeFlow(gateway, tenantAdministrator, { name: 'Secret words', settings: {} });
    const before = await gateway.snapshot();
    const refused = await changeFlow(gateway, administrator, 'enrollmentFlowCreate', {
      ...own(),
      ...{ name: 'Mine', copyOf: id },
    });
    expect(refused.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['copyOf'] }]);
    expect(refused.answer.text).not.toContain('Secret words');
    expect(await gateway.snapshot()).toBe(before);
  });

  it('all that is wrong is told at once, with its place, and nothing is saved', async () => {
    const before = await gateway.snapshot();
    const { userErrors, enrollmentFlow } = await changeFlow(gateway, administrator, 'enrollmentFlowCreate', {
      ...own(),
      name: ' ',
      settings: {
        ...{ requestsVetting: true, requiresAuthentication: true, confirmationMinutes: 0 },
        ...{ redirectOnSubmit: 'javascript:alert(1)', roleIds: [`rol_${v7()}`] },
        sources: [{ sourceId: `src_${v7()}`, mode: 'SEARCH' }],
      },
    });
    expect(enrollmentFlow).toBeNull();
    expect(userErrors.map(({ field }: { field: string[] }) => field.join('.')).sort()).toEqual([
      'name',
      'settings.confirmationMinutes',
      'settings.redirectOnSubmit',
      'settings.requestsVetting',
      'settings.requiresAuthentication',
      'settings.roleIds.0',
      'settings.sources.0.mode',
      'settings.sources.0.sourceId',
    ]);
    expect(await gateway.snapshot()).toBe(before);
  });

  it('[ENR-59] vetting without approval is refused when it is saved, with the reason; also by a change', async () => {
    const id = await makeFlow(gateway, administrator, own());
    const before = await gateway.snapshot();
    const { userErrors } = await changeFlow(gateway, administrator, 'enrollmentFlowUpdate', {
      ...{ id, settings: { requestsVetting: true } },
    });
    expect(userErrors).toMatchObject([{ code: 'INVALID', field: ['settings', 'requestsVetting'] }]);
    expect(await gateway.snapshot()).toBe(before);
  });

  it("an organization's flow names its own roles and itself alone, and learns of no other", async () => {
    const stranger = await makeOrganization(gateway.tenant, { name: 'Strangers' });
    const foreign = await makeRole(gateway, { organizationId: stranger.id });
    const robot = await makeRole(gateway, { organizationId: organization.id, kind: 'APPLICATION' });
    const { answer, userErrors } = await changeFlow(gateway, administrator, 'enrollmentFlowCreate', {
      ...own(),
      name: 'Reach out',
      settings: {
        ...{ requiresApproval: true, approverRoleId: foreign, roleIds: [robot, memberRole()] },
        ...{ authorization: 'ORGANIZATION_MEMBER', authorizationOrganizationId: `org_${stranger.id}` },
        organizationIds: [`org_${stranger.id}`, `org_${v7()}`],
      },
    });
    expect(userErrors.map(({ code, field }: any) => `${code} ${field.join('.')}`).sort()).toEqual([
      'INVALID settings.authorizationOrganizationId',
      'INVALID settings.organizationIds',
      'NOT_FOUND settings.approverRoleId',
      'NOT_FOUND settings.roleIds.0',
    ]);
    expect(answer.text).not.toContain('Strangers');
  });

  it("a tenant's flow enrolls into several organizations, by roles that count in each", async () => {
    const second = await makeOrganization(gateway.tenant);
    const local = await makeRole(gateway, { organizationId: second.id });
    const organizationIds = [`org_${organization.id}`, `org_${second.id}`];
    const refused = await changeFlow(gateway, tenantAdministrator, 'enrollmentFlowCreate', {
      ...{ name: 'Both', settings: { organizationIds, roleIds: [local] } },
    });
    expect(refused.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['settings', 'roleIds', '0'] }]);
    await makeFlow(gateway, tenantAdministrator, {
      settings: { organizationIds: [organizationIds[1]], roleIds: [local] },
    });
    await makeFlow(gateway, tenantAdministrator, { settings: { organizationIds, roleIds: [memberRole()] } });
  });
});

describe('changing flows', () => {
  it('makes a version of what differs, keeps what is absent, clears by null, and tells the names of what changed', async () => {
    const settings = { confirmation: 'REVIEW', introduction: 'Hello', attributes: [EMAIL], expiryDays: 7 };
    const id = await makeFlow(gateway, administrator, { ...own(), settings });
    const changes = { introduction: null, expiryDays: 7, attributes: [EMAIL], confirmation: 'AUTOMATIC' };
    const changed = await changeFlow(gateway, administrator, 'enrollmentFlowUpdate', {
      ...{ id, name: 'Renamed', expectedVersion: 1, settings: changes },
    });
    expect(changed).toMatchObject({ userErrors: [], enrollmentFlow: { name: 'Renamed', number: 2, version: 2 } });
    const before = await gateway.snapshot();
    const same = await changeFlow(gateway, administrator, 'enrollmentFlowUpdate', { id, settings: changes });
    expect(same.userErrors).toEqual([]);
    const stale = await changeFlow(gateway, administrator, 'enrollmentFlowUpdate', {
      ...{ id, expectedVersion: 1, name: 'Stale' },
    });
    expect(stale.userErrors).toMatchObject([{ code: 'STALE_VERSION' }]);
    expect(await gateway.snapshot()).toBe(before);
    expect((await eventsOf(id)).slice(1)).toEqual([
      {
        type: 'enrollment_flow.updated',
        before: { name: 'Join us', number: 1 },
        after: { name: 'Renamed', number: 2, settings: ['confirmation', 'introduction'] },
      },
    ]);
    const { data } = await ask(
      administrator,
      `{ enrollmentFlow(id: "${id}") { versions { nodes { number name settings { introduction expiryDays } createdBy { id } } } } }`,
    );
    expect(data.enrollmentFlow.versions.nodes).toMatchObject([
      { number: 2, name: 'Renamed', settings: { introduction: null, expiryDays: 7 } },
      { number: 1, name: 'Join us', settings: { introduction: 'Hello', expiryDays: 7 } },
    ]);
  });

  it('[ENR-01] is activated, suspended and made a template; each once', async () => {
    const id = await makeFlow(gateway, administrator, { ...own(), status: 'SUSPENDED' });
    const steps = [
      ['enrollmentFlowActivate', 'ACTIVE'],
      ['enrollmentFlowSuspend', 'SUSPENDED'],
      ['enrollmentFlowMakeTemplate', 'TEMPLATE'],
    ] as const;
    for (const [name, status] of steps) {
      expect(await changeFlow(gateway, administrator, name, { id })).toMatchObject({ enrollmentFlow: { status } });
      expect(await changeFlow(gateway, administrator, name, { id })).toMatchObject({ enrollmentFlow: { status } });
      const { data } = await ask(administrator, `{ enrollmentFlow(id: "${id}") { viewerCan { start update } } }`);
      expect(data.enrollmentFlow.viewerCan.update).toBe(true);
    }
    expect((await eventsOf(id)).map(({ type, after }) => [type, after.status])).toEqual([
      ['enrollment_flow.created', 'SUSPENDED'],
      ...steps.map(([, status]) => ['enrollment_flow.status_changed', status]),
    ]);
  });

  it('is not activated when what it needs is gone, and says so', async () => {
    const role = await makeRole(gateway, { organizationId: organization.id });
    const id = await makeFlow(gateway, administrator, { ...own(), status: 'SUSPENDED', settings: { roleIds: [role] } });
    await gateway.rows(`delete from roles where tenant_id = $1 and id = '${role.slice(4)}'`);
    const refused = await changeFlow(gateway, administrator, 'enrollmentFlowActivate', { id });
    expect(refused).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }], enrollmentFlow: { status: 'SUSPENDED' } });
    const { data } = await ask(administrator, `{ enrollmentFlowExplain(id: "${id}") { faults { field } } }`);
    expect(data.enrollmentFlowExplain.faults).toEqual([{ field: ['settings', 'roleIds', '0'] }]);
  });

  it('a deleted flow leaves the versions that petitions use, and no others', async () => {
    const id = await makeFlow(gateway, administrator, own());
    const versions = () =>
      gateway.rows('select id, flow_id from enrollment_flow_versions where tenant_id = $1 and id = any($2::uuid[])', [
        known.map((version) => version.id),
      ]);
    await changeFlow(gateway, administrator, 'enrollmentFlowUpdate', { id, settings: { introduction: 'Later' } });
    const known = await gateway.rows<{ id: string }>(
      'select id from enrollment_flow_versions where tenant_id = $1 and flow_id = $2 order by number',
      [id.slice(4)],
    );
    await gateway.rows(
      `insert into petitions (id, tenant_id, flow_id, flow_version_id, status, step, progress, locale, waits_since,
         created_at, updated_at)
       values (gen_random_uuid(), $1, $2, $3, 'CREATED', 'ATTRIBUTES', '{}', 'EN', now(), now(), now())`,
      [id.slice(4), known[0]!.id],
    );
    const deleted = await changeFlow(gateway, administrator, 'enrollmentFlowDelete', { id });
    expect(deleted).toMatchObject({ deletedId: id, userErrors: [] });
    expect(await versions()).toEqual([{ id: known[0]!.id, flow_id: null }]);
    expect((await eventsOf(id)).at(-1)).toMatchObject({ type: 'enrollment_flow.deleted' });
    const again = await changeFlow(gateway, administrator, 'enrollmentFlowDelete', { id });
    expect(again.answer.errors![0]!.extensions.code).toBe('NOT_FOUND');
  });

  it('what a flow of a deleted organization was set to goes, once no petition keeps it', async () => {
    const gone = await makeOrganization(gateway.tenant);
    const id = await makeFlow(gateway, tenantAdministrator, { organizationId: `org_${gone.id}` });
    const [version] = await gateway.rows(
      'select id from enrollment_flow_versions where tenant_id = $1 and flow_id = $2',
      [id.slice(4)],
    );
    const left = () =>
      gateway.rows('select id from enrollment_flow_versions where tenant_id = $1 and id = $2', [version!.id]);
    await gateway.rows(`delete from organizations where tenant_id = $1 and id = $2`, [gone.id]);
    expect(await left()).toHaveLength(1);
    await removeExpired({ database: gateway.database, clock: () => new Date(Date.now() + 1_000) });
    expect(await left()).toEqual([]);
  });

  it('others neither see a flow nor change it', async () => {
    const id = await makeFlow(gateway, administrator, { ...own(), settings: { introduction: 'Private words' } });
    const before = await gateway.snapshot();
    for (const caller of [member, newcomer, null]) {
      const names = ['Update', 'Activate', 'Suspend', 'MakeTemplate', 'Delete'];
      for (const name of names) {
        const { answer } = await changeFlow(gateway, caller, `enrollmentFlow${name}`, { id });
        expect(answer.errors![0]!.extensions.code).toBe(caller ? 'NOT_FOUND' : 'UNAUTHENTICATED');
      }
      const read = await ask(caller, `{ node(id: "${id}") { id } enrollmentFlow(id: "${id}") { name } }`);
      expect(read.text).not.toContain('Join us');
      const explained = await ask(caller, `{ enrollmentFlowExplain(id: "${id}") { starters } }`);
      expect(explained.data?.enrollmentFlowExplain ?? null).toBeNull();
    }
    expect(await gateway.snapshot()).toBe(before);
  });

  it('the list shows administrators their own, and the tenant all', async () => {
    const other = await makeOrganization(gateway.tenant);
    const foreign = await makeFlow(gateway, tenantAdministrator, {
      organizationId: `org_${other.id}`,
      name: 'Foreign',
    });
    const mine = await makeFlow(gateway, administrator, { ...own(), name: 'Mine 100%' });
    const list = (given: string) => `{ enrollmentFlows(first: 100${given}) { totalCount nodes { id } } }`;
    const ids = async (browser: Browser, given = '') =>
      (await ask(browser, list(given))).data.enrollmentFlows.nodes.map(({ id }: { id: string }) => id);
    expect(await ids(administrator)).toContain(mine);
    expect(await ids(administrator)).not.toContain(foreign);
    expect(await ids(administrator, `, organizationId: "org_${other.id}"`)).toEqual([]);
    expect(await ids(tenantAdministrator)).toEqual(expect.arrayContaining([mine, foreign]));
    expect(await ids(tenantAdministrator, `, organizationId: "org_${other.id}"`)).toEqual([foreign]);
    expect(await ids(administrator, ', filter: { search: "100%", status: ACTIVE }')).toEqual([mine]);
    expect(await ids(member)).toEqual([]);
  });
});
