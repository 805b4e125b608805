import { RE2JS } from 're2js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';

/** Characters of a pattern, and states of what it compiles to: matching takes time in proportion to both. */
const LONGEST = 256;
const MOST_STATES = 3000;

/** What is wrong with a regular expression (RE2) that somebody configures. */
export function checkPattern(pattern: string, ...field: string[]): Fault | null {
  const name = field.at(-1)!;
  if (pattern.length > LONGEST)
    return fault(UserErrorCode.TOO_LONG, `${name} is at most ${LONGEST} characters.`, ...field);
  const compiled = compile(pattern);
  if (typeof compiled === 'string') {
    return fault(UserErrorCode.INVALID, `${name} is not a regular expression (RE2): ${compiled}.`, ...field);
  }
  if (compiled.programSize() > MOST_STATES) {
    return fault(UserErrorCode.INVALID, `${name} is too large: repeat less, or nest less.`, ...field);
  }
  return null;
}

/** Whether the whole text matches a pattern that was checked. What does not compile matches nothing. */
export function matchesPattern(pattern: string, text: string): boolean {
  const compiled = compile(pattern);
  return typeof compiled !== 'string' && compiled.testExact(text);
}

const MOST_KEPT = 500;
const kept = new Map<string, RE2JS>();

/** The compiled pattern, or why it does not compile. */
function compile(pattern: string): RE2JS | string {
  const known = kept.get(pattern);
  if (known) return known;
  try {
    const compiled = RE2JS.compile(pattern);
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
    kept.set(pattern, compiled);
    return compiled;
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '');
  }
}
