import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { transact } from '../../src/database/transact.js';
import { findActiveTerms, readActiveTerms } from '../../src/enrollment/terms/find-active-terms.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { makeFlow } from '../support/flows.js';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
let tenantAdministrator: Browser;
let organization: { id: string };
let administrator: Browser;
let member: Browser;

beforeAll(async () => {
  gateway = await startGateway();
  tenantAdministrator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  organization = await makeOrganization(gateway.tenant);
  const person = await gateway.signedInUser();
  await makeMembership(gateway.tenant, { user: { id: person.userId }, organization, roles: ['administrator'] });
  administrator = person.browser;
  const other = await gateway.signedInUser();
  await makeMembership(gateway.tenant, { user: { id: other.userId }, organization });
  member = other.browser;
});
afterAll(() => gateway.close());

const change = async (browser: Browser | null, name: 'Create' | 'Update' | 'Delete', input: object) => {
  const selection = name === 'Delete' ? 'deletedId' : 'terms { id title url body isActive edition version }';
  const answer = await gateway.graphql(
    browser,
    `mutation ($input: Terms${name}Input!) { asked: terms${name}(input: $input) { ${selection} userErrors { code field } } }`,
    { input },
  );
  return { answer, ...answer.data?.asked };
};
const own = () => ({ organizationId: `org_${organization.id}` });

it('a change of what is agreed to is another edition; being asked for or not is none', async () => {
  const { terms } = await change(administrator, 'Create', { ...own(), title: 'Use', url: 'https://example.org/terms' });
  expect(terms).toMatchObject({ edition: 1, isActive: true });
  const { id } = terms;
  expect((await change(administrator, 'Update', { id, isActive: false })).terms).toMatchObject({ edition: 1 });
  expect((await change(administrator, 'Update', { id, title: 'Terms of use' })).terms).toMatchObject({ edition: 2 });
  const moved = await change(administrator, 'Update', { id, url: null, body: 'Be kind.\nAlways.', isActive: true });
  expect(moved.terms).toMatchObject({ edition: 3, url: null, body: 'Be kind.\nAlways.', isActive: true, version: 4 });
  const before = await gateway.snapshot();
  expect((await change(administrator, 'Update', { id, title: 'Terms of use' })).userErrors).toEqual([]);
  expect((await change(administrator, 'Update', { id, title: 'X', expectedVersion: 1 })).userErrors).toMatchObject([
    { code: 'STALE_VERSION' },
  ]);
  expect(await gateway.snapshot()).toBe(before);
  expect(await change(administrator, 'Delete', { id })).toMatchObject({ deletedId: id, userErrors: [] });
  const events = await gateway.rows(
    `select type, "after" from events where tenant_id = $1 and object_id = $2 order by id`,
    [id.slice(4)],
  );
  expect(events.map(({ type }) => type)).toEqual([
    ...['terms.created', 'terms.updated', 'terms.updated', 'terms.updated', 'terms.deleted'],
  ]);
  expect(events[3]!.after).toEqual({ url: null, body: true, isActive: true, edition: 3 });
  expect(JSON.stringify(events)).not.toContain('Be kind');
});

it('what is wrong is told at once, and nothing is saved', async () => {
  const before = await gateway.snapshot();
  const wrong: [object, string[]][] = [
    [{ title: ' ' }, ['REQUIRED title', 'INVALID url']],
    [{ title: 'T', url: 'https://example.org/', body: 'B' }, ['INVALID url']],
    [{ title: 'T', url: 'javascript:alert(1)' }, ['INVALID url']],
    [{ title: 'T', url: 'http://example.org/' }, ['INVALID url']],
    [{ title: 'T', body: 'a\0' }, ['INVALID body']],
    [{ title: 'T', body: 'a'.repeat(65_537) }, ['TOO_LONG body']],
    [{ title: 'a\nb', body: 'B' }, ['INVALID title']],
  ];
  for (const [input, faults] of wrong) {
    const { userErrors } = await change(administrator, 'Create', { ...own(), ...input });
    expect(userErrors.map(({ code, field }: any) => `${code} ${field.join('.')}`)).toEqual(faults);
  }
  expect(await gateway.snapshot()).toBe(before);
});

it("an organization's own active terms come instead of the tenant's", async () => {
  const { tenant, database } = gateway;
  const house = await change(tenantAdministrator, 'Create', { title: 'House', body: 'Rules of the house' });
  const title = async (id: string | null) => {
    const read = await readActiveTerms(database, tenant.id, id);
    const found = await transact(database, tenant.id, (manager) => findActiveTerms(manager, tenant.id, id));
    expect(found).toEqual(read);
    return read.map((terms) => terms.title);
  };
  expect([await title(null), await title(organization.id)]).toEqual([['House'], ['House']]);
  const local = await change(administrator, 'Create', {
    ...own(),
    title: 'Local',
    body: 'Rules here',
    isActive: false,
  });
  expect(await title(organization.id)).toEqual(['House']);
  await change(administrator, 'Update', { id: local.terms.id, isActive: true });
  expect([await title(null), await title(organization.id)]).toEqual([['House'], ['Local']]);
  const flow = await makeFlow(gateway, administrator, {
    ...own(),
    settings: { authorization: 'NONE', terms: 'EXPLICIT' },
  });
  const { data } = await gateway.graphql(
    null,
    `{ enrollmentFlowOffer(id: "${flow}") { terms { id edition title body } } }`,
  );
  expect(data.enrollmentFlowOffer.terms).toEqual([
    { id: local.terms.id, edition: 1, title: 'Local', body: 'Rules here' },
  ]);
  expect(house.userErrors).toEqual([]);
});

it('are for the administrators of their organization, and of the tenant', async () => {
  const { terms } = await change(administrator, 'Create', {
    ...own(),
    title: 'Draft',
    body: 'Draft words',
    isActive: false,
  });
  const house = await change(tenantAdministrator, 'Create', { title: 'Of all', body: 'All words' });
  const before = await gateway.snapshot();
  for (const [caller, id] of [
    [member, terms.id],
    [null, terms.id],
    [administrator, house.terms.id],
  ] as const) {
    const answers = [
      await gateway.graphql(caller, `{ terms(id: "${id}") { title } termsList(first: 100) { nodes { id } } }`),
      (await change(caller, 'Update', { id, title: 'Mine' })).answer,
      (await change(caller, 'Delete', { id })).answer,
    ];
    expect(answers.slice(1).map(({ errors }) => errors![0]!.extensions.code)).toEqual(
      Array(2).fill(caller ? 'NOT_FOUND' : 'UNAUTHENTICATED'),
    );
    expect(answers.map(({ text }) => text).join()).not.toContain(id);
  }
  const refused = await change(administrator, 'Create', { title: 'For all', body: 'B' });
  expect(refused.answer.errors![0]!.extensions.code).toBe('FORBIDDEN');
  expect(await gateway.snapshot()).toBe(before);
  const list = await gateway.graphql(
    administrator,
    `{ termsList(organizationId: "org_${organization.id}", filter: { isActive: false }) { totalCount nodes { title } } }`,
  );
  expect(list.data.termsList).toEqual({ totalCount: 1, nodes: [{ title: 'Draft' }] });
});
