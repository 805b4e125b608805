import { isNativeError } from 'node:util/types';
import { SourceErrorCode } from '../../entities/source-enums.js';
import { findForbiddenAddress } from '../../outbound.js';
import { SourceError } from './source-error.js';

const UNREACHABLE =
  /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_\w+|E(HOST|NET)(UNREACH|DOWN)|EPIPE|ETIMEDOUT|EADDRNOTAVAIL|UND_ERR_(SOCKET|CONNECT_TIMEOUT|CLOSED|DESTROYED))$/;
/** What Node.js says of a certificate or a handshake: asking again does not make it better. */
const UNTRUSTED =
  /^(ERR_TLS_\w+|ERR_SSL_\w+|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|EPROTO|HOSTNAME_MISMATCH)$/;

/**
 * What went wrong with a source, in words for its administrators. What libraries say is left out but for their codes:
 * it can hold the address of a person who was asked for, or a password.
 */
export function readFailure(error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  if (findForbiddenAddress(error)) {
    return new SourceError(SourceErrorCode.ADDRESS_FORBIDDEN, 'The source is at an address that is not to be asked.', {
      cause: error,
    });
  }
  for (const cause of causesOf(error)) {
    const { code, name } = cause as { code?: unknown; name?: unknown };
    if (typeof code === 'string' && UNREACHABLE.test(code))
      return new SourceError(SourceErrorCode.UNREACHABLE, `No connection to the source: ${code}.`, { cause: error });
    if (typeof code === 'string' && UNTRUSTED.test(code)) {
      const message = `No encrypted connection to the source: ${code}.`;
      return new SourceError(SourceErrorCode.UNREACHABLE, message, { cause: error, isWorthRetrying: false });
    }
    if (name === 'TimeoutError' || name === 'AbortError') return timedOut({ cause: error });
  }
  const message = 'The source answered something that cannot be read.';
  return new SourceError(SourceErrorCode.BAD_ANSWER, message, { cause: error });
}

export function timedOut(options: { cause?: unknown } = {}): SourceError {
  return new SourceError(SourceErrorCode.TIMED_OUT, 'The source did not answer within its time limit.', options);
}

/** An error, what it was caused by, and of several attempts at once the first. */
function* causesOf(error: unknown): Generator<Error> {
  for (let found = error, depth = 0; isNativeError(found) && depth < 10; depth++) {
    yield found;
    found = found.cause ?? (found as Partial<AggregateError>).errors?.[0];
  }
}
