import type { SourceErrorCode } from '../../entities/source-enums.js';

/**
 * A source gave no answer: not that it does not know somebody. The message is for administrators, and holds no secret and
 * nothing of a person.
 */
export class SourceError extends Error {
  override name = 'SourceError';

  constructor(
    readonly code: SourceErrorCode,
    message: string,
    options: { cause?: unknown; isWorthRetrying?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.isWorthRetrying = options.isWorthRetrying ?? ['TIMED_OUT', 'UNREACHABLE'].includes(code);
  }

  /** Whether asking again at once may help: not for wrong credentials or settings. */
  readonly isWorthRetrying: boolean;
}
