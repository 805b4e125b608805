import { isDeepStrictEqual } from 'node:util';
import { AttributeTarget } from '../../entities/enums.js';
import type { RecordPlan } from './plan.js';
import type { PipelineMember, PipelinePerson } from './world.js';

/** A value of a person, or of a membership of theirs, before and after. */
export interface PlannedValue {
  target: AttributeTarget;
  /** The name of the attribute, or the type of the identifier; of address and names, that of the property. */
  name: string;
  /** Of a membership: its organization's uuid. */
  organizationId: string | null;
  before: unknown;
  after: unknown;
}

/** What becomes of a membership. Ids are uuids. */
export interface PlannedMembership {
  organizationId: string;
  change: 'GIVEN' | 'ENDED' | 'CHANGED';
  grantedRoleIds: string[];
  revokedRoleIds: string[];
}

/** Everything that a plan changes of a person. */
export function describePlan({ before, person }: Pick<RecordPlan, 'before' | 'person'>): {
  values: PlannedValue[];
  memberships: PlannedMembership[];
} {
  if (!person) return { values: [], memberships: [] };
  const { USER_EMAIL, USER_GIVEN_NAME, USER_FAMILY_NAME, USER_ATTRIBUTE } = AttributeTarget;
  const values: PlannedValue[] = [
    ...differences(USER_EMAIL, pick(before, 'email'), pick(person, 'email')),
    ...differences(USER_GIVEN_NAME, pick(before, 'givenName'), pick(person, 'givenName')),
    ...differences(USER_FAMILY_NAME, pick(before, 'familyName'), pick(person, 'familyName')),
    ...differences(USER_ATTRIBUTE, before?.attributes ?? {}, person.attributes),
    ...identifierDifferences(before, person),
  ];
  const memberships: PlannedMembership[] = [];
  const ids = new Set([...Object.keys(before?.memberships ?? {}), ...Object.keys(person.memberships)]);
  for (const organizationId of [...ids].sort()) {
    const [old, now] = [before?.memberships[organizationId], person.memberships[organizationId]];
    values.push(...attributeDifferences(organizationId, old, now));
    const [held, holds] = [rolesOf(old), rolesOf(now)];
    const grantedRoleIds = holds.filter((id) => !held.includes(id));
    const revokedRoleIds = held.filter((id) => !holds.includes(id));
    const change = !old ? 'GIVEN' : !now ? 'ENDED' : 'CHANGED';
    if (change === 'CHANGED' && !grantedRoleIds.length && !revokedRoleIds.length) continue;
    memberships.push({ organizationId, change, grantedRoleIds, revokedRoleIds });
  }
  return { values, memberships };
}

const rolesOf = (member: PipelineMember | undefined) => (member?.roles ?? []).map(({ roleId }) => roleId).sort();

const pick = (person: PipelinePerson | null, name: 'email' | 'givenName' | 'familyName') => ({
  [name]: person?.[name] ?? null,
});

function attributeDifferences(
  organizationId: string,
  before: PipelineMember | undefined,
  after: PipelineMember | undefined,
): PlannedValue[] {
  // What a membership had goes with it.
  if (!after) return [];
  const { MEMBERSHIP_ATTRIBUTE } = AttributeTarget;
  return differences(MEMBERSHIP_ATTRIBUTE, before?.attributes ?? {}, after.attributes, organizationId);
}

function differences(
  target: AttributeTarget,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  organizationId: string | null = null,
): PlannedValue[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .map((name) => ({ target, name, organizationId, before: before[name] ?? null, after: after[name] ?? null }))
    .filter((value) => !isDeepStrictEqual(value.before, value.after));
}

function identifierDifferences(before: PipelinePerson | null, after: PipelinePerson): PlannedValue[] {
  const target = AttributeTarget.USER_IDENTIFIER;
  const has = (person: PipelinePerson | null, type: string, value: string) =>
    person?.identifiers.some((one) => one.type === type && one.value === value) ?? false;
  const gone = (before?.identifiers ?? []).filter(({ type, value }) => !has(after, type, value));
  const added = after.identifiers.filter(({ type, value }) => !has(before, type, value));
  return [
    ...gone.map(({ type, value }) => ({ target, name: type, organizationId: null, before: value, after: null })),
    ...added.map(({ type, value }) => ({ target, name: type, organizationId: null, before: null, after: value })),
  ];
}
