import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { MembershipSource } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { RoleType } from './role.js';
import { DateTime } from './scalars.js';
import { UserType } from './user.js';

@Auth('PUBLIC')
@ObjectType({ description: 'A role that a member holds, and where that came from.', simpleResolvers: true })
export class RoleGrant {
  @Field(() => RoleType, { nullable: true, description: 'The role.' })
  role!: unknown;

  @Field(() => MembershipSource, {
    nullable: true,
    description: 'How it came; null for what was given before this was kept.',
  })
  source!: MembershipSource | null;

  @Field(() => DateTime, { description: 'When it was given.' })
  grantedAt!: string;

  @Field(() => UserType, {
    nullable: true,
    description: 'Who gave it, when somebody did; null also when they are gone or not for the caller.',
  })
  grantedBy!: unknown;

  @Field(() => ID, { nullable: true, description: 'The application that gave it, when one did for itself.' })
  grantedByApplicationId!: string | null;
}

@Auth('ORGANIZATION_MEMBER')
@ObjectType('Membership', { implements: Node, description: 'A user in an organization.', simpleResolvers: true })
export class MembershipType extends Node {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => MembershipSource, { nullable: true, description: 'Where it came from.' })
  source!: MembershipSource;

  @Field(() => DateTime, { description: 'Since when.' })
  joinedAt!: string;

  @Field(() => [RoleType], { description: 'What the user is there.' })
  roles!: unknown[];
}

export const MembershipConnection = connectionTypes(() => MembershipType, 'Membership', 'memberships');

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A member to make an administrator.' })
export class MemberAppointInput {
  @Field(() => ID, { description: 'Of which organization.' })
  organizationId!: string;

  @Field(() => ID, { description: 'Which user. A tenant administrator may name one who is no member yet.' })
  userId!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a membership.', simpleResolvers: true })
export class MembershipPayload {
  @Field(() => MembershipType, { nullable: true, description: 'The membership as it is now.' })
  membership!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
