import type { FastifyInstance } from 'fastify';
import { uuidOf } from '../database/loaders/ids.js';
import { LogoKind } from '../entities/enums.js';
import type { Services } from '../services.js';

type LogoRoute = { Params: { id: string; kind: string }; Querystring: { v?: string | string[] } };

/** What a picture may do when it is opened by itself: be looked at. An SVG may have styles of its own. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
const ENDINGS: Record<string, string> = {
  'image/png': 'png',
  'image/svg+xml': 'svg',
};

/**
 * `GET /organizations/:id/logos/:kind`: uploaded logos, for anybody, from any page, since sign-in pages show them. With
 * the `v` of its address in the API a picture may be kept for good; without it, it is asked for again.
 */
export async function useLogos(server: FastifyInstance, services: Services): Promise<void> {
  server.get<LogoRoute>('/organizations/:id/logos/:kind', async (request, reply) => {
    const { id: tenantId } = await services.findTenant(request.host);
    const uuid = uuidOf('Organization', request.params.id);
    const kind = LogoKind[request.params.kind.toUpperCase() as LogoKind] as LogoKind | undefined;
    const known = /"([0-9a-f]{64})"/.exec(request.headers['if-none-match'] ?? '')?.[1] ?? null;
    const logo = uuid && kind && (await services.loaders.organizations.logo(tenantId, uuid, kind, known));
    if (!logo) return reply.callNotFound();
    const { digest, mediaType, content } = logo;
    const isVersioned = request.query.v === digest.slice(0, 16);
    void reply.headers({
      etag: `"${digest}"`,
      'cache-control': isVersioned ? 'public, max-age=31536000, immutable' : 'public, no-cache',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    });
    if (!content) return reply.code(304).send();
    return reply
      .type(mediaType === 'image/svg+xml' ? `${mediaType}; charset=utf-8` : mediaType)
      .header('content-disposition', `inline; filename="${kind.toLowerCase()}.${ENDINGS[mediaType]}"`)
      .send(Buffer.from(content));
  });
}
