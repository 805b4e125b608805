import type { EntityManager } from '@mikro-orm/postgresql';
import { type Writer, writerOf } from '../../actor.js';
import { runSql, transact } from '../../database/transact.js';
import { HELD_BY_APPLICATIONS, HELD_BY_USERS, type HeldRole } from '../../database/held-roles.js';
import { EmailAddress } from '../../entities/email-address.js';
import { PetitionParty, SourceMode } from '../../entities/enums.js';
import type { PersonIdentifier, PersonRecord } from '../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceStatus } from '../../entities/source-enums.js';
import { type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { limitSourceSearches } from '../confirmations/limit.js';
import { mayStart } from '../flows/may-start.js';
import { starterOf } from '../flows/starter-of.js';
import { isAdministrative } from '../machine/plan.js';
import { refuseCommand } from '../machine/refuse.js';
import { openSources } from '../machine/settled-sources.js';
import { findPetition, type LockedPetition } from '../petitions/locked-petition.js';
import { partiesOf } from '../petitions/parties.js';
import { type CommandDone, giveCommand, type PetitionContext, requirePetition } from '../petitions/run-command.js';
import type { PersonQuery } from '../sources/adapter.js';
import type { SourceClient, SourceClients } from '../sources/clients.js';
import { SourceError } from '../sources/source-error.js';
import { findSource, type Source } from '../sources/source.js';
import type { Read } from './read-person.js';
import { recordSourceCheck, type SourceCheck } from './record-check.js';
import { emailOf } from './email-of.js';
import { matchHits } from './match-hits.js';
import { type AskedHow, takeHits } from './take-hits.js';

type SelectContext = PetitionContext & { sources: SourceClients };

/** Somebody in a source, among whom an administrator chooses. */
export interface SourceCandidate extends Omit<PersonRecord, 'raw'> {
  /** The record is somebody's already: it cannot be chosen. */
  isLinked: boolean;
}

/** In which source of which petition. Ids are uuids. */
export interface SelectPlace {
  id: string;
  sourceId: string;
}

const LINKED = `select r.key, r.user_id as "userId" from source_records r
  where r.tenant_id = $1 and r.source_id = $2 and r.key = any($3::text[]) and r.user_id is not null`;

/**
 * Whom a source of a petition finds, for the administrator whose turn it is to choose (ENR-34): at most as many as a
 * search may find. Throws Faults: NOT_FOUND, NOT_YOUR_TURN, WRONG_STATUS, PETITION_FINISHED, FLOW_NOT_ACTIVE, REQUIRED,
 * INVALID, RATE_LIMITED, SOURCE_UNAVAILABLE.
 */
export async function findCandidates(
  context: SelectContext,
  { id, sourceId, ...asked }: SelectPlace & { email?: string | null; identifier?: PersonIdentifier | null },
): Promise<SourceCandidate[]> {
  const source = await prepare(context, { id, sourceId });
  const query = readQuery(asked);
  const byEmail = 'email' in query;
  const needed = byEmail ? SourceCapability.SEARCH_BY_EMAIL : SourceCapability.SEARCH_BY_IDENTIFIER;
  const found = await ask(context, id, source, needed, (client) => client.search(query, new AbortController().signal));
  const keys = found.map(({ key }) => key);
  const linked = await context.database.read<{ key: string; userId: string }>(context.tenant.id, LINKED, [
    ...[context.tenant.id, sourceId, keys],
  ]);
  const taken = new Set(linked.map(({ key }) => key));
  return found.map(({ raw: _raw, ...person }) => ({
    ...person,
    isLinked: taken.has(person.key),
  }));
}

/**
 * The administrator chooses a record: the source is asked for it anew, and what it says then is linked to the person of
 * the petition; where nobody was chosen, the person of its pipeline joins. Throws Faults: as {@link findCandidates};
 * NOT_FOUND at `key`, TAKEN for a record that is somebody's already (ENR-35).
 */
export async function selectSourceRecord(
  context: SelectContext,
  { key, ...place }: SelectPlace & { key: string },
): Promise<CommandDone> {
  const writer = writerOf(context, 'petitionSelectSourceRecord');
  const source = await prepare(context, place);
  const { signal } = new AbortController();
  const petition = await findPetition(context.database, writer.tenantId, place.id);
  const enrolled = petition?.state.enrolleeUserId ?? null;
  const answer = await ask(context, place.id, source, SourceCapability.RETRIEVE, async (client) => {
    const record = await client.retrieve(key, signal);
    if (!record || record.key !== key) return null;
    return { record, references: await matchHits(context, writer.tenantId, source, enrolled, [record], signal) };
  });
  if (!answer) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'The source has no such record.', 'key')]);
  return transact(context.database, writer.tenantId, async (manager) => {
    const petition = await requirePetition(manager, writer.tenantId, place.id);
    const read: Read = (text, values) => runSql(manager, text, values);
    const current = await requireSelectable(read, context, petition, place.sourceId);
    const isEdited = current.version !== source.version;
    refuseFaults([isEdited && fault(UserErrorCode.WRONG_STATUS, 'The source was just edited: try again.', 'sourceId')]);
    return take(manager, context, writer, petition, current, answer);
  });
}

async function take(
  manager: EntityManager,
  context: SelectContext,
  writer: Writer,
  petition: LockedPetition,
  source: Source,
  { record, references }: { record: PersonRecord; references: AskedHow['references'] },
): Promise<CommandDone> {
  // Also one that is linked to whom the petition enrolls: they have it (ENR-35).
  const [linked] = await runSql(manager, LINKED, [writer.tenantId, source.id, [record.key]]);
  const how = { verifiesFamilyName: false, findsPerson: true, references };
  const { known, account, message, ...taken } = await takeHits(
    manager,
    context,
    writer,
    petition,
    source,
    [record],
    how,
  );
  const others = 'This record is linked to somebody already.';
  refuseFaults([
    (linked || known) && fault(UserErrorCode.TAKEN, others, 'key'),
    taken.outcome !== 'LINKED' &&
      fault(
        UserErrorCode.WRONG_STATUS,
        message ?? 'The record cannot be linked: an administrator has unlinked it, or its pipeline cannot.',
        'key',
      ),
  ]);
  const email = emailOf(record);
  await recordSourceCheck(manager, writer, petition.id, { source, mode: SourceMode.SELECT, ...taken, message });
  const command = {
    kind: 'ANSWER_SOURCE',
    sourceId: source.id,
    outcome: 'LINKED',
    account,
    email: email?.given,
  } as const;
  const prepared = { command, email: account ? null : email?.written };
  return giveCommand(manager, context, writer, petition, prepared, [PetitionParty.SYSTEM]);
}

/** What is looked at before a source is asked: who asks, then where the petition stands, then the source. */
async function prepare(context: SelectContext, { id, sourceId }: SelectPlace): Promise<Source> {
  const { database, tenant } = context;
  const petition = await findPetition(database, tenant.id, id);
  if (!petition) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such petition.', 'id')]);
  const read: Read = (text, values) => database.read(tenant.id, text, values);
  const source = await requireSelectable(read, context, petition, sourceId);
  await limitSourceSearches(context);
  return source;
}

/**
 * The source, if the caller may choose a record of it for this petition now: they administer what the flow asks for, also
 * if they are its petitioner; the flow is one of administrators, and the source is attached to it to be chosen from and
 * still open to its owner. Throws Faults.
 */
async function requireSelectable(
  read: Read,
  context: SelectContext,
  petition: LockedPetition,
  sourceId: string,
): Promise<Source> {
  const { flow, flowOrganizationId, state, tokens, isFlowActive } = petition;
  const { tenant, viewer, clock } = context;
  const parties = partiesOf(context, { ...state, ...tokens }, clock());
  const isParty = parties.some((party) => party !== PetitionParty.ENROLLEE);
  const administers = viewer !== null && (await mayStartNow(read, context, petition));
  if (!isParty || !isAdministrative(flow) || !administers)
    throw new Faults([fault(UserErrorCode.NOT_YOUR_TURN, 'It is for administrators to choose a record of a source.')]);
  const refused = refuseCommand(state, 'ANSWER_SOURCE', [PetitionParty.SYSTEM], isFlowActive);
  if (refused) throw new Faults([refused]);
  const isOffered = openSources(flow, state).some(
    (open) => open.sourceId === sourceId && open.mode === SourceMode.SELECT,
  );
  const source = isOffered ? await findSource(read, tenant.id, sourceId) : null;
  const isOpen =
    source?.status === SourceStatus.ACTIVE && (flowOrganizationId === null || source.isOpenToOrganizations);
  if (!source || !isOpen)
    throw new Faults([fault(UserErrorCode.NOT_FOUND, 'The petition does not ask this source now.', 'sourceId')]);
  return source;
}

async function mayStartNow(
  read: Read,
  { viewer, tenant }: SelectContext,
  { flow, flowOrganizationId }: LockedPetition,
): Promise<boolean> {
  const asked = viewer?.applicationId ?? viewer?.userId;
  const text = viewer?.applicationId ? HELD_BY_APPLICATIONS : HELD_BY_USERS;
  const held = asked ? await read<HeldRole>(text, [tenant.id, [asked]]) : [];
  return mayStart({ settings: flow, organizationId: flowOrganizationId }, starterOf(viewer, held));
}

/** Asks a source. That it did not answer is kept for who administers; who asked is told to try again. */
async function ask<Answer>(
  context: SelectContext,
  petitionId: string,
  source: Source,
  needed: SourceCapability,
  question: (client: SourceClient) => Promise<Answer>,
): Promise<Answer> {
  const { database, tenant, sources } = context;
  try {
    const client = await sources.open(tenant.id, source);
    if (!client.capabilities.has(needed))
      throw new SourceError(SourceErrorCode.MISCONFIGURED, `This source lacks the capability ${needed}.`);
    return await question(client);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const writer = writerOf(context, 'petitionSelectSourceRecord');
    const { code: errorCode, message } = error;
    const check: SourceCheck = { source, mode: SourceMode.SELECT, outcome: 'UNAVAILABLE', hits: 0, errorCode, message };
    await transact(database, tenant.id, async (manager) => {
      await requirePetition(manager, tenant.id, petitionId);
      await recordSourceCheck(manager, writer, petitionId, check);
    });
    throw new Faults([fault(UserErrorCode.SOURCE_UNAVAILABLE, 'The source did not answer: try again.', 'sourceId')]);
  }
}

function readQuery({
  email,
  identifier,
}: {
  email?: string | null;
  identifier?: PersonIdentifier | null;
}): PersonQuery {
  const refuse = (code: UserErrorCode, message: string, ...field: string[]): Fault => fault(code, message, ...field);
  if ((email ?? null) === null && !identifier)
    throw new Faults([refuse(UserErrorCode.REQUIRED, 'Give email or identifier: who is looked for?', 'email')]);
  if (email && identifier)
    throw new Faults([refuse(UserErrorCode.INVALID, 'Give email or identifier, and not both.', 'identifier')]);
  if (identifier) {
    const isGiven = identifier.type.trim() !== '' && identifier.value.trim() !== '' && identifier.value.length <= 512;
    if (!isGiven) throw new Faults([refuse(UserErrorCode.INVALID, 'identifier is a type and a value.', 'identifier')]);
    return { identifier };
  }
  const address = EmailAddress.parse(email);
  if (!address) throw new Faults([refuse(UserErrorCode.INVALID, 'email is not an address.', 'email')]);
  return { email: address.value };
}
