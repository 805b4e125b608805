import { type Fault, fault, UserErrorCode } from '../../faults.js';

/** What was read: no value and no faults when there was nothing to read. */
export interface Read<Value = unknown> {
  value?: Value;
  faults: Fault[];
}

export const NOTHING: Read<never> = { faults: [] };

/** Reads one value. `name` is what people call it; `at` is its path from `input`. Never throws, whatever JSON it is given. */
export type Reader<Value = unknown> = (given: unknown, name: string, at: string[]) => Read<Value>;

export function refused(message: string, at: string[], code = UserErrorCode.INVALID): Read<never> {
  return { faults: [fault(code, message, ...at)] };
}

export interface TextRules {
  /** In characters. */
  longest: number;
  shortest?: number;
  /** Whether it may have line breaks and tabs. */
  isMultiline?: boolean;
}

/** Far more than any text may have: what is longer is not looked at. */
const MOST_UNITS = 65_536;

/** Text in its stored form: composed (NFC), without white space around, its lines ended by one character. */
export function tidyText(text: string): string {
  return text.replace(/\r\n?/g, '\n').normalize('NFC').trim();
}

/** Text without control characters. Blank text is nothing. */
export function textReader({ longest, shortest = 0, isMultiline = false }: TextRules): Reader<string> {
  const forbidden = isMultiline ? /[^\P{Cc}\n\t]/u : /[\p{Cc}\p{Zl}\p{Zp}]/u;
  return (given, name, at) => {
    if (given === undefined || given === null) return NOTHING;
    if (typeof given !== 'string') return refused(`${name} is text.`, at);
    const tooLong = fault(UserErrorCode.TOO_LONG, `${name} is at most ${longest} characters.`, ...at);
    if (given.length > MOST_UNITS) return { faults: [tooLong] };
    const value = tidyText(given);
    if (!value) return NOTHING;
    const faults: Fault[] = [];
    if (!value.isWellFormed() || forbidden.test(value)) {
      const kind = isMultiline ? 'text' : 'one line of text';
      faults.push(fault(UserErrorCode.INVALID, `${name} is ${kind} without control characters.`, ...at));
    }
    const { length } = [...value];
    if (length > longest) faults.push(tooLong);
    if (length < shortest)
      faults.push(fault(UserErrorCode.INVALID, `${name} is at least ${shortest} characters.`, ...at));
    return faults.length ? { faults } : { value, faults };
  };
}
