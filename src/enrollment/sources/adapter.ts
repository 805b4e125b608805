import type { z } from 'zod';
import type { PersonIdentifier, PersonRecord } from '../../entities/person-record.js';
import type { SourceCapability, SourceKind } from '../../entities/source-enums.js';
import type { Outbound } from '../../outbound.js';

/** By what a person is looked for. An address is compared without regard to case, an identifier exactly. */
export type PersonQuery = { email: string } | { identifier: PersonIdentifier };

/** The most people that one search may find: more are refused as TOO_MANY_RECORDS, and reading ends there. */
export const MOST_HITS = 25;

/** Some records of a source, in the order in which it gives them. */
export interface RecordPage {
  records: PersonRecord[];
  /** Rows that are no records, each with what is wrong: they are told, and the others are taken. */
  faults: { key: string | null; message: string }[];
  /** From where to go on, also in another process; null: the source cannot say, and a sync that is taken up again reads from the start. */
  cursor: string | null;
}

/** What changed in a source. */
export interface ChangePage {
  records: PersonRecord[];
  /** The keys of those that are gone. */
  removedKeys: string[];
  faults: RecordPage['faults'];
  /** Up to where the changes were read: kept, and given next time. */
  cursor: string;
}

/**
 * How one person signed in at a source; or why they did not, which says nothing against the source: it does not know them,
 * they said no, or their browser brought something else than its answer. In words for administrators, nothing of a person.
 */
export type SourceSignIn = { record: PersonRecord; refused: null } | { record: null; refused: string };

/**
 * A source, connected. Every call throws SourceError where it gives no answer, ends when `signal` is aborted, and reads
 * no more than it must. What a source cannot do, its kind's `capabilities` do not name, and nobody calls.
 */
export interface SourceAdapter {
  /** Whom it finds: nobody is an empty list. Throws TOO_MANY_RECORDS for more than {@link MOST_HITS}. */
  search?(query: PersonQuery, signal: AbortSignal): Promise<PersonRecord[]>;
  /** The record of a key; null when the source has it no more. */
  retrieve?(key: string, signal: AbortSignal): Promise<PersonRecord | null>;
  /** How many records there are, where the source can say so cheaply. */
  count?(signal: AbortSignal): Promise<number | null>;
  /** All records, some at a time, after `cursor`; null begins. What is read is bounded in memory, whatever the source holds. */
  inventory?(cursor: string | null, signal: AbortSignal): AsyncIterable<RecordPage>;
  /** What changed since `cursor`; null: the source is asked for a cursor to begin with, and gives no records. */
  changedSince?(cursor: string | null, signal: AbortSignal): AsyncIterable<ChangePage>;
  /** How a person signs in here. */
  authenticate?: SourceAuthentication;
  match?: SourceMatching;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** The trip of a person to an OpenID provider and back. */
export interface SourceAuthentication {
  /** The address to send the browser to. `state` and `binding` are secrets of at least 32 characters. */
  begin(trip: { redirectUri: string; state: string; binding: string }, signal: AbortSignal): Promise<URL>;
  /** What the provider says of who came back: all of it verified. Throws SourceError where it gave no answer. */
  finish(
    trip: { redirectUri: string; state: string; binding: string; answer: URLSearchParams },
    signal: AbortSignal,
  ): Promise<SourceSignIn>;
}

/** What a match server is told of a person, and says (the Identity Match API of Internet2). */
export interface MatchRequest {
  /** The label of the system of record, and the person's id in it. */
  label: string;
  id: string;
  names: PersonRecord['names'];
  emails: string[];
  identifiers: PersonIdentifier[];
  /** Of an earlier CHOICES: which of them it is; `new` for none of them. */
  choice?: string | null;
}

export type MatchAnswer =
  | { outcome: 'NEW' | 'KNOWN'; referenceId: string }
  | { outcome: 'CHOICES'; candidates: { referenceId: string; names: PersonRecord['names']; emails: string[] }[] }
  | { outcome: 'PENDING' };

export interface SourceMatching {
  request(asked: MatchRequest, signal: AbortSignal): Promise<MatchAnswer>;
  /** The type under which reference ids are kept as identifiers of users. */
  identifierType: string;
}

/** What adapters are made with. */
export interface AdapterServices {
  /** All connections to addresses that administrators give go by it: `fetch`, or `resolve` for other protocols. */
  outbound: Outbound;
  /** Where the files of sources are: uploads, and those that operators put there; null where there are none. */
  filesFolder: string | null;
  /** http:// and unencrypted LDAP and SQL at loopback addresses are admitted: for development and tests. */
  allowsInsecureLoopback: boolean;
  clock: () => Date;
}

/** Everything that an adapter is opened with. */
export interface OpenSource<Settings> {
  tenantId: string;
  sourceId: string;
  settings: Settings;
  /** In the clear, by name. */
  secrets: Readonly<Record<string, string>>;
  /** Whether records carry what the source answered, as it is. */
  keepsRaw: boolean;
  /** How long a call may take, for what a server is told of it; calls end by their signal. Absent: a minute. */
  timeLimitMilliseconds?: number;
}

/**
 * One kind of source: one file, and one entry in kinds.ts. `settings` is a zod object whose every property is described;
 * it is published as JSON Schema, and what it refuses is answered to administrators property by property.
 */
export interface SourceKindDefinition<Schema extends z.ZodType = z.ZodType> {
  kind: SourceKind;
  description: string;
  settings: Schema;
  /** The secrets that it takes, by name, with what each is. */
  secrets: Readonly<Record<string, string>>;
  /** All that a source of this kind can be asked, with settings that allow it. */
  allCapabilities: readonly SourceCapability[];
  /** What a source with these settings can be asked. */
  capabilities(settings: z.infer<Schema>): readonly SourceCapability[];
  open(source: OpenSource<z.infer<Schema>>, services: AdapterServices): SourceAdapter;
}

/** Keeps the types of a kind together. */
export function defineKind<Schema extends z.ZodType>(definition: SourceKindDefinition<Schema>): SourceKindDefinition {
  return definition;
}
