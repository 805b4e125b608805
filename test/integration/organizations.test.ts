import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, type GraphQLAnswer, startGateway } from '../support/gateway.js';

let gateway: Gateway;
let tenantAdministrator: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  tenantAdministrator = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const UPDATE = `mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) {
    organization { id name description version nameStatus nameSource identifiers { scheme value } status }
    userErrors { code message field }
  }
}`;

async function organizationWith(roles: Record<string, string[]>) {
  const organization = await makeOrganization(gateway.tenant, { name: 'Before', description: 'Words' });
  const browsers: Record<string, Browser> = {};
  for (const [name, given] of Object.entries(roles)) {
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: given });
    browsers[name] = browser;
  }
  return { id: `org_${organization.id}`, uuid: organization.id, browsers };
}

/** Runs a refused call and checks that nothing in the database is other than before. */
async function unchanged<Result>(act: () => Promise<Result>): Promise<Result> {
  const before = await gateway.snapshot();
  const result = await act();
  expect(await gateway.snapshot()).toBe(before);
  return result;
}

describe('organizationUpdate', () => {
  it("[SSO-29] is FORBIDDEN to a member, works for an administrator, and is NOT_FOUND to another organization's administrator", async () => {
    const { id, browsers } = await organizationWith({ member: ['member'], administrator: ['member', 'administrator'] });
    const other = await organizationWith({ administrator: ['member', 'administrator'] });
    const input = { id, name: 'After' };

    const refused = await unchanged(() => gateway.graphql(browsers.member!, UPDATE, { input }));
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(refused.data?.organizationUpdate ?? null).toBeNull();

    const hidden = await unchanged(() => gateway.graphql(other.browsers.administrator!, UPDATE, { input }));
    expect(hidden.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    expect(hidden.text).not.toContain('Before');

    const nobody = await unchanged(() => gateway.graphql(null, UPDATE, { input }));
    expect(nobody.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');

    const { data } = await gateway.graphql(browsers.administrator!, UPDATE, { input });
    expect(data.organizationUpdate).toMatchObject({
      organization: { name: 'After', description: 'Words', version: 2 },
      userErrors: [],
    });
    const [event] = await gateway.rows(
      `select * from events where tenant_id = $1 and type = 'organization.updated' order by id desc`,
    );
    expect(event).toMatchObject({
      via: 'organizationUpdate',
      actor_kind: 'USER',
      before: { name: 'Before' },
      after: { name: 'After' },
    });
  });

  it('refuses by name an input field that needs more than the caller has, and does nothing of the rest', async () => {
    const { id, browsers } = await organizationWith({ administrator: ['member', 'administrator'] });
    const input = { id, name: 'After', identifiers: [{ scheme: 'SIRET', value: '13002526500013' }] };
    const { errors } = await unchanged(() => gateway.graphql(browsers.administrator!, UPDATE, { input }));
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('input.identifiers'),
      extensions: { code: 'FORBIDDEN', field: 'input.identifiers', requires: 'TENANT_ADMINISTRATOR' },
    });
    const cleared = await unchanged(() =>
      gateway.graphql(browsers.administrator!, UPDATE, { input: { id, identifiers: null } }),
    );
    expect(cleared.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('keeps what is absent, clears what is null, and refuses null for the name', async () => {
    const { id, browsers } = await organizationWith({ administrator: ['member', 'administrator'] });
    const cleared = await gateway.graphql(browsers.administrator!, UPDATE, { input: { id, description: null } });
    expect(cleared.data.organizationUpdate.organization).toMatchObject({ name: 'Before', description: null });
    const refused = await unchanged(() =>
      gateway.graphql(browsers.administrator!, UPDATE, { input: { id, name: null, description: 'x' } }),
    );
    expect(refused.data.organizationUpdate.userErrors).toEqual([
      expect.objectContaining({ code: 'REQUIRED', field: ['name'] }),
    ]);
  });

  it('names every fault at once, and writes nothing', async () => {
    const { id } = await organizationWith({});
    const input = {
      id,
      name: 'x'.repeat(129),
      description: 'x'.repeat(257),
      identifiers: [
        { scheme: 'SIRET', value: '12345678901234' },
        { scheme: 'GROUP', value: '' },
      ],
    };
    const { data } = await unchanged(() => gateway.graphql(tenantAdministrator, UPDATE, { input }));
    expect(data.organizationUpdate.userErrors.map(({ code, field }: any) => [code, field.join('.')])).toEqual([
      ['TOO_LONG', 'name'],
      ['TOO_LONG', 'description'],
      ['INVALID', 'identifiers.0.value'],
      ['INVALID', 'identifiers.1.value'],
    ]);
  });

  it('answers STALE_VERSION with the organization as it is, and loses no update of two at once', async () => {
    const { id, browsers } = await organizationWith({ administrator: ['administrator'] });
    const both = await Promise.all(
      ['one', 'two'].map((description) =>
        gateway.graphql(browsers.administrator!, UPDATE, { input: { id, description, expectedVersion: 1 } }),
      ),
    );
    const codes = both.map(({ data }) => data.organizationUpdate.userErrors[0]?.code ?? 'DONE').sort();
    expect(codes).toEqual(['DONE', 'STALE_VERSION']);
    const stale = both.find(({ data }) => data.organizationUpdate.userErrors.length)!.data.organizationUpdate;
    expect(stale.organization.version).toBe(2);
    expect(['one', 'two']).toContain(stale.organization.description);
  });

  it("refuses an identifier that is another organization's, however two administrators hurry", async () => {
    const [left, right] = [await organizationWith({}), await organizationWith({})];
    const identifiers = [{ scheme: 'SIRET', value: '356 000 000 00048' }];
    const both = await Promise.all(
      [left, right].map(({ id }) => gateway.graphql(tenantAdministrator, UPDATE, { input: { id, identifiers } })),
    );
    const outcomes = both.map(({ data }) => data.organizationUpdate.userErrors[0]?.code ?? 'DONE').sort();
    expect(outcomes).toEqual(['DONE', 'TAKEN']);
    expect(
      await gateway.rows(`select * from organization_identifiers where tenant_id = $1 and value = '35600000000048'`),
    ).toHaveLength(1);
  });
});

describe('organizationCreate', () => {
  const CREATE = `mutation ($input: OrganizationCreateInput!) {
    organizationCreate(input: $input) { organization { id name siret } userErrors { code field } }
  }`;

  it('gives the same answer under the same key, also to two requests at once, and refuses another input under it', async () => {
    const input = { idempotencyKey: 'key-1', name: 'Once' };
    const answers = await Promise.all([1, 2, 3].map(() => gateway.graphql(tenantAdministrator, CREATE, { input })));
    expect(new Set(answers.map(({ data }) => data.organizationCreate.organization.id)).size).toBe(1);
    const other = await unchanged(() =>
      gateway.graphql(tenantAdministrator, CREATE, { input: { ...input, name: 'Twice' } }),
    );
    expect(other.data.organizationCreate.userErrors[0]).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      field: ['idempotencyKey'],
    });
  });

  it('lets two organizations have one name, and writes nothing where an identifier is taken', async () => {
    const first = await gateway.graphql(tenantAdministrator, CREATE, {
      input: { name: 'Same', identifiers: [{ scheme: 'GROUP', value: 'g-1' }] },
    });
    expect(first.data.organizationCreate.userErrors).toEqual([]);
    expect(
      (await gateway.graphql(tenantAdministrator, CREATE, { input: { name: 'Same' } })).data.organizationCreate
        .userErrors,
    ).toEqual([]);
    const taken = await unchanged(() =>
      gateway.graphql(tenantAdministrator, CREATE, {
        input: { name: 'Same', identifiers: [{ scheme: 'GROUP', value: 'g-1' }] },
      }),
    );
    expect(taken.data.organizationCreate).toMatchObject({ organization: null, userErrors: [{ code: 'TAKEN' }] });
  });
});

describe('organizationDelete', () => {
  it('takes the memberships along, keeps the events, and answers NOT_FOUND the second time', async () => {
    const { id, uuid } = await organizationWith({ member: ['member'] });
    const DELETE = `mutation ($input: OrganizationDeleteInput!) { organizationDelete(input: $input) { deletedId userErrors { code } } }`;
    expect(
      (await gateway.graphql(tenantAdministrator, DELETE, { input: { id } })).data.organizationDelete.deletedId,
    ).toBe(id);
    expect(
      await gateway.rows(`select * from memberships where tenant_id = $1 and organization_id = '${uuid}'`),
    ).toEqual([]);
    const events = await gateway.rows(
      `select type, "before" from events where tenant_id = $1 and organization_id = '${uuid}'`,
    );
    expect(events.at(-1)).toMatchObject({ type: 'organization.deleted', before: { name: 'Before', members: 1 } });
    const again = await unchanged(() => gateway.graphql(tenantAdministrator, DELETE, { input: { id } }));
    expect(again.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });
});

describe('memberAppoint', () => {
  const APPOINT = `mutation ($input: MemberAppointInput!) {
    memberAppoint(input: $input) { membership { roles { name } source user { id } } userErrors { code field } }
  }`;

  it('makes a member an administrator, who may then edit, and ends the need for one', async () => {
    const { id, uuid, browsers } = await organizationWith({ administrator: ['administrator'] });
    const member = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: member.userId }, organization: { id: uuid } });
    await gateway.rows(
      `update organizations set needs_administrator = true where tenant_id = $1 and id = '${uuid}' returning id`,
    );
    const input = { organizationId: id, userId: `usr_${member.userId}` };
    const { data } = await gateway.graphql(browsers.administrator!, APPOINT, { input });
    expect(data.memberAppoint.membership.roles.map(({ name }: any) => name)).toEqual(['administrator', 'member']);
    const edited = await gateway.graphql(member.browser, UPDATE, { input: { id, name: 'By the new one' } });
    expect(edited.data.organizationUpdate.organization.name).toBe('By the new one');
    const [organization] = await gateway.rows(
      `select needs_administrator from organizations where tenant_id = $1 and id = '${uuid}'`,
    );
    expect(organization!.needs_administrator).toBe(false);
    const repeated = await unchanged(() => gateway.graphql(browsers.administrator!, APPOINT, { input }));
    expect(repeated.data.memberAppoint.userErrors).toEqual([]);
  });

  it('lets an administrator of the tenant name somebody who is no member yet, and an administrator of the organization not', async () => {
    const { id, browsers } = await organizationWith({ administrator: ['administrator'] });
    const user = await makeUser(gateway.tenant);
    const input = { organizationId: id, userId: `usr_${user.id}` };
    const refused = await unchanged(() => gateway.graphql(browsers.administrator!, APPOINT, { input }));
    expect(refused.data.memberAppoint.userErrors[0]).toMatchObject({ code: 'NOT_FOUND', field: ['userId'] });
    const { data } = await gateway.graphql(tenantAdministrator, APPOINT, { input });
    expect(data.memberAppoint.membership.source).toBe('ADMIN');
  });

  it('refuses a user who is not active', async () => {
    const { id } = await organizationWith({});
    const user = await makeUser(gateway.tenant, { status: 'SUSPENDED' as never });
    const input = { organizationId: id, userId: `usr_${user.id}` };
    const { data } = await unchanged(() => gateway.graphql(tenantAdministrator, APPOINT, { input }));
    expect(data.memberAppoint.userErrors[0].code).toBe('WRONG_STATUS');
  });
});

describe('lists', () => {
  it('page by keyset without losing or repeating rows, in either order, and hide what is not for the caller', async () => {
    const names = ['Zèbre', 'abeille', 'Écureuil', 'Abeille', 'chat'];
    const ids = new Set<string>();
    for (const name of names) ids.add(`org_${(await makeOrganization(gateway.tenant, { name: `Liste ${name}` })).id}`);
    for (const orderBy of ['CREATED_AT', 'NAME']) {
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const { data }: GraphQLAnswer = await gateway.graphql(
          tenantAdministrator,
          `query ($after: String, $orderBy: OrganizationOrder) {
             organizations(first: 2, after: $after, orderBy: $orderBy, filter: { search: "LISTE" }) {
               nodes { id } totalCount pageInfo { hasNextPage endCursor }
             }
           }`,
          { after, orderBy },
        );
        seen.push(...data.organizations.nodes.map(({ id }: any) => id));
        expect(data.organizations.totalCount).toBe(5);
        after = data.organizations.pageInfo.hasNextPage ? data.organizations.pageInfo.endCursor : null;
      } while (after);
      expect(seen).toHaveLength(5);
      expect(new Set(seen)).toEqual(ids);
    }
    const { browser } = await gateway.signedInUser();
    const { data } = await gateway.graphql(browser, '{ organizations { nodes { id } totalCount } }');
    expect(data.organizations).toEqual({ nodes: [], totalCount: 0 });
  });

  it('find by SIRET, SIREN and words without accents', async () => {
    const organization = await makeOrganization(gateway.tenant, {
      name: "Préfecture de l'Hérault",
      siret: '11002001300097',
    });
    const found = async (filter: object) => {
      const { data } = await gateway.graphql(
        tenantAdministrator,
        'query ($filter: OrganizationFilterInput) { organizations(filter: $filter) { nodes { id } } }',
        { filter },
      );
      return data.organizations.nodes.map(({ id }: any) => id);
    };
    const expected = [`org_${organization.id}`];
    expect(await found({ identifier: { scheme: 'SIRET', value: '110 020 013 00097' } })).toEqual(expected);
    expect(await found({ siren: '110020013' })).toEqual(expected);
    expect(await found({ search: 'prefecture DE L' })).toEqual(expected);
    expect(await found({ search: '%' })).toEqual([]);
  });

  it.each([
    ['first: 0', 'first'],
    ['first: 101', 'first'],
    ['after: "nonsense"', 'after'],
  ])('answer BAD_USER_INPUT to %s', async (given, argument) => {
    const { errors } = await gateway.graphql(tenantAdministrator, `{ organizations(${given}) { nodes { id } } }`);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });

  it('read 20 organizations with 10 members each in at most three statements', async () => {
    for (let index = 0; index < 3; index++) {
      const { uuid } = await organizationWith({});
      for (let member = 0; member < 3; member++) {
        await makeMembership(gateway.tenant, { user: await makeUser(gateway.tenant), organization: { id: uuid } });
      }
    }
    const query =
      '{ organizations(first: 20) { nodes { name members(first: 10) { nodes { roles { name } user { displayName email } } } } } }';
    await gateway.graphql(tenantAdministrator, query);
    gateway.statements.length = 0;
    await gateway.graphql(tenantAdministrator, query);
    expect(gateway.statements).toHaveLength(3);
  });

  it('show others the memberships alone that they share', async () => {
    const { uuid, browsers } = await organizationWith({ administrator: ['administrator'] });
    const user = await makeUser(gateway.tenant);
    await makeMembership(gateway.tenant, { user, organization: { id: uuid } });
    await makeMembership(gateway.tenant, {
      user,
      organization: await makeOrganization(gateway.tenant, { name: 'Secret place' }),
    });
    const answer = await gateway.graphql(
      browsers.administrator!,
      `{ user(id: "usr_${user.id}") { memberships { totalCount nodes { organization { id } } } } }`,
    );
    expect(answer.data.user.memberships).toEqual({ totalCount: 1, nodes: [{ organization: { id: `org_${uuid}` } }] });
  });
});
