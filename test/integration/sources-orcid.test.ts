import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FlowAuthorization, SourceMode } from '../../src/entities/enums.js';
import { SourceCapability, SourceKind } from '../../src/entities/source-enums.js';
import orcidKind from '../../src/enrollment/sources/adapters/orcid.js';
import { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { attribute, makeFlow, start } from '../support/petitions.js';
import { makeSource } from '../support/sources/make.js';
import { CLIENT, type OrcidServer, startOrcidServer } from '../support/sources/orcid-server.js';
import { CALLBACK, setOut } from '../support/sources/sign-in.js';

const [ANNA, BERT] = ['0000-0002-1825-0097', '0000-0002-1694-233X'];

let gateway: Gateway;
let orcid: OrcidServer;
beforeAll(async () => {
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' } });
  orcid = await startOrcidServer([`${gateway.url}${CALLBACK}`]);
});
afterAll(async () => {
  await gateway.close();
  await orcid.close();
});
beforeEach(() => {
  orcid.people.splice(0);
  Object.assign(orcid, { asked: [], status: null });
});

const anna = {
  orcid: ANNA,
  givenName: 'Anna',
  familyName: 'Durand',
  emails: [
    { email: 'Anna@Example.org', verified: true },
    { email: 'old@example.org', verified: false },
  ],
  employments: [
    { organization: 'Lab of the Past', since: ['2001'], until: ['2010', '06'] },
    { organization: 'University of Here', role: 'Professor', since: ['2010', '07', '01'] },
  ],
};

const secret = () => ({ secrets: { clientSecret: CLIENT.secret }, sealing: gateway.services.sealing });
const settings = () => ({ clientId: CLIENT.id, siteAddress: orcid.address, apiAddress: orcid.address });
const source = (keepsRaw = false) =>
  makeSource(gateway.tenant, { kind: SourceKind.ORCID, settings: settings(), keepsRaw, ...secret() });
const open = async (keepsRaw = false) => gateway.services.sources.open(gateway.tenant.id, await source(keepsRaw));
const soon = () => AbortSignal.timeout(10_000);
const codeOf = (act: Promise<unknown>) =>
  act.then(
    () => null,
    ({ code }: { code: string }) => code,
  );

describe('the public API', () => {
  it('gives the record of an iD: names, verified addresses, employments', async () => {
    orcid.people.push(anna);
    const client = await open();
    expect(await client.retrieve(ANNA, soon())).toEqual({
      key: ANNA,
      names: [{ givenName: 'Anna', familyName: 'Durand' }],
      emails: [{ address: 'Anna@Example.org', isVerified: true }],
      identifiers: [{ type: 'ORCID', value: ANNA }],
      affiliation: 'University of Here',
      attributes: {
        employments: [
          expect.objectContaining({ organization: 'Lab of the Past', since: '2001', until: '2010-06' }),
          expect.objectContaining({
            organization: 'University of Here',
            role: 'Professor',
            since: '2010-07-01',
            until: null,
          }),
        ],
      },
      raw: null,
    });
    const kept = await (await open(true)).retrieve(ANNA, soon());
    expect(kept!.raw).toMatchObject({ 'orcid-identifier': { path: ANNA } });
  });

  it('does not know who is not there, and is not asked about what is no iD', async () => {
    const client = await open();
    expect(await client.retrieve(BERT, soon())).toBeNull();
    expect(orcid.asked).toEqual([`/v3.0/${BERT}/record`]);
    for (const key of ['0000-0002-1825-0098', '../../etc', '', ANNA.toLowerCase() + ' '])
      expect(await client.retrieve(key, soon())).toBeNull();
    expect(await client.search({ identifier: { type: 'EPPN', value: ANNA } }, soon())).toEqual([]);
    expect(orcid.asked).toHaveLength(1);
    // Deactivated, or locked.
    orcid.status = 409;
    expect(await client.retrieve(BERT, soon())).toBeNull();
  });

  it('is searched by iD, and by an address that ORCID has verified', async () => {
    orcid.people.push(anna, {
      orcid: BERT,
      givenName: 'Bert',
      emails: [{ email: 'anna@example.org', verified: false }],
    });
    const client = await open();
    const keys = async (query: Parameters<typeof client.search>[0]) =>
      (await client.search(query, soon())).map(({ key }) => key);
    expect(await keys({ email: 'ANNA@example.org' })).toEqual([ANNA]);
    expect(await keys({ email: 'old@example.org' })).toEqual([]);
    expect(await keys({ email: '"a\\" OR email:*"@example.org' })).toEqual([]);
    expect(await keys({ identifier: { type: 'ORCID', value: BERT } })).toEqual([BERT]);
  });

  it('that finds too many people, is down, refuses, or answers something else gives no answer', async () => {
    const emails = [{ email: 'all@example.org', verified: true }];
    for (let number = 0; number < 26; number++) orcid.people.push({ orcid: ANNA, emails });
    const client = await open();
    expect(await codeOf(client.search({ email: 'all@example.org' }, soon()))).toBe('TOO_MANY_RECORDS');
    for (const [status, code] of [
      [503, 'UNREACHABLE'],
      [403, 'CREDENTIALS_REFUSED'],
      [418, 'BAD_ANSWER'],
      [200, 'BAD_ANSWER'],
    ] as const) {
      orcid.status = status;
      expect(await codeOf((await open()).retrieve(ANNA, soon()))).toBe(code);
    }
  });

  it('is given one token, and another one once that is worthless', async () => {
    orcid.people.push(anna);
    const client = await open();
    const before = orcid.tokens;
    await client.retrieve(ANNA, soon());
    await client.retrieve(ANNA, soon());
    expect(orcid.tokens - before).toBe(1);
    orcid.revoke();
    expect(await client.retrieve(ANNA, soon())).not.toBeNull();
    expect(orcid.tokens - before).toBe(2);
  });

  it('refuses a wrong secret, and elsewhere than at ORCID is for tests', async () => {
    const wrong = await makeSource(gateway.tenant, {
      kind: SourceKind.ORCID,
      settings: settings(),
      secrets: { clientSecret: 'another one, as long as it must be' },
      sealing: gateway.services.sealing,
    });
    const client = await gateway.services.sources.open(gateway.tenant.id, wrong);
    expect(await codeOf(client.retrieve(ANNA, soon()))).toBe('CREDENTIALS_REFUSED');
    const opening = {
      tenantId: gateway.tenant.id,
      sourceId: wrong.id,
      secrets: { clientSecret: 'x' },
      keepsRaw: false,
    };
    const services = { outbound: gateway.services.outbound, filesFolder: null, clock: () => new Date() };
    expect(() =>
      orcidKind.open({ ...opening, settings: settings() }, { ...services, allowsInsecureLoopback: false }),
    ).toThrow('for tests');
    expect(orcidKind.settings.safeParse({ ...settings(), apiAddress: 'https://evil.example' }).success).toBe(false);
    expect(orcidKind.capabilities(settings())).toEqual(
      expect.arrayContaining([
        SourceCapability.AUTHENTICATE,
        SourceCapability.SEARCH_BY_EMAIL,
        SourceCapability.RETRIEVE,
      ]),
    );
  });
});

describe('signing in with an ORCID iD', () => {
  async function signIn(person: string) {
    const at = await source(true);
    const flow = await makeFlow(gateway.tenant, {
      settings: {
        authorization: FlowAuthorization.NONE,
        sources: [{ sourceId: at.id, mode: SourceMode.AUTHENTICATE, verifiesFamilyName: false }],
        attributes: [attribute({ key: 'motive' })],
      },
    });
    const browser = new Browser();
    const { petition, token } = await start(gateway, browser, flow.globalId);
    const { authorizationUrl } = await setOut(gateway, browser, { id: petition.id, sourceId: at.id }, token);
    const visit = await browser.get(`${authorizationUrl}&login_hint=${person}`, {
      stopAt: (url) => url === `${gateway.url}/`,
    });
    const [record] = await gateway.rows<{ key: string; record: any }>(
      'select key, record from source_records where tenant_id = $1 and source_id = $2',
      [at.id],
    );
    return { visit, record };
  }

  it('takes the public record', async () => {
    orcid.people.push(anna);
    const { visit, record } = await signIn(ANNA);
    expect(visit.location).toBe(`${gateway.url}/`);
    expect(record).toMatchObject({
      key: ANNA,
      record: { names: [{ givenName: 'Anna', familyName: 'Durand' }], affiliation: 'University of Here' },
    });
  });

  it('takes the iD where the API tells nothing', async () => {
    const { record } = await signIn(BERT);
    expect(record).toMatchObject({ key: BERT, record: { identifiers: [{ type: 'ORCID', value: BERT }], emails: [] } });
  });

  it('is no answer while the API is down, nor with an iD that is none', async () => {
    orcid.status = 500;
    expect((await signIn(ANNA)).visit.status).toBe(502);
    orcid.status = null;
    const { visit, record } = await signIn('0000-0002-1825-0098');
    expect([visit.status, record]).toEqual([502, undefined]);
  });
});
