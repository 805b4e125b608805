import { EmailAddress } from '../../entities/email-address.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { hasFamilyName } from './family-names.js';

/** A record of a source that Vestibule has already. Ids are uuids. */
export interface KnownRecord {
  key: string;
  /** Whose it is; null: nobody's. */
  userId: string | null;
  /** An administrator has taken it from somebody: it is linked again by administrators alone. */
  isUnlinked: boolean;
}

/** Whom a source was asked about. */
export interface AskedPerson {
  /** Null: a newcomer, of whom there is no account yet. */
  userId: string | null;
  /** All that are known: of the account, of what was given, of the person's records. */
  familyNames: readonly (string | null)[];
}

/** What becomes of the records that a source gave. */
export interface ChosenHits {
  /** They are the person's, or become so. */
  taken: PersonRecord[];
  /** The people who have the others: nothing is done with these records. */
  others: string[];
  /** How many have another family name: they are left alone. */
  mismatches: number;
}

/**
 * Decides which of the records that a source found are the person's (section 6 of the rules of enrollment): those that are
 * linked to them already (ENR-47), and those that are nobody's, unless names are compared and none is the same (ENR-46).
 * What is linked to somebody else stays theirs. Pure.
 */
export function chooseHits(
  hits: readonly PersonRecord[],
  known: readonly KnownRecord[],
  person: AskedPerson,
  verifiesFamilyName: boolean,
): ChosenHits {
  const chosen: ChosenHits = { taken: [], others: [], mismatches: 0 };
  const byKey = new Map(known.map((record) => [record.key, record]));
  for (const hit of hits) {
    const record = byKey.get(hit.key);
    const isTheirs = record?.userId && record.userId === person.userId;
    if (isTheirs) chosen.taken.push(hit);
    else if (record?.userId) chosen.others.push(record.userId);
    else if (record?.isUnlinked) continue;
    else if (verifiesFamilyName && !hasFamilyName(hit.names, person.familyNames)) chosen.mismatches++;
    else chosen.taken.push(hit);
  }
  return chosen;
}

/**
 * The records that vouch for one of the addresses that were asked about, each once: a source that searches by likeness, or
 * by parts of an address, could else hand out somebody else's; and what a record merely says is nobody's proof, so
 * that whoever writes another's address into their own record does not get it linked to them.
 */
export function carrying(records: readonly PersonRecord[], addresses: readonly string[]): PersonRecord[] {
  const asked = new Set(addresses);
  const byKey = new Map<string, PersonRecord>();
  for (const record of records) {
    const isAsked = record.emails.some(
      ({ address, isVerified }) => isVerified && asked.has(EmailAddress.parse(address)?.normalized ?? ''),
    );
    if (isAsked) byKey.set(record.key, record);
  }
  return [...byKey.values()];
}
