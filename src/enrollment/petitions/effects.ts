import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { PetitionMailKind } from '../../entities/enums.js';
import { createSecret, hashSecret } from '../../secret.js';
import { recordDecision } from '../approvals/record-decision.js';
import { revokeConfirmation, sendConfirmation } from '../confirmations/send-confirmation.js';
import { linkLogin } from '../finalize/link-login.js';
import { verifyEmail } from '../finalize/verify-email.js';
import type { Effect } from '../machine/state.js';
import { queueMails } from '../mails/queue-mails.js';
import { findAddressees } from './addressees.js';
import type { LockedPetition } from './locked-petition.js';
import type { PetitionContext } from './petition-context.js';

const HOUR = 60 * 60_000;
/** How long the token of somebody without an account works. */
export const TOKEN_MILLISECONDS = 30 * 24 * HOUR;

/** Does what a command brings about besides the status, in its transaction. Mail is queued, not sent. */
export async function applyEffects(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  petition: LockedPetition,
  effects: readonly Effect[],
): Promise<{ enrolleeToken: string | null }> {
  const { tenantId, at } = writer;
  const { id, state } = petition;
  let enrolleeToken: string | null = null;
  // An account that is linked to another one is gone by the end.
  const isLinked = effects.some(({ kind }) => kind === 'LINK_LOGIN');
  const actingUserId = isLinked ? null : writer.actor.userId;
  for (const effect of effects) {
    switch (effect.kind) {
      case 'SEND_CONFIRMATION':
        await sendConfirmation(manager, context, writer, petition, effect.isReminder);
        break;
      case 'REVOKE_CONFIRMATION':
        await revokeConfirmation(manager, tenantId, id);
        break;
      case 'VERIFY_EMAIL':
        await verifyEmail(manager, writer, petition);
        break;
      case 'ISSUE_ENROLLEE_TOKEN': {
        enrolleeToken = createSecret();
        const values = [tenantId, id, hashSecret(enrolleeToken), new Date(at.getTime() + TOKEN_MILLISECONDS)];
        await runSql(manager, ISSUE, values);
        break;
      }
      case 'END_PETITIONER_TOKEN':
        await runSql(manager, END_PETITIONER_TOKEN, [tenantId, id]);
        break;
      case 'LINK_LOGIN':
        await linkLogin(manager, context, writer, {
          fromUserId: effect.fromUserId,
          toUserId: state.enrolleeUserId!,
        });
        break;
      case 'RECORD_TERMS': {
        const agreements = effect.terms.map((key) => ({ id: v7(), key }));
        const userId = actingUserId ?? state.enrolleeUserId;
        const values = [tenantId, id, JSON.stringify(agreements), userId, effect.isExplicit, at];
        await runSql(manager, AGREE, values);
        break;
      }
      case 'RECORD_DECISION':
        await recordDecision(manager, writer, petition, effect);
        break;
      case 'MAIL': {
        if (!context.sendsMail) break;
        const addressees = await findAddressees(manager, writer, petition, effect.to);
        // Its language is that of who is enrolled; which one the others read is for the flow to say.
        const locale = effect.to === 'ENROLLEE' ? petition.locale : petition.flow.mailLocale;
        const toldStatus = effect.mail === PetitionMailKind.STATUS_CHANGED ? effect.status : null;
        const mails = addressees.map((addressee) => ({ kind: effect.mail, locale, toldStatus, ...addressee }));
        await queueMails(manager, writer, id, mails);
        break;
      }
      case 'FINALIZE':
        break;
    }
  }
  return { enrolleeToken };
}

const ISSUE = `update petitions set enrollee_token_hash = $3, enrollee_token_expires_at = $4
  where tenant_id = $1 and id = $2`;

const END_PETITIONER_TOKEN = `update petitions set petitioner_token_hash = null, petitioner_token_expires_at = null
  where tenant_id = $1 and id = $2`;

const AGREE = `
insert into terms_agreements (id, tenant_id, terms_id, edition, title, petition_id, user_id, is_explicit, agreed_at)
select a.id, $1, t.id, t.edition, t.title, $2, $4, $5, $6
from jsonb_to_recordset($3::jsonb) as a(id uuid, key text)
join terms t on t.tenant_id = $1 and t.id::text || ':' || t.edition = a.key
on conflict do nothing`;
