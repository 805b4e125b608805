/*
 * What is kept of a request and its answer for people to read. It is redacted before it is stored, so that nobody finds
 * a secret there later.
 */

const MASK = '***';
const SHOWN_HEADERS = ['content-type', 'content-length', 'retry-after', 'location', 'server', 'date', 'x-request-id'];
const LONGEST_HEADER = 512;

/** An address without the values of its query, which may hold tokens. */
export function redactUrl(url: string): string {
  return url.replace(/([?&][^=&#]*=)[^&#]+/g, `$1${MASK}`);
}

/** Request headers without signatures. */
export function redactRequestHeaders(headers: Record<string, string>): Record<string, string> {
  const signature = headers['webhook-signature'];
  return signature ? { ...headers, 'webhook-signature': signature.replace(/v1,[^ ]+/g, `v1,${MASK}`) } : headers;
}

/** The few response headers that help; no cookies, and nothing that is not known. */
export function redactResponseHeaders(headers: Headers): Record<string, string> {
  const shown = SHOWN_HEADERS.flatMap((name) => {
    const value = headers.get(name)?.slice(0, LONGEST_HEADER);
    return value === undefined ? [] : [[name, name === 'location' ? redactUrl(value) : value]];
  });
  return Object.fromEntries(shown) as Record<string, string>;
}

const SECRET_NAMES =
  'token|secret|passw(?:or)?d|passphrase|authorization|api[-_]?key|private[-_]?key|cookie|session|credential|signature';

/** In this order: what looks like a secret by itself, then whatever is called one. */
const SECRETS: [RegExp, string][] = [
  [/eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, MASK],
  [/whsec_[A-Za-z0-9+/=]+/g, MASK],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${MASK}`],
  [
    new RegExp(
      `((?:${SECRET_NAMES})[\\w-]{0,64}["']?\\s{0,8}[:=]\\s{0,8})("(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s,;&}<]+)`,
      'gi',
    ),
    `$1"${MASK}"`,
  ],
];

/** The body of an answer without what looks like a secret, and without the one sign that PostgreSQL cannot keep. */
export function redactBody(text: string): string {
  return SECRETS.reduce(
    (redacted, [pattern, mask]) => redacted.replace(pattern, mask),
    text.replaceAll('\0', '\uFFFD'),
  );
}
