import { createHash } from 'node:crypto';
import { type Fault, fault, UserErrorCode } from '../faults.js';
import { looksLikeSvg, sanitizeSvg } from './svg.js';

/** The most that an uploaded picture is: 500 kB. */
const MOST_LOGO_BYTES = 500_000;
/** The longest side of a picture, in pixels: a small file can be a very large picture. */
const LONGEST_SIDE = 8192;

/** A picture as it is kept and served. */
export interface LogoContent {
  mediaType: string;
  content: Buffer;
  /** SHA-256 of the content, as hex. */
  digest: string;
}

/** Reads an uploaded picture: what it is, is decided by what is in it. An SVG is sanitized. Gives what is wrong, else. */
export function readLogoContent(base64: string): LogoContent | Fault {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return invalid('content is base64.');
  const given = Buffer.from(base64, 'base64');
  if (given.length === 0) return invalid('content is empty.');
  if (given.length > MOST_LOGO_BYTES) return tooLong(given.length);
  const read = readPicture(given);
  if (typeof read === 'string') return invalid(read);
  if (read.content.length > MOST_LOGO_BYTES) return tooLong(read.content.length);
  return { ...read, digest: createHash('sha256').update(read.content).digest('hex') };
}

const invalid = (message: string) => fault(UserErrorCode.INVALID, message, 'upload', 'content');
const tooLong = (bytes: number) =>
  fault(UserErrorCode.TOO_LONG, `A logo is at most ${MOST_LOGO_BYTES} bytes; this is ${bytes}.`, 'upload', 'content');

function readPicture(given: Buffer): Omit<LogoContent, 'digest'> | string {
  if (looksLikeSvg(given)) {
    const clean = sanitizeSvg(given);
    if (clean === null) return 'The SVG cannot be read: it is well-formed XML in UTF-8, without entities of its own.';
    return { mediaType: 'image/svg+xml', content: Buffer.from(clean) };
  }
  if (given.subarray(0, 8).equals(PNG)) return readPng(given) ?? 'The PNG is damaged, or larger than 8192 pixels.';
  return 'This is no PNG or SVG.';
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG from its signature to its end; what somebody has hung on behind that is left out. */
function readPng(given: Buffer): Omit<LogoContent, 'digest'> | null {
  if (given.length < 33 || given.toString('latin1', 12, 16) !== 'IHDR') return null;
  const sides = [given.readUInt32BE(16), given.readUInt32BE(20)];
  if (sides.some((side) => side === 0 || side > LONGEST_SIDE)) return null;
  let hasPixels = false;
  for (let at = PNG.length; at + 12 <= given.length;) {
    const type = given.toString('latin1', at + 4, at + 8);
    at += 12 + given.readUInt32BE(at);
    if (type === 'IDAT') hasPixels = true;
    if (type === 'IEND')
      return hasPixels && at <= given.length ? { mediaType: 'image/png', content: given.subarray(0, at) } : null;
  }
  return null;
}
