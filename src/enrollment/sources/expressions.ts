import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { z } from 'zod';
import { attributeName, buildRecord, identifierType, type Mapped, type MappingOptions } from './mapping.js';

/** The longest expression, in characters. */
const LONGEST = 500;
/** How many times as large as what it reads a result may be. */
const MOST_GROWTH = 64;
/** What reaches back to the whole answer from within it: reading could take the square of its size. */
const REACHING_BACK = ['Root', 'LetExpression', 'Variable'];
const FORBIDDEN_FUNCTIONS = ['pad_left', 'pad_right', 'replace'];

type Node = { type?: string; name?: unknown; children?: unknown[]; value?: unknown };

/** An expression, compiled. Nothing found is null. */
export type Expression = (value: unknown) => unknown;

/** Why a text is no expression that may be used; null when it is one. */
export function faultOfExpression(text: string): string | null {
  try {
    check(compile(text));
    return null;
  } catch (error) {
    return error instanceof ExpressionError
      ? error.message
      : `is no JMESPath expression: ${(error as Error).message.slice(0, 200)}`;
  }
}

class ExpressionError extends Error {}

/** Compiles an expression that was checked. */
export function compileExpression(text: string): Expression {
  const compiled = compile(text);
  return (value) => TreeInterpreter.search(compiled, (value ?? null) as JSONValue);
}

function check(root: Node): void {
  let growth = 1;
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) return node.forEach(visit);
    const { type, name, children = [] } = node as Node;
    if (REACHING_BACK.includes(type!)) throw new ExpressionError('may not use $, let or variables.');
    if (type === 'Literal') return;
    if (type === 'Function' && FORBIDDEN_FUNCTIONS.includes(String(name)))
      throw new ExpressionError(`may not use ${String(name)}().`);
    growth *= growthOf(node, children as Node[]);
    if (growth > MOST_GROWTH) throw new ExpressionError('would make too much of an answer: use fewer lists.');
    Object.values(node).forEach(visit);
  };
  visit(root);
}

/** How much larger than what it reads the result of a node may be. */
function growthOf({ type, name }: Node, children: Node[]): number {
  if (type === 'MultiSelectList' || type === 'MultiSelectHash') return children.length;
  if (type !== 'Function') return 1;
  if (name === 'zip') return children.length;
  // Quotation marks in it are escaped.
  if (name === 'to_string') return 2;
  if (name !== 'join') return 1;
  const [glue] = children;
  if (glue?.type !== 'Literal') throw new ExpressionError('may use join() with a literal alone.');
  return 1 + String(glue.value).length;
}

/** The setting of an expression. */
export const expression = (what: string) =>
  z
    .string()
    .min(1)
    .max(LONGEST)
    .superRefine((text, context) => {
      const message = text.length <= LONGEST && faultOfExpression(text);
      if (message) context.addIssue({ code: 'custom', message });
    })
    .describe(what);

/** How one object of a JSON answer becomes a person: each value by a JMESPath expression over that object. */
export const expressionMapping = z.strictObject({
  key: expression('JMESPath: what names the person in the source, for ever.'),
  givenName: expression('JMESPath: the given name, or a list of them.').nullish(),
  familyName: expression('JMESPath: the family name, or a list of them.').nullish(),
  emails: expression('JMESPath: an email address, or a list of them.').nullish(),
  identifiers: z
    .array(
      z.strictObject({
        type: identifierType,
        value: expression('JMESPath: its value, or a list of them.'),
      }),
    )
    .max(20)
    .default([])
    .describe('Identifiers of the person.'),
  affiliation: expression('JMESPath: what the person is there, such as member or faculty.').nullish(),
  attributes: z
    .record(attributeName, expression('JMESPath: the value.'))
    .default({})
    .describe('What else is taken, by the name that pipelines know it by.'),
  emailsAreVerified: z
    .boolean()
    .default(true)
    .describe('Whether the source vouches for the addresses: pipelines and petitions match by such addresses alone.'),
});

export type ExpressionMapping = z.infer<typeof expressionMapping>;

/** Compiles a mapping, once: what it gives makes a person of one object of an answer. */
export function compileMapping(mapping: ExpressionMapping, options: MappingOptions): (value: unknown) => Mapped {
  const optional = (text: string | null | undefined): Expression =>
    typeof text === 'string' ? tolerant(compileExpression(text)) : () => null;
  const key = optional(mapping.key);
  const givenName = optional(mapping.givenName);
  const familyName = optional(mapping.familyName);
  const emails = optional(mapping.emails);
  const identifiers = mapping.identifiers.map(({ type, value }) => ({ type, read: optional(value) }));
  const affiliation = optional(mapping.affiliation);
  const attributes = Object.entries(mapping.attributes).map(([name, text]) => [name, optional(text)] as const);
  return (value) =>
    buildRecord(
      {
        key: key(value),
        givenName: givenName(value),
        familyName: familyName(value),
        emails: emails(value),
        identifiers: identifiers.map(({ type, read }) => ({ type, value: read(value) })),
        affiliation: affiliation(value),
        attributes: Object.fromEntries(attributes.map(([name, read]) => [name, read(value)])),
        emailsAreVerified: mapping.emailsAreVerified,
        raw: value,
      },
      options,
    );
}

/** A function that cannot take what one person's object holds finds nothing in it, and the others are read. */
function tolerant(read: Expression): Expression {
  return (value) => {
    try {
      return read(value);
    } catch {
      return null;
    }
  };
}
