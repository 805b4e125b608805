import type { Writer } from '../../../actor.js';
import { transact } from '../../../database/transact.js';
import { PetitionParty } from '../../../entities/enums.js';
import type { FlowSource } from '../../../entities/flow-settings.js';
import { Faults } from '../../../faults.js';
import { recordSourceCheck } from '../../checks/record-check.js';
import type { PetitionContext } from '../../petitions/petition-context.js';
import { giveCommand, requirePetition } from '../../petitions/run-command.js';
import type { SourceError } from '../source-error.js';
import { requireDue } from './trip.js';

/**
 * Writes down that a source did not answer who signs in there: it is no answer (ENR-48), and they may try again. Nothing
 * where the petition is elsewhere by now.
 */
export async function noteOutage(
  context: PetitionContext,
  writer: Writer,
  petitionId: string,
  { sourceId, mode }: Pick<FlowSource, 'sourceId' | 'mode'>,
  { code: errorCode, message }: SourceError,
): Promise<void> {
  try {
    await transact(context.database, writer.tenantId, async (manager) => {
      const petition = await requirePetition(manager, writer.tenantId, petitionId);
      const { source } = await requireDue(manager, writer.tenantId, petition, sourceId);
      const outcome = 'UNAVAILABLE';
      await recordSourceCheck(manager, writer, petitionId, { source, mode, outcome, hits: 0, errorCode, message });
      const command = { kind: 'ANSWER_SOURCE', sourceId, outcome } as const;
      await giveCommand(manager, context, writer, petition, { command }, [PetitionParty.SYSTEM]);
    });
  } catch (error) {
    if (!(error instanceof Faults)) throw error;
  }
}
