import { EmailAddress } from '../../../entities/email-address.js';
import type { PersonIdentifier, PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, type SourceErrorCode } from '../../../entities/source-enums.js';
import { checkText, type Fault, fault, refuseFaults, UserErrorCode } from '../../../faults.js';
import type { PersonQuery } from '../adapter.js';
import { SourceError } from '../source-error.js';
import { type AskingContext, openClient, requireSource } from './find-client.js';

/** By one of them. */
export interface SearchSource {
  id: string;
  email?: string | null;
  identifier?: PersonIdentifier | null;
}

export interface FoundPeople {
  people: PersonRecord[];
  /** Why there is no answer; null: there is one. */
  error: { code: SourceErrorCode; message: string } | null;
}

/**
 * Asks a source whom it finds, now: for administrators, and of sources that are suspended as well. Nothing is stored.
 * Throws Faults: NOT_FOUND, REQUIRED, INVALID, TOO_LONG.
 */
export async function searchSource(context: AskingContext, input: SearchSource): Promise<FoundPeople> {
  const source = await requireSource(context, input.id);
  const { query, faults } = readQuery(input);
  refuseFaults(faults);
  try {
    const client = await openClient(context, source);
    const isByEmail = 'email' in query!;
    const needed = isByEmail ? SourceCapability.SEARCH_BY_EMAIL : SourceCapability.SEARCH_BY_IDENTIFIER;
    const message = `The source cannot be asked this: it lacks the capability ${needed}.`;
    refuseFaults([
      !client.capabilities.has(needed) && fault(UserErrorCode.INVALID, message, isByEmail ? 'email' : 'identifier'),
    ]);
    return { people: await client.search(query!, new AbortController().signal), error: null };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { people: [], error: { code: error.code, message: error.message } };
  }
}

function readQuery({ email, identifier }: SearchSource): { query: PersonQuery | null; faults: (Fault | null)[] } {
  const refused = (code: UserErrorCode, message: string, ...field: string[]) => ({
    query: null,
    faults: [fault(code, message, ...field)],
  });
  if (email && identifier)
    return refused(UserErrorCode.INVALID, 'Give email or identifier, and not both.', 'identifier');
  if (identifier) {
    const text = (name: keyof PersonIdentifier, longest: number) =>
      checkText(identifier[name], { isRequired: true, longest }, 'identifier', name);
    return { query: { identifier }, faults: [text('type', 64), text('value', 512)] };
  }
  if (!email) return refused(UserErrorCode.REQUIRED, 'Give email or identifier: who is looked for?', 'email');
  const address = EmailAddress.parse(email);
  if (!address) return refused(UserErrorCode.INVALID, 'email is not an address.', 'email');
  return { query: { email: address.value }, faults: [] };
}
