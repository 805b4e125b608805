import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import { findMerge } from '../enrollment/finalize/find-merges.js';
import { previewMerge } from '../enrollment/finalize/merge-preview.js';
import { undoMerge } from '../enrollment/finalize/undo-merge.js';
import type { PetitionState } from '../enrollment/machine/state.js';
import {
  PetitionMerge,
  PetitionMergePreview,
  PetitionUndoMergeInput,
  PetitionUndoMergePayload,
} from '../schema/petition-merge.js';
import { PetitionType } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { attempt, requireUuid } from './answers.js';

@Resolver(() => PetitionType)
export class PetitionMergeResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => PetitionMergePreview, {
    nullable: true,
    description:
      'What finalizing it would change of the person who is known; null unless it is to be merged into somebody, and once it is finished.',
  })
  mergePreview(@Root() row: PetitionRow, @Ctx() { database, tenant }: GraphQLContext) {
    const { flow, attributes, email } = row;
    const state = {
      ...row,
      enrolleeUserId: row.enrolleeUuid,
      organizationId: row.organizationUuid,
      email: row.emailNormalized,
      progress: row.progress as PetitionState['progress'],
    };
    return previewMerge(database, tenant.id, { flow, attributes, email, state });
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => PetitionMerge, {
    nullable: true,
    description: 'That it was merged into somebody who was known; null where it was not.',
  })
  async merge(@Root() { uuid }: PetitionRow, @Ctx() { database, tenant, clock }: GraphQLContext) {
    const merge = await findMerge(database, tenant.id, uuid);
    if (!merge) return null;
    return { ...merge, isUndoable: !merge.undoneAt && new Date(merge.undoableUntil) >= clock() };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => PetitionUndoMergePayload, {
    description:
      'Undoes, within 30 days, what a petition changed when it was merged into somebody: what still stands as the merge left it goes back, what was changed since stays. The petition stays FINALIZED. For administrators of its organization, and of the tenant.',
  })
  async petitionUndoMerge(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionUndoMergeInput, { description: 'Which petition.' }) input: PetitionUndoMergeInput,
  ): Promise<PetitionUndoMergePayload> {
    const id = requireUuid('Petition', input.id, 'input.id');
    const { result, userErrors } = await attempt(() => undoMerge(context, { id }));
    const petition = await context.loaders.petitions.byId(context.tenant.id, id);
    return { petition: petition ?? null, left: result?.left ?? [], userErrors: [...userErrors] };
  }
}
