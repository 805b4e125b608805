import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  callSettings,
  eventsOf,
  organizationWith,
  readSettings,
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

/** Sends a body as it is written: JSON of which `JSON.stringify` would make something else. */
async function post(body: string): Promise<{ status: number; text: string }> {
  const cookie = `__Host-vestibule=${await ofTenant.cookie('__Host-vestibule', gateway.url)}`;
  const headers = { 'content-type': 'application/json', cookie };
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}
const written = (id: string, customData: string) => {
  const query =
    'mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { code } } }';
  return `{"query":${JSON.stringify(query)},"variables":{"input":{"id":"${id}","customData":${customData}}}}`;
};

const SURVIVORS = {
  unicode: 'é ß 東京 👩‍🔬 \u2028 \u0000 \ud83d "\\/\n',
  'clé ünïque': true,
  '': 'an empty key',
  __proto__x: null,
  numbers: [0, -1, 1.5, 0.1, 1e300, 5e-324, 9007199254740991, -9007199254740991, 1.7976931348623157e308],
  nested: { a: [{ b: [[], {}, [null]] }], c: { d: { e: false } } },
  big: '12345678901234567890.123456789012345678901234567890',
};

describe('[ORG-37] custom data', () => {
  it('comes back as it was sent: unicode, nesting, numbers, the order of keys', async () => {
    const { id } = await create({ customData: SURVIVORS });
    const found = await readSettings(gateway, ofTenant, id);
    expect(JSON.stringify(found.customData)).toBe(JSON.stringify(SURVIVORS));
    const other = { z: 1, a: { y: 2, b: 3 } };
    const updated = await call(ofTenant, 'organizationUpdate', { id, customData: other });
    expect(JSON.stringify(updated.organization.customData)).toBe(JSON.stringify(other));
  });

  it('changes one key by a merge patch, and tells of it', async () => {
    const { id } = await create({ customData: { ...SURVIVORS, settings: { theme: 'dark', beta: true } } });
    const patched = await call(ofTenant, 'organizationCustomDataPatch', {
      ...{ id, patch: { settings: { beta: null, language: 'fr' }, added: [1] } },
    });
    expect(patched.codes).toEqual([]);
    expect(patched.organization).toMatchObject({ version: 2 });
    expect(patched.organization.customData).toEqual({
      ...{ ...SURVIVORS, settings: { theme: 'dark', language: 'fr' }, added: [1] },
    });
    const event = (await eventsOf(gateway, id.slice(4))).at(-1)!;
    expect(event).toMatchObject({ type: 'organization.updated', via: 'organizationCustomDataPatch' });
    expect(Object.keys(event.after)).toEqual(['customData']);
    expect(event.after.customData.sha256).not.toBe(event.before.customData.sha256);
  });

  it('refuses numbers that would lose digits, in variables and in the operation itself, and says so', async () => {
    const { id } = await organizationWith(gateway);
    for (const number of ['12345678901234567890', '9007199254740993', '0.12345678901234567891', '1e400', '-1e-400']) {
      const answer = await unchanged(gateway, () => post(written(id, `{"a":[${number}]}`)));
      expect([answer.status, answer.text]).toEqual([
        400,
        expect.stringContaining(`The number ${number} has more digits than can be kept: send it as text.`),
      ]);
      const inline = await unchanged(gateway, () =>
        gateway.graphql(
          ofTenant,
          `mutation { organizationUpdate(input: { id: "${id}", customData: { a: [${number}] } }) { userErrors { code } } }`,
        ),
      );
      expect(inline.errors?.[0]?.message).toContain('has more digits than can be kept');
    }
    const kept = await gateway.graphql(
      ofTenant,
      `mutation { organizationUpdate(input: { id: "${id}", customData: { a: [1.50, 1e300, "12345678901234567890"] } }) {
         organization { customData } userErrors { code } } }`,
    );
    expect(kept.data.organizationUpdate.organization.customData).toEqual({ a: [1.5, 1e300, '12345678901234567890'] });
  });

  it('takes keys that programs have a use for as any others, and bears any nesting', async () => {
    const { id } = await organizationWith(gateway);
    const special = '{"constructor":1,"prototype":2,"toString":"x","toJSON":1,"length":0,"12":"b","1":"a"}';
    const kept = await post(written(id, special));
    expect(JSON.parse(kept.text).data.organizationUpdate.userErrors).toEqual([]);
    expect((await readSettings(gateway, ofTenant, id)).customData).toEqual(JSON.parse(special));
    const poison = await unchanged(gateway, () => post(written(id, '{"__proto__":{"a":1}}')));
    expect(poison.status).toBe(400);
    for (const number of ['1', '1e-400']) {
      const deep = `{"a":${'['.repeat(100_000)}${number}${']'.repeat(100_000)}}`;
      const answer = await unchanged(gateway, () => post(written(id, deep)));
      expect([answer.status, /INVALID|nested too deep|more digits/.test(answer.text)]).toEqual([answer.status, true]);
    }
  });

  it('is for administrators alone to read', async () => {
    const { id, browsers } = await organizationWith(gateway, { member: ['member'], administrator: ['administrator'] });
    await call(browsers.administrator!, 'organizationUpdate', { id, customData: { secret: 'of ours' } });
    const query = `{ organization(id: "${id}") { name slug customData } }`;
    const read = await gateway.graphql(browsers.member!, query);
    expect([read.errors?.[0]?.extensions.code, read.text.includes('of ours')]).toEqual(['FORBIDDEN', false]);
  });

  it('patched by many at once loses no key', async () => {
    const { id } = await organizationWith(gateway);
    const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);
    const all = await Promise.all(
      keys.map((key) => call(ofTenant, 'organizationCustomDataPatch', { id, patch: { [key]: { by: key } } })),
    );
    expect(all.flatMap(({ codes }) => codes)).toEqual([]);
    const { customData, version } = await readSettings(gateway, ofTenant, id);
    expect([Object.keys(customData).sort(), version]).toEqual([[...keys].sort(), 13]);
  });

  it('a patch is refused whose result is too large', async () => {
    const { id } = await create({ customData: { a: 'x'.repeat(40_000) } });
    const { codes } = await refused(ofTenant, 'organizationCustomDataPatch', { id, patch: { b: 'x'.repeat(40_000) } });
    expect(codes).toEqual([['TOO_LONG', 'patch']]);
    const nothing = await refused(ofTenant, 'organizationCustomDataPatch', { id, patch: {}, expectedVersion: 7 });
    expect(nothing.codes).toEqual([['STALE_VERSION', 'expectedVersion']]);
  });
});
