import { ApprovalRule, PetitionNextAction as N, PetitionParty as P, SourceMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { refuseCommand } from './refuse.js';
import { dueMode, refuseClaim } from './settled-sources.js';
import type { PetitionState } from './state.js';
import { isTerminal } from './transitions.js';

/** What people do to petitions: the rest is the system's. */
export const PETITION_ACTIONS = Object.values(N);

/**
 * What somebody who is these parties may do now. CONFIRM and DECLINE need the link that was mailed besides; who may not
 * decide on their own petition, or has approved already, is not offered to.
 */
export function nextActions(
  flow: FlowSettings,
  state: PetitionState,
  parties: readonly P[],
  isFlowActive: boolean,
  userId: string | null,
): N[] {
  const isOwn = userId !== null && [state.petitionerUserId, state.enrolleeUserId].includes(userId);
  const kept = isOwn && !flow.allowsOwnApproval ? ['APPROVE', 'DENY'] : [];
  // Where all must approve, it counts again once the last who had not is no approver any more.
  const mayCountAgain = flow.approvalRule === ApprovalRule.ALL;
  if (userId !== null && state.progress.approvals.includes(userId) && !mayCountAgain) kept.push('APPROVE');
  const mode = isFlowActive && !isTerminal(state.status) ? dueMode(flow, state) : null;
  return PETITION_ACTIONS.filter((kind) => {
    switch (kind) {
      // What comes of these, the system answers.
      case N.SIGN_IN_AT_SOURCE:
        return (
          (mode === SourceMode.AUTHENTICATE && parties.includes(P.PETITIONER)) ||
          (mode === SourceMode.IDENTIFY && parties.includes(P.ENROLLEE))
        );
      case N.SELECT_SOURCE_RECORD:
        return mode === SourceMode.SELECT && [P.PETITIONER, P.ADMINISTRATOR].some((party) => parties.includes(party));
      case N.GIVE_EMAIL: {
        const isAsked = mode === SourceMode.CLAIM && !refuseClaim(flow, state);
        return isAsked && !refuseCommand(state, kind, parties, isFlowActive);
      }
      default:
        return !kept.includes(kind) && !refuseCommand(state, kind, parties, isFlowActive);
    }
  });
}
