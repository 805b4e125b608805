import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { IdentifierScheme, MfaRule, NameSource, NameStatus, OrganizationStatus } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONValue } from './scalars.js';

@Auth('PUBLIC')
@ObjectType('OrganizationIdentifier', { description: 'How an organization is known outside.', simpleResolvers: true })
export class OrganizationIdentifierType {
  @Field(() => IdentifierScheme, { description: 'The registry.' })
  scheme!: IdentifierScheme;

  @Field(() => String, { description: 'The number or name there.' })
  value!: string;
}

@Auth('ORGANIZATION_MEMBER')
@ObjectType('Organization', {
  implements: Node,
  description: 'A company, agency or collaboration.',
  simpleResolvers: true,
})
export class OrganizationType extends Node {
  @Field(() => String, { description: 'What people call it.' })
  name!: string;

  @Field(() => NameStatus, { description: 'How sure the name is.' })
  nameStatus!: NameStatus;

  @Field(() => NameSource, { description: 'Who gave the name.' })
  nameSource!: NameSource;

  @Field(() => String, { description: 'Its name in addresses: no other organization of the tenant has it.' })
  slug!: string;

  @Field(() => String, { nullable: true, description: 'A few words about it.' })
  description!: string | null;

  @Field(() => String, { nullable: true, description: 'Its color on a light background: `#rrggbb`.' })
  primaryColor!: string | null;

  @Field(() => String, { nullable: true, description: 'Its color on a dark background: `#rrggbb`.' })
  darkPrimaryColor!: string | null;

  @Field(() => Boolean, { description: 'Whether its members need a second factor to act in it.' })
  isMfaRequired!: boolean;

  @Field(() => MfaRule, { description: 'What that asks for, where it is required.' })
  mfaRule!: MfaRule;

  @Field(() => OrganizationStatus, { description: 'Where it stands.' })
  status!: OrganizationStatus;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether its last administrator has left.' })
  needsAdministrator!: boolean;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const OrganizationConnection = connectionTypes(() => OrganizationType, 'Organization', 'organizations');

@Auth('PUBLIC')
@ObjectType({ description: 'What the viewer may do with an organization.', simpleResolvers: true })
export class OrganizationPermissions {
  @Field(() => Boolean, { description: 'Edit at least one of its fields.' })
  update!: boolean;

  @Field(() => Boolean, { description: 'Give it its name, as the member whose sign-in made it.' })
  complete!: boolean;

  @Field(() => Boolean, { description: 'Make one of its members an administrator.' })
  appoint!: boolean;

  @Field(() => Boolean, { description: 'Add members while it is active, remove them, and change their roles.' })
  changeMembers!: boolean;

  @Field(() => Boolean, { description: 'Invite people to it now.' })
  invite!: boolean;

  @Field(() => Boolean, { description: 'Add applications to it now.' })
  addApplications!: boolean;

  @Field(() => Boolean, { description: 'End their own membership of it.' })
  leave!: boolean;

  @Field(() => Boolean, { description: 'Delete it.' })
  delete!: boolean;
}

@Auth('PUBLIC')
@InputType({ description: 'An identifier of an organization.' })
export class OrganizationIdentifierInput {
  @Field(() => IdentifierScheme, { description: 'The registry.' })
  scheme!: IdentifierScheme;

  @Field(() => String, { description: 'The number or name there. White space in a SIRET is ignored.' })
  value!: string;
}

@Auth('PUBLIC')
@InputType({ description: 'Which organizations a list holds. Conditions add up.' })
export class OrganizationFilterInput {
  @Field(() => String, {
    nullable: true,
    description: 'Part of the name, of the slug or of an identifier, without regard to case and accents.',
  })
  search?: string | null;

  @Field(() => OrganizationIdentifierInput, { nullable: true, description: 'The one with this identifier.' })
  identifier?: OrganizationIdentifierInput | null;

  @Field(() => String, { nullable: true, description: 'The establishments of this company: nine digits.' })
  siren?: string | null;

  @Field(() => OrganizationStatus, { nullable: true, description: 'Those that stand here.' })
  status?: OrganizationStatus | null;

  @Field(() => NameStatus, { nullable: true, description: 'Those whose name is so sure.' })
  nameStatus?: NameStatus | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Those that have lost their last administrator, or have not.' })
  needsAdministrator?: boolean | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A new organization.' })
export class OrganizationCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key gives the same answer, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => String, { description: 'At most 128 characters.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'At most 256 characters.' })
  description?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Its name in addresses. Absent: that of its name, with an ending where another organization has it.',
  })
  slug?: string | null;

  @Field(() => JSONValue, {
    nullable: true,
    description: 'A JSON object of at most 64 KiB for programs of the tenant.',
  })
  customData?: unknown;

  @Field(() => String, { nullable: true, description: 'Its color on a light background: `#rrggbb`.' })
  primaryColor?: string | null;

  @Field(() => String, { nullable: true, description: 'Its color on a dark background: `#rrggbb`.' })
  darkPrimaryColor?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether its members need a second factor to act in it. The tenant must take some kind of them.',
  })
  isMfaRequired?: boolean | null;

  @Field(() => MfaRule, { nullable: true, description: 'What that asks for.' })
  mfaRule?: MfaRule | null;

  @Field(() => [OrganizationIdentifierInput], {
    nullable: true,
    description: 'At most ten, each held by no other organization.',
  })
  identifiers?: OrganizationIdentifierInput[] | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Changes of an organization. What is absent stays; null clears.' })
export class OrganizationUpdateInput {
  @Field(() => ID, { description: 'Which organization.' })
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuses with STALE_VERSION when the organization was changed since.',
  })
  expectedVersion?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'At most 128 characters; it cannot be cleared. It becomes CONFIRMED.',
  })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 256 characters.' })
  description?: string | null;

  @Field(() => JSONValue, {
    nullable: true,
    description:
      'All of the custom data from now on: a JSON object of at most 64 KiB for programs of the tenant. Null: `{}`.',
  })
  customData?: unknown;

  @Field(() => String, { nullable: true, description: 'Its color on a light background: `#rrggbb`.' })
  primaryColor?: string | null;

  @Field(() => String, { nullable: true, description: 'Its color on a dark background: `#rrggbb`.' })
  darkPrimaryColor?: string | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => String, {
    nullable: true,
    description: 'Its name in addresses: lower-case letters and digits, with hyphens between; it cannot be cleared.',
  })
  slug?: string | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether its members need a second factor to act in it. The tenant must take some kind of them.',
  })
  isMfaRequired?: boolean | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => MfaRule, { nullable: true, description: 'What that asks for.' })
  mfaRule?: MfaRule | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [OrganizationIdentifierInput], {
    nullable: true,
    description: 'All of its identifiers from now on; at most ten.',
  })
  identifiers?: OrganizationIdentifierInput[] | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => OrganizationStatus, { nullable: true, description: 'Suspends, archives or resumes it.' })
  status?: OrganizationStatus | null;
}

@Auth('ORGANIZATION_MEMBER')
@InputType({ description: 'The name of an organization that your sign-in made.' })
export class OrganizationCompleteInput {
  @Field(() => ID, { description: 'Which organization.' })
  id!: string;

  @Field(() => String, { description: 'At most 128 characters.' })
  name!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The organization to delete.' })
export class OrganizationDeleteInput {
  @Field(() => ID, { description: 'Which organization.' })
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuses with STALE_VERSION when the organization was changed since.',
  })
  expectedVersion?: number | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of an organization.', simpleResolvers: true })
export class OrganizationPayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization as it is now.' })
  organization!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class OrganizationDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}
