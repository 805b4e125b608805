import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import type { OperationContext } from '../context.js';
import { RetryTransaction } from '../database/transact.js';
import { MembershipSource } from '../entities/enums.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { changeRoles, type HeldRole } from '../memberships/change-roles.js';
import { type NamedRoles, readRoles, refuseInactiveAdministrators, refuseUnknown } from './check-roles.js';
import { lockMembers, refuseInactive } from './lock-members.js';
import { type ChangedMembers, changeMembers, readUserIds, type Step } from './members.js';

/** The most roles that one mutation names. */
const MOST_ROLES = 100;
const NO_SUCH_MEMBER = 'There is no such member of this organization.';

/**
 * Gives members roles beside those that they have: each role to each member, however many they are, in one statement.
 * Throws Faults: NOT_FOUND, INVALID, WRONG_STATUS, for each user and role that it cannot be; then nobody is given any.
 */
export async function assignRoles(
  context: OperationContext,
  input: { organizationId: string; userIds: readonly string[]; roleIds: readonly string[] },
): Promise<ChangedMembers> {
  const { organizationId, roleIds } = input;
  const userIds = readUserIds(input.userIds);
  checkRoleCount(input);
  return changeMembers(context, 'organizationMembersAssignRoles', async (manager, writer) => {
    const found = await lockMembers(manager, writer, { organizationId, userIds, roleIds });
    const { roles, faults } = readRoles(found, { roleIds });
    refuseFaults([
      refuseInactive(found),
      ...refuseUnknown(found, input.userIds, NO_SUCH_MEMBER),
      ...faults,
      ...refuseInactiveAdministrators(found, input.userIds, roles),
    ]);
    const grants = userIds.flatMap((id) => {
      const { membershipId } = found.users.get(id)!;
      return roles.map((role) => ({ membershipId: membershipId!, roleId: role.id }));
    });
    return change(manager, writer, { grants });
  });
}

/** Whose roles, and which, by id, by name, or both. Ids are uuids. */
export interface MemberRoles extends NamedRoles {
  organizationId: string;
  userId: string;
}

export type MemberRolesChange =
  'organizationMemberRolesAdd' | 'organizationMemberRolesSet' | 'organizationMemberRoleRemove';

/**
 * Gives a member roles, makes these roles all that the member has, or takes them away; gives the membership's id.
 * Repeating it changes nothing. Throws Faults: NOT_FOUND, INVALID, WRONG_STATUS.
 */
export async function changeMemberRoles(
  context: OperationContext,
  via: MemberRolesChange,
  { organizationId, userId, ...named }: MemberRoles,
): Promise<string> {
  checkRoleCount(named);
  let membershipId!: string;
  await changeMembers(context, via, async (manager, writer) => {
    const ask = { organizationId, userIds: [userId] };
    const found = await lockMembers(manager, writer, {
      ...ask,
      roleIds: named.roleIds ?? [],
      roleNames: named.roleNames ?? [],
    });
    const member = found.users.get(userId);
    refuseFaults([!member && fault(UserErrorCode.NOT_FOUND, NO_SUCH_MEMBER, 'userId')]);
    membershipId = member!.membershipId!;
    const { roles, faults } = readRoles(found, named);
    const wanted = roles.map(({ id }) => id);
    const held = new Set(member!.roleIds);
    const isTaking = via === 'organizationMemberRoleRemove';
    const granted = isTaking ? [] : wanted.filter((id) => !held.has(id));
    const revoked = isTaking
      ? wanted
      : via === 'organizationMemberRolesSet'
        ? member!.roleIds.filter((id) => !wanted.includes(id))
        : [];
    refuseFaults([
      granted.length > 0 && refuseInactive(found),
      ...faults,
      ...(isTaking
        ? []
        : refuseInactiveAdministrators(found, [userId], roles).map((one) => ({ ...one, field: ['userId'] }))),
    ]);
    const toHeld = (roleId: string) => ({ membershipId, roleId });
    const changed = await change(manager, writer, { grants: granted.map(toHeld), revokes: revoked.map(toHeld) });
    // Somebody else has taken the role in the meantime, or removed the member.
    if (revoked.some((roleId) => held.has(roleId)) && !changed.facts.length)
      throw new RetryTransaction('The member has changed.');
    return changed;
  });
  return membershipId;
}

async function change(
  manager: EntityManager,
  writer: Writer,
  changes: { grants?: HeldRole[]; revokes?: HeldRole[] },
): Promise<Step> {
  const { facts } = await changeRoles(manager, writer, { ...changes, source: MembershipSource.ADMIN });
  return { facts, membershipIds: facts.map(({ objectId }) => objectId!), changed: facts.length };
}

function checkRoleCount({ roleIds, roleNames }: NamedRoles): void {
  refuseFaults(
    (['roleIds', 'roleNames'] as const).map(
      (field) =>
        ({ roleIds, roleNames })[field]! &&
        { roleIds, roleNames }[field]!.length > MOST_ROLES &&
        fault(UserErrorCode.INVALID, `${field} are at most ${MOST_ROLES}.`, field),
    ),
  );
}
