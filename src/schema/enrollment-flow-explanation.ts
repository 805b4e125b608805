import { Field, ObjectType } from 'type-graphql';
import { PetitionParty, PetitionStep } from '../entities/enums.js';
import { EnrollmentFlowSettingsType } from './enrollment-flow-settings.js';
import { EnrollmentFlowWarningType } from './enrollment-flow.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowStep', {
  description: 'One step of an enrollment flow, whether it runs or is passed over.',
  simpleResolvers: true,
})
export class EnrollmentFlowStepType {
  @Field(() => PetitionStep, { description: 'Which step.' })
  step!: PetitionStep;

  @Field(() => PetitionParty, { description: 'Who acts in it.' })
  party!: PetitionParty;

  @Field(() => Boolean, { description: 'Whether it runs.' })
  runs!: boolean;

  @Field(() => String, { description: 'Why it does, or does not.' })
  reason!: string;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowExplanation', {
  description: 'What an enrollment flow does.',
  simpleResolvers: true,
})
export class EnrollmentFlowExplanationType {
  @Field(() => [EnrollmentFlowStepType], { description: 'All steps in their order, also those that are passed over.' })
  steps!: EnrollmentFlowStepType[];

  @Field(() => String, { description: 'Who may start it, in a sentence.' })
  starters!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Who decides about its petitions, in sentences; null when nobody need.',
  })
  approvers!: string | null;

  @Field(() => EnrollmentFlowSettingsType, { description: 'The settings that are explained, each of them.' })
  settings!: EnrollmentFlowSettingsType;

  @Field(() => [UserError], {
    description: 'Why it cannot work, and would be refused if it were saved as it is; empty when nothing is wrong.',
  })
  faults!: UserError[];

  @Field(() => [EnrollmentFlowWarningType], { description: 'What works, and is likely not meant.' })
  warnings!: EnrollmentFlowWarningType[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What would come of a new enrollment flow.', simpleResolvers: true })
export class EnrollmentFlowCheckPayload {
  @Field(() => EnrollmentFlowExplanationType, {
    nullable: true,
    description: 'What the flow would do; null when it cannot even be read.',
  })
  explanation!: unknown;

  @Field(() => [UserError], { description: 'Why it would be refused: all of it at once; empty when it would not be.' })
  userErrors!: UserError[];
}
