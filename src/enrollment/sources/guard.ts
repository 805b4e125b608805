import {
  bulkhead,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  isTaskCancelledError,
  noJitterGenerator,
  retry,
  timeout,
  TimeoutStrategy,
} from 'cockatiel';
import { SourceErrorCode } from '../../entities/source-enums.js';
import { readFailure, timedOut } from './read-failure.js';
import { SourceError } from './source-error.js';

/** How much of a source one process asks for at once, and when it leaves it alone. */
export interface GuardLimits {
  callsAtOnce: number;
  callsWaiting: number;
  /** So many failures running, and it is left alone; for so long at first, and longer each time that it fails again. */
  failuresBeforePause: number;
  pauseMilliseconds: number;
  longestPauseMilliseconds: number;
  /** How often one call is tried anew, and how long it waits before about the first time. */
  retries: number;
  retryMilliseconds: number;
}

export const GUARD_LIMITS: GuardLimits = {
  callsAtOnce: 4,
  callsWaiting: 16,
  failuresBeforePause: 5,
  pauseMilliseconds: 30_000,
  longestPauseMilliseconds: 300_000,
  retries: 2,
  retryMilliseconds: 100,
};

/** The call ended before the source could answer, which says nothing of the source. */
class NotAsked extends SourceError {}

export interface GuardOptions {
  /** The time limit of each call, its waiting and its retries included. */
  milliseconds: number;
  limits: GuardLimits;
  /** Told how each call went that says something of the source; `error` null: it answered. */
  onCall: (error: SourceError | null, isPaused: boolean) => Promise<void>;
}

/** Stands between this process and one source, so that a source that is ill costs nobody else anything. */
export class SourceGuard {
  readonly #breaker;
  readonly #timeout;
  readonly #bulkhead;
  readonly #retry;

  constructor(private readonly options: GuardOptions) {
    const { milliseconds, limits } = options;
    this.#breaker = circuitBreaker(
      handleWhen((error) => this.#isIllness(error)),
      {
        breaker: new ConsecutiveBreaker(limits.failuresBeforePause),
        halfOpenAfter: new ExponentialBackoff({
          initialDelay: limits.pauseMilliseconds,
          maxDelay: limits.longestPauseMilliseconds,
          generator: noJitterGenerator,
        }),
      },
    );
    this.#timeout = timeout(milliseconds, TimeoutStrategy.Aggressive);
    this.#bulkhead = bulkhead(limits.callsAtOnce, limits.callsWaiting);
    // Waits longer each time, and at random, so that processes do not come back all at once.
    this.#retry = retry(
      handleWhen((error) => error instanceof SourceError && error.isWorthRetrying),
      { maxAttempts: limits.retries, backoff: new ExponentialBackoff({ initialDelay: limits.retryMilliseconds }) },
    );
  }

  /**
   * One call. Rejects with SourceError alone. `isRepeatable` false: what it does may be done once, and is not retried.
   */
  async call<T>(work: (signal: AbortSignal) => Promise<T>, given: AbortSignal, isRepeatable = true): Promise<T> {
    // While one call tries whether the source is well again, the others do not wait for it.
    if (this.#breaker.state === CircuitState.HalfOpen) throw paused();
    let value: T;
    try {
      value = await this.#breaker.execute(() => this.#ask(work, given, isRepeatable));
    } catch (error) {
      if (isBrokenCircuitError(error)) throw paused();
      if (error instanceof SourceError && !(error instanceof NotAsked)) {
        await this.options.onCall(error, this.#breaker.state === CircuitState.Open);
      }
      throw error;
    }
    await this.options.onCall(null, false);
    return value;
  }

  async #ask<T>(work: (signal: AbortSignal) => Promise<T>, given: AbortSignal, isRepeatable: boolean): Promise<T> {
    let hasBegun = false;
    const attempt = async (signal: AbortSignal) => {
      hasBegun = true;
      try {
        return await unlessAborted(work, signal);
      } catch (error) {
        throw readFailure(error);
      }
    };
    try {
      return await this.#timeout.execute(
        ({ signal }) =>
          this.#bulkhead.execute(
            () =>
              isRepeatable ? this.#retry.execute(({ signal: ofRetry }) => attempt(ofRetry), signal) : attempt(signal),
            signal,
          ),
        given,
      );
    } catch (error) {
      if (given.aborted) throw new NotAsked(SourceErrorCode.TIMED_OUT, 'The call was given up.', { cause: error });
      if (isBulkheadRejectedError(error) || (isTaskCancelledError(error) && !hasBegun)) {
        throw new NotAsked(SourceErrorCode.TIMED_OUT, 'Too many calls are waiting for the source.', { cause: error });
      }
      throw isTaskCancelledError(error) ? timedOut({ cause: error }) : readFailure(error);
    }
  }

  /** What brings a source nearer to being left alone. Where too many are found, it did answer. */
  #isIllness(error: unknown): boolean {
    // Of the one call that tries whether it is well again, anything but an answer means that it is not known to be.
    if (error instanceof NotAsked) return this.#breaker.state === CircuitState.HalfOpen;
    return !(error instanceof SourceError && error.code === SourceErrorCode.TOO_MANY_RECORDS);
  }
}

function paused(): SourceError {
  return new SourceError(
    SourceErrorCode.PAUSED,
    'The source failed several times running, and is left alone for a while.',
  );
}

/** `work`, or a rejection as soon as the signal aborts: work that does not heed the signal holds up nobody. */
async function unlessAborted<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw timedOut();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(timedOut());
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work(signal), promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
