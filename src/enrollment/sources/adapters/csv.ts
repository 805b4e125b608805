import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import {
  type AdapterServices,
  defineKind,
  MOST_HITS,
  type OpenSource,
  type PersonQuery,
  type RecordPage,
  type SourceAdapter,
} from '../adapter.js';
import { readRows } from '../csv-rows.js';
import { faultOfPath, filesOf, identityOf, openWithin, uploadsOf } from '../files.js';
import { KeySet } from '../key-set.js';
import { fieldMapping, fieldsOf, type Mapped, textsOf, toPersonRecord } from '../mapping.js';
import { hitsOf, tooMany } from '../people-of.js';
import { SourceError } from '../source-error.js';

const character = (what: string) =>
  z
    .string()
    .regex(/^[\t\x20-\x7e]$/, 'is one character of ASCII')
    .describe(what);

const settings = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(500)
    .superRefine((path, context) => {
      const message = faultOfPath(path);
      if (message) context.addIssue({ code: 'custom', message });
    })
    .describe('A file that an operator put into the folder of the tenant; absent: the file that was uploaded.')
    .nullish(),
  delimiter: character('What is between two fields.').default(','),
  quote: character('What is around a field that has delimiters or line breaks in it; null: nothing is.')
    .nullable()
    .default('"'),
  encoding: z
    .enum(['utf-8', 'latin1', 'utf-16le'])
    .default('utf-8')
    .describe('How the characters are written; a mark at the beginning (BOM) is passed over.'),
  hasHeader: z
    .boolean()
    .default(true)
    .describe('Whether the first row names the fields; without it they are 1, 2, 3 …'),
  mapping: fieldMapping.describe('Which fields become what.'),
});

type Settings = z.infer<typeof settings>;

interface ReadRow {
  /** Of a broken row the key that it seems to have, so that its person is not taken for gone. */
  key: string | null;
  /** By name; none of a broken row. */
  fields: Record<string, string>;
  /** The person: made when asked for, since a search passes over almost all. */
  map: () => Mapped;
  line: number;
  end: number;
}

/** A page ends with so many rows, or behind so many bytes. */
const ROWS_AT_ONCE = 500;
const BYTES_AT_ONCE = 4 * 1024 * 1024;
/** Rows that are passed over on the way to where reading goes on, between two signs of life. */
const ROWS_PASSED_AT_ONCE = 20_000;

/** Where reading stands: behind so many bytes of this very file. */
const CURSOR = z.strictObject({ file: z.string(), end: z.int().min(0) });

class CsvSource implements SourceAdapter {
  private readonly folder: string;
  private readonly path: string;

  constructor(
    private readonly source: OpenSource<Settings>,
    { filesFolder }: AdapterServices,
  ) {
    const { tenantId, sourceId, settings } = source;
    if (filesFolder === null)
      throw new SourceError(
        SourceErrorCode.MISCONFIGURED,
        'There is no folder for files: the operator sets SOURCE_FILES_FOLDER.',
      );
    const isUpload = typeof settings.path !== 'string';
    this.folder = isUpload ? uploadsOf(filesFolder, tenantId) : filesOf(filesFolder, tenantId);
    this.path = isUpload ? `${sourceId}.csv` : settings.path!;
  }

  async search(query: PersonQuery, signal: AbortSignal): Promise<PersonRecord[]> {
    const { mapping } = this.source.settings;
    const isEmail = 'email' in query;
    const fields = isEmail
      ? mapping.emails
      : mapping.identifiers.filter(({ type }) => type === query.identifier.type).map(({ field }) => field);
    const wanted = isEmail ? query.email.toLowerCase() : query.identifier.value;
    const isMeant = ({ fields: row }: ReadRow) =>
      fields.some((field) => textsOf(row[field]).some((text) => (isEmail ? text.toLowerCase() : text) === wanted));
    return this.find(isMeant, MOST_HITS + 1, signal);
  }

  async retrieve(key: string, signal: AbortSignal): Promise<PersonRecord | null> {
    return (await this.find(({ key: found }) => found === key, 1, signal))[0] ?? null;
  }

  /** Reads the file until it found as many people as wanted. */
  private async find(isMeant: (row: ReadRow) => boolean, most: number, signal: AbortSignal): Promise<PersonRecord[]> {
    const file = await openWithin(this.folder, this.path);
    try {
      const found = new Map<string | null, Mapped>();
      for await (const row of this.rows(file, signal)) {
        // Of two rows with one key the first counts, as in an inventory.
        if (!isMeant(row) || found.has(row.key)) continue;
        found.set(row.key, row.map());
        if (found.size < most) continue;
        if (most > MOST_HITS) throw tooMany();
        break;
      }
      return hitsOf([...found.values()]);
    } finally {
      await file.close();
    }
  }

  async *inventory(cursor: string | null, signal: AbortSignal): AsyncIterable<RecordPage> {
    const file = await openWithin(this.folder, this.path);
    try {
      const identity = await identityOf(file);
      const from = cursor === null ? 0 : readCursor(cursor, identity);
      const keys = new KeySet();
      let page: RecordPage = { records: [], faults: [], cursor };
      let rows = 0;
      let bytes = 0;
      let end = 0;
      // Also what comes before the cursor is read: who was there is a duplicate now.
      for await (const { key, end: next, line, map } of this.rows(file, signal)) {
        const mapped = map();
        const isNew = !mapped.record || keys.add(mapped.record.key);
        if (++rows % ROWS_PASSED_AT_ONCE === 0 && next <= from) yield page;
        bytes += next - end;
        end = next;
        if (next <= from) continue;
        if (mapped.record && isNew) page.records.push(mapped.record);
        else
          page.faults.push({
            key,
            message: `Line ${line}: ${mapped.fault?.message ?? 'An earlier row has this key.'}`,
          });
        if (page.records.length + page.faults.length < ROWS_AT_ONCE && bytes < BYTES_AT_ONCE) continue;
        page.cursor = await this.cursorAt(file, identity, end);
        yield page;
        page = { records: [], faults: [], cursor: page.cursor };
        bytes = 0;
      }
      if (page.records.length || page.faults.length) {
        page.cursor = await this.cursorAt(file, identity, end);
        yield page;
      }
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {}

  /** A file that is written to while it is read gives rows that nobody wrote. */
  private async cursorAt(file: FileHandle, identity: string, end: number): Promise<string> {
    if ((await identityOf(file)) !== identity) throw replaced();
    return JSON.stringify({ file: identity, end });
  }

  /** The rows behind the header. */
  private async *rows(file: FileHandle, signal: AbortSignal): AsyncGenerator<ReadRow> {
    const { hasHeader, mapping } = this.source.settings;
    let names: string[] | null = null;
    for await (const { fields, fault, line, end } of readRows(file, this.source.settings, signal)) {
      if (names === null) {
        if (fault !== null) throw new SourceError(SourceErrorCode.BAD_ANSWER, `The first row has ${fault}.`);
        names = fields.map((name, index) => (hasHeader ? name.trim() : String(index + 1)));
        checkNames(names, fieldsOf(mapping));
        if (hasHeader) continue;
      }
      const count = fields.length === names.length ? null : `${fields.length} fields instead of ${names.length}`;
      const row = Object.fromEntries(names.map((name, index) => [name, fields[index] ?? '']));
      const key = textsOf(row[mapping.key])[0] ?? null;
      const wrong = fault ?? count;
      const map = (): Mapped =>
        wrong === null
          ? toPersonRecord(mapping, row, this.source)
          : { record: null, fault: { key, message: `It has ${wrong}.` } };
      yield { key, fields: wrong === null ? row : {}, map, line, end };
    }
  }
}

/** Every field that is read is there, once: otherwise everybody would seem to have lost it. */
function checkNames(names: readonly string[], fields: readonly string[]): void {
  for (const field of fields) {
    const count = names.filter((name) => name === field).length;
    if (count === 1) continue;
    const message = `The file has ${count ? 'more than one field' : 'no field'} ${JSON.stringify(field)}.`;
    throw new SourceError(SourceErrorCode.MISCONFIGURED, message);
  }
}

function readCursor(cursor: string, identity: string): number {
  let read: z.infer<typeof CURSOR>;
  try {
    read = CURSOR.parse(JSON.parse(cursor));
  } catch {
    throw new SourceError(SourceErrorCode.BAD_ANSWER, 'The cursor is of another kind of source.');
  }
  if (read.file !== identity) throw replaced();
  return read.end;
}

function replaced(): SourceError {
  const message = 'The file was replaced or written to since this reading of it began: begin a new one.';
  return new SourceError(SourceErrorCode.BAD_ANSWER, message);
}

export default defineKind({
  kind: SourceKind.CSV,
  description: 'A file with a person a row, uploaded or put beside the gateway by an operator.',
  settings,
  secrets: {},
  allCapabilities: [
    SourceCapability.SEARCH_BY_EMAIL,
    SourceCapability.SEARCH_BY_IDENTIFIER,
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
  ],
  capabilities: ({ mapping }) => [
    ...(mapping.emails.length ? [SourceCapability.SEARCH_BY_EMAIL] : []),
    ...(mapping.identifiers.length ? [SourceCapability.SEARCH_BY_IDENTIFIER] : []),
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
  ],
  open: (source, services) => new CsvSource(source, services),
});
