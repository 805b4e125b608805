import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';
import { InvitationStatus, type OrganizationStatus } from '../../entities/enums.js';
import { invitationStatusAt } from '../../entities/invitation-status.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';

/** An invitation that is locked, with the status that it has at this moment. */
export interface LockedInvitation {
  id: string;
  organizationId: string;
  email: string;
  emailNormalized: string;
  status: InvitationStatus;
  expiresAt: Date;
  acceptUrl: string;
  inviterUserId: string | null;
  inviterApplicationId: string | null;
}

const COLUMNS = `id, organization_id as "organizationId", email, email_normalized as "emailNormalized", status,
  expires_at as "expiresAt", accept_url as "acceptUrl", inviter_user_id as "inviterUserId",
  inviter_application_id as "inviterApplicationId"`;

const BY = {
  id: `select ${COLUMNS} from invitations where tenant_id = $1 and id = $2 for update`,
  tokenHash: `select ${COLUMNS} from invitations where tenant_id = $1 and token_hash = $2 for update`,
};

const ORGANIZATION_BY = {
  id: 'select organization_id from invitations where tenant_id = $1 and id = $2',
  tokenHash: 'select organization_id from invitations where tenant_id = $1 and token_hash = $2',
};

/** Which invitation: by its uuid, or by the hash of its token. */
export type InvitationKey = { id: string } | { tokenHash: string };

/** Locks an invitation; null when there is none. Whoever locks its organization, too, does that before. */
export async function lockInvitation(
  manager: EntityManager,
  tenantId: string,
  key: InvitationKey,
  now: Date,
): Promise<LockedInvitation | null> {
  const [name, value] = read(key);
  const [row] = await runSql<LockedInvitation>(manager, BY[name], [tenantId, value]);
  if (!row) return null;
  const expiresAt = new Date(row.expiresAt);
  return { ...row, expiresAt, status: invitationStatusAt(row.status, expiresAt, now) };
}

/** Locks the organization of an invitation and gives its status; null when there is no such invitation. */
export async function lockOrganizationOf(
  manager: EntityManager,
  tenantId: string,
  key: InvitationKey,
): Promise<OrganizationStatus | null> {
  const [name, value] = read(key);
  const [row] = await runSql<{ status: OrganizationStatus }>(
    manager,
    `select status from organizations where tenant_id = $1 and id = (${ORGANIZATION_BY[name]}) for no key update`,
    [tenantId, value],
  );
  return row?.status ?? null;
}

/** All statuses but PENDING are final: nothing changes them. */
export function refuseFinal(status: InvitationStatus, ...field: string[]): Fault | null {
  if (status === InvitationStatus.PENDING) return null;
  return fault(UserErrorCode.WRONG_STATUS, `The invitation is ${status}: nothing changes it any more.`, ...field);
}

function read(key: InvitationKey): ['id' | 'tokenHash', string] {
  return 'id' in key ? ['id', key.id] : ['tokenHash', key.tokenHash];
}
