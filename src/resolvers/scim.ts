import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { ConnectionRow, ScimGroupMappingRow, ScimGroupRow, ScimTokenRow } from '../database/loaders/rows.js';
import { scimUrl } from '../provisioning/context.js';
import { mapGroup, type Mapping, unmapGroup } from '../provisioning/mappings.js';
import { createToken, deleteToken } from '../provisioning/tokens.js';
import { ConnectionType } from '../schema/connection.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { RoleType } from '../schema/role.js';
import {
  ConnectionScimTokenCreateInput,
  ScimGroupConnection,
  ScimGroupMappingInput,
  ScimGroupMappingType,
  ScimGroupPayload,
  ScimGroupType,
  ScimTokenDeletePayload,
  ScimTokenIdInput,
  ScimTokenPayload,
  ScimTokenType,
} from '../schema/scim.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => ConnectionType)
export class ConnectionScimResolver {
  @Auth('TENANT_ADMINISTRATOR')
  @FieldResolver(() => String, { nullable: true, description: 'Where its directory writes: the base of SCIM 2.0.' })
  scimUrl(@Ctx() { tenant }: GraphQLContext): string {
    return scimUrl(tenant);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @FieldResolver(() => [ScimTokenType], {
    nullable: true,
    description: 'What its directory writes by: ten at most, the oldest first.',
  })
  scimTokens(@Root() { uuid }: ConnectionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.scim.tokensOf(tenant.id, uuid);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @FieldResolver(() => ScimGroupConnection, {
    nullable: true,
    description: 'The groups of its directory, the oldest first.',
  })
  async scimGroups(
    @Root() { uuid }: ConnectionRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.scim.groupPage(tenant.id, uuid, pageRequest(first, after)));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ScimTokenPayload, {
    description: 'Makes a token by which the directory of a connection adds, changes and removes people and groups.',
  })
  async connectionScimTokenCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ConnectionScimTokenCreateInput, { description: 'The token.' })
    input: ConnectionScimTokenCreateInput,
  ) {
    const id = requireUuid('Connection', input.id, 'input.id');
    const { result, userErrors } = await attempt(() => createToken(context, { ...input, id }));
    const scimToken = result && (await context.loaders.scim.tokenById(context.tenant.id, result.id));
    return { scimToken, token: result?.token ?? null, userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ScimTokenDeletePayload, { description: 'Takes a token back: what comes by it is refused at once.' })
  async connectionScimTokenDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ScimTokenIdInput, { description: 'The token.' }) input: ScimTokenIdInput,
  ) {
    const id = requireUuid('ScimToken', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteToken(context, { id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}

@Resolver(() => ScimTokenType)
export class ScimTokenResolver {
  @FieldResolver(() => ConnectionType, { nullable: true, description: 'Whose directory writes by it.' })
  connection(@Root() { connectionUuid }: ScimTokenRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.connections.byId(tenant.id, connectionUuid);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who made it.' })
  createdBy(@Root() { createdByUserUuid }: ScimTokenRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return createdByUserUuid && loaders.users.byId(tenant.id, createdByUserUuid);
  }
}

@Resolver(() => ScimGroupType)
export class ScimGroupResolver {
  @Auth('SIGNED_IN')
  @Query(() => ScimGroupType, {
    nullable: true,
    description: 'One group of a directory; null when it is not for the caller.',
  })
  scimGroup(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('ScimGroup', id);
    return uuid ? loaders.scim.groupById(tenant.id, uuid) : null;
  }

  @FieldResolver(() => ConnectionType, { nullable: true, description: 'Whose directory has it.' })
  connection(@Root() { connectionUuid }: ScimGroupRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.connections.byId(tenant.id, connectionUuid);
  }

  @FieldResolver(() => Int, { description: 'How many users are in it. They are counted only when it is asked for.' })
  memberCount(@Root() { uuid }: ScimGroupRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.scim.memberCount(tenant.id, uuid);
  }

  @FieldResolver(() => [ScimGroupMappingType], { description: 'What its users are made: fifty at most.' })
  mappings(@Root() { uuid }: ScimGroupRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.scim.mappingsOf(tenant.id, uuid);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ScimGroupPayload, {
    description:
      "Makes the users of a directory's group members of an organization, those who are in it and those who come, with a role.",
  })
  scimGroupMap(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ScimGroupMappingInput, { description: 'The mapping.' }) input: ScimGroupMappingInput,
  ) {
    return changeMapping(context, input, (mapping) => mapGroup(context, mapping));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ScimGroupPayload, {
    description: 'Ends a mapping. Whom it alone made a member is none any more; what others gave stays.',
  })
  scimGroupUnmap(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ScimGroupMappingInput, { description: 'The mapping.' }) input: ScimGroupMappingInput,
  ) {
    return changeMapping(context, input, (mapping) => unmapGroup(context, mapping));
  }
}

@Resolver(() => ScimGroupMappingType)
export class ScimGroupMappingResolver {
  @FieldResolver(() => OrganizationType, { nullable: true, description: 'The organization that they are members of.' })
  organization(@Root() { organizationUuid }: ScimGroupMappingRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => RoleType, { nullable: true, description: 'The role that they have there; null: `member`.' })
  role(@Root() { roleUuid }: ScimGroupMappingRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return roleUuid && loaders.roles.byId(tenant.id, roleUuid);
  }
}

async function changeMapping(
  context: GraphQLContext,
  input: ScimGroupMappingInput,
  operation: (mapping: Mapping) => Promise<void>,
) {
  const id = requireUuid('ScimGroup', input.id, 'input.id');
  const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
  const roleId = input.roleId ? requireUuid('Role', input.roleId, 'input.roleId') : null;
  const { userErrors } = await attempt(() => operation({ id, organizationId, roleId }));
  return { scimGroup: await context.loaders.scim.groupById(context.tenant.id, id), userErrors };
}
