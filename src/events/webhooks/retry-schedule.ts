const JITTER = 0.2;
const LONGEST_WAIT_MILLISECONDS = 24 * 60 * 60_000;

/**
 * Milliseconds until a delivery that has failed is tried again; null: it is given up. `step` is how often it was tried
 * again already. Each wait is off by up to a fifth, so that what failed together does not come back together.
 */
export function nextWait(retrySeconds: readonly number[], step: number, random = Math.random): number | null {
  const seconds = retrySeconds[step];
  return seconds === undefined ? null : Math.round(seconds * 1_000 * (1 - JITTER + 2 * JITTER * random()));
}

/** How long a delivery is tried in all, in milliseconds. */
export function scheduleLength(retrySeconds: readonly number[]): number {
  return retrySeconds.reduce((total, seconds) => total + seconds * 1_000, 0);
}

/** What `Retry-After` asks for, in milliseconds from now, a day at most; null when it cannot be read. */
export function readRetryAfter(header: string | null, now: Date): number | null {
  if (!header) return null;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), LONGEST_WAIT_MILLISECONDS);
}
