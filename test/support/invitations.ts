import { EventEmitter, once } from 'node:events';
import { SMTPServer } from 'smtp-server';
import { v7 } from 'uuid';
import type { Browser } from './browser.js';
import { makeMembership, makeOrganization } from './factories.js';
import type { Gateway } from './gateway.js';

const FIELDS = `invitation { id email status mailStatus mailedAt mailError expiresAt roleNames organizationName inviterName }
  userErrors { code message field }`;

/** What the invited person sees, too. */
const SHOWN = 'invitation { id status } userErrors { code message field }';

const TYPES: Record<string, [type: string, selection: string]> = {
  organizationInvitationCreate: ['OrganizationInvitationCreateInput', `acceptLink ${FIELDS}`],
  organizationInvitationsCreate: [
    'OrganizationInvitationsCreateInput',
    `outcomes { email acceptLink ${FIELDS} } userErrors { code message field }`,
  ],
  organizationInvitationResend: ['OrganizationInvitationResendInput', `acceptLink ${FIELDS}`],
  organizationInvitationRevoke: ['OrganizationInvitationIdInput', FIELDS],
  organizationInvitationAccept: ['OrganizationInvitationAnswerInput', SHOWN],
  organizationInvitationDecline: ['OrganizationInvitationAnswerInput', SHOWN],
  organizationInvitationDelete: ['OrganizationInvitationIdInput', 'deletedId userErrors { code message field }'],
};

/** Runs a mutation of invitations: the whole answer. */
export function askInvitation(gateway: Gateway, browser: Browser | null, name: string, input: object) {
  const [type, selection] = TYPES[name]!;
  return gateway.graphql(browser, `mutation ($input: ${type}!) { asked: ${name}(input: $input) { ${selection} } }`, {
    input,
  });
}

/** Runs a mutation of invitations that is answered: its payload. */
export async function invitation(gateway: Gateway, browser: Browser | null, name: string, input: object) {
  const { data, errors } = await askInvitation(gateway, browser, name, input);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.asked;
}

/** An organization with an administrator who is signed in. */
export async function inviting(gateway: Gateway, overrides: Parameters<typeof makeOrganization>[1] = {}) {
  const organization = await makeOrganization(gateway.tenant, overrides);
  const administrator = await gateway.signedInUser({ givenName: 'Ines', familyName: 'Rossi' });
  await makeMembership(gateway.tenant, {
    user: { id: administrator.userId },
    organization,
    roles: ['member', 'administrator'],
  });
  return { organization, organizationId: `org_${organization.id}`, ...administrator };
}

/** A pending invitation as it is stored, for whoever has that address; nobody is mailed. */
export async function makeInvitation(
  { rows }: Pick<Gateway, 'rows'>,
  { organizationId, email }: { organizationId: string; email: string },
): Promise<string> {
  const id = v7();
  await rows(
    `insert into invitations (id, tenant_id, organization_id, email, email_normalized, status, accept_url, locale,
       expires_at, mail_status, created_at, updated_at)
     values ($2, $1, $3, $4, lower($4), 'PENDING', 'https://app.example.org/', 'EN', now() + interval '7 days', 'NONE',
       now(), now())`,
    [id, organizationId, email],
  );
  return `inv_${id}`;
}

export const tokenOf = (link: string): string => new URLSearchParams(new URL(link).hash.slice(1)).get('token')!;

/** A mail as it came in. */
export interface ReceivedMail {
  to: string[];
  raw: string;
}

/** A real SMTP server. `refusal` is what it answers to recipients: an SMTP code, or null to take them. */
export async function startMailServer(port = 0) {
  const arrivals = new EventEmitter();
  const state = { received: [] as ReceivedMail[], refusal: null as number | null, refusedData: null as number | null };
  const refuse = (code: number) => Object.assign(new Error('5.1.1 <somebody@example.org> no'), { responseCode: code });
  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: (_address, _session, done) => done(state.refusal ? refuse(state.refusal) : null),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (state.refusedData) return done(refuse(state.refusedData));
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const mail = { to, raw: Buffer.concat(chunks).toString() };
        state.received.push(mail);
        arrivals.emit('mail', mail);
        return done();
      });
    },
  });
  // A client that is killed cuts its connection off.
  smtp.on('error', () => undefined);
  const listening = smtp.listen(port, '127.0.0.1');
  await once(listening, 'listening');
  return Object.assign(state, {
    port: (listening.address() as { port: number }).port,
    /** The next mail to come in. */
    next: async () => ((await once(arrivals, 'mail')) as [ReceivedMail])[0],
    close: () => new Promise<void>((resolve) => smtp.close(() => resolve())),
  });
}

/** The parts of a mail, decoded. */
export function decodeMail(raw: string) {
  const [, boundary] = /boundary="([^"]+)"/.exec(raw)!;
  const parts = raw.split(`--${boundary}`).slice(1, 3);
  const [text, html] = parts.map((part) => {
    const [head, ...body] = part.split('\r\n\r\n');
    const content = body.join('\r\n\r\n');
    if (/base64/i.test(head!)) return Buffer.from(content, 'base64').toString();
    if (!/quoted-printable/i.test(head!)) return content;
    const bytes = content
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString();
  });
  return { head: raw.split('\r\n\r\n')[0]!, text: text!, html: html! };
}
