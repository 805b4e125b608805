import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CsvError, type Info, parse } from 'csv-parse';
import { SourceErrorCode } from '../../entities/source-enums.js';
import { SourceError } from './source-error.js';

/** The largest row, in bytes: a quotation mark that is never closed would make the rest of the file one row. */
const LARGEST_ROW = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

export type CsvEncoding = 'utf-8' | 'latin1' | 'utf-16le';

export interface CsvFormat {
  delimiter: string;
  /** Null: no character is special. */
  quote: string | null;
  encoding: CsvEncoding;
}

/** A row of a file, or what is wrong with it. */
export interface CsvRow {
  fields: string[];
  fault: string | null;
  /** Where it ends, from 1. */
  line: number;
  /** How many bytes, as UTF-8, the file has up to its end. */
  end: number;
}

/**
 * The rows of a file, from its start, some at a time in memory. A row with a quotation mark in the middle of a field is a
 * fault; where quoting is so broken that nobody can tell where the row ends, it throws BAD_ANSWER: what follows could be
 * anything, and nobody there may be taken for gone.
 */
export async function* readRows(file: FileHandle, format: CsvFormat, signal: AbortSignal): AsyncGenerator<CsvRow> {
  const faults: CsvRow[] = [];
  const parser = parse({
    delimiter: format.delimiter,
    quote: format.quote,
    escape: format.quote,
    bom: format.encoding === 'utf-8',
    // All at once: a file may be edited on several systems.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LARGEST_ROW,
    info: true,
    skip_records_with_error: true,
    on_skip(error) {
      if (!error || (error.code as string) !== 'INVALID_OPENING_QUOTE') throw error ?? new Error('a row was skipped');
      const { lines, bytes } = error as CsvError & { lines: number; bytes: number };
      if (faults.at(-1)?.line === lines) return;
      faults.push({ fields: [], fault: 'a quotation mark in the middle of a field', line: lines, end: bytes });
    },
  });
  const done = pipeline(Readable.from(asUtf8(chunksOf(file), format.encoding), { objectMode: false }), parser, {
    signal,
  });
  // The same error is thrown by the loop.
  done.catch(() => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      while (faults.length && faults[0]!.end < info.bytes) yield faults.shift()!;
      const isReadable = format.encoding !== 'utf-8' || !record.some((field) => field.includes('\ufffd'));
      const fault = isReadable ? null : 'bytes that are no UTF-8: the file may have another encoding';
      yield { fields: record, fault, line: info.lines, end: info.bytes };
    }
    yield* faults;
  } catch (error) {
    throw errorOf(error, signal);
  } finally {
    parser.destroy();
    await done.catch(() => undefined);
  }
}

/** What is in a file. It stays open: who opened it closes it. */
async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(CHUNK_BYTES), position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The same text as UTF-8, which the parser reads: in UTF-16 it could take half a letter for a delimiter. */
async function* asUtf8(chunks: AsyncIterable<Buffer>, encoding: CsvEncoding): AsyncGenerator<Buffer> {
  if (encoding === 'utf-8') {
    yield* chunks;
    return;
  }
  // By this name TextDecoder knows windows-1252: the same letters, and those that real files have besides, such as œ.
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

function errorOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted)
    return new SourceError(SourceErrorCode.TIMED_OUT, 'The file was not read in time.', { cause: error });
  const { code, lines } = error as { code?: string; lines?: number };
  const isQuoting = ['CSV_INVALID_CLOSING_QUOTE', 'CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE'].includes(code ?? '');
  if (!isQuoting) return error;
  const message = `From line ${lines} on the file cannot be read: a quotation mark is wrong there or before, or a row is larger than 1 MB.`;
  // The cause would show what is in the file.
  return new SourceError(SourceErrorCode.BAD_ANSWER, message);
}
