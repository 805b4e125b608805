import { Ctx, FieldResolver, Query, Resolver } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { ApplicationType } from '../schema/application.js';
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

  @FieldResolver(() => UserType, { nullable: true, description: 'The person; null for an application.' })
  user(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    return viewer?.userId ? loaders.users.byId(tenant.id, viewer.userId) : null;
  }

  @FieldResolver(() => ApplicationType, { nullable: true, description: 'The application that calls for itself.' })
  application(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    return viewer?.applicationId ? loaders.applications.byId(tenant.id, viewer.applicationId) : null;
  }

  @FieldResolver(() => SessionType, {
    nullable: true,
    description: 'The session of this call; null for an access token.',
  })
  session(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    return viewer?.sessionId ? loaders.users.sessionById(tenant.id, viewer.sessionId) : null;
  }

  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: 'The organization of the last sign-in, or that the access token is for.',
  })
  async organization(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    if (!viewer) return null;
    if (!viewer.sessionId) {
      const [only] = viewer.rolesByOrganization.keys();
      return only ? loaders.organizations.byId(tenant.id, only) : null;
    }
    const session = await loaders.users.sessionById(tenant.id, viewer.sessionId);
    const active = session?.activeOrganizationUuid;
    return active ? loaders.organizations.byId(tenant.id, active) : null;
  }
}
