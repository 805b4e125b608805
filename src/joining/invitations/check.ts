import { EmailAddress } from '../../entities/email-address.js';
import { OrganizationStatus } from '../../entities/enums.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';

export const MOST_INVITED = 100;
const MOST_ROLES = 50;
const MOST_DAYS = 90;
const USUAL_DAYS = 7;
const LONGEST_MESSAGE = 1_000;
const LONGEST_URL = 2_048;
const DAY_MILLISECONDS = 24 * 60 * 60_000;

/** What an administrator may say of when an invitation ends: one of the two, or neither. */
export interface Expiry {
  expiresAt?: Date | null;
  expiresInDays?: number | null;
}

/** An address that mail can be sent to; null when it is none. Stricter than what is believed of a provider. */
export function readInvitee(text: string): EmailAddress | null {
  const address = EmailAddress.parse(text);
  if (!address || /[<>()[\]\\,;:"]/.test(address.value)) return null;
  const [local = '', domain = ''] = address.value.split('@');
  const isDotted = (part: string) => part.split('.').every((label) => label.length > 0 && label.length <= 64);
  const isDomain = domain.split('.').every((label) => !label.startsWith('-') && !label.endsWith('-'));
  return isDotted(local) && isDotted(domain) && isDomain ? address : null;
}

export function checkExpiry({ expiresAt, expiresInDays }: Expiry, now: Date): Fault | null {
  const latest = now.getTime() + MOST_DAYS * DAY_MILLISECONDS;
  if (expiresAt && expiresInDays)
    return fault(UserErrorCode.INVALID, 'Give either expiresAt or expiresInDays.', 'expiresAt');
  if (expiresAt && (expiresAt <= now || expiresAt.getTime() > latest))
    return fault(UserErrorCode.INVALID, `expiresAt is in the future, by ${MOST_DAYS} days at most.`, 'expiresAt');
  if (typeof expiresInDays === 'number' && (expiresInDays < 1 || expiresInDays > MOST_DAYS))
    return fault(UserErrorCode.INVALID, `expiresInDays is 1 to ${MOST_DAYS}.`, 'expiresInDays');
  return null;
}

export function expiryOf({ expiresAt, expiresInDays }: Expiry, now: Date): Date {
  return expiresAt ?? new Date(now.getTime() + (expiresInDays ?? USUAL_DAYS) * DAY_MILLISECONDS);
}

/** A few words to the invited person, of several lines maybe. */
export function checkMessage(message: string | null | undefined): Fault | null {
  if ([...(message ?? '')].length > LONGEST_MESSAGE)
    return fault(UserErrorCode.TOO_LONG, `message is at most ${LONGEST_MESSAGE} characters.`, 'message');
  if (message && (/[^\P{Cc}\n\r\t]/u.test(message) || !message.isWellFormed()))
    return fault(UserErrorCode.INVALID, 'message is text without control characters.', 'message');
  return null;
}

/**
 * Where the link leads: a page of this gateway's address, or of an origin that the operator admits. Anywhere else, the
 * link would carry its token to a stranger.
 */
export function checkAcceptUrl(
  text: string | null | undefined,
  { publicUrl, allowedOrigins }: { publicUrl: string; allowedOrigins: readonly string[] },
): Fault | null {
  if (text === null || text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (text.length > LONGEST_URL || (url?.href.length ?? 0) > LONGEST_URL)
    return fault(UserErrorCode.TOO_LONG, `acceptUrl is at most ${LONGEST_URL} characters.`, 'acceptUrl');
  const isPlain = url !== null && !url.username && !url.password && !text.includes('#');
  const isAdmitted = url !== null && [new URL(publicUrl).origin, ...allowedOrigins].includes(url.origin);
  if (isPlain && isAdmitted) return null;
  return fault(
    UserErrorCode.INVALID,
    'acceptUrl is an address of this site, or of an origin that the operator admits (ALLOWED_ORIGINS), without a fragment.',
    'acceptUrl',
  );
}

export function checkRoleCount(roleIds: readonly string[]): Fault | null {
  if (roleIds.length <= MOST_ROLES) return null;
  return fault(UserErrorCode.INVALID, `roleIds holds at most ${MOST_ROLES}.`, 'roleIds');
}

/** Only an active organization takes new members. */
export function refuseInactive(status: OrganizationStatus, ...field: string[]): Fault | null {
  if (status === OrganizationStatus.ACTIVE) return null;
  return fault(UserErrorCode.WRONG_STATUS, 'The organization is suspended or archived: it takes no members.', ...field);
}

/** The token is in the fragment, which browsers send to nobody and servers do not log. */
export function linkOf(acceptUrl: string, token: string): string {
  return `${acceptUrl}#token=${token}`;
}

/** Where the token of an invitation is sealed to, until it is mailed. */
export function tokenPlace(invitationId: string): string {
  return `invitations.${invitationId}.token`;
}
