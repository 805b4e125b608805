import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type GraphQLError } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { graphqlError } from '../../auth/errors.js';
import type { GraphQLContext } from '../../auth/graphql-context.js';
import type { Services } from '../../services.js';
import { type Credential, readBearer } from '../cookies.js';
import { type ContextMaker, hashPetitionToken, PETITION_TOKEN_HEADER } from '../graphql-context.js';
import type { LiveOperation, LiveOperations } from './operations.js';

const LARGEST_MESSAGE = 64 * 1024;
const MOST_OPERATIONS = 50;
const INIT_MILLISECONDS = 5_000;
const PING_MILLISECONDS = 12_000;
/** How long a client has to say goodbye when the server stops. */
const GOODBYE_MILLISECONDS = 1_000;
const GOING_AWAY = 1001;

/** What a connection is, beside its socket. */
interface Extra {
  request: FastifyRequest;
  socket: WebSocket;
  context?: GraphQLContext;
}

export interface Sockets {
  /** Makes the request a connection, if it asks to be one. */
  take: (request: FastifyRequest, reply: FastifyReply) => boolean;
}

/**
 * Subscriptions over WebSockets at `/graphql`, by the protocol graphql-transport-ws. An upgrade goes through the server's
 * routes as any request does, so that host, address and cookies are read in one place.
 */
export function useSockets(
  server: FastifyInstance,
  services: Services,
  operations: LiveOperations,
  createContext: ContextMaker,
): Sockets {
  const upgrades = new WeakMap<IncomingMessage, { socket: Duplex; head: Buffer; response: ServerResponse }>();
  const endpoint = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
    handleProtocols,
  });
  const protocol = createProtocol(operations, createContext);
  const answering = new WeakSet<WebSocket>();
  let isClosing = false;

  // Other upgrades (h2c) are offers that a server may pass over: those are answered as though they were not made.
  Object.assign(server.server, {
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    response.once('finish', () => socket.end());
    socket.on('error', () => socket.destroy());
    upgrades.set(request, { socket, head, response });
    server.routing(request, response);
  });

  const pings = setInterval(() => {
    for (const socket of endpoint.clients) {
      if (!answering.has(socket)) socket.terminate();
      answering.delete(socket);
      socket.ping();
    }
  }, PING_MILLISECONDS).unref();

  server.addHook('preClose', async () => {
    isClosing = true;
    clearInterval(pings);
    const closed = [...endpoint.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of endpoint.clients) socket.close(GOING_AWAY, 'Going away');
    const timer = setTimeout(() => {
      for (const socket of endpoint.clients) socket.terminate();
    }, GOODBYE_MILLISECONDS);
    await Promise.all(closed);
    clearTimeout(timer);
  });

  return {
    take(request, reply) {
      const upgrade = upgrades.get(request.raw);
      if (!upgrade) return false;
      if (isClosing) return false;
      reply.hijack();
      const { socket, head, response } = upgrade;
      response.detachSocket(socket as never);
      endpoint.handleUpgrade(request.raw, socket, head, (connection) => {
        answering.add(connection);
        connection.on('pong', () => answering.add(connection));
        connection.on('error', (error) => services.log.debug({ error: error.message }, 'a WebSocket failed'));
        serve(protocol, connection, request, services);
      });
      return true;
    },
  };
}

function serve(protocol: Server<Extra>, socket: WebSocket, request: FastifyRequest, { log }: Services): void {
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) =>
        new Promise((resolve) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          // A connection that breaks is closed, and its subscriptions with it: nobody waits for what could not be sent.
          socket.send(data, () => resolve());
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (receive) =>
        socket.on('message', (data: Buffer) => {
          receive(data.toString()).catch((error: unknown) => {
            log.warn({ error }, 'a message over a WebSocket failed');
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          });
        }),
    },
    { request, socket },
  );
  socket.once('close', (code, reason) => void closed(code, String(reason)));
}

type Protocol = Server<Extra>;

function createProtocol(operations: LiveOperations, createContext: ContextMaker): Protocol {
  return makeServer<{ authorization?: unknown; petitionToken?: unknown }, Extra>({
    connectionInitWaitTimeout: INIT_MILLISECONDS,
    async onConnect({ connectionParams, extra }) {
      const { authorization, petitionToken } = connectionParams ?? {};
      const { headers } = extra.request;
      const petitionTokenHash = hashPetitionToken(petitionToken ?? headers[PETITION_TOKEN_HEADER]);
      let credential: Credential | null | undefined =
        typeof authorization === 'string' ? readBearer(authorization) : undefined;
      try {
        // Another site's page would be connected by this browser's cookie: only an origin that is known uses it.
        const isCookie = !credential && headers.authorization === undefined;
        if (isCookie && headers.origin === undefined) {
          if (!petitionTokenHash) return refuse(extra, 'Say who you are.');
          credential = null;
        }
        extra.context = { ...(await createContext(extra.request, null, credential)), petitionTokenHash };
        if (!extra.context.viewer && !petitionTokenHash) return refuse(extra, 'Sign in first.');
        return true;
      } catch (error) {
        const { message, extensions } = error as GraphQLError;
        const isRefused = extensions?.code === 'FORBIDDEN' || extensions?.code === 'NOT_FOUND';
        extra.socket.close(isRefused ? CloseCode.Forbidden : 1013, message.slice(0, 120));
        return new Promise<never>(() => undefined);
      }
    },
    onSubscribe({ subscriptions, extra }, _id, payload) {
      if (Object.keys(subscriptions).length > MOST_OPERATIONS) {
        const message = `A connection carries ${MOST_OPERATIONS} subscriptions at most.`;
        return [graphqlError('TOO_MANY_SUBSCRIPTIONS', message)];
      }
      const operation = operations.prepare(payload);
      if (!('document' in operation)) return operation;
      const { document } = operation;
      const args = { document, operationName: payload.operationName, contextValue: extra.context!, operation };
      return { ...args, variableValues: payload.variables } as never;
    },
    subscribe: (args) => {
      const { operation, contextValue, variableValues } = args as never as {
        operation: LiveOperation;
        contextValue: GraphQLContext;
        variableValues: Record<string, unknown> | null;
      };
      return operations.subscribe(operation, contextValue, variableValues);
    },
  });
}

/** 4401: clients do not try again by themselves. */
function refuse({ socket }: Extra, reason: string): Promise<never> {
  socket.close(CloseCode.Unauthorized, reason);
  return new Promise(() => undefined);
}
