import { GraphQLDateTimeISO, GraphQLJSON, GraphQLJSONObject } from 'graphql-scalars';
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, visit } from 'graphql';
import { isExactNumber } from '../entities/exact-number.js';

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

/** What an input takes of which an operation says what is wrong with it: a list where an object is wanted, for one. */
export const JSONValue = new GraphQLScalarType({
  ...GraphQLJSON.toConfig(),
  name: 'JSON',
  description: 'Any JSON value. A number that has more digits than can be kept is refused.',
  parseLiteral: (node, variables) => {
    visit(node, { IntValue: refuseInexactNumber, FloatValue: refuseInexactNumber });
    return GraphQLJSON.parseLiteral(node, variables) as unknown;
  },
});

function refuseInexactNumber(node: ValueNode): void {
  if ('value' in node && !isExactNumber(String(node.value))) {
    throw new GraphQLError('This number has more digits than can be kept: send it as text.', { nodes: node });
  }
}

/** Federation: what a router knows of an object. */
export const Any = new GraphQLScalarType({
  name: '_Any',
  description: 'What a router knows of an entity: `__typename` and the fields of its key.',
  parseValue: (value) => value,
  parseLiteral: (node) => (node.kind === Kind.OBJECT ? GraphQLJSONObject.parseLiteral(node, {}) : undefined),
});
