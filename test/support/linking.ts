import type { LinkPolicy } from '../../src/entities/connection-settings.js';
import {
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  NameStatus,
  OrganizationAuthority,
  OrganizationStatus,
  UserStatus,
} from '../../src/entities/enums.js';
import { readClaims, type SignInClaims } from '../../src/sso/claims.js';
import type { Found, FoundMembership, FoundUser } from '../../src/sso/decide.js';

/*
 * A sign-in to decide about: Anna, unknown so far, comes from ProConnect with the SIRET of an organization that is not
 * there yet. A test says what is different.
 */

export const SIRET = '13002526500013';

/** `raw` is what the provider says, under the provider's names. */
export function claimsOf(raw: Record<string, unknown> = {}): SignInClaims {
  return readClaims(
    {
      iss: 'https://provider.test',
      sub: 'anna',
      email: 'anna@example.org',
      given_name: 'Anna',
      usual_name: 'Durand',
      siret: SIRET,
      idp_id: 'idp-1',
      ...raw,
    },
    {},
  );
}

export function policyOf(overrides: Partial<LinkPolicy> = {}): LinkPolicy {
  return {
    createUsers: true,
    createOrganizations: true,
    moderatedSignup: false,
    emailTrust: EmailTrust.NONE,
    emailDomains: [],
    organizationAuthority: OrganizationAuthority.AUTHORITATIVE,
    organizationScheme: IdentifierScheme.SIRET,
    allowedIdps: [],
    requiredAcr: [],
    requiredAmr: [],
    missingOrganization: MissingOrganization.KEEP,
    grantsAdministratorToLeader: false,
    ...overrides,
  };
}

export function foundOf(overrides: Partial<Found> = {}): Found {
  return { linkedUser: null, emailUser: null, organization: null, memberships: [], ...overrides };
}

/** Anna as she is stored. */
export function userOf(overrides: Partial<FoundUser> = {}): FoundUser {
  return {
    id: 'anna-id',
    status: UserStatus.ACTIVE,
    email: 'anna@example.org',
    emailNormalized: 'anna@example.org',
    isEmailVerified: true,
    hasEmailConflict: false,
    givenName: 'Anna',
    familyName: 'Durand',
    ...overrides,
  };
}

/** The organization of the claimed SIRET. */
export function organizationOf(
  overrides: Partial<NonNullable<Found['organization']>> = {},
): NonNullable<Found['organization']> {
  return { id: 'claimed', status: OrganizationStatus.ACTIVE, nameStatus: NameStatus.CONFIRMED, ...overrides };
}

export function membershipOf(organizationId: string, overrides: Partial<FoundMembership> = {}): FoundMembership {
  return { id: `in-${organizationId}`, organizationId, isOfConnection: true, isSoleAdministrator: false, ...overrides };
}
