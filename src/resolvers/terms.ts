import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { TermsRow } from '../database/loaders/rows.js';
import { createTerms, deleteTerms, updateTerms } from '../enrollment/terms/terms.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import {
  TermsConnection,
  TermsCreateInput,
  TermsDeleteInput,
  TermsDeletePayload,
  TermsFilterInput,
  TermsPayload,
  TermsType,
  TermsUpdateInput,
} from '../schema/terms.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';
import { administeredBy } from './enrollment-flow.js';

@Resolver(() => TermsType)
export class TermsResolver {
  @Auth('SIGNED_IN')
  @Query(() => TermsType, { nullable: true, description: 'Terms; null when they are not for the caller.' })
  terms(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Their global id.' }) id: string,
  ) {
    const uuid = uuidOf('Terms', id);
    return uuid ? loaders.terms.byId(tenant.id, uuid) : null;
  }

  @Auth('SIGNED_IN')
  @Query(() => TermsConnection, {
    description:
      'Terms, the oldest first: those of the organizations that the caller administers; all for administrators of the tenant.',
  })
  async termsList(
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('organizationId', () => ID, { nullable: true, description: 'Those of this organization alone.' })
    organizationId?: string | null,
    @Arg('filter', () => TermsFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: TermsFilterInput | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const organizationUuid = organizationId ? requireUuid('Organization', organizationId, 'organizationId') : null;
    const conditions = { ...filter, organizationUuid };
    const visible = administeredBy(viewer!);
    return toConnection(await loaders.terms.page(tenant.id, visible, conditions, pageRequest(first, after)));
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: "Whose they are; null: the tenant's." })
  organization(@Root() { organizationUuid }: TermsRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return organizationUuid && loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => TermsPayload, {
    description: "Writes terms down. An organization's own active ones are agreed to instead of the tenant's.",
  })
  async termsCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => TermsCreateInput, { description: 'The terms.' }) input: TermsCreateInput,
  ) {
    const organizationId = input.organizationId
      ? requireUuid('Organization', input.organizationId, 'input.organizationId')
      : null;
    const { result, userErrors } = await attempt(() => createTerms(context, { ...input, organizationId }));
    return { terms: result && (await context.loaders.terms.byId(context.tenant.id, result)), userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => TermsPayload, {
    description: 'Changes terms. Another title, address or text is another edition, which nobody has agreed to yet.',
  })
  async termsUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => TermsUpdateInput, { description: 'The changes.' }) input: TermsUpdateInput,
  ) {
    const id = requireUuid('Terms', input.id, 'input.id');
    const { userErrors } = await attempt(() => updateTerms(context, { ...input, id }));
    return { terms: await context.loaders.terms.byId(context.tenant.id, id), userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => TermsDeletePayload, { description: 'Deletes terms. What people agreed to stays on record.' })
  async termsDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => TermsDeleteInput, { description: 'The terms.' }) input: TermsDeleteInput,
  ) {
    const id = requireUuid('Terms', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteTerms(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}
