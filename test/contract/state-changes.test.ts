import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runSql, transact } from '../../src/database/transact.js';
import { appointTenantAdministrator } from '../../src/users/appoint-tenant-administrator.js';
import { seedDemo } from '../../src/demo/seed.js';
import { ActorKind, CompletionPolicy, UserStatus } from '../../src/entities/enums.js';
import { recordEvents } from '../../src/events/record.js';
import { buildSchema } from '../../src/resolvers/build-schema.js';
import { createWorld, type World } from '../security/matrix-world.js';
import type { Browser } from '../support/browser.js';
import { makeUser } from '../support/factories.js';
import { comeIn, nextSiret, uuidOf } from '../support/sign-in.js';
import { makePipeline, makeSignInSource, reachSource, waitingForSource } from '../support/sources/sign-in.js';
import { OTHER_TABLES, STATE_TABLES, tablesOf, watch } from '../support/told-changes.js';
import { casesOf, TELLING_ALONE, CHANGING_NOTHING, KNOWN_MUTATIONS, newcomer, type Prepared } from './state-calls.js';

/*
 * Nothing changes state without an event: every mutation, and signing in and out by browser, is run in a way that
 * changes something, and each row that changed must be told by an event that was written with it.
 */

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.gateway.configure({ completion: CompletionPolicy.FIRST_MEMBER_ONCE });
});
afterAll(() => world.gateway.close());

const mutations = Object.values(buildSchema().getMutationType()!.getFields());

async function call(name: string, { input, browser }: Prepared) {
  const field = mutations.find((mutation) => mutation.name === name)!;
  const caller = browser === undefined ? world.browsers.tenantAdministrator : browser;
  const type = field.args.find((argument) => argument.name === 'input')?.type;
  const answer = '{ userErrors { code message } }';
  // A few have nothing to be told.
  if (!type) return world.gateway.graphql(caller, `mutation { asked: ${name} ${answer} }`);
  const query = `mutation ($input: ${String(type)}) { asked: ${name}(input: $input) ${answer} }`;
  return world.gateway.graphql(caller, query, { input });
}

it('every table either holds state or has its reason', async () => {
  const known = [...Object.keys(STATE_TABLES), ...Object.keys(OTHER_TABLES)];
  expect(await tablesOf(world.gateway)).toEqual(known.sort());
});

it('a change that nobody tells is found, of a row and of a property', async () => {
  const { gateway } = world;
  const made = await watch(gateway, () => makeUser(gateway.tenant));
  expect(made.untold).toEqual([`users ${made.result.id} was made`]);
  const edited = await watch(gateway, () =>
    transact(gateway.database, gateway.tenant.id, async (manager) => {
      await runSql(manager, 'update users set family_name = $1 where id = $2', ['Untold', made.result.id]);
      const about = { userId: made.result.id, objectId: made.result.id };
      const [before, after] = [{ givenName: 'Told' }, { givenName: 'Told' }];
      const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'test' };
      await recordEvents(manager, { tenantId: gateway.tenant.id, at: new Date(), actor }, [
        { type: 'user.updated', ...about, before, after },
      ]);
    }),
  );
  expect(edited.untold).toEqual([`users.family_name of ${made.result.id} was edited`]);
});

describe('every mutation tells what it changes, and does nothing the second time', () => {
  const cases = mutations.flatMap(({ name }) =>
    casesOf(name).map((one) => [[name, one.name].filter(Boolean).join(' '), name, one] as const),
  );

  it.each(cases)('%s', async (_title, name, { prepare, repeats }) => {
    const { gateway } = world;
    const prepared = await prepare(world);
    const first = await watch(gateway, () => call(name, prepared));
    expect([first.result.errors, first.result.data.asked.userErrors]).toEqual([undefined, []]);
    expect(first.untold).toEqual([]);
    const isChanging = !(name in CHANGING_NOTHING);
    expect({ changes: first.changed.length > 0, tells: first.events.length > 0 }).toEqual({
      changes: isChanging && !(name in TELLING_ALONE),
      tells: isChanging,
    });
    if (repeats) return;
    const second = await watch(gateway, () => call(name, prepared));
    expect({ changed: second.changed, events: second.events }).toEqual({ changed: [], events: [] });
  });

  it('there is no list of what is gone', () => {
    const names = mutations.map(({ name }) => name);
    expect(KNOWN_MUTATIONS.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('by browser', () => {
  /** Watches what coming back from the provider does. */
  async function arrive(person: Parameters<World['gateway']['reachCallback']>[0], browser?: Browser) {
    const reached = await world.gateway.reachCallback(person, browser);
    return watch(world.gateway, () => reached.browser.get(reached.callback, { follow: false }));
  }

  it('a sign-in at a source tells of the record, the person and the petition', async () => {
    const { gateway } = world;
    const source = await makeSignInSource(gateway, { pipelineId: await makePipeline(gateway) });
    const { browser } = await gateway.signedInUser();
    const id = await waitingForSource(gateway, browser, source.id);
    const there = gateway.addPerson({ id: 'signs-in-at-a-source', claims: { email_verified: true } });
    const callback = await reachSource(gateway, browser, there, { id, sourceId: source.id });
    const { untold, changed } = await watch(gateway, () => browser.get(callback, { follow: false }));
    expect(untold).toEqual([]);
    expect(changed).toEqual(expect.arrayContaining(['source_records', 'users', 'petitions', 'petition_source_checks']));
  });

  it('a first sign-in tells of the user, the identity, the organization, the membership and the session', async () => {
    const { untold, changed, events } = await arrive(newcomer(world));
    expect(untold).toEqual([]);
    expect(changed.sort()).toEqual(
      [
        ...['organizations', 'organization_identifiers', 'users', 'identities'],
        ...['memberships', 'membership_roles', 'sessions'],
      ].sort(),
    );
    expect(events.map(({ type }) => type)).toEqual([
      'organization.created',
      'user.created',
      'identity.linked',
      'membership.added',
      'user.signed_in',
    ]);
  });

  it('a sign-in again tells of the session', async () => {
    const person = newcomer(world);
    await comeIn(world.gateway, person);
    const { untold, changed, events } = await arrive(person);
    expect([untold, changed.sort()]).toEqual([[], ['identities', 'sessions']]);
    expect(events.map(({ type }) => type)).toEqual(['user.signed_in']);
  });

  it("a sign-in with a provider's second factor tells of that, once", async () => {
    const person = newcomer(world);
    person.amr = ['pwd', 'otp'];
    const first = await arrive(person);
    expect(first.untold).toEqual([]);
    expect(first.events.map(({ type }) => type)).toContain('factor.added');
    const { untold, changed, events } = await arrive(person);
    expect([untold, changed.sort()]).toEqual([[], ['identities', 'sessions']]);
    expect(events.map(({ type }) => type)).toEqual(['user.signed_in']);
  });

  it('a sign-in that replaces a session tells of both', async () => {
    const person = newcomer(world);
    const { browser } = await comeIn(world.gateway, person);
    const { untold, events } = await arrive(person, browser);
    expect(untold).toEqual([]);
    expect(events.map(({ type }) => type).sort()).toEqual(['session.ended', 'user.signed_in']);
  });

  it('a sign-in that moves its person, who was the administrator, and changes their profile tells of all of it', async () => {
    const { gateway } = world;
    const person = newcomer(world);
    const { viewer } = await comeIn(gateway, person);
    const organization = uuidOf(viewer.organization!.id);
    await call('memberAppoint', { input: { organizationId: viewer.organization!.id, userId: viewer.user.id } });
    Object.assign(person.claims, { siret: nextSiret(), given_name: 'Changed' });
    const { untold, events } = await arrive(person);
    expect(untold).toEqual([]);
    const types = events.map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['user.updated', 'membership.moved', 'membership.added']));
    expect(events.find(({ type }) => type === 'organization.needs_administrator')!.object_id).toBe(organization);
  });

  it('a refused sign-in tells of the refusal and changes nothing', async () => {
    const { gateway } = world;
    const { person, userId } = await gateway.signedInUser();
    await call('userSuspend', { input: { id: `usr_${userId}` } });
    const { changed, events } = await arrive(person);
    expect([changed, events.map(({ type }) => type)]).toEqual([[], ['user.sign_in_refused']]);
  });

  it('a logout tells of the session, and nobody signed in has none', async () => {
    const { gateway } = world;
    const { browser } = await gateway.signedInUser();
    const logOut = () => watch(gateway, () => browser.get(`${gateway.url}/auth/logout`, { follow: false }));
    const first = await logOut();
    expect([first.untold, first.changed, first.events.map(({ type }) => type)]).toEqual([
      [],
      ['sessions'],
      ['session.ended'],
    ]);
    const second = await logOut();
    expect([second.changed, second.events]).toEqual([[], []]);
  });
});

describe('by the command line', () => {
  it('appointing an administrator of the tenant', async () => {
    const { services, tenant } = world.gateway;
    const context = { ...services, tenant: { ...tenant, publicUrl: world.gateway.url }, viewer: null };
    const known = await makeUser(tenant, { status: UserStatus.ACTIVE });
    for (const email of ['nobody-yet@example.org', known.email!]) {
      const appoint = () => watch(world.gateway, () => appointTenantAdministrator(context, { email }));
      const { untold, changed } = await appoint();
      expect([untold, changed]).toEqual([[], ['users']]);
      const second = await appoint();
      expect([second.changed, second.events]).toEqual([[], []]);
    }
  });

  it('loading the demonstration, over a connection that is there and over itself', async () => {
    const { services, tenant, provider } = world.gateway;
    const options = { tenantId: tenant.id, issuer: provider.issuer, redirectUris: [] };
    for (const _ of [1, 2]) {
      const { untold, changed } = await watch(world.gateway, () => seedDemo(services, options));
      expect(untold).toEqual([]);
      expect(changed).toContain('memberships');
    }
  });
});
