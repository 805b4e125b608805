import type {
  ApplicationKind,
  ApplicationStatus,
  ApproverKind,
  ConnectionPreset,
  ConnectionStatus,
  FactorKind,
  FlowStatus,
  IdentifierScheme,
  InvitationMailStatus,
  InvitationStatus,
  LinkCase,
  MailLocale,
  LogoKind,
  MembershipSource,
  MfaRule,
  NameSource,
  NameStatus,
  OrganizationStatus,
  PetitionAction,
  PetitionParty,
  PetitionStatus,
  PetitionStep,
  RoleKind,
  SessionTransport,
  UserStatus,
  VettingStatus,
  WebhookDeliveryStatus,
  WebhookDisabledReason,
  WebhookEndpointStatus,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import type { ConnectionSettings } from '../../entities/connection-settings.js';
import type { EventFactRow } from './event-row.js';
import type { NodeRow } from './node-row.js';
import type { PipelineRow, SourceRecordRow } from './record-rows.js';
import type { SourceRow } from './source-rows.js';
import type { SourceSyncRunRow } from './source-syncs.js';

/*
 * Plain rows of the read paths. Property names are those of the GraphQL fields, so that most fields need no resolver;
 * times are RFC 3339 text. Rows are shared between requests: nobody changes them.
 */

export interface OrganizationRow extends NodeRow<'Organization'> {
  name: string;
  nameStatus: NameStatus;
  nameSource: NameSource;
  slug: string;
  description: string | null;
  primaryColor: string | null;
  darkPrimaryColor: string | null;
  isMfaRequired: boolean;
  mfaRule: MfaRule;
  status: OrganizationStatus;
  needsAdministrator: boolean;
  completionUserId: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface IdentifierRow {
  organizationUuid: string;
  scheme: IdentifierScheme;
  value: string;
}

/** A logo of an organization: an address, or a picture that was uploaded. */
export interface LogoRow {
  organizationUuid: string;
  kind: LogoKind;
  url: string | null;
  mediaType: string | null;
  digest: string | null;
  updatedAt: string;
}

export interface UserRow extends NodeRow<'User'> {
  status: UserStatus;
  email: string | null;
  isEmailVerified: boolean;
  hasEmailConflict: boolean;
  givenName: string | null;
  familyName: string | null;
  isTenantAdministrator: boolean;
  createdAt: string;
  updatedAt: string;
  version: number;
  /** An organization that the user is known to be in, because the row was read as one of its members. */
  memberOf?: string;
}

export interface MembershipRow extends NodeRow<'Membership'> {
  organizationUuid: string;
  userUuid: string;
  source: MembershipSource;
  connectionUuid: string | null;
  joinedAt: string;
  addedByUserUuid: string | null;
  addedByApplicationUuid: string | null;
  roles: RoleRow[];
  /** Read with the membership on an organization's page of members. */
  user?: UserRow;
  /** The name by which members are sorted; read on pages. */
  memberName?: string;
}

/** A role that a member holds, and where that came from. */
export interface RoleGrantRow {
  membershipUuid: string;
  roleUuid: string;
  roleName: string;
  /** Null for what was granted before this was kept. */
  source: MembershipSource | null;
  grantedAt: string;
  grantedByUserUuid: string | null;
  grantedByApplicationUuid: string | null;
}

/** Left out where the role was read with a membership or an application: what is optional here. */
export interface RoleRow extends NodeRow<'Role'> {
  name: string;
  description?: string;
  isBuiltIn?: boolean;
  kind?: RoleKind;
  /** The organization whose own role it is; null for one of the template. */
  organizationUuid?: string | null;
  createdAt?: string;
  version?: number;
  /** It was read with a membership or an application of an organization: whoever sees that sees it. */
  isHeld?: true;
}

export interface PermissionRow extends NodeRow<'Permission'> {
  name: string;
  description: string;
  isBuiltIn: boolean;
  createdAt: string;
  version: number;
}

export interface ApplicationRow extends NodeRow<'Application'> {
  name: string;
  description: string | null;
  kind: ApplicationKind;
  status: ApplicationStatus;
  isTenantAdministrator: boolean;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  createdByUserUuid: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
  /** An organization that the application is known to be in, because the row was read as one of those there. */
  memberOf?: string;
}

/** A secret without the secret. */
export interface ApplicationSecretRow extends NodeRow<'ApplicationSecret'> {
  applicationUuid: string;
  hint: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

/** An application in an organization. */
export interface OrganizationApplicationRow extends NodeRow<'OrganizationApplication'> {
  organizationUuid: string;
  applicationUuid: string;
  addedAt: string;
  addedByUserUuid: string | null;
  addedByApplicationUuid: string | null;
  roles: RoleRow[];
  /** Read with it on an organization's page of applications. */
  application?: ApplicationRow;
}

export interface IdentityRow extends NodeRow<'Identity'> {
  userUuid: string;
  connectionUuid: string;
  issuer: string;
  subject: string;
  email: string | null;
  createdAt: string;
  lastSignInAt: string | null;
}

export interface SessionRow extends NodeRow<'Session'> {
  userUuid: string;
  connectionUuid: string;
  activeOrganizationUuid: string | null;
  transport: SessionTransport;
  authenticatedAt: string;
  createdAt: string;
  expiresAt: string;
  acr: string | null;
  amr: string[];
  mfaAt: string | null;
  cases: LinkCase[];
}

export interface ConnectionRow extends NodeRow<'Connection'>, Omit<ConnectionSettings, 'id' | 'status' | 'preset'> {
  status: ConnectionStatus;
  preset: ConnectionPreset;
  createdAt: string;
  updatedAt: string;
}

export interface FactorRow extends NodeRow<'Factor'> {
  userUuid: string;
  kind: FactorKind;
  name: string | null;
  connectionUuid: string | null;
  createdAt: string;
  lastUsedAt: string | null;
  /** Whether its kind counts in the tenant. */
  isEnabled: boolean;
}

export interface NoticeRow extends NodeRow<'Notice'> {
  userUuid: string;
  kind: string;
  data: Record<string, unknown>;
  createdAt: string;
  mailedAt: string | null;
}

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  auditRetentionDays: number | null;
  mfaFactors: FactorKind[];
  runsScheduledSyncs: boolean;
}

export interface EventRow extends EventFactRow, NodeRow<'Event'> {
  erasedAt: string | null;
  ipAddress: string | null;
  userAgent: string | null;
  /** Its place in the chain of the tenant's events, and the hash there as hex; null until it is chained. */
  sequence: string | null;
  hash: string | null;
}

/** An invitation as it is stored: how its status reads now, `invitationStatusAt` says. */
export interface InvitationRow extends NodeRow<'Invitation'> {
  organizationUuid: string;
  organizationName: string;
  organizationStatus: OrganizationStatus;
  email: string;
  emailNormalized: string;
  storedStatus: InvitationStatus;
  inviterUuid: string | null;
  inviterName: string | null;
  acceptedByUuid: string | null;
  roleUuids: string[];
  roleNames: string[];
  locale: MailLocale;
  message: string | null;
  expiresAt: string;
  mailStatus: InvitationMailStatus;
  mailedAt: string | null;
  mailError: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface WebhookEndpointRow extends NodeRow<'WebhookEndpoint'> {
  organizationUuid: string | null;
  url: string;
  description: string | null;
  eventTypes: string[];
  status: WebhookEndpointStatus;
  disabledReason: WebhookDisabledReason | null;
  previousSecretUntil: string | null;
  failingSince: string | null;
  createdByUserUuid: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface WebhookDeliveryRow extends NodeRow<'WebhookDelivery'> {
  endpointUuid: string;
  /** The organization of its endpoint. */
  organizationUuid: string | null;
  eventUuid: string;
  eventType: string;
  status: WebhookDeliveryStatus;
  attemptCount: number;
  nextAttemptAt: string | null;
  createdAt: string;
  finishedAt: string | null;
}

/** One attempt of a delivery, as it was stored: redacted. */
export interface WebhookAttemptRow {
  deliveryUuid: string;
  number: number;
  at: string;
  durationMilliseconds: number;
  url: string;
  requestHeaders: Record<string, string>;
  responseStatus: number | null;
  responseHeaders: Record<string, string> | null;
  responseBody: string | null;
  error: string | null;
}

export interface ScimTokenRow extends NodeRow<'ScimToken'> {
  connectionUuid: string;
  name: string;
  hint: string;
  createdByUserUuid: string | null;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

export interface ScimGroupRow extends NodeRow<'ScimGroup'> {
  connectionUuid: string;
  displayName: string;
  externalId: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** What the users of a directory's group are made. */
export interface ScimGroupMappingRow {
  groupUuid: string;
  organizationUuid: string;
  roleUuid: string | null;
  createdAt: string;
}

export interface PetitionRow extends NodeRow<'Petition'> {
  flowUuid: string | null;
  flowVersion: number;
  flowName: string;
  /** The settings of the version that it began with. */
  flow: FlowSettings;
  /** Null once the flow is deleted. */
  flowStatus: FlowStatus | null;
  /** Whose flow it is; null: the tenant's, or it is deleted. */
  flowOrganizationUuid: string | null;
  organizationUuid: string | null;
  status: PetitionStatus;
  step: PetitionStep;
  waitsFor: PetitionParty | null;
  petitionerUuid: string | null;
  enrolleeUuid: string | null;
  petitionerTokenHash: string | null;
  petitionerTokenExpiresAt: string | null;
  enrolleeTokenHash: string | null;
  enrolleeTokenExpiresAt: string | null;
  progress: object;
  attributes: Record<string, unknown>;
  email: string | null;
  emailNormalized: string | null;
  isEmailVerified: boolean;
  locale: MailLocale;
  returnUrl: string | null;
  approverKind: ApproverKind | null;
  approverRoleUuid: string | null;
  approverOrganizationUuid: string | null;
  /** It was found among what the viewer may decide on. */
  isApprovable?: true;
  decidedByUuid: string | null;
  decidedAt: string | null;
  decisionComment: string | null;
  vettingStatus: VettingStatus | null;
  membershipUuid: string | null;
  waitsSince: string;
  expiresAt: string | null;
  reminders: number;
  isEscalated: boolean;
  createdAt: string;
  updatedAt: string;
  finishedAt: string | null;
  version: number;
}

/** A row of the history of a petition. */
export interface PetitionHistoryRow {
  uuid: string;
  action: PetitionAction;
  statusBefore: PetitionStatus | null;
  statusAfter: PetitionStatus | null;
  comment: string | null;
  party: PetitionParty;
  actorUserUuid: string | null;
  actorApplicationUuid: string | null;
  at: string;
}

/** An enrollment flow with the settings that petitions begin with from now on. */
export interface EnrollmentFlowRow extends NodeRow<'EnrollmentFlow'> {
  /** Null: the tenant's. */
  organizationUuid: string | null;
  name: string;
  description: string | null;
  status: FlowStatus;
  versionUuid: string;
  /** The number of that version. */
  number: number;
  settings: FlowSettings;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** What an enrollment flow was set to. */
export interface EnrollmentFlowVersionRow {
  uuid: string;
  /** Null once the flow is deleted. */
  flowUuid: string | null;
  number: number;
  name: string;
  settings: FlowSettings;
  createdAt: string;
  createdByUserUuid: string | null;
}

/** What people agree to as they are enrolled: either `url` or `body`. */
export interface TermsRow extends NodeRow<'Terms'> {
  /** Null: the tenant's. */
  organizationUuid: string | null;
  title: string;
  url: string | null;
  body: string | null;
  isActive: boolean;
  edition: number;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** Who decides on petitions for somebody who is away, and how long. */
export interface ApproverDelegationRow extends NodeRow<'ApproverDelegation'> {
  userUuid: string;
  delegateUuid: string;
  /** Null: in all organizations. */
  organizationUuid: string | null;
  startsAt: string;
  endsAt: string;
  createdAt: string;
}

export type AnyNodeRow =
  | PipelineRow
  | SourceRecordRow
  | SourceRow
  | SourceSyncRunRow
  | ApproverDelegationRow
  | EnrollmentFlowRow
  | TermsRow
  | PetitionRow
  | ScimTokenRow
  | ScimGroupRow
  | OrganizationRow
  | UserRow
  | MembershipRow
  | RoleRow
  | IdentityRow
  | SessionRow
  | ConnectionRow
  | NoticeRow
  | FactorRow
  | EventRow
  | InvitationRow
  | WebhookEndpointRow
  | WebhookDeliveryRow
  | PermissionRow
  | ApplicationRow
  | ApplicationSecretRow
  | OrganizationApplicationRow;
