import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { callSettings, organizationWith, type SettingsMutation, unchanged } from '../support/organizations.js';

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

describe('who may edit what', () => {
  const own = {
    ...{ name: 'By its administrator', description: 'Of ours', customData: { a: 1 } },
    ...{ primaryColor: '#000091', darkPrimaryColor: '#8585f6' },
  };
  const ofTheTenant = {
    ...{ slug: 'ours', isMfaRequired: true, mfaRule: 'FACTOR_USED', status: 'SUSPENDED' },
    identifiers: [{ scheme: 'GROUP', value: 'ours' }],
  };

  it('[ORG-07] an administrator of the organization edits what is its own, and nothing that others rely on', async () => {
    const { id, browsers } = await organizationWith(gateway, { administrator: ['member', 'administrator'] });
    const by = browsers.administrator!;
    expect((await call(by, 'organizationUpdate', { id, ...own })).organization).toMatchObject(own);
    expect((await call(by, 'organizationCustomDataPatch', { id, patch: { b: 2 } })).codes).toEqual([]);
    const logo = { organizationId: id, kind: 'LIGHT', url: 'https://example.org/logo.svg' };
    expect((await call(by, 'organizationLogoSet', logo)).codes).toEqual([]);
    expect((await call(by, 'organizationLogoRemove', { organizationId: id, kind: 'LIGHT' })).codes).toEqual([]);
    for (const [field, value] of Object.entries(ofTheTenant)) {
      const { errors } = await refused(by, 'organizationUpdate', { id, name: 'Beside', [field]: value });
      expect(errors[0]).toMatchObject({
        message: expect.stringContaining(`input.${field}`),
        extensions: { code: 'FORBIDDEN', requires: 'TENANT_ADMINISTRATOR' },
      });
    }
    const create = await refused(by, 'organizationCreate', { name: 'Another' });
    expect(create.errors[0]?.extensions.code).toBe('FORBIDDEN');
    const { data } = await gateway.graphql(by, `{ organization(id: "${id}") { viewerEditableFields } }`);
    expect(data.organization.viewerEditableFields.sort()).toEqual(Object.keys(own).sort());
    const { data: wide } = await gateway.graphql(ofTenant, `{ organization(id: "${id}") { viewerEditableFields } }`);
    expect(wide.organization.viewerEditableFields.sort()).toEqual(
      [...Object.keys(own), ...Object.keys(ofTheTenant)].sort(),
    );
  });

  it('[ORG-07] a member edits none of it, and for an administrator of another organization there is no such one', async () => {
    const { id, name, browsers } = await organizationWith(gateway, { member: ['member'] });
    const other = await organizationWith(gateway, { administrator: ['administrator'] });
    const calls: [SettingsMutation, object][] = [
      ...Object.entries({ ...own, ...ofTheTenant }).map(([field, value]): [SettingsMutation, object] => [
        'organizationUpdate',
        { id, [field]: value },
      ]),
      ['organizationCustomDataPatch', { id, patch: { a: 1 } }],
      ['organizationLogoSet', { organizationId: id, kind: 'LIGHT', url: 'https://example.org/logo.svg' }],
      ['organizationLogoRemove', { organizationId: id, kind: 'LIGHT' }],
    ];
    for (const [mutation, input] of calls) {
      const outcomes = [];
      for (const browser of [browsers.member!, other.browsers.administrator!, null]) {
        const answer = await refused(browser, mutation, input);
        expect(answer.text).not.toContain(name);
        outcomes.push(answer.errors[0]?.extensions.code);
      }
      expect(outcomes).toEqual(['FORBIDDEN', 'NOT_FOUND', 'UNAUTHENTICATED']);
    }
    const { data } = await gateway.graphql(browsers.member!, `{ organization(id: "${id}") { viewerEditableFields } }`);
    expect(data.organization.viewerEditableFields).toEqual([]);
  });
});

it('an organization tells its viewer what they may do with it', async () => {
  const { id, browsers } = await organizationWith(gateway, {
    ...{ administrator: ['administrator'], member: ['member'] },
  });
  const told = async (browser: Browser) => {
    const names = 'update complete appoint changeMembers invite addApplications leave delete';
    const { data } = await gateway.graphql(browser, `{ organization(id: "${id}") { viewerCan { ${names} } } }`);
    return names.split(' ').filter((name) => data.organization.viewerCan[name]);
  };
  const ofAdministrator = ['update', 'appoint', 'changeMembers', 'invite', 'leave'];
  const ofTenantAdministrator = ['update', 'appoint', 'changeMembers', 'invite', 'addApplications', 'delete'];
  expect(await told(browsers.member!)).toEqual(['leave']);
  expect(await told(browsers.administrator!)).toEqual(ofAdministrator);
  expect(await told(ofTenant)).toEqual(ofTenantAdministrator);
  await call(ofTenant, 'organizationUpdate', { id, status: 'SUSPENDED' });
  const isLeft = (name: string) => name !== 'invite' && name !== 'addApplications';
  expect(await told(browsers.administrator!)).toEqual(ofAdministrator.filter(isLeft));
  expect(await told(ofTenant)).toEqual(ofTenantAdministrator.filter(isLeft));
});

describe('[ORG-06] versions', () => {
  it('two administrators who edit different fields: one wins, the other is told, with the organization as it is', async () => {
    const { id, browsers } = await organizationWith(gateway, { one: ['administrator'], two: ['administrator'] });
    const [left, right] = await Promise.all([
      call(browsers.one!, 'organizationUpdate', { id, expectedVersion: 1, description: 'by one' }),
      call(browsers.two!, 'organizationUpdate', { id, expectedVersion: 1, primaryColor: '#000091' }),
    ]);
    const loser = left.codes.length ? left : right;
    expect([left.codes.length + right.codes.length, loser.codes]).toEqual([1, [['STALE_VERSION', 'expectedVersion']]]);
    expect(loser.organization).toMatchObject({
      version: 2,
      ...(loser === left ? { primaryColor: '#000091' } : { description: 'by one' }),
    });
    expect(loser.messages).toContain('version 2');
  });

  it('every edit counts, also of what is beside the row, and a stale one is told whatever it edits', async () => {
    const { id } = await organizationWith(gateway);
    const edits: [SettingsMutation, object][] = [
      ['organizationUpdate', { id, name: 'Counted' }],
      ['organizationUpdate', { id, identifiers: [{ scheme: 'GROUP', value: 'counted' }] }],
      ['organizationUpdate', { id, customData: { a: 1 } }],
      ['organizationCustomDataPatch', { id, patch: { b: 1 } }],
      ['organizationLogoSet', { organizationId: id, kind: 'DARK', url: 'https://example.org/dark.png' }],
      ['organizationLogoRemove', { organizationId: id, kind: 'DARK' }],
    ];
    for (const [index, [mutation, input]] of edits.entries()) {
      const stale = await refused(ofTenant, mutation, { ...input, expectedVersion: index });
      expect([stale.codes, stale.organization.version]).toEqual([[['STALE_VERSION', 'expectedVersion']], index + 1]);
      const done = await call(ofTenant, mutation, { ...input, expectedVersion: index + 1 });
      expect([done.codes, done.organization.version]).toEqual([[], index + 2]);
    }
  });
});
