import { setTimeout as wait } from 'node:timers/promises';
import type { Connection, Statement } from '../../src/database/pool.js';
import type { Database } from '../../src/database/database.js';
import type { OperationContext } from '../../src/context.js';
import { dispatchEvents } from '../../src/events/dispatch.js';

/** Lets the statement that writes events be left out, so that an operation can be timed without it. */
export function takeEventsAway(database: Database): { writesEvents: boolean } {
  const switches = { writesEvents: true };
  const connect = database.pool.connect.bind(database.pool);
  database.pool.connect = async (tenantId) => {
    const connection = await connect(tenantId);
    return switches.writesEvents ? connection : withoutEvents(connection);
  };
  return switches;
}

function withoutEvents(connection: Connection): Connection {
  return {
    query: async <Row>(statement: Statement | string, values?: unknown[]) => {
      const text = typeof statement === 'string' ? statement : statement.text;
      if (text.includes('insert into outbox')) return { command: 'INSERT', rowCount: 0, rows: [] };
      return connection.query<Row>(statement, values);
    },
    release: (failure) => connection.release(failure),
  };
}

/** Chains and hands on what is written, as often as the jobs of a running gateway do; the end waits until all of it is. */
export function chainMeanwhile(
  context: Pick<OperationContext, 'database' | 'sealing' | 'clock'>,
  tenantId: string,
): () => Promise<void> {
  const ending = new AbortController();
  const chaining = (async () => {
    while (!ending.signal.aborted) {
      await dispatchEvents(context, tenantId);
      await wait(100, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    await dispatchEvents(context, tenantId);
  })();
  return async () => {
    ending.abort();
    await chaining;
  };
}
