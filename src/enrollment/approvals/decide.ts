import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../../actor.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { runSql, transact } from '../../database/transact.js';
import type { VettingStatus } from '../../entities/enums.js';
import { refuseFaults, UserErrorCode, fault } from '../../faults.js';
import { type TextRules, textReader } from '../attributes/text.js';
import type { Command } from '../machine/state.js';
import {
  type CommandDone,
  findParties,
  giveCommand,
  type PetitionContext,
  requirePetition,
  runCommand,
} from '../petitions/run-command.js';

/** In characters. */
const LONGEST_COMMENT = 2_000;
/** Of what is kept in the history alone, where an outcome may stand before it. */
const LONGEST_REMARK = 200;

/** What an approver decides. The id is a uuid. */
export interface Decision {
  id: string;
  comment?: string | null;
  /** That the approver was asked whether they mean it. */
  isConfirmed?: boolean | null;
}

/**
 * Approves a petition, for oneself or for somebody who is away; it goes on once as many have approved as its flow asks
 * for. Throws Faults: those of `runCommand`, REQUIRED, TOO_LONG, INVALID, OWN_PETITION, PETITION_ALREADY_DECIDED.
 */
export const approvePetition = (context: PetitionContext, decision: Decision): Promise<CommandDone> =>
  decide(context, 'petitionApprove', 'APPROVE', decision);

/** Denies a petition: one denial ends it. Throws the same Faults. */
export const denyPetition = (context: PetitionContext, decision: Decision): Promise<CommandDone> =>
  decide(context, 'petitionDeny', 'DENY', decision);

async function decide(
  context: PetitionContext,
  via: string,
  kind: 'APPROVE' | 'DENY',
  { id, comment: given, isConfirmed }: Decision,
): Promise<CommandDone> {
  const comment = readText(given, 'comment', { longest: LONGEST_COMMENT, isMultiline: true });
  return runCommand(context, via, id, (_manager, _petition, { actor }) => {
    // Who may decide has a session: applications are no approvers.
    const command: Command = { kind, approverId: actor.userId!, comment, isConfirmed: isConfirmed ?? false };
    return { command };
  });
}

/** Ends a petition because its person is enrolled already. Throws Faults: those of `runCommand`, TOO_LONG, INVALID. */
export async function flagDuplicate(
  context: PetitionContext,
  input: { id: string; comment?: string | null },
): Promise<CommandDone> {
  const comment = readText(input.comment, 'comment', { longest: LONGEST_REMARK });
  return runCommand(context, 'petitionFlagDuplicate', input.id, () => ({
    command: { kind: 'FLAG_DUPLICATE', comment },
  }));
}

const COMMENT = `insert into petition_comments
  (id, tenant_id, petition_id, author_user_id, author_application_id, text, at) values ($1, $2, $3, $4, $5, $6, $7)`;

/**
 * Says what came of vetting. A comment is a private one, as it may tell more of the person than they should read there.
 * Throws Faults: those of `runCommand`, TOO_LONG, INVALID.
 */
export async function recordVetting(
  context: PetitionContext,
  { id, outcome, comment: given }: { id: string; outcome: VettingStatus; comment?: string | null },
): Promise<CommandDone> {
  const comment = readText(given, 'comment', { longest: LONGEST_COMMENT, isMultiline: true });
  return runCommand(context, 'petitionRecordVetting', id, async (manager, petition, writer) => {
    if (comment) await insertComment(manager, writer, petition.id, comment);
    return { command: { kind: 'RECORD_VETTING', outcome } };
  });
}

/**
 * Leaves a comment for those who decide and administer. What it says stands nowhere else: the history and the events tell
 * only that there is one. The same key leaves it once. Throws Faults: those of `runCommand`, REQUIRED, TOO_LONG, INVALID,
 * IDEMPOTENCY_KEY_REUSED.
 */
export async function commentPetition(
  context: PetitionContext,
  { idempotencyKey: key, ...input }: { id: string; text: string; idempotencyKey?: string | null },
): Promise<CommandDone> {
  const text = readText(input.text, 'text', { longest: LONGEST_COMMENT, isMultiline: true });
  refuseFaults([text === null && fault(UserErrorCode.REQUIRED, 'text cannot be empty.', 'text')]);
  const via = 'petitionComment';
  const writer = writerOf(context, via);
  const { tenantId, at } = writer;
  return transact(context.database, tenantId, async (manager) => {
    const petition = await requirePetition(manager, tenantId, input.id);
    const request = { tenantId, at, operation: via, key, input, objectId: petition.id, caller: writer.actor };
    const made = await takeIdempotencyKey(manager, request);
    if (made) return { petitionId: made, faults: [], enrolleeToken: null };
    await insertComment(manager, writer, petition.id, text!);
    const parties = await findParties(manager, context, petition);
    return giveCommand(manager, context, writer, petition, { command: { kind: 'COMMENT' } }, parties);
  });
}

/** Before the command is judged: when it is refused, nothing of this transaction stays. */
async function insertComment(
  manager: EntityManager,
  { tenantId, actor, at }: Writer,
  petitionId: string,
  text: string,
) {
  const author = [actor.userId, actor.applicationId ?? null];
  await runSql(manager, COMMENT, [v7(), tenantId, petitionId, ...author, text, at]);
}

function readText(given: string | null | undefined, name: string, rules: TextRules): string | null {
  const { value, faults } = textReader(rules)(given, name, [name]);
  refuseFaults(faults);
  return value ?? null;
}
