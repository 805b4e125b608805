import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';

/** Somebody in the registry, as the public API tells of them. */
export interface OrcidPerson {
  orcid: string;
  givenName?: string;
  familyName?: string;
  emails?: { email: string; verified: boolean }[];
  employments?: { organization: string; role?: string; since?: string[]; until?: string[] }[];
}

/** ORCID on this machine: a real OpenID provider, and the parts of the public API v3.0 that are asked. */
export interface OrcidServer {
  address: string;
  people: OrcidPerson[];
  /** The paths that the API was asked for, in order; tokens are the provider's affair. */
  asked: string[];
  /** What the API answers instead. */
  status: number | null;
  /** How often a token was given to the client itself. */
  tokens: number;
  /** Makes all tokens of the client worthless. */
  revoke: () => void;
  close: () => Promise<void>;
}

export const CLIENT = { id: 'APP-0000000000000000', secret: 'a-secret-of-the-client-of-this-gateway' };

export async function startOrcidServer(redirectUris: string[]): Promise<OrcidServer> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = `http://localhost:${(server.address() as AddressInfo).port}`;
  let generation = 0;
  const issued = new Map<string, number>();
  const orcid: OrcidServer = {
    address,
    people: [],
    asked: [],
    status: null,
    tokens: 0,
    revoke: () => void generation++,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  const provider = createProvider(address, orcid, redirectUris);
  provider.on('grant.success', (context) => {
    const token = (context.body as { access_token?: string }).access_token;
    if (context.oidc.params?.grant_type !== 'client_credentials' || !token) return;
    orcid.tokens++;
    issued.set(token, generation);
  });
  const handle = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', address);
    if (!url.pathname.startsWith('/v3.0/')) return void handle(request, response);
    orcid.asked.push(`${url.pathname}${url.search}`);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const [status, body] = issued.get(token) === generation ? answerOf(orcid, url) : [401, { error: 'invalid_token' }];
    response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8' });
    response.end(JSON.stringify(body));
  });
  return orcid;
}

/** Whoever is hinted at is signed in; what is granted is not asked. */
function createProvider(address: string, { people }: OrcidServer, redirectUris: string[]): Provider {
  const provider = new Provider(address, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: redirectUris,
        grant_types: ['authorization_code', 'client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    scopes: ['openid', '/read-public'],
    claims: { openid: ['sub', 'given_name', 'family_name'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['of this test'] },
    findAccount: (_context, sub) => {
      const person = people.find((one) => one.orcid === sub);
      const claims = { sub, given_name: person?.givenName, family_name: person?.familyName };
      return { accountId: sub, claims: () => claims };
    },
    loadExistingGrant: async ({ oidc }: KoaContextWithOIDC) => {
      const grant = new oidc.provider.Grant({ accountId: oidc.account!.accountId, clientId: oidc.client!.clientId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  });
  provider.use(async (context, next) => {
    if (!context.path.startsWith('/interaction/')) return next();
    const { params } = await provider.interactionDetails(context.req, context.res);
    const login = { accountId: String(params.login_hint) };
    await provider.interactionFinished(context.req, context.res, { login });
    context.respond = false;
    return undefined;
  });
  return provider;
}

function answerOf({ people, status }: OrcidServer, url: URL): [number, unknown] {
  if (status) return [status, { 'response-code': status }];
  if (url.pathname === '/v3.0/expanded-search/') {
    // The index of ORCID folds case; it knows addresses that are public.
    const query = /^email:"(.*)"$/.exec(url.searchParams.get('q') ?? '')?.[1]?.replace(/\\(.)/g, '$1');
    const found = people.filter(({ emails = [] }) => emails.some(({ email }) => email.toLowerCase() === query));
    const results = found.slice(0, Number(url.searchParams.get('rows'))).map(({ orcid: id }) => ({ 'orcid-id': id }));
    return [200, { 'expanded-result': results.length ? results : null, 'num-found': found.length }];
  }
  const id = /^\/v3\.0\/([^/]+)\/record$/.exec(url.pathname)?.[1];
  const person = people.find((one) => one.orcid === id);
  return person ? [200, recordOf(person)] : [404, { 'response-code': 404 }];
}

function recordOf({ orcid, givenName, familyName, emails = [], employments = [] }: OrcidPerson) {
  const valued = (value: string | undefined) => (value === undefined ? null : { value });
  const dated = (parts: string[] | undefined) =>
    parts ? { year: valued(parts[0]), month: valued(parts[1]), day: valued(parts[2]) } : null;
  return {
    'orcid-identifier': { uri: `https://orcid.org/${orcid}`, path: orcid, host: 'orcid.org' },
    history: { 'deactivation-date': null, claimed: true },
    person: {
      name: givenName
        ? { 'given-names': valued(givenName), 'family-name': valued(familyName), 'credit-name': null }
        : null,
      emails: { email: emails.map((one) => ({ ...one, primary: true, visibility: 'public' })) },
      biography: null,
    },
    'activities-summary': {
      employments: {
        'affiliation-group': employments.map(({ organization, role, since, until }) => ({
          summaries: [
            {
              'employment-summary': {
                'department-name': null,
                'role-title': role ?? null,
                'start-date': dated(since),
                'end-date': dated(until),
                organization: { name: organization, 'disambiguated-organization': null },
                visibility: 'public',
              },
            },
          ],
        })),
      },
      works: { group: [] },
    },
  };
}
