import type { EntityManager } from '@mikro-orm/postgresql';
import { type ConstructorOptions, PgBoss, type QueueOptions, type QueuePolicy } from 'pg-boss';
import type { Logger } from 'pino';
import { type Database, isConnectionLost } from './database.js';
import { announceJobs, runSql } from './transact.js';

/** Where pg-boss keeps its tables. */
export const QUEUE_SCHEMA = 'pgboss';

/** A tenant has events that are not chained and handed on yet: `{ tenantId }`. */
export const EVENTS_QUEUE = 'events';
/** An endpoint has deliveries that may be due: `{ tenantId, endpointId }`, one at a time for each endpoint. */
export const WEBHOOKS_QUEUE = 'webhooks';
/** A tenant has notices to mail: `{ tenantId }`. */
export const NOTICES_QUEUE = 'notices';
/** A tenant has invitations to mail: `{ tenantId }`. */
export const INVITATIONS_QUEUE = 'invitations';
/** A tenant has mails of enrollments to send: `{ tenantId }`. */
export const ENROLLMENT_MAILS_QUEUE = 'enrollment-mails';
/** A tenant has more petitions that are due than one sweep takes: `{ tenantId }`. */
export const PETITION_DEADLINES_QUEUE = 'petition-deadlines';
/** A petition waits for what sources say: `{ tenantId, petitionId }`, one at a time for each petition. */
export const SOURCE_CHECKS_QUEUE = 'source-checks';
/** A sync of a source: `{ tenantId, sourceId }`, one at a time for each source; it is taken up again after a crash. */
export const SOURCE_SYNC_QUEUE = 'source-sync';
/** What a sign-in had no time for: `{ tenantId, userId }`, one at a time for each user. */
export const LOGIN_SYNC_QUEUE = 'login-sync';
/** Every minute: what is due by its own time, and what a crash has left behind. */
export const SWEEP_QUEUE = 'sweep';
/** Once an hour: what is past its retention. */
export const RETENTION_QUEUE = 'retention';

const QUICKLY_FORGOTTEN = { deleteAfterSeconds: 60 };

/** One job of each key at a time; another process takes it up when the one that had it is gone. */
const ONE_AT_A_TIME = {
  ...QUICKLY_FORGOTTEN,
  policy: 'key_strict_fifo',
  heartbeatSeconds: 10,
  // A job that ended in failure would hold back its key for ever.
  retryLimit: 1_000_000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 60,
} as const;

const QUEUES: Record<string, QueueOptions & { policy?: QueuePolicy; partition?: boolean; heartbeatSeconds?: number }> =
  {
    // In a table of its own: it gets a row with every change, and needs fewer indexes than the queues with policies.
    [EVENTS_QUEUE]: { ...QUICKLY_FORGOTTEN, partition: true, expireInSeconds: 60, retryLimit: 10, retryDelay: 1 },
    [WEBHOOKS_QUEUE]: { ...ONE_AT_A_TIME, expireInSeconds: 120 },
    [NOTICES_QUEUE]: { ...QUICKLY_FORGOTTEN, expireInSeconds: 120, retryLimit: 3, retryDelay: 5 },
    [INVITATIONS_QUEUE]: { ...QUICKLY_FORGOTTEN, expireInSeconds: 300, retryLimit: 3, retryDelay: 5 },
    [ENROLLMENT_MAILS_QUEUE]: { ...QUICKLY_FORGOTTEN, expireInSeconds: 300, retryLimit: 3, retryDelay: 5 },
    [PETITION_DEADLINES_QUEUE]: { ...QUICKLY_FORGOTTEN, expireInSeconds: 300, retryLimit: 0 },
    [SOURCE_CHECKS_QUEUE]: { ...ONE_AT_A_TIME, expireInSeconds: 300 },
    // A source that cannot be read from the middle is read at one go; whether its process lives, the heartbeat says.
    [SOURCE_SYNC_QUEUE]: { ...ONE_AT_A_TIME, expireInSeconds: 6 * 3_600 },
    [LOGIN_SYNC_QUEUE]: { ...ONE_AT_A_TIME, expireInSeconds: 300 },
    [SWEEP_QUEUE]: {
      ...QUICKLY_FORGOTTEN,
      policy: 'exclusive',
      expireInSeconds: 300,
      // One that died with its process must not hold back the next: nothing that is due would be done meanwhile.
      heartbeatSeconds: 10,
      retryLimit: 0,
    },
    [RETENTION_QUEUE]: { ...QUICKLY_FORGOTTEN, policy: 'exclusive', expireInSeconds: 3_600, retryLimit: 0 },
  };

/** A pg-boss over our own pool, on either database, and the way to have its workers look at once. */
export interface Queue {
  boss: PgBoss;
  /** Has the workers of a queue of this process look for jobs now, and not at their next turn. */
  wake: (queue: string) => void;
}

/** Connects to the queue; nothing runs before `boss.start()`. */
export function createQueue(database: Database, log: Logger): Queue {
  let wake: (queue: string) => void = () => undefined;
  const listen: Listen = async (_channel, onMessage) => {
    wake = onMessage;
    return { close: async () => undefined };
  };
  const boss = new PgBoss({
    ...settings(database, listen),
    useListenNotify: true,
    migrate: false,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    maintenanceIntervalSeconds: 60,
  });
  boss.on('error', (error) => log.warn({ error: error.message }, 'the job queue met an error'));
  boss.on('warning', ({ message }) => log.warn(message));
  return { boss, wake: (queue) => wake(queue) };
}

type Listen = NonNullable<NonNullable<ConstructorOptions['db']>['listen']>;

/** `listen` is told by this process alone: who commits a change wakes its own workers, the others look regularly. */
function settings(database: Database, listen?: Listen) {
  return {
    db: {
      executeSql: (text: string, values?: unknown[]) => executeSql(database, text, values),
      ...(listen ? { listen } : {}),
    },
    schema: QUEUE_SCHEMA,
    backend: database.kind === 'EMBEDDED' ? ('pglite' as const) : ('postgres' as const),
  };
}

/** Brings the tables of the queue up to date and makes its queues. */
export async function migrateQueue(database: Database): Promise<void> {
  const boss = new PgBoss({ ...settings(database), supervise: false, schedule: false });
  const failures: Error[] = [];
  boss.on('error', (error) => failures.push(error));
  await boss.start();
  const known = new Set((await boss.getQueues()).map(({ name }) => name));
  for (const [name, options] of Object.entries(QUEUES)) {
    const { policy: _policy, partition: _partition, ...changeable } = options;
    await (known.has(name) ? boss.updateQueue(name, changeable) : boss.createQueue(name, options));
  }
  await boss.stop({ graceful: false });
  if (failures[0]) throw failures[0];
}

/** A job to be sent: `key` names what only one job at a time may work on, in a queue that is strict about that. */
export interface NewJob {
  data: Record<string, unknown>;
  key?: string;
  /** How long it waits, by the clock of the database. */
  afterSeconds?: number;
}

/** What a job takes over from its queue, as pg-boss itself does it. */
export const JOB_SETTINGS =
  'policy, retry_limit, retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds, heartbeat_seconds';

const SEND = `
with wanted as (
  select j.data, j.key, now() + coalesce(j."afterSeconds", 0) * interval '1 second' as start
  from jsonb_to_recordset($2::jsonb) as j(data jsonb, key text, "afterSeconds" float8)
), hastened as (
  update ${QUEUE_SCHEMA}.job j set start_after = least(j.start_after, w.start)
  from wanted w
  where j.name = $1 and j.singleton_key = w.key and j.state < 'active' and not j.blocked
    and j.policy = 'key_strict_fifo'
  returning j.singleton_key as key
)
insert into ${QUEUE_SCHEMA}.job (name, data, singleton_key, start_after, ${JOB_SETTINGS})
select q.name, w.data, w.key, w.start, ${JOB_SETTINGS}
from ${QUEUE_SCHEMA}.queue q cross join wanted w
where q.name = $1 and not exists (select 1 from hastened h where h.key = w.key)`;

/**
 * Sends jobs in a transaction: they are there if its changes are. Inserting by SQL is a way that pg-boss documents.
 *
 * Where a job of the same key waits already, it is made to start no later, and no other is sent: one waits at most. Its
 * row stays locked until the transaction ends, and workers pass over what is locked, so that whoever takes the job sees
 * the changes.
 */
export async function sendJobs(manager: EntityManager, queue: string, jobs: readonly NewJob[]): Promise<void> {
  if (!jobs.length) return;
  await runSql(manager, SEND, [queue, JSON.stringify(jobs)]);
  if (jobs.some(({ afterSeconds }) => !afterSeconds)) announceJobs(queue);
}

/** Runs pg-boss's statements. Without values they may be several, and the rows of all are wanted. */
async function executeSql(database: Database, text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
  const connection = await database.pool.connect(null);
  try {
    const result = await connection.query(text, values);
    connection.release();
    return { rows: Array.isArray(result) ? result.flatMap(({ rows }: { rows: unknown[] }) => rows) : result.rows };
  } catch (error) {
    // Several statements may have left a transaction open: the embedded database has no other connection to take.
    await connection.query('rollback').catch(() => undefined);
    connection.release(isConnectionLost(error) ? (error as Error) : undefined);
    throw error;
  }
}
