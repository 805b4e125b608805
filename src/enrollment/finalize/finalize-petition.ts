import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { MatchPolicy, UserStatus } from '../../entities/enums.js';
import type { Fact } from '../../events/catalogue.js';
import { recordEvents } from '../../events/record.js';
import { fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { lockAdministered } from '../../memberships/lock-administered.js';
import { settleAdministrators } from '../../memberships/settle-administrators.js';
import { MOST_BYTES, storedBytes } from '../attributes/stored-size.js';
import { assignIdentifiers, type Identifier } from '../identifiers/assign.js';
import { recognize } from '../machine/recognize.js';
import { IS_ENROLLED } from '../people/is-enrolled.js';
import type { LockedPetition } from '../petitions/locked-petition.js';
import { linkPetitionRecords } from '../records/link-petition-records.js';
import { giveMembership, lockOrganizations, lockRoles } from './give-membership.js';
import { type PersonPlan, planPerson } from './plan-changes.js';
import { type FoundEnrollee, readEnrollees } from './read-enrollees.js';
import { recordMerge } from './record-merge.js';
import { createdFact, insertUser, updatedFacts, updateUser } from './write-user.js';

/** What the end of a petition made. */
export interface Finalized {
  enrolleeUserId: string;
  /** What the person was given, as the history tells it: `type value`. */
  identifiers: string[];
  /** Whether the petition was merged into somebody who is known. */
  isMerged: boolean;
  membershipId: string | null;
}

/**
 * Makes the person whom a petition enrolls, or brings them up to it, gives them their identifiers, then the membership
 * (ENR-58): in the transaction of the caller, who holds the petition's lock, with the events of users and memberships.
 * Locks user, organization, membership, roles, in this order. Throws Faults, and the caller undoes what was done:
 * NOT_FOUND when the person or a role is gone, WRONG_STATUS for a suspended person or an organization that takes nobody,
 * TAKEN when another account has the address or an identifier, TOO_LONG.
 */
export async function finalizePetition(
  manager: EntityManager,
  writer: Writer,
  petition: LockedPetition,
): Promise<Finalized> {
  const { tenantId } = writer;
  const { state, flow } = petition;
  const { organizationId } = state;
  const knownId = state.enrolleeUserId ?? (await findNewcomer(manager, tenantId, petition));
  const status = knownId && (await lockUser(manager, tenantId, knownId, petition));
  const newcomer = knownId ? null : refuseSizes(planPerson(petition, null));
  const userId = knownId ?? (await insertUser(manager, writer, newcomer!.after));
  const memberOf = status === UserStatus.PENDING ? await findOrganizations(manager, tenantId, userId) : [];
  if (organizationId) await lockOrganizations(manager, tenantId, organizationId, memberOf);
  const known = knownId ? await readKnown(manager, tenantId, { key: knownId, userId: knownId, organizationId }) : null;
  const roles = organizationId ? await lockRoles(manager, tenantId, petition) : [];
  const plan = newcomer ?? refuseSizes(planPerson(petition, known));

  if (known) await updateUser(manager, writer, userId, plan.before, plan.after);
  const identifiers = await assignIdentifiers(manager, tenantId, writer.at, {
    userId,
    petitionId: petition.id,
    assigned: flow.assignedIdentifiers,
    given: [...plan.identifiers, ...(state.progress.matchIdentifier ? [state.progress.matchIdentifier] : [])],
  });
  const membership = organizationId
    ? await giveMembership(manager, writer, { organizationId, userId }, known?.membership ?? null, plan, roles)
    : null;
  if (membership) {
    const place = [tenantId, petition.id, membership.id];
    await runSql(manager, 'update petitions set membership_id = $3 where tenant_id = $1 and id = $2', place);
  }
  const isMerged = known !== null && state.progress.isMerge;
  if (isMerged) {
    const merged = { id: petition.id, organizationId };
    await recordMerge(manager, writer, merged, userId, plan, { identifiers, membership, roles });
  }

  const administered = status === UserStatus.PENDING ? await lockAdministered(manager, tenantId, [userId]) : [];
  const touched = membership?.touchesAdministrators ? [organizationId!] : [];
  await recordEvents(manager, writer, [
    ...userFacts(userId, known, plan, identifiers),
    ...(membership?.facts ?? []),
    ...(await settleAdministrators(manager, writer, [...administered, ...touched])),
  ]);
  if (flow.sources.length) await linkPetitionRecords(manager, writer, petition.id, userId);
  return {
    enrolleeUserId: userId,
    identifiers: identifiers.map(({ type, value }) => `${type} ${value}`),
    isMerged,
    membershipId: membership?.id ?? null,
  };
}

/**
 * Somebody who has proven the petition's own proven address since it was looked for last, and is in no organization, is
 * the newcomer themselves. Anybody else who has the address, or only says so, is left alone: making the user will say
 * that it is taken. Null where a new person is to be made. Throws Faults NOT_FOUND when the petition was about somebody
 * whose account is gone.
 */
async function findNewcomer(
  manager: EntityManager,
  tenantId: string,
  { flow, state }: LockedPetition,
): Promise<string | null> {
  const { isMerge, isNewRole } = state.progress;
  const wasChosen = flow.match === MatchPolicy.SELF || flow.match === MatchPolicy.SELECT;
  refuseFaults([
    (wasChosen || isMerge || isNewRole || flow.requiresAuthentication) &&
      fault(UserErrorCode.NOT_FOUND, 'The account of whom the petition enrolls is gone: cancel it.'),
  ]);
  if (!state.email || !state.isEmailVerified) return null;
  const [found] = await runSql<{ userId: string; isEnrolled: boolean }>(
    manager,
    `select u.id as "userId", ${IS_ENROLLED} as "isEnrolled"
     from users u where u.tenant_id = $1 and u.email_normalized = $2 and u.is_email_verified`,
    [tenantId, state.email],
  );
  if (!found) return null;
  const known = { ...found, via: 'ADDRESS' as const, isMember: false };
  return recognize(flow, state, known) === 'ATTACH' ? found.userId : null;
}

/**
 * Locks the account, and gives its status. Who waits to be let in is let in by a flow of the tenant, as by its
 * administrators, and not by an organization's. Throws Faults: NOT_FOUND, WRONG_STATUS.
 */
async function lockUser(
  manager: EntityManager,
  tenantId: string,
  userId: string,
  { flowOrganizationId }: LockedPetition,
): Promise<UserStatus> {
  const [user] = await runSql<{ status: UserStatus }>(
    manager,
    'select status from users where tenant_id = $1 and id = $2 for no key update',
    [tenantId, userId],
  );
  if (!user) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'The account of whom the petition enrolls is gone.')]);
  refuseFaults([
    user.status === UserStatus.SUSPENDED &&
      fault(
        UserErrorCode.WRONG_STATUS,
        'The account of whom the petition enrolls is suspended: resume it, then continue the petition.',
      ),
    user.status === UserStatus.PENDING &&
      flowOrganizationId !== null &&
      fault(
        UserErrorCode.WRONG_STATUS,
        'The account of whom the petition enrolls waits for approval: approve it, then continue the petition.',
      ),
  ]);
  return user.status;
}

async function findOrganizations(manager: EntityManager, tenantId: string, userId: string): Promise<string[]> {
  const rows = await runSql<{ id: string }>(
    manager,
    'select organization_id as id from memberships where tenant_id = $1 and user_id = $2',
    [tenantId, userId],
  );
  return rows.map(({ id }) => id);
}

async function readKnown(
  manager: EntityManager,
  tenantId: string,
  asked: { key: string; userId: string; organizationId: string | null },
): Promise<FoundEnrollee> {
  const found = await readEnrollees((text, values) => runSql(manager, text, values), tenantId, [asked]);
  return found.get(asked.key)!;
}

/** The plan; throws Faults TOO_LONG when the attributes, with those that were there, are more than can be kept. */
function refuseSizes(plan: PersonPlan): PersonPlan {
  const { after } = plan;
  const isTooLong = [after.attributes, after.membership?.attributes ?? {}].some(
    (attributes) => storedBytes(attributes) > MOST_BYTES,
  );
  const message = `The attributes, with those that are there already, are more than ${MOST_BYTES} bytes.`;
  refuseFaults([isTooLong && fault(UserErrorCode.TOO_LONG, message, 'attributes')]);
  return plan;
}

function userFacts(
  userId: string,
  known: FoundEnrollee | null,
  { before, after }: PersonPlan,
  added: readonly Identifier[],
): Fact[] {
  if (!known) return [createdFact(userId, after, added)];
  return updatedFacts(userId, before, { ...after, identifiers: [...before.identifiers, ...added] });
}
