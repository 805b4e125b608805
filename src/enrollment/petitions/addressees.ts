import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { ApproverKind } from '../../entities/enums.js';
import { findApprovers } from '../approvals/find-approvers.js';
import type { MailAddressee } from '../machine/state.js';
import type { LockedPetition } from './locked-petition.js';

/** Whom a mail goes to: an account, or an address that was proven in the petition. */
export type Addressee = { userId: string } | { email: string; emailNormalized: string };

/** Who is mailed about this petition. Nobody is mailed at an address that is not proven: confirmations go their own way. */
export async function findAddressees(
  manager: EntityManager,
  { tenantId, at }: Writer,
  { flow, state, email, approvers }: LockedPetition,
  to: MailAddressee,
): Promise<Addressee[]> {
  switch (to) {
    case 'ENROLLEE': {
      const userId = state.enrolleeUserId ?? (state.email ? null : state.petitionerUserId);
      if (userId) return [{ userId }];
      return state.email && state.isEmailVerified && email ? [{ email, emailNormalized: state.email }] : [];
    }
    case 'APPROVERS': {
      if (!approvers) return [];
      const found = await findApprovers(manager, tenantId, approvers, at);
      const told = new Set(found.flatMap(({ userId, delegateIds }) => [userId, ...delegateIds]));
      if (!flow.allowsOwnApproval)
        [state.petitionerUserId, state.enrolleeUserId].forEach((id) => told.delete(id ?? ''));
      return [...told].map((userId) => ({ userId }));
    }
    case 'NOTIFIED': {
      if (!flow.notificationRoleId) return [];
      const role = { kind: ApproverKind.ROLE, roleId: flow.notificationRoleId, organizationId: state.organizationId };
      return (await findApprovers(manager, tenantId, role, at)).map(({ userId }) => ({ userId }));
    }
    case 'ADMINISTRATORS': {
      const organizationId = approvers?.kind === ApproverKind.ROLE ? state.organizationId : null;
      const above = { kind: ApproverKind.ORGANIZATION_ADMINISTRATORS, roleId: null, organizationId };
      const found = organizationId ? await findApprovers(manager, tenantId, above, at) : [];
      return found.length ? found.map(({ userId }) => ({ userId })) : findTenantAdministrators(manager, tenantId);
    }
  }
}

function findTenantAdministrators(manager: EntityManager, tenantId: string): Promise<Addressee[]> {
  return runSql<{ userId: string }>(
    manager,
    `select id as "userId" from users
     where tenant_id = $1 and is_tenant_administrator and status = 'ACTIVE' order by id`,
    [tenantId],
  );
}
