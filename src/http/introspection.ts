import type { ApolloServerPlugin } from '@apollo/server';
import { type DocumentNode, Kind, visit } from 'graphql';
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
        if (isAsking === undefined) introspecting.set(document, (isAsking = asksForSchema(document)));
        if (isAsking) throw graphqlError('UNAUTHENTICATED', 'Sign in to read the schema.', { http: { status: 401 } });
      },
    }),
  };
}

/** Whether a document asks about the schema anywhere, fragments included. */
export function asksForSchema(document: DocumentNode): boolean {
  let isAsking = false;
  visit(document, {
    [Kind.FIELD]({ name }) {
      if (name.value === '__schema' || name.value === '__type') isAsking = true;
    },
  });
  return isAsking;
}
