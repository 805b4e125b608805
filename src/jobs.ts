import {
  createQueue,
  ENROLLMENT_MAILS_QUEUE,
  EVENTS_QUEUE,
  INVITATIONS_QUEUE,
  LOGIN_SYNC_QUEUE,
  NOTICES_QUEUE,
  PETITION_DEADLINES_QUEUE,
  RETENTION_QUEUE,
  SOURCE_CHECKS_QUEUE,
  SOURCE_SYNC_QUEUE,
  SWEEP_QUEUE,
  WEBHOOKS_QUEUE,
} from './database/queue.js';
import { maintainKeys } from './auth/oidc/keys.js';
import { readTenantIds } from './database/tenants.js';
import { removeExpired } from './database/remove-expired.js';
import { runSourceChecks } from './enrollment/checks/run-checks.js';
import type { CheckJob } from './enrollment/checks/send-job.js';
import { runPetitionDeadlines } from './enrollment/deadlines/run-due.js';
import { endGracePeriods } from './enrollment/records/end-grace.js';
import { mailPetitions } from './enrollment/mails/mail-petitions.js';
import { runSync } from './enrollment/synchronization/run-sync.js';
import { callLeftSyncs, startDueSyncs } from './enrollment/synchronization/schedule.js';
import { syncUser } from './enrollment/synchronization/sync-on-login.js';
import { dispatchEvents } from './events/dispatch.js';
import { sendNotices } from './events/mail.js';
import { trimEvents } from './events/retention.js';
import { callOwed, deliverDue } from './events/webhooks/deliver.js';
import { expireInvitations } from './joining/invitations/expire.js';
import { mailInvitations } from './joining/invitations/mail.js';
import { recheckDomains } from './joining/domains/recheck.js';
import type { Services } from './services.js';
import { lookUpPendingNames } from './sso/pending-names.js';

/** A change that comes alone is handed on at once, but for those of the same moment. */
const GATHERING_MILLISECONDS = 10;
/** Changes that come one after another are handed on together, this often at most: each time costs some statements. */
const APART_MILLISECONDS = 100;
/** How many endpoints are served at the same time by one process. */
const ENDPOINTS_AT_ONCE = 10;
/** For how many petitions sources are asked at the same time by one process. */
const CHECKS_AT_ONCE = 10;
/** How many sources are synced at the same time by one process, and how many people after they have signed in. */
const SYNCS_AT_ONCE = 2;
const LOGINS_AT_ONCE = 4;

interface TenantJob {
  tenantId: string;
}

/**
 * What is done beside requests, by any number of processes: pg-boss gives each job to one of them. Jobs that a change
 * asks for were sent in its transaction; this process is woken for its own, and looks for those of others.
 */
export async function startJobs(services: Services): Promise<() => Promise<void>> {
  const { database, log } = services;
  const { boss, wake } = createQueue(database, log);
  await boss.start();

  // A job that ends begins nothing more; what it has under way has a time limit of its own.
  const stopping = new AbortController();
  const ofTenants = (work: (tenantId: string) => Promise<unknown>) => async (jobs: { data: TenantJob }[]) => {
    for (const tenantId of new Set(jobs.map(({ data }) => data.tenantId))) await work(tenantId);
  };
  await boss.work<{ tenantId: string; endpointId: string }>(
    WEBHOOKS_QUEUE,
    { pollingIntervalSeconds: 2, localConcurrency: ENDPOINTS_AT_ONCE },
    async ([job]) => deliverDue(services, job!.data, AbortSignal.any([job!.signal, stopping.signal])),
  );
  await boss.work<TenantJob>(
    EVENTS_QUEUE,
    { batchSize: 1_000, pollingIntervalSeconds: 0.5 },
    ofTenants((tenantId) => dispatchEvents(services, tenantId)),
  );
  await boss.work<TenantJob>(
    NOTICES_QUEUE,
    { batchSize: 100, pollingIntervalSeconds: 2 },
    ofTenants((tenantId) => sendNotices(services, tenantId)),
  );
  await boss.work<TenantJob>(
    INVITATIONS_QUEUE,
    { batchSize: 100, pollingIntervalSeconds: 2 },
    ofTenants((tenantId) => mailInvitations(services, tenantId)),
  );
  await boss.work<TenantJob>(
    ENROLLMENT_MAILS_QUEUE,
    { batchSize: 100, pollingIntervalSeconds: 2 },
    ofTenants((tenantId) => mailPetitions(services, tenantId)),
  );
  await boss.work<TenantJob>(
    PETITION_DEADLINES_QUEUE,
    { batchSize: 100, pollingIntervalSeconds: 2 },
    ofTenants((tenantId) => runPetitionDeadlines(services, tenantId)),
  );
  await boss.work<CheckJob>(
    SOURCE_CHECKS_QUEUE,
    { pollingIntervalSeconds: 2, localConcurrency: CHECKS_AT_ONCE },
    async ([job]) => runSourceChecks(services, job!.data, AbortSignal.any([job!.signal, stopping.signal])),
  );
  await boss.work<{ tenantId: string; sourceId: string }>(
    SOURCE_SYNC_QUEUE,
    { pollingIntervalSeconds: 2, localConcurrency: SYNCS_AT_ONCE },
    async ([job]) => runSync(services, job!.data, AbortSignal.any([job!.signal, stopping.signal])),
  );
  await boss.work<{ tenantId: string; userId: string }>(
    LOGIN_SYNC_QUEUE,
    { pollingIntervalSeconds: 2, localConcurrency: LOGINS_AT_ONCE },
    async ([job]) => syncUser(services, job!.data, AbortSignal.any([job!.signal, stopping.signal])),
  );
  await boss.work(SWEEP_QUEUE, { pollingIntervalSeconds: 2 }, () => sweep(services));
  await boss.work(RETENTION_QUEUE, { pollingIntervalSeconds: 30 }, () => removeOld(services));
  await boss.schedule(SWEEP_QUEUE, '* * * * *');
  await boss.schedule(RETENTION_QUEUE, '7 * * * *');

  const waking = new Map<string, { last: number; timer?: NodeJS.Timeout }>();
  const gather = (queue: string) => {
    const turn = waking.get(queue) ?? { last: 0 };
    waking.set(queue, turn);
    turn.timer ??= setTimeout(
      () => {
        waking.set(queue, { last: performance.now() });
        wake(queue);
      },
      Math.max(GATHERING_MILLISECONDS, turn.last + APART_MILLISECONDS - performance.now()),
    );
  };
  database.signals.on('jobs', gather);
  return async () => {
    database.signals.off('jobs', gather);
    for (const { timer } of waking.values()) clearTimeout(timer);
    stopping.abort();
    await boss.stop({ graceful: true, timeout: 20_000, close: false });
  };
}

/** What is due by its own time, and what a crash has left in the outbox. */
async function sweep(services: Services): Promise<void> {
  const { database, log } = services;
  const attempt = (name: string, work: Promise<unknown>) =>
    work.catch((error: unknown) => log.warn({ error }, `the job ${name} failed`));
  await attempt('lookUpPendingNames', lookUpPendingNames(services));
  for (const id of await readTenantIds(database)) {
    await attempt('dispatchEvents', dispatchEvents(services, id));
    await attempt('callOwed', callOwed(services, id));
    await attempt('recheckDomains', recheckDomains(services, id));
    await attempt('sendNotices', sendNotices(services, id));
    await attempt('mailInvitations', mailInvitations(services, id));
    await attempt('runPetitionDeadlines', runPetitionDeadlines(services, id));
    await attempt('mailPetitions', mailPetitions(services, id));
    await attempt('endGracePeriods', endGracePeriods(services, id));
    await attempt('expireInvitations', expireInvitations(services, id));
    await attempt('startDueSyncs', startDueSyncs(services, id));
    await attempt('callLeftSyncs', callLeftSyncs(services, id));
  }
}

async function removeOld(services: Services): Promise<void> {
  await removeExpired(services);
  for (const id of await readTenantIds(services.database)) {
    await trimEvents(services, id);
    await maintainKeys(services, id);
  }
}
