import { Arg, Ctx, FieldResolver, Float, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { SourceRow } from '../database/loaders/source-rows.js';
import { SourceCapability } from '../entities/source-enums.js';
import { capabilitiesOf } from '../enrollment/sources/capabilities.js';
import { createSource } from '../enrollment/sources/manage/create-source.js';
import { deleteSource } from '../enrollment/sources/manage/delete-source.js';
import { describeKinds } from '../enrollment/sources/manage/describe-kinds.js';
import { searchSource } from '../enrollment/sources/manage/search-source.js';
import { testSource } from '../enrollment/sources/manage/test-source.js';
import { updateSource } from '../enrollment/sources/manage/update-source.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import {
  SourceCreateInput,
  SourceDeleteInput,
  SourceDeletePayload,
  SourceFilterInput,
  SourceIdentifierInput,
  SourcePayload,
  SourceSearchResult,
  SourceTestInput,
  SourceTestPayload,
  SourceUpdateInput,
} from '../schema/source-input.js';
import {
  AvailableSource,
  SourceConnection,
  SourceFileType,
  SourceHealthType,
  SourceKindDescription,
  SourceType,
} from '../schema/source.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => SourceType)
export class SourceResolver {
  @Auth('PUBLIC')
  @Query(() => SourceType, { nullable: true, description: 'One source; null when it is not for the caller.' })
  source(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('Source', id);
    return uuid ? loaders.sources.byId(tenant.id, uuid) : null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => SourceConnection, { description: 'The sources of the tenant, the oldest first.' })
  async sources(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => SourceFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: SourceFilterInput | null,
  ) {
    return toConnection(await loaders.sources.page(tenant.id, filter ?? {}, pageRequest(first, after)));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => [SourceKindDescription], {
    description: 'The kinds of sources that there are, with all that a form to configure one needs.',
  })
  sourceKinds() {
    return describeKinds();
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => SourceSearchResult, {
    description:
      'Asks a source whom it finds, now, by one of an address and an identifier. Nothing of it is kept. Also for a source that is suspended.',
  })
  async sourceSearch(
    @Ctx() context: GraphQLContext,
    @Arg('id', () => ID, { description: 'Which source.' }) id: string,
    @Arg('email', () => String, { nullable: true, description: 'An address, compared without regard to case.' })
    email?: string | null,
    @Arg('identifier', () => SourceIdentifierInput, { nullable: true, description: 'An identifier.' })
    identifier?: SourceIdentifierInput | null,
  ): Promise<SourceSearchResult> {
    const uuid = requireUuid('Source', id, 'id');
    const { result, userErrors } = await attempt(() => searchSource(context, { id: uuid, email, identifier }));
    const { people = [], error = null } = result ?? {};
    const keys = people.map(({ key }) => key);
    const linked = await context.loaders.sources.linkedKeys(context.tenant.id, uuid, keys);
    return {
      people: people.map((person) => ({ ...person, isLinked: linked.has(person.key) })),
      errorCode: error?.code ?? null,
      message: error?.message ?? null,
      userErrors: [...userErrors],
    };
  }

  @FieldResolver(() => [SourceCapability], { description: 'What it can be asked, with its settings.' })
  capabilities(@Root() source: SourceRow) {
    return capabilitiesOf(source);
  }

  @FieldResolver(() => SourceHealthType, { description: 'How it was when it was asked last.' })
  health(@Root() { uuid }: SourceRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.sources.health(tenant.id, uuid);
  }

  @FieldResolver(() => SourceFileType, { nullable: true, description: 'The file that was uploaded to it.' })
  file(@Root() { uuid }: SourceRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.sources.file(tenant.id, uuid);
  }

  @FieldResolver(() => Float, {
    description: 'How many people it has, as of when it was read last. They are counted only when it is asked for.',
  })
  recordCount(@Root() { uuid }: SourceRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.sources.recordCount(tenant.id, uuid);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourcePayload, {
    description: 'Configures a new source. It is asked nothing yet: `sourceTest` does.',
  })
  async sourceCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceCreateInput, { description: 'The source.' }) input: SourceCreateInput,
  ) {
    const { result, userErrors } = await attempt(() =>
      createSource(context, { ...input, pipelineId: readPipelineId(input) }),
    );
    return { source: result && (await context.loaders.sources.byId(context.tenant.id, result)), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourcePayload, { description: 'Changes a source, suspends it, or takes it up again.' })
  async sourceUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceUpdateInput, { description: 'The changes.' }) input: SourceUpdateInput,
  ) {
    const id = requireUuid('Source', input.id, 'input.id');
    const { userErrors } = await attempt(() =>
      updateSource(context, { ...input, id, pipelineId: readPipelineId(input) }),
    );
    return { source: await context.loaders.sources.byId(context.tenant.id, id), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourceDeletePayload, {
    description:
      'Deletes a source with its records; what came of them stays. Refused as IN_USE while an active flow or a pipeline names it.',
  })
  async sourceDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceDeleteInput, { description: 'The source.' }) input: SourceDeleteInput,
  ) {
    const id = requireUuid('Source', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteSource(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourceTestPayload, {
    description: 'Asks a source something that needs nobody, and says how it went. Changes nothing.',
  })
  async sourceTest(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceTestInput, { description: 'The source.' }) input: SourceTestInput,
  ) {
    const id = requireUuid('Source', input.id, 'input.id');
    const { result, userErrors } = await attempt(() => testSource(context, id));
    return { isReachable: null, recordFaults: [], ...result, userErrors };
  }
}

/** The most sources that are shown to organizations; there are no more of a tenant. */
const MOST_SHOWN = 200;

@Resolver(() => OrganizationType)
export class OrganizationSourcesResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => [AvailableSource], {
    nullable: true,
    description: 'The sources of the tenant that flows of the organization may attach.',
  })
  async availableSources(@Ctx() { loaders, tenant }: GraphQLContext): Promise<AvailableSource[]> {
    const rows = await loaders.sources.open(tenant.id, MOST_SHOWN);
    return Promise.all(
      rows.map(async (row) => ({
        ...{ id: row.id, name: row.name, kind: row.kind },
        capabilities: await capabilitiesOf(row),
      })),
    );
  }
}

/** The uuid of the pipeline; BAD_USER_INPUT when it is the id of something else. */
function readPipelineId({ pipelineId }: SourceCreateInput | SourceUpdateInput): string | null | undefined {
  return pipelineId ? requireUuid('Pipeline', pipelineId, 'input.pipelineId') : pipelineId;
}
