import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Encryption at rest: AES-256-GCM, bound to the row and column that the text belongs to. */
export interface Sealing {
  /** `place` is where the text is stored, e.g. `connections.<id>.client_secret`: it opens nowhere else. */
  seal(text: string, place: string): string;
  /** Throws when the text was changed, moved, or sealed under a key that is not here. */
  open(sealed: string, place: string): string;
}

/**
 * Keys of 32 bytes: the first seals, all of them open, so a new key goes first and the old ones stay until everything
 * is sealed anew.
 */
export function createSealing(keys: readonly Buffer[]): Sealing {
  const [current] = keys;
  if (!current) throw new Error('Sealing needs at least one key.');
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  return {
    seal(text, place) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', current, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return [keyId(current), nonce, cipher.getAuthTag(), sealed]
        .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
        .join('.');
    },
    open(sealed, place) {
      const [id = '', nonce = '', tag = '', text = ''] = sealed.split('.');
      const key = byId.get(id);
      if (!key) throw new Error(`The key ${id} is not among ENCRYPTION_KEYS.`);
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
        .setAAD(Buffer.from(place))
        .setAuthTag(Buffer.from(tag, 'base64url'));
      return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
    },
  };
}

/**
 * The key of a development machine: made at the first start and kept beside the embedded database. One in memory
 * (`memory://`) has a key that goes with it.
 */
export async function readOrCreateKey(folder: string): Promise<Buffer> {
  if (folder === 'memory://') return randomBytes(32);
  const file = join(folder, 'encryption.key');
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known) return Buffer.from(known, 'base64');
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await mkdir(folder, { recursive: true });
  await writeFile(own, randomBytes(32).toString('base64'), { flag: 'wx', mode: 0o600 });
  // The first to link its key has made it, whole; everybody else uses that one.
  await link(own, file).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  });
  await rm(own);
  return Buffer.from(await readFile(file, 'utf8'), 'base64');
}

function keyId(key: Buffer): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 8);
}

/** Where the secret of a connection is sealed to. */
export function secretPlace(connectionId: string): string {
  return `connections.${connectionId}.client_secret`;
}
