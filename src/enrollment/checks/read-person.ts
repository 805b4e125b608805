import { AttributeTarget, MatchPolicy, SourceMode } from '../../entities/enums.js';
import { isProofOfAccount } from '../finalize/plan-changes.js';
import type { LockedPetition } from '../petitions/locked-petition.js';
import type { AskedPerson } from './choose-hits.js';

/** Reads rows: a transaction's `runSql`, or the database's `read`. */
export type Read = <Row>(text: string, values: unknown[]) => Promise<Row[]>;

/** By these, it is not the enrollee who says whom the petition is about. */
const CHOOSING: readonly MatchPolicy[] = [MatchPolicy.SELECT, MatchPolicy.EXTERNAL];

/** By how many addresses a source is searched at most for one petition: the first ones, in the order of their letters. */
const MOST_ADDRESSES = 20;

/** The records of the person: those that are linked to them, and those of the petition that are nobody's yet. */
const RECORDS = `
select r.verified_emails, r.record from source_records r
where r.tenant_id = $1 and r.user_id = $2 and r.status = 'SYNCED'
union all
select r.verified_emails, r.record from petition_source_checks c
join source_records r on r.tenant_id = $1 and r.id = any(c.record_ids) and r.user_id is null and r.status = 'SYNCED'
where c.tenant_id = $1 and c.petition_id = $3`;

const ADDRESSES = `
select u.email_normalized as address from users u where u.tenant_id = $1 and u.id = $2 and u.is_email_verified
union
select address from (${RECORDS}) own, unnest(own.verified_emails) as address`;

const FAMILY_NAMES = `
select u.family_name as name from users u where u.tenant_id = $1 and u.id = $2
union
select name->>'familyName' from (${RECORDS}) own,
  jsonb_array_elements(case jsonb_typeof(own.record->'names') when 'array' then own.record->'names' else '[]' end) as name`;

type PetitionOf = Pick<LockedPetition, 'id' | 'flow' | 'state' | 'attributes'>;

/**
 * The addresses by which a source is asked about the person of a petition: only such as are proven (ENR-43). CLAIM asks
 * by the one that was proven for it; searches by that of the petition, of the account, and those for which records of the
 * person vouch. Of an account that somebody else has chosen, the petition's own address says nothing: whoever chose it
 * could give theirs, and have their own records become that person's.
 */
export async function readAddresses(
  read: Read,
  tenantId: string,
  { id, flow, state }: Pick<LockedPetition, 'id' | 'flow' | 'state'>,
  mode: SourceMode,
): Promise<string[]> {
  const given = state.isEmailVerified && state.email ? [state.email] : [];
  if (mode === SourceMode.CLAIM) return given;
  const isOfAnother = state.enrolleeUserId !== null && CHOOSING.includes(flow.match) && !isProofOfAccount(flow);
  const own = isOfAnother ? [] : given;
  const others = await readOtherAddresses(read, tenantId, state.enrolleeUserId, id);
  return [...new Set([...own, ...others])].slice(0, MOST_ADDRESSES);
}

/** The proven addresses of somebody besides the petition's own, in the order of their letters. `petitionId`: null before it is there. */
export async function readOtherAddresses(
  read: Read,
  tenantId: string,
  userId: string | null,
  petitionId: string | null,
): Promise<string[]> {
  const rows = await read<{ address: string | null }>(ADDRESSES, [tenantId, userId, petitionId]);
  return rows.flatMap(({ address }) => address ?? []).sort();
}

/** Whom a petition is about, as far as records are compared with them. */
export async function readPerson(
  read: Read,
  tenantId: string,
  { id, flow, state, attributes }: PetitionOf,
): Promise<AskedPerson> {
  const rows = await read<{ name: string | null }>(FAMILY_NAMES, [tenantId, state.enrolleeUserId, id]);
  const given = flow.attributes
    .filter(({ target }) => target === AttributeTarget.USER_FAMILY_NAME)
    .map(({ key }) => (Object.hasOwn(attributes, key) ? attributes[key] : null))
    .filter((value): value is string => typeof value === 'string');
  return { userId: state.enrolleeUserId, familyNames: [...rows.map(({ name }) => name), ...given] };
}
