import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import { findSourceChecks, type SourceCheckRow } from '../enrollment/checks/read-checks.js';
import { findCandidates, selectSourceRecord } from '../enrollment/checks/select-record.js';
import { SourceMode } from '../entities/enums.js';
import {
  PetitionSelectSourceRecordInput,
  PetitionSourceCandidates,
  PetitionSourceCheckConnection,
  PetitionSourceCheckType,
  PetitionSourceIdentifierInput,
} from '../schema/petition-source.js';
import { PetitionPayload, PetitionType } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { SourceType } from '../schema/source.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';
import { answerPetition, refuseOwnPetition } from './petition-answers.js';

/** What sources say for petitions, and administrators who choose among their records. */
@Resolver(() => PetitionType)
export class PetitionSourceResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => PetitionSourceCheckConnection, {
    nullable: true,
    description:
      'What sources said, the newest first: for those who decide and administer. It is never for the petitioner and the enrollee, whoever that is: it tells what systems know of people, and how these systems are.',
  })
  async sourceChecks(
    @Root() row: PetitionRow,
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    await refuseOwnPetition(context, row, 'Petition.sourceChecks');
    const { database, tenant } = context;
    return toConnection(await findSourceChecks(database, tenant.id, row.uuid, pageRequest(first, after)));
  }

  @Auth('PETITION_PARTY')
  @Query(() => PetitionSourceCandidates, {
    nullable: true,
    description:
      'Whom a source finds, by an address or an identifier: for the administrator who is to choose a record for a petition, while it waits for that. The source is asked now.',
  })
  async petitionSourceCandidates(
    @Ctx() context: GraphQLContext,
    @Arg('id', () => ID, { description: 'The petition.' }) id: string,
    @Arg('sourceId', () => ID, { description: 'A source that is attached to its flow in the mode SELECT.' })
    sourceId: string,
    @Arg('email', () => String, { nullable: true, description: 'An address; or `identifier`.' }) email?: string | null,
    @Arg('identifier', () => PetitionSourceIdentifierInput, {
      nullable: true,
      description: 'An identifier; or `email`.',
    })
    identifier?: PetitionSourceIdentifierInput | null,
  ): Promise<PetitionSourceCandidates> {
    const place = { id: requireUuid('Petition', id, 'id'), sourceId: requireUuid('Source', sourceId, 'sourceId') };
    const asked = { ...place, email: email ?? null, identifier: identifier ?? null };
    const { result, userErrors } = await attempt(() => findCandidates(context, asked));
    return { people: result ?? [], userErrors: [...userErrors] };
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, {
    description:
      'An administrator chooses the record of a source that a petition is for. The source is asked for it anew; a record that is linked to somebody is refused as TAKEN.',
  })
  petitionSelectSourceRecord(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionSelectSourceRecordInput, { description: 'Which record.' })
    input: PetitionSelectSourceRecordInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    const sourceId = requireUuid('Source', input.sourceId, 'input.sourceId');
    return answerPetition(context, () => selectSourceRecord(context, { id, sourceId, key: input.key }), id);
  }
}

@Resolver(() => PetitionSourceCheckType)
export class PetitionSourceCheckResolver {
  @FieldResolver(() => SourceType, {
    nullable: true,
    description: 'The source; null once it is gone, and for who does not administer the tenant.',
  })
  source(@Root() { sourceUuid }: SourceCheckRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return sourceUuid && loaders.sources.byId(tenant.id, sourceUuid);
  }

  @FieldResolver(() => SourceMode, { nullable: true })
  mode(@Root() { mode }: SourceCheckRow) {
    return mode === 'MATCH' ? null : mode;
  }
}
