import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import type { PersonRecord } from '../../entities/person-record.js';
import type { Account, KnownPerson, SourceOutcome } from '../machine/state.js';
import type { Reference } from '../pipelines/match.js';
import { findAccount, findKnownUser } from '../petitions/facts.js';
import type { LockedPetition } from '../petitions/locked-petition.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import { takeRecords, type TakenRecord } from '../records/take-records.js';
import type { Source } from '../sources/source.js';
import { chooseHits, type KnownRecord } from './choose-hits.js';
import { readPerson, type Read } from './read-person.js';

/** In which way a source was asked about the person of a petition. */
export interface AskedHow {
  verifiesFamilyName: boolean;
  /**
   * Whether the record says who it is: the pipeline makes or finds somebody of whom there is no account yet, and somebody
   * who has it already is whom the petition is about.
   */
  findsPerson: boolean;
  /** Who the records are of, where the pipeline asks a match server: from `matchHits`. */
  references?: ReadonlyMap<string, Reference>;
}

/** What became of the records that a source gave for a petition. */
export interface TakenHits {
  outcome: Extract<SourceOutcome, 'LINKED' | 'NOT_FOUND' | 'NAME_MISMATCH'>;
  hits: number;
  recordIds: string[];
  /** Whose the records are by now, where the petition had no person. */
  account: Account | null;
  /** Who has the record, where that is somebody else: nothing was taken then. */
  known: KnownPerson | null;
  /** What could not be done, for administrators. */
  message: string | null;
}

const KNOWN = `
select r.key, r.user_id as "userId", r.is_unlinked as "isUnlinked" from source_records r
where r.tenant_id = $1 and r.source_id = $2 and r.key = any($3::text[]) order by r.key for no key update`;

/** The latest petition that has a record which is nobody's answers for it: when it ends, so does the record. */
const HOLD = `update source_records set petition_id = $3
  where tenant_id = $1 and id = any($2::uuid[]) and user_id is null and petition_id is not null and petition_id <> $3`;

/**
 * Takes what a source said about the person of a petition, in the transaction of the answer and under the lock of the
 * petition. The records become the person's; where there is none yet, they stay nobody's until the petition is finalized,
 * unless the pipeline is to find the person.
 */
export async function takeHits(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  petition: LockedPetition,
  source: Source,
  records: readonly PersonRecord[],
  how: AskedHow,
): Promise<TakenHits> {
  const { tenantId } = writer;
  const { verifiesFamilyName, findsPerson, references } = how;
  const read: Read = (text, values) => runSql(manager, text, values);
  const userId = petition.state.enrolleeUserId;
  const known = await read<KnownRecord>(KNOWN, [tenantId, source.id, records.map(({ key }) => key)]);
  const person = await readPerson(read, tenantId, petition);
  const { taken, others, mismatches } = chooseHits(records, known, person, verifiesFamilyName);

  const asked = userId || findsPerson ? source : { ...source, pipelineId: null };
  const options = { context, takesNew: true, petitionId: petition.id, userId, references, findsPerson };
  // Several records are one person's: the pipeline makes or finds them by the first, and the others follow.
  const first = taken.slice(0, userId || !asked.pipelineId ? taken.length : 1);
  const done = first.length ? await takeRecords(manager, writer, asked, first, options) : [];
  const rest = taken.slice(first.length);
  const owner = { ...options, userId: userId ?? done[0]?.userId ?? null };
  const following = owner.userId ? asked : { ...source, pipelineId: null };
  if (rest.length) done.push(...(await takeRecords(manager, writer, following, rest, owner)));
  const own = done.filter((record) => isTheirs(record, userId));
  const recordIds = own.flatMap(({ recordId }) => recordId ?? []);
  if (recordIds.length) await runSql(manager, HOLD, [tenantId, recordIds, petition.id]);

  const foundUserId = userId ? null : (own.find((record) => record.userId)?.userId ?? null);
  const other = own.length ? null : (others[0] ?? null);
  const misses = mismatches ? 'NAME_MISMATCH' : 'NOT_FOUND';
  return {
    outcome: own.length || (other && findsPerson) ? 'LINKED' : misses,
    hits: records.length,
    recordIds,
    account: await findAccount(manager, tenantId, foundUserId),
    known: other ? await findKnownUser(manager, tenantId, other, petition.state.organizationId) : null,
    message: done.find(({ outcome }) => outcome === 'FAILED')?.message ?? null,
  };
}

/** Of a newcomer's all count; of a known person's those that are theirs by now. */
function isTheirs({ recordId, userId: owner }: TakenRecord, userId: string | null): boolean {
  return recordId !== null && (userId === null || owner === userId);
}
