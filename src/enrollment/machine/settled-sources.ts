import { type PetitionStep, SourceMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { sourcesOf } from './plan.js';
import type { PetitionState, SourceOutcome } from './state.js';

/** Of these one record is enough: the petitioner chooses among them, or they are tried one after the other. */
const ALTERNATIVES: readonly SourceMode[] = [SourceMode.SELECT, SourceMode.CLAIM];

/**
 * Whether a step's sources have said all that it needs. One that is suspended counts as if it were not attached (ENR-44),
 * and one that could not be reached has not answered (ENR-48).
 */
export function isSettled(flow: FlowSettings, state: PetitionState, step: PetitionStep): boolean {
  const outcomes = state.progress.sources;
  const asked = sourcesOf(flow, step).filter(({ sourceId }) => outcomes[sourceId] !== 'SUSPENDED');
  return asked.every(({ mode, sourceId }) => {
    const outcome = outcomes[sourceId];
    if (!ALTERNATIVES.includes(mode)) return outcome !== undefined && outcome !== 'UNAVAILABLE';
    return asked.some((other) => other.mode === mode && outcomes[other.sourceId] === 'LINKED');
  });
}

/** Whether a source that must know the person does not. */
export function isIneligible(flow: FlowSettings, { progress }: PetitionState): boolean {
  const accepted: (SourceOutcome | undefined)[] = ['LINKED', 'SUSPENDED'];
  return flow.sources.some(
    ({ mode, sourceId }) => mode === SourceMode.SEARCH_REQUIRED && !accepted.includes(progress.sources[sourceId]),
  );
}
