import { Ctx, FieldResolver, Query, Resolver } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { ViewerType } from '../schema/sso.js';
import { SessionType, UserType } from '../schema/user.js';

@Resolver(() => ViewerType)
export class ViewerResolver {
  @Auth('PUBLIC')
  @Query(() => ViewerType, { nullable: true, description: 'Who is calling; null for nobody.' })
  viewer(@Ctx() { viewer }: GraphQLContext) {
    return viewer && {};
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'The person.' })
  user(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    return loaders.users.byId(tenant.id, viewer!.userId);
  }

  @FieldResolver(() => SessionType, { nullable: true, description: 'The session of this call.' })
  session(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    return loaders.users.sessionById(tenant.id, viewer!.sessionId);
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'The organization of the last sign-in.' })
  async organization(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    const session = await loaders.users.sessionById(tenant.id, viewer!.sessionId);
    const active = session?.activeOrganizationUuid;
    return active ? loaders.organizations.byId(tenant.id, active) : null;
  }
}
