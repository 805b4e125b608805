import { Field, ID, ObjectType } from 'type-graphql';
import { MatchPolicy, TermsMode } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { EnrollmentAttributeType } from './enrollment-attribute.js';
import { PetitionTerms } from './petition.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowPlace', {
  description: 'An organization that a flow enrolls people into, as those see it who may start the flow.',
  simpleResolvers: true,
})
export class EnrollmentFlowPlaceType {
  @Field(() => ID, { description: 'The global id of the organization.' })
  id!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowOffer', {
  description: 'An active enrollment flow, as those see it who may start it, signed in or not.',
})
export class EnrollmentFlowOfferType {
  @Field(() => ID, { simple: true, description: 'The global id of the flow.' })
  id!: string;

  @Field(() => String, { simple: true, description: 'What it is called.' })
  name!: string;

  @Field(() => String, { simple: true, nullable: true, description: 'What it is for.' })
  description!: string | null;

  @Field(() => String, { simple: true, nullable: true, description: 'What the page that begins it says.' })
  introduction!: string | null;

  @Field(() => String, { simple: true, nullable: true, description: 'What stands above the form.' })
  formIntroduction!: string | null;

  @Field(() => String, { simple: true, nullable: true, description: 'What stands below the form.' })
  conclusion!: string | null;

  @Field(() => MatchPolicy, { simple: true, description: 'How the person is found: SELF enrolls the petitioner.' })
  match!: MatchPolicy;

  @Field(() => Boolean, { simple: true, description: 'Whether an address has to be confirmed.' })
  asksToConfirm!: boolean;

  @Field(() => Boolean, { simple: true, description: 'Whether the enrollee has to sign in to confirm.' })
  requiresAuthentication!: boolean;

  @Field(() => Boolean, { simple: true, description: 'Whether somebody has to approve.' })
  requiresApproval!: boolean;

  @Field(() => TermsMode, { simple: true, description: 'What becomes of the terms.' })
  termsMode!: TermsMode;

  @Field(() => Boolean, { simple: true, description: 'Whether its pages look like its organization.' })
  usesOrganizationTheme!: boolean;

  @Field(() => [EnrollmentAttributeType], { simple: true, description: 'The form: what is not hidden, in its order.' })
  attributes!: EnrollmentAttributeType[];

  organizationUuids!: readonly string[];
  asksForTerms!: boolean;

  @Field(() => [EnrollmentFlowPlaceType], {
    description: 'Where people are enrolled; several: the petitioner chooses one as they start.',
  })
  organizations!: EnrollmentFlowPlaceType[];

  @Field(() => [PetitionTerms], {
    description:
      'The active terms that are agreed to on the way, where that is known beforehand: empty while the organization is to be chosen.',
  })
  terms!: PetitionTerms[];
}

export const EnrollmentFlowOfferConnection = connectionTypes(
  () => EnrollmentFlowOfferType,
  'EnrollmentFlowOffer',
  'enrollment flows that are offered',
);
