import {
  EmailTrust,
  IdentifierScheme,
  LinkCase,
  MissingOrganization,
  NameStatus,
  OrganizationAuthority,
  OrganizationStatus,
  UserStatus,
} from '../entities/enums.js';
import type { LinkPolicy } from '../entities/connection-settings.js';
import { Siret } from '../entities/siret.js';
import type { JitPerson } from '../memberships/jit/decide.js';
import { toAsciiDomain } from '../memberships/jit/email-domain.js';
import type { SignInClaims } from './claims.js';
import type { RefusalCode } from './refusal.js';

/** What the database holds about these claims. */
export interface Found {
  /** The user to whom (connection, issuer, subject) is linked. */
  linkedUser: FoundUser | null;
  /** The user who has the claimed email address, whoever that is. */
  emailUser: (FoundUser & { holdsIssuer: boolean }) | null;
  /** The organization that has the claimed identifier. */
  organization: { id: string; status: OrganizationStatus; nameStatus: NameStatus } | null;
  /** Memberships of the user (linked, or else by email): in that organization, and those of this connection. */
  memberships: FoundMembership[];
  /** The organization was not there when this sign-in began: another one has just made it. */
  isOrganizationNew?: boolean;
  /** The linked user was made waiting for approval, and has not been let in yet. */
  isJitDue?: boolean;
}

export interface FoundUser {
  id: string;
  status: UserStatus;
  email: string | null;
  emailNormalized: string | null;
  isEmailVerified: boolean;
  hasEmailConflict: boolean;
  givenName: string | null;
  familyName: string | null;
}

export interface FoundMembership {
  id: string;
  organizationId: string;
  /** Made by a sign-in through this connection, and so moved by one. */
  isOfConnection: boolean;
  isSoleAdministrator: boolean;
}

export interface ProfileChanges {
  email?: string;
  emailNormalized?: string;
  isEmailVerified?: boolean;
  hasEmailConflict?: boolean;
  givenName?: string;
  familyName?: string;
}

export type UserDecision =
  | { action: 'KEEP'; userId: string; changes: ProfileChanges }
  | { action: 'LINK'; userId: string; changes: ProfileChanges }
  | { action: 'CREATE'; status: UserStatus; profile: NewProfile };

export interface NewProfile {
  email: string | null;
  emailNormalized: string | null;
  isEmailVerified: boolean;
  givenName: string | null;
  familyName: string | null;
}

export interface OrganizationDecision {
  /** The organization of this sign-in; null when there is none, or when it is to be made. */
  organizationId: string | null;
  /** To be made, with this identifier. */
  create: { scheme: IdentifierScheme; value: string } | null;
  /** The user becomes a member of it. */
  joins: boolean;
  grantsAdministrator: boolean;
  /** Memberships that end: the user moves. */
  leaves: FoundMembership[];
  /** The claimed name is better than the default one that the organization has. */
  name: string | null;
}

export type Decision =
  | { outcome: 'REFUSED'; code: RefusalCode; cases: LinkCase[]; userId: string | null; invalidIdentifier: boolean }
  | {
      outcome: 'ADMITTED';
      cases: LinkCase[];
      user: UserDecision;
      organization: OrganizationDecision;
      invalidIdentifier: boolean;
      /** An organization was claimed that this connection may not make. */
      requestedIdentifier: string | null;
      /** Whom just-in-time rules are asked about; null when they are not: most sign-ins are by somebody known. */
      jit: JitPerson | null;
    };

/** Claims that prove that the person leads the organization (ProConnect). */
const LEADER_ROLE = 'dirigeant';
const LEADER_ACR = 'https://proconnect.gouv.fr/assurance/certification-dirigeant';

/**
 * The decision table of docs/sso-linking.md: what a sign-in with these claims does under this policy, given what is
 * stored. First match wins; the user is decided first (U1 to U7), then the organization (O1 to O12). Pure.
 */
export function decide(claims: SignInClaims, policy: LinkPolicy, found: Found): Decision {
  const assurance = refuseAssurance(claims, policy);
  if (assurance) return refuse(assurance, [], found.linkedUser?.id);

  const user = decideUser(claims, policy, found);
  if ('code' in user) return refuse(user.code, [user.case], user.userId);

  // A person who is not let in yet brings no organization: it is decided when they first come in.
  const isPending = user.decision.action === 'CREATE' && user.decision.status === UserStatus.PENDING;
  const organization = decideOrganization(claims, policy, found);
  if ('code' in organization) {
    return {
      ...refuse(organization.code, [...user.cases, organization.case], found.linkedUser?.id),
      invalidIdentifier: organization.case === LinkCase.O9_INVALID_REFUSED,
    };
  }
  const invalidIdentifier = organization.cases.includes(LinkCase.O9_INVALID_KEPT);
  const admitted = { outcome: 'ADMITTED' as const, user: user.decision, invalidIdentifier };
  if (isPending) {
    return { ...admitted, cases: user.cases, organization: stays(null), requestedIdentifier: null, jit: null };
  }
  return {
    ...admitted,
    cases: [...user.cases, ...organization.cases],
    organization: organization.decision,
    requestedIdentifier: organization.requestedIdentifier ?? null,
    jit: decideOccasion(claims, policy, user.decision, found),
  };
}

/** Just-in-time rules are asked when the account is made, or first let in, and when an identity is linked to it. */
function decideOccasion(
  claims: SignInClaims,
  policy: LinkPolicy,
  { action }: UserDecision,
  { isJitDue = false }: Found,
): JitPerson | null {
  if (action === 'KEEP' && !isJitDue) return null;
  return {
    isCreated: action !== 'LINK',
    emailDomain: claims.email && toAsciiDomain(claims.email.domain),
    isEmailVerified: isEmailTrusted(claims, policy),
  };
}

/** Whether the provider's word about this address is enough to match it to an account. */
export function isEmailTrusted(claims: SignInClaims, policy: LinkPolicy): boolean {
  const { email, isEmailVerified } = claims;
  if (!email) return false;
  if (policy.emailDomains.length && !policy.emailDomains.includes(email.domain)) return false;
  if (policy.emailTrust === EmailTrust.PROVIDER) return true;
  return policy.emailTrust === EmailTrust.CLAIM && isEmailVerified;
}

/** The claimed identifier in its stored form; `missing` when there is none, `invalid` when it is not one. */
export function readIdentifier(scheme: IdentifierScheme, claim: unknown): { value: string } | 'missing' | 'invalid' {
  if (claim === undefined || claim === null) return 'missing';
  if (typeof claim !== 'string') return 'invalid';
  const text = claim.trim();
  if (text === '' || text.toLowerCase() === 'null') return 'missing';
  if (scheme === IdentifierScheme.SIRET) {
    const siret = Siret.parse(text);
    return siret ? { value: siret.value } : 'invalid';
  }
  const value = scheme === IdentifierScheme.DOMAIN ? text.toLowerCase() : text;
  return value.length <= 256 && !/\p{Cc}/u.test(value) && value.isWellFormed() ? { value } : 'invalid';
}

/** Why the provider's word about this sign-in is not enough, whoever it is. */
export function refuseAssurance(claims: SignInClaims, policy: LinkPolicy): RefusalCode | null {
  if (policy.allowedIdps.length && !policy.allowedIdps.includes(claims.idp ?? '')) return 'IDP_NOT_ALLOWED';
  if (policy.requiredAcr.length && !policy.requiredAcr.includes(claims.acr ?? '')) return 'ACR_TOO_LOW';
  if (policy.requiredAmr.length && !policy.requiredAmr.some((method) => claims.amr.includes(method)))
    return 'ACR_TOO_LOW';
  return null;
}

interface Refused {
  code: RefusalCode;
  case: LinkCase;
  userId?: string;
}

function decideUser(
  claims: SignInClaims,
  policy: LinkPolicy,
  { linkedUser, emailUser }: Found,
): Refused | { cases: LinkCase[]; decision: UserDecision } {
  if (linkedUser) {
    const barred = refuseStatus(linkedUser);
    if (barred) return barred;
    const email = decideEmail(claims, policy, linkedUser, emailUser);
    const changes = { ...changedNames(claims, linkedUser), ...email.changes };
    return {
      cases: [LinkCase.U1_KNOWN, ...email.cases],
      decision: { action: 'KEEP', userId: linkedUser.id, changes },
    };
  }
  if (emailUser) {
    if (!emailUser.isEmailVerified || emailUser.holdsIssuer) {
      return { code: 'LINK_REQUIRED', case: LinkCase.U4_LINK_REQUIRED, userId: emailUser.id };
    }
    if (!isEmailTrusted(claims, policy))
      return { code: 'LINK_REQUIRED', case: LinkCase.U5_LINK_REQUIRED, userId: emailUser.id };
    return (
      refuseStatus(emailUser) ?? {
        cases: [LinkCase.U3_LINKED],
        decision: { action: 'LINK', userId: emailUser.id, changes: {} },
      }
    );
  }
  if (!policy.createUsers) return { code: 'ACCOUNT_UNKNOWN', case: LinkCase.U7_ACCOUNT_UNKNOWN };
  const status = policy.moderatedSignup ? UserStatus.PENDING : UserStatus.ACTIVE;
  return {
    cases: [policy.moderatedSignup ? LinkCase.U7_CREATED_PENDING : LinkCase.U7_CREATED],
    decision: {
      action: 'CREATE',
      status,
      profile: {
        email: claims.email?.value ?? null,
        emailNormalized: claims.email?.normalized ?? null,
        isEmailVerified: isEmailTrusted(claims, policy),
        givenName: claims.givenName,
        familyName: claims.familyName,
      },
    },
  };
}

function refuseStatus(user: FoundUser): Refused | null {
  if (user.status === UserStatus.SUSPENDED) return { code: 'SUSPENDED', case: LinkCase.U2_SUSPENDED, userId: user.id };
  if (user.status === UserStatus.PENDING) return { code: 'PENDING', case: LinkCase.U2_PENDING, userId: user.id };
  return null;
}

/** U6: the account is the identity's; its address follows the provider only where that is trusted and free. */
function decideEmail(
  claims: SignInClaims,
  policy: LinkPolicy,
  user: FoundUser,
  owner: FoundUser | null,
): { cases: LinkCase[]; changes: ProfileChanges } {
  const { email } = claims;
  if (!email) return { cases: [], changes: {} };
  if (email.normalized === user.emailNormalized) {
    const changes: ProfileChanges = {};
    if (user.hasEmailConflict) changes.hasEmailConflict = false;
    if (!user.isEmailVerified && isEmailTrusted(claims, policy)) changes.isEmailVerified = true;
    return { cases: [], changes };
  }
  if (owner && owner.id !== user.id) {
    return {
      cases: [LinkCase.U6_EMAIL_CONFLICT],
      changes: user.hasEmailConflict ? {} : { hasEmailConflict: true },
    };
  }
  if (!isEmailTrusted(claims, policy)) {
    return { cases: [LinkCase.U6_EMAIL_KEPT], changes: user.hasEmailConflict ? { hasEmailConflict: false } : {} };
  }
  return {
    cases: [LinkCase.U6_EMAIL_UPDATED],
    changes: {
      email: email.value,
      emailNormalized: email.normalized,
      ...(user.isEmailVerified ? {} : { isEmailVerified: true }),
      ...(user.hasEmailConflict ? { hasEmailConflict: false } : {}),
    },
  };
}

function changedNames({ givenName, familyName }: SignInClaims, user: FoundUser): ProfileChanges {
  return {
    ...(givenName && givenName !== user.givenName ? { givenName } : {}),
    ...(familyName && familyName !== user.familyName ? { familyName } : {}),
  };
}

function decideOrganization(
  claims: SignInClaims,
  policy: LinkPolicy,
  found: Found,
): Refused | { cases: LinkCase[]; decision: OrganizationDecision; requestedIdentifier?: string } {
  const ofConnection = found.memberships.filter((membership) => membership.isOfConnection);
  const current = ofConnection[0]?.organizationId ?? null;
  if (policy.organizationAuthority === OrganizationAuthority.IGNORE) {
    return { cases: [LinkCase.O12_IGNORED], decision: stays(null) };
  }

  const identifier = readIdentifier(policy.organizationScheme, claims.organizationIdentifier);
  const isRefusing = policy.missingOrganization === MissingOrganization.REFUSE;
  if (identifier === 'missing') {
    if (isRefusing) return { code: 'ORG_ID_MISSING', case: LinkCase.O8_MISSING_REFUSED };
    return { cases: [LinkCase.O8_MISSING_KEPT], decision: stays(current) };
  }
  if (identifier === 'invalid') {
    if (isRefusing) return { code: 'INVALID_ORG_ID', case: LinkCase.O9_INVALID_REFUSED };
    return { cases: [LinkCase.O9_INVALID_KEPT], decision: stays(current) };
  }

  const { organization } = found;
  if (organization && organization.status !== OrganizationStatus.ACTIVE) {
    return { code: 'ORG_SUSPENDED', case: LinkCase.O7_ORGANIZATION_SUSPENDED };
  }
  if (!organization && !policy.createOrganizations) {
    return { cases: [LinkCase.O6_NOT_CREATED], decision: stays(current), requestedIdentifier: identifier.value };
  }

  const isAdditive = policy.organizationAuthority === OrganizationAuthority.ADDITIVE;
  const leaves = isAdditive ? [] : ofConnection.filter(({ organizationId }) => organizationId !== organization?.id);
  const isMember = found.memberships.some(({ organizationId }) => organizationId === organization?.id);
  const cases = [organizationCase({ found, isAdditive, isMember, isMoving: leaves.length > 0 })];
  if (leaves.some(({ isSoleAdministrator }) => isSoleAdministrator)) cases.push(LinkCase.O10_NEEDS_ADMINISTRATOR);
  const proposesName = organization?.nameStatus === NameStatus.PENDING && claims.organizationName !== null;
  return {
    cases,
    decision: {
      organizationId: organization?.id ?? null,
      create: organization ? null : { scheme: policy.organizationScheme, value: identifier.value },
      joins: !isMember,
      grantsAdministrator: !isMember && policy.grantsAdministratorToLeader && isLeader(claims),
      leaves,
      name: proposesName ? claims.organizationName : null,
    },
  };
}

function organizationCase(facts: {
  found: Found;
  isAdditive: boolean;
  isMember: boolean;
  isMoving: boolean;
}): LinkCase {
  const { found, isAdditive, isMember, isMoving } = facts;
  if (isAdditive) {
    if (!found.organization) return LinkCase.O12_CREATED_AND_ADDED;
    return isMember ? LinkCase.O12_SAME : LinkCase.O12_ADDED;
  }
  if (!found.organization) return isMoving ? LinkCase.O5_CREATED_AND_MOVED : LinkCase.O4_CREATED;
  if (found.isOrganizationNew) return isMoving ? LinkCase.O11_MOVED : LinkCase.O11_JOINED;
  if (isMoving) return LinkCase.O3_MOVED;
  return isMember ? LinkCase.O2_SAME : LinkCase.O1_JOINED;
}

function isLeader({ roles, acr }: SignInClaims): boolean {
  return roles.includes(LEADER_ROLE) || acr === LEADER_ACR;
}

function stays(organizationId: string | null): OrganizationDecision {
  return { organizationId, create: null, joins: false, grantsAdministrator: false, leaves: [], name: null };
}

function refuse(code: RefusalCode, cases: LinkCase[], userId: string | undefined): Decision & { outcome: 'REFUSED' } {
  return { outcome: 'REFUSED', code, cases, userId: userId ?? null, invalidIdentifier: false };
}
