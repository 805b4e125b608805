import { PetitionParty, PetitionStep, SourceMode } from '../../entities/enums.js';
import type { FlowSettings, FlowSource } from '../../entities/flow-settings.js';
import { openSources, SEARCHED } from '../machine/settled-sources.js';
import type { PetitionState } from '../machine/state.js';
import { isTerminal } from '../machine/transitions.js';

/**
 * The sources that a petition waits for now and that are asked by the system, in their order (section 6 of the rules of
 * enrollment): CLAIM, once the address is proven (ENR-49), SEARCH and SEARCH_REQUIRED. None while nobody whose petition it
 * is has signed in. One that did not answer is among them: it is asked again. Pure.
 */
export function questionsOf(flow: FlowSettings, state: PetitionState): FlowSource[] {
  const isAsked = state.step === PetitionStep.SOURCES || state.step === PetitionStep.CHECK_ELIGIBILITY;
  if (!isAsked || !waitsForSystem(state) || state.progress.isAuthenticated !== true) return [];
  return openSources(flow, state).filter(({ mode }) => mode === SourceMode.CLAIM || SEARCHED.includes(mode));
}

/** Whether it is the match server that a petition waits for. */
export function asksMatchServer(state: PetitionState): boolean {
  return state.step === PetitionStep.DUPLICATE_CHECK && waitsForSystem(state) && !state.progress.isMatched;
}

/** Whether there is something for the job to do: it is sent by the command that leads there. */
export function waitsForSources(flow: FlowSettings, state: PetitionState): boolean {
  return asksMatchServer(state) || questionsOf(flow, state).length > 0;
}

function waitsForSystem({ status, waitsFor }: PetitionState): boolean {
  return !isTerminal(status) && waitsFor === PetitionParty.SYSTEM;
}
