import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { readStarter } from '../auth/starter.js';
import { toGlobalId, uuidOf } from '../database/loaders/ids.js';
import type { EnrollmentFlowRow } from '../database/loaders/rows.js';
import { formOf } from '../enrollment/attributes/form.js';
import { enrolledInto } from '../enrollment/flows/check-flow.js';
import { mayStart } from '../enrollment/flows/may-start.js';
import { startableSql } from '../enrollment/flows/startable-sql.js';
import { readActiveTerms } from '../enrollment/terms/find-active-terms.js';
import { asksToConfirm } from '../enrollment/machine/plan.js';
import { FlowStatus, TermsMode } from '../entities/enums.js';
import {
  EnrollmentFlowOfferConnection,
  EnrollmentFlowOfferType,
  EnrollmentFlowPlaceType,
} from '../schema/enrollment-flow-offer.js';
import { PetitionTerms } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { pageRequest, toConnection } from './answers.js';

@Resolver(() => EnrollmentFlowOfferType)
export class EnrollmentFlowOfferResolver {
  @Auth('PUBLIC')
  @Query(() => EnrollmentFlowOfferType, {
    nullable: true,
    description:
      'What those see of an enrollment flow who may start it; null when the caller may not, or it does not run.',
  })
  async enrollmentFlowOffer(
    @Ctx() context: GraphQLContext,
    @Arg('id', () => ID, { description: 'The global id of the flow.' }) id: string,
  ): Promise<EnrollmentFlowOfferType | null> {
    const uuid = uuidOf('EnrollmentFlow', id);
    const flow = uuid && (await context.loaders.enrollmentFlows.byId(context.tenant.id, uuid));
    if (!flow || flow.status !== FlowStatus.ACTIVE) return null;
    const { settings, organizationUuid } = flow;
    const isStartable = mayStart({ settings, organizationId: organizationUuid }, await readStarter(context));
    return isStartable ? offerOf(flow) : null;
  }

  @Auth('PUBLIC')
  @Query(() => EnrollmentFlowOfferConnection, {
    description:
      'The active enrollment flows that are offered and that the caller may start, signed in or not; the oldest first.',
  })
  async enrollmentFlowsOffered(
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const { loaders, tenant } = context;
    const request = pageRequest(first, after);
    const starter = await readStarter(context);
    const page = await loaders.enrollmentFlows.offeredPage(tenant.id, (value) => startableSql(starter, value), request);
    const { nodes, edges, ...rest } = toConnection(page);
    return {
      ...rest,
      nodes: nodes.map(offerOf),
      edges: edges.map(({ cursor, node }) => ({ cursor, node: offerOf(node) })),
    };
  }

  @FieldResolver(() => [EnrollmentFlowPlaceType])
  async organizations(
    @Root() { organizationUuids }: EnrollmentFlowOfferType,
    @Ctx() { loaders, tenant }: GraphQLContext,
  ) {
    const found = await Promise.all(organizationUuids.map((uuid) => loaders.organizations.byId(tenant.id, uuid)));
    return found.flatMap((organization) => (organization ? [{ id: organization.id, name: organization.name }] : []));
  }

  @FieldResolver(() => [PetitionTerms])
  async terms(
    @Root() { asksForTerms, organizationUuids }: EnrollmentFlowOfferType,
    @Ctx() { database, tenant }: GraphQLContext,
  ): Promise<PetitionTerms[]> {
    if (!asksForTerms || organizationUuids.length > 1) return [];
    const active = await readActiveTerms(database, tenant.id, organizationUuids[0] ?? null);
    return active.map((terms) => ({ ...terms, id: toGlobalId('Terms', terms.id) }));
  }
}

/** What a starter sees: nothing of roles, approvers, sources and mails. */
function offerOf({ id, name, description, settings, organizationUuid }: EnrollmentFlowRow): EnrollmentFlowOfferType {
  const { introduction, formIntroduction, conclusion, match, requiresAuthentication, requiresApproval } = settings;
  return {
    ...{ id, name, description, introduction, formIntroduction, conclusion, match },
    ...{ requiresAuthentication, requiresApproval },
    asksToConfirm: asksToConfirm(settings),
    termsMode: settings.terms,
    asksForTerms: settings.terms !== TermsMode.IGNORE,
    usesOrganizationTheme: settings.usesOrganizationTheme,
    attributes: formOf(settings.attributes, null).map(({ definition, defaultValue }) => ({
      ...definition,
      defaultValue,
    })),
    organizationUuids: enrolledInto(settings, { organizationId: organizationUuid }),
  } as unknown as EnrollmentFlowOfferType;
}
