import type { FastifyReply, FastifyRequest } from 'fastify';
import { rotateSession } from '../auth/session.js';
import type { SignInContext } from '../auth/sign-in.js';
import type { Services } from '../services.js';
import { readToken, setSessionCookie } from './cookies.js';

/**
 * The context of one request: its tenant by the host name, its viewer by cookie or bearer token. A cookie that is due
 * is replaced on the way.
 */
export async function createRequestContext(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<SignInContext> {
  const { database, sealing, clock, providers, nameLookup } = services;
  const tenant = await services.findTenant(request.host);
  const log = request.log as unknown as SignInContext['log'];
  const context: SignInContext = { database, tenant, viewer: null, sealing, clock, log, providers, nameLookup };
  const credential = readToken(request);
  if (!credential) return context;
  const session = await services.findSession(tenant.id, credential.token);
  if (!session || credential.isCookie !== (session.transport === 'COOKIE')) return context;
  context.viewer = session.viewer;
  if (session.isDue) {
    const next = await rotateSession(context, session.viewer.sessionId, credential.token);
    if (next) setSessionCookie(reply, next, session.viewer.expiresAt);
  }
  return context;
}
