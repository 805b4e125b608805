import { GraphQLDateTimeISO, GraphQLJSONObject } from 'graphql-scalars';
import { GraphQLScalarType, Kind } from 'graphql';

/** Rows carry times as RFC 3339 text already; what comes in is read by graphql-scalars. */
export const DateTime = new GraphQLScalarType({
  name: 'DateTime',
  description: 'A moment in UTC, as RFC 3339 says: 2026-11-21T13:00:00.000Z.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (value) => (typeof value === 'string' ? value : (value as Date).toISOString()),
  parseValue: (value) => GraphQLDateTimeISO.parseValue(value),
  parseLiteral: (node) => GraphQLDateTimeISO.parseLiteral(node, {}),
});

export const JSONObject = new GraphQLScalarType({
  ...GraphQLJSONObject.toConfig(),
  name: 'JSONObject',
  description: 'Any JSON object.',
});

/** Federation: what a router knows of an object. */
export const Any = new GraphQLScalarType({
  name: '_Any',
  description: 'What a router knows of an entity: `__typename` and the fields of its key.',
  parseValue: (value) => value,
  parseLiteral: (node) => (node.kind === Kind.OBJECT ? GraphQLJSONObject.parseLiteral(node, {}) : undefined),
});
