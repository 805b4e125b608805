import type { EntityManager } from '@mikro-orm/postgresql';
import { sendJobs, SOURCE_CHECKS_QUEUE } from '../../database/queue.js';

/** What the job is about. `attempt`: how often in a row something did not answer before; absent: never. */
export interface CheckJob {
  tenantId: string;
  petitionId: string;
  attempt?: number;
}

const SHORTEST_SECONDS = 30;
const LONGEST_SECONDS = 60 * 60;

/**
 * Has the sources that a petition waits for asked once the transaction is committed. One that waits already, because
 * something did not answer, is done at once.
 */
export async function sendCheckJob(manager: EntityManager, tenantId: string, petitionId: string): Promise<void> {
  const data: CheckJob = { tenantId, petitionId };
  await sendJobs(manager, SOURCE_CHECKS_QUEUE, [{ data: { ...data }, key: petitionId }]);
}

/** The same after a while: the longer, the more often it was tried. */
export async function sendCheckJobLater(manager: EntityManager, { attempt = 0, ...job }: CheckJob): Promise<void> {
  const data: CheckJob = { ...job, attempt: attempt + 1 };
  const afterSeconds = waitOf(attempt, Math.random());
  await sendJobs(manager, SOURCE_CHECKS_QUEUE, [{ data: { ...data }, key: job.petitionId, afterSeconds }]);
}

/** How many seconds to wait after this many attempts in a row: 30 seconds to an hour, not the same for all. `chance`: 0 to 1. */
export function waitOf(attempt: number, chance: number): number {
  const longest = Math.min(LONGEST_SECONDS, SHORTEST_SECONDS * 2 ** Math.min(attempt + 1, 20));
  return Math.max(SHORTEST_SECONDS, longest * (0.5 + chance / 2));
}
