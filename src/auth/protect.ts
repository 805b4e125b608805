import {
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Viewer } from '../context.js';
import { readGlobalId } from '../database/loaders/ids.js';
import { forbidden, notFound, organizationMfaRequired, unauthenticated } from './errors.js';
import type { GraphQLContext } from './graphql-context.js';
import { admitBarred, isAboutNobody, isAnswered, isBarredFrom, isKnown, meets } from './policy.js';
import { Requirement } from '../schema/requirement.js';
import { readRequirement } from '../schema/read-requirement.js';

/** The schema asks for what it cannot keep: every fault, for whoever builds it. */
export class UnprotectedSchemaError extends Error {
  constructor(faults: string[]) {
    super(`The schema cannot be built:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/**
 * Puts the `@auth` directives of a built schema into force; they are the only source. Denied unless allowed: a field,
 * an input field or a root field under no directive keeps the schema from being built.
 *
 * - What a type asks is decided where an object of it is handed out, whatever field does so: denied objects are null.
 * - What a field asks on top is decided before it resolves: FORBIDDEN (UNAUTHENTICATED for nobody).
 * - What input fields ask is decided about the same object as their root field, by name; those of the arguments of a
 *   field of an object, about that object.
 */
export function protectSchema(schema: GraphQLSchema): GraphQLSchema {
  const faults: string[] = [];
  const requirements = requirementsOf(schema);
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type)) continue;
    if (isInputObjectType(type)) checkInput(type, faults);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields()) as AnyField[]) {
      if (roots.has(type)) protectRootField(requirements, type, field, faults);
      else protectField(requirements, type, field, faults);
    }
  }
  if (faults.length) throw new UnprotectedSchemaError(faults);
  return schema;
}

type AnyField = GraphQLField<unknown, GraphQLContext>;

/** What each object type asks of whoever is to see one. */
type TypeRequirements = ReadonlyMap<string, Requirement>;

function requirementsOf(schema: GraphQLSchema): TypeRequirements {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  return new Map(types.flatMap((type) => (readRequirement(type) ? [[type.name, readRequirement(type)!]] : [])));
}

function checkInput(type: GraphQLInputObjectType, faults: string[]): void {
  for (const field of Object.values(type.getFields())) {
    if (!(readRequirement(field) ?? readRequirement(type))) faults.push(`${type.name}.${field.name} is under no @auth`);
  }
}

function protectField(
  requirements: TypeRequirements,
  type: GraphQLObjectType,
  field: AnyField,
  faults: string[],
): void {
  const own = readRequirement(field);
  const ofType = readRequirement(type);
  const name = `${type.name}.${field.name}`;
  if (!own && !ofType) faults.push(`${name} is under no @auth`);
  const isStronger = own !== null && own !== ofType && own !== Requirement.PUBLIC;
  if (isStronger) {
    if (isNonNullType(field.type))
      faults.push(`${name} asks for more than its type: it must be nullable, so that a refusal leaves the rest`);
    if (!isAnswered(type.name, own))
      faults.push(`${name} asks for ${own}, which the policy table does not answer for ${type.name}`);
  }
  if (ofType && !isAnswered(type.name, ofType))
    faults.push(`${type.name} asks for ${ofType}, which the policy table does not answer`);
  const guard = resultGuard(requirements, field);
  protectArguments(type, field, faults);
  if (!isStronger && !guard) return;
  const resolve = resolverOf(field);
  field.resolve = (source, args, context, info) => {
    const resolved = isStronger
      ? then(meets(context, own, type.name, source), (isMet) => {
          if (!isMet) throw context.viewer ? forbidden(name, own) : unauthenticated();
          return resolve(source, args, context, info);
        })
      : resolve(source, args, context, info);
    return guard ? then(resolved, (value) => guard(value, context)) : resolved;
  };
}

/** Input fields that ask for more than the object are decided before the field resolves. */
function protectArguments(type: GraphQLObjectType, field: AnyField, faults: string[]): void {
  const inputs = field.args
    .flatMap((argument) => inputRequirements(argument.type, [argument.name]))
    .filter(({ requirement }) => requirement !== Requirement.PUBLIC && requirement !== readRequirement(type));
  if (!inputs.length) return;
  for (const { path, requirement } of inputs) {
    if (!isAnswered(type.name, requirement))
      faults.push(
        `${type.name}.${field.name}(${path.join('.')}:) asks for ${requirement}, which the policy table does not answer for ${type.name}`,
      );
  }
  const resolve = resolverOf(field);
  field.resolve = async (source, args, context, info) => {
    for (const { path, requirement } of inputs) {
      if (isGiven(args, path) && !(await meets(context, requirement, type.name, source)))
        throw context.viewer ? forbidden(path.join('.'), requirement) : unauthenticated();
    }
    return resolve(source, args, context, info);
  };
}

function protectRootField(
  requirements: TypeRequirements,
  type: GraphQLObjectType,
  field: AnyField,
  faults: string[],
): void {
  const name = `${type.name}.${field.name}`;
  const requirement = readRequirement(field);
  if (!requirement) {
    faults.push(`${name} is under no @auth`);
    return;
  }
  const subjectPath = findSubject(field);
  if (!isAboutNobody(requirement) && !subjectPath) {
    faults.push(
      `${name} asks for ${requirement} and has no argument id, organizationId or userId that says about whom`,
    );
  }
  const isMutation = type.name === 'Mutation';
  const admitsBarred = OPEN_TO_BARRED.has(field.name);
  const inputs = field.args.flatMap((argument) => inputRequirements(argument.type, [argument.name]));
  const guard = resultGuard(requirements, field, type.name === 'Query');
  const resolve = resolverOf(field);

  const decide = async (args: unknown, given: GraphQLContext): Promise<void> => {
    const context = admitsBarred ? admitBarred(given) : given;
    if (requirement !== Requirement.PUBLIC) {
      if (!isKnown(context, requirement)) throw unauthenticated();
      // What is about nobody in particular is decided first: who is refused learns nothing of the object.
      if (isAboutNobody(requirement) && !(await meets(context, requirement, '', null)))
        throw forbidden(field.name, requirement);
      const isLookedUp = subjectPath && (isMutation || !isAboutNobody(requirement));
      const subject =
        isLookedUp && !isLeftOut(field, args, subjectPath)
          ? await findVisible(requirements, context, valueAt(args, subjectPath))
          : null;
      // An access token speaks for a person; their account itself is theirs alone to change.
      if (isMutation && requirement === Requirement.SELF && !context.viewer?.sessionId)
        throw forbidden(field.name, requirement);
      const check = async (needed: Requirement, what: string) => {
        const about = [context, needed, subject?.type ?? '', subject?.row] as const;
        if (await meets(...about)) return;
        if (!context.viewer) throw unauthenticated();
        throw (await isBarredFrom(...about)) ? organizationMfaRequired() : forbidden(what, needed);
      };
      for (const { path, requirement: needed } of inputs) {
        if (isGiven(args, path) && needed !== requirement) await check(needed, path.join('.'));
      }
      await check(requirement, field.name);
    } else {
      for (const { path, requirement: needed } of inputs) {
        if (needed === Requirement.PUBLIC || !isGiven(args, path)) continue;
        if (!context.viewer) throw unauthenticated();
        if (!(await meets(context, needed, '', null))) throw forbidden(path.join('.'), needed);
      }
    }
  };

  if (type.name === 'Subscription') {
    protectSubscription(field, decide, guard);
    return;
  }
  field.resolve = async (source, args, context, info) => {
    await decide(args, context);
    const value = await resolve(source, args, context, info);
    return guard ? guard(value, context) : value;
  };
}

/**
 * What a subscription asks is decided before it begins, and by `context.authorize` for as long as it lasts, whenever
 * rights may have changed. What it hands out is guarded as everywhere, event by event.
 */
function protectSubscription(
  field: AnyField,
  decide: (args: unknown, context: GraphQLContext) => Promise<void>,
  guard: Guard | null,
): void {
  const { subscribe } = field;
  if (subscribe) {
    field.subscribe = async (source, args, context, info) => {
      await decide(args, context);
      const authorize = (viewer: Viewer | null) =>
        decide(args, { ...context, viewer, decisions: new Map() }).then(
          () => null,
          (error: unknown) => {
            if (error instanceof GraphQLError) return error;
            throw error;
          },
        );
      return subscribe(source, args, { ...context, authorize }, info);
    };
  }
  const resolve = resolverOf(field);
  field.resolve = (source, args, context, info) => {
    const resolved = resolve(source, args, context, info);
    return guard ? then(resolved, (value) => guard(value, context)) : resolved;
  };
}

type Guard = (value: unknown, context: GraphQLContext) => unknown;

/**
 * Turns what a field hands out into what the caller may see; null when the type of it asks nothing. Who asks for one
 * object (`isAskedFor`) and is kept out of its organization for want of a second factor is told so.
 */
function resultGuard(requirements: TypeRequirements, field: AnyField, isAskedFor = false): Guard | null {
  const named = getNamedType(field.type);
  if (isAbstractType(named)) {
    return guardValue(requirements, field, isAskedFor, (row) => (row as { __typename: string }).__typename);
  }
  if (!isObjectType(named) || (requirements.get(named.name) ?? Requirement.PUBLIC) === Requirement.PUBLIC) return null;
  return guardValue(requirements, field, isAskedFor, () => named.name);
}

function guardValue(
  requirements: TypeRequirements,
  field: AnyField,
  isAskedFor: boolean,
  typeOf: (row: unknown) => string,
): Guard {
  const isList = isListType(isNonNullType(field.type) ? field.type.ofType : field.type);
  const one = (row: unknown, context: GraphQLContext): unknown => {
    if (row === null || row === undefined) return row;
    if (row instanceof Error) throw row;
    const type = typeOf(row);
    const requirement = requirements.get(type);
    if (!requirement) return null;
    return then(meets(context, requirement, type, row), (isMet) => {
      if (isMet) return row;
      if (isList || !isAskedFor) return null;
      return then(isBarredFrom(context, requirement, type, row), (isBarred) => {
        if (isBarred) throw organizationMfaRequired();
        return null;
      });
    });
  };
  if (!isList) return one;
  return (rows, context) => (Array.isArray(rows) ? rows.map((row) => one(row, context)) : rows);
}

interface InputRequirement {
  path: string[];
  requirement: Requirement;
}

/** What the input fields of an argument ask, with their paths; lists are checked as one. */
function inputRequirements(type: GraphQLInputType, path: string[]): InputRequirement[] {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || path.length > 4) return [];
  return Object.values(named.getFields()).flatMap((field) => [
    { path: [...path, field.name], requirement: (readRequirement(field) ?? readRequirement(named))! },
    ...inputRequirements(field.type, [...path, field.name]),
  ]);
}

/** Mutations by which a member whom an organization keeps out for want of a second factor comes in, or leaves. */
const OPEN_TO_BARRED: ReadonlySet<string> = new Set(['organizationEnter', 'organizationLeave']);

const SUBJECT_NAMES = ['id', 'organizationId', 'userId'];

/** Where the arguments of a root field say which object it is about. */
function findSubject(field: AnyField): string[] | null {
  for (const name of SUBJECT_NAMES) {
    if (field.args.some((argument) => argument.name === name)) return [name];
    const holder = field.args.find((argument) => {
      const named = getNamedType(argument.type);
      return isInputObjectType(named) && name in named.getFields();
    });
    if (holder) return [holder.name, name];
  }
  return null;
}

/** An object that need not be named, and is not: the field is about the whole tenant then. */
function isLeftOut(field: AnyField, args: unknown, path: string[]): boolean {
  const argument = field.args.find(({ name }) => name === path[0])!;
  const holder = getNamedType(argument.type);
  const { type } = path.length > 1 && isInputObjectType(holder) ? holder.getFields()[path[1]!]! : argument;
  return !isNonNullType(type) && (valueAt(args, path) ?? null) === null;
}

/**
 * The object with this id; NOT_FOUND alike when there is none and when the caller may not see it; a member whom its
 * organization keeps out for want of a second factor is told so.
 */
async function findVisible(requirements: TypeRequirements, context: GraphQLContext, id: unknown) {
  const row = readGlobalId(id) ? await context.loaders.node(context.tenant.id, id) : undefined;
  if (!row) throw notFound();
  const type = row.__typename;
  const requirement = requirements.get(type);
  if (!requirement) throw notFound();
  if (await meets(context, requirement, type, row)) return { type, row };
  throw (await isBarredFrom(context, requirement, type, row)) ? organizationMfaRequired() : notFound();
}

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], value);
}

function isGiven(args: unknown, [name, ...rest]: string[]): boolean {
  if (typeof args !== 'object' || args === null) return false;
  if (Array.isArray(args)) return args.some((item) => isGiven(item, [name!, ...rest]));
  const value = (args as Record<string, unknown>)[name!];
  if (value === undefined) return false;
  return rest.length === 0 || isGiven(value, rest);
}

function resolverOf(field: AnyField): NonNullable<AnyField['resolve']> {
  return field.resolve ?? ((source) => (source as Record<string, unknown>)[field.name]);
}

/** Goes on at once when the value is there already: most decisions are. */
function then<Value, Result>(value: Value | Promise<Value>, next: (value: Value) => Result): Result | Promise<Result> {
  return value instanceof Promise ? value.then<Result>(next) : next(value);
}
