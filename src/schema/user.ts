import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { LinkCase, SessionTransport, UserStatus } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONObject } from './scalars.js';

@Auth('ORGANIZATION_MEMBER')
@ObjectType('User', { implements: Node, description: 'A person.', simpleResolvers: true })
export class UserType extends Node {
  @Field(() => String, { nullable: true, description: 'First names.' })
  givenName!: string | null;

  @Field(() => String, { nullable: true, description: 'Family name.' })
  familyName!: string | null;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => String, { nullable: true, description: 'Email address.' })
  email!: string | null;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether the address was proven.' })
  isEmailVerified!: boolean;

  @Auth('SELF')
  @Field(() => Boolean, {
    nullable: true,
    description: "Whether the provider reports an address that is another user's.",
  })
  hasEmailConflict!: boolean;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => UserStatus, { nullable: true, description: 'Where the account stands.' })
  status!: UserStatus;

  @Auth('SELF')
  @Field(() => Boolean, { nullable: true, description: 'Whether the user administers the tenant.' })
  isTenantAdministrator!: boolean;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => DateTime, { nullable: true, description: 'When the account was made.' })
  createdAt!: string;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => DateTime, { nullable: true, description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => Int, { description: 'How often it was changed.' })
  version!: number;
}

@Auth('PUBLIC')
@ObjectType({
  description: 'What a person is called in some numbering, such as an employee number.',
  simpleResolvers: true,
})
export class UserIdentifier {
  @Field(() => String, { description: 'Which numbering. No two people of the tenant have the same value of one.' })
  type!: string;

  @Field(() => String, { description: 'The identifier.' })
  value!: string;
}

export const UserConnection = connectionTypes(() => UserType, 'User', 'users');

@Auth('SELF')
@ObjectType('Identity', {
  implements: Node,
  description: 'One account of a user at one provider.',
  simpleResolvers: true,
})
export class IdentityType extends Node {
  @Field(() => String, { description: 'The provider.' })
  issuer!: string;

  @Field(() => String, { description: 'The name of the account there.' })
  subject!: string;

  @Field(() => String, { nullable: true, description: 'The address that the provider reported last.' })
  email!: string | null;

  @Field(() => DateTime, { description: 'When it was linked.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When the user last signed in with it.' })
  lastSignInAt!: string | null;
}

export const IdentityConnection = connectionTypes(() => IdentityType, 'Identity', 'identities');

@Auth('SELF')
@ObjectType('Session', {
  implements: Node,
  description: 'A signed-in person, in one browser or client.',
  simpleResolvers: true,
})
export class SessionType extends Node {
  @Field(() => SessionTransport, { description: 'How its token travels.' })
  transport!: SessionTransport;

  @Field(() => DateTime, { description: 'When the person signed in.' })
  authenticatedAt!: string;

  @Field(() => DateTime, { description: 'When it ends by itself.' })
  expiresAt!: string;

  @Field(() => String, { nullable: true, description: 'The assurance of the sign-in, as the provider says (acr).' })
  acr!: string | null;

  @Field(() => [String], { description: 'The means of the sign-in, as the provider says (amr).' })
  amr!: string[];

  @Field(() => DateTime, {
    nullable: true,
    description: 'When a second factor was last shown in it, here or at the provider; null when none was.',
  })
  mfaAt!: string | null;

  @Field(() => [LinkCase], { description: 'The rows of the decision table that the sign-in came under.' })
  cases!: LinkCase[];
}

export const SessionConnection = connectionTypes(() => SessionType, 'Session', 'sessions');

@Auth('SELF')
@ObjectType('Notice', { implements: Node, description: 'Something that a person must be told.', simpleResolvers: true })
export class NoticeType extends Node {
  @Field(() => String, { description: 'What it is about.' })
  kind!: string;

  @Field(() => JSONObject, { description: 'Its particulars.' })
  data!: Record<string, unknown>;

  @Field(() => DateTime, { description: 'When it came about.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was mailed.' })
  mailedAt!: string | null;
}

export const NoticeConnection = connectionTypes(() => NoticeType, 'Notice', 'notices');

@Auth('PUBLIC')
@InputType({ description: 'Which users a list holds. Conditions add up.' })
export class UserFilterInput {
  @Field(() => UserStatus, { nullable: true, description: 'Those who stand here.' })
  status?: UserStatus | null;

  @Field(() => String, { nullable: true, description: 'The one with this address, without regard to case.' })
  email?: string | null;
}

@Auth('SELF')
@InputType({ description: 'Changes of a user. What is absent stays; null clears.' })
export class UserUpdateInput {
  @Field(() => ID, { description: 'Which user.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the user was changed since.' })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'At most 256 characters.' })
  givenName?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 256 characters.' })
  familyName?: string | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => String, { nullable: true, description: 'A new address. Whether it was proven is `isEmailVerified`.' })
  email?: string | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether the administrator vouches for the address.' })
  isEmailVerified?: boolean | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether the user administers the tenant.' })
  isTenantAdministrator?: boolean | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A user whose status is to change.' })
export class UserStatusInput {
  @Field(() => ID, { description: 'Which user.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a user.', simpleResolvers: true })
export class UserPayload {
  @Field(() => UserType, { nullable: true, description: 'The user as they are now.' })
  user!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
