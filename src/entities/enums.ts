/**
 * The closed lists of values that are stored. Each value is the GraphQL name, kept as text under a check constraint.
 */

/** Where a user's account stands. Only ACTIVE signs in. */
export enum UserStatus {
  ACTIVE = 'ACTIVE',
  PENDING = 'PENDING',
  SUSPENDED = 'SUSPENDED',
}

/** Where an organization stands. Only ACTIVE takes new members. */
export enum OrganizationStatus {
  ACTIVE = 'ACTIVE',
  SUSPENDED = 'SUSPENDED',
  ARCHIVED = 'ARCHIVED',
}

/** How sure the name of an organization is. CONFIRMED was given by a person and is never overwritten by a sign-in. */
export enum NameStatus {
  PENDING = 'PENDING',
  RESOLVED = 'RESOLVED',
  CONFIRMED = 'CONFIRMED',
}

/** Who gave an organization its name. */
export enum NameSource {
  CLAIM = 'CLAIM',
  LOOKUP = 'LOOKUP',
  DEFAULT = 'DEFAULT',
  ADMINISTRATOR = 'ADMINISTRATOR',
  FIRST_MEMBER = 'FIRST_MEMBER',
}

/** The registries by which an organization is known outside. */
export enum IdentifierScheme {
  SIRET = 'SIRET',
  GROUP = 'GROUP',
  DOMAIN = 'DOMAIN',
  OTHER = 'OTHER',
}

/** Where a membership came from. Only SSO memberships are moved by a sign-in. */
export enum MembershipSource {
  SSO = 'SSO',
  JIT_CONNECTION = 'JIT_CONNECTION',
  JIT_DOMAIN = 'JIT_DOMAIN',
  ENROLLMENT = 'ENROLLMENT',
  INVITATION = 'INVITATION',
  SCIM = 'SCIM',
  ADMIN = 'ADMIN',
}

/** Whom a role is for. */
export enum RoleKind {
  USER = 'USER',
  APPLICATION = 'APPLICATION',
}

/** What an organization that requires a second factor asks for. */
export enum MfaRule {
  FACTOR_CONFIGURED = 'FACTOR_CONFIGURED',
  FACTOR_USED = 'FACTOR_USED',
}

/** What a second factor is. PROVIDER: an identity provider used one; ASSERTED: a directory or an administrator says so. */
export enum FactorKind {
  TOTP = 'TOTP',
  PASSKEY = 'PASSKEY',
  PROVIDER = 'PROVIDER',
  ASSERTED = 'ASSERTED',
}

/** A machine signs in by its secret; the others sign people in: on a server, in a browser, on a device. */
export enum ApplicationKind {
  MACHINE = 'MACHINE',
  WEB = 'WEB',
  BROWSER = 'BROWSER',
  NATIVE = 'NATIVE',
}

export enum ApplicationStatus {
  ENABLED = 'ENABLED',
  DISABLED = 'DISABLED',
}

/** The pictures of an organization. */
export enum LogoKind {
  LIGHT = 'LIGHT',
  DARK = 'DARK',
  FAVICON = 'FAVICON',
}

/** Where an invitation stands. All but PENDING are final. */
export enum InvitationStatus {
  PENDING = 'PENDING',
  ACCEPTED = 'ACCEPTED',
  DECLINED = 'DECLINED',
  REVOKED = 'REVOKED',
  EXPIRED = 'EXPIRED',
}

/** Whether the mail of an invitation went out. */
export enum InvitationMailStatus {
  NONE = 'NONE',
  WAITING = 'WAITING',
  SENT = 'SENT',
  FAILED = 'FAILED',
}

/** The languages that mail is written in. */
export enum MailLocale {
  EN = 'EN',
  FR = 'FR',
}

/** The built-in roles of every tenant. */
export enum BuiltInRole {
  ADMINISTRATOR = 'administrator',
  MEMBER = 'member',
}

/** The built-in permission: the role `administrator` grants it, and a role for applications may. */
export const ADMINISTER = 'organization:administer';

export enum ConnectionPreset {
  PROCONNECT = 'PROCONNECT',
  OIDC = 'OIDC',
  MARKETPLACE = 'MARKETPLACE',
}

export enum ConnectionStatus {
  ENABLED = 'ENABLED',
  DISABLED = 'DISABLED',
}

/** How Vestibule proves itself to the provider's token endpoint. */
export enum ClientAuthentication {
  CLIENT_SECRET_POST = 'CLIENT_SECRET_POST',
  CLIENT_SECRET_BASIC = 'CLIENT_SECRET_BASIC',
  PRIVATE_KEY_JWT = 'PRIVATE_KEY_JWT',
  NONE = 'NONE',
}

/** Whose word about an email address counts. CLAIM needs `email_verified: true`; PROVIDER: the operator vouches. */
export enum EmailTrust {
  NONE = 'NONE',
  CLAIM = 'CLAIM',
  PROVIDER = 'PROVIDER',
}

/** What the provider's organization claim does to memberships. */
export enum OrganizationAuthority {
  AUTHORITATIVE = 'AUTHORITATIVE',
  ADDITIVE = 'ADDITIVE',
  IGNORE = 'IGNORE',
}

/** What a sign-in without a usable organization identifier leads to. */
export enum MissingOrganization {
  KEEP = 'KEEP',
  REFUSE = 'REFUSE',
}

/** Who may complete the name of an organization that a sign-in created. */
export enum CompletionPolicy {
  ADMINISTRATOR = 'ADMINISTRATOR',
  FIRST_MEMBER_ONCE = 'FIRST_MEMBER_ONCE',
}

/** How a session's token travels. */
export enum SessionTransport {
  COOKIE = 'COOKIE',
  TOKEN = 'TOKEN',
}

/** What a browser was sent to the provider for. */
export enum LoginIntent {
  SIGN_IN = 'SIGN_IN',
  LINK = 'LINK',
  LOGOUT = 'LOGOUT',
}

/**
 * The rows of the linking decision table (docs/sso-linking.md). A sign-in names each row that applied to it: one of the
 * user's (U), one of the organization's (O), and those that came on top (U6, O10, and J: just-in-time rules).
 */
export enum LinkCase {
  U1_KNOWN = 'U1_KNOWN',
  U2_SUSPENDED = 'U2_SUSPENDED',
  U2_PENDING = 'U2_PENDING',
  U3_LINKED = 'U3_LINKED',
  U4_LINK_REQUIRED = 'U4_LINK_REQUIRED',
  U5_LINK_REQUIRED = 'U5_LINK_REQUIRED',
  U6_EMAIL_UPDATED = 'U6_EMAIL_UPDATED',
  U6_EMAIL_KEPT = 'U6_EMAIL_KEPT',
  U6_EMAIL_CONFLICT = 'U6_EMAIL_CONFLICT',
  U7_CREATED = 'U7_CREATED',
  U7_CREATED_PENDING = 'U7_CREATED_PENDING',
  U7_ACCOUNT_UNKNOWN = 'U7_ACCOUNT_UNKNOWN',
  O1_JOINED = 'O1_JOINED',
  O2_SAME = 'O2_SAME',
  O3_MOVED = 'O3_MOVED',
  O4_CREATED = 'O4_CREATED',
  O5_CREATED_AND_MOVED = 'O5_CREATED_AND_MOVED',
  O6_NOT_CREATED = 'O6_NOT_CREATED',
  O7_ORGANIZATION_SUSPENDED = 'O7_ORGANIZATION_SUSPENDED',
  O8_MISSING_KEPT = 'O8_MISSING_KEPT',
  O8_MISSING_REFUSED = 'O8_MISSING_REFUSED',
  O9_INVALID_KEPT = 'O9_INVALID_KEPT',
  O9_INVALID_REFUSED = 'O9_INVALID_REFUSED',
  O10_NEEDS_ADMINISTRATOR = 'O10_NEEDS_ADMINISTRATOR',
  O11_JOINED = 'O11_JOINED',
  O11_MOVED = 'O11_MOVED',
  O12_ADDED = 'O12_ADDED',
  O12_CREATED_AND_ADDED = 'O12_CREATED_AND_ADDED',
  O12_SAME = 'O12_SAME',
  O12_IGNORED = 'O12_IGNORED',
  J1_CONNECTION = 'J1_CONNECTION',
  J2_DOMAIN = 'J2_DOMAIN',
}

/** Why a just-in-time rule that is about a person does nothing for them. */
export enum JitReason {
  UNPROVEN = 'UNPROVEN',
  PUBLIC_DOMAIN = 'PUBLIC_DOMAIN',
  CONNECTION_FIRST = 'CONNECTION_FIRST',
  ACCOUNT_EXISTS = 'ACCOUNT_EXISTS',
  EMAIL_UNVERIFIED = 'EMAIL_UNVERIFIED',
  LESS_SPECIFIC = 'LESS_SPECIFIC',
  ORGANIZATION_INACTIVE = 'ORGANIZATION_INACTIVE',
}

/** Who acted. */
export enum ActorKind {
  USER = 'USER',
  SIGN_IN = 'SIGN_IN',
  PROVIDER = 'PROVIDER',
  SYSTEM = 'SYSTEM',
  OPERATOR = 'OPERATOR',
  APPLICATION = 'APPLICATION',
}

/** What brought an event about: each kind of actor has its own. */
export enum EventCause {
  MUTATION = 'MUTATION',
  SIGN_IN = 'SIGN_IN',
  PROVIDER = 'PROVIDER',
  JOB = 'JOB',
  COMMAND = 'COMMAND',
}

/** Why a user is no member of an organization. */
export enum AbsenceReason {
  NEVER_MEMBER = 'NEVER_MEMBER',
  LEFT = 'LEFT',
  REMOVED = 'REMOVED',
  MOVED = 'MOVED',
  ORGANIZATION_DELETED = 'ORGANIZATION_DELETED',
  USER_DELETED = 'USER_DELETED',
  UNKNOWN = 'UNKNOWN',
}

export enum WebhookEndpointStatus {
  ENABLED = 'ENABLED',
  DISABLED = 'DISABLED',
}

/** Why nothing is sent to a webhook endpoint any more. */
export enum WebhookDisabledReason {
  MANUAL = 'MANUAL',
  FAILURES = 'FAILURES',
  GONE = 'GONE',
}

/** Where the delivery of an event to a webhook endpoint stands. */
export enum WebhookDeliveryStatus {
  PENDING = 'PENDING',
  DELIVERED = 'DELIVERED',
  FAILED = 'FAILED',
  CANCELED = 'CANCELED',
}
