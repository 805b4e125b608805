import { forbidden } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { petitionPartiesOf } from '../auth/policy.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import type { PetitionState } from '../enrollment/machine/state.js';
import type { CommandDone } from '../enrollment/petitions/run-command.js';
import { redirectOf } from '../enrollment/petitions/redirect.js';
import type { PetitionPayload } from '../schema/petition.js';
import { PetitionParty } from '../entities/enums.js';
import { Requirement } from '../schema/requirement.js';
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

/**
 * Refuses what is among those who decide and administer to the petitioner and the enrollee of a petition, whatever they
 * are besides; also by an access token, which is no party of its own. Throws FORBIDDEN.
 */
export async function refuseOwnPetition(context: GraphQLContext, row: PetitionRow, field: string): Promise<void> {
  const parties = await petitionPartiesOf(context, row);
  const userId = context.viewer?.userId ?? null;
  const isOwn = userId !== null && (userId === row.petitionerUuid || userId === row.enrolleeUuid);
  if (isOwn || parties.includes(PetitionParty.PETITIONER) || parties.includes(PetitionParty.ENROLLEE))
    throw forbidden(field, Requirement.ORGANIZATION_ADMINISTRATOR);
}

export function redirectOfRow(row: PetitionRow): string | null {
  return redirectOf(row.flow, row, row.returnUrl);
}

/** What the machine knows of a petition that was read. */
export function stateOf(row: PetitionRow): PetitionState {
  return {
    ...row,
    petitionerUserId: row.petitionerUuid,
    enrolleeUserId: row.enrolleeUuid,
    organizationId: row.organizationUuid,
    email: row.emailNormalized,
    progress: row.progress as PetitionState['progress'],
  };
}
