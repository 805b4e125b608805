import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import {
  AttributeTarget,
  AttributeType,
  ConfirmationMode,
  DuplicateMode,
  FlowAuthorization,
  MatchPolicy,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import {
  actionsOf,
  attribute,
  codesOf,
  command,
  makeFlow,
  PERSON,
  type PetitionAnswer,
  start,
} from '../support/petitions.js';
import { expectUnchanged } from '../support/sign-in.js';
import { watch } from '../support/told-changes.js';

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
let administrator: Browser;
let serial = 0;
beforeAll(async () => {
  server = await startMailServer();
  gateway = await startGateway({
    environment: {
      SMTP_URL: `smtp://127.0.0.1:${server.port}`,
      MAIL_FROM: 'Vestibule <vestibule@example.org>',
      RATE_LIMIT_ENABLED: 'false',
    },
  });
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(async () => {
  await mailPetitions(gateway.services, gateway.tenant.id);
  server.received.length = 0;
});

const ALL = [
  ...PERSON,
  attribute({ key: 'phone', target: AttributeTarget.USER_ATTRIBUTE }),
  attribute({ key: 'badge', type: AttributeType.IDENTIFIER, target: AttributeTarget.USER_IDENTIFIER }),
  attribute({ key: 'cost', target: AttributeTarget.MEMBERSHIP_ATTRIBUTE }),
];
const nextAddress = () => `duplicate-${++serial}@example.org`;
const uuidOf = (id: string) => id.slice(4);
const role = (name: string) => gateway.tenant.roles.get(name)!;
const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

async function write(text: string, ...values: unknown[]) {
  const all = [gateway.tenant.id, ...values];
  await transact(gateway.database, gateway.tenant.id, (manager) => runSql(manager, text, all));
}

async function read<Row = Record<string, any>>(text: string, ...values: unknown[]): Promise<Row> {
  const rows = await gateway.rows<Row>(text, values);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

const userOf = (id: string) => read('select * from users where tenant_id = $1 and id = $2', id);
const petitionOf = ({ petition }: PetitionAnswer) =>
  read('select * from petitions where tenant_id = $1 and id = $2', uuidOf(petition.id));
const countOf = async (table: string) =>
  (await read<{ count: number }>(`select count(*)::int as count from ${table} where tenant_id = $1`)).count;
const usersOf = (address: string) =>
  gateway.rows<{ id: string }>('select id from users where tenant_id = $1 and email_normalized = $2', [address]);

/** Where somebody is a member, with their roles and attributes. */
async function membershipsOf(userId: string) {
  const rows = await gateway.rows<{ organizationId: string; roles: string[]; attributes: object; source: string }>(
    `select m.organization_id as "organizationId", m.attributes, m.source,
       (select coalesce(json_agg(r.name order by r.name), '[]') from membership_roles mr join roles r on r.id = mr.role_id
        where mr.membership_id = m.id) as roles
     from memberships m where m.tenant_id = $1 and m.user_id = $2 order by m.id`,
    [userId],
  );
  return rows;
}

/** All that is kept of a person. */
async function everythingOf(userId: string) {
  const { updated_at: _, version: __, ...user } = await userOf(userId);
  const identifiers = await gateway.rows(
    'select type, value from user_identifiers where tenant_id = $1 and user_id = $2 order by 1, 2',
    [userId],
  );
  return { user, identifiers, memberships: await membershipsOf(userId) };
}

/** A flow into an organization, which everybody may start, and whose people confirm by mail. */
async function place(duplicateMode: DuplicateMode, settings: Partial<FlowSettings> = {}) {
  const organization = await makeOrganization(gateway.tenant);
  const flow = await makeFlow(gateway.tenant, {
    settings: {
      confirmation: ConfirmationMode.REVIEW,
      attributes: ALL,
      roleIds: [role('member')],
      duplicateMode,
      ...settings,
    },
    organizationId: organization.id,
  });
  return { organization, ...flow };
}

/** Somebody who is enrolled: a member of an organization, by default of one of their own. */
async function enrolled(overrides: Parameters<typeof makeUser>[1] = {}, organization?: { id: string }) {
  const person = await gateway.signedInUser({
    email: nextAddress(),
    givenName: 'Ada',
    familyName: 'Lovelace',
    ...overrides,
  });
  const home = organization ?? (await makeOrganization(gateway.tenant));
  await makeMembership(gateway.tenant, { user: { id: person.userId }, organization: home });
  const { email } = await userOf(person.userId);
  return { ...person, home, email: email as string };
}

const given = (email: string) => ({ email, givenName: 'Augusta', familyName: 'King', phone: '0102', cost: 'C-9' });

/** Starts a petition, gives its attributes, and gives the token of the link that was mailed. */
async function waiting(flowId: string, attributes: { email: string }, browser: Browser | null = null) {
  const started = await start(gateway, browser, flowId);
  const { id } = started.petition;
  const submitted = await command(gateway, browser, 'petitionSubmitAttributes', { id, attributes }, started.token);
  expect([codesOf(submitted), submitted.petition.status]).toEqual([[], 'PENDING_CONFIRMATION']);
  return { id, submitted, petitionToken: started.token, token: await mailedTo(attributes.email) };
}

async function mailedTo(address: string): Promise<string> {
  await mailPetitions(gateway.services, gateway.tenant.id);
  const { text } = decodeMail(server.received.filter(({ to }) => to.includes(address)).at(-1)!.raw);
  return new URLSearchParams(new URL(/https?:\/\/\S+/.exec(text)![0]).hash.slice(1)).get('token')!;
}

const confirm = (token: string, browser: Browser | null = null) =>
  command(gateway, browser, 'petitionConfirm', { token });

/** A whole petition of somebody: by the account that they sign in with, or by the address that they prove. */
async function enroll(
  way: 'LOGIN' | 'ADDRESS',
  flowId: string,
  person: { browser: Browser; email: string },
  more = {},
) {
  const address = way === 'LOGIN' ? nextAddress() : person.email;
  const { token } = await waiting(flowId, { ...given(address), ...more });
  return { address, ...(await watch(gateway, () => confirm(token, way === 'LOGIN' ? person.browser : null))) };
}

const WAYS = [
  ['LOGIN', { requiresAuthentication: true }],
  ['ADDRESS', {}],
] as const;

describe('a newcomer', () => {
  it('[ENR-26] has the login that they confirm with attached, and nobody else is made', async () => {
    const { globalId, organization } = await place(DuplicateMode.FLAG, { requiresAuthentication: true });
    const { browser, userId } = await gateway.signedInUser();
    const address = nextAddress();
    const { id, token, petitionToken } = await waiting(globalId, given(address));
    const users = await countOf('users');
    const { result, untold } = await watch(gateway, () => confirm(token, browser));
    expect([codesOf(result), result.petition.status, untold]).toEqual([[], 'FINALIZED', []]);
    expect(actionsOf(result)).toEqual(expect.arrayContaining(['IDENTIFIER_AUTHENTICATED', 'IDENTITY_LINKED']));
    expect(await petitionOf(result)).toMatchObject({ enrollee_user_id: userId });
    expect([await countOf('users'), result.token]).toEqual([users, null]);
    expect(await userOf(userId)).toMatchObject({ given_name: 'Augusta', email: address, is_email_verified: true });
    expect(await membershipsOf(userId)).toMatchObject([
      { organizationId: organization.id, roles: ['member'], source: 'ENROLLMENT', attributes: { cost: 'C-9' } },
    ]);
    // Whoever held the token of the petition does so no more.
    const seen = await gateway.graphql(
      null,
      `{ petition(id: "${id}") { id } }`,
      {},
      { 'vestibule-petition-token': petitionToken! },
    );
    expect(seen.data.petition).toBeNull();
  });

  it('[ENR-26] has the account attached whose address they prove, where it is in no organization', async () => {
    const { globalId, organization } = await place(DuplicateMode.FLAG);
    const person = await gateway.signedInUser({ email: nextAddress() });
    const { email } = await userOf(person.userId);
    const { result } = await enroll('ADDRESS', globalId, { ...person, email });
    expect(result.petition.status).toBe('FINALIZED');
    expect(await usersOf(email)).toEqual([{ id: person.userId }]);
    expect(await membershipsOf(person.userId)).toMatchObject([{ organizationId: organization.id }]);
  });

  it('who proves the same address by signing in, while it is decided about them, is enrolled as that account', async () => {
    const { globalId } = await place(DuplicateMode.FLAG, { requiresApproval: true });
    const { id, token, submitted } = await waiting(globalId, given(nextAddress()));
    await confirm(token);
    const { email } = submitted.petition;
    const arrived = await makeUser(gateway.tenant, { email });
    const done = await command(gateway, administrator, 'petitionApprove', { id });
    expect(done.petition.status).toBe('FINALIZED');
    expect(await usersOf(email)).toEqual([{ id: arrived.id }]);
    expect(await petitionOf(done)).toMatchObject({ enrollee_user_id: arrived.id });
  });
});

describe('somebody who is enrolled', () => {
  it.each(WAYS)(
    '[ENR-27] is a duplicate of a flow in mode FLAG, which is locked then: by %s',
    async (way, settings) => {
      const { globalId } = await place(DuplicateMode.FLAG, settings);
      const person = await enrolled();
      const before = await everythingOf(person.userId);
      const users = await countOf('users');
      const { result, events } = await enroll(way, globalId, person);
      expect(result.petition).toMatchObject({ status: 'DUPLICATE', step: 'DONE', nextActions: [] });
      expect(typesOf(events)).toContain('petition.flagged_duplicate');
      expect([await everythingOf(person.userId), await countOf('users')]).toEqual([before, users]);
      for (const name of [
        'petitionContinue',
        'petitionCancel',
        'petitionFlagDuplicate',
        'petitionComment',
        'petitionApprove',
      ]) {
        const more = name === 'petitionComment' ? { text: 'More' } : {};
        const refused = await expectUnchanged(gateway, () =>
          command(gateway, administrator, name, { id: result.petition.id, ...more }).catch(
            (error: Error) => error.message,
          ),
        );
        if (typeof refused === 'string') expect(refused).toContain('FORBIDDEN');
        else expect([['PETITION_FINISHED'], ['PETITION_ALREADY_DECIDED']]).toContainEqual(codesOf(refused));
      }
    },
  );

  it.each(WAYS)('[ENR-28] is merged: one person, nothing doubled, one name: by %s', async (way, settings) => {
    const { globalId, organization } = await place(DuplicateMode.MERGE, settings);
    const person = await enrolled({ familyName: null });
    const users = await countOf('users');
    const { result, untold, address } = await enroll(way, globalId, person);
    expect([codesOf(result), result.petition.status, untold]).toEqual([[], 'FINALIZED', []]);
    expect(actionsOf(result)).toEqual(expect.arrayContaining(['IDENTITY_RELINKED', 'MERGED']));
    expect([await countOf('users'), await usersOf(person.email)]).toEqual([users, [{ id: person.userId }]]);
    if (way === 'LOGIN') expect(await usersOf(address)).toEqual([]);
    expect(await userOf(person.userId)).toMatchObject({
      email: person.email,
      given_name: 'Ada',
      family_name: 'King',
      attributes: { phone: '0102' },
    });
    expect(await membershipsOf(person.userId)).toMatchObject([
      { organizationId: person.home.id },
      { organizationId: organization.id, roles: ['member'], attributes: { cost: 'C-9' }, source: 'ENROLLMENT' },
    ]);
  });

  it.each(WAYS)(
    '[ENR-29] gets, in mode NEW_ROLE, the membership alone, and nobody is made: by %s',
    async (way, settings) => {
      const { globalId, organization } = await place(DuplicateMode.NEW_ROLE, settings);
      const person = await enrolled();
      const before = await userOf(person.userId);
      const users = await countOf('users');
      const { result, untold } = await enroll(way, globalId, person);
      expect([codesOf(result), result.petition.status, untold]).toEqual([[], 'FINALIZED', []]);
      expect([await userOf(person.userId), await countOf('users')]).toEqual([before, users]);
      expect(await membershipsOf(person.userId)).toMatchObject([
        { organizationId: person.home.id },
        { organizationId: organization.id, roles: ['member'], attributes: { cost: 'C-9' } },
      ]);
    },
  );

  it('[ENR-29] gets the roles beside those that they have, where they are a member already', async () => {
    const { globalId, organization } = await place(DuplicateMode.NEW_ROLE, { roleIds: [role('administrator')] });
    const person = await enrolled({}, organization);
    const { result, events } = await enroll('ADDRESS', globalId, person);
    expect(result.petition.status).toBe('FINALIZED');
    expect(await membershipsOf(person.userId)).toMatchObject([{ roles: ['administrator', 'member'], source: 'ADMIN' }]);
    expect(typesOf(events)).toContain('membership.roles_changed');
  });

  it.each(WAYS)(
    '[ENR-30] is a duplicate where they are a member of that organization, and otherwise is not: by %s',
    async (way, settings) => {
      const { globalId, organization } = await place(DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION, settings);
      const member = await enrolled({}, organization);
      const before = await everythingOf(member.userId);
      expect((await enroll(way, globalId, member)).result.petition.status).toBe('DUPLICATE');
      expect(await everythingOf(member.userId)).toEqual(before);

      const elsewhere = await enrolled();
      expect((await enroll(way, globalId, elsewhere)).result.petition.status).toBe('FINALIZED');
      expect(await membershipsOf(elsewhere.userId)).toMatchObject([{}, { organizationId: organization.id }]);

      // Who was a member once, and is none any more, gets the membership anew.
      const former = await enrolled();
      await makeMembership(gateway.tenant, { user: { id: former.userId }, organization });
      await write(
        'delete from memberships where tenant_id = $1 and user_id = $2 and organization_id = $3',
        former.userId,
        organization.id,
      );
      expect((await enroll(way, globalId, former)).result.petition.status).toBe('FINALIZED');
      expect(await membershipsOf(former.userId)).toMatchObject([{}, { organizationId: organization.id }]);
    },
  );

  it('is not taken for who was chosen: somebody else who confirms leaves it to an administrator', async () => {
    const { globalId } = await place(DuplicateMode.MERGE, {
      authorization: FlowAuthorization.TENANT_ADMINISTRATOR,
      match: MatchPolicy.SELECT,
      requiresAuthentication: true,
    });
    const [chosen, other] = [await enrolled(), await enrolled()];
    const started = await start(gateway, administrator, globalId);
    await command(gateway, administrator, 'petitionSelectEnrollee', {
      id: started.petition.id,
      enrolleeId: `usr_${chosen.userId}`,
    });
    const address = nextAddress();
    await command(gateway, administrator, 'petitionSubmitAttributes', {
      id: started.petition.id,
      attributes: given(address),
    });
    const token = await mailedTo(address);
    const refused = await expectUnchanged(gateway, () => confirm(token, other.browser));
    expect(codesOf(refused)).toEqual(['MANUAL_ACTION_NEEDED']);
    expect(refused.petition).toBeNull();
    const done = await confirm(token, chosen.browser);
    expect(done.petition.status).toBe('FINALIZED');
    expect(await userOf(chosen.userId)).toMatchObject({ email: address, is_email_verified: true });
  });
});

describe('an address that is not proven', () => {
  it.each(Object.values(DuplicateMode))(
    'recognizes nobody in mode %s: who only says they have it gets nothing',
    async (mode) => {
      const { globalId, organization } = await place(mode);
      const squatter = await enrolled({ isEmailVerified: false });
      const before = await everythingOf(squatter.userId);
      const { token } = await waiting(globalId, given(squatter.email));
      const failed = await confirm(token);
      expect(codesOf(failed)).toEqual(['TAKEN']);
      expect(failed.petition).toMatchObject({ status: 'CONFIRMED', step: 'FINALIZE' });
      expect(await petitionOf(failed)).toMatchObject({ enrollee_user_id: null });
      expect(await everythingOf(squatter.userId)).toEqual(before);
      // Once it is settled whose address it is, the petition goes on for the person who has proven it.
      await write(
        'update users set email = null, email_normalized = null where tenant_id = $1 and id = $2',
        squatter.userId,
      );
      const done = await command(gateway, administrator, 'petitionContinue', { id: failed.petition.id });
      expect(done.petition.status).toBe('FINALIZED');
      const [made] = await usersOf(squatter.email);
      expect(await membershipsOf(made!.id)).toMatchObject([{ organizationId: organization.id }]);
      expect(made!.id).not.toBe(squatter.userId);
    },
  );

  it('tells nobody whether somebody has it', async () => {
    const { globalId } = await place(DuplicateMode.FLAG);
    const person = await enrolled();
    const shapes = [];
    for (const address of [person.email, nextAddress()]) {
      const { submitted } = await waiting(globalId, given(address));
      const { petition, userErrors } = submitted;
      shapes.push({ ...petition, id: null, email: null, attributes: null, userErrors });
    }
    expect(shapes[0]).toEqual(shapes[1]);
  });

  it('is not proven for an account by somebody who has not signed in with it', async () => {
    const settings = {
      authorization: FlowAuthorization.TENANT_ADMINISTRATOR,
      match: MatchPolicy.SELECT,
      attributes: [],
    };
    const verified = async (person: { id: string; email: string }, browser: Browser | null) => {
      const { globalId } = await place(DuplicateMode.FLAG, settings);
      const started = await start(gateway, administrator, globalId);
      await command(gateway, administrator, 'petitionSelectEnrollee', {
        id: started.petition.id,
        enrolleeId: `usr_${person.id}`,
      });
      const token = await mailedTo(person.email);
      const { result, untold, events } = await watch(gateway, () => confirm(token, browser));
      expect([codesOf(result), result.petition.status, untold]).toEqual([[], 'FINALIZED', []]);
      const isTold = events.some(({ type, after }) => type === 'user.updated' && after?.isEmailVerified === true);
      expect((await userOf(person.id)).is_email_verified).toBe(isTold);
      return isTold;
    };
    const unproven = { isEmailVerified: false };
    const [one, two, stranger] = [await enrolled(unproven), await enrolled(unproven), await enrolled()];
    expect(await verified({ ...one, id: one.userId }, one.browser)).toBe(true);
    expect(await verified({ ...two, id: two.userId }, null)).toBe(false);
    expect(await verified({ ...two, id: two.userId }, stranger.browser)).toBe(false);
    const entered = await makeUser(gateway.tenant, { email: nextAddress(), ...unproven });
    expect(await verified({ id: entered.id, email: entered.email! }, null)).toBe(true);
  });
});

/** Flows that organizations make for themselves reach no further than their administrators do elsewhere (docs/members.md). */
describe('somebody of another organization', () => {
  /** Who administers the organization of a flow that only they start. */
  async function administered(settings: Partial<FlowSettings>) {
    const { globalId, organization } = await place(DuplicateMode.MERGE, {
      authorization: FlowAuthorization.ORGANIZATION_ADMINISTRATOR,
      confirmation: ConfirmationMode.NONE,
      ...settings,
    });
    const admin = await gateway.signedInUser();
    const user = { id: admin.userId };
    await makeMembership(gateway.tenant, { user, organization, roles: ['member', 'administrator'] });
    return { globalId, organization, ...admin };
  }
  const search = async (browser: Browser, id: string, text: string) => {
    const query = 'query ($id: ID!, $text: String!) { petition(id: $id) { people(search: $text) { id } } }';
    const { data } = await gateway.graphql(browser, query, { id, text });
    return data.petition.people.map((found: { id: string }) => uuidOf(found.id));
  };

  it('is not found, nor chosen, in the flow of an organization: its own people are', async () => {
    const { globalId, organization, browser } = await administered({ match: MatchPolicy.SELECT, attributes: [] });
    const name = { familyName: `Reach${++serial}` };
    const [stranger, own] = [await enrolled(name), await enrolled(name, organization)];
    const { id } = (await start(gateway, browser, globalId)).petition;
    expect(await search(browser, id, name.familyName)).toEqual([own.userId]);
    expect(await search(browser, id, stranger.email)).toEqual([]);
    expect(await search(browser, id, own.email)).toEqual([own.userId]);
    const pick = (userId: string) =>
      command(gateway, browser, 'petitionSelectEnrollee', { id, enrolleeId: `usr_${userId}` });
    const refused = await expectUnchanged(gateway, () => pick(stranger.userId));
    expect(codesOf(refused)).toEqual(['NOT_FOUND']);
    expect((await pick(own.userId)).petition.status).toBe('FINALIZED');
  });

  it('is not vouched for by administrators of an organization: whoever knows an address enrolls nobody by it', async () => {
    for (const settings of [{}, { duplicateMode: DuplicateMode.NEW_ROLE }, { requiresApproval: true }]) {
      const { globalId, organization, browser } = await administered(settings);
      const submit = async (address: string) => {
        const { id } = (await start(gateway, browser, globalId)).petition;
        return command(gateway, browser, 'petitionSubmitAttributes', { id, attributes: given(address) });
      };
      const [stranger, own] = [await enrolled(), await enrolled({}, organization)];
      const newcomer = await gateway.signedInUser({ email: nextAddress() });
      for (const { userId } of [stranger, newcomer]) {
        const before = await everythingOf(userId);
        const { petition } = await submit((await userOf(userId)).email);
        expect(petition.status).toBe('DUPLICATE');
        expect(await petitionOf({ petition } as PetitionAnswer)).toMatchObject({ enrollee_user_id: null });
        expect(await everythingOf(userId)).toEqual(before);
      }
      expect((await submit(own.email)).petition.status).not.toBe('DUPLICATE');
    }
  });
});

it('an account that nobody can sign in to is not taken over by who chooses it and proves an address of their own', async () => {
  const organization = await makeOrganization(gateway.tenant);
  const { globalId } = await makeFlow(gateway.tenant, {
    settings: {
      authorization: FlowAuthorization.TENANT_MEMBER,
      match: MatchPolicy.SELECT,
      letsPetitionersFindPeople: true,
      confirmation: ConfirmationMode.REVIEW,
      attributes: [PERSON[0]!],
      organizationIds: [organization.id],
    },
  });
  const provisioned = await makeUser(gateway.tenant, { email: nextAddress() });
  const { browser } = await enrolled();
  const { id } = (await start(gateway, browser, globalId)).petition;
  await command(gateway, browser, 'petitionSelectEnrollee', { id, enrolleeId: `usr_${provisioned.id}` });
  const address = nextAddress();
  await command(gateway, browser, 'petitionSubmitAttributes', { id, attributes: { email: address } });
  const token = await mailedTo(address);
  expect((await confirm(token)).petition.status).toBe('FINALIZED');
  expect((await userOf(provisioned.id)).email).toBe(provisioned.email);
  expect(await usersOf(address)).toEqual([]);
});

describe('a merge', () => {
  const PREVIEW = `mergePreview { isNewMember roles assignedIdentifierTypes
    changes { key target name given before after action } } merge { mergedAt undoableUntil undoneAt isUndoable }`;
  const look = (browser: Browser | null, id: string, headers = {}) =>
    gateway.graphql(browser, `{ petition(id: "${id}") { status ${PREVIEW} } }`, {}, headers);

  async function undo(browser: Browser | null, id: string) {
    const answer = await gateway.graphql(
      browser,
      `mutation ($input: PetitionUndoMergeInput!) { answer: petitionUndoMerge(input: $input) {
        petition { id status merge { undoneAt isUndoable } history(first: 100) { nodes { action party comment } } }
        left { part name } userErrors { code message field } } }`,
      { input: { id } },
    );
    return { ...(answer.data?.answer ?? {}), errors: answer.errors };
  }

  /** A petition that is to be merged into somebody, and waits for its approval. */
  async function pending(settings: Partial<FlowSettings> = {}, overrides: Parameters<typeof makeUser>[1] = {}) {
    const made = await place(DuplicateMode.MERGE, { requiresApproval: true, ...settings });
    const person = await enrolled({ familyName: null, ...overrides });
    const badge = `badge-${++serial}`;
    const { result } = await enroll('ADDRESS', made.globalId, person, { badge });
    expect(result.petition.status).toBe('PENDING_APPROVAL');
    const flowUuid = made.globalId.slice(4);
    return { ...made, flowUuid, person, badge, id: result.petition.id as string, token: result.token };
  }
  const approve = (id: string) => command(gateway, administrator, 'petitionApprove', { id });

  async function merged(settings: Partial<FlowSettings> = {}, overrides: Parameters<typeof makeUser>[1] = {}) {
    const made = await pending(settings, overrides);
    const before = await everythingOf(made.person.userId);
    const done = await approve(made.id);
    expect([codesOf(done), done.petition.status]).toEqual([[], 'FINALIZED']);
    return { ...made, before };
  }

  it('is previewed value by value, and does what the preview said', async () => {
    const assignedIdentifiers = [{ type: `staff-${++serial}`, format: 'M{number}' }];
    const { person, id, badge, organization, token } = await pending({ assignedIdentifiers });
    const before = await everythingOf(person.userId);
    const { data } = await look(administrator, id);
    const { changes, ...preview } = data.petition.mergePreview;
    expect(preview).toEqual({
      isNewMember: true,
      roles: ['member'],
      assignedIdentifierTypes: [assignedIdentifiers[0]!.type],
    });
    const brief = changes.map((change: any) => [change.key, change.before, change.given, change.after, change.action]);
    expect(brief).toEqual([
      ['email', person.email, person.email, person.email, 'SAME'],
      ['givenName', 'Ada', 'Augusta', 'Ada', 'KEPT'],
      ['familyName', null, 'King', 'King', 'FILLED'],
      ['phone', null, '0102', '0102', 'FILLED'],
      ['badge', null, badge, badge, 'FILLED'],
      ['cost', null, 'C-9', 'C-9', 'FILLED'],
    ]);
    expect(await everythingOf(person.userId)).toEqual(before);

    // It is for who decides and who administers: not for the enrollee, who has the token.
    const asked = await look(null, id, { 'vestibule-petition-token': token! });
    expect(asked.errors!.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    expect(asked.text).not.toContain('King');
    const own = await look(person.browser, id);
    expect(own.errors!.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);

    const done = await approve(id);
    expect(done.petition.status).toBe('FINALIZED');
    const now = await everythingOf(person.userId);
    const value = (key: string) => changes.find((change: any) => change.key === key).after;
    expect(now.user).toMatchObject({
      email: value('email'),
      given_name: value('givenName'),
      family_name: value('familyName'),
      attributes: { phone: value('phone') },
    });
    expect(now.identifiers).toEqual([
      { type: 'badge', value: value('badge') },
      { type: assignedIdentifiers[0]!.type, value: 'M1' },
    ]);
    expect(now.memberships.at(-1)).toMatchObject({
      organizationId: organization.id,
      roles: ['member'],
      attributes: { cost: value('cost') },
    });
    const after = await look(administrator, id);
    expect(after.data.petition).toMatchObject({ mergePreview: null, merge: { undoneAt: null, isUndoable: true } });
    const { mergedAt, undoableUntil } = after.data.petition.merge;
    expect(Date.parse(undoableUntil) - Date.parse(mergedAt)).toBe(30 * 24 * 60 * 60_000);
  });

  it('of another petition is nothing', async () => {
    const { globalId } = await place(DuplicateMode.MERGE, { requiresApproval: true });
    const { id, token } = await waiting(globalId, given(nextAddress()));
    await confirm(token);
    expect((await look(administrator, id)).data.petition).toMatchObject({ mergePreview: null, merge: null });
    const refused = await expectUnchanged(gateway, () => undo(administrator, id));
    expect(refused.userErrors).toMatchObject([{ code: 'WRONG_STATUS', field: ['id'] }]);
  });

  it('can be undone once: the person is as before, and each change is told', async () => {
    const assignedIdentifiers = [{ type: `staff-${++serial}`, format: 'M{number}' }];
    const { id, person, before } = await merged({ assignedIdentifiers });
    const { result, untold, events } = await watch(gateway, () => undo(administrator, id));
    expect([result.errors, result.userErrors, result.left]).toEqual([undefined, [], []]);
    expect(result.petition).toMatchObject({ status: 'FINALIZED', merge: { isUndoable: false } });
    expect(result.petition.history.nodes.at(-1)).toEqual({
      action: 'MERGE_UNDONE',
      party: 'ADMINISTRATOR',
      comment: null,
    });
    expect(await everythingOf(person.userId)).toEqual(before);
    expect(untold).toEqual([]);
    expect(typesOf(events)).toEqual(['user.updated', 'membership.removed', 'petition.advanced']);
    const again = await expectUnchanged(gateway, () => undo(administrator, id));
    expect(again.userErrors).toMatchObject([{ code: 'WRONG_STATUS', message: expect.stringContaining('already') }]);
  });

  it('of somebody who was pending makes them wait again, and ends their sessions', async () => {
    const made = await pending();
    // A flow of the tenant: an organization's lets nobody in who waits for approval.
    await write('update enrollment_flows set organization_id = null where tenant_id = $1 and id = $2', made.flowUuid);
    await write(`update users set status = 'PENDING' where tenant_id = $1 and id = $2`, made.person.userId);
    const before = await everythingOf(made.person.userId);
    expect((await approve(made.id)).petition.status).toBe('FINALIZED');
    expect((await userOf(made.person.userId)).status).toBe('ACTIVE');
    const { result, untold, events } = await watch(gateway, () => undo(administrator, made.id));
    expect([result.userErrors, result.left, untold]).toEqual([[], [], []]);
    expect(await everythingOf(made.person.userId)).toEqual(before);
    expect(typesOf(events)).toEqual(expect.arrayContaining(['user.approval_withdrawn', 'session.ended']));
  });

  it('of a member takes the roles and attributes that it gave, and no others', async () => {
    const made = await place(DuplicateMode.MERGE, { roleIds: [role('member'), role('administrator')] });
    const person = await enrolled({}, made.organization);
    const before = await everythingOf(person.userId);
    const { result } = await enroll('ADDRESS', made.globalId, person);
    expect((await membershipsOf(person.userId))[0]).toMatchObject({
      roles: ['administrator', 'member'],
      attributes: { cost: 'C-9' },
    });
    const undone = await watch(gateway, () => undo(administrator, result.petition.id));
    expect([undone.result.userErrors, undone.result.left, undone.untold]).toEqual([[], [], []]);
    expect(await everythingOf(person.userId)).toEqual(before);
    // It was the only administrator: the organization says that it needs one.
    expect(typesOf(undone.events)).toEqual(
      expect.arrayContaining(['membership.roles_changed', 'membership.updated', 'organization.needs_administrator']),
    );
  });

  it('leaves, when it is undone, what was changed since, and says what', async () => {
    const { id, person, organization } = await merged();
    await write(
      `update users set family_name = 'Byron', attributes = attributes || '{"later": 1}' where tenant_id = $1 and id = $2`,
      person.userId,
    );
    const membership = await read(
      'select id from memberships where tenant_id = $1 and user_id = $2 and organization_id = $3',
      person.userId,
      organization.id,
    );
    await write(
      `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at, source) values ($2, $1, $3, $4, now(), 'ADMIN')`,
      ...[v7(), membership.id, role('administrator')],
    );
    const { result, untold } = await watch(gateway, () => undo(administrator, id));
    expect(result.left).toEqual([
      { part: 'FAMILY_NAME', name: null },
      { part: 'MEMBERSHIP', name: null },
    ]);
    expect(untold).toEqual([]);
    expect(result.petition.history.nodes.at(-1).comment).toBe('Changed since, and left: FAMILY_NAME, MEMBERSHIP.');
    const now = await everythingOf(person.userId);
    expect(now.user).toMatchObject({ family_name: 'Byron', attributes: { later: 1 } });
    expect(now.identifiers).toEqual([]);
    expect(now.memberships.at(-1)).toMatchObject({
      organizationId: organization.id,
      roles: ['administrator'],
      attributes: {},
    });
  });

  it('cannot be undone after 30 days', async () => {
    const { id, person } = await merged();
    await write(
      `update petition_merges set undoable_until = undoable_until - interval '30 days 1 second' where tenant_id = $1 and petition_id = $2`,
      uuidOf(id),
    );
    const now = await everythingOf(person.userId);
    const refused = await expectUnchanged(gateway, () => undo(administrator, id));
    expect(refused.userErrors).toMatchObject([{ code: 'WRONG_STATUS', message: expect.stringContaining('30 days') }]);
    expect(refused.petition.merge).toEqual({ undoneAt: null, isUndoable: false });
    expect(await everythingOf(person.userId)).toEqual(now);
  });

  it('is undone by administrators of its organization, and by nobody else', async () => {
    const roleId = v7();
    await write(
      `insert into roles (id, tenant_id, name, description, is_built_in, kind) values ($2, $1, $3, '', false, 'USER')`,
      roleId,
      `approver-${roleId}`,
    );
    gateway.tenant.roles.set(`approver-${roleId}`, roleId);
    const made = await pending({ approverRoleId: roleId });
    const { organization } = made;
    const join = async (place: { id: string }, ...names: string[]) => {
      const person = await gateway.signedInUser();
      await makeMembership(gateway.tenant, { user: { id: person.userId }, organization: place, roles: names });
      return person.browser;
    };
    await write(
      `update petitions set approver_kind = 'ROLE', approver_role_id = $3, approver_organization_id = $4 where tenant_id = $1 and id = $2`,
      ...[uuidOf(made.id), roleId, organization.id],
    );
    const approver = await join(organization, `approver-${roleId}`);
    const done = await command(gateway, approver, 'petitionApprove', { id: made.id });
    expect(done.petition.status).toBe('FINALIZED');
    const callers = [
      null,
      made.person.browser,
      approver,
      await join(organization, 'member'),
      await join(await makeOrganization(gateway.tenant), 'administrator'),
    ];
    for (const browser of callers) {
      // Their rights have changed since they signed in: their cookies are replaced first.
      await look(browser, made.id);
      const refused = await expectUnchanged(gateway, () => undo(browser, made.id));
      const code = refused.errors?.[0]?.extensions.code ?? refused.userErrors[0].code;
      expect(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND']).toContain(code);
    }
    const undone = await undo(await join(organization, 'administrator'), made.id);
    expect([undone.userErrors, undone.left]).toEqual([[], []]);
  });

  it('is undone by one of two who try at once', async () => {
    const { id, person, before } = await merged();
    const answers = await Promise.all([undo(administrator, id), undo(administrator, id)]);
    expect(answers.map(({ userErrors }) => userErrors.length).sort()).toEqual([0, 1]);
    expect(await everythingOf(person.userId)).toEqual(before);
    const [row] = await gateway.rows(
      `select count(*)::int as count from petition_history where tenant_id = $1 and petition_id = $2 and action = 'MERGE_UNDONE'`,
      [uuidOf(id)],
    );
    expect(row).toEqual({ count: 1 });
  });
});
