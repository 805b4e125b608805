import type { Logger } from 'pino';
import { findForbiddenAddress, type Outbound, readBounded } from '../../outbound.js';
import { isSafeUrl } from './check-endpoint.js';
import { redactBody, redactRequestHeaders, redactResponseHeaders, redactUrl } from './redact.js';
import { readRetryAfter } from './retry-schedule.js';
import { signMessage } from './secret.js';

/** What sending works with. */
export interface SendContext {
  outbound: Outbound;
  clock: () => Date;
  log: Logger;
  allowsInsecureLoopback: boolean;
  /** The part of the configuration that is about webhooks. */
  config: { webhookTimeoutSeconds: number; webhookRetrySeconds: readonly number[]; version: string };
}

export interface Message {
  url: string;
  /** The global id of the event: the same however often it is sent. */
  id: string;
  body: string;
  /** In the clear, the newest first. */
  secrets: readonly string[];
}

/** One attempt as it is kept: redacted already. */
export interface Attempt {
  at: Date;
  durationMilliseconds: number;
  /** Where the last request of it went. */
  url: string;
  requestHeaders: Record<string, string>;
  response: { status: number; headers: Record<string, string>; body: string | null } | null;
  isDelivered: boolean;
  /** Why it was not delivered, for people. */
  error: string | null;
  /** How long the receiver asks to be left alone. */
  retryAfterMilliseconds: number | null;
}

const MOST_REDIRECTS = 3;
const MOST_BYTES = 4 * 1024;
const BUSY = [429, 503];

/** Says to the people who read an attempt why there is no usable answer. */
class SendError extends Error {}

/** Posts a message once, with redirects, all within one time limit. Never rejects: what went wrong is in the attempt. */
export async function sendMessage(context: SendContext, { url, id, body, secrets }: Message): Promise<Attempt> {
  const { clock, config } = context;
  const at = clock();
  const started = performance.now();
  const signal = AbortSignal.timeout(config.webhookTimeoutSeconds * 1_000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': `Vestibule/${config.version}`,
    ...signMessage(secrets, id, at, body),
  };
  const attempt: Attempt = {
    at,
    durationMilliseconds: 0,
    url: redactUrl(url),
    requestHeaders: redactRequestHeaders(headers),
    response: null,
    isDelivered: false,
    error: null,
    retryAfterMilliseconds: null,
  };
  try {
    const post = (address: string) => {
      attempt.url = redactUrl(address);
      return context.outbound.fetch(address, { method: 'POST', headers, body, redirect: 'manual', signal });
    };
    const response = await follow(post, url, context.allowsInsecureLoopback);
    const { status } = response;
    attempt.isDelivered = status >= 200 && status < 300;
    attempt.error = attempt.isDelivered ? null : explainStatus(status);
    attempt.response = { status, headers: redactResponseHeaders(response.headers), body: null };
    if (BUSY.includes(status)) {
      attempt.retryAfterMilliseconds = readRetryAfter(response.headers.get('retry-after'), clock());
    }
    attempt.response.body = redactBody((await readBounded(response, MOST_BYTES)).text);
  } catch (error) {
    // The status has said it all already: a body that breaks off changes nothing.
    attempt.error ??= attempt.isDelivered ? null : explainError(error, context);
  }
  attempt.durationMilliseconds = Math.round(performance.now() - started);
  return attempt;
}

/** Posts again where 307 and 308 say so, with the same method and body; what else redirects would change them. */
async function follow(
  post: (address: string) => Promise<Response>,
  url: string,
  allowsInsecureLoopback: boolean,
): Promise<Response> {
  let address = url;
  for (let redirects = 0; ; redirects++) {
    const response = await post(address);
    if (![307, 308].includes(response.status)) return response;
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS) throw new SendError(`There were more than ${MOST_REDIRECTS} redirects.`);
    const location = response.headers.get('location');
    if (!location || !URL.canParse(location, address)) throw new SendError('A redirect did not say where to.');
    const next = new URL(location, address);
    if (!isSafeUrl(next, allowsInsecureLoopback))
      throw new SendError('A redirect led to an address that is not https.');
    address = next.href;
  }
}

function explainStatus(status: number): string {
  if ([301, 302, 303].includes(status)) {
    return `The receiver answered ${status}, which would change the request: redirect with 307 or 308, or change the address of the endpoint.`;
  }
  return `The receiver answered ${status}.`;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'The connection was refused.',
  ENOTFOUND: 'The name of the host was not found.',
  EAI_AGAIN: 'The name of the host could not be looked up.',
  EHOSTUNREACH: 'The host cannot be reached.',
  ENETUNREACH: 'The host cannot be reached.',
  ETIMEDOUT: 'The host did not answer.',
  UND_ERR_CONNECT_TIMEOUT: 'The host did not answer.',
  ECONNRESET: 'The connection was closed before there was an answer.',
  EPIPE: 'The connection was closed before there was an answer.',
  UND_ERR_SOCKET: 'The connection was closed before there was an answer.',
};

/** What names of the operator's network stand for is for the log alone. */
function explainError(error: unknown, { log, config }: SendContext): string {
  if (error instanceof SendError) return error.message;
  const forbidden = findForbiddenAddress(error);
  if (forbidden) {
    log.warn({ reason: forbidden.message }, 'a webhook does not lead to a public address');
    return `${forbidden.host} is not at a public address. The operator can allow it (ALLOWED_PRIVATE_ADDRESSES).`;
  }
  if ((error as Error).name === 'TimeoutError')
    return `There was no answer within ${config.webhookTimeoutSeconds} seconds.`;
  const code = codeOf(error);
  if (code && /CERT|SSL|TLS|SIGNATURE/.test(code)) return `The certificate of the host cannot be trusted (${code}).`;
  return (code && REASONS[code]) ?? `The request failed${code ? ` (${code})` : ''}.`;
}

function codeOf(error: unknown): string | null {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause ? codeOf(cause) : null;
}
