import { setTimeout as wait } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from './database.js';
import { preparedName, type TransactionScope, transactionScope } from './pool.js';

const ATTEMPTS = 6;
const RETRIED_STATES = new Set(['40001', '40P01']);

/** Thrown inside a transaction whose premises another one has just changed: it is rolled back and run again. */
export class RetryTransaction extends Error {}

/**
 * Runs `work` in one transaction of the tenant, with an entity manager of its own. Serialization failures, deadlocks
 * and {@link RetryTransaction} are tried again, at most six times in all; everything else rolls back and is thrown.
 *
 * Locks are taken in the order user, organization (by id), membership, role; whoever takes several keeps to it.
 */
export async function transact<Result>(
  database: Database,
  tenantId: string,
  work: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  if (transactionScope.getStore()?.isOpen)
    throw new Error('A transaction is open already: pass its entity manager on.');
  for (let attempt = 1; ; attempt++) {
    const manager = database.orm.em.fork({ clear: true });
    manager.setFilterParams('tenant', { tenantId });
    const scope: TransactionScope = { tenantId, isOpen: false, queues: new Set() };
    try {
      const result = await transactionScope.run(scope, () => manager.transactional(work));
      for (const queue of scope.queues) database.signals.emit('jobs', queue);
      return result;
    } catch (error) {
      const isRetried = error instanceof RetryTransaction || RETRIED_STATES.has(stateOf(error) ?? '');
      if (!isRetried || attempt === ATTEMPTS) throw error;
      await wait(Math.random() * 10 * 2 ** attempt);
    }
  }
}

/** Says that this transaction sends jobs to a queue: once it is committed, the workers of this process look there. */
export function announceJobs(queue: string): void {
  transactionScope.getStore()!.queues.add(queue);
}

/** Runs one statement with bound values on the transaction's own connection. */
export async function runSql<Row>(manager: EntityManager, text: string, values: unknown[] = []): Promise<Row[]> {
  const transaction = manager.getTransactionContext<Kysely<unknown>>();
  if (!transaction) throw new Error('This statement belongs in a transaction.');
  // The mapper's way to the connection knows no names: the pool finds this one by its text.
  preparedName(text);
  const { rows } = await transaction.executeQuery<Row>(CompiledQuery.raw(text, values));
  return rows;
}

/** The SQLSTATE of a database error, through the wrappings of the mapper. */
export function stateOf(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  return cause ? stateOf(cause) : undefined;
}

/** The name of the constraint that a statement broke, if that is what went wrong. */
export function brokenConstraint(error: unknown): string | undefined {
  const { constraint, cause } = (error ?? {}) as { constraint?: string; cause?: unknown };
  return constraint ?? (cause ? brokenConstraint(cause) : undefined);
}
