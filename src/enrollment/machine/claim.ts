import { PetitionAction as A, SourceMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { UserErrorCode } from '../../faults.js';
import { refusal } from './refuse.js';
import type { Run } from './run.js';
import { dueMode, refuseClaim } from './settled-sources.js';
import type { GivenEmail, PetitionState, Refusal } from './state.js';

/**
 * The petitioner gives the address that a CLAIM source is to be asked about (ENR-49). One that is proven is asked about at
 * once; to any other a link is mailed, and nothing is asked before it was opened. The address before, its link and what
 * sources have said of it are given up.
 */
export function giveEmail(run: Run, email: GivenEmail): Refusal | null {
  const { flow, state } = run;
  if (dueMode(flow, state) !== SourceMode.CLAIM) {
    return refusal(UserErrorCode.WRONG_STATUS, 'No source is to be asked about an address now.');
  }
  const refused = refuseClaim(flow, state);
  if (refused) return refused;
  const isProven = email.isVerified || isProvenAlready(state, email);
  run.revokeProof();
  forgetAnswers(flow, state);
  Object.assign(state, { email: email.normalized, isEmailVerified: isProven });
  run.tell(A.EMAIL_GIVEN);
  if (!isProven) {
    state.progress.isProvingEmail = true;
    run.effects.push({ kind: 'SEND_CONFIRMATION', isReminder: false });
    run.tell(A.CONFIRMATION_SENT);
  }
  run.proceed();
  return null;
}

/** The petitioner has opened the link: the address is theirs, and the sources are asked about it. */
export function proveEmail(run: Run): null {
  run.state.isEmailVerified = true;
  run.revokeProof();
  run.tell(A.EMAIL_PROVEN);
  run.proceed();
  return null;
}

/** Whether an address is the one that this petition has proven. */
export function isProvenAlready({ email, isEmailVerified }: PetitionState, { normalized }: GivenEmail): boolean {
  return isEmailVerified && email === normalized;
}

/** What CLAIM sources said was of the address before. Whether they can be reached, and are suspended, is not. */
function forgetAnswers({ sources }: FlowSettings, { progress }: PetitionState): void {
  for (const { mode, sourceId } of sources) {
    const outcome = progress.sources[sourceId];
    if (mode === SourceMode.CLAIM && (outcome === 'NOT_FOUND' || outcome === 'NAME_MISMATCH')) {
      delete progress.sources[sourceId];
    }
  }
}
