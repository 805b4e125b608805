import {
  ApprovalRule,
  ConfirmationMode,
  DecisionDemand,
  DuplicateMode,
  FlowAuthorization,
  MailLocale,
  MatchPolicy,
  TermsMode,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';

/** The longest and usual time that a link is good for, in minutes. */
export const MOST_CONFIRMATION_MINUTES = 43_200;
const USUAL_CONFIRMATION_MINUTES = 1_440;

/**
 * The settings of a flow of which nothing is said: administrators of the tenant start it, and it asks nothing. A setting
 * that is cleared is again what it is here. Shared: nobody changes it.
 */
export const DEFAULT_SETTINGS: Readonly<FlowSettings> = {
  authorization: FlowAuthorization.TENANT_ADMINISTRATOR,
  authorizationOrganizationId: null,
  authorizationRoleId: null,
  isOffered: false,
  letsPetitionersFindPeople: false,

  organizationIds: [],
  roleIds: [],

  match: MatchPolicy.NONE,
  matchSourceId: null,
  matchLabel: null,
  duplicateMode: DuplicateMode.FLAG,

  confirmation: ConfirmationMode.NONE,
  confirmationMinutes: USUAL_CONFIRMATION_MINUTES,
  regeneratesConfirmation: false,
  requiresAuthentication: false,

  requestsVetting: false,

  requiresApproval: false,
  approverRoleId: null,
  approvalRule: ApprovalRule.ANY,
  approvalCount: null,
  decisionConfirmation: DecisionDemand.NEVER,
  decisionComment: DecisionDemand.NEVER,
  allowsOwnApproval: false,

  notificationRoleId: null,
  notifyFrom: null,
  notifiesOfDecision: false,
  notifiesOfFinalization: false,
  mailLocale: MailLocale.EN,
  mailTemplates: [],

  introduction: null,
  formIntroduction: null,
  conclusion: null,

  terms: TermsMode.IGNORE,

  redirectOnSubmit: null,
  redirectOnConfirm: null,
  redirectOnFinalize: null,
  returnUrlPatterns: [],

  authenticators: [],
  ignoresAccountDefaults: false,
  usesOrganizationTheme: false,
  attributes: [],
  sources: [],
  assignedIdentifiers: [],
  accountSystems: [],

  expiryDays: null,
  reminderHours: null,
  reminderCount: 0,
  escalationHours: null,
};

/** The names of all settings, in the order in which they are told. */
export const SETTING_NAMES = Object.keys(DEFAULT_SETTINGS) as (keyof FlowSettings)[];

/** Changes of settings, as they are asked for: what is absent stays, null is as in {@link DEFAULT_SETTINGS}. */
export type SettingsChanges = { [Name in keyof FlowSettings]?: FlowSettings[Name] | null };

/** Settings with changes. A new object, with every setting in it. */
export function changeSettings(settings: Readonly<FlowSettings>, changes: SettingsChanges): FlowSettings {
  return Object.fromEntries(
    SETTING_NAMES.map((name) => {
      const wanted = changes[name];
      return [name, wanted === undefined ? settings[name] : (wanted ?? DEFAULT_SETTINGS[name])];
    }),
  ) as unknown as FlowSettings;
}
