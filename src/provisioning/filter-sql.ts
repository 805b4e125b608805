import { type Attribute, attribute } from './attributes.js';
import { readComparand } from './compare.js';
import type { AttributePath, Comparison, Filter } from './filter.js';
import { resolvePath, valueOf } from './resolve.js';
import { findByName, type ResourceType } from './schemas.js';
import { invalidFilter } from './scim-error.js';

/** Where the database has the values of an attribute. */
export type Place =
  /** One value: an SQL expression, null where there is none. */
  | { shape: 'text' | 'folded' | 'uuid' | 'time' | 'boolean'; sql: string }
  /** A JSON object. */
  | { shape: 'object'; sql: string; at: (sub: string) => Place }
  /** Rows: `from` is a table with its condition under an alias, `at` one of its sub-attributes, or the value itself. */
  | {
      shape: 'list';
      from: (alias: string) => { table: string; where: string };
      at: (alias: string, sub: string | null) => Place;
    };

/** Where a type of resource keeps its attributes, but for those in its JSON column. */
export interface Storage {
  type: ResourceType;
  columns: Record<string, Place>;
  /** The JSON column with all others; null where there is none. */
  json: string | null;
  /** Puts text into the form of the `folded` columns. */
  fold: (text: string) => string;
}

/** The beginning of a statement that a filter is added to. */
export class Conditions {
  constructor(readonly values: unknown[]) {}

  bind(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

interface Options {
  /** For searches over several types: what a type does not have is absent, not refused. */
  ignoresUnknown?: boolean;
}

/**
 * A filter as an SQL condition that is true or false, never null; all values are bound. It means what `match.ts` means:
 * a test compares the two.
 */
export function filterToSql(filter: Filter, storage: Storage, conditions: Conditions, options: Options = {}): string {
  let aliases = 0;

  return condition(filter, (path) => {
    const found = resolvePath(storage.type, path);
    if (found) return placeOf(storage, found);
    if (options.ignoresUnknown) return null;
    throw invalidFilter(`There is no attribute ${path.attribute} of a ${storage.type.name}.`);
  });

  function condition(filter: Filter, look: (path: AttributePath) => Found | null): string {
    switch (filter.kind) {
      case 'and':
      case 'or':
        return `(${filter.parts.map((part) => condition(part, look)).join(` ${filter.kind} `)})`;
      case 'not':
        return `(not ${condition(filter.part, look)})`;
      case 'present': {
        const found = look(filter.path);
        return found ? overRows(found, ({ place }) => present(place), null) : 'false';
      }
      case 'where': {
        const found = look(filter.path);
        if (!found) return 'false';
        const { subAttributes, name } = found.attribute;
        if (found.sub || !subAttributes) throw invalidFilter(`${name} has no attributes of its own.`);
        return overRows(
          found,
          ({ at }) =>
            condition(filter.filter, ({ schema, attribute: wanted, sub }) => {
              const inner = schema || sub ? undefined : findByName(subAttributes, wanted);
              if (!inner) throw invalidFilter(`There is no attribute ${wanted} of ${name}.`);
              return { attribute: inner, sub: null, place: at(inner.name) };
            }),
          null,
        );
      }
      case 'compare': {
        const found = look(filter.path);
        if (!found) return filter.operator === 'ne' ? 'true' : 'false';
        return comparison(found, filter.operator, filter.value);
      }
    }
  }

  function comparison(found: Found, operator: Comparison, value: string | number | boolean | null): string {
    const whole = found.sub ?? found.attribute;
    const leaf = whole.subAttributes ? valueOf(whole) : whole;
    if (!leaf) throw invalidFilter(`${whole.name} is compared by one of its attributes.`);
    const comparand = readComparand(leaf, operator, value);
    const isValueOfWhole = leaf !== whole;
    if (comparand.type === 'null') {
      const isThere = overRows(found, ({ place, at }) => present(isValueOfWhole ? at(leaf.name) : place), leaf);
      return operator === 'eq' ? `(not ${isThere})` : isThere;
    }
    const isSingle = !found.attribute.multiValued;
    return overRows(
      found,
      ({ place, at }) => compareOne(isValueOfWhole ? at(leaf.name) : place, leaf, operator, comparand, isSingle),
      leaf,
    );
  }

  /** Asks about the one value, or whether one of several rows suffices. */
  function overRows(
    { attribute: root, sub, place }: Found,
    ask: (value: { place: Place; at: (sub: string) => Place }) => string,
    leaf: Attribute | null,
  ): string {
    if (place.shape !== 'list') {
      const inner = sub && place.shape === 'object' ? place.at(sub.name) : place;
      return ask({ place: inner, at: (name) => (inner.shape === 'object' ? inner.at(name) : inner) });
    }
    const alias = `v${++aliases}`;
    const { table, where } = place.from(alias);
    const wanted = sub?.name ?? null;
    const isWhole = !wanted && !leaf && root.subAttributes;
    const inner: Place = isWhole ? { shape: 'text', sql: `'there'` } : place.at(alias, wanted);
    return `exists (select 1 from ${table} where ${where} and ${ask({ place: inner, at: (name) => place.at(alias, name) })})`;
  }

  function compareOne(
    place: Place,
    leaf: Attribute,
    operator: Comparison,
    comparand: Exclude<ReturnType<typeof readComparand>, { type: 'null' }>,
    isSingle: boolean,
  ): string {
    if (place.shape === 'object' || place.shape === 'list') throw invalidFilter(`${leaf.name} is not compared.`);
    const test = (sql: string) => `coalesce(${sql}, ${operator === 'ne' && isSingle})`;
    const { sql } = place;
    if (comparand.type === 'boolean')
      return test(`${sql} ${SIGNS[operator]!} ${conditions.bind(comparand.value, 'boolean')}`);
    if (comparand.type === 'time')
      return test(
        `date_trunc('milliseconds', ${sql}) ${SIGNS[operator]!} ${conditions.bind(comparand.value, 'timestamptz')}`,
      );
    if (place.shape === 'uuid' && operator === 'eq')
      return UUID.test(comparand.value) ? test(`${sql} = ${conditions.bind(comparand.value, 'uuid')}`) : 'false';
    const text = place.shape === 'uuid' ? `${sql}::text` : sql;
    const isFolded = place.shape === 'folded';
    const bound = conditions.bind(isFolded ? storage.fold(comparand.value) : comparand.value, 'text');
    const isExact = leaf.caseExact || isFolded;
    const [left, right] = isExact ? [text, bound] : [`lower(${text})`, `lower(${bound})`];
    if (operator === 'co') return test(`strpos(${left}, ${right}) > 0`);
    if (operator === 'sw') return test(`starts_with(${left}, ${right})`);
    if (operator === 'ew') return test(`right(${left}, length(${right})) = ${right}`);
    const collation = operator === 'eq' || operator === 'ne' ? '' : ' collate "C"';
    return test(`${left} ${SIGNS[operator]!} ${right}${collation}`);
  }

  function present(place: Place): string {
    if (place.shape === 'list') throw invalidFilter('This is not asked of values in values.');
    if (place.shape === 'text' || place.shape === 'folded') return `(coalesce(${place.sql}, '') <> '')`;
    return `(${place.sql} is not null)`;
  }
}

const SIGNS: Partial<Record<Comparison, string>> = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Found {
  attribute: Attribute;
  sub: Attribute | null;
  place: Place;
}

/** Where the attribute of a path is. */
export function placeOf(storage: Storage, found: NonNullable<ReturnType<typeof resolvePath>>): Found {
  const { extension, attribute: own, sub } = found;
  if (!own) return { attribute: extension!, sub: null, place: jsonPlace(storage.json!, extension!) };
  const column = extension ? undefined : storage.columns[own.name];
  if (column) return { attribute: own, sub, place: column };
  if (storage.json === null || own.returned === 'never') throw invalidFilter(`${own.name} is not searched.`);
  const holder = extension ? `${storage.json}->${literal(extension.name)}` : storage.json;
  return { attribute: own, sub, place: jsonPlace(holder, own) };
}

/** An attribute in a JSON object. Names come from the schemas, never from a request. */
function jsonPlace(holder: string, own: Attribute): Place {
  const field = `(${holder}->${literal(own.name)})`;
  if (own.multiValued) {
    return {
      shape: 'list',
      from: (alias) => ({
        table: `jsonb_array_elements(coalesce(${field}, '[]'::jsonb)) as ${alias}(value)`,
        where: 'true',
      }),
      at: (alias, sub) => {
        if (!sub) return { shape: 'text', sql: `(${alias}.value #>> '{}')` };
        return jsonPlace(`${alias}.value`, findByName(own.subAttributes, sub) ?? attribute(sub, ''));
      },
    };
  }
  if (own.subAttributes) {
    const at = (sub: string) => jsonPlace(field, findByName(own.subAttributes, sub)!);
    return { shape: 'object', sql: field, at };
  }
  const text = `(${holder}->>${literal(own.name)})`;
  return own.type === 'boolean' ? { shape: 'boolean', sql: `${text}::boolean` } : { shape: 'text', sql: text };
}

function literal(name: string): string {
  return `'${name.replaceAll("'", "''")}'`;
}
