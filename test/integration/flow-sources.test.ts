import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { SourceKind, SourceStatus } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, seedTenant } from '../support/factories.js';
import { changeFlow, EMAIL, makeFlow } from '../support/flows.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeSource, PEOPLE_FILE, type SourceOverrides } from '../support/sources/make.js';

const CHECK = `query ($input: EnrollmentFlowCreateInput!) { enrollmentFlowCheck(input: $input) {
  explanation { steps { step runs reason } warnings { field message } faults { code field } }
  userErrors { code field message } } }`;

/** What the file has of nobody: no addresses to search by. */
const KEYS_ALONE = { mapping: { key: 'id' } };

let gateway: Gateway;
let admin: Browser;
let organizationAdmin: Browser;
let organizationId: string;
beforeAll(async () => {
  gateway = await startGateway();
  const organization = await makeOrganization(gateway.tenant);
  organizationId = `org_${organization.id}`;
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  const { browser, userId } = await gateway.signedInUser();
  organizationAdmin = browser;
  await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: ['member', 'administrator'] });
});
afterAll(() => gateway.close());

const source = async (given: SourceOverrides = {}, tenant = gateway.tenant) =>
  `src_${(await makeSource(tenant, { settings: PEOPLE_FILE, ...given })).id}`;
const attach = (sourceId: string, mode: string) => ({ sources: [{ sourceId, mode }] });
const check = async (settings: object, given: object = {}, browser = admin) => {
  const { data, errors } = await gateway.graphql(browser, CHECK, { input: { name: 'Try', settings, ...given } });
  if (errors) throw new Error(JSON.stringify(errors));
  const { explanation, userErrors } = data.enrollmentFlowCheck;
  const places = (found: any[]) => found.map(({ field }: any) => field.join('.'));
  return {
    faults: userErrors.map(({ code, field }: any) => `${code} ${field.join('.')}`),
    warnings: places(explanation.warnings),
    explanation,
    userErrors,
  };
};
const stepOf = ({ explanation }: any, name: string) => explanation.steps.find(({ step }: any) => step === name);
/** Somebody who is known is looked up again. */
const REFRESH = { match: 'SELECT' };

describe('a flow with sources', () => {
  it('is saved with one that can do what it is asked, and says in which step', async () => {
    const settings = { ...REFRESH, ...attach(await source(), 'SEARCH_REQUIRED') };
    const checked = await check(settings);
    expect([checked.faults, checked.warnings]).toEqual([[], []]);
    expect(stepOf(checked, 'CHECK_ELIGIBILITY').runs).toBe(true);
    await makeFlow(gateway, admin, { settings });
  });

  it('is refused with one that cannot, by name and capability', async () => {
    const sourceId = await source({ name: 'Keys', settings: KEYS_ALONE });
    const checked = await check({ ...REFRESH, ...attach(sourceId, 'SEARCH') });
    expect(checked.faults).toEqual(['INVALID settings.sources.0.mode']);
    expect(checked.userErrors[0].message).toBe(
      'SEARCH needs the capability SEARCH_BY_EMAIL, which the source “Keys” has not.',
    );
    const before = await gateway.snapshot();
    const { enrollmentFlow, userErrors } = await changeFlow(gateway, admin, 'enrollmentFlowCreate', {
      ...{ name: 'No', settings: { ...REFRESH, ...attach(sourceId, 'SEARCH') } },
    });
    expect([enrollmentFlow, userErrors.length]).toEqual([null, 1]);
    expect(await gateway.snapshot()).toBe(before);
    const signingIn = await check({ authorization: 'SIGNED_IN', ...attach(sourceId, 'AUTHENTICATE') });
    expect(signingIn.faults).toEqual(['INVALID settings.sources.0.mode']);
  });

  it('[ENR-34] SELECT in a flow that administrators do not start is warned of: it is never offered', async () => {
    const checked = await check({ authorization: 'SIGNED_IN', ...attach(await source(), 'SELECT') });
    expect(checked.faults).toEqual([]);
    expect(checked.warnings).toContain('sources.0.mode');
    expect(stepOf(checked, 'SOURCES').runs).toBe(false);
    const offered = await check(attach(await source(), 'SELECT'));
    expect(offered.warnings).not.toContain('sources.0.mode');
    expect(stepOf(offered, 'SOURCES').runs).toBe(true);
  });

  it('is refused where people who need not sign in would query a source', async () => {
    const open = { authorization: 'NONE', confirmation: 'REVIEW', attributes: [EMAIL] };
    const [claimed, searched] = [await source(), await source()];
    expect((await check({ ...open, ...attach(searched, 'SEARCH') })).faults).toEqual([
      'INVALID settings.sources.0.mode',
    ]);
    expect((await check({ ...open, ...attach(claimed, 'CLAIM') })).faults).toEqual(['INVALID settings.sources.0.mode']);
    const signsIn = { ...open, requiresAuthentication: true };
    expect((await check({ ...signsIn, ...attach(searched, 'SEARCH') })).faults).toEqual([]);
  });

  it('is refused with the same source twice', async () => {
    const sourceId = await source();
    const sources = [
      { sourceId, mode: 'SEARCH' },
      { sourceId, mode: 'NONE' },
    ];
    expect((await check({ ...REFRESH, sources })).faults).toEqual(['INVALID settings.sources.1']);
  });

  it('takes one that is suspended, and warns of it', async () => {
    const sourceId = await source({ name: 'Asleep', status: SourceStatus.SUSPENDED });
    const checked = await check({ ...REFRESH, ...attach(sourceId, 'SEARCH') });
    expect([checked.faults, checked.warnings]).toEqual([[], ['sources.0.sourceId']]);
    expect(checked.explanation.warnings[0].message).toContain('“Asleep” is suspended');
    const id = await makeFlow(gateway, admin, { settings: { ...REFRESH, ...attach(sourceId, 'SEARCH') } });
    const query = 'query ($id: ID!) { enrollmentFlow(id: $id) { warnings { field } } }';
    const { data } = await gateway.graphql(admin, query, { id });
    expect(data.enrollmentFlow.warnings).toEqual([{ field: ['sources', '0', 'sourceId'] }]);
  });

  it('knows neither sources that are not there nor those of another tenant', async () => {
    const other = await seedTenant(gateway.database, 'flow-sources-elsewhere');
    for (const sourceId of [`src_${v7()}`, await source({}, other)]) {
      const checked = await check({ ...REFRESH, ...attach(sourceId, 'SEARCH') });
      expect(checked.faults).toEqual(['NOT_FOUND settings.sources.0.sourceId']);
    }
  });

  it('asks who is the same person of a match server alone', async () => {
    const external = { match: 'EXTERNAL', confirmation: 'REVIEW', attributes: [EMAIL] };
    expect((await check(external)).faults).toEqual(['REQUIRED settings.matchSourceId']);
    expect((await check({ ...external, matchSourceId: await source() })).faults).toEqual([
      'INVALID settings.matchSourceId',
    ]);
    const settings = { url: 'https://match.example.org', authentication: { method: 'NONE' } };
    const matchSourceId = await source({ kind: SourceKind.MATCH, settings });
    expect((await check({ ...external, matchSourceId })).faults).toEqual([]);
    expect((await check({ ...external, matchSourceId, duplicateMode: 'MERGE' })).faults).toEqual([
      'INVALID settings.duplicateMode',
    ]);
  });

  it('warns where a pipeline says already who the person is', async () => {
    const pipelineId = v7();
    await gateway.rows(
      `insert into pipelines (id, tenant_id, name, status, settings, created_at, updated_at)
       values ($2, $1, 'People', 'ACTIVE', '{"match": "EMAIL_ADDRESS", "createsUsers": true}', now(), now())`,
      [pipelineId],
    );
    const attributes = [{ key: 'name', type: 'TEXT', label: 'Name', target: 'USER_FAMILY_NAME' }];
    const warned = async (given: SourceOverrides) =>
      (await check({ attributes, ...attach(await source(given), 'SELECT') })).warnings;
    expect(await warned({ pipelineId })).toContain('attributes.0.target');
    expect(await warned({})).not.toContain('attributes.0.target');
    await gateway.rows(`update pipelines set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, [pipelineId]);
    expect(await warned({ pipelineId })).not.toContain('attributes.0.target');
  });
});

describe("an organization's flow", () => {
  const own = { organizationId: '' };
  beforeAll(() => void (own.organizationId = organizationId));

  it('attaches what is open to organizations, and knows nothing of the rest', async () => {
    const [open, closed] = [await source({ isOpenToOrganizations: true }), await source({ name: 'Hidden away' })];
    const withSource = (sourceId: string) => ({ ...REFRESH, ...attach(sourceId, 'SEARCH') });
    expect((await check(withSource(open), own, organizationAdmin)).faults).toEqual([]);
    const refused = await check(withSource(closed), own, organizationAdmin);
    expect(refused.faults).toEqual(['NOT_FOUND settings.sources.0.sourceId']);
    expect(JSON.stringify(refused)).not.toContain('Hidden away');
    const unknown = await check(withSource(`src_${v7()}`), own, organizationAdmin);
    expect(unknown.userErrors).toEqual(refused.userErrors);
    expect(unknown.explanation).toEqual(refused.explanation);
    // The tenant's own flow may, also one that enrolls into the organization.
    expect((await check(withSource(closed), {}, admin)).faults).toEqual([]);
  });

  it('is not activated again with a source that was closed since', async () => {
    const sourceId = await source({ isOpenToOrganizations: true });
    const id = await makeFlow(gateway, organizationAdmin, {
      ...{ ...own, status: 'SUSPENDED', settings: { ...REFRESH, ...attach(sourceId, 'SEARCH') } },
    });
    await gateway.rows('update sources set is_open_to_organizations = false where tenant_id = $1 and id = $2', [
      sourceId.slice(4),
    ]);
    const { userErrors } = await changeFlow(gateway, organizationAdmin, 'enrollmentFlowActivate', { id });
    expect(userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['id'] }]);
  });
});
