import { AndFilter, type Entry, type Filter, FilterParser, GreaterThanEqualsFilter } from 'ldapts';
import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import { isLoopbackHost } from '../../../outbound.js';
import {
  type AdapterServices,
  type ChangePage,
  defineKind,
  MOST_HITS,
  type OpenSource,
  type PersonQuery,
  type RecordPage,
  type SourceAdapter,
} from '../adapter.js';
import { type DirectoryAddress, DirectoryConnection } from '../ldap/connection.js';
import { equals, filterOf, readGeneralizedTime, toGeneralizedTime, toRow } from '../ldap/entry.js';
import { type DirectorySettings, directorySettings } from '../ldap/settings.js';
import { fieldsOf, toPersonRecord } from '../mapping.js';
import { SourceError } from '../source-error.js';
import { IdleConnections } from '../wire/idle-connections.js';

/** What the answer to one search, and one page of an inventory, may have. */
const SEARCH_BYTES = 4 * 1024 * 1024;
const PAGE_BYTES = 16 * 1024 * 1024;
/** Changes are read from a little before where they were left: clocks of replicas differ. What is unchanged costs little. */
const OVERLAP_MILLISECONDS = 5 * 60_000;

class DirectorySource implements SourceAdapter {
  readonly #settings: DirectorySettings;
  readonly #address: DirectoryAddress;
  readonly #connections: IdleConnections<DirectoryConnection>;
  readonly #attributes: string[];

  constructor(
    private readonly source: OpenSource<DirectorySettings>,
    private readonly services: AdapterServices,
  ) {
    const { settings } = source;
    this.#settings = settings;
    this.#address = addressOf(source, services);
    this.#connections = new IdleConnections((signal) => this.#connect(signal));
    this.#attributes = fieldsOf(settings.mapping);
  }

  async search(query: PersonQuery, signal: AbortSignal): Promise<PersonRecord[]> {
    const filter = filterOf(query, this.#settings.mapping, this.#settings.binaryAttributes);
    if (!filter) return [];
    const records = await this.#find(filter, signal);
    if ('email' in query) return records;
    // Directories compare most attributes without regard to case.
    const { type, value } = query.identifier;
    return records.filter(({ identifiers }) => identifiers.some((one) => one.type === type && one.value === value));
  }

  async retrieve(key: string, signal: AbortSignal): Promise<PersonRecord | null> {
    if (!key) return null;
    const { mapping, binaryAttributes } = this.#settings;
    const found = await this.#find(equals(mapping.key, key, binaryAttributes), signal);
    const [record, another] = found.filter((one) => one.key === key);
    if (another) throw badAnswer('Several entries of the directory have the same key.');
    return record ?? null;
  }

  /** Pages are numbered by a cookie of the connection, which no other process can use: so there is no cursor. */
  async *inventory(_cursor: string | null, signal: AbortSignal): AsyncIterable<RecordPage> {
    for await (const entries of this.#pages(this.#people(), [], signal)) {
      yield { ...this.#read(entries), cursor: null };
    }
  }

  async *changedSince(cursor: string | null, signal: AbortSignal): AsyncIterable<ChangePage> {
    const name = this.#settings.modifiedAttribute!;
    const since = cursor === null ? null : readGeneralizedTime(cursor);
    if (!since) {
      yield { records: [], removedKeys: [], faults: [], cursor: toGeneralizedTime(this.services.clock()) };
      return;
    }
    const from = toGeneralizedTime(new Date(since.getTime() - OVERLAP_MILLISECONDS));
    const filter = new AndFilter({
      filters: [this.#people(), new GreaterThanEqualsFilter({ attribute: name, value: from })],
    });
    let latest = since;
    for await (const entries of this.#pages(filter, [name], signal)) {
      for (const entry of entries) {
        const changed = readGeneralizedTime(String(toRow(entry, [name])[name]));
        if (changed && changed > latest) latest = changed;
      }
      // In no order: only at the end is everything read up to the latest.
      yield { ...this.#read(entries), removedKeys: [], cursor: toGeneralizedTime(since) };
    }
    yield { records: [], removedKeys: [], faults: [], cursor: toGeneralizedTime(latest) };
  }

  async close(): Promise<void> {
    this.#connections.close();
  }

  #connect(signal: AbortSignal): Promise<DirectoryConnection> {
    return DirectoryConnection.open(this.#address, this.services.outbound, signal);
  }

  #people(): Filter {
    return FilterParser.parseString(this.#settings.filter);
  }

  /** The first page holds one more than may be found, and no other page is asked for. */
  async #find(filter: Filter, signal: AbortSignal): Promise<PersonRecord[]> {
    const entries = await this.#connections.use(signal, (connection) =>
      connection.run(SEARCH_BYTES, signal, async () => {
        const pages = connection.client.searchPaginated(this.#settings.baseDn, {
          ...this.#request(MOST_HITS + 1),
          filter: new AndFilter({ filters: [this.#people(), filter] }),
        });
        const first = await pages.next();
        await pages.return(undefined);
        return first.done ? [] : first.value.searchEntries;
      }),
    );
    if (entries.length > MOST_HITS) {
      throw new SourceError(SourceErrorCode.TOO_MANY_RECORDS, `The source found more than ${MOST_HITS} people.`);
    }
    const { records, faults } = this.#read(entries);
    // One that cannot be read could be the one: it is not nobody.
    if (faults.length) throw badAnswer(`An entry that was found cannot be read: ${faults[0]!.message}`);
    return records;
  }

  async *#pages(filter: Filter, more: string[], signal: AbortSignal): AsyncIterable<Entry[]> {
    const connection = await this.#connect(signal);
    try {
      const request = this.#request(this.#settings.pageSize);
      const pages = connection.client.searchPaginated(this.#settings.baseDn, {
        ...request,
        attributes: [...request.attributes, ...more],
        filter,
      });
      for (;;) {
        const next = await connection.run(PAGE_BYTES, signal, () => pages.next());
        if (next.done) return;
        yield next.value.searchEntries;
      }
    } finally {
      connection.close();
    }
  }

  #request(pageSize: number) {
    const { scope, binaryAttributes } = this.#settings;
    return {
      scope,
      paged: { pageSize },
      attributes: this.#attributes,
      explicitBufferAttributes: binaryAttributes,
      derefAliases: 'never',
    } as const;
  }

  #read(entries: readonly Entry[]): Pick<RecordPage, 'records' | 'faults'> {
    const page: Pick<RecordPage, 'records' | 'faults'> = { records: [], faults: [] };
    for (const entry of entries) {
      const row = toRow(entry, this.#attributes);
      const { record, fault } = toPersonRecord(this.#settings.mapping, row, { keepsRaw: this.source.keepsRaw });
      if (record) page.records.push(record);
      else page.faults.push(fault);
    }
    return page;
  }
}

/** Throws MISCONFIGURED for what is never sent: a password or people's data in the clear. */
function addressOf(source: OpenSource<DirectorySettings>, services: AdapterServices): DirectoryAddress {
  const { settings, secrets } = source;
  const url = new URL(settings.url);
  const encryption = url.protocol === 'ldaps:' ? 'TLS' : settings.startTls ? 'STARTTLS' : 'PLAIN';
  if (encryption === 'PLAIN' && !(services.allowsInsecureLoopback && isLoopbackHost(url.hostname)))
    throw misconfigured('The directory is to be asked over an encrypted connection: ldaps://, or startTls.');
  // A name without a password is taken for nobody by directories, and answered with what nobody may see.
  if (settings.bindDn && !secrets.bindPassword) throw misconfigured('The secret bindPassword is missing.');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || (encryption === 'TLS' ? 636 : 389),
    encryption,
    caCertificate: settings.caCertificate ?? null,
    credentials: settings.bindDn ? { dn: settings.bindDn, password: secrets.bindPassword! } : null,
  };
}

function misconfigured(message: string): SourceError {
  return new SourceError(SourceErrorCode.MISCONFIGURED, message);
}

function badAnswer(message: string): SourceError {
  return new SourceError(SourceErrorCode.BAD_ANSWER, message);
}

/** An LDAP directory: OpenLDAP, 389 Directory Server, Active Directory and others. */
export default defineKind({
  kind: SourceKind.LDAP,
  description: 'An LDAP directory: people are found by address, identifier or key, and all of them can be read.',
  settings: directorySettings,
  secrets: { bindPassword: 'The password of bindDn.' },
  allCapabilities: [
    SourceCapability.SEARCH_BY_EMAIL,
    SourceCapability.SEARCH_BY_IDENTIFIER,
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
    SourceCapability.CHANGES,
  ],
  capabilities: ({ mapping, modifiedAttribute }) => [
    ...(mapping.emails.length ? [SourceCapability.SEARCH_BY_EMAIL] : []),
    ...(mapping.identifiers.length ? [SourceCapability.SEARCH_BY_IDENTIFIER] : []),
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
    ...(modifiedAttribute ? [SourceCapability.CHANGES] : []),
  ],
  open: (source, services) => new DirectorySource(source, services),
});
