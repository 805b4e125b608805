import { Field, ID, Int, ObjectType } from 'type-graphql';
import {
  ApprovalRule,
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
} from '../entities/enums.js';
import { EnrollmentAttributeType } from './enrollment-attribute.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType('EnrollmentMailTemplate', {
  description: 'Words of one mail in one language, in Liquid; docs/enrollment-mails.md tells what they may read.',
  simpleResolvers: true,
})
export class EnrollmentMailTemplateType {
  @Field(() => PetitionMailKind, { description: 'Which mail.' })
  kind!: PetitionMailKind;

  @Field(() => MailLocale, { description: 'In which language.' })
  locale!: MailLocale;

  @Field(() => String, { description: 'The subject: one line.' })
  subject!: string;

  @Field(() => String, { description: 'The plain text.' })
  text!: string;

  @Field(() => String, { nullable: true, description: 'The HTML; null: it is made of the text.' })
  html!: string | null;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentAuthenticator', {
  description: 'A kind of second factor in an enrollment.',
  simpleResolvers: true,
})
export class EnrollmentAuthenticatorType {
  @Field(() => FactorKind, { description: 'Which kind: TOTP or PASSKEY, where it is set up.' })
  kind!: FactorKind;

  @Field(() => Enablement, { description: 'Whether it must or may be set up.' })
  enablement!: Enablement;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowSource', { description: 'A source that an enrollment asks.', simpleResolvers: true })
export class EnrollmentFlowSourceType {
  @Field(() => ID, { description: 'The global id of the source.' })
  sourceId!: string;

  @Field(() => SourceMode, { description: 'In which step it is asked.' })
  mode!: SourceMode;

  @Field(() => Boolean, {
    description: 'In the modes SEARCH and SEARCH_REQUIRED: whether the family name must be the same.',
  })
  verifiesFamilyName!: boolean;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentIdentifier', { description: 'An identifier that each person is given.', simpleResolvers: true })
export class EnrollmentIdentifierType {
  @Field(() => String, { description: 'What it is, at most 64 characters.' })
  type!: string;

  @Field(() => String, { description: 'How it is made: text with {number}, or {number:6} for at least six digits.' })
  format!: string;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowSettings', {
  description: 'All settings of one version of an enrollment flow: docs/enrollment-flows.md tells what each does.',
  simpleResolvers: true,
})
export class EnrollmentFlowSettingsType {
  @Field(() => FlowAuthorization, { description: 'Who may start it.' })
  authorization!: FlowAuthorization;

  @Field(() => ID, {
    nullable: true,
    description: "Of ORGANIZATION_ADMINISTRATOR and ORGANIZATION_MEMBER: whose; null: of the flow's own organization.",
  })
  authorizationOrganizationId!: string | null;

  @Field(() => ID, { nullable: true, description: 'Of ROLE_HOLDER: the role.' })
  authorizationRoleId!: string | null;

  @Field(() => Boolean, { description: "Whether it is offered to those who may start it, on a person's own page." })
  isOffered!: boolean;

  @Field(() => Boolean, {
    description: 'Whether petitioners who are no administrators may search the people of the tenant.',
  })
  letsPetitionersFindPeople!: boolean;

  @Field(() => [ID], {
    description:
      "Where people are enrolled, at most 50; several: the petitioner chooses. Empty: the flow's own organization, or none.",
  })
  organizationIds!: string[];

  @Field(() => [ID], { description: 'The roles that the membership gets, at most 50.' })
  roleIds!: string[];

  @Field(() => MatchPolicy, { description: 'How the person is found among those who are known.' })
  match!: MatchPolicy;

  @Field(() => ID, { nullable: true, description: 'Of EXTERNAL: the source that is the match server.' })
  matchSourceId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Of EXTERNAL: what this flow is called there, at most 128 characters.',
  })
  matchLabel!: string | null;

  @Field(() => DuplicateMode, { description: 'What becomes of a petition for somebody who turns out to be known.' })
  duplicateMode!: DuplicateMode;

  @Field(() => ConfirmationMode, { description: 'How the enrollee proves an address.' })
  confirmation!: ConfirmationMode;

  @Field(() => Int, { description: 'How long the link is good for, 1 to 43200 minutes.' })
  confirmationMinutes!: number;

  @Field(() => Boolean, { description: 'Whether opening an expired link sends a new one, to the same address.' })
  regeneratesConfirmation!: boolean;

  @Field(() => Boolean, { description: 'Whether the enrollee must be signed in to confirm.' })
  requiresAuthentication!: boolean;

  @Field(() => Boolean, { description: 'Whether the outcome of vetting is awaited before the approval.' })
  requestsVetting!: boolean;

  @Field(() => Boolean, { description: 'Whether a petition must be approved.' })
  requiresApproval!: boolean;

  @Field(() => ID, {
    nullable: true,
    description: 'Who approves: the holders of this role alone; null: administrators.',
  })
  approverRoleId!: string | null;

  @Field(() => ApprovalRule, { description: 'How many of the approvers must approve.' })
  approvalRule!: ApprovalRule;

  @Field(() => Int, { nullable: true, description: 'Of N_OF_M: how many, 1 to 100.' })
  approvalCount!: number | null;

  @Field(() => DecisionDemand, { description: 'For which decisions the approver must say twice that they mean it.' })
  decisionConfirmation!: DecisionDemand;

  @Field(() => DecisionDemand, { description: 'For which decisions a comment is required.' })
  decisionComment!: DecisionDemand;

  @Field(() => Boolean, { description: 'Whether people may decide on their own petitions.' })
  allowsOwnApproval!: boolean;

  @Field(() => ID, {
    nullable: true,
    description: 'Who is told of new petitions and of each status: the holders of this role.',
  })
  notificationRoleId!: string | null;

  @Field(() => String, { nullable: true, description: 'The name that mails come from, at most 128 characters.' })
  notifyFrom!: string | null;

  @Field(() => Boolean, {
    description: 'Whether the enrollee is told of an approval; of a denial, where there is a template for it.',
  })
  notifiesOfDecision!: boolean;

  @Field(() => Boolean, { description: 'Whether the enrollee is told that they are enrolled.' })
  notifiesOfFinalization!: boolean;

  @Field(() => MailLocale, { description: 'The language of mails to people whose own is not known.' })
  mailLocale!: MailLocale;

  @Field(() => [EnrollmentMailTemplateType], {
    description: 'Its own words for mails, at most one for each kind and language.',
  })
  mailTemplates!: EnrollmentMailTemplateType[];

  @Field(() => String, { nullable: true, description: 'What the page that begins it says, at most 16384 characters.' })
  introduction!: string | null;

  @Field(() => String, { nullable: true, description: 'What stands above the form, at most 16384 characters.' })
  formIntroduction!: string | null;

  @Field(() => String, { nullable: true, description: 'What stands below the form, at most 16384 characters.' })
  conclusion!: string | null;

  @Field(() => TermsMode, { description: 'What becomes of the active terms.' })
  terms!: TermsMode;

  @Field(() => String, {
    nullable: true,
    description: "Where the petitioner goes after giving everything: https, or a page of the tenant's own.",
  })
  redirectOnSubmit!: string | null;

  @Field(() => String, { nullable: true, description: 'Where the enrollee goes after confirming.' })
  redirectOnConfirm!: string | null;

  @Field(() => String, { nullable: true, description: 'Where people go in the end.' })
  redirectOnFinalize!: string | null;

  @Field(() => [String], {
    description:
      "Regular expressions (RE2), at most 20, of which one must match the whole of a petition's own return URL; none: it is ignored.",
  })
  returnUrlPatterns!: string[];

  @Field(() => [EnrollmentAuthenticatorType], { description: 'The second factors that the enrollee sets up.' })
  authenticators!: EnrollmentAuthenticatorType[];

  @Field(() => Boolean, { description: "Whether attributes do not begin with what is known of the caller's account." })
  ignoresAccountDefaults!: boolean;

  @Field(() => Boolean, { description: 'Whether its pages look like its organization.' })
  usesOrganizationTheme!: boolean;

  @Field(() => [EnrollmentAttributeType], { description: 'What it asks for, at most 100, in the order of the form.' })
  attributes!: EnrollmentAttributeType[];

  @Field(() => [EnrollmentFlowSourceType], { description: 'The sources that are asked, at most 20, in their order.' })
  sources!: EnrollmentFlowSourceType[];

  @Field(() => [EnrollmentIdentifierType], {
    description: 'Identifiers that each person is given before the membership, at most ten.',
  })
  assignedIdentifiers!: EnrollmentIdentifierType[];

  @Field(() => [String], {
    description: 'Systems that are asked for an account for the person, at most 20, by the event petition.finalized.',
  })
  accountSystems!: string[];

  @Field(() => Int, {
    nullable: true,
    description: 'After how many days an unfinished petition expires, 1 to 3650; null: never.',
  })
  expiryDays!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'After how many hours without an answer who must act is reminded, 1 to 8760.',
  })
  reminderHours!: number | null;

  @Field(() => Int, { description: 'How often, 0 to 20.' })
  reminderCount!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'After how many hours without a decision the administrators above are told, too, 1 to 8760.',
  })
  escalationHours!: number | null;
}
