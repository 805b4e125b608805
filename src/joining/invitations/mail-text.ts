import { type MailLocale } from '../../entities/enums.js';

export interface InvitationMail {
  organizationName: string;
  /** Null when nobody knows any more. */
  inviterName: string | null;
  /** What the inviter wrote. */
  message: string | null;
  link: string;
  expiresAt: Date | string;
  locale: MailLocale;
}

interface Words {
  language: string;
  subject: (organization: string) => string;
  greeting: string;
  invitation: (organization: string, inviter: string | null) => string;
  button: string;
  until: (date: string) => string;
  unknown: string;
}

const WORDS: Record<MailLocale, Words> = {
  EN: {
    language: 'en-GB',
    subject: (organization) => `You are invited to ${organization}`,
    greeting: 'Hello,',
    invitation: (organization, inviter) =>
      inviter ? `${inviter} invites you to join ${organization}.` : `You are invited to join ${organization}.`,
    button: 'See the invitation',
    until: (date) => `The invitation can be accepted until ${date}, by whoever signs in with this email address.`,
    unknown: 'If you do not know what this is about, you need not do anything.',
  },
  FR: {
    language: 'fr-FR',
    subject: (organization) => `Invitation à rejoindre ${organization}`,
    greeting: 'Bonjour,',
    invitation: (organization, inviter) =>
      inviter ? `${inviter} vous invite à rejoindre ${organization}.` : `Vous êtes invité à rejoindre ${organization}.`,
    button: "Voir l'invitation",
    until: (date) =>
      `L'invitation peut être acceptée jusqu'au ${date}, en se connectant avec cette adresse électronique.`,
    unknown: "Si vous ne savez pas de quoi il s'agit, vous n'avez rien à faire.",
  },
};

/** The mail of an invitation, as text and as HTML. Names and the message are text in both, on one line in the subject. */
export function invitationMail(mail: InvitationMail): { subject: string; text: string; html: string } {
  const { language, subject, greeting, invitation, button, until, unknown } = WORDS[mail.locale];
  const organization = oneLine(mail.organizationName);
  const invited = invitation(organization, mail.inviterName && oneLine(mail.inviterName));
  const ends = until(describeDate(mail.expiresAt, language));
  const message = mail.message?.replace(/\r\n?/g, '\n') ?? null;
  const quoted = message && message.replace(/^/gm, '> ');
  return {
    subject: subject(organization),
    text: [greeting, invited, quoted, `${button}:\n${mail.link}`, ends, unknown].filter(Boolean).join('\n\n') + '\n',
    html: `<!doctype html>
<html lang="${language.slice(0, 2)}">
<head><meta charset="utf-8"><title>${escapeHtml(subject(organization))}</title></head>
<body>
<p>${escapeHtml(greeting)}</p>
<p>${escapeHtml(invited)}</p>
${message ? `<blockquote>${escapeHtml(message).replaceAll('\n', '<br>\n')}</blockquote>\n` : ''}<p><a href="${escapeHtml(mail.link)}">${escapeHtml(button)}</a></p>
<p>${escapeHtml(ends)}</p>
<p>${escapeHtml(unknown)}</p>
</body>
</html>
`,
  };
}

/** A name can hold no line of its own, neither a header's nor the text's. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function describeDate(date: Date | string, language: string): string {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return `${format.format(new Date(date))} UTC`;
}
