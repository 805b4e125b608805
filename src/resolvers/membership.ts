import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import type { MembershipRow, RoleRow } from '../database/loaders/rows.js';
import { appointMember } from '../organizations/appoint-member.js';
import { MemberAppointInput, MembershipPayload, MembershipType, RoleType } from '../schema/membership.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, requireUuid } from './answers.js';

@Resolver(() => RoleType)
export class RoleResolver {
  @FieldResolver(() => String, { description: 'What it is for.' })
  async description(@Root() { uuid, description }: RoleRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return description ?? (await loaders.roles(tenant.id, uuid))?.description;
  }

  @FieldResolver(() => Boolean, { description: 'Whether it comes with Vestibule.' })
  async isBuiltIn(@Root() { uuid, isBuiltIn }: RoleRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return isBuiltIn ?? (await loaders.roles(tenant.id, uuid))?.isBuiltIn;
  }
}

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
