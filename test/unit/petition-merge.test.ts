import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changeSettings, DEFAULT_SETTINGS } from '../../src/enrollment/flows/default-settings.js';
import {
  type EnrolledPerson,
  type GivingPetition,
  type PersonPlan,
  planPerson,
} from '../../src/enrollment/finalize/plan-changes.js';
import { type MergedPerson, planUndo } from '../../src/enrollment/finalize/plan-undo.js';
import { type MergeRecord, toRecord } from '../../src/enrollment/finalize/record-merge.js';
import {
  AttributeTarget,
  AttributeType,
  FlowAuthorization,
  MatchPolicy,
  UserStatus,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { attribute } from '../support/petitions.js';

const ORGANIZATION = 'organization';

const ATTRIBUTES = [
  attribute({ key: 'email', type: AttributeType.EMAIL, target: AttributeTarget.USER_EMAIL }),
  attribute({ key: 'given', target: AttributeTarget.USER_GIVEN_NAME }),
  attribute({ key: 'family', target: AttributeTarget.USER_FAMILY_NAME }),
  attribute({ key: 'phone', target: AttributeTarget.USER_ATTRIBUTE }),
  attribute({ key: 'desk', target: AttributeTarget.USER_ATTRIBUTE, targetName: '__proto__' }),
  attribute({ key: 'badge', type: AttributeType.IDENTIFIER, target: AttributeTarget.USER_IDENTIFIER }),
  attribute({ key: 'cost', target: AttributeTarget.MEMBERSHIP_ATTRIBUTE }),
  attribute({ key: 'motive', target: AttributeTarget.NONE }),
];

interface Facts {
  settings?: Partial<FlowSettings>;
  attributes?: Record<string, unknown>;
  email?: string | null;
  isEmailVerified?: boolean;
  organizationId?: string | null;
  progress?: { isMerge?: boolean; isNewRole?: boolean };
}

function petition({ settings = {}, attributes = {}, email = null, ...facts }: Facts = {}): GivingPetition {
  const flow = changeSettings(DEFAULT_SETTINGS, {
    authorization: FlowAuthorization.NONE,
    attributes: ATTRIBUTES,
    roleIds: ['member'],
    ...settings,
  });
  const state = {
    email: email?.toLowerCase() ?? null,
    isEmailVerified: facts.isEmailVerified ?? email !== null,
    organizationId: facts.organizationId === undefined ? ORGANIZATION : facts.organizationId,
    progress: {
      hasAttributes: true,
      isMatched: false,
      sources: {},
      approvals: [],
      isMerge: false,
      isNewRole: false,
      ...facts.progress,
    },
  };
  return { flow, state, attributes, email };
}

const known = (overrides: Partial<EnrolledPerson> = {}): EnrolledPerson => ({
  status: UserStatus.ACTIVE,
  email: 'ada@home.org',
  emailNormalized: 'ada@home.org',
  isEmailVerified: true,
  givenName: 'Ada',
  familyName: 'Lovelace',
  attributes: {},
  identifiers: [],
  membership: null,
  ...overrides,
});

const MERGE = { isMerge: true };
const actionsOf = ({ changes }: PersonPlan) => Object.fromEntries(changes.map(({ key, action }) => [key, action]));

describe('a new person', () => {
  it('has the address of the petition, proven or not, the names, the attributes and the membership', () => {
    const given = { given: 'Ada', phone: '1', badge: 'b-1', cost: 'c-1', motive: 'why' };
    for (const isEmailVerified of [true, false]) {
      const { after, identifiers } = planPerson(
        petition({ attributes: given, email: 'Ada@Home.org', isEmailVerified }),
        null,
      );
      expect(after).toEqual({
        status: 'ACTIVE',
        email: 'Ada@Home.org',
        emailNormalized: 'ada@home.org',
        isEmailVerified,
        givenName: 'Ada',
        familyName: null,
        attributes: { phone: '1' },
        identifiers: [{ type: 'badge', value: 'b-1' }],
        membership: { attributes: { cost: 'c-1' }, roleIds: ['member'] },
      });
      expect(identifiers).toEqual([{ type: 'badge', value: 'b-1', key: 'badge' }]);
    }
  });

  it('of a flow that leads nowhere is a member of nothing', () => {
    const plan = planPerson(petition({ attributes: { cost: 'c-1' }, organizationId: null }), null);
    expect([plan.after.membership, plan.grantedRoleIds, plan.changes]).toEqual([null, [], []]);
  });
});

describe('somebody who is known', () => {
  it('is brought up to what their own flow asks for', () => {
    const plan = planPerson(petition({ attributes: { given: 'Augusta', family: 'Lovelace', phone: '1' } }), known());
    expect(actionsOf(plan)).toEqual({ given: 'REPLACED', family: 'SAME', phone: 'FILLED' });
    expect(plan.after).toMatchObject({ givenName: 'Augusta', attributes: { phone: '1' }, email: 'ada@home.org' });
  });

  it('[ENR-28] keeps, in a merge, what they have: one name, nothing doubled', () => {
    const person = known({
      familyName: null,
      attributes: { phone: '2' },
      identifiers: [{ type: 'badge', value: 'b-2' }],
    });
    const given = { given: 'Augusta', family: 'King', phone: '1', badge: 'b-1', email: 'ada@work.org', cost: 'c-1' };
    const plan = planPerson(petition({ attributes: given, email: 'ada@work.org', progress: MERGE }), person);
    expect(actionsOf(plan)).toEqual({
      email: 'KEPT',
      given: 'KEPT',
      family: 'FILLED',
      phone: 'KEPT',
      badge: 'KEPT',
      cost: 'FILLED',
    });
    expect(plan.after).toMatchObject({
      email: 'ada@home.org',
      givenName: 'Ada',
      familyName: 'King',
      attributes: { phone: '2' },
      identifiers: [{ type: 'badge', value: 'b-2' }],
    });
    expect(plan.identifiers).toEqual([]);
  });

  it('[ENR-29] gets, with a new role, the membership alone', () => {
    const given = { given: 'Augusta', phone: '1', badge: 'b-1', email: 'ada@work.org', cost: 'c-1' };
    const facts = { attributes: given, email: 'ada@work.org', progress: { isNewRole: true } };
    const { after, changes } = planPerson(petition(facts), known());
    expect(after).toEqual({ ...known(), membership: { attributes: { cost: 'c-1' }, roleIds: ['member'] } });
    expect(changes.map(({ key }) => key)).toEqual(['cost']);
  });

  it('is let in where they were pending, and is given only the roles that they have not', () => {
    const membership = { attributes: { cost: 'old' }, roleIds: ['member', 'own'] };
    const plan = planPerson(
      petition({ settings: { roleIds: ['member', 'auditor'] }, attributes: { cost: 'new' }, progress: MERGE }),
      known({ status: UserStatus.PENDING, membership }),
    );
    expect(plan.after.status).toBe('ACTIVE');
    expect(plan.grantedRoleIds).toEqual(['auditor']);
    expect(plan.after.membership).toEqual({ attributes: { cost: 'old' }, roleIds: ['member', 'own', 'auditor'] });
  });
});

describe('the address of an account', () => {
  const given = { attributes: { email: 'ada@work.org' }, email: 'ada@work.org' };
  const signedIn = { requiresAuthentication: true, confirmation: 'REVIEW' } as Partial<FlowSettings>;
  const of = (facts: Facts, person = known()) => {
    const { after, changes } = planPerson(petition({ ...given, ...facts }), person);
    return [changes[0]!.action, after.email, after.isEmailVerified];
  };

  it('is replaced by one that whoever has the account has proven', () => {
    expect(of({ settings: signedIn })).toEqual(['REPLACED', 'ada@work.org', true]);
    const byTenant = { authorization: FlowAuthorization.TENANT_ADMINISTRATOR };
    expect(of({ settings: byTenant })).toEqual(['REPLACED', 'ada@work.org', true]);
  });

  it('is kept from one that somebody else may have proven, and from one that nobody has', () => {
    const kept = ['KEPT', 'ada@home.org', true];
    expect(of({})).toEqual(kept);
    expect(of({ settings: { authorization: FlowAuthorization.ANY_ADMINISTRATOR } })).toEqual(kept);
    expect(of({ settings: signedIn, isEmailVerified: false })).toEqual(kept);
    expect(of({ settings: signedIn, attributes: { email: 'other@work.org' } })).toEqual(kept);
    // Somebody who chose another's account could give their own address, and have its owner open the link.
    expect(of({ settings: { ...signedIn, match: MatchPolicy.SELECT } })).toEqual(kept);
  });

  it('that is missing is filled, and counts as proven only then', () => {
    const nowhere = known({ email: null, emailNormalized: null, isEmailVerified: false });
    expect(of({}, nowhere)).toEqual(['FILLED', 'ada@work.org', false]);
    expect(of({ settings: signedIn }, nowhere)).toEqual(['FILLED', 'ada@work.org', true]);
    expect(of({ settings: signedIn, progress: MERGE }, nowhere)).toEqual(['FILLED', 'ada@work.org', true]);
  });
});

const text = fc.constantFrom('one', 'two', 'three');
const missing = fc.option(text, { nil: null });
const values = (...keys: string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, text])), { requiredKeys: [] }).map((found) => ({ ...found }));
const roles = fc.uniqueArray(fc.constantFrom('member', 'auditor', 'own'));

const people: fc.Arbitrary<EnrolledPerson> = fc
  .record({
    status: fc.constantFrom(UserStatus.ACTIVE, UserStatus.PENDING),
    emailNormalized: missing,
    isEmailVerified: fc.boolean(),
    givenName: missing,
    familyName: missing,
    attributes: values('phone', '__proto__'),
    identifiers: fc.uniqueArray(text).map((found) => found.map((value) => ({ type: 'badge', value }))),
    membership: fc.option(fc.record({ attributes: values('cost'), roleIds: roles }), { nil: null }),
  })
  .map((person) => ({
    ...person,
    email: person.emailNormalized,
    isEmailVerified: person.emailNormalized !== null && person.isEmailVerified,
  }));

const petitions: fc.Arbitrary<GivingPetition> = fc
  .record({
    attributes: values('email', 'given', 'family', 'phone', 'desk', 'badge', 'cost', 'motive'),
    isEmailVerified: fc.boolean(),
    requiresAuthentication: fc.boolean(),
    isSomewhere: fc.boolean(),
    roleIds: roles,
  })
  .map(({ attributes, isEmailVerified, requiresAuthentication, isSomewhere, roleIds }) =>
    petition({
      settings: { confirmation: 'REVIEW', requiresAuthentication, roleIds } as Partial<FlowSettings>,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [key, key === 'email' ? `${String(value)}@work.org` : value]),
      ),
      email: 'email' in attributes ? `${String(attributes.email)}@work.org` : null,
      isEmailVerified: isEmailVerified && 'email' in attributes,
      organizationId: isSomewhere ? ORGANIZATION : null,
      progress: MERGE,
    }),
  );

/** A petition that is merged into somebody; who is a member of nothing where it leads nowhere. */
const merges = fc
  .tuple(petitions, people)
  .map(([given, person]) => [given, given.state.organizationId ? person : { ...person, membership: null }] as const);

/** The record of a merge that went as planned, and the person after it. */
function merge(given: GivingPetition, person: EnrolledPerson): { record: MergeRecord; merged: MergedPerson } {
  const plan = planPerson(given, person);
  const { organizationId } = given.state;
  const membership = organizationId ? { id: 'membership', isNew: !person.membership } : null;
  const granted = given.flow.roleIds.map((id) => ({ id, name: id }));
  const identifiers = plan.identifiers.map(({ type, value }) => ({ type, value }));
  const record = toRecord(plan, organizationId, { identifiers, membership, roles: granted });
  const { membership: now, ...rest } = plan.after;
  const merged = { ...rest, membership: now && { ...now, id: 'membership', mergedRoleIds: plan.grantedRoleIds } };
  return { record: JSON.parse(JSON.stringify(record)) as MergeRecord, merged };
}

const withoutMembership = ({ membership: _, ...person }: EnrolledPerson) => person;

describe('a merge', () => {
  it('only ever fills: what was there is there afterwards, and what its preview says is what the person has', () => {
    fc.assert(
      fc.property(merges, ([given, person]) => {
        const { before, after, changes } = planPerson(given, person);
        const has = (one: EnrolledPerson, { target, name }: (typeof changes)[number]) =>
          ({
            [AttributeTarget.USER_EMAIL]: () => [one.email],
            [AttributeTarget.USER_GIVEN_NAME]: () => [one.givenName],
            [AttributeTarget.USER_FAMILY_NAME]: () => [one.familyName],
            [AttributeTarget.USER_ATTRIBUTE]: () => [Object.getOwnPropertyDescriptor(one.attributes, name)?.value],
            [AttributeTarget.MEMBERSHIP_ATTRIBUTE]: () => [one.membership?.attributes[name]],
            [AttributeTarget.USER_IDENTIFIER]: () =>
              one.identifiers.filter(({ type }) => type === name).map(({ value }) => value),
            [AttributeTarget.NONE]: () => [],
          })[target]();
        for (const change of changes) {
          const [old, now] = [has(before, change), has(after, change)];
          if (change.action === 'FILLED') {
            expect(now).toContain(change.given);
            expect(old.filter((value) => value !== null && value !== undefined)).toEqual([]);
          } else {
            expect(['KEPT', 'SAME']).toContain(change.action);
            expect(now).toEqual(old);
            expect(change.after).toBe(change.before);
            expect(change.after === change.given).toBe(change.action === 'SAME');
          }
        }
        expect(changes).toHaveLength(
          Object.keys(given.attributes).filter(
            (key) => key !== 'motive' && (key !== 'cost' || given.state.organizationId),
          ).length,
        );
        if (before.isEmailVerified) expect([after.email, after.isEmailVerified]).toEqual([before.email, true]);
      }),
    );
  });

  it('that is undone at once leaves the person as they were', () => {
    fc.assert(
      fc.property(merges, ([given, person]) => {
        const { record, merged } = merge(given, person);
        const { after, membership, left } = planUndo(record, merged);
        expect(left).toEqual([]);
        expect(after.attributes).toEqual(person.attributes);
        expect(withoutMembership(after)).toEqual(withoutMembership(person));
        if (!given.state.organizationId) return expect(membership).toBeNull();
        expect(membership!.isRemoved).toBe(person.membership === null);
        if (!person.membership) return;
        expect(membership!.attributes).toEqual(person.membership.attributes);
        const kept = merged.membership!.roleIds.filter((id) => !membership!.revokedRoleIds.includes(id));
        expect(kept).toEqual(person.membership.roleIds);
      }),
    );
  });

  it('that is undone later leaves what was changed since, and says so', () => {
    const given = { given: 'Ada', family: 'King', phone: '1', badge: 'b-1', cost: 'c-1', email: 'ada@work.org' };
    const nobody = { email: null, emailNormalized: null, isEmailVerified: false, givenName: null, familyName: null };
    const { record, merged } = merge(
      petition({ attributes: given, email: 'ada@work.org', progress: MERGE }),
      known({ ...nobody, status: UserStatus.PENDING }),
    );
    const since: MergedPerson = {
      ...merged,
      givenName: 'Augusta',
      status: UserStatus.SUSPENDED,
      isEmailVerified: true,
      attributes: { phone: '2', more: true },
      identifiers: [],
      membership: { id: 'membership', attributes: { cost: 'c-2' }, roleIds: ['own'], mergedRoleIds: [] },
    };
    const { after, membership, left } = planUndo(record, since);
    expect(left.map(({ part, name }) => [part, name])).toEqual([
      ['EMAIL', null],
      ['GIVEN_NAME', null],
      ['STATUS', null],
      ['ATTRIBUTE', 'phone'],
      ['IDENTIFIER', 'badge'],
      ['MEMBERSHIP', null],
      ['ROLE', 'member'],
      ['MEMBERSHIP_ATTRIBUTE', 'cost'],
    ]);
    expect(after).toMatchObject({
      givenName: 'Augusta',
      familyName: null,
      email: 'ada@work.org',
      status: 'SUSPENDED',
      attributes: { phone: '2', more: true },
    });
    expect(membership).toEqual({ isRemoved: false, revokedRoleIds: [], attributes: { cost: 'c-2' } });
    expect(planUndo(record, { ...since, membership: null }).left).toContainEqual({ part: 'MEMBERSHIP', name: null });
    expect(planUndo(record, merged, false).left).toEqual([{ part: 'STATUS', name: null }]);
  });
});
