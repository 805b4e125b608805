import { randomBytes } from 'node:crypto';

/** The label of the TXT record that proves a domain, below it. */
export const RECORD_LABEL = '_vestibule-challenge';
const VALUE_PREFIX = 'vestibule-domain=';

/**
 * Asks DNS for the TXT records of a name, each as the strings that it is made of. Throws as Node's resolver does:
 * ENOTFOUND and ENODATA say that there are none; everything else, that DNS could not be asked.
 */
export type ResolveTxt = (name: string) => Promise<string[][]>;

/** What DNS said about a proof. UNKNOWN: it could not be asked. */
export type ProofAnswer = 'FOUND' | 'OTHER' | 'MISSING' | 'UNKNOWN';

/** What a rule's proof holds: nobody can guess it, and it is no secret once it is published. */
export function createProof(): string {
  return randomBytes(24).toString('base64url');
}

/** The name of the record for a domain or a wildcard: they are proven alike. */
export function recordName(domain: string): string {
  return `${RECORD_LABEL}.${domain.replace(/^\*\./, '')}`;
}

/** What the record says. */
export function recordValue(proof: string): string {
  return `${VALUE_PREFIX}${proof}`;
}

/** Looks for the record. Never throws. */
export async function askForProof(
  resolveTxt: ResolveTxt,
  { domain, proof }: { domain: string; proof: string },
): Promise<ProofAnswer> {
  try {
    // A long value comes in several strings.
    const values = (await resolveTxt(recordName(domain))).map((strings) => strings.join('').trim());
    if (values.includes(recordValue(proof))) return 'FOUND';
    return values.length ? 'OTHER' : 'MISSING';
  } catch (error) {
    const { code } = error as { code?: unknown };
    return code === 'ENOTFOUND' || code === 'ENODATA' ? 'MISSING' : 'UNKNOWN';
  }
}
