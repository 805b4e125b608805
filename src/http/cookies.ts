import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createSecret } from '../secret.js';

/**
 * Both cookies are `__Host-`: of this host alone, over secure connections alone (browsers count http://localhost), and
 * not for scripts. Lax lets the provider's redirect bring them back.
 */
const OPTIONS = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;

/** The token of the session. */
export const SESSION_COOKIE = '__Host-vestibule';
/** The secret to which sign-ins that began in this browser are bound. */
export const LOGIN_COOKIE = '__Host-vestibule-login';

const LOGIN_SECONDS = 10 * 60;

export function setSessionCookie(reply: FastifyReply, token: string, expiresAt: Date): void {
  reply.setCookie(SESSION_COOKIE, token, { ...OPTIONS, expires: expiresAt });
}

export function clearSessionCookie(reply: FastifyReply): void {
  reply.clearCookie(SESSION_COOKIE, OPTIONS);
}

export function setLoginCookie(reply: FastifyReply, binding: string): void {
  reply.setCookie(LOGIN_COOKIE, binding, { ...OPTIONS, maxAge: LOGIN_SECONDS });
}

/** The secret to which what this browser begins is bound: the one that it has, or another one. */
export function bindingOf(request: FastifyRequest): string {
  const known = request.cookies[LOGIN_COOKIE];
  return known && /^[\w-]{43}$/.test(known) ? known : createSecret();
}

/** The token of a session, or an access token, and how it came. */
export interface Credential {
  token: string;
  isCookie: boolean;
}

/** The token that a request came with. */
export function readToken(request: FastifyRequest): Credential | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) return readBearer(authorization);
  const token = request.cookies[SESSION_COOKIE];
  return token ? { token, isCookie: true } : null;
}

/** The token of `Bearer …`; one that is nobody's when it is not of that form. */
export function readBearer(authorization: string): Credential {
  const bearer = /^Bearer ([\w-]{1,256}|[\w-]{1,512}\.[\w-]{1,8000}\.[\w-]{1,512})$/i.exec(authorization)?.[1];
  return { token: bearer ?? '', isCookie: false };
}
