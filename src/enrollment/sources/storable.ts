/** The deepest that a value of a source nests. */
const DEEPEST = 32;

/** A value of a source nests deeper than anybody reads. */
export class TooDeepError extends Error {
  override name = 'TooDeepError';

  constructor() {
    super(`The record nests deeper than ${DEEPEST} levels.`);
  }
}

/**
 * A value as JSON that PostgreSQL can keep: moments and bytes as text, no NUL and no half characters, and numbers as text
 * where jsonb would write them out in hundreds of digits. Throws {@link TooDeepError}.
 */
export function storable(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new TooDeepError();
  switch (typeof value) {
    case 'string':
      return value.toWellFormed().replaceAll('\0', '');
    case 'number':
      return !Number.isFinite(value) ? null : String(value).includes('e') ? String(value) : value;
    case 'bigint':
      return String(value);
    case 'boolean':
      return value;
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((one) => storable(one, depth + 1));
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([name, one]) => [storable(name) as string, storable(one, depth + 1)]));
}

/** At most how many bytes jsonb writes a storable value with: it puts a space behind each comma and colon. */
export function storedBytes(value: unknown): number {
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) + (text.match(/[,:]/g)?.length ?? 0);
}
