import type { EntityManager } from '@mikro-orm/postgresql';
import { sessionOf, type Writer, writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { BuiltInRole, InvitationStatus, MembershipSource, UserStatus } from '../../entities/enums.js';
import type { Fact } from '../../events/catalogue.js';
import { recordEvents } from '../../events/record.js';
import { type Fault, fault, Faults, UserErrorCode } from '../../faults.js';
import { changeRoles } from '../../memberships/change-roles.js';
import { addedFacts, insertMembers } from '../../memberships/insert-members.js';
import { settleAdministrators } from '../../memberships/settle-administrators.js';
import { refuseInactive } from './check.js';
import { type InvitationKey, type LockedInvitation, lockInvitation, lockOrganizationOf, refuseFinal } from './lock.js';

/** What came of an answer: the invitation that was answered, or why nothing was changed. */
export type Answered =
  | { id: string; organizationId: string; faults: readonly Fault[] }
  | { id: null; organizationId?: undefined; faults: readonly Fault[] };

/**
 * Accepts an invitation for the caller, whose verified address it must be for: they become a member with its roles, and
 * a member who is one already is given those that they lack. Gives the invitation's id. Throws Faults: NOT_FOUND alike
 * for an invitation that is not there, was used, or is for another address; WRONG_STATUS.
 */
export async function acceptInvitation(context: OperationContext, key: InvitationKey): Promise<string> {
  return answerAsViewer(context, 'organizationInvitationAccept', key, acceptFor);
}

/** Declines an invitation; otherwise as {@link acceptInvitation}. */
export async function declineInvitation(context: OperationContext, key: InvitationKey): Promise<string> {
  return answerAsViewer(context, 'organizationInvitationDecline', key, declineFor);
}

type Answer = (manager: EntityManager, writer: Writer, userId: string, key: InvitationKey) => Promise<Answered>;

async function answerAsViewer(
  context: OperationContext,
  via: string,
  key: InvitationKey,
  answer: Answer,
): Promise<string> {
  const session = sessionOf(context);
  if (!session) throw new Error('An invitation is answered in a session.');
  const writer = writerOf(context, via);
  return transact(context.database, writer.tenantId, async (manager) => {
    const answered = await answer(manager, writer, session.userId, key);
    if (answered.id === null) throw new Faults(answered.faults);
    return answered.id;
  });
}

const ROLES = `
select ir.role_id as "roleId", r.name, r.is_built_in as "isBuiltIn" from invitation_roles ir
join roles r on r.tenant_id = $1 and r.id = ir.role_id
where ir.tenant_id = $1 and ir.invitation_id = $2 order by r.id for key share of r`;

/** The answer is written down; the token and what was still to be mailed are forgotten. */
const SETTLE = `
update invitations set status = $3, accepted_user_id = $4, updated_at = $5, token_hash = null, sealed_token = null,
  mail_at = null, mail_status = case when mail_status = 'WAITING' then 'NONE' else mail_status end
where tenant_id = $1 and id = $2`;

/** Accepts for this user, in the caller's transaction. When it gives faults, nothing has been written. */
export async function acceptFor(
  manager: EntityManager,
  writer: Writer,
  userId: string,
  key: InvitationKey,
): Promise<Answered> {
  const { tenantId } = writer;
  const found = await findAnswerable(manager, writer, userId, key);
  if ('faults' in found) return found;
  const { id, organizationId } = found;
  const roles = await runSql<{ roleId: string; name: string; isBuiltIn: boolean }>(manager, ROLES, [tenantId, id]);
  const { facts, membershipId } = await giveMembership(manager, writer, userId, found, roles);
  await settle(manager, writer, id, InvitationStatus.ACCEPTED, userId);
  const after = { membershipId: toGlobalId('Membership', membershipId) };
  facts.push({ type: 'invitation.accepted', organizationId, userId, objectId: id, after });
  await recordEvents(manager, writer, facts);
  return { id, organizationId, faults: [] };
}

/** The inviter is written beside the membership and its roles: it is them who gave what the person took. */
async function giveMembership(
  manager: EntityManager,
  writer: Writer,
  userId: string,
  { organizationId, inviterUserId, inviterApplicationId }: LockedInvitation,
  roles: readonly { roleId: string; name: string; isBuiltIn: boolean }[],
): Promise<{ facts: Fact[]; membershipId: string }> {
  const source = MembershipSource.INVITATION;
  const addedBy = { userId: inviterUserId, applicationId: inviterApplicationId };
  const added = await insertMembers(manager, writer, {
    pairs: [{ organizationId, userId }],
    source,
    addedBy,
    roles: roles.map(({ roleId }) => ({ organizationId, roleId })),
  });
  if (added[0]) {
    const isAdministrator = roles.some(({ name, isBuiltIn }) => isBuiltIn && name === BuiltInRole.ADMINISTRATOR);
    const settled = await settleAdministrators(manager, writer, isAdministrator ? [organizationId] : []);
    return { facts: [...addedFacts(added, { source }), ...settled], membershipId: added[0].membershipId };
  }
  const [known] = await runSql<{ id: string }>(
    manager,
    'select id from memberships where tenant_id = $1 and organization_id = $2 and user_id = $3 for update',
    [writer.tenantId, organizationId, userId],
  );
  const membershipId = known!.id;
  const grants = roles.map(({ roleId }) => ({ membershipId, roleId }));
  const byInviter = { ...writer, actor: { ...writer.actor, ...addedBy } };
  const changed = await changeRoles(manager, byInviter, { grants, source });
  const settled = await settleAdministrators(manager, writer, changed.organizationIds);
  return { facts: [...changed.facts, ...settled], membershipId };
}

async function declineFor(
  manager: EntityManager,
  writer: Writer,
  userId: string,
  key: InvitationKey,
): Promise<Answered> {
  const found = await findAnswerable(manager, writer, userId, key, { isOfInactiveToo: true });
  if ('faults' in found) return found;
  const { id, organizationId } = found;
  await settle(manager, writer, id, InvitationStatus.DECLINED, null);
  await recordEvents(manager, writer, [{ type: 'invitation.declined', organizationId, userId, objectId: id }]);
  return { id, organizationId, faults: [] };
}

async function settle(
  manager: EntityManager,
  { tenantId, at }: Writer,
  id: string,
  status: InvitationStatus,
  acceptedUserId: string | null,
): Promise<void> {
  await runSql(manager, SETTLE, [tenantId, id, status, acceptedUserId, at]);
}

/** Locks the user, the organization and the invitation, in this order, and finds what is in the way. */
async function findAnswerable(
  manager: EntityManager,
  { tenantId, at }: Writer,
  userId: string,
  key: InvitationKey,
  { isOfInactiveToo = false } = {},
): Promise<LockedInvitation | { id: null; faults: Fault[] }> {
  const field = 'id' in key ? 'id' : 'token';
  const [user] = await runSql<{ email: string | null; isVerified: boolean; status: UserStatus }>(
    manager,
    `select email_normalized as email, is_email_verified as "isVerified", status from users
     where tenant_id = $1 and id = $2 for no key update`,
    [tenantId, userId],
  );
  const organization = await lockOrganizationOf(manager, tenantId, key);
  const invitation = organization && (await lockInvitation(manager, tenantId, key, at));
  const isTheirs =
    invitation && user?.status === UserStatus.ACTIVE && user.isVerified && user.email === invitation.emailNormalized;
  if (!isTheirs) {
    const message =
      'There is no invitation here that you can answer: it is not there, was answered, or is for another address than your verified one.';
    return { id: null, faults: [fault(UserErrorCode.NOT_FOUND, message, field)] };
  }
  const refusal =
    refuseFinal(invitation.status, field) ?? (isOfInactiveToo ? null : refuseInactive(organization, field));
  return refusal ? { id: null, faults: [refusal] } : invitation;
}
