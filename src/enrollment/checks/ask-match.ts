import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind, PetitionParty } from '../../entities/enums.js';
import { SourceCapability, SourceErrorCode, SourceStatus } from '../../entities/source-enums.js';
import { planPerson } from '../finalize/plan-changes.js';
import type { Command, MatchDelay, MatchIdentifier } from '../machine/state.js';
import { findKnownUser } from '../petitions/facts.js';
import { findPetition, type LockedPetition, lockPetition } from '../petitions/locked-petition.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import { giveCommand } from '../petitions/run-command.js';
import type { MatchAnswer, MatchRequest } from '../sources/adapter.js';
import type { SourceClients } from '../sources/clients.js';
import { findSource, type Source } from '../sources/source.js';
import { SourceError } from '../sources/source-error.js';
import { asksMatchServer } from './questions.js';
import { recordSourceCheck, type SourceCheck } from './record-check.js';

/** What the match server says, and by which type of identifier its reference ids are kept; or why there is no answer. */
type Answered =
  | { kind: 'ANSWER'; answer: MatchAnswer; identifierType: string }
  | { kind: 'UNAVAILABLE'; errorCode: SourceErrorCode; message: string }
  | { kind: 'SUSPENDED' };

/** How people of a flow are labelled at a match server, where the flow does not say. */
const USUAL_LABEL = 'vestibule';

const SYSTEM = { kind: ActorKind.SYSTEM, userId: null, via: 'askMatchServer' };

/**
 * Asks the match server of a petition that waits for it (section 5 of the rules of enrollment), outside of transactions,
 * and gives the petition what it answers. LATER: it has no answer, or looks into it, or the flow is not active: it is to
 * be asked again after a while. The history tells such a delay once. One that is suspended or gone is as none (section 6).
 */
export async function askMatchServer(
  context: PetitionContext & { sources: SourceClients },
  petitionId: string,
  signal: AbortSignal,
): Promise<'DONE' | 'LATER'> {
  const { database, sources, tenant } = context;
  const petition = await findPetition(database, tenant.id, petitionId);
  if (!petition || !asksMatchServer(petition.state)) return 'DONE';
  if (!petition.state.progress.isAuthenticated) return refuseAnybody(context, petitionId);
  const { matchSourceId } = petition.flow;
  const source = matchSourceId
    ? await findSource((text, values) => database.read(tenant.id, text, values), tenant.id, matchSourceId)
    : null;
  const asked = describePerson(petition);
  const answered = await ask(sources, tenant.id, source, asked, signal);
  return transact(database, tenant.id, async (manager) => {
    const locked = await lockPetition(manager, tenant.id, petitionId);
    // What was said about something else does not count: it is looked at again at once.
    if (!locked || !asksMatchServer(locked.state) || !isDeepStrictEqual(describePerson(locked), asked)) return 'DONE';
    if (!locked.isFlowActive) return 'LATER';
    return take(manager, context, locked, source, answered);
  });
}

/**
 * Whoever has not signed in anywhere queries no source, this one either: the petition waits for an administrator. Such
 * flows are not saved; but the source at which people were to sign in may be suspended.
 */
async function refuseAnybody(context: PetitionContext, petitionId: string): Promise<'DONE'> {
  const { database, tenant, clock } = context;
  await transact(database, tenant.id, async (manager) => {
    const locked = await lockPetition(manager, tenant.id, petitionId);
    if (!locked?.isFlowActive || !asksMatchServer(locked.state) || locked.state.progress.isAuthenticated) return;
    const message = 'The match server is not asked, as nobody has signed in: an administrator must settle this.';
    const writer = { tenantId: tenant.id, at: clock(), actor: SYSTEM };
    const command = { kind: 'FAIL_STEP', message } as const;
    await giveCommand(manager, context, writer, locked, { command }, [PetitionParty.SYSTEM]);
  });
  return 'DONE';
}

/** What a match server is told of whom a petition enrolls: what the petition gives, and no more. */
function describePerson(petition: LockedPetition): MatchRequest {
  const { id, flow, state } = petition;
  const { after, identifiers } = planPerson(petition, null);
  const { givenName, familyName } = after;
  return {
    label: flow.matchLabel ?? USUAL_LABEL,
    id,
    names: givenName === null && familyName === null ? [] : [{ givenName, familyName }],
    emails: state.email === null ? [] : [state.email],
    identifiers: identifiers.map(({ type, value }) => ({ type, value })),
    choice: state.progress.matchChoice ?? null,
  };
}

async function ask(
  sources: SourceClients,
  tenantId: string,
  source: Source | null,
  asked: MatchRequest,
  signal: AbortSignal,
): Promise<Answered> {
  if (source?.status !== SourceStatus.ACTIVE) return { kind: 'SUSPENDED' };
  try {
    const client = await sources.open(tenantId, source);
    if (!client.capabilities.has(SourceCapability.MATCH))
      throw new SourceError(SourceErrorCode.MISCONFIGURED, 'This source is no match server.');
    const { identifierType } = client.match;
    return { kind: 'ANSWER', answer: await client.match.request(asked, signal), identifierType };
  } catch (error) {
    if (!(error instanceof SourceError) || signal.aborted) throw error;
    return { kind: 'UNAVAILABLE', errorCode: error.code, message: error.message };
  }
}

/** Writes down what was answered, and gives it to the petition. */
async function take(
  manager: EntityManager,
  context: PetitionContext,
  petition: LockedPetition,
  source: Source | null,
  answered: Answered,
): Promise<'DONE' | 'LATER'> {
  const tenantId = context.tenant.id;
  const writer = { tenantId, at: context.clock(), actor: SYSTEM };
  const command = await toCommand(manager, tenantId, petition, answered);
  if (source) await recordSourceCheck(manager, writer, petition.id, checkOf(source, command, answered));
  const isDelay = command.outcome === 'PENDING' || command.outcome === 'ERROR';
  const isTold = petition.state.progress.matchDelays?.includes(command.outcome as MatchDelay) ?? false;
  if (!isDelay || !isTold) await giveCommand(manager, context, writer, petition, { command }, [PetitionParty.SYSTEM]);
  return isDelay ? 'LATER' : 'DONE';
}

type Told = Extract<Command, { kind: 'ANSWER_MATCH' }>;

/** Whom a reference id names is whoever has it here: the match server may know people whom this tenant does not. */
async function toCommand(
  manager: EntityManager,
  tenantId: string,
  { state }: LockedPetition,
  answered: Answered,
): Promise<Told> {
  const kind = 'ANSWER_MATCH' as const;
  if (answered.kind === 'SUSPENDED') return { kind, outcome: 'SUSPENDED' };
  if (answered.kind === 'UNAVAILABLE') return { kind, outcome: 'ERROR' };
  const { answer } = answered;
  if (answer.outcome === 'PENDING') return { kind, outcome: 'PENDING' };
  if (answer.outcome === 'CHOICES') return { kind, outcome: 'CHOICES', candidates: answer.candidates };
  const identifier: MatchIdentifier = { type: answered.identifierType, value: answer.referenceId };
  const [owner] = await runSql<{ userId: string }>(
    manager,
    'select user_id as "userId" from user_identifiers where tenant_id = $1 and type = $2 and value = $3',
    [tenantId, identifier.type, identifier.value],
  );
  const known = owner && (await findKnownUser(manager, tenantId, owner.userId, state.organizationId));
  return known ? { kind, outcome: 'KNOWN', known, identifier } : { kind, outcome: 'NEW', identifier };
}

function checkOf({ id, name }: Source, command: Told, answered: Answered): SourceCheck {
  const check = { source: { id, name }, mode: 'MATCH' as const, hits: 0 };
  switch (command.outcome) {
    case 'KNOWN':
      return { ...check, outcome: 'LINKED', hits: 1 };
    case 'NEW':
      return { ...check, outcome: 'NOT_FOUND' };
    case 'CHOICES': {
      const message = 'It has to be chosen among several people.';
      return { ...check, outcome: 'NOT_FOUND', hits: command.candidates.length, message };
    }
    case 'PENDING':
      return { ...check, outcome: 'UNAVAILABLE', message: 'The match server looks into it.' };
    case 'SUSPENDED':
      return { ...check, outcome: 'SUSPENDED' };
    case 'ERROR': {
      const { errorCode, message } = answered as Extract<Answered, { kind: 'UNAVAILABLE' }>;
      return { ...check, outcome: 'UNAVAILABLE', errorCode, message };
    }
  }
}
