import { createHash, createHmac, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

/** A secret of 256 bits, in 43 characters that any address or header may carry. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a secret that is only ever compared. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Another secret that follows from this one and tells nothing about it. */
export function deriveSecret(secret: string, purpose: string): string {
  return createHmac('sha256', secret).update(purpose).digest('base64url');
}

/** The same for a secret that people may have chosen, and that could be guessed by trying: slow to make. */
export async function hashGuessable(secret: string, salt: string): Promise<string> {
  return ((await promisify(scrypt)(secret, salt, 32)) as Buffer).toString('base64url');
}
