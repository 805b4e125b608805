import type {
  ActorKind,
  ConnectionPreset,
  ConnectionStatus,
  IdentifierScheme,
  LinkCase,
  MembershipSource,
  NameSource,
  NameStatus,
  OrganizationStatus,
  SessionTransport,
  UserStatus,
  WebhookDeliveryStatus,
  WebhookDisabledReason,
  WebhookEndpointStatus,
} from '../../entities/enums.js';
import type { ConnectionSettings } from '../../entities/connection-settings.js';

/*
 * Plain rows of the read paths. Property names are those of the GraphQL fields, so that most fields need no resolver;
 * times are RFC 3339 text. Rows are shared between requests: nobody changes them.
 */

interface NodeRow<Type extends string> {
  __typename: Type;
  /** The global id. */
  id: string;
  uuid: string;
}

export interface OrganizationRow extends NodeRow<'Organization'> {
  name: string;
  nameStatus: NameStatus;
  nameSource: NameSource;
  description: string | null;
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
  roles: RoleRow[];
  /** Read with the membership on an organization's page of members. */
  user?: UserRow;
}

export interface RoleRow extends NodeRow<'Role'> {
  name: string;
  /** Left out where the role was read with a membership. */
  description?: string;
  isBuiltIn?: boolean;
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
  cases: LinkCase[];
}

export interface ConnectionRow extends NodeRow<'Connection'>, Omit<ConnectionSettings, 'id' | 'status' | 'preset'> {
  status: ConnectionStatus;
  preset: ConnectionPreset;
  createdAt: string;
  updatedAt: string;
}

export interface NoticeRow extends NodeRow<'Notice'> {
  userUuid: string;
  kind: string;
  data: Record<string, unknown>;
  createdAt: string;
  mailedAt: string | null;
}

export interface TenantRow {
  slug: string;
  name: string;
  auditRetentionDays: number | null;
}

export interface EventRow extends NodeRow<'Event'> {
  type: string;
  at: string;
  actorKind: ActorKind;
  actorUserUuid: string | null;
  via: string;
  organizationUuid: string | null;
  userUuid: string | null;
  objectUuid: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  erasedAt: string | null;
  ipAddress: string | null;
  userAgent: string | null;
  /** Its place in the chain of the tenant's events, and the hash there as hex; null until it is chained. */
  sequence: string | null;
  hash: string | null;
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

export type AnyNodeRow =
  | OrganizationRow
  | UserRow
  | MembershipRow
  | RoleRow
  | IdentityRow
  | SessionRow
  | ConnectionRow
  | NoticeRow
  | EventRow
  | WebhookEndpointRow
  | WebhookDeliveryRow;
