import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind, PetitionParty, SourceMode } from '../../entities/enums.js';
import type { FlowSource } from '../../entities/flow-settings.js';
import type { Command, SourceOutcome } from '../machine/state.js';
import { isTerminal } from '../machine/transitions.js';
import { findPetition, type LockedPetition, lockPetition } from '../petitions/locked-petition.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import { giveCommand } from '../petitions/run-command.js';
import { createSystemContext, type SystemServices } from '../petitions/system-context.js';
import type { SourceClients } from '../sources/clients.js';
import { findSource, type Source } from '../sources/source.js';
import { askMatchServer } from './ask-match.js';
import { askSource, type SourceAnswer } from './ask-source.js';
import { asksMatchServer, questionsOf, waitsForSources } from './questions.js';
import { type Read, readAddresses } from './read-person.js';
import { recordSourceCheck, type SourceCheck } from './record-check.js';
import { type CheckJob, sendCheckJob, sendCheckJobLater } from './send-job.js';
import { takeHits } from './take-hits.js';

/** What the job works with. */
export type CheckServices = SystemServices & { sources: SourceClients };

/** How long one job asks for a petition before others have their turn; each call to a source has its own limit besides. */
const TURN_MILLISECONDS = 60_000;
const VIA = 'runSourceChecks';

/** What is to be asked next, and all on which the answer rests: an answer counts while this is as it was. */
interface Asked {
  question: FlowSource;
  source: Source | null;
  /** Whom it is about: null is a newcomer. */
  userId: string | null;
  addresses: string[];
}

/**
 * Asks the sources that a petition waits for, one after the other in their order, until nothing waits (section 6 of the
 * rules of enrollment). Each is asked outside of transactions, and without any lock; its answer is written and given to
 * the petition in one transaction, unless what was asked has changed meanwhile. What does not answer is asked again by a
 * later job: it never counts as a "no" (ENR-48). Called for a petition by one process at a time: the queue sees to that.
 * When a process dies, nothing is half written, and the next one asks anew. `signal`: nothing more is asked.
 */
export async function runSourceChecks(services: CheckServices, job: CheckJob, signal: AbortSignal): Promise<void> {
  const { database, sources } = services;
  const { tenantId, petitionId } = job;
  const context: PetitionContext = { ...(await createSystemContext(services, tenantId)), answersSources: true };
  const read: Read = (text, values) => database.read(tenantId, text, values);
  const silent = new Set<string>();
  const end = performance.now() + TURN_MILLISECONDS;

  for (;;) {
    const petition = await findPetition(database, tenantId, petitionId);
    if (!petition || isTerminal(petition.state.status)) return;
    const isOver = signal.aborted || performance.now() >= end;
    if (isOver) return transact(database, tenantId, (manager) => sendCheckJob(manager, tenantId, petitionId));
    if (!petition.isFlowActive) {
      // A suspended flow may come back; a deleted one does not.
      if (petition.flowId && waitsForSources(petition.flow, petition.state))
        await transact(database, tenantId, (manager) => sendCheckJobLater(manager, job));
      return;
    }
    if (asksMatchServer(petition.state) && !silent.has('MATCH')) {
      if ((await askMatchServer({ ...context, sources }, petitionId, signal)) === 'LATER') silent.add('MATCH');
      continue;
    }
    const asked = await findQuestion(read, tenantId, petition, silent);
    if (!asked) break;
    const question = { ...asked, mode: asked.question.mode };
    const answer = await askSource({ database, sources }, tenantId, question, signal);
    const isSilent = await transact(database, tenantId, (manager) => giveAnswer(manager, context, job, asked, answer));
    if (isSilent) silent.add(asked.question.sourceId);
  }
  if (silent.has('MATCH')) await transact(database, tenantId, (manager) => sendCheckJobLater(manager, job));
}

/** The next source that a petition waits for, and has not just failed to answer; null: none. */
async function findQuestion(
  read: Read,
  tenantId: string,
  petition: LockedPetition,
  silent: ReadonlySet<string>,
): Promise<Asked | null> {
  const question = questionsOf(petition.flow, petition.state).find(({ sourceId }) => !silent.has(sourceId));
  if (!question) return null;
  return {
    question,
    source: await findSource(read, tenantId, question.sourceId),
    userId: petition.state.enrolleeUserId,
    addresses: await readAddresses(read, tenantId, petition, question.mode),
  };
}

/**
 * Writes an answer, and lets the petition go on by it; nothing where something else is to be asked by now. Gives whether
 * there was no answer that counts: then the source is asked again later.
 */
async function giveAnswer(
  manager: EntityManager,
  context: PetitionContext,
  job: CheckJob,
  asked: Asked,
  answer: SourceAnswer,
): Promise<boolean> {
  const { tenantId, petitionId } = job;
  const writer: Writer = { tenantId, at: context.clock(), actor: { kind: ActorKind.SYSTEM, userId: null, via: VIA } };
  const petition = await lockPetition(manager, tenantId, petitionId);
  const isUnanswered = answer.kind === 'UNAVAILABLE';
  if (!petition?.isFlowActive) return isUnanswered;
  const { question } = asked;
  const others = questionsOf(petition.flow, petition.state)
    .map(({ sourceId }) => sourceId)
    .filter((sourceId) => sourceId !== question.sourceId);
  const read: Read = (text, values) => runSql(manager, text, values);
  const now = await findQuestion(read, tenantId, petition, new Set(others));
  if (!isDeepStrictEqual(now, asked)) {
    // It is looked at again at once. What did not answer about something else may answer about this.
    if (isUnanswered) await sendCheckJob(manager, tenantId, petitionId);
    return isUnanswered;
  }
  const { check, command } = await toAnswer(manager, context, writer, petition, asked, answer);
  await recordSourceCheck(manager, writer, petitionId, check);
  const isSilent = check.outcome === 'UNAVAILABLE';
  if (isSilent) await sendCheckJobLater(manager, job);
  // The history tells once that a source did not answer, however often it is asked.
  const isTold = petition.state.progress.sources[question.sourceId] === 'UNAVAILABLE';
  if (!isSilent || !isTold) await giveCommand(manager, context, writer, petition, { command }, [PetitionParty.SYSTEM]);
  return isSilent;
}

type Answer = Extract<Command, { kind: 'ANSWER_SOURCE' }>;

/** What an answer comes to: the row that is kept of it, and the command for the petition. Takes the records. */
async function toAnswer(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  petition: LockedPetition,
  { question, source, addresses }: Asked,
  answer: SourceAnswer,
): Promise<{ check: SourceCheck; command: Answer }> {
  const { sourceId, mode } = question;
  const about = mode === SourceMode.CLAIM ? { about: petition.state.email } : {};
  const named = { id: sourceId, name: source?.name ?? 'a source that is gone' };
  const say = (outcome: SourceOutcome, more: Partial<SourceCheck> = {}, given: Partial<Answer> = {}) => ({
    check: { source: named, mode, outcome, hits: 0, ...more },
    command: { kind: 'ANSWER_SOURCE' as const, sourceId, outcome, ...about, ...given },
  });
  if (answer.kind === 'SUSPENDED' || !source) return say('SUSPENDED');
  if (answer.kind === 'UNAVAILABLE') {
    const { errorCode, message } = answer;
    return say('UNAVAILABLE', { errorCode, message });
  }
  const { records, references } = answer;
  const how = { ...question, findsPerson: mode === SourceMode.CLAIM, references };
  const { outcome, account, known, ...taken } = await takeHits(
    manager,
    context,
    writer,
    petition,
    source,
    records,
    how,
  );
  // The source knows the person, and what it says could not be taken: that is no "no" either.
  const isUntaken = outcome !== 'LINKED' && taken.message !== null;
  if (isUntaken) return say('UNAVAILABLE', { hits: taken.hits, message: taken.message });
  const others = known ? 'What it knows is linked to somebody else.' : null;
  const nothing = addresses.length ? null : 'There is no verified address to search by.';
  const message = taken.message ?? others ?? nothing;
  return say(outcome, { ...taken, message }, { account, known });
}
