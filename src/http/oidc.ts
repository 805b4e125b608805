import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import { sessionOf } from '../actor.js';
import type { Services } from '../services.js';
import { INTERACTION_COOKIE } from '../auth/oidc/cookies.js';
import { expiredPage, signInPage } from './oidc-pages.js';
import { createRequestContext } from './request-context.js';

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const MOUNTED_AT = '/oidc';

/** `/oidc`: the gateway as an OpenID provider. Its own pages are here; everything else is oidc-provider's. */
export async function useOpenId(server: FastifyInstance, services: Services): Promise<void> {
  const { openId } = services;

  server.get<{ Params: { uid: string } }>(`${MOUNTED_AT}/interaction/:uid`, async (request, reply) => {
    const context = await createRequestContext(services, request, reply);
    const { uid } = request.params;
    const step = await openId.continueInteraction(context, uid, request.cookies[INTERACTION_COOKIE]);
    void reply.header('cache-control', 'no-store');
    if (step.kind === 'DONE') return reply.redirect(step.location, 303);
    if (step.kind === 'EXPIRED') return sendPage(reply.code(400), expiredPage());
    const addressOf = (slug: string) => {
      const query = new URLSearchParams({ ...step.parameters, returnTo: `${MOUNTED_AT}/interaction/${uid}` });
      return `/auth/${encodeURIComponent(slug)}/login?${query.toString()}`;
    };
    const [only] = step.connections;
    if (only && step.connections.length === 1 && !step.isChoice) return reply.redirect(addressOf(only.slug), 303);
    return sendPage(reply, signInPage(step, addressOf));
  });

  server.get<{ Params: { id: string } }>(`${MOUNTED_AT}/session/ended/:id`, async (request, reply) => {
    const tenant = await services.findTenant(request.host);
    const location = await openId.takeLogoutTarget(tenant, request.params.id);
    return reply.header('cache-control', 'no-store').redirect(location ?? '/', 303);
  });

  await server.register(async (scope) => {
    // oidc-provider reads bodies itself, and bounds them.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const handles = new WeakMap<Provider, Handle>();
    scope.route({
      method: ['GET', 'POST', 'OPTIONS'],
      url: `${MOUNTED_AT}/*`,
      // Which origins may ask is a matter of the applications: the provider answers for itself.
      config: { cors: false },
      handler: async (request, reply) => {
        const tenant = await services.findTenant(request.host);
        const provider = await openId.find(tenant);
        let handle = handles.get(provider);
        if (!handle) handles.set(provider, (handle = provider.callback() as Handle));
        openId.announce(request.raw, async () => sessionOf(await createRequestContext(services, request, null)));
        await handOver(request, reply, tenant.publicUrl, handle);
      },
    });
  });
}

/** Gives a request to the provider, as one to its own address: what proxies or clients say of it counts for nothing. */
async function handOver(request: FastifyRequest, reply: FastifyReply, publicUrl: string, handle: Handle) {
  const { raw } = request;
  const { protocol, host } = new URL(publicUrl);
  raw.headers['x-forwarded-proto'] = protocol.slice(0, -1);
  raw.headers['x-forwarded-host'] = host;
  const url = raw.url ?? '/';
  Object.assign(raw, { originalUrl: url, url: url.slice(MOUNTED_AT.length) });
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  await handle(raw, reply.raw);
}

function sendPage(reply: FastifyReply, page: string) {
  return reply.type('text/html; charset=utf-8').send(page);
}
