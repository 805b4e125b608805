import { z } from 'zod';
import { EmailAddress } from '../../entities/email-address.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { storable, storedBytes, TooDeepError } from './storable.js';

/** The longest key, in characters. */
const LONGEST_KEY = 512;
/** What a person's name and an identifier of theirs may have, in characters; what is longer is neither. */
const LONGEST_VALUE = 256;
/** The most values that are taken of one field. */
const MOST_VALUES = 100;
/** The largest record, raw copy and all, as it is stored. */
const LARGEST_RECORD = 200 * 1024;

const field = (what: string) => z.string().min(1).max(256).describe(what);
export const identifierType = z.string().min(1).max(64).describe('The type under which the identifier is kept.');
export const attributeName = z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, 'is a letter, then letters, digits, _ . or -');
const ATTRIBUTES = 'What else is taken, by the name that pipelines know it by.';
const VERIFIED = 'Whether the source vouches for the addresses: pipelines and petitions match by such addresses alone.';

/** How a row with fields (columns, attributes of a directory, fields of a file) becomes a person. */
export const fieldMapping = z.strictObject({
  key: field('The field that names the person in the source, for ever.'),
  givenName: field('The field with the given name.').nullish(),
  familyName: field('The field with the family name.').nullish(),
  emails: z.array(field('A field.')).max(20).default([]).describe('The fields with email addresses.'),
  identifiers: z
    .array(z.strictObject({ type: identifierType, field: field('The field with its value.') }))
    .max(20)
    .default([])
    .describe('The fields with identifiers, and their types.'),
  affiliation: field('The field that says what the person is there, such as member or faculty.').nullish(),
  attributes: z.record(attributeName, field('A field.')).default({}).describe(ATTRIBUTES),
  emailsAreVerified: z.boolean().default(true).describe(VERIFIED),
});

export type FieldMapping = z.infer<typeof fieldMapping>;

/** What a row is: a person, or nobody, and why. */
export type Mapped =
  { record: PersonRecord; fault: null } | { record: null; fault: { key: string | null; message: string } };

export interface MappingOptions {
  /** Whether the record carries the row as it is. */
  keepsRaw: boolean;
}

/** Every field that a mapping reads, each once. */
export function fieldsOf(mapping: FieldMapping): string[] {
  const { key, givenName, familyName, emails, identifiers, affiliation, attributes } = mapping;
  const single = [key, givenName, familyName, affiliation].filter((name) => typeof name === 'string');
  return [...new Set([...single, ...emails, ...identifiers.map((one) => one.field), ...Object.values(attributes)])];
}

/**
 * Makes a person of a row. A value may be a text, a number, a moment, bytes, or a list of such; white space around it goes,
 * and what is empty is absent. What is no address, or too long for a name or an identifier, is left out: the raw copy
 * still shows it. A row without a good key, or that is too large, is nobody.
 */
export function toPersonRecord(
  mapping: FieldMapping,
  row: Readonly<Record<string, unknown>>,
  options: MappingOptions,
): Mapped {
  const read = (name: string | null | undefined): unknown =>
    typeof name === 'string' && Object.hasOwn(row, name) ? row[name] : null;
  return buildRecord(
    {
      key: read(mapping.key),
      givenName: read(mapping.givenName),
      familyName: read(mapping.familyName),
      emails: mapping.emails.map(read),
      identifiers: mapping.identifiers.map(({ type, field: name }) => ({ type, value: read(name) })),
      affiliation: read(mapping.affiliation),
      attributes: Object.fromEntries(Object.entries(mapping.attributes).map(([name, from]) => [name, read(from)])),
      emailsAreVerified: mapping.emailsAreVerified,
      raw: row,
    },
    options,
  );
}

/** What a mapping found in a source's answer, as the answer has it. */
export interface FoundValues {
  key: unknown;
  givenName: unknown;
  familyName: unknown;
  emails: unknown;
  identifiers: { type: string; value: unknown }[];
  affiliation: unknown;
  attributes: Record<string, unknown>;
  emailsAreVerified: boolean;
  raw: unknown;
}

/** The one way in which values become a record; see {@link toPersonRecord}. */
export function buildRecord(found: FoundValues, { keepsRaw }: MappingOptions): Mapped {
  const [key] = textsOf(found.key);
  const isGoodKey = key !== undefined && [...key].length <= LONGEST_KEY && isStorableText(key);
  if (!isGoodKey)
    return refuse(
      null,
      key === undefined ? 'There is no key.' : 'The key cannot be kept: it is too long, or not text.',
    );
  const short = (value: unknown) => textsOf(value).filter((text) => [...text].length <= LONGEST_VALUE);
  try {
    const attributes = Object.entries(found.attributes).map(
      ([name, value]) => [name, presentValue(storable(value))] as const,
    );
    const record: PersonRecord = storable({
      key,
      names: zipNames(short(found.givenName), short(found.familyName)),
      emails: unique(textsOf(found.emails).flatMap((text) => EmailAddress.parse(text)?.value ?? [])).map((address) => ({
        address,
        isVerified: found.emailsAreVerified,
      })),
      identifiers: uniqueIdentifiers(
        found.identifiers.flatMap(({ type, value }) => short(value).map((text) => ({ type, value: text }))),
      ),
      affiliation: short(found.affiliation)[0] ?? null,
      attributes: Object.fromEntries(attributes.filter(([, value]) => value !== null)),
      raw: keepsRaw ? found.raw : null,
    }) as PersonRecord;
    if (storedBytes(record) > LARGEST_RECORD)
      return refuse(key, `The record is larger than ${LARGEST_RECORD / 1024} kB.`);
    return { record, fault: null };
  } catch (error) {
    if (error instanceof TooDeepError) return refuse(key, error.message);
    throw error;
  }
}

function refuse(key: string | null, message: string): Mapped {
  return { record: null, fault: { key, message } };
}

/** The texts of a value, trimmed, without the empty ones: of lists within lists, too. */
export function textsOf(value: unknown): string[] {
  const texts: string[] = [];
  const add = (one: unknown): void => {
    if (texts.length >= MOST_VALUES) return;
    if (Array.isArray(one)) {
      for (const inner of one) add(inner);
      return;
    }
    const text = textOf(one)?.trim();
    if (text) texts.push(text);
  };
  add(value);
  return texts;
}

/** A key is compared exactly, so nothing of it is mended; everywhere else {@link storable} does so. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return null;
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** A source with several names says them in two lists: the first of each belong together, and so on. */
function zipNames(given: string[], family: string[]): PersonRecord['names'] {
  return Array.from({ length: Math.max(given.length, family.length) }, (_, index) => ({
    givenName: given[index] ?? null,
    familyName: family[index] ?? null,
  }));
}

/** Of addresses that differ in case alone the first. */
function unique(addresses: string[]): string[] {
  const first = new Map<string, string>();
  for (const address of addresses) if (!first.has(address.toLowerCase())) first.set(address.toLowerCase(), address);
  return [...first.values()];
}

function uniqueIdentifiers(identifiers: PersonRecord['identifiers']): PersonRecord['identifiers'] {
  return [...new Map(identifiers.map((one) => [JSON.stringify([one.type, one.value]), one])).values()];
}

/** Texts are trimmed; a text, list or value with nothing in it is null. */
function presentValue(value: unknown): unknown {
  if (typeof value === 'string') return value.trim() || null;
  if (!Array.isArray(value)) return value ?? null;
  const present = value.map(presentValue).filter((one) => one !== null);
  return present.length ? present : null;
}
