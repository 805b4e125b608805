import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { MembershipSource } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('SIGNED_IN')
@ObjectType('Role', {
  implements: Node,
  description: "A role of the tenant's organization template.",
  simpleResolvers: true,
})
export class RoleType extends Node {
  @Field(() => String, { description: 'Its name: `administrator` and `member` are built in.' })
  name!: string;
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
