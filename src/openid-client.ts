import * as openid from 'openid-client';
import { findForbiddenAddress, isLoopbackHost, type Outbound } from './outbound.js';
import { deriveSecret } from './secret.js';

/** Why a provider did not sign somebody in, or could not be used. */
export type OpenIdFailure =
  /** It does not sign this person in, or not with what their browser brought. */
  | 'REFUSED'
  | 'TIMED_OUT'
  | 'UNREACHABLE'
  /** It is at no public address; the cause is a ForbiddenAddressError. */
  | 'ADDRESS_FORBIDDEN'
  /** It does not take the client's credentials. */
  | 'CLIENT_REFUSED'
  | 'MISCONFIGURED'
  /** What it answered cannot be trusted. */
  | 'BAD_ANSWER';

/** A provider gave no answer that can be used. The message is for administrators and the log: no secrets, nothing of a person. */
export class OpenIdError extends Error {
  override name = 'OpenIdError';

  constructor(
    readonly failure: OpenIdFailure,
    message: string,
    options: { cause?: unknown; answer?: { error: string; description: string | undefined } } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.answer = options.answer ?? null;
  }

  /** The error that the provider answered with, if it did. It is not for the log. */
  readonly answer: { error: string; description: string | undefined } | null;
}

/** A client of a provider. */
export interface OpenIdClient {
  issuer: string;
  clientId: string;
  authentication: openid.ClientAuth;
  /** What is pinned of the client, such as its algorithms. */
  metadata?: Partial<openid.ClientMetadata>;
}

export interface DiscoveryOptions {
  /** Discovery documents name further addresses: all requests to the provider go by it. */
  fetch: Outbound['fetch'];
  timeoutSeconds: number;
  /** Providers at http:// loopback addresses are admitted: for development and tests. */
  allowsInsecureLoopback: boolean;
}

/** Reads a provider's metadata. ID token and userinfo signatures are always verified. Throws {@link OpenIdError}. */
export async function discover(client: OpenIdClient, options: DiscoveryOptions): Promise<openid.Configuration> {
  const issuer = new URL(client.issuer);
  const isInsecure = issuer.protocol === 'http:';
  if (isInsecure && !(options.allowsInsecureLoopback && isLoopback(issuer.hostname))) {
    throw new OpenIdError('MISCONFIGURED', 'the issuer must be an https address');
  }
  try {
    const configuration = await openid.discovery(issuer, client.clientId, client.metadata, client.authentication, {
      execute: checksOf(isInsecure),
      timeout: options.timeoutSeconds,
      [openid.customFetch]: options.fetch,
    });
    requireEndpoints(configuration.serverMetadata(), isInsecure);
    return configuration;
  } catch (error) {
    throw readOpenIdError(error, 'discovery');
  }
}

/** As {@link discover}, of metadata that was read before: its requests are made by another `fetch`. */
export function configure(
  client: OpenIdClient,
  metadata: openid.ServerMetadata,
  { fetch, timeoutSeconds }: DiscoveryOptions,
): openid.Configuration {
  const { clientId, authentication } = client;
  const configuration = new openid.Configuration(metadata, clientId, client.metadata, authentication);
  for (const check of checksOf(new URL(client.issuer).protocol === 'http:')) check(configuration);
  return Object.assign(configuration, { timeout: timeoutSeconds, [openid.customFetch]: fetch });
}

function checksOf(isInsecure: boolean) {
  return [openid.enableNonRepudiationChecks, ...(isInsecure ? [openid.allowInsecureRequests] : [])];
}

/** Gives what `load` gave for so long before it is called again. A failure is not kept. */
export function keepFor<Value, Given extends unknown[]>(
  milliseconds: number,
  load: (...given: Given) => Promise<Value>,
): (...given: Given) => Promise<Value> {
  let kept: { until: number; value: Promise<Value> } | undefined;
  return (...given) => {
    if (kept && kept.until > Date.now()) return kept.value;
    const value = load(...given);
    kept = { until: Date.now() + milliseconds, value };
    value.catch(() => {
      if (kept?.value === value) kept = undefined;
    });
    return value;
  };
}

/**
 * What a browser's trip to a provider and back is bound to: `state` travels with it, `binding` stays with the browser or
 * client that began. Nonce and code verifier follow from both, so that whoever stores hashes alone can finish nobody's trip.
 */
export interface OpenIdTrip {
  redirectUri: string;
  state: string;
  binding: string;
  usesPkce: boolean;
}

/** The address to send a browser to. `parameters` say what is asked for: `scope`, `prompt`, …. */
export async function buildAuthorizationUrl(
  configuration: openid.Configuration,
  { redirectUri, state, binding, usesPkce }: OpenIdTrip,
  parameters: Record<string, string>,
): Promise<URL> {
  const asked = {
    response_type: 'code',
    redirect_uri: redirectUri,
    state,
    nonce: nonceOf(binding, state),
    ...parameters,
  };
  if (!usesPkce) return openid.buildAuthorizationUrl(configuration, asked);
  return openid.buildAuthorizationUrl(configuration, {
    ...asked,
    code_challenge: await openid.calculatePKCECodeChallenge(verifierOf(binding, state)),
    code_challenge_method: 'S256',
  });
}

/** What a provider says of who came back. */
export interface OpenIdAnswer {
  /** Userinfo and ID token together; what the ID token says of itself (iss, sub, acr, amr, sid) is its own. */
  claims: Record<string, unknown> & { sub: string };
  idToken: string;
}

/**
 * Exchanges the provider's answer for verified claims: state, `iss`, code with PKCE, the ID token's signature, nonce,
 * audience and times, then userinfo with its signature and subject. Throws {@link OpenIdError}.
 */
export async function exchangeCode(
  configuration: openid.Configuration,
  { redirectUri, state, binding, usesPkce }: OpenIdTrip,
  answer: URLSearchParams,
): Promise<OpenIdAnswer> {
  const currentUrl = new URL(redirectUri);
  currentUrl.search = answer.toString();
  let step = 'token';
  try {
    const tokens = await openid.authorizationCodeGrant(configuration, currentUrl, {
      expectedState: state,
      expectedNonce: nonceOf(binding, state),
      idTokenExpected: true,
      ...(usesPkce ? { pkceCodeVerifier: verifierOf(binding, state) } : {}),
    });
    const idClaims = tokens.claims()!;
    step = 'userinfo';
    const userinfo = configuration.serverMetadata().userinfo_endpoint
      ? await openid.fetchUserInfo(configuration, tokens.access_token, idClaims.sub)
      : {};
    const { iss, sub, acr, amr, sid } = idClaims;
    return { claims: { ...idClaims, ...userinfo, iss, sub, acr, amr, sid }, idToken: tokens.id_token! };
  } catch (error) {
    throw readOpenIdError(error, step);
  }
}

/** What went wrong at a provider, in which step. */
export function readOpenIdError(error: unknown, step: string): OpenIdError {
  if (error instanceof OpenIdError) return error;
  const cause = findForbiddenAddress(error);
  if (cause) return new OpenIdError('ADDRESS_FORBIDDEN', `${step}: ${cause.message}`, { cause });
  if (error instanceof openid.AuthorizationResponseError) {
    const answer = { error: error.error, description: error.error_description };
    return new OpenIdError('REFUSED', `the provider answered ${errorName(error.error)}`, { answer });
  }
  if (error instanceof openid.ResponseBodyError) {
    const isOurs = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'].includes(error.error);
    const answer = { error: error.error, description: error.error_description };
    return new OpenIdError(isOurs ? 'CLIENT_REFUSED' : 'BAD_ANSWER', `${step}: ${errorName(error.error)}`, { answer });
  }
  return readFailure(error, step);
}

function readFailure(error: unknown, step: string): OpenIdError {
  const {
    code = '',
    cause,
    name,
    message,
  } = error as { code?: string; cause?: unknown; name: string; message: string };
  if (code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') {
    return new OpenIdError(step === 'token' ? 'CLIENT_REFUSED' : 'BAD_ANSWER', `${step}: 401`);
  }
  const status = isResponse(cause) ? cause.status : undefined;
  const isTooLate = ['OAUTH_TIMEOUT', 'OAUTH_ABORT'].includes(code) || ['TimeoutError', 'AbortError'].includes(name);
  const isUnreachable =
    (name === 'TypeError' && /fetch failed/.test(message)) ||
    /fetch failed/.test((cause as Error | undefined)?.message ?? '') ||
    (status ?? 0) >= 500;
  if (isTooLate || isUnreachable) {
    return new OpenIdError(isTooLate ? 'TIMED_OUT' : 'UNREACHABLE', `${step}: ${status ?? (code || name)}`);
  }
  if (step === 'discovery') return new OpenIdError('MISCONFIGURED', `${step}: ${status ?? (code || message)}`);
  return new OpenIdError('BAD_ANSWER', `${step}: ${code || name}`);
}

/** The class of an answer is not the global one where it came by the outbound `fetch`. */
function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]';
}

/** The name of an error as it may be logged: what anybody may put into a callback can be more than a name. */
function errorName(error: string): string {
  return /^[a-z_]{1,64}$/.test(error) ? error : 'an error without a usable name';
}

/** A sign-in needs both endpoints: a document without them is refused before anybody is sent away. */
function requireEndpoints(metadata: openid.ServerMetadata, isInsecure: boolean): void {
  for (const name of ['authorization_endpoint', 'token_endpoint'] as const) {
    const address = metadata[name];
    const protocol = address !== undefined && URL.canParse(address) ? new URL(address).protocol : null;
    if (protocol === 'https:' || (isInsecure && protocol === 'http:')) continue;
    throw new OpenIdError('MISCONFIGURED', `discovery: ${name} is not an https address`);
  }
}

function isLoopback(hostname: string): boolean {
  return isLoopbackHost(hostname) || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function nonceOf(binding: string, state: string): string {
  return deriveSecret(binding, `nonce:${state}`);
}

function verifierOf(binding: string, state: string): string {
  return deriveSecret(binding, `code_verifier:${state}`);
}
