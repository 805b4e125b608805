import { createRemoteJWKSet, customFetch, importJWK, type JWK, type JWTVerifyGetKey } from 'jose';
import * as openid from 'openid-client';
import { secretPlace, type Sealing } from '../database/sealing.js';
import { ClientAuthentication } from '../entities/enums.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import {
  discover,
  type DiscoveryOptions,
  keepFor,
  OpenIdError,
  type OpenIdFailure,
  readOpenIdError,
} from '../openid-client.js';
import { Refusal, type RefusalCode } from '../sso/refusal.js';

const CACHED_MILLISECONDS = 10 * 60_000;

type ProvidersOptions = DiscoveryOptions & { sealing: Sealing };

/** The providers as openid-client knows them: discovered once, kept for ten minutes or until the connection changes. */
export class Providers {
  private readonly known = new Map<string, { version: number; find: () => Promise<openid.Configuration> }>();

  private readonly keySets = new WeakMap<openid.Configuration, JWTVerifyGetKey>();

  constructor(private readonly options: ProvidersOptions) {}

  /** Refuses PROVIDER_UNAVAILABLE or CONNECTION_MISCONFIGURED; a failure is not kept. */
  find(connection: ConnectionSettings): Promise<openid.Configuration> {
    const { id, version } = connection;
    let known = this.known.get(id);
    if (known?.version !== version) {
      known = { version, find: keepFor(CACHED_MILLISECONDS, () => this.discover(connection)) };
      this.known.set(id, known);
    }
    return known.find();
  }

  /** Reads the provider's metadata afresh. ID token and userinfo signatures are always verified. */
  async discover(connection: ConnectionSettings): Promise<openid.Configuration> {
    const { issuer, clientId, idTokenAlgorithm, userinfoAlgorithm } = connection;
    const metadata: Partial<openid.ClientMetadata> = {
      id_token_signed_response_alg: idTokenAlgorithm,
      ...(userinfoAlgorithm ? { userinfo_signed_response_alg: userinfoAlgorithm } : {}),
    };
    try {
      const authentication = await this.authenticate(connection);
      return await discover({ issuer, clientId, metadata, authentication }, this.options);
    } catch (error) {
      throw error instanceof Refusal ? error : refusalOf(readOpenIdError(error, 'discovery'));
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

const CODES: Readonly<Record<OpenIdFailure, RefusalCode>> = {
  REFUSED: 'PROVIDER_REFUSED',
  TIMED_OUT: 'PROVIDER_UNAVAILABLE',
  UNREACHABLE: 'PROVIDER_UNAVAILABLE',
  ADDRESS_FORBIDDEN: 'PROVIDER_UNAVAILABLE',
  CLIENT_REFUSED: 'CONNECTION_MISCONFIGURED',
  MISCONFIGURED: 'CONNECTION_MISCONFIGURED',
  BAD_ANSWER: 'PROVIDER_RESPONSE_INVALID',
};

/** What went wrong at a provider, as the code that the person is shown; the reason, without secrets, is for the log. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof OpenIdError)) return error;
  const { failure, message, answer, cause } = error;
  // ProConnect says access_denied with these words; OpenID Connect has a code of its own for it.
  const lacksAssurance =
    failure === 'REFUSED' &&
    (answer?.error === 'unmet_authentication_requirements' || /requested ACRs/i.test(answer?.description ?? ''));
  const refusal = new Refusal(lacksAssurance ? 'ACR_TOO_LOW' : CODES[failure], [], message);
  if (cause !== undefined) refusal.cause = cause;
  return refusal;
}
