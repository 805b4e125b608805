import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { JitReason, MembershipSource } from '../entities/enums.js';
import { RoleType } from './role.js';
import { OrganizationType } from './organization.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('PUBLIC')
@ObjectType('JitEmailDomain', {
  description: 'A rule: whoever comes in for the first time with a verified address of this domain joins.',
  simpleResolvers: true,
})
export class JitEmailDomainType {
  @Field(() => String, {
    description: 'In lower case and ASCII: `example.com`, or `*.example.com` for what is below it, at any depth.',
  })
  domain!: string;

  @Field(() => DateTime, { nullable: true, description: 'Since when it is proven; null: it is not, and does nothing.' })
  provenAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When DNS last said whether its record is there.' })
  checkedAt!: string | null;

  @Field(() => Int, {
    description: 'On how many days in a row its record was missing. After three, the domain is proven no more.',
  })
  failedChecks!: number;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;
}

@Auth('PUBLIC')
@ObjectType('OrganizationJit', {
  description: 'The rules by which people join an organization as they come in: at most 100 of each kind.',
})
export class OrganizationJitType {}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Domains of email addresses by which people join an organization.' })
export class OrganizationJitEmailDomainsInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => [String], { description: '`example.com`, or `*.example.com` for what is below it and not itself.' })
  domains!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A domain whose record DNS is to be asked for.' })
export class OrganizationJitEmailDomainVerifyInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => String, { description: 'The domain of one of its rules.' })
  domain!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Connections through which people join an organization.' })
export class OrganizationJitConnectionsInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: 'Which connections.' })
  connectionIds!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Roles that people are given when they join an organization by its rules.' })
export class OrganizationJitRolesInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: "Which roles, for users: of the tenant's template, or the organization's own." })
  roleIds!: string[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of just-in-time rules.', simpleResolvers: true })
export class OrganizationJitPayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization, with its rules as they are now.' })
  organization!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Somebody who would come in for the first time.' })
export class JitPreviewInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The part of this organization. Absent: of the whole tenant, for its administrators.',
  })
  organizationId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The connection that they come through.' })
  connectionId?: string | null;

  @Field(() => String, { nullable: true, description: 'Their address.' })
  email?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Whether the connection trusts the address, so that it is verified.',
  })
  isEmailVerified!: boolean;
}

@Auth('PUBLIC')
@ObjectType('JitMatch', { description: 'An organization that they would join.', simpleResolvers: true })
export class JitMatchType {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization.' })
  organization!: unknown;

  @Field(() => MembershipSource, { description: 'What the rule is about: JIT_CONNECTION or JIT_DOMAIN.' })
  source!: MembershipSource;

  @Field(() => String, {
    nullable: true,
    description: 'The domain of the rule; null where it is about the connection.',
  })
  emailDomain!: string | null;

  @Field(() => [RoleType], { description: 'What they would be there.' })
  roles!: unknown;
}

@Auth('PUBLIC')
@ObjectType('JitNonMatch', {
  description: 'A rule that is about them and would do nothing.',
  simpleResolvers: true,
})
export class JitNonMatchType {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization.' })
  organization!: unknown;

  @Field(() => MembershipSource, { description: 'What the rule is about: JIT_CONNECTION or JIT_DOMAIN.' })
  source!: MembershipSource;

  @Field(() => String, {
    nullable: true,
    description: 'The domain of the rule; null where it is about the connection.',
  })
  emailDomain!: string | null;

  @Field(() => JitReason, { description: 'Why it would do nothing.' })
  reason!: JitReason;
}

@Auth('PUBLIC')
@ObjectType('JitPreview', {
  description: 'What just-in-time rules would do. At most 100 of each.',
  simpleResolvers: true,
})
export class JitPreviewType {
  @Field(() => [JitMatchType], { description: 'What they would join.' })
  joins!: unknown[];

  @Field(() => [JitNonMatchType], { description: 'Rules that are about them and would do nothing, with the reason.' })
  passedOver!: unknown[];
}
