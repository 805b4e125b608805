import { isLoopbackHost } from './outbound.js';

/** What people read of an address that {@link isRedirectUri} does not take. */
export const REDIRECT_URI_RULE =
  'A redirect URI is an https address, an http loopback address or com.example.app:/path, without a fragment.';

/** Web pages over https, loopback addresses, and private schemes of native apps (RFC 8252), without a fragment. */
export function isRedirectUri(uri: string): boolean {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  const isLoopback = url?.protocol === 'http:' && isLoopbackHost(url.hostname);
  const isPrivateScheme = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url?.protocol ?? '');
  const isFitting = url !== null && (url.protocol === 'https:' || isLoopback || isPrivateScheme);
  return isFitting && !url.hash && !uri.endsWith('#');
}
