import { EmailAddress } from '../../entities/email-address.js';
import type { PersonIdentifier, PersonRecord } from '../../entities/person-record.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import { PipelineMatch, type SourceErrorCode } from '../../entities/source-enums.js';
import { identifierKey } from './applied.js';
import type { PipelineWorld } from './world.js';

/** What a match server said of a record: the identifier of the person, or why there is none. */
export type Reference = { identifier: PersonIdentifier } | { code: SourceErrorCode; message: string };

/** Whom a record matches: nobody, one, or more; or why that is not known. */
export type Matched = { userIds: string[] } | { message: string };

/** The addresses that the record vouches for, as they are compared, each once. */
export function verifiedAddresses({ emails }: Pick<PersonRecord, 'emails'>): string[] {
  const read = emails.map(({ address, isVerified }) => (isVerified ? EmailAddress.parse(address)?.normalized : null));
  return [...new Set(read.filter((address) => address !== null && address !== undefined))];
}

/**
 * Whom a record that is nobody's matches. Addresses are compared without regard to case, and only where both sides are
 * proven: the source vouches for the record's, and the user has proven theirs. Identifiers are compared exactly.
 */
export function matchPeople(
  settings: PipelineSettings,
  record: PersonRecord,
  reference: Reference | null,
  world: PipelineWorld,
): Matched {
  switch (settings.match) {
    case PipelineMatch.NONE:
      return { userIds: [] };
    case PipelineMatch.EMAIL_ADDRESS:
      return {
        userIds: unique(
          verifiedAddresses(record).map((address) => {
            const userId = world.addresses.get(address);
            return userId && world.people.get(userId)!.isEmailVerified ? userId : undefined;
          }),
        ),
      };
    case PipelineMatch.IDENTIFIER: {
      const asked = record.identifiers.filter(({ type }) => type === settings.matchIdentifierType);
      return { userIds: unique(asked.map((identifier) => world.identifiers.get(identifierKey(identifier)))) };
    }
    case PipelineMatch.EXTERNAL: {
      if (!reference) return { message: 'The match server was not asked about this record.' };
      if ('message' in reference) return reference;
      return { userIds: unique([world.identifiers.get(identifierKey(reference.identifier))]) };
    }
  }
}

const unique = (ids: (string | undefined)[]) => [...new Set(ids.filter((id) => id !== undefined))];
