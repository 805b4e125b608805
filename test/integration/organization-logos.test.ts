import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { callSettings, eventsOf, organizationWith, readSettings, unchanged } from '../support/organizations.js';
import { ICO, JPEG, makePng, PNG, WEBP } from '../support/pictures.js';

let gateway: Gateway;
let ofTenant: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  ofTenant = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const setLogo = (input: object) => callSettings(gateway, ofTenant, 'organizationLogoSet', input);
const refuseLogo = (input: object) => unchanged(gateway, () => setLogo(input));
const upload = (content: Buffer | string) => ({ upload: { content: Buffer.from(content).toString('base64') } });
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z" fill="#000091"></path></svg>';

describe('[ORG-38] an uploaded logo', () => {
  it.each([
    ['LIGHT', 'image/png', PNG],
    ['DARK', 'image/svg+xml', Buffer.from(SVG)],
    ['FAVICON', 'image/png', PNG],
    ['FAVICON', 'image/svg+xml', Buffer.from(SVG)],
  ])('%s, %s, is served to anybody as what it is, and as nothing else', async (kind, mediaType, content) => {
    const { id: organizationId } = await organizationWith(gateway);
    const { codes, organization } = await setLogo({ organizationId, kind, ...upload(content) });
    expect(codes).toEqual([]);
    const [logo] = organization.logos;
    expect(organization.logos).toEqual([{ kind, mediaType, url: logo.url }]);
    expect(logo.url).toMatch(
      new RegExp(`^${gateway.url}/organizations/${organizationId}/logos/${kind.toLowerCase()}\\?v=[0-9a-f]{16}$`),
    );
    const served = await fetch(logo.url);
    expect(Buffer.from(await served.arrayBuffer()).equals(content)).toBe(true);
    const digest = createHash('sha256').update(content).digest('hex');
    expect(Object.fromEntries(served.headers)).toMatchObject({
      'content-type': mediaType === 'image/svg+xml' ? 'image/svg+xml; charset=utf-8' : mediaType,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; .*sandbox$/),
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"${digest}"`,
    });
  });

  it('is not sent again to who has it, and asked for again where its address has no version', async () => {
    const { id: organizationId } = await organizationWith(gateway);
    const { organization } = await setLogo({ organizationId, kind: 'LIGHT', ...upload(PNG) });
    const { url } = organization.logos[0];
    const plain = url.split('?')[0];
    const first = await fetch(plain);
    expect(first.headers.get('cache-control')).toBe('public, no-cache');
    const etag = first.headers.get('etag')!;
    const again = await fetch(plain, { headers: { 'if-none-match': `W/${etag}` } });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    const head = await fetch(plain, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'image/png', '']);
    await setLogo({ organizationId, kind: 'LIGHT', ...upload(makePng(10)) });
    const changed = await fetch(url, { headers: { 'if-none-match': etag } });
    expect([changed.status, changed.headers.get('cache-control')]).toEqual([200, 'public, no-cache']);
  });

  it('of SVG loses what runs before it is stored', async () => {
    const { id: organizationId, uuid } = await organizationWith(gateway);
    const evil = SVG.replace('<path', '<script>alert(1)</script><path onload="alert(1)"');
    const { organization } = await setLogo({ organizationId, kind: 'LIGHT', ...upload(evil) });
    expect(await (await fetch(organization.logos[0].url)).text()).toBe(SVG);
    const [stored] = await gateway.rows(
      'select content from organization_logos where organization_id = $2 and tenant_id = $1',
      [uuid],
    );
    expect(Buffer.from(stored!.content).toString()).toBe(SVG);
  });

  it('takes up to 500000 bytes; what is larger, or of another type, is refused and told', async () => {
    const { id: organizationId } = await organizationWith(gateway);
    const frame = makePng(1).length - 1;
    const largest = makePng(500_000 - frame);
    expect([largest.length, makePng(500_001 - frame).length]).toEqual([500_000, 500_001]);
    expect((await setLogo({ organizationId, kind: 'LIGHT', ...upload(largest) })).codes).toEqual([]);
    const cases: [string, Buffer | string, string][] = [
      ['LIGHT', makePng(500_001 - frame), 'TOO_LONG'],
      ['LIGHT', Buffer.alloc(700_000, 0x20), 'TOO_LONG'],
      ['LIGHT', JPEG, 'INVALID'],
      ['DARK', WEBP, 'INVALID'],
      ['FAVICON', ICO, 'INVALID'],
      ['LIGHT', 'GIF89a', 'INVALID'],
      ['LIGHT', '<html><svg/></html>', 'INVALID'],
      ['LIGHT', '<svg><g></svg>', 'INVALID'],
      ['FAVICON', '%PDF-1.7', 'INVALID'],
      ['DARK', '', 'INVALID'],
    ];
    for (const [kind, content, code] of cases) {
      const answer = await refuseLogo({ organizationId, kind, ...upload(content) });
      expect(answer.codes).toEqual([[code, 'upload.content']]);
    }
    const text = await refuseLogo({ organizationId, kind: 'DARK', upload: { content: 'no base64!' } });
    expect(text.codes).toEqual([['INVALID', 'upload.content']]);
  });

  it('lets requests be large for its sake alone', async () => {
    const { id: organizationId } = await organizationWith(gateway);
    const json = { query: '{ __typename }', variables: { input: { id: organizationId, name: 'x'.repeat(600_000) } } };
    const large = await unchanged(gateway, () => ofTenant.post(`${gateway.url}/graphql`, { json }));
    expect(large.status).toBe(413);
    const largest = await ofTenant.post(`${gateway.url}/graphql`, {
      json: { query: '{ a }', x: 'x'.repeat(1_100_000) },
    });
    expect(largest.status).toBe(413);
  });
});

describe('a logo', () => {
  it('by its address is given as it is, and not served here', async () => {
    const { id: organizationId } = await organizationWith(gateway);
    const url = 'https://cdn.example.org/logo.svg?size=2';
    const { organization } = await setLogo({ organizationId, kind: 'LIGHT', url });
    expect(organization.logos).toEqual([{ kind: 'LIGHT', url, mediaType: null }]);
    expect((await fetch(`${gateway.url}/organizations/${organizationId}/logos/light`)).status).toBe(404);
  });

  it.each([
    ['http://example.org/logo.png'],
    ['javascript:alert(1)'],
    ['data:image/png;base64,AAAA'],
    ['//example.org/logo.png'],
    ['https://user:password@example.org/logo.png'],
    [`https://example.org/${'x'.repeat(2048)}`],
    ['no address'],
  ])('at %s is refused', async (url) => {
    const { id: organizationId } = await organizationWith(gateway);
    expect((await refuseLogo({ organizationId, kind: 'LIGHT', url })).codes).toEqual([['INVALID', 'url']]);
  });

  it('is either an address or a file', async () => {
    const { id: organizationId } = await organizationWith(gateway);
    const both = await refuseLogo({ organizationId, kind: 'LIGHT', url: 'https://example.org/a.png', ...upload(PNG) });
    const neither = await refuseLogo({ organizationId, kind: 'LIGHT' });
    expect([both.codes, neither.codes]).toEqual([[['REQUIRED', 'url']], [['REQUIRED', 'url']]]);
  });

  it('is replaced and taken away, told by its digest, and the same again is no change', async () => {
    const { id: organizationId, uuid } = await organizationWith(gateway);
    const sha256 = createHash('sha256').update(PNG).digest('hex');
    await setLogo({ organizationId, kind: 'LIGHT', ...upload(PNG) });
    expect((await refuseLogo({ organizationId, kind: 'LIGHT', ...upload(PNG) })).organization.version).toBe(2);
    await setLogo({ organizationId, kind: 'LIGHT', url: 'https://example.org/a.png' });
    const remove = () => callSettings(gateway, ofTenant, 'organizationLogoRemove', { organizationId, kind: 'LIGHT' });
    expect((await remove()).organization).toMatchObject({ version: 4, logos: [] });
    expect((await unchanged(gateway, remove)).codes).toEqual([]);
    const uploaded = { kind: 'LIGHT', url: null, sha256 };
    const linked = { kind: 'LIGHT', url: 'https://example.org/a.png', sha256: null };
    expect((await eventsOf(gateway, uuid)).map(({ via, before, after }) => [via, before.logos, after.logos])).toEqual([
      ['organizationLogoSet', [], [uploaded]],
      ['organizationLogoSet', [uploaded], [linked]],
      ['organizationLogoRemove', [linked], []],
    ]);
    expect(await readSettings(gateway, ofTenant, organizationId)).toMatchObject({ logos: [] });
  });

  it('is not there for what is no logo of an organization', async () => {
    const { id } = await organizationWith(gateway);
    await setLogo({ organizationId: id, kind: 'LIGHT', ...upload(PNG) });
    const missing = [
      `${id}/logos/dark`,
      `${id}/logos/constructor`,
      `${id}/logos/__proto__`,
      'org_00000000-0000-7000-8000-000000000000/logos/light',
      `${id.replace('org_', 'usr_')}/logos/light`,
      `${id.slice(4)}/logos/light`,
      '%00/logos/light',
    ];
    for (const path of missing) {
      const answer = await fetch(`${gateway.url}/organizations/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });
});
