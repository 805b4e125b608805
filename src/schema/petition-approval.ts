import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { VettingStatus } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('PUBLIC')
@ObjectType('PetitionDecision', { description: 'What an approver decided on a petition.', simpleResolvers: true })
export class PetitionDecisionType {
  @Field(() => Boolean, { description: 'Whether they approved; else they denied.' })
  isApproval!: boolean;

  @Field(() => String, { nullable: true, description: 'Why.' })
  comment!: string | null;

  @Field(() => DateTime, { description: 'When.' })
  at!: string;
}

export const PetitionDecisionConnection = connectionTypes(
  () => PetitionDecisionType,
  'PetitionDecision',
  'decisions on a petition',
);

@Auth('PUBLIC')
@ObjectType('PetitionComment', {
  description: 'A private comment on a petition, among those who decide and administer.',
  simpleResolvers: true,
})
export class PetitionCommentType {
  @Field(() => String, { description: 'What it says.' })
  text!: string;

  @Field(() => DateTime, { description: 'When it was written.' })
  at!: string;
}

export const PetitionCommentConnection = connectionTypes(
  () => PetitionCommentType,
  'PetitionComment',
  'private comments on a petition',
);

@Auth('PUBLIC')
@ObjectType('PetitionApprover', { description: 'Somebody who may decide on a petition.', simpleResolvers: true })
export class PetitionApproverType {
  @Field(() => Boolean, { description: 'Whether they have approved, or somebody for them.' })
  hasApproved!: boolean;
}

export const PetitionApproverConnection = connectionTypes(
  () => PetitionApproverType,
  'PetitionApprover',
  'those who may decide on a petition',
);

/** How an inbox is sorted. */
export enum PetitionInboxOrder {
  OLDEST_FIRST = 'OLDEST_FIRST',
  NEWEST_FIRST = 'NEWEST_FIRST',
}

registerEnumType(PetitionInboxOrder, {
  name: 'PetitionInboxOrder',
  description: 'How the petitions that wait for an approver are sorted.',
  valuesConfig: {
    OLDEST_FIRST: { description: 'Those that have waited longest come first.' },
    NEWEST_FIRST: { description: 'Those that have waited least come first.' },
  },
});

@Auth('SIGNED_IN')
@InputType({ description: 'Which petitions of an inbox. Conditions add up.' })
export class PetitionInboxFilterInput {
  @Field(() => ID, { nullable: true, description: 'Those that lead to this organization.' })
  organizationId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those of this flow.' })
  flowId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Those that were escalated, or those that were not.' })
  isEscalated?: boolean | null;

  @Field(() => DateTime, { nullable: true, description: 'Those that have waited since before this instant.' })
  waitingSinceBefore?: Date | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether with the caller's own, which are there only where the flow allows it; true when absent.",
  })
  includesOwn?: boolean | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'How many petitions of one flow wait for the viewer.', simpleResolvers: true })
export class PetitionInboxFlowCount {
  @Field(() => ID, { description: 'The flow.' })
  flowId!: string;

  @Field(() => String, { nullable: true, description: 'Its name now; null once it is gone.' })
  flowName!: string | null;

  @Field(() => Int, { description: 'How many.' })
  count!: number;

  @Field(() => Int, { description: 'How many of them were escalated.' })
  escalated!: number;
}

@Auth('PUBLIC')
@ObjectType({
  description: 'How many petitions that lead to one organization wait for the viewer.',
  simpleResolvers: true,
})
export class PetitionInboxOrganizationCount {
  @Field(() => ID, { description: 'The organization.' })
  organizationId!: string;

  @Field(() => String, { nullable: true, description: 'Its name.' })
  organizationName!: string | null;

  @Field(() => Int, { description: 'How many.' })
  count!: number;

  @Field(() => Int, { description: 'How many of them were escalated.' })
  escalated!: number;
}

@Auth('PUBLIC')
@ObjectType({ description: 'How many petitions wait for the viewer.', simpleResolvers: true })
export class PetitionInboxCounts {
  @Field(() => Int, { description: 'How many in all.' })
  total!: number;

  @Field(() => Int, { description: 'How many of them were escalated.' })
  escalated!: number;

  @Field(() => [PetitionInboxFlowCount], { description: 'By flow: the 50 with the most.' })
  byFlow!: PetitionInboxFlowCount[];

  @Field(() => [PetitionInboxOrganizationCount], {
    description: 'By organization: the 50 with the most. Petitions that lead to none are in `total` alone.',
  })
  byOrganization!: PetitionInboxOrganizationCount[];
}

@Auth('PETITION_APPROVER')
@InputType({ description: 'A decision on a petition.' })
class PetitionDecisionInput {
  @Field(() => ID, { description: 'Which petition.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Why, at most 2000 characters, which the petitioner and the enrollee can read. The flow may demand it.',
  })
  comment?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'That the approver was asked whether they mean it. The flow may demand it.',
  })
  isConfirmed?: boolean | null;
}

@Auth('PETITION_APPROVER')
@InputType({ description: 'A petition that is approved.' })
export class PetitionApproveInput extends PetitionDecisionInput {}

@Auth('PETITION_APPROVER')
@InputType({ description: 'A petition that is denied.' })
export class PetitionDenyInput extends PetitionDecisionInput {}

@Auth('PETITION_APPROVER')
@InputType({ description: 'A petition whose person is enrolled already.' })
export class PetitionFlagDuplicateInput {
  @Field(() => ID, { description: 'Which petition.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Why, at most 200 characters, which the petitioner and the enrollee can read.',
  })
  comment?: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A private comment.' })
export class PetitionCommentInput {
  @Field(() => String, {
    nullable: true,
    description: 'The same key leaves the comment once; at most 128 characters.',
  })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'On which petition.' })
  id!: string;

  @Field(() => String, { description: 'What it says, at most 2000 characters.' })
  text!: string;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'What came of vetting.' })
export class PetitionRecordVettingInput {
  @Field(() => ID, { description: 'Of which petition.' })
  id!: string;

  @Field(() => VettingStatus, {
    description:
      'PASSED lets the petition go on; FAILED, ERROR and CANCELED deny it; the others say where vetting stands.',
  })
  outcome!: VettingStatus;

  @Field(() => String, {
    nullable: true,
    description:
      'Why, at most 2000 characters: it becomes a private comment, which the petitioner and the enrollee never see.',
  })
  comment?: string | null;
}
