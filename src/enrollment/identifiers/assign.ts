import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { runSql } from '../../database/transact.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { type Fault, fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { type IdentifierFormat, parseIdentifierFormat, writeIdentifier } from './format.js';

/** The most identifiers that one person has. */
export const MOST_IDENTIFIERS = 100;

/** How many numbers are looked through at once for one that is free, and how often. */
const BLOCK = 1000;
const MOST_BLOCKS = 1000;

export interface Identifier {
  type: string;
  value: string;
}

export interface AssignIdentifiers {
  userId: string;
  petitionId: string | null;
  /** Of which type each person gets one, and how it is written. */
  assigned: FlowSettings['assignedIdentifiers'];
  /** What the petition says that they have; `key` is the attribute that says it. */
  given: readonly (Identifier & { key?: string })[];
}

/**
 * Gives a person the identifiers that were given, then those that the flow assigns: of each type the next number that is
 * free in the tenant. Who has one of an assigned type keeps it. Returns those that are new, in the order in which they
 * came. Throws Faults TAKEN for each given one that is another person's, TOO_LONG when they would have too many.
 */
export async function assignIdentifiers(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  { userId, petitionId, assigned, given }: AssignIdentifiers,
): Promise<Identifier[]> {
  if (!assigned.length && !given.length) return [];
  // One petition of a person after the other: both would find that they have none yet.
  await runSql(manager, 'select 1 from users where tenant_id = $1 and id = $2 for no key update', [tenantId, userId]);
  const owned = await runSql<Identifier>(
    manager,
    'select type, value from user_identifiers where tenant_id = $1 and user_id = $2',
    [tenantId, userId],
  );
  const insert = async ({ type, value }: Identifier): Promise<boolean> => {
    const rows = await runSql(
      manager,
      `insert into user_identifiers (id, tenant_id, user_id, type, value, petition_id, created_at)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, type, value) do nothing returning id`,
      [v7(), tenantId, userId, type, value, petitionId, at],
    );
    return rows.length > 0;
  };

  const added: Identifier[] = [];
  const faults: Fault[] = [];
  // In one order for everybody, so that two who want the same wait rather than block each other.
  for (const { key, ...wanted } of inOrder(given)) {
    if ([...owned, ...added].some((known) => isSame(known, wanted))) continue;
    if (await insert(wanted)) added.push(wanted);
    else {
      const path = key === undefined ? [] : ['attributes', key];
      faults.push(fault(UserErrorCode.TAKEN, `${wanted.type} ${wanted.value} belongs to another person.`, ...path));
    }
  }
  refuseFaults(faults);
  for (const { type, format } of inOrder(assigned)) {
    if ([...owned, ...added].some((known) => known.type === type)) continue;
    const read = parseIdentifierFormat(format);
    if (!read) throw new Error(`The format of ${type} was not checked.`);
    added.push(await assignNext(manager, tenantId, type, read, insert));
  }
  const isTooMany = added.length > 0 && owned.length + added.length > MOST_IDENTIFIERS;
  refuseFaults([
    isTooMany && fault(UserErrorCode.TOO_LONG, `A person has at most ${MOST_IDENTIFIERS} identifiers.`, 'attributes'),
  ]);
  return added;
}

/** Takes the next number of a type. The counter's row is held until the transaction ends: nobody else gets the same. */
async function assignNext(
  manager: EntityManager,
  tenantId: string,
  type: string,
  format: IdentifierFormat,
  insert: (identifier: Identifier) => Promise<boolean>,
): Promise<Identifier> {
  let [{ last }] = (await runSql(
    manager,
    `insert into identifier_counters (id, tenant_id, type, last) values ($1, $2, $3, 1)
     on conflict (tenant_id, type) do update set last = identifier_counters.last + 1 returning last::text as last`,
    [v7(), tenantId, type],
  )) as [{ last: string }];
  for (let block = 0; block < MOST_BLOCKS; block++) {
    const identifier = { type, value: writeIdentifier(format, BigInt(last)) };
    if (await insert(identifier)) return identifier;
    // It was given to somebody by hand, and so may be many after it.
    [{ last }] = (await runSql(
      manager,
      `update identifier_counters set last = coalesce(
         (select min(n.number) from (
            select number, $4::text || lpad(number::text, greatest($5::int, length(number::text)), '0') || $6::text as value
            from generate_series(last + 1, last + ${BLOCK}) as number) n
          left join user_identifiers i on i.tenant_id = $1 and i.type = $2 and i.value = n.value
          where i.id is null),
         last + ${BLOCK})
       where tenant_id = $1 and type = $2 and last = $3::bigint returning last::text as last`,
      [tenantId, type, last, format.before, format.width, format.after],
    )) as [{ last: string }];
  }
  throw new Error(`No number of the next ${MOST_BLOCKS * BLOCK} is free for an identifier of type ${type}.`);
}

const isSame = (one: Identifier, other: Identifier): boolean => one.type === other.type && one.value === other.value;

function inOrder<Item extends { type: string; value?: string }>(items: readonly Item[]): Item[] {
  const keyOf = ({ type, value = '' }: Item) => `${type} ${value}`;
  return [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}
