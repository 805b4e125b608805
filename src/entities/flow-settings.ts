import type {
  ApprovalRule,
  AttributeDefaultSource,
  AttributeTarget,
  AttributeType,
  AttributeVisibility,
  ConfirmationMode,
  DecisionDemand,
  DuplicateMode,
  Enablement,
  FactorKind,
  FlowAuthorization,
  MailLocale,
  MatchPolicy,
  PetitionMailKind,
  SourceMode,
  TermsMode,
} from './enums.js';

/**
 * All settings of one version of an enrollment flow, as they are stored: JSON that is never changed, because petitions
 * keep the version that they began with. Ids are uuids. docs/enrollment-flows.md tells what each does.
 */
export interface FlowSettings {
  /** Who may start it. */
  authorization: FlowAuthorization;
  /** Whose administrators or members, of ORGANIZATION_ADMINISTRATOR and ORGANIZATION_MEMBER; null: the flow's own. */
  authorizationOrganizationId: string | null;
  /** The role of ROLE_HOLDER. */
  authorizationRoleId: string | null;
  /** Whether a person's own page offers it to those who may start it. */
  isOffered: boolean;
  /** Whether petitioners who are no administrators may search the people of the tenant. */
  letsPetitionersFindPeople: boolean;

  /** Where people are enrolled; several: the petitioner chooses. Empty: the flow's own organization, or none. */
  organizationIds: string[];
  /** The roles that the membership gets. */
  roleIds: string[];

  match: MatchPolicy;
  /** Of EXTERNAL: the source that is the match server, and what this flow is called there. */
  matchSourceId: string | null;
  matchLabel: string | null;
  duplicateMode: DuplicateMode;

  confirmation: ConfirmationMode;
  /** Minutes, 1 to 43,200. */
  confirmationMinutes: number;
  /** Whether opening an expired link sends a new one to the same address. */
  regeneratesConfirmation: boolean;
  /** Whether the enrollee must be signed in to confirm. */
  requiresAuthentication: boolean;

  requestsVetting: boolean;

  requiresApproval: boolean;
  /** Who approves: the holders of this role; null: the administrators. */
  approverRoleId: string | null;
  approvalRule: ApprovalRule;
  /** Of N_OF_M: how many. */
  approvalCount: number | null;
  decisionConfirmation: DecisionDemand;
  decisionComment: DecisionDemand;
  allowsOwnApproval: boolean;

  /** Who is told of new petitions and of each status: the holders of this role. */
  notificationRoleId: string | null;
  /** The name that mails come from. */
  notifyFrom: string | null;
  notifiesOfDecision: boolean;
  notifiesOfFinalization: boolean;
  mailLocale: MailLocale;
  mailTemplates: FlowMailTemplate[];

  introduction: string | null;
  formIntroduction: string | null;
  conclusion: string | null;

  terms: TermsMode;

  redirectOnSubmit: string | null;
  redirectOnConfirm: string | null;
  redirectOnFinalize: string | null;
  /** Regular expressions (RE2) of which one must match the whole of a petition's own return URL; none: it is ignored. */
  returnUrlPatterns: string[];

  authenticators: { kind: FactorKind; enablement: Enablement }[];
  /** Whether attributes do not begin with what is known of the caller's account. */
  ignoresAccountDefaults: boolean;
  /** Whether pages of this flow look like its organization. */
  usesOrganizationTheme: boolean;
  attributes: AttributeDefinition[];
  sources: FlowSource[];
  /** Identifiers that each person is given before the membership. */
  assignedIdentifiers: { type: string; format: string }[];
  /** Systems that are asked, by the event petition.finalized, for an account for the person. */
  accountSystems: string[];

  /** After how many days an unfinished petition expires; null: never. */
  expiryDays: number | null;
  /** After how many hours without an answer who must act is reminded, and how often. */
  reminderHours: number | null;
  reminderCount: number;
  /** After how many hours without a decision the administrators above are told, too. */
  escalationHours: number | null;
}

/** What a flow asks for. `key` names it in values, and is unique in the flow. */
export interface AttributeDefinition {
  key: string;
  type: AttributeType;
  label: string;
  description: string | null;
  enablement: Enablement;
  target: AttributeTarget;
  /** Of USER_ATTRIBUTE and MEMBERSHIP_ATTRIBUTE: under which name; of USER_IDENTIFIER: of which type. Null: the key. */
  targetName: string | null;
  visibility: AttributeVisibility;
  /** What it begins with: a value as it would be given, or something of the caller's account. */
  defaultValue: unknown;
  defaultSource: AttributeDefaultSource | null;
  /** Whether the petitioner may give another value than the default. */
  isEditable: boolean;
  /** Not shown in forms: takes its default. */
  isHidden: boolean;
  /** Of TEXT and IDENTIFIER: a regular expression (RE2) that the whole value must match. */
  pattern: string | null;
  /** Of TEXT: characters. Of NUMBER: the value. Of DATE: an ISO date as text. */
  minimum: number | string | null;
  maximum: number | string | null;
  /** Of CHOICE. */
  choices: { value: string; label: string }[];
  /** Of CHOICE: whether several may be chosen; the value is then a list. */
  isMultiple: boolean;
  /** Of FILE: what it may be, such as application/pdf; empty: anything. */
  mediaTypes: string[];
}

export interface FlowSource {
  sourceId: string;
  mode: SourceMode;
  verifiesFamilyName: boolean;
}

/** Words of one mail in one language, in Liquid; what is missing is as Vestibule writes it. */
export interface FlowMailTemplate {
  kind: PetitionMailKind;
  locale: MailLocale;
  subject: string;
  text: string;
  html: string | null;
}
