import { createBatch } from '../batch.js';
import type { Database } from '../database.js';

/** An identifier of a user. */
export interface UserIdentifierRow {
  type: string;
  value: string;
}

/** The most identifiers that are shown of a user; nobody is given more. */
const MOST_IDENTIFIERS = 100;

/** What enrollment has stored with users and memberships: read on its own, since most queries ask for none of it. */
export function createAttributeLoaders(database: Database) {
  const attributesOf = (table: 'users' | 'memberships') =>
    createBatch<Record<string, unknown>>(async ({ tenantId }, ids) => {
      const rows = await database.read<{ id: string; attributes: Record<string, unknown> }>(
        tenantId,
        `select id, attributes from ${table} where tenant_id = $1 and id = any($2::uuid[])`,
        [tenantId, ids],
      );
      return new Map(rows.map(({ id, attributes }) => [id, attributes]));
    });

  return {
    /** By the id of the user. */
    ofUser: attributesOf('users'),
    /** By the id of the membership. */
    ofMembership: attributesOf('memberships'),
    /** Of a user, by type, then value. */
    identifiers: createBatch<UserIdentifierRow[]>(async ({ tenantId }, users) => {
      const rows = await database.read<UserIdentifierRow & { userId: string }>(
        tenantId,
        `select owner.id as "userId", i.type, i.value from unnest($2::uuid[]) as owner(id)
         cross join lateral (
           select i.type, i.value from user_identifiers i where i.tenant_id = $1 and i.user_id = owner.id
           order by i.type, i.value limit ${MOST_IDENTIFIERS}) i`,
        [tenantId, users],
      );
      return Map.groupBy(rows, ({ userId }) => userId);
    }),
  };
}
