import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { administers } from '../auth/administers.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { MembershipRow, OrganizationRow, RoleRow } from '../database/loaders/rows.js';
import { RoleKind } from '../entities/enums.js';
import { changeRolePermissions } from '../organizations/role-permissions.js';
import { createRole, deleteRole, updateRole } from '../organizations/roles.js';
import { MembershipType } from '../schema/membership.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import {
  OrganizationRoleFilterInput,
  PermissionType,
  RoleConnection,
  RoleCreateInput,
  RoleDeleteInput,
  RoleDeletePayload,
  RoleFilterInput,
  RolePayload,
  RolePermissions,
  RolePermissionsInput,
  RoleType,
  RoleUpdateInput,
} from '../schema/role.js';
import { DateTime } from '../schema/scalars.js';
import { attempt, pageRequest, requireUuid, requireUuids, toConnection } from './answers.js';

/** The role with all that is kept of it: one that was read with who holds it has its name alone. */
async function whole(row: RoleRow, { loaders, tenant }: GraphQLContext): Promise<RoleRow> {
  return row.isHeld ? ((await loaders.roles.byId(tenant.id, row.uuid)) ?? row) : row;
}

@Resolver(() => RoleType)
export class RoleResolver {
  @Auth('SIGNED_IN')
  @Query(() => RoleType, { nullable: true, description: 'One role; null when it is not for the caller.' })
  role(@Ctx() { loaders, tenant }: GraphQLContext, @Arg('id', () => ID, { description: 'Its global id.' }) id: string) {
    const uuid = uuidOf('Role', id);
    return uuid ? loaders.roles.byId(tenant.id, uuid) : null;
  }

  @Auth('SIGNED_IN')
  @Query(() => RoleConnection, {
    description: "The roles of the tenant's template, or an organization's own for its members, the oldest first.",
  })
  async roles(
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => RoleFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: RoleFilterInput | null,
  ) {
    const organizationUuid = filter?.organizationId
      ? requireUuid('Organization', filter.organizationId, 'filter.organizationId')
      : null;
    const isVisible =
      !organizationUuid || viewer!.isTenantAdministrator || viewer!.rolesByOrganization.has(organizationUuid);
    // The roles of an organization that is not the caller's are as those of none.
    const of = { organizationUuid: isVisible ? organizationUuid : NO_ORGANIZATION };
    return toConnection(await loaders.roles.page(tenant.id, of, filter ?? {}, pageRequest(first, after)));
  }

  @FieldResolver(() => String, { description: 'What it is for.' })
  async description(@Root() row: RoleRow, @Ctx() context: GraphQLContext) {
    return (await whole(row, context)).description;
  }

  @FieldResolver(() => Boolean, { description: 'Whether it comes with Vestibule.' })
  async isBuiltIn(@Root() row: RoleRow, @Ctx() context: GraphQLContext) {
    return (await whole(row, context)).isBuiltIn;
  }

  @FieldResolver(() => RoleKind, { description: 'Whom it is for.' })
  async kind(@Root() row: RoleRow, @Ctx() context: GraphQLContext) {
    return (await whole(row, context)).kind;
  }

  @FieldResolver(() => DateTime, { description: 'When it was made.' })
  async createdAt(@Root() row: RoleRow, @Ctx() context: GraphQLContext) {
    return (await whole(row, context)).createdAt;
  }

  @FieldResolver(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  async version(@Root() row: RoleRow, @Ctx() context: GraphQLContext) {
    return (await whole(row, context)).version;
  }

  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: "Whose own role it is; null for one of the tenant's template.",
  })
  async organization(@Root() row: RoleRow, @Ctx() context: GraphQLContext) {
    const { organizationUuid } = await whole(row, context);
    return organizationUuid ? context.loaders.organizations.byId(context.tenant.id, organizationUuid) : null;
  }

  @FieldResolver(() => [PermissionType], { description: 'What it grants, by name: 250 at most.' })
  async permissions(@Root() { uuid }: RoleRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.roles.permissionsOf(tenant.id, uuid)) ?? [];
  }

  @FieldResolver(() => RolePermissions, { description: 'What the viewer may do with it.' })
  async viewerCan(@Root() row: RoleRow, @Ctx() context: GraphQLContext): Promise<RolePermissions> {
    const { organizationUuid, isBuiltIn } = await whole(row, context);
    const viewer = context.viewer!;
    const isAdministrator = viewer.isTenantAdministrator || administers(viewer, organizationUuid);
    return { update: isAdministrator, delete: isAdministrator && isBuiltIn === false };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => RolePayload, { description: "Makes a role, of the tenant's template or of one organization." })
  async roleCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => RoleCreateInput, { description: 'The role.' }) input: RoleCreateInput,
  ) {
    const organizationId = input.organizationId
      ? requireUuid('Organization', input.organizationId, 'input.organizationId')
      : null;
    const permissionIds = requireUuids('Permission', input.permissionIds ?? [], 'input.permissionIds');
    const { result, userErrors } = await attempt(() =>
      createRole(context, { ...input, organizationId, permissionIds }),
    );
    return { role: result && (await context.loaders.roles.byId(context.tenant.id, result)), userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => RolePayload, { description: 'Changes the name or the description of a role.' })
  roleUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => RoleUpdateInput, { description: 'The changes.' }) input: RoleUpdateInput,
  ) {
    return change(context, input, (id) => updateRole(context, { ...input, id }));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => RoleDeletePayload, {
    description: 'Deletes a role, and takes it from every member and application that has it.',
  })
  async roleDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => RoleDeleteInput, { description: 'The role.' }) input: RoleDeleteInput,
  ) {
    const id = requireUuid('Role', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteRole(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => RolePayload, { description: 'Has a role grant more permissions; those that it grants already stay.' })
  rolePermissionsAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => RolePermissionsInput, { description: 'Which ones.' }) input: RolePermissionsInput,
  ) {
    return changePermissions(context, 'rolePermissionsAdd', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => RolePayload, { description: 'Says all permissions that a role grants.' })
  rolePermissionsSet(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => RolePermissionsInput, { description: 'Which ones.' }) input: RolePermissionsInput,
  ) {
    return changePermissions(context, 'rolePermissionsSet', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => RolePayload, { description: 'Has a role grant these permissions no more.' })
  rolePermissionsRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => RolePermissionsInput, { description: 'Which ones.' }) input: RolePermissionsInput,
  ) {
    return changePermissions(context, 'rolePermissionsRemove', input);
  }
}

@Resolver(() => OrganizationType)
export class OrganizationRolesResolver {
  @FieldResolver(() => RoleConnection, {
    description: "The roles that can be given there: those of the tenant's template and its own, the oldest first.",
  })
  async roles(
    @Root() { uuid }: OrganizationRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => OrganizationRoleFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: OrganizationRoleFilterInput | null,
  ) {
    const page = await loaders.roles.page(tenant.id, { usableIn: uuid }, filter ?? {}, pageRequest(first, after));
    return toConnection(page);
  }
}

@Resolver(() => MembershipType)
export class MembershipPermissionsResolver {
  @FieldResolver(() => [String], { description: 'The names of what its roles grant together, each once, sorted.' })
  permissions(@Root() { roles }: MembershipRow, @Ctx() { loaders, tenant }: GraphQLContext): Promise<string[]> {
    return loaders.roles.permissionNames(tenant.id, roles);
  }
}

const NO_ORGANIZATION = '00000000-0000-0000-0000-000000000000';

async function change(context: GraphQLContext, input: { id: string }, operation: (id: string) => Promise<void>) {
  const id = requireUuid('Role', input.id, 'input.id');
  const { userErrors } = await attempt(() => operation(id));
  return { role: await context.loaders.roles.byId(context.tenant.id, id), userErrors };
}

function changePermissions(
  context: GraphQLContext,
  via: Parameters<typeof changeRolePermissions>[1],
  input: RolePermissionsInput,
) {
  const permissionIds = requireUuids('Permission', input.permissionIds, 'input.permissionIds');
  return change(context, input, (id) => changeRolePermissions(context, via, { ...input, id, permissionIds }));
}
