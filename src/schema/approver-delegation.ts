import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('SELF')
@ObjectType('ApproverDelegation', {
  implements: Node,
  description:
    'Somebody decides on petitions for somebody who is away, for a time. Both of them see it, and the administrators of the organization that it is limited to.',
  simpleResolvers: true,
})
export class ApproverDelegationType extends Node {
  @Field(() => DateTime, { description: 'From when on.' })
  startsAt!: string;

  @Field(() => DateTime, { description: 'Until when.' })
  endsAt!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;
}

export const ApproverDelegationConnection = connectionTypes(
  () => ApproverDelegationType,
  'ApproverDelegation',
  'delegations',
);

/** Which of the viewer's delegations. */
export enum ApproverDelegationDirection {
  GIVEN = 'GIVEN',
  RECEIVED = 'RECEIVED',
}

registerEnumType(ApproverDelegationDirection, {
  name: 'ApproverDelegationDirection',
  description: 'Which delegations of a person.',
  valuesConfig: {
    GIVEN: { description: 'Those by which somebody decides for them.' },
    RECEIVED: { description: 'Those by which they decide for somebody.' },
  },
});

@Auth('SIGNED_IN')
@InputType({ description: 'Which delegations a list holds. Conditions add up.' })
export class ApproverDelegationFilterInput {
  @Field(() => ID, { nullable: true, description: 'Those of this user, who is away.' })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those by which this user decides for somebody.' })
  delegateId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Those that have not ended; absent or false: all.' })
  isOpen?: boolean | null;
}

@Auth('SIGNED_IN')
@InputType({ description: 'Who decides for whom, where, and how long.' })
export class ApproverDelegationCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key makes one delegation, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'Who decides: an active user, who need not hold the role.' })
  delegateId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'For what the one who is away holds in this organization; absent: in all of them.',
  })
  organizationId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Who is away; absent: the caller. For somebody else it takes an administrator: of the organization, or of the tenant.',
  })
  userId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'From when on; absent: at once.' })
  startsAt?: Date | null;

  @Field(() => DateTime, { description: 'Until when, at most 366 days later.' })
  endsAt!: Date;
}

@Auth('SELF')
@InputType({ description: 'A delegation.' })
export class ApproverDelegationIdInput {
  @Field(() => ID, { description: 'Which one.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of making a delegation.', simpleResolvers: true })
export class ApproverDelegationPayload {
  @Field(() => ApproverDelegationType, { nullable: true, description: 'The delegation.' })
  approverDelegation!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was done; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of ending a delegation.', simpleResolvers: true })
export class ApproverDelegationDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The delegation that is no more.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was done; empty when it was.' })
  userErrors!: UserError[];
}
