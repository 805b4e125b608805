import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { startGateway } from '../support/gateway.js';
import { openSocket, until, type Watched, watchSocket, watchStream } from '../support/live.js';
import { AUDIT, CHANGED, codeOf, names, startLiveGateway } from '../support/live-gateway.js';

const live = await startLiveGateway();
const { gateway, administrator, watch, dispatch, rename, change, organizationWith, clients } = live;
afterEach(() => live.disconnect());
afterAll(() => gateway.close());

describe('who may subscribe', () => {
  it('nobody cannot', async () => {
    const { id } = await organizationWith(['member']);
    const watched = await watch({}, CHANGED, { id });
    expect(await watched.ended).toMatchObject({ code: 4401 });
    const stream = watchStream(gateway.url, CHANGED, { id });
    expect(codeOf((await stream.reach(1))[0])).toBe('UNAUTHENTICATED');
  });

  it('a stranger learns nothing of an organization that is there', async () => {
    const { id } = await organizationWith(['member']);
    const stranger = (await gateway.signedInUser()).browser;
    const there = await watch({ browser: stranger }, CHANGED, { id });
    const absent = await watch({ browser: stranger }, CHANGED, { id: `org_${v7()}` });
    const [refused] = await there.reach(1);
    expect(codeOf(refused)).toBe('NOT_FOUND');
    expect((await absent.reach(1))[0]).toEqual(refused);
    expect(await there.ended).toBe('complete');
  });

  it('queries and mutations are sent by POST', async () => {
    const watched = await watch({ browser: administrator }, '{ viewer { user { id } } }');
    expect(await watched.ended).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    const posted = await gateway.graphql(administrator, CHANGED, { id: `org_${v7()}` });
    expect(posted).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it('what is posted and what is subscribed is judged alike', async () => {
    const unknown = await watch({ browser: administrator }, 'subscription { nothing }');
    expect(await unknown.ended).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const broken = await watch({ browser: administrator }, 'subscription {');
    expect(await broken.ended).toMatchObject([{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }]);
    const deep = `subscription { organizationChanged(id: "x") { organization ${'{ members(first: 100) { nodes { organization '.repeat(4)}{ id }${' } } }'.repeat(4)} } }`;
    const costly = await watch({ browser: administrator }, deep);
    expect(await costly.ended).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    const long = await watch({ browser: administrator }, `subscription { ${'a '.repeat(5_000)} }`);
    expect(await long.ended).toMatchObject([{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }]);
    const variable = await watch({ browser: administrator }, CHANGED, { id: [1] });
    expect(codeOf((await variable.reach(1))[0])).toBe('BAD_USER_INPUT');
  });

  it('a page of another site does not use the cookie', async () => {
    const { id, people } = await organizationWith(['member']);
    const browser = people[0]!.browser;
    const watched = await watch({ browser, origin: 'https://evil.example' }, CHANGED, { id });
    expect(await watched.ended).toMatchObject({ code: 4403 });
    const cookie = `__Host-vestibule=${await browser.cookie('__Host-vestibule', gateway.url)}`;
    const bare = await watch({ headers: { cookie } }, CHANGED, { id });
    expect(await bare.ended).toMatchObject({ code: 4401 });
    const stream = watchStream(gateway.url, CHANGED, { id }, { cookie, origin: 'https://evil.example' });
    expect((await stream.response).status).toBe(403);
  });

  it('a client with a bearer token can, by what it says first and by header', async () => {
    const { id, people } = await organizationWith(['member']);
    const browser = people[0]!.browser;
    const token = await browser.cookie('__Host-vestibule', gateway.url);
    const first = await watch({ connectionParams: { authorization: `Bearer ${token}` } }, CHANGED, { id });
    expect(await first.ended).toMatchObject({ code: 4401 });
    await gateway.database.read(
      gateway.tenant.id,
      `update sessions set transport = 'TOKEN' where tenant_id = $1 and user_id = $2`,
      [gateway.tenant.id, people[0]!.userId],
    );
    const watched = [
      await watch({ connectionParams: { authorization: `Bearer ${token}` } }, CHANGED, { id }),
      await watch({ headers: { authorization: `Bearer ${token}` }, origin: 'https://anywhere.example' }, CHANGED, {
        id,
      }),
    ];
    const stream = watchStream(gateway.url, CHANGED, { id }, { authorization: `Bearer ${token}` });
    await stream.response;
    await rename(id, 'After');
    await dispatch();
    for (const one of [...watched, stream]) expect(names(await one.reach(1))).toEqual(['After']);
    stream.stop();
  });

  it('a session holds a hundred subscriptions, and a connection fifty', async () => {
    const { id, people } = await organizationWith(['member']);
    const browser = people[0]!.browser;
    const sockets = [await openSocket(gateway.url, { browser }), await openSocket(gateway.url, { browser })];
    clients.push(...sockets);
    const watched = sockets.flatMap((client) => Array.from({ length: 51 }, () => watchSocket(client, CHANGED, { id })));
    expect(await watched[50]!.ended).toMatchObject([{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }]);
    expect(await watched[101]!.ended).toMatchObject([{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }]);
    await until(() => gateway.services.live.size === 100);
    const more = await openSocket(gateway.url, { browser });
    clients.push(more);
    const refused = watchSocket(more, CHANGED, { id });
    expect(codeOf((await refused.reach(1))[0])).toBe('TOO_MANY_SUBSCRIPTIONS');
  });
});

describe('auditEvents', () => {
  const types = (results: any[]) => results.map(({ data }) => data.auditEvents.type);

  it('is for administrators: of the tenant, and of the organization with its own', async () => {
    const { id, people } = await organizationWith(['member'], ['member', 'administrator']);
    const [member, admin] = people;
    const codes = [
      [member, { organizationId: id }, 'FORBIDDEN'],
      [member, {}, 'FORBIDDEN'],
      [admin, {}, 'FORBIDDEN'],
      [admin, { organizationId: `org_${v7()}` }, 'NOT_FOUND'],
      [admin, { organizationId: id, types: ['organization.nothing'] }, 'BAD_USER_INPUT'],
    ] as const;
    for (const [person, variables, code] of codes) {
      const watched = await watch({ browser: person!.browser }, AUDIT, variables);
      expect([variables, codeOf((await watched.reach(1))[0])]).toEqual([variables, code]);
    }
  });

  it('tells each what is theirs, in order', async () => {
    const { id, people } = await organizationWith(['member', 'administrator']);
    await dispatch();
    const ofOrganization = await watch({ browser: people[0]!.browser }, AUDIT, { organizationId: id });
    const ofTenant = await watch({ browser: administrator }, AUDIT);
    const ofUsers = await watch({ browser: administrator }, AUDIT, { types: ['user.*', 'organization.created'] });
    await gateway.signedInUser();
    await rename(id, 'After');
    const { data } = await gateway.graphql(
      administrator,
      'mutation ($input: OrganizationCreateInput!) { organizationCreate(input: $input) { organization { id } } }',
      { input: { name: 'New' } },
    );
    expect(data.organizationCreate.organization.id).toBeDefined();
    await dispatch();
    // Notifications of what happened before may still be on their way: the last ones are looked at.
    const last = async (watched: Watched, count: number) => {
      await until(() => ['organization.created', 'organization.updated'].includes(types(watched.results).at(-1)));
      return watched.results.slice(-count);
    };
    await until(() => types(ofTenant.results).at(-1) === 'organization.created');
    expect(types(await last(ofTenant, 3))).toEqual(['user.signed_in', 'organization.updated', 'organization.created']);
    expect(types(await last(ofOrganization, 3))).toEqual(['organization.updated']);
    expect(types(await last(ofUsers, 2))).toEqual(['user.signed_in', 'organization.created']);
    const [signedIn, ...rest] = ofTenant.results.slice(-3);
    const resumed = await watch({ browser: administrator }, AUDIT, { after: signedIn.data.auditEvents.id });
    expect(await resumed.reach(2)).toEqual(rest);
  });

  it('ends when an administrator becomes a member; organizationChanged goes on, without the event', async () => {
    const { id, uuid, people } = await organizationWith(['member', 'administrator']);
    const person = people[0]!;
    const log = await watch({ browser: person.browser }, AUDIT, { organizationId: id });
    const changes = await watch({ browser: person.browser }, CHANGED, { id });
    await rename(id, 'First');
    await dispatch();
    await Promise.all([log.reach(1), changes.reach(1)]);
    await change(
      `delete from membership_roles where tenant_id = $1 and membership_id = $2 and role_id = $3`,
      [gateway.tenant.id, person.membershipId, gateway.tenant.roles.get('administrator')],
      [
        {
          type: 'membership.roles_changed',
          organizationId: uuid,
          userId: person.userId,
          objectId: person.membershipId,
          before: { roles: ['administrator', 'member'] },
          after: { roles: ['member'] },
        },
      ],
    );
    await rename(id, 'Second');
    await dispatch();
    expect(codeOf((await log.reach(2))[1])).toBe('FORBIDDEN');
    expect(await log.ended).toBe('complete');
    const [first, , third] = await changes.reach(3);
    expect(first.data.organizationChanged.event).not.toBeNull();
    expect(third.data.organizationChanged).toMatchObject({ organization: { name: 'Second' }, event: null });
  });

  it('ends for who is an administrator of the tenant no more', async () => {
    const person = await gateway.signedInUser({ isTenantAdministrator: true });
    const watched = await watch({ browser: person.browser }, AUDIT);
    await change(
      'update users set is_tenant_administrator = false where tenant_id = $1 and id = $2',
      [gateway.tenant.id, person.userId],
      [{ type: 'user.tenant_administrator_revoked', userId: person.userId, objectId: person.userId }],
    );
    const results = await watched.reach(1);
    expect(codeOf(results.at(-1))).toBe('FORBIDDEN');
  });
});

describe('what ends a subscription', () => {
  async function watchedMember() {
    const { id, uuid, people } = await organizationWith(['member']);
    const person = people[0]!;
    return { id, uuid, person, watched: await watch({ browser: person.browser }, CHANGED, { id }) };
  }

  it('a membership that is gone, before the next event', async () => {
    const { id, uuid, person, watched } = await watchedMember();
    await rename(id, 'Secret');
    await change(
      'delete from memberships where tenant_id = $1 and id = $2',
      [gateway.tenant.id, person.membershipId],
      [
        {
          type: 'membership.moved',
          organizationId: uuid,
          userId: person.userId,
          objectId: person.membershipId,
          before: { organizationId: id },
          after: { organizationId: id, connection: 'proconnect' },
        },
      ],
    );
    expect(codeOf((await watched.reach(1))[0])).toBe('NOT_FOUND');
    expect(await watched.ended).toBe('complete');
    expect(JSON.stringify(watched.results)).not.toContain('Secret');
  });

  it('a session that was ended', async () => {
    const { person, watched } = await watchedMember();
    const { data } = await gateway.graphql(person.browser, '{ viewer { session { id } } }');
    await gateway.graphql(
      person.browser,
      'mutation ($input: SessionEndInput!) { sessionEnd(input: $input) { userErrors { code } } }',
      { input: { id: data.viewer.session.id } },
    );
    await dispatch();
    expect(codeOf((await watched.reach(1))[0])).toBe('UNAUTHENTICATED');
    expect(await watched.ended).toBe('complete');
  });

  it('a user who was suspended', async () => {
    const { person, watched } = await watchedMember();
    const { errors } = await gateway.graphql(
      administrator,
      'mutation ($input: UserStatusInput!) { userSuspend(input: $input) { userErrors { code } } }',
      { input: { id: `usr_${person.userId}` } },
    );
    expect(errors).toBeUndefined();
    await dispatch();
    expect(codeOf((await watched.reach(1))[0])).toBe('UNAUTHENTICATED');
  });

  it('a right that was lost without an event, at the next sweep', async () => {
    const { person, watched } = await watchedMember();
    await gateway.rows('delete from memberships where tenant_id = $1 and id = $2', [person.membershipId]);
    await gateway.services.live.sweep();
    expect(codeOf((await watched.reach(1))[0])).toBe('NOT_FOUND');
  });

  it('the server, when it stops: clients know that they are to come back', async () => {
    const other = await startGateway();
    const person = await other.signedInUser();
    const organization = await makeOrganization(other.tenant);
    await makeMembership(other.tenant, { user: { id: person.userId }, organization });
    const id = `org_${organization.id}`;
    const watched = watchSocket(await openSocket(other.url, { browser: person.browser }), CHANGED, { id });
    const cookie = `__Host-vestibule=${await person.browser.cookie('__Host-vestibule', other.url)}`;
    const stream = watchStream(other.url, CHANGED, { id }, { cookie });
    await until(() => other.services.live.size === 2);
    await other.close();
    expect(await watched.ended).toMatchObject({ code: 1001 });
    // Cut, or told instead of an answer if it had not begun: either way it comes back.
    expect(await stream.ended).toMatch(/^cut$|This process is stopping/);
  });

  it('a session that has expired', async () => {
    const { watched } = await watchedMember();
    gateway.advance(13 * 60 * 60 * 1000);
    try {
      expect(codeOf((await watched.reach(1))[0])).toBe('UNAUTHENTICATED');
      expect(await watched.ended).toBe('complete');
    } finally {
      gateway.advance(-13 * 60 * 60 * 1000);
    }
  });
});
