import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { NOTHING, type Read, type Reader, refused } from './text.js';

/** How many names that are not known are told of, and how much of each. */
const MOST_TOLD = 20;
const LONGEST_TOLD = 64;

/** Whether it is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own value under that name: what objects inherit is nothing that was given. */
export function ownValue(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A fault for each of the first names of the object that `isKnown` does not know. */
export function refuseUnknown(
  object: Record<string, unknown>,
  isKnown: (name: string) => boolean,
  what: string,
  at: string[],
): Fault[] {
  const unknown = Object.keys(object).filter((name) => !isKnown(name));
  const faults = unknown.slice(0, MOST_TOLD).map((name) => {
    const told = name.toWellFormed().slice(0, LONGEST_TOLD);
    return fault(UserErrorCode.INVALID, `There is no ${what} of this name.`, ...at, told.toWellFormed());
  });
  const rest = unknown.length - faults.length;
  if (rest) faults.push(fault(UserErrorCode.INVALID, `${rest} more have names that no ${what} has.`, ...at));
  return faults;
}

export interface Parts {
  /** In the order in which they are stored. */
  readers: Record<string, Reader>;
  /** What must be there as soon as anything is. */
  required: readonly string[];
}

/** A value of several parts. One of which no part is given is nothing. */
export function partsReader({ readers, required }: Parts): Reader<Record<string, unknown>> {
  return (given, name, at): Read<Record<string, unknown>> => {
    if (given === undefined || given === null || given === '') return NOTHING;
    if (!isObject(given)) return refused(`${name} is an object with ${Object.keys(readers).join(', ')}.`, at);
    const faults = refuseUnknown(given, (part) => Object.hasOwn(readers, part), 'part', at);
    const read = Object.entries(readers).map(
      ([part, reader]) => [part, reader(ownValue(given, part), `${name}: ${part}`, [...at, part])] as const,
    );
    for (const [, part] of read) faults.push(...part.faults);
    const isNothing = !faults.length && read.every(([, { value }]) => value === undefined);
    if (isNothing) return NOTHING;
    for (const [part, { value, faults: wrong }] of read) {
      if (value === undefined && !wrong.length && required.includes(part))
        faults.push(fault(UserErrorCode.REQUIRED, `${name}: ${part} is missing.`, ...at, part));
    }
    if (faults.length) return { faults };
    const present = read.flatMap(([part, { value }]) => (value === undefined ? [] : [[part, value] as const]));
    return { value: Object.fromEntries(present), faults };
  };
}
