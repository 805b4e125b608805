import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sessionOf } from '../actor.js';
import { acceptLogoutToken, logOut, LogoutTokenError } from '../auth/logout.js';
import { beginLogin, takeTransaction } from '../auth/login.js';
import { DEFAULT_PAGE, safeReturnTo } from '../auth/return-to.js';
import { completeTrip, refuseStaleSession } from '../auth/sign-in.js';
import { createSecret } from '../auth/token.js';
import { LoginIntent, SessionTransport } from '../entities/enums.js';
import { findEnabledConnection } from '../sso/find-connection.js';
import { Refusal } from '../sso/refusal.js';
import type { Services } from '../services.js';
import { clearSessionCookie, LOGIN_COOKIE, readToken, setLoginCookie, setSessionCookie } from './cookies.js';
import { messagePage } from './pages.js';
import { createRequestContext } from './request-context.js';

type ConnectionRoute = { Params: { connection: string } };
type Query = Record<string, string | string[] | undefined>;

/** What browsers visit: to sign in, to come back from the provider, to log out; and what providers call. */
export async function useAuthRoutes(server: FastifyInstance, services: Services): Promise<void> {
  server.addHook('onSend', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
  });

  server.get<ConnectionRoute>('/auth/:connection/login', async (request, reply) =>
    refusable(request, reply, async () => {
      const context = await createRequestContext(services, request, reply);
      const { returnTo, login_hint: loginHint, intent, prompt } = request.query as Query;
      const connection = await findEnabledConnection(context.database, context.tenant.id, request.params.connection);
      const isLink = intent === 'link';
      if (isLink) refuseStaleSession(context);
      const binding = request.cookies[LOGIN_COOKIE] ?? createSecret();
      const url = await beginLogin(context, {
        connection,
        binding,
        intent: isLink ? LoginIntent.LINK : LoginIntent.SIGN_IN,
        redirectUri: callbackOf(context.tenant.publicUrl, connection.slug),
        returnTo: safeReturnTo(returnTo),
        sessionId: isLink ? sessionOf(context)?.sessionId : undefined,
        loginHint: typeof loginHint === 'string' ? loginHint.slice(0, 256) : undefined,
        isSilent: prompt === 'none',
      });
      setLoginCookie(reply, binding);
      return reply.redirect(url.href);
    }),
  );

  server.get<ConnectionRoute>('/auth/:connection/callback', async (request, reply) =>
    refusable(request, reply, async () => {
      const context = await createRequestContext(services, request, reply);
      const callback = callbackOf(context.tenant.publicUrl, request.params.connection);
      const response = {
        answer: new URL(request.url, context.tenant.publicUrl).searchParams,
        binding: request.cookies[LOGIN_COOKIE],
        answeredAt: new URL(callback),
      };
      const finished = await completeTrip(context, response, SessionTransport.COOKIE);
      if ('token' in finished) setSessionCookie(reply, finished.token, finished.expiresAt);
      return reply.redirect(safeReturnTo(finished.returnTo));
    }),
  );

  server.route({
    method: ['GET', 'POST'],
    url: '/auth/logout',
    handler: async (request, reply) =>
      refusable(request, reply, async () => {
        if (isCrossSite(request)) {
          const action = { href: '/auth/logout', label: 'Sign out' };
          return reply
            .type('text/html; charset=utf-8')
            .send(messagePage({ title: 'Sign out?', message: 'Another site asks to sign you out.', action }));
        }
        const context = await createRequestContext(services, request, reply);
        const binding = request.cookies[LOGIN_COOKIE] ?? createSecret();
        const { publicUrl } = context.tenant;
        const returnTo = safeReturnTo((request.query as Query).returnTo);
        const provider = await logOut(context, {
          binding,
          returnTo,
          postLogoutUri: `${publicUrl}/auth/logout/callback`,
        });
        clearSessionCookie(reply);
        if (provider) setLoginCookie(reply, binding);
        return reply.redirect(provider?.href ?? returnTo, 303);
      }),
  });

  server.get('/auth/logout/callback', async (request, reply) =>
    refusable(request, reply, async () => {
      const context = await createRequestContext(services, request, reply);
      const transaction = await takeTransaction(
        context,
        (request.query as Query).state,
        request.cookies[LOGIN_COOKIE],
      ).catch((error: unknown) => {
        if (error instanceof Refusal) return null;
        throw error;
      });
      const isOurs = transaction?.intent === LoginIntent.LOGOUT;
      return reply.redirect(isOurs ? safeReturnTo(transaction.returnTo) : DEFAULT_PAGE);
    }),
  );

  server.post<ConnectionRoute>('/auth/:connection/backchannel-logout', async (request, reply) => {
    try {
      const context = await createRequestContext(services, request, reply);
      const connection = await findEnabledConnection(context.database, context.tenant.id, request.params.connection);
      const { logout_token: token } = (request.body ?? {}) as { logout_token?: unknown };
      const ended = await acceptLogoutToken(context, connection, token);
      request.log.info({ connection: connection.slug, ended }, 'sessions were ended by the provider');
      return await reply.code(200).send();
    } catch (error) {
      if (!(error instanceof LogoutTokenError || error instanceof Refusal)) throw error;
      const description = error instanceof LogoutTokenError ? error.message : error.code;
      request.log.warn({ reason: description }, 'a logout token was refused');
      return reply.code(400).send({ error: 'invalid_request', error_description: description });
    }
  });
}

/** Answers a refusal with a page that says what to do; the reason is for the log. */
async function refusable(
  request: FastifyRequest,
  reply: FastifyReply,
  handle: () => Promise<unknown>,
): Promise<unknown> {
  try {
    return await handle();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, reason, cases, status, message } = error;
    request.log.info({ code, reason, cases }, 'a sign-in was refused');
    const action = { href: '/', label: 'Back to the start' };
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .send(messagePage({ title: 'You are not signed in', message, code, action }));
  }
}

function callbackOf(publicUrl: string, slug: string): string {
  return `${publicUrl}/auth/${encodeURIComponent(slug)}/callback`;
}

/** A browser says where a navigation came from; a click on another site may not end a session unasked. */
function isCrossSite(request: FastifyRequest): boolean {
  return request.headers['sec-fetch-site'] === 'cross-site' && readToken(request)?.isCookie === true;
}
