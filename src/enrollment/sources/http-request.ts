import { setTimeout as wait } from 'node:timers/promises';
import { SourceErrorCode } from '../../entities/source-enums.js';
import { findForbiddenAddress, isLoopbackHost, type Outbound, readBounded } from '../../outbound.js';
import { SourceError } from './source-error.js';

/** The most that one answer holds, in bytes. */
const LARGEST_ANSWER = 8 * 1024 * 1024;
const MOST_REDIRECTS = 3;
const REDIRECTS = [301, 302, 303, 307, 308];
/** How long a server may ask to be left alone until the same call asks it again, once. */
const LONGEST_WAIT_SECONDS = 10;

/** A request to a server of an administrator's choice. */
export interface HttpRequest {
  url: URL;
  method?: 'GET' | 'POST' | 'PUT';
  /** Among them the credentials, which only the origin of `url` is sent. */
  headers?: Record<string, string>;
  body?: string;
  /** Further statuses that are answers, for the caller to judge. */
  judges?: readonly number[];
  /** The statuses whose JSON is read, where they are not just the successful ones. */
  reads?: readonly number[];
  /** What an answer that is too large is. */
  whenTooLarge?: 'BAD_ANSWER' | 'TOO_MANY_RECORDS';
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Where the answer came from, after redirects. */
  url: URL;
  /** What the JSON of a successful answer, or of one that is to be read, says; null of others. */
  body: unknown;
}

export interface HttpRules {
  outbound: Outbound;
  allowsInsecureLoopback: boolean;
}

/** An address that may be asked; throws MISCONFIGURED for others. What it leads to is checked on connecting. */
export function checkAddress(text: string, { allowsInsecureLoopback }: Pick<HttpRules, 'allowsInsecureLoopback'>): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && isSafe(url, allowsInsecureLoopback) && !url.hash) return url;
  throw new SourceError(
    SourceErrorCode.MISCONFIGURED,
    'The address is an absolute https address, without user name, password and fragment.',
  );
}

function isSafe({ protocol, hostname, username, password }: URL, allowsInsecureLoopback: boolean): boolean {
  if (username || password) return false;
  return protocol === 'https:' || (allowsInsecureLoopback && protocol === 'http:' && isLoopbackHost(hostname));
}

/**
 * Asks a server for JSON. Gives answers of the statuses 2xx, 400, 401 and 404, and of `judges`, for the caller to judge;
 * everything else throws SourceError. A redirect to another origin is followed without the credentials. Who is asked to wait some
 * seconds (Retry-After) does so, once.
 */
export async function requestJson(request: HttpRequest, rules: HttpRules, signal: AbortSignal): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const { response, url } = await send(request, rules, signal);
    const seconds = waitOf(response);
    if (seconds === null) return readAnswer(response, url, request, signal);
    await response.body?.cancel().catch(() => undefined);
    if (attempt > 1 || seconds > LONGEST_WAIT_SECONDS) throw unreachable(`The server answered ${response.status}.`);
    await wait(seconds * 1000, undefined, { signal }).catch((error: unknown) => {
      throw sourceErrorOf(error, signal);
    });
  }
}

/** For how long the server wants to be left alone, in seconds; infinite where it does not say, null where it answers. */
function waitOf({ status, headers }: Response): number | null {
  if (status !== 408 && status !== 429 && status < 500) return null;
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const until = Date.parse(text);
  return Number.isNaN(until) ? Infinity : Math.max(0, (until - Date.now()) / 1000);
}

async function send(
  request: HttpRequest,
  rules: HttpRules,
  signal: AbortSignal,
): Promise<{ response: Response; url: URL }> {
  let { url } = request;
  for (let redirects = 0; ; redirects++) {
    const isOwnOrigin = url.origin === request.url.origin;
    const response = await rules.outbound
      .fetch(url, {
        method: request.method ?? 'GET',
        redirect: 'manual',
        signal,
        headers: { accept: 'application/json', ...(isOwnOrigin ? request.headers : {}) },
        ...(request.body === undefined ? {} : { body: request.body }),
      })
      .catch((error: unknown) => {
        throw sourceErrorOf(error, signal);
      });
    if (!REDIRECTS.includes(response.status)) return { response, url };
    await response.body?.cancel().catch(() => undefined);
    const location = response.headers.get('location');
    const next = location !== null && URL.canParse(location, url.href) ? new URL(location, url) : null;
    if (next && !rules.outbound.isAdmitted(next.hostname)) throw forbidden();
    // What is posted is a secret: it goes nowhere else.
    if (
      (request.method ?? 'GET') !== 'GET' ||
      !next ||
      redirects === MOST_REDIRECTS ||
      !isSafe(next, rules.allowsInsecureLoopback)
    )
      throw badAnswer('The server redirects to where it is not followed.');
    url = next;
  }
}

async function readAnswer(
  response: Response,
  url: URL,
  { judges = [], reads, whenTooLarge = 'BAD_ANSWER' }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { status, headers } = response;
  if (!(reads?.includes(status) ?? response.ok)) {
    await response.body?.cancel().catch(() => undefined);
    if (response.ok || [400, 401, 404, ...judges].includes(status)) return { status, headers, url, body: null };
    if (status === 403) throw credentialsRefused(status);
    throw badAnswer(`The server answered ${status}.`);
  }
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(headers.get('content-type') ?? '')) {
    await response.body?.cancel().catch(() => undefined);
    throw badAnswer('The answer is not JSON, as its content-type says.');
  }
  const { text, isCut } = await readBounded(response, LARGEST_ANSWER).catch((error: unknown) => {
    throw sourceErrorOf(error, signal);
  });
  if (isCut)
    throw new SourceError(SourceErrorCode[whenTooLarge], `The answer is larger than ${LARGEST_ANSWER / 1024 ** 2} MB.`);
  try {
    return { status, headers, url, body: JSON.parse(text) as unknown };
  } catch {
    // The parser's message shows what it read.
    throw badAnswer('The answer is not the JSON that its content-type says.');
  }
}

export function badAnswer(message: string): SourceError {
  return new SourceError(SourceErrorCode.BAD_ANSWER, message);
}

export function credentialsRefused(status: number): SourceError {
  return new SourceError(SourceErrorCode.CREDENTIALS_REFUSED, `The server refuses the credentials (${status}).`);
}

function unreachable(message: string, cause?: unknown): SourceError {
  return new SourceError(SourceErrorCode.UNREACHABLE, message, { cause });
}

function forbidden(cause?: unknown): SourceError {
  const message =
    'The server is at, or redirects to, an address that may not be asked. The operator can allow it (ALLOWED_PRIVATE_ADDRESSES).';
  return new SourceError(SourceErrorCode.ADDRESS_FORBIDDEN, message, { cause });
}

/** What an error of a request means for the source. */
export function sourceErrorOf(error: unknown, signal: AbortSignal): SourceError {
  if (error instanceof SourceError) return error;
  if (signal.aborted)
    return new SourceError(SourceErrorCode.TIMED_OUT, 'There was no answer in time.', { cause: error });
  if (findForbiddenAddress(error)) return forbidden(error);
  const code = codeOf(error);
  return unreachable(`The server cannot be reached${code ? ` (${code})` : ''}.`, error);
}

function codeOf(error: unknown): string | null {
  for (let found = error, depth = 0; found instanceof Error && depth < 5; found = found.cause, depth++) {
    const { code } = found as { code?: unknown };
    if (typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code)) return code;
  }
  return null;
}
