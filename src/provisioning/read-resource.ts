import type { Attribute } from './attributes.js';
import { findByName, type ResourceType } from './schemas.js';
import { invalidValue, ScimError } from './scim-error.js';

/** A resource under the names of its schemas: what is empty is left out. Extensions stand under their schema. */
export type Resource = Record<string, unknown>;

/**
 * Reads a resource that a directory sent: names in any case, truth as text, one value where several are meant. What
 * only the server writes is passed over (RFC 7644, section 3.3), and so is what no schema knows. Refuses `invalidValue`
 * and `invalidSyntax`.
 */
export function readResource(type: ResourceType, body: unknown): Resource {
  if (!isObject(body)) throw new ScimError(400, 'invalidSyntax', 'The body is a JSON object.');
  checkSchemas(type, body);
  const resource: Resource = {};
  for (const [name, value] of Object.entries(body)) {
    const known = findByName(type.attributes, name) ?? findByName(type.extensions, name);
    if (!known || known.mutability === 'readOnly' || known.name === 'schemas') continue;
    put(resource, known.name, readValue(known, value));
  }
  return resource;
}

/** A value of an attribute as it is stored; undefined when there is none. */
export function readValue(attribute: Attribute, value: unknown): unknown {
  if (!attribute.multiValued) return readOne(attribute, Array.isArray(value) && value.length < 2 ? value[0] : value);
  const values = (Array.isArray(value) ? value : [value])
    .map((one) => readOne(attribute, one))
    .filter((one) => one !== undefined);
  if (values.filter((one) => isObject(one) && one.primary === true).length > 1)
    throw invalidValue(`At most one of ${attribute.name} is primary.`);
  return values.length ? values : undefined;
}

/** How many values an attribute of a user has at most: each operation of a PATCH may compare with every one. */
const MOST_VALUES = 200;

/** Refuses `invalidValue` where an attribute of a user has too many values. */
export function checkCount(name: string, value: unknown): void {
  if (Array.isArray(value) && value.length > MOST_VALUES)
    throw invalidValue(`${name} has at most ${MOST_VALUES} values.`);
}

/** Sets a property, or takes it away when there is nothing to set. */
export function put(holder: Resource, name: string, value: unknown): void {
  if (value === undefined) delete holder[name];
  else holder[name] = value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readOne(attribute: Attribute, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  const { name, type, subAttributes } = attribute;
  if (subAttributes) {
    // Entra ID sends the manager as bare text.
    const given = typeof value === 'string' && findByName(subAttributes, 'value') ? { value } : value;
    if (!isObject(given)) throw invalidValue(`${name} is an object.`);
    const read: Resource = {};
    for (const [key, inner] of Object.entries(given)) {
      const sub = findByName(subAttributes, key);
      if (sub) put(read, sub.name, readValue(sub, inner));
    }
    return Object.keys(read).length ? read : undefined;
  }
  if (type === 'boolean') {
    // Entra ID writes "False".
    const word = typeof value === 'string' ? value.toLowerCase() : value;
    if (word !== true && word !== false && word !== 'true' && word !== 'false')
      throw invalidValue(`${name} is true or false.`);
    return word === true || word === 'true';
  }
  if (typeof value !== 'string') throw invalidValue(`${name} is text.`);
  if (!value.isWellFormed() || value.includes('\0')) throw invalidValue(`${name} holds what is no text.`);
  return value === '' ? undefined : value;
}

function checkSchemas({ schema }: ResourceType, body: Record<string, unknown>): void {
  const given = Object.entries(body).find(([name]) => name.toLowerCase() === 'schemas')?.[1];
  if (given === undefined) return;
  const isNamed = (one: unknown) => typeof one === 'string' && one.toLowerCase() === schema.toLowerCase();
  if (!Array.isArray(given) || !given.some(isNamed)) throw invalidValue(`schemas holds ${schema}.`);
}
