import {
  AttributeTarget,
  AttributeType,
  AttributeVisibility,
  ConfirmationMode,
  DecisionDemand,
  DuplicateMode,
  Enablement,
  FlowAuthorization,
  FlowTemplateName,
  MatchPolicy,
  TermsMode,
} from '../../entities/enums.js';
import type { AttributeDefinition, FlowSettings } from '../../entities/flow-settings.js';
import { DEFAULT_SETTINGS } from './default-settings.js';

/** A flow that comes with Vestibule, to copy from. */
export interface ShippedTemplate {
  name: FlowTemplateName;
  title: string;
  description: string;
  settings: FlowSettings;
  /** Whether it only works where people are enrolled into an organization. */
  needsOrganization: boolean;
}

function attribute(given: Pick<AttributeDefinition, 'key' | 'type' | 'label' | 'target'>): AttributeDefinition {
  return {
    description: null,
    enablement: Enablement.REQUIRED,
    targetName: null,
    visibility: AttributeVisibility.PARTIES,
    defaultValue: null,
    defaultSource: null,
    isEditable: true,
    isHidden: false,
    pattern: null,
    minimum: null,
    maximum: null,
    choices: [],
    isMultiple: false,
    mediaTypes: [],
    ...given,
  };
}

const { TEXT, EMAIL } = AttributeType;
const PERSON: AttributeDefinition[] = [
  attribute({ key: 'given_name', type: TEXT, label: 'Given name', target: AttributeTarget.USER_GIVEN_NAME }),
  attribute({ key: 'family_name', type: TEXT, label: 'Family name', target: AttributeTarget.USER_FAMILY_NAME }),
  attribute({ key: 'email', type: EMAIL, label: 'Email address', target: AttributeTarget.USER_EMAIL }),
];
const MOTIVE = {
  ...attribute({ key: 'motive', type: TEXT, label: 'Why do you ask?', target: AttributeTarget.NONE }),
  enablement: Enablement.OPTIONAL,
  maximum: 2_000,
};

const settings = (changes: Partial<FlowSettings>): FlowSettings => ({ ...DEFAULT_SETTINGS, ...changes });

/** All of them; each passes `checkFlow` where the organization is given that it needs. */
export const SHIPPED_TEMPLATES: readonly ShippedTemplate[] = [
  {
    name: FlowTemplateName.SELF_SIGN_UP,
    title: 'Self sign-up with approval',
    description: 'Anybody asks to become a member, proves their address, and is approved.',
    needsOrganization: false,
    settings: settings({
      authorization: FlowAuthorization.NONE,
      isOffered: true,
      confirmation: ConfirmationMode.REVIEW,
      regeneratesConfirmation: true,
      requiresApproval: true,
      decisionComment: DecisionDemand.DENIAL,
      notifiesOfFinalization: true,
      terms: TermsMode.EXPLICIT,
      attributes: [...PERSON, MOTIVE],
      expiryDays: 90,
      reminderHours: 72,
      reminderCount: 3,
    }),
  },
  {
    name: FlowTemplateName.INVITATION,
    title: 'Invitation',
    description: 'An administrator enters somebody, who confirms by mail and agrees to the terms.',
    needsOrganization: false,
    settings: settings({
      authorization: FlowAuthorization.ANY_ADMINISTRATOR,
      match: MatchPolicy.ADVISORY,
      confirmation: ConfirmationMode.REVIEW,
      confirmationMinutes: 10_080,
      regeneratesConfirmation: true,
      notifiesOfFinalization: true,
      terms: TermsMode.EXPLICIT,
      attributes: PERSON,
      expiryDays: 30,
      reminderHours: 72,
      reminderCount: 2,
    }),
  },
  {
    name: FlowTemplateName.CONSCRIPTION,
    title: 'Conscription with approval',
    description: 'An administrator enters somebody, another one approves; the person need do nothing.',
    needsOrganization: false,
    settings: settings({
      authorization: FlowAuthorization.ANY_ADMINISTRATOR,
      match: MatchPolicy.ADVISORY,
      requiresApproval: true,
      attributes: PERSON,
      expiryDays: 90,
    }),
  },
  {
    name: FlowTemplateName.ADDITIONAL_ROLE,
    title: 'Additional role',
    description: 'A member asks for roles, or for another organization, and is approved.',
    needsOrganization: true,
    settings: settings({
      authorization: FlowAuthorization.TENANT_MEMBER,
      isOffered: true,
      match: MatchPolicy.SELF,
      duplicateMode: DuplicateMode.NEW_ROLE,
      requiresApproval: true,
      decisionComment: DecisionDemand.DENIAL,
      attributes: [MOTIVE],
      expiryDays: 90,
    }),
  },
  {
    name: FlowTemplateName.ACCOUNT_LINKING,
    title: 'Account linking',
    description: 'A member signs in with another account, whose login becomes another one of theirs.',
    needsOrganization: false,
    settings: settings({
      authorization: FlowAuthorization.TENANT_MEMBER,
      isOffered: true,
      match: MatchPolicy.SELF,
      confirmation: ConfirmationMode.REVIEW,
      requiresAuthentication: true,
      expiryDays: 7,
    }),
  },
  {
    name: FlowTemplateName.REFRESH,
    title: 'Refresh',
    description: 'A member is looked up again in the sources that are attached in mode SEARCH.',
    needsOrganization: false,
    settings: settings({
      authorization: FlowAuthorization.TENANT_MEMBER,
      isOffered: true,
      match: MatchPolicy.SELF,
      duplicateMode: DuplicateMode.MERGE,
      expiryDays: 7,
    }),
  },
];

export function shippedTemplate(name: FlowTemplateName): ShippedTemplate {
  return SHIPPED_TEMPLATES.find((template) => template.name === name)!;
}

/**
 * What a flow begins with that is made of this template. An organization's is started by its own administrators, and,
 * where nobody approves, by its own members: otherwise those of others would let people in.
 */
export function settingsOfTemplate(name: FlowTemplateName, organizationId: string | null | undefined): FlowSettings {
  const { settings } = shippedTemplate(name);
  const { ANY_ADMINISTRATOR, ORGANIZATION_ADMINISTRATOR, TENANT_MEMBER, ORGANIZATION_MEMBER } = FlowAuthorization;
  const { authorization, requiresApproval } = settings;
  if (!organizationId) return settings;
  if (authorization === ANY_ADMINISTRATOR) return { ...settings, authorization: ORGANIZATION_ADMINISTRATOR };
  if (authorization === TENANT_MEMBER && !requiresApproval) return { ...settings, authorization: ORGANIZATION_MEMBER };
  return settings;
}
