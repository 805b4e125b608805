import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { isUser } from '../auth/administers.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { IdentityRow, SessionRow, UserRow } from '../database/loaders/rows.js';
import { MembershipConnection } from '../schema/membership.js';
import { ConnectionType } from '../schema/connection.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { JSONObject } from '../schema/scalars.js';
import {
  IdentityConnection,
  IdentityType,
  NoticeConnection,
  SessionConnection,
  SessionType,
  UserConnection,
  UserFilterInput,
  UserIdentifier,
  UserPayload,
  UserStatusInput,
  UserType,
  UserUpdateInput,
} from '../schema/user.js';
import { changeUserStatus, type STATUS_CHANGES } from '../users/change-user-status.js';
import { updateUser } from '../users/update-user.js';
import { attempt, isShown, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => UserType)
export class UserResolver {
  @Auth('SIGNED_IN')
  @Query(() => UserType, { nullable: true, description: 'One user; null when they are not for the caller.' })
  user(@Ctx() { loaders, tenant }: GraphQLContext, @Arg('id', () => ID, { description: 'The global id.' }) id: string) {
    const uuid = uuidOf('User', id);
    return uuid ? loaders.users.byId(tenant.id, uuid) : null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => UserConnection, {
    nullable: true,
    description: 'Users of the tenant. The members of an organization are `Organization.members`.',
  })
  async users(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => UserFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: UserFilterInput | null,
  ) {
    return toConnection(await loaders.users.page(tenant.id, filter ?? {}, pageRequest(first, after)));
  }

  @FieldResolver(() => String, { description: 'Given and family name; the id when there is neither.' })
  displayName(@Root() { givenName, familyName, id }: UserRow): string {
    return [givenName, familyName].filter(Boolean).join(' ') || id;
  }

  @Auth('SELF')
  @FieldResolver(() => JSONObject, {
    nullable: true,
    description: 'What enrollments have asked of the person, by name; its names are those that their flows give.',
  })
  async attributes(@Root() { uuid }: UserRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.attributes.ofUser(tenant.id, uuid)) ?? {};
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => [UserIdentifier], {
    nullable: true,
    description: 'The identifiers that enrollments have given to the person or asked of them, by type; at most 100.',
  })
  async identifiers(@Root() { uuid }: UserRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.attributes.identifiers(tenant.id, uuid)) ?? [];
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => MembershipConnection, {
    nullable: true,
    description: 'Where the user is a member. Others than themselves see the organizations that they share.',
  })
  async memberships(
    @Root() { uuid }: UserRow,
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const seesAll = viewer!.isTenantAdministrator || isUser(viewer!, uuid);
    const within = seesAll ? null : [...viewer!.rolesByOrganization.keys()];
    return toConnection(await loaders.memberships.page(tenant.id, 'user', uuid, pageRequest(first, after), { within }));
  }

  @Auth('SELF')
  @FieldResolver(() => IdentityConnection, {
    nullable: true,
    description: 'The accounts at providers that are linked to the user.',
  })
  async identities(
    @Root() { uuid }: UserRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.users.identities(tenant.id, uuid, pageRequest(first, after)));
  }

  @Auth('SELF')
  @FieldResolver(() => SessionConnection, { nullable: true, description: 'Where the user is signed in.' })
  async sessions(
    @Root() { uuid }: UserRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.users.sessions(tenant.id, uuid, pageRequest(first, after)));
  }

  @Auth('SELF')
  @FieldResolver(() => NoticeConnection, { nullable: true, description: 'What the user was told.' })
  async notices(
    @Root() { uuid }: UserRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.users.notices(tenant.id, uuid, pageRequest(first, after)));
  }

  @Auth('SELF')
  @Mutation(() => UserPayload, { description: 'Edits a user; each input field says who may use it.' })
  async userUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => UserUpdateInput, { description: 'The changes.' }) input: UserUpdateInput,
  ) {
    const id = requireUuid('User', input.id, 'input.id');
    const { userErrors } = await attempt(() => updateUser(context, { ...input, id }));
    return { user: await context.loaders.users.byId(context.tenant.id, id), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => UserPayload, { description: 'Keeps a user out; all of their sessions end.' })
  userSuspend(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => UserStatusInput, { description: 'The user.' }) input: UserStatusInput,
  ) {
    return changeStatus(context, 'userSuspend', input);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => UserPayload, { description: 'Lets a suspended user in again.' })
  userResume(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => UserStatusInput, { description: 'The user.' }) input: UserStatusInput,
  ) {
    return changeStatus(context, 'userResume', input);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => UserPayload, { description: 'Lets in a user who waits for approval.' })
  userApprove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => UserStatusInput, { description: 'The user.' }) input: UserStatusInput,
  ) {
    return changeStatus(context, 'userApprove', input);
  }
}

async function changeStatus(context: GraphQLContext, change: keyof typeof STATUS_CHANGES, input: UserStatusInput) {
  const id = requireUuid('User', input.id, 'input.id');
  const { userErrors } = await attempt(() => changeUserStatus(context, change, { id }));
  return { user: await context.loaders.users.byId(context.tenant.id, id), userErrors };
}

@Resolver(() => IdentityType)
export class IdentityResolver {
  @FieldResolver(() => ConnectionType, { nullable: true, description: 'The way in; null when it is disabled.' })
  async connection(@Root() { connectionUuid }: IdentityRow, @Ctx() context: GraphQLContext) {
    const row = await context.loaders.connections.byId(context.tenant.id, connectionUuid);
    return row && isShown(context, row) ? row : null;
  }
}

@Resolver(() => SessionType)
export class SessionResolver {
  @FieldResolver(() => UserType, { nullable: true, description: 'Who is signed in.' })
  user(@Root() { userUuid }: SessionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.users.byId(tenant.id, userUuid);
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'The organization of the sign-in.' })
  activeOrganization(@Root() { activeOrganizationUuid }: SessionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return activeOrganizationUuid ? loaders.organizations.byId(tenant.id, activeOrganizationUuid) : null;
  }

  @FieldResolver(() => ConnectionType, { nullable: true, description: 'The way in; null when it is disabled.' })
  async connection(@Root() { connectionUuid }: SessionRow, @Ctx() context: GraphQLContext) {
    const row = await context.loaders.connections.byId(context.tenant.id, connectionUuid);
    return row && isShown(context, row) ? row : null;
  }
}
