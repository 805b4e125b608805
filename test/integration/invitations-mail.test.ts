import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mailInvitations } from '../../src/joining/invitations/mail.js';
import { invitationMail } from '../../src/joining/invitations/mail-text.js';
import { MailLocale } from '../../src/entities/enums.js';
import { MOST_MAIL_ATTEMPTS } from '../../src/mailer.js';
import { removeExpired } from '../../src/database/remove-expired.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { askInvitation, decodeMail, invitation, inviting, startMailServer, tokenOf } from '../support/invitations.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
let admin: Awaited<ReturnType<typeof inviting>>;
let serial = 0;
beforeAll(async () => {
  server = await startMailServer();
  gateway = await startGateway({
    environment: { SMTP_URL: `smtp://127.0.0.1:${server.port}`, MAIL_FROM: 'Vestibule <vestibule@example.org>' },
    connection: { sessionMinutes: 43_200 },
  });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(async () => {
  admin = await inviting(gateway, { name: 'Atelier' });
  server.received.length = 0;
});
afterEach(async () => {
  server.refusal = server.refusedData = null;
  // What a test leaves waiting is not the next one's.
  await gateway.rows(
    `update invitations set mail_at = null, mail_status = 'NONE' where tenant_id = $1 and mail_at is not null`,
  );
});

const address = () => `mailed-${++serial}@example.org`;
const send = () => mailInvitations(gateway.services, gateway.tenant.id);
const run = (name: string, input: object) => invitation(gateway, admin.browser, name, input);
const create = (input: object = {}) =>
  run('organizationInvitationCreate', { organizationId: admin.organizationId, email: address(), ...input });

async function read(id: string) {
  const { data } = await gateway.graphql(
    admin.browser,
    'query ($id: ID!) { organizationInvitation(id: $id) { status mailStatus mailedAt mailError } }',
    { id },
  );
  return data.organizationInvitation;
}

describe('the mail of an invitation', () => {
  it('goes out after the change, once, with the link; the sealed token is forgotten', async () => {
    const email = address();
    const { acceptLink, invitation: made } = await create({ email, message: 'Welcome!\nSee you <soon>' });
    expect(made).toMatchObject({ mailStatus: 'WAITING', mailedAt: null });
    expect(server.received).toEqual([]);
    const { events } = await eventsOf(gateway, async () => {
      await send();
      await send();
    });
    expect([events, server.received.map(({ to }) => to)]).toEqual([[], [[email]]]);
    const { head, text, html } = decodeMail(server.received[0]!.raw);
    expect(head).toContain('From: Vestibule <vestibule@example.org>');
    expect(head).toContain('Subject: You are invited to Atelier');
    expect(head).not.toContain(tokenOf(acceptLink));
    expect(text).toContain('Ines Rossi invites you to join Atelier.');
    expect(text).toContain(acceptLink);
    expect(text).toContain('> Welcome!');
    expect(html).toContain(`href="${acceptLink}"`);
    expect(html).toContain('See you &#60;soon&#62;');
    expect(await read(made.id)).toEqual({
      status: 'PENDING',
      mailStatus: 'SENT',
      mailedAt: expect.any(String),
      mailError: null,
    });
    const [row] = await gateway.rows('select * from invitations where tenant_id = $1 and id = $2', [made.id.slice(4)]);
    expect(row).toMatchObject({ sealed_token: null, mail_at: null, mail_attempts: 1 });
    expect(gateway.logLines.join('\n')).not.toContain(tokenOf(acceptLink));
    expect(gateway.logLines.join('\n')).not.toContain(email);
  });

  it('is in French when that is asked for, and leads to the frontend that was named', async () => {
    const { acceptLink } = await create({ locale: 'FR', acceptUrl: `${gateway.url}/rejoindre` });
    await send();
    const { head, text, html } = decodeMail(server.received[0]!.raw);
    expect(head).toMatch(/Subject: =\?UTF-8\?/);
    expect(text).toContain('Ines Rossi vous invite à rejoindre Atelier.');
    expect(acceptLink).toContain('/rejoindre#token=');
    expect(html).toContain('lang="fr"');
  });

  it('is sent by several processes at once, once', async () => {
    await run('organizationInvitationsCreate', {
      organizationId: admin.organizationId,
      emails: Array.from({ length: 5 }, address),
    });
    await Promise.all([1, 2, 3, 4].map(send));
    expect(new Set(server.received.map(({ to }) => to[0])).size).toBe(5);
    expect(server.received).toHaveLength(5);
  });

  it('is not sent when that is not asked for', async () => {
    const { invitation: made, acceptLink } = await create({ isMailed: false });
    await send();
    expect([made.mailStatus, server.received, typeof acceptLink]).toEqual(['NONE', [], 'string']);
  });

  it('of one that was revoked, declined or is overdue is not sent', async () => {
    const [revoked, overdue] = [await create(), await create({ expiresInDays: 1 })];
    await run('organizationInvitationRevoke', { id: revoked.invitation.id });
    gateway.advance(25 * HOUR);
    await send();
    expect(server.received).toEqual([]);
    expect(await read(revoked.invitation.id)).toMatchObject({ status: 'REVOKED', mailStatus: 'NONE' });
    expect(await read(overdue.invitation.id)).toMatchObject({ status: 'EXPIRED', mailStatus: 'WAITING' });
  });
});

describe('a mail that does not go out', () => {
  it('[ORG-33] is tried again with growing pauses when it is refused for now, and the invitation stays valid', async () => {
    const email = address();
    const { invitation: made, acceptLink } = await create({ email });
    server.refusal = 451;
    for (const pause of [1, 2, 4]) {
      await send();
      expect(await read(made.id)).toEqual({
        status: 'PENDING',
        mailStatus: 'WAITING',
        mailedAt: null,
        mailError: 'The mail server refused it (451 5.1.1).',
      });
      gateway.advance(pause * MINUTE - 2_000);
      server.refusal = null;
      await send();
      expect(server.received).toEqual([]);
      server.refusal = 451;
      gateway.advance(3_000);
    }
    server.refusal = null;
    await send();
    expect(server.received.map(({ to }) => to)).toEqual([[email]]);
    expect(await read(made.id)).toMatchObject({ mailStatus: 'SENT', mailError: null });
    const { browser } = await gateway.signedInUser({ email });
    const accepted = await invitation(gateway, browser, 'organizationInvitationAccept', {
      token: tokenOf(acceptLink),
    });
    expect(accepted.userErrors).toEqual([]);
  });

  it.each(['refusal', 'refusedData'] as const)(
    '[ORG-33] is shown as undelivered after a permanent %s, with an event that holds no address; the invitation stays valid',
    async (kind) => {
      const email = address();
      const { invitation: made } = await create({ email });
      server[kind] = 550;
      const { events } = await eventsOf(gateway, send);
      expect(events.map(({ type, after }) => [type, after])).toEqual([
        ['invitation.mail_failed', { reason: 'The mail server refused it (550 5.1.1).' }],
      ]);
      expect(await read(made.id)).toEqual({
        status: 'PENDING',
        mailStatus: 'FAILED',
        mailedAt: null,
        mailError: 'The mail server refused it (550 5.1.1).',
      });
      server[kind] = null;
      gateway.advance(24 * HOUR);
      await send();
      expect(server.received).toEqual([]);
      expect(gateway.logLines.join('\n')).not.toContain(email);

      const { invitation: again, userErrors } = await run('organizationInvitationResend', { id: made.id });
      expect([userErrors, again.mailStatus, again.mailError]).toEqual([[], 'WAITING', null]);
      await send();
      expect(server.received.map(({ to }) => to)).toEqual([[email]]);
      const { browser } = await gateway.signedInUser({ email });
      expect((await invitation(gateway, browser, 'organizationInvitationAccept', { id: made.id })).userErrors).toEqual(
        [],
      );
    },
  );

  it('[ORG-33] is shown as undelivered when attempts run out', async () => {
    const { invitation: made } = await create({ expiresInDays: 30 });
    server.refusal = 450;
    for (let count = 1; count < MOST_MAIL_ATTEMPTS; count++) {
      await send();
      expect((await read(made.id)).mailStatus).toBe('WAITING');
      gateway.advance(4 * HOUR);
    }
    const { events } = await eventsOf(gateway, send);
    expect(events.map(({ type }) => type)).toEqual(['invitation.mail_failed']);
    expect(await read(made.id)).toMatchObject({ status: 'PENDING', mailStatus: 'FAILED' });
  });

  it('[ORG-33] goes out once the server is up again, and a server that is down costs one attempt a turn', async () => {
    const { port } = server;
    await server.close();
    await create();
    await create();
    await send();
    const attempts = async () =>
      (
        await gateway.rows('select mail_attempts as n from invitations where tenant_id = $1 and organization_id = $2', [
          admin.organization.id,
        ])
      ).map(({ n }) => Number(n));
    expect((await attempts()).sort()).toEqual([0, 1]);
    server = await startMailServer(port);
    gateway.advance(2 * MINUTE);
    await send();
    expect(server.received).toHaveLength(2);
  });

  it('by a process that died is sent by the next, when its lease is over', async () => {
    const { invitation: made } = await create();
    const lease = new Date(gateway.services.clock().getTime() + 2 * MINUTE);
    await gateway.rows('update invitations set mail_at = $2, mail_attempts = 1 where tenant_id = $1 and id = $3', [
      lease,
      made.id.slice(4),
    ]);
    await send();
    expect(server.received).toEqual([]);
    gateway.advance(2 * MINUTE + 1_000);
    await send();
    expect(server.received).toHaveLength(1);
  });

  it('under a key that is gone is shown as undelivered', async () => {
    const { invitation: made } = await create();
    const { sealing } = gateway.services;
    const closed = {
      ...gateway.services,
      sealing: {
        ...sealing,
        open: () => {
          throw new Error('gone');
        },
      },
    };
    await mailInvitations(closed, gateway.tenant.id);
    expect(await read(made.id)).toMatchObject({ status: 'PENDING', mailStatus: 'FAILED' });
  });
});

describe('how often one address is mailed', () => {
  it('[ORG-33] is limited over all organizations, for creating and sending again, and deleting does not help', async () => {
    const email = address();
    const other = await inviting(gateway);
    const { invitation: made } = await create({ email });
    expect((await run('organizationInvitationResend', { id: made.id })).userErrors).toEqual([]);
    const elsewhere = { organizationId: other.organizationId, email: email.toUpperCase() };
    expect((await invitation(gateway, other.browser, 'organizationInvitationCreate', elsewhere)).userErrors).toEqual(
      [],
    );
    const limited = await expectUnchanged(gateway, () => run('organizationInvitationResend', { id: made.id }));
    const [fault] = limited.userErrors;
    expect([limited.acceptLink, limited.userErrors.length, fault.code]).toEqual([null, 1, 'RATE_LIMITED']);
    const until = new Date(/\d{4}-\S+Z/.exec(fault.message)![0]);
    expect(until.getTime() - gateway.services.clock().getTime()).toBeGreaterThan(50 * MINUTE);
    await run('organizationInvitationDelete', { id: made.id });
    const again = await expectUnchanged(gateway, () => create({ email }));
    expect(again.userErrors[0].code).toBe('RATE_LIMITED');
    const bulk = await run('organizationInvitationsCreate', {
      organizationId: admin.organizationId,
      emails: [email, address()],
    });
    expect(bulk.outcomes.map(({ userErrors }: any) => userErrors.map(({ code }: any) => code))).toEqual([
      ['RATE_LIMITED'],
      [],
    ]);
    // Handing the link over is no mail.
    expect((await create({ email, isMailed: false })).userErrors).toEqual([]);
    gateway.advance(HOUR);
    const [{ id }] = (await gateway.rows<{ id: string }>(
      'select id from invitations where tenant_id = $1 and email = $2 and organization_id = $3',
      [email, admin.organization.id],
    )) as [{ id: string }];
    expect((await run('organizationInvitationResend', { id: `inv_${id}` })).userErrors).toEqual([]);
  });

  it('[ORG-33] is ten a day at most', async () => {
    const { invitation: made } = await create();
    for (let count = 2; count <= 10; count++) {
      gateway.advance(30 * MINUTE);
      expect((await run('organizationInvitationResend', { id: made.id })).userErrors).toEqual([]);
    }
    gateway.advance(2 * HOUR);
    expect((await run('organizationInvitationResend', { id: made.id })).userErrors[0].code).toBe('RATE_LIMITED');
    gateway.advance(18 * HOUR);
    expect((await run('organizationInvitationResend', { id: made.id })).userErrors).toEqual([]);
    gateway.advance(25 * HOUR);
    await removeExpired(gateway.services);
    expect(await gateway.rows('select 1 from invitation_recipients where tenant_id = $1')).toEqual([]);
  });

  it('[ORG-33] holds for requests at the same moment', async () => {
    const email = address();
    const { invitation: made } = await create({ email });
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => askInvitation(gateway, admin.browser, 'organizationInvitationResend', { id: made.id })),
    );
    const codes = answers.flatMap(({ data }) => data.asked.userErrors.map(({ code }: any) => code));
    expect(codes).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
  });
});

describe('the text', () => {
  it('keeps names and messages from being anything else', () => {
    const { subject, text, html } = invitationMail({
      organizationName: 'A & B\r\nBcc: all@example.org <b>\u2028x</b>',
      inviterName: '<script>alert(1)</script>\n',
      message: '"quoted" <img src=x>\r\n\r\n& more',
      link: 'https://app.example.org/?a=b&c=d#token=x',
      expiresAt: '2026-12-24T18:00:00.000Z',
      locale: MailLocale.EN,
    });
    expect(subject).toBe('You are invited to A & B Bcc: all@example.org <b> x</b>');
    expect(text).toContain('24 December 2026 at 18:00 UTC');
    expect(text).toContain('\nhttps://app.example.org/?a=b&c=d#token=x\n');
    for (const tag of ['<script', '<img', '<b>']) expect(html).not.toContain(tag);
    expect(html).toContain('&#60;script&#62;');
    expect(html).toContain('href="https://app.example.org/?a=b&#38;c=d#token=x"');
  });
});
