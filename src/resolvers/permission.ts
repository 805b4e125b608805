import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import { createPermission, deletePermission, updatePermission } from '../organizations/permissions.js';
import { Auth } from '../schema/requirement.js';
import {
  PermissionConnection,
  PermissionCreateInput,
  PermissionDeleteInput,
  PermissionDeletePayload,
  PermissionFilterInput,
  PermissionPayload,
  PermissionType,
  PermissionUpdateInput,
} from '../schema/role.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => PermissionType)
export class PermissionResolver {
  @Auth('SIGNED_IN')
  @Query(() => PermissionType, { nullable: true, description: 'One permission.' })
  permission(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('Permission', id);
    return uuid ? loaders.roles.permissionById(tenant.id, uuid) : null;
  }

  @Auth('SIGNED_IN')
  @Query(() => PermissionConnection, { description: "The tenant's permissions, the oldest first." })
  async permissions(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => PermissionFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: PermissionFilterInput | null,
  ) {
    return toConnection(await loaders.roles.permissionPage(tenant.id, filter?.search, pageRequest(first, after)));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => PermissionPayload, { description: 'Makes a permission.' })
  async permissionCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PermissionCreateInput, { description: 'The permission.' }) input: PermissionCreateInput,
  ) {
    const { result, userErrors } = await attempt(() => createPermission(context, input));
    const permission = result && (await context.loaders.roles.permissionById(context.tenant.id, result));
    return { permission, userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => PermissionPayload, { description: 'Edits a permission: roles grant it under its new name.' })
  async permissionUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PermissionUpdateInput, { description: 'The changes.' }) input: PermissionUpdateInput,
  ) {
    const id = requireUuid('Permission', input.id, 'input.id');
    const { userErrors } = await attempt(() => updatePermission(context, { ...input, id }));
    return { permission: await context.loaders.roles.permissionById(context.tenant.id, id), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => PermissionDeletePayload, { description: 'Deletes a permission: no role grants it any more.' })
  async permissionDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PermissionDeleteInput, { description: 'The permission.' }) input: PermissionDeleteInput,
  ) {
    const id = requireUuid('Permission', input.id, 'input.id');
    const { userErrors } = await attempt(() => deletePermission(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}
