import { isPublicMailDomain, isPublicSuffix, toAsciiDomain } from '../../memberships/jit/email-domain.js';
import { RECORD_LABEL } from './proof.js';

const WILDCARD = '*.';
/** What is left of the 253 characters of a name beside the label of the record that proves the domain. */
const LONGEST = 253 - RECORD_LABEL.length - 1;

/**
 * Reads a domain as an administrator writes it: `Example.com`, `*.example.com`, `bücher.example`. Gives its stored form,
 * in lower case and ASCII, or why it cannot be used.
 */
export function readDomain(text: string): { domain: string } | { reason: string } {
  const given = text.trim();
  const isWildcard = given.startsWith(WILDCARD);
  const name = isWildcard ? given.slice(WILDCARD.length) : given;
  // One dot at the end is how DNS itself writes a name.
  const domain = toAsciiDomain(name.replace(/\.$/, ''));
  if (!domain) {
    return {
      reason: 'A domain is written as example.com, or *.example.com for what is below it: no address, no path.',
    };
  }
  if (domain.length + (isWildcard ? WILDCARD.length : 0) > LONGEST) {
    return { reason: `A domain is at most ${LONGEST} characters: the record that proves it needs the rest.` };
  }
  if (isPublicSuffix(domain)) {
    return { reason: `Anybody can register a domain below ${domain}: name one that is registered.` };
  }
  if (isPublicMailDomain(domain)) {
    return { reason: `Anybody can have an address at ${domain}: it does not say who belongs to an organization.` };
  }
  return { domain: isWildcard ? `${WILDCARD}${domain}` : domain };
}
