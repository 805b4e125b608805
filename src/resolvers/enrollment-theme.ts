import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import { EnrollmentFlowOfferType } from '../schema/enrollment-flow-offer.js';
import { EnrollmentThemeType } from '../schema/enrollment-theme.js';
import { PetitionType } from '../schema/petition.js';
import { readLogos } from './organization-settings.js';

/** The look of an organization, for whoever enrolls in it and may not see it yet. */
@Resolver(() => PetitionType)
export class PetitionThemeResolver {
  @FieldResolver(() => EnrollmentThemeType, {
    nullable: true,
    description: 'How its pages look; null where the flow does not say that they look like its organization.',
  })
  theme(@Root() { flow, organizationUuid }: PetitionRow, @Ctx() context: GraphQLContext) {
    return flow.usesOrganizationTheme ? readTheme(context, organizationUuid) : null;
  }
}

@Resolver(() => EnrollmentFlowOfferType)
export class EnrollmentFlowThemeResolver {
  @FieldResolver(() => EnrollmentThemeType, {
    nullable: true,
    description:
      'How its pages look; null where the flow does not say that they look like its organization, and while that is to be chosen.',
  })
  theme(@Root() { usesOrganizationTheme, organizationUuids }: EnrollmentFlowOfferType, @Ctx() context: GraphQLContext) {
    const isSettled = usesOrganizationTheme && organizationUuids.length === 1;
    return isSettled ? readTheme(context, organizationUuids[0]!) : null;
  }
}

async function readTheme(context: GraphQLContext, uuid: string | null): Promise<EnrollmentThemeType | null> {
  const organization = uuid && (await context.loaders.organizations.byId(context.tenant.id, uuid));
  if (!organization) return null;
  const { primaryColor, darkPrimaryColor } = organization;
  return { primaryColor, darkPrimaryColor, logos: await readLogos(context, organization.uuid) };
}
