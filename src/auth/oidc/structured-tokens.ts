import { type errors, type Provider } from 'oidc-provider';
import { uuidOf } from '../../database/loaders/ids.js';
import { verifyAccessToken } from './access-token.js';
import type { ExchangeContext } from './token-exchange.js';
import { Records } from './records.js';

type Middleware = Parameters<Provider['use']>[0];

/**
 * oidc-provider knows no introspection (RFC 7662) and no revocation (RFC 7009) of signed tokens: once it has
 * authenticated the client and found such a token, they are answered here. A token is active while its rights stand.
 */
export function answerStructuredTokens(context: ExchangeContext): Middleware {
  const revoked = new Records(context, context.tenantId, 'RevokedToken');
  return async (ctx, next) => {
    await next();
    const body = ctx.body as Partial<errors.OIDCProviderError> | undefined;
    if (body?.error !== 'unsupported_token_type') return;
    const { client, params, route } = (ctx as { oidc?: OidcContext }).oidc ?? {};
    if (!client || !params) return;
    const claims = await verifyAccessToken(context, context.tenant, String(params.token));
    const isOwn = claims?.applicationId === uuidOf('Application', client.clientId);
    ctx.status = 200;
    if (route === 'revocation') {
      // Of others' tokens it is not said whether they are any.
      if (claims && isOwn) {
        const expiresIn = Math.ceil((claims.expiresAt.getTime() - context.clock().getTime()) / 1000);
        await revoked.upsert(claims.tokenId, { clientId: client.clientId }, Math.max(expiresIn, 1));
      }
      ctx.body = '';
      return;
    }
    const mayAsk = isOwn || client.tokenEndpointAuthMethod !== 'none';
    const viewer = claims && mayAsk ? await context.findTokenViewer(context.tenantId, claims) : null;
    ctx.body = claims && viewer ? { ...claims.payload, active: true, token_type: 'Bearer' } : { active: false };
  };
}

interface OidcContext {
  client?: { clientId: string; tokenEndpointAuthMethod?: string };
  params?: Record<string, unknown>;
  route?: string;
}
