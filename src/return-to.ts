/** Where a browser goes when nobody said where, or when what was said leads away. */
export const DEFAULT_PAGE = '/';

const OWN = 'https://own.invalid';

/**
 * A path of this site to go back to, or the default page. Whatever a browser might read as another site or as a
 * script is refused, encoded forms included; what is left is percent-encoded: `//evil`, `/\evil`, `/%09/evil`, `https://evil`, `javascript:`.
 */
export function safeReturnTo(path: unknown): string {
  if (typeof path !== 'string' || path.length > 2048 || !isOwnPath(path)) return DEFAULT_PAGE;
  const { pathname, search, hash } = new URL(path, OWN);
  const encoded = `${pathname}${search}${hash}`;
  return isOwnPath(encoded) ? encoded : DEFAULT_PAGE;
}

function isOwnPath(path: string): boolean {
  if (!isPlainPath(path)) return false;
  try {
    if (!isPlainPath(decodeURIComponent(path))) return false;
  } catch {
    return false;
  }
  return new URL(path, OWN).origin === OWN;
}

function isPlainPath(path: string): boolean {
  return /^\/(?![/\\])[^\\\p{Cc}\p{Zl}\p{Zp}]*$/u.test(path) && !path.startsWith('/%09') && !/^\/\s*\//.test(path);
}
