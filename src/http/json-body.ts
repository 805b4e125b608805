import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isExactNumber } from '../entities/exact-number.js';
import { readOperation } from './read-operation.js';

/** The most that a request holds: an uploaded file of 500 kB takes a third more in base64. */
export const LARGEST_BODY = 1024 * 1024;
/** The most that it holds beside an uploaded file: the ids of 10,000 users are 430 kB. */
const LARGEST_OPERATION = 512 * 1024;

/** A number that may have lost digits: one with very many of them, or with an exponent. */
const SUSPICIOUS = /\d[\d.]{15,}|\d[eE][+-]?\d{2,}/;

/** A body that is refused before anything looks at it. */
class BodyRefusal extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads JSON as Fastify does, and refuses what would be taken for something else: numbers with more digits than a
 * number holds here, which would be stored other than they were sent; and operations that are large without an upload.
 */
export function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    (request: FastifyRequest, body: string, done) =>
      parse(request, body, (error, value: unknown) => done(error ?? refusalOf(body, value), value)),
  );
}

function refusalOf(body: string, value: unknown): BodyRefusal | null {
  if (body.length > LARGEST_OPERATION && body.length - uploadLength(value) > LARGEST_OPERATION) {
    return new BodyRefusal(413, 'A request is at most 512 KiB beside a file that it uploads as a variable.');
  }
  if (!SUSPICIOUS.test(body)) return null;
  let inexact: string | null = null;
  // TypeScript does not know the third argument yet: what the value was read from.
  const look = (_key: string, read: unknown, { source }: { source: string }) => {
    if (typeof read === 'number' && !isExactNumber(source)) inexact ??= source.slice(0, 64);
    return read;
  };
  try {
    JSON.parse(body, look as (key: string, value: unknown) => unknown);
  } catch {
    return new BodyRefusal(400, 'The body is nested too deep.');
  }
  return inexact === null
    ? null
    : new BodyRefusal(400, `The number ${inexact as string} has more digits than can be kept: send it as text.`);
}

/** How much of the variables is the content of an upload: `{ input: { upload: { content } } }`, or nearer. */
function uploadLength(body: unknown): number {
  const find = (value: unknown, depth: number): number => {
    if (typeof value !== 'object' || value === null || depth > 3) return 0;
    const { content } = value as { content?: unknown };
    return typeof content === 'string'
      ? content.length
      : Math.max(0, ...Object.values(value).map((inner) => find(inner, depth + 1)));
  };
  const { variables } = readOperation(body)?.asked ?? {};
  return Array.isArray(variables) ? 0 : find(variables, 1);
}
