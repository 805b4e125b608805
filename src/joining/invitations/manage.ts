import { writerOf } from '../../actor.js';
import { INVITATIONS_QUEUE, sendJobs } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import { InvitationMailStatus } from '../../entities/enums.js';
import { lockMailingTurns } from '../../events/mailing-turns.js';
import { recordEvents } from '../../events/record.js';
import type { OperationContext } from '../../context.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { createSecret, hashSecret } from '../../secret.js';
import { checkExpiry, type Expiry, expiryOf, linkOf, refuseInactive, tokenPlace } from './check.js';
import type { Inviting } from './create.js';
import { lockInvitation, lockOrganizationOf, refuseFinal } from './lock.js';

const noInvitation = () => fault(UserErrorCode.NOT_FOUND, 'There is no such invitation.', 'id');

/** Ids are uuids. What is left out of the expiry stays. */
export interface ResendInvitation extends Expiry {
  id: string;
  isMailed: boolean;
}

/**
 * Gives a pending invitation a new link and mails it; the link before opens nothing any more. Gives the link. Throws
 * Faults: NOT_FOUND, WRONG_STATUS, INVALID, RATE_LIMITED.
 */
export async function resendInvitation(context: Inviting, input: ResendInvitation): Promise<string> {
  const writer = writerOf(context, 'organizationInvitationResend');
  const { tenantId, at } = writer;
  const { id } = input;
  refuseFaults([checkExpiry(input, at)]);
  const isMailed = input.isMailed && context.sendsMail;
  const token = createSecret();
  return transact(context.database, tenantId, async (manager) => {
    const status = await lockOrganizationOf(manager, tenantId, { id });
    const invitation = await lockInvitation(manager, tenantId, { id }, at);
    refuseFaults([!(status && invitation) && noInvitation()]);
    const { organizationId, emailNormalized, acceptUrl } = invitation!;
    refuseFaults([refuseFinal(invitation!.status, 'id') ?? refuseInactive(status!, 'id')]);
    if (isMailed) {
      const turns = await lockMailingTurns(manager, writer, [emailNormalized]);
      refuseFaults([turns.refuse(emailNormalized, 'id')]);
      await turns.record([emailNormalized]);
      await sendJobs(manager, INVITATIONS_QUEUE, [{ data: { tenantId } }]);
    }
    const expiresAt = (input.expiresAt ?? input.expiresInDays) ? expiryOf(input, at) : invitation!.expiresAt;
    await runSql(
      manager,
      `update invitations set token_hash = $3, sealed_token = $4, expires_at = $5, mail_status = $6, mail_at = $7,
         mail_attempts = 0, mailed_at = null, mail_error = null, updated_at = $8
       where tenant_id = $1 and id = $2`,
      [
        tenantId,
        id,
        hashSecret(token),
        isMailed ? context.sealing.seal(token, tokenPlace(id)) : null,
        expiresAt,
        isMailed ? InvitationMailStatus.WAITING : InvitationMailStatus.NONE,
        isMailed ? at : null,
        at,
      ],
    );
    const after = { expiresAt: expiresAt.toISOString(), isMailed };
    await recordEvents(manager, writer, [{ type: 'invitation.resent', organizationId, objectId: id, after }]);
    return linkOf(acceptUrl, token);
  });
}

/** Takes a pending invitation back. Throws Faults: NOT_FOUND, WRONG_STATUS. */
export async function revokeInvitation(context: OperationContext, { id }: { id: string }): Promise<void> {
  const writer = writerOf(context, 'organizationInvitationRevoke');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const invitation = await lockInvitation(manager, tenantId, { id }, at);
    refuseFaults([invitation ? refuseFinal(invitation.status, 'id') : noInvitation()]);
    await runSql(
      manager,
      `update invitations set status = 'REVOKED', updated_at = $3, token_hash = null, sealed_token = null,
         mail_at = null, mail_status = case when mail_status = 'WAITING' then 'NONE' else mail_status end
       where tenant_id = $1 and id = $2`,
      [tenantId, id, at],
    );
    const { organizationId } = invitation!;
    await recordEvents(manager, writer, [{ type: 'invitation.revoked', organizationId, objectId: id }]);
  });
}

/** Deletes an invitation, whatever its status, with the address in it. Throws Faults: NOT_FOUND. */
export async function deleteInvitation(context: OperationContext, { id }: { id: string }): Promise<void> {
  const writer = writerOf(context, 'organizationInvitationDelete');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const invitation = await lockInvitation(manager, tenantId, { id }, at);
    refuseFaults([!invitation && noInvitation()]);
    await runSql(manager, 'delete from invitations where tenant_id = $1 and id = $2', [tenantId, id]);
    const { organizationId, status } = invitation!;
    await recordEvents(manager, writer, [
      { type: 'invitation.deleted', organizationId, objectId: id, before: { status } },
    ]);
  });
}
