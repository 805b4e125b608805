import { PetitionStatus, PetitionStep } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { isReturnUrlAllowed } from '../flows/return-url.js';
import { asksToConfirm, isOpen } from '../machine/plan.js';

/**
 * Where a browser goes once a petition stands there (section 4 of docs/petitions.md): a return URL of its own that the
 * flow admits wins over the flow's addresses for confirming and finalizing. Null: it stays.
 */
export function redirectOf(
  flow: FlowSettings,
  { status, step }: { status: PetitionStatus; step: PetitionStep },
  returnUrl: string | null,
): string | null {
  const own = returnUrl && isReturnUrlAllowed(flow.returnUrlPatterns, returnUrl) ? returnUrl : null;
  if (status === PetitionStatus.FINALIZED) {
    const isConfirming = asksToConfirm(flow) && !flow.requiresApproval;
    return own ?? (isConfirming ? flow.redirectOnConfirm : null) ?? flow.redirectOnFinalize;
  }
  // Whoever was known beforehand stays with the pages that they came from.
  if (step === PetitionStep.WAIT_FOR_CONFIRMATION) return isOpen(flow) ? flow.redirectOnSubmit : null;
  if (step === PetitionStep.WAIT_FOR_APPROVAL) return own ?? flow.redirectOnConfirm;
  return null;
}
