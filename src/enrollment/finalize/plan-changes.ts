import { isDeepStrictEqual } from 'node:util';
import { AttributeTarget, FlowAuthorization, MatchPolicy, UserStatus } from '../../entities/enums.js';
import { EmailAddress } from '../../entities/email-address.js';
import type { AttributeDefinition, FlowSettings } from '../../entities/flow-settings.js';
import { targetNameOf } from '../attributes/copy-values.js';
import { ownValue } from '../attributes/parts.js';
import type { Identifier } from '../identifiers/assign.js';
import { asksToConfirm } from '../machine/plan.js';
import type { PetitionState } from '../machine/state.js';

/**
 * What a petition may do to a person who is known: UPDATE what its attributes are for, FILL what is missing and keep what
 * differs (a merge), or give the MEMBERSHIP alone (a new role).
 */
export type GivingMode = 'UPDATE' | 'FILL' | 'MEMBERSHIP';

/** What of a person and their membership a petition changes, or leaves. */
export interface EnrolledPerson {
  status: UserStatus;
  email: string | null;
  emailNormalized: string | null;
  isEmailVerified: boolean;
  givenName: string | null;
  familyName: string | null;
  attributes: Record<string, unknown>;
  identifiers: readonly Identifier[];
  membership: { attributes: Record<string, unknown>; roleIds: readonly string[] } | null;
}

export type ChangeAction = 'FILLED' | 'REPLACED' | 'KEPT' | 'SAME';

/** What becomes of one value of the petition: the person has `before`, and afterwards `after`. */
export interface AttributeChange {
  /** The attribute of the flow. */
  key: string;
  label: string;
  target: AttributeTarget;
  /** Under which name, or of which type, the person has it. */
  name: string;
  given: unknown;
  before: unknown;
  after: unknown;
  action: ChangeAction;
}

export interface PersonPlan {
  before: EnrolledPerson;
  /** The person afterwards, but for identifiers that are assigned: their numbers are not known beforehand. */
  after: EnrolledPerson;
  changes: AttributeChange[];
  /** The identifiers that the petition gives. */
  identifiers: (Identifier & { key: string })[];
  /** Of which types the flow assigns the person an identifier. */
  assignedTypes: string[];
  /** The roles that the membership gets, of those that the flow gives. */
  grantedRoleIds: string[];
}

/** What of a petition decides about the person. */
export interface GivingPetition {
  flow: FlowSettings;
  state: Pick<PetitionState, 'email' | 'isEmailVerified' | 'organizationId' | 'progress'>;
  attributes: Record<string, unknown>;
  /** The address as it was written. */
  email: string | null;
}

/** A person who is not there yet. */
const NOBODY: EnrolledPerson = {
  status: UserStatus.ACTIVE,
  email: null,
  emailNormalized: null,
  isEmailVerified: false,
  givenName: null,
  familyName: null,
  attributes: {},
  identifiers: [],
  membership: null,
};

/**
 * What a petition makes of its person: of nobody, a new one; of somebody who is known, as {@link GivingMode} says. The
 * same for the preview of a merge, the merge itself, and its undoing. Pure.
 */
export function planPerson(petition: GivingPetition, known: EnrolledPerson | null): PersonPlan {
  const { flow, state } = petition;
  const mode = known ? modeOf(state) : 'UPDATE';
  const before = known ?? NOBODY;
  const after: EnrolledPerson = { ...before, status: UserStatus.ACTIVE, attributes: { ...before.attributes } };
  if (state.organizationId) {
    const held = before.membership?.roleIds ?? [];
    after.membership = {
      attributes: { ...before.membership?.attributes },
      roleIds: [...held, ...flow.roleIds.filter((id) => !held.includes(id))],
    };
  }
  const plan: PersonPlan = {
    before,
    after,
    changes: [],
    identifiers: [],
    assignedTypes: [],
    grantedRoleIds: after.membership?.roleIds.slice(before.membership?.roleIds.length ?? 0) ?? [],
  };
  if (!known) Object.assign(after, addressOf(petition) ?? {});
  for (const definition of flow.attributes) {
    const given = ownValue(petition.attributes, definition.key) ?? null;
    if (given === null || (mode === 'MEMBERSHIP' && definition.target !== AttributeTarget.MEMBERSHIP_ATTRIBUTE))
      continue;
    const change = give(petition, plan, definition, given, { mode, known });
    if (!change) continue;
    plan.changes.push({ key: definition.key, label: definition.label, target: definition.target, ...change });
  }
  const owned = new Set(after.identifiers.map(({ type }) => type));
  plan.assignedTypes = flow.assignedIdentifiers.map(({ type }) => type).filter((type) => !owned.has(type));
  return plan;
}

function modeOf({ progress }: GivingPetition['state']): GivingMode {
  if (progress.isNewRole) return 'MEMBERSHIP';
  return progress.isMerge ? 'FILL' : 'UPDATE';
}

type Given = Pick<AttributeChange, 'name' | 'given' | 'before' | 'after' | 'action'>;

function give(
  petition: GivingPetition,
  plan: PersonPlan,
  definition: AttributeDefinition,
  given: unknown,
  { mode, known }: { mode: GivingMode; known: EnrolledPerson | null },
): Given | null {
  const { after } = plan;
  const name = targetNameOf(definition);
  switch (definition.target) {
    case AttributeTarget.NONE:
      return null;
    case AttributeTarget.USER_EMAIL:
      return known ? giveAddress(petition, after, given, mode) : sameAddress(after, given);
    case AttributeTarget.USER_GIVEN_NAME:
      return giveValue(after, 'givenName', given, mode);
    case AttributeTarget.USER_FAMILY_NAME:
      return giveValue(after, 'familyName', given, mode);
    case AttributeTarget.USER_ATTRIBUTE:
      return giveValue(after.attributes, name, given, mode);
    case AttributeTarget.MEMBERSHIP_ATTRIBUTE:
      // What a membership has that a recognized person had already stays, also where it alone is given.
      return after.membership && giveValue(after.membership.attributes, name, given, mode === 'UPDATE' ? mode : 'FILL');
    case AttributeTarget.USER_IDENTIFIER:
      return giveIdentifier(plan, { type: name, value: String(given), key: definition.key }, mode);
  }
}

function giveValue(holder: object, name: string, given: unknown, mode: GivingMode): Given {
  const values = holder as Record<string, unknown>;
  const before = ownValue(values, name) ?? null;
  const action = actionOf(before, given, mode);
  const after = action === 'KEPT' ? before : given;
  Object.defineProperty(values, name, { value: after, enumerable: true, writable: true, configurable: true });
  return { name, given, before, after, action };
}

function actionOf(before: unknown, given: unknown, mode: GivingMode): ChangeAction {
  if (before === null || before === '') return 'FILLED';
  if (isDeepStrictEqual(before, given)) return 'SAME';
  return mode === 'UPDATE' ? 'REPLACED' : 'KEPT';
}

/** A merge adds none of a type of which the person has one: theirs is the one. */
function giveIdentifier(plan: PersonPlan, given: Identifier & { key: string }, mode: GivingMode): Given {
  const { after } = plan;
  const { type, value, key } = given;
  const owned = after.identifiers.filter((identifier) => identifier.type === type);
  const before = owned[0]?.value ?? null;
  if (owned.some((identifier) => identifier.value === value))
    return { name: type, given: value, before: value, after: value, action: 'SAME' };
  if (owned.length && mode === 'FILL') return { name: type, given: value, before, after: before, action: 'KEPT' };
  after.identifiers = [...after.identifiers, { type, value }];
  plan.identifiers.push({ type, value, key });
  return { name: type, given: value, before: null, after: value, action: 'FILLED' };
}

type Address = Pick<EnrolledPerson, 'email' | 'emailNormalized' | 'isEmailVerified'>;

/** The address of the petition, proven or not. */
function addressOf({ state, email }: GivingPetition): Address | null {
  if (!state.email) return null;
  return { email: email ?? state.email, emailNormalized: state.email, isEmailVerified: state.isEmailVerified };
}

const sameAddress = ({ email }: EnrolledPerson, given: unknown): Given => ({
  name: 'email',
  given,
  before: null,
  after: email,
  action: 'FILLED',
});

/**
 * An address opens accounts: whoever is proven to have it may be let in by it. So the account's own is replaced only by
 * one that is proven, and proven by whoever has the account, or on the word of the tenant's administrators. A missing one
 * is filled; it counts as proven under the same conditions.
 */
function giveAddress(petition: GivingPetition, after: EnrolledPerson, given: unknown, mode: GivingMode): Given {
  const before = after.email;
  const address = addressOf(petition);
  const kept: Given = { name: 'email', given, before, after: before, action: 'KEPT' };
  const normalized = EmailAddress.parse(given)?.normalized;
  if (normalized === after.emailNormalized) return { ...kept, action: 'SAME' };
  if (!address || normalized !== address.emailNormalized) return kept;
  const isProven = address.isEmailVerified && isProofOfAccount(petition.flow);
  if (before !== null && (mode === 'FILL' || !isProven)) return kept;
  Object.assign(after, { ...address, isEmailVerified: isProven });
  return { name: 'email', given, before, after: address.email, action: before === null ? 'FILLED' : 'REPLACED' };
}

/**
 * Whether who proved the address of a petition has the account that it enrolls: they were signed in with it; or only
 * administrators of the tenant start the flow, who may change any address. Of an account that somebody else chose, a
 * sign-in says too little: they could give their own address, and have whoever they chose open the link. Nor is an account
 * anybody's to take while nobody can sign in to it: it may have been provisioned for somebody.
 */
export function isProofOfAccount({
  authorization,
  match,
  requiresAuthentication,
  confirmation,
}: FlowSettings): boolean {
  const isSignedIn = requiresAuthentication && asksToConfirm({ confirmation });
  return (isSignedIn && match !== MatchPolicy.SELECT) || authorization === FlowAuthorization.TENANT_ADMINISTRATOR;
}
