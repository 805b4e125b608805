import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import { MOST_BYTES, storedBytes } from '../../src/enrollment/attributes/stored-size.js';
import { assignIdentifiers, type AssignIdentifiers } from '../../src/enrollment/identifiers/assign.js';
import { findPossibleDuplicates } from '../../src/enrollment/people/possible-duplicates.js';
import { searchPeople } from '../../src/enrollment/people/search-people.js';
import { Faults } from '../../src/faults.js';
import { makeMembership, makeOrganization, makeUser, seedTenant, type SeededTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const EMPLOYEE = [{ type: 'employee', format: 'E{number:6}' }];

let tenants = 0;
/** A tenant of its own: its counters are at nought. */
const makeTenant = () => seedTenant(gateway.tenant.database, `identifiers-${++tenants}`);

const assign = (tenant: SeededTenant, facts: Partial<AssignIdentifiers> & { userId: string }) =>
  transact(tenant.database, tenant.id, (manager) =>
    assignIdentifiers(manager, tenant.id, new Date(), { petitionId: null, assigned: EMPLOYEE, given: [], ...facts }),
  );
const rowsOf = (tenant: SeededTenant) =>
  tenant.database.read<{ userId: string; type: string; value: string }>(
    tenant.id,
    'select user_id as "userId", type, value from user_identifiers where tenant_id = $1 order by type, value',
    [tenant.id],
  );
const countersOf = (tenant: SeededTenant) =>
  tenant.database.read<{ last: number }>(
    tenant.id,
    'select last::int as last from identifier_counters where tenant_id = $1 order by type',
    [tenant.id],
  );

describe('[ENR-58] identifiers are assigned', () => {
  it('by a counter of the tenant and type', async () => {
    const [tenant, other] = [await makeTenant(), await makeTenant()];
    const [one, two, stranger] = [await makeUser(tenant), await makeUser(tenant), await makeUser(other)];
    expect(await assign(tenant, { userId: one.id })).toEqual([{ type: 'employee', value: 'E000001' }]);
    const assigned = [...EMPLOYEE, { type: 'badge', format: '{number}/A' }];
    expect(await assign(tenant, { userId: two.id, assigned })).toEqual([
      { type: 'badge', value: '1/A' },
      { type: 'employee', value: 'E000002' },
    ]);
    expect(await assign(other, { userId: stranger.id })).toEqual([{ type: 'employee', value: 'E000001' }]);
  });

  it('once: who has one of the type keeps it', async () => {
    const tenant = await makeTenant();
    const { id: userId } = await makeUser(tenant);
    const given = [{ type: 'employee', value: 'OLD-1' }];
    expect(await assign(tenant, { userId, given })).toEqual(given);
    expect(await assign(tenant, { userId, given })).toEqual([]);
    expect(await rowsOf(tenant)).toEqual([{ userId, ...given[0] }]);
    expect(await countersOf(tenant)).toEqual([]);
  });

  it('and pass over what is taken, however much that is', async () => {
    const tenant = await makeTenant();
    const [owner, user, later] = [await makeUser(tenant), await makeUser(tenant), await makeUser(tenant)];
    await transact(tenant.database, tenant.id, (manager) =>
      runSql(
        manager,
        `insert into user_identifiers (id, tenant_id, user_id, type, value, created_at)
         select gen_random_uuid(), $1, $2, 'employee', 'E' || lpad(n::text, 6, '0'), now()
         from generate_series(1, 2500) as n where n <> 1200`,
        [tenant.id, owner.id],
      ),
    );
    expect(await assign(tenant, { userId: user.id })).toEqual([{ type: 'employee', value: 'E001200' }]);
    expect(await assign(tenant, { userId: later.id })).toEqual([{ type: 'employee', value: 'E002501' }]);
  });

  it('50 at once get 50, and one person at once gets one', async () => {
    const tenant = await makeTenant();
    const users = [];
    for (let index = 0; index < 50; index++) users.push(await makeUser(tenant));
    const wanted = [...users, ...Array<{ id: string }>(10).fill(users[0]!)];
    const answers = await Promise.all(wanted.map(({ id }) => assign(tenant, { userId: id })));
    expect(answers.flat()).toHaveLength(50);
    const rows = await rowsOf(tenant);
    expect(new Set(rows.map(({ userId }) => userId)).size).toBe(50);
    expect(rows.map(({ value }) => value)).toEqual(
      Array.from({ length: 50 }, (_, index) => `E${String(index + 1).padStart(6, '0')}`),
    );
  });

  it('those that were given are refused when they are another person’s, all at once, and nothing is kept', async () => {
    const tenant = await makeTenant();
    const [owner, user] = [await makeUser(tenant), await makeUser(tenant)];
    const given = ['a', 'b', 'c'].map((value) => ({ type: 'ORCID', value, key: `key-${value}` }));
    await assign(tenant, { userId: owner.id, given: given.slice(0, 2), assigned: [] });
    const before = [await rowsOf(tenant), await countersOf(tenant)];
    const refusal = await assign(tenant, { userId: user.id, given: given.toReversed() }).catch((error) => error);
    expect(refusal).toBeInstanceOf(Faults);
    expect((refusal as Faults).faults).toMatchObject([
      { code: 'TAKEN', field: ['attributes', 'key-a'] },
      { code: 'TAKEN', field: ['attributes', 'key-b'] },
    ]);
    expect(JSON.stringify(refusal)).not.toContain(owner.id);
    expect([await rowsOf(tenant), await countersOf(tenant)]).toEqual(before);
  });

  it('of two who claim the same at once, one has it', async () => {
    const tenant = await makeTenant();
    const users = [await makeUser(tenant), await makeUser(tenant)];
    const given = ['a', 'b'].map((value) => ({ type: 'ORCID', value }));
    const outcomes = await Promise.allSettled([
      assign(tenant, { userId: users[0]!.id, given, assigned: [] }),
      assign(tenant, { userId: users[1]!.id, given: given.toReversed(), assigned: [] }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(new Set((await rowsOf(tenant)).map(({ userId }) => userId)).size).toBe(1);
  });

  it('at most a hundred for one person', async () => {
    const tenant = await makeTenant();
    const { id: userId } = await makeUser(tenant);
    const given = Array.from({ length: 101 }, (_, index) => ({ type: 'x', value: `${index}` }));
    await expect(assign(tenant, { userId, given, assigned: [] })).rejects.toMatchObject({
      faults: [{ code: 'TOO_LONG' }],
    });
    expect(await rowsOf(tenant)).toEqual([]);
  });
});

describe('attributes and identifiers are shown', () => {
  const QUERY = `query ($id: ID!) { user(id: $id) { id attributes identifiers { type value }
    memberships(first: 5) { nodes { attributes } } } }`;

  /** A member with attributes and identifiers, and people around them. */
  async function makeWorld() {
    const { tenant } = gateway;
    const organization = await makeOrganization(tenant);
    const { browser, userId } = await gateway.signedInUser();
    const membership = await makeMembership(tenant, { user: { id: userId }, organization });
    const others = [];
    for (const roles of [['member'], ['member', 'administrator']]) {
      const other = await gateway.signedInUser();
      await makeMembership(tenant, { user: { id: other.userId }, organization, roles });
      others.push(other.browser);
    }
    await assign(tenant, { userId, given: [{ type: 'ORCID', value: v7() }] });
    await transact(tenant.database, tenant.id, async (manager) => {
      const set = (table: string) => `update ${table} set attributes = $3 where tenant_id = $1 and id = $2`;
      await runSql(manager, set('users'), [tenant.id, userId, JSON.stringify({ shoe: 42 })]);
      await runSql(manager, set('memberships'), [tenant.id, membership.id, JSON.stringify({ desk: 'B2' })]);
    });
    return { id: `usr_${userId}`, self: browser, member: others[0]!, administrator: others[1]! };
  }

  it('to the person, the administrators of their organization, and of the tenant', async () => {
    const { id, self, member, administrator } = await makeWorld();
    const operator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
    const identifiers = [
      { type: 'ORCID', value: expect.any(String) },
      { type: 'employee', value: expect.stringMatching(/^E\d{6}$/) },
    ];
    const memberships = { nodes: [{ attributes: { desk: 'B2' } }] };
    for (const browser of [self, operator]) {
      const { data, errors } = await gateway.graphql(browser, QUERY, { id });
      expect([errors, data?.user]).toEqual([undefined, { id, attributes: { shoe: 42 }, identifiers, memberships }]);
    }
    // What was asked for one organization is not for the administrators of another.
    const seen = await gateway.graphql(administrator, QUERY, { id });
    expect(seen.data.user).toEqual({ id, attributes: null, identifiers, memberships });
    const { data, errors } = await gateway.graphql(member, QUERY, { id });
    expect(data.user).toEqual({ id, attributes: null, identifiers: null, memberships: null });
    expect(errors?.every(({ extensions }) => extensions.code === 'FORBIDDEN')).toBe(true);
  });

  it('of many in one statement each, and only when they are asked for', async () => {
    const operator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
    for (let index = 0; index < 5; index++) await makeUser(gateway.tenant);
    const count = async (fields: string) => {
      gateway.statements.length = 0;
      await gateway.graphql(operator, `{ users(first: 5) { nodes { id ${fields} } } }`);
      return [/\battributes\b/, /user_identifiers/].map(
        (text) => gateway.statements.filter((statement) => text.test(statement)).length,
      );
    };
    expect(await count('')).toEqual([0, 0]);
    expect(await count('attributes identifiers { type value }')).toEqual([1, 1]);
  });

  it('as large as the database takes them', async () => {
    const { tenant } = gateway;
    const { id } = await makeUser(tenant);
    const values: Record<string, unknown> = { list: ['é', '"', '\n', '\u2028', '\u007f'], n: [-1.5, 0.000001, 1e15] };
    values.text = 'x'.repeat(MOST_BYTES - storedBytes({ ...values, text: '' }));
    expect(storedBytes(values)).toBe(MOST_BYTES);
    const [row] = await transact(tenant.database, tenant.id, (manager) =>
      runSql<{ bytes: number }>(
        manager,
        `update users set attributes = $3 where tenant_id = $1 and id = $2
         returning octet_length(attributes::text) as bytes`,
        [tenant.id, id, JSON.stringify(values)],
      ),
    );
    expect(row!.bytes).toBeLessThanOrEqual(MOST_BYTES);
  });
});

describe('people who may be known already', () => {
  const find = (tenant: SeededTenant, email: string | null, givenName: string | null, familyName: string | null) =>
    findPossibleDuplicates(tenant.database, tenant.id, { email, givenName, familyName });

  it('are found by their address and their name, of the tenant alone', async () => {
    const [tenant, other] = [await makeTenant(), await makeTenant()];
    const name = { givenName: 'Élodie', familyName: 'de  la Croix' };
    const byAddress = await makeUser(tenant, { ...name, email: 'Elodie@example.org' });
    const byName = await makeUser(tenant, name);
    await makeUser(tenant, { ...name, familyName: 'de la Croixe' });
    await makeUser(other, { ...name, email: 'elodie@example.org' });
    expect(await find(tenant, ' ELODIE@example.org', 'elodie', 'De La Croix')).toEqual([
      { userId: byAddress.id, reason: 'SAME_ADDRESS' },
      { userId: byName.id, reason: 'SAME_NAME' },
    ]);
    expect(await find(tenant, 'elodie@example.org', 'Ada', 'Lovelace')).toHaveLength(1);
    expect(await find(tenant, null, 'elodie', 'de la croix')).toHaveLength(2);
    for (const [email, familyName] of [
      [null, null],
      ['nobody', ' '],
      ['x\0@y.fr', '\0\ud800'],
    ])
      expect(await find(tenant, email!, null, familyName!)).toEqual([]);
  });

  it('are at most twenty, and those of many in one statement', async () => {
    const tenant = await makeTenant();
    const name = { givenName: 'Jean', familyName: 'Martin' };
    for (let index = 0; index < 22; index++) await makeUser(tenant, name);
    const known = await makeUser(tenant, { ...name, email: 'jean@example.org' });
    gateway.statements.length = 0;
    const [first, second, third] = await Promise.all([
      find(tenant, 'jean@example.org', 'Jean', 'Martin'),
      find(tenant, 'jean@example.org', 'Jeanne', 'Martin'),
      find(tenant, null, 'Ada', 'Lovelace'),
    ]);
    expect(first).toHaveLength(20);
    expect(first[0]).toEqual({ userId: known.id, reason: 'SAME_ADDRESS' });
    expect(second).toEqual([{ userId: known.id, reason: 'SAME_ADDRESS' }]);
    expect(third).toEqual([]);
    expect(gateway.statements.filter((text) => text.includes('SAME_NAME'))).toHaveLength(1);
  });
});

describe('people are searched', () => {
  it('by how a name begins, or by the whole address', async () => {
    const [tenant, other] = [await makeTenant(), await makeTenant()];
    const jean = await makeUser(tenant, { givenName: 'Jean-Éric', familyName: 'Dupont', email: 'jean@example.org' });
    const anne = await makeUser(tenant, { givenName: 'Anne Marie', familyName: 'Jeanneret' });
    const zoe = await makeUser(tenant, { givenName: 'Zoé', familyName: '100% Sûre' });
    await makeUser(other, { givenName: 'Jean', familyName: 'Ailleurs', email: 'jean@other.example' });
    const search = (text: string, limit?: number) => searchPeople(tenant.database, tenant.id, text, limit);
    expect(await search('JEAN')).toEqual([anne.id, jean.id]);
    expect(await search('jean', 1)).toEqual([anne.id]);
    expect(await search(' dupont  eric ')).toEqual([jean.id]);
    expect(await search('anne jeanneret')).toEqual([anne.id]);
    expect(await search('marie')).toEqual([]);
    expect(await search('zoe 100%')).toEqual([zoe.id]);
    expect(await search('zoe 1%0')).toEqual([]);
    expect(await search('Jean@Example.org')).toEqual([jean.id]);
    for (const text of ['jean@', 'jean@other.example', '@example.org', 'j', '', '%', '__', '\0\ud800', '\u0301\u0301'])
      expect([text, await search(text)]).toEqual([text, []]);
  });

  it('at most twenty at a time', async () => {
    const tenant = await makeTenant();
    for (let index = 0; index < 25; index++) await makeUser(tenant, { givenName: `Paul ${index}` });
    expect(await searchPeople(tenant.database, tenant.id, 'paul', 1000)).toHaveLength(20);
    expect(await searchPeople(tenant.database, tenant.id, 'paul', -1)).toHaveLength(1);
  });
});
