import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LinkPolicy } from '../../src/entities/connection-settings.js';
import {
  EmailTrust,
  IdentifierScheme,
  LinkCase,
  MissingOrganization,
  NameStatus,
  OrganizationAuthority,
  OrganizationStatus,
  UserStatus,
} from '../../src/entities/enums.js';
import { Siret } from '../../src/entities/siret.js';
import type { SignInClaims } from '../../src/sso/claims.js';
import { decide, type Found, type FoundUser, isEmailTrusted, readIdentifier } from '../../src/sso/decide.js';
import { REFUSALS } from '../../src/sso/refusal.js';
import { claimsOf, SIRET } from '../support/linking.js';
import { siretOf } from '../support/sirets.js';

const anyOf = <Value>(values: Record<string, Value>) => fc.constantFrom(...Object.values(values));
const subsetOf = <Value>(...values: Value[]) => fc.subarray(values);
const mostlyEmpty = <Value>(...values: Value[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant<Value[]>([]) }, subsetOf(...values));

const emails = ['anna@example.org', 'Bela@Example.net', undefined];
const claims: fc.Arbitrary<SignInClaims> = fc
  .record({
    email: fc.constantFrom(...emails),
    email_verified: fc.constantFrom(true, false, 'true', undefined),
    given_name: fc.constantFrom('Anna', undefined),
    siret: fc.oneof(
      fc.constantFrom<unknown>(SIRET, ' 130 025 265 00013', '12345678901234', undefined, 'null', 7),
      fc.nat().map(siretOf),
      fc.string({ unit: 'binary' }),
    ),
    organization_label: fc.constantFrom('DINUM', undefined),
    idp_id: fc.constantFrom('idp-1', undefined),
    roles: mostlyEmpty('dirigeant', 'agent_public'),
    acr: fc.constantFrom('eidas1', 'eidas2', undefined),
    amr: subsetOf('pwd', 'mfa'),
  })
  .map(claimsOf);

const policy: fc.Arbitrary<LinkPolicy> = fc.record({
  createUsers: fc.boolean(),
  createOrganizations: fc.boolean(),
  moderatedSignup: fc.boolean(),
  emailTrust: anyOf(EmailTrust),
  emailDomains: mostlyEmpty('example.org', 'example.net'),
  organizationAuthority: anyOf(OrganizationAuthority),
  organizationScheme: fc.oneof({ weight: 3, arbitrary: fc.constant(IdentifierScheme.SIRET) }, anyOf(IdentifierScheme)),
  allowedIdps: mostlyEmpty('idp-1', 'idp-2'),
  requiredAcr: mostlyEmpty('eidas2'),
  requiredAmr: mostlyEmpty('mfa'),
  missingOrganization: anyOf(MissingOrganization),
  grantsAdministratorToLeader: fc.boolean(),
});

const userOfId = (id: string): fc.Arbitrary<FoundUser> =>
  fc.record({
    id: fc.constant(id),
    status: fc.oneof({ weight: 3, arbitrary: fc.constant(UserStatus.ACTIVE) }, anyOf(UserStatus)),
    email: fc.constant(`${id}@example.com`),
    emailNormalized: fc.constant(`${id}@example.com`),
    isEmailVerified: fc.boolean(),
    hasEmailConflict: fc.boolean(),
    givenName: fc.constantFrom('Anna', null),
    familyName: fc.constant(null),
  });

const membership = fc.record({
  id: fc.uuid(),
  organizationId: fc.constantFrom('claimed', 'a', 'b'),
  isOfConnection: fc.boolean(),
  isSoleAdministrator: fc.boolean(),
});

interface Situation {
  claims: SignInClaims;
  policy: LinkPolicy;
  found: Found;
}

/** What a database could hold about these claims: who has the address has it, and one person is in an organization once. */
const situation: fc.Arbitrary<Situation> = fc
  .record({
    claims,
    policy,
    linkedUser: fc.option(userOfId('linked')),
    emailUser: fc.option(fc.oneof(userOfId('by-email'), userOfId('linked'))),
    holdsIssuer: fc.boolean(),
    organizationOfIdentifier: fc.option(
      fc.record({ id: fc.constant('claimed'), status: anyOf(OrganizationStatus), nameStatus: anyOf(NameStatus) }),
    ),
    memberships: fc.uniqueArray(membership, { selector: ({ organizationId }) => organizationId }),
    isOrganizationNew: fc.boolean(),
    isJitDue: fc.boolean(),
  })
  .map(
    ({
      claims,
      policy,
      linkedUser,
      emailUser,
      holdsIssuer,
      organizationOfIdentifier,
      memberships,
      isOrganizationNew,
      isJitDue,
    }) => {
      const { email } = claims;
      const identifier = readIdentifier(policy.organizationScheme, claims.organizationIdentifier);
      const organization = typeof identifier === 'object' ? organizationOfIdentifier : null;
      const isSame = linkedUser !== null && emailUser?.id === 'linked';
      const owner = isSame ? linkedUser : emailUser;
      const withEmail = (user: FoundUser) => ({ ...user, email: email!.value, emailNormalized: email!.normalized });
      const ownerWithEmail = email && owner && !(emailUser?.id === 'linked' && !isSame) ? withEmail(owner) : null;
      return {
        claims,
        policy,
        found: {
          linkedUser: isSame && ownerWithEmail ? ownerWithEmail : linkedUser,
          emailUser: ownerWithEmail && { ...ownerWithEmail, holdsIssuer: isSame || holdsIssuer },
          organization,
          memberships:
            linkedUser || ownerWithEmail
              ? memberships.filter(({ organizationId }) => organization ?? organizationId !== 'claimed')
              : [],
          isOrganizationNew: organization !== null && isOrganizationNew,
          isJitDue: linkedUser !== null && isJitDue,
        },
      };
    },
  );

function holds(check: (given: Situation, decision: ReturnType<typeof decide>) => void): void {
  fc.assert(
    fc.property(situation, (given) => {
      check(given, decide(given.claims, given.policy, given.found));
    }),
    { numRuns: 3_000 },
  );
}

const casesOf = (cases: LinkCase[], prefix: string) => cases.filter((name) => name.startsWith(prefix));
const USER_CASES = [LinkCase.U1_KNOWN, LinkCase.U3_LINKED, LinkCase.U7_CREATED, LinkCase.U7_CREATED_PENDING];

describe('decide, whatever is claimed, configured and stored', () => {
  it('never throws, changes nothing that it is given, and decides alike each time', () => {
    const freeze = <Value>(value: Value): Value => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
      return value;
    };
    holds((given, decision) => {
      const copy = freeze(structuredClone({ policy: given.policy, found: given.found }));
      expect(decide(given.claims, copy.policy, copy.found)).toEqual(decision);
    });
  });

  it('names one row of the user for who is let in, with no other but U6, and one of the organization unless they wait for approval', () => {
    holds((_, decision) => {
      if (decision.outcome !== 'ADMITTED') return;
      const { cases } = decision;
      expect(USER_CASES.filter((name) => cases.includes(name))).toHaveLength(1);
      expect(casesOf(cases, 'U').filter((name) => !name.startsWith('U6_'))).toHaveLength(1);
      const isPending = cases.includes(LinkCase.U7_CREATED_PENDING);
      expect(casesOf(cases, 'O').filter((name) => name !== LinkCase.O10_NEEDS_ADMINISTRATOR)).toHaveLength(
        isPending ? 0 : 1,
      );
      expect(new Set(cases).size).toBe(cases.length);
    });
  });

  it('refuses with a code that people are told about', () => {
    holds((_, decision) => {
      if (decision.outcome === 'REFUSED') expect(Object.keys(REFUSALS)).toContain(decision.code);
    });
  });

  it('lets nobody in who is not active', () => {
    holds(({ found }, decision) => {
      if (decision.outcome !== 'ADMITTED' || decision.user.action === 'CREATE') return;
      const { userId } = decision.user;
      const user = [found.linkedUser, found.emailUser].find((candidate) => candidate?.id === userId);
      expect(user?.status).toBe(UserStatus.ACTIVE);
    });
  });

  it('keeps an identity with its user: the linked one is never passed over for the one with the address', () => {
    holds(({ found }, decision) => {
      if (decision.outcome !== 'ADMITTED' || !found.linkedUser) return;
      expect(decision.user).toMatchObject({ action: 'KEEP', userId: found.linkedUser.id });
    });
  });

  it('links only by a trusted address, to a user who verified it and holds no identity of this issuer', () => {
    holds(({ claims, policy, found }, decision) => {
      if (decision.outcome !== 'ADMITTED' || decision.user.action !== 'LINK') return;
      expect(isEmailTrusted(claims, policy)).toBe(true);
      expect(decision.user.userId).toBe(found.emailUser?.id);
      expect(found.emailUser).toMatchObject({ isEmailVerified: true, holdsIssuer: false });
    });
  });

  it('trusts no address where the connection trusts none, nor one outside its domains, nor one without a true email_verified', () => {
    holds(({ claims, policy }) => {
      if (!isEmailTrusted(claims, policy)) return;
      expect(policy.emailTrust).not.toBe(EmailTrust.NONE);
      if (policy.emailTrust === EmailTrust.CLAIM) expect(claims.isEmailVerified).toBe(true);
      if (policy.emailDomains.length) expect(policy.emailDomains).toContain(claims.email?.domain);
    });
  });

  it('never makes a second user with an address', () => {
    holds(({ found }, decision) => {
      if (decision.outcome === 'ADMITTED' && decision.user.action === 'CREATE') expect(found.emailUser).toBeNull();
    });
  });

  it('changes an address only to a trusted one that nobody else has', () => {
    holds(({ claims, policy, found }, decision) => {
      if (
        decision.outcome !== 'ADMITTED' ||
        decision.user.action === 'CREATE' ||
        !decision.user.changes.emailNormalized
      )
        return;
      expect(isEmailTrusted(claims, policy)).toBe(true);
      expect(decision.user.changes.emailNormalized).toBe(claims.email?.normalized);
      expect(found.emailUser).toBeNull();
    });
  });

  it('verifies an address only by trust in it', () => {
    holds(({ claims, policy }, decision) => {
      if (decision.outcome !== 'ADMITTED') return;
      const { user } = decision;
      const isVerifying = user.action === 'CREATE' ? user.profile.isEmailVerified : user.changes.isEmailVerified;
      if (isVerifying) expect(isEmailTrusted(claims, policy)).toBe(true);
    });
  });

  it('[SSO-34] refuses an unknown person where users are not created', () => {
    holds(({ policy, found }, decision) => {
      if (found.linkedUser ?? found.emailUser ?? policy.createUsers) return;
      const code = expect.stringMatching(/^(ACCOUNT_UNKNOWN|IDP_NOT_ALLOWED|ACR_TOO_LOW)$/);
      expect(decision).toMatchObject({ outcome: 'REFUSED', code, userId: null });
    });
  });

  it('[SSO-35] gives no organization to who waits for approval', () => {
    holds((_, decision) => {
      if (
        decision.outcome !== 'ADMITTED' ||
        decision.user.action !== 'CREATE' ||
        decision.user.status !== UserStatus.PENDING
      )
        return;
      expect(decision.organization).toEqual({
        organizationId: null,
        create: null,
        joins: false,
        grantsAdministrator: false,
        leaves: [],
        name: null,
      });
    });
  });

  it('[SSO-28] lets nobody join an organization that is not active, and makes no twin of it', () => {
    holds(({ found, policy }, decision) => {
      if (decision.outcome !== 'ADMITTED') return;
      const { organization } = decision;
      if (organization.organizationId === 'claimed' && organization.joins)
        expect(found.organization?.status).toBe(OrganizationStatus.ACTIVE);
      if (organization.create) {
        expect(found.organization).toBeNull();
        expect(policy.createOrganizations).toBe(true);
      }
    });
  });

  it('[SSO-21] [SSO-23] never makes an organization of what is not a SIRET in its stored form', () => {
    holds(({ policy }, decision) => {
      if (decision.outcome !== 'ADMITTED' || policy.organizationScheme !== IdentifierScheme.SIRET) return;
      for (const value of [decision.organization.create?.value, decision.requestedIdentifier]) {
        if (value) expect(Siret.parse(value)?.value).toBe(value);
      }
    });
  });

  it('ends only memberships of this connection, elsewhere than where the person goes, and only under its authority', () => {
    holds(({ policy }, decision) => {
      if (decision.outcome !== 'ADMITTED') return;
      const { leaves, organizationId, create } = decision.organization;
      if (!leaves.length) return;
      expect(policy.organizationAuthority).toBe(OrganizationAuthority.AUTHORITATIVE);
      expect(organizationId ?? create).not.toBeNull();
      for (const membership of leaves) {
        expect(membership.isOfConnection).toBe(true);
        expect(membership.organizationId).not.toBe(organizationId);
      }
    });
  });

  it('leaves who came under its authority in one organization of this connection', () => {
    holds(({ policy, found }, decision) => {
      if (decision.outcome !== 'ADMITTED' || policy.organizationAuthority !== OrganizationAuthority.AUTHORITATIVE)
        return;
      const { leaves, organizationId, create, joins } = decision.organization;
      if (!(create ?? organizationId === 'claimed')) return;
      const kept = found.memberships.filter((membership) => membership.isOfConnection && !leaves.includes(membership));
      expect(kept.length + (joins ? 1 : 0)).toBeLessThanOrEqual(1);
    });
  });

  it('[SSO-25] tells of a sole administrator who leaves, and of nobody else', () => {
    holds((_, decision) => {
      if (decision.outcome !== 'ADMITTED') return;
      const isLeaving = decision.organization.leaves.some(({ isSoleAdministrator }) => isSoleAdministrator);
      expect(decision.cases.includes(LinkCase.O10_NEEDS_ADMINISTRATOR)).toBe(isLeaving);
    });
  });

  it('makes nobody an administrator but a leader who joins, where the connection grants it', () => {
    holds(({ claims, policy }, decision) => {
      if (decision.outcome !== 'ADMITTED' || !decision.organization.grantsAdministrator) return;
      expect(policy.grantsAdministratorToLeader).toBe(true);
      expect(decision.organization.joins).toBe(true);
      expect(claims.roles).toContain('dirigeant');
    });
  });

  it('[SSO-30] proposes a name only for an organization that has the default one', () => {
    holds(({ found }, decision) => {
      if (decision.outcome === 'ADMITTED' && decision.organization.name)
        expect(found.organization?.nameStatus).toBe(NameStatus.PENDING);
    });
  });

  it('asks just-in-time rules about new accounts and new identities alone, and believes trusted addresses alone', () => {
    holds(({ claims, policy, found }, decision) => {
      if (decision.outcome !== 'ADMITTED') return;
      const { user, jit } = decision;
      const isPending = user.action === 'CREATE' && user.status === UserStatus.PENDING;
      const isFirst = user.action === 'KEEP' ? found.isJitDue : !isPending;
      expect(jit !== null).toBe(Boolean(isFirst));
      if (!jit) return;
      expect(jit.isCreated).toBe(user.action !== 'LINK');
      expect(jit.isEmailVerified).toBe(isEmailTrusted(claims, policy));
    });
  });

  it('reaches every row of the table', () => {
    const reached = new Set<LinkCase>();
    fc.assert(
      fc.property(situation, ({ claims, policy, found }) => {
        for (const name of decide(claims, policy, found).cases) reached.add(name);
      }),
      { numRuns: 20_000, seed: 1 },
    );
    // What just-in-time rules say comes on top: test/unit/decide-jit.test.ts.
    const rows = Object.values(LinkCase).filter((name) => !name.startsWith('J'));
    expect(rows.filter((name) => !reached.has(name))).toEqual([]);
  });
});
