import {
  ConfirmationMode,
  Enablement,
  type FactorKind,
  PetitionAction as A,
  PetitionMailKind,
  PetitionParty as P,
  PetitionStatus as S,
  PetitionStep,
  SourceMode,
  TermsMode,
  VettingStatus,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { UserErrorCode } from '../../faults.js';
import { type PlannedStep, planSteps, sourcesOf } from './plan.js';
import { linksLogins, recognize, reusesVerifiedAddress } from './recognize.js';
import { refusal } from './refuse.js';
import { dueMode, hasAnswered, isIneligible, isSettled, refuseClaim, waiterOf } from './settled-sources.js';
import type { Advanced, Effect, Facts, HistoryEntry, KnownPerson, Linking, PetitionState, Refusal } from './state.js';
import { mayFollow } from './transitions.js';

const LONGEST_COMMENT = 256;
const OTHER_PERSON = 'This is not the person whom the petition enrolls: an administrator must settle it.';

/** Whether a step was done with, or the petition waits there. */
type Stepped = 'DONE' | 'WAITS';

/**
 * One command's way through the steps: it changes a copy of the state and gathers the history and the effects. `proceed`
 * goes on until a step waits for somebody, so that nobody is asked to go on where nothing is to be done.
 */
export class Run {
  readonly state: PetitionState;
  readonly history: HistoryEntry[] = [];
  readonly effects: Effect[] = [];
  failure: Refusal | null = null;
  /** Of CONFIRM alone: logins are linked to the enrollee by nothing else. */
  linking: Linking | null = null;

  constructor(
    readonly flow: FlowSettings,
    state: PetitionState,
    readonly facts: Facts,
    /** As which party the command was given. */
    readonly party: P,
    /** The account of who gave it. */
    readonly userId: string | null = null,
    /** Who sets second factors up goes on without those that need not be. */
    readonly isContinued = false,
  ) {
    this.state = { ...state, progress: structuredClone(state.progress) };
  }

  outcome(): Advanced {
    const { state, history, effects, failure } = this;
    return { state, history, effects, failure };
  }

  tell(action: A, comment: string | null = null, party = this.party): void {
    this.history.push({ action, party, before: null, after: null, comment: cut(comment) });
  }

  /** Changes the status; `action` tells it where it has a name of its own. */
  become(status: S, action: A = A.STATUS_UPDATED, comment: string | null = null): void {
    const before = this.state.status;
    if (!mayFollow(before, status)) throw new Error(`A petition cannot go from ${before} to ${status}.`);
    this.state.status = status;
    this.history.push({ action, party: this.party, before, after: status, comment: cut(comment) });
    if (this.flow.notificationRoleId) this.mail(PetitionMailKind.STATUS_CHANGED, 'NOTIFIED');
  }

  /** Keeps how the enrollee has shown who they are, where they may want another login linked. */
  noteProof(): void {
    const { flow, facts, state } = this;
    if (facts.ownProof && linksLogins(flow) && state.progress.ownProof !== 'FACTOR')
      state.progress.ownProof = facts.ownProof;
  }

  mail(mail: PetitionMailKind, to: Extract<Effect, { kind: 'MAIL' }>['to']): void {
    this.effects.push({ kind: 'MAIL', mail, to, status: this.state.status });
  }

  /** Ends the petition in a status that nothing follows. */
  finish(status: S, action?: A, comment: string | null = null): void {
    if (this.state.step === PetitionStep.WAIT_FOR_CONFIRMATION) this.effects.push({ kind: 'REVOKE_CONFIRMATION' });
    this.become(status, action, comment);
    this.moveTo(PetitionStep.DONE, null);
  }

  /** Somebody denies it. The enrollee is told where the flow says in which words (ENR-54). */
  deny(comment: string | null): void {
    this.finish(S.DENIED, A.DENIED, comment);
    const hasWords = this.flow.mailTemplates.some(({ kind }) => kind === PetitionMailKind.DENIED);
    if (this.flow.notifiesOfDecision && hasWords) this.mail(PetitionMailKind.DENIED, 'ENROLLEE');
  }

  /** A step that cannot be done now: the petition waits there, and the history says why. */
  fail(found: Refusal, waitsFor: P): Stepped {
    this.tell(A.STEP_FAILED, found.message);
    return this.standStill(found, waitsFor);
  }

  /** The petition waits still, for a reason that the history tells already. */
  standStill(found: Refusal, waitsFor: P): Stepped {
    this.failure = found;
    this.state.waitsFor = waitsFor;
    return 'WAITS';
  }

  /** The link that is out for a CLAIM source opens nothing any more. */
  revokeProof(): void {
    const { progress } = this.state;
    if (progress.isProvingEmail) this.effects.push({ kind: 'REVOKE_CONFIRMATION' });
    delete progress.isProvingEmail;
  }

  /** Does the step where it stands, and those after it, until one waits. */
  proceed(from: PetitionStep = this.state.step): void {
    const plan = planSteps(this.flow);
    for (const planned of plan.slice(plan.findIndex(({ step }) => step === from))) {
      if (!planned.runs) continue;
      this.moveTo(planned.step, planned.party);
      if (this.run(planned) === 'WAITS') return;
    }
  }

  /** Goes on after the step where it stands. */
  pass(): void {
    const plan = planSteps(this.flow);
    const next = plan[plan.findIndex(({ step }) => step === this.state.step) + 1];
    if (next) this.proceed(next.step);
  }

  private moveTo(step: PetitionStep, waitsFor: P | null): void {
    if (this.state.step !== step) {
      Object.assign(this.state, { reminders: 0, isEscalated: false });
      this.revokeProof();
      // What a match server says of others is not kept.
      delete this.state.progress.matchCandidates;
    }
    this.state.step = step;
    this.state.waitsFor = waitsFor;
  }

  private run({ step, party }: PlannedStep): Stepped {
    switch (step) {
      case PetitionStep.SELECT_ENROLLEE:
        return this.flow.match === 'SELF' && this.state.enrolleeUserId ? 'DONE' : 'WAITS';
      case PetitionStep.SOURCES:
      case PetitionStep.CHECK_ELIGIBILITY:
        return this.askSources(step);
      case PetitionStep.DUPLICATE_CHECK:
        return this.checkDuplicates();
      case PetitionStep.PETITIONER_TERMS:
      case PetitionStep.TERMS:
        return this.agree();
      case PetitionStep.SEND_CONFIRMATION:
        return this.sendConfirmation(party);
      case PetitionStep.WAIT_FOR_CONFIRMATION:
        return this.state.status === S.CONFIRMED ? 'DONE' : 'WAITS';
      case PetitionStep.COLLECT_IDENTIFIER:
        return this.collectIdentifier();
      case PetitionStep.AUTHENTICATORS:
        return this.establishAuthenticators(party);
      case PetitionStep.VETTING:
        return this.requestVetting();
      case PetitionStep.NOTIFY_APPROVERS:
        this.become(S.PENDING_APPROVAL);
        this.mail(PetitionMailKind.APPROVAL_REQUESTED, 'APPROVERS');
        this.tell(A.NOTIFICATION_SENT, 'The approvers were told.', P.SYSTEM);
        return 'DONE';
      case PetitionStep.FINALIZE:
        this.state.waitsFor = P.SYSTEM;
        this.effects.push({ kind: 'FINALIZE' });
        return 'WAITS';
      case PetitionStep.START:
        return 'DONE';
      default:
        return 'WAITS';
    }
  }

  /**
   * Waits until the sources of the step have answered. Those that are suspended are passed over; and where nobody has signed
   * in, or no address is verified, none is searched: nothing was found there.
   */
  private askSources(step: PetitionStep): Stepped {
    const { flow, state, facts } = this;
    const { sources, isAuthenticated } = state.progress;
    const isSearch = step === PetitionStep.CHECK_ELIGIBILITY;
    const maySearch = isAuthenticated && (state.isEmailVerified || facts.hasVerifiedRecordEmail);
    for (const source of sourcesOf(flow, step)) {
      if (hasAnswered(state, source)) continue;
      if (facts.suspendedSources?.includes(source.sourceId)) {
        sources[source.sourceId] = 'SUSPENDED';
        this.tell(A.SOURCE_CHECKED, 'SUSPENDED', P.SYSTEM);
      } else if (isSearch && !maySearch) sources[source.sourceId] = 'NOT_FOUND';
    }
    if (!isSettled(flow, state, step)) {
      const refused = dueMode(flow, state) === SourceMode.CLAIM ? refuseClaim(flow, state) : null;
      if (refused) return this.fail(refused, P.ADMINISTRATOR);
      state.waitsFor = waiterOf(flow, state);
      return 'WAITS';
    }
    if (!isSearch || !isIneligible(this.flow, this.state)) return 'DONE';
    this.tell(A.ELIGIBILITY_FAILED, 'A source that must know the person does not.', P.SYSTEM);
    this.finish(S.DENIED, A.DENIED);
    return 'WAITS';
  }

  /** It waits for the match server, or for whoever chooses among those whom it named. */
  private checkDuplicates(): Stepped {
    const { progress } = this.state;
    if (progress.isMatched) return 'DONE';
    if (progress.matchCandidates) this.state.waitsFor = progress.isAuthenticated ? P.PETITIONER : P.ADMINISTRATOR;
    return 'WAITS';
  }

  private agree(): Stepped {
    const { terms } = this.facts;
    if (!terms.length) return 'DONE';
    if (this.flow.terms === TermsMode.EXPLICIT) return 'WAITS';
    this.effects.push({ kind: 'RECORD_TERMS', terms, isExplicit: false });
    this.tell(A.TERMS_IMPLIED);
    return 'DONE';
  }

  private sendConfirmation(party: P): Stepped {
    const { flow, state } = this;
    const { known } = this.facts;
    const skips = flow.confirmation === ConfirmationMode.SKIP_IF_VERIFIED && state.isEmailVerified;
    const enrolleeUserId = state.enrolleeUserId ?? known?.userId;
    const isSignedIn = this.userId !== null && enrolleeUserId === this.userId;
    if (skips && (!flow.requiresAuthentication || isSignedIn)) {
      this.become(S.PENDING_CONFIRMATION);
      this.become(S.CONFIRMED, A.CONFIRMED, 'The address was verified before.');
      if (!this.hasAccount(known)) this.effects.push({ kind: 'ISSUE_ENROLLEE_TOKEN' });
      return 'DONE';
    }
    if (!state.email || (state.isEmailVerified && !skips && !reusesVerifiedAddress(flow))) {
      const why = state.email ? 'The address is verified already: there is none to confirm.' : 'There is no address.';
      return this.fail(refusal(UserErrorCode.NO_ADDRESS, why), party);
    }
    this.become(S.PENDING_CONFIRMATION);
    this.effects.push({ kind: 'SEND_CONFIRMATION', isReminder: false });
    this.tell(A.CONFIRMATION_SENT);
    return 'DONE';
  }

  /**
   * Whether the enrollee has an account to go on with, so that they need no token for the steps that are theirs. Whose
   * petition turns out to be a duplicate is not attached to it, and is told so by a token.
   */
  hasAccount(known: KnownPerson | null): boolean {
    const isDuplicate = recognize(this.flow, this.state, known) === 'DUPLICATE';
    const isAttached = known !== null && !isDuplicate && !sourcesOf(this.flow, PetitionStep.COLLECT_IDENTIFIER).length;
    return this.state.enrolleeUserId !== null || isAttached;
  }

  private collectIdentifier(): Stepped {
    const identifies = sourcesOf(this.flow, PetitionStep.COLLECT_IDENTIFIER);
    if (identifies.length) {
      if (this.askSources(PetitionStep.COLLECT_IDENTIFIER) === 'WAITS') return 'WAITS';
      // A record that leads to nobody's account is the person's who confirmed.
      if (this.state.enrolleeUserId) return 'DONE';
    }
    return this.attachKnown() ? 'DONE' : 'WAITS';
  }

  /** Applies what is known of the person. False: the petition ended as a duplicate, or an administrator must settle it. */
  attachKnown(known = this.facts.known): boolean {
    const { state } = this;
    const recognition = recognize(this.flow, state, known, this.linking);
    if (known?.via === 'LOGIN' && recognition !== 'DUPLICATE' && recognition !== 'CONFLICT') {
      this.tell(A.IDENTIFIER_AUTHENTICATED);
      this.effects.push({ kind: 'END_PETITIONER_TOKEN' });
    }
    switch (recognition) {
      case 'DUPLICATE':
        this.finish(S.DUPLICATE, A.FLAGGED_DUPLICATE, 'This person is enrolled already.');
        return false;
      case 'CONFLICT':
        this.fail(refusal(UserErrorCode.MANUAL_ACTION_NEEDED, OTHER_PERSON), P.ADMINISTRATOR);
        return false;
      case 'LINK':
        this.tell(A.IDENTITY_LINKED, 'Another login was linked.');
        this.effects.push({ kind: 'LINK_LOGIN', fromUserId: known!.userId });
        return true;
      case 'ATTACH':
        this.tell(A.IDENTITY_LINKED);
        break;
      case 'MERGE':
      case 'NEW_ROLE':
        state.progress.isMerge = recognition === 'MERGE';
        state.progress.isNewRole = recognition === 'NEW_ROLE';
        this.tell(A.IDENTITY_RELINKED, 'This person is known: the petition goes on for them.');
        break;
      default:
        return true;
    }
    state.enrolleeUserId = known!.userId;
    return true;
  }

  /** The second factors that must be set up, and are not. */
  missingFactors(): FactorKind[] {
    const required = this.flow.authenticators.filter(({ enablement }) => enablement === Enablement.REQUIRED);
    return required.map(({ kind }) => kind).filter((kind) => !this.facts.factors.includes(kind));
  }

  private establishAuthenticators(party: P): Stepped {
    const isOffered = this.flow.authenticators.some(({ enablement }) => enablement === Enablement.OPTIONAL);
    if (this.missingFactors().length || (isOffered && !this.isContinued)) {
      this.state.waitsFor = party;
      return 'WAITS';
    }
    this.tell(A.AUTHENTICATORS_ESTABLISHED);
    return 'DONE';
  }

  private requestVetting(): Stepped {
    this.state.vettingStatus = VettingStatus.REQUESTED;
    this.become(S.PENDING_VETTING);
    this.tell(A.VETTING_REQUESTED, null, P.SYSTEM);
    return 'WAITS';
  }
}

function cut(text: string | null | undefined): string | null {
  const trimmed = text?.trim();
  return trimmed ? [...trimmed].slice(0, LONGEST_COMMENT).join('') : null;
}
