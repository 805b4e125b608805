import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { callSettings, organizationWith, type SettingsMutation } from '../support/organizations.js';

let gateway: Gateway;
let ofTenant: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  ofTenant = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const call = (browser: Browser | null, name: SettingsMutation, input: object) =>
  callSettings(gateway, browser, name, input);

async function create(input: object) {
  const made = await call(ofTenant, 'organizationCreate', { name: 'Made', ...input });
  expect([made.codes, made.errors]).toEqual([[], []]);
  return made.organization;
}

describe('finding organizations', () => {
  const SEARCH = `query ($search: String, $first: Int, $after: String, $orderBy: OrganizationOrder) {
    organizations(first: $first, after: $after, orderBy: $orderBy, filter: { search: $search }) {
      nodes { id name } totalCount pageInfo { hasNextPage endCursor }
    }
  }`;
  const search = async (variables: object) => (await gateway.graphql(ofTenant, SEARCH, variables)).data.organizations;
  const found = async (text: string) => (await search({ search: text })).nodes.map(({ id }: any) => id);

  it('[ORG-05] is without regard to case and accents, over name, slug and identifiers, and follows each edit', async () => {
    const { id } = await create({
      ...{ name: 'Préfecture de l’Hérault', slug: 'montpellier-34' },
      identifiers: [
        { scheme: 'GROUP', value: 'CLD-Éole/7' },
        { scheme: 'SIRET', value: '11002001300097' },
      ],
    });
    for (const text of [
      'PREFECTURE',
      'préfecture de',
      'herault',
      'HÉRAULT',
      'Montpellier',
      'cld-eole',
      'CLD-ÉOLE/7',
      '110020013',
      '110 020 013 00097',
    ])
      expect([text, await found(text)]).toEqual([text, [id]]);
    for (const text of ['pre%cture', 'h_rault', '\\', 'herault montpellier', '34\n'.repeat(2) + 'cld'])
      expect([text, await found(text)]).toEqual([text, []]);
    await call(ofTenant, 'organizationUpdate', {
      ...{ id, name: 'Ωmega Жизнь', slug: 'omega', identifiers: [{ scheme: 'DOMAIN', value: 'Oméga.example' }] },
    });
    for (const text of ['ωMEGA', 'жизнь', 'OMEGA', 'omega.EXAMPLE'])
      expect([text, await found(text)]).toEqual([text, [id]]);
    for (const text of ['herault', 'montpellier', 'cld-eole', '110020013'])
      expect([text, await found(text)]).toEqual([text, []]);
  });

  it('[ORG-05] finds what a sign-in has made by its identifier', async () => {
    const person = gateway.addPerson({
      id: 'searched',
      claims: { siret: '35600000000048', organization_label: 'La Poste' },
    });
    await gateway.signIn(person);
    expect((await search({ search: '356000000' })).nodes).toEqual([expect.objectContaining({ name: 'La Poste' })]);
  });

  it.each(['CREATED_AT', 'NAME'])(
    '[ORG-05] pages by %s stably while rows are inserted and removed',
    async (orderBy) => {
      const word = `paged${orderBy.toLowerCase().replace('_', '')}`;
      const names = ['d', 'a', 'e', 'c', 'b', 'A', 'É', 'd'];
      const there: string[] = [];
      for (const name of names)
        there.push(`org_${(await makeOrganization(gateway.tenant, { name: `${name} ${word}` })).id}`);
      const seen: string[] = [];
      let page = await search({ search: word.toUpperCase(), first: 2, orderBy });
      for (;;) {
        seen.push(...page.nodes.map(({ id }: any) => id));
        if (!page.pageInfo.hasNextPage) break;
        // Some of them come before the place that was reached, some behind.
        for (const name of ['0', 'c', 'zz']) await makeOrganization(gateway.tenant, { name: `${name} ${word} later` });
        page = await search({ search: word, first: 2, orderBy, after: page.pageInfo.endCursor });
        if (seen.length > 100) break;
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(there.filter((id) => !seen.includes(id))).toEqual([]);
      if (orderBy === 'CREATED_AT') expect(seen.filter((id) => there.includes(id))).toEqual(there);
    },
  );

  it('by slug gives the organization to those who may see it, and nothing to others', async () => {
    const { uuid, browsers } = await organizationWith(gateway, { member: ['member'] }, { slug: 'by-slug' });
    const outsider = (await gateway.signedInUser()).browser;
    const ask = async (browser: Browser, slug: string) =>
      (await gateway.graphql(browser, 'query ($slug: String) { organization(slug: $slug) { id slug } }', { slug }))
        .data;
    expect(await ask(browsers.member!, 'by-slug')).toEqual({ organization: { id: `org_${uuid}`, slug: 'by-slug' } });
    expect(await ask(outsider, 'by-slug')).toEqual({ organization: null });
    expect(await ask(ofTenant, 'no-such-slug')).toEqual({ organization: null });
  });
});
