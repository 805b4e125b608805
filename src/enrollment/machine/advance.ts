import {
  ApprovalRule,
  FlowAuthorization,
  MatchPolicy,
  PetitionAction as A,
  PetitionMailKind,
  PetitionParty as P,
  PetitionStatus as S,
  PetitionStep,
  TermsMode,
  VettingStatus,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { UserErrorCode } from '../../faults.js';
import { isApproved, refuseDecision, seatOf } from './approval.js';
import { asksToConfirm, isAdministrative, sourcesOf } from './plan.js';
import { partyOf, refusal, refuseCommand } from './refuse.js';
import { giveEmail, isProvenAlready, proveEmail } from './claim.js';
import { answerMatch, chooseMatch } from './match.js';
import { recognize } from './recognize.js';
import { Run } from './run.js';
import { answerSource } from './sources.js';
import type { Account, Advanced, Command, Facts, GivenEmail, Outcome, PetitionState, Refusal } from './state.js';

/** Who starts a petition, and for where. */
export interface Beginning {
  /** Null for nobody, and for applications. */
  petitioner: Account | null;
  organizationId: string | null;
  /** Whom a pipeline enrolls: nobody started it, and nothing is asked before they confirm (ENR-71). */
  enrolled?: Account | null;
}

/**
 * A new petition: it goes through the steps at once, as far as nobody is needed. A flow that everybody may start never
 * records who did, signed in or not (COmanage's petitioner binding). Pure.
 */
export function begin(flow: FlowSettings, { petitioner, organizationId, enrolled }: Beginning, facts: Facts): Advanced {
  const isRecorded = flow.authorization !== FlowAuthorization.NONE && !enrolled;
  const bound = isRecorded ? petitioner : null;
  const isSelf = flow.match === MatchPolicy.SELF && bound !== null;
  const enrollee = enrolled ?? (isSelf ? bound : null);
  const party = enrolled ? P.SYSTEM : P.PETITIONER;
  const state: PetitionState = {
    status: S.CREATED,
    step: PetitionStep.START,
    waitsFor: P.PETITIONER,
    petitionerUserId: bound?.userId ?? null,
    enrolleeUserId: enrollee?.userId ?? null,
    organizationId,
    email: enrollee?.email ?? null,
    isEmailVerified: enrollee?.isEmailVerified ?? false,
    vettingStatus: null,
    reminders: 0,
    isEscalated: false,
    progress: {
      hasAttributes: false,
      isMatched: false,
      sources: {},
      approvals: [],
      isMerge: false,
      isNewRole: false,
      isAuthenticated: isRecorded,
    },
  };
  const run = new Run(flow, state, facts, party, petitioner?.userId ?? null);
  run.history.push({ action: A.CREATED, party, before: null, after: S.CREATED, comment: null });
  if (flow.notificationRoleId) run.mail(PetitionMailKind.STATUS_CHANGED, 'NOTIFIED');
  if (enrollee) run.tell(A.IDENTITY_LINKED);
  if (isSelf) run.noteProof();
  run.proceed(enrolled ? PetitionStep.SEND_CONFIRMATION : PetitionStep.START);
  return run.outcome();
}

/**
 * What a command by somebody who is these parties leads to: the next state, what the history tells, and what is to be
 * done besides; or why it is refused, and then nothing changes. A command goes on through the steps until one waits.
 * Pure: no clock, no database (docs/petitions.md).
 */
export function advance(
  flow: FlowSettings,
  state: PetitionState,
  command: Command,
  parties: readonly P[],
  facts: Facts,
): Outcome {
  const refused = refuseCommand(state, command.kind, parties, facts.isFlowActive);
  if (refused) return { refusal: refused };
  const party = partyOf(state, command.kind, parties)!;
  const userId = 'userId' in command ? command.userId : null;
  const isContinued = command.kind === 'CONTINUE' && state.step === PetitionStep.AUTHENTICATORS;
  const run = new Run(flow, state, facts, party, userId ?? null, isContinued);
  run.noteProof();
  const found = apply(run, command);
  return found ? { refusal: found } : run.outcome();
}

/** Does what the command itself does, then goes on. Gives why it cannot be, before anything was changed. */
function apply(run: Run, command: Command): Refusal | null {
  const { flow, state, facts } = run;
  switch (command.kind) {
    case 'SELECT_ENROLLEE':
      take(run, command.account);
      run.tell(A.IDENTITY_LINKED);
      run.pass();
      return null;
    case 'ANSWER_SOURCE':
      return answerSource(run, command);
    case 'GIVE_EMAIL':
      return giveEmail(run, command.email);
    case 'PROVE_EMAIL':
      return proveEmail(run);
    case 'ANSWER_MATCH':
      return answerMatch(run, command);
    case 'CHOOSE_MATCH':
      return chooseMatch(run, command.referenceId);
    case 'SUBMIT_ATTRIBUTES':
      submitAttributes(run, command.email);
      return null;
    case 'AGREE_TO_TERMS': {
      if (flow.terms === TermsMode.EXPLICIT && !facts.terms.every((terms) => command.terms.includes(terms))) {
        return refusal(UserErrorCode.TERMS_REQUIRED, 'All active terms must be agreed to.', 'termsIds');
      }
      run.effects.push({ kind: 'RECORD_TERMS', terms: facts.terms, isExplicit: true });
      run.tell(A.TERMS_AGREED);
      run.pass();
      return null;
    }
    case 'RENEW_CONFIRMATION':
      run.tell(A.CONFIRMATION_EXPIRED);
      if (flow.regeneratesConfirmation) resend(run);
      else run.effects.push({ kind: 'REVOKE_CONFIRMATION' });
      return null;
    case 'RESEND_CONFIRMATION':
      resend(run);
      return null;
    case 'VIEW_CONFIRMATION':
      run.tell(A.CONFIRMATION_VIEWED);
      return null;
    case 'CONFIRM':
      return confirm(run, command.userId);
    case 'DECLINE':
      run.finish(S.DECLINED);
      return null;
    case 'CONTINUE':
      return goOn(run, command.account ?? null);
    case 'RECORD_VETTING':
      recordVetting(run, command.outcome);
      return null;
    case 'APPROVE': {
      const found = refuseDecision(flow, state, command, true, facts.approvers);
      if (!found) approve(run, command.approverId, command.comment);
      return found;
    }
    case 'DENY': {
      const found = refuseDecision(flow, state, command, false, facts.approvers);
      if (found) return found;
      run.effects.push({ kind: 'RECORD_DECISION', isApproval: false, comment: command.comment });
      run.deny(command.comment);
      return null;
    }
    case 'FLAG_DUPLICATE':
      run.finish(S.DUPLICATE, A.FLAGGED_DUPLICATE, command.comment);
      return null;
    case 'COMMENT':
      run.tell(A.COMMENT_ADDED);
      return null;
    case 'CANCEL':
      run.finish(S.CANCELED, A.STATUS_UPDATED, command.comment);
      return null;
    case 'EXPIRE':
      run.mail(PetitionMailKind.EXPIRED, 'ENROLLEE');
      run.finish(S.EXPIRED);
      return null;
    case 'REMIND':
      return remind(run, command.number ?? 0);
    case 'ESCALATE':
      if (state.isEscalated) return refusal(UserErrorCode.WRONG_STATUS, 'It was escalated already.');
      state.isEscalated = true;
      run.mail(PetitionMailKind.APPROVAL_ESCALATED, 'ADMINISTRATORS');
      run.tell(A.ESCALATED);
      return null;
    case 'FINALIZED':
      return finalize(run, command);
    case 'FAIL_STEP':
      // Who is asked for something can still give it; what the system cannot do is for an administrator.
      run.fail(
        refusal(UserErrorCode.WRONG_STATUS, command.message),
        state.waitsFor === P.SYSTEM || !state.waitsFor ? P.ADMINISTRATOR : state.waitsFor,
      );
      return null;
  }
}

/** Tries the step again: with what the enrollee's account says by now, or once their second factors are set up. */
function goOn(run: Run, account: Account | null): Refusal | null {
  const { step } = run.state;
  const missing = step === PetitionStep.AUTHENTICATORS ? run.missingFactors() : [];
  if (missing.length)
    return refusal(UserErrorCode.REQUIRED, `Second factors must be set up first: ${missing.join(', ')}.`);
  if (account && step === PetitionStep.SEND_CONFIRMATION) take(run, account);
  run.proceed();
  return null;
}

/** This account is the enrollee's. */
function take({ state }: Run, { userId, email, isEmailVerified }: Account): void {
  Object.assign(state, { enrolleeUserId: userId, email, isEmailVerified });
}

/**
 * An address that is not proven, and will not be, recognizes nobody: where somebody has it, the petition is a duplicate,
 * unless administrators enroll who may vouch for that person.
 */
function submitAttributes(run: Run, email: GivenEmail | null): void {
  const { flow, state, facts } = run;
  state.progress.hasAttributes = true;
  // What the petitioner has proven stays so. Of somebody whom they chose, they are not told whether this is the address.
  const staysProven = email !== null && flow.match !== MatchPolicy.SELECT && isProvenAlready(state, email);
  if (email) Object.assign(state, { email: email.normalized, isEmailVerified: email.isVerified || staysProven });
  run.tell(A.ATTRIBUTES_UPDATED);
  if (!asksToConfirm(flow) && facts.known && !state.enrolleeUserId) {
    const isVouchedFor = isAdministrative(flow) && email?.isVouchedFor !== false;
    const isTaken = !state.isEmailVerified && !isVouchedFor;
    if (isTaken) return run.finish(S.DUPLICATE, A.FLAGGED_DUPLICATE, 'Somebody has this address already.');
    if (!run.attachKnown()) return;
  }
  run.pass();
}

function resend(run: Run): void {
  run.effects.push({ kind: 'SEND_CONFIRMATION', isReminder: false });
  run.tell(A.CONFIRMATION_SENT);
}

function confirm(run: Run, userId: string | null): Refusal | null {
  const { flow, state, facts } = run;
  if (flow.requiresAuthentication && !userId) {
    return refusal(UserErrorCode.SIGN_IN_REQUIRED, 'Sign in, then open the link again.');
  }
  const { known, linking = null } = facts;
  run.linking = linking;
  const recognition = recognize(flow, state, known, linking);
  if (recognition === 'CONFLICT') {
    const message =
      linking?.isBare && linking.isMailedToEnrollee
        ? 'Whom this petition enrolls must show who they are before this account becomes theirs: they sign in anew, show a second factor if they have one, and have the link sent again. Else an administrator must settle this.'
        : 'You are not the person whom this petition enrolls: an administrator must settle this.';
    return refusal(UserErrorCode.MANUAL_ACTION_NEEDED, message);
  }
  if (recognition === 'LINK' && !linking?.isRecent) {
    const message = 'Sign in again, then open the link again: this account becomes part of another one.';
    return refusal(UserErrorCode.REAUTHENTICATION_REQUIRED, message);
  }
  state.isEmailVerified = true;
  if (userId) state.progress.isAuthenticated = true;
  if (userId && flow.requiresAuthentication && sourcesOf(flow, PetitionStep.COLLECT_IDENTIFIER).length)
    state.progress.confirmedByUserId = userId;
  run.effects.push({ kind: 'REVOKE_CONFIRMATION' }, { kind: 'VERIFY_EMAIL' });
  run.become(S.CONFIRMED, A.CONFIRMED);
  const keepsSession = known?.via === 'LOGIN' && recognition !== 'LINK' && run.hasAccount(known);
  if (!keepsSession) run.effects.push({ kind: 'ISSUE_ENROLLEE_TOKEN' });
  run.pass();
  return null;
}

function recordVetting(run: Run, outcome: VettingStatus): void {
  const { state } = run;
  state.vettingStatus = outcome;
  const isOpen = [VettingStatus.REQUESTED, VettingStatus.PENDING_RESULT, VettingStatus.PENDING_MANUAL].includes(
    outcome,
  );
  run.tell(isOpen ? A.VETTING_REQUESTED : A.VETTING_COMPLETED, outcome);
  if (isOpen) return;
  if (outcome === VettingStatus.PASSED) run.pass();
  else run.deny('The vetting was not passed.');
}

function approve(run: Run, approverId: string, comment: string | null): void {
  const { flow, state, facts } = run;
  const { approvals, represented = [] } = state.progress;
  if (flow.approvalRule === ApprovalRule.N_OF_M) {
    state.progress.seats = [...(state.progress.seats ?? []), seatOf(flow, state, approverId, facts.approvers)!];
  }
  state.progress.approvals = [...new Set([...approvals, approverId])];
  const absent = facts.approvers.filter(({ delegateIds }) => delegateIds.includes(approverId));
  if (absent.length) state.progress.represented = [...new Set([...represented, ...absent.map(({ userId }) => userId)])];
  run.effects.push({ kind: 'RECORD_DECISION', isApproval: true, comment });
  if (!isApproved(flow, state, state.progress.approvals, facts.approvers)) {
    return run.tell(A.APPROVAL_RECORDED, comment);
  }
  run.become(S.APPROVED, A.APPROVED, comment);
  if (flow.notifiesOfDecision) run.mail(PetitionMailKind.APPROVED, 'ENROLLEE');
  run.pass();
}

function remind(run: Run, number: number): Refusal | null {
  const { flow, state } = run;
  if (state.reminders >= flow.reminderCount) {
    return refusal(UserErrorCode.WRONG_STATUS, 'All reminders were sent already.');
  }
  state.reminders = Math.max(state.reminders + 1, Math.min(number, flow.reminderCount));
  if (state.step === PetitionStep.WAIT_FOR_CONFIRMATION)
    run.effects.push({ kind: 'SEND_CONFIRMATION', isReminder: true });
  else run.mail(PetitionMailKind.APPROVAL_REMINDER, 'APPROVERS');
  run.tell(A.REMINDED);
  return null;
}

function finalize(run: Run, done: Extract<Command, { kind: 'FINALIZED' }>): null {
  const { flow, state } = run;
  state.enrolleeUserId = done.enrolleeUserId;
  if (done.isMerged) run.tell(A.MERGED);
  if (done.identifiers.length) run.tell(A.IDENTIFIERS_ASSIGNED, done.identifiers.join(', '));
  run.finish(S.FINALIZED);
  if (flow.accountSystems.length) run.tell(A.ACCOUNTS_REQUESTED, flow.accountSystems.join(', '));
  run.tell(A.PROVISIONED);
  if (flow.notifiesOfFinalization) run.mail(PetitionMailKind.FINALIZED, 'ENROLLEE');
  return null;
}
