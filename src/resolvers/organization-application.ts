import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import {
  addApplications,
  changeRolesOfApplications,
  removeApplicationsFrom,
  replaceApplications,
  type RoleChange,
} from '../applications/organization-applications.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import type { OrganizationApplicationRow, OrganizationRow } from '../database/loaders/rows.js';
import { ApplicationType } from '../schema/application.js';
import {
  OrganizationApplicationConnection,
  OrganizationApplicationFilterInput,
  OrganizationApplicationPayload,
  OrganizationApplicationRolesInput,
  OrganizationApplicationsAddInput,
  OrganizationApplicationsAssignRolesInput,
  OrganizationApplicationsPayload,
  OrganizationApplicationsRemoveInput,
  OrganizationApplicationsReplaceInput,
  OrganizationApplicationType,
} from '../schema/organization-application.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, requireUuids, toConnection } from './answers.js';

@Resolver(() => OrganizationApplicationType)
export class OrganizationApplicationResolver {
  @FieldResolver(() => ApplicationType, { nullable: true, description: 'Which application.' })
  application(
    @Root() { application, applicationUuid }: OrganizationApplicationRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
  ) {
    return application ?? loaders.applications.byId(tenant.id, applicationUuid);
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'In what.' })
  organization(@Root() { organizationUuid }: OrganizationApplicationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => [String], { description: 'The names of what its roles grant together, each once, sorted.' })
  permissions(@Root() { roles }: OrganizationApplicationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.roles.permissionNames(tenant.id, roles);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who added it, when a person did.' })
  addedBy(@Root() { addedByUserUuid }: OrganizationApplicationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return addedByUserUuid && loaders.users.byId(tenant.id, addedByUserUuid);
  }

  @FieldResolver(() => ID, {
    nullable: true,
    description: 'The application that added it, when one did for itself.',
  })
  addedByApplicationId(@Root() { addedByApplicationUuid }: OrganizationApplicationRow): string | null {
    return addedByApplicationUuid && toGlobalId('Application', addedByApplicationUuid);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => OrganizationApplicationsPayload, { description: 'Adds applications to an organization.' })
  organizationApplicationsAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationApplicationsAddInput, { description: 'Which ones.' })
    input: OrganizationApplicationsAddInput,
  ) {
    const roleIds = requireUuids('Role', input.roleIds ?? [], 'input.roleIds');
    return change(context, input, (named) => addApplications(context, { ...named, roleIds }));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => OrganizationApplicationsPayload, {
    description: 'Says all applications of an organization. Those that stay keep their roles.',
  })
  organizationApplicationsReplace(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationApplicationsReplaceInput, { description: 'Which ones.' })
    input: OrganizationApplicationsReplaceInput,
  ) {
    return change(context, input, (named) => replaceApplications(context, named));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationApplicationsPayload, {
    description: 'Removes applications from an organization, with their roles there.',
  })
  organizationApplicationsRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationApplicationsRemoveInput, { description: 'Which ones.' })
    input: OrganizationApplicationsRemoveInput,
  ) {
    return change(context, input, (named) => removeApplicationsFrom(context, named));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationApplicationsPayload, {
    description: 'Gives applications of an organization roles, beside those that they have: all or none.',
  })
  organizationApplicationsAssignRoles(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationApplicationsAssignRolesInput, { description: 'Which ones, and to which.' })
    input: OrganizationApplicationsAssignRolesInput,
  ) {
    const roleIds = requireUuids('Role', input.roleIds, 'input.roleIds');
    return change(context, input, (named) =>
      changeRolesOfApplications(context, 'organizationApplicationsAssignRoles', { ...named, roleIds }),
    );
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationApplicationPayload, {
    description: 'Gives an application of an organization roles, beside those that it has.',
  })
  organizationApplicationRolesAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationApplicationRolesInput, { description: 'Which ones.' })
    input: OrganizationApplicationRolesInput,
  ) {
    return changeRoles(context, 'organizationApplicationRolesAdd', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationApplicationPayload, {
    description: 'Says all roles of an application in an organization; none when the list is empty.',
  })
  organizationApplicationRolesSet(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationApplicationRolesInput, { description: 'Which ones.' })
    input: OrganizationApplicationRolesInput,
  ) {
    return changeRoles(context, 'organizationApplicationRolesSet', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationApplicationPayload, {
    description: 'Takes roles from an application of an organization.',
  })
  organizationApplicationRolesRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationApplicationRolesInput, { description: 'Which ones.' })
    input: OrganizationApplicationRolesInput,
  ) {
    return changeRoles(context, 'organizationApplicationRolesRemove', input);
  }
}

@Resolver(() => OrganizationType)
export class OrganizationApplicationsResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => OrganizationApplicationConnection, {
    nullable: true,
    description: 'The applications that act in it, the first that was added first.',
  })
  async applications(
    @Root() { uuid }: OrganizationRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => OrganizationApplicationFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: OrganizationApplicationFilterInput | null,
  ) {
    const { search, roleId } = filter ?? {};
    const roleUuid = roleId ? requireUuid('Role', roleId, 'filter.roleId') : null;
    const selection = { side: 'organization' as const, search: search ?? null, roleUuid };
    const request = pageRequest(first, after);
    return toConnection(await loaders.organizationApplications.page(tenant.id, uuid, selection, request));
  }
}

async function change(
  context: GraphQLContext,
  input: { organizationId: string; applicationIds: string[] },
  operation: (named: { organizationId: string; applicationIds: string[] }) => Promise<string[]>,
) {
  const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
  const applicationIds = requireUuids('Application', input.applicationIds, 'input.applicationIds');
  const { result, userErrors } = await attempt(() => operation({ organizationId, applicationIds }));
  return {
    organization: await context.loaders.organizations.byId(context.tenant.id, organizationId),
    changedIds: (result ?? []).map((uuid) => toGlobalId('Application', uuid)),
    userErrors,
  };
}

async function changeRoles(context: GraphQLContext, via: RoleChange, input: OrganizationApplicationRolesInput) {
  const { loaders, tenant } = context;
  const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
  const applicationId = requireUuid('Application', input.applicationId, 'input.applicationId');
  const roleIds = requireUuids('Role', input.roleIds, 'input.roleIds');
  const named = { organizationId, applicationIds: [applicationId], roleIds };
  const { userErrors } = await attempt(() => changeRolesOfApplications(context, via, named));
  const selection = { side: 'application' as const, within: [organizationId] };
  const { rows } = await loaders.organizationApplications.page(
    tenant.id,
    applicationId,
    selection,
    pageRequest(1, null),
  );
  return { organizationApplication: rows[0] ?? null, userErrors };
}
