import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import type { OrganizationRow } from '../database/loaders/rows.js';
import { removeLogo, setLogo } from '../organizations/logos.js';
import { patchCustomData } from '../organizations/patch-custom-data.js';
import { OrganizationPayload, OrganizationType } from '../schema/organization.js';
import {
  OrganizationCustomDataPatchInput,
  OrganizationLogoRemoveInput,
  OrganizationLogoSetInput,
  OrganizationLogoType,
} from '../schema/organization-settings.js';
import { Auth } from '../schema/requirement.js';
import { JSONObject } from '../schema/scalars.js';
import { attempt, requireUuid } from './answers.js';

/** What an organization has beside the columns of its row. */
@Resolver(() => OrganizationType)
export class OrganizationSettingsResolver {
  @FieldResolver(() => ID, { description: 'The tenant that it belongs to, for good.' })
  tenantId(@Ctx() { tenant }: GraphQLContext): string {
    return tenant.id;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => JSONObject, { nullable: true, description: 'What programs of the tenant keep with it.' })
  customData(@Root() { uuid }: OrganizationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.organizations.customData(tenant.id, uuid);
  }

  @FieldResolver(() => [OrganizationLogoType], { description: 'Its pictures: at most one of each kind.' })
  logos(@Root() { uuid }: OrganizationRow, @Ctx() context: GraphQLContext) {
    return readLogos(context, uuid);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationPayload, { description: 'Changes some keys of the custom data of an organization.' })
  async organizationCustomDataPatch(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationCustomDataPatchInput, { description: 'The changes.' })
    input: OrganizationCustomDataPatchInput,
  ) {
    const id = requireUuid('Organization', input.id, 'input.id');
    const { userErrors } = await attempt(() => patchCustomData(context, { ...input, id }));
    return payload(context, id, userErrors);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationPayload, {
    description: 'Sets a logo of an organization, in place of the one of its kind.',
  })
  async organizationLogoSet(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationLogoSetInput, { description: 'The logo.' }) input: OrganizationLogoSetInput,
  ) {
    const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
    const { userErrors } = await attempt(() => setLogo(context, { ...input, organizationId }));
    return payload(context, organizationId, userErrors);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationPayload, { description: 'Takes a logo of an organization away, if there is one.' })
  async organizationLogoRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationLogoRemoveInput, { description: 'Which logo.' }) input: OrganizationLogoRemoveInput,
  ) {
    const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
    const { userErrors } = await attempt(() => removeLogo(context, { ...input, organizationId }));
    return payload(context, organizationId, userErrors);
  }
}

/** The organization as it is now, whatever came of the change. */
async function payload({ loaders, tenant }: GraphQLContext, id: string, userErrors: readonly unknown[]) {
  return { organization: await loaders.organizations.byId(tenant.id, id), userErrors };
}

/** The pictures of an organization, with addresses that anybody may read. */
export async function readLogos({ loaders, tenant }: GraphQLContext, uuid: string): Promise<OrganizationLogoType[]> {
  const logos = (await loaders.organizations.logos(tenant.id, uuid)) ?? [];
  const served = `${tenant.publicUrl}/organizations/${toGlobalId('Organization', uuid)}/logos`;
  return logos.map(({ kind, url, digest, mediaType, updatedAt }) => ({
    kind,
    url: url ?? `${served}/${kind.toLowerCase()}?v=${digest!.slice(0, 16)}`,
    mediaType,
    updatedAt,
  }));
}
