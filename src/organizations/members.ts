import type { EntityManager } from '@mikro-orm/postgresql';
import { viewerOf, type Writer, writerOf } from '../actor.js';
import type { OperationContext, Viewer } from '../context.js';
import { RetryTransaction, stateOf, transact } from '../database/transact.js';
import { MembershipSource } from '../entities/enums.js';
import type { Fact } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { deleteMembers } from '../memberships/delete-members.js';
import { addedFacts, insertMembers } from '../memberships/insert-members.js';
import { settleAdministrators } from '../memberships/settle-administrators.js';
import { isAdministrator, readRoles, refuseInactiveAdministrators, refuseUnknown } from './check-roles.js';
import { type FoundMembers, lockMembers, refuseInactive } from './lock-members.js';

/** The most users that one mutation names. */
export const MOST_MEMBERS = 10_000;

/** What a change did to an organization's members. */
export interface ChangedMembers {
  /** The memberships that are there and are new, or have other roles now. */
  membershipIds: string[];
  added: number;
  removed: number;
  /** Members whose roles are others now. */
  changed: number;
  /** Whether it left the organization without an administrator. */
  lostAdministrator: boolean;
}

export const NOTHING_CHANGED: ChangedMembers = {
  membershipIds: [],
  added: 0,
  removed: 0,
  changed: 0,
  lostAdministrator: false,
};

const NO_SUCH_USER =
  'There is no such user among the people of organizations that you administer. Invite the person instead.';
const NO_SUCH_MEMBER = 'There is no such member of this organization.';

/**
 * Makes users members, with the roles given and no others; those who are members already stay as they are. An
 * administrator of the tenant adds any of its users, others the people of organizations that they administer: whom they
 * could not see as an administrator, they cannot add. Throws Faults: NOT_FOUND, INVALID, WRONG_STATUS; then nobody is
 * added.
 */
export async function addMembers(
  context: OperationContext,
  input: { organizationId: string; userIds: readonly string[]; roleIds?: readonly string[] | null },
): Promise<ChangedMembers> {
  const { organizationId } = input;
  const userIds = readUserIds(input.userIds);
  return changeMembers(context, 'organizationMembersAdd', async (manager, writer) => {
    const found = await lockMembers(manager, writer, {
      ...{ organizationId, userIds, roleIds: input.roleIds ?? [] },
      among: reachOf(viewerOf(context)),
    });
    const { roles, faults } = readRoles(found, { roleIds: input.roleIds });
    const strangers = userIds.filter((id) => !found.users.get(id)?.membershipId);
    refuseFaults([
      refuseInactive(found),
      ...refuseUnknown(found, input.userIds, NO_SUCH_USER),
      ...faults,
      ...refuseInactiveAdministrators({ users: strangersOf(found) }, input.userIds, roles),
    ]);
    return add(manager, writer, organizationId, strangers, roles);
  });
}

/**
 * Makes these users the members, and no others: those who stay keep their roles, their date and where they came from;
 * new ones have no role. Whom one may add is as in {@link addMembers}. Throws Faults: NOT_FOUND, WRONG_STATUS.
 */
export async function replaceMembers(
  context: OperationContext,
  input: { organizationId: string; userIds: readonly string[] },
): Promise<ChangedMembers> {
  const { organizationId } = input;
  const userIds = readUserIds(input.userIds);
  return changeMembers(context, 'organizationMembersReplace', async (manager, writer) => {
    const among = reachOf(viewerOf(context));
    const found = await lockMembers(manager, writer, { organizationId, userIds, among, withOthers: true });
    const strangers = userIds.filter((id) => !found.users.get(id)?.membershipId);
    refuseFaults([strangers.length > 0 && refuseInactive(found), ...refuseUnknown(found, input.userIds, NO_SUCH_USER)]);
    const added = await add(manager, writer, organizationId, strangers, []);
    const removed = await remove(manager, writer, found.otherIds);
    return { ...added, ...removed, facts: [...added.facts, ...removed.facts] };
  });
}

/** Ends memberships, with their roles. Throws Faults: NOT_FOUND; then nobody is removed. */
export async function removeMembers(
  context: OperationContext,
  via: 'organizationMemberRemove' | 'organizationMembersRemove',
  input: { organizationId: string; userIds: readonly string[] },
): Promise<ChangedMembers> {
  const { organizationId } = input;
  const userIds = readUserIds(input.userIds);
  return changeMembers(context, via, async (manager, writer) => {
    const found = await lockMembers(manager, writer, { organizationId, userIds });
    const faults = refuseUnknown(found, input.userIds, NO_SUCH_MEMBER);
    // Of one, the input has no list.
    refuseFaults(via === 'organizationMemberRemove' ? faults.map((one) => ({ ...one, field: ['userId'] })) : faults);
    return removeFound(manager, writer, found);
  });
}

/** Ends the caller's own membership. It is never refused to a member. Throws Faults: NOT_FOUND. */
export async function leaveOrganization(
  context: OperationContext,
  input: { organizationId: string },
): Promise<ChangedMembers> {
  const { userId } = viewerOf(context);
  const userIds = userId ? [userId] : [];
  return changeMembers(context, 'organizationLeave', async (manager, writer) => {
    const found = await lockMembers(manager, writer, { ...input, userIds });
    refuseFaults([!found.users.size && fault(UserErrorCode.NOT_FOUND, 'You are no member of it.', 'organizationId')]);
    return removeFound(manager, writer, found);
  });
}

/** What a step did, with what the events say and where administrators came or went. */
export type Step = Partial<ChangedMembers> & { facts: Fact[] };

/**
 * One change of an organization's members, in one transaction: the step, then whether the organization has lost or
 * regained its last administrator, then the events.
 */
export async function changeMembers(
  context: OperationContext,
  via: string,
  step: (manager: EntityManager, writer: Writer) => Promise<Step>,
): Promise<ChangedMembers> {
  const writer = writerOf(context, via);
  return transact(context.database, writer.tenantId, async (manager) => {
    const { facts, ...changes } = await step(manager, writer).catch((error: unknown) => {
      // A membership, user or role has gone since it was found.
      throw stateOf(error) === '23503' ? new RetryTransaction('Something named has gone.', { cause: error }) : error;
    });
    const settled = await settleAdministrators(manager, writer, touchedOrganizations(facts));
    await recordEvents(manager, writer, [...facts, ...settled]);
    const lostAdministrator = settled.some(({ type }) => type === 'organization.needs_administrator');
    return { ...NOTHING_CHANGED, ...changes, lostAdministrator };
  });
}

async function add(
  manager: EntityManager,
  writer: Writer,
  organizationId: string,
  userIds: readonly string[],
  roles: readonly { id: string }[],
) {
  const source = MembershipSource.ADMIN;
  const members = await insertMembers(manager, writer, {
    pairs: userIds.map((userId) => ({ organizationId, userId })),
    source,
    roles: roles.map(({ id }) => ({ organizationId, roleId: id })),
  });
  const membershipIds = members.map(({ membershipId }) => membershipId);
  return { membershipIds, added: members.length, facts: addedFacts(members, { source }) };
}

async function remove(manager: EntityManager, writer: Writer, membershipIds: readonly string[]) {
  const facts = await deleteMembers(manager, writer, membershipIds);
  return { removed: facts.length, facts };
}

/** Removes those who were found; somebody else may have removed one of them in the meantime. */
async function removeFound(manager: EntityManager, writer: Writer, { users }: FoundMembers) {
  const membershipIds = [...users.values()].flatMap(({ membershipId }) => membershipId ?? []);
  const removed = await remove(manager, writer, membershipIds);
  if (removed.removed < membershipIds.length) throw new RetryTransaction('A member has gone.');
  return removed;
}

/** Where somebody became or ceased to be an administrator. */
function touchedOrganizations(facts: readonly Fact[]): string[] {
  const touched = facts.filter(({ before, after }) => {
    const rolesOf = (side: unknown) => (side as { roles?: string[] } | null | undefined)?.roles ?? [];
    return rolesOf(before).some(isAdministrator) !== rolesOf(after).some(isAdministrator);
  });
  return [...new Set(touched.map(({ organizationId }) => organizationId!))];
}

/** Each once. Throws Faults: INVALID. */
export function readUserIds(userIds: readonly string[]): string[] {
  refuseFaults([
    userIds.length > MOST_MEMBERS &&
      fault(UserErrorCode.INVALID, `userIds are at most ${MOST_MEMBERS}: name the others in another call.`, 'userIds'),
  ]);
  return [...new Set(userIds)];
}

/** Among whose members the viewer finds people to add; null: all users. */
function reachOf({ isTenantAdministrator, rolesByOrganization }: Viewer): string[] | null {
  if (isTenantAdministrator) return null;
  return [...rolesByOrganization].filter(([, roles]) => roles.some(isAdministrator)).map(([id]) => id);
}

function strangersOf({ users }: FoundMembers): FoundMembers['users'] {
  return new Map([...users].filter(([, { membershipId }]) => !membershipId));
}
