import { EmailAddress } from '../entities/email-address.js';

/** What a provider says of a person at one sign-in, checked for its shape and nothing more. */
export interface SignInClaims {
  issuer: string;
  subject: string;
  email: EmailAddress | null;
  /** True only when the claim is the JSON value `true`: the text "true" is not. */
  isEmailVerified: boolean;
  givenName: string | null;
  familyName: string | null;
  /** As it came: absent, text, or nonsense. */
  organizationIdentifier: unknown;
  organizationName: string | null;
  idp: string | null;
  roles: string[];
  acr: string | null;
  amr: string[];
}

/** The claim that each property is read from, as ProConnect names them. A connection may name others. */
export const DEFAULT_CLAIM_NAMES = {
  email: 'email',
  emailVerified: 'email_verified',
  givenName: 'given_name',
  familyName: 'usual_name',
  organizationIdentifier: 'siret',
  organizationName: 'organization_label',
  idp: 'idp_id',
  roles: 'roles',
} as const;

export type ClaimName = keyof typeof DEFAULT_CLAIM_NAMES;

/** Reads the claims of userinfo and ID token under the names of a connection. Never throws: what is odd is absent. */
export function readClaims(raw: Record<string, unknown>, claimNames: Record<string, string | undefined>): SignInClaims {
  const claim = (name: ClaimName): unknown => ownValue(raw, claimNames[name] ?? DEFAULT_CLAIM_NAMES[name]);
  return {
    issuer: readExact(ownValue(raw, 'iss')),
    subject: readExact(ownValue(raw, 'sub')),
    email: EmailAddress.parse(claim('email')),
    isEmailVerified: claim('emailVerified') === true,
    givenName: readText(claim('givenName'), 256),
    familyName: readText(claim('familyName'), 256),
    organizationIdentifier: claim('organizationIdentifier'),
    organizationName: readText(claim('organizationName'), 128),
    idp: readText(claim('idp'), 256),
    roles: readList(claim('roles')),
    acr: readText(ownValue(raw, 'acr'), 256),
    amr: readList(ownValue(raw, 'amr')),
  };
}

/** Whether `sub` (or `sid`) can be kept as OpenID Connect says: 1 to 255 characters, none of them a control character. */
export function isUsableSubject(subject: unknown): subject is string {
  return (
    typeof subject === 'string' &&
    subject.length >= 1 &&
    subject.length <= 255 &&
    !/\p{Cc}/u.test(subject) &&
    subject.isWellFormed()
  );
}

function ownValue(raw: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(raw, name) ? raw[name] : undefined;
}

/** Text that is compared as it is; empty when there is none. */
function readExact(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** One line of text, cut to `length` characters; null when there is nothing in it. */
function readText(value: unknown, length: number): string | null {
  if (typeof value !== 'string') return null;
  const text = value
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return [...text].slice(0, length).join('').trim() || null;
}

function readList(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .map((item) => readText(item, 256))
    .filter((item): item is string => item !== null)
    .slice(0, 64);
}
