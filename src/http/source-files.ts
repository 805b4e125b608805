import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { uuidOf } from '../database/loaders/ids.js';
import { uploadSourceFile } from '../enrollment/sources/upload-file.js';
import { Faults, UserErrorCode } from '../faults.js';
import type { Services } from '../services.js';
import { readToken } from './cookies.js';
import { isForeign } from './graphql-context.js';
import { createRequestContext } from './request-context.js';

/** An upload of which nothing came for so long is given up. */
const IDLE_MILLISECONDS = 60_000;

/** A request that is answered without its file being looked at. */
class UploadRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

type Upload = { Params: { id: string }; Querystring: { name?: string | string[] }; Body: IncomingMessage };

/**
 * `PUT /sources/:id/file?name=…`: the file of a source of kind CSV, as the body, from administrators of the tenant. It is
 * written to the disk as it comes, and answered with its size and SHA-256.
 */
export async function useSourceFiles(scope: FastifyInstance, services: Services): Promise<void> {
  // Whatever it is called, the body is taken as it comes.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  scope.put<Upload>('/sources/:id/file', { config: { mayTakeLong: true } }, async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    try {
      return await reply.send(await takeFile(services, request));
    } catch (error) {
      const { status, code, message } = readRefusal(error);
      // What is still to come of the file is not read.
      return reply
        .code(status)
        .header('connection', 'close')
        .send({ errors: [{ message, extensions: { code } }] });
    }
  });
}

async function takeFile(services: Services, request: FastifyRequest<Upload>) {
  const { config } = services;
  const context = await createRequestContext(services, request, null);
  if (!context.viewer) throw new UploadRefusal(401, 'UNAUTHENTICATED', 'Sign in first.');
  if (readToken(request)?.isCookie && isForeign(request, context.tenant.publicUrl, config.allowedOrigins))
    throw new UploadRefusal(403, 'FORBIDDEN', 'A file is not uploaded from another site.');
  if (!context.viewer.isTenantAdministrator)
    throw new UploadRefusal(403, 'FORBIDDEN', 'Files are uploaded by administrators of the tenant.');
  const sourceId = uuidOf('Source', request.params.id);
  if (!sourceId) throw new UploadRefusal(404, UserErrorCode.NOT_FOUND, 'There is no such source.');
  const folder = config.sourceFilesFolder;
  if (folder === null)
    throw new UploadRefusal(503, 'SERVICE_UNAVAILABLE', 'There is no folder for files: the operator sets one.');
  if (request.headers['content-encoding'] !== undefined)
    throw new UploadRefusal(415, 'BAD_REQUEST', 'Send the file as it is, without content-encoding.');
  if (!request.body) throw new UploadRefusal(400, UserErrorCode.REQUIRED, 'Send the file as the body.');
  const mostBytes = config.sourceFileMaxBytes;
  if (Number(request.headers['content-length'] ?? 0) > mostBytes)
    throw new UploadRefusal(413, UserErrorCode.TOO_LONG, `A file has at most ${mostBytes} bytes.`);
  request.raw.socket.setTimeout(IDLE_MILLISECONDS, () => request.raw.destroy());
  const name = [request.query.name ?? 'file.csv'].flat()[0]!;
  return uploadSourceFile(context, { sourceId, name, content: request.body }, { folder, mostBytes });
}

const STATUSES: Partial<Record<string, number>> = {
  [UserErrorCode.NOT_FOUND]: 404,
  [UserErrorCode.TOO_LONG]: 413,
  [UserErrorCode.INVALID]: 409,
};

function readRefusal(error: unknown): UploadRefusal {
  if (error instanceof UploadRefusal) return error;
  if (error instanceof Faults) {
    const { code, message, field } = error.faults[0]!;
    return new UploadRefusal(field?.[0] === 'name' ? 400 : (STATUSES[code] ?? 400), code, message);
  }
  throw error;
}
