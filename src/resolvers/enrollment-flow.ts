import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { administers } from '../auth/administers.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { readStarter } from '../auth/starter.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { EnrollmentFlowRow, EnrollmentFlowVersionRow } from '../database/loaders/rows.js';
import { deleteFlow, setFlowStatus, updateFlow } from '../enrollment/flows/change-flow.js';
import { createFlow } from '../enrollment/flows/create-flow.js';
import { warnOfFoundSources } from '../enrollment/flows/check-sources.js';
import { describeSources, namedSources } from '../enrollment/flows/find-sources.js';
import { findWarnings } from '../enrollment/flows/flow-warnings.js';
import { mayStart } from '../enrollment/flows/may-start.js';
import { FlowStatus } from '../entities/enums.js';
import {
  EnrollmentFlowConnection,
  EnrollmentFlowCreateInput,
  EnrollmentFlowDeletePayload,
  EnrollmentFlowFilterInput,
  EnrollmentFlowIdInput,
  EnrollmentFlowPayload,
  EnrollmentFlowPermissions,
  EnrollmentFlowType,
  EnrollmentFlowUpdateInput,
  EnrollmentFlowVersionConnection,
  EnrollmentFlowVersionType,
  EnrollmentFlowWarningType,
} from '../schema/enrollment-flow.js';
import { EnrollmentFlowSettingsType } from '../schema/enrollment-flow-settings.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';
import { readNewFlow } from './new-flow.js';
import { readSettings, showSettings } from './flow-settings.js';

@Resolver(() => EnrollmentFlowType)
export class EnrollmentFlowResolver {
  @Auth('SIGNED_IN')
  @Query(() => EnrollmentFlowType, {
    nullable: true,
    description:
      'One enrollment flow; null when it is not for the caller. Who may start it sees `enrollmentFlowOffer`.',
  })
  enrollmentFlow(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('EnrollmentFlow', id);
    return uuid ? loaders.enrollmentFlows.byId(tenant.id, uuid) : null;
  }

  @Auth('SIGNED_IN')
  @Query(() => EnrollmentFlowConnection, {
    description:
      'Enrollment flows, the oldest first: those of the organizations that the caller administers; every one for administrators of the tenant.',
  })
  async enrollmentFlows(
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('organizationId', () => ID, { nullable: true, description: 'Those of this organization alone.' })
    organizationId?: string | null,
    @Arg('filter', () => EnrollmentFlowFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: EnrollmentFlowFilterInput | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const organizationUuid = organizationId ? requireUuid('Organization', organizationId, 'organizationId') : null;
    const conditions = { ...filter, organizationUuid };
    const visible = administeredBy(viewer!);
    return toConnection(await loaders.enrollmentFlows.page(tenant.id, visible, conditions, pageRequest(first, after)));
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: "Whose it is; null: the tenant's." })
  organization(@Root() { organizationUuid }: EnrollmentFlowRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return organizationUuid && loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => EnrollmentFlowSettingsType, {
    description: 'Its settings, as petitions begin with them from now on.',
  })
  settings(@Root() { settings }: EnrollmentFlowRow): EnrollmentFlowSettingsType {
    return showSettings(settings);
  }

  @FieldResolver(() => [EnrollmentFlowWarningType], {
    description: 'What works, and is likely not meant; `enrollmentFlowExplain` tells more.',
  })
  async warnings(
    @Root() { settings, organizationUuid: organizationId }: EnrollmentFlowRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
  ): Promise<EnrollmentFlowWarningType[]> {
    const named = namedSources(settings).map((id) => loaders.sources.ofFlow(tenant.id, id));
    const rows = (await Promise.all(named)).filter((row) => row !== undefined);
    const found = await describeSources(rows, organizationId);
    return [...findWarnings(settings, { organizationId }), ...warnOfFoundSources(settings, found)];
  }

  @FieldResolver(() => EnrollmentFlowVersionConnection, { description: 'Its versions, the newest first.' })
  async versions(
    @Root() { uuid }: EnrollmentFlowRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.enrollmentFlows.versionPage(tenant.id, uuid, pageRequest(first, after)));
  }

  @FieldResolver(() => EnrollmentFlowPermissions, { description: 'What the viewer may do with it.' })
  async viewerCan(
    @Root() { status, settings, organizationUuid }: EnrollmentFlowRow,
    @Ctx() context: GraphQLContext,
  ): Promise<EnrollmentFlowPermissions> {
    const isStartable = mayStart({ settings, organizationId: organizationUuid }, await readStarter(context));
    const viewer = context.viewer!;
    const update = viewer.isTenantAdministrator || administers(viewer, organizationUuid);
    return { start: status === FlowStatus.ACTIVE && isStartable, update };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => EnrollmentFlowPayload, {
    description:
      'Makes an enrollment flow, from nothing or from another. One that cannot work is refused, with all reasons.',
  })
  async enrollmentFlowCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => EnrollmentFlowCreateInput, { description: 'The flow.' }) input: EnrollmentFlowCreateInput,
  ) {
    const { result, userErrors } = await attempt(async () => createFlow(context, await readNewFlow(context, input)));
    const enrollmentFlow = result && (await context.loaders.enrollmentFlows.byId(context.tenant.id, result));
    return { enrollmentFlow, userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => EnrollmentFlowPayload, {
    description:
      'Changes an enrollment flow. Petitions that were begun keep the version that they began with. What cannot work is refused.',
  })
  enrollmentFlowUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => EnrollmentFlowUpdateInput, { description: 'The changes.' }) input: EnrollmentFlowUpdateInput,
  ) {
    return change(context, input, (id) =>
      updateFlow(context, { ...input, id, settings: readSettings(input.settings) }),
    );
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => EnrollmentFlowPayload, {
    description: 'Lets an enrollment flow run. It is checked once more: what it needs may be gone since it was saved.',
  })
  enrollmentFlowActivate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => EnrollmentFlowIdInput, { description: 'The flow.' }) input: EnrollmentFlowIdInput,
  ) {
    return change(context, input, (id) => setFlowStatus(context, FlowStatus.ACTIVE, { ...input, id }));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => EnrollmentFlowPayload, { description: 'Keeps an enrollment flow from being started.' })
  enrollmentFlowSuspend(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => EnrollmentFlowIdInput, { description: 'The flow.' }) input: EnrollmentFlowIdInput,
  ) {
    return change(context, input, (id) => setFlowStatus(context, FlowStatus.SUSPENDED, { ...input, id }));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => EnrollmentFlowPayload, {
    description:
      "Makes an enrollment flow a template: it never runs, and is copied from. One of the tenant's is there for every administrator.",
  })
  enrollmentFlowMakeTemplate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => EnrollmentFlowIdInput, { description: 'The flow.' }) input: EnrollmentFlowIdInput,
  ) {
    return change(context, input, (id) => setFlowStatus(context, FlowStatus.TEMPLATE, { ...input, id }));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => EnrollmentFlowDeletePayload, {
    description: 'Deletes an enrollment flow. Its petitions stay, with the versions that they began with.',
  })
  async enrollmentFlowDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => EnrollmentFlowIdInput, { description: 'The flow.' }) input: EnrollmentFlowIdInput,
  ) {
    const id = requireUuid('EnrollmentFlow', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteFlow(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}

@Resolver(() => EnrollmentFlowVersionType)
export class EnrollmentFlowVersionResolver {
  @FieldResolver(() => EnrollmentFlowSettingsType, { description: 'What it is set to.' })
  settings(@Root() { settings }: EnrollmentFlowVersionRow): EnrollmentFlowSettingsType {
    return showSettings(settings);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who made it.' })
  createdBy(@Root() { createdByUserUuid }: EnrollmentFlowVersionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return createdByUserUuid && loaders.users.byId(tenant.id, createdByUserUuid);
  }
}

/** The organizations whose flows and terms the caller sees; null: all of the tenant. */
export function administeredBy(viewer: NonNullable<GraphQLContext['viewer']>): string[] | null {
  if (viewer.isTenantAdministrator) return null;
  return [...viewer.rolesByOrganization.keys()].filter((id) => administers(viewer, id));
}

async function change(context: GraphQLContext, input: { id: string }, operation: (id: string) => Promise<void>) {
  const id = requireUuid('EnrollmentFlow', input.id, 'input.id');
  const { userErrors } = await attempt(() => operation(id));
  return { enrollmentFlow: await context.loaders.enrollmentFlows.byId(context.tenant.id, id), userErrors };
}
