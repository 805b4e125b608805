import type { Logger } from 'pino';
import { z } from 'zod';
import type { Sealing } from '../../database/sealing.js';
import { SourceErrorCode, SourceHealth } from '../../entities/source-enums.js';
import type { AdapterServices } from './adapter.js';
import type { SourceCallReport, SourceClient } from './client.js';
import { GuardedSource } from './guarded-source.js';
import { GUARD_LIMITS, type GuardLimits } from './guard.js';
import { findKind } from './kinds.js';
import { readFailure } from './read-failure.js';
import { type Source, sourceSecretsPlace } from './source.js';
import { SourceError } from './source-error.js';
import { removeUpload } from './files.js';

export type { SourceClient } from './client.js';

export interface SourceClientsOptions extends AdapterServices {
  sealing: Sealing;
  log: Logger;
  /** Told when the health of a source changes, and once a minute that it is as it was: not of every call. */
  onHealthChange?: (report: SourceCallReport) => Promise<void>;
  /** For tests. */
  limits?: Partial<GuardLimits>;
}

/** What a process remembers of sources that nobody has asked for so long, it forgets. */
const IDLE_MILLISECONDS = 15 * 60_000;

/** The connections of this process to sources: opened when first asked, kept while the source is not edited. */
export class SourceClients {
  readonly #opened = new Map<string, GuardedSource>();
  /** The versions of sources that could not be opened. */
  readonly #unusable = new Map<string, number>();

  constructor(protected readonly options: SourceClientsOptions) {}

  /** Throws SourceError MISCONFIGURED where the settings do not suit the kind. Asks the source nothing yet. */
  async open(tenantId: string, source: Source): Promise<SourceClient> {
    const id = `${tenantId}:${source.id}`;
    const known = this.#opened.get(id);
    if (known?.version === source.version) return known.use();
    const made = await this.#make(tenantId, source).catch((error: unknown) =>
      this.#refuse(id, tenantId, source, error),
    );
    // Somebody else may have been quicker meanwhile.
    const current = this.#opened.get(id);
    if (current?.version === source.version) return current.use();
    current?.retire();
    this.#forgetIdle();
    this.#opened.set(id, made);
    return made.use();
  }

  /** The source is deleted: its connections end, and the file that was uploaded to it goes. */
  async forget(tenantId: string, sourceId: string): Promise<void> {
    const id = `${tenantId}:${sourceId}`;
    this.#opened.get(id)?.retire();
    this.#opened.delete(id);
    if (this.options.filesFolder !== null) await removeUpload(this.options.filesFolder, tenantId, sourceId);
  }

  /** Ends all connections, and what is under way with them. */
  async close(): Promise<void> {
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(opened.map((one) => one.end()));
  }

  /** A source that cannot be opened at all is ill, too: noted once for each edit. */
  async #refuse(id: string, tenantId: string, { id: sourceId, version }: Source, error: unknown): Promise<never> {
    const failure = readFailure(error);
    if (this.#unusable.get(id) !== version) {
      this.#unusable.set(id, version);
      const health = { health: SourceHealth.FAILING, failures: 1, at: this.options.clock() };
      const { code, message } = failure;
      const report = { tenantId, sourceId, error: { code, message, isPaused: false }, health };
      await this.options
        .onHealthChange?.(report)
        .catch((fault: unknown) =>
          this.options.log.warn({ error: String(fault) }, 'the health of a source was not written'),
        );
    }
    throw failure;
  }

  async #make(tenantId: string, source: Source): Promise<GuardedSource> {
    const definition = await findKind(source.kind);
    if (!definition) throw misconfigured(`There is no kind of source named ${source.kind}.`);
    const read = definition.settings.safeParse(source.settings);
    if (!read.success) {
      const [first] = read.error.issues;
      throw misconfigured(`The settings do not suit the kind: ${[...first!.path, first!.message].join(' ')}.`);
    }
    const opening = {
      tenantId,
      sourceId: source.id,
      settings: read.data,
      secrets: this.#unseal(source),
      keepsRaw: source.keepsRaw,
      timeLimitMilliseconds: source.timeLimitMilliseconds,
    };
    return new GuardedSource({
      version: source.version,
      milliseconds: source.timeLimitMilliseconds,
      limits: { ...GUARD_LIMITS, ...this.options.limits },
      capabilities: new Set(definition.capabilities(read.data)),
      open: () => definition.open(opening, this.options),
      clock: this.options.clock,
      log: this.options.log,
      onHealthChange: (error, health) =>
        this.options.onHealthChange?.({ tenantId, sourceId: source.id, error, health }) ?? Promise.resolve(),
    });
  }

  #unseal(source: Source): Record<string, string> {
    if (!source.sealedSecrets) return {};
    try {
      const text = this.options.sealing.open(source.sealedSecrets, sourceSecretsPlace(source.id));
      return z.record(z.string(), z.string()).parse(JSON.parse(text));
    } catch {
      // Not the cause: it could hold what was sealed.
      throw misconfigured('The secrets of the source cannot be opened: give them again.');
    }
  }

  #forgetIdle(): void {
    const longAgo = this.options.clock().getTime() - IDLE_MILLISECONDS;
    for (const [id, one] of this.#opened) {
      if (one.isBusy || one.usedAt.getTime() > longAgo) continue;
      this.#opened.delete(id);
      one.retire();
    }
  }
}

function misconfigured(message: string): SourceError {
  return new SourceError(SourceErrorCode.MISCONFIGURED, message);
}
