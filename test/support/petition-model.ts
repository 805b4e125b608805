import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Account, Command, Facts, GivenEmail } from '../../src/enrollment/machine/state.js';
import {
  actsAs,
  confirms,
  dueIn,
  type Expected,
  isAdministrative,
  type Model,
  sourcesIn,
  isClaimOpen,
  turnOf,
  whyNoClaim,
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
    isSignedIn: flow.authorization !== 'NONE',
    isProving: false,
    candidates: null,
    choice: null,
    delays: [],
    identifier: null,
    confirmedBy: null,
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
      if (command.email) {
        // What the petition has proven already need not be proven again, unless it is of somebody whom the petitioner chose.
        const isSame = model.isProven && model.email === command.email.normalized && flow.match !== 'SELECT';
        Object.assign(model, { email: command.email.normalized, isProven: isSame || command.email.isVerified });
      }
      way.note('ATTRIBUTES_UPDATED');
      const isTold = !confirms(flow) && model.enrollee === null && facts.known !== null;
      if (isTold && !model.isProven && !isAdministrative(flow)) way.end('DUPLICATE', 'FLAGGED_DUPLICATE');
      else if (!isTold || way.recognizes(facts.known)) way.goOn();
      return null;
    }
    case 'ANSWER_SOURCE':
      return answerOfSource(way, command);
    case 'GIVE_EMAIL':
      return giveEmail(way, command.email);
    case 'PROVE_EMAIL':
      Object.assign(model, { isProven: true, isProving: false });
      way.note('EMAIL_PROVEN');
      way.again();
      return null;
    case 'ANSWER_MATCH':
      answerOfMatch(way, command);
      return null;
    case 'CHOOSE_MATCH':
      if (command.referenceId !== null && !model.candidates!.includes(command.referenceId)) return 'NOT_FOUND';
      Object.assign(model, { candidates: null, choice: command.referenceId ?? 'new', waitsFor: 'SYSTEM' });
      way.note('MATCH_CHOSEN');
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
      if (command.userId) model.isSignedIn = true;
      if (flow.requiresAuthentication && sourcesIn(flow, 'IDENTIFY').length) model.confirmedBy = command.userId;
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

/** A claim needs an address that is the petitioner's: another one is proven anew, and what was said of the one before is gone. */
function giveEmail(way: Way, email: GivenEmail): string | null {
  const { flow, model } = way;
  if (dueIn(flow, model) !== 'CLAIM') return 'WRONG_STATUS';
  const refused = whyNoClaim(flow, model);
  if (refused) return refused;
  const isProven = email.isVerified || (model.isProven && model.email === email.normalized);
  for (const { sourceId } of sourcesIn(flow, 'CLAIM'))
    if (words('NOT_FOUND NAME_MISMATCH').includes(model.said[sourceId] ?? '')) delete model.said[sourceId];
  Object.assign(model, { email: email.normalized, isProven, isProving: !isProven });
  way.note('EMAIL_GIVEN');
  if (!isProven) way.note('CONFIRMATION_SENT');
  way.again();
  return null;
}

/** Section 5. A server that takes its time is asked again, which is told once for each reason. */
function answerOfMatch(way: Way, command: Extract<Command, { kind: 'ANSWER_MATCH' }>): void {
  const { flow, model } = way;
  if (command.outcome === 'ERROR' || command.outcome === 'PENDING') {
    if (model.delays.includes(command.outcome)) way.failed = 'SOURCE_UNAVAILABLE';
    else {
      model.delays.push(command.outcome);
      way.note('MATCH_RESULT');
      way.fail('SOURCE_UNAVAILABLE', 'SYSTEM');
    }
    return;
  }
  Object.assign(model, { delays: [], choice: null });
  way.note('MATCH_RESULT');
  if (command.outcome === 'CHOICES') {
    model.candidates = command.candidates.map(({ referenceId }) => referenceId);
    model.waitsFor = model.isSignedIn ? 'PETITIONER' : 'ADMINISTRATOR';
    return;
  }
  const isKnown = command.outcome === 'KNOWN';
  if (isKnown && flow.duplicateMode === 'MERGE') return way.fail('MANUAL_ACTION_NEEDED', 'ADMINISTRATOR');
  if (isKnown && !way.recognizes(command.known)) return;
  model.isMatched = true;
  model.identifier = command.outcome === 'SUSPENDED' ? null : (command.identifier?.value ?? null);
  way.goOn();
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
  const isDone = (id: string) => ![undefined, 'UNAVAILABLE'].includes(model.said[id]);
  if (isDone(sourceId)) return 'WRONG_STATUS';
  // Who signs in does so at one source after the other. An address is asked about at the next source while one is down.
  const before = words('AUTHENTICATE CLAIM IDENTIFY').includes(mode) ? queue.slice(0, place) : [];
  if (before.some((one) => !isDone(one.sourceId) && !(one.mode === 'CLAIM' && model.said[one.sourceId])))
    return 'WRONG_STATUS';
  if (mode === 'CLAIM' && command.outcome !== 'SUSPENDED') {
    const refused = whyNoClaim(flow, model);
    if (refused) return refused;
    if (!model.isProven || (command.about !== undefined && command.about !== model.email)) return 'WRONG_STATUS';
  }
  if (mode === 'SELECT' && isSomebodyElse) return 'TAKEN';

  if (command.outcome === 'UNAVAILABLE') {
    const isNews = model.said[sourceId] !== 'UNAVAILABLE';
    model.said[sourceId] = 'UNAVAILABLE';
    if (isNews) way.note('SOURCE_CHECKED');
    if (isNews) way.fail('SOURCE_UNAVAILABLE', turnOf(flow, model));
    way.failed = 'SOURCE_UNAVAILABLE';
    model.waitsFor = turnOf(flow, model);
    return null;
  }
  const outcome = isSearch && isSomebodyElse ? 'NOT_FOUND' : command.outcome;
  const actions: Record<string, string> = { LINKED: 'SOURCE_RECORD_LINKED', NAME_MISMATCH: 'IDENTITY_NOT_LINKED' };
  way.note(actions[outcome] ?? 'SOURCE_CHECKED');
  model.said[sourceId] = outcome;
  if (outcome === 'LINKED' && !isSearch) {
    if (isSomebodyElse) {
      if (command.known!.isEnrolled && !flow.duplicateMode.startsWith('NEW_ROLE')) {
        way.end('DUPLICATE', 'FLAGGED_DUPLICATE');
        return null;
      }
      if (!way.recognizes(command.known!)) return null;
    }
    if (words('AUTHENTICATE IDENTIFY').includes(mode)) model.isSignedIn = true;
    const { account, email } = command;
    const isNew = account && model.enrollee === null;
    if (isNew) model.enrollee = account.userId;
    // What was proven stays; else the account's address, and rather than one that nobody has proven, the record's.
    if (isNew && !model.isProven) Object.assign(model, { email: account.email, isProven: account.isEmailVerified });
    if (email && !model.isProven && mode !== 'CLAIM')
      Object.assign(model, { email: email.normalized, isProven: email.isVerified });
  }
  const isNo = words('NOT_FOUND NAME_MISMATCH').includes(outcome);
  // A claim is over once no source is left that may know the address. Who signs in, or chooses, does it again.
  if (!isSearch && isNo && mode !== 'CLAIM') delete model.said[sourceId];
  const isClaimed = mode === 'CLAIM' && model.isProven && dueIn(flow, model) === 'CLAIM' && !isClaimOpen(flow, model);
  if (isClaimed || (!isSearch && isNo && mode !== 'CLAIM')) {
    way.fail('NOT_FOUND', turnOf(flow, model));
    return null;
  }
  way.again();
  return null;
}
