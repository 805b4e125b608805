import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql } from '../../database/transact.js';
import { PetitionAction, PetitionStatus } from '../../entities/enums.js';
import { Petition } from '../../entities/petition.js';
import type { Fact } from '../../events/catalogue.js';
import { recordEvents } from '../../events/record.js';
import { nextDue } from '../machine/due.js';
import type { HistoryEntry, PetitionState } from '../machine/state.js';
import { isTerminal } from '../machine/transitions.js';
import type { LockedPetition } from './locked-petition.js';

/** Writes a petition as it begins, before it has gone anywhere: {@link writeAdvance} follows in the same transaction. */
export async function insertPetition(
  manager: EntityManager,
  { tenantId, at }: Writer,
  petition: LockedPetition & { flowVersionId: string },
): Promise<void> {
  const { state, approvers, tokens } = petition;
  manager.create(Petition, {
    id: petition.id,
    tenantId,
    flowId: petition.flowId,
    flowVersionId: petition.flowVersionId,
    organizationId: state.organizationId,
    petitionerUserId: state.petitionerUserId,
    enrolleeUserId: state.enrolleeUserId,
    petitionerTokenHash: tokens.petitionerTokenHash,
    petitionerTokenExpiresAt: tokens.petitionerTokenExpiresAt && new Date(tokens.petitionerTokenExpiresAt),
    progress: state.progress,
    email: petition.email,
    emailNormalized: state.email,
    isEmailVerified: state.isEmailVerified,
    locale: petition.locale,
    returnUrl: petition.returnUrl,
    approverKind: approvers?.kind ?? null,
    approverRoleId: approvers?.roleId ?? null,
    approverOrganizationId: approvers?.organizationId ?? null,
    waitsSince: at,
    expiresAt: petition.expiresAt,
    createdAt: at,
    updatedAt: at,
  });
  await manager.flush();
}

/** The end of a petition can be read for an hour by the token of somebody without an account. */
const UPDATE = `
update petitions set status = $3, step = $4, waits_for = $5, petitioner_user_id = $6, enrollee_user_id = $7, progress = $8,
  email_normalized = $9, email = case when $9::text is null then null when email_normalized = $9 then email
    else coalesce($10, $9) end,
  is_email_verified = $11, vetting_status = $12, reminders = $13, is_escalated = $14, waits_since = $15, due_at = $16,
  updated_at = $17, finished_at = $18, version = version + 1,
  petitioner_token_expires_at = case when $18::timestamptz is null then petitioner_token_expires_at
    else least(petitioner_token_expires_at, $18 + interval '1 hour') end,
  enrollee_token_expires_at = case when $18::timestamptz is null then enrollee_token_expires_at
    else least(enrollee_token_expires_at, $18 + interval '1 hour') end
where tenant_id = $1 and id = $2`;

const HISTORY = `
insert into petition_history
  (id, tenant_id, petition_id, sequence, action, status_before, status_after, comment, party, actor_user_id,
   actor_application_id, at)
select h.id, $1, $2, coalesce((select max(sequence) from petition_history where tenant_id = $1 and petition_id = $2), 0)
    + h.number, h.action, h."before", h."after", h.comment, h.party, $4, $5, $6
from jsonb_to_recordset($3::jsonb) as h(id uuid, number int, action text, "before" text, "after" text, comment text,
  party text)`;

/**
 * Writes what a command led to: the row, its history, and one event for each row of the history. `written` is the address
 * as it was given, where it is new.
 */
export async function writeAdvance(
  manager: EntityManager,
  writer: Writer,
  petition: LockedPetition,
  next: PetitionState,
  history: readonly HistoryEntry[],
  written: { email?: string | null; membershipId?: string | null } = {},
): Promise<void> {
  const { tenantId, at, actor } = writer;
  const waitsSince =
    next.step === petition.state.step && next.status === petition.state.status ? petition.waitsSince : at;
  const due = nextDue(petition.flow, next, { expiresAt: petition.expiresAt, waitsSince });
  await runSql(manager, UPDATE, [
    tenantId,
    petition.id,
    next.status,
    next.step,
    next.waitsFor,
    next.petitionerUserId,
    next.enrolleeUserId,
    JSON.stringify(next.progress),
    next.email,
    written.email ?? null,
    next.isEmailVerified,
    next.vettingStatus,
    next.reminders,
    next.isEscalated,
    waitsSince,
    due?.at ?? null,
    at,
    isTerminal(next.status) ? at : null,
  ]);
  await addHistory(manager, writer, petition.id, history);
  const facts = history.map((entry) => toFact(petition, next, entry, written.membershipId ?? null));
  await recordEvents(manager, { tenantId, at, actor }, facts);
}

/** Adds rows to the history of a petition that the caller has locked. */
export async function addHistory(
  manager: EntityManager,
  { tenantId, at, actor }: Writer,
  petitionId: string,
  history: readonly HistoryEntry[],
): Promise<void> {
  if (!history.length) return;
  const rows = history.map((entry, index) => ({ ...entry, id: v7(), number: index + 1 }));
  await runSql(manager, HISTORY, [
    tenantId,
    petitionId,
    JSON.stringify(rows),
    actor.userId,
    actor.applicationId ?? null,
    at,
  ]);
}

/** What the event of a row of the history says. */
export function toFact(
  { id, flowId, flowVersion, flow }: Pick<LockedPetition, 'id' | 'flowId' | 'flowVersion' | 'flow'>,
  { organizationId, enrolleeUserId, petitionerUserId }: PetitionState,
  { action, party, before, after }: HistoryEntry,
  membershipId: string | null,
): Fact {
  const userId = enrolleeUserId ?? petitionerUserId;
  const about = { organizationId, userId, objectId: id };
  if (action === PetitionAction.CREATED) {
    const flowGlobalId = flowId && toGlobalId('EnrollmentFlow', flowId);
    return { type: 'petition.created', ...about, after: { flowId: flowGlobalId, flowVersion } };
  }
  if (action === PetitionAction.PROVISIONED) {
    const done = {
      userId: toGlobalId('User', enrolleeUserId!),
      membershipId: membershipId && toGlobalId('Membership', membershipId),
      accountSystems: flow.accountSystems,
    };
    return { type: 'petition.finalized', ...about, after: done };
  }
  if (!before || !after) return { type: 'petition.advanced', ...about, after: { action, party } };
  const types = {
    [PetitionStatus.CONFIRMED]: 'petition.confirmed',
    [PetitionStatus.APPROVED]: 'petition.approved',
    [PetitionStatus.DENIED]: 'petition.denied',
    [PetitionStatus.DUPLICATE]: 'petition.flagged_duplicate',
  } as const;
  const type = types[after as keyof typeof types] ?? 'petition.status_changed';
  return { type, ...about, before: { status: before }, after: { status: after, party } };
}
