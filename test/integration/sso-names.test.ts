import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CompletionPolicy } from '../../src/entities/enums.js';
import { lookUpPendingNames } from '../../src/sso/pending-names.js';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { answerJson, companyOf, type Registry, startRegistry } from '../support/registry.js';
import { comeIn, eventsOf, expectUnchanged, nextSiret, settle, uuidOf } from '../support/sign-in.js';

let gateway: Gateway;
let registry: Registry;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let administrator: Browser;
const unknown = (_request: IncomingMessage, response: ServerResponse) =>
  answerJson(response, { results: [], total_results: 0 });

beforeAll(async () => {
  registry = await startRegistry((request, response) => answer(request, response));
  gateway = await startGateway({ environment: { NAME_LOOKUP_URL: registry.url, NAME_LOOKUP_TIMEOUT_MS: '300' } });
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
beforeEach(async () => {
  answer = unknown;
  await settle(gateway);
});
afterAll(async () => {
  await gateway.close();
  await registry.close();
});

const update = (browser: Browser, input: object) =>
  gateway.graphql(
    browser,
    'mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { organization { name nameStatus nameSource } userErrors { code } } }',
    { input },
  );
const rowOf = async (id: string) =>
  (await gateway.rows('select * from organizations where tenant_id = $1 and id = $2', [uuidOf(id)]))[0]!;
const newcomer = (claims: Record<string, unknown> = {}) =>
  gateway.addPerson({ id: 'newcomer', claims: { siret: nextSiret(), ...claims } });

describe('the name of an organization that a sign-in made', () => {
  it('[SSO-29] is not for its members to change, and is for administrators', async () => {
    const { browser, viewer } = await comeIn(gateway, newcomer());
    const { id } = viewer.organization!;
    const refused = await expectUnchanged(gateway, () => update(browser, { id, name: 'Taken over' }));
    expect(refused.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(refused.data?.organizationUpdate ?? null).toBeNull();
    const allowed = await update(administrator, { id, description: 'By the administrator' });
    expect(allowed.data.organizationUpdate.userErrors).toEqual([]);
  });

  it('[SSO-30] is confirmed once an administrator sets it, and no sign-in overwrites it', async () => {
    const person = newcomer();
    const { viewer } = await comeIn(gateway, person);
    const { id } = viewer.organization!;
    const { data } = await update(administrator, { id, name: 'City of Lyon' });
    expect(data.organizationUpdate.organization).toEqual({
      name: 'City of Lyon',
      nameStatus: 'CONFIRMED',
      nameSource: 'ADMINISTRATOR',
    });
    person.claims.organization_label = 'Something else';
    expect((await comeIn(gateway, person)).viewer.organization).toMatchObject({
      name: 'City of Lyon',
      nameStatus: 'CONFIRMED',
    });
    answer = (_request, response) =>
      answerJson(response, { results: [companyOf(String(person.claims.siret), 'Registry')] });
    gateway.advance(25 * 60 * 60_000);
    await lookUpPendingNames(gateway.services);
    expect((await rowOf(id)).name).toBe('City of Lyon');
  });

  it('[SSO-31] is the claimed label where there is one, with its source, and the registry is not asked', async () => {
    const asked = registry.requests.length;
    const { viewer } = await comeIn(gateway, newcomer({ organization_label: 'DINUM' }));
    expect(viewer.organization).toMatchObject({ name: 'DINUM', nameStatus: 'RESOLVED', nameSource: 'CLAIM' });
    expect(registry.requests).toHaveLength(asked);
  });

  it('[SSO-31] takes the label that a later sign-in brings', async () => {
    const person = newcomer();
    await comeIn(gateway, person);
    person.claims.organization_label = 'DINUM later';
    const { result, events } = await eventsOf(gateway, () => comeIn(gateway, person));
    expect(result.viewer.organization).toMatchObject({
      name: 'DINUM later',
      nameStatus: 'RESOLVED',
      nameSource: 'CLAIM',
    });
    expect(events.map(({ type }) => type)).toContain('organization.updated');
  });

  it('is what the registry knows', async () => {
    const person = newcomer();
    answer = (_request, response) =>
      answerJson(response, { results: [companyOf(String(person.claims.siret), 'Direction du numérique')] });
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.organization).toMatchObject({
      name: 'Direction du numérique',
      nameStatus: 'RESOLVED',
      nameSource: 'LOOKUP',
    });
  });

  const faults: [string, typeof answer, seconds: number][] = [
    ['429 with Retry-After', (_request, response) => response.writeHead(429, { 'retry-after': '120' }).end(), 120],
    ['404', (_request, response) => response.writeHead(404).end(), 24 * 3600],
    ['500', (_request, response) => response.writeHead(500).end(), 15 * 60],
    ['no answer', () => undefined, 15 * 60],
    [
      'bad JSON',
      (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"results":'),
      15 * 60,
    ],
    ['a cut connection', (request) => request.socket.destroy(), 15 * 60],
    [
      'another establishment',
      (_request, response) => answerJson(response, { results: [companyOf('13002526500013', 'Not this one')] }),
      24 * 3600,
    ],
  ];
  it.each(faults)(
    '[SSO-32] is the default one, to be looked up again, when the registry answers with %s',
    async (_what, fault, seconds) => {
      answer = fault;
      const person = newcomer();
      const begun = gateway.services.clock().getTime();
      const { viewer } = await comeIn(gateway, person);
      expect(viewer.organization).toMatchObject({
        name: `Organization ${String(person.claims.siret)}`,
        nameStatus: 'PENDING',
        nameSource: 'DEFAULT',
      });
      const id = viewer.organization!.id;
      const due = new Date((await rowOf(id)).name_lookup_at as string).getTime();
      expect(due).toBeGreaterThanOrEqual(begun + seconds * 1000);
      expect(due).toBeLessThan(begun + seconds * 1000 + 10_000);

      answer = (_request, response) =>
        answerJson(response, { results: [companyOf(String(person.claims.siret), 'Found later')] });
      await lookUpPendingNames(gateway.services);
      expect((await rowOf(id)).name_status).toBe('PENDING');
      gateway.advance(seconds * 1000 + 1000);
      const { events } = await eventsOf(gateway, () => lookUpPendingNames(gateway.services));
      expect(await rowOf(id)).toMatchObject({
        name: 'Found later',
        name_status: 'RESOLVED',
        name_source: 'LOOKUP',
        name_lookup_at: null,
      });
      expect(events.filter(({ organization_id: of }) => of === uuidOf(id)).map(({ type }) => type)).toEqual([
        'organization.updated',
      ]);
    },
  );

  it('may be completed once by the member whose sign-in made it, where the connection says so', async () => {
    await settle(gateway, { completion: CompletionPolicy.FIRST_MEMBER_ONCE });
    const { browser, viewer } = await comeIn(gateway, newcomer());
    const { id, siret } = viewer.organization!;
    const second = await comeIn(gateway, gateway.addPerson({ id: 'second', claims: { siret } }));
    const complete = (by: Browser, name: string) =>
      gateway.graphql(
        by,
        'mutation ($input: OrganizationCompleteInput!) { organizationComplete(input: $input) { organization { name nameStatus nameSource } userErrors { code } } }',
        {
          input: { id, name },
        },
      );
    const refused = await expectUnchanged(gateway, () => complete(second.browser, 'Not yours'));
    expect(refused.data.organizationComplete.userErrors).toEqual([{ code: 'COMPLETION_CLOSED' }]);
    const { data } = await complete(browser, 'Ours');
    expect(data.organizationComplete).toEqual({
      organization: { name: 'Ours', nameStatus: 'CONFIRMED', nameSource: 'FIRST_MEMBER' },
      userErrors: [],
    });
    const again = await expectUnchanged(gateway, () => complete(browser, 'Ours again'));
    expect(again.data.organizationComplete.userErrors).toEqual([{ code: 'COMPLETION_CLOSED' }]);
  });
});
