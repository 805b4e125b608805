import { EmailAddress } from '../../entities/email-address.js';
import type { PersonRecord } from '../../entities/person-record.js';
import type { GivenEmail } from '../machine/state.js';

/**
 * The address of a record by which the person is reached: one for which the source vouches, if there is one; as the
 * petition compares it, and as it was written. Null where there is none.
 */
export function emailOf({ emails }: PersonRecord): { given: GivenEmail; written: string } | null {
  const first = emails.find(({ isVerified }) => isVerified) ?? emails[0];
  const address = EmailAddress.parse(first?.address);
  return first && address
    ? { given: { normalized: address.normalized, isVerified: first.isVerified }, written: address.value }
    : null;
}
