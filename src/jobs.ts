import { sendNotices } from './events/mail.js';
import type { Services } from './services.js';
import { lookUpPendingNames } from './sso/pending-names.js';
import { removeExpired } from './database/remove-expired.js';

const EVERY_MILLISECONDS = 5_000;

/** What is done on its own account, every five seconds, by any number of processes: due work is taken under a lock. */
export function startJobs(services: Services): () => Promise<void> {
  const { log } = services;
  let isStopped = false;
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(async () => {
      if (isStopped) return;
      for (const job of [lookUpPendingNames, sendNotices, removeExpired]) {
        await job(services).catch((error: unknown) => log.warn({ error }, `the job ${job.name} failed`));
      }
    });
  }, EVERY_MILLISECONDS);
  timer.unref();
  return async () => {
    isStopped = true;
    clearInterval(timer);
    await running;
  };
}
