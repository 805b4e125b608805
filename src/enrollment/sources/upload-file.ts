import { createHash } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { v7 } from 'uuid';
import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { runSql, transact } from '../../database/transact.js';
import { SourceKind } from '../../entities/source-enums.js';
import { recordEvents } from '../../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { uploadOf, uploadsOf } from './files.js';

const LONGEST_NAME = 255;
const PART = '.part';
/** After so long what an upload left behind is nobody's any more: its process ended in the middle. */
const PART_MILLISECONDS = 2 * 60 * 60_000;

export interface SourceFile {
  /** A uuid. */
  sourceId: string;
  /** What the file is called where it comes from. */
  name: string;
  content: Readable;
}

export interface UploadRules {
  /** The folder of all files of sources. */
  folder: string;
  mostBytes: number;
}

/** What was uploaded: its size, and what is in it by its SHA-256 in hexadecimal. */
export interface UploadedFile {
  bytes: number;
  sha256: string;
}

/**
 * Takes a file for a source of kind CSV, in the place of the one before. Nothing is left of an upload that breaks off, or
 * is larger than allowed. Who is reading the file before goes on with it. Throws Faults: NOT_FOUND, INVALID, TOO_LONG,
 * REQUIRED (for an empty file).
 */
export async function uploadSourceFile(
  context: OperationContext,
  { sourceId, name, content }: SourceFile,
  { folder, mostBytes }: UploadRules,
): Promise<UploadedFile> {
  const writer = writerOf(context, 'sourceFileUpload');
  const { tenantId, at } = writer;
  const known = await context.database.read<FileSource>(tenantId, SOURCE, [tenantId, sourceId]);
  refuseFaults([checkName(name), refuseSource(known[0])]);
  const current = uploadOf(folder, tenantId, sourceId);
  await mkdir(uploadsOf(folder, tenantId), { recursive: true, mode: 0o700 });
  await forgetParts(uploadsOf(folder, tenantId));
  const part = `${current}.${v7()}${PART}`;
  const exchange = new Exchange(part, current, `${part}.previous`);
  try {
    const uploaded = await writeDown(content, part, mostBytes);
    await transact(context.database, tenantId, async (manager) => {
      const [source] = await runSql<FileSource>(manager, `${SOURCE} for update`, [tenantId, sourceId]);
      refuseFaults([refuseSource(source)]);
      await runSql(
        manager,
        `insert into source_files (id, tenant_id, source_id, name, bytes, sha256, uploaded_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, source_id) do update
         set name = excluded.name, bytes = excluded.bytes, sha256 = excluded.sha256, uploaded_at = excluded.uploaded_at`,
        [v7(), tenantId, sourceId, name, uploaded.bytes, uploaded.sha256, at],
      );
      await recordEvents(manager, writer, [
        { type: 'source.file_uploaded', objectId: sourceId, after: { name, ...uploaded } },
      ]);
      // Last, so that it is undone where the transaction cannot be committed, and by nothing else.
      await exchange.make();
    });
    return uploaded;
  } catch (error) {
    await exchange.undo();
    throw error;
  } finally {
    await exchange.end();
  }
}

interface FileSource {
  kind: SourceKind;
  path: string | null;
}

const SOURCE = `select s.kind, s.settings->>'path' as path from sources s where s.tenant_id = $1 and s.id = $2`;

function refuseSource(source: FileSource | undefined) {
  if (!source) return fault(UserErrorCode.NOT_FOUND, 'There is no such source.', 'id');
  if (source.kind !== SourceKind.CSV) return fault(UserErrorCode.INVALID, 'The source is not of kind CSV.', 'id');
  if (source.path === null) return null;
  return fault(UserErrorCode.INVALID, 'The source reads a file of the operator: clear its setting path first.', 'id');
}

function checkName(name: string) {
  const isGood = name.trim() !== '' && [...name].length <= LONGEST_NAME && !/[\p{Cc}\p{Cs}]/u.test(name);
  return isGood ? null : fault(UserErrorCode.INVALID, `name is 1 to ${LONGEST_NAME} characters.`, 'name');
}

/** Writes a stream to a new file, to the disk itself, and says what it was. */
async function writeDown(content: Readable, path: string, mostBytes: number): Promise<UploadedFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    // Whoever sends too much is answered: the connection is not cut.
    for await (const chunk of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      refuseFaults([bytes > mostBytes && fault(UserErrorCode.TOO_LONG, `A file has at most ${mostBytes} bytes.`)]);
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    refuseFaults([bytes === 0 && fault(UserErrorCode.REQUIRED, 'The file is empty.')]);
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** One file in the place of another, which can be undone until it is ended. */
class Exchange {
  private isMade = false;
  private hadPrevious = false;

  constructor(
    private readonly next: string,
    private readonly current: string,
    private readonly previous: string,
  ) {}

  async make(): Promise<void> {
    this.hadPrevious = await link(this.current, this.previous).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
    await rename(this.next, this.current);
    this.isMade = true;
  }

  async undo(): Promise<void> {
    if (!this.isMade) return;
    if (this.hadPrevious) await rename(this.previous, this.current);
    else await rm(this.current, { force: true });
  }

  async end(): Promise<void> {
    await rm(this.next, { force: true });
    await rm(this.previous, { force: true });
  }
}

async function forgetParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.includes(PART)) continue;
    const path = join(folder, name);
    const written = await stat(path).catch(() => null);
    if (written && Date.now() - written.mtimeMs > PART_MILLISECONDS) await rm(path, { force: true });
  }
}
