import type { IncomingMessage, ServerResponse } from 'node:http';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import formbody from '@fastify/formbody';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { GraphQLSchema } from 'graphql';
import helmet from 'helmet';
import type { Services } from '../services.js';
import { useAssets } from './assets.js';
import { useAuditExport } from './audit-export.js';
import { useAuthRoutes } from './auth-routes.js';
import { limitBodyTime } from './body-time.js';
import { presentUnexpected } from './executor.js';
import { useGraphQL } from './graphql.js';
import { useHealth } from './health.js';
import { useLogos } from './logos.js';
import { useOpenId } from './oidc.js';
import { messagePage } from './pages.js';
import { useScim } from './scim.js';
import { useSourceFiles } from './source-files.js';
import { useSourceRoutes } from './source-routes.js';

/** How long a body may take to arrive, and that of an uploaded file. */
const LONGEST_BODY_MILLISECONDS = 60_000;
const LONGEST_UPLOAD_MILLISECONDS = 2 * 60 * 60_000;

/** The HTTP server: a list of what it serves. It does not listen yet. */
export async function createServer(
  services: Services,
  schema: GraphQLSchema,
  useMore?: (server: FastifyInstance) => Promise<void>,
): Promise<FastifyInstance> {
  const { config } = services;
  const logger: FastifyBaseLogger = services.log;
  const server: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for every request costs more than a point read.
    childLoggerFactory: (logger) => logger,
    trustProxy: config.trustProxy,
    requestTimeout: LONGEST_UPLOAD_MILLISECONDS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 100 },
  });
  server.removeContentTypeParser('text/plain');
  server.setErrorHandler(answerError);
  server.setNotFoundHandler(answerNotFound);

  closeWhatBecomesIdle(server);
  limitBodyTime(server, LONGEST_BODY_MILLISECONDS);
  await server.register(cookie);
  await server.register(formbody);
  await server.register(cors, { origin: config.allowedOrigins, credentials: true, methods: ['GET', 'POST', 'PUT'] });
  const headers = securityHeaders(config.isProduction);
  server.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });

  await server.register((scope) => useHealth(scope, services));
  await server.register((scope) => useAssets(scope));
  await server.register((scope) => useAuthRoutes(scope, services));
  await server.register((scope) => useSourceRoutes(scope, services));
  await server.register((scope) => useOpenId(scope, services));
  await server.register((scope) => useAuditExport(scope, services));
  await server.register((scope) => useLogos(scope, services));
  await server.register((scope) => useSourceFiles(scope, services));
  await server.register((scope) => useScim(scope, services), { prefix: '/scim/v2' });
  await server.register((scope) => useGraphQL(scope, services, schema));
  if (useMore) await server.register(useMore);
  return server;
}

/** A connection whose last request ends while the server stops would hold it up until the connection times out. */
function closeWhatBecomesIdle(server: FastifyInstance): void {
  server.addHook('preClose', (done) => {
    const timer = setInterval(() => server.server.closeIdleConnections(), 50).unref();
    server.server.once('close', () => clearInterval(timer));
    done();
  });
}

/** Helmet's headers. They are the same for every answer, so they are worked out once. */
function securityHeaders(isProduction: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string | string[]) => (headers[name.toLowerCase()] = String(value)),
    removeHeader: () => undefined,
  };
  const apply = helmet({ contentSecurityPolicy: contentSecurityPolicy(isProduction), hsts: isProduction });
  apply({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error) throw error as Error;
  });
  return headers;
}

/** The explorer's editor makes style elements; scripts are our own files alone. */
function contentSecurityPolicy(isProduction: boolean) {
  return {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
      ...(isProduction ? { upgradeInsecureRequests: [] } : {}),
    },
  };
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (error.statusCode && error.statusCode < 500) {
    const message = error.statusCode === 415 ? 'Send application/json.' : error.message;
    return answer(request, reply, error.statusCode, 'BAD_REQUEST', message);
  }
  const { message, extensions } = presentUnexpected(error, request.log as never);
  const code = String(extensions.code);
  const status = code === 'SERVICE_UNAVAILABLE' ? 503 : code === 'NOT_FOUND' ? 404 : 500;
  return answer(request, reply, status, code, message);
}

function answerNotFound(request: FastifyRequest, reply: FastifyReply) {
  return answer(request, reply, 404, 'NOT_FOUND', 'There is nothing at this address.');
}

/** An error as a page for people and as JSON for programs. */
function answer(request: FastifyRequest, reply: FastifyReply, status: number, code: string, message: string) {
  void reply.code(status);
  if (request.headers.accept?.includes('text/html')) {
    const action = { href: '/', label: 'Back to the start' };
    return reply
      .type('text/html; charset=utf-8')
      .send(messagePage({ title: 'This did not work', message, code, action }));
  }
  return reply
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
}
