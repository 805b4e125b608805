import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  callSettings,
  eventsOf,
  organizationWith,
  type SettingsMutation,
  unchanged,
} from '../support/organizations.js';

let gateway: Gateway;
let ofTenant: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  ofTenant = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const call = (browser: Browser | null, name: SettingsMutation, input: object) =>
  callSettings(gateway, browser, name, input);
const refused = (browser: Browser | null, name: SettingsMutation, input: object) =>
  unchanged(gateway, () => call(browser, name, input));

async function create(input: object) {
  const made = await call(ofTenant, 'organizationCreate', { name: 'Made', ...input });
  expect([made.codes, made.errors]).toEqual([[], []]);
  return made.organization;
}

describe('creating an organization', () => {
  it('[ORG-01] takes a name alone, and the same name twice: the slugs differ', async () => {
    const [first, second] = [
      await create({ name: 'Université de Lorraine' }),
      await create({ name: 'Université de Lorraine' }),
    ];
    expect(first).toMatchObject({
      ...{ name: 'Université de Lorraine', slug: 'universite-de-lorraine', description: null, customData: {} },
      ...{ primaryColor: null, darkPrimaryColor: null, isMfaRequired: false, mfaRule: 'FACTOR_CONFIGURED' },
      ...{ status: 'ACTIVE', version: 1, logos: [], identifiers: [] },
    });
    expect(second.name).toBe(first.name);
    expect(second.slug).toMatch(/^universite-de-lorraine-[0-9a-f]{10}$/);
  });

  it('[ORG-01] gives every one a slug of its own, however many are made at once and whatever they are called', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => create({ name: 'At once' })));
    expect(new Set(made.map(({ slug }) => slug)).size).toBe(8);
    expect((await create({ name: '東京大学' })).slug).toMatch(/^organization/);
    expect((await create({ name: '— – —' })).slug).toMatch(/^organization-/);
    expect((await create({ name: `${'Ab '.repeat(40)}.` })).slug).toMatch(/^[a-z0-9][a-z0-9-]*[a-z0-9]$/);
  });

  it('keeps the settings that it is given, and tells of them', async () => {
    const settings = {
      ...{ slug: 'acme', description: 'Words', customData: { plan: 'gold' } },
      ...{ primaryColor: '#1A73E8', darkPrimaryColor: '#8ab4f8', isMfaRequired: true, mfaRule: 'FACTOR_USED' },
    };
    const made = await create(settings);
    expect(made).toMatchObject({ ...settings, primaryColor: '#1a73e8' });
    const [event] = await eventsOf(gateway, made.id.slice(4));
    expect(event).toMatchObject({
      type: 'organization.created',
      after: { ...settings, primaryColor: '#1a73e8', customData: { bytes: 15, value: { plan: 'gold' } } },
    });
  });

  it('refuses a slug that is taken, also of two who hurry, and says the rest at once', async () => {
    await create({ slug: 'only-one', identifiers: [{ scheme: 'GROUP', value: 'only-one' }] });
    const second = await refused(ofTenant, 'organizationCreate', {
      ...{ name: 'Second', slug: 'only-one', identifiers: [{ scheme: 'GROUP', value: 'only-one' }] },
    });
    expect([second.codes, second.organization]).toEqual([
      [
        ['TAKEN', 'slug'],
        ['TAKEN', 'identifiers.0'],
      ],
      null,
    ]);
    const both = await Promise.all(
      [1, 2].map((number) => call(ofTenant, 'organizationCreate', { name: `Hurry ${number}`, slug: 'hurry' })),
    );
    expect(both.map(({ codes }) => codes[0]?.[0] ?? 'DONE').sort()).toEqual(['DONE', 'TAKEN']);
  });

  it.each(['', 'Ab', 'a_b', '-a', 'a-', 'a b', 'é', `a${'b'.repeat(63)}`])('refuses the slug %j', async (slug) => {
    const { codes } = await refused(ofTenant, 'organizationCreate', { name: 'Slug', slug });
    expect(codes).toEqual([[slug === '' ? 'REQUIRED' : slug.length > 63 ? 'TOO_LONG' : 'INVALID', 'slug']]);
  });
});

describe('what is wrong with settings', () => {
  it.each(['organizationCreate', 'organizationUpdate'] as const)(
    '[ORG-02] is told by %s field by field, all at once, and nothing is written',
    async (name) => {
      const { id } = await organizationWith(gateway);
      const { codes, organization } = await refused(ofTenant, name, {
        ...(name === 'organizationUpdate' ? { id } : {}),
        ...{ name: 'x'.repeat(129), description: 'x'.repeat(257), slug: 'Not a slug', customData: ['a', 'list'] },
        ...{ primaryColor: 'red', darkPrimaryColor: '#fff', identifiers: [{ scheme: 'SIRET', value: '1' }] },
      });
      expect(codes).toEqual([
        ['TOO_LONG', 'name'],
        ['INVALID', 'slug'],
        ['TOO_LONG', 'description'],
        ['INVALID', 'customData'],
        ['INVALID', 'primaryColor'],
        ['INVALID', 'darkPrimaryColor'],
        ['INVALID', 'identifiers.0.value'],
      ]);
      if (name === 'organizationUpdate') expect(organization.version).toBe(1);
    },
  );

  it.each([
    ['a list', [], 'INVALID'],
    ['a text', 'text', 'INVALID'],
    ['a number', 1, 'INVALID'],
    ['over its limit', { a: 'x'.repeat(65_536) }, 'TOO_LONG'],
    ['over its limit in bytes', { a: 'é'.repeat(40_000) }, 'TOO_LONG'],
    ['very deep', JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`), 'INVALID'],
  ])('[ORG-02] refuses custom data that is %s', async (_name, customData, code) => {
    const { id } = await organizationWith(gateway);
    const updated = await refused(ofTenant, 'organizationUpdate', { id, name: 'Not written', customData });
    expect(updated.codes).toEqual([[code, 'customData']]);
    const patched = await refused(ofTenant, 'organizationCustomDataPatch', { id, patch: customData });
    expect(patched.codes).toEqual([[code, 'patch']]);
  });

  it('[ORG-03] absent keeps, null clears what can be cleared, and is refused for the rest', async () => {
    const made = await create({ description: 'Words', primaryColor: '#000000', customData: { a: 1 } });
    const kept = await call(ofTenant, 'organizationUpdate', { id: made.id, darkPrimaryColor: '#ffffff' });
    expect(kept.organization).toMatchObject({ description: 'Words', primaryColor: '#000000', customData: { a: 1 } });
    const cleared = await call(ofTenant, 'organizationUpdate', {
      ...{ id: made.id, description: null, primaryColor: null, customData: null },
    });
    expect(cleared.organization).toMatchObject({
      ...{ description: null, primaryColor: null, darkPrimaryColor: '#ffffff', customData: {}, version: 3 },
    });
    const { codes } = await refused(ofTenant, 'organizationUpdate', {
      ...{ id: made.id, name: null, slug: null, isMfaRequired: null, mfaRule: null, status: null, description: 'x' },
    });
    expect(codes).toEqual(['name', 'slug', 'isMfaRequired', 'mfaRule', 'status'].map((field) => ['REQUIRED', field]));
  });

  it('refuses a slug that is taken on an update, also of two who hurry', async () => {
    await create({ slug: 'held' });
    const [left, right] = [await create({}), await create({})];
    expect((await refused(ofTenant, 'organizationUpdate', { id: left.id, slug: 'held' })).codes).toEqual([
      ['TAKEN', 'slug'],
    ]);
    const both = await Promise.all(
      [left, right].map(({ id }) => call(ofTenant, 'organizationUpdate', { id, slug: 'contested' })),
    );
    expect(both.map(({ codes }) => codes[0]?.[0] ?? 'DONE').sort()).toEqual(['DONE', 'TAKEN']);
  });

  it('[ORG-27] a second factor cannot be required while the tenant takes none, and the reason is told', async () => {
    const { id } = await organizationWith(gateway);
    const { tenant, database } = gateway;
    const setFactors = (factors: string) =>
      database.read(null, 'update tenants set mfa_factors = $2::text[] where id = $1 returning id', [
        tenant.id,
        factors,
      ]);
    await setFactors('{}');
    try {
      for (const [name, input] of [
        ['organizationUpdate', { id, isMfaRequired: true }],
        ['organizationCreate', { name: 'New', isMfaRequired: true }],
      ] as const) {
        const { codes, messages } = await refused(ofTenant, name, input);
        expect(codes).toEqual([['NO_FACTOR_ENABLED', 'isMfaRequired']]);
        expect(messages).toContain('tenantUpdate(mfaFactors)');
      }
      expect((await call(ofTenant, 'organizationUpdate', { id, isMfaRequired: false })).codes).toEqual([]);
    } finally {
      await setFactors('{TOTP}');
    }
    const enabled = await call(ofTenant, 'organizationUpdate', { id, isMfaRequired: true, mfaRule: 'FACTOR_USED' });
    expect(enabled.organization).toMatchObject({ isMfaRequired: true, mfaRule: 'FACTOR_USED' });
  });
});

describe('what stays as it is', () => {
  it('[ORG-36] createdAt has a time zone and never changes; tenantId is shown, and nothing sets it', async () => {
    const made = await create({ name: 'Constant' });
    expect(made.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    expect(made.tenantId).toBe(gateway.tenant.id);
    gateway.advance(60_000);
    const { organization } = await call(ofTenant, 'organizationUpdate', {
      id: made.id,
      name: 'Other',
      status: 'SUSPENDED',
    });
    expect(organization).toMatchObject({ createdAt: made.createdAt, tenantId: made.tenantId });
    expect(Date.parse(organization.updatedAt)).toBeGreaterThan(Date.parse(made.updatedAt));
    for (const name of ['organizationCreate', 'organizationUpdate'] as const) {
      for (const field of ['tenantId', 'createdAt', 'version', 'tenant']) {
        const input = { ...(name === 'organizationUpdate' ? { id: made.id } : { name: 'x' }), [field]: made.tenantId };
        const answer = await refused(ofTenant, name, input);
        expect(answer.errors[0]?.message).toContain(`Field "${field}" is not defined`);
      }
    }
  });

  it('the same again writes nothing', async () => {
    const { id } = await create({ description: 'Words', customData: { a: 1 }, primaryColor: '#123456' });
    const { organization } = await refused(ofTenant, 'organizationUpdate', {
      ...{ id, name: 'Made', description: 'Words', customData: { a: 1 }, primaryColor: '#123456' },
    });
    expect(organization.version).toBe(1);
    expect((await refused(ofTenant, 'organizationCustomDataPatch', { id, patch: { a: 1, b: null } })).codes).toEqual(
      [],
    );
  });
});
