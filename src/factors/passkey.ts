import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject, decodeClientDataJSON, isoBase64URL } from '@simplewebauthn/server/helpers';

/*
 * Loaded when a passkey is added or shown: the library takes its time to load, and most starts need none of it.
 */

/** Where passkeys of a tenant are used: they are bound to the host of its address. */
export interface PasskeySite {
  publicUrl: string;
  /** Origins of other frontends. A browser uses a passkey there only if its host is the tenant's or below it. */
  allowedOrigins: readonly string[];
}

export interface KnownPasskey {
  id: string;
  publicKey: Uint8Array<ArrayBuffer>;
  signCount: number;
  transports: string[];
}

type Named = Pick<KnownPasskey, 'id' | 'transports'>;

/** The challenge has its own row and time. */
const TIMEOUT_MILLISECONDS = 5 * 60_000;

const hostOf = ({ publicUrl }: PasskeySite) => new URL(publicUrl).hostname;
const originsOf = ({ publicUrl, allowedOrigins }: PasskeySite) => [new URL(publicUrl).origin, ...allowedOrigins];

/** What a browser makes a passkey from. It must ask for the person (PIN, finger): it is a second factor then. */
export function creationOptions(
  site: PasskeySite,
  user: { id: string; name: string; displayName: string; tenantName: string; passkeys: readonly Named[] },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  return generateRegistrationOptions({
    rpName: user.tenantName,
    rpID: hostOf(site),
    userID: new TextEncoder().encode(user.id),
    userName: user.name,
    userDisplayName: user.displayName,
    timeout: TIMEOUT_MILLISECONDS,
    attestationType: 'none',
    excludeCredentials: user.passkeys.map(({ id, transports }) => ({ id, transports })),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
  });
}

/** What a browser shows a passkey for. */
export function requestOptions(
  site: PasskeySite,
  passkeys: readonly Named[],
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return generateAuthenticationOptions({
    rpID: hostOf(site),
    allowCredentials: passkeys.map(({ id, transports }) => ({ id, transports })),
    timeout: TIMEOUT_MILLISECONDS,
    userVerification: 'required',
  });
}

/** The challenge that a browser's response answers, and the passkey that it is of; null when it is no response. */
export function readResponse(response: unknown): { challenge: string; credentialId: string } | null {
  const { id, response: inner } = (response ?? {}) as { id?: unknown; response?: { clientDataJSON?: unknown } };
  if (typeof id !== 'string' || typeof inner?.clientDataJSON !== 'string') return null;
  try {
    const { challenge } = decodeClientDataJSON(inner.clientDataJSON);
    return typeof challenge === 'string' ? { challenge, credentialId: id } : null;
  } catch {
    return null;
  }
}

/** The new passkey of a browser's response; null when the response does not hold. */
export async function readNewPasskey(
  site: PasskeySite,
  response: unknown,
  challenge: string,
): Promise<KnownPasskey | null> {
  try {
    const given = response as RegistrationResponseJSON;
    // No proof of the device's make is asked for. Some kinds of it name addresses that would be asked: none is read.
    const format = decodeAttestationObject(isoBase64URL.toBuffer(given.response.attestationObject)).get('fmt');
    if (format !== 'none' && format !== 'packed') return null;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: given,
      expectedChallenge: challenge,
      expectedOrigin: originsOf(site),
      expectedRPID: hostOf(site),
      requireUserVerification: true,
    });
    if (!verified) return null;
    const { id, publicKey, counter, transports } = registrationInfo.credential;
    return { id, publicKey, signCount: counter, transports: (transports ?? []).filter(isTransport).slice(0, 8) };
  } catch {
    return null;
  }
}

/** The new sign count of a passkey that was shown; null when the response does not hold. */
export async function readShownPasskey(
  site: PasskeySite,
  response: unknown,
  challenge: string,
  { id, publicKey, signCount, transports }: KnownPasskey,
): Promise<number | null> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: originsOf(site),
      expectedRPID: hostOf(site),
      credential: { id, publicKey, counter: signCount, transports },
      requireUserVerification: true,
    });
    return verified ? authenticationInfo.newCounter : null;
  } catch {
    return null;
  }
}

function isTransport(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z-]{1,20}$/.test(text);
}
