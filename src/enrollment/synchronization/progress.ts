import { SyncRunStatus } from '../../entities/source-enums.js';

interface Progress {
  status: SyncRunStatus;
  total: number | null;
  done: number;
  startedAt: string | Date | null;
  finishedAt: string | Date | null;
}

/**
 * How fast a run gets on, in what `done` counts a second, and how many seconds are left at that rate. Null where nobody
 * can say: before the first of them, and where the total is not known or was less than there is.
 */
export function progressOf(
  { status, total, done, startedAt, finishedAt }: Progress,
  now: Date,
): { rate: number | null; eta: number | null } {
  if (!startedAt || !done) return { rate: null, eta: null };
  const end = finishedAt ? new Date(finishedAt) : now;
  // Clocks of several processes may differ a little.
  const seconds = Math.max(end.getTime() - new Date(startedAt).getTime(), 1) / 1_000;
  const rate = done / seconds;
  const isKnown = status === SyncRunStatus.RUNNING && total !== null && total >= done;
  return { rate, eta: isKnown ? (total - done) / rate : null };
}
