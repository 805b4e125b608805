import { Enablement, FlowStatus, TermsMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { asksToConfirm, isOpen } from '../machine/plan.js';

/** A flow that a pipeline is to open petitions of. */
export interface OpenedFlow {
  settings: FlowSettings;
  status: FlowStatus;
  /** Whose flow it is; null: the tenant's. */
  organizationId: string | null;
}

/**
 * Why a pipeline cannot open petitions of a flow; null when it can. Nobody has started them: so nothing is asked before
 * the person confirms, and what would be is not left out (ENR-71).
 */
export function whyNotOpened({ settings, status }: OpenedFlow): string | null {
  if (status !== FlowStatus.ACTIVE) return 'The flow of the pipeline is not active.';
  if (!asksToConfirm(settings)) return 'The flow asks for no confirmation: a petition of a pipeline begins with one.';
  if (settings.attributes.some(({ enablement }) => enablement === Enablement.REQUIRED))
    return 'The flow requires attributes, for which nobody is asked in a petition of a pipeline.';
  if (settings.terms !== TermsMode.IGNORE && isOpen(settings))
    return 'Everybody may start the flow, so its terms are agreed to before the confirmation, with which a petition of a pipeline begins.';
  return null;
}

/** Where a petition of the flow leads for a pipeline; undefined where the flow leads to several others. */
export function chooseOrganization(
  { settings, organizationId: own }: OpenedFlow,
  organizationId: string | null,
): string | null | undefined {
  const choices = settings.organizationIds.length ? settings.organizationIds : own ? [own] : [];
  if (organizationId && choices.includes(organizationId)) return organizationId;
  return choices.length > 1 ? undefined : (choices[0] ?? null);
}
