import {
  ConfirmationMode,
  Enablement,
  FlowAuthorization,
  MatchPolicy,
  PetitionParty,
  PetitionStep,
  SourceMode,
  TermsMode,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';

/** One step of a flow: whether it runs, who acts in it, and why it does or does not, in a sentence. */
export interface PlannedStep {
  step: PetitionStep;
  party: PetitionParty;
  runs: boolean;
  reason: string;
}

const ADMINISTRATIVE = new Set([
  FlowAuthorization.TENANT_ADMINISTRATOR,
  FlowAuthorization.ORGANIZATION_ADMINISTRATOR,
  FlowAuthorization.ANY_ADMINISTRATOR,
]);

/** Whether only administrators start the flow. It, and not who starts a petition, says which sources are asked. */
export function isAdministrative({ authorization }: Pick<FlowSettings, 'authorization'>): boolean {
  return ADMINISTRATIVE.has(authorization);
}

/** Whether everybody may start the flow without being known: terms are then agreed to before any mail. */
export function isOpen({ authorization }: Pick<FlowSettings, 'authorization'>): boolean {
  return authorization === FlowAuthorization.NONE || authorization === FlowAuthorization.SIGNED_IN;
}

export function asksToConfirm({ confirmation }: Pick<FlowSettings, 'confirmation'>): boolean {
  return confirmation !== ConfirmationMode.NONE;
}

/** The sources of the flow that are asked in a step, in their order. */
export function sourcesOf(flow: FlowSettings, step: PetitionStep): FlowSettings['sources'] {
  // AUTHENTICATE comes before CLAIM, whatever the order of the list.
  const begun = isAdministrative(flow) ? [[SourceMode.SELECT]] : [[SourceMode.AUTHENTICATE], [SourceMode.CLAIM]];
  const modes: Partial<Record<PetitionStep, SourceMode[][]>> = {
    [PetitionStep.SOURCES]: begun,
    [PetitionStep.COLLECT_IDENTIFIER]: asksToConfirm(flow) ? [[SourceMode.IDENTIFY]] : [],
    [PetitionStep.CHECK_ELIGIBILITY]: [[SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED]],
  };
  return (modes[step] ?? []).flatMap((wanted) => flow.sources.filter(({ mode }) => wanted.includes(mode)));
}

/**
 * The steps of a flow in their order: what `advance` runs, and what `enrollmentFlowExplain` tells. Steps 7 to 13 belong
 * to the enrollee when the flow asks for confirmation, else to the petitioner.
 */
export function planSteps(flow: FlowSettings): PlannedStep[] {
  const { PETITIONER, ENROLLEE, APPROVER, SYSTEM, ADMINISTRATOR } = PetitionParty;
  const confirms = asksToConfirm(flow);
  const enrollee = confirms ? ENROLLEE : PETITIONER;
  const finalizing = flow.requiresApproval ? APPROVER : enrollee;
  const steps: PlannedStep[] = [];
  const add = (step: PetitionStep, party: PetitionParty, runs: boolean, why: string, whyNot: string) =>
    steps.push({ step, party, runs, reason: runs ? why : whyNot });

  add(PetitionStep.START, PETITIONER, true, 'The petition is made once its petitioner has started it.', '');
  const selects = flow.match === MatchPolicy.SELF || flow.match === MatchPolicy.SELECT;
  add(
    PetitionStep.SELECT_ENROLLEE,
    PETITIONER,
    selects,
    flow.match === MatchPolicy.SELF ? 'The petitioner enrolls themselves.' : 'The petitioner chooses who is enrolled.',
    `Matching is ${flow.match}: nobody is chosen beforehand.`,
  );
  const begun = sourcesOf(flow, PetitionStep.SOURCES);
  add(
    PetitionStep.SOURCES,
    PETITIONER,
    begun.length > 0,
    `${countOf(begun.length, 'source')} in mode ${modesOf(begun)}.`,
    isAdministrative(flow)
      ? 'No source is attached in mode SELECT, the only one that flows of administrators ask here.'
      : 'No source is attached in mode AUTHENTICATE or CLAIM; SELECT is for flows of administrators.',
  );
  const asked = flow.attributes.filter(({ enablement }) => enablement !== Enablement.NOT_PERMITTED);
  add(
    PetitionStep.ATTRIBUTES,
    PETITIONER,
    asked.length > 0,
    `${countOf(asked.length, 'attribute')} to give.`,
    'The flow asks for no attributes.',
  );
  add(
    PetitionStep.DUPLICATE_CHECK,
    SYSTEM,
    flow.match === MatchPolicy.EXTERNAL,
    'The match server is asked.',
    `Matching is ${flow.match}: only EXTERNAL asks a match server.`,
  );
  const agrees = flow.terms !== TermsMode.IGNORE;
  const before = isOpen(flow);
  add(
    PetitionStep.PETITIONER_TERMS,
    PETITIONER,
    agrees && before,
    'Active terms are agreed to before any mail, as everybody may start the flow.',
    agrees ? 'Who may start the flow is known: terms are agreed to later, in TERMS.' : 'The flow ignores terms.',
  );
  const noConfirmation = 'The flow asks for no confirmation.';
  add(PetitionStep.SEND_CONFIRMATION, PETITIONER, confirms, 'A link is mailed to the address.', noConfirmation);
  add(
    PetitionStep.WAIT_FOR_CONFIRMATION,
    ENROLLEE,
    confirms,
    flow.requiresAuthentication ? 'The enrollee signs in and confirms.' : 'The enrollee confirms by the link.',
    noConfirmation,
  );
  const identifies = sourcesOf(flow, PetitionStep.COLLECT_IDENTIFIER);
  add(
    PetitionStep.COLLECT_IDENTIFIER,
    ENROLLEE,
    confirms,
    identifies.length
      ? `${countOf(identifies.length, 'source')} in mode IDENTIFY.`
      : flow.requiresAuthentication
        ? 'The account that the enrollee signed in with is attached, or recognized.'
        : 'It is looked whether somebody has the proven address already.',
    noConfirmation,
  );
  const searched = sourcesOf(flow, PetitionStep.CHECK_ELIGIBILITY);
  add(
    PetitionStep.CHECK_ELIGIBILITY,
    SYSTEM,
    searched.length > 0,
    `${countOf(searched.length, 'source')} searched by verified address.`,
    'No source is attached in mode SEARCH or SEARCH_REQUIRED.',
  );
  add(
    PetitionStep.TERMS,
    enrollee,
    agrees && !before,
    'Active terms are agreed to.',
    agrees ? 'They were agreed to in PETITIONER_TERMS.' : 'The flow ignores terms.',
  );
  const factors = flow.authenticators.filter(({ enablement }) => enablement !== Enablement.NOT_PERMITTED);
  add(
    PetitionStep.AUTHENTICATORS,
    enrollee,
    factors.length > 0,
    `Second factors: ${factors.map(({ kind, enablement }) => `${kind} (${enablement})`).join(', ')}.`,
    'The flow sets no second factors up.',
  );
  add(
    PetitionStep.VETTING,
    ADMINISTRATOR,
    flow.requestsVetting,
    'It waits for the outcome of vetting.',
    'The flow asks for no vetting.',
  );
  const noApproval = 'The flow needs no approval.';
  add(PetitionStep.NOTIFY_APPROVERS, SYSTEM, flow.requiresApproval, 'The approvers are told.', noApproval);
  add(PetitionStep.WAIT_FOR_APPROVAL, APPROVER, flow.requiresApproval, describeApproval(flow), noApproval);
  add(
    PetitionStep.FINALIZE,
    finalizing,
    true,
    'Identifiers are assigned, then the person and the membership are made, in one transaction.',
    '',
  );
  add(PetitionStep.PROVISION, SYSTEM, true, 'petition.finalized is sent to whoever provisions, then mail.', '');
  add(
    PetitionStep.REDIRECT,
    enrollee,
    confirms && !flow.requiresApproval,
    'The enrollee is sent on after confirming.',
    confirms ? 'The enrollee does not wait for the approval.' : noConfirmation,
  );
  return steps;
}

function describeApproval({ approvalRule, approvalCount, approverRoleId }: FlowSettings): string {
  const who = approverRoleId ? 'the holders of the role of approvers' : 'the administrators';
  if (approvalRule === 'ALL') return `All of ${who} must approve.`;
  if (approvalRule === 'N_OF_M') return `${approvalCount ?? 0} of ${who} must approve.`;
  return `One of ${who} decides.`;
}

const countOf = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
const modesOf = (sources: FlowSettings['sources']) => [...new Set(sources.map(({ mode }) => mode))].join(', ');
