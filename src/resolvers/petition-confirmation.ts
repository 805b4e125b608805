import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import {
  confirmPetition,
  declinePetition,
  openConfirmation,
  resendConfirmation,
} from '../enrollment/confirmations/answer-confirmation.js';
import { PetitionConfirmationPayload, PetitionTokenInput } from '../schema/petition-confirmation.js';
import { PetitionIdInput, PetitionPayload } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { attempt, requireUuid } from './answers.js';
import { answerPetition } from './petition-answers.js';

/** The links by which people prove their address: the token says which petition. */
@Resolver()
export class PetitionConfirmationResolver {
  @Auth('PUBLIC')
  @Mutation(() => PetitionConfirmationPayload, {
    description:
      'Opens the link of a confirmation: says what it is about. It confirms nothing; the history tells that the link was viewed. An expired link is replaced by mail where the flow says so.',
  })
  async petitionOpenConfirmation(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionTokenInput, { description: 'The link.' }) input: PetitionTokenInput,
  ) {
    const { result, userErrors } = await attempt(() => openConfirmation(context, input));
    return { confirmation: result, userErrors };
  }

  @Auth('PUBLIC')
  @Mutation(() => PetitionPayload, {
    description:
      'Confirms by a link, once: the address is proven. Without an account, the enrollee goes on with the `token` of the answer.',
  })
  petitionConfirm(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionTokenInput, { description: 'The link.' }) input: PetitionTokenInput,
  ) {
    return answerPetition(context, () => confirmPetition(context, input));
  }

  @Auth('PUBLIC')
  @Mutation(() => PetitionPayload, { description: 'Says no by a link, which ends the petition.' })
  petitionDecline(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionTokenInput, { description: 'The link.' }) input: PetitionTokenInput,
  ) {
    return answerPetition(context, () => declinePetition(context, input));
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, {
    description: 'Mails another link to the address of the petition. The link before opens nothing any more.',
  })
  petitionResendConfirmation(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionIdInput, { description: 'The petition.' }) input: PetitionIdInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => resendConfirmation(context, { id }), id);
  }
}
