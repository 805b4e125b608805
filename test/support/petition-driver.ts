import { expect } from '@jest/globals';
import {
  ApprovalRule,
  ConfirmationMode,
  Enablement,
  FactorKind,
  FlowAuthorization,
  MatchPolicy,
  PetitionParty as P,
  SourceMode,
  TermsMode,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { advance, begin } from '../../src/enrollment/machine/advance.js';
import type { Account, Advanced, Command, Facts, Refusal } from '../../src/enrollment/machine/state.js';
import { EMAIL, ORGANIZATION, SOURCES, TERMS, USERS, account, factsOf, flowOf } from './petition-arbitraries.js';

export const [ADA, GRACE, LIN, KIM] = USERS as [string, string, string, string, string];
export const PETITIONER = [P.PETITIONER];
export const ENROLLEE = [P.ENROLLEE];
export const APPROVER = [P.APPROVER];
export const ADMINISTRATOR = [P.ADMINISTRATOR];
export const SYSTEM = [P.SYSTEM];

/** A petition on its way; every command must be accepted, unless it is `refuse`d. */
export class Petition {
  last: Advanced;

  constructor(
    readonly flow: FlowSettings,
    petitioner: Account | null = null,
    readonly facts: Facts = factsOf(),
  ) {
    this.last = begin(flow, { petitioner, organizationId: ORGANIZATION }, facts);
  }

  get state() {
    return this.last.state;
  }

  get actions() {
    return this.last.history.map(({ action }) => action);
  }

  get effects() {
    return this.last.effects.map((effect) => (effect.kind === 'MAIL' ? `MAIL ${effect.mail}` : effect.kind));
  }

  give(command: Command, parties: readonly P[], facts: Partial<Facts> = {}): this {
    const outcome = advance(this.flow, this.state, command, parties, { ...this.facts, ...facts });
    if ('refusal' in outcome) throw new Error(`${command.kind}: ${outcome.refusal.code} ${outcome.refusal.message}`);
    this.last = outcome;
    return this;
  }

  refuse(command: Command, parties: readonly P[], facts: Partial<Facts> = {}): Refusal {
    const before = structuredClone(this.state);
    const outcome = advance(this.flow, this.state, command, parties, { ...this.facts, ...facts });
    expect(this.state).toEqual(before);
    if (!('refusal' in outcome)) throw new Error(`${command.kind} was accepted.`);
    return outcome.refusal;
  }

  submit(normalized: string | null = 'ada@example.org', isVerified = false, facts: Partial<Facts> = {}): this {
    const email = normalized === null ? null : { normalized, isVerified };
    return this.give({ kind: 'SUBMIT_ATTRIBUTES', email, userId: null }, PETITIONER, facts);
  }

  confirm(userId: string | null = null, facts: Partial<Facts> = {}): this {
    return this.give({ kind: 'CONFIRM', userId }, ENROLLEE, facts);
  }

  answer(
    sourceId: string,
    outcome: 'LINKED' | 'NOT_FOUND' | 'NAME_MISMATCH' | 'UNAVAILABLE' | 'SUSPENDED',
    more = {},
  ): this {
    return this.give({ kind: 'ANSWER_SOURCE', sourceId, outcome, ...more }, SYSTEM);
  }
}

export const approve = (approverId = LIN, changes = {}): Command => ({
  kind: 'APPROVE',
  approverId,
  comment: null,
  isConfirmed: false,
  ...changes,
});
export const deny = (approverId = LIN, changes = {}): Command =>
  ({ ...approve(approverId, changes), kind: 'DENY' }) as Command;

export const OPEN = { authorization: FlowAuthorization.NONE, attributes: [EMAIL], organizationIds: [ORGANIZATION] };
export const MAILED = { ...OPEN, confirmation: ConfirmationMode.REVIEW };
export const sources = (...modes: SourceMode[]) =>
  modes.map((mode, index) => ({ sourceId: SOURCES[index]!, mode, verifiesFamilyName: false }));
export const [FIRST, SECOND] = SOURCES as [string, string, string, string];

/** A petition that stands in each status and step, for what must hold everywhere. */
export const STANDING: Record<string, () => Petition> = {
  SELECT_ENROLLEE: () =>
    new Petition(
      flowOf({ match: MatchPolicy.SELECT, confirmation: ConfirmationMode.REVIEW }),
      account({ userId: KIM }),
    ),
  SOURCES: () => new Petition(flowOf({ ...OPEN, sources: sources(SourceMode.AUTHENTICATE) })),
  ATTRIBUTES: () => new Petition(flowOf(MAILED)),
  DUPLICATE_CHECK: () => new Petition(flowOf({ ...OPEN, match: MatchPolicy.EXTERNAL })).submit(),
  PETITIONER_TERMS: () =>
    new Petition(flowOf({ ...MAILED, terms: TermsMode.EXPLICIT }), null, factsOf({ terms: TERMS })).submit(),
  SEND_CONFIRMATION: () => new Petition(flowOf(MAILED)).submit(null),
  WAIT_FOR_CONFIRMATION: () => new Petition(flowOf(MAILED)).submit(),
  COLLECT_IDENTIFIER: () =>
    new Petition(flowOf({ ...MAILED, sources: sources(SourceMode.IDENTIFY) })).submit().confirm(),
  CHECK_ELIGIBILITY: () =>
    new Petition(
      flowOf({ ...MAILED, authorization: FlowAuthorization.SIGNED_IN, sources: sources(SourceMode.SEARCH) }),
      account({ userId: KIM }),
    )
      .submit()
      .confirm(),
  TERMS: () =>
    new Petition(
      flowOf({ ...MAILED, authorization: FlowAuthorization.TENANT_MEMBER, terms: TermsMode.EXPLICIT }),
      account({ userId: KIM }),
      factsOf({ terms: TERMS }),
    )
      .submit()
      .confirm(),
  AUTHENTICATORS: () =>
    new Petition(flowOf({ ...MAILED, authenticators: [{ kind: FactorKind.TOTP, enablement: Enablement.OPTIONAL }] }))
      .submit()
      .confirm(),
  VETTING: () => new Petition(flowOf({ ...MAILED, requestsVetting: true, requiresApproval: true })).submit().confirm(),
  WAIT_FOR_APPROVAL: () => new Petition(flowOf({ ...MAILED, requiresApproval: true })).submit().confirm(),
  FINALIZE: () => new Petition(flowOf({ ...OPEN, requiresApproval: true })).submit().give(approve(), APPROVER),
  'FINALIZE without approval': () => new Petition(flowOf(OPEN)).submit(),
  DENIED: () => STANDING.WAIT_FOR_APPROVAL!().give(deny(), APPROVER),
  DECLINED: () => STANDING.WAIT_FOR_CONFIRMATION!().give({ kind: 'DECLINE' }, ENROLLEE),
  DUPLICATE: () => STANDING.ATTRIBUTES!().give({ kind: 'FLAG_DUPLICATE', comment: null }, APPROVER),
  FINALIZED: () => finalized(STANDING.FINALIZE!()),
  CANCELED: () => STANDING.ATTRIBUTES!().give({ kind: 'CANCEL', comment: null }, PETITIONER),
  EXPIRED: () => STANDING.ATTRIBUTES!().give({ kind: 'EXPIRE' }, SYSTEM),
};

export function finalized(petition: Petition): Petition {
  return petition.give({ kind: 'FINALIZED', enrolleeUserId: ADA, identifiers: ['B1'], isMerged: false }, SYSTEM);
}

/** What decides about whether somebody is offered to decide. */
export const OPEN_RULES = flowOf({ allowsOwnApproval: false, approvalRule: ApprovalRule.ANY });
