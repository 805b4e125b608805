import type { IncomingHttpHeaders } from 'node:http';
import type { CryptoKey } from 'jose';

/** Someone who may sign in at the local provider. */
export interface LocalPerson {
  /** What an application sends as `login_hint` to have this person signed in without a page. */
  id: string;
  sub: string;
  claims: Record<string, unknown>;
  /** The level of assurance, `eidas1` unless said otherwise. */
  acr?: string;
  /** The means of authentication, `['pwd']` unless said otherwise. */
  amr?: string[];
}

/** An application that the local provider signs people in to. */
export interface LocalProviderClient {
  clientId: string;
  clientSecret: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri?: string;
  /** `ES256` unless said otherwise. */
  idTokenSignedResponseAlg?: SigningAlgorithm;
  /** `ES256` unless said otherwise; `null` for a plain JSON answer. */
  userinfoSignedResponseAlg?: SigningAlgorithm | null;
  /** `client_secret_post` unless said otherwise. */
  tokenEndpointAuthMethod?: 'client_secret_post' | 'client_secret_basic' | 'none';
}

/** The algorithms that the local provider signs with. */
export type SigningAlgorithm = 'ES256' | 'RS256';

/** A key pair with the identifier under which its public half is published. */
export interface SigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

/** A request that the provider received; `path` is relative to the issuer, such as `/token`. */
export interface ProviderRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/** What the provider answers on the wire. */
export interface ProviderAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
}

/**
 * Stands between the wire and the provider. `answer` has the provider handle the request; what is returned goes out
 * in its place, nothing leaves the answer as it is, and `'cut'` closes the connection without a word.
 */
export type Intercept = (
  request: ProviderRequest,
  answer: () => Promise<ProviderAnswer>,
) => Promise<ProviderAnswer | 'cut' | undefined>;

/** One application that was told of the end of a session, with the reason when it did not accept that. */
export interface LogoutNotice {
  clientId: string;
  sid: string | undefined;
  problem?: unknown;
}

/** A running local provider. Everything but its issuer and its keys may be changed while it runs. */
export interface LocalProvider {
  readonly issuer: string;
  /** By `id`. */
  readonly people: Map<string, LocalPerson>;
  /** By `clientId`. */
  readonly clients: Map<string, LocalProviderClient>;
  /** Whether a required level of assurance that the person lacks is refused, rather than ignored. */
  enforceEssentialAcr: boolean;
  intercept: Intercept | undefined;
  /** The ES256 key. */
  readonly signingKey: SigningKey;
  readonly signingKeys: Readonly<Record<SigningAlgorithm, SigningKey>>;
  /** Ends every session of a person, and tells the applications that have a back-channel logout address. */
  endSessionsOf(sub: string): Promise<LogoutNotice[]>;
  close(): Promise<void>;
}
