import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  AttributeType,
  Enablement,
  MailLocale,
  PetitionAction,
  PetitionNextAction,
  PetitionParty,
  PetitionStatus,
  PetitionStep,
  VettingStatus,
} from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONValue } from './scalars.js';

registerEnumType(PetitionNextAction, {
  name: 'PetitionNextAction',
  description: 'What the viewer may do to a petition now.',
  valuesConfig: {
    SELECT_ENROLLEE: { description: 'Choose who is enrolled: petitionSelectEnrollee.' },
    SIGN_IN_AT_SOURCE: { description: 'Sign in at the source that is due: petitionSignInAtSource.' },
    SELECT_SOURCE_RECORD: { description: 'Choose the record of the person in a source: petitionSelectSourceRecord.' },
    GIVE_EMAIL: {
      description: 'Give the address that a source is to be asked about, and prove it by the link: petitionGiveEmail.',
    },
    SUBMIT_ATTRIBUTES: { description: 'Give the attributes of `form`: petitionSubmitAttributes.' },
    CHOOSE_MATCH: {
      description: 'Say which of `matchCandidates` the person is, or that they are none of them: petitionChooseMatch.',
    },
    AGREE_TO_TERMS: { description: 'Agree to `terms`: petitionAgreeToTerms.' },
    RESEND_CONFIRMATION: { description: 'Have the link to confirm mailed again: petitionResendConfirmation.' },
    CONFIRM: { description: 'Confirm by the link that was mailed: petitionConfirm.' },
    DECLINE: { description: 'Say no by the link that was mailed: petitionDecline.' },
    CONTINUE: { description: 'Try the step again where the petition waits: petitionContinue.' },
    RECORD_VETTING: { description: 'Say what came of vetting: petitionRecordVetting.' },
    APPROVE: { description: 'Approve: petitionApprove.' },
    DENY: { description: 'Deny: petitionDeny.' },
    FLAG_DUPLICATE: { description: 'End it because the person is enrolled already: petitionFlagDuplicate.' },
    COMMENT: { description: 'Leave a private comment: petitionComment.' },
    CANCEL: { description: 'Give the petition up: petitionCancel.' },
  },
});

@Auth('PETITION_PARTY')
@ObjectType('Petition', {
  implements: Node,
  description:
    'One run of an enrollment flow for one person. Who enrolls, who approves and who administers see it; `nextActions` says what each of them may do.',
  simpleResolvers: true,
})
export class PetitionType extends Node {
  @Field(() => PetitionStatus, { description: 'Where it stands.' })
  status!: PetitionStatus;

  @Field(() => PetitionStep, { description: 'The step in which it waits.' })
  step!: PetitionStep;

  @Field(() => PetitionParty, { nullable: true, description: 'For whom it waits; null when it is finished.' })
  waitsFor!: PetitionParty | null;

  @Field(() => DateTime, { description: 'Since when it waits there.' })
  waitsSince!: string;

  @Field(() => String, { description: 'The name of its flow, as the petition began.' })
  flowName!: string;

  @Field(() => Int, { description: 'The version of the flow that it runs, whatever becomes of the flow.' })
  flowVersion!: number;

  @Field(() => Boolean, { description: 'Whether that address is proven.' })
  isEmailVerified!: boolean;

  @Field(() => MailLocale, { description: 'The language of mails to the enrollee.' })
  locale!: MailLocale;

  @Field(() => VettingStatus, { nullable: true, description: 'What came of vetting, where the flow asks for it.' })
  vettingStatus!: VettingStatus | null;

  @Field(() => DateTime, { nullable: true, description: 'When it expires if it is not finished by then.' })
  expiresAt!: string | null;

  @Field(() => Boolean, { description: 'Whether the administrators were told that nobody has decided.' })
  isEscalated!: boolean;

  @Field(() => DateTime, { description: 'When it was started.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was finished.' })
  finishedAt!: string | null;

  @Field(() => Int, { description: 'Grows with each change.' })
  version!: number;
}

export const PetitionConnection = connectionTypes(() => PetitionType, 'Petition', 'petitions');

@Auth('PUBLIC')
@ObjectType({ description: 'A value that was given in a petition.', simpleResolvers: true })
export class PetitionAttribute {
  @Field(() => String, { description: 'The key of the attribute in its flow.' })
  key!: string;

  @Field(() => String, { description: 'What it is called.' })
  label!: string;

  @Field(() => AttributeType, { description: 'What kind of value it is.' })
  type!: AttributeType;

  @Field(() => JSONValue, { description: 'The value.' })
  value!: unknown;
}

@Auth('PUBLIC')
@ObjectType({ description: 'One of the choices of a field.', simpleResolvers: true })
export class PetitionFieldChoice {
  @Field(() => String, { description: 'What is sent.' })
  value!: string;

  @Field(() => String, { description: 'What is shown.' })
  label!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'A field of the form of a petition.', simpleResolvers: true })
export class PetitionField {
  @Field(() => String, { description: 'The key under which the value is sent.' })
  key!: string;

  @Field(() => AttributeType, { description: 'What kind of value it takes.' })
  type!: AttributeType;

  @Field(() => String, { description: 'What it is called.' })
  label!: string;

  @Field(() => String, { nullable: true, description: 'What is to be known about it.' })
  description!: string | null;

  @Field(() => Enablement, { description: 'Whether it must or may be given.' })
  enablement!: Enablement;

  @Field(() => Boolean, { description: 'Whether another value than the default may be given.' })
  isEditable!: boolean;

  @Field(() => JSONValue, { nullable: true, description: 'What it begins with.' })
  defaultValue!: unknown;

  @Field(() => String, { nullable: true, description: 'A regular expression (RE2) that the whole value matches.' })
  pattern!: string | null;

  @Field(() => JSONValue, { nullable: true, description: 'The least: characters, a number or a date.' })
  minimum!: unknown;

  @Field(() => JSONValue, { nullable: true, description: 'The most: characters, a number or a date.' })
  maximum!: unknown;

  @Field(() => [PetitionFieldChoice], { description: 'What may be chosen.' })
  choices!: PetitionFieldChoice[];

  @Field(() => Boolean, { description: 'Whether several may be chosen; the value is then a list.' })
  isMultiple!: boolean;

  @Field(() => [String], { description: 'The media types that a file may have; empty: any.' })
  mediaTypes!: string[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'The words that a flow puts around its form.', simpleResolvers: true })
export class PetitionTexts {
  @Field(() => String, { nullable: true, description: 'On the page on which it starts.' })
  introduction!: string | null;

  @Field(() => String, { nullable: true, description: 'Above the form.' })
  formIntroduction!: string | null;

  @Field(() => String, { nullable: true, description: 'Below the form.' })
  conclusion!: string | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'Terms to agree to, in the edition that is active now.', simpleResolvers: true })
export class PetitionTerms {
  @Field(() => ID, { description: 'Which terms.' })
  id!: string;

  @Field(() => Int, { description: 'The edition that is agreed to.' })
  edition!: number;

  @Field(() => String, { description: 'What they are called.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'Where they are to be read, if not in `body`.' })
  url!: string | null;

  @Field(() => String, { nullable: true, description: 'What they say, if not at `url`.' })
  body!: string | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'Somebody who may be chosen.', simpleResolvers: true })
export class PetitionPerson {
  @Field(() => ID, { description: 'The id of the user.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'The given name.' })
  givenName!: string | null;

  @Field(() => String, { nullable: true, description: 'The family name.' })
  familyName!: string | null;
}

/** Why somebody may be the person of a petition. */
export enum PetitionDuplicateReason {
  SAME_ADDRESS = 'SAME_ADDRESS',
  SAME_NAME = 'SAME_NAME',
}

registerEnumType(PetitionDuplicateReason, {
  name: 'PetitionDuplicateReason',
  description: 'Why somebody may be the person of a petition.',
  valuesConfig: {
    SAME_ADDRESS: { description: 'The address is the same.' },
    SAME_NAME: { description: 'The name is the same, but for case and accents.' },
  },
});

@Auth('PUBLIC')
@ObjectType({ description: 'Somebody who may be the person of a petition.', simpleResolvers: true })
export class PetitionDuplicate extends PetitionPerson {
  @Field(() => PetitionDuplicateReason, { description: 'What is the same.' })
  reason!: PetitionDuplicateReason;
}

@Auth('PUBLIC')
@ObjectType({ description: 'Something that has happened to a petition. It is never changed.', simpleResolvers: true })
export class PetitionHistoryEntry {
  @Field(() => PetitionAction, { description: 'What has happened.' })
  action!: PetitionAction;

  @Field(() => PetitionStatus, { nullable: true, description: 'The status before, where it changed.' })
  statusBefore!: PetitionStatus | null;

  @Field(() => PetitionStatus, { nullable: true, description: 'The status after, where it changed.' })
  statusAfter!: PetitionStatus | null;

  @Field(() => PetitionParty, { description: 'As what somebody acted.' })
  party!: PetitionParty;

  @Field(() => String, { nullable: true, description: 'Why, or what exactly.' })
  comment!: string | null;

  @Field(() => DateTime, { description: 'When.' })
  at!: string;
}

export const PetitionHistoryConnection = connectionTypes(
  () => PetitionHistoryEntry,
  'PetitionHistory',
  'what has happened to a petition',
);

@Auth('PUBLIC')
@InputType({ description: 'Which petitions a list holds. Conditions add up.' })
export class PetitionFilterInput {
  @Field(() => ID, { nullable: true, description: 'Those of this flow.' })
  flowId?: string | null;

  @Field(() => [PetitionStatus], { nullable: true, description: 'Those that stand there.' })
  statuses?: PetitionStatus[] | null;

  @Field(() => ID, { nullable: true, description: 'Those that enroll this user.' })
  enrolleeId?: string | null;
}

@Auth('PUBLIC')
@InputType({ description: 'Which flow to start.' })
export class PetitionStartInput {
  @Field(() => String, {
    nullable: true,
    description: 'The same key gives the same petition; at most 128 characters. Only for who is signed in.',
  })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'Which flow.' })
  flowId!: string;

  @Field(() => ID, { nullable: true, description: 'Where to, for a flow that leads to several organizations.' })
  organizationId?: string | null;

  @Field(() => String, { nullable: true, description: 'Where the browser goes afterwards, if the flow admits it.' })
  returnUrl?: string | null;

  @Field(() => MailLocale, {
    nullable: true,
    description: "The language of mails to the enrollee; the flow's when absent.",
  })
  locale?: MailLocale | null;
}

@Auth('PETITION_PARTY')
@InputType({ description: 'A petition.' })
export class PetitionIdInput {
  @Field(() => ID, { description: 'Which one.' })
  id!: string;
}

@Auth('PETITION_PARTY')
@InputType({ description: 'Whom a petition enrolls.' })
export class PetitionSelectEnrolleeInput extends PetitionIdInput {
  @Field(() => ID, { description: 'The user.' })
  enrolleeId!: string;
}

@Auth('PETITION_PARTY')
@InputType({ description: 'The attributes of a petition.' })
export class PetitionSubmitAttributesInput extends PetitionIdInput {
  @Field(() => JSONValue, { description: 'An object: each value under the key of its field in `form`.' })
  attributes!: unknown;
}

@Auth('PUBLIC')
@InputType({ description: 'Terms that are agreed to.' })
export class PetitionTermsInput {
  @Field(() => ID, { description: 'Which terms.' })
  id!: string;

  @Field(() => Int, { description: 'In which edition.' })
  edition!: number;
}

@Auth('PETITION_PARTY')
@InputType({ description: 'Terms that are agreed to.' })
export class PetitionAgreeToTermsInput extends PetitionIdInput {
  @Field(() => [PetitionTermsInput], { description: 'All of `terms`, as they were shown.' })
  terms!: PetitionTermsInput[];
}

@Auth('PETITION_PARTY')
@InputType({ description: 'A petition to give up.' })
export class PetitionCancelInput extends PetitionIdInput {
  @Field(() => String, { nullable: true, description: 'Why; at most 256 characters are kept.' })
  comment?: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The petition to delete.' })
export class PetitionDeleteInput {
  @Field(() => ID, { description: 'Which one.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when it was changed since.' })
  expectedVersion?: number | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class PetitionDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a command on a petition.', simpleResolvers: true })
export class PetitionPayload {
  @Field(() => PetitionType, { nullable: true, description: 'The petition as it is now.' })
  petition!: unknown;

  @Field(() => String, {
    nullable: true,
    description:
      'The token by which somebody without an account goes on with the petition: send it in the header Vestibule-Petition-Token. It is shown this once.',
  })
  token!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where the browser goes now, where the flow or the petition says so.',
  })
  redirectUrl!: string | null;

  @Field(() => [UserError], {
    description: 'Why nothing was changed, or why the next step could not be done; empty when all went well.',
  })
  userErrors!: UserError[];
}
