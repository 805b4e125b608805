import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { toGlobalId, uuidOf } from '../database/loaders/ids.js';
import type { SourceRecordRow } from '../database/loaders/record-rows.js';
import type { UserRow } from '../database/loaders/rows.js';
import type { SourceRow } from '../database/loaders/source-rows.js';
import { relinkRecord, unlinkRecord } from '../enrollment/records/link-record.js';
import { syncRecord } from '../enrollment/records/sync-record.js';
import { PetitionType } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { JSONValue } from '../schema/scalars.js';
import {
  SourceRecordApplied,
  SourceRecordConnection,
  SourceRecordFilterInput,
  SourceRecordIdInput,
  SourceRecordPayload,
  SourceRecordPerson,
  SourceRecordRelinkInput,
  SourceRecordType,
} from '../schema/source-record.js';
import { SourceType } from '../schema/source.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => SourceRecordType)
export class SourceRecordResolver {
  @Auth('PUBLIC')
  @Query(() => SourceRecordType, { nullable: true, description: 'One record; null when it is not for the caller.' })
  sourceRecord(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('SourceRecord', id);
    return uuid ? loaders.records.byId(tenant.id, uuid) : null;
  }

  @FieldResolver(() => SourceType, { nullable: true, description: 'The source.' })
  source(@Root() { sourceUuid }: SourceRecordRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.sources.byId(tenant.id, sourceUuid);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Whose it is; null where it is linked to nobody.' })
  user(@Root() { userUuid }: SourceRecordRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return userUuid && loaders.users.byId(tenant.id, userUuid);
  }

  @FieldResolver(() => PetitionType, {
    nullable: true,
    description: 'The petition that was opened for it, or for which it was asked.',
  })
  petition(@Root() { petitionUuid }: SourceRecordRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return petitionUuid && loaders.petitions.byId(tenant.id, petitionUuid);
  }

  @FieldResolver(() => SourceRecordPerson, {
    nullable: true,
    description: 'What the source says; null where nothing of it is kept.',
  })
  person(@Root() { record }: SourceRecordRow) {
    return record;
  }

  @FieldResolver(() => JSONValue, {
    nullable: true,
    description: 'What the source answered, as it is; null where it is not kept.',
  })
  raw(@Root() { record }: SourceRecordRow) {
    return record?.raw ?? null;
  }

  @FieldResolver(() => SourceRecordApplied, { description: 'What the pipeline has copied and given.' })
  applied(@Root() { applied }: SourceRecordRow): SourceRecordApplied {
    const memberships = Object.entries(applied.memberships ?? {});
    const roles = memberships.flatMap(([, { roleIds }]) => roleIds);
    return {
      isCreator: applied.isCreator ?? false,
      values: Object.keys(applied.values ?? {}).sort(),
      identifierCount: applied.identifiers?.length ?? 0,
      organizationIds: memberships.map(([id]) => toGlobalId('Organization', id)),
      roleIds: [...new Set(roles)].map((id) => toGlobalId('Role', id)),
      failure: applied.failure?.message ?? null,
    };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourceRecordPayload, {
    description: 'Takes a record from its user, with what was copied from it and given for it. No sync links it again.',
  })
  sourceRecordUnlink(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceRecordIdInput, { description: 'The record.' }) input: SourceRecordIdInput,
  ) {
    return change(context, input.id, async (id) => {
      await unlinkRecord(context, { id });
      return null;
    });
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourceRecordPayload, {
    description: 'Gives a record to a user, whoever has had it. The pipeline acts as if it were new.',
  })
  sourceRecordRelink(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceRecordRelinkInput, { description: 'The record, and whose it is.' })
    input: SourceRecordRelinkInput,
  ) {
    const userId = requireUuid('User', input.userId, 'input.userId');
    return change(context, input.id, (id) => relinkRecord(context, { id, userId }));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => SourceRecordPayload, {
    description:
      'Has one record fetched from its source now, whatever the mode of the source. The pipeline acts also where it is unchanged; a record that is gone is removed.',
  })
  sourceRecordSync(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SourceRecordIdInput, { description: 'The record.' }) input: SourceRecordIdInput,
  ) {
    return change(context, input.id, async (id) => (await syncRecord(context, { id })).message);
  }
}

@Resolver(() => SourceType)
export class SourceRecordsResolver {
  @FieldResolver(() => SourceRecordConnection, {
    description: 'The people that it knows, in the order in which they came.',
  })
  async records(
    @Root() { uuid }: SourceRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => SourceRecordFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: SourceRecordFilterInput | null,
  ) {
    const { userId, ...rest } = filter ?? {};
    const userUuid = userId ? requireUuid('User', userId, 'filter.userId') : null;
    const request = pageRequest(first, after);
    return toConnection(await loaders.records.ofSource(tenant.id, uuid, { ...rest, userUuid }, request));
  }
}

@Resolver(() => UserType)
export class UserRecordsResolver {
  @Auth('TENANT_ADMINISTRATOR')
  @FieldResolver(() => SourceRecordConnection, {
    nullable: true,
    description: 'The records of sources that are linked to the user.',
  })
  async sourceRecords(
    @Root() { uuid }: UserRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.records.ofUser(tenant.id, uuid, pageRequest(first, after)));
  }
}

async function change(
  context: GraphQLContext,
  globalId: string,
  operation: (id: string) => Promise<string | null>,
): Promise<SourceRecordPayload> {
  const id = requireUuid('SourceRecord', globalId, 'input.id');
  const { result, userErrors } = await attempt(() => operation(id));
  return {
    sourceRecord: await context.loaders.records.byId(context.tenant.id, id),
    message: result,
    userErrors: [...userErrors],
  };
}
