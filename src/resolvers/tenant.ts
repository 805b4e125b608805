import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { Auth } from '../schema/requirement.js';
import { TenantPayload, TenantType, TenantUpdateInput } from '../schema/tenant.js';
import { updateTenant } from '../tenants/update-tenant.js';
import { attempt } from './answers.js';

@Resolver(() => TenantType)
export class TenantResolver {
  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => TenantType, { nullable: true, description: 'The tenant at this address, and its settings.' })
  tenant(@Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.tenant(tenant.id);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => TenantPayload, { description: 'Changes settings of the tenant.' })
  async tenantUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => TenantUpdateInput, { description: 'The changes.' }) input: TenantUpdateInput,
  ) {
    const { userErrors } = await attempt(() => updateTenant(context, input));
    return { tenant: await context.loaders.tenant(context.tenant.id), userErrors };
  }
}
