import { randomUUID } from 'node:crypto';
import type { GatewayExecutor, GatewayInterface } from '@apollo/server-gateway-interface';
import {
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Logger } from 'pino';
import { graphqlError } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { isConnectionLost } from '../database/database.js';
import { stateOf } from '../database/transact.js';
import { UnknownTenantError } from '../database/tenants.js';
import { LiveRefusal } from '../events/live/refusal.js';
import type { KnownQueries } from './known-queries.js';

const MOST_COMPILED = 1_000;

/** SQLSTATE of text that PostgreSQL cannot keep: it holds a NUL. */
const CHARACTER_NOT_IN_REPERTOIRE = '22021';

/**
 * Runs operations for Apollo Server: compiled by graphql-jit from the second time on, so that a query that comes once
 * costs no compilation. Apollo offers a place for this only as the executor of a "gateway"; there is none behind it.
 */
export function createGateway(schema: GraphQLSchema, knownQueries: KnownQueries, log: Logger): GatewayInterface {
  const seen = new Map<string, CompiledQuery | null>();

  const executor: GatewayExecutor = async ({ document, operationName, queryHash, request, context, source }) => {
    const contextValue = context as GraphQLContext;
    const key = `${queryHash}:${operationName ?? ''}`;
    let compiled = seen.get(key);
    if (compiled === null) {
      const result = compileQuery(schema, document, operationName ?? undefined);
      compiled = isCompiledQuery(result) ? result : undefined;
      if (compiled) {
        seen.set(key, compiled);
        knownQueries.learn(source, operationName, document, compiled);
      }
    } else if (compiled === undefined) {
      if (seen.size >= MOST_COMPILED) seen.delete(seen.keys().next().value!);
      seen.set(key, null);
    }
    const args = { schema, document, operationName, contextValue, variableValues: request.variables ?? {} };
    return (await runOperation(compiled ?? null, args, contextValue.log ?? log)) as never;
  };

  return {
    load: async () => ({ executor }),
    onSchemaLoadOrUpdate(listener) {
      listener({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    stop: async () => undefined,
  };
}

/**
 * Runs an operation, compiled where it is, with its errors as the caller sees them. Compiled queries know no defaults of
 * input fields and report variables in words of their own: without `data` nothing has run yet, and the plain way judges.
 */
export async function runOperation(
  compiled: CompiledQuery | null,
  args: ExecutionArgs & { variableValues: Record<string, unknown> },
  log: Logger,
): Promise<ExecutionResult> {
  const { rootValue, contextValue, variableValues } = args;
  let result = compiled ? ((await compiled.query(rootValue, contextValue, variableValues)) as ExecutionResult) : null;
  if (!result || result.data === undefined) result = await execute(args);
  return result.errors ? { ...result, errors: result.errors.map((error) => presentError(error, log)) } : result;
}

/** An error as the caller sees it: what was meant for them as it is, everything else by an id that the log knows. */
export function presentError(error: GraphQLError, log: Logger): GraphQLError {
  const origin = originOf(error);
  // Without an origin the executor itself complains: of the request, or, at a path, of what a resolver gave it.
  const isOurs =
    origin === undefined
      ? error.path !== undefined && error.extensions?.code === undefined
      : !(origin instanceof GraphQLError);
  if (!isOurs) return error;
  const cause = origin ?? error;
  const place = { nodes: error.nodes, path: error.path, positions: error.positions, source: error.source };
  const known = presentUnexpected(cause, log);
  return new GraphQLError(known.message, { ...place, extensions: known.extensions });
}

/** A fault of ours: SERVICE_UNAVAILABLE when the database is away, otherwise INTERNAL_SERVER_ERROR with an id. */
export function presentUnexpected(cause: unknown, log: Logger): GraphQLError {
  if (isConnectionLost(cause)) {
    log.error({ error: (cause as Error).message }, 'the database cannot be reached');
    return graphqlError('SERVICE_UNAVAILABLE', 'The service is not available at the moment. Try again in a minute.');
  }
  if (stateOf(cause) === CHARACTER_NOT_IN_REPERTOIRE)
    return graphqlError('BAD_USER_INPUT', 'Text cannot hold the NUL character.');
  if (cause instanceof LiveRefusal) return graphqlError(cause.code, cause.message);
  if (cause instanceof UnknownTenantError) return graphqlError('NOT_FOUND', 'There is no tenant at this address.');
  const id = randomUUID();
  log.error({ id, error: cause }, 'an unexpected error');
  return graphqlError('INTERNAL_SERVER_ERROR', `Something went wrong. It is in the log as ${id}.`, { id });
}

function originOf(error: GraphQLError): unknown {
  let origin: unknown = error.originalError;
  while (origin instanceof GraphQLError && origin.originalError) origin = origin.originalError;
  return origin;
}

/** The last word before an error leaves: no stack, and no value of the caller's in a message of ours. */
export function formatError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const { stacktrace: _, ...extensions } = (formatted.extensions ?? {}) as Record<string, unknown>;
  return { ...formatted, extensions };
}
