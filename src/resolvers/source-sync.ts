import { Arg, Ctx, FieldResolver, Float, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { SourceRow } from '../database/loaders/source-rows.js';
import type { SourceSyncErrorRow, SourceSyncRunRow } from '../database/loaders/source-syncs.js';
import { SyncRunStatus } from '../entities/source-enums.js';
import { cancelRun, startRun, SyncRunning } from '../enrollment/synchronization/runs.js';
import { progressOf } from '../enrollment/synchronization/progress.js';
import { watch } from '../events/live/watch.js';
import { Auth } from '../schema/requirement.js';
import { SourceType } from '../schema/source.js';
import {
  SourceSyncCancelInput,
  SourceSyncErrorConnection,
  SourceSyncRunConnection,
  SourceSyncRunErrorType,
  SourceSyncRunPayload,
  SourceSyncRunType,
  SourceSyncStartInput,
} from '../schema/source-sync.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';
import { subscribe, type Subscribing } from './subscription.js';

const WATCHED = ['source_sync.started', 'source_sync.completed', 'source_sync.failed', 'source_sync.canceled'];
const OVER: readonly SyncRunStatus[] = [SyncRunStatus.COMPLETED, SyncRunStatus.FAILED, SyncRunStatus.CANCELED];

@Resolver(() => SourceSyncRunType)
export class SourceSyncRunResolver {
  @Auth('PUBLIC')
  @Query(() => SourceSyncRunType, { nullable: true, description: 'One sync; null when it is not for the caller.' })
  sourceSyncRun(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('SourceSyncRun', id);
    return uuid ? loaders.sourceSyncs.byId(tenant.id, uuid) : null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourceSyncRunPayload, {
    description: 'Has a source synced. A job does it; `sourceSyncRunChanged` tells how far it is.',
  })
  async sourceSyncStart(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceSyncStartInput, { description: 'The sync.' }) input: SourceSyncStartInput,
  ) {
    const sourceId = requireUuid('Source', input.sourceId, 'input.sourceId');
    let running: string | null = null;
    const { result, userErrors } = await attempt(async () => {
      try {
        return await startRun(context, { ...input, sourceId });
      } catch (error) {
        if (error instanceof SyncRunning) running = error.runId;
        throw error;
      }
    });
    const uuid = result ?? running;
    const sourceSyncRun = uuid && (await context.loaders.sourceSyncs.byId(context.tenant.id, uuid));
    return { sourceSyncRun, userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourceSyncRunPayload, {
    description: 'Stops a sync: no further batch is begun. What it has done stays.',
  })
  async sourceSyncCancel(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceSyncCancelInput, { description: 'The sync.' }) input: SourceSyncCancelInput,
  ) {
    const id = requireUuid('SourceSyncRun', input.id, 'input.id');
    const { userErrors } = await attempt(() => cancelRun(context, { id }));
    return { sourceSyncRun: await context.loaders.sourceSyncs.byId(context.tenant.id, id), userErrors };
  }

  @FieldResolver(() => SourceType, { nullable: true, description: 'The source.' })
  source(@Root() { sourceUuid }: SourceSyncRunRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.sources.byId(tenant.id, sourceUuid);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who asked for it; null: its time had come.' })
  requestedBy(@Root() { requestedByUserUuid }: SourceSyncRunRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return requestedByUserUuid && loaders.users.byId(tenant.id, requestedByUserUuid);
  }

  @FieldResolver(() => SourceSyncRunErrorType, {
    nullable: true,
    description: 'Why it waits, or was given up; null while it gets on.',
  })
  error(@Root() { errorCode, errorMessage }: SourceSyncRunRow): SourceSyncRunErrorType | null {
    return errorCode && { code: errorCode, message: errorMessage ?? '' };
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description: 'How much it goes through a second, on average since it began; null before.',
  })
  rate(@Root() run: SourceSyncRunRow, @Ctx() { clock }: GraphQLContext) {
    return progressOf(run, clock()).rate;
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description: 'How many seconds are left at this rate; null when nobody can say.',
  })
  eta(@Root() run: SourceSyncRunRow, @Ctx() { clock }: GraphQLContext) {
    return progressOf(run, clock()).eta;
  }

  @FieldResolver(() => SourceSyncErrorConnection, {
    description: 'What was wrong with single records, in the order in which it was met: the first 1000.',
  })
  async errors(
    @Root() { uuid }: SourceSyncRunRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection<SourceSyncErrorRow>(
      await loaders.sourceSyncs.errorPage(tenant.id, uuid, pageRequest(first, after)),
    );
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Subscription(() => SourceSyncRunType, {
    nullable: true,
    description:
      'How far a sync is: now, whenever it gets on, and at its end, with which it is complete. Rights are read anew for each.',
    subscribe: (async ({ args, context }: Subscribing<{ id: string }>) => {
      const uuid = requireUuid('SourceSyncRun', args.id, 'id');
      const { loaders, tenant } = context;
      const subscription = await subscribe(context, {
        filter: {
          organizationId: null,
          eventTypes: WATCHED,
          isWanted: ({ objectUuid }) => objectUuid === uuid,
        },
        after: null,
        isCheckedEachTime: true,
      });
      return watch(subscription, async () => {
        const run = await loaders.sourceSyncs.byId(tenant.id, uuid);
        return run
          ? { version: `${run.updatedAt} ${run.status} ${run.done}`, isLast: OVER.includes(run.status) }
          : null;
      });
    }) as never,
  })
  sourceSyncRunChanged(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'The sync.' }) id: string,
  ) {
    return loaders.sourceSyncs.byId(tenant.id, requireUuid('SourceSyncRun', id, 'id'));
  }
}

/** The syncs of a source. */
@Resolver(() => SourceType)
export class SourceSyncsResolver {
  @FieldResolver(() => SourceSyncRunConnection, { description: 'Its syncs, the newest first.' })
  async syncRuns(
    @Root() { uuid }: SourceRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.sourceSyncs.page(tenant.id, uuid, pageRequest(first, after)));
  }
}
