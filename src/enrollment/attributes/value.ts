import { EmailAddress } from '../../entities/email-address.js';
import { AttributeTarget, AttributeType } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { readAddress } from './address.js';
import { fileReader } from './file-reference.js';
import { matchesPattern } from './pattern.js';
import { NOTHING, type Read, type Reader, refused, textReader, tidyText } from './text.js';

/** Characters of a text that sets no maximum, and of one that sets the largest; names are what a user's are. */
export const USUAL_TEXT = 2000;
export const LONGEST_TEXT = 10_000;
export const LONGEST_NAME = 256;
export const LONGEST_IDENTIFIER = 256;

/** Whether it becomes a name of the person: one line, as long as names may be. */
export function isName({ target }: Pick<AttributeDefinition, 'target'>): boolean {
  return target === AttributeTarget.USER_GIVEN_NAME || target === AttributeTarget.USER_FAMILY_NAME;
}

export interface ReadOptions {
  /** Whether values are compared with patterns, which takes the most time of all. */
  skipsPatterns?: boolean;
}

/** One value of an attribute in its stored form, or all that is wrong with it; nothing when it is empty. */
export function readValue(
  definition: AttributeDefinition,
  given: unknown,
  at: string[],
  { skipsPatterns = false }: ReadOptions = {},
): Read {
  const read = readerOf(definition)(given, definition.label, at);
  const { pattern, label } = definition;
  if (skipsPatterns || typeof read.value !== 'string' || pattern === null || matchesPattern(pattern, read.value)) {
    return read;
  }
  return refused(`${label} is not of the form that is asked for.`, at);
}

function readerOf(definition: AttributeDefinition): Reader {
  const { type, minimum, maximum } = definition;
  switch (type) {
    case AttributeType.TEXT:
      return textReader({
        shortest: Number(minimum ?? 0),
        longest: Math.min(Number(maximum ?? USUAL_TEXT), isName(definition) ? LONGEST_NAME : LONGEST_TEXT),
        isMultiline: !isName(definition),
      });
    case AttributeType.NUMBER:
      return within(readNumber, minimum, maximum);
    case AttributeType.DATE:
      return within(readDate, minimum, maximum);
    case AttributeType.CHOICE:
      return choiceReader(definition);
    case AttributeType.EMAIL:
      return readEmail;
    case AttributeType.IDENTIFIER:
      return readIdentifier;
    case AttributeType.ADDRESS:
      return readAddress;
    case AttributeType.FILE:
      return fileReader(definition.mediaTypes);
  }
}

/** A number that JSON and the database keep to the last digit. */
export const readNumber: Reader<number> = (given, name, at) => {
  if (given === undefined || given === null || (typeof given === 'string' && !given.trim())) return NOTHING;
  if (typeof given !== 'number') return refused(`${name} is a number.`, at);
  // Past these, digits are lost, or written in another form than was given.
  const isKept = Math.abs(given) <= Number.MAX_SAFE_INTEGER && (Math.abs(given) >= 1e-6 || given === 0);
  if (!isKept) return refused(`${name} is between 0.000001 and ${Number.MAX_SAFE_INTEGER} in size, or 0.`, at);
  return { value: given + 0, faults: [] };
};

const readLine = textReader({ longest: 512 });

/** A day that was or will be, as `2026-02-28`. */
export const readDate: Reader<string> = (given, name, at) => {
  const read = readLine(given, name, at);
  if (read.value === undefined) return read;
  const says = `${name} is a date that exists, written as 2026-02-28.`;
  if (!/^\d{4}-\d\d-\d\d$/.test(read.value) || read.value < '0001') return refused(says, at);
  const time = Date.parse(`${read.value}T00:00:00Z`);
  const isReal = !Number.isNaN(time) && new Date(time).toISOString().startsWith(read.value);
  return isReal ? { value: read.value, faults: [] } : refused(says, at);
};

function within<Value extends number | string>(
  reader: Reader<Value>,
  minimum: number | string | null,
  maximum: number | string | null,
): Reader<Value> {
  return (given, name, at) => {
    const read = reader(given, name, at);
    if (read.value === undefined) return read;
    if (minimum !== null && read.value < minimum) return refused(`${name} is at least ${minimum}.`, at);
    if (maximum !== null && read.value > maximum) return refused(`${name} is at most ${maximum}.`, at);
    return read;
  };
}

/** One of the choices; of several, a list without repetition in the order of the choices. */
function choiceReader({ choices, isMultiple }: AttributeDefinition): Reader {
  const values = choices.map(({ value }) => value);
  const readChoice: Reader<string> = (given, name, at) => {
    const read = readLine(given, name, at);
    if (read.value === undefined || values.includes(read.value)) return read;
    return refused(`${name} is one of the choices.`, at);
  };
  if (!isMultiple) return readChoice;
  return (given, name, at) => {
    if (given === undefined || given === null || given === '') return NOTHING;
    if (!Array.isArray(given)) return refused(`${name} is a list of choices.`, at);
    if (given.length > values.length) return refused(`${name} has at most ${values.length} choices.`, at);
    const faults: Fault[] = [];
    const chosen = new Set<string>();
    for (const [index, item] of given.entries()) {
      const path = [...at, String(index)];
      const { value, faults: wrong } = readChoice(item, name, path);
      faults.push(...wrong);
      if (wrong.length) continue;
      if (value === undefined) faults.push(fault(UserErrorCode.INVALID, `${name} is one of the choices.`, ...path));
      else if (chosen.has(value)) faults.push(fault(UserErrorCode.INVALID, `${name}: this is chosen twice.`, ...path));
      else chosen.add(value);
    }
    if (faults.length) return { faults };
    return chosen.size ? { value: values.filter((value) => chosen.has(value)), faults } : NOTHING;
  };
}

/** An address, in the form by which addresses are compared: in lower case. */
const readEmail: Reader<string> = (given, name, at) => {
  const read = readLine(given, name, at);
  if (read.value === undefined) return read;
  const value = EmailAddress.parse(read.value)?.normalized;
  // In lower case, an address may become too long for one.
  const isAddress = value !== undefined && EmailAddress.parse(value)?.normalized === value;
  return isAddress ? { value, faults: [] } : refused(`${name} is not an address.`, at);
};

const readIdentifierText = textReader({ longest: LONGEST_IDENTIFIER });

/** What names a person elsewhere. Nothing in it is invisible: two that look the same would be two. */
export const readIdentifier: Reader<string> = (given, name, at) => {
  const read = readIdentifierText(given, name, at);
  if (read.value === undefined || !/[\s\p{Cf}]/u.test(read.value)) return read;
  return refused(`${name} has no white space and no invisible characters.`, at);
};

/** Whether a choice can be given as it is written: the text is in its stored form. */
export function isTidy(text: string): boolean {
  return text === tidyText(text);
}
