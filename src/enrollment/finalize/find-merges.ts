import { createBatch } from '../../database/batch.js';
import type { Database } from '../../database/database.js';

/** That a petition was merged into somebody, and until when that can be undone. */
export interface Merge {
  mergedAt: string;
  undoableUntil: string;
  undoneAt: string | null;
}

type Find = (tenantId: string, petitionId: string) => Promise<Merge | undefined>;

const finds = new WeakMap<Database, Find>();

/** The merge of a petition, if there was one. Calls of one turn of the event loop share one statement. */
export async function findMerge(database: Database, tenantId: string, petitionId: string): Promise<Merge | null> {
  let find = finds.get(database);
  if (!find) finds.set(database, (find = createFind(database)));
  return (await find(tenantId, petitionId)) ?? null;
}

function createFind(database: Database): Find {
  return createBatch<Merge>(async ({ tenantId }, ids) => {
    const rows = await database.read<Merge & { petitionId: string }>(
      tenantId,
      `select petition_id as "petitionId", merged_at as "mergedAt", undoable_until as "undoableUntil",
         undone_at as "undoneAt"
       from petition_merges where tenant_id = $1 and petition_id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return new Map(rows.map(({ petitionId, ...merge }) => [petitionId, merge]));
  });
}
