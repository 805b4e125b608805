import { LockMode } from '@mikro-orm/postgresql';
import { viewerOf, writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { transact } from '../database/transact.js';
import { MembershipSource, OrganizationStatus, UserStatus } from '../entities/enums.js';
import { Membership } from '../entities/membership.js';
import { User } from '../entities/user.js';
import type { Fact } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { findBuiltInRoles } from '../memberships/built-in-roles.js';
import { changeRoles } from '../memberships/change-roles.js';
import { addedFacts, insertMembers } from '../memberships/insert-members.js';
import { settleAdministrators } from '../memberships/settle-administrators.js';
import { lockOrganization } from './update-organization.js';

/**
 * Makes a member an administrator of the organization, and gives the membership's id. An administrator of the tenant
 * may name a user who is no member yet. The user's cookies are replaced. Repeating it changes nothing.
 * Throws Faults: NOT_FOUND, WRONG_STATUS.
 */
export async function appointMember(
  context: OperationContext,
  input: { organizationId: string; userId: string },
): Promise<string> {
  const writer = writerOf(context, 'memberAppoint');
  const { tenantId } = writer;
  return transact(context.database, tenantId, async (manager) => {
    const user = await manager.findOne(User, { id: input.userId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const organization = await lockOrganization(manager, input.organizationId);
    const known = user && (await manager.findOne(Membership, { organization, user }));
    const viewer = viewerOf(context);
    refuseFaults([
      !(known || (user && viewer.isTenantAdministrator)) &&
        fault(UserErrorCode.NOT_FOUND, 'There is no such member of this organization.', 'userId'),
    ]);
    refuseFaults([
      user!.status !== UserStatus.ACTIVE &&
        fault(UserErrorCode.WRONG_STATUS, 'Only an active user can be an administrator.', 'userId'),
      organization.status !== OrganizationStatus.ACTIVE &&
        fault(
          UserErrorCode.WRONG_STATUS,
          'The organization is suspended or archived: resume it first.',
          'organizationId',
        ),
    ]);
    const builtIn = await findBuiltInRoles(manager, tenantId);
    const source = MembershipSource.ADMIN;
    const facts: Fact[] = [];
    if (!known) {
      const pairs = [{ organizationId: organization.id, userId: user!.id }];
      const roles = [{ organizationId: organization.id, roleId: builtIn.member }];
      facts.push(...addedFacts(await insertMembers(manager, writer, { pairs, source, roles }), { source }));
    }
    const membershipId = known?.id ?? facts[0]!.objectId!;
    const grants = [{ membershipId, roleId: builtIn.administrator }];
    const changed = await changeRoles(manager, writer, { grants, source });
    if (!changed.facts.length) return membershipId;
    facts.push(...changed.facts, ...(await settleAdministrators(manager, writer, changed.organizationIds)));
    await recordEvents(manager, writer, facts);
    return membershipId;
  });
}
