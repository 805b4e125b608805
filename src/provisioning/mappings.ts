import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import { EmailTrust, RoleKind } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import type { Change } from './context.js';
import { followGroups } from './follow-groups.js';

const MOST_MAPPINGS = 50;

/** A group, an organization, and a role there: by uuid. Without a role, members are given `member`. */
export interface Mapping {
  id: string;
  organizationId: string;
  roleId?: string | null;
}

/**
 * Makes the users of a directory's group members of an organization, now and from now on, with a role. Repeating it
 * changes nothing. Throws Faults: NOT_FOUND, INVALID.
 */
export async function mapGroup(context: OperationContext, input: Mapping): Promise<void> {
  const writer = writerOf(context, 'scimGroupMap');
  const { tenantId, at } = writer;
  const { id, organizationId } = input;
  const roleId = input.roleId ?? null;
  await transact(context.database, tenantId, async (manager) => {
    const { change, displayName } = await lockGroup(manager, writer, id);
    const [organization] = await runSql(
      manager,
      'select 1 from organizations where tenant_id = $1 and id = $2 for key share',
      [tenantId, organizationId],
    );
    const role = await findRole(manager, tenantId, roleId);
    refuseFaults([
      !organization && fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId'),
      roleId !== null &&
        !(role && [null, organizationId].includes(role.organizationId)) &&
        fault(UserErrorCode.NOT_FOUND, 'There is no such role in the organization.', 'roleId'),
      role?.kind === RoleKind.APPLICATION &&
        fault(UserErrorCode.INVALID, 'The role is for applications: people cannot have it.', 'roleId'),
    ]);
    const known = await runSql<{ isThis: boolean }>(
      manager,
      `select organization_id = $3 and role_id is not distinct from $4::uuid as "isThis"
       from scim_group_mappings where tenant_id = $1 and group_id = $2`,
      [tenantId, id, organizationId, roleId],
    );
    if (known.some(({ isThis }) => isThis)) return;
    refuseFaults([
      known.length >= MOST_MAPPINGS &&
        fault(UserErrorCode.INVALID, `A group is mapped at most ${MOST_MAPPINGS} times.`, 'id'),
    ]);
    await runSql(
      manager,
      `insert into scim_group_mappings (id, tenant_id, group_id, organization_id, role_id, created_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [v7(), tenantId, id, organizationId, roleId, at],
    );
    const after = { group: displayName, connection: change.connection.slug, role: role?.name ?? null };
    await recordEvents(manager, writer, [
      { type: 'scim_group.mapped', organizationId, objectId: id, after },
      ...(await followGroups(change, await usersOf(manager, tenantId, id))),
    ]);
  });
}

/**
 * Ends a mapping, and what came of it alone: memberships, roles. Repeating it changes nothing. Throws Faults: NOT_FOUND.
 */
export async function unmapGroup(context: OperationContext, input: Mapping): Promise<void> {
  const writer = writerOf(context, 'scimGroupUnmap');
  const { tenantId } = writer;
  const { id, organizationId } = input;
  const roleId = input.roleId ?? null;
  await transact(context.database, tenantId, async (manager) => {
    const { change, displayName } = await lockGroup(manager, writer, id);
    const gone = await runSql(
      manager,
      `delete from scim_group_mappings where tenant_id = $1 and group_id = $2 and organization_id = $3
         and role_id is not distinct from $4::uuid returning id`,
      [tenantId, id, organizationId, roleId],
    );
    if (!gone.length) return;
    const role = await findRole(manager, tenantId, roleId);
    const before = { group: displayName, connection: change.connection.slug, role: role?.name ?? null };
    await recordEvents(manager, writer, [
      { type: 'scim_group.unmapped', organizationId, objectId: id, before },
      ...(await followGroups(change, await usersOf(manager, tenantId, id))),
    ]);
  });
}

/** The group, with its connection locked as its directory's changes lock it. */
async function lockGroup(manager: EntityManager, writer: Writer, id: string) {
  const { tenantId, at } = writer;
  const [found] = await runSql<{ id: string; slug: string; displayName: string }>(
    manager,
    `select c.id, c.slug, g.display_name as "displayName" from scim_groups g
     join connections c on c.tenant_id = $1 and c.id = g.connection_id
     where g.tenant_id = $1 and g.id = $2 for no key update of c`,
    [tenantId, id],
  );
  refuseFaults([!found && fault(UserErrorCode.NOT_FOUND, 'There is no such group.', 'id')]);
  const { displayName, slug } = found!;
  // Nobody's address is read here: what the connection trusts is nothing to it.
  const connection = { id: found!.id, slug, emailTrust: EmailTrust.NONE, emailDomains: [] };
  const change: Change = { manager, writer, tenantId, at, connection };
  return { change, displayName };
}

async function findRole(manager: EntityManager, tenantId: string, id: string | null) {
  if (id === null) return undefined;
  const [role] = await runSql<{ name: string; kind: RoleKind; organizationId: string | null }>(
    manager,
    'select name, kind, organization_id as "organizationId" from roles where tenant_id = $1 and id = $2 for key share',
    [tenantId, id],
  );
  return role;
}

async function usersOf(manager: EntityManager, tenantId: string, groupId: string): Promise<string[]> {
  const rows = await runSql<{ id: string }>(
    manager,
    `select s.user_id as id from scim_group_members gm
     join scim_users s on s.tenant_id = $1 and s.id = gm.scim_user_id
     where gm.tenant_id = $1 and gm.group_id = $2`,
    [tenantId, groupId],
  );
  return rows.map((row) => row.id);
}
