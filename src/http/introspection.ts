import type { ApolloServerPlugin } from '@apollo/server';
import { Kind, type OperationDefinitionNode, visit } from 'graphql';
import { graphqlError } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';

/** Introspection for those alone to whom the schema is published. */
export function introspectionRule(): ApolloServerPlugin<GraphQLContext> {
  const introspecting = new WeakMap<object, boolean>();
  return {
    requestDidStart: async () => ({
      async didResolveOperation({ document, contextValue }) {
        if (contextValue.isSdlShown) return;
        let isAsking = introspecting.get(document);
        if (isAsking === undefined) introspecting.set(document, (isAsking = asksForSchema(document as never)));
        if (isAsking) throw graphqlError('UNAUTHENTICATED', 'Sign in to read the schema.', { http: { status: 401 } });
      },
    }),
  };
}

function asksForSchema(document: OperationDefinitionNode): boolean {
  let isAsking = false;
  visit(document, {
    [Kind.FIELD]({ name }) {
      if (name.value === '__schema' || name.value === '__type') isAsking = true;
    },
  });
  return isAsking;
}
