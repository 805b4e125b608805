import { DuplicateMode, PetitionAction as A, PetitionParty as P } from '../../entities/enums.js';
import { UserErrorCode } from '../../faults.js';
import { refusal } from './refuse.js';
import type { Run } from './run.js';
import type { Command, MatchDelay, Refusal } from './state.js';

type Answer = Extract<Command, { kind: 'ANSWER_MATCH' }>;

/** What the match server says (section 5 of the rules of enrollment). Without an answer the petition stays as it is. */
export function answerMatch(run: Run, command: Answer): null {
  const { flow, state } = run;
  const { progress } = state;
  if (command.outcome === 'ERROR' || command.outcome === 'PENDING') return delay(run, command.outcome);
  run.tell(A.MATCH_RESULT, command.outcome);
  delete progress.matchDelays;
  delete progress.matchChoice;
  if (command.outcome === 'CHOICES') {
    progress.matchCandidates = structuredClone([...command.candidates]);
    // They are people: nobody sees them who has not signed in.
    state.waitsFor = progress.isAuthenticated ? P.PETITIONER : P.ADMINISTRATOR;
    return null;
  }
  if (command.outcome === 'KNOWN') {
    if (flow.duplicateMode === DuplicateMode.MERGE) {
      const message = 'The match server knows this person; a match server and merging do not go together.';
      run.fail(refusal(UserErrorCode.MANUAL_ACTION_NEEDED, message), P.ADMINISTRATOR);
      return null;
    }
    if (!run.attachKnown(command.known)) return null;
  }
  progress.isMatched = true;
  if (command.outcome !== 'SUSPENDED' && command.identifier) progress.matchIdentifier = command.identifier;
  run.pass();
  return null;
}

/** It is asked again, until it answers: the history tells once that it does not, however long that lasts. */
function delay(run: Run, outcome: MatchDelay): null {
  const { state } = run;
  const told = state.progress.matchDelays ?? [];
  const message =
    outcome === 'ERROR'
      ? 'The match server did not answer: it is asked again.'
      : 'The match server looks into it: it is asked again.';
  const found = refusal(UserErrorCode.SOURCE_UNAVAILABLE, message);
  if (told.includes(outcome)) {
    run.standStill(found, P.SYSTEM);
    return null;
  }
  state.progress.matchDelays = [...told, outcome];
  run.tell(A.MATCH_RESULT, outcome);
  run.fail(found, P.SYSTEM);
  return null;
}

/** Which of the people whom the match server named it is: the choice is sent back to it. */
export function chooseMatch(run: Run, referenceId: string | null): Refusal | null {
  const { state } = run;
  const candidates = state.progress.matchCandidates ?? [];
  if (referenceId !== null && !candidates.some((candidate) => candidate.referenceId === referenceId)) {
    return refusal(UserErrorCode.NOT_FOUND, 'The match server did not name this one.', 'referenceId');
  }
  delete state.progress.matchCandidates;
  state.progress.matchChoice = referenceId ?? NONE_OF_THEM;
  state.waitsFor = P.SYSTEM;
  run.tell(A.MATCH_CHOSEN, referenceId === null ? 'None of them.' : null);
  return null;
}

/** What match servers call somebody who is none of those whom they know. */
const NONE_OF_THEM = 'new';
