import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { OrganizationType } from './organization.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { RoleType } from './role.js';
import { DateTime } from './scalars.js';

@Auth('ORGANIZATION_ADMINISTRATOR')
@ObjectType('OrganizationApplication', {
  implements: Node,
  description: 'An application in an organization. Its administrators see it, and the application itself.',
  simpleResolvers: true,
})
export class OrganizationApplicationType extends Node {
  @Field(() => DateTime, { description: 'Since when.' })
  addedAt!: string;

  @Field(() => [RoleType], { description: 'What it is there.' })
  roles!: unknown[];
}

export const OrganizationApplicationConnection = connectionTypes(
  () => OrganizationApplicationType,
  'OrganizationApplication',
  'applications in organizations',
);

@Auth('PUBLIC')
@InputType({ description: 'Which applications of an organization a list holds. Conditions add up.' })
export class OrganizationApplicationFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name or of the description.' })
  search?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those that have this role.' })
  roleId?: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Applications to add to an organization.' })
export class OrganizationApplicationsAddInput {
  @Field(() => ID, { description: 'Which organization: an active one.' })
  organizationId!: string;

  @Field(() => [ID], {
    description:
      'Which applications of kind MACHINE, at most 1000. Those that are there already stay as they are; one that is unknown adds none.',
  })
  applicationIds!: string[];

  @Field(() => [ID], {
    nullable: true,
    description: 'Roles of kind APPLICATION for those that are added; absent or empty: none.',
  })
  roleIds?: string[] | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'All applications of an organization from now on.' })
export class OrganizationApplicationsReplaceInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => [ID], {
    description:
      'Which applications of kind MACHINE, at most 1000; empty: none. Those that stay keep their roles; one that is unknown changes nothing.',
  })
  applicationIds!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Applications to remove from an organization.' })
export class OrganizationApplicationsRemoveInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: 'Which applications, at most 1000. Those that are not in it are left alone.' })
  applicationIds!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Roles for applications of an organization.' })
export class OrganizationApplicationsAssignRolesInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: 'Which of its applications, at most 1000.' })
  applicationIds!: string[];

  @Field(() => [ID], { description: 'Roles of kind APPLICATION, at most 100: each application is given each of them.' })
  roleIds!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Roles of an application in an organization.' })
export class OrganizationApplicationRolesInput {
  @Field(() => ID, { description: 'Which organization.' })
  organizationId!: string;

  @Field(() => ID, { description: 'Which of its applications.' })
  applicationId!: string;

  @Field(() => [ID], { description: 'Roles of kind APPLICATION, at most 100. One that is unknown changes nothing.' })
  roleIds!: string[];
}

@Auth('PUBLIC')
@ObjectType({ description: "What came of a change of an organization's applications.", simpleResolvers: true })
export class OrganizationApplicationsPayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization as it is now.' })
  organization!: unknown;

  @Field(() => [ID], {
    description: 'The ids of the applications that this added, removed or gave other roles; the others were so before.',
  })
  changedIds!: string[];

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of the roles of an application.', simpleResolvers: true })
export class OrganizationApplicationPayload {
  @Field(() => OrganizationApplicationType, {
    nullable: true,
    description: 'The application in the organization as it is now.',
  })
  organizationApplication!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
