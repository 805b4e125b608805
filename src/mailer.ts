import { createTransport } from 'nodemailer';

/** Where mail goes out, and from which address. */
export interface MailSettings {
  /** Absent: no mail is sent. */
  smtpUrl: string | undefined;
  mailFrom: string;
}

/** One mail to one address, which is taken as it is: no names, no lists. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html?: string;
  /** The name that it comes from, in place of the operator's; the address stays. */
  fromName?: string | null;
  /** The part of the Message-ID before the `@`: the same for every attempt, so that a mail sent twice can be told. */
  key: string;
}

/** Sends mail, or throws a {@link MailError}. */
export type SendMail = (mail: Mail) => Promise<void>;

/** A mail that was not taken. The message holds no address: it may be kept and shown. */
export class MailError extends Error {
  /** This recipient or message was refused for good: another attempt would be, too. */
  readonly isPermanent: boolean;
  /** The server was not reached, or does not let us in: no mail would be taken now. */
  readonly isServerDown: boolean;

  constructor(cause: unknown) {
    const failure = (cause ?? {}) as SmtpFailure;
    const isUnsendable = failure.command === 'API' && ['EENVELOPE', 'EMESSAGE'].includes(failure.code ?? '');
    const isRefused = failure.command === 'RCPT TO' || failure.command === 'DATA';
    super(describe(failure, isUnsendable), { cause });
    this.isPermanent = isUnsendable || (isRefused && (failure.responseCode ?? 0) >= 500);
    this.isServerDown = !isUnsendable && !isRefused;
  }
}

/** What nodemailer says of a failure. */
interface SmtpFailure {
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
}

const TIMEOUTS = { dnsTimeout: 5_000, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
/** For all of one mail, whatever the server does. */
const LONGEST_MILLISECONDS = 60_000;
const FIRST_PAUSE_MILLISECONDS = 60_000;
const LONGEST_PAUSE_MILLISECONDS = 4 * 60 * 60_000;

/** How often a mail is tried: for most of a day, at the pauses of {@link mailPause}. */
export const MOST_MAIL_ATTEMPTS = 12;

/** How long to wait after this many attempts that failed: a minute, then twice as long each time, at most four hours. */
export function mailPause(attempts: number): number {
  return Math.min(2 ** (attempts - 1) * FIRST_PAUSE_MILLISECONDS, LONGEST_PAUSE_MILLISECONDS);
}

/** The way out for mail; null where none is configured. Every step has a time limit. */
export function createMailer({ smtpUrl, mailFrom }: MailSettings): SendMail | null {
  if (!smtpUrl) return null;
  const transport = createTransport({ url: smtpUrl, ...TIMEOUTS });
  return async ({ to, key, fromName, ...content }) => {
    try {
      // Given as an object, an address is not read as a list of several.
      const recipient = { name: '', address: to };
      const from = fromName ? { name: fromName, address: addressOf(mailFrom) } : mailFrom;
      const signal = AbortSignal.timeout(LONGEST_MILLISECONDS);
      await transport.sendMail({ ...content, from, to: recipient, messageId: `<${key}@vestibule>`, signal });
    } catch (error) {
      throw new MailError(error);
    }
  };
}

/** The address of `Name <address>`. */
function addressOf(mailFrom: string): string {
  return /<([^<>]+)>\s*$/.exec(mailFrom)?.[1] ?? mailFrom;
}

/** What servers say in words may hold the address; their codes do not. */
function describe({ responseCode: code, response }: SmtpFailure, isUnsendable: boolean): string {
  if (isUnsendable) return 'No mail can be sent to this address.';
  if (!code) return 'The mail server could not be reached.';
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
  return `The mail server refused it (${[code, enhanced].filter(Boolean).join(' ')}).`;
}
