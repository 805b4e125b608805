import { type Configuration, interactionPolicy, type JWKS, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from 'pino';
import { uuidOf } from '../../database/loaders/ids.js';
import { verifyApplicationSecret } from '../../applications/verify-secret.js';
import { issuerOf } from './access-token.js';
import { findAccount } from './accounts.js';
import { Clients } from './clients.js';
import { INTERACTION_COOKIE } from './cookies.js';
import { asksForOrganization, grantToApplication, refreshForOrganization, signInFactsOf } from './grants.js';
import { ID_TOKEN_ALGORITHM, type KeySet, PUBLISHED_SECONDS } from './keys.js';
import { extraClaims, TOKEN_SECONDS, type TokenContext } from './organization-token.js';
import { leaveByGateway } from './logout.js';
import type { Pages } from './pages.js';
import { Records } from './records.js';
import { SCOPE_CLAIMS, TOKEN_EXCHANGE } from './scopes.js';
import { followGatewaySessions, type FollowingSession, type ViewerOfRequest } from './sessions.js';
import { answerStructuredTokens } from './structured-tokens.js';
import { EXCHANGE_PARAMETERS, type ExchangeContext, exchangeToken } from './token-exchange.js';

export type ProviderContext = ExchangeContext & {
  log: Logger;
  pages: Pages;
  viewerOf: ViewerOfRequest;
};

const HOUR = 3600;
const DAY = 24 * HOUR;
/** How long a refresh token serves; those that are replaced at each use keep the end of the first. */
const REFRESH_SECONDS = 14 * DAY;
/** After that people sign in anew, however often tokens were refreshed. */
const GRANT_SECONDS = 90 * DAY;

/** The OpenID provider of one tenant with the keys of this moment. Others take its place when either changes. */
export function createProvider(context: ProviderContext, { keys }: KeySet): Provider {
  const { tenant, tenantId, database, log } = context;
  const rotates = (ctx: KoaContextWithOIDC) => {
    const { RefreshToken: token, Client: client } = ctx.oidc.entities;
    return client!.clientAuthMethod === 'none' || token!.ttlPercentagePassed() >= 70;
  };

  /** The built-in grant of refresh tokens knows no organizations: it answers what asks for none. */
  class OrganizationsProvider extends Provider {
    override registerGrantType<Asked extends object>(
      name: string,
      handler: (ctx: TokenContext & { oidc: { params: Asked } }) => Promise<void> | void,
      parameters?: Iterable<string>,
      duplicates?: string | string[],
    ): void {
      if (name !== 'refresh_token') {
        return super.registerGrantType<Asked>(name, handler, [...(parameters ?? [])], duplicates);
      }
      const grant = (ctx: TokenContext) =>
        asksForOrganization(ctx) ? refreshForOrganization(context, ctx, rotates) : handler(ctx as never);
      const asked = [...(parameters ?? []), 'resource', 'organization_id'];
      return super.registerGrantType(name, grant, asked, 'resource');
    }
  }

  const jwks = { keys: keys as JWKS['keys'] };
  const provider: Provider = new OrganizationsProvider(issuerOf(tenant), configure(context, jwks, rotates));
  const asked = ['resource', 'organization_id', 'scope'];
  provider.registerGrantType('client_credentials', (ctx) => grantToApplication(context, ctx), asked, 'resource');
  provider.registerGrantType(TOKEN_EXCHANGE, (ctx) => exchangeToken(context, ctx), EXCHANGE_PARAMETERS, 'resource');
  // What a proxy says is put there by the gateway itself, from the tenant's own address.
  provider.proxy = true;
  provider.silent = true;
  provider.Client.prototype.compareClientSecret = function compare(this: { clientId: string }, secret: string) {
    return verifyApplicationSecret(database, tenantId, uuidOf('Application', this.clientId)!, secret, context.clock());
  };
  followGatewaySessions(provider, context, tenantId, context.viewerOf);
  provider.use(answerStructuredTokens(context));
  provider.use(leaveByGateway(context, tenantId, new URL(provider.issuer).pathname));
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.status === 404 && !ctx.body) {
      ctx.body = { error: 'not_found' };
      ctx.status = 404;
    }
    if (ctx.path === '/jwks') ctx.set('cache-control', `public, max-age=${PUBLISHED_SECONDS}`);
  });
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) =>
    log.error({ error, path: ctx.path }, 'the OpenID provider failed'),
  );
  for (const event of ['grant.error', 'authorization.error', 'introspection.error', 'revocation.error'] as const) {
    provider.on(event as 'grant.error', (ctx, { error, error_description, error_detail }) =>
      log.info(
        { error, description: error_description, detail: error_detail, client: ctx.oidc.client?.clientId },
        'an application was refused',
      ),
    );
  }
  return provider;
}

function configure(context: ProviderContext, jwks: JWKS, rotates: (ctx: KoaContextWithOIDC) => boolean): Configuration {
  const { tenant, tenantId, pages } = context;
  const { protocol, pathname } = new URL(issuerOf(tenant));
  const cookies = { httpOnly: true, sameSite: 'lax', secure: protocol === 'https:' } as const;
  const policy = interactionPolicy.base();
  // Applications are the tenant's own: nobody is asked whether they may know who signs in.
  policy.get('consent')!.checks.remove('native_client_prompt');
  return {
    adapter: (model: string) =>
      model === 'Client' ? new Clients(context, tenantId) : new Records(context, tenantId, model),
    jwks,
    claims: { ...SCOPE_CLAIMS, sid: null, iss: null },
    scopes: [...Object.keys(SCOPE_CLAIMS), 'offline_access'],
    // Claims are in the ID token as well as in userinfo.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    clientDefaults: { id_token_signed_response_alg: ID_TOKEN_ALGORITHM },
    enabledJWA: { idTokenSigningAlgValues: [ID_TOKEN_ALGORITHM, 'ES256'], userinfoSigningAlgValues: [] },
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: () => true },
    cookies: {
      names: { session: 'vestibule_oidc', interaction: INTERACTION_COOKIE, resume: 'vestibule_resume' },
      long: { ...cookies, path: pathname },
      short: cookies,
    },
    routes: {
      authorization: '/auth',
      token: '/token',
      userinfo: '/userinfo',
      jwks: '/jwks',
      end_session: '/session/end',
      introspection: '/token/introspection',
      revocation: '/token/revocation',
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      // People get organizations' tokens by their refresh token: the authorization endpoint takes no resource.
      resourceIndicators: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) =>
          token.clientId === client.clientId || (client.clientAuthMethod !== 'none' && token.kind !== 'RefreshToken'),
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => showPage(ctx, pages.confirmLogout(form)),
        postLogoutSuccessSource: (ctx) => showPage(ctx, pages.signedOut()),
      },
    },
    interactions: { policy, url: (_ctx, { uid }) => `${pathname}/interaction/${uid}` },
    findAccount: (_ctx, sub, token) => findAccount(context, tenantId, sub, token && signInFactsOf(token)),
    loadExistingGrant: grantWhatIsAsked,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: rotates,
    extraTokenClaims: (ctx, token) => extraClaims(token) ?? readSignInOf(ctx),
    clientBasedCORS: (_ctx, origin, client) =>
      client.clientAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.canParse(uri) && new URL(uri).origin === origin),
    clockTolerance: 5,
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? TOKEN_SECONDS,
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? TOKEN_SECONDS,
      AuthorizationCode: 60,
      IdToken: TOKEN_SECONDS,
      Interaction: HOUR,
      RefreshToken: (ctx, _token, client) => {
        const replaced = ctx.oidc?.entities.RotatedRefreshToken;
        return replaced && client.clientAuthMethod === 'none' ? Math.max(replaced.remainingTTL, 1) : REFRESH_SECONDS;
      },
      Session: (_ctx, session: FollowingSession) => session.secondsLeft ?? HOUR,
      Grant: GRANT_SECONDS,
    },
    renderError: (ctx, out, error) => {
      if (!ctx.accepts('html')) ctx.body = out;
      else
        showPage(ctx, pages.refused(out.error, 'expose' in error && error.expose ? out.error_description : undefined));
    },
  };
}

function showPage(ctx: KoaContextWithOIDC, page: string): void {
  ctx.type = 'text/html; charset=utf-8';
  ctx.set('cache-control', 'no-store');
  ctx.body = page;
}

/** How somebody signed in, for tokens that come of a code or a refresh token. */
function readSignInOf({ oidc: { entities } }: KoaContextWithOIDC): Record<string, unknown> | undefined {
  const source = entities.AuthorizationCode ?? entities.RefreshToken;
  if (!source) return undefined;
  const { authTime, acr, amr } = source;
  return { ...(authTime ? { auth_time: authTime } : {}), ...(acr ? { acr } : {}), ...(amr ? { amr } : {}) };
}

/** One grant for a sign-in and an application; it grows by what is asked. */
async function grantWhatIsAsked(ctx: KoaContextWithOIDC) {
  const { oidc } = ctx;
  const { provider, session, client, account } = oidc;
  const { clientId } = client!;
  const { accountId } = account!;
  const known = session!.grantIdFor(clientId);
  const found = known ? await provider.Grant.find(known) : undefined;
  const isTheirs = found?.accountId === accountId && found.clientId === clientId;
  const grant = isTheirs ? found : new provider.Grant({ accountId, clientId });
  const before = grant.getOIDCScope();
  grant.addOIDCScope([...oidc.requestParamOIDCScopes]);
  if (!isTheirs || grant.getOIDCScope() !== before) await grant.save();
  return grant;
}
