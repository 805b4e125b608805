import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { toHeldRoles } from '../database/loaders/roles.js';
import type { MembershipRow } from '../database/loaders/rows.js';
import { appointMember } from '../organizations/appoint-member.js';
import { ConnectionType } from '../schema/connection.js';
import { MemberAppointInput, MembershipPayload, MembershipType, RoleGrant } from '../schema/membership.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { JSONObject } from '../schema/scalars.js';
import { UserType } from '../schema/user.js';
import { attempt, isShown, requireUuid } from './answers.js';

@Resolver(() => MembershipType)
export class MembershipResolver {
  @FieldResolver(() => UserType, { nullable: true, description: 'Who is a member.' })
  user(@Root() { user, userUuid }: MembershipRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return user ?? loaders.users.byId(tenant.id, userUuid);
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'Of what.' })
  organization(@Root() { organizationUuid }: MembershipRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => UserType, { nullable: true, description: 'Who added the member, when somebody did.' })
  addedBy(@Root() { addedByUserUuid }: MembershipRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return addedByUserUuid ? loaders.users.byId(tenant.id, addedByUserUuid) : null;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => ID, {
    nullable: true,
    description: 'The application that added the member, when one did for itself.',
  })
  addedByApplicationId(@Root() { addedByApplicationUuid }: MembershipRow) {
    return addedByApplicationUuid && toGlobalId('Application', addedByApplicationUuid);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => ConnectionType, {
    nullable: true,
    description: 'The connection that it came through, when it came through one that is enabled.',
  })
  async connection(@Root() { connectionUuid }: MembershipRow, @Ctx() context: GraphQLContext) {
    const row = connectionUuid && (await context.loaders.connections.byId(context.tenant.id, connectionUuid));
    return row && isShown(context, row) ? row : null;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => JSONObject, {
    nullable: true,
    description:
      'What enrollments have asked for this organization, by name; its names are those that their flows give.',
  })
  async attributes(@Root() { uuid }: MembershipRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.attributes.ofMembership(tenant.id, uuid)) ?? {};
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => [RoleGrant], {
    nullable: true,
    description: 'The roles, with where each came from; by name.',
  })
  async roleGrants(@Root() { uuid }: MembershipRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    const grants = (await loaders.memberships.grants(tenant.id, uuid)) ?? [];
    return grants.map(({ roleUuid, roleName, source, grantedAt, grantedByUserUuid, grantedByApplicationUuid }) => ({
      role: toHeldRoles([[roleUuid, roleName]])[0],
      source,
      grantedAt,
      grantedBy: grantedByUserUuid && loaders.users.byId(tenant.id, grantedByUserUuid),
      grantedByApplicationId: grantedByApplicationUuid && toGlobalId('Application', grantedByApplicationUuid),
    }));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => MembershipPayload, { description: 'Makes a member an administrator of the organization.' })
  async memberAppoint(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => MemberAppointInput, { description: 'Who, and where.' }) input: MemberAppointInput,
  ) {
    const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
    const userId = requireUuid('User', input.userId, 'input.userId');
    const { result, userErrors } = await attempt(() => appointMember(context, { organizationId, userId }));
    return { membership: result && (await context.loaders.memberships.byId(context.tenant.id, result)), userErrors };
  }
}
