import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { verifyApplicationSecret } from '../../src/applications/verify-secret.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { eventsOf } from '../support/sign-in.js';

let gateway: Gateway;
let admin: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  admin = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const APPLICATION = `id name description kind status isTenantAdministrator redirectUris postLogoutRedirectUris version
  secrets { id hint expiresAt lastUsedAt }`;
const HOUR = 3_600_000;
let serial = 0;

/** Calls a mutation; gives its payload. */
async function call(browser: Browser | null, name: string, input: object, selection: string) {
  const isRoles = /^organizationApplicationRoles/.test(name);
  const type = isRoles ? 'OrganizationApplicationRoles' : name[0]!.toUpperCase() + name.slice(1);
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { ${selection} userErrors { code message field } } }`;
  const answer = await gateway.graphql(browser, query, { input });
  return { ...answer, payload: answer.data?.[name] };
}

async function application(input: object = {}) {
  const complete = { name: `application ${++serial}`, kind: 'MACHINE', ...input };
  const { payload } = await call(admin, 'applicationCreate', complete, `secret application { ${APPLICATION} }`);
  expect(payload.userErrors).toEqual([]);
  return { ...payload.application, secret: payload.secret } as { id: string; secret: string } & Record<string, any>;
}

async function role(input: object = {}) {
  const complete = { name: `role ${++serial}`, kind: 'APPLICATION', ...input };
  const { payload } = await call(admin, 'roleCreate', complete, 'role { id name }');
  expect(payload.userErrors).toEqual([]);
  return payload.role as { id: string; name: string };
}

const snapshot = async () =>
  JSON.stringify([
    await gateway.snapshot(),
    await gateway.rows('select * from applications where tenant_id = $1 order by id'),
    await gateway.rows('select * from application_secrets where tenant_id = $1 order by id'),
    await gateway.rows('select * from organization_applications where tenant_id = $1 order by id'),
    await gateway.rows('select * from organization_application_roles where tenant_id = $1 order by id'),
  ]);

/** Runs it and expects that nothing was changed. */
async function unchanged<Result>(act: () => Promise<Result>): Promise<Result> {
  const before = await snapshot();
  const result = await act();
  expect(await snapshot()).toBe(before);
  return result;
}

const verify = (id: string, secret: string, at = gateway.services.clock()) =>
  verifyApplicationSecret(gateway.database, gateway.tenant.id, id.slice(4), secret, at);

describe('applicationCreate', () => {
  it('gives a machine its first secret once, keeps its hash, and tells of it without the secret', async () => {
    const { result, events } = await eventsOf(gateway, () => application({ description: ' Pays ' }));
    expect(result).toMatchObject({
      description: 'Pays',
      kind: 'MACHINE',
      status: 'ENABLED',
      isTenantAdministrator: false,
      redirectUris: [],
      version: 1,
      secret: expect.stringMatching(/^vas_[\w-]{43}$/),
      secrets: [{ hint: result.secret.slice(-4), expiresAt: null, lastUsedAt: null }],
    });
    expect(events).toMatchObject([
      { type: 'application.created', after: { kind: 'MACHINE', status: 'ENABLED' } },
      { type: 'application.secret_created', after: { hint: result.secret.slice(-4), expiresAt: null } },
    ]);
    const written = [
      await snapshot(),
      await gateway.rows('select * from events where tenant_id = $1'),
      await gateway.rows('select * from idempotency_keys where tenant_id = $1'),
    ];
    expect(JSON.stringify(written)).not.toContain(result.secret);
    expect(gateway.logLines.join('\n')).not.toContain(result.secret);
    expect(await verify(result.id, result.secret)).toBe(true);
  });

  it('makes one application under one idempotency key, and shows the secret in the first answer alone', async () => {
    const input = { name: 'Once', kind: 'MACHINE', idempotencyKey: 'application-once' };
    const selection = 'secret application { id secrets { id } }';
    const first = await call(admin, 'applicationCreate', input, selection);
    const again = await unchanged(() => call(admin, 'applicationCreate', input, selection));
    expect(again.payload.application).toEqual(first.payload.application);
    expect([first.payload.secret !== null, again.payload.secret]).toEqual([true, null]);
    const other = await unchanged(() => call(admin, 'applicationCreate', { ...input, name: 'Twice' }, selection));
    expect(other.payload.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });

  it.each([
    ['WEB', ['https://app.example.org/callback', 'http://localhost:3000/callback'], true],
    ['BROWSER', ['http://127.0.0.1:8080/callback'], false],
    ['NATIVE', ['com.example.app:/callback'], false],
  ])('makes a %s with its addresses', async (kind, redirectUris, hasSecret) => {
    const made = await application({ kind, redirectUris, postLogoutRedirectUris: ['https://app.example.org/'] });
    expect(made).toMatchObject({ kind, redirectUris, postLogoutRedirectUris: ['https://app.example.org/'] });
    expect([made.secret !== null, made.secrets.length]).toEqual([hasSecret, hasSecret ? 1 : 0]);
    const { payload } = await call(admin, 'applicationSecretCreate', { id: made.id }, 'secret');
    expect(payload.userErrors.map(({ code }: { code: string }) => code)).toEqual(hasSecret ? [] : ['INVALID']);
  });

  it.each([
    [{ name: ' ' }, 'REQUIRED', ['name']],
    [{ name: 'x'.repeat(129) }, 'TOO_LONG', ['name']],
    [{ description: 'x'.repeat(257) }, 'TOO_LONG', ['description']],
    [{ redirectUris: ['https://app.example.org/'] }, 'INVALID', ['redirectUris']],
    [{ kind: 'WEB' }, 'REQUIRED', ['redirectUris']],
    [{ kind: 'WEB', redirectUris: [] }, 'REQUIRED', ['redirectUris']],
    [
      { kind: 'WEB', redirectUris: ['https://a.example/', 'http://app.example.org/'] },
      'INVALID',
      ['redirectUris', '1'],
    ],
    [{ kind: 'WEB', redirectUris: ['https://app.example.org/#part'] }, 'INVALID', ['redirectUris', '0']],
    [{ kind: 'WEB', redirectUris: ['javascript:alert(1)'] }, 'INVALID', ['redirectUris', '0']],
    [{ kind: 'WEB', redirectUris: ['https://app.example.org/a b'] }, 'INVALID', ['redirectUris', '0']],
    [
      { kind: 'WEB', redirectUris: ['https://a.example/'], postLogoutRedirectUris: ['data:text/html,x'] },
      'INVALID',
      ['postLogoutRedirectUris', '0'],
    ],
    [
      { kind: 'NATIVE', redirectUris: ['com.example.app:/cb'], isTenantAdministrator: true },
      'INVALID',
      ['isTenantAdministrator'],
    ],
  ])('refuses %j: %s', async (input, code, field) => {
    const complete = { name: 'Refused', kind: 'MACHINE', ...input };
    const { payload } = await unchanged(() => call(admin, 'applicationCreate', complete, 'secret application { id }'));
    expect(payload).toMatchObject({ application: null, secret: null, userErrors: [{ code, field }] });
  });
});

describe('an application', () => {
  it('is edited at the version that was seen, disabled and enabled, and events say what changed', async () => {
    const made = await application({ description: 'Words' });
    const change = async (input: object) =>
      (await call(admin, 'applicationUpdate', { id: made.id, ...input }, `application { ${APPLICATION} }`)).payload;
    const { events } = await eventsOf(gateway, async () => {
      expect((await change({ expectedVersion: 1, name: 'Edited', description: null })).application).toMatchObject({
        name: 'Edited',
        description: null,
        version: 2,
      });
      await change({ name: 'Edited' });
      await change({ status: 'DISABLED', isTenantAdministrator: true });
      expect(await verify(made.id, made.secret)).toBe(false);
      await change({ status: 'ENABLED' });
      expect(await verify(made.id, made.secret)).toBe(true);
    });
    expect(events.map(({ type, before, after }) => [type, before, after])).toEqual([
      ['application.updated', { name: made.name, description: 'Words' }, { name: 'Edited', description: null }],
      [
        'application.updated',
        { status: 'ENABLED', isTenantAdministrator: false },
        { status: 'DISABLED', isTenantAdministrator: true },
      ],
      ['application.updated', { status: 'DISABLED' }, { status: 'ENABLED' }],
    ]);
    for (const [input, code] of [
      [{ expectedVersion: 1, name: 'Other' }, 'STALE_VERSION'],
      [{ name: null }, 'REQUIRED'],
      [{ status: null }, 'REQUIRED'],
      [{ isTenantAdministrator: null }, 'REQUIRED'],
      [{ redirectUris: ['https://app.example.org/'] }, 'INVALID'],
    ] as const) {
      expect((await unchanged(() => change(input))).userErrors).toMatchObject([{ code }]);
    }
    const web = await application({ kind: 'WEB', redirectUris: ['https://a.example/'] });
    const empty = await unchanged(() => call(admin, 'applicationUpdate', { id: web.id, redirectUris: [] }, ''));
    expect(empty.payload.userErrors).toMatchObject([{ code: 'REQUIRED', field: ['redirectUris'] }]);
  });

  it('answers a repeated request for a secret the same when that secret has expired meanwhile', async () => {
    const { id } = await application();
    const expiresAt = new Date(gateway.services.clock().getTime() + 60_000).toISOString();
    const add = async () =>
      (
        await call(
          admin,
          'applicationSecretCreate',
          { id, expiresAt, idempotencyKey: 'secret-over' },
          'secret applicationSecret { id }',
        )
      ).payload;
    const first = await add();
    gateway.advance(120_000);
    const again = await unchanged(add);
    gateway.advance(-120_000);
    expect(again).toEqual({ ...first, secret: null });
  });

  it('has several secrets at once, at most five, each until it expires or is deleted', async () => {
    const made = await application();
    const add = async (input: object = {}) =>
      (
        await call(
          admin,
          'applicationSecretCreate',
          { id: made.id, ...input },
          'secret applicationSecret { id hint expiresAt } application { secrets { id } }',
        )
      ).payload;
    const expiresAt = new Date(gateway.services.clock().getTime() + HOUR).toISOString();
    const expiring = await add({ expiresAt });
    expect(expiring.applicationSecret.hint).toBe(expiring.secret.slice(-4));
    // Zeros at the end of a fraction are not shown.
    expect(new Date(expiring.applicationSecret.expiresAt).toISOString()).toBe(expiresAt);
    const once = await add({ idempotencyKey: 'secret-once' });
    const again = await unchanged(() => add({ idempotencyKey: 'secret-once' }));
    expect([again.applicationSecret.id, again.secret]).toEqual([once.applicationSecret.id, null]);
    for (const secret of [made.secret, expiring.secret, once.secret]) expect(await verify(made.id, secret)).toBe(true);
    const past = new Date(gateway.services.clock().getTime() - 1).toISOString();
    expect((await unchanged(() => add({ expiresAt: past }))).userErrors).toMatchObject([
      { code: 'INVALID', field: ['expiresAt'] },
    ]);

    await add();
    await add();
    expect((await unchanged(() => add())).userErrors).toMatchObject([{ code: 'INVALID', field: ['id'] }]);

    const { result: deleted, events } = await eventsOf(gateway, () =>
      call(
        admin,
        'applicationSecretDelete',
        { id: once.applicationSecret.id },
        'deletedId application { id secrets { id } }',
      ),
    );
    expect(deleted.payload).toMatchObject({ deletedId: once.applicationSecret.id, application: { id: made.id } });
    expect(deleted.payload.application.secrets).toHaveLength(4);
    expect(events).toMatchObject([{ type: 'application.secret_deleted', before: { hint: once.secret.slice(-4) } }]);
    expect(await verify(made.id, once.secret)).toBe(false);
    const later = new Date(gateway.services.clock().getTime() + HOUR);
    expect(await verify(made.id, expiring.secret, later)).toBe(false);
    expect(await verify(made.id, made.secret, later)).toBe(true);
  });

  it('loses what has expired when it is given another secret', async () => {
    const made = await application();
    const expiresAt = new Date(gateway.services.clock().getTime() + 60_000).toISOString();
    const add = async (input: object = {}) =>
      (await call(admin, 'applicationSecretCreate', { id: made.id, ...input }, 'application { secrets { id } }'))
        .payload;
    for (let number = 0; number < 4; number++) await add({ expiresAt });
    expect((await add()).userErrors).toHaveLength(1);
    gateway.advance(61_000);
    const { result, events } = await eventsOf(gateway, () => add());
    expect(result.application.secrets).toHaveLength(2);
    expect(events.map(({ type }) => type)).toEqual([
      ...Array.from({ length: 4 }, () => 'application.secret_deleted'),
      'application.secret_created',
    ]);
  });

  it('does not lose count when secrets are made at once', async () => {
    const made = await application();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call(admin, 'applicationSecretCreate', { id: made.id }, 'secret')),
    );
    expect(answers.filter(({ payload }) => payload.secret !== null)).toHaveLength(4);
  });

  it('is deleted with its secrets, and every organization that it was in is told once', async () => {
    const made = await application();
    const organizations = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
    const robot = await role();
    for (const { id } of organizations) {
      const input = { organizationId: `org_${id}`, applicationIds: [made.id], roleIds: [robot.id] };
      await call(admin, 'organizationApplicationsAdd', input, '');
    }
    const { result, events } = await eventsOf(gateway, () =>
      call(admin, 'applicationDelete', { id: made.id, expectedVersion: 1 }, 'deletedId'),
    );
    expect(result.payload).toEqual({ deletedId: made.id, userErrors: [] });
    expect(events.map(({ type, organization_id, before }) => [type, organization_id, before!.roles])).toEqual([
      ...organizations.map(({ id }) => ['organization.application_removed', id, [robot.name]]),
      ['application.deleted', null, undefined],
    ]);
    expect(await verify(made.id, made.secret)).toBe(false);
    expect((await call(admin, 'applicationDelete', { id: made.id }, '')).errors?.[0]?.extensions.code).toBe(
      'NOT_FOUND',
    );
  });

  it('is listed and searched, for administrators of the tenant', async () => {
    const word = `Listed${++serial}`;
    const machine = await application({ name: `${word} machine` });
    const web = await application({
      name: 'Web',
      description: word,
      kind: 'WEB',
      redirectUris: ['https://a.example/'],
    });
    const list = `query ($filter: ApplicationFilterInput) { applications(filter: $filter) { totalCount nodes { id } } }`;
    const search = word.toLowerCase();
    for (const [filter, ids] of [
      [{ search }, [machine.id, web.id]],
      [{ search, kind: 'WEB' }, [web.id]],
      [{ search, status: 'DISABLED' }, []],
    ] as const) {
      const { data } = await gateway.graphql(admin, list, { filter });
      expect(data.applications).toEqual({ totalCount: ids.length, nodes: ids.map((id) => ({ id })) });
    }
  });

  it('is nobody else’s to list, make or change', async () => {
    const { browser, userId } = await gateway.signedInUser();
    const organization = await makeOrganization(gateway.tenant);
    await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: ['administrator'] });
    const made = await application();
    const [secret] = made.secrets;
    for (const [name, input] of [
      ['applicationCreate', { name: 'x', kind: 'MACHINE' }],
      ['applicationUpdate', { id: made.id, name: 'x' }],
      ['applicationDelete', { id: made.id }],
      ['applicationSecretCreate', { id: made.id }],
      ['applicationSecretDelete', { id: secret.id }],
      ['organizationApplicationsAdd', { organizationId: `org_${organization.id}`, applicationIds: [made.id] }],
      ['organizationApplicationsReplace', { organizationId: `org_${organization.id}`, applicationIds: [made.id] }],
    ] as const) {
      for (const [who, code] of [
        [browser, 'FORBIDDEN'],
        [null, 'UNAUTHENTICATED'],
      ] as const) {
        const { errors, data, text } = await unchanged(() => call(who, name, input, ''));
        expect([name, errors?.[0]?.extensions.code, data?.[name] ?? null]).toEqual([name, code, null]);
        expect(text).not.toContain(made.name);
      }
    }
    const look = `query ($id: ID!, $secret: ID!) { application(id: $id) { id } a: node(id: $id) { id } b: node(id: $secret) { id } }`;
    const hidden = await gateway.graphql(browser, look, { id: made.id, secret: secret.id });
    expect(hidden.data).toEqual({ application: null, a: null, b: null });
    const listed = await gateway.graphql(browser, '{ applications { nodes { id } } }');
    expect(listed.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('verifyApplicationSecret', () => {
  it('takes nothing but a valid secret of that application in that tenant', async () => {
    const [one, other] = [await application(), await application()];
    const tenant = await seedTenant(gateway.database, `other-${++serial}`);
    const at = gateway.services.clock();
    const check = (tenantId: string, id: string, secret: string) =>
      verifyApplicationSecret(gateway.database, tenantId, id, secret, at);
    expect(await check(gateway.tenant.id, one.id.slice(4), other.secret)).toBe(false);
    expect(await check(gateway.tenant.id, one.id.slice(4), '')).toBe(false);
    expect(await check(gateway.tenant.id, one.id.slice(4), `${one.secret}x`)).toBe(false);
    expect(await check(tenant.id, one.id.slice(4), one.secret)).toBe(false);
    expect(await check(gateway.tenant.id, v7(), one.secret)).toBe(false);
    expect(await check(gateway.tenant.id, 'app', one.secret)).toBe(false);
    expect(await check(gateway.tenant.id, one.id.slice(4), one.secret)).toBe(true);
  });

  it('notes when a secret last served, once a minute at most', async () => {
    const made = await application();
    const lastUse = async () =>
      (
        await gateway.rows(
          'select last_used_at from application_secrets where tenant_id = $1 and application_id = $2',
          [made.id.slice(4)],
        )
      )[0]!.last_used_at;
    const first = new Date('2026-05-01T10:00:00.000Z');
    const soon = new Date('2026-05-01T10:00:59.000Z');
    const later = new Date('2026-05-01T10:01:01.000Z');
    expect(await lastUse()).toBeNull();
    for (const [at, noted] of [
      [first, first],
      [soon, first],
      [later, later],
    ] as const) {
      await verify(made.id, made.secret, at);
      expect(new Date(await lastUse())).toEqual(noted);
    }
    await verify(made.id, 'wrong', new Date('2026-05-01T11:00:00.000Z'));
    expect(new Date(await lastUse())).toEqual(later);
  });
});
