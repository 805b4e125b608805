import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type AdapterPayload } from 'oidc-provider';
import { providerConfiguration } from './provider-configuration.js';
import { messagePage } from './provider-page.js';
import { signInPage } from './provider-sign-in.js';
import { confirmLogout, interception } from './provider-steps.js';
import { ProviderStore } from './provider-store.js';
import type {
  LocalPerson,
  LocalProvider,
  LocalProviderClient,
  LogoutNotice,
  SigningAlgorithm,
  SigningKey,
} from './provider-types.js';

export type * from './provider-types.js';

/** How to start a local provider. */
export interface LocalProviderOptions {
  /** A free port unless said otherwise. */
  port?: number;
  /** The host name in the issuer, `localhost` unless said otherwise. */
  hostname?: string;
  clients: LocalProviderClient[];
  people: LocalPerson[];
}

/** The part of a client of `oidc-provider` that its types leave out. */
interface LogoutClient {
  backchannelLogoutUri?: string;
  backchannelLogout(sub: string, sid: string | undefined): Promise<void>;
}

const basePath = '/api/v2';

/** Starts an OpenID provider that behaves like ProConnect, on this machine alone. */
export async function startLocalProvider(options: LocalProviderOptions): Promise<LocalProvider> {
  const { hostname = 'localhost' } = options;
  const [es256, rs256] = await Promise.all([newSigningKey('ES256'), newSigningKey('RS256')]);
  const clients = new Map(options.clients.map((client) => [client.clientId, client]));
  const store = new ProviderStore((clientId) => clientMetadata(clients.get(clientId)));
  const server = createServer();
  const port = await listen(server, options.port ?? 0, hostname);
  const local: LocalProvider = {
    issuer: `http://${hostname}:${port}${basePath}`,
    people: new Map(options.people.map((person) => [person.id, person])),
    clients,
    enforceEssentialAcr: true,
    intercept: undefined,
    signingKey: es256,
    signingKeys: { ES256: es256, RS256: rs256 },
    endSessionsOf: (sub) => endSessions(provider, store, sub),
    close: () => close(server),
  };
  const provider = new Provider(local.issuer, {
    ...providerConfiguration(local),
    adapter: (kind: string) => store.adapterFor(kind),
    jwks: { keys: await Promise.all([privateJwk(es256), privateJwk(rs256)]) },
    cookies: {
      // Cookies are shared by all the ports of a host, so the port tells one provider's from another's.
      names: { session: `provider_${port}`, interaction: `provider_${port}_page`, resume: `provider_${port}_resume` },
      long: { httpOnly: true, sameSite: 'lax', path: basePath },
      short: { httpOnly: true, sameSite: 'lax' },
      keys: [randomBytes(32).toString('base64url')],
    },
  });
  provider.silent = true;
  provider.use(interception(local));
  provider.use(confirmLogout(local));
  provider.use(signInPage(provider, local));
  const handle = provider.callback();
  server.on('request', (request: IncomingMessage & { originalUrl?: string }, response) => {
    request.originalUrl = request.url ?? '/';
    if (!request.originalUrl.startsWith(`${basePath}/`)) {
      response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' });
      response.end(
        messagePage('Not found', 'The local provider has nothing at this address.', { issuer: local.issuer }),
      );
      return;
    }
    request.url = request.originalUrl.slice(basePath.length);
    void handle(request, response);
  });
  return local;
}

/** Generates a key pair, such as those that the local provider signs with. */
export async function newSigningKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid: randomBytes(12).toString('base64url'), algorithm, privateKey, publicKey };
}

async function privateJwk(key: SigningKey) {
  return { ...(await exportJWK(key.privateKey)), kid: key.kid, alg: key.algorithm, use: 'sig' };
}

function clientMetadata(client: LocalProviderClient | undefined): AdapterPayload | undefined {
  if (client === undefined) return undefined;
  const { userinfoSignedResponseAlg = 'ES256', tokenEndpointAuthMethod = 'client_secret_post' } = client;
  return {
    client_id: client.clientId,
    ...(tokenEndpointAuthMethod === 'none' ? {} : { client_secret: client.clientSecret }),
    token_endpoint_auth_method: tokenEndpointAuthMethod,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    id_token_signed_response_alg: client.idTokenSignedResponseAlg ?? 'ES256',
    ...(userinfoSignedResponseAlg === null ? {} : { userinfo_signed_response_alg: userinfoSignedResponseAlg }),
    ...(client.backchannelLogoutUri === undefined
      ? {}
      : { backchannel_logout_uri: client.backchannelLogoutUri, backchannel_logout_session_required: true }),
  };
}

async function endSessions(provider: Provider, store: ProviderStore, sub: string): Promise<LogoutNotice[]> {
  const notices: LogoutNotice[] = [];
  for (const stored of store.sessions().filter((session) => session.accountId === sub)) {
    const session = await provider.Session.findByUid(String(stored.uid));
    if (session === undefined) continue;
    await session.destroy();
    for (const [clientId, { sid }] of Object.entries(session.authorizations ?? {})) {
      const client = (await provider.Client.find(clientId)) as LogoutClient | undefined;
      if (client?.backchannelLogoutUri === undefined) continue;
      const told = client.backchannelLogout(sub, sid);
      notices.push(
        await told.then(
          () => ({ clientId, sid }),
          (problem: unknown) => ({ clientId, sid, problem }),
        ),
      );
    }
  }
  return notices;
}

async function listen(server: Server, port: number, hostname: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // A provider that signs anyone in has no business on the network, unless it was given a name on it.
    server.listen(port, hostname === 'localhost' ? '127.0.0.1' : hostname, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
