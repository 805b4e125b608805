import { DuplicateMode, PetitionAction as A, PetitionParty as P } from '../../entities/enums.js';
import { UserErrorCode } from '../../faults.js';
import { refusal } from './refuse.js';
import type { Run } from './run.js';
import type { Command, Refusal } from './state.js';

/** What the match server says (section 5 of the rules of enrollment). Without an answer the petition stays as it is. */
export function answerMatch(run: Run, command: Extract<Command, { kind: 'ANSWER_MATCH' }>): Refusal | null {
  const { flow, state } = run;
  const isKnown = command.outcome === 'KNOWN';
  if (isKnown && flow.duplicateMode === DuplicateMode.MERGE) {
    return refusal(UserErrorCode.MANUAL_ACTION_NEEDED, 'A match server and merging do not go together.');
  }
  run.tell(A.MATCH_RESULT, command.outcome);
  if (command.outcome === 'ERROR' || command.outcome === 'PENDING') {
    const message = command.outcome === 'ERROR' ? 'The match server did not answer.' : 'The match server is at it.';
    run.fail(refusal(UserErrorCode.SOURCE_UNAVAILABLE, message), P.SYSTEM);
    return null;
  }
  if (command.outcome === 'CHOICES') {
    state.waitsFor = P.PETITIONER;
    return null;
  }
  if (isKnown && !run.attachKnown(command.known)) return null;
  state.progress.isMatched = true;
  run.pass();
  return null;
}
