import type { EntityManager } from '@mikro-orm/postgresql';
import { type Writer, writerOf } from '../../actor.js';
import { runSql, transact } from '../../database/transact.js';
import { BuiltInRole, MembershipSource, PetitionAction, PetitionParty, UserStatus } from '../../entities/enums.js';
import type { Fact } from '../../events/catalogue.js';
import { recordEvents } from '../../events/record.js';
import { fault, Faults, UserErrorCode } from '../../faults.js';
import { changeRoles } from '../../memberships/change-roles.js';
import { deleteMembers } from '../../memberships/delete-members.js';
import { endAccess } from '../../memberships/end-access.js';
import { lockAdministered } from '../../memberships/lock-administered.js';
import { settleAdministrators } from '../../memberships/settle-administrators.js';
import { isLastTenantAdministrator, lockTenantAdministrators } from '../../memberships/tenant-administrators.js';
import { type LockedPetition, lockPetition } from '../petitions/locked-petition.js';
import { partiesOf } from '../petitions/parties.js';
import type { PetitionContext } from '../petitions/run-command.js';
import { addHistory, toFact } from '../petitions/write-petition.js';
import { writeAttributes } from './give-membership.js';
import { type LeftPart, type MergedPerson, planUndo, type UndoPlan } from './plan-undo.js';
import { type FoundEnrollee, readEnrollees } from './read-enrollees.js';
import type { MergeRecord } from './record-merge.js';
import { changedNames, updatedFacts, updateUser } from './write-user.js';

interface StoredMerge {
  userId: string;
  changes: MergeRecord;
  mergedAt: Date;
  undoableUntil: Date;
  undoneAt: Date | null;
}

const FIND = `
select user_id as "userId", changes, merged_at as "mergedAt", undoable_until as "undoableUntil", undone_at as "undoneAt"
from petition_merges where tenant_id = $1 and petition_id = $2 for update`;

/**
 * Undoes what a petition was merged into somebody by, within 30 days, once: what still stands as the merge left it goes back,
 * what was changed since stays and is given back. The petition stays FINALIZED; its history tells of it. For administrators
 * of its organization, and of the tenant. Throws Faults: NOT_FOUND, WRONG_STATUS.
 */
export async function undoMerge(
  context: PetitionContext,
  { id }: { id: string },
): Promise<{ petitionId: string; left: LeftPart[] }> {
  const writer = writerOf(context, 'petitionUndoMerge');
  const { tenantId, at } = writer;
  return transact(context.database, tenantId, async (manager) => {
    const petition = await lockPetition(manager, tenantId, id);
    const parties = petition ? partiesOf(context, { ...petition.state, ...petition.tokens }, at) : [];
    if (!petition || !parties.includes(PetitionParty.ADMINISTRATOR)) {
      throw new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such petition.', 'id')]);
    }
    const merge = await findMerge(manager, writer, id);
    const { plan, facts } = await undo(manager, writer, petition, merge);
    await runSql(
      manager,
      `update petition_merges set undone_at = $3, undone_by_user_id = $4 where tenant_id = $1 and petition_id = $2`,
      [tenantId, id, at, writer.actor.userId],
    );
    await runSql(
      manager,
      'update petitions set updated_at = $3, version = version + 1 where tenant_id = $1 and id = $2',
      [tenantId, id, at],
    );
    const entry = {
      action: PetitionAction.MERGE_UNDONE,
      party: PetitionParty.ADMINISTRATOR,
      before: null,
      after: null,
      comment: plan.left.length ? describe(plan.left) : null,
    };
    await addHistory(manager, writer, id, [entry]);
    await recordEvents(manager, writer, [...facts, toFact(petition, petition.state, entry, null)]);
    return { petitionId: id, left: plan.left };
  });
}

async function findMerge(manager: EntityManager, { tenantId, at }: Writer, petitionId: string): Promise<StoredMerge> {
  const [merge] = await runSql<StoredMerge>(manager, FIND, [tenantId, petitionId]);
  const refuse = (message: string) => new Faults([fault(UserErrorCode.WRONG_STATUS, message, 'id')]);
  if (!merge) throw refuse('The petition was not merged into anybody: there is nothing to undo.');
  if (merge.undoneAt) throw refuse('The merge was undone already.');
  if (new Date(merge.undoableUntil) < at) throw refuse('The merge is more than 30 days old: it cannot be undone.');
  return merge;
}

/** Takes back what still stands, under the locks of user, organization and membership, in this order. */
async function undo(
  manager: EntityManager,
  writer: Writer,
  petition: LockedPetition,
  { userId, changes, mergedAt }: StoredMerge,
): Promise<{ plan: UndoPlan; facts: Fact[] }> {
  const { tenantId } = writer;
  if (changes.activated) await lockTenantAdministrators(manager, tenantId);
  await runSql(manager, 'select id from users where tenant_id = $1 and id = $2 for no key update', [tenantId, userId]);
  const administered = changes.activated ? await lockAdministered(manager, tenantId, [userId]) : [];
  const organizationId = changes.membership?.organizationId ?? null;
  if (organizationId) {
    const place = [tenantId, organizationId];
    await runSql(manager, 'select id from organizations where tenant_id = $1 and id = $2 for no key update', place);
  }
  const current = await readCurrent(manager, tenantId, { userId, organizationId, mergedAt });
  const isLast = changes.activated && (await isLastTenantAdministrator(manager, tenantId, { id: userId, ...current }));
  const plan = planUndo(changes, current, !isLast);

  await updateUser(manager, writer, userId, current, plan.after);
  await takeIdentifiers(manager, tenantId, userId, plan.identifiers);
  const facts = updatedFacts(userId, current, plan.after);
  const touched = [...administered];
  if (current.status === UserStatus.ACTIVE && plan.after.status === UserStatus.PENDING) {
    const [before, after] = [{ status: UserStatus.ACTIVE }, { status: UserStatus.PENDING }];
    facts.push({ type: 'user.approval_withdrawn', userId, objectId: userId, before, after });
    facts.push(...(await endAccess(manager, tenantId, userId)));
  }
  if (plan.membership) facts.push(...(await undoMembership(manager, writer, userId, current, plan.membership)));
  const gaveAdministrator = changes.membership?.roles.some(
    ({ name }) => name === (BuiltInRole.ADMINISTRATOR as string),
  );
  if (gaveAdministrator) touched.push(organizationId!);
  facts.push(...(await settleAdministrators(manager, writer, touched)));
  return { plan, facts };
}

/** The person as they are now, and which of their roles are the merge's: those that were given by it, at that moment. */
async function readCurrent(
  manager: EntityManager,
  tenantId: string,
  { userId, organizationId, mergedAt }: { userId: string; organizationId: string | null; mergedAt: Date },
): Promise<FoundEnrollee & MergedPerson> {
  const asked = [{ key: userId, userId, organizationId }];
  const found = await readEnrollees((text, values) => runSql(manager, text, values), tenantId, asked);
  const { membership, ...person } = found.get(userId)!;
  if (!membership) return { ...person, membership };
  const merged = await runSql<{ roleId: string }>(
    manager,
    `select role_id as "roleId" from membership_roles
     where tenant_id = $1 and membership_id = $2 and source = $3 and granted_at = $4`,
    [tenantId, membership.id, MembershipSource.ENROLLMENT, mergedAt],
  );
  return { ...person, membership: { ...membership, mergedRoleIds: merged.map(({ roleId }) => roleId) } };
}

async function takeIdentifiers(
  manager: EntityManager,
  tenantId: string,
  userId: string,
  identifiers: UndoPlan['identifiers'],
): Promise<void> {
  if (!identifiers.length) return;
  await runSql(
    manager,
    `delete from user_identifiers i using jsonb_to_recordset($3::jsonb) as taken(type text, value text)
     where i.tenant_id = $1 and i.user_id = $2 and i.type = taken.type and i.value = taken.value`,
    [tenantId, userId, JSON.stringify(identifiers)],
  );
}

async function undoMembership(
  manager: EntityManager,
  writer: Writer,
  userId: string,
  { membership }: MergedPerson,
  { isRemoved, revokedRoleIds, attributes }: NonNullable<UndoPlan['membership']>,
): Promise<Fact[]> {
  const { id } = membership!;
  if (isRemoved) return deleteMembers(manager, writer, [id]);
  const revokes = revokedRoleIds.map((roleId) => ({ membershipId: id, roleId }));
  const { facts } = await changeRoles(manager, writer, { revokes, source: MembershipSource.ENROLLMENT });
  const names = changedNames(membership!.attributes, attributes);
  if (!names) return facts;
  const organizationId = await writeAttributes(manager, writer, id, attributes);
  const [before, after] = [{ attributes: names.before }, { attributes: names.after }];
  return [...facts, { type: 'membership.updated', organizationId, userId, objectId: id, before, after }];
}

/** What was left, as the history tells it: without values. */
function describe(left: readonly LeftPart[]): string {
  const parts = left.map(({ part, name }) => (name === null ? part : `${part} ${name}`));
  return [...`Changed since, and left: ${parts.join(', ')}.`].slice(0, 256).join('');
}
