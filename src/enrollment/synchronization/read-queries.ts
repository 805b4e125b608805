import type { OperationContext } from '../../context.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { QueryMismatch } from '../../entities/source-enums.js';
import type { SourceClient } from '../sources/clients.js';
import { type Batch, type RecordFault, type Run } from './batch.js';
import { distinct, DONE_KEYS } from './read-inventory.js';
import { ASKED_TOGETHER, inParallel, orFault } from './read-known.js';

/** Some people in the order of their ids, with their verified addresses in lower case. */
const PEOPLE = {
  USERS: (rest: string) => `
    select u.id, array[u.email_normalized] as addresses from users u
    where u.tenant_id = $1 and u.is_email_verified and u.email_normalized is not null and $2::uuid is not null ${rest}
    order by u.id limit ${ASKED_TOGETHER}`,
  RECORDS: (rest: string) => `
    select r.id, array(select distinct lower(e) from unnest(r.verified_emails) e) as addresses from source_records r
    where r.tenant_id = $1 and r.source_id <> $2 and r.status = 'SYNCED' and cardinality(r.verified_emails) > 0 ${rest}
    order by r.id limit ${ASKED_TOGETHER}`,
};
const FIRST = { USERS: PEOPLE.USERS(''), RECORDS: PEOPLE.RECORDS('') };
const NEXT = { USERS: PEOPLE.USERS('and u.id > $3'), RECORDS: PEOPLE.RECORDS('and r.id > $3') };

/** Which of these addresses are on records of this source. */
const ON_RECORDS = `
select distinct lower(e.address) as key
from source_records r cross join lateral (
  select unnest(r.verified_emails) as address
  union all select value ->> 'address' from jsonb_array_elements(r.record -> 'emails')
) e
where r.tenant_id = $1 and r.source_id = $2 and r.status = 'SYNCED' and lower(e.address) = any($3::text[])`;

/** How many addresses of users there are to search for. */
const COUNT = `select count(*)::float8 as count from users
  where tenant_id = $1 and is_email_verified and email_normalized is not null`;

export async function countAddresses(
  { database }: Pick<OperationContext, 'database'>,
  tenantId: string,
): Promise<number> {
  const [counted] = await database.read<{ count: number }>(tenantId, COUNT, [tenantId]);
  return counted!.count;
}

/** What the source finds by the verified addresses of users, or of records of other sources, as batches. */
export async function* readQueries(
  { database }: Pick<OperationContext, 'database'>,
  run: Run,
  client: Pick<SourceClient, 'search'>,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { tenantId, source, id, position } = run;
  const part = position.part as 'USERS' | 'RECORDS';
  const find = async (text: string, of: string, keys: string[]) => {
    const rows = keys.length ? await database.read<{ key: string }>(tenantId, text, [tenantId, of, keys]) : [];
    return new Set(rows.map(({ key }) => key));
  };
  for (let after = position.at; ;) {
    const values = [tenantId, source.id, ...(after ? [after] : [])];
    const people = await database.read<{ id: string; addresses: string[] }>(
      tenantId,
      after ? NEXT[part] : FIRST[part],
      values,
    );
    if (!people.length) return;
    after = people.at(-1)!.id;
    const addresses = [...new Set(people.flatMap((one) => one.addresses))];
    const searched = await find(DONE_KEYS, id, addresses.map(asKey));
    const known = source.querySkipsKnown ? await find(ON_RECORDS, source.id, addresses) : new Set<string>();
    const asked = addresses.filter((address) => !searched.has(asKey(address)) && !known.has(address));
    const matching: PersonRecord[] = [];
    const others: PersonRecord[] = [];
    const faults: RecordFault[] = [];
    await inParallel(asked, async (email) => {
      const records = (await orFault(null, faults, () => client.search({ email }, signal))) ?? [];
      for (const record of records) (holds(record, email) ? matching : others).push(record);
    });
    // Somebody may have been found by several addresses.
    const taken = distinct(source.queryMismatch === QueryMismatch.IGNORE ? matching : [...matching, ...others]).unique;
    const keys = new Set(taken.map(({ key }) => key));
    const knownOnly = distinct(others.filter(({ key }) => !keys.has(key))).unique;
    yield {
      records: taken,
      knownOnly,
      removedIds: [],
      faults,
      doneKeys: asked.map(asKey),
      done: part === 'USERS' ? people.length : 0,
      position: { ...position, at: after },
    };
    if (people.length < ASKED_TOGETHER) return;
  }
}

/** An address that was searched for, among the keys that are done: no two runs mix them with keys of records. */
const asKey = (address: string) => `address ${address}`;

function holds({ emails }: PersonRecord, wanted: string): boolean {
  return emails.some(({ address }) => address.toLowerCase() === wanted);
}
