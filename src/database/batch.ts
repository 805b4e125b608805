/** What reads of one statement have in common beside the key: the tenant, and arguments such as a page. */
export interface BatchGroup<Arguments> {
  tenantId: string;
  shared: Arguments;
}

/** Reads what belongs to a key; undefined when there is nothing. */
export type BatchedRead<Value, Arguments> = (
  tenantId: string,
  key: string,
  ...shared: Arguments extends void ? [] : [Arguments]
) => Promise<Value | undefined>;

const LARGEST_BATCH = 500;

interface Waiting<Value> {
  resolve: (value: Value | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Joins the reads of one turn of the event loop, of all requests, into one statement a group. Nothing is kept: a read
 * always sees what was committed before it was asked for. Rows may be shared between requests, so nobody changes them;
 * who may see them is decided by each request for itself.
 */
export function createBatch<Value, Arguments = void>(
  read: (group: BatchGroup<Arguments>, keys: string[]) => Promise<Map<string, Value>>,
): BatchedRead<Value, Arguments> {
  let groups = new Map<string, BatchGroup<Arguments> & { waiting: Map<string, Waiting<Value>[]> }>();

  function dispatch(): void {
    const batches = [...groups.values()];
    groups = new Map();
    for (const group of batches) {
      const keys = [...group.waiting.keys()];
      for (let start = 0; start < keys.length; start += LARGEST_BATCH) {
        void answer(group, keys.slice(start, start + LARGEST_BATCH), group.waiting);
      }
    }
  }

  async function answer(
    group: BatchGroup<Arguments>,
    keys: string[],
    waiting: Map<string, Waiting<Value>[]>,
  ): Promise<void> {
    try {
      const values = await read(group, keys);
      for (const key of keys) for (const { resolve } of waiting.get(key)!) resolve(values.get(key));
    } catch (error) {
      for (const key of keys) for (const { reject } of waiting.get(key)!) reject(error);
    }
  }

  return (tenantId, key, ...rest) =>
    new Promise((resolve, reject) => {
      if (groups.size === 0) setImmediate(dispatch);
      const [shared] = rest as [Arguments];
      const name = shared === undefined ? tenantId : `${tenantId} ${JSON.stringify(shared)}`;
      let group = groups.get(name);
      if (!group) groups.set(name, (group = { tenantId, shared, waiting: new Map() }));
      const same = group.waiting.get(key);
      if (same) same.push({ resolve, reject });
      else group.waiting.set(key, [{ resolve, reject }]);
    });
}

/** Rows by their key. */
export function indexBy<Row>(rows: Row[], keyOf: (row: Row) => string): Map<string, Row> {
  return new Map(rows.map((row) => [keyOf(row), row]));
}
