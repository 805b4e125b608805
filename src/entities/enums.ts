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
  /** A pipeline, of what a source says. */
  PIPELINE = 'PIPELINE',
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
  ANONYMOUS = 'ANONYMOUS',
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

/** Where an enrollment flow stands. Only ACTIVE runs; a TEMPLATE is there to copy from. */
export enum FlowStatus {
  ACTIVE = 'ACTIVE',
  SUSPENDED = 'SUSPENDED',
  TEMPLATE = 'TEMPLATE',
}

/** Who may start an enrollment flow. Administrators of the tenant always may. */
export enum FlowAuthorization {
  NONE = 'NONE',
  SIGNED_IN = 'SIGNED_IN',
  TENANT_ADMINISTRATOR = 'TENANT_ADMINISTRATOR',
  ORGANIZATION_ADMINISTRATOR = 'ORGANIZATION_ADMINISTRATOR',
  ANY_ADMINISTRATOR = 'ANY_ADMINISTRATOR',
  ROLE_HOLDER = 'ROLE_HOLDER',
  TENANT_MEMBER = 'TENANT_MEMBER',
  ORGANIZATION_MEMBER = 'ORGANIZATION_MEMBER',
}

/** How the person of a petition is found among those who are known. */
export enum MatchPolicy {
  NONE = 'NONE',
  ADVISORY = 'ADVISORY',
  SELF = 'SELF',
  SELECT = 'SELECT',
  EXTERNAL = 'EXTERNAL',
}

/** What becomes of a petition for somebody who turns out to be known. */
export enum DuplicateMode {
  FLAG = 'FLAG',
  MERGE = 'MERGE',
  NEW_ROLE = 'NEW_ROLE',
  NEW_ROLE_OTHER_ORGANIZATION = 'NEW_ROLE_OTHER_ORGANIZATION',
}

/** How the enrollee proves an address. */
export enum ConfirmationMode {
  NONE = 'NONE',
  REVIEW = 'REVIEW',
  AUTOMATIC = 'AUTOMATIC',
  SKIP_IF_VERIFIED = 'SKIP_IF_VERIFIED',
}

/** What becomes of the terms and conditions in a flow. */
export enum TermsMode {
  EXPLICIT = 'EXPLICIT',
  IMPLIED = 'IMPLIED',
  IGNORE = 'IGNORE',
}

/** When something is asked of an approver. */
export enum DecisionDemand {
  ALWAYS = 'ALWAYS',
  APPROVAL = 'APPROVAL',
  DENIAL = 'DENIAL',
  NEVER = 'NEVER',
}

/** How many of the approvers must approve. */
export enum ApprovalRule {
  ANY = 'ANY',
  ALL = 'ALL',
  N_OF_M = 'N_OF_M',
}

/** In which step of a flow a source is asked. */
export enum SourceMode {
  AUTHENTICATE = 'AUTHENTICATE',
  CLAIM = 'CLAIM',
  IDENTIFY = 'IDENTIFY',
  SEARCH = 'SEARCH',
  SEARCH_REQUIRED = 'SEARCH_REQUIRED',
  SELECT = 'SELECT',
  NONE = 'NONE',
}

/** Whether something of a flow must, may or cannot be given. */
export enum Enablement {
  REQUIRED = 'REQUIRED',
  OPTIONAL = 'OPTIONAL',
  NOT_PERMITTED = 'NOT_PERMITTED',
}

/** What kind of value an attribute of a petition takes. */
export enum AttributeType {
  TEXT = 'TEXT',
  NUMBER = 'NUMBER',
  DATE = 'DATE',
  CHOICE = 'CHOICE',
  EMAIL = 'EMAIL',
  IDENTIFIER = 'IDENTIFIER',
  ADDRESS = 'ADDRESS',
  FILE = 'FILE',
}

/** Who sees the value of an attribute. */
export enum AttributeVisibility {
  PARTIES = 'PARTIES',
  APPROVERS = 'APPROVERS',
}

/** Where the value of an attribute goes when the petition is finalized. */
export enum AttributeTarget {
  NONE = 'NONE',
  USER_EMAIL = 'USER_EMAIL',
  USER_GIVEN_NAME = 'USER_GIVEN_NAME',
  USER_FAMILY_NAME = 'USER_FAMILY_NAME',
  USER_ATTRIBUTE = 'USER_ATTRIBUTE',
  USER_IDENTIFIER = 'USER_IDENTIFIER',
  MEMBERSHIP_ATTRIBUTE = 'MEMBERSHIP_ATTRIBUTE',
}

/** What of the caller's account an attribute begins with. */
export enum AttributeDefaultSource {
  EMAIL = 'EMAIL',
  GIVEN_NAME = 'GIVEN_NAME',
  FAMILY_NAME = 'FAMILY_NAME',
}

/** Where a petition stands. The transitions are in enrollment/machine/transitions.ts. */
export enum PetitionStatus {
  CREATED = 'CREATED',
  PENDING_CONFIRMATION = 'PENDING_CONFIRMATION',
  CONFIRMED = 'CONFIRMED',
  PENDING_VETTING = 'PENDING_VETTING',
  PENDING_APPROVAL = 'PENDING_APPROVAL',
  APPROVED = 'APPROVED',
  DENIED = 'DENIED',
  DECLINED = 'DECLINED',
  DUPLICATE = 'DUPLICATE',
  FINALIZED = 'FINALIZED',
  CANCELED = 'CANCELED',
  EXPIRED = 'EXPIRED',
}

/** The steps of an enrollment, in their order. DONE: there is none left. */
export enum PetitionStep {
  START = 'START',
  SELECT_ENROLLEE = 'SELECT_ENROLLEE',
  SOURCES = 'SOURCES',
  ATTRIBUTES = 'ATTRIBUTES',
  DUPLICATE_CHECK = 'DUPLICATE_CHECK',
  PETITIONER_TERMS = 'PETITIONER_TERMS',
  SEND_CONFIRMATION = 'SEND_CONFIRMATION',
  WAIT_FOR_CONFIRMATION = 'WAIT_FOR_CONFIRMATION',
  COLLECT_IDENTIFIER = 'COLLECT_IDENTIFIER',
  CHECK_ELIGIBILITY = 'CHECK_ELIGIBILITY',
  TERMS = 'TERMS',
  AUTHENTICATORS = 'AUTHENTICATORS',
  VETTING = 'VETTING',
  NOTIFY_APPROVERS = 'NOTIFY_APPROVERS',
  WAIT_FOR_APPROVAL = 'WAIT_FOR_APPROVAL',
  FINALIZE = 'FINALIZE',
  PROVISION = 'PROVISION',
  REDIRECT = 'REDIRECT',
  DONE = 'DONE',
}

/** What somebody is to a petition. SYSTEM: Vestibule itself, its jobs and its sources. */
export enum PetitionParty {
  PETITIONER = 'PETITIONER',
  ENROLLEE = 'ENROLLEE',
  APPROVER = 'APPROVER',
  ADMINISTRATOR = 'ADMINISTRATOR',
  SYSTEM = 'SYSTEM',
}

/** What the history of a petition tells. */
export enum PetitionAction {
  CREATED = 'CREATED',
  ATTRIBUTES_UPDATED = 'ATTRIBUTES_UPDATED',
  IDENTITY_LINKED = 'IDENTITY_LINKED',
  IDENTITY_NOT_LINKED = 'IDENTITY_NOT_LINKED',
  IDENTITY_RELINKED = 'IDENTITY_RELINKED',
  SOURCE_RECORD_LINKED = 'SOURCE_RECORD_LINKED',
  SOURCE_CHECKED = 'SOURCE_CHECKED',
  EMAIL_GIVEN = 'EMAIL_GIVEN',
  EMAIL_PROVEN = 'EMAIL_PROVEN',
  IDENTIFIER_AUTHENTICATED = 'IDENTIFIER_AUTHENTICATED',
  IDENTIFIERS_ASSIGNED = 'IDENTIFIERS_ASSIGNED',
  ACCOUNTS_REQUESTED = 'ACCOUNTS_REQUESTED',
  MATCH_RESULT = 'MATCH_RESULT',
  MATCH_CHOSEN = 'MATCH_CHOSEN',
  CONFIRMATION_SENT = 'CONFIRMATION_SENT',
  CONFIRMATION_VIEWED = 'CONFIRMATION_VIEWED',
  CONFIRMATION_EXPIRED = 'CONFIRMATION_EXPIRED',
  CONFIRMED = 'CONFIRMED',
  ELIGIBILITY_FAILED = 'ELIGIBILITY_FAILED',
  FLAGGED_DUPLICATE = 'FLAGGED_DUPLICATE',
  TERMS_AGREED = 'TERMS_AGREED',
  TERMS_IMPLIED = 'TERMS_IMPLIED',
  AUTHENTICATORS_ESTABLISHED = 'AUTHENTICATORS_ESTABLISHED',
  VETTING_REQUESTED = 'VETTING_REQUESTED',
  VETTING_COMPLETED = 'VETTING_COMPLETED',
  NOTIFICATION_SENT = 'NOTIFICATION_SENT',
  APPROVAL_RECORDED = 'APPROVAL_RECORDED',
  APPROVED = 'APPROVED',
  DENIED = 'DENIED',
  PROVISIONED = 'PROVISIONED',
  COMMENT_ADDED = 'COMMENT_ADDED',
  STATUS_UPDATED = 'STATUS_UPDATED',
  REMINDED = 'REMINDED',
  ESCALATED = 'ESCALATED',
  MERGED = 'MERGED',
  MERGE_UNDONE = 'MERGE_UNDONE',
  STEP_FAILED = 'STEP_FAILED',
}

/** What came of vetting. The first three are open. */
export enum VettingStatus {
  REQUESTED = 'REQUESTED',
  PENDING_RESULT = 'PENDING_RESULT',
  PENDING_MANUAL = 'PENDING_MANUAL',
  PASSED = 'PASSED',
  FAILED = 'FAILED',
  ERROR = 'ERROR',
  CANCELED = 'CANCELED',
}

/** Who approves the petitions of a flow. */
export enum ApproverKind {
  ROLE = 'ROLE',
  ORGANIZATION_ADMINISTRATORS = 'ORGANIZATION_ADMINISTRATORS',
  ANY_ADMINISTRATOR = 'ANY_ADMINISTRATOR',
}

/** What a mail of an enrollment is about. */
export enum PetitionMailKind {
  CONFIRMATION = 'CONFIRMATION',
  CONFIRMATION_REMINDER = 'CONFIRMATION_REMINDER',
  EMAIL_PROOF = 'EMAIL_PROOF',
  APPROVAL_REQUESTED = 'APPROVAL_REQUESTED',
  APPROVAL_REMINDER = 'APPROVAL_REMINDER',
  APPROVAL_ESCALATED = 'APPROVAL_ESCALATED',
  APPROVED = 'APPROVED',
  DENIED = 'DENIED',
  FINALIZED = 'FINALIZED',
  EXPIRED = 'EXPIRED',
  STATUS_CHANGED = 'STATUS_CHANGED',
}

/** The flows that come with Vestibule, to copy from. */
export enum FlowTemplateName {
  SELF_SIGN_UP = 'SELF_SIGN_UP',
  INVITATION = 'INVITATION',
  CONSCRIPTION = 'CONSCRIPTION',
  ADDITIONAL_ROLE = 'ADDITIONAL_ROLE',
  ACCOUNT_LINKING = 'ACCOUNT_LINKING',
  REFRESH = 'REFRESH',
}

/** What merging a petition into somebody who is known can have given them. */
export enum MergePart {
  EMAIL = 'EMAIL',
  GIVEN_NAME = 'GIVEN_NAME',
  FAMILY_NAME = 'FAMILY_NAME',
  ATTRIBUTE = 'ATTRIBUTE',
  IDENTIFIER = 'IDENTIFIER',
  STATUS = 'STATUS',
  MEMBERSHIP = 'MEMBERSHIP',
  ROLE = 'ROLE',
  MEMBERSHIP_ATTRIBUTE = 'MEMBERSHIP_ATTRIBUTE',
}

/** What a merge does with one value of a petition. */
export enum MergeAction {
  FILLED = 'FILLED',
  KEPT = 'KEPT',
  SAME = 'SAME',
}

/** What people do to petitions: each is a mutation of its own. */
export enum PetitionNextAction {
  SELECT_ENROLLEE = 'SELECT_ENROLLEE',
  SIGN_IN_AT_SOURCE = 'SIGN_IN_AT_SOURCE',
  SELECT_SOURCE_RECORD = 'SELECT_SOURCE_RECORD',
  GIVE_EMAIL = 'GIVE_EMAIL',
  SUBMIT_ATTRIBUTES = 'SUBMIT_ATTRIBUTES',
  CHOOSE_MATCH = 'CHOOSE_MATCH',
  AGREE_TO_TERMS = 'AGREE_TO_TERMS',
  RESEND_CONFIRMATION = 'RESEND_CONFIRMATION',
  CONFIRM = 'CONFIRM',
  DECLINE = 'DECLINE',
  CONTINUE = 'CONTINUE',
  RECORD_VETTING = 'RECORD_VETTING',
  APPROVE = 'APPROVE',
  DENY = 'DENY',
  FLAG_DUPLICATE = 'FLAG_DUPLICATE',
  COMMENT = 'COMMENT',
  CANCEL = 'CANCEL',
}
