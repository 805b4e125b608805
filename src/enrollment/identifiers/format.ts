import { type Fault, fault, UserErrorCode } from '../../faults.js';

/** Where the number stands in a format: `{number}`, or `{number:6}` for at least six digits. */
const PLACE = /\{number(?::([1-9]|1[0-8]))?\}/;

/** A format taken apart. */
export interface IdentifierFormat {
  before: string;
  /** Digits, at least. */
  width: number;
  after: string;
}

/** Null when it is none: visible ASCII around one number, 1 to 128 characters, without other braces. */
export function parseIdentifierFormat(format: string): IdentifierFormat | null {
  const match = PLACE.exec(format);
  if (!match || !/^[\x21-\x7e]{1,128}$/.test(format)) return null;
  const before = format.slice(0, match.index);
  const after = format.slice(match.index + match[0].length);
  return /[{}]/.test(before + after) ? null : { before, width: Number(match[1] ?? 1), after };
}

/** What is wrong with a format by which identifiers are assigned, such as `E{number:6}`. */
export function checkIdentifierFormat(format: string, ...field: string[]): Fault | null {
  if (parseIdentifierFormat(format)) return null;
  const message =
    'A format is 1 to 128 visible ASCII characters with one {number}, or {number:6} for at least six digits of 18, and no other braces.';
  return fault(UserErrorCode.INVALID, message, ...field);
}

/** The identifier with that number: `E{number:6}` and 42 are `E000042`. */
export function writeIdentifier({ before, width, after }: IdentifierFormat, number: bigint): string {
  return `${before}${String(number).padStart(width, '0')}${after}`;
}
