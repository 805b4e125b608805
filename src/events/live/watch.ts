import { setTimeout as wait } from 'node:timers/promises';
import type { LiveMoment, LiveSubscription } from './subscription.js';

/** How often a row is looked at that changes without events. */
const LOOK_MILLISECONDS = 500;

/** What is watched, as it is now: `version` is another one when there is something new to tell. */
export interface Seen {
  version: string;
  isLast: boolean;
}

/**
 * Tells of something that changes more often than events say: once at the beginning, once for each other state that is
 * seen, and of the last state for sure. `subscription` is of its events: it is counted among those of its holder, ends
 * when rights are lost, and has one look made at once. The viewer is authorized anew before each item.
 */
export function watch(
  subscription: LiveSubscription,
  look: () => Promise<Seen | null>,
): AsyncIterableIterator<LiveMoment, undefined> {
  const over = new AbortController();
  const items = lookOn(subscription, look, over.signal);
  return {
    next: () => items.next(),
    // The generator by itself would end at its next item alone, which may never come.
    async return() {
      over.abort();
      await subscription.return();
      return items.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* lookOn(
  subscription: LiveSubscription,
  look: () => Promise<Seen | null>,
  over: AbortSignal,
): AsyncGenerator<LiveMoment, undefined> {
  const listen = () => {
    const next = subscription.next();
    // It is waited for later, or not at all.
    next.catch(() => undefined);
    return next;
  };
  let event = listen();
  try {
    for (let known: string | null = null; !over.aborted;) {
      const seen = await look();
      if (!seen) return;
      if (seen.version !== known) {
        known = seen.version;
        if (!(await subscription.verify())) {
          // What the subscriber is told of why.
          await event;
          return;
        }
        yield { event: null, viewer: subscription.viewer };
      }
      if (seen.isLast) return;
      const met = await Promise.race([event, wait(LOOK_MILLISECONDS, null, { signal: over }).catch(() => null)]);
      if (met?.done) return;
      if (met) event = listen();
    }
  } finally {
    await subscription.return();
  }
}
