import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { ENROLLMENT_MAILS_QUEUE, sendJobs } from '../../database/queue.js';
import { runSql } from '../../database/transact.js';
import type { MailLocale, PetitionMailKind, PetitionStatus } from '../../entities/enums.js';
import { isConfirmation } from './render.js';

/**
 * One mail to one addressee: an account, at its verified address, or an address itself. Confirmations go to an address,
 * with their token, which is sealed to {@link confirmationTokenPlace}. `toldStatus` is the status that the mail is about;
 * null or absent: the one of when it goes out.
 */
export type NewMail = { kind: PetitionMailKind; locale: MailLocale; toldStatus?: PetitionStatus | null } & (
  { userId: string } | { email: string; emailNormalized: string; sealedToken?: string }
);

/** Where the token of a confirmation is sealed to, until it is mailed. */
export function confirmationTokenPlace(petitionId: string): string {
  return `petitions.${petitionId}.confirmation`;
}

const SUPERSEDE = `
update petition_mails set status = 'SUPERSEDED', due_at = null, sealed_token = null
where tenant_id = $1 and petition_id = $2 and status = 'WAITING'
  and kind in ('CONFIRMATION', 'CONFIRMATION_REMINDER', 'EMAIL_PROOF')`;

const INSERT = `
insert into petition_mails
  (id, tenant_id, petition_id, kind, user_id, email, email_normalized, locale, sealed_token, told_status, status, due_at,
   created_at)
select m.id, $1, $3, m.kind, m."userId", m.email, m."emailNormalized", m.locale, m."sealedToken", m."toldStatus",
  'WAITING', $4, $4
from jsonb_to_recordset($2::jsonb) as m(
  id uuid, kind text, "userId" uuid, email text, "emailNormalized" text, locale text, "sealedToken" text,
  "toldStatus" text)`;

/**
 * Has mails of a petition sent once the transaction is committed, and never if it is not. A new confirmation takes the
 * place of one that has not gone out: the link of that opens nothing any more.
 */
export async function queueMails(
  manager: EntityManager,
  { tenantId, at }: Writer,
  petitionId: string,
  mails: readonly NewMail[],
): Promise<void> {
  if (!mails.length) return;
  if (mails.some(({ kind }) => isConfirmation(kind))) await runSql(manager, SUPERSEDE, [tenantId, petitionId]);
  const rows = mails.map((mail) => ({ id: v7(), ...mail }));
  await runSql(manager, INSERT, [tenantId, JSON.stringify(rows), petitionId, at]);
  await sendJobs(manager, ENROLLMENT_MAILS_QUEUE, [{ data: { tenantId } }]);
}
