import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import { OrganizationStatus, UserStatus } from '../../src/entities/enums.js';
import { expireInvitations } from '../../src/joining/invitations/expire.js';
import { type Browser } from '../support/browser.js';
import { makeMembership, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { askInvitation, invitation, inviting, tokenOf } from '../support/invitations.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

const DAY = 24 * 60 * 60_000;

let gateway: Gateway;
let admin: Awaited<ReturnType<typeof inviting>>;
let serial = 0;
beforeAll(async () => {
  gateway = await startGateway({ environment: { ALLOWED_ORIGINS: 'https://app.example.org' } });
});
afterAll(() => gateway.close());
beforeEach(async () => {
  admin = await inviting(gateway, { name: 'Atelier' });
});

const address = () => `Invited-${++serial}@Example.org`;
const run = (name: string, input: object, browser: Browser | null = admin.browser) =>
  invitation(gateway, browser, name, input);
const create = (input: object = {}) =>
  run('organizationInvitationCreate', { organizationId: admin.organizationId, email: address(), ...input });
const codes = ({ userErrors }: { userErrors: { code: string }[] }) => userErrors.map(({ code }) => code);
const roleId = (name: string) => `rol_${gateway.tenant.roles.get(name)}`;

/** A person who is signed in with the verified address that is invited. */
const invitee = (email: string, overrides = {}) => gateway.signedInUser({ email, ...overrides });

async function write(sql: string, values: unknown[]) {
  await transact(gateway.database, gateway.tenant.id, (manager) => runSql(manager, sql, values));
}

async function ownRole(organizationId: string | null, kind = 'USER') {
  const id = v7();
  const values = [id, gateway.tenant.id, `role-${++serial}`, kind, organizationId];
  await write(
    `insert into roles (id, tenant_id, name, description, is_built_in, kind, organization_id)
     values ($1, $2, $3, '', false, $4, $5)`,
    values,
  );
  return `rol_${id}`;
}

async function membershipsOf(userId: string) {
  return gateway.rows(
    `select m.source, m.added_by_user_id as "addedBy", (select array_agg(r.name order by r.name) from membership_roles mr
       join roles r on r.id = mr.role_id where mr.membership_id = m.id) as roles
     from memberships m where m.tenant_id = $1 and m.user_id = $2 and m.organization_id = $3`,
    [userId, admin.organization.id],
  );
}

describe('creating', () => {
  it('gives an invitation, its link once, and one event without the address', async () => {
    const email = address();
    const { result, events } = await eventsOf(gateway, () => create({ email, roleIds: [roleId('member')] }));
    expect(result).toEqual({
      acceptLink: expect.stringMatching(new RegExp(`^${gateway.url}/invitations#token=[\\w-]{43}$`)),
      invitation: {
        id: expect.stringMatching(/^inv_/),
        email,
        status: 'PENDING',
        mailStatus: 'NONE',
        mailedAt: null,
        mailError: null,
        expiresAt: expect.any(String),
        roleNames: ['member'],
        organizationName: 'Atelier',
        inviterName: 'Ines Rossi',
      },
      userErrors: [],
    });
    const lasts = new Date(result.invitation.expiresAt).getTime() - gateway.services.clock().getTime();
    expect(lasts).toBeGreaterThan(7 * DAY - 60_000);
    expect(lasts).toBeLessThanOrEqual(7 * DAY);
    expect(events.map(({ type, after }) => [type, after])).toEqual([
      [
        'invitation.created',
        { roles: ['member'], expiresAt: new Date(result.invitation.expiresAt).toISOString(), isMailed: false },
      ],
    ]);
    const stored = JSON.stringify(await gateway.rows('select * from invitations where tenant_id = $1'));
    expect(stored).not.toContain(tokenOf(result.acceptLink));
    expect(JSON.stringify(events).toLowerCase()).not.toContain(email.toLowerCase());
    const token = tokenOf(result.acceptLink);
    expect(gateway.logLines.join('\n')).not.toContain(token);
  });

  it('[ORG-31] a second one for the same address, whatever its case, is refused while one is pending', async () => {
    const email = address();
    await create({ email });
    const again = await expectUnchanged(gateway, () => create({ email: ` ${email.toUpperCase()} ` }));
    expect([again.invitation, codes(again)]).toEqual([null, ['TAKEN']]);
    const other = await inviting(gateway);
    const elsewhere = { organizationId: other.organizationId, email };
    expect((await run('organizationInvitationCreate', elsewhere, other.browser)).userErrors).toEqual([]);
  });

  it('[ORG-31] [ORG-34] after it expired, before any job ran, it reads EXPIRED and a new one is made', async () => {
    const email = address();
    const { invitation: first } = await create({ email, expiresInDays: 1 });
    gateway.advance(DAY + 1_000);
    admin = { ...admin, ...(await freshSession(admin.userId)) };
    const read = await gateway.graphql(
      admin.browser,
      `query ($id: ID!, $organizationId: ID!) { organizationInvitation(id: $id) { status viewerCan { resend revoke delete } }
        expired: organizationInvitations(organizationId: $organizationId, filter: { status: EXPIRED }) { totalCount nodes { id status } }
        pending: organizationInvitations(organizationId: $organizationId, filter: { status: PENDING }) { totalCount nodes { id } } }`,
      { id: first.id, organizationId: admin.organizationId },
    );
    expect(read.data).toEqual({
      organizationInvitation: { status: 'EXPIRED', viewerCan: { resend: false, revoke: false, delete: true } },
      expired: { totalCount: 1, nodes: [{ id: first.id, status: 'EXPIRED' }] },
      pending: { totalCount: 0, nodes: [] },
    });
    const [stored] = await gateway.rows('select status from invitations where tenant_id = $1 and id = $2', [
      first.id.slice(4),
    ]);
    expect(stored!.status).toBe('PENDING');
    for (const name of ['organizationInvitationResend', 'organizationInvitationRevoke']) {
      const refused = await expectUnchanged(gateway, () => run(name, { id: first.id }));
      expect(refused.userErrors[0]).toMatchObject({
        code: 'WRONG_STATUS',
        message: expect.stringContaining('EXPIRED'),
      });
    }
    const { result, events } = await eventsOf(gateway, () => create({ email }));
    expect(result.userErrors).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['invitation.expired', 'invitation.created']);
  });

  it('[ORG-34] the job writes down what has expired, once', async () => {
    const { invitation: made } = await create({ expiresInDays: 1 });
    gateway.advance(2 * DAY);
    const { events } = await eventsOf(gateway, () => expireInvitations(gateway.services, gateway.tenant.id));
    expect(events).toContainEqual(expect.objectContaining({ type: 'invitation.expired', object_id: made.id.slice(4) }));
    const again = await eventsOf(gateway, () => expireInvitations(gateway.services, gateway.tenant.id));
    expect(again.events).toEqual([]);
  });

  it('[ORG-31] of two at the same moment one wins and the other is told', async () => {
    const email = address();
    const made = await Promise.all([1, 2, 3].map(() => create({ email })));
    expect(made.filter(({ invitation: one }) => one)).toHaveLength(1);
    expect(made.flatMap(codes)).toEqual(['TAKEN', 'TAKEN']);
  });

  it('refuses a member, whatever the case of the address', async () => {
    const user = await makeUser(gateway.tenant, { email: `member-${++serial}@example.org` });
    await makeMembership(gateway.tenant, { user, organization: admin.organization });
    const refused = await expectUnchanged(gateway, () => create({ email: user.email!.toUpperCase() }));
    expect(codes(refused)).toEqual(['ALREADY_MEMBER']);
  });

  it('takes roles for users, of the tenant and the organization, and no others', async () => {
    const own = await ownRole(admin.organization.id);
    expect((await create({ roleIds: [own, own, roleId('administrator')] })).userErrors).toEqual([]);
    const other = await inviting(gateway);
    const cases = [
      [await ownRole(other.organization.id), 'NOT_FOUND'],
      [`rol_${v7()}`, 'NOT_FOUND'],
      [await ownRole(null, 'APPLICATION'), 'INVALID'],
    ] as const;
    for (const [id, code] of cases) {
      const refused = await expectUnchanged(gateway, () => create({ roleIds: [roleId('member'), id] }));
      expect(refused.userErrors).toEqual([expect.objectContaining({ code, field: ['roleIds', '1'] })]);
    }
  });

  it.each([
    [{ email: 'nobody' }, 'email'],
    [{ email: 'a b@example.org' }, 'email'],
    [{ email: 'a@example.org,b@example.org' }, 'email'],
    [{ email: 'a@example.org\r\nBcc: b@example.org' }, 'email'],
    [{ email: '"a"<b@example.org>' }, 'email'],
    [{ email: 'a@-example..org' }, 'email'],
    [{ email: `${'a'.repeat(64)}@${'b'.repeat(250)}.org` }, 'email'],
    [{ expiresInDays: 0 }, 'expiresInDays'],
    [{ expiresInDays: 91 }, 'expiresInDays'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [{ expiresAt: '2099-01-01T00:00:00Z' }, 'expiresAt'],
    [{ expiresAt: '2099-01-01T00:00:00Z', expiresInDays: 3 }, 'expiresAt'],
    [{ message: 'x'.repeat(1_001) }, 'message'],
    [{ message: 'a\u0000b' }, 'message'],
    [{ acceptUrl: 'https://evil.example/join' }, 'acceptUrl'],
    [{ acceptUrl: 'https://app.example.org.evil.example/' }, 'acceptUrl'],
    [{ acceptUrl: 'https://app.example.org@evil.example/' }, 'acceptUrl'],
    [{ acceptUrl: 'https://user@app.example.org/' }, 'acceptUrl'],
    [{ acceptUrl: 'https://app.example.org/#join' }, 'acceptUrl'],
    [{ acceptUrl: 'javascript:alert(1)' }, 'acceptUrl'],
    [{ acceptUrl: '/join' }, 'acceptUrl'],
  ])('refuses %j', async (input, field) => {
    const refused = await expectUnchanged(gateway, () => create(input));
    expect(refused).toMatchObject({ acceptLink: null, invitation: null });
    expect(refused.userErrors).toEqual([
      { code: expect.stringMatching(/^(INVALID|TOO_LONG)$/), message: expect.any(String), field: [field] },
    ]);
  });

  it('takes a page of an admitted frontend for the link', async () => {
    const { acceptLink } = await create({ acceptUrl: 'https://app.example.org/join?a=b' });
    expect(acceptLink).toMatch(/^https:\/\/app\.example\.org\/join\?a=b#token=/);
  });

  it('is refused by organizations that are not active', async () => {
    await write('update organizations set status = $1 where id = $2', [
      OrganizationStatus.SUSPENDED,
      admin.organization.id,
    ]);
    expect(codes(await expectUnchanged(gateway, () => create()))).toEqual(['WRONG_STATUS']);
  });

  it('gives the same answer for the same idempotency key, without the link', async () => {
    const input = { idempotencyKey: 'once', email: address() };
    const first = await create(input);
    const { result: second, events } = await eventsOf(gateway, () => create(input));
    expect([second.invitation, second.acceptLink, second.userErrors, events]).toEqual([first.invitation, null, [], []]);
    expect(codes(await create({ ...input, email: address() }))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('gives it also when what was in the future then is over now', async () => {
    const expiresAt = new Date(gateway.services.clock().getTime() + 60_000).toISOString();
    const [one, many] = [
      { idempotencyKey: 'over-one', email: address(), expiresAt },
      { idempotencyKey: 'over-many', organizationId: admin.organizationId, emails: [address()], expiresAt },
    ];
    const first = [await create(one), await run('organizationInvitationsCreate', many)];
    gateway.advance(120_000);
    const [again, batch] = [await create(one), await run('organizationInvitationsCreate', many)];
    gateway.advance(-120_000);
    expect([again.invitation.id, again.userErrors]).toEqual([first[0].invitation.id, []]);
    expect(batch.outcomes[0].invitation.id).toBe(first[1].outcomes[0].invitation.id);
  });
});

describe('creating many', () => {
  it('gives each address its own outcome, in a constant number of statements', async () => {
    const taken = address();
    await create({ email: taken });
    const member = await makeUser(gateway.tenant);
    await makeMembership(gateway.tenant, { user: member, organization: admin.organization });
    const [one, two] = [address(), address()];
    const emails = [one, 'nobody', taken, member.email!, one.toUpperCase(), two];
    const input = { idempotencyKey: `bulk-${serial}`, organizationId: admin.organizationId, emails };
    const { outcomes, userErrors } = await run('organizationInvitationsCreate', input);
    expect(userErrors).toEqual([]);
    expect(outcomes.map((outcome: any) => [outcome.email, Boolean(outcome.invitation), ...codes(outcome)])).toEqual([
      [one, true],
      ['nobody', false, 'INVALID'],
      [taken, false, 'TAKEN'],
      [member.email, false, 'ALREADY_MEMBER'],
      [one.toUpperCase(), false, 'INVALID'],
      [two, true],
    ]);
    expect(outcomes[2].userErrors[0].field).toEqual(['emails', '2']);
    const { result: again, events } = await eventsOf(gateway, () => run('organizationInvitationsCreate', input));
    expect(events).toEqual([]);
    expect(again.outcomes.map((outcome: any) => outcome.invitation?.id)).toEqual(
      outcomes.map((outcome: any) => outcome.invitation?.id),
    );
    expect(again.outcomes.map((outcome: any) => outcome.acceptLink).filter(Boolean)).toEqual([]);
  });

  it('of a hundred costs no more statements than of two', async () => {
    const count = async (length: number) => {
      const emails = Array.from({ length }, address);
      const input = { organizationId: admin.organizationId, emails, roleIds: [roleId('member')] };
      gateway.statements.length = 0;
      const { outcomes } = await run('organizationInvitationsCreate', input);
      expect(outcomes.flatMap(codes)).toEqual([]);
      return gateway.statements.length;
    };
    await count(2);
    expect(await count(100)).toBeLessThanOrEqual((await count(2)) + 1);
  });

  it('of none and of too many is refused whole', async () => {
    for (const emails of [[], Array.from({ length: 101 }, address)]) {
      const { outcomes, userErrors } = await expectUnchanged(gateway, () =>
        run('organizationInvitationsCreate', { organizationId: admin.organizationId, emails }),
      );
      expect([outcomes, userErrors.map(({ field }: any) => field)]).toEqual([[], [['emails']]]);
    }
  });
});

describe('accepting', () => {
  it('[ORG-32] makes a member with the roles, whatever the case of the address, and tells it, in one transaction', async () => {
    const email = address();
    const { acceptLink, invitation: made } = await create({ email, roleIds: [roleId('member')] });
    const { browser, userId } = await invitee(email.toUpperCase());
    const { result, events } = await eventsOf(gateway, () =>
      run('organizationInvitationAccept', { token: tokenOf(acceptLink) }, browser),
    );
    expect(result).toMatchObject({ invitation: { id: made.id, status: 'ACCEPTED' }, userErrors: [] });
    expect(await membershipsOf(userId)).toEqual([{ source: 'INVITATION', addedBy: admin.userId, roles: ['member'] }]);
    expect(events.map(({ type, user_id: user }) => [type, user])).toEqual([
      ['membership.added', userId],
      ['invitation.accepted', userId],
    ]);
    const { data } = await gateway.graphql(
      browser,
      `{ viewer { user { memberships { nodes { organization { id } roles { name } } } } } viewerInvitations { nodes { id } } }`,
    );
    expect(data.viewer.user.memberships.nodes).toEqual([
      { organization: { id: admin.organizationId }, roles: [{ name: 'member' }] },
    ]);
    expect(data.viewerInvitations.nodes).toEqual([]);
  });

  it('[ORG-32] works by id, for who has the address; an organization without an administrator has one then', async () => {
    const email = address();
    await write('update organizations set needs_administrator = true where id = $1', [admin.organization.id]);
    await create({ email, roleIds: [roleId('administrator')] });
    await write('delete from memberships where organization_id = $1', [admin.organization.id]);
    const { browser, userId } = await invitee(email);
    const { data } = await gateway.graphql(
      browser,
      `{ viewerInvitations { totalCount nodes { id status organizationName inviterName roleNames mailStatus organization { id }
        viewerCan { resend revoke delete accept decline } } } }`,
    );
    const [shown] = data.viewerInvitations.nodes;
    expect(shown).toMatchObject({
      status: 'PENDING',
      organizationName: 'Atelier',
      inviterName: 'Ines Rossi',
      roleNames: ['administrator'],
      mailStatus: null,
      organization: null,
      viewerCan: { resend: false, revoke: false, delete: false, accept: true, decline: true },
    });
    expect((await run('organizationInvitationAccept', { id: shown.id }, browser)).userErrors).toEqual([]);
    expect((await membershipsOf(userId))[0]!.roles).toEqual(['administrator']);
    const [organization] = await gateway.rows(
      'select needs_administrator from organizations where tenant_id = $1 and id = $2',
      [admin.organization.id],
    );
    expect(organization!.needs_administrator).toBe(false);
  });

  it('gives a present member the roles that they lack, and takes none', async () => {
    const email = address();
    const own = await ownRole(admin.organization.id);
    const { invitation: made } = await create({ email, roleIds: [own] });
    const { browser, userId } = await invitee(email);
    await makeMembership(gateway.tenant, { user: { id: userId }, organization: admin.organization });
    const { result, events } = await eventsOf(gateway, () =>
      run('organizationInvitationAccept', { id: made.id }, browser),
    );
    expect(result.userErrors).toEqual([]);
    const [membership] = await membershipsOf(userId);
    expect([membership!.source, membership!.roles.length]).toEqual(['ADMIN', 2]);
    expect(events.map(({ type }) => type)).toEqual(['membership.roles_changed', 'invitation.accepted']);
    const [granted] = await gateway.rows(
      'select source, granted_by_user_id as by from membership_roles where tenant_id = $1 and role_id = $2',
      [own.slice(4)],
    );
    expect(granted).toEqual({ source: 'INVITATION', by: admin.userId });
  });

  it('[ORG-32] answers alike for a token that is unknown, used, or for another address, and for an address that is not verified', async () => {
    const email = address();
    const { acceptLink, invitation: made } = await create({ email });
    const token = tokenOf(acceptLink);
    const stranger = await invitee(address());
    const unverified = await invitee(email, { isEmailVerified: false });
    const answers = [];
    for (const name of ['organizationInvitationAccept', 'organizationInvitationDecline']) {
      for (const [browser, given] of [
        [stranger.browser, token],
        [unverified.browser, token],
        [stranger.browser, 'x'.repeat(43)],
        [admin.browser, token],
      ] as const) {
        answers.push(await expectUnchanged(gateway, () => run(name, { token: given }, browser)));
      }
    }
    await write('update users set is_email_verified = true where id = $1', [unverified.userId]);
    expect((await run('organizationInvitationAccept', { token }, unverified.browser)).userErrors).toEqual([]);
    await takeNewCookie(unverified.browser);
    answers.push(
      await expectUnchanged(gateway, () => run('organizationInvitationAccept', { token }, unverified.browser)),
    );
    for (const given of answers) expect(given).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ invitation: null, userErrors: [{ code: 'NOT_FOUND', field: ['token'] }] });

    for (const browser of [stranger.browser, (await gateway.signedInUser()).browser]) {
      const { errors, data } = await expectUnchanged(gateway, () =>
        askInvitation(gateway, browser, 'organizationInvitationAccept', { id: made.id }),
      );
      expect([errors![0]!.extensions.code, data]).toEqual(['NOT_FOUND', null]);
    }
    const byAdministrator = await expectUnchanged(gateway, () => run('organizationInvitationAccept', { id: made.id }));
    expect(codes(byAdministrator)).toEqual(['NOT_FOUND']);
  });

  it('[ORG-32] final states refuse every change and name themselves', async () => {
    const finish: Record<string, (id: string, browser: Browser) => Promise<unknown>> = {
      ACCEPTED: (id, browser) => run('organizationInvitationAccept', { id }, browser),
      DECLINED: (id, browser) => run('organizationInvitationDecline', { id }, browser),
      REVOKED: (id) => run('organizationInvitationRevoke', { id }),
      EXPIRED: (id) => write('update invitations set expires_at = now() where id = $1', [id.slice(4)]),
    };
    for (const [status, end] of Object.entries(finish)) {
      const email = address();
      const { invitation: made, acceptLink } = await create({ email });
      const { browser } = await invitee(email);
      await end(made.id, browser);
      await takeNewCookie(browser);
      for (const [name, caller] of [
        ['organizationInvitationAccept', browser],
        ['organizationInvitationDecline', browser],
        ['organizationInvitationRevoke', admin.browser],
        ['organizationInvitationResend', admin.browser],
      ] as const) {
        const refused = await expectUnchanged(gateway, () => run(name, { id: made.id }, caller));
        expect([name, refused.invitation.status, refused.userErrors]).toEqual([
          name,
          status,
          [{ code: 'WRONG_STATUS', message: expect.stringContaining(status), field: ['id'] }],
        ]);
      }
      const byToken = await run('organizationInvitationAccept', { token: tokenOf(acceptLink) }, browser);
      expect(codes(byToken)).toEqual([status === 'EXPIRED' ? 'WRONG_STATUS' : 'NOT_FOUND']);
    }
  });

  it('is refused by organizations that are not active; declining is not', async () => {
    const email = address();
    const { invitation: made } = await create({ email });
    const { browser, userId } = await invitee(email);
    await write('update organizations set status = $1 where id = $2', [
      OrganizationStatus.SUSPENDED,
      admin.organization.id,
    ]);
    const refused = await expectUnchanged(gateway, () => run('organizationInvitationAccept', { id: made.id }, browser));
    expect(codes(refused)).toEqual(['WRONG_STATUS']);
    const { result, events } = await eventsOf(gateway, () =>
      run('organizationInvitationDecline', { id: made.id }, browser),
    );
    expect([result.invitation.status, codes(result)]).toEqual(['DECLINED', []]);
    expect(events.map(({ type, user_id: user }) => [type, user])).toEqual([['invitation.declined', userId]]);
    expect(await membershipsOf(userId)).toEqual([]);
  });

  it('by several at once is done once', async () => {
    const email = address();
    const { invitation: made } = await create({ email, roleIds: [roleId('member')] });
    const { browser, userId } = await invitee(email);
    const { result, events } = await eventsOf(gateway, () =>
      Promise.all([1, 2, 3].map(() => run('organizationInvitationAccept', { id: made.id }, browser))),
    );
    expect(result.flatMap(codes)).toEqual(['WRONG_STATUS', 'WRONG_STATUS']);
    expect(events.map(({ type }) => type).sort()).toEqual(['invitation.accepted', 'membership.added']);
    expect(await membershipsOf(userId)).toHaveLength(1);
  });

  it('gives no role that was deleted, and survives that its inviter is deleted', async () => {
    const email = address();
    const own = await ownRole(admin.organization.id);
    const { invitation: made } = await create({ email, roleIds: [own, roleId('member')] });
    await write('delete from roles where id = $1', [own.slice(4)]);
    await write('delete from memberships where user_id = $1', [admin.userId]);
    for (const table of ['sessions', 'identities'])
      await write(`delete from ${table} where user_id = $1`, [admin.userId]);
    await write('delete from users where id = $1', [admin.userId]);
    const { browser, userId } = await invitee(email);
    const { data } = await gateway.graphql(
      browser,
      '{ viewerInvitations { nodes { id inviterName inviter { id } } } }',
    );
    expect(data.viewerInvitations.nodes).toEqual([{ id: made.id, inviterName: null, inviter: null }]);
    expect((await run('organizationInvitationAccept', { id: made.id }, browser)).userErrors).toEqual([]);
    expect((await membershipsOf(userId))[0]!.roles).toEqual(['member']);
  });

  it('needs one of id and token, and somebody who is signed in', async () => {
    const { browser, person } = await invitee(address());
    const { invitation: made } = await create({ email: person.claims.email });
    for (const input of [{}, { id: made.id, token: 'x' }]) {
      const refused = await expectUnchanged(gateway, () => run('organizationInvitationAccept', input, browser));
      expect([refused.invitation, codes(refused)]).toEqual([null, ['INVALID']]);
    }
    const { errors } = await askInvitation(gateway, null, 'organizationInvitationAccept', { token: 'x' });
    expect(errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('of somebody who is suspended is refused', async () => {
    const email = address();
    const { invitation: made } = await create({ email });
    const { browser, userId } = await invitee(email);
    await write('update users set status = $1 where id = $2', [UserStatus.SUSPENDED, userId]);
    const { errors } = await askInvitation(gateway, browser, 'organizationInvitationAccept', { id: made.id });
    expect(errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
    expect(await membershipsOf(userId)).toEqual([]);
  });
});

describe('managing', () => {
  it('a resend gives another link; the one before opens nothing', async () => {
    const email = address();
    const { invitation: made, acceptLink: first } = await create({ email, expiresInDays: 1 });
    const { result, events } = await eventsOf(gateway, () =>
      run('organizationInvitationResend', { id: made.id, expiresInDays: 5 }),
    );
    expect(events.map(({ type }) => type)).toEqual(['invitation.resent']);
    expect(new Date(result.invitation.expiresAt).getTime()).toBeGreaterThan(new Date(made.expiresAt).getTime() + DAY);
    const { browser } = await invitee(email);
    expect(codes(await run('organizationInvitationAccept', { token: tokenOf(first) }, browser))).toEqual(['NOT_FOUND']);
    const token = tokenOf(result.acceptLink);
    expect(codes(await run('organizationInvitationAccept', { token }, browser))).toEqual([]);
  });

  it('deleting takes the address away, whatever the status', async () => {
    const email = address();
    const { invitation: made } = await create({ email });
    await run('organizationInvitationRevoke', { id: made.id });
    const { result, events } = await eventsOf(gateway, () => run('organizationInvitationDelete', { id: made.id }));
    expect(result).toEqual({ deletedId: made.id, userErrors: [] });
    expect(events.map(({ type, before }) => [type, before])).toEqual([['invitation.deleted', { status: 'REVOKED' }]]);
    expect(
      await gateway.rows('select 1 from invitations where tenant_id = $1 and id = $2', [made.id.slice(4)]),
    ).toEqual([]);
  });

  it('lists by status, address and inviter, in stable pages', async () => {
    const emails = [address(), address(), address()];
    const made = [];
    for (const email of emails) made.push((await create({ email })).invitation.id);
    await run('organizationInvitationRevoke', { id: made[0] });
    const list = async (filter: object | null, more = '') => {
      const { data, errors } = await gateway.graphql(
        admin.browser,
        `query ($id: ID!, $filter: InvitationFilterInput) { organizationInvitations(organizationId: $id, filter: $filter ${more}) {
          totalCount pageInfo { endCursor hasNextPage } nodes { id } }
          organization(id: $id) { invitations(filter: $filter) { nodes { id } } } }`,
        { id: admin.organizationId, filter },
      );
      expect(errors).toBeUndefined();
      return data;
    };
    const ids = async (filter: object | null) =>
      (await list(filter)).organization.invitations.nodes.map(({ id }: { id: string }) => id);
    expect(await ids(null)).toEqual([...made].reverse());
    expect(await ids({ status: 'REVOKED' })).toEqual([made[0]]);
    expect(await ids({ email: emails[1]!.toUpperCase() })).toEqual([made[1]]);
    expect(await ids({ inviterId: `usr_${admin.userId}`, status: 'PENDING' })).toEqual([made[2], made[1]]);
    expect(await ids({ inviterId: `usr_${v7()}` })).toEqual([]);
    const first = (await list(null, ', first: 2')).organizationInvitations;
    expect([first.totalCount, first.pageInfo.hasNextPage]).toEqual([3, true]);
    await create();
    const next = (await list(null, `, first: 2, after: "${first.pageInfo.endCursor}"`)).organizationInvitations;
    expect(next.nodes).toEqual([{ id: made[0] }]);
  });

  it('is for administrators of the organization alone', async () => {
    const email = address();
    const { invitation: made } = await create({ email });
    const other = await inviting(gateway);
    const member = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: member.userId }, organization: admin.organization });
    const invited = await invitee(email);
    const mutations = ['Resend', 'Revoke', 'Delete'].map((name) => `organizationInvitation${name}`);
    for (const [browser, code] of [
      [other.browser, 'NOT_FOUND'],
      [member.browser, 'NOT_FOUND'],
      [invited.browser, 'FORBIDDEN'],
      [null, 'UNAUTHENTICATED'],
    ] as const) {
      for (const name of mutations) {
        const { errors, text } = await expectUnchanged(gateway, () =>
          askInvitation(gateway, browser, name, { id: made.id }),
        );
        expect([name, errors![0]!.extensions.code]).toEqual([name, code]);
        expect(text.toLowerCase()).not.toContain(email.toLowerCase());
      }
    }
    for (const browser of [other.browser, member.browser, invited.browser]) {
      const input = { organizationId: admin.organizationId, email: address() };
      const { errors } = await expectUnchanged(gateway, () =>
        askInvitation(gateway, browser, 'organizationInvitationCreate', input),
      );
      expect(['NOT_FOUND', 'FORBIDDEN']).toContain(errors![0]!.extensions.code);
      const list = await gateway.graphql(
        browser,
        'query ($id: ID!) { organizationInvitations(organizationId: $id) { nodes { id } } }',
        { id: admin.organizationId },
      );
      expect([list.data.organizationInvitations, list.errors!.length]).toEqual([null, 1]);
    }
    const read = await gateway.graphql(
      other.browser,
      'query ($id: ID!) { organizationInvitation(id: $id) { email } node(id: $id) { id } viewerInvitations { totalCount } }',
      { id: made.id },
    );
    expect(read.data).toEqual({ organizationInvitation: null, node: null, viewerInvitations: { totalCount: 0 } });
    const all = await gateway.graphql(admin.browser, '{ organizationInvitations { nodes { id } } }');
    expect(all.errors![0]!.extensions.code).toBe('FORBIDDEN');
    const tenantAdministrator = await gateway.signedInUser({ isTenantAdministrator: true });
    const everything = await gateway.graphql(
      tenantAdministrator.browser,
      '{ organizationInvitations(first: 100) { nodes { id } } }',
    );
    expect(everything.data.organizationInvitations.nodes).toContainEqual({ id: made.id });
  });
});

/** After a change of rights the next request gives another cookie. */
const takeNewCookie = (browser: Browser) => gateway.graphql(browser, '{ viewer { __typename } }');

/** Sessions end by themselves when the clock moves on. */
async function freshSession(userId: string): Promise<{ browser: Browser }> {
  const [{ subject }] = (await gateway.rows<{ subject: string }>(
    'select subject from identities where tenant_id = $1 and user_id = $2',
    [userId],
  )) as [{ subject: string }];
  const person = [...gateway.provider.people.values()].find(({ sub }) => sub === subject)!;
  return { browser: (await gateway.signIn(person)).browser };
}
