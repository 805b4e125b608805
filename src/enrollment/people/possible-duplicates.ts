import { createBatch } from '../../database/batch.js';
import type { Database } from '../../database/database.js';
import { EmailAddress } from '../../entities/email-address.js';

/** How a person is called who may be known already. */
export interface PersonFacts {
  email?: string | null;
  givenName?: string | null;
  familyName?: string | null;
}

/** A user who may be that person. Once each: who has the address is not told of again for the name. */
export interface PossibleDuplicate {
  userId: string;
  reason: 'SAME_ADDRESS' | 'SAME_NAME';
}

const MOST = 20;

type Lookup = (tenantId: string, key: string) => Promise<PossibleDuplicate[] | undefined>;

const lookups = new WeakMap<Database, Lookup>();

/**
 * Users of the tenant who have the same address, or the same given and family name without regard to case and accents:
 * at most twenty, the one with the address first. Calls of one turn of the event loop share one statement, so it may
 * be asked for each petition of a list.
 */
export async function findPossibleDuplicates(
  database: Database,
  tenantId: string,
  { email, givenName, familyName }: PersonFacts,
): Promise<PossibleDuplicate[]> {
  const address = EmailAddress.parse(email)?.normalized ?? null;
  const name = familyName?.trim() ? `${givenName ?? ''} ${familyName}`.replaceAll('\0', '').toWellFormed() : null;
  if (!address && !name) return [];
  let lookup = lookups.get(database);
  if (!lookup) lookups.set(database, (lookup = createLookup(database)));
  return (await lookup(tenantId, JSON.stringify([address, name]))) ?? [];
}

function createLookup(database: Database): Lookup {
  return createBatch<PossibleDuplicate[]>(async ({ tenantId }, keys) => {
    const people = keys.map((key) => JSON.parse(key) as [email: string | null, name: string | null]);
    // A list of its own for each reason, and for both the database folds as it folded what is stored.
    const rows = await database.read<PossibleDuplicate & { place: number }>(
      tenantId,
      `with person as materialized (
         select (place - 1)::int as place, email, fold_text(name) collate "C" as name
         from unnest($2::text[], $3::text[]) with ordinality as given(email, name, place))
       select person.place, u.id as "userId", 'SAME_ADDRESS' as reason
       from person join users u on u.tenant_id = $1 and u.email_normalized = person.email
       union all
       select person.place, same.id, 'SAME_NAME' from person cross join lateral (
         select u.id, u.email_normalized from users u where u.tenant_id = $1 and u.search_name = person.name
         order by u.id limit ${MOST + 1}) same
       where person.name <> '' and same.email_normalized is distinct from person.email`,
      [tenantId, people.map(([email]) => email), people.map(([, name]) => name)],
    );
    const found = new Map<string, PossibleDuplicate[]>();
    for (const { place, userId, reason } of rows) {
      const key = keys[place]!;
      const list = found.get(key) ?? [];
      if (list.length < MOST) list.push({ userId, reason });
      found.set(key, list);
    }
    return found;
  });
}
