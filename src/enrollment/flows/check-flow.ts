import {
  ApprovalRule,
  AttributeTarget,
  AttributeType,
  DecisionDemand,
  DuplicateMode,
  Enablement,
  FactorKind,
  FlowAuthorization,
  MatchPolicy,
  PetitionStep,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { checkDefinitions } from '../attributes/check-definitions.js';
import { asksToConfirm, isAdministrative, sourcesOf } from '../machine/plan.js';
import { checkMailTemplate } from '../mails/check-template.js';
import { checkLimits, checkRedirect } from './check-limits.js';
import { checkSourceModes } from './check-sources.js';
import { findWarnings, type FlowWarning } from './flow-warnings.js';

/** Where a flow is to run. */
export interface FlowPlace {
  /** Whose flow it is; null: the tenant's. */
  organizationId: string | null;
  /** The origins of the tenant's own pages, such as https://app.example.org. */
  origins: readonly string[];
  /** The kinds of second factors that the tenant takes. */
  factorKinds: readonly FactorKind[];
}

export interface CheckedFlow {
  /** Why the flow cannot work: it is not saved. Paths begin at the settings. */
  faults: Fault[];
  /** What works, and is likely not meant. */
  warnings: FlowWarning[];
}

/** Kinds of second factors that a person sets up; the others are somebody else's word. */
const SET_UP: readonly FactorKind[] = [FactorKind.TOTP, FactorKind.PASSKEY];

const invalid = (message: string, ...field: string[]) => fault(UserErrorCode.INVALID, message, ...field);
const needed = (message: string, ...field: string[]) => fault(UserErrorCode.REQUIRED, message, ...field);

/**
 * Everything that keeps a flow from working, at once, and what is to be thought of. Pure: whether the organizations, roles
 * and sources exist is asked elsewhere. The rules are in docs/enrollment-flows.md.
 */
export function checkFlow(settings: FlowSettings, place: FlowPlace): CheckedFlow {
  const faults = [
    ...checkLimits(settings),
    ...checkStarters(settings, place),
    ...checkPlace(settings, place),
    ...checkMatching(settings),
    ...checkConfirmation(settings),
    ...checkSourceModes(settings),
    ...checkApproval(settings),
    ...checkAuthenticators(settings, place),
    ...checkTimes(settings),
    ...(['redirectOnSubmit', 'redirectOnConfirm', 'redirectOnFinalize'] as const).map((name) =>
      checkRedirect(name, settings[name], place.origins),
    ),
    ...checkDefinitions(settings.attributes, 'attributes'),
    ...settings.mailTemplates.map((template, index) => checkMailTemplate(template, 'mailTemplates', String(index))),
  ];
  return { faults: faults.filter((found): found is Fault => Boolean(found)), warnings: findWarnings(settings, place) };
}

/** The organizations that the flow enrolls into. */
export function enrolledInto({ organizationIds }: FlowSettings, { organizationId }: Pick<FlowPlace, 'organizationId'>) {
  if (organizationIds.length) return organizationIds;
  return organizationId ? [organizationId] : [];
}

type Found = (Fault | false | null)[];

function checkStarters(settings: FlowSettings, { organizationId }: FlowPlace): Found {
  const { authorization, authorizationOrganizationId, authorizationRoleId } = settings;
  const isOfOrganization =
    authorization === FlowAuthorization.ORGANIZATION_ADMINISTRATOR ||
    authorization === FlowAuthorization.ORGANIZATION_MEMBER;
  const isOfRole = authorization === FlowAuthorization.ROLE_HOLDER;
  return [
    isOfOrganization &&
      !(authorizationOrganizationId ?? organizationId) &&
      needed(`${authorization} needs authorizationOrganizationId: whose?`, 'authorizationOrganizationId'),
    !isOfOrganization &&
      authorizationOrganizationId !== null &&
      invalid(
        'authorizationOrganizationId is for ORGANIZATION_ADMINISTRATOR and ORGANIZATION_MEMBER.',
        'authorizationOrganizationId',
      ),
    organizationId !== null &&
      ![null, organizationId].includes(authorizationOrganizationId) &&
      invalid("An organization's flow is started by its own people.", 'authorizationOrganizationId'),
    isOfRole &&
      authorizationRoleId === null &&
      needed('ROLE_HOLDER needs authorizationRoleId: of which role?', 'authorizationRoleId'),
    !isOfRole &&
      authorizationRoleId !== null &&
      invalid('authorizationRoleId is for ROLE_HOLDER.', 'authorizationRoleId'),
    settings.letsPetitionersFindPeople &&
      authorization === FlowAuthorization.NONE &&
      invalid('Whoever need not sign in must not search the people of the tenant.', 'letsPetitionersFindPeople'),
  ];
}

function checkPlace(settings: FlowSettings, place: FlowPlace): Found {
  const { organizationId } = place;
  const isNowhere = !enrolledInto(settings, place).length;
  return [
    organizationId !== null &&
      settings.organizationIds.some((id) => id !== organizationId) &&
      invalid("An organization's flow enrolls into that organization alone.", 'organizationIds'),
    isNowhere &&
      settings.roleIds.length > 0 &&
      invalid('Roles are held in an organization: say in which one people are enrolled (organizationIds).', 'roleIds'),
    isNowhere &&
      addsRole(settings) &&
      invalid(
        `${settings.duplicateMode} adds a membership: say in which organization (organizationIds).`,
        'duplicateMode',
      ),
  ];
}

function addsRole({ duplicateMode }: FlowSettings): boolean {
  return duplicateMode === DuplicateMode.NEW_ROLE || duplicateMode === DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION;
}

/** Whether the person is settled before anything is asked of them. */
function isKnownBeforehand({ match }: FlowSettings): boolean {
  return match === MatchPolicy.SELF || match === MatchPolicy.SELECT;
}

function checkMatching(settings: FlowSettings): Found {
  const { match, authorization } = settings;
  const isAnonymous = authorization === FlowAuthorization.NONE;
  const isExternal = match === MatchPolicy.EXTERNAL;
  return [
    match === MatchPolicy.SELF &&
      isAnonymous &&
      invalid('With authorization NONE nobody is known who could enroll themselves.', 'match'),
    match === MatchPolicy.SELECT &&
      isAnonymous &&
      invalid('Whoever need not sign in must not choose among the people of the tenant.', 'match'),
    match === MatchPolicy.SELECT &&
      !isAnonymous &&
      !isAdministrative(settings) &&
      !settings.letsPetitionersFindPeople &&
      invalid(
        'Petitioners could not find whom to choose: set letsPetitionersFindPeople, or let administrators start the flow.',
        'match',
      ),
    isExternal &&
      settings.matchSourceId === null &&
      needed('EXTERNAL needs matchSourceId: the match server.', 'matchSourceId'),
    !isExternal && settings.matchSourceId !== null && invalid('matchSourceId is for EXTERNAL.', 'matchSourceId'),
    isExternal &&
      settings.duplicateMode === DuplicateMode.MERGE &&
      invalid('What a match server finds is flagged or given a new role; it is not merged.', 'duplicateMode'),
  ];
}

function checkConfirmation(settings: FlowSettings): Found {
  if (!asksToConfirm(settings)) {
    return [
      settings.requiresAuthentication &&
        invalid('The enrollee signs in to confirm: this needs a confirmation.', 'requiresAuthentication'),
      settings.regeneratesConfirmation &&
        invalid('Without a confirmation there is no link that could expire.', 'regeneratesConfirmation'),
    ];
  }
  const isGiven = settings.attributes.some(
    ({ type, target, enablement }) =>
      type === AttributeType.EMAIL && target === AttributeTarget.USER_EMAIL && enablement === Enablement.REQUIRED,
  );
  const isObtainable = isGiven || isKnownBeforehand(settings) || sourcesOf(settings, PetitionStep.SOURCES).length > 0;
  return [
    !isObtainable &&
      invalid(
        'There would be no address to confirm: ask for one by a REQUIRED attribute of type EMAIL with target USER_EMAIL, or enroll somebody who is known (match SELF or SELECT).',
        'confirmation',
      ),
  ];
}

function checkApproval(settings: FlowSettings): Found {
  const { requiresApproval, approvalRule, approvalCount } = settings;
  const isCounted = approvalRule === ApprovalRule.N_OF_M;
  const counting = [
    isCounted && approvalCount === null && needed('N_OF_M needs approvalCount: how many?', 'approvalCount'),
    !isCounted && approvalCount !== null && invalid('approvalCount is for N_OF_M.', 'approvalCount'),
  ];
  if (requiresApproval) return counting;
  const pointless = (name: keyof FlowSettings, isSet: boolean) =>
    isSet && invalid(`${name} is about approval, which this flow does not require (requiresApproval).`, name);
  return [
    ...counting,
    settings.requestsVetting &&
      invalid('After vetting, a petition waits for approval: set requiresApproval as well.', 'requestsVetting'),
    pointless('approverRoleId', settings.approverRoleId !== null),
    pointless('approvalRule', approvalRule !== ApprovalRule.ANY),
    pointless('decisionConfirmation', settings.decisionConfirmation !== DecisionDemand.NEVER),
    pointless('decisionComment', settings.decisionComment !== DecisionDemand.NEVER),
    pointless('allowsOwnApproval', settings.allowsOwnApproval),
    pointless('escalationHours', settings.escalationHours !== null),
  ];
}

function checkAuthenticators(settings: FlowSettings, { factorKinds }: FlowPlace): Found {
  const hasAccount = settings.requiresAuthentication || settings.match === MatchPolicy.SELF;
  return settings.authenticators.flatMap(({ kind, enablement }, index): Found => {
    const at = ['authenticators', String(index)];
    if (enablement === Enablement.NOT_PERMITTED) return [];
    const isRequired = enablement === Enablement.REQUIRED;
    return [
      !SET_UP.includes(kind) && invalid(`Nobody sets up ${kind} themselves: it is another's word.`, ...at, 'kind'),
      SET_UP.includes(kind) &&
        isRequired &&
        !factorKinds.includes(kind) &&
        invalid(`The tenant takes no second factor of kind ${kind}: nobody could set one up.`, ...at, 'kind'),
      isRequired &&
        !hasAccount &&
        invalid(
          'A second factor belongs to an account: have the enrollee sign in (requiresAuthentication), or enroll themselves (match SELF).',
          ...at,
          'enablement',
        ),
    ];
  });
}

function checkTimes(settings: FlowSettings): Found {
  const { reminderHours, reminderCount } = settings;
  return [
    reminderHours !== null && reminderCount === 0 && needed('How often are people reminded?', 'reminderCount'),
    reminderHours === null && reminderCount > 0 && needed('After how many hours are people reminded?', 'reminderHours'),
  ];
}
