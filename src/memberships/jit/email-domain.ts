import { domainToASCII } from 'node:url';
import { isIP } from 'node:net';
import providers from 'email-providers';
import { parse } from 'tldts';

/*
 * Domains of email addresses, as rules and addresses are compared by: lower case, in the ASCII form that DNS has. The
 * rules are in docs/just-in-time.md.
 */

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** Reserved for examples (RFC 2606): nobody has mail there, though a list says so. */
const EXAMPLES = ['example.com', 'example.net', 'example.org'];

/** Where anybody can have an address. Some entries of the list are no domains. */
const publicDomains = new Set(
  providers.map(toAsciiDomain).filter((domain) => domain !== null && !EXAMPLES.includes(domain)),
);

/** A domain name of two labels or more in its stored form; null for what is none, IP addresses included. */
export function toAsciiDomain(text: string): string | null {
  // The conversion reads addresses: what comes after a slash would be dropped, and percent signs decoded.
  if (/[^a-z0-9.\-\u0080-\u{10ffff}]/iu.test(text)) return null;
  const domain = domainToASCII(text).toLowerCase();
  const labels = domain.split('.');
  const isName = domain.length <= 253 && labels.length > 1 && labels.every((label) => LABEL.test(label));
  return isName && !isIP(domain) ? domain : null;
}

/** What can be registered by anybody below it, or is no more than that: `com`, `co.uk`, `github.io`. */
export function isPublicSuffix(domain: string): boolean {
  return parse(domain, { allowPrivateDomains: true }).domain === null;
}

/** Whether anybody can have an address at this domain, or at one that it belongs to. */
export function isPublicMailDomain(domain: string): boolean {
  const registered = parse(domain, { allowPrivateDomains: true }).domain ?? domain;
  for (let at = domain; at.length >= registered.length; at = at.slice(at.indexOf('.') + 1)) {
    if (publicDomains.has(at)) return true;
    if (at === registered) return false;
  }
  return false;
}

/**
 * Every rule that would match addresses of this domain, the most specific first: the domain itself, then the wildcards
 * of what it belongs to, the nearest first. A wildcard matches what is below its domain at any depth, and not the domain.
 */
export function rulesFor(domain: string): string[] {
  const parents = domain
    .split('.')
    .slice(1)
    .map((_, index, labels) => `*.${labels.slice(index).join('.')}`);
  return [domain, ...parents];
}
