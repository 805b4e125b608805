import type { ApolloServerPlugin } from '@apollo/server';
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { graphqlError } from '../../auth/errors.js';
import type { GraphQLContext } from '../../auth/graphql-context.js';
import type { LiveMoment } from '../../events/live/subscription.js';
import { presentError, presentUnexpected, runOperation } from '../executor.js';
import { costLimit } from '../limits.js';
import type { AskedOperation } from '../read-operation.js';

const MOST_DOCUMENTS = 1_000;
const LONGEST_KEPT = 8 * 1024;

/** A subscription that may be begun: many subscribers of one text share it. */
export interface LiveOperation {
  document: DocumentNode;
  operationName: string | null;
  /** From the second subscriber on. */
  compiled?: CompiledQuery | null;
}

/** Reads, judges and runs subscriptions, by the same rules as what is posted. */
export class LiveOperations {
  private readonly known = new Map<string, LiveOperation>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly maxTokens: number,
  ) {}

  /** The operation, or what is wrong with it. */
  prepare({ query, operationName = null }: AskedOperation): LiveOperation | readonly GraphQLError[] {
    const key = `${operationName ?? ''} ${query}`;
    const known = this.known.get(key);
    if (known) {
      if (known.compiled === undefined) {
        const compiled = compileQuery(this.schema, known.document, operationName ?? undefined);
        known.compiled = isCompiledQuery(compiled) ? compiled : null;
      }
      return known;
    }
    const document = this.read(query);
    if (document instanceof GraphQLError) return [document];
    const errors = validate(this.schema, document, [...specifiedRules, costLimit]);
    if (errors.length) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
    const operation = getOperationAST(document, operationName);
    if (!operation) return [graphqlError('BAD_USER_INPUT', 'operationName names none of the operations.')];
    if (operation.operation !== 'subscription') {
      return [graphqlError('BAD_USER_INPUT', 'Only subscriptions run here. Send queries and mutations by POST.')];
    }
    const prepared = { document, operationName };
    if (query.length <= LONGEST_KEPT) {
      if (this.known.size >= MOST_DOCUMENTS) this.known.delete(this.known.keys().next().value!);
      this.known.set(key, prepared);
    }
    return prepared;
  }

  /** Begins it: its results, or an answer of errors alone. */
  async subscribe(
    operation: LiveOperation,
    context: GraphQLContext,
    variables: Record<string, unknown> | null | undefined,
  ): Promise<LiveResults | ExecutionResult> {
    const { document, operationName } = operation;
    const args = { schema: this.schema, document, operationName, variableValues: variables ?? {} };
    const source = await createSourceEventStream({ ...args, contextValue: context });
    if (!(Symbol.asyncIterator in source)) {
      const errors = source.errors?.map((error) => withCode(presentError(error, context.log), 'BAD_USER_INPUT'));
      return { ...source, errors };
    }
    const run = (item: LiveMoment): Promise<ExecutionResult> => {
      // Rights are those of this moment, and what was decided for the last event is not taken over.
      const contextValue: GraphQLContext = { ...context, viewer: item.viewer, decisions: new Map() };
      return runOperation(operation.compiled ?? null, { ...args, rootValue: item, contextValue }, context.log);
    };
    return new LiveResults((source as AsyncIterable<LiveMoment>)[Symbol.asyncIterator](), run, context);
  }

  private read(query: string): DocumentNode | GraphQLError {
    try {
      return parse(query, { maxTokens: this.maxTokens });
    } catch (error) {
      return withCode(error as GraphQLError, 'GRAPHQL_PARSE_FAILED');
    }
  }
}

/** The results of one subscription. What ends it before its time is the last of them, as an error. */
export class LiveResults implements AsyncGenerator<ExecutionResult, undefined> {
  /** The id of the event of the last result. */
  lastId: string | null = null;
  private isDone = false;

  constructor(
    private readonly source: AsyncIterator<LiveMoment>,
    private readonly run: (item: LiveMoment) => Promise<ExecutionResult>,
    private readonly context: GraphQLContext,
  ) {}

  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    while (!this.isDone) {
      try {
        const next = await this.source.next();
        if (next.done) break;
        const item: LiveMoment = next.value;
        const result = await this.run(item);
        // What this viewer may not see was turned into null: they are not told that there is something.
        if (!result.errors && Object.values(result.data ?? {}).every((field) => field === null)) continue;
        this.lastId = item.event?.row.id ?? null;
        return { value: result, done: false };
      } catch (error) {
        this.isDone = true;
        const known = error instanceof GraphQLError ? error : presentUnexpected(error, this.context.log);
        return { value: { errors: [known] }, done: false };
      }
    }
    this.isDone = true;
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.isDone = true;
    await this.source.return?.();
    return { value: undefined, done: true };
  }

  async throw(): Promise<IteratorResult<ExecutionResult, undefined>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

/** By POST for an answer of JSON, a subscription has nowhere to go. */
export function subscriptionRule(): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation({ operation }) {
        if (operation?.operation !== 'subscription') return;
        throw graphqlError(
          'BAD_USER_INPUT',
          'Subscriptions need a WebSocket (graphql-transport-ws), or POST with accept: text/event-stream.',
          { http: { status: 400 } },
        );
      },
    }),
  };
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  if (error.extensions.code === undefined) error.extensions.code = code;
  return error;
}
