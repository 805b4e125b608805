import { PetitionAction as A, PetitionParty as P, PetitionStatus as S, SourceMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { UserErrorCode } from '../../faults.js';
import { sourcesOf } from './plan.js';
import { addsRole } from './recognize.js';
import { refusal } from './refuse.js';
import type { Run } from './run.js';
import { dueMode, hasAnswered, openSources, refuseClaim, SEARCHED, waiterOf } from './settled-sources.js';
import type { Command, Refusal, SourceOutcome } from './state.js';

type Answer = Extract<Command, { kind: 'ANSWER_SOURCE' }>;
type Source = FlowSettings['sources'][number];

/** With a record of these somebody has signed in. */
const SIGNING_IN: readonly SourceMode[] = [SourceMode.AUTHENTICATE, SourceMode.IDENTIFY];

/** What a source says of the person: the petition goes on, waits for the next one, or stands still with the reason. */
export function answerSource(run: Run, command: Answer): Refusal | null {
  const { state } = run;
  const asked = sourcesOf(run.flow, state.step);
  const source = asked.find(({ sourceId }) => sourceId === command.sourceId);
  const refused = source ? refuseAnswer(run, asked, source, command) : refusal(UserErrorCode.NOT_FOUND, NOT_ASKED);
  if (refused || !source) return refused;
  if (command.outcome === 'UNAVAILABLE') return failToAnswer(run, source);

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
  if (!isSearched && outcome === 'LINKED') {
    if (isOthers && !attachOther(run, command)) return null;
    takeRecord(run, source, command);
  } else if (source.mode === SourceMode.CLAIM) {
    // Another source may know the address; else it takes another one.
    const isOver = state.isEmailVerified && dueMode(run.flow, state) === SourceMode.CLAIM;
    if (isOver && !openSources(run.flow, state).length)
      return halt(run, 'No source knows this address: give another one.');
  } else if (!isSearched && outcome !== 'SUSPENDED') {
    // Who signs in, or chooses, may do so again.
    delete state.progress.sources[source.sourceId];
    return halt(run, 'The source does not know this person.');
  }
  run.proceed();
  return null;
}

const NOT_ASKED = 'The petition does not ask this source now.';

function halt(run: Run, message: string): null {
  run.fail(refusal(UserErrorCode.NOT_FOUND, message), waiterOf(run.flow, run.state));
  return null;
}

/** Sources answer once each, in their order; CLAIM only about the address that is proven (ENR-49). */
function refuseAnswer({ flow, state }: Run, asked: Source[], source: Source, command: Answer): Refusal | null {
  const { mode } = source;
  if (hasAnswered(state, source)) return refusal(UserErrorCode.WRONG_STATUS, 'This source has answered already.');
  const earlier = mode === SourceMode.SELECT ? [] : asked.slice(0, asked.indexOf(source));
  const isPassedOver = (other: Source) =>
    hasAnswered(state, other) ||
    (other.mode === mode && !SIGNING_IN.includes(mode) && other.sourceId in state.progress.sources);
  if (!earlier.every(isPassedOver) && !SEARCHED.includes(mode)) {
    return refusal(UserErrorCode.WRONG_STATUS, 'Another source is asked before.');
  }
  if (mode === SourceMode.CLAIM && command.outcome !== 'SUSPENDED') {
    const refused = refuseClaim(flow, state);
    if (refused) return refused;
    const isAbout = command.about === undefined || command.about === state.email;
    if (!state.isEmailVerified || !isAbout) {
      return refusal(UserErrorCode.WRONG_STATUS, 'The address must be proven before a source is asked about it.');
    }
  }
  if (mode === SourceMode.SELECT && command.known && command.known.userId !== state.enrolleeUserId) {
    return refusal(UserErrorCode.TAKEN, 'This record is linked to somebody already.');
  }
  return null;
}

/**
 * An outage is no answer (ENR-48): who signs in or chooses tries again, and the system asks again by itself, for as long as
 * it takes. The history tells once that the source does not answer.
 */
function failToAnswer(run: Run, { sourceId }: Source): null {
  const { flow, state } = run;
  const isTold = state.progress.sources[sourceId] === 'UNAVAILABLE';
  state.progress.sources[sourceId] = 'UNAVAILABLE';
  const waiter = waiterOf(flow, state);
  const message =
    waiter === P.SYSTEM ? 'The source did not answer: it is asked again.' : 'The source did not answer: try again.';
  const found = refusal(UserErrorCode.SOURCE_UNAVAILABLE, message);
  if (isTold) {
    run.standStill(found, waiter);
    return null;
  }
  run.tell(A.SOURCE_CHECKED, 'UNAVAILABLE');
  run.fail(found, waiter);
  return null;
}

/** The petition goes on with the person's record: their account, and the address where none was proven. */
function takeRecord({ state }: Run, { mode }: Source, { account, email }: Answer): void {
  if (SIGNING_IN.includes(mode)) state.progress.isAuthenticated = true;
  if (account && !state.enrolleeUserId) {
    state.enrolleeUserId = account.userId;
    // What was proven here is not given up for what a source merely says.
    if (!state.isEmailVerified)
      Object.assign(state, { email: account.email, isEmailVerified: account.isEmailVerified });
  }
  if (email && !state.isEmailVerified && mode !== SourceMode.CLAIM) {
    Object.assign(state, { email: email.normalized, isEmailVerified: email.isVerified });
  }
}

/** The record is linked to somebody: a duplicate, except where the flow gives people another role (section 6). */
function attachOther(run: Run, { known }: Answer): boolean {
  if (!known?.isEnrolled || addsRole(run.flow)) return run.attachKnown(known);
  run.finish(S.DUPLICATE, A.FLAGGED_DUPLICATE, 'The record of the source is linked to somebody already.');
  return false;
}
