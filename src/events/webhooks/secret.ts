import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Sealing } from '../../database/sealing.js';

const SECRET_BYTES = 32;

/** How long messages are signed with the secret before, too, once there is a new one. */
export const PREVIOUS_SECRET_MILLISECONDS = 24 * 60 * 60_000;

/** A new secret, in the form that Standard Webhooks gives them. */
export function createSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** Where the secrets of an endpoint are sealed to, the one before included. */
export function endpointSecretPlace(endpointId: string): string {
  return `webhook_endpoints.${endpointId}.secret`;
}

interface SealedSecrets {
  id: string;
  sealedSecret: string;
  sealedPreviousSecret: string | null;
  previousSecretUntil: Date | string | null;
}

/** The secrets that sign now, the new one first. */
export function openSecrets(sealing: Sealing, endpoint: SealedSecrets, now: Date): string[] {
  const { id, sealedSecret, sealedPreviousSecret, previousSecretUntil } = endpoint;
  const isPreviousGood = sealedPreviousSecret && previousSecretUntil && new Date(previousSecretUntil) > now;
  const sealed = isPreviousGood ? [sealedSecret, sealedPreviousSecret] : [sealedSecret];
  return sealed.map((text) => sealing.open(text, endpointSecretPlace(id)));
}

/** The headers by which a receiver verifies a message: https://www.standardwebhooks.com */
export function signMessage(secrets: readonly string[], id: string, at: Date, body: string): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}
