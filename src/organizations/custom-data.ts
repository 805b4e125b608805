import { createHash } from 'node:crypto';
import { type Fault, fault, UserErrorCode } from '../faults.js';

/** What a tenant's own programs keep with an organization: a JSON object, as they sent it. */
type CustomData = Record<string, unknown>;

/** The most that custom data is as JSON text without white space, in bytes of UTF-8: 64 KiB. */
const MOST_BYTES = 64 * 1024;
/** How many objects and lists may stand one in another. */
const DEEPEST = 32;
/** What is this small stands in events; of what is larger they have the size and the digest. */
const MOST_BYTES_TOLD = 1024;

/** Whether the value is a JSON object. */
function isCustomData(value: unknown): value is CustomData {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Custom data as it is stored: JSON text without white space, or what is wrong with it. Null clears: `{}`. The value may
 * come from anywhere, and be of any depth.
 */
export function readCustomData(value: unknown, field: string): { text: string } | { fault: Fault } {
  if (value === null) return { text: '{}' };
  const refuse = (code: UserErrorCode, message: string) => ({ fault: fault(code, message, field) });
  if (!isCustomData(value)) return refuse(UserErrorCode.INVALID, `${field} is a JSON object.`);
  const problem = problemOf(value, DEEPEST);
  if (problem) return refuse(UserErrorCode.INVALID, `${field} ${problem}.`);
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MOST_BYTES) return { text };
  return refuse(UserErrorCode.TOO_LONG, `${field} is at most ${MOST_BYTES} bytes as JSON; this is ${bytes}.`);
}

function problemOf(value: unknown, levels: number): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'holds a number that is too large';
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return `is at most ${DEEPEST} levels deep`;
  for (const item of Object.values(value)) {
    const problem = problemOf(item, levels - 1);
    if (problem) return problem;
  }
  return null;
}

/**
 * RFC 7396: what the patch names is set, what it gives as null is taken away, the rest stays; objects are patched in
 * turn. Objects without a prototype: `__proto__` is a key as any other.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isCustomData(patch)) return patch;
  const merged = Object.assign(Object.create(null) as CustomData, isCustomData(target) ? target : {});
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, value);
  }
  return merged;
}

/** What events say of custom data: its size and digest, and itself where it is small. */
export function toldCustomData(text: string) {
  const bytes = Buffer.byteLength(text);
  // Events are `jsonb`, which takes neither NUL nor half a surrogate pair.
  const isTold = bytes <= MOST_BYTES_TOLD && !/\\u(0000|d[89a-f])/i.test(text);
  return {
    bytes,
    sha256: createHash('sha256').update(text).digest('hex'),
    value: isTold ? (JSON.parse(text) as CustomData) : null,
  };
}
