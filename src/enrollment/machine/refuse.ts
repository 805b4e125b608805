import { PetitionParty as P, PetitionStatus as S, PetitionStep } from '../../entities/enums.js';
import { UserErrorCode } from '../../faults.js';
import type { CommandKind, PetitionState, Refusal } from './state.js';
import { isTerminal, mayFollow } from './transitions.js';

interface Rule {
  /** Who may give it. */
  parties: readonly P[];
  /** In which steps; absent: in all. */
  steps?: readonly PetitionStep[];
  /** In which of them others may give it. */
  partiesOf?: Partial<Record<PetitionStep, readonly P[]>>;
  /** What must be so besides. */
  when?: (state: PetitionState) => boolean;
  /** It leads to this status, so only where that may follow. */
  to?: S;
  /** It also works while the flow is not ACTIVE. */
  worksWithoutFlow?: boolean;
}

const ENROLLMENT_PARTIES = [P.PETITIONER, P.ENROLLEE, P.ADMINISTRATOR];

/** Who tries a step again: whose step it is, or who can mend what it fails for. */
const CONTINUING: Partial<Record<PetitionStep, readonly P[]>> = {
  [PetitionStep.SOURCES]: [P.PETITIONER, P.ADMINISTRATOR],
  [PetitionStep.DUPLICATE_CHECK]: [P.PETITIONER, P.ADMINISTRATOR],
  [PetitionStep.SEND_CONFIRMATION]: [P.PETITIONER, P.ADMINISTRATOR],
  [PetitionStep.COLLECT_IDENTIFIER]: [P.ENROLLEE, P.ADMINISTRATOR],
  [PetitionStep.CHECK_ELIGIBILITY]: ENROLLMENT_PARTIES,
  [PetitionStep.AUTHENTICATORS]: [P.PETITIONER, P.ENROLLEE],
  [PetitionStep.FINALIZE]: [P.APPROVER, P.ADMINISTRATOR],
};

/** A link is answered, and mailed again, while it is out: in SOURCES, only where an address was given for CLAIM. */
const isLinkOut = ({ step, progress }: PetitionState) =>
  step !== PetitionStep.SOURCES || progress.isProvingEmail === true;
const LINKED_STEPS = [PetitionStep.SOURCES, PetitionStep.WAIT_FOR_CONFIRMATION];

/** Who may give which command, and when (docs/petitions.md). */
const RULES: Readonly<Record<CommandKind, Rule>> = {
  SELECT_ENROLLEE: { parties: [P.PETITIONER, P.ADMINISTRATOR], steps: [PetitionStep.SELECT_ENROLLEE] },
  SUBMIT_ATTRIBUTES: { parties: [P.PETITIONER, P.ADMINISTRATOR], steps: [PetitionStep.ATTRIBUTES] },
  ANSWER_SOURCE: {
    parties: [P.SYSTEM],
    steps: [PetitionStep.SOURCES, PetitionStep.COLLECT_IDENTIFIER, PetitionStep.CHECK_ELIGIBILITY],
  },
  GIVE_EMAIL: { parties: [P.PETITIONER, P.ADMINISTRATOR], steps: [PetitionStep.SOURCES] },
  PROVE_EMAIL: { parties: [P.PETITIONER], steps: [PetitionStep.SOURCES], when: isLinkOut },
  ANSWER_MATCH: {
    parties: [P.SYSTEM],
    steps: [PetitionStep.DUPLICATE_CHECK],
    when: ({ waitsFor }) => waitsFor === P.SYSTEM,
  },
  CHOOSE_MATCH: {
    parties: [P.PETITIONER, P.ADMINISTRATOR],
    steps: [PetitionStep.DUPLICATE_CHECK],
    when: ({ progress }) => progress.matchCandidates !== undefined,
  },
  AGREE_TO_TERMS: { parties: ENROLLMENT_PARTIES, steps: [PetitionStep.PETITIONER_TERMS, PetitionStep.TERMS] },
  RESEND_CONFIRMATION: { parties: [P.PETITIONER, P.ADMINISTRATOR], steps: LINKED_STEPS, when: isLinkOut },
  RENEW_CONFIRMATION: { parties: [P.SYSTEM], steps: LINKED_STEPS, when: isLinkOut },
  VIEW_CONFIRMATION: {
    parties: [P.ENROLLEE],
    steps: LINKED_STEPS,
    partiesOf: { [PetitionStep.SOURCES]: [P.PETITIONER] },
    when: isLinkOut,
  },
  CONFIRM: { parties: [P.ENROLLEE], steps: [PetitionStep.WAIT_FOR_CONFIRMATION], to: S.CONFIRMED },
  DECLINE: { parties: [P.ENROLLEE], steps: [PetitionStep.WAIT_FOR_CONFIRMATION], to: S.DECLINED },
  CONTINUE: {
    parties: [...ENROLLMENT_PARTIES, P.APPROVER],
    steps: Object.keys(CONTINUING) as PetitionStep[],
    partiesOf: CONTINUING,
  },
  RECORD_VETTING: { parties: [P.ADMINISTRATOR, P.SYSTEM], steps: [PetitionStep.VETTING] },
  APPROVE: { parties: [P.APPROVER], steps: [PetitionStep.WAIT_FOR_APPROVAL], to: S.APPROVED },
  DENY: { parties: [P.APPROVER], to: S.DENIED },
  FLAG_DUPLICATE: { parties: [P.APPROVER], to: S.DUPLICATE },
  COMMENT: { parties: [P.APPROVER, P.ADMINISTRATOR], worksWithoutFlow: true },
  CANCEL: { parties: ENROLLMENT_PARTIES, to: S.CANCELED, worksWithoutFlow: true },
  EXPIRE: { parties: [P.SYSTEM], to: S.EXPIRED, worksWithoutFlow: true },
  REMIND: { parties: [P.SYSTEM], steps: [PetitionStep.WAIT_FOR_CONFIRMATION, PetitionStep.WAIT_FOR_APPROVAL] },
  ESCALATE: { parties: [P.SYSTEM], steps: [PetitionStep.WAIT_FOR_APPROVAL] },
  FINALIZED: { parties: [P.SYSTEM], steps: [PetitionStep.FINALIZE], to: S.FINALIZED },
  FAIL_STEP: { parties: [P.SYSTEM] },
};

const DECISIONS: readonly CommandKind[] = ['APPROVE', 'DENY'];
const DECIDED: readonly S[] = [S.APPROVED, S.DENIED, S.DUPLICATE, S.FINALIZED];

export function refusal(code: UserErrorCode, message: string, ...field: string[]): Refusal {
  return { code, message, field: field.length ? field : null };
}

/**
 * Why this command cannot be given now by somebody who is these parties to the petition; null: it can be tried. What
 * depends on what the command says is decided by `advance`.
 */
export function refuseCommand(
  state: PetitionState,
  kind: CommandKind,
  parties: readonly P[],
  isFlowActive: boolean,
): Refusal | null {
  const rule = RULES[kind];
  const { status, step, waitsFor } = state;
  if (DECISIONS.includes(kind) && DECIDED.includes(status)) {
    return refusal(UserErrorCode.PETITION_ALREADY_DECIDED, `The petition is ${status}: it was decided already.`);
  }
  if (isTerminal(status)) {
    return refusal(UserErrorCode.PETITION_FINISHED, `The petition is ${status}: nothing changes it any more.`);
  }
  if (!isFlowActive && !rule.worksWithoutFlow) {
    return refusal(UserErrorCode.FLOW_NOT_ACTIVE, 'The enrollment flow is not active now.');
  }
  const waits = `The petition waits in the step ${step}${waitsFor ? ` for the ${waitsFor.toLowerCase()}` : ''}.`;
  if (!partyOf(state, kind, parties)) return refusal(UserErrorCode.NOT_YOUR_TURN, waits);
  const isThere = !rule.steps || rule.steps.includes(step);
  const isSo = isThere && (rule.when?.(state) ?? true);
  if (!isSo || (rule.to && !mayFollow(status, rule.to))) return refusal(UserErrorCode.WRONG_STATUS, waits);
  return null;
}

/**
 * As which of these parties the command is given; null: as none. Terms are agreed to, and second factors set up, by the
 * petitioner or by the enrollee, whichever the step is for: the other one does not act. Nor does a petitioner to whom the
 * people whom a match server names are not shown.
 */
export function partyOf({ step, waitsFor }: PetitionState, kind: CommandKind, parties: readonly P[]): P | null {
  const rule = RULES[kind];
  const allowed = parties.filter((party) => (rule.partiesOf?.[step] ?? rule.parties).includes(party));
  const isTurn =
    ['AGREE_TO_TERMS', 'CHOOSE_MATCH'].includes(kind) || (kind === 'CONTINUE' && step === PetitionStep.AUTHENTICATORS);
  const others = [P.PETITIONER, P.ENROLLEE] as P[];
  const suited = isTurn ? allowed.filter((party) => party === waitsFor || !others.includes(party)) : allowed;
  return suited.find((party) => party === waitsFor) ?? suited[0] ?? null;
}
