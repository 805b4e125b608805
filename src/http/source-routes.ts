import type { FastifyInstance } from 'fastify';
import { finishSourceTrip } from '../enrollment/sources/trips/finish-trip.js';
import { SOURCE_CALLBACK, TripRefusal } from '../enrollment/sources/trips/trip.js';
import type { Services } from '../services.js';
import { LOGIN_COOKIE } from './cookies.js';
import { messagePage } from './pages.js';
import { createRequestContext } from './request-context.js';

/** Where browsers come back to from the sources at which petitioners and enrollees sign in. */
export async function useSourceRoutes(server: FastifyInstance, services: Services): Promise<void> {
  server.get(SOURCE_CALLBACK, async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    const { sources, config } = services;
    const context = {
      ...(await createRequestContext(services, request, reply)),
      sources,
      petitionTokenHash: null,
      sendsMail: config.smtpUrl !== undefined,
    };
    const answer = new URL(request.url, context.tenant.publicUrl).searchParams;
    try {
      const finished = await finishSourceTrip(context, { answer, binding: request.cookies[LOGIN_COOKIE] });
      return await reply.redirect(withToken(finished.returnTo, finished.enrolleeToken));
    } catch (error) {
      if (!(error instanceof TripRefusal)) throw error;
      const { code, reason, message, status, returnTo } = error;
      request.log.info({ code, reason }, 'a sign-in at a source was refused');
      const action = { href: returnTo ?? '/', label: returnTo ? 'Back' : 'Back to the start' };
      return reply
        .code(status)
        .type('text/html; charset=utf-8')
        .send(messagePage({ title: 'You cannot go on from here', message, code, action }));
    }
  });
}

/** The token comes in the fragment, which browsers send to nobody. */
function withToken(returnTo: string, token: string | null): string {
  if (!token) return returnTo;
  const [address] = returnTo.split('#');
  return `${address}#petition-token=${token}`;
}
