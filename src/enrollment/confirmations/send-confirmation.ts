import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { ActorKind, BuiltInRole, PetitionMailKind, PetitionStep } from '../../entities/enums.js';
import { lockMailingTurns } from '../../events/mailing-turns.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { createSecret, hashSecret } from '../../secret.js';
import { confirmationTokenPlace, queueMails } from '../mails/queue-mails.js';
import type { LockedPetition } from '../petitions/locked-petition.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import { countMail } from './limit.js';

/** A petition has one link at most: a new one takes the place of the one before, which opens nothing any more. */
const REPLACE = `
insert into petition_confirmations (id, tenant_id, petition_id, token_hash, email_normalized, created_at, expires_at)
values (gen_random_uuid(), $1, $2, $3, $4, $5, $6)
on conflict (tenant_id, petition_id) do update set token_hash = excluded.token_hash,
  email_normalized = excluded.email_normalized, created_at = excluded.created_at, expires_at = excluded.expires_at`;

/**
 * Gives a petition a new link and has it mailed to the petition's own address, whoever asks. The token is stored as a
 * hash, and sealed for the mail alone: nobody else is shown it, for whoever has it has the address proven. Throws Faults:
 * MANUAL_ACTION_NEEDED where no mail can be sent, NO_ADDRESS, RATE_LIMITED by address, petition and actor.
 */
export async function sendConfirmation(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  petition: LockedPetition,
  isReminder: boolean,
): Promise<void> {
  const { tenantId, at } = writer;
  const { id, flow, locale } = petition;
  const normalized = petition.state.email;
  refuseFaults([
    !context.sendsMail &&
      fault(UserErrorCode.MANUAL_ACTION_NEEDED, 'No mail can be sent: no mail server is configured.'),
    !normalized && fault(UserErrorCode.NO_ADDRESS, 'There is no address.'),
  ]);
  const turns = await lockMailingTurns(manager, writer, [normalized!]);
  refuseFaults([turns.refuse(normalized!)]);
  await countMail(manager, context, {
    tenantId,
    at,
    petitionId: id,
    isAdministrator: isUnlimited(context, writer, petition),
  });
  await turns.record([normalized!]);
  const token = createSecret();
  const expiresAt = new Date(at.getTime() + flow.confirmationMinutes * 60_000);
  await runSql(manager, REPLACE, [tenantId, id, hashSecret(token), normalized, at, expiresAt]);
  const sealedToken = context.sealing.seal(token, confirmationTokenPlace(id));
  await queueMails(manager, writer, id, [
    {
      kind: kindOf(petition.state.step, isReminder),
      locale,
      email: petition.email ?? normalized!,
      emailNormalized: normalized!,
      sealedToken,
    },
  ]);
}

/** Before anything else, a link proves the address that a source is to be asked about. */
function kindOf(step: PetitionStep, isReminder: boolean): PetitionMailKind {
  if (step === PetitionStep.SOURCES) return PetitionMailKind.EMAIL_PROOF;
  return isReminder ? PetitionMailKind.CONFIRMATION_REMINDER : PetitionMailKind.CONFIRMATION;
}

/** The link of a petition opens nothing any more. */
export async function revokeConfirmation(manager: EntityManager, tenantId: string, petitionId: string): Promise<void> {
  const values = [tenantId, petitionId];
  await runSql(manager, 'delete from petition_confirmations where tenant_id = $1 and petition_id = $2', values);
}

/** Who administers the tenant or where the petition leads to; and the system, which reminds. */
function isUnlimited({ viewer }: PetitionContext, { actor }: Writer, { state }: LockedPetition): boolean {
  if (actor.kind === ActorKind.SYSTEM || viewer?.isTenantAdministrator) return true;
  const roles = state.organizationId ? viewer?.rolesByOrganization.get(state.organizationId) : undefined;
  return roles?.includes(BuiltInRole.ADMINISTRATOR) ?? false;
}
