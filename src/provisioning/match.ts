import type { Attribute } from './attributes.js';
import { readComparand } from './compare.js';
import type { AttributePath, Comparison, Filter } from './filter.js';
import { resolvePath, valueOf } from './resolve.js';
import { findByName, type ResourceType } from './schemas.js';
import { invalidFilter } from './scim-error.js';

type Values = Record<string, unknown>;

/** The values of an attribute in a resource, and which attribute that is. */
type Look = (path: AttributePath) => { attribute: Attribute; values: unknown[] };

/**
 * Whether a resource meets a filter. Two values alone: a comparison with what is absent does not hold, except that it
 * is different. Of several values, one is enough (RFC 7644, section 3.4.2.2).
 */
export function matches(filter: Filter, type: ResourceType, resource: Values): boolean {
  return holds(filter, (path) => {
    const found = resolvePath(type, path);
    if (!found) throw invalidFilter(`There is no attribute ${path.attribute} of a ${type.name}.`);
    const holder = found.extension ? (resource[found.extension.name] as Values | undefined) : resource;
    const attribute = found.attribute ?? found.extension!;
    const values = found.attribute ? listOf(holder?.[attribute.name]) : listOf(holder);
    return found.sub ? below(found.sub, values) : { attribute, values };
  });
}

/** Whether one value of a complex attribute meets the filter in its brackets. */
export function matchesValue(filter: Filter, { name, subAttributes }: Attribute, value: Values): boolean {
  return holds(filter, ({ schema, attribute, sub }) => {
    const found = schema || sub ? undefined : findByName(subAttributes, attribute);
    if (!found) throw invalidFilter(`There is no attribute ${attribute} of ${name}.`);
    return { attribute: found, values: listOf(value[found.name]) };
  });
}

function holds(filter: Filter, look: Look): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.map((part) => holds(part, look)).every(Boolean);
    case 'or':
      return filter.parts.map((part) => holds(part, look)).some(Boolean);
    case 'not':
      return !holds(filter.part, look);
    case 'present':
      return look(filter.path).values.some((value) => value !== '');
    case 'where': {
      const { attribute, values } = look(filter.path);
      if (!attribute.subAttributes) throw invalidFilter(`${attribute.name} has no attributes of its own.`);
      return values.some((value) => matchesValue(filter.filter, attribute, value as Values));
    }
    case 'compare': {
      let { attribute, values } = look(filter.path);
      if (attribute.subAttributes) {
        const value = valueOf(attribute);
        if (!value) throw invalidFilter(`${attribute.name} is compared by one of its attributes.`);
        ({ attribute, values } = below(value, values));
      }
      return compare(attribute, values, filter.operator, filter.value, isSingle(filter.path));
    }
  }
  function isSingle(path: AttributePath): boolean {
    return !look({ ...path, sub: null }).attribute.multiValued;
  }
}

function compare(
  attribute: Attribute,
  values: unknown[],
  operator: Comparison,
  given: string | number | boolean | null,
  isSingle: boolean,
): boolean {
  const comparand = readComparand(attribute, operator, given);
  if (comparand.type === 'null') return values.length > 0 === (operator === 'ne');
  if (operator === 'ne' && isSingle && !values.length) return true;
  const fold = (text: string) => (attribute.caseExact ? text : text.toLowerCase());
  return values.some((value) => {
    if (comparand.type === 'boolean') return (value === comparand.value) === (operator === 'eq');
    if (comparand.type === 'time')
      return ordered(new Date(String(value)).getTime() - comparand.value.getTime(), operator);
    const [left, right] = [fold(String(value)), fold(comparand.value)];
    if (operator === 'co') return left.includes(right);
    if (operator === 'sw') return left.startsWith(right);
    if (operator === 'ew') return left.endsWith(right);
    return ordered(Buffer.compare(Buffer.from(left), Buffer.from(right)), operator);
  });
}

function ordered(difference: number, operator: Comparison): boolean {
  switch (operator) {
    case 'eq':
      return difference === 0;
    case 'ne':
      return difference !== 0;
    case 'gt':
      return difference > 0;
    case 'ge':
      return difference >= 0;
    case 'lt':
      return difference < 0;
    default:
      return difference <= 0;
  }
}

function below(sub: Attribute, values: unknown[]) {
  return { attribute: sub, values: values.flatMap((value) => listOf((value as Values)[sub.name])) };
}

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
