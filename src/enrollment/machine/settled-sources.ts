import { MatchPolicy, PetitionParty as P, type PetitionStep, SourceMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { UserErrorCode } from '../../faults.js';
import { sourcesOf } from './plan.js';
import { refusal } from './refuse.js';
import type { PetitionState, Refusal, SourceOutcome } from './state.js';

type Source = FlowSettings['sources'][number];

/** Of these none is asked before another. */
export const SEARCHED: readonly SourceMode[] = [SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED];

/** Of these one record is enough: the petitioner chooses among them, or they are tried one after the other. */
const ALTERNATIVES: readonly SourceMode[] = [SourceMode.SELECT, SourceMode.CLAIM];

/**
 * Whether a step's sources have said all that it needs. One that is suspended counts as if it were not attached (ENR-44),
 * and one that could not be reached has not answered (ENR-48).
 */
export function isSettled(flow: FlowSettings, state: PetitionState, step: PetitionStep): boolean {
  return dueMode(flow, state, step) === null;
}

/** The mode of the first source that keeps the step from being done; null: nothing does, or the step asks none. */
export function dueMode(flow: FlowSettings, state: PetitionState, step = state.step): SourceMode | null {
  const outcomes = state.progress.sources;
  const asked = sourcesOf(flow, step).filter(({ sourceId }) => outcomes[sourceId] !== 'SUSPENDED');
  const isDone = (source: Source) => {
    if (!ALTERNATIVES.includes(source.mode)) return hasAnswered(state, source);
    return asked.some(({ mode, sourceId }) => mode === source.mode && outcomes[sourceId] === 'LINKED');
  };
  return asked.find((source) => !isDone(source))?.mode ?? null;
}

/** Whether a source has said something for good: an outage is no answer. */
export function hasAnswered({ progress }: PetitionState, { sourceId }: Pick<Source, 'sourceId'>): boolean {
  return ![undefined, 'UNAVAILABLE'].includes(progress.sources[sourceId]);
}

/**
 * The sources that can be asked now: of AUTHENTICATE and IDENTIFY the next one alone, of the others all that have not
 * answered. None of CLAIM while no address is proven.
 */
export function openSources(flow: FlowSettings, state: PetitionState): Source[] {
  const mode = dueMode(flow, state);
  if (mode === null || (mode === SourceMode.CLAIM && !state.isEmailVerified)) return [];
  const isSearch = SEARCHED.includes(mode);
  const open = sourcesOf(flow, state.step).filter(
    (source) => (isSearch || source.mode === mode) && !hasAnswered(state, source),
  );
  return mode === SourceMode.AUTHENTICATE || mode === SourceMode.IDENTIFY ? open.slice(0, 1) : open;
}

/**
 * For whom a petition waits whose sources have not all answered: who signs in, chooses a record or gives an address; the
 * system, where it asks by itself.
 */
export function waiterOf(flow: FlowSettings, state: PetitionState): P {
  switch (dueMode(flow, state)) {
    case SourceMode.IDENTIFY:
      return P.ENROLLEE;
    case SourceMode.SEARCH:
    case SourceMode.SEARCH_REQUIRED:
      return P.SYSTEM;
    case SourceMode.CLAIM:
      return openSources(flow, state).length ? P.SYSTEM : P.PETITIONER;
    default:
      return P.PETITIONER;
  }
}

/** Whether a source that must know the person does not. */
export function isIneligible(flow: FlowSettings, { progress }: PetitionState): boolean {
  const accepted: (SourceOutcome | undefined)[] = ['LINKED', 'SUSPENDED'];
  return flow.sources.some(
    ({ mode, sourceId }) => mode === SourceMode.SEARCH_REQUIRED && !accepted.includes(progress.sources[sourceId]),
  );
}

/**
 * Why nobody may claim a record by this petition: nobody has signed in, or it enrolls whom the petitioner has chosen, while
 * the address is the petitioner's. Such flows are not saved any more; those that were wait for an administrator.
 */
export function refuseClaim(flow: FlowSettings, { progress }: PetitionState): Refusal | null {
  if (!progress.isAuthenticated) {
    return refusal(
      UserErrorCode.SIGN_IN_REQUIRED,
      'No source is asked about an address before somebody has signed in.',
    );
  }
  if (flow.match === MatchPolicy.SELECT) {
    const message = 'The petitioner cannot claim a record for somebody else: an administrator must settle this.';
    return refusal(UserErrorCode.MANUAL_ACTION_NEEDED, message);
  }
  return null;
}
