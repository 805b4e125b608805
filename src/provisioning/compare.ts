import type { Attribute } from './attributes.js';
import type { Comparison } from './filter.js';
import { invalidFilter } from './scim-error.js';

/** What a comparison compares with, for values of this attribute. */
export type Comparand =
  | { type: 'null' }
  | { type: 'text'; value: string }
  | { type: 'boolean'; value: boolean }
  | { type: 'time'; value: Date };

const ORDERED: readonly Comparison[] = ['gt', 'ge', 'lt', 'le'];
const TEXTUAL: readonly Comparison[] = ['co', 'sw', 'ew'];

/**
 * Reads the value of a comparison by the type of its attribute; refuses `invalidFilter` where they do not fit. Truth
 * may be written as text, since directories do so.
 */
export function readComparand(
  { name, type }: Attribute,
  operator: Comparison,
  value: string | number | boolean | null,
): Comparand {
  if (value === null) {
    if (operator !== 'eq' && operator !== 'ne') throw invalidFilter(`Nothing is ${operator} null.`);
    return { type: 'null' };
  }
  const isUnordered = type === 'boolean' || type === 'binary';
  if (isUnordered && (ORDERED.includes(operator) || TEXTUAL.includes(operator)))
    throw invalidFilter(`${name} is compared by eq and ne alone.`);
  if (type === 'boolean') {
    const word = String(value).toLowerCase();
    if (word !== 'true' && word !== 'false') throw invalidFilter(`${name} is true or false.`);
    return { type: 'boolean', value: word === 'true' };
  }
  if (typeof value !== 'string') throw invalidFilter(`${name} is compared with text.`);
  if (type !== 'dateTime') return { type: 'text', value };
  if (TEXTUAL.includes(operator)) throw invalidFilter(`${name} is a time: compare it by eq, ne, gt, ge, lt and le.`);
  const time = new Date(value);
  if (!/^\d{4}-\d\d-\d\dT/.test(value) || !(time.getUTCFullYear() >= 1))
    throw invalidFilter(`${name} is compared with a time such as 2026-01-31T12:00:00Z.`);
  return { type: 'time', value: time };
}
