import type { GraphQLContext } from '../auth/graphql-context.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import type { CommandDone } from '../enrollment/petitions/run-command.js';
import { redirectOf } from '../enrollment/petitions/redirect.js';
import type { PetitionPayload } from '../schema/petition.js';
import { hashSecret } from '../secret.js';
import { attempt } from './answers.js';

/**
 * The payload of a command on a petition. A token that it issued is the caller's from now on: they see the petition by
 * it. `id` is the petition that is shown where the command was refused, if the caller may see it.
 */
export async function answerPetition(
  context: GraphQLContext,
  operation: () => Promise<CommandDone & { petitionerToken?: string | null }>,
  id: string | null = null,
): Promise<PetitionPayload> {
  const { result, userErrors } = await attempt(operation);
  const token = result?.petitionerToken ?? result?.enrolleeToken ?? null;
  if (token) context.petitionTokenHash = hashSecret(token);
  const uuid = result?.petitionId ?? id;
  const petition = uuid ? await context.loaders.petitions.byId(context.tenant.id, uuid) : undefined;
  return {
    petition: petition ?? null,
    token,
    redirectUrl: result && petition ? redirectOfRow(petition) : null,
    userErrors: [...userErrors, ...(result?.faults ?? [])],
  };
}

export function redirectOfRow(row: PetitionRow): string | null {
  return redirectOf(row.flow, row, row.returnUrl);
}
