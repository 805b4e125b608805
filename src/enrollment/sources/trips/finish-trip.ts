import type { EntityManager } from '@mikro-orm/postgresql';
import { type Writer, writerOf } from '../../../actor.js';
import { transact } from '../../../database/transact.js';
import { ActorKind, PetitionParty, SourceMode } from '../../../entities/enums.js';
import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceStatus } from '../../../entities/source-enums.js';
import { Faults } from '../../../faults.js';
import { hashSecret } from '../../../secret.js';
import { recordSourceCheck, type SourceCheck } from '../../checks/record-check.js';
import { emailOf } from '../../checks/email-of.js';
import { matchHits } from '../../checks/match-hits.js';
import { type AskedHow, takeHits } from '../../checks/take-hits.js';
import { findPetition, type LockedPetition } from '../../petitions/locked-petition.js';
import { partiesOf } from '../../petitions/parties.js';
import { type CommandDone, giveCommand, requirePetition } from '../../petitions/run-command.js';
import { findSource, type Source } from '../source.js';
import { SourceError } from '../source-error.js';
import type { TripContext } from './begin-trip.js';
import { noteOutage } from './note-outage.js';
import { requireDue, type Trip, TripRefusal, tripRefusal } from './trip.js';

const VIA = 'petitionSignInAtSource';

/** What a browser came back with. */
export interface TripAnswer {
  /** The parameters with which the provider sent it back. */
  answer: URLSearchParams;
  /** The secret of the browser; absent in another one. */
  binding: string | undefined;
}

/** Where the browser goes on; and, shown this once, the token by which an enrollee without an account goes on. */
export interface FinishedTrip {
  returnTo: string;
  enrolleeToken: string | null;
}

/**
 * Finishes a sign-in at a source: takes the trip, once; asks the provider, outside of transactions; then, in one
 * transaction under the lock of the petition and if it is still the turn of who set out, takes the record and lets the
 * petition go on (ENR-31, ENR-32). Throws {@link TripRefusal}, and the petition and all records are as they were then.
 */
export async function finishSourceTrip(context: TripContext, { answer, binding }: TripAnswer): Promise<FinishedTrip> {
  const { database, tenant } = context;
  const state = answer.get('state');
  const trip = state && binding ? await takeTrip(context, state, binding) : null;
  if (!trip) throw tripRefusal('TRIP_EXPIRED', null);
  const source = await findSource((text, values) => database.read(tenant.id, text, values), tenant.id, trip.sourceId);
  if (source?.status !== SourceStatus.ACTIVE) throw tripRefusal('SOURCE_SUSPENDED', trip);
  if (source.version !== trip.sourceVersion) throw tripRefusal('TRIP_EXPIRED', trip, 'the source was edited');
  const writer = writerOfTrip(context, trip);
  const said = await askSource(context, writer, trip, source, { answer, state: state!, binding: binding! });
  try {
    const done = await transact(database, tenant.id, (manager) => takeRecord(manager, context, writer, trip, said));
    return { returnTo: trip.returnTo, enrolleeToken: done.enrolleeToken };
  } catch (error) {
    if (error instanceof Unsettled) {
      await note(context, writer, trip, { ...error.check, source });
      throw tripRefusal('MANUAL_ACTION_NEEDED', trip, error.check.message ?? undefined);
    }
    if (!(error instanceof Faults)) throw error;
    const [{ code, message }] = error.faults as [Faults['faults'][number]];
    throw new TripRefusal(code, message, 409, trip.returnTo);
  }
}

/** The record cannot be the person's without an administrator: nothing is taken. */
class Unsettled extends Error {
  constructor(readonly check: Omit<SourceCheck, 'source'>) {
    super(check.message ?? '');
  }
}

const TAKE = `
with taken as (
  delete from source_trips where tenant_id = $1 and state_hash = $2 and binding_hash = $3 returning *
)
select t.petition_id as "petitionId", t.source_id as "sourceId", t.source_version as "sourceVersion",
  t.redirect_uri as "redirectUri", t.return_to as "returnTo", t.party, t.user_id as "userId",
  t.session_id as "sessionId", t.petition_token_hash as "petitionTokenHash",
  t.expires_at > $4 and (t.session_id is null or s.id is not null) as "isCurrent"
from taken t left join sessions s
  on s.tenant_id = $1 and s.id = t.session_id and s.user_id = t.user_id and s.expires_at > $4`;

/**
 * Takes the trip of this state away, so that it serves once; null where it is not there, too old, or the session in which
 * it began has ended. Another browser's stays for the browser that it belongs to.
 */
async function takeTrip({ database, tenant, clock, viewer }: TripContext, state: string, binding: string) {
  const values = [tenant.id, hashSecret(state), hashSecret(binding), clock()];
  const [taken] = await database.read<Trip & { isCurrent: boolean }>(tenant.id, TAKE, values);
  if (!taken?.isCurrent) return null;
  const isOthers = taken.userId !== null && viewer?.userId !== undefined && viewer.userId !== taken.userId;
  return isOthers ? null : taken;
}

/** Who came back; and who they are to the match server, where the pipeline asks one. */
interface Said {
  record: PersonRecord;
  references: AskedHow['references'];
}

/** What the provider says of who came back. An outage is noted; a "no" is noted as such. */
async function askSource(
  context: TripContext,
  writer: Writer,
  trip: Trip,
  source: Source,
  came: { answer: URLSearchParams; state: string; binding: string },
): Promise<Said> {
  const { database, tenant, sources } = context;
  try {
    const client = await sources.open(tenant.id, source);
    if (!client.capabilities.has(SourceCapability.AUTHENTICATE))
      throw new SourceError(SourceErrorCode.MISCONFIGURED, 'Nobody can sign in at this source.');
    const asked = { ...came, redirectUri: trip.redirectUri };
    const { record, refused } = await client.authenticate.finish(asked, AbortSignal.timeout(60_000));
    if (record) {
      const petition = await findPetition(database, tenant.id, trip.petitionId);
      const userId = petition?.state.enrolleeUserId ?? null;
      const signal = AbortSignal.timeout(60_000);
      return { record, references: await matchHits(context, tenant.id, source, userId, [record], signal) };
    }
    await note(context, writer, trip, { ...missed(trip, refused), source });
    throw tripRefusal('NOT_SIGNED_IN', trip, refused);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const mode = modeOf(trip);
    await noteOutage(context, writer, trip.petitionId, { sourceId: source.id, mode }, error);
    throw tripRefusal('SOURCE_UNAVAILABLE', trip, `${error.code}: ${error.message}`);
  }
}

/** Takes the record, and gives the petition the answer. Throws Faults, and Unsettled. */
async function takeRecord(
  manager: EntityManager,
  context: TripContext,
  writer: Writer,
  trip: Trip,
  { record, references }: Said,
): Promise<CommandDone> {
  const { tenantId } = writer;
  const petition = await requirePetition(manager, tenantId, trip.petitionId);
  const { source, asked } = await requireDue(manager, tenantId, petition, trip.sourceId);
  refuseOthers(context, petition, trip);
  const how = { verifiesFamilyName: false, findsPerson: true, references };
  // Somebody else's record is an answer as well: it is for the flow to say what comes of it (ENR-32).
  const { account, known, ...taken } = await takeHits(manager, context, writer, petition, source, [record], how);
  const { outcome, message } = taken;
  const check = { mode: asked.mode, ...taken };
  if (outcome !== 'LINKED' || message !== null) throw new Unsettled({ ...check, ...missed(trip, message ?? UNLINKED) });
  await recordSourceCheck(manager, writer, petition.id, { ...check, source });
  const email = emailOf(record);
  const command = {
    kind: 'ANSWER_SOURCE',
    sourceId: source.id,
    outcome,
    account,
    known,
    email: email?.given,
  } as const;
  // What is proven stays the petition's address.
  const isProven = petition.state.isEmailVerified || account?.isEmailVerified;
  const written = isProven ? null : (email?.written ?? null);
  return giveCommand(manager, context, writer, petition, { command, email: written }, [PetitionParty.SYSTEM]);
}

const UNLINKED = 'An administrator has unlinked this record: it is for them to link it again.';

/** Whoever set out must still be who signs in for this petition. Throws Faults NOT_YOUR_TURN. */
function refuseOthers({ clock }: TripContext, { state, tokens }: LockedPetition, trip: Trip): void {
  const { petitionTokenHash, party, userId } = trip;
  const own = party === PetitionParty.PETITIONER ? state.petitionerUserId : state.enrolleeUserId;
  const isTheirs = petitionTokenHash
    ? partiesOf({ viewer: null, petitionTokenHash }, { ...state, ...tokens }, clock()).includes(party)
    : userId !== null && userId === own;
  if (!isTheirs) throw tripRefusal('TRIP_EXPIRED', trip, 'they are not the party of the petition any more');
}

const modeOf = ({ party }: Trip) =>
  party === PetitionParty.PETITIONER ? SourceMode.AUTHENTICATE : SourceMode.IDENTIFY;

const missed = (trip: Trip, message: string): Omit<SourceCheck, 'source'> => ({
  mode: modeOf(trip),
  outcome: 'NOT_FOUND',
  hits: 0,
  recordIds: [],
  message,
});

/** Writes down what came of the sign-in, without a word to the petition. */
async function note(context: TripContext, writer: Writer, trip: Trip, check: SourceCheck): Promise<void> {
  await transact(context.database, writer.tenantId, async (manager) => {
    try {
      await requirePetition(manager, writer.tenantId, trip.petitionId);
    } catch (error) {
      if (error instanceof Faults) return;
      throw error;
    }
    await recordSourceCheck(manager, writer, trip.petitionId, check);
  });
}

/** Who set out acts, though their browser came back without their session. */
function writerOfTrip(context: TripContext, { userId }: Trip): Writer {
  const writer = writerOf(context, VIA);
  if (!userId) return writer;
  return { ...writer, actor: { kind: ActorKind.USER, userId, via: VIA, origin: context.origin } };
}
