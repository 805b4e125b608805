import { v7 } from 'uuid';
import { writerOf } from '../../../actor.js';
import { transact } from '../../../database/transact.js';
import { SourceCapability } from '../../../entities/source-enums.js';
import { fault, Faults, UserErrorCode } from '../../../faults.js';
import { DEFAULT_PAGE, safeReturnTo } from '../../../return-to.js';
import { createSecret, hashSecret } from '../../../secret.js';
import { limitTrips } from '../../confirmations/limit.js';
import { isReturnUrlAllowed } from '../../flows/return-url.js';
import type { LockedPetition } from '../../petitions/locked-petition.js';
import { partiesOf } from '../../petitions/parties.js';
import type { PetitionContext } from '../../petitions/petition-context.js';
import { requirePetition } from '../../petitions/run-command.js';
import type { SourceClients } from '../clients.js';
import { SourceError } from '../source-error.js';
import { noteOutage } from './note-outage.js';
import { type DueSource, requireDue, SOURCE_CALLBACK, type Trip } from './trip.js';

const LIFE_MILLISECONDS = 10 * 60_000;
const VIA = 'petitionSignInAtSource';

export type TripContext = PetitionContext & { sources: SourceClients };

export interface TripInput {
  id: string;
  sourceId: string;
  /** Where the browser goes afterwards: a path of this site, or what the flow admits as return URL; absent: the first page. */
  returnTo?: string | null;
}

/**
 * Sends whose turn it is (AUTHENTICATE: the petitioner; IDENTIFY: the enrollee) to the source at which they sign in now.
 * `binding` is the secret of their browser: nobody else finishes the trip, and the database holds hashes alone. The source
 * is asked outside of transactions. Throws Faults: NOT_FOUND, NOT_YOUR_TURN, WRONG_STATUS, INVALID, RATE_LIMITED,
 * SOURCE_UNAVAILABLE and those of commands.
 */
export async function signInAtSource(context: TripContext, binding: string, input: TripInput): Promise<URL> {
  const { database, tenant, clock, sources } = context;
  const begun = await transact(database, tenant.id, async (manager) => {
    const petition = await requirePetition(manager, tenant.id, input.id);
    const due = await requireDue(manager, tenant.id, petition, input.sourceId);
    return { ...due, ...actorOf(context, petition, due), returnTo: readReturnTo(petition, input.returnTo) };
  });
  await limitTrips(context, input.id);
  const { source, asked, ...trip } = begun;
  const redirectUri = `${tenant.publicUrl}${SOURCE_CALLBACK}`;
  const state = createSecret();
  try {
    const client = await sources.open(tenant.id, source);
    if (!client.capabilities.has(SourceCapability.AUTHENTICATE))
      throw new Faults([fault(UserErrorCode.WRONG_STATUS, 'Nobody can sign in at this source.', 'sourceId')]);
    const address = await client.authenticate.begin({ redirectUri, state, binding }, AbortSignal.timeout(60_000));
    const stored = { ...trip, petitionId: input.id, sourceId: source.id, sourceVersion: source.version, redirectUri };
    await storeTrip(context, stored, state, binding, clock());
    return address;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    await noteOutage(context, writerOf(context, VIA), input.id, asked, error);
    const message = 'The source cannot be reached at the moment: try again in a minute.';
    throw new Faults([fault(UserErrorCode.SOURCE_UNAVAILABLE, message, 'sourceId')]);
  }
}

/** By what the caller is who signs in: their session, or else the token of the petition. Throws Faults NOT_YOUR_TURN. */
function actorOf(
  { viewer, petitionTokenHash, clock }: TripContext,
  { state, tokens }: LockedPetition,
  { party }: DueSource,
): Pick<Trip, 'party' | 'userId' | 'sessionId' | 'petitionTokenHash'> {
  const place = { ...state, ...tokens };
  const now = clock();
  if (viewer?.sessionId && partiesOf({ viewer, petitionTokenHash: null }, place, now).includes(party))
    return { party, userId: viewer.userId, sessionId: viewer.sessionId, petitionTokenHash: null };
  if (partiesOf({ viewer: null, petitionTokenHash }, place, now).includes(party))
    return { party, userId: null, sessionId: null, petitionTokenHash };
  const message = `The ${party.toLowerCase()} signs in at this source.`;
  throw new Faults([fault(UserErrorCode.NOT_YOUR_TURN, message)]);
}

/** Throws Faults INVALID for what leads elsewhere. */
function readReturnTo({ flow }: LockedPetition, given: string | null | undefined): string {
  if (given === null || given === undefined) return DEFAULT_PAGE;
  const own = safeReturnTo(given);
  if (own !== DEFAULT_PAGE || given === DEFAULT_PAGE) return own;
  if (given.length <= 2048 && isReturnUrlAllowed(flow.returnUrlPatterns, given)) return given;
  const message = 'returnTo is a path of this site, or an address that the flow admits as return URL.';
  throw new Faults([fault(UserErrorCode.INVALID, message, 'returnTo')]);
}

const INSERT = `
insert into source_trips (id, tenant_id, petition_id, source_id, source_version, state_hash, binding_hash, redirect_uri,
  return_to, party, user_id, session_id, petition_token_hash, created_at, expires_at)
values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`;

async function storeTrip(
  { database, tenant }: TripContext,
  trip: Trip,
  state: string,
  binding: string,
  now: Date,
): Promise<void> {
  await database.read(tenant.id, INSERT, [
    tenant.id,
    v7(),
    trip.petitionId,
    trip.sourceId,
    trip.sourceVersion,
    hashSecret(state),
    hashSecret(binding),
    trip.redirectUri,
    trip.returnTo,
    trip.party,
    trip.userId,
    trip.sessionId,
    trip.petitionTokenHash,
    now,
    new Date(now.getTime() + LIFE_MILLISECONDS),
  ]);
}
