import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HOW_TO_READ_EVENTS, mayReadEvents, ownsOrigin } from '../auth/audit-access.js';
import { exportEvents } from '../events/export.js';
import { type AskedEvents, EventFilterError, readEventFilter } from '../events/read-filter.js';
import type { Services } from '../services.js';
import { readToken } from './cookies.js';
import { createRequestContext } from './request-context.js';

const PARAMETERS = ['organizationId', 'userId', 'actorUserId', 'type', 'since', 'until'] as const;
type Parameters = Partial<Record<(typeof PARAMETERS)[number], string | string[]>>;

/** A request for an export that cannot be answered; the message says what to ask instead. */
class ExportRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** `/audit.ndjson`: the audit log as a file, a JSON object a line, for whoever may read these events in GraphQL. */
export async function useAuditExport(server: FastifyInstance, services: Services): Promise<void> {
  server.get<{ Querystring: Parameters }>('/audit.ndjson', async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    try {
      const lines = await beginExport(services, request, reply);
      const day = services.clock().toISOString().slice(0, 10);
      return await reply
        .header('content-type', 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="audit-${day}.ndjson"`)
        // A page is read when the one before was sent; when the client goes away, no other one is.
        .send(Readable.from(lines, { highWaterMark: 1 }));
    } catch (error) {
      if (!(error instanceof ExportRefusal)) throw error;
      const { status, code, message } = error;
      return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
    }
  });
}

async function beginExport(
  services: Services,
  request: FastifyRequest<{ Querystring: Parameters }>,
  reply: FastifyReply,
): Promise<AsyncGenerator<string>> {
  // An export is written down: a link on another site may not have a browser make one.
  if (request.headers['sec-fetch-site'] === 'cross-site' && readToken(request)?.isCookie)
    throw new ExportRefusal(403, 'FORBIDDEN', 'An export is not begun from another site.');
  const context = await createRequestContext(services, request, reply);
  const { viewer } = context;
  if (!viewer) throw new ExportRefusal(401, 'UNAUTHENTICATED', 'Sign in first.');
  const asked = readParameters(request.query);
  const filter = readFilter(asked);
  if (!mayReadEvents(viewer, filter)) throw new ExportRefusal(403, 'FORBIDDEN', HOW_TO_READ_EVENTS);
  return exportEvents(context, {
    filter,
    asked: asked as Record<string, unknown>,
    seesOrigin: (event) => viewer.isTenantAdministrator || ownsOrigin(viewer, event),
  });
}

function readParameters(query: Parameters): AskedEvents {
  const unknown = Object.keys(query).find((name) => !PARAMETERS.includes(name as (typeof PARAMETERS)[number]));
  if (unknown !== undefined) {
    const message = `There is no parameter ${JSON.stringify(unknown.slice(0, 64))}: give ${PARAMETERS.join(', ')}.`;
    throw new ExportRefusal(400, 'BAD_USER_INPUT', message);
  }
  const { type, ...rest } = query;
  const repeated = Object.entries(rest).find(([, value]) => Array.isArray(value));
  if (repeated)
    throw new ExportRefusal(400, 'BAD_USER_INPUT', `${repeated[0]} is given once; only type may be repeated.`);
  const { organizationId, userId, actorUserId, since, until } = rest as Record<string, string | undefined>;
  return {
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(userId === undefined ? {} : { userId }),
    ...(actorUserId === undefined ? {} : { actorUserId }),
    ...(type === undefined ? {} : { types: [type].flat() }),
    ...(since === undefined ? {} : { since: readTime('since', since) }),
    ...(until === undefined ? {} : { until: readTime('until', until) }),
  };
}

function readTime(name: string, text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(time.getTime())) return time;
  const message = `${name} is a moment such as 2026-11-21T13:00:00Z, or a day such as 2026-11-21.`;
  throw new ExportRefusal(400, 'BAD_USER_INPUT', message);
}

function readFilter(asked: AskedEvents) {
  try {
    return readEventFilter(asked);
  } catch (error) {
    if (!(error instanceof EventFilterError)) throw error;
    throw new ExportRefusal(400, 'BAD_USER_INPUT', error.message.replace(/^types/, 'type'));
  }
}
