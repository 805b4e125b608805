import type { EntityManager } from '@mikro-orm/postgresql';
import { type Writer, writerOf } from '../../actor.js';
import { runSql, transact } from '../../database/transact.js';
import { PetitionParty } from '../../entities/enums.js';
import { type Fault, fault, Faults, UserErrorCode } from '../../faults.js';
import { findApprovable } from '../../database/approvable.js';
import { deciderOf } from '../approvals/decider.js';
import { finalizePetition } from '../finalize/finalize-petition.js';
import { waitsForSources } from '../checks/questions.js';
import { sendCheckJob } from '../checks/send-job.js';
import { advance } from '../machine/advance.js';
import type { Advanced, Command } from '../machine/state.js';
import { isTerminal } from '../machine/transitions.js';
import { dropPetitionRecords } from '../records/drop-petition-records.js';
import { applyEffects } from './effects.js';
import { readFacts } from './facts.js';
import { type LockedPetition, lockPetition } from './locked-petition.js';
import { partiesOf } from './parties.js';
import type { PetitionContext } from './petition-context.js';
import { writeAdvance } from './write-petition.js';

export type { PetitionContext } from './petition-context.js';

/** What came of a command: the petition, and why the step after it could not be done, if so. */
export interface CommandDone {
  petitionId: string;
  faults: readonly Fault[];
  /** The token by which an enrollee without an account goes on; shown this once. */
  enrolleeToken: string | null;
}

/**
 * Gives a petition a command on behalf of the caller, in one transaction under the lock of its row: the status, the
 * history, one event for each row of it, and what the command brings about besides. Throws Faults when it is refused, and
 * nothing has changed then: NOT_YOUR_TURN, WRONG_STATUS, FLOW_NOT_ACTIVE, PETITION_FINISHED, PETITION_ALREADY_DECIDED
 * and those of the command. `prepare` makes the command of the locked petition.
 */
export async function runCommand(
  context: PetitionContext,
  via: string,
  petitionId: string,
  prepare: (manager: EntityManager, petition: LockedPetition, writer: Writer) => Prepared | Promise<Prepared>,
): Promise<CommandDone> {
  const writer = writerOf(context, via);
  return transact(context.database, writer.tenantId, async (manager) => {
    const petition = await requirePetition(manager, writer.tenantId, petitionId);
    const parties = await findParties(manager, context, petition);
    return giveCommand(manager, context, writer, petition, await prepare(manager, petition, writer), parties);
  });
}

/** A command, with what belongs to it and is no matter of the machine. */
export interface Prepared {
  command: Command;
  /** The address as it was written, where the command gives one. */
  email?: string | null;
}

export async function requirePetition(
  manager: EntityManager,
  tenantId: string,
  petitionId: string,
): Promise<LockedPetition> {
  const petition = await lockPetition(manager, tenantId, petitionId);
  if (!petition) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such petition.', 'id')]);
  return petition;
}

/** All that the caller is to a locked petition. */
export async function findParties(
  manager: EntityManager,
  context: PetitionContext,
  { id, state, tokens }: LockedPetition,
): Promise<PetitionParty[]> {
  const { viewer, tenant, clock } = context;
  const parties = partiesOf(context, { ...state, ...tokens }, clock());
  const decider = deciderOf(viewer);
  if (!decider) return parties;
  const approvable = await findApprovable(manager, tenant.id, decider, [id], clock());
  return approvable.has(id) ? [...parties, PetitionParty.APPROVER] : parties;
}

/** Gives a locked petition a command as these parties, and finalizes it where that comes next. */
export async function giveCommand(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  petition: LockedPetition,
  { command, email }: Prepared,
  parties: readonly PetitionParty[],
): Promise<CommandDone> {
  const facts = await readFacts(manager, context, petition, command);
  const outcome = advance(petition.flow, petition.state, command, parties, facts);
  if ('refusal' in outcome) throw new Faults([outcome.refusal]);
  return settle(manager, context, writer, petition, outcome, email);
}

/** Writes what a command led to, does what it brings about, and finalizes the petition where that comes next. */
export async function settle(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  petition: LockedPetition,
  advanced: Advanced,
  email?: string | null,
): Promise<CommandDone> {
  await writeAdvance(manager, writer, petition, advanced.state, advanced.history, { email });
  // How an address is written goes with the address: a link is mailed to no other one.
  const written = email ?? (advanced.state.email === petition.state.email ? petition.email : advanced.state.email);
  const moved = { ...petition, state: advanced.state, email: written };
  const issued = await applyEffects(manager, context, writer, moved, advanced.effects);
  const faults = advanced.failure ? [advanced.failure] : [];
  const done = { petitionId: petition.id, faults, enrolleeToken: issued.enrolleeToken };
  if (!context.answersSources && waitsForSources(moved.flow, moved.state))
    await sendCheckJob(manager, writer.tenantId, petition.id);
  if (moved.flow.sources.length && isTerminal(moved.state.status))
    await dropPetitionRecords(manager, writer.tenantId, petition.id);
  if (!advanced.effects.some(({ kind }) => kind === 'FINALIZE')) return done;
  const failures = await finalize(manager, context, writer, moved);
  return { ...done, faults: [...faults, ...failures] };
}

/**
 * Makes the person and the membership. What cannot be done is undone as far as this step, and written into the history:
 * the petition waits there for an administrator.
 */
async function finalize(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  petition: LockedPetition,
): Promise<readonly Fault[]> {
  const system = [PetitionParty.SYSTEM];
  const facts = { isFlowActive: true, terms: [], factors: [], approvers: [], known: null };
  const write = async (command: Command, membershipId: string | null) => {
    const outcome = advance(petition.flow, petition.state, command, system, facts);
    if ('refusal' in outcome) throw new Error(`A petition could not be finalized: ${outcome.refusal.message}`);
    await writeAdvance(manager, writer, petition, outcome.state, outcome.history, { membershipId });
    await applyEffects(manager, context, writer, { ...petition, state: outcome.state }, outcome.effects);
  };
  await runSql(manager, 'savepoint finalize');
  try {
    const { enrolleeUserId, identifiers, isMerged, membershipId } = await finalizePetition(manager, writer, petition);
    await write({ kind: 'FINALIZED', enrolleeUserId, identifiers, isMerged }, membershipId);
    return [];
  } catch (error) {
    if (!(error instanceof Faults)) throw error;
    await runSql(manager, 'rollback to savepoint finalize');
    await write({ kind: 'FAIL_STEP', message: error.message }, null);
    return error.faults;
  }
}
