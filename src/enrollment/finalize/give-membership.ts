import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql } from '../../database/transact.js';
import { BuiltInRole, MembershipSource, OrganizationStatus, RoleKind } from '../../entities/enums.js';
import type { Fact, FactOf } from '../../events/catalogue.js';
import { type Fault, fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { changeRoles } from '../../memberships/change-roles.js';
import { addedFacts, insertMembers } from '../../memberships/insert-members.js';
import { lockUsableRoles } from '../../memberships/usable-roles.js';
import type { LockedPetition } from '../petitions/locked-petition.js';
import type { PersonPlan } from './plan-changes.js';
import { changedNames } from './write-user.js';

/**
 * Locks organizations by id, and refuses when the one that the petition leads to takes nobody. Throws Faults:
 * WRONG_STATUS.
 */
export async function lockOrganizations(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  others: readonly string[] = [],
): Promise<void> {
  const locked = await runSql<{ id: string; status: OrganizationStatus }>(
    manager,
    'select id, status from organizations where tenant_id = $1 and id = any($2::uuid[]) order by id for no key update',
    [tenantId, [organizationId, ...others]],
  );
  const found = locked.find(({ id }) => id === organizationId);
  refuseFaults([
    found?.status !== OrganizationStatus.ACTIVE &&
      fault(
        UserErrorCode.WRONG_STATUS,
        'The organization is suspended, archived or gone: it takes no new members. Resume it, then continue the petition.',
      ),
  ]);
}

const NAMED_NOW = `
select v.settings->'roleIds' as "roleIds" from enrollment_flows f
join enrollment_flow_versions v on v.tenant_id = $1 and v.id = f.current_version_id
where f.tenant_id = $1 and f.id = $2`;

/**
 * The roles that the flow gives, kept from being deleted. One that is gone, or is another organization's, is refused by
 * name for as long as the flow has it; once an administrator has taken it out there, the petition goes on without it.
 * Throws Faults: NOT_FOUND, INVALID.
 */
export async function lockRoles(
  manager: EntityManager,
  tenantId: string,
  { flow, flowId, state }: LockedPetition,
): Promise<{ id: string; name: string }[]> {
  if (!flow.roleIds.length) return [];
  const usable = await lockUsableRoles(manager, tenantId, state.organizationId!, flow.roleIds);
  const faults: Fault[] = usable
    .filter(({ kind }) => kind !== RoleKind.USER)
    .map(({ name }) => fault(UserErrorCode.INVALID, `The role ${name}, which the flow gives, is for applications.`));
  const missing = flow.roleIds.filter((roleId) => !usable.some(({ id }) => id === roleId));
  if (missing.length) {
    const [now] = flowId ? await runSql<{ roleIds: string[] }>(manager, NAMED_NOW, [tenantId, flowId]) : [];
    for (const roleId of missing.filter((id) => now?.roleIds.includes(id) ?? true)) {
      const message = `The role ${toGlobalId('Role', roleId)}, which the flow gives, is gone or is another organization's: take it out of the flow, then continue the petition.`;
      faults.push(fault(UserErrorCode.NOT_FOUND, message));
    }
  }
  refuseFaults(faults);
  return usable;
}

/** What came of giving a membership. */
export interface GivenMembership {
  id: string;
  isNew: boolean;
  /** Whether somebody became an administrator by it: the caller settles the organization's administrators. */
  touchesAdministrators: boolean;
  facts: Fact[];
}

/**
 * Makes the user a member with the roles of the flow; who is one already gets the roles besides. The caller holds the locks of the
 * user, the organization and the roles.
 */
export async function giveMembership(
  manager: EntityManager,
  writer: Writer,
  { organizationId, userId }: { organizationId: string; userId: string },
  present: { id: string } | null,
  { before, after, grantedRoleIds }: PersonPlan,
  roles: readonly { id: string; name: string }[],
): Promise<GivenMembership> {
  const source = MembershipSource.ENROLLMENT;
  const granted = roles.filter(({ id }) => grantedRoleIds.includes(id));
  const touchesAdministrators = granted.some(({ name }) => name === (BuiltInRole.ADMINISTRATOR as string));
  const attributes = after.membership!.attributes;
  if (present) {
    const grants = granted.map(({ id }) => ({ membershipId: present.id, roleId: id }));
    const { facts } = await changeRoles(manager, writer, { grants, source });
    const names = changedNames(before.membership?.attributes ?? {}, attributes);
    const about = { organizationId, userId, objectId: present.id };
    const changed: Fact[] = names
      ? [
          {
            type: 'membership.updated',
            ...about,
            before: { attributes: names.before },
            after: { attributes: names.after },
          },
        ]
      : [];
    if (names) await writeAttributes(manager, writer, present.id, attributes);
    return { id: present.id, isNew: false, touchesAdministrators, facts: [...facts, ...changed] };
  }
  const added = await insertMembers(manager, writer, {
    pairs: [{ organizationId, userId }],
    source,
    addedBy: writer.actor,
    roles: granted.map(({ id }) => ({ organizationId, roleId: id })),
  });
  const id = added[0]!.membershipId;
  const facts: FactOf<'membership.added'>[] = addedFacts(added, { source });
  const names = Object.keys(attributes).sort();
  if (names.length) {
    await writeAttributes(manager, writer, id, attributes);
    facts[0]!.after.attributes = names;
  }
  return { id, isNew: true, touchesAdministrators, facts };
}

/** Writes all attributes of a membership, and gives the organization that it is of. */
export async function writeAttributes(
  manager: EntityManager,
  { tenantId }: Writer,
  membershipId: string,
  attributes: Record<string, unknown>,
): Promise<string> {
  const [written] = await runSql<{ organizationId: string }>(
    manager,
    `update memberships set attributes = $3 where tenant_id = $1 and id = $2 returning organization_id as "organizationId"`,
    [tenantId, membershipId, JSON.stringify(attributes)],
  );
  return written!.organizationId;
}
