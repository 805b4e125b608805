import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { printFederationSchema, printSchema } from '../schema/print.js';
import type { Services } from '../services.js';
import { createContextMaker, isSchemaShown } from './graphql-context.js';
import { createGateway, formatError } from './executor.js';
import { KnownQueries } from './known-queries.js';
import { costLimit } from './limits.js';
import { introspectionRule } from './introspection.js';
import { LARGEST_BODY, readJsonBodies } from './json-body.js';
import { LiveOperations, subscriptionRule } from './live/operations.js';
import { useSockets } from './live/sockets.js';
import { asksForStream, useStreams } from './live/streams.js';
import { createRequestContext } from './request-context.js';

const MOST_TOKENS = 4_000;
/** What Apollo Server reads of a request: the form of body and answer, and its guard against forged requests. */
const READ_HEADERS = ['content-type', 'accept', 'x-apollo-operation-name', 'apollo-require-preflight'];

/** `/graphql`, by POST with JSON alone, its live queries, and the published schema at `/schema.graphql`. */
export async function useGraphQL(server: FastifyInstance, services: Services, schema: GraphQLSchema): Promise<void> {
  const { config } = services;
  const printed = printSchema(schema);
  const sdl = { public: printed, federation: printFederationSchema(printed) };

  const createContext = createContextMaker(services, sdl);
  readJsonBodies(server);

  const knownQueries = new KnownQueries();
  const apollo = new ApolloServer<GraphQLContext>({
    gateway: createGateway(schema, knownQueries, services.log),
    logger: quiet(services),
    nodeEnv: 'production',
    introspection: config.introspection !== 'off',
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    parseOptions: { maxTokens: MOST_TOKENS },
    stringifyResult: (value) => JSON.stringify(value),
    validationRules: [costLimit],
    formatError,
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      introspectionRule(),
      subscriptionRule(),
    ],
  });
  await apollo.start();
  server.addHook('onClose', () => apollo.stop());

  const operations = new LiveOperations(schema, MOST_TOKENS);
  const sockets = useSockets(server, services, operations, createContext);
  const streams = useStreams(server, operations, createContext);

  server.route({
    method: 'POST',
    url: '/graphql',
    bodyLimit: LARGEST_BODY,
    handler: async (request, reply) => {
      if (asksForStream(request)) return streams.answer(request, reply);
      const answer = await knownQueries.answer(request, () => createContext(request, reply));
      if (answer !== null) {
        return reply.header('cache-control', 'no-store').type('application/json; charset=utf-8').send(answer);
      }
      const headers = new HeaderMap();
      for (const name of READ_HEADERS) {
        const value = request.headers[name];
        if (typeof value === 'string') headers.set(name, value);
      }
      const {
        status,
        headers: answerHeaders,
        body,
      } = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: 'POST', headers, search: '', body: request.body },
        context: () => createContext(request, reply),
      });
      for (const [name, value] of answerHeaders) void reply.header(name, value);
      void reply.code(status ?? 200);
      if (body.kind !== 'complete') throw new Error('Incremental delivery is not offered.');
      return body.string;
    },
  });

  server.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    handler: async (request, reply) => {
      if (sockets.take(request, reply)) return;
      if (request.method === 'GET' && request.headers.accept?.includes('text/html')) return reply.redirect('/explorer');
      return reply
        .code(405)
        .header('allow', 'POST')
        .send({
          errors: [{ message: 'Send GraphQL by POST with a JSON body.', extensions: { code: 'METHOD_NOT_ALLOWED' } }],
        });
    },
  });

  server.get('/schema.graphql', async (request, reply) => {
    const { viewer } = await createRequestContext(services, request, reply);
    if (!isSchemaShown(config.introspection, viewer !== null)) {
      return reply
        .code(viewer ? 404 : 401)
        .send({ errors: [{ message: 'The schema is not published to this caller.' }] });
    }
    return reply.type('text/plain; charset=utf-8').send(sdl.public);
  });
}

function quiet({ log }: Services) {
  return {
    debug: (message?: string) => log.debug(message),
    info: (message?: string) => log.debug(message),
    warn: (message?: string) => log.warn(message),
    error: (message?: string) => log.error(message),
  };
}
