import type { Configuration } from 'openid-client';
import { SourceErrorCode } from '../../../entities/source-enums.js';
import {
  buildAuthorizationUrl,
  configure,
  discover,
  exchangeCode,
  keepFor,
  type OpenIdClient,
  OpenIdError,
  type OpenIdFailure,
} from '../../../openid-client.js';
import type { AdapterServices, SourceAuthentication, SourceSignIn } from '../adapter.js';
import { SourceError } from '../source-error.js';

/** How long what a provider says of itself is believed. */
const CACHED_MILLISECONDS = 10 * 60_000;
/** The guard of the source gives up much earlier. */
const TIMEOUT_SECONDS = 60;

/** A provider at which people sign in, and what is made of what it says of them. */
export interface OpenIdSignInOptions {
  client: OpenIdClient;
  scopes: readonly string[];
  prompt: string | null;
  /** Of verified claims. */
  read: (claims: Record<string, unknown> & { sub: string }, signal: AbortSignal) => Promise<SourceSignIn>;
}

/** Sign-ins at an OpenID provider, by the code flow with PKCE; and its client, for whatever else is asked of it. */
export interface OpenIdSignIn extends SourceAuthentication {
  /** The provider as openid-client knows it; `signal` ends the requests that are made with it. Throws SourceError. */
  connect(signal: AbortSignal): Promise<Configuration>;
}

export function openIdSignIn(
  { client, scopes, prompt, read }: OpenIdSignInOptions,
  { outbound, allowsInsecureLoopback }: AdapterServices,
): OpenIdSignIn {
  const optionsOf = (signal: AbortSignal, onRequest: () => void = () => undefined) => ({
    fetch: (address: string | URL, init?: RequestInit) => {
      onRequest();
      const signals = [signal, ...(init?.signal ? [init.signal] : [])];
      return outbound.fetch(address, { ...init, signal: AbortSignal.any(signals) });
    },
    timeoutSeconds: TIMEOUT_SECONDS,
    allowsInsecureLoopback,
  });
  const findMetadata = keepFor(CACHED_MILLISECONDS, async (signal: AbortSignal) =>
    (await discover(client, optionsOf(signal))).serverMetadata(),
  );
  const connect = async (signal: AbortSignal, onRequest?: () => void) => {
    try {
      return configure(client, await findMetadata(signal), optionsOf(signal, onRequest));
    } catch (error) {
      throw failureOfProvider(error);
    }
  };
  return {
    connect: (signal) => connect(signal),
    async begin(trip, signal) {
      const asked = { scope: scopes.join(' '), ...(prompt ? { prompt } : {}) };
      return buildAuthorizationUrl(await connect(signal), { ...trip, usesPkce: true }, asked);
    },
    async finish({ answer, ...trip }, signal) {
      let hasAsked = false;
      const configuration = await connect(signal, () => (hasAsked = true));
      try {
        const { claims } = await exchangeCode(configuration, { ...trip, usesPkce: true }, answer);
        return await read(claims, signal);
      } catch (error) {
        if (error instanceof OpenIdError && isOfBrowser(error, hasAsked))
          return { record: null, refused: error.message };
        throw failureOfProvider(error);
      }
    },
  };
}

/** Whether it is what the browser brought that will not do: anybody can bring anything, and it says nothing of the source. */
function isOfBrowser({ failure, answer }: OpenIdError, hasAsked: boolean): boolean {
  return !hasAsked || failure === 'REFUSED' || answer?.error === 'invalid_grant';
}

const CODES: Readonly<Record<OpenIdFailure, SourceErrorCode>> = {
  REFUSED: SourceErrorCode.CREDENTIALS_REFUSED,
  TIMED_OUT: SourceErrorCode.TIMED_OUT,
  UNREACHABLE: SourceErrorCode.UNREACHABLE,
  ADDRESS_FORBIDDEN: SourceErrorCode.ADDRESS_FORBIDDEN,
  CLIENT_REFUSED: SourceErrorCode.CREDENTIALS_REFUSED,
  MISCONFIGURED: SourceErrorCode.MISCONFIGURED,
  BAD_ANSWER: SourceErrorCode.BAD_ANSWER,
};

/** A provider's failure as that of a source; everything else as it is. */
export function failureOfProvider(error: unknown): unknown {
  if (!(error instanceof OpenIdError)) return error;
  // The addresses behind names of the operator's network are for nobody else.
  const message = error.failure === 'ADDRESS_FORBIDDEN' ? 'The provider is at no public address.' : error.message;
  return new SourceError(CODES[error.failure], message, { cause: error });
}
