import { createRemoteJWKSet, customFetch, importJWK, type JWK, type JWTVerifyGetKey } from 'jose';
import * as openid from 'openid-client';
import { secretPlace, type Sealing } from '../database/sealing.js';
import { ClientAuthentication } from '../entities/enums.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { findForbiddenAddress, type Outbound } from '../outbound.js';
import { Refusal } from '../sso/refusal.js';

const CACHED_MILLISECONDS = 10 * 60_000;

interface ProvidersOptions {
  sealing: Sealing;
  /** Discovery documents name further addresses: all requests to providers go by it. */
  fetch: Outbound['fetch'];
  timeoutSeconds: number;
  /** Providers at http:// loopback addresses are admitted: for development and tests. */
  allowsInsecureLoopback: boolean;
}

/** The providers as openid-client knows them: discovered once, kept for ten minutes or until the connection changes. */
export class Providers {
  private readonly known = new Map<
    string,
    { version: number; until: number; configuration: Promise<openid.Configuration> }
  >();

  private readonly keySets = new WeakMap<openid.Configuration, JWTVerifyGetKey>();

  constructor(private readonly options: ProvidersOptions) {}

  /** Refuses PROVIDER_UNAVAILABLE or CONNECTION_MISCONFIGURED; a failure is not kept. */
  find(connection: ConnectionSettings): Promise<openid.Configuration> {
    const known = this.known.get(connection.id);
    if (known && known.version === connection.version && known.until > Date.now()) return known.configuration;
    const configuration = this.discover(connection);
    this.known.set(connection.id, {
      version: connection.version,
      until: Date.now() + CACHED_MILLISECONDS,
      configuration,
    });
    configuration.catch(() => {
      if (this.known.get(connection.id)?.configuration === configuration) this.known.delete(connection.id);
    });
    return configuration;
  }

  /** Reads the provider's metadata afresh. ID token and userinfo signatures are always verified. */
  async discover(connection: ConnectionSettings): Promise<openid.Configuration> {
    const issuer = new URL(connection.issuer);
    const isInsecure = issuer.protocol === 'http:';
    if (isInsecure && !(this.options.allowsInsecureLoopback && isLoopback(issuer.hostname))) {
      throw new Refusal('CONNECTION_MISCONFIGURED', [], 'the issuer must be an https address');
    }
    const metadata: Partial<openid.ClientMetadata> = {
      id_token_signed_response_alg: connection.idTokenAlgorithm,
      ...(connection.userinfoAlgorithm ? { userinfo_signed_response_alg: connection.userinfoAlgorithm } : {}),
    };
    const execute = [openid.enableNonRepudiationChecks];
    if (isInsecure) execute.push(openid.allowInsecureRequests);
    try {
      const configuration = await openid.discovery(
        issuer,
        connection.clientId,
        metadata,
        await this.authenticate(connection),
        {
          execute,
          timeout: this.options.timeoutSeconds,
          [openid.customFetch]: this.options.fetch,
        },
      );
      requireEndpoints(configuration.serverMetadata(), isInsecure);
      return configuration;
    } catch (error) {
      throw readProviderError(error, 'discovery');
    }
  }

  /** The keys that the provider publishes, fetched when they are needed and kept; null where it publishes none. */
  findKeys(configuration: openid.Configuration): JWTVerifyGetKey | null {
    const { jwks_uri: address } = configuration.serverMetadata();
    if (!address) return null;
    const { fetch, timeoutSeconds } = this.options;
    const keys =
      this.keySets.get(configuration) ??
      createRemoteJWKSet(new URL(address), { timeoutDuration: timeoutSeconds * 1000, [customFetch]: fetch });
    this.keySets.set(configuration, keys);
    return keys;
  }

  private async authenticate(connection: ConnectionSettings): Promise<openid.ClientAuth> {
    const { clientAuthentication, sealedClientSecret } = connection;
    if (clientAuthentication === ClientAuthentication.NONE) return openid.None();
    if (!sealedClientSecret) throw new Refusal('CONNECTION_MISCONFIGURED', [], 'the connection has no client secret');
    const secret = this.options.sealing.open(sealedClientSecret, secretPlace(connection.id));
    if (clientAuthentication === ClientAuthentication.PRIVATE_KEY_JWT) {
      const key = JSON.parse(secret) as JWK;
      const imported = await importJWK(key, key.alg ?? 'ES256');
      return openid.PrivateKeyJwt({ key: imported as openid.CryptoKey, ...(key.kid ? { kid: key.kid } : {}) });
    }
    return clientAuthentication === ClientAuthentication.CLIENT_SECRET_BASIC
      ? openid.ClientSecretBasic(secret)
      : openid.ClientSecretPost(secret);
  }
}

/** What went wrong at a provider, as the code that the person is shown; the reason, without secrets, is for the log. */
export function readProviderError(error: unknown, step: string): Refusal {
  if (error instanceof Refusal) return error;
  const forbidden = findForbiddenAddress(error);
  if (forbidden) {
    const refusal = new Refusal('PROVIDER_UNAVAILABLE', [], `${step}: ${forbidden.message}`);
    refusal.cause = forbidden;
    return refusal;
  }
  if (error instanceof openid.AuthorizationResponseError) {
    // ProConnect says access_denied with these words; OpenID Connect has a code of its own for it.
    const lacksAssurance =
      error.error === 'unmet_authentication_requirements' || /requested ACRs/i.test(error.error_description ?? '');
    const code = lacksAssurance ? 'ACR_TOO_LOW' : 'PROVIDER_REFUSED';
    return new Refusal(code, [], `the provider answered ${errorName(error.error)}`);
  }
  if (error instanceof openid.ResponseBodyError) {
    const isOurs = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'].includes(error.error);
    return new Refusal(
      isOurs ? 'CONNECTION_MISCONFIGURED' : 'PROVIDER_RESPONSE_INVALID',
      [],
      `${step}: ${errorName(error.error)}`,
    );
  }
  const { code, cause, name, message } = error as { code?: string; cause?: unknown; name: string; message: string };
  if (code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') {
    return new Refusal(step === 'token' ? 'CONNECTION_MISCONFIGURED' : 'PROVIDER_RESPONSE_INVALID', [], `${step}: 401`);
  }
  const status = isResponse(cause) ? cause.status : undefined;
  const isUnreachable =
    ['OAUTH_TIMEOUT', 'OAUTH_ABORT'].includes(code ?? '') ||
    ['TimeoutError', 'AbortError'].includes(name) ||
    (name === 'TypeError' && /fetch failed/.test(message)) ||
    /fetch failed/.test((cause as Error | undefined)?.message ?? '') ||
    (status ?? 0) >= 500;
  if (isUnreachable) return new Refusal('PROVIDER_UNAVAILABLE', [], `${step}: ${status ?? code ?? name}`);
  if (step === 'discovery') return new Refusal('CONNECTION_MISCONFIGURED', [], `${step}: ${status ?? code ?? message}`);
  return new Refusal('PROVIDER_RESPONSE_INVALID', [], `${step}: ${code ?? name}`);
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
    throw new Refusal('CONNECTION_MISCONFIGURED', [], `discovery: ${name} is not an https address`);
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
