import type { Attribute } from './attributes.js';
import { type Filter, parsePatchPath, type PatchPath } from './filter.js';
import { matchesValue } from './match.js';
import { checkCount, isObject, put, readValue, type Resource } from './read-resource.js';
import { type ResolvedPath, resolvePath } from './resolve.js';
import { findByName, type ResourceType } from './schemas.js';
import { invalidFilter, invalidValue, ScimError } from './scim-error.js';

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const MOST_OPERATIONS = 10_000;

export interface Operation {
  op: 'add' | 'replace' | 'remove';
  path: string | null;
  value: unknown;
}

/** The operations of a PATCH. Entra ID writes `Replace`, so the case of `op` is nothing. */
export function readOperations(body: unknown): Operation[] {
  const given = isObject(body) ? valueOf(body, 'operations') : null;
  const schemas = isObject(body) ? valueOf(body, 'schemas') : null;
  if (Array.isArray(schemas) && !schemas.includes(PATCH_SCHEMA)) throw invalidValue(`schemas holds ${PATCH_SCHEMA}.`);
  if (!Array.isArray(given) || !given.length)
    throw new ScimError(400, 'invalidSyntax', 'Operations is a list of operations.');
  if (given.length > MOST_OPERATIONS)
    throw new ScimError(400, 'tooMany', `A PATCH has at most ${MOST_OPERATIONS} operations.`);
  return given.map((operation: unknown) => {
    if (!isObject(operation)) throw new ScimError(400, 'invalidSyntax', 'An operation is an object.');
    const op = String(valueOf(operation, 'op')).toLowerCase();
    const path = valueOf(operation, 'path') ?? null;
    const value = valueOf(operation, 'value');
    if (op !== 'add' && op !== 'replace' && op !== 'remove')
      throw new ScimError(400, 'invalidSyntax', 'op is add, remove or replace.');
    if (path !== null && typeof path !== 'string') throw new ScimError(400, 'invalidPath', 'path is text.');
    if (op === 'remove' && !path) throw new ScimError(400, 'noTarget', 'remove needs a path.');
    if (op === 'add' && value === undefined) throw invalidValue('add needs a value.');
    return { op, path: path || null, value };
  });
}

/** The paths that an operation without one is about: the keys of its value, which Entra ID and Okta write as paths. */
export function targetsOf(type: ResourceType, { path, value }: Operation): { path: PatchPath; value: unknown }[] {
  if (path) return [{ path: parsePatchPath(path), value }];
  if (!isObject(value)) throw invalidValue('Without a path, value is an object.');
  return Object.entries(value).flatMap(([key, inner]) => {
    const target = parsePatchPath(key);
    const found = resolvePath(type, target.path);
    const own = found && (found.attribute ?? found.extension);
    // As in a whole resource, what only the server writes is passed over, and so is what no schema knows.
    if (!own || own.mutability === 'readOnly' || own.name === 'schemas') return [];
    return [{ path: target, value: inner }];
  });
}

/** What a path means; refuses `invalidPath`, and `mutability` for what only the server writes. */
export function resolveTarget(type: ResourceType, { path, filter }: PatchPath): ResolvedPath {
  const found = resolvePath(type, path);
  if (!found) throw new ScimError(400, 'invalidPath', `There is no attribute ${path.attribute} of a ${type.name}.`);
  const own = found.attribute ?? found.extension!;
  if (own.mutability === 'readOnly' || own.name === 'schemas')
    throw new ScimError(400, 'mutability', `${own.name} is written by the server alone.`);
  if (filter && !(own.multiValued && own.subAttributes))
    throw new ScimError(400, 'invalidPath', `${own.name} has no values to choose from.`);
  return found;
}

/** A resource after these operations, in their order (RFC 7644, section 3.5.2). */
export function patchResource(type: ResourceType, resource: Resource, operations: readonly Operation[]): Resource {
  const patched = structuredClone(resource);
  for (const operation of operations) {
    for (const { path, value } of targetsOf(type, operation)) {
      apply(patched, resolveTarget(type, path), operation.op, path.filter, value);
    }
  }
  return patched;
}

type Op = Operation['op'];

function apply(resource: Resource, found: ResolvedPath, op: Op, filter: Filter | null, value: unknown): void {
  const { extension, attribute } = found;
  if (!extension) return change(resource, found, op, filter, value);
  const holder = (resource[extension.name] as Resource | undefined) ?? {};
  if (attribute) change(holder, found, op, filter, value);
  else if (op === 'remove') Object.keys(holder).forEach((key) => delete holder[key]);
  else Object.assign(holder, readValue(extension, value));
  put(resource, extension.name, Object.keys(holder).length ? holder : undefined);
}

function change(holder: Resource, { attribute, sub }: ResolvedPath, op: Op, filter: Filter | null, value: unknown) {
  const own = attribute!;
  if (own.multiValued && own.subAttributes) {
    const before = (holder[own.name] as Resource[] | undefined) ?? [];
    const after = filter
      ? changeChosen(own, before, { op, filter, sub, value })
      : sub
        ? changeEach(before.length || op === 'remove' ? before : [{}], sub, op, value)
        : changeList(own, before, op, value);
    checkCount(own.name, after);
    put(holder, own.name, after.length ? after : undefined);
    return;
  }
  if (sub) {
    const inner = { ...(holder[own.name] as Resource | undefined) };
    put(inner, sub.name, op === 'remove' ? undefined : readValue(sub, value));
    put(holder, own.name, Object.keys(inner).length ? inner : undefined);
    return;
  }
  if (op === 'remove') {
    if (own.required) throw new ScimError(400, 'mutability', `${own.name} is required: it cannot be removed.`);
    delete holder[own.name];
    return;
  }
  const read = readValue(own, value);
  // Sub-attributes that are not given stay (section 3.5.2.3).
  put(holder, own.name, own.subAttributes && isObject(read) ? { ...(holder[own.name] as object), ...read } : read);
}

function changeList(own: Attribute, before: Resource[], op: Op, value: unknown): Resource[] {
  const given = (value === undefined ? [] : (readValue(own, value) ?? [])) as Resource[];
  checkCount(own.name, given);
  if (op === 'replace') return given;
  if (op === 'remove') {
    // Entra ID names the values to remove; the standard would have them in the path.
    return value === undefined ? [] : before.filter((one) => !given.some((gone) => isPartOf(gone, one)));
  }
  const added = given.filter((one) => !before.some((known) => isPartOf(one, known) && isPartOf(known, one)));
  return [...yieldPrimary(before, added), ...added];
}

function changeChosen(
  own: Attribute,
  before: Resource[],
  { op, filter, sub, value }: { op: Op; filter: Filter; sub: Attribute | null; value: unknown },
): Resource[] {
  const chosen = new Set(before.filter((one) => matchesValue(filter, own, one)));
  if (op === 'remove') {
    return sub
      ? before.flatMap((one) => (chosen.has(one) ? changeEach([one], sub, op, value) : [one]))
      : before.filter((one) => !chosen.has(one));
  }
  if (!chosen.size && op === 'replace')
    throw new ScimError(400, 'noTarget', `No value of ${own.name} is chosen by the filter of the path.`);
  const make = (one: Resource): Resource => {
    if (sub) return changeEach([one], sub, op, value)[0] ?? {};
    const [read] = (readValue(own, value) ?? []) as Resource[];
    return op === 'add' ? { ...one, ...read } : (read ?? {});
  };
  if (!chosen.size) {
    // Entra ID adds a value by naming its label in the filter.
    const made = make(namedBy(filter, own));
    return [...yieldPrimary(before, [made]), made];
  }
  const after = before.map((one) => (chosen.has(one) ? make(one) : one));
  const changed = after.filter((one, index) => one !== before[index]);
  return yieldPrimary(after, changed).filter((one) => Object.keys(one).length);
}

function changeEach(before: Resource[], sub: Attribute, op: Op, value: unknown): Resource[] {
  return before
    .map((one) => {
      const changed = { ...one };
      put(changed, sub.name, op === 'remove' ? undefined : readValue(sub, value));
      return changed;
    })
    .filter((one) => Object.keys(one).length);
}

/** A value that becomes the primary one takes that from the one before (section 3.5.2). */
function yieldPrimary(values: Resource[], changed: Resource[]): Resource[] {
  if (!changed.some(({ primary }) => primary === true)) return values;
  return values.map((one) => (one.primary === true && !changed.includes(one) ? { ...one, primary: false } : one));
}

/** `[type eq "work"]` names the type of a value that is to be made. */
function namedBy(filter: Filter, own: Attribute): Resource {
  if (filter.kind === 'and') return Object.assign({}, ...filter.parts.map((part) => namedBy(part, own))) as Resource;
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return {};
  const { schema, attribute, sub: below } = filter.path;
  const sub = schema || below ? undefined : findByName(own.subAttributes, attribute);
  if (!sub) throw invalidFilter(`There is no attribute ${attribute} of ${own.name}.`);
  const named: Resource = {};
  put(named, sub.name, readValue(sub, filter.value));
  return named;
}

function isPartOf(part: Resource, whole: Resource): boolean {
  return Object.entries(part).every(([name, value]) => whole[name] === value);
}

function valueOf(object: Record<string, unknown>, name: string): unknown {
  return Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1];
}
