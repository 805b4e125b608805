import { describe, expect, it } from '@jest/globals';
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
import { decide, type Found, type OrganizationDecision, readIdentifier } from '../../src/sso/decide.js';
import { claimsOf, foundOf, membershipOf, organizationOf, policyOf, SIRET, userOf } from '../support/linking.js';

interface Row {
  title: string;
  claims?: Record<string, unknown>;
  policy?: Partial<LinkPolicy>;
  found?: Partial<Found>;
  /** Part of the decision. */
  expected: Record<string, unknown>;
}

const row = (title: string, given: Omit<Row, 'title'>): [string, Row] => [title, { title, ...given }];
const decideRow = ({ claims, policy, found }: Row) => decide(claimsOf(claims), policyOf(policy), foundOf(found));

const trusting = { emailTrust: EmailTrust.PROVIDER };
const ignoring = { organizationAuthority: OrganizationAuthority.IGNORE };
const additive = { organizationAuthority: OrganizationAuthority.ADDITIVE };
const refusing = { missingOrganization: MissingOrganization.REFUSE };
const known = { linkedUser: userOf() };
const byEmail = (overrides: Parameters<typeof userOf>[0] & { holdsIssuer?: boolean } = {}) => ({
  emailUser: { ...userOf(), holdsIssuer: false, ...overrides },
});
const refused = (code: string, cases: LinkCase[], userId: string | null) => ({
  outcome: 'REFUSED',
  code,
  cases,
  userId,
});

describe('the user of a sign-in', () => {
  // Organizations are another table: here they are ignored, so that its row is always O12_IGNORED.
  it.each([
    row('U1 a linked active user is let in, and nothing is written when nothing changed', {
      found: { ...known, ...byEmail({ holdsIssuer: true }) },
      expected: {
        outcome: 'ADMITTED',
        cases: [LinkCase.U1_KNOWN, LinkCase.O12_IGNORED],
        user: { action: 'KEEP', userId: 'anna-id', changes: {} },
      },
    }),
    row('U1 the profile follows the provider', {
      claims: { given_name: 'Anne', usual_name: 'Martin' },
      found: known,
      expected: { user: { action: 'KEEP', userId: 'anna-id', changes: { givenName: 'Anne', familyName: 'Martin' } } },
    }),
    row('U1 names that the provider does not send are kept', {
      claims: { given_name: undefined, usual_name: '  ', email: undefined },
      found: known,
      expected: { user: { action: 'KEEP', userId: 'anna-id', changes: {} } },
    }),
    row('U1 an address that was not verified is, when a trusted provider repeats it', {
      policy: trusting,
      found: { linkedUser: userOf({ isEmailVerified: false }) },
      expected: { user: { action: 'KEEP', userId: 'anna-id', changes: { isEmailVerified: true } } },
    }),
    row('U1 an address that was not verified stays so, when the provider is not trusted', {
      found: { linkedUser: userOf({ isEmailVerified: false }) },
      expected: { user: { action: 'KEEP', userId: 'anna-id', changes: {} } },
    }),
    row('U2 a suspended user is refused', {
      found: { linkedUser: userOf({ status: UserStatus.SUSPENDED }) },
      expected: refused('SUSPENDED', [LinkCase.U2_SUSPENDED], 'anna-id'),
    }),
    row('[SSO-36] U2 a pending user is refused again', {
      found: {
        linkedUser: userOf({ status: UserStatus.PENDING }),
        ...byEmail({ status: UserStatus.PENDING, holdsIssuer: true }),
      },
      policy: { moderatedSignup: true },
      expected: refused('PENDING', [LinkCase.U2_PENDING], 'anna-id'),
    }),
    row('[SSO-09] U3 a verified local user is linked by the address of a provider that the operator vouches for', {
      policy: trusting,
      found: byEmail(),
      expected: {
        outcome: 'ADMITTED',
        cases: [LinkCase.U3_LINKED, LinkCase.O12_IGNORED],
        user: { action: 'LINK', userId: 'anna-id', changes: {} },
      },
    }),
    row('U3 a verified local user is linked by an address that the provider says it verified', {
      claims: { email_verified: true },
      policy: { emailTrust: EmailTrust.CLAIM },
      found: byEmail(),
      expected: { user: { action: 'LINK', userId: 'anna-id', changes: {} } },
    }),
    row('U3 a user is linked by an address of a domain that the provider is believed about', {
      policy: { ...trusting, emailDomains: ['example.net', 'example.org'] },
      found: byEmail(),
      expected: { user: { action: 'LINK', userId: 'anna-id', changes: {} } },
    }),
    row('U2 a suspended user is not linked by a trusted address', {
      policy: trusting,
      found: byEmail({ status: UserStatus.SUSPENDED }),
      expected: refused('SUSPENDED', [LinkCase.U2_SUSPENDED], 'anna-id'),
    }),
    row('U2 a pending user is not linked by a trusted address', {
      policy: trusting,
      found: byEmail({ status: UserStatus.PENDING }),
      expected: refused('PENDING', [LinkCase.U2_PENDING], 'anna-id'),
    }),
    row('[SSO-13] U4 an account whose address nobody verified is not linked, trusted though the address be', {
      policy: trusting,
      found: byEmail({ isEmailVerified: false }),
      expected: refused('LINK_REQUIRED', [LinkCase.U4_LINK_REQUIRED], 'anna-id'),
    }),
    row('[SSO-13] U4 comes before U5: an account that nobody verified, an address that nobody trusts', {
      found: byEmail({ isEmailVerified: false }),
      expected: refused('LINK_REQUIRED', [LinkCase.U4_LINK_REQUIRED], 'anna-id'),
    }),
    row('U4 an account that is linked to another subject of this issuer is not linked to a second', {
      policy: trusting,
      found: byEmail({ holdsIssuer: true }),
      expected: refused('LINK_REQUIRED', [LinkCase.U4_LINK_REQUIRED], 'anna-id'),
    }),
    row('[SSO-10] U5 without trust in the provider, no link and no second user', {
      found: byEmail(),
      expected: refused('LINK_REQUIRED', [LinkCase.U5_LINK_REQUIRED], 'anna-id'),
    }),
    row('[SSO-11] U5 email_verified is asked for and absent', {
      policy: { emailTrust: EmailTrust.CLAIM },
      found: byEmail(),
      expected: refused('LINK_REQUIRED', [LinkCase.U5_LINK_REQUIRED], 'anna-id'),
    }),
    row('[SSO-12] U5 email_verified is the text "true"', {
      claims: { email_verified: 'true' },
      policy: { emailTrust: EmailTrust.CLAIM },
      found: byEmail(),
      expected: refused('LINK_REQUIRED', [LinkCase.U5_LINK_REQUIRED], 'anna-id'),
    }),
    row('U5 email_verified does not count where no address is trusted', {
      claims: { email_verified: true },
      found: byEmail(),
      expected: refused('LINK_REQUIRED', [LinkCase.U5_LINK_REQUIRED], 'anna-id'),
    }),
    row('U5 a provider is not believed about a domain that it was not given', {
      policy: { ...trusting, emailDomains: ['example.net'] },
      found: byEmail(),
      expected: refused('LINK_REQUIRED', [LinkCase.U5_LINK_REQUIRED], 'anna-id'),
    }),
    row('U5 a provider is not believed about a subdomain of its own', {
      claims: { email: 'anna@mail.example.org' },
      policy: { ...trusting, emailDomains: ['example.org'] },
      found: byEmail({ email: 'anna@mail.example.org', emailNormalized: 'anna@mail.example.org' }),
      expected: refused('LINK_REQUIRED', [LinkCase.U5_LINK_REQUIRED], 'anna-id'),
    }),
    row('[SSO-07] U6 a linked user follows to a trusted address that is free', {
      claims: { email: 'Anna@New.example' },
      policy: trusting,
      found: known,
      expected: {
        cases: [LinkCase.U1_KNOWN, LinkCase.U6_EMAIL_UPDATED, LinkCase.O12_IGNORED],
        user: {
          action: 'KEEP',
          userId: 'anna-id',
          changes: { email: 'Anna@New.example', emailNormalized: 'anna@new.example' },
        },
      },
    }),
    row('U6 the new address of a user without one is verified by the trust in it', {
      policy: trusting,
      found: { linkedUser: userOf({ email: null, emailNormalized: null, isEmailVerified: false }) },
      expected: {
        user: {
          action: 'KEEP',
          userId: 'anna-id',
          changes: { email: 'anna@example.org', emailNormalized: 'anna@example.org', isEmailVerified: true },
        },
      },
    }),
    row('U6 an address that is not trusted does not replace the stored one', {
      claims: { email: 'anna@new.example' },
      found: known,
      expected: {
        cases: [LinkCase.U1_KNOWN, LinkCase.U6_EMAIL_KEPT, LinkCase.O12_IGNORED],
        user: { action: 'KEEP', userId: 'anna-id', changes: {} },
      },
    }),
    row('[SSO-08] U6 an address that is another user’s stays theirs, and the conflict is flagged', {
      claims: { email: 'bela@example.org' },
      policy: trusting,
      found: {
        ...known,
        ...byEmail({ id: 'bela-id', email: 'bela@example.org', emailNormalized: 'bela@example.org' }),
      },
      expected: {
        outcome: 'ADMITTED',
        cases: [LinkCase.U1_KNOWN, LinkCase.U6_EMAIL_CONFLICT, LinkCase.O12_IGNORED],
        user: { action: 'KEEP', userId: 'anna-id', changes: { hasEmailConflict: true } },
      },
    }),
    row('[SSO-08] U6 a conflict that is flagged already is not written again', {
      claims: { email: 'bela@example.org' },
      policy: trusting,
      found: {
        linkedUser: userOf({ hasEmailConflict: true }),
        ...byEmail({ id: 'bela-id', email: 'bela@example.org', emailNormalized: 'bela@example.org' }),
      },
      expected: {
        cases: [LinkCase.U1_KNOWN, LinkCase.U6_EMAIL_CONFLICT, LinkCase.O12_IGNORED],
        user: { action: 'KEEP', userId: 'anna-id', changes: {} },
      },
    }),
    row('U6 a conflict ends when the provider reports the user’s own address again', {
      found: { linkedUser: userOf({ hasEmailConflict: true }) },
      expected: {
        cases: [LinkCase.U1_KNOWN, LinkCase.O12_IGNORED],
        user: { action: 'KEEP', userId: 'anna-id', changes: { hasEmailConflict: false } },
      },
    }),
    row('U6 a conflict ends when the trusted address becomes free', {
      claims: { email: 'bela@example.org' },
      policy: trusting,
      found: { linkedUser: userOf({ hasEmailConflict: true }) },
      expected: {
        user: {
          action: 'KEEP',
          userId: 'anna-id',
          changes: { email: 'bela@example.org', emailNormalized: 'bela@example.org', hasEmailConflict: false },
        },
      },
    }),
    row('[SSO-16] U6 an address that differs by case only is the same address', {
      claims: { email: 'ANNA@Example.org' },
      policy: trusting,
      found: { ...known, ...byEmail({ holdsIssuer: true }) },
      expected: {
        cases: [LinkCase.U1_KNOWN, LinkCase.O12_IGNORED],
        user: { action: 'KEEP', userId: 'anna-id', changes: {} },
      },
    }),
    row('U7 an unknown person gets an account, whose address is not verified', {
      expected: {
        outcome: 'ADMITTED',
        cases: [LinkCase.U7_CREATED, LinkCase.O12_IGNORED],
        user: {
          action: 'CREATE',
          status: UserStatus.ACTIVE,
          profile: {
            email: 'anna@example.org',
            emailNormalized: 'anna@example.org',
            isEmailVerified: false,
            givenName: 'Anna',
            familyName: 'Durand',
          },
        },
      },
    }),
    row('U7 the address of a new account is verified when it is trusted', {
      policy: trusting,
      expected: { user: { action: 'CREATE', profile: { email: 'anna@example.org', isEmailVerified: true } } },
    }),
    row('U7 a person without an address gets an account without one', {
      claims: { email: 'not an address' },
      policy: trusting,
      expected: { user: { action: 'CREATE', profile: { email: null, emailNormalized: null, isEmailVerified: false } } },
    }),
    row('[SSO-34] U7 an unknown person is refused where users are not created', {
      policy: { createUsers: false },
      expected: refused('ACCOUNT_UNKNOWN', [LinkCase.U7_ACCOUNT_UNKNOWN], null),
    }),
    row('a known person is let in where users are not created', {
      policy: { createUsers: false },
      found: known,
      expected: { outcome: 'ADMITTED', user: { action: 'KEEP', userId: 'anna-id', changes: {} } },
    }),
    row('an account is linked where users are not created', {
      policy: { ...trusting, createUsers: false },
      found: byEmail(),
      expected: { outcome: 'ADMITTED', user: { action: 'LINK', userId: 'anna-id', changes: {} } },
    }),
    row('[SSO-35] U7 an unknown person waits for approval where sign-up is moderated', {
      policy: { moderatedSignup: true },
      expected: {
        outcome: 'ADMITTED',
        cases: [LinkCase.U7_CREATED_PENDING],
        user: { action: 'CREATE', status: UserStatus.PENDING },
      },
    }),
    row('moderation is for new people: a known one is let in', {
      policy: { moderatedSignup: true },
      found: known,
      expected: { cases: [LinkCase.U1_KNOWN, LinkCase.O12_IGNORED] },
    }),
  ])('%s', (_, given) => {
    expect(decideRow({ ...given, policy: { ...ignoring, ...given.policy } })).toMatchObject(given.expected);
  });
});

const claimed = { organization: organizationOf() };
const stays = (organizationId: string | null): OrganizationDecision => ({
  organizationId,
  create: null,
  joins: false,
  grantsAdministrator: false,
  leaves: [],
  name: null,
});
const joins = (overrides: Partial<OrganizationDecision> = {}): OrganizationDecision => ({
  ...stays('claimed'),
  joins: true,
  ...overrides,
});
const creates = (overrides: Partial<OrganizationDecision> = {}): OrganizationDecision => ({
  ...stays(null),
  create: { scheme: IdentifierScheme.SIRET, value: SIRET },
  joins: true,
  ...overrides,
});
const admitted = (cases: LinkCase[], organization: OrganizationDecision, more = {}) => ({
  outcome: 'ADMITTED',
  cases,
  organization,
  invalidIdentifier: false,
  requestedIdentifier: null,
  ...more,
});
const elsewhere = membershipOf('elsewhere');
const manual = (organizationId: string) => membershipOf(organizationId, { isOfConnection: false });
const { U1_KNOWN, U3_LINKED, U7_CREATED } = LinkCase;

describe('the organization of a sign-in', () => {
  it.each([
    row('[SSO-01] O1 a new person joins the organization that is there, as a member', {
      found: claimed,
      expected: admitted([U7_CREATED, LinkCase.O1_JOINED], joins()),
    }),
    row('O1 a known person without an organization joins', {
      found: { ...known, ...claimed },
      expected: admitted([U1_KNOWN, LinkCase.O1_JOINED], joins()),
    }),
    row('O1 a linked person joins', {
      policy: trusting,
      found: { ...byEmail(), ...claimed },
      expected: admitted([U3_LINKED, LinkCase.O1_JOINED], joins()),
    }),
    row('O2 a member of it stays', {
      found: { ...known, ...claimed, memberships: [membershipOf('claimed')] },
      expected: admitted([U1_KNOWN, LinkCase.O2_SAME], stays('claimed')),
    }),
    row('O2 a member who was added by hand stays and gets no second membership', {
      found: { ...known, ...claimed, memberships: [manual('claimed')] },
      expected: admitted([U1_KNOWN, LinkCase.O2_SAME], stays('claimed')),
    }),
    row('[SSO-03] O3 the provider wins: the person moves', {
      found: { ...known, ...claimed, memberships: [elsewhere] },
      expected: admitted([U1_KNOWN, LinkCase.O3_MOVED], joins({ leaves: [elsewhere] })),
    }),
    row('O3 only memberships of this connection are left', {
      found: { ...known, ...claimed, memberships: [manual('by-hand'), elsewhere] },
      expected: admitted([U1_KNOWN, LinkCase.O3_MOVED], joins({ leaves: [elsewhere] })),
    }),
    row('O3 a person who moves to where they were added by hand joins nothing', {
      found: { ...known, ...claimed, memberships: [manual('claimed'), elsewhere] },
      expected: admitted([U1_KNOWN, LinkCase.O3_MOVED], { ...stays('claimed'), leaves: [elsewhere] }),
    }),
    row(
      '[SSO-02] [SSO-05] O4 an organization that is not there is made, and the person is its member, not its administrator',
      {
        expected: admitted([U7_CREATED, LinkCase.O4_CREATED], creates()),
      },
    ),
    row('[SSO-04] O5 an organization that is not there is made, and the person moves', {
      found: { ...known, memberships: [elsewhere] },
      expected: admitted([U1_KNOWN, LinkCase.O5_CREATED_AND_MOVED], creates({ leaves: [elsewhere] })),
    }),
    row('O6 where organizations are not made, the person keeps what they have and the organization is asked for', {
      policy: { createOrganizations: false },
      found: { ...known, memberships: [elsewhere] },
      expected: admitted([U1_KNOWN, LinkCase.O6_NOT_CREATED], stays('elsewhere'), { requestedIdentifier: SIRET }),
    }),
    row('O6 a new person comes in without an organization', {
      claims: { siret: '130 025 265 00013' },
      policy: { createOrganizations: false },
      expected: admitted([U7_CREATED, LinkCase.O6_NOT_CREATED], stays(null), { requestedIdentifier: SIRET }),
    }),
    row('[SSO-28] O7 a suspended organization is refused', {
      found: { ...known, organization: organizationOf({ status: OrganizationStatus.SUSPENDED }) },
      expected: refused('ORG_SUSPENDED', [U1_KNOWN, LinkCase.O7_ORGANIZATION_SUSPENDED], 'anna-id'),
    }),
    row('[SSO-28] O7 an archived organization is refused, to its members too', {
      found: {
        ...known,
        organization: organizationOf({ status: OrganizationStatus.ARCHIVED }),
        memberships: [membershipOf('claimed')],
      },
      expected: refused('ORG_SUSPENDED', [U1_KNOWN, LinkCase.O7_ORGANIZATION_SUSPENDED], 'anna-id'),
    }),
    row('[SSO-28] O7 a new person is refused and not made', {
      found: { organization: organizationOf({ status: OrganizationStatus.SUSPENDED }) },
      expected: refused('ORG_SUSPENDED', [U7_CREATED, LinkCase.O7_ORGANIZATION_SUSPENDED], null),
    }),
    ...[undefined, null, '', '   ', 'null', 'NULL'].map((siret) =>
      row(`[SSO-20] O8 the SIRET ${JSON.stringify(siret)} is missing: the organization stays`, {
        claims: { siret },
        found: { ...known, memberships: [elsewhere] },
        expected: admitted([U1_KNOWN, LinkCase.O8_MISSING_KEPT], stays('elsewhere')),
      }),
    ),
    row('[SSO-20] O8 a missing SIRET is refused where the connection says so, and no user is made', {
      claims: { siret: undefined },
      policy: refusing,
      expected: refused('ORG_ID_MISSING', [U7_CREATED, LinkCase.O8_MISSING_REFUSED], null),
    }),
    ...['12345678901234', '1300252650001', 'DINUM', 13002526500013, ['13002526500013'], { siret: SIRET }, true].map(
      (siret) =>
        row(`[SSO-21] O9 the SIRET ${JSON.stringify(siret)} is none: it is told, and never used as a key`, {
          claims: { siret },
          found: { ...known, memberships: [elsewhere] },
          expected: admitted([U1_KNOWN, LinkCase.O9_INVALID_KEPT], stays('elsewhere'), { invalidIdentifier: true }),
        }),
    ),
    row('[SSO-21] O9 a SIRET that is none is refused where the connection says so', {
      claims: { siret: '12345678901234' },
      policy: refusing,
      found: known,
      expected: {
        ...refused('INVALID_ORG_ID', [U1_KNOWN, LinkCase.O9_INVALID_REFUSED], 'anna-id'),
        invalidIdentifier: true,
      },
    }),
    row('[SSO-25] O10 a sole administrator moves, and takes no right along', {
      policy: { grantsAdministratorToLeader: true },
      found: { ...known, ...claimed, memberships: [membershipOf('elsewhere', { isSoleAdministrator: true })] },
      expected: admitted(
        [U1_KNOWN, LinkCase.O3_MOVED, LinkCase.O10_NEEDS_ADMINISTRATOR],
        joins({ leaves: [membershipOf('elsewhere', { isSoleAdministrator: true })] }),
      ),
    }),
    row('[SSO-25] O10 a sole administrator moves to an organization that is made', {
      found: { ...known, memberships: [membershipOf('elsewhere', { isSoleAdministrator: true })] },
      expected: { cases: [U1_KNOWN, LinkCase.O5_CREATED_AND_MOVED, LinkCase.O10_NEEDS_ADMINISTRATOR] },
    }),
    row('O10 is not for a sole administrator who stays', {
      found: { ...known, ...claimed, memberships: [membershipOf('claimed', { isSoleAdministrator: true })] },
      expected: { cases: [U1_KNOWN, LinkCase.O2_SAME] },
    }),
    row('[SSO-17] O11 who comes second joins the organization that has just been made', {
      found: { ...claimed, isOrganizationNew: true },
      expected: admitted([U7_CREATED, LinkCase.O11_JOINED], joins()),
    }),
    row('O11 who comes second moves to the organization that has just been made', {
      found: { ...known, ...claimed, isOrganizationNew: true, memberships: [elsewhere] },
      expected: admitted([U1_KNOWN, LinkCase.O11_MOVED], joins({ leaves: [elsewhere] })),
    }),
    row('O12 an additive connection adds beside the others', {
      policy: additive,
      found: { ...known, ...claimed, memberships: [elsewhere] },
      expected: admitted([U1_KNOWN, LinkCase.O12_ADDED], joins()),
    }),
    row('O12 an additive connection makes what is not there and leaves nothing', {
      policy: additive,
      found: { ...known, memberships: [membershipOf('elsewhere', { isSoleAdministrator: true })] },
      expected: admitted([U1_KNOWN, LinkCase.O12_CREATED_AND_ADDED], creates()),
    }),
    row('O12 an additive connection makes the membership that is there active', {
      policy: additive,
      found: { ...known, ...claimed, memberships: [elsewhere, membershipOf('claimed')] },
      expected: admitted([U1_KNOWN, LinkCase.O12_SAME], stays('claimed')),
    }),
    row('O7 holds for an additive connection', {
      policy: additive,
      found: { ...known, organization: organizationOf({ status: OrganizationStatus.SUSPENDED }) },
      expected: refused('ORG_SUSPENDED', [U1_KNOWN, LinkCase.O7_ORGANIZATION_SUSPENDED], 'anna-id'),
    }),
    row('O6 holds for an additive connection', {
      policy: { ...additive, createOrganizations: false },
      found: known,
      expected: admitted([U1_KNOWN, LinkCase.O6_NOT_CREATED], stays(null), { requestedIdentifier: SIRET }),
    }),
    ...[SIRET, undefined, '12345678901234'].map((siret) =>
      row(`O12 a connection that ignores organizations changes nothing by the SIRET ${siret}`, {
        claims: { siret },
        policy: { ...ignoring, ...refusing },
        found: {
          ...known,
          organization: organizationOf({ status: OrganizationStatus.SUSPENDED }),
          memberships: [elsewhere],
        },
        expected: {
          outcome: 'ADMITTED',
          cases: [U1_KNOWN, LinkCase.O12_IGNORED],
          organization: { ...stays(null) },
          requestedIdentifier: null,
        },
      }),
    ),
    row('[SSO-35] who waits for approval brings no organization yet', {
      policy: { moderatedSignup: true },
      expected: admitted([LinkCase.U7_CREATED_PENDING], stays(null)),
    }),
    row('a refused user decides before the organization', {
      policy: refusing,
      claims: { siret: undefined },
      found: { linkedUser: userOf({ status: UserStatus.SUSPENDED }) },
      expected: refused('SUSPENDED', [LinkCase.U2_SUSPENDED], 'anna-id'),
    }),
  ])('%s', (_, given) => {
    expect(decideRow(given)).toMatchObject(given.expected);
  });

  it.each(['35600000000048', '35600000049837'])('[SSO-22] %s is made an organization', (siret) => {
    expect(decide(claimsOf({ siret }), policyOf(), foundOf())).toMatchObject({
      organization: { create: { scheme: 'SIRET', value: siret } },
    });
  });

  it('[SSO-23] a SIRET with spaces decides as the one without', () => {
    const [spaced, plain] = ['130 025 265 00013', SIRET].map((siret) =>
      decide(claimsOf({ siret }), policyOf(), foundOf()),
    );
    expect(spaced).toEqual(plain);
  });
});

describe('the name of an organization', () => {
  const nameOf = (nameStatus: NameStatus, organization_label?: string) => {
    const decision = decide(
      claimsOf({ organization_label }),
      policyOf(),
      foundOf({ ...known, organization: organizationOf({ nameStatus }) }),
    );
    return decision.outcome === 'ADMITTED' && decision.organization.name;
  };

  it('[SSO-31] is taken from the claim while it is the default one', () => {
    expect(nameOf(NameStatus.PENDING, 'DINUM')).toBe('DINUM');
    expect(nameOf(NameStatus.PENDING)).toBeNull();
  });

  it.each([NameStatus.RESOLVED, NameStatus.CONFIRMED])(
    '[SSO-30] is not overwritten by a sign-in when it is %s',
    (status) => {
      expect(nameOf(status, 'DINUM')).toBeNull();
    },
  );
});

describe('the administrator of an organization', () => {
  const leader = { roles: ['dirigeant'] };
  const certified = { acr: 'https://proconnect.gouv.fr/assurance/certification-dirigeant' };
  const granting = { grantsAdministratorToLeader: true };
  it.each([
    ['the leader of a new organization, where the connection grants it', leader, granting, {}, true],
    ['a person who is certified to lead it, where the connection grants it', certified, granting, claimed, true],
    ['the leader, where the connection does not grant it', leader, {}, {}, false],
    ['somebody else, where the connection grants it', { roles: ['agent_public'] }, granting, {}, false],
    ['somebody whose role only resembles it', { roles: ['Dirigeant', 'dirigeant_adjoint'] }, granting, {}, false],
    [
      'a leader who is a member already',
      leader,
      granting,
      { ...known, ...claimed, memberships: [membershipOf('claimed')] },
      false,
    ],
  ])('%s', (_, claims, policy, found, isGranted) => {
    expect(decide(claimsOf(claims), policyOf(policy), foundOf(found))).toMatchObject({
      organization: { grantsAdministrator: isGranted },
    });
  });
});

describe('what a connection asks of every sign-in', () => {
  it.each([
    row('an identity provider that is not among the allowed ones', {
      policy: { allowedIdps: ['idp-2'] },
      expected: refused('IDP_NOT_ALLOWED', [], null),
    }),
    row('no word about the identity provider', {
      claims: { idp_id: undefined },
      policy: { allowedIdps: ['idp-1'] },
      expected: refused('IDP_NOT_ALLOWED', [], null),
    }),
    row('[SSO-39] an acr that is lower than asked', {
      claims: { acr: 'eidas1' },
      policy: { requiredAcr: ['eidas1-mfa', 'eidas2'] },
      expected: refused('ACR_TOO_LOW', [], null),
    }),
    row('[SSO-39] no acr where one is asked', {
      policy: { requiredAcr: ['eidas1-mfa'] },
      expected: refused('ACR_TOO_LOW', [], null),
    }),
    row('no amr where one is asked', { policy: { requiredAmr: ['mfa'] }, expected: refused('ACR_TOO_LOW', [], null) }),
    row('an amr without the one that is asked', {
      claims: { amr: ['pwd'] },
      policy: { requiredAmr: ['mfa', 'totp'] },
      expected: refused('ACR_TOO_LOW', [], null),
    }),
    row('[SSO-39] a known person, who is named for the audit', {
      claims: { acr: 'eidas1' },
      policy: { requiredAcr: ['eidas2'] },
      found: known,
      expected: refused('ACR_TOO_LOW', [], 'anna-id'),
    }),
  ])('refuses %s', (_, given) => {
    expect(decideRow(given)).toMatchObject(given.expected);
  });

  it('lets in who meets all of it', () => {
    const policy = policyOf({
      allowedIdps: ['idp-1'],
      requiredAcr: ['eidas1-mfa', 'eidas2'],
      requiredAmr: ['totp', 'mfa'],
    });
    expect(decide(claimsOf({ acr: 'eidas2', amr: ['pwd', 'mfa'] }), policy, foundOf()).outcome).toBe('ADMITTED');
  });
});

describe('an identifier that is not a SIRET', () => {
  it.each([
    [IdentifierScheme.GROUP, ' cld-3 ', { value: 'cld-3' }],
    [IdentifierScheme.GROUP, 'Cld-3', { value: 'Cld-3' }],
    [IdentifierScheme.DOMAIN, 'Example.ORG', { value: 'example.org' }],
    [IdentifierScheme.OTHER, 'x'.repeat(256), { value: 'x'.repeat(256) }],
    [IdentifierScheme.OTHER, 'x'.repeat(257), 'invalid'],
    [IdentifierScheme.GROUP, 'cld\u0000-3', 'invalid'],
    [IdentifierScheme.GROUP, 'cld\ud800', 'invalid'],
    [IdentifierScheme.GROUP, 3, 'invalid'],
    [IdentifierScheme.GROUP, ' ', 'missing'],
    [IdentifierScheme.GROUP, undefined, 'missing'],
  ])('of scheme %s reads %j as %j', (scheme, claim, expected) => {
    expect(readIdentifier(scheme, claim)).toEqual(expected);
  });
});
