import { matchesPattern } from '../attributes/pattern.js';

/** What a pattern that is far too wide matches: no address of anybody. */
const STRANGE_ADDRESS = 'https://nobody.invalid/anything?at=all';

/** Whether a pattern of return URLs takes any address at all. */
export function isTooWide(pattern: string): boolean {
  return matchesPattern(pattern, STRANGE_ADDRESS);
}

/**
 * Whether a petition may send people on to this address: it is an http or https address, and one of the patterns matches
 * the whole of it. Without patterns, none may (section 2 of the rules of enrollment).
 */
export function isReturnUrlAllowed(patterns: readonly string[], url: string): boolean {
  // Nothing that a browser reads differently than a pattern does.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(url) || !URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  if (!['https:', 'http:'].includes(protocol) || username || password) return false;
  return patterns.some((pattern) => matchesPattern(pattern, url));
}
