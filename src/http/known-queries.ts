import type { FastifyRequest } from 'fastify';
import { type DocumentNode, getOperationAST } from 'graphql';
import type { CompiledQuery } from 'graphql-jit';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { asksForSchema } from './introspection.js';
import { type AskedOperation, readOperation } from './read-operation.js';

const MOST_QUERIES = 1_000;
const LONGEST_QUERY = 8 * 1024;

/**
 * Queries that Apollo Server has parsed, validated and run before, compiled. They are answered without its pipeline,
 * which costs more than a point read itself. Whatever is out of the ordinary is left to Apollo, which is always right:
 * mutations, introspection, other media types, refused variables, and every answer that holds an error. That is why
 * only queries are known: to run one twice changes nothing.
 */
export class KnownQueries {
  private readonly compiled = new Map<string, CompiledQuery>();

  /** Remembers a query that has passed validation, if it is one to be answered here. */
  learn(
    source: string,
    operationName: string | null | undefined,
    document: DocumentNode,
    compiled: CompiledQuery,
  ): void {
    if (source.length > LONGEST_QUERY || !isPlainQuery(document, operationName)) return;
    if (this.compiled.size >= MOST_QUERIES) this.compiled.delete(this.compiled.keys().next().value!);
    this.compiled.set(keyOf(source, operationName), compiled);
  }

  /** The answer's data, for a request of the ordinary form; null when Apollo is to answer. */
  async answer(request: FastifyRequest, createContext: () => Promise<GraphQLContext>): Promise<string | null> {
    const asked = readRequest(request);
    const known = asked && this.compiled.get(keyOf(asked.query, asked.operationName));
    if (!known) return null;
    try {
      const result = await known.query(undefined, await createContext(), asked.variables ?? {});
      return result.data && !result.errors ? JSON.stringify(result) : null;
    } catch {
      // Apollo meets the same and says it in the form of GraphQL.
      return null;
    }
  }
}

/** A request whose form needs no judgement: JSON that asks for JSON, with the usual members and no others. */
function readRequest({ headers, body }: FastifyRequest): AskedOperation | null {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return null;
  if (![undefined, '*/*', 'application/json'].includes(headers.accept)) return null;
  const read = readOperation(body);
  return read && Object.keys(read.rest).length === 0 ? read.asked : null;
}

/** A query, and not one about the schema: who may read that is decided by request. */
function isPlainQuery(document: DocumentNode, operationName: string | null | undefined): boolean {
  return getOperationAST(document, operationName)?.operation === 'query' && !asksForSchema(document);
}

function keyOf(query: string, operationName: string | null | undefined): string {
  return operationName ? `${operationName} ${query}` : query;
}
