import { isDeepStrictEqual } from 'node:util';
import { MergePart, UserStatus } from '../../entities/enums.js';
import { ownValue } from '../attributes/parts.js';
import type { Identifier } from '../identifiers/assign.js';
import type { EnrolledPerson } from './plan-changes.js';
import type { MergeRecord } from './record-merge.js';

/** Something that a merge gave and that was changed since: undoing leaves it. */
export interface LeftPart {
  part: MergePart;
  /** Which attribute, identifier or role. */
  name: string | null;
}

/** The person as they are now. */
export interface MergedPerson extends EnrolledPerson {
  membership: {
    id: string;
    attributes: Record<string, unknown>;
    roleIds: readonly string[];
    /** Of these, those that the merge gave and that were not given anew since. */
    mergedRoleIds: readonly string[];
  } | null;
}

export interface UndoPlan {
  /** What the user's row is afterwards. */
  after: EnrolledPerson;
  /** Identifiers to take. */
  identifiers: Identifier[];
  membership: { isRemoved: boolean; revokedRoleIds: string[]; attributes: Record<string, unknown> } | null;
  left: LeftPart[];
}

/**
 * What undoing a merge changes: whatever still stands as the merge left it goes back to what it was; what was changed since
 * stays, and is told. A membership that the merge made goes unless it has since been given roles or attributes of its own;
 * then it loses what the merge gave. `mayWait` is false where the user cannot be made to wait for approval again. Pure.
 */
export function planUndo(record: MergeRecord, current: MergedPerson, mayWait = true): UndoPlan {
  const left: LeftPart[] = [];
  const leave = (part: MergePart, name: string | null = null) => left.push({ part, name });
  const { membership: _, ...user } = current;
  const after: EnrolledPerson = { ...user, attributes: { ...current.attributes }, membership: null };

  if (record.email) {
    const { normalized, isVerified } = record.email;
    if (current.emailNormalized === normalized && current.isEmailVerified === isVerified)
      Object.assign(after, { email: null, emailNormalized: null, isEmailVerified: false });
    else leave(MergePart.EMAIL);
  }
  for (const name of ['givenName', 'familyName'] as const) {
    if (record[name] === null) continue;
    if (current[name] === record[name]) after[name] = null;
    else leave(name === 'givenName' ? MergePart.GIVEN_NAME : MergePart.FAMILY_NAME);
  }
  if (record.activated) {
    if (current.status === UserStatus.ACTIVE && mayWait) after.status = UserStatus.PENDING;
    else if (current.status !== UserStatus.PENDING) leave(MergePart.STATUS);
  }
  takeValues(after.attributes, record.attributes, (name) => leave(MergePart.ATTRIBUTE, name));
  const isOwned = (one: Identifier) => current.identifiers.some((other) => isSame(one, other));
  const identifiers = record.identifiers.filter(isOwned);
  record.identifiers.filter((one) => !isOwned(one)).forEach(({ type }) => leave(MergePart.IDENTIFIER, type));
  after.identifiers = current.identifiers.filter((one) => !identifiers.some((taken) => isSame(one, taken)));
  return { after, identifiers, membership: undoMembership(record, current, leave), left };
}

function undoMembership(
  { membership: given }: MergeRecord,
  { membership: current }: MergedPerson,
  leave: (part: MergePart, name?: string | null) => void,
): UndoPlan['membership'] {
  if (!given) return null;
  if (current?.id !== given.id) {
    leave(MergePart.MEMBERSHIP);
    return null;
  }
  const revokedRoleIds = given.roles.map(({ id }) => id).filter((id) => current.mergedRoleIds.includes(id));
  const hasOtherRoles = current.roleIds.some((id) => !revokedRoleIds.includes(id));
  const isUntouched = !hasOtherRoles && isDeepStrictEqual(current.attributes, given.attributes);
  const attributes = { ...current.attributes };
  if (given.isNew && isUntouched) return { isRemoved: true, revokedRoleIds: [], attributes };
  if (given.isNew) leave(MergePart.MEMBERSHIP);
  for (const { id, name } of given.roles) if (!revokedRoleIds.includes(id)) leave(MergePart.ROLE, name);
  takeValues(attributes, given.attributes, (name) => leave(MergePart.MEMBERSHIP_ATTRIBUTE, name));
  return { isRemoved: false, revokedRoleIds, attributes };
}

/** Takes each value that is still what was given. */
function takeValues(
  values: Record<string, unknown>,
  given: Record<string, unknown>,
  leave: (name: string) => void,
): void {
  for (const [name, value] of Object.entries(given)) {
    if (isDeepStrictEqual(ownValue(values, name), value)) delete values[name];
    else leave(name);
  }
}

const isSame = (one: Identifier, other: Identifier): boolean => one.type === other.type && one.value === other.value;
