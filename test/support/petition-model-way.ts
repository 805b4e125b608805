import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Facts, KnownPerson } from '../../src/enrollment/machine/state.js';
import {
  confirms,
  dueIn,
  FOLLOWS,
  isAdministrative,
  type Model,
  type Row,
  sourcesIn,
  STEPS,
  turnOf,
  whyNoClaim,
  words,
  linksLogins,
} from './petition-model-rules.js';

/** One command on its way through the steps. */
export class Way {
  readonly history: Row[] = [];
  readonly mails: string[] = [];
  failed: string | null = null;
  isThroughFactors = false;
  /** Whether somebody confirms: only then is another login linked. */
  isConfirming = false;

  constructor(
    readonly flow: FlowSettings,
    readonly model: Model,
    readonly facts: Facts,
    readonly by: string,
    readonly userId: string | null,
  ) {}

  result() {
    const { model, history, mails, failed } = this;
    return { model, history, mails, failed };
  }

  note(action: string, party = this.by): void {
    this.history.push([action, party, null, null]);
  }

  change(to: string, action = 'STATUS_UPDATED'): void {
    if (!words(FOLLOWS[this.model.status]!).includes(to)) throw new Error(`${this.model.status} to ${to}`);
    this.history.push([action, this.by, this.model.status, to]);
    if (this.flow.notificationRoleId) this.mails.push('STATUS_CHANGED');
    this.model.status = to;
  }

  end(to: string, action?: string): void {
    this.change(to, action);
    this.at('DONE', null);
  }

  deny(): void {
    this.end('DENIED', 'DENIED');
    if (this.flow.notifiesOfDecision && this.flow.mailTemplates.some(({ kind }) => kind === 'DENIED'))
      this.mails.push('DENIED');
  }

  fail(code: string, waitsFor: string): void {
    this.failed = code;
    this.note('STEP_FAILED');
    this.model.waitsFor = waitsFor;
  }

  at(step: string, waitsFor: string | null): void {
    if (this.model.step !== step)
      Object.assign(this.model, { reminders: 0, isEscalated: false, isProving: false, candidates: null });
    Object.assign(this.model, { step, waitsFor });
  }

  again(): void {
    this.from(STEPS.findIndex(([step]) => step === this.model.step));
  }

  goOn(): void {
    this.from(STEPS.findIndex(([step]) => step === this.model.step) + 1);
  }

  from(index: number): void {
    const enrollee = confirms(this.flow) ? 'ENROLLEE' : 'PETITIONER';
    for (const [step, runs] of STEPS.slice(index)) {
      if (!runs(this.flow)) continue;
      const actors: Record<string, string> = {
        DUPLICATE_CHECK: 'SYSTEM',
        WAIT_FOR_CONFIRMATION: 'ENROLLEE',
        COLLECT_IDENTIFIER: 'ENROLLEE',
        CHECK_ELIGIBILITY: 'SYSTEM',
        TERMS: enrollee,
        AUTHENTICATORS: enrollee,
        VETTING: 'ADMINISTRATOR',
        NOTIFY_APPROVERS: 'SYSTEM',
        WAIT_FOR_APPROVAL: 'APPROVER',
        FINALIZE: 'SYSTEM',
      };
      this.at(step, actors[step] ?? 'PETITIONER');
      if (!this.isDone(step)) return;
    }
  }

  /** Does what a step does by itself; whether the petition goes on. */
  isDone(step: string): boolean {
    const { flow, model, facts } = this;
    switch (step) {
      case 'SELECT_ENROLLEE':
        return flow.match === 'SELF' && model.enrollee !== null;
      case 'SOURCES':
        return this.haveSaid(...(isAdministrative(flow) ? ['SELECT'] : ['AUTHENTICATE', 'CLAIM']));
      case 'DUPLICATE_CHECK':
        if (model.candidates) model.waitsFor = model.isSignedIn ? 'PETITIONER' : 'ADMINISTRATOR';
        return model.isMatched;
      case 'PETITIONER_TERMS':
      case 'TERMS':
        if (facts.terms.length && flow.terms === 'IMPLIED') this.note('TERMS_IMPLIED');
        return !facts.terms.length || flow.terms === 'IMPLIED';
      case 'SEND_CONFIRMATION':
        return this.asksForConfirmation();
      case 'WAIT_FOR_CONFIRMATION':
        return model.status === 'CONFIRMED';
      case 'COLLECT_IDENTIFIER':
        if (!this.haveSaid('IDENTIFY')) return false;
        // Whom a source knows is not asked for again by the account, or the address, that confirmed.
        return (sourcesIn(flow, 'IDENTIFY').length > 0 && model.enrollee !== null) || this.recognizes(facts.known);
      case 'CHECK_ELIGIBILITY':
        return this.isEligible();
      case 'AUTHENTICATORS': {
        const isMissing = flow.authenticators.some(
          ({ kind, enablement }) => enablement === 'REQUIRED' && !facts.factors.includes(kind),
        );
        const isOffered = flow.authenticators.some(({ enablement }) => enablement === 'OPTIONAL');
        if (isMissing || (isOffered && !this.isThroughFactors)) return false;
        this.note('AUTHENTICATORS_ESTABLISHED');
        return true;
      }
      case 'VETTING':
        this.change('PENDING_VETTING');
        this.note('VETTING_REQUESTED', 'SYSTEM');
        return false;
      case 'NOTIFY_APPROVERS':
        this.change('PENDING_APPROVAL');
        this.mails.push('APPROVAL_REQUESTED');
        this.note('NOTIFICATION_SENT', 'SYSTEM');
        return true;
      default:
        return false;
    }
  }

  haveSaid(...modes: string[]): boolean {
    this.passOver(...modes);
    const { flow, model } = this;
    const mode = dueIn(flow, model);
    if (mode === null) return true;
    const refused = mode === 'CLAIM' ? whyNoClaim(flow, model) : null;
    if (refused) this.fail(refused, 'ADMINISTRATOR');
    else model.waitsFor = turnOf(flow, model);
    return false;
  }

  /** Sources that are suspended are as if they were not attached; what they have said before stays. */
  passOver(...modes: string[]): void {
    for (const { sourceId } of sourcesIn(this.flow, ...modes)) {
      const isOpen = [undefined, 'UNAVAILABLE'].includes(this.model.said[sourceId]);
      if (!isOpen || !this.facts.suspendedSources?.includes(sourceId)) continue;
      this.model.said[sourceId] = 'SUSPENDED';
      this.note('SOURCE_CHECKED', 'SYSTEM');
    }
  }

  isEligible(): boolean {
    const { model, facts } = this;
    const asked = sourcesIn(this.flow, 'SEARCH', 'SEARCH_REQUIRED');
    const isOpen = ({ sourceId }: { sourceId: string }) => [undefined, 'UNAVAILABLE'].includes(model.said[sourceId]);
    this.passOver('SEARCH', 'SEARCH_REQUIRED');
    const isSearched = model.isSignedIn && (model.isProven || facts.hasVerifiedRecordEmail === true);
    if (!isSearched) asked.filter(isOpen).forEach(({ sourceId }) => (model.said[sourceId] = 'NOT_FOUND'));
    if (asked.some(isOpen)) {
      model.waitsFor = 'SYSTEM';
      return false;
    }
    const required = asked.filter(({ mode }) => mode === 'SEARCH_REQUIRED');
    if (required.every(({ sourceId }) => words('LINKED SUSPENDED').includes(model.said[sourceId]!))) return true;
    this.note('ELIGIBILITY_FAILED', 'SYSTEM');
    this.end('DENIED', 'DENIED');
    return false;
  }

  asksForConfirmation(): boolean {
    const { flow, model, facts } = this;
    const isVerified = flow.confirmation === 'SKIP_IF_VERIFIED' && model.isProven;
    const isThem = this.userId !== null && this.userId === (model.enrollee ?? facts.known?.userId);
    if (isVerified && (isThem || !flow.requiresAuthentication)) {
      this.change('PENDING_CONFIRMATION');
      this.change('CONFIRMED', 'CONFIRMED');
      return true;
    }
    const takesVerified = isVerified || flow.duplicateMode.startsWith('NEW_ROLE') || linksLogins(flow);
    if (!model.email || (model.isProven && !takesVerified)) {
      this.fail('NO_ADDRESS', 'PETITIONER');
      return false;
    }
    this.change('PENDING_CONFIRMATION');
    this.note('CONFIRMATION_SENT');
    return true;
  }

  /** How the enrollee has shown who they are is kept, where they may want another login. */
  notesProof(): void {
    const { flow, model, facts } = this;
    if (linksLogins(flow) && facts.ownProof && model.proof !== 'FACTOR') model.proof = facts.ownProof;
  }

  /** Whether the logins of somebody else's account, which has nothing else, become the enrollee's. */
  isLinkable(known: KnownPerson): boolean {
    const { flow, model } = this;
    const { linking } = this.facts;
    if (!this.isConfirming || known.via !== 'LOGIN' || !linking || !linksLogins(flow)) return false;
    const isShown = linking.hasFactor ? model.proof === 'FACTOR' : flow.match === 'SELECT' || model.proof !== null;
    return linking.isBare && linking.isMailedToEnrollee && isShown;
  }

  /** Section 8: what becomes of somebody who is known. False: the petition ended, or stands still. */
  recognizes(known: KnownPerson | null): boolean {
    const { flow, model } = this;
    const isOther = model.enrollee !== null && known !== null && known.userId !== model.enrollee;
    if (isOther && this.isLinkable(known)) {
      this.note('IDENTIFIER_AUTHENTICATED');
      this.note('IDENTITY_LINKED');
      return true;
    }
    if (isOther) {
      this.fail('MANUAL_ACTION_NEEDED', 'ADMINISTRATOR');
      return false;
    }
    const isNew = known !== null && model.enrollee === null;
    const isDuplicate =
      isNew &&
      known.isEnrolled &&
      (flow.duplicateMode === 'FLAG' || (flow.duplicateMode === 'NEW_ROLE_OTHER_ORGANIZATION' && known.isMember));
    if (isDuplicate) {
      this.end('DUPLICATE', 'FLAGGED_DUPLICATE');
      return false;
    }
    if (known?.via === 'LOGIN') this.note('IDENTIFIER_AUTHENTICATED');
    if (isNew) {
      this.note(known.isEnrolled ? 'IDENTITY_RELINKED' : 'IDENTITY_LINKED');
      model.enrollee = known.userId;
    }
    return true;
  }
}
