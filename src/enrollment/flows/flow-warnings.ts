import {
  AttributeTarget,
  ConfirmationMode,
  DuplicateMode,
  Enablement,
  FlowAuthorization,
  MatchPolicy,
  PetitionMailKind,
  PetitionStep,
  SourceMode,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { asksToConfirm, isAdministrative, isOpen, sourcesOf } from '../machine/plan.js';
import { reusesVerifiedAddress } from '../machine/recognize.js';
import { isTooWide } from './return-url.js';

/** Something that works, and is likely not meant. */
export interface FlowWarning {
  message: string;
  /** Where, from the settings. */
  field: string[] | null;
}

type Found = (FlowWarning | false)[];

const warn = (message: string, ...field: string[]): FlowWarning => ({ message, field: field.length ? field : null });

/**
 * The last sentences of section 6 of the rules of enrollment, and what else is worth a second look. What depends on the
 * sources themselves is said by `warnOfFoundSources`.
 */
export function findWarnings(
  settings: FlowSettings,
  { organizationId }: { organizationId: string | null },
): FlowWarning[] {
  const found: Found = [
    ...warnOfSources(settings),
    ...warnOfMatching(settings),
    ...warnOfMails(settings),
    settings.letsPetitionersFindPeople &&
      settings.authorization === FlowAuthorization.SIGNED_IN &&
      warn('Whoever has an account at a provider can search the people of the tenant.', 'letsPetitionersFindPeople'),
    settings.match === MatchPolicy.NONE &&
      !organizationId &&
      !settings.organizationIds.length &&
      warn('People are enrolled into no organization: they get an account alone.', 'organizationIds'),
    settings.authorization === FlowAuthorization.ANY_ADMINISTRATOR &&
      organizationId !== null &&
      !settings.requiresApproval &&
      warn('Administrators of other organizations enroll people into this one, and nobody approves.', 'authorization'),
    settings.redirectOnSubmit !== null &&
      !(isOpen(settings) && asksToConfirm(settings)) &&
      warn(
        'Nobody is sent there: it is for flows with a confirmation that everybody, or everybody signed in, may start.',
        'redirectOnSubmit',
      ),
    settings.redirectOnConfirm !== null &&
      !asksToConfirm(settings) &&
      !settings.requiresApproval &&
      warn('Nobody is sent there: the flow has neither a confirmation nor an approval.', 'redirectOnConfirm'),
    settings.expiryDays !== null &&
      asksToConfirm(settings) &&
      settings.expiryDays * 1_440 < settings.confirmationMinutes &&
      warn('Petitions expire before the links that confirm them.', 'expiryDays'),
    ...settings.returnUrlPatterns.map(
      (pattern, index) =>
        isTooWide(pattern) &&
        warn('This takes any address: a petition could send people anywhere.', 'returnUrlPatterns', String(index)),
    ),
  ];
  return found.filter((item): item is FlowWarning => item !== false);
}

function warnOfSources(settings: FlowSettings): Found {
  const isForAdministrators = isAdministrative(settings);
  const asked = settings.attributes.filter(({ enablement }) => enablement !== Enablement.NOT_PERMITTED);
  const isRefresh =
    [MatchPolicy.SELF, MatchPolicy.SELECT].includes(settings.match) &&
    sourcesOf(settings, PetitionStep.CHECK_ELIGIBILITY).length > 0;
  const merges = asksToConfirm(settings) && settings.duplicateMode === DuplicateMode.MERGE;
  return [
    ...settings.sources.flatMap(({ mode, verifiesFamilyName }, index): Found => {
      const at = ['sources', String(index)];
      const isSearched = mode === SourceMode.SEARCH || mode === SourceMode.SEARCH_REQUIRED;
      return [
        mode === SourceMode.SELECT &&
          !isForAdministrators &&
          warn('It is never offered: SELECT is for flows that administrators start.', ...at, 'mode'),
        (mode === SourceMode.AUTHENTICATE || mode === SourceMode.CLAIM) &&
          isForAdministrators &&
          warn(`It is never asked: in flows that administrators start, ${mode} is not.`, ...at, 'mode'),
        verifiesFamilyName &&
          !isSearched &&
          warn('Family names are compared in the modes SEARCH and SEARCH_REQUIRED alone.', ...at, 'verifiesFamilyName'),
      ];
    }),
    isRefresh &&
      asked.length > 0 &&
      !merges &&
      warn(
        'Looking somebody up again and asking for attributes needs a confirmation and duplicate mode MERGE.',
        'attributes',
      ),
  ];
}

function warnOfMatching(settings: FlowSettings): Found {
  const { match, confirmation } = settings;
  const isKnown = match === MatchPolicy.SELF || match === MatchPolicy.SELECT;
  const asksAddress = settings.attributes.some(
    ({ target, enablement }) => target === AttributeTarget.USER_EMAIL && enablement === Enablement.REQUIRED,
  );
  return [
    isKnown &&
      asksToConfirm(settings) &&
      confirmation !== ConfirmationMode.SKIP_IF_VERIFIED &&
      !reusesVerifiedAddress(settings) &&
      !asksAddress &&
      warn(
        'Whoever has proven their address already has none to confirm, and cannot go on: SKIP_IF_VERIFIED lets them.',
        'confirmation',
      ),
    match === MatchPolicy.EXTERNAL &&
      !settings.attributes.length &&
      warn('The match server has nothing to compare: the flow asks for no attributes.', 'match'),
    settings.matchLabel !== null && match !== MatchPolicy.EXTERNAL && warn('matchLabel is for EXTERNAL.', 'matchLabel'),
  ];
}

/** Mails that are written and never sent. */
function warnOfMails(settings: FlowSettings): Found {
  const { requiresApproval, notifiesOfDecision, notifiesOfFinalization } = settings;
  const unsent: Partial<Record<PetitionMailKind, string | false>> = {
    CONFIRMATION: !asksToConfirm(settings) && 'the flow asks for no confirmation',
    CONFIRMATION_REMINDER: !(asksToConfirm(settings) && settings.reminderCount) && 'nobody is reminded to confirm',
    EMAIL_PROOF:
      !settings.sources.some(({ mode }) => mode === SourceMode.CLAIM) && 'no source is asked about an address',
    APPROVAL_REQUESTED: !requiresApproval && 'the flow requires no approval',
    APPROVAL_REMINDER: !(requiresApproval && settings.reminderCount) && 'approvers are not reminded',
    APPROVAL_ESCALATED: settings.escalationHours === null && 'nothing is escalated',
    APPROVED: !(requiresApproval && notifiesOfDecision) && 'nobody is told of approvals',
    DENIED: !notifiesOfDecision && 'nobody is told of denials',
    FINALIZED: !notifiesOfFinalization && 'nobody is told of the end',
    EXPIRED: settings.expiryDays === null && 'petitions do not expire',
    STATUS_CHANGED: settings.notificationRoleId === null && 'nobody is told of each status',
  };
  return [
    ...settings.mailTemplates.map(({ kind }, index) => {
      const why = unsent[kind];
      return why ? warn(`This mail is never sent: ${why}.`, 'mailTemplates', String(index)) : (false as const);
    }),
    notifiesOfDecision &&
      !settings.mailTemplates.some(({ kind }) => kind === PetitionMailKind.DENIED) &&
      warn('A denial is mailed only where the flow has a template for it (kind DENIED).', 'notifiesOfDecision'),
  ];
}
