import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createSealing, readOrCreateKey } from '../../src/database/sealing.js';

const place = 'connections.0193.client_secret';
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

describe('sealing', () => {
  it('opens what it sealed, whatever text it is', () => {
    const sealing = createSealing([newKey]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, anyPlace) => {
        expect(sealing.open(sealing.seal(text, anyPlace), anyPlace)).toBe(text.toWellFormed());
      }),
    );
  });

  it('shows nothing of the text, and never seals alike twice', () => {
    const sealing = createSealing([newKey]);
    const [one, other] = [sealing.seal('the client secret', place), sealing.seal('the client secret', place)];
    expect(one).not.toBe(other);
    for (const part of one.split('.')) expect(Buffer.from(part, 'base64url').toString()).not.toContain('secret');
  });

  it('does not open what was moved to another row or column', () => {
    const sealing = createSealing([newKey]);
    const sealed = sealing.seal('secret', place);
    expect(() => sealing.open(sealed, 'connections.0194.client_secret')).toThrow();
    expect(() => sealing.open(sealed, 'connections.0193.other')).toThrow();
  });

  it('does not open what was changed in any bit of its nonce, tag or text', () => {
    const sealing = createSealing([newKey]);
    const sealed = sealing.seal('the client secret', place);
    const parts = sealed.split('.');
    for (const index of [1, 2, 3]) {
      const bytes = Buffer.from(parts[index]!, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => sealing.open(parts.with(index, changed.toString('base64url')).join('.'), place)).toThrow();
      }
    }
  });

  it('does not open what was cut short, in its tag too', () => {
    const sealing = createSealing([newKey]);
    const sealed = sealing.seal('the client secret', place);
    const parts = sealed.split('.');
    const shortTag = Buffer.from(parts[2]!, 'base64url').subarray(0, 4).toString('base64url');
    for (const changed of [
      '',
      '.',
      '...',
      sealed.slice(0, -4),
      parts.slice(0, 3).join('.'),
      parts.with(2, shortTag).join('.'),
    ]) {
      expect(() => sealing.open(changed, place)).toThrow();
    }
  });

  it('opens, after a rotation, what the old key sealed, and seals with the new one', () => {
    const before = createSealing([oldKey]).seal('secret', place);
    const rotated = createSealing([newKey, oldKey]);
    expect(rotated.open(before, place)).toBe('secret');
    const after = rotated.seal('secret', place);
    expect(createSealing([newKey]).open(after, place)).toBe('secret');
    expect(() => createSealing([oldKey]).open(after, place)).toThrow('ENCRYPTION_KEYS');
  });

  it('says which key is missing and nothing of the text or the keys', () => {
    const sealed = createSealing([oldKey]).seal('secret', place);
    const open = () => createSealing([newKey]).open(sealed, place);
    expect(open).toThrow(sealed.split('.')[0]);
    expect(open).not.toThrow(newKey.toString('base64'));
  });

  it('refuses to begin without a key, or with one that is not of 32 bytes', () => {
    expect(() => createSealing([])).toThrow();
    expect(() => createSealing([randomBytes(16)]).seal('secret', place)).toThrow();
  });
});

describe('the key of a development machine', () => {
  it('of a database in memory is kept nowhere', async () => {
    expect(await readOrCreateKey('memory://')).toHaveLength(32);
    expect(existsSync('memory:')).toBe(false);
  });

  it('is made once, of 32 bytes, readable by its owner alone, and is the same ever after', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vestibule-key-'));
    try {
      const key = await readOrCreateKey(join(folder, 'data'));
      expect(key).toHaveLength(32);
      expect(await readOrCreateKey(join(folder, 'data'))).toEqual(key);
      expect((await stat(join(folder, 'data', 'encryption.key'))).mode & 0o777).toBe(0o600);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is one key when several begin at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vestibule-key-'));
    try {
      for (let round = 0; round < 20; round++) {
        const keys = await Promise.all(Array.from({ length: 8 }, () => readOrCreateKey(join(folder, String(round)))));
        expect(new Set(keys.map((key) => key.toString('base64'))).size).toBe(1);
        expect(keys[0]).toHaveLength(32);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
