import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { confirmationTokenPlace, type NewMail, queueMails } from '../../src/enrollment/mails/queue-mails.js';
import { removeExpired } from '../../src/database/remove-expired.js';
import { transact } from '../../src/database/transact.js';
import { ActorKind, MailLocale, PetitionMailKind, PetitionStatus } from '../../src/entities/enums.js';
import { startJobs } from '../../src/jobs.js';
import { MOST_MAIL_ATTEMPTS } from '../../src/mailer.js';
import { createSecret, hashSecret } from '../../src/secret.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const { CONFIRMATION, CONFIRMATION_REMINDER, APPROVAL_REQUESTED, APPROVED, DENIED, FINALIZED } = PetitionMailKind;

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
let serial = 0;
beforeAll(async () => {
  server = await startMailServer();
  gateway = await startGateway({
    environment: { SMTP_URL: `smtp://127.0.0.1:${server.port}`, MAIL_FROM: 'Vestibule <vestibule@example.org>' },
  });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(() => void (server.received.length = 0));
afterEach(async () => {
  server.refusal = server.refusedData = null;
  // What a test leaves waiting is not the next one's.
  await gateway.rows(`update petition_mails set status = 'SUPERSEDED', due_at = null where tenant_id = $1`);
});

const address = () => `petitioner-${++serial}@example.org`;
const send = (services = gateway.services) => mailPetitions(services, gateway.tenant.id);
const now = () => gateway.services.clock();

const ATTRIBUTES = [
  { key: 'given', type: 'TEXT', label: 'Given name', target: 'USER_GIVEN_NAME', visibility: 'PARTIES', choices: [] },
  { key: 'family', type: 'TEXT', label: 'Family name', target: 'USER_FAMILY_NAME', visibility: 'PARTIES', choices: [] },
  { key: 'from', type: 'DATE', label: 'From', target: 'NONE', visibility: 'PARTIES', choices: [] },
  { key: 'secret', type: 'TEXT', label: 'Rating', target: 'NONE', visibility: 'APPROVERS', choices: [] },
  {
    key: 'team',
    type: 'CHOICE',
    label: 'Team',
    target: 'NONE',
    visibility: 'PARTIES',
    choices: [{ value: 'r', label: 'Research <x>' }],
  },
];
const GIVEN = { given: 'Ada', family: 'Byron', from: '2030-02-01', secret: 'SECRET', team: 'r' };

interface Made {
  id: string;
  email: string;
  organizationId: string;
}

/** A petition as it is stored, in a flow with these words. */
async function makePetition({
  status = PetitionStatus.PENDING_CONFIRMATION,
  email = address(),
  enrolleeUserId = null as string | null,
  mailTemplates = [] as object[],
  notifyFrom = null as string | null,
  comment = null as string | null,
} = {}): Promise<Made> {
  const organization = await makeOrganization(gateway.tenant, { name: 'Atelier & Co' });
  const [flowId, versionId, id] = [v7(), v7(), v7()];
  await gateway.rows(
    `insert into enrollment_flows (id, tenant_id, organization_id, name, status, current_version_id, created_at, updated_at)
     values ($2, $1, $3, 'Joining', 'ACTIVE', $4, $5, $5)`,
    [flowId, organization.id, versionId, now()],
  );
  await gateway.rows(
    `insert into enrollment_flow_versions (id, tenant_id, flow_id, number, name, settings, created_at)
     values ($2, $1, $3, 1, 'Joining', $4, $5)`,
    [versionId, flowId, JSON.stringify({ attributes: ATTRIBUTES, mailTemplates, notifyFrom }), now()],
  );
  await gateway.rows(
    `insert into petitions (id, tenant_id, flow_id, flow_version_id, organization_id, status, step, enrollee_user_id,
       progress, attributes, email, email_normalized, decision_comment, locale, waits_since, created_at, updated_at)
     values ($2, $1, $3, $4, $5, $6, 'WAIT_FOR_CONFIRMATION', $7, '{}', $8, $9, $9, $10, 'EN', $11, $11, $11)`,
    [id, flowId, versionId, organization.id, status, enrolleeUserId, JSON.stringify(GIVEN), email, comment, now()],
  );
  return { id, email, organizationId: organization.id };
}

/** Queues as an operation does: in the transaction of a change. */
function queue({ id }: Made, mails: NewMail[], fail?: Error): Promise<void> {
  return transact(gateway.database, gateway.tenant.id, async (manager) => {
    const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'test' };
    await queueMails(manager, { tenantId: gateway.tenant.id, at: now(), actor }, id, mails);
    if (fail) throw fail;
  });
}

/** A confirmation with its token, as it is sent. */
async function confirm(petition: Made, kind: PetitionMailKind = CONFIRMATION, locale = MailLocale.EN): Promise<string> {
  const token = createSecret();
  await gateway.rows(
    `insert into petition_confirmations (id, tenant_id, petition_id, token_hash, email_normalized, created_at, expires_at)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, petition_id) do update set token_hash = excluded.token_hash`,
    [petition.id, hashSecret(token), petition.email, now(), new Date(now().getTime() + DAY)],
  );
  const sealedToken = gateway.services.sealing.seal(token, confirmationTokenPlace(petition.id));
  await queue(petition, [{ kind, locale, email: petition.email, emailNormalized: petition.email, sealedToken }]);
  return token;
}

const mailsOf = ({ id }: Made) =>
  gateway.rows(
    `select kind, status, attempts, sealed_token as token, due_at as due, error from petition_mails
     where tenant_id = $1 and petition_id = $2 order by id`,
    [id],
  );
const statusesOf = async (petition: Made) => (await mailsOf(petition)).map(({ status }) => status);

describe('the mails of a petition', () => {
  it('go out after the change, once, with the link; the sealed token is forgotten', async () => {
    const petition = await makePetition();
    const token = await confirm(petition);
    expect(server.received).toEqual([]);
    const { events } = await eventsOf(gateway, async () => {
      await send();
      await send();
    });
    expect([events, server.received.map(({ to }) => to)]).toEqual([[], [[petition.email]]]);
    const { head, text, html } = decodeMail(server.received[0]!.raw);
    const link = `${gateway.url}/petitions/confirm#token=${token}`;
    expect(head).toContain('From: Vestibule <vestibule@example.org>');
    expect(head).toContain('Subject: Please confirm your email address for Atelier & Co');
    expect(head).not.toContain(token);
    expect(text).toContain(`\r\n${link}\r\n`);
    expect(text).toContain('Hello Ada Byron,');
    expect(html).toContain(`href="${link}"`);
    expect(await mailsOf(petition)).toEqual([
      { kind: CONFIRMATION, status: 'SENT', attempts: 1, token: null, due: null, error: null },
    ]);
    const logged = gateway.logLines.join('\n');
    expect([logged.includes(token), logged.includes(petition.email)]).toEqual([false, false]);
  });

  it('go out by the job that was sent with the change', async () => {
    const stop = await startJobs(gateway.services);
    try {
      const petition = await makePetition();
      const received = server.next();
      await confirm(petition);
      expect((await received).to).toEqual([petition.email]);
    } finally {
      await stop();
    }
  });

  it('never go out for a change that was rolled back', async () => {
    const petition = await makePetition();
    const mail = { kind: DENIED, locale: MailLocale.EN, email: petition.email, emailNormalized: petition.email };
    await expect(expectUnchanged(gateway, () => queue(petition, [mail], new Error('no')))).rejects.toThrow('no');
    await send();
    expect([server.received, await mailsOf(petition)]).toEqual([[], []]);
  });

  it('tell approvers what all parties may see, at the verified addresses of their accounts', async () => {
    const petition = await makePetition({ status: PetitionStatus.PENDING_APPROVAL });
    const [first, second] = [
      await makeUser(gateway.tenant, { givenName: 'Grace', familyName: 'Hopper' }),
      await makeUser(gateway.tenant),
    ];
    await queue(petition, [
      { kind: APPROVAL_REQUESTED, locale: MailLocale.EN, userId: first.id },
      { kind: APPROVAL_REQUESTED, locale: MailLocale.FR, userId: second.id },
    ]);
    await send();
    const received = Object.fromEntries(server.received.map(({ to, raw }) => [to[0], decodeMail(raw)]));
    expect(Object.keys(received).sort()).toEqual([first.email, second.email].sort());
    const { text, html, head } = received[first.email!]!;
    expect(head).toContain('Ada Byron waits for your approval');
    expect(text).toContain('Hello Grace Hopper,');
    expect(text).toContain('- From: 1 February 2030');
    expect(text).toContain('- Team: Research <x>');
    expect(html).toContain('Research &#60;x&#62;');
    expect(text).toContain(`${gateway.url}/petitions#petition=pet_${petition.id}`);
    expect(text + html).not.toMatch(/SECRET|Rating/);
    expect(received[second.email!]!.html).toContain('<html lang="fr">');
  });

  it('are in the words of the flow, and come by the name that it gives', async () => {
    const template = {
      kind: APPROVED,
      locale: 'EN',
      subject: 'Yes, {{ enrolleeName }}!',
      text: '{{ attributes.team }}{{ attributes.secret }}. {{ decisionComment }}\n{{ link }}',
      html: '<p class="x">{{ attributes.team }} {{ decisionComment | line_breaks }}</p>',
    };
    const petition = await makePetition({
      status: PetitionStatus.APPROVED,
      mailTemplates: [template],
      notifyFrom: 'Atelier "A" <x@evil.example>\r\nBcc: all@example.org',
      comment: 'Fine,\n<you>',
    });
    const mail = { kind: APPROVED, email: petition.email, emailNormalized: petition.email };
    await queue(petition, [{ ...mail, locale: MailLocale.EN }]);
    await queue(petition, [{ ...mail, locale: MailLocale.FR }]);
    await send();
    const [own, shipped] = server.received.map(({ raw }) => decodeMail(raw));
    expect(own!.head).toContain('Subject: Yes, Ada Byron!');
    expect(own!.head).toMatch(
      /^From: "?Atelier A x evil\.example Bcc: all example\.org"?\s+<vestibule@example\.org>\r$/m,
    );
    expect(own!.head).not.toMatch(/^Bcc:/m);
    expect(own!.text).toContain('Research <x>. Fine,\r\n<you>');
    expect(own!.html).toContain('<p class="x">Research &lt;x&gt; Fine,<br />\r\n&lt;you&gt;</p>');
    expect(shipped!.text).toContain('a été approuvée');
    expect(server.received.flatMap(({ to }) => to)).toEqual([petition.email, petition.email]);
  });

  it('are in the shipped words where those of the flow cannot be used, which is logged without values', async () => {
    const broken = [
      { subject: '{{ x | nothing }}', text: '{{ link }}', html: null },
      { subject: 'Hi', text: 'No link', html: null },
      { subject: 'Hi', text: '{{ link }}', html: '{{ link }}<script>x</script>' },
    ];
    for (const template of broken) {
      server.received.length = 0;
      const petition = await makePetition({ mailTemplates: [{ kind: CONFIRMATION, locale: 'EN', ...template }] });
      const token = await confirm(petition);
      await send();
      const { head, text } = decodeMail(server.received[0]!.raw);
      expect(head).toContain('Subject: Please confirm your email address');
      expect(text).toContain(token);
      expect(gateway.logLines.at(-1)).toContain("a flow's words could not be used");
    }
  });

  it('are sent by several processes at once, once', async () => {
    const petition = await makePetition({ status: PetitionStatus.FINALIZED });
    const emails = Array.from({ length: 6 }, address);
    await queue(
      petition,
      emails.map((email) => ({ kind: FINALIZED, locale: MailLocale.EN, email, emailNormalized: email })),
    );
    await Promise.all([1, 2, 3, 4].map(() => send()));
    expect(server.received.flatMap(({ to }) => to).sort()).toEqual(emails.sort());
  });
});

describe('a mail that nobody needs any more', () => {
  it('is superseded by a newer confirmation, or once the address is confirmed, and is not sent', async () => {
    const renewed = await makePetition();
    await confirm(renewed);
    const token = await confirm(renewed, CONFIRMATION_REMINDER);
    await send();
    expect(await mailsOf(renewed)).toMatchObject([
      { kind: CONFIRMATION, status: 'SUPERSEDED', token: null, due: null },
      { kind: CONFIRMATION_REMINDER, status: 'SENT', token: null },
    ]);
    expect(server.received).toHaveLength(1);
    expect(decodeMail(server.received[0]!.raw).text).toContain(token);
  });

  it.each(['CONFIRMED', 'DECLINED', 'EXPIRED', 'CANCELED', 'FINALIZED'])(
    'is a confirmation of one that is %s',
    async (status) => {
      const petition = await makePetition();
      await confirm(petition);
      await gateway.rows('update petitions set status = $3 where tenant_id = $1 and id = $2', [petition.id, status]);
      const { events } = await eventsOf(gateway, () => send());
      expect([events, server.received, await statusesOf(petition)]).toEqual([[], [], ['SUPERSEDED']]);
    },
  );

  it('is a confirmation that was revoked, whose time is over, or that is for another address', async () => {
    const [revoked, late, moved] = [await makePetition(), await makePetition(), await makePetition()];
    for (const petition of [revoked, late, moved]) await confirm(petition);
    await gateway.rows('delete from petition_confirmations where tenant_id = $1 and petition_id = $2', [revoked.id]);
    await gateway.rows(
      'update petition_confirmations set email_normalized = $3 where tenant_id = $1 and petition_id = $2',
      [moved.id, address()],
    );
    gateway.advance(DAY + MINUTE);
    await send();
    expect(server.received).toEqual([]);
    expect(await Promise.all([revoked, late, moved].map(statusesOf))).toEqual(Array(3).fill(['SUPERSEDED']));
  });

  it('is a request to approve what was decided', async () => {
    const petition = await makePetition({ status: PetitionStatus.APPROVED });
    const { id } = await makeUser(gateway.tenant);
    await queue(petition, [{ kind: APPROVAL_REQUESTED, locale: MailLocale.EN, userId: id }]);
    await send();
    expect([server.received, await statusesOf(petition)]).toEqual([[], ['SUPERSEDED']]);
  });
});

describe('a mail that does not go out', () => {
  it('is tried again with growing pauses, under the same Message-ID', async () => {
    const petition = await makePetition();
    await confirm(petition);
    server.refusedData = 451;
    for (const pause of [1, 2, 4]) {
      await send();
      expect(await mailsOf(petition)).toMatchObject([
        { status: 'WAITING', error: 'The mail server refused it (451 5.1.1).' },
      ]);
      gateway.advance(pause * MINUTE - 2_000);
      server.refusedData = null;
      await send();
      expect(server.received).toEqual([]);
      server.refusedData = 451;
      gateway.advance(3_000);
    }
    server.refusedData = null;
    await send();
    const [row] = await gateway.rows('select id from petition_mails where tenant_id = $1 and petition_id = $2', [
      petition.id,
    ]);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]!.raw).toContain(`Message-ID: <${row!.id}@vestibule>`);
    expect(await mailsOf(petition)).toMatchObject([{ status: 'SENT', attempts: 4, error: null }]);
  });

  it('reads FAILED after a permanent refusal, with an event that holds no address', async () => {
    const petition = await makePetition();
    await confirm(petition);
    server.refusal = 550;
    const { events } = await eventsOf(gateway, () => send());
    expect(events).toMatchObject([
      {
        type: 'petition.mail_failed',
        after: { kind: CONFIRMATION, reason: 'The mail server refused it (550 5.1.1).' },
      },
    ]);
    const [event] = await gateway.rows(
      `select object_id, organization_id, via, actor_kind from events
       where tenant_id = $1 and type = 'petition.mail_failed' order by id desc limit 1`,
    );
    expect(event).toEqual({
      object_id: petition.id,
      organization_id: petition.organizationId,
      via: 'mailPetitions',
      actor_kind: 'SYSTEM',
    });
    expect(await mailsOf(petition)).toMatchObject([{ status: 'FAILED', token: null, due: null }]);
    server.refusal = null;
    gateway.advance(DAY / 2);
    await send();
    expect(server.received).toEqual([]);
    expect(gateway.logLines.join('\n')).not.toContain(petition.email);
  });

  it('reads FAILED when attempts run out', async () => {
    const petition = await makePetition({ status: PetitionStatus.DENIED });
    await queue(petition, [
      { kind: DENIED, locale: MailLocale.EN, email: petition.email, emailNormalized: petition.email },
    ]);
    server.refusal = 450;
    for (let count = 1; count < MOST_MAIL_ATTEMPTS; count++) {
      await send();
      expect(await statusesOf(petition)).toEqual(['WAITING']);
      gateway.advance(4 * HOUR);
    }
    const { events } = await eventsOf(gateway, () => send());
    expect(events.map(({ type }) => type)).toEqual(['petition.mail_failed']);
    expect(await statusesOf(petition)).toEqual(['FAILED']);
  });

  it('to an account without a verified address, or that is suspended, reads FAILED at once', async () => {
    const petition = await makePetition({ status: PetitionStatus.PENDING_APPROVAL });
    const users = [
      await makeUser(gateway.tenant, { isEmailVerified: false }),
      await makeUser(gateway.tenant, { email: null }),
      await makeUser(gateway.tenant, { status: 'SUSPENDED' as never }),
    ];
    await queue(
      petition,
      users.map(({ id }) => ({ kind: APPROVAL_REQUESTED, locale: MailLocale.EN, userId: id })),
    );
    const { events } = await eventsOf(gateway, () => send());
    expect(events).toHaveLength(3);
    expect(await mailsOf(petition)).toMatchObject(
      Array(3).fill({ status: 'FAILED', attempts: 1, error: 'The person has no verified address, or is not active.' }),
    );
    expect(server.received).toEqual([]);
  });

  it('goes out once the server is up again, and a server that is down costs one attempt a turn', async () => {
    const petition = await makePetition({ status: PetitionStatus.FINALIZED });
    const { port } = server;
    await server.close();
    const mails = [address(), address()].map((email) => ({ kind: FINALIZED, email, emailNormalized: email }));
    await queue(
      petition,
      mails.map((mail) => ({ ...mail, locale: MailLocale.EN })),
    );
    await send();
    expect((await mailsOf(petition)).map(({ attempts }) => attempts).sort()).toEqual([0, 1]);
    server = await startMailServer(port);
    gateway.advance(2 * MINUTE);
    await send();
    expect(server.received).toHaveLength(2);
  });

  it('by a process that died is sent by the next, when its lease is over', async () => {
    const petition = await makePetition();
    await confirm(petition);
    const lease = new Date(now().getTime() + 2 * MINUTE);
    await gateway.rows(
      'update petition_mails set due_at = $3, attempts = 1 where tenant_id = $1 and petition_id = $2',
      [petition.id, lease],
    );
    await send();
    expect(server.received).toEqual([]);
    gateway.advance(2 * MINUTE + 1_000);
    await send();
    expect(server.received).toHaveLength(1);
  });

  it('under a key that is gone reads FAILED', async () => {
    const petition = await makePetition();
    await confirm(petition);
    const open = () => {
      throw new Error('gone');
    };
    await send({ ...gateway.services, sealing: { ...gateway.services.sealing, open } });
    expect(await mailsOf(petition)).toMatchObject([
      { status: 'FAILED', error: 'The link cannot be read any more: send the confirmation again.' },
    ]);
  });

  it('waits while no mail server is configured', async () => {
    const petition = await makePetition();
    await confirm(petition);
    await send({ ...gateway.services, config: { ...gateway.services.config, smtpUrl: undefined } });
    expect(await mailsOf(petition)).toMatchObject([{ status: 'WAITING', attempts: 0 }]);
  });
});

describe('the preview of a mail', () => {
  const PREVIEW = `query ($id: ID!, $kind: PetitionMailKind!, $locale: MailLocale!, $template: EnrollmentMailWordsInput, $petitionId: ID) {
    enrollmentMailPreview(id: $id, kind: $kind, locale: $locale, template: $template, petitionId: $petitionId) {
      subject text html isShipped template { kind locale subject text html } faults { code message field }
    }
  }`;

  async function previewing(facts: Parameters<typeof makePetition>[0] = {}) {
    const petition = await makePetition(facts);
    const [{ flowId }] = (await gateway.rows<{ flowId: string }>(
      'select flow_id as "flowId" from petitions where tenant_id = $1 and id = $2',
      [petition.id],
    )) as [{ flowId: string }];
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(gateway.tenant, {
      user: { id: userId },
      organization: { id: petition.organizationId },
      roles: ['member', 'administrator'],
    });
    const ask = (given: object = {}, by: Browser | null = browser) =>
      gateway.graphql(by, PREVIEW, { id: `flo_${flowId}`, kind: 'CONFIRMATION', locale: 'EN', ...given });
    return { petition, flowId, ask };
  }

  it('shows the words that are sent, with example values of the flow, and sends nothing', async () => {
    const { ask } = await previewing();
    const { data } = await expectUnchanged(gateway, () => ask({ kind: 'APPROVAL_REQUESTED', locale: 'FR' }));
    const shown = data.enrollmentMailPreview;
    expect(shown).toMatchObject({ isShipped: true, faults: [], template: { kind: 'APPROVAL_REQUESTED', html: null } });
    expect(shown.text).toContain('Atelier & Co (Joining)');
    expect(shown.text).toContain('- Team : Research <x>');
    expect(shown.text).toContain('- From : 31 janvier 2030');
    expect(shown.text).not.toContain('Rating');
    expect(shown.html).toContain('Research &#60;x&#62;');
    expect((await ask()).data.enrollmentMailPreview.text).toContain(`${gateway.url}/petitions/confirm#token=example`);
    await send();
    expect(server.received).toEqual([]);
  });

  it("shows the flow's own words, or those that are given, and what is wrong with them", async () => {
    const own = { kind: 'CONFIRMATION', locale: 'EN', subject: 'Own', text: '{{ link }}', html: null };
    const { ask } = await previewing({ mailTemplates: [own] });
    expect((await ask()).data.enrollmentMailPreview).toMatchObject({ subject: 'Own', isShipped: false, template: own });
    const template = { subject: 'New {{ flowName }}', text: '{{ attributes.team }} {{ link }}' };
    expect((await ask({ template })).data.enrollmentMailPreview).toMatchObject({
      subject: 'New Joining',
      text: expect.stringContaining('Research <x> http'),
      isShipped: false,
      faults: [],
    });
    const wrong: [object, RegExp, string[]][] = [
      [{ ...template, text: '{{ link }}{{ nothing }}' }, /text, line 1: .*nothing/, ['template', 'text']],
      [{ ...template, text: '{{ link }} {{ attributes.secret }}' }, /no attributes .*: secret\./, ['template']],
      [{ ...template, text: '{{ link }} {{ attributes.none }}' }, /no attributes .*: none\./, ['template']],
    ];
    for (const [given, message, field] of wrong) {
      const { data } = await ask({ template: given });
      expect(data.enrollmentMailPreview).toMatchObject({
        isShipped: true,
        subject: expect.stringContaining('Please confirm'),
        faults: [{ code: 'INVALID', message: expect.stringMatching(message), field }],
      });
    }
  });

  it('shows the values of a petition of the flow', async () => {
    const { petition, ask } = await previewing({ comment: 'Not now' });
    const given = { kind: 'DENIED', petitionId: `pet_${petition.id}` };
    const shown = (await ask(given)).data.enrollmentMailPreview;
    expect(shown.text).toContain('Hello Ada Byron,');
    expect(shown.text).toContain('> Not now');
    expect(shown.text).toContain(`#petition=pet_${petition.id}`);
    const other = await makePetition();
    expect((await ask({ ...given, petitionId: `pet_${other.id}` })).data.enrollmentMailPreview).toBeNull();
    const administrator = await gateway.signedInUser({ isTenantAdministrator: true });
    expect((await ask(given, administrator.browser)).data.enrollmentMailPreview.text).toContain('Ada Byron');
    const strange = { ...given, petitionId: `pet_${other.id}` };
    expect((await ask(strange, administrator.browser)).data.enrollmentMailPreview).toBeNull();
  });

  it('is for those who administer the flow', async () => {
    const { petition, ask } = await previewing();
    const stranger = await gateway.signedInUser();
    const member = await gateway.signedInUser();
    await makeMembership(gateway.tenant, {
      user: { id: member.userId },
      organization: { id: petition.organizationId },
    });
    const missing = await ask({ id: `flo_${v7()}` }, stranger.browser);
    for (const browser of [null, stranger.browser, member.browser]) {
      const refused = await expectUnchanged(gateway, () => ask({}, browser));
      expect(refused.data?.enrollmentMailPreview ?? null).toBeNull();
      expect(refused.text).not.toMatch(/Joining|Atelier/);
      if (browser) expect(refused.errors?.[0]?.extensions.code).toBe(missing.errors?.[0]?.extensions.code);
      else expect(refused.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
  });
});

it('mails that are done are forgotten after 90 days', async () => {
  const petition = await makePetition();
  await confirm(petition);
  await send();
  gateway.advance(89 * DAY);
  await removeExpired(gateway.services);
  expect(await statusesOf(petition)).toEqual(['SENT']);
  gateway.advance(2 * DAY);
  await removeExpired(gateway.services);
  expect(await statusesOf(petition)).toEqual([]);
});
