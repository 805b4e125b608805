import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MembershipSource, UserStatus } from '../entities/enums.js';
import { MembershipType } from './membership.js';
import { OrganizationType } from './organization.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@InputType({ description: 'Which members a list holds. Conditions add up.' })
export class MemberFilterInput {
  @Field(() => String, {
    nullable: true,
    description:
      'Words that are all part of the name, without regard to case and accents; for administrators of the organization, of the name or of the email address.',
  })
  search?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those who hold this role.' })
  roleId?: string | null;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => MembershipSource, { nullable: true, description: 'Those who came in this way.' })
  source?: MembershipSource | null;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => UserStatus, { nullable: true, description: 'Those whose account stands here.' })
  status?: UserStatus | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Users who are to be members.' })
export class OrganizationMembersAddInput {
  @Field(() => ID, { description: 'Of which organization.' })
  organizationId!: string;

  @Field(() => [ID], {
    description:
      'At most 10,000. Administrators of the tenant name any user, others the people of organizations that they administer. One who is a member already stays as they are.',
  })
  userIds!: string[];

  @Field(() => [ID], {
    nullable: true,
    description: 'The roles that each of those who join is given; without them, none.',
  })
  roleIds?: string[] | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'All of the members that an organization is to have.' })
export class OrganizationMembersReplaceInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => [ID], {
    description:
      'At most 10,000. Those who are members already keep their roles and their date; who is not named is removed; who is new has no role.',
  })
  userIds!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A member to remove.' })
export class OrganizationMemberRemoveInput {
  @Field(() => ID, { description: 'From which organization.' })
  organizationId!: string;

  @Field(() => ID, { description: 'Which user.' })
  userId!: string;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Members to remove.' })
export class OrganizationMembersRemoveInput {
  @Field(() => ID, { description: 'From which organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: 'Which users, at most 10,000. One who is no member has nobody removed.' })
  userIds!: string[];
}

@Auth('ORGANIZATION_MEMBER')
@InputType({ description: 'The organization that you leave.' })
export class OrganizationLeaveInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Roles for several members at once.' })
export class OrganizationMembersAssignRolesInput {
  @Field(() => ID, { description: 'Of which organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: 'Which users, at most 10,000, all members.' })
  userIds!: string[];

  @Field(() => [ID], {
    description: 'The roles that each of them is given beside those that they have: for users, at most 100.',
  })
  roleIds!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Roles of one member. Ids and names are put together.' })
export class OrganizationMemberRolesInput {
  @Field(() => ID, { description: 'Of which organization.' })
  organizationId!: string;

  @Field(() => ID, { description: 'Which member.' })
  userId!: string;

  @Field(() => [ID], { nullable: true, description: 'Roles for users, by their ids; at most 100.' })
  roleIds?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Roles for users, by their names; at most 100.' })
  roleNames?: string[] | null;
}

@Auth('PUBLIC')
@ObjectType({ description: "What came of a change of an organization's members." })
export class OrganizationMembersPayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization as it is now.' })
  organization!: unknown;

  @Field(() => [MembershipType], {
    nullable: 'items',
    description: 'The memberships that are new or have other roles now: the first hundred of them.',
  })
  memberships!: unknown[];

  @Field(() => Int, { simple: true, description: 'How many became members.' })
  addedCount!: number;

  @Field(() => Int, { simple: true, description: 'How many are members no more.' })
  removedCount!: number;

  @Field(() => Int, { simple: true, description: 'How many members have other roles now.' })
  changedCount!: number;

  @Field(() => Boolean, { simple: true, description: 'Whether this left it without an active administrator.' })
  lostAdministrator!: boolean;

  @Field(() => [UserError], { simple: true, description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of leaving an organization.', simpleResolvers: true })
export class OrganizationLeavePayload {
  @Field(() => ID, { nullable: true, description: 'The id of the organization that you have left.' })
  organizationId!: string | null;

  @Field(() => Boolean, {
    description:
      'Whether you were its last active administrator: it says so now, and the administrators of the tenant are told.',
  })
  lostAdministrator!: boolean;

  @Field(() => [UserError], { description: 'Why you have not left; empty when you have.' })
  userErrors!: UserError[];
}
