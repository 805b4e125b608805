import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digest } from '../../src/events/chain.js';
import { verifyExport } from '../../src/events/verify-export.js';
import { recordEvents } from '../../src/events/record.js';
import { ActorKind } from '../../src/entities/enums.js';
import { transact } from '../../src/database/transact.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { SESSION_COOKIE } from '../../src/http/cookies.js';

let gateway: Gateway;
let administrator: { browser: Browser; userId: string };
let leader: { browser: Browser; userId: string };
let organization: { id: string };

beforeAll(async () => {
  gateway = await startGateway();
  administrator = await gateway.signedInUser({ isTenantAdministrator: true });
  leader = await gateway.signedInUser();
  organization = await makeOrganization(gateway.tenant);
  await makeMembership(gateway.tenant, {
    user: { id: leader.userId },
    organization,
    roles: ['member', 'administrator'],
  });
  for (const description of ['one', 'two'])
    await gateway.graphql(
      leader.browser,
      'mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { message } } }',
      { input: { id: `org_${organization.id}`, description } },
    );
});
afterAll(() => gateway.close());

const fetchExport = (browser: Browser, query = '', headers: Record<string, string> = {}) =>
  browser.get(`${gateway.url}/audit.ndjson${query}`, { headers });

const linesOf = ({ text }: { text: string }): any[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function* each(lines: any[]): AsyncGenerator<string> {
  for (const line of lines) yield JSON.stringify(line);
}

const exportsTold = () =>
  gateway.rows<Record<string, any>>(
    `select actor_user_id, organization_id, "after" from events where tenant_id = $1 and type = 'audit.exported' order by id`,
  );

describe('the export of the log', () => {
  it('holds the whole log in the order of its chain, tells of itself, and verifies by itself', async () => {
    const answer = await fetchExport(administrator.browser);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="audit-[\d-]{10}\.ndjson"$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const lines = linesOf(answer);
    expect(lines.map(({ data }) => data.sequence)).toEqual(lines.map((_, index) => index + 1));
    expect(lines.at(-1)).toMatchObject({
      type: 'audit.exported',
      data: { actor: { kind: 'USER', userId: `usr_${administrator.userId}` }, after: { filter: {} } },
      origin: { ipAddress: expect.stringMatching(/127\.0\.0\.1|::1/), userAgent: 'node' },
    });
    const report = await verifyExport(each(lines));
    expect(report).toMatchObject({ problems: [], events: lines.length, start: { sequence: 0, hash: '' } });
    const [head] = await gateway.rows<{ hash: string }>(
      `select encode(hash, 'hex') as hash from audit_heads where tenant_id = $1`,
    );
    expect(report.head.hash).toBe(head!.hash);
  });

  it('shows when a line was changed, taken out or cut off', async () => {
    const lines = linesOf(await fetchExport(administrator.browser));
    const head = { sequence: lines.length, hash: lines.at(-1).chain.hash as string };
    const find = async (changed: any[]) =>
      (await verifyExport(each(changed), { anchor: head })).problems.map(
        ({ sequence, message }) => `${sequence} ${message}`,
      );
    expect(await find(lines)).toEqual([]);
    const edited = structuredClone(lines);
    edited[2].data.after = { description: 'never' };
    expect(await find(edited)).toEqual(['3 does not say what it said: before and after were changed']);
    const redated = structuredClone(lines);
    redated[2].timestamp = '2020-01-01T00:00:00.000Z';
    expect(await find(redated)).toEqual(['3 has a hash that does not follow: this event or its link was changed']);
    expect(await find(lines.toSpliced(2, 1))).toEqual(['4 comes after 2: 1 event is missing']);
    expect(await find(lines.slice(0, -1))).toEqual([expect.stringContaining('is not in the file')]);
  });

  it('with a filter holds what the query holds; the organization’s administrator sees the origin of their own', async () => {
    const told = (await exportsTold()).length;
    const query = `?organizationId=org_${organization.id}&type=organization.*&type=user.signed_in&since=2020-01-01`;
    const lines = linesOf(await fetchExport(leader.browser, query));
    expect(lines.map(({ type }) => type)).toEqual(['organization.updated', 'organization.updated']);
    const [first] = lines;
    expect(first.origin).toEqual({ ipAddress: expect.any(String), userAgent: 'node' });
    const { before, after } = first.data;
    const { changesSalt, changesDigest, originSalt, originDigest } = first.chain;
    expect(digest(Buffer.from(changesSalt, 'hex'), { before, after }).toString('hex')).toBe(changesDigest);
    expect(digest(Buffer.from(originSalt, 'hex'), first.origin).toString('hex')).toBe(originDigest);
    expect((await exportsTold()).slice(told)).toEqual([
      {
        actor_user_id: leader.userId,
        organization_id: organization.id,
        after: {
          filter: {
            organizationId: `org_${organization.id}`,
            types: ['organization.*', 'user.signed_in'],
            since: '2020-01-01T00:00:00.000Z',
          },
        },
      },
    ]);
    await gateway.graphql(
      administrator.browser,
      'mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { message } } }',
      { input: { id: `org_${organization.id}`, description: 'three' } },
    );
    const [foreign] = linesOf(await fetchExport(leader.browser, `${query}&actorUserId=usr_${administrator.userId}`));
    expect(foreign.data.after).toEqual({ description: 'three' });
    expect([foreign.origin, foreign.chain.originSalt]).toEqual([undefined, undefined]);
  });

  it('takes a session by its token as well, where it was opened for one', async () => {
    const client = await gateway.signedInUser();
    const ask = async () =>
      fetch(`${gateway.url}/audit.ndjson?userId=usr_${client.userId}`, {
        headers: { authorization: `Bearer ${await client.browser.cookie(SESSION_COOKIE, gateway.url)}` },
      });
    expect((await ask()).status).toBe(401);
    await gateway.rows(`update sessions set transport = 'TOKEN' where tenant_id = $1 and user_id = '${client.userId}'`);
    const answer = await ask();
    expect([answer.status, linesOf({ text: await answer.text() }).map(({ type }) => type)]).toEqual([
      200,
      ['user.signed_in'],
    ]);
  });

  it('is refused as the query is, with what to do, and then nothing is written', async () => {
    const before = await gateway.snapshot();
    const refusals = [
      [await fetchExport(leader.browser), 403, 'FORBIDDEN'],
      [await fetchExport(leader.browser, `?userId=usr_${administrator.userId}`), 403, 'FORBIDDEN'],
      [await fetchExport(administrator.browser, '', { 'sec-fetch-site': 'cross-site' }), 403, 'FORBIDDEN'],
      [await fetchExport(administrator.browser, '?organisationId=x'), 400, 'BAD_USER_INPUT'],
      [await fetchExport(administrator.browser, '?organizationId=x'), 400, 'BAD_USER_INPUT'],
      [await fetchExport(administrator.browser, '?type=user.eaten'), 400, 'BAD_USER_INPUT'],
      [await fetchExport(administrator.browser, '?since=yesterday'), 400, 'BAD_USER_INPUT'],
      [await fetchExport(administrator.browser, '?since=2020-01-01&since=2021-01-01'), 400, 'BAD_USER_INPUT'],
    ] as const;
    for (const [answer, status, code] of refusals) {
      const { errors } = answer.json<{ errors: { message: string; extensions: { code: string } }[] }>();
      expect([answer.status, errors[0]!.extensions.code, errors[0]!.message]).toEqual([
        status,
        code,
        expect.any(String),
      ]);
      expect(answer.text).not.toContain('organization.updated');
    }
    const anonymous = await fetch(`${gateway.url}/audit.ndjson`);
    expect([anonymous.status, await anonymous.json()]).toEqual([
      401,
      { errors: [{ message: 'Sign in first.', extensions: { code: 'UNAUTHENTICATED' } }] },
    ]);
    expect(await gateway.snapshot()).toBe(before);
  });

  it('goes on over pages, and stops to read when the client goes away', async () => {
    const { database, tenant, statements } = gateway;
    const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'test' };
    const description = 'x'.repeat(250);
    for (let round = 0; round < 6; round++) {
      const facts = Array.from({ length: 5_000 }, () => ({
        type: 'organization.updated' as const,
        organizationId: organization.id,
        objectId: organization.id,
        before: { description },
        after: { description: `${description}${round}` },
      }));
      await transact(database, tenant.id, (manager) =>
        recordEvents(manager, { tenantId: tenant.id, at: new Date(), actor }, facts),
      );
    }
    const lines = linesOf(await fetchExport(administrator.browser));
    expect(lines.length).toBeGreaterThan(30_000);
    expect((await verifyExport(each(lines))).problems).toEqual([]);
    const filtered = linesOf(await fetchExport(administrator.browser, `?organizationId=org_${organization.id}`));
    expect(new Set(filtered.map(({ data }) => data.id)).size).toBe(filtered.length);
    expect(filtered.length).toBeGreaterThan(30_000);

    statements.length = 0;
    const cookie = `${SESSION_COOKIE}=${await administrator.browser.cookie(SESSION_COOKIE, gateway.url)}`;
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(`${gateway.url}/audit.ndjson`, { headers: { cookie } }, (response) => {
        response.once('data', () => {
          response.destroy();
          resolve();
        });
      });
      request.on('error', reject);
      request.end();
    });
    const pages = () => statements.filter((text) => text.includes('from audit_chain c\n  cross join lateral')).length;
    // The server notices while another request goes by; what it had begun to read may be among the pages.
    for (let turn = 0; turn < 20; turn++) await gateway.graphql(null, '{ viewer { user { id } } }');
    const stopped = pages();
    for (let turn = 0; turn < 20; turn++) await gateway.graphql(null, '{ viewer { user { id } } }');
    expect(pages()).toBe(stopped);
    expect(stopped).toBeLessThan(15);
    expect((await exportsTold()).at(-1)).toMatchObject({ actor_user_id: administrator.userId });
  }, 120_000);
});
