import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { petitionPartiesOf } from '../auth/policy.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import { FlowStatus, type PetitionParty } from '../entities/enums.js';
import { SourceStatus } from '../entities/source-enums.js';
import { signInOf } from '../enrollment/sources/trips/trip.js';
import { PetitionType } from '../schema/petition.js';
import { signInAtSource } from '../enrollment/sources/trips/begin-trip.js';
import { Auth } from '../schema/requirement.js';
import {
  PetitionSignInAtSourceInput,
  PetitionSignInAtSourcePayload,
  PetitionSignInSource,
} from '../schema/source-sign-in.js';
import { attempt, requireUuid } from './answers.js';
import { stateOf } from './petition-answers.js';

/** Petitioners and enrollees who sign in at a source. */
@Resolver(() => PetitionType)
export class SourceSignInResolver {
  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionSignInAtSourcePayload, {
    description:
      'Sends the petitioner (AUTHENTICATE), or the enrollee after they confirmed (IDENTIFY), to the source at which they sign in next. The petition goes on once they are back.',
  })
  async petitionSignInAtSource(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionSignInAtSourceInput, { description: 'For which petition, and where.' })
    input: PetitionSignInAtSourceInput,
  ): Promise<PetitionSignInAtSourcePayload> {
    const id = requireUuid('Petition', input.id, 'input.id');
    const sourceId = requireUuid('Source', input.sourceId, 'input.sourceId');
    const trip = { ...input, id, sourceId };
    const { result, userErrors } = await attempt(() => signInAtSource(context, context.bindBrowser(), trip));
    return { authorizationUrl: result?.href ?? null, userErrors: [...userErrors] };
  }

  @FieldResolver(() => PetitionSignInSource, {
    nullable: true,
    description: 'The source at which the viewer signs in next (SIGN_IN_AT_SOURCE); null when that is not their turn.',
  })
  async signInSource(@Root() row: PetitionRow, @Ctx() context: GraphQLContext): Promise<PetitionSignInSource | null> {
    const { loaders, tenant } = context;
    const sourceId = findSignInSource(row, await petitionPartiesOf(context, row));
    const source = sourceId && (await loaders.sources.byId(tenant.id, sourceId));
    return source && source.status === SourceStatus.ACTIVE ? { sourceId: source.id, name: source.name } : null;
  }
}

/** The next source at which one of these parties signs in; null when none does. */
function findSignInSource(row: PetitionRow, parties: readonly PetitionParty[]): string | null {
  const { flow, flowStatus } = row;
  if (flowStatus !== FlowStatus.ACTIVE) return null;
  const due = signInOf(flow, stateOf(row));
  return due && parties.includes(due.party) ? due.asked.sourceId : null;
}
