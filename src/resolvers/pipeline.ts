import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { toGlobalId, uuidOf } from '../database/loaders/ids.js';
import type { PipelineRow } from '../database/loaders/record-rows.js';
import type { SourceRow } from '../database/loaders/source-rows.js';
import type { PipelineSettings } from '../entities/pipeline-settings.js';
import { PipelineAction } from '../entities/source-enums.js';
import { describePlan } from '../enrollment/pipelines/describe-plan.js';
import {
  createPipeline,
  deletePipeline,
  type PipelineChanges,
  updatePipeline,
} from '../enrollment/pipelines/manage/manage-pipelines.js';
import { type PreviewedRecord, previewPipeline } from '../enrollment/pipelines/preview-pipeline.js';
import {
  PipelineConnection,
  PipelineCreateInput,
  PipelineDeleteInput,
  PipelineDeletePayload,
  PipelineFilterInput,
  type PipelineMembershipChangeKind,
  PipelinePayload,
  PipelinePreview,
  type PipelinePreviewRecord,
  PipelineSettingsType,
  PipelineType,
  PipelineUpdateInput,
} from '../schema/pipeline.js';
import { Auth } from '../schema/requirement.js';
import { JSONValue } from '../schema/scalars.js';
import { SourceType } from '../schema/source.js';
import { attempt, pageRequest, requireUuid, requireUuids, toConnection } from './answers.js';

@Resolver(() => PipelineType)
export class PipelineResolver {
  @Auth('PUBLIC')
  @Query(() => PipelineType, { nullable: true, description: 'One pipeline; null when it is not for the caller.' })
  pipeline(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('Pipeline', id);
    return uuid ? loaders.records.pipelineById(tenant.id, uuid) : null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => PipelineConnection, { description: 'The pipelines of the tenant, the oldest first.' })
  async pipelines(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => PipelineFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: PipelineFilterInput | null,
  ) {
    return toConnection(await loaders.records.pipelinePage(tenant.id, filter ?? {}, pageRequest(first, after)));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => PipelinePreview, {
    description:
      'What a pipeline would do with records of a source: exactly what it does, and nothing is written. Records of keys are fetched from the source now.',
  })
  async pipelinePreview(
    @Ctx() context: GraphQLContext,
    @Arg('id', () => ID, { description: 'The pipeline.' }) id: string,
    @Arg('sourceId', () => ID, { description: 'The source whose records they are.' }) sourceId: string,
    @Arg('keys', () => [String], { nullable: true, description: 'The keys of records, at most 20.' })
    keys?: string[] | null,
    @Arg('records', () => [JSONValue], {
      nullable: true,
      description:
        'Instead of keys: records as they could come, at most 20, each with `key`, and `names`, `emails`, `identifiers`, `affiliation` and `attributes` as SourcePerson has them.',
    })
    records?: unknown[] | null,
    @Arg('action', () => PipelineAction, {
      nullable: true,
      description: 'What happened to the records; absent: UPDATE for those that are there, ADD for others.',
    })
    action?: PipelineAction | null,
    @Arg('personId', () => ID, { nullable: true, description: 'Of ADD and RELINK: the user whose they are to be.' })
    personId?: string | null,
  ): Promise<PipelinePreview> {
    const asked = {
      pipelineId: requireUuid('Pipeline', id, 'id'),
      sourceId: requireUuid('Source', sourceId, 'sourceId'),
      userId: personId ? requireUuid('User', personId, 'personId') : null,
      ...{ keys, records, action },
    };
    const { result, userErrors } = await attempt(() => previewPipeline(context, asked));
    return { records: (result ?? []).map(showPreview), userErrors: [...userErrors] };
  }

  @FieldResolver(() => PipelineSettingsType, { description: 'What it does.' })
  settings(@Root() { settings }: PipelineRow): PipelineSettingsType {
    const { matchSourceId, organizationId, replacesOrganizationId, flowId, roleIds, affiliationRoles } = settings;
    return {
      ...settings,
      matchSourceId: matchSourceId && toGlobalId('Source', matchSourceId),
      organizationId: organizationId && toGlobalId('Organization', organizationId),
      replacesOrganizationId: replacesOrganizationId && toGlobalId('Organization', replacesOrganizationId),
      flowId: flowId && toGlobalId('EnrollmentFlow', flowId),
      roleIds: roleIds.map((roleId) => toGlobalId('Role', roleId)),
      affiliationRoles: affiliationRoles.map(({ affiliation, roleId }) => ({
        affiliation,
        roleId: toGlobalId('Role', roleId),
      })),
    };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => PipelinePayload, { description: 'Makes a pipeline. It runs for the sources that are given it.' })
  async pipelineCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PipelineCreateInput, { description: 'The pipeline.' }) input: PipelineCreateInput,
  ) {
    const { result, userErrors } = await attempt(() => createPipeline(context, { ...input, ...readIds(input) }));
    const pipeline = result && (await context.loaders.records.pipelineById(context.tenant.id, result));
    return { pipeline, userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => PipelinePayload, {
    description:
      'Changes a pipeline, suspends it, or takes it up again. What it has given follows with the next change of each record.',
  })
  async pipelineUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PipelineUpdateInput, { description: 'The changes.' }) input: PipelineUpdateInput,
  ) {
    const id = requireUuid('Pipeline', input.id, 'input.id');
    const { userErrors } = await attempt(() => updatePipeline(context, { ...input, ...readIds(input), id }));
    return { pipeline: await context.loaders.records.pipelineById(context.tenant.id, id), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => PipelineDeletePayload, {
    description: 'Deletes a pipeline; what it has copied and given stays. Refused as IN_USE while a source has it.',
  })
  async pipelineDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PipelineDeleteInput, { description: 'The pipeline.' }) input: PipelineDeleteInput,
  ) {
    const id = requireUuid('Pipeline', input.id, 'input.id');
    const { userErrors } = await attempt(() => deletePipeline(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}

@Resolver(() => SourceType)
export class SourcePipelineResolver {
  @FieldResolver(() => PipelineType, {
    nullable: true,
    description: 'What its records do to users and memberships; null: nothing.',
  })
  pipeline(@Root() { pipelineUuid }: SourceRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return pipelineUuid && loaders.records.pipelineById(tenant.id, pipelineUuid);
  }
}

/** The ids of an input as uuids; BAD_USER_INPUT when one is of something else. */
function readIds(input: PipelineCreateInput | PipelineUpdateInput): PipelineChanges {
  const read = (type: 'Source' | 'Organization' | 'EnrollmentFlow', name: keyof PipelineSettings) => {
    const id = (input as unknown as Record<string, string | null | undefined>)[name];
    return id ? { [name]: requireUuid(type, id, `input.${name}`) } : {};
  };
  const { roleIds, affiliationRoles } = input;
  return {
    ...read('Source', 'matchSourceId'),
    ...read('Organization', 'organizationId'),
    ...read('Organization', 'replacesOrganizationId'),
    ...read('EnrollmentFlow', 'flowId'),
    ...(roleIds ? { roleIds: [...new Set(requireUuids('Role', roleIds, 'input.roleIds'))] } : {}),
    ...(affiliationRoles
      ? {
          affiliationRoles: affiliationRoles.map(({ affiliation, roleId }, index) => ({
            affiliation,
            roleId: requireUuid('Role', roleId, `input.affiliationRoles.${index}.roleId`),
          })),
        }
      : {}),
    ...(input.attributes ? { attributes: input.attributes.map((attribute) => ({ ...attribute })) } : {}),
  };
}

function showPreview({ key, action, plan }: PreviewedRecord): PipelinePreviewRecord {
  const { values, memberships } = describePlan(plan);
  const { before, person, userId } = plan;
  const isMade = person !== null && before === null;
  const toRoles = (ids: readonly string[]) => ids.map((id) => toGlobalId('Role', id));
  return {
    ...{ key, action, outcome: plan.outcome!, message: plan.message },
    userId: userId && !isMade ? toGlobalId('User', userId) : null,
    values: values.map(({ organizationId, ...value }) => ({
      ...value,
      organizationId: organizationId && toGlobalId('Organization', organizationId),
    })),
    memberships: memberships.map(({ organizationId, change, grantedRoleIds, revokedRoleIds }) => ({
      organizationId: toGlobalId('Organization', organizationId),
      change: change as PipelineMembershipChangeKind,
      grantedRoleIds: toRoles(grantedRoleIds),
      revokedRoleIds: toRoles(revokedRoleIds),
    })),
    userStatus: person && person.status !== before?.status ? person.status : null,
    opensPetition: plan.opensPetition,
    graceEndsAt: plan.graceEndsAt,
  };
}
