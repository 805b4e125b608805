import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { administers, isUser } from '../auth/administers.js';
import { badInput } from '../auth/errors.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { OrganizationRow } from '../database/loaders/rows.js';
import { IdentifierScheme, NameStatus, OrganizationStatus } from '../entities/enums.js';
import { MemberOrder } from '../entities/member-order.js';
import { OrganizationOrder } from '../entities/organization-order.js';
import { Siret } from '../entities/siret.js';
import { completeOrganization } from '../organizations/complete-organization.js';
import { createOrganization } from '../organizations/create-organization.js';
import { deleteOrganization } from '../organizations/delete-organization.js';
import { updateOrganization } from '../organizations/update-organization.js';
import { MemberFilterInput } from '../schema/members.js';
import { MembershipConnection } from '../schema/membership.js';
import {
  OrganizationCompleteInput,
  OrganizationConnection,
  OrganizationCreateInput,
  OrganizationDeleteInput,
  OrganizationDeletePayload,
  OrganizationFilterInput,
  OrganizationIdentifierInput,
  OrganizationIdentifierType,
  OrganizationPayload,
  OrganizationPermissions,
  OrganizationType,
  OrganizationUpdateInput,
} from '../schema/organization.js';
import { editableFields } from '../schema/editable-fields.js';
import { Auth } from '../schema/requirement.js';
import { WebhookEndpointConnection } from '../schema/webhook.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

/** The longest text that members are searched by. */
const LONGEST_SEARCH = 256;

@Resolver(() => OrganizationType)
export class OrganizationResolver {
  @Auth('SIGNED_IN')
  @Query(() => OrganizationType, {
    nullable: true,
    description: 'One organization, by its id, its slug or an identifier; null when it is not for the caller.',
  })
  organization(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { nullable: true, description: 'Its global id.' }) id?: string | null,
    @Arg('identifier', () => OrganizationIdentifierInput, { nullable: true, description: 'One of its identifiers.' })
    identifier?: OrganizationIdentifierInput | null,
    @Arg('slug', () => String, { nullable: true, description: 'Its slug.' }) slug?: string | null,
  ) {
    if (id) {
      const uuid = uuidOf('Organization', id);
      return uuid ? loaders.organizations.byId(tenant.id, uuid) : null;
    }
    if (slug) return loaders.organizations.bySlug(tenant.id, slug);
    if (!identifier) throw badInput('Give an id, a slug or an identifier.', 'id');
    const { scheme, value } = readIdentifier(identifier);
    return loaders.organizations.byIdentifier(tenant.id, scheme, value);
  }

  @Auth('SIGNED_IN')
  @Query(() => OrganizationConnection, {
    description: "Organizations: the caller's own; every one of the tenant for its administrators.",
  })
  async organizations(
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => OrganizationFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: OrganizationFilterInput | null,
    @Arg('orderBy', () => OrganizationOrder, {
      defaultValue: OrganizationOrder.CREATED_AT,
      description: 'How they are sorted.',
    })
    orderBy?: OrganizationOrder,
  ) {
    const order = orderBy ?? OrganizationOrder.CREATED_AT;
    const request = pageRequest(first, after, order === OrganizationOrder.NAME ? 2 : 1);
    const visible = viewer!.isTenantAdministrator ? null : [...viewer!.rolesByOrganization.keys()];
    const conditions = { ...filter, identifier: filter?.identifier ? readIdentifier(filter.identifier) : null };
    return toConnection(await loaders.organizations.page(tenant.id, visible, conditions, order, request));
  }

  @FieldResolver(() => [OrganizationIdentifierType], { description: 'How it is known outside.' })
  async identifiers(@Root() { uuid }: OrganizationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.organizations.identifiers(tenant.id, uuid)) ?? [];
  }

  @FieldResolver(() => String, { nullable: true, description: 'Its SIRET, if it has one.' })
  async siret(@Root() { uuid }: OrganizationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    const identifiers = await loaders.organizations.identifiers(tenant.id, uuid);
    return identifiers?.find(({ scheme }) => scheme === IdentifierScheme.SIRET)?.value ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'The company that its SIRET belongs to: nine digits.' })
  async siren(@Root() row: OrganizationRow, @Ctx() context: GraphQLContext) {
    return Siret.parse(await this.siret(row, context))?.siren ?? null;
  }

  @FieldResolver(() => MembershipConnection, { description: 'Its members, with what they are there.' })
  async members(
    @Root() { uuid }: OrganizationRow,
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => MemberFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: MemberFilterInput | null,
    @Arg('orderBy', () => MemberOrder, {
      defaultValue: MemberOrder.JOINED_AT,
      description: 'How they are sorted.',
    })
    orderBy?: MemberOrder,
  ) {
    const order = orderBy ?? MemberOrder.JOINED_AT;
    const request = pageRequest(first, after, order === MemberOrder.NAME ? 2 : 1);
    // Whoever may not see an address finds nobody by it.
    const searchesAddresses = viewer!.isTenantAdministrator || administers(viewer!, uuid);
    const conditions = filter ? readMemberFilter(filter, searchesAddresses) : undefined;
    return toConnection(
      await loaders.memberships.page(tenant.id, 'organization', uuid, request, { filter: conditions, order }),
    );
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => WebhookEndpointConnection, {
    nullable: true,
    description: 'Where its events are sent, the oldest first.',
  })
  async webhookEndpoints(
    @Root() { uuid }: OrganizationRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.webhooks.endpointPage(tenant.id, [uuid], {}, pageRequest(first, after)));
  }

  @FieldResolver(() => OrganizationPermissions, { description: 'What the viewer may do with it.' })
  viewerCan(@Root() row: OrganizationRow, @Ctx() { viewer }: GraphQLContext): OrganizationPermissions {
    const ofTenant = viewer!.isTenantAdministrator;
    const isAdministrator = ofTenant || administers(viewer!, row.uuid);
    const isActive = row.status === OrganizationStatus.ACTIVE;
    return {
      update: isAdministrator,
      complete: isUser(viewer!, row.completionUserId) && row.nameStatus !== NameStatus.CONFIRMED,
      appoint: isAdministrator,
      changeMembers: isAdministrator,
      invite: isAdministrator && isActive,
      addApplications: ofTenant && isActive,
      leave: viewer!.sessionId !== null && viewer!.rolesByOrganization.has(row.uuid),
      delete: ofTenant,
    };
  }

  @FieldResolver(() => [String], { description: 'The fields of OrganizationUpdateInput that the viewer may use.' })
  viewerEditableFields(@Root() { uuid }: OrganizationRow, @Ctx() { viewer }: GraphQLContext): string[] {
    if (viewer!.isTenantAdministrator) return editableFields('OrganizationUpdateInput', 'TENANT_ADMINISTRATOR');
    return administers(viewer!, uuid) ? editableFields('OrganizationUpdateInput', 'ORGANIZATION_ADMINISTRATOR') : [];
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => OrganizationPayload, { description: 'Makes an organization.' })
  async organizationCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationCreateInput, { description: 'The organization.' }) input: OrganizationCreateInput,
  ) {
    const { result, userErrors } = await attempt(() => createOrganization(context, input));
    return {
      organization: result && (await context.loaders.organizations.byId(context.tenant.id, result)),
      userErrors,
    };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationPayload, { description: 'Edits an organization; each input field says who may use it.' })
  async organizationUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationUpdateInput, { description: 'The changes.' }) input: OrganizationUpdateInput,
  ) {
    const id = requireUuid('Organization', input.id, 'input.id');
    const { userErrors } = await attempt(() => updateOrganization(context, { ...input, id }));
    return { organization: await context.loaders.organizations.byId(context.tenant.id, id), userErrors };
  }

  @Auth('ORGANIZATION_MEMBER')
  @Mutation(() => OrganizationPayload, {
    description:
      'Gives an organization its name, once: for the member whose sign-in made it, where the connection allows it.',
  })
  async organizationComplete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationCompleteInput, { description: 'The name.' }) input: OrganizationCompleteInput,
  ) {
    const id = requireUuid('Organization', input.id, 'input.id');
    const { userErrors } = await attempt(() => completeOrganization(context, { ...input, id }));
    return { organization: await context.loaders.organizations.byId(context.tenant.id, id), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => OrganizationDeletePayload, {
    description: 'Deletes an organization with all that belongs to it; its events stay.',
  })
  async organizationDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationDeleteInput, { description: 'The organization.' }) input: OrganizationDeleteInput,
  ) {
    const id = requireUuid('Organization', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteOrganization(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}

/** A filter of members as it is read; BAD_USER_INPUT when it cannot be. */
function readMemberFilter({ search, roleId, source, status }: MemberFilterInput, searchesAddresses: boolean) {
  if (search && search.length > LONGEST_SEARCH)
    throw badInput(`filter.search is at most ${LONGEST_SEARCH} characters.`, 'filter.search');
  const roleUuid = roleId ? requireUuid('Role', roleId, 'filter.roleId') : null;
  return {
    search: search?.replaceAll('\0', ''),
    searchesAddresses: Boolean(search) && searchesAddresses,
    roleUuid,
    source,
    status,
  };
}

/** An identifier as it is stored; BAD_USER_INPUT when it is none of its registry. */
function readIdentifier({ scheme, value }: OrganizationIdentifierInput): OrganizationIdentifierInput {
  if (scheme !== IdentifierScheme.SIRET)
    return { scheme, value: scheme === IdentifierScheme.DOMAIN ? value.toLowerCase() : value };
  const siret = Siret.parse(value);
  if (!siret) throw badInput('A SIRET is 14 digits with a valid check digit.', 'identifier.value');
  return { scheme, value: siret.value };
}
