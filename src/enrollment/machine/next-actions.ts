import { ApprovalRule, PetitionNextAction, type PetitionParty } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { refuseCommand } from './refuse.js';
import type { PetitionState } from './state.js';

/** What people do to petitions: the rest is the system's. */
export const PETITION_ACTIONS = Object.values(PetitionNextAction);

/**
 * What somebody who is these parties may do now. CONFIRM and DECLINE need the link that was mailed besides; who may not
 * decide on their own petition, or has approved already, is not offered to.
 */
export function nextActions(
  flow: Pick<FlowSettings, 'allowsOwnApproval' | 'approvalRule'>,
  state: PetitionState,
  parties: readonly PetitionParty[],
  isFlowActive: boolean,
  userId: string | null,
): PetitionNextAction[] {
  const isOwn = userId !== null && [state.petitionerUserId, state.enrolleeUserId].includes(userId);
  const kept = isOwn && !flow.allowsOwnApproval ? ['APPROVE', 'DENY'] : [];
  // Where all must approve, it counts again once the last who had not is no approver any more.
  const mayCountAgain = flow.approvalRule === ApprovalRule.ALL;
  if (userId !== null && state.progress.approvals.includes(userId) && !mayCountAgain) kept.push('APPROVE');
  return PETITION_ACTIONS.filter((kind) => !kept.includes(kind) && !refuseCommand(state, kind, parties, isFlowActive));
}
