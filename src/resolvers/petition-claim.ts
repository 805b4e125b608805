import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { petitionPartiesOf } from '../auth/policy.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import { chooseMatch, giveEmail } from '../enrollment/petitions/claim-commands.js';
import { PetitionParty } from '../entities/enums.js';
import { fault, Faults, UserErrorCode } from '../faults.js';
import { PetitionChooseMatchInput, PetitionGiveEmailInput, PetitionMatchCandidate } from '../schema/petition-claim.js';
import { PetitionPayload, PetitionType } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { requireUuid } from './answers.js';
import { answerPetition, stateOf } from './petition-answers.js';

/** What petitioners say to sources that are asked about them: their address, and who they are among some. */
@Resolver(() => PetitionType)
export class PetitionClaimResolver {
  @FieldResolver(() => [PetitionMatchCandidate], {
    nullable: true,
    description:
      'Among whom it has to be chosen, as the match server cannot tell who it is; null where there is nothing to choose, and for who may not.',
  })
  async matchCandidates(@Root() row: PetitionRow, @Ctx() context: GraphQLContext) {
    const { matchCandidates, isAuthenticated } = stateOf(row).progress;
    if (!matchCandidates) return null;
    const parties = await petitionPartiesOf(context, row);
    const isShown =
      (isAuthenticated && parties.includes(PetitionParty.PETITIONER)) || parties.includes(PetitionParty.ADMINISTRATOR);
    return isShown ? matchCandidates : null;
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, {
    description:
      "Gives the petitioner's address, which a source is then asked about. Unless it is proven already, a link is mailed to it: the petitioner opens it with petitionConfirm, signed in as they are or with the token of the petition. Another address takes the place of the one before.",
  })
  petitionGiveEmail(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionGiveEmailInput, { description: 'The address.' }) { id, email }: PetitionGiveEmailInput,
  ) {
    const uuid = requireUuid('Petition', id, 'input.id');
    return answerPetition(context, () => giveEmail(context, { id: uuid, email }), uuid);
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, {
    description: 'Says which of `matchCandidates` the person is, or that they are none of them.',
  })
  petitionChooseMatch(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionChooseMatchInput, { description: 'The choice.' })
    { id, referenceId }: PetitionChooseMatchInput,
  ) {
    const uuid = requireUuid('Petition', id, 'input.id');
    return answerPetition(
      context,
      async () => {
        if (referenceId !== undefined) return chooseMatch(context, { id: uuid, referenceId });
        throw new Faults([fault(UserErrorCode.REQUIRED, 'Say which one, or null for none of them.', 'referenceId')]);
      },
      uuid,
    );
  }
}
