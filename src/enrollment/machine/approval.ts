import { ApprovalRule, DecisionDemand } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { UserErrorCode } from '../../faults.js';
import { refusal } from './refuse.js';
import type { Facts, PetitionState, Refusal } from './state.js';

type Decision = { approverId: string; comment: string | null; isConfirmed: boolean };

/**
 * Why an approver may not decide like this: their own petition, no comment, no confirmation, or a second time. Approving
 * again is of use where all must approve, and the last who had not is no approver any more.
 */
export function refuseDecision(
  flow: FlowSettings,
  state: PetitionState,
  { approverId, comment, isConfirmed }: Decision,
  isApproval: boolean,
  approvers: Facts['approvers'],
): Refusal | null {
  if (isOwn(state, approverId) && !flow.allowsOwnApproval) {
    return refusal(UserErrorCode.OWN_PETITION, 'Somebody else must decide on your own petition.');
  }
  if (isDemanded(flow.decisionComment, isApproval) && !comment?.trim()) {
    return refusal(UserErrorCode.REQUIRED, 'A comment must say why.', 'comment');
  }
  if (isDemanded(flow.decisionConfirmation, isApproval) && !isConfirmed) {
    return refusal(UserErrorCode.REQUIRED, 'The decision must be confirmed: give isConfirmed.', 'isConfirmed');
  }
  const { approvals } = state.progress;
  if (isApproval && approvals.includes(approverId) && !isApproved(flow, state, approvals, approvers)) {
    return refusal(UserErrorCode.PETITION_ALREADY_DECIDED, 'You have approved already: it waits for other approvers.');
  }
  const isSeated = flow.approvalRule !== ApprovalRule.N_OF_M || seatOf(flow, state, approverId, approvers) !== null;
  if (isApproval && !isSeated) {
    const message = 'Whoever you act for counts as having approved already: it waits for other approvers.';
    return refusal(UserErrorCode.PETITION_ALREADY_DECIDED, message);
  }
  return null;
}

/**
 * As which approver somebody's approval counts, of N_OF_M: as themselves; or, where they only act for others, as one of
 * those who does not count yet. So nobody counts more than once by naming delegates. Null: as nobody.
 */
export function seatOf(
  flow: FlowSettings,
  state: PetitionState,
  approverId: string,
  approvers: Facts['approvers'],
): string | null {
  const taken = state.progress.seats ?? [];
  const absent = approvers.filter(({ delegateIds }) => delegateIds.includes(approverId));
  const isThemselves = absent.length === 0 || approvers.some(({ userId }) => userId === approverId);
  const seats = isThemselves ? [approverId] : absent.map(({ userId }) => userId);
  const isOpen = (userId: string) => !taken.includes(userId) && (flow.allowsOwnApproval || !isOwn(state, userId));
  return seats.find(isOpen) ?? null;
}

/**
 * Whether these approvals suffice. ALL: each approver has approved, or somebody who acts for them; those who may not
 * decide, as it is their own petition, are not waited for. N_OF_M counts approvers, each once ({@link seatOf}).
 */
export function isApproved(
  flow: FlowSettings,
  state: PetitionState,
  approvals: readonly string[],
  approvers: Facts['approvers'],
): boolean {
  if (flow.approvalRule === ApprovalRule.N_OF_M)
    return (state.progress.seats ?? []).length >= (flow.approvalCount ?? 1);
  if (flow.approvalRule === ApprovalRule.ANY) return approvals.length > 0;
  return approvers
    .filter(({ userId }) => flow.allowsOwnApproval || !isOwn(state, userId))
    .every(
      ({ userId, delegateIds }) =>
        [userId, ...delegateIds].some((id) => approvals.includes(id)) || state.progress.represented?.includes(userId),
    );
}

function isOwn({ petitionerUserId, enrolleeUserId }: PetitionState, userId: string): boolean {
  return userId === petitionerUserId || userId === enrolleeUserId;
}

function isDemanded(demand: DecisionDemand, isApproval: boolean): boolean {
  return demand === DecisionDemand.ALWAYS || demand === (isApproval ? DecisionDemand.APPROVAL : DecisionDemand.DENIAL);
}
