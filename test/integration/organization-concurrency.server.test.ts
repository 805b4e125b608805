import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../support/gateway.js';
import { callSettings, eventsOf, organizationWith, readSettings } from '../support/organizations.js';

const ADMINISTRATORS = 50;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const administrators = () =>
  organizationWith(
    gateway,
    Object.fromEntries(Array.from({ length: ADMINISTRATORS }, (_, index) => [`a${index}`, ['administrator']])),
    { name: 'Contended' },
  );

it('[ORG-06] of 50 administrators who edit one version at once exactly one wins, the others are told, and no update is lost', async () => {
  const { id, uuid, browsers } = await administrators();
  const won: string[] = [];
  for (let version = 1; version <= 4; version++) {
    const answers = await Promise.all(
      Object.entries(browsers).map(async ([name, browser]) => ({
        ...{ name, wrote: `${name} at ${version}` },
        ...(await callSettings(gateway, browser, 'organizationUpdate', {
          ...{ id, expectedVersion: version, description: `${name} at ${version}` },
        })),
      })),
    );
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    const winners = answers.filter(({ codes }) => codes.length === 0);
    expect(winners).toHaveLength(1);
    won.push(winners[0]!.wrote);
    for (const { codes, organization } of answers.filter((answer) => answer !== winners[0])) {
      expect(codes).toEqual([['STALE_VERSION', 'expectedVersion']]);
      expect([organization.version, organization.description]).toEqual([version + 1, winners[0]!.wrote]);
    }
  }
  const told = (await eventsOf(gateway, uuid)).filter(({ type }) => type === 'organization.updated');
  expect(told.map(({ after }) => after.description)).toEqual(won);
});

it('[ORG-06] 50 administrators who read, edit and try again until they are through lose no update', async () => {
  const { id, uuid, browsers } = await administrators();
  const tries = await Promise.all(
    Object.entries(browsers).map(async ([name, browser], index) => {
      let { version, customData } = await readSettings(gateway, browser, id);
      for (let count = 1; ; count++) {
        const mutation = index % 2 ? 'organizationUpdate' : 'organizationCustomDataPatch';
        const change = index % 2 ? { customData: { ...customData, [name]: index } } : { patch: { [name]: index } };
        const answer = await callSettings(gateway, browser, mutation, { id, expectedVersion: version, ...change });
        expect(answer.errors).toEqual([]);
        if (!answer.codes.length) return count;
        expect(answer.codes).toEqual([['STALE_VERSION', 'expectedVersion']]);
        ({ version, customData } = answer.organization);
      }
    }),
  );
  expect(Math.max(...tries)).toBeGreaterThan(1);
  const { version, customData } = await readSettings(gateway, Object.values(browsers)[0]!, id);
  expect(Object.keys(customData).sort()).toEqual(Object.keys(browsers).sort());
  expect(version).toBe(1 + ADMINISTRATORS);
  const versions = (await eventsOf(gateway, uuid)).filter(({ type }) => type === 'organization.updated');
  expect(versions).toHaveLength(ADMINISTRATORS);
});

it('[ORG-37] 50 patches of different keys at once all last', async () => {
  const { id, browsers } = await administrators();
  const answers = await Promise.all(
    Object.entries(browsers).map(([name, browser]) =>
      callSettings(gateway, browser, 'organizationCustomDataPatch', { id, patch: { nested: { [name]: true } } }),
    ),
  );
  expect(answers.flatMap(({ codes }) => codes)).toEqual([]);
  const { customData } = await readSettings(gateway, Object.values(browsers)[0]!, id);
  expect(Object.keys(customData.nested).sort()).toEqual(Object.keys(browsers).sort());
});

it('[ORG-01] 50 organizations of one name that are made at once get slugs of their own', async () => {
  const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
  const made = await Promise.all(
    Array.from({ length: 50 }, () => callSettings(gateway, browser, 'organizationCreate', { name: 'Same name' })),
  );
  expect(made.flatMap(({ codes, errors }) => [...codes, ...errors])).toEqual([]);
  const slugs = made.map(({ organization }) => organization.slug);
  expect([new Set(slugs).size, slugs.filter((slug) => slug === 'same-name')]).toEqual([50, ['same-name']]);
});

it('[ORG-04] an edit and a deletion at once leave no organization, and no event after the deletion', async () => {
  const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
  const { id, uuid } = await organizationWith(gateway);
  const remove = () =>
    gateway.graphql(
      browser,
      'mutation ($input: OrganizationDeleteInput!) { organizationDelete(input: $input) { deletedId userErrors { code } } }',
      { input: { id } },
    );
  const [first, second] = await Promise.all([
    remove(),
    remove(),
    ...Array.from({ length: 8 }, (_, index) =>
      callSettings(gateway, browser, 'organizationCustomDataPatch', { id, patch: { [index]: true } }),
    ),
  ]);
  const outcome = (answer: any) =>
    answer.data?.organizationDelete?.deletedId ??
    answer.data?.organizationDelete?.userErrors[0]?.code ??
    answer.errors[0].extensions.code;
  expect([outcome(first), outcome(second)].sort()).toEqual(['NOT_FOUND', id].sort());
  const types = (await eventsOf(gateway, uuid)).map(({ type }) => type);
  expect(types.filter((type) => type === 'organization.deleted')).toHaveLength(1);
  expect(await gateway.rows('select id from organizations where tenant_id = $1 and id = $2', [uuid])).toEqual([]);
});
