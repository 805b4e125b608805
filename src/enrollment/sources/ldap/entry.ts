import { EqualityFilter, type Entry, OrFilter } from 'ldapts';
import type { FieldMapping } from '../mapping.js';
import type { PersonQuery } from '../adapter.js';

/** An entry of a directory as a row: by the names that `names` has them under, which the directory may write otherwise. */
export function toRow(entry: Entry, names: readonly string[]): Record<string, unknown> {
  const values = new Map(Object.entries(entry).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values.get(name.toLowerCase());
      return value === undefined || (Array.isArray(value) && !value.length) ? [] : [[name, value]];
    }),
  );
}

/** Compares an attribute with a value. Nothing of the value is read as part of a filter: it is sent as it is. */
export function equals(attribute: string, value: string, binaryAttributes: readonly string[]): EqualityFilter {
  const isBinary = binaryAttributes.some((name) => name.toLowerCase() === attribute.toLowerCase());
  return new EqualityFilter({ attribute, value: isBinary ? Buffer.from(value, 'base64') : value });
}

/** The filter of whom a query is about; null when there is nothing to compare. */
export function filterOf(
  query: PersonQuery,
  mapping: FieldMapping,
  binaryAttributes: readonly string[],
): OrFilter | EqualityFilter | null {
  const [names, value] =
    'email' in query
      ? [mapping.emails, query.email]
      : [
          mapping.identifiers.filter(({ type }) => type === query.identifier.type).map(({ field }) => field),
          query.identifier.value,
        ];
  if (!value) return null;
  const filters = names.map((name) => equals(name, value, binaryAttributes));
  return filters.length > 1 ? new OrFilter({ filters }) : (filters[0] ?? null);
}

/** A moment as directories write it (RFC 4517, 3.3.13): `20261122024652.5Z`; null for what is none. */
export function readGeneralizedTime(text: string): Date | null {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,](\d+))?(Z|[+-]\d{2}(?:\d{2})?)$/.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = found;
  const part = Number(`0.${fraction ?? 0}`) * (second ? 1_000 : minute ? 60_000 : 3_600_000);
  const offset = zone === 'Z' ? 'Z' : `${zone!.slice(0, 3)}:${zone!.slice(3) || '00'}`;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute ?? '00'}:${second ?? '00'}${offset}`);
  return Number.isNaN(at.getTime()) ? null : new Date(at.getTime() + Math.floor(part));
}

/** Whole seconds, as every directory takes them. */
export function toGeneralizedTime(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
}
