import {
  PetitionAction as A,
  PetitionParty as P,
  PetitionStatus as S,
  PetitionStep,
  SourceMode,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { UserErrorCode } from '../../faults.js';
import { sourcesOf } from './plan.js';
import { addsRole } from './recognize.js';
import { refusal } from './refuse.js';
import type { Run } from './run.js';
import type { Command, PetitionState, Refusal, SourceOutcome } from './state.js';

type Answer = Extract<Command, { kind: 'ANSWER_SOURCE' }>;
type Source = FlowSettings['sources'][number];

const SEARCHED: readonly SourceMode[] = [SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED];
/** What a source says of the person: the petition goes on, waits for the next one, or stands still with the reason. */
export function answerSource(run: Run, command: Answer): Refusal | null {
  const { state } = run;
  const asked = sourcesOf(run.flow, state.step);
  const source = asked.find(({ sourceId }) => sourceId === command.sourceId);
  const refused = source ? refuseAnswer(state, asked, source, command) : refusal(UserErrorCode.NOT_FOUND, NOT_ASKED);
  if (refused || !source) return refused;

  const isOthers = Boolean(command.known) && command.known?.userId !== state.enrolleeUserId;
  const isSearched = SEARCHED.includes(source.mode);
  // A record of somebody else is none of this person's; one that is theirs already counts (ENR-47).
  const outcome = isSearched && isOthers ? 'NOT_FOUND' : command.outcome;
  state.progress.sources[source.sourceId] = outcome;
  const actions: Partial<Record<SourceOutcome, A>> = {
    LINKED: A.SOURCE_RECORD_LINKED,
    NAME_MISMATCH: A.IDENTITY_NOT_LINKED,
  };
  run.tell(actions[outcome] ?? A.SOURCE_CHECKED, outcome);
  if (!isSearched && outcome !== 'LINKED' && isLacking(run, asked, source, outcome)) {
    return standStill(run, asked, source, outcome);
  }
  if (!isSearched && outcome === 'LINKED') {
    if (isOthers && !attachOther(run, command)) return null;
    if (command.account && !state.enrolleeUserId) {
      const { userId, email, isEmailVerified } = command.account;
      state.enrolleeUserId = userId;
      // What was proven here is not given up for what a source merely says.
      if (!state.isEmailVerified) Object.assign(state, { email, isEmailVerified });
    }
  }
  run.proceed();
  return null;
}

const NOT_ASKED = 'The petition does not ask this source now.';

/** Sources answer once each, in their order; CLAIM only about an address that is proven (ENR-49). */
function refuseAnswer(state: PetitionState, asked: Source[], source: Source, command: Answer): Refusal | null {
  const outcomeOf = ({ sourceId }: Source) => state.progress.sources[sourceId];
  if (![undefined, 'UNAVAILABLE'].includes(outcomeOf(source))) {
    return refusal(UserErrorCode.WRONG_STATUS, 'This source has answered already.');
  }
  const isFree = source.mode === SourceMode.SELECT;
  if (!isFree && asked.slice(0, asked.indexOf(source)).some((earlier) => !outcomeOf(earlier))) {
    return refusal(UserErrorCode.WRONG_STATUS, 'Another source is asked before.');
  }
  if (source.mode === SourceMode.CLAIM && command.outcome !== 'SUSPENDED' && !state.isEmailVerified) {
    return refusal(UserErrorCode.WRONG_STATUS, 'The address must be proven before a source is asked about it.');
  }
  if (isFree && command.known && command.known.userId !== state.enrolleeUserId) {
    return refusal(UserErrorCode.TAKEN, 'This record is linked to somebody already.');
  }
  return null;
}

/** Whether the step cannot be done without this record, or with none of those that were asked one after the other. */
function isLacking({ state }: Run, asked: Source[], { mode }: Source, outcome: SourceOutcome): boolean {
  if (mode !== SourceMode.CLAIM || outcome === 'UNAVAILABLE') return outcome !== 'SUSPENDED';
  const outcomes = asked.filter((other) => other.mode === mode).map(({ sourceId }) => state.progress.sources[sourceId]);
  return outcomes.every(Boolean) && !outcomes.every((one) => one === 'SUSPENDED');
}

/** The petition waits in its step, where the source, or all that were asked in turn, can be asked again. */
function standStill(run: Run, asked: Source[], { mode, sourceId }: Source, outcome: SourceOutcome): null {
  const { sources } = run.state.progress;
  const isDown = outcome === 'UNAVAILABLE';
  const inTurn = mode === SourceMode.CLAIM && !isDown ? asked.filter((other) => other.mode === mode) : [];
  for (const id of [sourceId, ...inTurn.map((other) => other.sourceId)]) {
    if (sources[id] !== 'SUSPENDED') delete sources[id];
  }
  const found = isDown
    ? refusal(UserErrorCode.SOURCE_UNAVAILABLE, 'The source did not answer: try again.')
    : refusal(UserErrorCode.NOT_FOUND, 'The source does not know this person.');
  run.fail(found, run.state.step === PetitionStep.COLLECT_IDENTIFIER ? P.ENROLLEE : P.PETITIONER);
  return null;
}

/** The record is linked to somebody: a duplicate, except where the flow gives people another role (section 6). */
function attachOther(run: Run, { known }: Answer): boolean {
  if (!known?.isEnrolled || addsRole(run.flow)) return run.attachKnown(known);
  run.finish(S.DUPLICATE, A.FLAGGED_DUPLICATE, 'The record of the source is linked to somebody already.');
  return false;
}
