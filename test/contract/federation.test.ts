import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { __typename ... on Organization { name } ... on User { displayName } }
}`;

describe('federation', () => {
  it('serves a schema that a router composes, with what it must ask of callers', async () => {
    const { data } = await gateway.graphql(null, '{ _service { sdl } }');
    const composed = composeServices([{ name: 'vestibule', url: gateway.url, typeDefs: parse(data._service.sdl) }]);
    expect(composed.errors).toBeUndefined();
    expect(composed.supergraphSdl).toMatch(/type Organization[^{]*@authenticated/);
    expect(data._service.sdl).toMatch(
      /users\([^)]*\): UserConnection @auth\(requires: TENANT_ADMINISTRATOR\) @requiresScopes/,
    );
    expect(data._service.sdl).not.toContain('_entities');
  });

  it('resolves what a router refers to, in order, and hides what is not for the caller', async () => {
    const organization = await makeOrganization(gateway.tenant, { name: 'Ours' });
    const other = await makeOrganization(gateway.tenant, { name: 'Theirs' });
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: userId }, organization });
    const representations = [
      { __typename: 'Organization', id: `org_${other.id}` },
      { __typename: 'User', id: `usr_${userId}` },
      { __typename: 'Organization', id: `org_${organization.id}` },
      { __typename: 'User', id: `org_${organization.id}` },
      { __typename: 'Organization', id: 'nonsense' },
      { __typename: 'Organization' },
    ];
    const { data, text } = await gateway.graphql(browser, ENTITIES, { representations });
    expect(data._entities).toEqual([
      null,
      expect.objectContaining({ __typename: 'User' }),
      { __typename: 'Organization', name: 'Ours' },
      null,
      null,
      null,
    ]);
    expect(text).not.toContain('Theirs');
  });
});

describe('introspection', () => {
  const ASK = '{ __schema { queryType { name } } }';

  it.each([
    ['public', true, true],
    ['authenticated', false, true],
    ['off', false, false],
  ])('INTROSPECTION=%s', async (introspection, forNobody, forSignedIn) => {
    const other = await startGateway({ environment: { INTROSPECTION: introspection } });
    try {
      const { browser } = await other.signedInUser();
      for (const [as, isShown] of [
        [null, forNobody],
        [browser, forSignedIn],
      ] as const) {
        for (const query of [
          ASK,
          'query A { __type(name: "User") { name } }',
          '{ _service { sdl } }',
          'query B { ...F } fragment F on Query { __schema { description } }',
        ]) {
          for (let time = 0; time < 3; time++) {
            const { errors } = await other.graphql(as, query);
            expect([introspection, query, errors === undefined]).toEqual([introspection, query, isShown]);
          }
        }
        const published = await (as ?? new Browser()).get(`${other.url}/schema.graphql`);
        expect([introspection, published.status === 200]).toEqual([introspection, isShown]);
      }
    } finally {
      await other.close();
    }
  });
});

describe('requests', () => {
  it('are refused from pages of other sites that would use the cookie', async () => {
    const { browser } = await gateway.signedInUser();
    const query = '{ viewer { user { email } } }';
    const { status, text } = await gateway.graphql(browser, query, {}, { origin: 'https://evil.example' });
    expect(status).toBe(403);
    expect(text).not.toContain('@example.org');
    expect((await gateway.graphql(browser, query, {}, { origin: gateway.url })).status).toBe(200);
  });

  it.each([
    ['text/plain', '{"query":"{ viewer { __typename } }"}'],
    ['application/x-www-form-urlencoded', 'query=%7B__typename%7D'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['', '{"query":"{ __typename }"}'],
  ])('of content type "%s" are refused', async (contentType, body) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      body,
      headers: contentType ? { 'content-type': contentType } : {},
    });
    expect([400, 415]).toContain(response.status);
  });

  it('that are known are answered as the first time, for who asks now, and still by JSON alone', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const query = '{ viewer { user { id } } }';
    const own = `{"data":{"viewer":{"user":{"id":"usr_${userId}"}}}}`;
    for (let time = 0; time < 4; time++) {
      expect((await gateway.graphql(browser, query)).text).toBe(own);
      expect((await gateway.graphql(null, query)).text).toBe('{"data":{"viewer":null}}');
    }
    for (const [contentType, body] of [
      ['text/plain', JSON.stringify({ query })],
      ['application/x-www-form-urlencoded', `query=${encodeURIComponent(query)}`],
    ]) {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        body,
        headers: { 'content-type': contentType! },
      });
      expect([400, 415]).toContain(response.status);
    }
    const foreign = await gateway.graphql(browser, query, {}, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(foreign.text).not.toContain(userId);
    const batch = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      body: JSON.stringify([{ query }]),
      headers: { 'content-type': 'application/json' },
    });
    expect(batch.status).toBe(400);
  });

  it('by GET are refused, queries and mutations alike', async () => {
    const response = await fetch(`${gateway.url}/graphql?query=%7B__typename%7D`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  it('that are too deep, too wide or too long are refused before they run', async () => {
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const deep = `{ viewer { user { ${'memberships { nodes { organization { members { nodes { user { '.repeat(3)} id ${'} '.repeat(18)} } } }`;
    const wide =
      '{ organizations(first: 100) { nodes { members(first: 100) { nodes { user { memberships(first: 100) { nodes { id } } } } } } } }';
    const many = `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: viewer { __typename }`).join(' ')} }`;
    for (const query of [deep, wide, many, `{ ${'__typename '.repeat(5000)} }`]) {
      const { status, errors } = await gateway.graphql(browser, query);
      expect(status).toBe(400);
      expect(errors![0]!.message).toMatch(/levels deep|could answer with more|root fields|token/);
    }
  });

  it.each([
    ['{ users(filter: { email: "a\\u0000b" }) { nodes { id } } }'],
    ['{ organizations(filter: { search: "\\u0000" }) { nodes { id } } }'],
    ['{ organization(identifier: { scheme: GROUP, value: "\\u0000" }) { id } }'],
  ])('with a NUL are answered BAD_USER_INPUT: %s', async (query) => {
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    for (let time = 0; time < 2; time++) {
      const { errors } = await gateway.graphql(browser, query);
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  it('with wrong variables are told what is wrong, the first time and compiled', async () => {
    for (let time = 0; time < 3; time++) {
      const { status, errors } = await gateway.graphql(null, 'query ($id: ID!) { node(id: $id) { id } }', {
        id: { no: 1 },
      });
      expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
      expect(errors![0]!.message).toContain('$id');
    }
  });
});
