import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Account, Command, Facts } from '../../src/enrollment/machine/state.js';
import {
  actsAs,
  confirms,
  type Expected,
  isAdministrative,
  type Model,
  sourcesIn,
  whyNot,
  words,
} from './petition-model-rules.js';
import { Way } from './petition-model-way.js';

/** A petition as it begins. */
export function expectBeginning(
  flow: FlowSettings,
  { petitioner, organizationId: _ }: { petitioner: Account | null; organizationId: string | null },
  facts: Facts,
): Exclude<Expected, { refused: string }> {
  const bound = flow.authorization === 'NONE' ? null : petitioner;
  const self = flow.match === 'SELF' ? bound : null;
  const model: Model = {
    status: 'CREATED',
    step: 'START',
    waitsFor: 'PETITIONER',
    petitioner: bound?.userId ?? null,
    enrollee: self?.userId ?? null,
    email: self?.email ?? null,
    isProven: self?.isEmailVerified ?? false,
    reminders: 0,
    isEscalated: false,
    isMatched: false,
    said: {},
    approvals: [],
    seats: [],
    proof: null,
  };
  const way = new Way(flow, model, facts, 'PETITIONER', petitioner?.userId ?? null);
  way.history.push(['CREATED', 'PETITIONER', null, 'CREATED']);
  if (flow.notificationRoleId) way.mails.push('STATUS_CHANGED');
  if (self) {
    way.notesProof();
    way.note('IDENTITY_LINKED');
  }
  way.from(0);
  return way.result();
}

/** What becomes of a petition by a command. */
export function expectCommand(
  flow: FlowSettings,
  before: Model,
  command: Command,
  parties: readonly string[],
  facts: Facts,
): Expected {
  const refused = whyNot(before, command.kind, parties, facts.isFlowActive);
  if (refused) return { refused };
  const by = actsAs(before, command.kind, parties)!;
  const way = new Way(flow, structuredClone(before), facts, by, 'userId' in command ? (command.userId ?? null) : null);
  way.notesProof();
  const failed = act(way, command);
  return failed ? { refused: failed } : way.result();
}

/** What a command does; the code that it is refused with, if it is. */
function act(way: Way, command: Command): string | null {
  const { flow, model, facts } = way;
  switch (command.kind) {
    case 'SELECT_ENROLLEE': {
      const { userId, email, isEmailVerified } = command.account;
      Object.assign(model, { enrollee: userId, email, isProven: isEmailVerified });
      way.note('IDENTITY_LINKED');
      way.goOn();
      return null;
    }
    case 'SUBMIT_ATTRIBUTES': {
      if (command.email) Object.assign(model, { email: command.email.normalized, isProven: command.email.isVerified });
      way.note('ATTRIBUTES_UPDATED');
      const isTold = !confirms(flow) && model.enrollee === null && facts.known !== null;
      if (isTold && !model.isProven && !isAdministrative(flow)) way.end('DUPLICATE', 'FLAGGED_DUPLICATE');
      else if (!isTold || way.recognizes(facts.known)) way.goOn();
      return null;
    }
    case 'ANSWER_SOURCE':
      return answerOfSource(way, command);
    case 'ANSWER_MATCH':
      if (command.outcome === 'KNOWN' && flow.duplicateMode === 'MERGE') return 'MANUAL_ACTION_NEEDED';
      way.note('MATCH_RESULT');
      if (command.outcome === 'ERROR' || command.outcome === 'PENDING') way.fail('SOURCE_UNAVAILABLE', 'SYSTEM');
      else if (command.outcome === 'CHOICES') model.waitsFor = 'PETITIONER';
      else if (command.outcome !== 'KNOWN' || way.recognizes(command.known)) {
        model.isMatched = true;
        way.goOn();
      }
      return null;
    case 'AGREE_TO_TERMS':
      if (facts.terms.some((terms) => !command.terms.includes(terms))) return 'TERMS_REQUIRED';
      way.note('TERMS_AGREED');
      way.goOn();
      return null;
    case 'RENEW_CONFIRMATION':
      way.note('CONFIRMATION_EXPIRED');
      if (flow.regeneratesConfirmation) way.note('CONFIRMATION_SENT');
      return null;
    case 'RESEND_CONFIRMATION':
      way.note('CONFIRMATION_SENT');
      return null;
    case 'VIEW_CONFIRMATION':
      way.note('CONFIRMATION_VIEWED');
      return null;
    case 'CONFIRM':
      if (flow.requiresAuthentication && command.userId === null) return 'SIGN_IN_REQUIRED';
      way.isConfirming = true;
      if (model.enrollee && facts.known && facts.known.userId !== model.enrollee) {
        if (!way.isLinkable(facts.known)) return 'MANUAL_ACTION_NEEDED';
        if (!facts.linking?.isRecent) return 'REAUTHENTICATION_REQUIRED';
      }
      model.isProven = true;
      way.change('CONFIRMED', 'CONFIRMED');
      way.goOn();
      return null;
    case 'DECLINE':
      way.end('DECLINED');
      return null;
    case 'CONTINUE':
      if (model.step === 'AUTHENTICATORS') {
        const required = flow.authenticators.filter(({ enablement }) => enablement === 'REQUIRED');
        if (!required.every(({ kind }) => facts.factors.includes(kind))) return 'REQUIRED';
        way.isThroughFactors = true;
      }
      if (model.step === 'SEND_CONFIRMATION' && command.account) {
        const { userId, email, isEmailVerified } = command.account;
        Object.assign(model, { enrollee: userId, email, isProven: isEmailVerified });
      }
      way.again();
      return null;
    case 'RECORD_VETTING': {
      const isOpen = words('REQUESTED PENDING_RESULT PENDING_MANUAL').includes(command.outcome);
      way.note(isOpen ? 'VETTING_REQUESTED' : 'VETTING_COMPLETED');
      if (command.outcome === 'PASSED') way.goOn();
      else if (!isOpen) way.deny();
      return null;
    }
    case 'APPROVE':
    case 'DENY':
      return decide(way, command);
    case 'FLAG_DUPLICATE':
      way.end('DUPLICATE', 'FLAGGED_DUPLICATE');
      return null;
    case 'COMMENT':
      way.note('COMMENT_ADDED');
      return null;
    case 'CANCEL':
      way.end('CANCELED');
      return null;
    case 'EXPIRE':
      way.mails.push('EXPIRED');
      way.end('EXPIRED');
      return null;
    case 'REMIND':
      if (model.reminders >= flow.reminderCount) return 'WRONG_STATUS';
      // Those that were missed are counted, and not sent late.
      model.reminders = Math.min(flow.reminderCount, Math.max(model.reminders + 1, command.number ?? 0));
      if (model.step === 'WAIT_FOR_APPROVAL') way.mails.push('APPROVAL_REMINDER');
      way.note('REMINDED');
      return null;
    case 'ESCALATE':
      if (model.isEscalated) return 'WRONG_STATUS';
      model.isEscalated = true;
      way.mails.push('APPROVAL_ESCALATED');
      way.note('ESCALATED');
      return null;
    case 'FINALIZED':
      model.enrollee = command.enrolleeUserId;
      if (command.isMerged) way.note('MERGED');
      if (command.identifiers.length) way.note('IDENTIFIERS_ASSIGNED');
      way.end('FINALIZED');
      if (flow.accountSystems.length) way.note('ACCOUNTS_REQUESTED');
      way.note('PROVISIONED');
      if (flow.notifiesOfFinalization) way.mails.push('FINALIZED');
      return null;
    case 'FAIL_STEP':
      way.fail('WRONG_STATUS', model.waitsFor === 'SYSTEM' ? 'ADMINISTRATOR' : model.waitsFor!);
      return null;
  }
}

function decide(way: Way, command: Extract<Command, { kind: 'APPROVE' | 'DENY' }>): string | null {
  const { flow, model, facts } = way;
  const isApproval = command.kind === 'APPROVE';
  const isAsked = (demand: string) => demand === 'ALWAYS' || demand === (isApproval ? 'APPROVAL' : 'DENIAL');
  const isOwn = (userId: string) => userId === model.petitioner || userId === model.enrollee;
  const isEnough = (approvals: string[]) => {
    if (flow.approvalRule === 'ANY') return approvals.length >= 1;
    if (flow.approvalRule === 'N_OF_M') return model.seats.length >= flow.approvalCount!;
    const needed = facts.approvers.filter(({ userId }) => flow.allowsOwnApproval || !isOwn(userId));
    return needed.every(({ userId, delegateIds }) => approvals.some((id) => id === userId || delegateIds.includes(id)));
  };
  if (!flow.allowsOwnApproval && isOwn(command.approverId)) return 'OWN_PETITION';
  if (isAsked(flow.decisionComment) && !command.comment?.trim()) return 'REQUIRED';
  if (isAsked(flow.decisionConfirmation) && !command.isConfirmed) return 'REQUIRED';
  if (!isApproval) {
    way.deny();
    return null;
  }
  if (model.approvals.includes(command.approverId) && !isEnough(model.approvals)) return 'PETITION_ALREADY_DECIDED';
  if (flow.approvalRule === 'N_OF_M') {
    // Whoever approves takes a seat among the approvers: their own, or a free one of somebody for whom they act.
    const { approverId } = command;
    const actsFor = facts.approvers.filter(({ delegateIds }) => delegateIds.includes(approverId));
    const hasOwn = actsFor.length === 0 || facts.approvers.some(({ userId }) => userId === approverId);
    const free = (hasOwn ? [approverId] : actsFor.map(({ userId }) => userId)).filter(
      (seat) => !model.seats.includes(seat) && (flow.allowsOwnApproval || !isOwn(seat)),
    );
    if (!free.length) return 'PETITION_ALREADY_DECIDED';
    model.seats = [...model.seats, free[0]!];
  }
  model.approvals = [...new Set([...model.approvals, command.approverId])];
  if (!isEnough(model.approvals)) {
    way.note('APPROVAL_RECORDED');
    return null;
  }
  way.change('APPROVED', 'APPROVED');
  if (flow.notifiesOfDecision) way.mails.push('APPROVED');
  way.goOn();
  return null;
}

/** Section 6: sources are asked one after the other, each once; which of them hold a petition up depends on their mode. */
function answerOfSource(way: Way, command: Extract<Command, { kind: 'ANSWER_SOURCE' }>): string | null {
  const { flow, model } = way;
  const modes: Record<string, string[][]> = {
    SOURCES: isAdministrative(flow) ? [['SELECT']] : [['AUTHENTICATE'], ['CLAIM']],
    COLLECT_IDENTIFIER: [['IDENTIFY']],
    CHECK_ELIGIBILITY: [['SEARCH', 'SEARCH_REQUIRED']],
  };
  const queue = modes[model.step]!.flatMap((group) => sourcesIn(flow, ...group));
  const place = queue.findIndex(({ sourceId }) => sourceId === command.sourceId);
  if (place < 0) return 'NOT_FOUND';
  const { mode, sourceId } = queue[place]!;
  const isSearch = model.step === 'CHECK_ELIGIBILITY';
  const isSomebodyElse = Boolean(command.known && command.known.userId !== model.enrollee);
  if (model.said[sourceId] && model.said[sourceId] !== 'UNAVAILABLE') return 'WRONG_STATUS';
  if (mode !== 'SELECT' && queue.slice(0, place).some((earlier) => !model.said[earlier.sourceId]))
    return 'WRONG_STATUS';
  if (mode === 'CLAIM' && !model.isProven && command.outcome !== 'SUSPENDED') return 'WRONG_STATUS';
  if (mode === 'SELECT' && isSomebodyElse) return 'TAKEN';

  const outcome = isSearch && isSomebodyElse ? 'NOT_FOUND' : command.outcome;
  const actions: Record<string, string> = { LINKED: 'SOURCE_RECORD_LINKED', NAME_MISMATCH: 'IDENTITY_NOT_LINKED' };
  way.note(actions[outcome] ?? 'SOURCE_CHECKED');
  model.said[sourceId] = outcome;
  if (isSearch) {
    way.again();
    return null;
  }
  if (outcome === 'LINKED') {
    if (isSomebodyElse) {
      if (command.known!.isEnrolled && !flow.duplicateMode.startsWith('NEW_ROLE')) {
        way.end('DUPLICATE', 'FLAGGED_DUPLICATE');
        return null;
      }
      if (!way.recognizes(command.known!)) return null;
    }
    if (command.account && model.enrollee === null) {
      model.enrollee = command.account.userId;
      if (!model.isProven)
        Object.assign(model, { email: command.account.email, isProven: command.account.isEmailVerified });
    }
    way.again();
    return null;
  }
  const claims = sourcesIn(flow, 'CLAIM').map((source) => source.sourceId);
  const isClaim = mode === 'CLAIM' && outcome !== 'UNAVAILABLE';
  const isHopeless = isClaim
    ? claims.every((id) => model.said[id]) && claims.some((id) => model.said[id] !== 'SUSPENDED')
    : outcome !== 'SUSPENDED';
  if (!isHopeless) {
    way.again();
    return null;
  }
  for (const id of isClaim ? claims : [sourceId]) if (model.said[id] !== 'SUSPENDED') delete model.said[id];
  way.fail(
    outcome === 'UNAVAILABLE' ? 'SOURCE_UNAVAILABLE' : 'NOT_FOUND',
    model.step === 'COLLECT_IDENTIFIER' ? 'ENROLLEE' : 'PETITIONER',
  );
  return null;
}
