import type { Logger } from 'pino';
import { type SourceCapability, SourceErrorCode } from '../../entities/source-enums.js';
import { MOST_HITS, type SourceAdapter } from './adapter.js';
import type { SourceCallReport, SourceClient } from './client.js';
import { type GuardLimits, SourceGuard } from './guard.js';
import { HealthNotes } from './health.js';
import { SourceError } from './source-error.js';

interface GuardedSourceOptions {
  version: number;
  milliseconds: number;
  limits: GuardLimits;
  capabilities: ReadonlySet<SourceCapability>;
  open: () => SourceAdapter;
  clock: () => Date;
  log: Logger;
  onHealthChange: (error: SourceCallReport['error'], health: SourceCallReport['health']) => Promise<void>;
}

/**
 * One source in one process, at one version of its settings. Its adapter is opened by the first call; once the source is
 * retired, because it was edited, the last call that is under way closes it.
 */
export class GuardedSource {
  usedAt: Date;
  readonly #guard: SourceGuard;
  readonly #ending = new AbortController();
  readonly #client: SourceClient;
  #adapter: SourceAdapter | null = null;
  #callsUnderWay = 0;
  #isRetired = false;

  constructor(private readonly options: GuardedSourceOptions) {
    const { milliseconds, limits, clock } = options;
    const notes = new HealthNotes(clock);
    this.usedAt = clock();
    this.#guard = new SourceGuard({
      milliseconds,
      limits,
      onCall: async (error, isPaused) => {
        const failure = error && { code: error.code, message: error.message, isPaused };
        const health = notes.take(failure);
        // A health that cannot be noted makes no call fail.
        if (health) await options.onHealthChange(failure, health).catch((fault: unknown) => this.#tell(fault));
      },
    });
    this.#client = this.#makeClient();
  }

  get version(): number {
    return this.options.version;
  }

  get isBusy(): boolean {
    return this.#callsUnderWay > 0;
  }

  use(): SourceClient {
    this.usedAt = this.options.clock();
    return this.#client;
  }

  /** Closes the adapter as soon as no call is under way. */
  retire(): void {
    this.#isRetired = true;
    if (!this.#callsUnderWay) void this.#closeAdapter();
  }

  /** Closes it at once: calls that are under way fail. */
  async end(): Promise<void> {
    this.#isRetired = true;
    this.#ending.abort();
    await this.#closeAdapter();
  }

  #makeClient(): SourceClient {
    const call = <T>(signal: AbortSignal, work: (adapter: SourceAdapter, signal: AbortSignal) => Promise<T>) =>
      this.#call(signal, work);
    return {
      capabilities: this.options.capabilities,
      search: (query, signal) =>
        call(signal, async (adapter, inner) => {
          const found = await able(adapter, 'search')(query, inner);
          if (found.length <= MOST_HITS) return found;
          throw new SourceError(SourceErrorCode.TOO_MANY_RECORDS, `The source found more than ${MOST_HITS} people.`);
        }),
      retrieve: (key, signal) => call(signal, (adapter, inner) => able(adapter, 'retrieve')(key, inner)),
      count: (signal) => call(signal, async (adapter, inner) => (await adapter.count?.(inner)) ?? null),
      inventory: (cursor, signal) => this.#pages(signal, (adapter, inner) => able(adapter, 'inventory')(cursor, inner)),
      changedSince: (cursor, signal) =>
        this.#pages(signal, (adapter, inner) => able(adapter, 'changedSince')(cursor, inner)),
      authenticate: {
        begin: (trip, signal) => call(signal, (adapter, inner) => able(adapter, 'authenticate').begin(trip, inner)),
        // What the provider gave the browser is good for one use.
        finish: (trip, signal) =>
          this.#call(signal, (adapter, inner) => able(adapter, 'authenticate').finish(trip, inner), false),
      },
      match: this.#matching(),
    };
  }

  #matching(): SourceClient['match'] {
    const identifierType = () => able(this.#opened(), 'match').identifierType;
    return {
      request: (asked, signal) => this.#call(signal, (adapter, inner) => able(adapter, 'match').request(asked, inner)),
      get identifierType() {
        return identifierType();
      },
    };
  }

  async #call<T>(
    given: AbortSignal,
    work: (adapter: SourceAdapter, signal: AbortSignal) => Promise<T>,
    isRepeatable = true,
  ): Promise<T> {
    const leave = this.#enter();
    try {
      const signal = AbortSignal.any([given, this.#ending.signal]);
      return await this.#guard.call(async (inner) => work(this.#opened(), inner), signal, isRepeatable);
    } finally {
      await leave();
    }
  }

  /** Each page is a call of its own: what the caller does with one counts for nothing. */
  async *#pages<Page>(
    given: AbortSignal,
    read: (adapter: SourceAdapter, signal: AbortSignal) => AsyncIterable<Page>,
  ): AsyncIterable<Page> {
    const leave = this.#enter();
    const over = new AbortController();
    let pages: AsyncIterator<Page> | undefined;
    try {
      const signal = AbortSignal.any([given, this.#ending.signal]);
      const whole = AbortSignal.any([signal, over.signal]);
      for (;;) {
        const next = await this.#guard.call(
          () => (pages ??= read(this.#opened(), whole)[Symbol.asyncIterator]()).next(),
          signal,
          // A reader that has failed reads no further.
          false,
        );
        if (next.done) return;
        yield next.value;
      }
    } finally {
      over.abort();
      // Not awaited: a reader that hangs ends when it ends.
      pages?.return?.().catch(() => undefined);
      await leave();
    }
  }

  #enter(): () => Promise<void> {
    this.#callsUnderWay++;
    return async () => {
      this.#callsUnderWay--;
      if (this.#isRetired && !this.#callsUnderWay) await this.#closeAdapter();
    };
  }

  #opened(): SourceAdapter {
    return (this.#adapter ??= this.options.open());
  }

  async #closeAdapter(): Promise<void> {
    const adapter = this.#adapter;
    this.#adapter = null;
    await adapter?.close().catch((error: unknown) => this.#tell(error));
  }

  #tell(error: unknown): void {
    this.options.log.warn({ error: (error as Error).message }, 'a source was left untidy');
  }
}

/** What is asked of a source that cannot do it is a mistake in how it is used. */
function able<Name extends keyof SourceAdapter>(adapter: SourceAdapter, name: Name): NonNullable<SourceAdapter[Name]> {
  const ability = adapter[name];
  if (!ability) throw new SourceError(SourceErrorCode.MISCONFIGURED, `The source cannot be asked for this: ${name}.`);
  return (typeof ability === 'function' ? ability.bind(adapter) : ability) as NonNullable<SourceAdapter[Name]>;
}
