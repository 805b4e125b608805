import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sessionOf } from '../actor.js';
import { acceptLogoutToken, logOut, LogoutTokenError } from '../auth/logout.js';
import { beginLogin, takeTransaction } from '../auth/login.js';
import { DEFAULT_PAGE, safeReturnTo } from '../return-to.js';
import { completeTrip, refuseStaleSession } from '../auth/sign-in.js';
import { LoginIntent, SessionTransport } from '../entities/enums.js';
import { syncOnLogin } from '../enrollment/synchronization/sync-on-login.js';
import type { Answered } from '../joining/invitations/answer.js';
import { findEnabledConnection } from '../sso/find-connection.js';
import { Refusal } from '../sso/refusal.js';
import type { Services } from '../services.js';
import { bindingOf, clearSessionCookie, LOGIN_COOKIE, readToken, setLoginCookie, setSessionCookie } from './cookies.js';
import { isForeign } from './graphql-context.js';
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
      const { returnTo, login_hint: loginHint, acr_values: acrValues, intent, prompt } = request.query as Query;
      const connection = await findEnabledConnection(context.database, context.tenant.id, request.params.connection);
      const isLink = intent === 'link';
      if (isLink) refuseStaleSession(context);
      const binding = bindingOf(request);
      const url = await beginLogin(context, {
        connection,
        binding,
        intent: isLink ? LoginIntent.LINK : LoginIntent.SIGN_IN,
        redirectUri: callbackOf(context.tenant.publicUrl, connection.slug),
        returnTo: safeReturnTo(returnTo),
        sessionId: isLink ? sessionOf(context)?.sessionId : undefined,
        loginHint: typeof loginHint === 'string' ? loginHint.slice(0, 256) : undefined,
        isSilent: prompt === 'none',
        asksAnew: prompt === 'login',
        acrValues: typeof acrValues === 'string' ? acrValues.slice(0, 256) : undefined,
      });
      setLoginCookie(reply, binding);
      return reply.redirect(url.href);
    }),
  );

  // An invitation comes in a body that only pages of ours and of admitted frontends can send: another site could have
  // somebody accept by their sign-in, unasked.
  server.post<ConnectionRoute>('/auth/:connection/login', async (request, reply) => {
    try {
      const context = await createRequestContext(services, request, reply);
      const isJson = request.headers['content-type']?.split(';')[0]?.trim() === 'application/json';
      if (!isJson || isForeign(request, context.tenant.publicUrl, services.config.allowedOrigins)) {
        return await reply
          .code(403)
          .send({ code: 'FORBIDDEN', message: 'Send application/json from a page of this site.' });
      }
      const { invitation, returnTo } = (request.body ?? {}) as { invitation?: unknown; returnTo?: unknown };
      const connection = await findEnabledConnection(context.database, context.tenant.id, request.params.connection);
      const binding = bindingOf(request);
      const url = await beginLogin(context, {
        connection,
        binding,
        intent: LoginIntent.SIGN_IN,
        redirectUri: callbackOf(context.tenant.publicUrl, connection.slug),
        returnTo: safeReturnTo(returnTo),
        invitation: typeof invitation === 'string' ? invitation : undefined,
      });
      setLoginCookie(reply, binding);
      return await reply.send({ authorizationUrl: url.href });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, reason, status, message } = error;
      request.log.info({ code, reason }, 'a sign-in was refused');
      return reply.code(status).send({ code, message });
    }
  });

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
      if (!('token' in finished)) return reply.redirect(safeReturnTo(finished.returnTo));
      setSessionCookie(reply, finished.token, finished.expiresAt);
      if (finished.syncsSources) {
        const { sources, config } = services;
        const sendsMail = config.smtpUrl !== undefined;
        await syncOnLogin({ ...context, sources, sendsMail }, finished.outcome.userId, config.loginSyncMilliseconds);
      }
      return reply.redirect(withOutcome(safeReturnTo(finished.returnTo), finished.invitation));
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
        const binding = bindingOf(request);
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

/** The page that the person comes back to is told what came of their invitation: ACCEPTED, or why not. */
function withOutcome(path: string, invitation: Answered | null): string {
  if (!invitation) return path;
  const url = new URL(path, 'https://own.invalid');
  url.searchParams.set('invitation', invitation.faults[0]?.code ?? 'ACCEPTED');
  return `${url.pathname}${url.search}${url.hash}`;
}

function callbackOf(publicUrl: string, slug: string): string {
  return `${publicUrl}/auth/${encodeURIComponent(slug)}/callback`;
}

/** A browser says where a navigation came from; a click on another site may not end a session unasked. */
function isCrossSite(request: FastifyRequest): boolean {
  return request.headers['sec-fetch-site'] === 'cross-site' && readToken(request)?.isCookie === true;
}
