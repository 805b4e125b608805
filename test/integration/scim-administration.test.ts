import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionStatus } from '../../src/entities/enums.js';
import type { Browser } from '../support/browser.js';
import { makeConnection, makeMembership, makeOrganization, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { directoryBy, expectError, makeDirectory, mapGroup, scimRows, tokenFor } from '../support/scim.js';

/* What an administrator of the tenant does about directories, by GraphQL; and whom their tokens let in. */

let gateway: Gateway;
let admin: Browser;
let connectionId: string;
beforeAll(async () => {
  gateway = await startGateway();
  // Before anything asks which tenants there are.
  const stranger = await seedTenant(gateway.database, 'elsewhere');
  await gateway.database.read(null, 'update tenants set host = $2 where id = $1', [stranger.id, 'elsewhere.example']);
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
  connectionId = gateway.connection.id;
});
afterAll(() => gateway.close());

const CREATE = `mutation ($input: ConnectionScimTokenCreateInput!) { connectionScimTokenCreate(input: $input) {
  token scimToken { id name hint expiresAt lastUsedAt connection { slug } createdBy { id } } userErrors { code field } } }`;
const DELETE =
  'mutation ($id: ID!) { connectionScimTokenDelete(input: { id: $id }) { deletedId userErrors { code } } }';
const create = async (input: object = {}, browser: Browser | null = admin) => {
  const answer = await gateway.graphql(browser, CREATE, {
    input: { id: `con_${connectionId}`, name: 'Entra ID', ...input },
  });
  return { ...answer, payload: answer.data?.connectionScimTokenCreate };
};
const tokens = async (id = connectionId) => {
  const { data } = await gateway.graphql(
    admin,
    '{ connection(id: "con_ID") { scimUrl scimTokens { id name lastUsedAt } } }'.replace('ID', id),
  );
  return data.connection;
};

describe('tokens', () => {
  it('are given once, kept as a hash, and told of without themselves', async () => {
    const { payload } = await create({ expiresAt: '2099-01-01T00:00:00.000Z' });
    expect(payload).toMatchObject({
      token: expect.stringMatching(/^scim_[\w-]{43}$/),
      scimToken: {
        name: 'Entra ID',
        hint: payload.token.slice(-4),
        lastUsedAt: null,
        connection: { slug: 'proconnect' },
      },
      userErrors: [],
    });
    const stored = JSON.stringify([
      await gateway.rows('select * from scim_tokens where tenant_id = $1'),
      await gateway.rows('select * from events where tenant_id = $1'),
      gateway.logLines,
    ]);
    expect(stored).not.toContain(payload.token);
    expect(await tokens()).toMatchObject({
      scimUrl: `${gateway.url}/scim/v2`,
      scimTokens: expect.arrayContaining([{ id: payload.scimToken.id, name: 'Entra ID', lastUsedAt: null }]),
    });
    const types = await gateway.rows('select type from events where tenant_id = $1 and object_id = $2', [
      payload.scimToken.id.slice(4),
    ]);
    expect(types).toEqual([{ type: 'scim_token.created' }]);
  });

  it('are made once under one idempotency key', async () => {
    const [first, again] = [await create({ idempotencyKey: 'once' }), await create({ idempotencyKey: 'once' })];
    expect([again.payload.scimToken.id, again.payload.token]).toEqual([first.payload.scimToken.id, null]);
    expect((await create({ idempotencyKey: 'once', name: 'Okta' })).payload.userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    const expiresAt = new Date(gateway.services.clock().getTime() + 60_000).toISOString();
    const soon = { idempotencyKey: 'once-soon', expiresAt };
    const made = await create(soon);
    gateway.advance(120_000);
    const over = await create(soon);
    gateway.advance(-120_000);
    expect([over.payload.scimToken?.id, over.payload.userErrors]).toEqual([made.payload.scimToken.id, []]);
  });

  it('replace one another without a gap, and end at once when they are deleted or run out', async () => {
    const { id } = await makeConnection(gateway.tenant, { slug: 'rotating' });
    const old = await tokenFor(gateway, admin, id);
    const soon = (await create({ id: `con_${id}`, expiresAt: new Date(Date.now() + 600_000).toISOString() })).payload;
    const next = directoryBy(gateway, id, soon.token);
    const user = await old.addUser();
    expect((await next.get(`/Users/${user.id}`)).status).toBe(200);
    const [first] = (await tokens(id)).scimTokens;
    expect((await gateway.graphql(admin, DELETE, { id: first.id })).data.connectionScimTokenDelete).toEqual({
      deletedId: first.id,
      userErrors: [],
    });
    expectError(await old.get('/Users'), 401);
    expect((await next.get('/Users')).status).toBe(200);
    expect((await gateway.graphql(admin, DELETE, { id: first.id })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    gateway.advance(700_000);
    expectError(await next.get('/Users'), 401);
    gateway.advance(-700_000);
  });

  it('say when they were last used, written once a minute at most', async () => {
    const { id } = await makeConnection(gateway.tenant, { slug: 'used' });
    const directory = await tokenFor(gateway, admin, id);
    const writes = () => gateway.statements.filter((text) => text.includes('update scim_tokens')).length;
    gateway.statements.length = 0;
    for (const _ of [1, 2, 3]) await directory.get('/Users');
    expect(writes()).toBe(1);
    gateway.advance(61_000);
    await directory.get('/Users');
    gateway.advance(-61_000);
    expect(writes()).toBe(2);
    expect((await tokens(id)).scimTokens[0].lastUsedAt).not.toBeNull();
  });

  it('refuse what is wrong, and more than ten', async () => {
    const { id } = await makeConnection(gateway.tenant, { slug: 'many' });
    const faults = async (input: object) => (await create({ id: `con_${id}`, ...input })).payload.userErrors;
    expect(await faults({ name: ' ' })).toMatchObject([{ code: 'REQUIRED', field: ['name'] }]);
    expect(await faults({ name: 'x'.repeat(129), expiresAt: '2020-01-01T00:00:00Z' })).toMatchObject([
      { code: 'TOO_LONG', field: ['name'] },
      { code: 'INVALID', field: ['expiresAt'] },
    ]);
    for (let made = 0; made < 10; made++) expect(await faults({})).toEqual([]);
    expect(await faults({})).toMatchObject([{ code: 'INVALID', field: ['id'] }]);
  });

  it('are for administrators of the tenant', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const organization = await makeOrganization(gateway.tenant);
    await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: ['administrator'] });
    const before = await scimRows(gateway);
    expect((await create({}, browser)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect((await create({}, null)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    const shown = await gateway.graphql(
      browser,
      `{ connection(id: "con_${connectionId}") { name scimTokens { name } scimGroups { nodes { id } } } }`,
    );
    expect([shown.data.connection.scimTokens, shown.data.connection.scimGroups]).toEqual([null, null]);
    expect(await scimRows(gateway)).toBe(before);
  });
});

describe('what lets a directory in', () => {
  /** How `/Users` answers under the name of a host, which decides about the tenant. */
  const statusAt = (host: string, token: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${token}` };
      const asked = request(`${gateway.url}/scim/v2/Users`, { headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      asked.on('error', reject).end();
    });

  it('is a token of this tenant: nothing else, not even a session', async () => {
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const directory = await makeDirectory(gateway);
    // That it was used is written down once a minute.
    await directory.get('/Users');
    const before = await scimRows(gateway);
    for (const authorization of [
      '',
      'Bearer ',
      'Bearer scim_x',
      `Basic ${directory.token}`,
      `Bearer ${directory.token}x`,
      directory.token,
    ]) {
      const answer = await directory.ask('POST', '/Users', { userName: 'x' }, { authorization });
      expectError(answer, 401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    const bySession = await browser.post(`${gateway.url}/scim/v2/Users`, { json: { userName: 'x' } });
    expect(bySession.status).toBe(401);
    const graphql = await gateway.graphql(
      null,
      '{ viewer { user { id } } }',
      {},
      { authorization: `Bearer ${directory.token}` },
    );
    expect(graphql.data?.viewer ?? null).toBeNull();
    expect(await statusAt('elsewhere.example', directory.token)).toBe(401);
    expect(await statusAt('localhost', directory.token)).toBe(200);
    expect(await scimRows(gateway)).toBe(before);
  });

  it('is not one of a connection that is disabled', async () => {
    const directory = await makeDirectory(gateway);
    const user = await directory.addUser();
    const disable =
      'mutation ($id: ID!) { connectionDisable(input: { id: $id }) { connection { status } userErrors { code } } }';
    const { data } = await gateway.graphql(admin, disable, { id: `con_${directory.connectionId}` });
    expect(data.connectionDisable.connection.status).toBe(ConnectionStatus.DISABLED);
    const before = await scimRows(gateway);
    expectError(await directory.get('/Users'), 403);
    expectError(await directory.ask('DELETE', `/Users/${user.id}`), 403);
    expect(await scimRows(gateway)).toBe(before);
  });
});

describe('groups', () => {
  it('are listed by pages, with what they are mapped to, in a constant number of statements', async () => {
    const directory = await makeDirectory(gateway);
    const organization = await makeOrganization(gateway.tenant);
    const made = [];
    for (let index = 0; index < 5; index++) made.push(await directory.addGroup({ displayName: `Group ${index}` }));
    const first = await mapGroup(gateway, made[0].id, organization.id);
    expect(first.userErrors).toEqual([]);
    const list = async (first: number, after: string | null) => {
      gateway.statements.length = 0;
      const { data } = await gateway.graphql(
        admin,
        `query ($id: ID!, $first: Int, $after: String) { connection(id: $id) { scimGroups(first: $first, after: $after) {
          totalCount pageInfo { hasNextPage endCursor }
          nodes { displayName memberCount mappings { organization { id } role { name } createdAt } } } } }`,
        { id: `con_${directory.connectionId}`, first, after },
      );
      return data.connection.scimGroups;
    };
    const page = await list(3, null);
    expect(page).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true } });
    // A connection to the database begins with statements of its own, and which tenants there are is asked now and then.
    const count = () => gateway.statements.filter((text) => /scim_group/.test(text)).length;
    const statements = count();
    const rest = await list(3, page.pageInfo.endCursor);
    expect([...page.nodes, ...rest.nodes].map(({ displayName }) => displayName)).toEqual(
      made.map(({ displayName }) => displayName),
    );
    expect(page.nodes[0].mappings).toMatchObject([{ organization: { id: `org_${organization.id}` }, role: null }]);
    await list(1, null);
    expect(count()).toBe(statements);
    expect(statements).toBeGreaterThan(0);
  });

  it('refuse to be mapped to what is not there, to a role for applications, or of another organization', async () => {
    const directory = await makeDirectory(gateway);
    const group = await directory.addGroup();
    const [organization, other] = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
    const role = async (input: object) => {
      const { data } = await gateway.graphql(
        admin,
        'mutation ($input: RoleCreateInput!) { roleCreate(input: $input) { role { id } userErrors { code message } } }',
        { input },
      );
      expect(data.roleCreate.userErrors).toEqual([]);
      return data.roleCreate.role.id.slice(4) as string;
    };
    const forApplications = await role({ name: 'Robots', kind: 'APPLICATION' });
    const ofOther = await role({ name: 'Theirs', kind: 'USER', organizationId: `org_${other.id}` });
    const nobody = '00000000-0000-7000-8000-000000000000';
    const before = await scimRows(gateway);
    const attempts: [string, string | null, string, string][] = [
      [organization.id, forApplications, 'INVALID', 'roleId'],
      [organization.id, ofOther, 'NOT_FOUND', 'roleId'],
      [organization.id, nobody, 'NOT_FOUND', 'roleId'],
    ];
    for (const [organizationId, roleId, code, field] of attempts) {
      expect((await mapGroup(gateway, group.id, organizationId, roleId)).userErrors).toMatchObject([
        { code, field: [field] },
      ]);
    }
    const after = JSON.parse(await scimRows(gateway)) as unknown[];
    expect(after[0]).toEqual((JSON.parse(before) as unknown[])[0]);
    const own = await mapGroup(gateway, group.id, other.id, ofOther);
    expect(own).toMatchObject({ userErrors: [], scimGroup: { mappings: [{ role: { name: 'Theirs' } }] } });
  });
});
