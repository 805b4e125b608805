import type { FastifyReply, FastifyRequest } from 'fastify';
import { rotateSession } from '../auth/session.js';
import type { SignInContext } from '../auth/sign-in.js';
import type { Services } from '../services.js';
import { type Credential, readToken, setSessionCookie } from './cookies.js';

const LONGEST_USER_AGENT = 512;

/**
 * The context of one request: its tenant by the host name, its viewer by cookie or bearer token: of a session, or an access token. A cookie that is due
 * is replaced on the way; without a reply there is nothing to replace it in.
 */
export async function createRequestContext(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply | null,
  credential: Credential | null = readToken(request),
): Promise<SignInContext> {
  const { database, sealing, clock, providers, nameLookup } = services;
  const tenant = await services.findTenant(request.host);
  const log = request.log as unknown as SignInContext['log'];
  const origin = {
    ipAddress: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
  };
  const context: SignInContext = { database, tenant, viewer: null, origin, sealing, clock, log, providers, nameLookup };
  if (!credential) return context;
  if (isAccessToken(credential)) {
    context.viewer = await services.openId.findViewer(tenant, credential.token);
    return context;
  }
  const session = await services.findSession(tenant.id, credential.token);
  if (!session || credential.isCookie !== (session.transport === 'COOKIE')) return context;
  context.viewer = session.viewer;
  if (reply && session.isDue) {
    const next = await rotateSession(context, session.viewer.sessionId, credential.token);
    if (next) setSessionCookie(reply, next, session.viewer.expiresAt);
  }
  return context;
}

/** The tokens of sessions have no dots. */
function isAccessToken({ token, isCookie }: Credential): boolean {
  return !isCookie && token.includes('.');
}
