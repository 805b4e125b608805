import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../../database/transact.js';
import { PetitionParty, SourceMode } from '../../../entities/enums.js';
import type { FlowSettings, FlowSource } from '../../../entities/flow-settings.js';
import { SourceStatus } from '../../../entities/source-enums.js';
import { type Fault, fault, Faults, UserErrorCode } from '../../../faults.js';
import { refuseCommand } from '../../machine/refuse.js';
import { openSources } from '../../machine/settled-sources.js';
import type { PetitionState } from '../../machine/state.js';
import { isTerminal } from '../../machine/transitions.js';
import type { LockedPetition } from '../../petitions/locked-petition.js';
import { findSource, type Source } from '../source.js';

/** Where providers send browsers back to: what administrators tell the provider. `publicUrl` is the tenant's. */
export const SOURCE_CALLBACK = '/enrollment/sources/callback';

/** Who signs in at a source of a petition. */
export type TripParty = PetitionParty.PETITIONER | PetitionParty.ENROLLEE;

/** Whose sign-in the modes are: of AUTHENTICATE before the petition is submitted, of IDENTIFY after it is confirmed (ENR-38). */
const PARTIES: Partial<Record<SourceMode, TripParty>> = {
  [SourceMode.AUTHENTICATE]: PetitionParty.PETITIONER,
  [SourceMode.IDENTIFY]: PetitionParty.ENROLLEE,
};

/** What somebody signs in at. */
export interface DueSource {
  source: Source;
  asked: FlowSource;
  party: TripParty;
}

/** The source at which somebody is to sign in next; null: the petition waits for no sign-in. */
export function signInOf(flow: FlowSettings, state: PetitionState): Omit<DueSource, 'source'> | null {
  const [asked] = isTerminal(state.status) ? [] : openSources(flow, state);
  const party = asked && PARTIES[asked.mode];
  return party ? { asked, party } : null;
}

/**
 * The source at which somebody of a locked petition is to sign in now: each runs once, in its order. Throws Faults:
 * NOT_FOUND for a source that the petition does not ask by sign-in, WRONG_STATUS for another one than the next or one that
 * is suspended, and those of commands.
 */
export async function requireDue(
  manager: EntityManager,
  tenantId: string,
  { flow, state, isFlowActive }: LockedPetition,
  sourceId: string,
): Promise<DueSource> {
  const refused = refuseCommand(state, 'ANSWER_SOURCE', [PetitionParty.SYSTEM], isFlowActive);
  if (refused) throw new Faults([refused]);
  const signsIn = flow.sources.some((source) => source.sourceId === sourceId && PARTIES[source.mode]);
  if (!signsIn) throw refuse(UserErrorCode.NOT_FOUND, 'Nobody signs in at this source for this petition.');
  const due = signInOf(flow, state);
  if (due?.asked.sourceId !== sourceId)
    throw refuse(UserErrorCode.WRONG_STATUS, 'This source is not the next one to sign in at.');
  const source = await findSource((text, values) => runSql(manager, text, values), tenantId, sourceId);
  if (source?.status !== SourceStatus.ACTIVE)
    throw refuse(UserErrorCode.WRONG_STATUS, 'This source is suspended: the petition goes on without it.');
  return { source, ...due };
}

function refuse(code: Fault['code'], message: string): Faults {
  return new Faults([fault(code, message, 'sourceId')]);
}

/** A sign-in under way, as it began. Ids are uuids. */
export interface Trip {
  petitionId: string;
  sourceId: string;
  sourceVersion: number;
  redirectUri: string;
  returnTo: string;
  party: TripParty;
  /** Who set out in a session of theirs; null: by the token of the petition, of which this is the hash. */
  userId: string | null;
  sessionId: string | null;
  petitionTokenHash: string | null;
}

/** Why somebody who comes back is not let go on: what they are told. `status` is the HTTP status of the page. */
export const TRIP_REFUSALS = {
  TRIP_EXPIRED: [
    400,
    'This sign-in has expired, was used already, or began in another browser. Go back to your enrollment and begin it again.',
  ],
  NOT_SIGNED_IN: [403, 'You were not signed in there. Nothing has changed: you may go back and try again.'],
  SOURCE_UNAVAILABLE: [502, 'The system that was to say who you are did not answer. Try again in a minute.'],
  SOURCE_SUSPENDED: [
    409,
    'The system that was to say who you are is not used at the moment. Go back to your enrollment.',
  ],
  MANUAL_ACTION_NEEDED: [409, 'You were signed in, but an administrator must settle who you are here. Ask for help.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

/** Somebody comes back from a source and is not let go on. `reason` is for the log alone. */
export class TripRefusal extends Error {
  override name = 'TripRefusal';

  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly returnTo: string | null,
    readonly reason: string | null = null,
  ) {
    super(message);
  }
}

export function tripRefusal(code: keyof typeof TRIP_REFUSALS, trip: Trip | null, reason?: string): TripRefusal {
  const [status, message] = TRIP_REFUSALS[code];
  return new TripRefusal(code, message, status, trip?.returnTo ?? null, reason ?? null);
}
