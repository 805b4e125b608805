import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { ContextMaker } from '../graphql-context.js';
import { readOperation } from '../read-operation.js';
import { type LiveOperations, LiveResults } from './operations.js';

const KEEP_ALIVE_MILLISECONDS = 12_000;
/** A client that takes nothing for so long is let go. */
const STALLED_MILLISECONDS = 30_000;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Proxies would gather events to send them together.
  'x-accel-buffering': 'no',
};

export function asksForStream({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/event-stream') ?? false;
}

export interface Streams {
  answer: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}

/** Subscriptions as server-sent events: GraphQL over SSE, in the mode of distinct connections. */
export function useStreams(server: FastifyInstance, operations: LiveOperations, createContext: ContextMaker): Streams {
  const open = new Map<ServerResponse, LiveResults | null>();
  let isClosing = false;

  const keepAlive = setInterval(() => {
    for (const response of open.keys()) if (!response.writableNeedDrain) response.write(':\n\n');
  }, KEEP_ALIVE_MILLISECONDS).unref();

  server.addHook('preClose', async () => {
    isClosing = true;
    clearInterval(keepAlive);
    // Without the event `complete`, clients know that they are to come back.
    for (const [response, results] of open) {
      void results?.return();
      response.end();
    }
  });

  async function send(response: ServerResponse, text: string): Promise<void> {
    if (response.destroyed || response.writableEnded || response.write(text)) return;
    await new Promise<void>((resolve) => {
      const stalled = setTimeout(() => response.destroy(), STALLED_MILLISECONDS).unref();
      const done = () => {
        clearTimeout(stalled);
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }

  return {
    async answer(request, reply) {
      const asked = readOperation(request.body)?.asked;
      if (!asked)
        return reply.code(400).send(errorsOf('BAD_REQUEST', 'Send JSON with query, variables and operationName.'));
      const operation = operations.prepare(asked);
      let answer: LiveResults | ExecutionResult;
      try {
        const context = await createContext(request, null);
        answer =
          'document' in operation
            ? await operations.subscribe(operation, context, asked.variables)
            : { errors: operation };
      } catch (error) {
        const { message, extensions } = error as GraphQLError;
        const { http, code } = extensions as { http?: { status: number }; code: string };
        return reply.code(http?.status ?? 500).send(errorsOf(code, message));
      }
      const results = answer instanceof LiveResults ? answer : null;
      if (isClosing || reply.raw.destroyed) {
        await results?.return();
        return reply.code(503).send(errorsOf('SERVICE_UNAVAILABLE', 'This process is stopping. Subscribe again.'));
      }
      reply.hijack();
      const response = reply.raw;
      open.set(response, results);
      response.once('close', () => {
        open.delete(response);
        void results?.return();
      });
      response.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS });
      await send(response, ':\n\n');
      if (!results) await send(response, eventOf('next', answer as ExecutionResult));
      else for await (const result of results) await send(response, eventOf('next', result, results.lastId));
      if (isClosing) return;
      await send(response, eventOf('complete'));
      response.end();
    },
  };
}

function eventOf(name: 'next' | 'complete', result?: ExecutionResult, id?: string | null): string {
  const isEvent = id && result?.data;
  return `${isEvent ? `id: ${id}\n` : ''}event: ${name}\ndata:${result ? ` ${JSON.stringify(result)}` : ''}\n\n`;
}

function errorsOf(code: string, message: string) {
  return { errors: [{ message, extensions: { code } }] };
}
