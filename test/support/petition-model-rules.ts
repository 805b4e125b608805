import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Command } from '../../src/enrollment/machine/state.js';

/**
 * What the rules of enrollment say becomes of a petition, for comparison with the machine. It is written from the rules,
 * as tables of words and one function a step, and shares no code with the machine: only the shapes of what goes in.
 */
export interface Model {
  status: string;
  step: string;
  waitsFor: string | null;
  petitioner: string | null;
  enrollee: string | null;
  email: string | null;
  isProven: boolean;
  reminders: number;
  isEscalated: boolean;
  isMatched: boolean;
  said: Record<string, string>;
  approvals: string[];
  seats: string[];
  /** How the enrollee has shown that it is them who wants another login. */
  proof: string | null;
  /** Somebody whose petition it is has signed in. */
  isSignedIn: boolean;
  /** A link is out by which an address to claim with is proven. */
  isProving: boolean;
  /** Whom the match server named, which of them was chosen, what was told of its delays, and how it calls the person. */
  candidates: string[] | null;
  choice: string | null;
  delays: string[];
  identifier: string | null;
  /** The account that confirmed where IDENTIFY sources are asked. */
  confirmedBy: string | null;
}

/** A row of the history: what, by whom, and from which status to which. */
export type Row = [action: string, party: string, before: string | null, after: string | null];

export type Expected = { refused: string } | { model: Model; history: Row[]; mails: string[]; failed: string | null };

export const words = (text: string) => text.split(' ').filter(Boolean);

/** Section 8, strict, with the two ends that were added. */
export const FOLLOWS: Record<string, string> = {
  CREATED: 'PENDING_CONFIRMATION PENDING_VETTING PENDING_APPROVAL DENIED DUPLICATE FINALIZED CANCELED EXPIRED',
  PENDING_CONFIRMATION: 'CONFIRMED DECLINED DENIED DUPLICATE CANCELED EXPIRED',
  CONFIRMED: 'PENDING_VETTING PENDING_APPROVAL DENIED DUPLICATE FINALIZED CANCELED EXPIRED',
  PENDING_VETTING: 'PENDING_APPROVAL DENIED CANCELED EXPIRED',
  PENDING_APPROVAL: 'APPROVED DENIED DUPLICATE CANCELED EXPIRED',
  APPROVED: 'FINALIZED CANCELED',
  DENIED: '',
  DECLINED: '',
  DUPLICATE: '',
  FINALIZED: '',
  CANCELED: '',
  EXPIRED: '',
};

/** Who gives a command, in which steps (all, where none is said), and to which status it leads. */
export const COMMANDS: Record<Command['kind'], [who: string, at: string, to?: string]> = {
  SELECT_ENROLLEE: ['PETITIONER ADMINISTRATOR', 'SELECT_ENROLLEE'],
  SUBMIT_ATTRIBUTES: ['PETITIONER ADMINISTRATOR', 'ATTRIBUTES'],
  ANSWER_SOURCE: ['SYSTEM', 'SOURCES COLLECT_IDENTIFIER CHECK_ELIGIBILITY'],
  GIVE_EMAIL: ['PETITIONER ADMINISTRATOR', 'SOURCES'],
  PROVE_EMAIL: ['PETITIONER', 'SOURCES'],
  ANSWER_MATCH: ['SYSTEM', 'DUPLICATE_CHECK'],
  CHOOSE_MATCH: ['PETITIONER ADMINISTRATOR', 'DUPLICATE_CHECK'],
  AGREE_TO_TERMS: ['PETITIONER ENROLLEE ADMINISTRATOR', 'PETITIONER_TERMS TERMS'],
  RESEND_CONFIRMATION: ['PETITIONER ADMINISTRATOR', 'WAIT_FOR_CONFIRMATION SOURCES'],
  RENEW_CONFIRMATION: ['SYSTEM', 'WAIT_FOR_CONFIRMATION SOURCES'],
  VIEW_CONFIRMATION: ['ENROLLEE', 'WAIT_FOR_CONFIRMATION SOURCES'],
  CONFIRM: ['ENROLLEE', 'WAIT_FOR_CONFIRMATION', 'CONFIRMED'],
  DECLINE: ['ENROLLEE', 'WAIT_FOR_CONFIRMATION', 'DECLINED'],
  CONTINUE: [
    'PETITIONER ENROLLEE APPROVER ADMINISTRATOR',
    'SOURCES DUPLICATE_CHECK SEND_CONFIRMATION COLLECT_IDENTIFIER CHECK_ELIGIBILITY AUTHENTICATORS FINALIZE',
  ],
  RECORD_VETTING: ['ADMINISTRATOR SYSTEM', 'VETTING'],
  APPROVE: ['APPROVER', 'WAIT_FOR_APPROVAL', 'APPROVED'],
  DENY: ['APPROVER', '', 'DENIED'],
  FLAG_DUPLICATE: ['APPROVER', '', 'DUPLICATE'],
  COMMENT: ['APPROVER ADMINISTRATOR', ''],
  CANCEL: ['PETITIONER ENROLLEE ADMINISTRATOR', '', 'CANCELED'],
  EXPIRE: ['SYSTEM', '', 'EXPIRED'],
  REMIND: ['SYSTEM', 'WAIT_FOR_CONFIRMATION WAIT_FOR_APPROVAL'],
  ESCALATE: ['SYSTEM', 'WAIT_FOR_APPROVAL'],
  FINALIZED: ['SYSTEM', 'FINALIZE', 'FINALIZED'],
  FAIL_STEP: ['SYSTEM', ''],
};

export const COMMAND_KINDS = Object.keys(COMMANDS) as Command['kind'][];

/** Who tries a step again. */
export const TRIES_AGAIN: Record<string, string> = {
  SEND_CONFIRMATION: 'PETITIONER ADMINISTRATOR',
  SOURCES: 'PETITIONER ADMINISTRATOR',
  DUPLICATE_CHECK: 'PETITIONER ADMINISTRATOR',
  COLLECT_IDENTIFIER: 'ENROLLEE ADMINISTRATOR',
  CHECK_ELIGIBILITY: 'PETITIONER ENROLLEE ADMINISTRATOR',
  AUTHENTICATORS: 'PETITIONER ENROLLEE',
  FINALIZE: 'APPROVER ADMINISTRATOR',
};

/** What can be done although the flow is not active: people and the clock can end a petition, and talk about it. */
export const ALSO_WHEN_SUSPENDED = words('COMMENT CANCEL EXPIRE');

export const isAdministrative = ({ authorization }: FlowSettings) => authorization.includes('ADMINISTRATOR');
const isOpen = ({ authorization }: FlowSettings) => words('NONE SIGNED_IN').includes(authorization);
export const confirms = ({ confirmation }: FlowSettings) => confirmation !== 'NONE';
export const sourcesIn = (flow: FlowSettings, ...modes: string[]) =>
  flow.sources.filter(({ mode }) => modes.includes(mode));
const asksSelect = (flow: FlowSettings) => isAdministrative(flow) && sourcesIn(flow, 'SELECT').length > 0;
const asksFirst = (flow: FlowSettings) =>
  !isAdministrative(flow) && sourcesIn(flow, 'AUTHENTICATE', 'CLAIM').length > 0;
const isPermitted = ({ enablement }: { enablement: string }) => enablement !== 'NOT_PERMITTED';

/** Whether the flow gives somebody who is known another login: theirs is settled, and another account confirms. */
export const linksLogins = (flow: FlowSettings) =>
  flow.requiresAuthentication &&
  words('REVIEW SKIP_IF_VERIFIED').includes(flow.confirmation) &&
  !sourcesIn(flow, 'IDENTIFY').length &&
  (flow.match === 'SELF' || (flow.match === 'SELECT' && flow.authorization === 'TENANT_ADMINISTRATOR'));

/** Section 4: the steps in which a petition can stand, in their order, and when each is run. */
export const STEPS: [step: string, runs: (flow: FlowSettings) => boolean][] = [
  ['SELECT_ENROLLEE', ({ match }) => words('SELF SELECT').includes(match)],
  ['SOURCES', (flow) => asksSelect(flow) || asksFirst(flow)],
  ['ATTRIBUTES', ({ attributes }) => attributes.some(isPermitted)],
  ['DUPLICATE_CHECK', ({ match }) => match === 'EXTERNAL'],
  ['PETITIONER_TERMS', (flow) => flow.terms !== 'IGNORE' && isOpen(flow)],
  ['SEND_CONFIRMATION', confirms],
  ['WAIT_FOR_CONFIRMATION', confirms],
  ['COLLECT_IDENTIFIER', confirms],
  ['CHECK_ELIGIBILITY', (flow) => sourcesIn(flow, 'SEARCH', 'SEARCH_REQUIRED').length > 0],
  ['TERMS', (flow) => flow.terms !== 'IGNORE' && !isOpen(flow)],
  ['AUTHENTICATORS', ({ authenticators }) => authenticators.some(isPermitted)],
  ['VETTING', ({ requestsVetting }) => requestsVetting],
  ['NOTIFY_APPROVERS', ({ requiresApproval }) => requiresApproval],
  ['WAIT_FOR_APPROVAL', ({ requiresApproval }) => requiresApproval],
  ['FINALIZE', () => true],
];

/**
 * The mode of the first source that a petition cannot go on without in its step; null: there is none. Of SELECT and CLAIM one
 * record will do.
 */
export function dueIn(flow: FlowSettings, { step, said }: Pick<Model, 'step' | 'said'>): string | null {
  const begin = isAdministrative(flow) ? ['SELECT'] : ['AUTHENTICATE', 'CLAIM'];
  const groups: Record<string, string[]> = {
    SOURCES: begin,
    COLLECT_IDENTIFIER: ['IDENTIFY'],
    CHECK_ELIGIBILITY: ['SEARCH', 'SEARCH_REQUIRED'],
  };
  for (const mode of groups[step] ?? []) {
    const answers = sourcesIn(flow, mode)
      .map(({ sourceId }) => said[sourceId])
      .filter((answer) => answer !== 'SUSPENDED');
    const isEnough = words('SELECT CLAIM').includes(mode)
      ? !answers.length || answers.includes('LINKED')
      : answers.every((answer) => answer && answer !== 'UNAVAILABLE');
    if (!isEnough) return mode;
  }
  return null;
}

/** Whether a CLAIM source has yet to say whether it knows the address. */
export const isClaimOpen = (flow: FlowSettings, { said }: Pick<Model, 'said'>) =>
  sourcesIn(flow, 'CLAIM').some(({ sourceId }) => [undefined, 'UNAVAILABLE'].includes(said[sourceId]));

/** Whose turn it is where a source of this mode is due. */
export function turnOf(flow: FlowSettings, model: Model): string {
  const turns: Record<string, string> = { IDENTIFY: 'ENROLLEE', SEARCH: 'SYSTEM', SEARCH_REQUIRED: 'SYSTEM' };
  const mode = dueIn(flow, model)!;
  if (mode === 'CLAIM') return model.isProven && isClaimOpen(flow, model) ? 'SYSTEM' : 'PETITIONER';
  return turns[mode] ?? 'PETITIONER';
}

/** The code that a claim is refused with, if it is: a claim is the petitioner's own, who has signed in. */
export function whyNoClaim(flow: FlowSettings, model: Model): string | null {
  if (!model.isSignedIn) return 'SIGN_IN_REQUIRED';
  return flow.match === 'SELECT' ? 'MANUAL_ACTION_NEEDED' : null;
}

/** What is offered to one of these parties besides the commands of the same name. */
export function isOfferedBySource(
  flow: FlowSettings,
  model: Model,
  kind: string,
  party: string,
  isFlowActive: boolean,
): boolean | null {
  const mode = isFlowActive && FOLLOWS[model.status] ? dueIn(flow, model) : null;
  switch (kind) {
    case 'SIGN_IN_AT_SOURCE':
      return (mode === 'AUTHENTICATE' && party === 'PETITIONER') || (mode === 'IDENTIFY' && party === 'ENROLLEE');
    case 'SELECT_SOURCE_RECORD':
      return mode === 'SELECT' && words('PETITIONER ADMINISTRATOR').includes(party);
    case 'GIVE_EMAIL':
      return mode === 'CLAIM' && !whyNoClaim(flow, model) && words('PETITIONER ADMINISTRATOR').includes(party);
    default:
      return null;
  }
}

/** The code that a command is refused with before it is looked at; null: it is looked at. */
export function whyNot(
  model: Model,
  kind: Command['kind'],
  parties: readonly string[],
  isFlowActive: boolean,
): string | null {
  const { status, step } = model;
  const [, at, to] = COMMANDS[kind];
  const isDecision = kind === 'APPROVE' || kind === 'DENY';
  if (isDecision && words('APPROVED DENIED DUPLICATE FINALIZED').includes(status)) return 'PETITION_ALREADY_DECIDED';
  if (!FOLLOWS[status]) return 'PETITION_FINISHED';
  if (!isFlowActive && !ALSO_WHEN_SUSPENDED.includes(kind)) return 'FLOW_NOT_ACTIVE';
  if (!actsAs(model, kind, parties)) return 'NOT_YOUR_TURN';
  if (at && !words(at).includes(step)) return 'WRONG_STATUS';
  if (to && !words(FOLLOWS[status]).includes(to)) return 'WRONG_STATUS';
  // A link to claim with is answered while it is out, and whom the match server named is chosen among while they are named.
  const isOfLink = words('PROVE_EMAIL RESEND_CONFIRMATION RENEW_CONFIRMATION VIEW_CONFIRMATION').includes(kind);
  if (isOfLink && step === 'SOURCES' && !model.isProving) return 'WRONG_STATUS';
  if (kind === 'CHOOSE_MATCH' && !model.candidates) return 'WRONG_STATUS';
  if (kind === 'ANSWER_MATCH' && model.waitsFor !== 'SYSTEM') return 'WRONG_STATUS';
  return null;
}

/** As which of these parties a command is given: who it waits for first; terms and factors are nobody else's. */
export function actsAs({ step, waitsFor }: Model, kind: Command['kind'], parties: readonly string[]): string | null {
  const isProof = kind === 'VIEW_CONFIRMATION' && step === 'SOURCES';
  const who = isProof ? ['PETITIONER'] : words((kind === 'CONTINUE' && TRIES_AGAIN[step]) || COMMANDS[kind][0]);
  const isPersonal =
    kind === 'AGREE_TO_TERMS' || kind === 'CHOOSE_MATCH' || (kind === 'CONTINUE' && step === 'AUTHENTICATORS');
  const able = parties.filter(
    (party) =>
      who.includes(party) && !(isPersonal && words('PETITIONER ENROLLEE').includes(party) && party !== waitsFor),
  );
  return able.includes(waitsFor!) ? waitsFor : (able[0] ?? null);
}

/** What the event of a row of the history is called. */
export function eventOf([action, , before, after]: Row): string {
  if (action === 'CREATED') return 'petition.created';
  if (action === 'PROVISIONED') return 'petition.finalized';
  if (before === null) return 'petition.advanced';
  const own: Record<string, string> = {
    CONFIRMED: 'petition.confirmed',
    APPROVED: 'petition.approved',
    DENIED: 'petition.denied',
    DUPLICATE: 'petition.flagged_duplicate',
  };
  return own[after!] ?? 'petition.status_changed';
}
