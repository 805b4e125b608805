import { LockMode } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { viewerOf, writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { rotateSessionsOf } from '../database/rotate-sessions.js';
import { runSql, transact } from '../database/transact.js';
import { BuiltInRole, MembershipSource, OrganizationStatus, UserStatus } from '../entities/enums.js';
import { Membership } from '../entities/membership.js';
import { Organization } from '../entities/organization.js';
import { User } from '../entities/user.js';
import type { Fact } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
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
  const { tenantId, at } = writer;
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
    const facts: Fact[] = [];
    const about = { organizationId: organization.id, userId: user!.id };
    const membership =
      known ??
      manager.create(Membership, {
        tenantId,
        organization: manager.getReference(Organization, organization.id),
        user: user!,
        source: MembershipSource.ADMIN,
        joinedAt: at,
        addedByUserId: viewer.userId,
      });
    await manager.flush();
    const roles = known ? [BuiltInRole.ADMINISTRATOR] : [BuiltInRole.MEMBER, BuiltInRole.ADMINISTRATOR];
    if (!known)
      facts.push({
        type: 'membership.added',
        ...about,
        objectId: membership.id,
        after: {
          organizationId: toGlobalId('Organization', organization.id),
          source: MembershipSource.ADMIN,
          connection: null,
          roles,
        },
      });
    const granted = await runSql(
      manager,
      `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at, granted_by_user_id)
       select role.id, $1, $2, r.id, $3, $4
       from unnest($5::uuid[], $6::text[]) as role(id, name) join roles r on r.tenant_id = $1 and r.name = role.name
       on conflict (tenant_id, membership_id, role_id) do nothing returning id`,
      [tenantId, membership.id, at, viewer.userId, roles.map(() => v7()), roles],
    );
    if (!granted.length) return membership.id;
    facts.push({
      type: 'membership.role_granted',
      ...about,
      objectId: membership.id,
      after: { role: BuiltInRole.ADMINISTRATOR },
    });
    if (organization.needsAdministrator) {
      organization.needsAdministrator = false;
      facts.push({
        type: 'organization.updated',
        organizationId: organization.id,
        objectId: organization.id,
        before: { needsAdministrator: true },
        after: { needsAdministrator: false },
      });
      await manager.flush();
    }
    await rotateSessionsOf(manager, tenantId, at, user!.id);
    await recordEvents(manager, writer, facts);
    return membership.id;
  });
}
