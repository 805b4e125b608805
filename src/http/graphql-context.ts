import type { FastifyReply, FastifyRequest } from 'fastify';
import { graphqlError } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { hashSecret } from '../secret.js';
import type { Services } from '../services.js';
import {
  bindingOf,
  clearSessionCookie,
  type Credential,
  readToken,
  setLoginCookie,
  setSessionCookie,
} from './cookies.js';
import { presentUnexpected } from './executor.js';
import { createRequestContext } from './request-context.js';

/**
 * Makes the context of an operation. Without a reply it is a live one, which sets no cookies. Throws errors as the caller
 * is to see them.
 */
export type ContextMaker = (
  request: FastifyRequest,
  reply: FastifyReply | null,
  credential?: Credential | null,
) => Promise<GraphQLContext>;

export function createContextMaker(services: Services, sdl: GraphQLContext['sdl']): ContextMaker {
  const { config, loaders, live, outbound, allowsInsecureLoopback, findSession, log } = services;
  return async (request, reply, credential = readToken(request)) => {
    try {
      const context = await createRequestContext(services, request, reply, credential);
      if (credential?.isCookie && isForeign(request, context.tenant.publicUrl, config.allowedOrigins)) {
        throw graphqlError('FORBIDDEN', 'Requests from this origin are not admitted.', { http: { status: 403 } });
      }
      return {
        ...context,
        loaders,
        live,
        outbound,
        sources: services.sources,
        loginSyncMilliseconds: config.loginSyncMilliseconds,
        resolveTxt: services.resolveTxt,
        allowsInsecureLoopback,
        allowedOrigins: config.allowedOrigins,
        petitionTokenHash: readPetitionToken(request),
        sendsMail: config.smtpUrl !== undefined,
        findSession,
        sdl,
        isSdlShown: isSchemaShown(config.introspection, context.viewer !== null),
        setSessionCookie: (token, expiresAt) => reply && setSessionCookie(reply, token, expiresAt),
        clearSessionCookie: () => reply && clearSessionCookie(reply),
        bindBrowser: () => {
          const binding = bindingOf(request);
          if (reply) setLoginCookie(reply, binding);
          return binding;
        },
        decisions: new Map(),
      };
    } catch (error) {
      throw error instanceof Error && 'extensions' in error ? error : presentUnexpected(error, log);
    }
  };
}

export function isSchemaShown(introspection: Services['config']['introspection'], isSignedIn: boolean): boolean {
  return introspection === 'public' || (introspection === 'authenticated' && isSignedIn);
}

/** The header that carries the token of a petition. */
export const PETITION_TOKEN_HEADER = 'vestibule-petition-token';

/** What came in that header, hashed; null for nothing, and for what no token looks like. */
function readPetitionToken({ headers }: FastifyRequest): string | null {
  return hashPetitionToken(headers[PETITION_TOKEN_HEADER]);
}

/** The hash of what should be the token of a petition; null for what none looks like. */
export function hashPetitionToken(token: unknown): string | null {
  return typeof token === 'string' && /^[\w-]{43}$/.test(token) ? hashSecret(token) : null;
}

/** A page of another site may not use this browser's cookie, whatever its content type says. */
export function isForeign(
  { headers: { origin } }: FastifyRequest,
  publicUrl: string,
  allowed: readonly string[],
): boolean {
  return origin !== undefined && origin !== new URL(publicUrl).origin && !allowed.includes(origin);
}
