import { Field, ID, ObjectType } from 'type-graphql';
import { AbsenceReason, MembershipSource } from '../entities/enums.js';
import { ConnectionType } from './connection.js';
import { EventActor, EventType } from './event.js';
import { MembershipType } from './membership.js';
import { OrganizationType } from './organization.js';
import { Auth } from './requirement.js';
import { RoleType } from './role.js';
import { DateTime } from './scalars.js';
import { UserType } from './user.js';

@Auth('PUBLIC')
@ObjectType({ description: 'Why somebody is a member.', simpleResolvers: true })
export class MembershipOrigin {
  @Field(() => String, { description: 'Why, in a sentence.' })
  because!: string;

  @Field(() => MembershipSource, { description: 'Where the membership came from.' })
  source!: MembershipSource;

  @Field(() => ConnectionType, {
    nullable: true,
    description: 'The connection that it came through; null when it came through none, or that is not for the caller.',
  })
  connection!: unknown;

  @Field(() => DateTime, { description: 'Since when.' })
  at!: string;

  @Field(() => EventActor, { nullable: true, description: 'Who did it, as far as it is known.' })
  by!: unknown;

  @Field(() => EventType, { nullable: true, description: 'The event that tells of it, if the log goes back so far.' })
  event!: unknown;
}

@Auth('PUBLIC')
@ObjectType({ description: 'Why a member holds a role.', simpleResolvers: true })
export class RoleExplanation {
  @Field(() => RoleType, { nullable: true, description: 'The role.' })
  role!: unknown;

  @Field(() => String, { description: 'Why, in a sentence.' })
  because!: string;

  @Field(() => MembershipSource, {
    nullable: true,
    description: 'How it came; null for what was given before this was kept.',
  })
  source!: MembershipSource | null;

  @Field(() => DateTime, { description: 'Since when.' })
  at!: string;

  @Field(() => EventActor, { nullable: true, description: 'Who gave it, as far as it is known.' })
  by!: unknown;

  @Field(() => EventType, { nullable: true, description: 'The event that tells of it, if the log goes back so far.' })
  event!: unknown;
}

@Auth('PUBLIC')
@ObjectType({ description: 'Why a member has a permission.', simpleResolvers: true })
export class PermissionExplanation {
  @Field(() => String, { description: 'The name of the permission.' })
  permission!: string;

  @Field(() => [RoleType], {
    nullable: 'items',
    description: 'The roles that grant it, of those that the member holds.',
  })
  roles!: unknown[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'Why somebody is no member.', simpleResolvers: true })
export class MembershipAbsence {
  @Field(() => AbsenceReason, { description: 'What programs read.' })
  reason!: AbsenceReason;

  @Field(() => String, { description: 'Why, in a sentence.' })
  because!: string;

  @Field(() => DateTime, { nullable: true, description: 'Since when; null when no event tells.' })
  at!: string | null;

  @Field(() => EventActor, { nullable: true, description: 'Who did it, as far as it is known.' })
  by!: unknown;

  @Field(() => EventType, { nullable: true, description: 'The event that tells of it.' })
  event!: unknown;
}

@Auth('PUBLIC')
@ObjectType({
  description: 'Why a user is a member of an organization, or is not, and has the rights there that they have.',
  simpleResolvers: true,
})
export class MembershipExplanation {
  @Field(() => ID, { description: 'The user who was asked about.' })
  userId!: string;

  @Field(() => ID, { description: 'The organization that was asked about.' })
  organizationId!: string;

  @Field(() => UserType, { nullable: true, description: 'The user; null when they are gone or not for the caller.' })
  user!: unknown;

  @Field(() => OrganizationType, {
    nullable: true,
    description: 'The organization; null when it is gone or not for the caller.',
  })
  organization!: unknown;

  @Field(() => Boolean, { description: 'Whether the user is a member.' })
  isMember!: boolean;

  @Field(() => MembershipType, { nullable: true, description: 'The membership, if there is one.' })
  membership!: unknown;

  @Field(() => MembershipOrigin, { nullable: true, description: 'Why the user is a member; null when they are none.' })
  origin!: MembershipOrigin | null;

  @Field(() => [RoleExplanation], { description: 'Why they hold each of their roles, by name.' })
  roles!: RoleExplanation[];

  @Field(() => [PermissionExplanation], { description: 'What their roles grant together, each once, by name.' })
  permissions!: PermissionExplanation[];

  @Field(() => MembershipAbsence, { nullable: true, description: 'Why the user is no member; null for members.' })
  absence!: MembershipAbsence | null;
}
