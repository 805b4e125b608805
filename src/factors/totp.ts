import { timingSafeEqual } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

/* Codes that change with time (RFC 6238), of the form that every authenticator app knows: SHA-1, six digits, 30 s. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const STEP_MILLISECONDS = FORM.period * 1_000;
/** A clock may be one step off, in either direction. */
const WINDOW = [0, -1, 1];
const SECRET_BYTES = 20;

/** A new secret in base32, and the address that an app reads from a QR code. */
export function createTotp(issuer: string, label: string): { secret: string; uri: string } {
  const secret = new Secret({ size: SECRET_BYTES });
  // A colon divides the issuer from the label.
  const readable = (text: string) => text.replaceAll(':', ' ');
  const totp = new TOTP({ ...FORM, issuer: readable(issuer), label: readable(label), secret });
  return { secret: secret.base32, uri: totp.toString() };
}

/** A code as people type it, without the spaces that apps show; null when it cannot be one. */
export function readCode(text: string): string | null {
  const code = text.replace(/\s/g, '');
  return /^\d{6}$/.test(code) ? code : null;
}

/**
 * The step of time that a code is of; null when it is of none within the window, or of one that is not after
 * `lastStep`: a code serves once.
 */
export function findStep(secret: string, code: string, now: Date, lastStep: number | null): number | null {
  const totp = new TOTP({ ...FORM, secret: Secret.fromBase32(secret) });
  const current = Math.floor(now.getTime() / STEP_MILLISECONDS);
  const given = Buffer.from(code);
  for (const offset of WINDOW) {
    const step = current + offset;
    const right = Buffer.from(totp.generate({ timestamp: step * STEP_MILLISECONDS }));
    if (timingSafeEqual(right, given) && (lastStep === null || step > lastStep)) return step;
  }
  return null;
}

const FREE_ATTEMPTS = 4;
const FIRST_PAUSE_MILLISECONDS = 30_000;
const LONGEST_PAUSE_MILLISECONDS = 60 * 60_000;

/**
 * How long no code is taken after this many wrong ones in a row, in milliseconds: four are free, then each doubles the
 * pause, up to an hour. Somebody who guesses gets some twenty codes a day out of a million.
 */
export function pauseAfter(failedAttempts: number): number {
  if (failedAttempts <= FREE_ATTEMPTS) return 0;
  return Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** (failedAttempts - FREE_ATTEMPTS - 1), LONGEST_PAUSE_MILLISECONDS);
}
